"""Characters as displays draw them: seven segments of many makes, 14 segments, dots, pixels and print.

A `Style` draws one character into a mask of uint8 ink (0 none, 255 full); several strokes may overlap, the
stronger wins. Fonts come from the system (Debian: fonts-dseg, fonts-dejavu, fonts-liberation and others).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.train.display.dots import DOTS, PLAIN_ZERO

Mask = NDArray[np.uint8]
Points = NDArray[np.float64]
Rng = np.random.Generator
_SHIFT = 4
_FONTS = Path("/usr/share/fonts")
_PRINT = ("DejaVuSans", "LiberationSans", "Lato", "Roboto", "OpenSans", "NimbusSans", "B612")

_ON = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc",
    "7": "abc", "8": "abcdefg", "9": "abfgcd", "-": "g", " ": "", "A": "abcefg", "C": "adef", "E": "adefg",
    "F": "aefg", "L": "def", "P": "abefg", "H": "bcefg", "U": "bcdef", "T": "defg", "b": "cdefg",
    "c": "deg", "d": "bcdeg", "n": "ceg", "o": "cdeg", "r": "eg", "t": "defg", "u": "cde", "y": "bcdfg",
    "S": "afgcd", "O": "abcdef", "_": "d", "=": "dg", "J": "bcd", "h": "cefg",
}  # fmt: skip
_OTHER = {"6": "fgedc", "7": "abcf", "9": "abfgc"}

Kind = Literal["segments", "font", "dots", "pixels", "print"]


@lru_cache(maxsize=4)
def fonts(kind: str) -> list[str]:
    """Paths of "seven", "fourteen" or "print" fonts; RuntimeError when the system has none."""
    every = sorted(str(p) for p in _FONTS.rglob("*.[to]tf"))
    if kind == "print":
        found = [p for p in every if Path(p).stem.replace("-", "").startswith(_PRINT)]
        found = [p for p in found if "Thin" not in p and "Hairline" not in p and "Math" not in p]
    else:
        start = "DSEG7" if kind == "seven" else "DSEG14"
        found = [p for p in every if Path(p).name.startswith(start) and "GCHAN" not in p]
    if not found:
        raise RuntimeError(f"No {kind} fonts: install fonts-dseg, fonts-dejavu and fonts-liberation")
    return found


@lru_cache(maxsize=2048)
def font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels."""
    return ImageFont.truetype(path, size)


@dataclass(frozen=True)
class Style:
    """How one display draws its characters; lengths are parts of the character's height."""

    kind: Kind
    ends: str
    width: float
    across: float
    upright: float
    gap: float
    corner: float
    slant: float
    path: str
    other: str
    zero: bool
    grid: int

    def draw(self, mask: Mask, char: str, x: float, y: float, high: float, ghost: int = 0) -> None:
        """Draws `char` from its upper left corner (x, y), `high` pixels tall; unlit segments at `ghost`."""
        if self.kind == "segments":
            self._segments(mask, char, x, y, high, ghost)
        elif self.kind == "dots":
            _draw_dots(self, mask, char, x, y, high, ghost)
        elif char != " " or (ghost and self.kind == "font"):
            cell = self.cell * high
            if ghost and self.kind == "font":
                stamp(mask, self.path, "8", (x, y), high, self.slant, 0, ghost / 255, cell)
            if char != " ":
                grid = self.grid if self.kind == "pixels" else 0
                stamp(mask, self.path, char, (x, y), high, self.slant, grid, 1.0, cell)

    @property
    def cell(self) -> float:
        """Width of a character without the space after it, in heights."""
        if self.kind in ("segments", "dots"):
            return self.width
        ink, digit = _glyph(self.path, "8", self.grid if self.kind == "pixels" else 0)
        return float(ink.shape[1] / digit)

    def _segments(self, mask: Mask, char: str, x: float, y: float, high: float, ghost: int) -> None:
        lit = _OTHER[char] if char in self.other and char in _OTHER else _ON.get(char, "adg")
        wide = self.width * high
        for name in "abcdefg":
            level = 255 if name in lit else ghost
            if not level:
                continue
            at = self._bar(name, wide, high) + np.array((x, y))
            at[:, 0] += (y + high / 2 - at[:, 1]) * self.slant
            fixed = np.round(at * (1 << _SHIFT)).astype(np.int32)
            if self.ends == "round":
                thick = max(1, round((self.across if name in "adg" else self.upright) * high))
                cv2.line(mask, fixed[0].tolist(), fixed[1].tolist(), level, thick, cv2.LINE_AA, _SHIFT)
            else:
                cv2.fillPoly(mask, [fixed], level, cv2.LINE_AA, _SHIFT)

    def _bar(self, name: str, wide: float, high: float) -> Points:
        """The outline of a segment (or its two ends, drawn round) in a cell `wide` x `high`."""
        th, tv = self.across * high, self.upright * high
        flat = name in "adg"
        size = (wide, high) if flat else (high / 2, wide)
        thick, other = (th, tv) if flat else (tv, th)
        g, c, n = self.gap * high, self.corner * other, size[0]
        t = thick
        if self.ends == "round":
            a = other if flat else other * 0.9
            pts = [[a, t / 2], [n - a, t / 2]]
        elif self.ends == "square":
            a = other * 0.6 + g / 2
            pts = [[a, 0], [n - a, 0], [n - a, t], [a, t]]
        elif self.ends == "hex" or name == "g":
            a = other / 2
            pts = [[a + g, t / 2], [a + g + t / 2, 0], [n - a - g - t / 2, 0], [n - a - g, t / 2],
                   [n - a - g - t / 2, t], [a + g + t / 2, t]]  # fmt: skip
        elif flat:
            pts = [[c + g, 0], [n - c - g, 0], [n - other - g, t], [other + g, t]]
        else:
            pts = [[c + g, 0], [n - g, 0], [n - g - th / 2, t], [other + g, t]]
        p = np.array(pts, np.float64)
        return _placed(p, name, wide, high, t)


def _placed(p: Points, name: str, wide: float, high: float, thick: float) -> Points:
    """A bar drawn for the upper or upper left place, moved and mirrored to where `name` is."""
    if name == "a":
        return p
    if name == "d":
        return p * (1, -1) + (0, high)
    if name == "g":
        p[:, 1] += (high - thick) / 2
        return p
    p = p[:, ::-1]
    if name in "bc":
        p = p * (-1, 1) + (wide, 0)
    return p * (1, -1) + (0, high) if name in "ec" else p


def _dots_rows(char: str, zero: bool) -> list[int]:
    rows = PLAIN_ZERO if char == "0" and not zero else DOTS.get(char, DOTS["8"])
    return [int(r, 16) for r in rows.split()]


def _draw_dots(style: Style, mask: Mask, char: str, x: float, y: float, high: float, ghost: int) -> None:
    pitch, across = high / 7, style.width * high / 5
    fill = 1 - style.gap * 4
    for row, bits in enumerate(_dots_rows(char, style.zero)):
        for column in range(5):
            level = 255 if bits >> (4 - column) & 1 else ghost // 2
            if not level:
                continue
            top = y + row * pitch
            left = x + column * across + (y + high / 2 - top) * style.slant
            a = (round(left * 16), round(top * 16))
            b = (round((left + across * fill) * 16 - 8), round((top + pitch * fill) * 16 - 8))
            if style.ends == "round":
                centre = ((a[0] + b[0]) // 2, (a[1] + b[1]) // 2)
                cv2.circle(mask, centre, max(8, round(pitch * fill * 8.5)), level, -1, cv2.LINE_AA, _SHIFT)
            else:
                cv2.rectangle(mask, a, b, level, -1, cv2.LINE_AA, _SHIFT)


@lru_cache(maxsize=8192)
def _glyph(path: str, text: str, grid: int) -> tuple[Mask, float]:
    """Text in a font, its top that of a digit, and a digit's height in pixels; `grid` > 0: coarse pixels."""
    face = font(path, grid + 3 if grid else 72)
    box = face.getbbox("8", anchor="ls")
    left, _, right, bottom = face.getbbox(text, anchor="ls")
    size = (max(2, int(right - left) + 1), max(2, int(max(bottom, 0) - box[1]) + 1))
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((-left, -box[1]), text, fill=255, font=face, anchor="ls")
    ink = np.asarray(image, np.uint8)
    if grid:
        coarse = np.where(ink > 100, 255, 0).astype(np.uint8)
        ink = np.asarray(coarse.repeat(8, 0).repeat(8, 1), np.uint8)
        ink[::8] //= 2
        ink[:, ::8] //= 2
    return ink, float(box[3] - box[1]) * (8 if grid else 1)


def stamp(
    mask: Mask, path: str, text: str, at: tuple[float, float], high: float, slant: float = 0.0,
    grid: int = 0, level: float = 1.0, centred: float = 0.0, squeeze: float = 1.0,
) -> float:  # fmt: skip
    """Lays text over the mask, digits `high` pixels tall from `at`; returns its width in pixels.

    With `centred` > 0 the text stands in the middle of a cell that wide; `squeeze` scales its width.
    """
    ink, digit = _glyph(path, text, grid)
    scale = high / digit
    wide, tall = max(1, round(ink.shape[1] * scale * squeeze)), max(1, round(ink.shape[0] * scale))
    ink = np.asarray(cv2.resize(ink, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
    x = at[0] + max(0.0, (centred - wide) / 2)
    if slant:
        lean = abs(round(tall * slant)) + 1
        turn = np.array([[1, -slant, lean / 2 + slant * tall / 2], [0, 1, 0]], np.float32)
        ink = np.asarray(cv2.warpAffine(ink, turn, (wide + lean, tall)), np.uint8)
        x -= lean / 2
    left, top = round(x), round(at[1])
    a, b = max(0, -left), max(0, -top)
    part = mask[max(0, top) : max(0, top + ink.shape[0]), max(0, left) : max(0, left + ink.shape[1])]
    ink = ink[b : b + part.shape[0], a : a + part.shape[1]]
    if ink.size:
        part = part[: ink.shape[0], : ink.shape[1]]
        np.maximum(part, (ink * level).astype(np.uint8), out=part)
    return float(wide)


def style(rng: Rng) -> Style:
    """A style by chance; most are segments, as most displays are."""
    kind: Kind = rng.choice(["segments", "font", "dots", "pixels", "print"], p=[0.72, 0.13, 0.06, 0.05, 0.04])
    across = float(rng.uniform(0.07, 0.17))
    upright = float(np.clip(across * rng.uniform(0.75, 1.35), 0.06, 0.2))
    if kind == "font":
        path = str(rng.choice(fonts("seven" if rng.random() < 0.75 else "fourteen")))
    else:
        path = str(rng.choice(fonts("print")))
    width = rng.uniform(0.55, 0.75) if kind == "dots" else rng.uniform(0.4, 0.68)
    return Style(
        kind=kind,
        ends=str(rng.choice(["mitre", "hex", "square", "round"], p=[0.5, 0.25, 0.13, 0.12])),
        width=float(width),
        across=across,
        upright=upright,
        gap=float(rng.choice([rng.uniform(0, 0.02), rng.uniform(0.015, 0.05)])),
        corner=float(rng.choice([rng.uniform(0, 0.3), rng.uniform(0.3, 1.0)])),
        slant=float(rng.choice([0.0, rng.uniform(0.03, 0.2), rng.uniform(-0.03, 0.03)])),
        path=path,
        other="".join(c for c in "679" if rng.random() < 0.35),
        zero=bool(rng.random() < 0.4),
        grid=int(rng.choice([7, 8, 9, 10, 12, 16])),
    )
