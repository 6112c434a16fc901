"""Rendered digit crops: wheels between two digits, seven-segment digits, and what is no digit at all.

Everything is drawn from a `numpy.random.Generator`, so a seed gives the same pictures on every machine that
has the same fonts. They come from the system, none is shipped; Debian: fonts-dejavu, fonts-liberation,
fonts-urw-base35, fonts-lato, fonts-roboto-unhinted, fonts-open-sans, fonts-quicksand, fonts-b612,
fonts-jetbrains-mono, fonts-dseg.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Crop = NDArray[np.uint8]
Ink = NDArray[Any]
"""Ink 0..1 or unclipped colours, as floats."""
Rng = np.random.Generator
WIDTH, HEIGHT = 48, 72
FOLDERS = ("/usr/share/fonts",)
_WANTED = (
    "dejavusans",
    "liberationsans",
    "nimbussans",
    "nimbusmono",
    "urwgothic",
    "lato",
    "roboto",
    "opensans",
    "b612",
    "jetbrains",
    "liberationmono",
    "quicksand",
)
_UNWANTED = ("oblique", "italic", "hairline", "thin", "extralight", "math")


@lru_cache(maxsize=1)
def text_fonts() -> list[str]:
    """Upright fonts such as meters carry, by path; RuntimeError when the system has none."""
    found = sorted(str(p) for root in FOLDERS for p in Path(root).rglob("*.[to]tf"))
    kept = [
        p
        for p in found
        if any(w in Path(p).name.lower().replace("-", "") for w in _WANTED)
        and not any(u in Path(p).name.lower() for u in _UNWANTED)
    ]
    if not kept:
        raise RuntimeError(
            "No fonts found: install fonts-dejavu and the other packages named in ocr/train/digits/render.py"
        )
    return kept


@lru_cache(maxsize=1)
def segment_fonts() -> list[str]:
    """The DSEG7 fonts when installed; the polygons of `_segments` serve without them."""
    return sorted(
        str(p) for root in FOLDERS for p in Path(root).rglob("DSEG7*.[to]tf") if "GCHAN" not in p.name
    )


@lru_cache(maxsize=512)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=512)
def _metrics(path: str) -> tuple[float, float]:
    """Height and centre above the baseline of a zero, in units of the font size."""
    _, top, _, bottom = _font(path, 100).getbbox("0", anchor="ls")
    return (bottom - top) / 100, -(top + bottom) / 200


def _colour(rng: Rng, low: float, high: float, spread: float = 25) -> Ink:
    return np.clip(rng.uniform(low, high) + rng.normal(0, spread, 3), 0, 255).astype(np.float32)


def _inks(rng: Rng) -> tuple[Ink, Ink]:
    """(ink, ground) of a wheel, BGR: light on dark, dark on light, and the red kinds."""
    kind = rng.choice(
        ["light", "dark", "white on red", "red on white", "any"], p=[0.42, 0.2, 0.15, 0.13, 0.1]
    )
    if kind == "light":
        return _colour(rng, 150, 250), _colour(rng, 10, 80, 12)
    if kind == "dark":
        return _colour(rng, 5, 80, 12), _colour(rng, 150, 250)
    red = np.array([rng.uniform(10, 70), rng.uniform(10, 60), rng.uniform(90, 220)], np.float32)
    if kind == "white on red":
        return _colour(rng, 160, 250), red
    if kind == "red on white":
        return red, _colour(rng, 160, 250)
    ink, ground = _colour(rng, 0, 255, 60), _colour(rng, 0, 255, 60)
    return (
        (ink, ground)
        if abs(ink.mean() - ground.mean()) > 50
        else (_colour(rng, 200, 255), _colour(rng, 0, 60))
    )


def _wheel_mask(rng: Rng, value: float, path: str, glyph: float, pitch: float, stretch: float) -> Ink:
    """Ink of one wheel at `value`, 0..1, WIDTH x HEIGHT; the next digit comes from below."""
    size = max(8, round(glyph / _metrics(path)[0]))
    wide = round(WIDTH / stretch)
    image = Image.new("L", (wide, HEIGHT))
    draw = ImageDraw.Draw(image)
    centre = _metrics(path)[1] * size
    for digit in range(int(value) - 1, int(value) + 3):
        y = HEIGHT / 2 + (digit - value) * pitch
        draw.text((wide / 2, y + centre), str(digit % 10), fill=255, font=_font(path, size), anchor="ms")
    mask: Ink = np.asarray(image, np.uint8)
    if rng.random() < 0.15:
        mask = cv2.erode(mask, np.ones((2, 2), np.uint8))
    return cv2.resize(mask, (WIDTH, HEIGHT)).astype(np.float32) / 255


def wheel(rng: Rng, value: float) -> Crop:
    """One wheel at `value` (position in tenths, 0 <= value < 10) as its window shows it."""
    ink, ground = _inks(rng)
    path = str(rng.choice(text_fonts()))
    glyph = HEIGHT * rng.uniform(0.48, 0.82)
    pitch = max(glyph * rng.uniform(1.12, 1.7), HEIGHT * 0.62)
    mask = _wheel_mask(rng, value, path, glyph, pitch, rng.uniform(0.85, 1.35))
    crop = ground + (ink - ground) * mask[..., None]
    bow = np.cos(np.linspace(-1, 1, HEIGHT) * rng.uniform(0, 1.3)).astype(np.float32)
    crop *= (0.35 + 0.65 * bow)[:, None, None] if rng.random() < 0.6 else 1.0
    _frame(rng, crop)
    return np.asarray(np.clip(crop, 0, 255), np.uint8)


def _frame(rng: Rng, crop: Ink) -> None:
    """Paints, in place, edges of the window, gaps beside the wheel and the ticks some wheels carry."""
    around = _colour(rng, 0, 230)
    for side in range(4):
        if rng.random() > 0.4:
            continue
        across = WIDTH if side < 2 else HEIGHT
        depth = int(rng.uniform(0.02, 0.12) * across)
        band: Any = [np.s_[:, :depth], np.s_[:, WIDTH - depth :], np.s_[:depth], np.s_[HEIGHT - depth :]][
            side
        ]
        crop[band] = around * rng.uniform(0.7, 1.1)
    if rng.random() < 0.12:
        step, width = int(rng.uniform(5, 10)), int(rng.uniform(2, 5))
        colour = _colour(rng, 0, 255)
        for y in range(int(rng.uniform(0, step)), HEIGHT, step):
            crop[y : y + step // 2, WIDTH - width :] = colour


_ON = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abfgcd",
    " ": "",
}
_OTHER = {"6": "fgedc", "7": "fabc", "9": "abfgc"}


def _segments(lit: str, wide: float, high: float, thick: float, gap: float) -> list[tuple[str, Ink]]:
    """Polygons of all seven segments as (name, Nx2 points), origin at the digit's upper left corner."""
    t, x1, y1, mid = thick / 2, wide - thick / 2, high - thick / 2, high / 2

    def bar(x: float, y: float, length: float, upright: bool) -> Ink:
        a, b = gap, length - gap
        pts = np.array([[a, 0], [a + t, -t], [b - t, -t], [b, 0], [b - t, t], [a + t, t]], np.float32)
        return (pts[:, ::-1] if upright else pts) + np.array([x, y], np.float32)

    bars = {
        "a": (t, t, x1 - t, False),
        "b": (x1, t, mid - t, True),
        "c": (x1, mid, mid - t, True),
        "d": (t, y1, x1 - t, False),
        "e": (t, mid, mid - t, True),
        "f": (t, t, mid - t, True),
        "g": (t, mid, x1 - t, False),
    }
    return [(name, bar(*at)) for name, at in bars.items()]


def segment_mask(rng: Rng, text: str, cell: float, glyph: float) -> Ink:
    """Ink 0..1 of a strip of seven-segment digits, `cell` pixels apart, HEIGHT high."""
    wide, thick = cell * rng.uniform(0.58, 0.8), glyph * rng.uniform(0.08, 0.17)
    gap, slant, ghost = (
        rng.uniform(0, 0.05) * glyph,
        rng.uniform(-0.02, 0.2),
        rng.choice([0, rng.uniform(0, 0.22)]),
    )
    other = {k: v for k, v in _OTHER.items() if rng.random() < 0.3}
    big = np.zeros((HEIGHT * 2, round(len(text) * cell) * 2), np.float32)
    top = (HEIGHT - glyph) / 2
    for i, char in enumerate(text):
        lit = other.get(char, _ON[char])
        for name, pts in _segments(lit, wide, glyph, thick, gap):
            level = 1.0 if name in lit else ghost
            at = pts + np.array([i * cell + (cell - wide) / 2, top], np.float32)
            at[:, 0] += (HEIGHT / 2 - at[:, 1]) * slant
            if level:
                cv2.fillPoly(big, [np.round(at * 2).astype(np.int32)], float(level))
        if rng.random() < 0.2:
            spot = (round((i + 1) * cell * 2 - cell * 0.1), round((top + glyph - thick / 2) * 2))
            cv2.circle(big, spot, round(thick * 1.1), 1.0, -1)
    return cv2.resize(big, (big.shape[1] // 2, HEIGHT), interpolation=cv2.INTER_AREA)


def _font_mask(rng: Rng, text: str, cell: float, glyph: float, fonts: list[str]) -> Ink:
    path = str(rng.choice(fonts))
    size = max(8, round(glyph / _metrics(path)[0]))
    image = Image.new("L", (round(len(text) * cell), HEIGHT))
    draw = ImageDraw.Draw(image)
    for i, char in enumerate(text):
        at = ((i + 0.5) * cell, HEIGHT / 2 + _metrics(path)[1] * size)
        draw.text(at, char, fill=255, font=_font(path, size), anchor="ms")
    return np.asarray(image, np.float32) / 255


def _display(rng: Rng, mask: Ink) -> Ink:
    """Colours an ink mask as LCD (dark on a greenish or grey ground) or LED (light on dark)."""
    if rng.random() < 0.8:
        ground = _colour(rng, 70, 220, 20) * np.array(
            [rng.uniform(0.5, 1), 1, rng.uniform(0.5, 1)], np.float32
        )
        ink = ground * rng.uniform(0.1, 0.72)
    else:
        ground, ink = _colour(rng, 5, 50, 8), _colour(rng, 90, 255, 60)
    shadow = np.roll(mask, (int(rng.integers(1, 4)), int(rng.integers(-2, 4))), (0, 1)) * rng.choice(
        [0, 0.25]
    )
    return np.asarray(ground + (ink - ground) * np.maximum(mask, shadow)[..., None], np.float32)


def _pick(crop: Ink, x: float, cell: float) -> Crop:
    """The window `cell` wide that starts at x of a strip, as a crop."""
    a = max(0, round(x))
    part = np.clip(crop[:, a : a + max(8, round(cell))], 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def lcd(rng: Rng, digit: int, shift: float = 0.0) -> Crop:
    """One display digit with what is seen of its neighbours; `shift` in cell widths."""
    cell, glyph = rng.uniform(34, 52), HEIGHT * rng.uniform(0.62, 0.9)
    text = "".join(str(rng.integers(10)) for _ in range(2))
    text = text[0] + str(digit) + text[1]
    fonts = segment_fonts()
    if fonts and rng.random() < 0.35:
        mask = _font_mask(rng, text, cell, glyph * 0.9, fonts)
    else:
        mask = segment_mask(rng, text, cell, glyph)
    if rng.random() < 0.3:
        mask = _bars(rng, mask, glyph, cell)
    return _pick(_display(rng, mask), cell * (1 + shift), cell * rng.uniform(0.95, 1.05))


def _bars(rng: Rng, mask: Ink, glyph: float, cell: float) -> Ink:
    """The ink with bars above or below the digits: frames, bar graphs, symbols that displays have."""
    out = mask.copy()
    level, thick = rng.uniform(0.4, 1), int(rng.integers(2, 7))
    edge = (HEIGHT - glyph) / 2
    gap = rng.uniform(1, 6)
    first, last = (int(rng.uniform(-0.6, 0.4) * cell + cell), int(rng.uniform(0.6, 1.6) * cell + cell))
    for at in (edge - gap - thick, HEIGHT - edge + gap):
        if rng.random() < 0.7:
            out[max(0, int(at)) : max(0, int(at) + thick), first:last] = level
    if rng.random() < 0.2:
        x = int(cell * rng.choice([1.0, 2.0]) + rng.uniform(-3, 3))
        out[:, max(0, x) : x + thick] = level
    return out


def _between(rng: Rng) -> Crop:
    """The seam between two wheels or display digits."""
    shift = rng.uniform(0.38, 0.62)
    if rng.random() < 0.5:
        return lcd(rng, int(rng.integers(10)), shift * rng.choice([-1, 1]))
    state = rng.bit_generator.state
    left = wheel(rng, rng.uniform(0, 10))
    rng.bit_generator.state = state
    rng.random(int(rng.integers(1, 4)))
    right = wheel(rng, rng.uniform(0, 10))
    cut = int(WIDTH * shift)
    return np.hstack([left[:, cut:], right[:, :cut]])


_LETTERS = "ACDEFHJKLMNPQRTUVWXYacdefhkmnprtuvwxykWh%/()[]-=+*#&?!"


def _letters(rng: Rng) -> Crop:
    """A piece of print: letters, rows of small characters, figures far too small or too large."""
    ink, ground = _inks(rng)
    mode = rng.choice(["letter", "small", "large"], p=[0.5, 0.3, 0.2])
    fonts = text_fonts()
    if mode == "letter":
        text, cell, glyph = "".join(rng.choice(list(_LETTERS), 3)), 34.0, HEIGHT * rng.uniform(0.4, 0.85)
    elif mode == "small":
        text, cell, glyph = (
            "".join(rng.choice(list(_LETTERS + "0123456789" * 4), 8)),
            rng.uniform(9, 20),
            rng.uniform(10, 24),
        )
    else:
        text, cell, glyph = "".join(rng.choice(list("0123456789"), 3)), 90.0, HEIGHT * rng.uniform(1.6, 3)
    mask = _font_mask(rng, text, cell, glyph, fonts)
    mask = np.roll(mask, int(rng.uniform(-0.25, 0.25) * HEIGHT), 0)
    crop = ground + (ink - ground) * mask[..., None]
    return _pick(crop, rng.uniform(0, mask.shape[1] - WIDTH if mask.shape[1] > WIDTH else 0), WIDTH)


def _texture(rng: Rng) -> Crop:
    """A wall, an edge, an empty window, a shadow."""
    base = rng.normal(0, 1, (int(rng.integers(2, 12)), int(rng.integers(2, 8)), 3)).astype(np.float32)
    crop = _colour(rng, 20, 230) + cv2.resize(
        base, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    ) * rng.uniform(0, 60)
    if rng.random() < 0.6:
        _frame(rng, crop)
    for _ in range(int(rng.integers(0, 4))):
        a, b = rng.integers(0, HEIGHT, 2), rng.integers(0, HEIGHT, 2)
        cv2.line(
            crop,
            (int(a[0]), int(a[1])),
            (int(b[0]), int(b[1])),
            _colour(rng, 0, 255).tolist(),
            int(rng.integers(1, 6)),
        )
    return np.asarray(np.clip(crop, 0, 255), np.uint8)


def _edges(rng: Rng) -> Crop:
    """Edges of frames, corners of windows, bar codes: they must not pass for a one."""
    ground = _colour(rng, 5, 235)
    crop = np.tile(ground, (HEIGHT, WIDTH, 1)).astype(np.float32)
    if rng.random() < 0.5:
        crop[:, int(rng.uniform(0, WIDTH)) :] = _colour(rng, 5, 235)
    for _ in range(int(rng.choice([1, 1, 1, 2, 2, 6]))):
        x, width = rng.uniform(0, WIDTH), rng.uniform(1, 12)
        crop[:, int(x) : int(x + width)] = np.clip(
            ground + rng.choice([-1, 1]) * rng.uniform(15, 160), 0, 255
        )
    if rng.random() < 0.5:
        y, width = rng.uniform(0, HEIGHT), rng.uniform(1, 10)
        crop[int(y) : int(y + width), int(rng.choice([0, rng.uniform(0, WIDTH)])) :] = _colour(rng, 5, 235)
        if rng.random() < 0.5:
            crop[int(y) :] = _colour(rng, 5, 235)
    return np.asarray(np.clip(crop, 0, 255), np.uint8)


def _halved(rng: Rng) -> Crop:
    """A display digit cut in half by a box too high or too low."""
    crop = lcd(rng, int(rng.integers(10)))
    shift = int(HEIGHT * rng.uniform(0.35, 0.6))
    edge = np.repeat(crop[:1], shift, 0)
    return np.vstack([edge, crop[:-shift]]) if rng.random() < 0.5 else np.vstack([crop[shift:], edge])


def _blank_cell(rng: Rng) -> Crop:
    """A display cell with nothing lit, perhaps between lit neighbours."""
    text = rng.choice([" ", str(rng.integers(10))]) + " " + rng.choice([" ", str(rng.integers(10))])
    cell = rng.uniform(34, 52)
    mask = segment_mask(rng, text, cell, HEIGHT * rng.uniform(0.62, 0.9))
    return _pick(_display(rng, mask), cell, cell)


def nothing(rng: Rng) -> Crop:
    """A crop that shows no digit in its middle."""
    makers: list[Callable[[Rng], Crop]] = [_between, _letters, _texture, _blank_cell, _edges, _halved]
    return makers[int(rng.choice(len(makers), p=[0.34, 0.26, 0.1, 0.08, 0.16, 0.06]))](rng)
