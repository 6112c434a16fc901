"""Rendered wheels: a drum behind a window with its neighbours, cut out by a box as people draw them."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ocr.train.digits import strokes
from ocr.train.digits.render import HEIGHT, WIDTH, Crop, Ink, Rng, colour, font, inks, metrics, text_fonts

_GLYPH = 44.0
"""Height of a figure on the canvas, in pixels."""
_SIZE = (92, 150)
"""Canvas of one wheel (width, height), larger than any window."""


def _column(value: float, pitch: float) -> list[tuple[int, float]]:
    """(digit, y) of the figures near the window of a wheel at `value`; the next digit comes from below."""
    first = int(np.floor(value)) - 1
    return [(d % 10, _SIZE[1] / 2 + (d - value) * pitch) for d in range(first, first + 4)]


def _printed(path: str, column: list[tuple[int, float]], stretch: float) -> Ink:
    size = max(8, round(_GLYPH / metrics(path)[0]))
    image = Image.new("L", (max(20, round(_SIZE[0] / stretch)), _SIZE[1]))
    draw = ImageDraw.Draw(image)
    for digit, y in column:
        at = (image.width / 2, y + metrics(path)[1] * size)
        draw.text(at, str(digit), fill=255, font=font(path, size), anchor="ms")
    return np.asarray(cv2.resize(np.asarray(image, np.uint8), _SIZE), np.float32) / 255


class _Alphabet:
    """Figures of one counter: engraved strokes or a font, and how wide they are in pixels."""

    def __init__(self, rng: Rng) -> None:
        self._hand = strokes.Hand.draw(rng) if rng.random() < 0.6 else None
        self._path = str(rng.choice(text_fonts()))
        self._stretch = rng.uniform(0.75, 1.25)
        self._thin = rng.random() < 0.2
        self.wide = _GLYPH * (self._hand.wide if self._hand else 0.58 * self._stretch)

    def mask(self, column: list[tuple[int, float]]) -> Ink:
        """Ink 0..1 of a column of figures in the middle of the canvas."""
        if self._hand:
            return strokes.mask(self._hand, column, _SIZE[0] / 2, _GLYPH, _SIZE)
        drawn = _printed(self._path, column, self._stretch)
        return cv2.erode(drawn, np.ones((2, 2), np.uint8)).astype(np.float32) if self._thin else drawn


def _worn(rng: Rng, mask: Ink) -> Ink:
    """Ink that has come off in patches."""
    noise = rng.normal(0, 1, (int(rng.integers(8, 40)), int(rng.integers(8, 40)))).astype(np.float32)
    patches = cv2.resize(noise, _SIZE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(mask * np.clip(1.1 - rng.uniform(0.2, 0.5) * np.abs(patches), 0, 1), np.float32)


def _painted(rng: Rng, mask: Ink, ink: Ink, ground: Ink) -> Ink:
    """The drum's surface in colours: worn now and then, embossed now and then."""
    if rng.random() < 0.2:
        mask = _worn(rng, mask)
    out = ground + (ink - ground) * mask[..., None]
    if rng.random() < 0.2:
        shift = (int(rng.integers(-2, 3)), int(rng.integers(-2, 3)))
        relief = np.roll(mask, shift, (0, 1)) - mask
        out = out + rng.uniform(20, 110) * relief[..., None]
    return np.asarray(out, np.float32)


def _ticks(rng: Rng, wheel: Ink, phase: float) -> None:
    """In place: scale marks some wheels carry at their edge, moving with the wheel."""
    step, wide = rng.uniform(5, 11), int(rng.integers(3, 8))
    tint = colour(rng, 0, 255)
    side = np.s_[:wide] if rng.random() < 0.5 else np.s_[-wide:]
    for k in range(-1, int(_SIZE[1] / step) + 2):
        top = max(0, round((k + phase) * step))
        wheel[top : max(0, round((k + phase + 0.55) * step)), side] = tint


def _scene(rng: Rng, value: float, face: _Alphabet, pitch: float) -> Ink:
    """Colours of three wheels side by side, the one at `value` in the middle, with the gaps between them."""
    ink, ground = inks(rng)
    cell = min(_SIZE[0], round(face.wide * rng.uniform(1.1, 2.0)))
    left = (_SIZE[0] - cell) // 2
    wheels = []
    for place in range(3):
        at = value if place == 1 else float(rng.integers(10)) + float(rng.choice([0.0, rng.random()]))
        colours = (ink, ground) if place == 1 or rng.random() < 0.75 else inks(rng)
        drawn = _painted(rng, face.mask(_column(at, pitch)), *colours)[:, left : left + cell]
        if rng.random() < 0.15:
            _ticks(rng, drawn, at % 1)
        wheels.append(drawn)
    out = np.hstack(wheels)
    for edge in (cell, 2 * cell):
        gap = int(rng.choice([0.0, rng.uniform(1, 4), rng.uniform(4, 16)], p=[0.25, 0.4, 0.35]))
        if gap:
            out[:, edge - gap // 2 : edge + (gap + 1) // 2] = colour(rng, 0, 235)
    return out


def _shaded(rng: Rng, scene: Ink, window: float, ink_like: Ink) -> None:
    """In place: the round drum darkens away from its middle, the frame covers it above and below."""
    y = (np.arange(_SIZE[1]) - _SIZE[1] / 2) / (window / 2)
    if rng.random() < 0.6:
        scene *= (0.3 + 0.7 * np.cos(np.clip(y, -1, 1) * rng.uniform(0, 1.4)))[:, None, None]
    tint = ink_like if rng.random() < 0.3 else colour(rng, 0, 240)
    for side, shown in ((-1, rng.random() < 0.7), (1, rng.random() < 0.7)):
        if shown:
            scene[y * side > rng.uniform(0.9, 1.05)] = tint * rng.uniform(0.6, 1.1)


def _behind_glass(rng: Rng, value: float) -> tuple[Ink, float]:
    """(colours of three wheels behind their window, width of a figure)."""
    face = _Alphabet(rng)
    pitch = _GLYPH * rng.uniform(1.08, 1.75)
    scene = _scene(rng, value, face, pitch)
    window = max(_GLYPH * 1.05, pitch * rng.uniform(0.85, 1.5))
    _shaded(rng, scene, window, scene[_SIZE[1] // 2].max(0))
    return scene, face.wide


def wheel(rng: Rng, value: float) -> Crop:
    """One wheel at `value` (0 <= value < 10) as a person's box shows it: tight, loose, with frame."""
    scene, figure = _behind_glass(rng, value)
    tight = rng.random() < 0.2
    high = _GLYPH * (rng.uniform(1.0, 1.2) if tight else rng.uniform(1.2, 2.0))
    wide = figure * rng.uniform(1.0, 1.3) if tight else scene.shape[1] / 3 * rng.uniform(0.75, 1.35)
    return _cut(scene, 0.0, float(np.clip(wide, 0.3 * high, 1.1 * high)), high)


def seam(rng: Rng) -> Crop:
    """Where two wheels meet, which is no digit."""
    scene, _ = _behind_glass(rng, float(rng.integers(10)) + float(rng.choice([0.0, rng.random()])))
    cell, high = scene.shape[1] / 3, _GLYPH * rng.uniform(1.1, 1.8)
    aside = cell * rng.uniform(0.42, 0.5) * (1 if rng.random() < 0.5 else -1)
    return _cut(scene, aside, cell * rng.uniform(0.8, 1.1), high)


def _cut(scene: Ink, x: float, wide: float, high: float) -> Crop:
    """The box wide x high, its middle x to the right of the scene's, as a crop."""
    left, top = (scene.shape[1] - wide) / 2 + x, (scene.shape[0] - high) / 2
    matrix = np.array([[wide / WIDTH, 0, left], [0, high / HEIGHT, top]], np.float32)
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(scene, matrix, (WIDTH, HEIGHT), flags=way, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(out, 0, 255), np.uint8)
