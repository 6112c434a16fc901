"""Displays: seven-segment figures of many makes, with points, small decimals, units, codes and symbols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.digits.render import segment_fonts
from ocr.train.locate.crops import Crops
from ocr.train.locate.draw import Plane, Rng, Strip, blend, box, colour, ink, pick_font, plain

Mask = NDArray[Any]
_LIT = {
    "0": "abcdef", "1": "bc", "2": "abdeg", "3": "abcdg", "4": "bcfg", "5": "acdfg", "6": "acdefg",
    "7": "abc", "8": "abcdefg", "9": "abcdfg", " ": "", "-": "g", "E": "adefg", "r": "eg", "L": "def",
}  # fmt: skip
_BARS = {
    "a": ((0, 0), (1, 0)), "b": ((1, 0), (1, 1)), "c": ((1, 1), (1, 2)), "d": ((0, 2), (1, 2)),
    "e": ((0, 1), (0, 2)), "f": ((0, 0), (0, 1)), "g": ((0, 1), (1, 1)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """How the figures of a display are shaped, in parts of their height."""

    wide: float
    pitch: float
    thick: float
    gap: float
    slant: float
    ghost: float
    open7: bool

    @classmethod
    def draw(cls, rng: Rng) -> Style:
        wide = rng.uniform(0.4, 0.62)
        slant = rng.choice([0.0, rng.uniform(0.0, 0.2)])
        ghost = rng.choice([0.0, rng.uniform(0.0, 0.25)])
        return cls(
            wide,
            wide + rng.uniform(0.1, 0.36),
            rng.uniform(0.06, 0.18),
            rng.uniform(0.0, 0.035),
            float(slant),
            float(ghost),
            bool(rng.random() < 0.2),
        )


def glyph(char: str, style: Style, high: float) -> Mask:
    """Ink of one figure in a box as wide as it needs, drawn at twice its size; it leans to the right."""
    big = high * 2
    lean = style.slant * big
    mask = np.zeros((round(big), round(style.wide * big + lean) + 1), np.float32)
    t = style.thick * big / 2
    wide, tall = style.wide * big - 2 * t, (big - 2 * t) / 2
    lit = _LIT[char] + ("f" if char == "7" and style.open7 else "")
    for name, ((x0, y0), (x1, y1)) in _BARS.items():
        level = 1.0 if name in lit else style.ghost
        if not level:
            continue
        a = np.array([t + x0 * wide, t + y0 * tall])
        b = np.array([t + x1 * wide, t + y1 * tall])
        along = (b - a) / np.linalg.norm(b - a)
        across = along[::-1] * t
        a, b = a + along * style.gap * big, b - along * style.gap * big
        inner_a, inner_b = a + along * t * 0.9, b - along * t * 0.9
        pts = np.array([a, inner_a - across, inner_b - across, b, inner_b + across, inner_a + across])
        pts[:, 0] += (big - pts[:, 1]) / big * lean
        cv2.fillPoly(mask, [np.round(pts).astype(np.int32)], float(level))
    size = (max(1, mask.shape[1] // 2), max(1, mask.shape[0] // 2))
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32)


def _font_glyph(char: str, path: str, high: float) -> Mask:
    mask = ink("8" if char == " " else char, path, high * 0.72)
    mask = mask * (0.0 if char == " " else 1.0)
    return np.asarray(cv2.resize(mask, (max(1, round(mask.shape[1] * high / mask.shape[0])), round(high))))


@dataclass(slots=True)
class _Line:
    """A line of figures on an ink layer."""

    layer: Mask
    style: Style
    font: str | None = None

    def put(self, char: str, x: float, y: float, high: float) -> tuple[float, float, float, float]:
        """Draws a figure whose cell begins at x; returns its cell, framed as display crops are."""
        mask = glyph(char, self.style, high) if self.font is None else _font_glyph(char, self.font, high)
        wide = self.style.wide * high
        left = x if self.font is None else x + wide - mask.shape[1]  # a narrow 1 stands at the right
        blend(self.layer[..., None], mask, 1.0, left, y)
        lean = self.style.slant * high if self.font is None else 0.0
        margin = 0.06 * high
        return (x + lean / 2 - margin, y - margin, wide + 2 * margin, high + 2 * margin)

    def point(self, x: float, y: float, high: float, comma: bool) -> None:
        """A decimal point low before the cell at x."""
        side = self.style.thick * high * 0.62
        at = (round(x - (self.style.pitch - self.style.wide) * high / 2), round(y + high - side))
        cv2.circle(self.layer, at, max(1, round(side)), 1.0, -1)
        if comma:
            cv2.line(self.layer, at, (at[0] - round(side), at[1] + round(2 * side)), 1.0, max(1, round(side)))


def _tones(rng: Rng) -> tuple[Plane, Plane]:
    """(ink, ground): dark on grey, green, yellow, blue light; or lamps on black; or light on blue."""
    kind = rng.choice(["grey", "lit", "led", "inverse"], p=[0.52, 0.28, 0.1, 0.1])
    if kind == "grey":
        ground = colour(rng, 70, 215, 8) * np.array(
            [rng.uniform(0.75, 1), 1, rng.uniform(0.82, 1)], np.float32
        )
        return ground * np.float32(rng.uniform(0.08, 0.7)), ground
    if kind == "lit":
        hue, full = rng.uniform(10, 130), rng.uniform(90, 255)
        hsv = np.array([[[hue, rng.uniform(60, 255), full]]]).astype(np.uint8)
        ground = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).reshape(3).astype(np.float32)
        return ground * np.float32(rng.uniform(0.1, 0.6)), ground
    if kind == "led":
        lamp = np.array([[20, 20, 250], [30, 230, 60], [250, 160, 40], [60, 170, 255]], np.float32)
        return lamp[int(rng.integers(4))] + colour(rng, 0, 60), colour(rng, 4, 45, 6)
    ground = colour(rng, 20, 110, 40)
    return np.asarray(np.minimum(ground + rng.uniform(90, 150), 255), np.float32), ground


def _number(rng: Rng) -> tuple[str, int]:
    """(text with blanks, decimals) of a register."""
    count = int(rng.choice([4, 5, 6, 7, 8], p=[0.1, 0.25, 0.33, 0.2, 0.12]))
    decimals = min(int(rng.choice([0, 1, 2, 3], p=[0.36, 0.34, 0.18, 0.12])), count - 2)
    digits = "".join(str(rng.integers(10)) for _ in range(count))
    zeros = int(rng.integers(0, max(1, count - decimals - 1))) if rng.random() < 0.6 else 0
    lead = "0" if rng.random() < 0.55 else " "
    return lead * zeros + digits[zeros:], decimals


def counter(rng: Rng, crops: Crops | None, high: int) -> Strip:
    """A display whose figures are `high` pixels tall."""
    if crops is not None:
        return _real(rng, crops, high)
    style = Style.draw(rng)
    text, decimals = _number(rng)
    small = float(rng.choice([1.0, rng.uniform(0.5, 0.8)], p=[0.7, 0.3])) if decimals else 1.0
    pitch = style.pitch * high
    left, right = high * rng.uniform(0.1, 2.6), high * rng.uniform(0.1, 2.2)
    top, foot = high * rng.uniform(0.1, 1.3), high * rng.uniform(0.1, 1.3)
    wide = left + pitch * len(text) + style.slant * high + right
    layer = np.zeros((round(top + high + foot), round(wide)), np.float32)
    fonts = segment_fonts()
    font = fonts[int(rng.integers(len(fonts)))] if fonts and rng.random() < 0.2 else None
    line = _Line(layer, style, font)
    cells = _figures(rng, line, text, decimals, small, left, top, high)
    if rng.random() < 0.75:
        _extras(rng, line, cells, high, style)
    return Strip(_coloured(rng, layer), cells, True, decimals, text.strip())


def _figures(
    rng: Rng, line: _Line, text: str, decimals: int, small: float, x: float, y: float, high: int
) -> list[tuple[float, float, float, float]]:
    cells, at, comma = [], x, bool(rng.random() < 0.2)
    for i, char in enumerate(text):
        after = i >= len(text) - decimals
        size = high * small if after else float(high)
        if after and i == len(text) - decimals:
            line.point(at, y, high, comma)
        cell = line.put(char, at, y + high - size, size)
        at += line.style.pitch * size
        if char != " ":
            cells.append(cell)
    return cells


def _extras(
    rng: Rng, line: _Line, cells: list[tuple[float, float, float, float]], high: int, style: Style
) -> None:
    """Units, register codes, phases, arrows: everything of a display that is not its number."""
    layer, path = line.layer, pick_font(rng)
    wide = layer.shape[1]
    end = cells[-1][0] + cells[-1][2]
    top = cells[0][1]
    level = np.float32(rng.uniform(0.5, 1))
    if rng.random() < 0.75:
        unit = ink(str(rng.choice(["kWh", "kW h", "kvarh", "kWh", "m³"])), path, high * rng.uniform(0.2, 0.5))
        x, y = (end + 0.08 * high, top + rng.uniform(0, 0.7) * high)
        if rng.random() < 0.3:
            x, y = end - unit.shape[1] - rng.uniform(0, 1) * high, top + 1.18 * high
        blend(layer[..., None], unit * level, 1.0, x, y)
    if rng.random() < 0.5:
        code = str(rng.choice(["1.8.0", "2.8.0", "1.8.1", "15.8.0", "180", "01", "0.0.0", "F.F", "17"]))
        size, at = high * rng.uniform(0.25, 0.5), 0.1 * high
        spot = rng.choice(["left", "above", "below"])
        y = top if spot == "left" else top - 1.25 * size if spot == "above" else top + 1.2 * high
        for char in code:
            if char == ".":
                line.point(at, y, size, False)
            elif char in _LIT:
                line.put(char, at, y, size)
                at += style.pitch * size
    for _ in range(int(rng.integers(0, 6))):
        word = str(
            rng.choice(["L1", "L2", "L3", "T1", "T2", "Cum", "MAX", "▲", "◄", "+P", "-P", "BAT", "RST"])
        )
        mark = ink(word, path, high * rng.uniform(0.1, 0.28))
        y = rng.choice([top - 1.4 * mark.shape[0], top + 1.15 * high])
        blend(layer[..., None], mark * level, 1.0, rng.uniform(0, wide), y)
    if rng.random() < 0.2:
        y = int(rng.choice([top - 0.12 * high, top + 1.2 * high]))
        layer[max(0, y) : max(0, y) + max(1, high // 25), : int(end)] = 1.0


def _coloured(rng: Rng, layer: Mask) -> Plane:
    ink_tone, ground = _tones(rng)
    high, wide = layer.shape
    light = 1 + 0.2 * rng.normal() * np.linspace(-1, 1, wide)[None, :, None]
    light = light + 0.15 * rng.normal() * np.linspace(-1, 1, high)[:, None, None]
    shadow: Mask = np.zeros_like(layer)
    if rng.random() < 0.4:  # segments throw a shadow on the mirror behind the glass
        move = np.array([[1, 0, rng.uniform(-4, 4)], [0, 1, rng.uniform(1, 5)]], np.float32)
        shadow = cv2.warpAffine(layer, move, (wide, high)) * rng.uniform(0.1, 0.35)
    cover = np.maximum(layer, shadow)[..., None] * rng.uniform(0.35, 1.0)
    plane = ground * light + (ink_tone - ground) * cover
    edge = int(rng.integers(0, 12))
    plane = np.asarray(np.clip(plane, 0, 255), np.float32)
    if edge:
        tone = colour(rng, 0, 230)
        box(plane, 0, 0, wide - 1, high - 1, tone, edge)
    return plane


def _real(rng: Rng, crops: Crops, high: int) -> Strip:
    """Display crops beside each other; they carry pieces of their neighbours, as displays in a row do."""
    count, decimals = int(rng.integers(4, 8)), int(rng.choice([0, 1]))
    values = rng.integers(0, 10, count).astype(float)
    found, labels, _ = crops.counter(rng, "digit_lcd", values.tolist(), 0)
    wide = round(high * float(np.median([c.shape[1] / c.shape[0] for c in found])))
    tone = np.median(np.concatenate([c.reshape(-1, 3) for c in found]), 0).astype(np.float32)
    pad_x, pad_y = round(high * rng.uniform(0.05, 0.8)), round(high * rng.uniform(0.02, 0.4))
    plane = plain(high + 2 * pad_y, wide * count + 2 * pad_x, tone)
    cells = []
    for i, crop in enumerate(found):
        picture = cv2.resize(crop, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32)
        plane[pad_y : pad_y + high, pad_x + i * wide : pad_x + (i + 1) * wide] = picture
        cells.append((float(pad_x + i * wide), float(pad_y), float(wide), float(high)))
    if decimals:
        spot = (round(cells[-1][0]), round(pad_y + 0.84 * high))
        cv2.circle(plane, spot, max(1, high // 16), (tone * 0.35).tolist(), -1)
    return Strip(plane, cells, True, decimals, "".join(str(int(v)) for v in labels))


def blank(rng: Rng, high: int) -> Plane:
    """A display that shows nothing, or only faint segments."""
    layer = np.zeros((round(high * rng.uniform(1.2, 2.5)), round(high * rng.uniform(3, 8))), np.float32)
    return _coloured(rng, layer)
