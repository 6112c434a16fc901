"""Rendered cells of LCD and LED displays: seven segments drawn as polygons or by the DSEG fonts."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ocr.train.digits.render import HEIGHT, WIDTH, Crop, Ink, Rng, colour, font, metrics, segment_fonts

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


def font_mask(rng: Rng, text: str, cell: float, glyph: float, fonts: list[str]) -> Ink:
    path = str(rng.choice(fonts))
    size = max(8, round(glyph / metrics(path)[0]))
    image = Image.new("L", (round(len(text) * cell), HEIGHT))
    draw = ImageDraw.Draw(image)
    for i, char in enumerate(text):
        at = ((i + 0.5) * cell, HEIGHT / 2 + metrics(path)[1] * size)
        draw.text(at, char, fill=255, font=font(path, size), anchor="ms")
    return np.asarray(image, np.float32) / 255


_DOTS = {
    "0": "01110 10001 10001 10001 10001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "01110 10001 00001 00110 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "01110 10000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00001 01110",
}
_SLASHED = "01110 10001 10011 10101 11001 10001 01110"


def _matrix_mask(rng: Rng, text: str, cell: float, glyph: float) -> Ink:
    """Ink 0..1 of a strip of digits made of 5 x 7 dots, a zero with a slash now and then."""
    look = _DOTS | {"0": _SLASHED} if rng.random() < 0.5 else _DOTS
    out = np.zeros((HEIGHT, round(len(text) * cell)), np.float32)
    wide, gap = cell * rng.uniform(0.6, 0.82) / 5, rng.uniform(0, 0.3)
    high, top = glyph / 7, (HEIGHT - glyph) / 2
    for i, char in enumerate(text):
        for y, row in enumerate(look[char].split()):
            for x in (x for x, dot in enumerate(row) if dot == "1"):
                left, upper = (i + 0.5) * cell + (x - 2.5) * wide, top + y * high
                corner = (round(left + (1 - gap) * wide) - 1, round(upper + (1 - gap) * high) - 1)
                cv2.rectangle(out, (round(left), round(upper)), corner, 1.0, -1)
    return out


def shown(rng: Rng, mask: Ink) -> Ink:
    """Colours an ink mask as LCD (dark on a greenish or grey ground) or LED (light on dark)."""
    if rng.random() < 0.8:
        ground = colour(rng, 70, 220, 20) * np.array(
            [rng.uniform(0.5, 1), 1, rng.uniform(0.5, 1)], np.float32
        )
        ink = ground * rng.uniform(0.1, 0.72)
    else:
        ground, ink = colour(rng, 5, 50, 8), colour(rng, 90, 255, 60)
    shadow = np.roll(mask, (int(rng.integers(1, 4)), int(rng.integers(-2, 4))), (0, 1)) * rng.choice(
        [0, 0.25]
    )
    return np.asarray(ground + (ink - ground) * np.maximum(mask, shadow)[..., None], np.float32)


def pick(crop: Ink, x: float, cell: float) -> Crop:
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
    if rng.random() < 0.12:
        mask = _matrix_mask(rng, text, cell, glyph)
    elif fonts and rng.random() < 0.35:
        mask = font_mask(rng, text, cell, glyph * 0.9, fonts)
    else:
        mask = segment_mask(rng, text, cell, glyph)
    if rng.random() < 0.3:
        mask = _bars(rng, mask, glyph, cell)
    return pick(shown(rng, mask), cell * (1 + shift), cell * rng.uniform(0.95, 1.05))


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
