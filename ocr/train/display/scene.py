"""One display with what stands on it, laid out as ink masks, and where its characters are.

The number of a display follows what meters show: energy registers with zero to three decimals, with leading
zeros or blanks, small decimals, powers, volts, dates, times, dashes and words (which are no number).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from ocr.display import CODE, NUMBER, UNITS
from ocr.train.display.glyphs import Mask, Rng, Style, fonts, stamp, style

HIGH = 44.0
"""Pixels of a digit's height in a scene."""
CODES = (
    "1.8.0", "1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.8.4", "2.8.0", "2.8.0", "2.8.1", "2.8.2", "3.8.0",
    "4.8.0", "15.8.0", "16.7.0", "1.7.0", "2.7.0", "1.6.0", "1.6.1", "32.7.0", "52.7.0", "72.7.0", "31.7.0",
    "51.7.0", "71.7.0", "C.1.0", "C.1.1", "C.7.0", "C.5.0", "F.F", "F.F.0", "L.1.0", "P.01", "0.0.0",
    "0.0.1", "0.9.1", "0.9.2", "0.2.0", "96.1.0", "1-0:1.8.0", "1-0:2.8.0", "01", "02", "03", "04", "05",
    "06", "07", "08", "09", "10", "11", "12", "20", "21", "1", "2", "3", "4", "5", "T1", "T2", "A", "d",
    "E1", "P",
)  # fmt: skip
_WORDS = (
    "LOAd",
    "Err 3",
    "tESt",
    "P-UP",
    "FAIL",
    "oPEn",
    "bAtt",
    "Error 12",
    "dISP",
    "A-H 1",
    "PASS",
    "SEt 2",
)
_LABELS = (
    "Cum",
    "CUM",
    "TOTAL",
    "T1",
    "T2",
    "L1 L2 L3",
    "+A",
    "-A",
    "Batt",
    "MD",
    "Imp",
    "EXP",
    "RATE",
    "M",
    "Q1",
    "PF",
)


@dataclass
class Mark:
    """One character of the truth: its class, and the box of its ink as x0, y0, x1, y1 in scene pixels."""

    char: str
    box: tuple[float, float, float, float]


@dataclass
class Scene:
    """Ink masks (of the display's own elements, of its unlit segments) and the marks of each head."""

    ink: Mask
    number: list[Mark] = field(default_factory=list)
    code: list[Mark] = field(default_factory=list)
    unit: list[Mark] = field(default_factory=list)
    area: tuple[float, float, float, float] = (0, 0, 0, 0)
    """x0, y0, x1, y1 of the number, with leading blanks."""

    @property
    def heads(self) -> tuple[list[Mark], list[Mark], list[Mark]]:
        """The marks in the order of the network's heads."""
        return self.number, self.code, self.unit


def number_text(rng: Rng) -> str:
    """What the display shows; a space is a blank place."""
    kind = rng.random()
    if kind > 0.97:  # a line that holds a code alone: `ocr.codeline` reads it as a number
        return str(rng.choice([c for c in CODES if c.count(".") == 2 and set(c) <= set("0123456789.")]))
    count = int(rng.choice([3, 4, 5, 6, 7, 8, 9], p=[0.06, 0.12, 0.25, 0.27, 0.16, 0.1, 0.04]))
    body = "".join(str(d) for d in rng.integers(0, 10, count))
    if rng.random() < 0.4:
        zeros = int(rng.integers(1, count))
        body = "0" * zeros + body[zeros:]
    if rng.random() < 0.12:
        body = "".join(rng.choice(list(rng.choice(["18", "08", "17", "06", "689", "1", "0"])), count))
    if kind < 0.035:
        return str(rng.choice(_WORDS))
    if kind < 0.06:
        a, b, c = (f"{int(v):02d}" for v in rng.integers(0, 60, 3))
        return str(rng.choice([f"{a}:{b}", f"{a}:{b}:{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"{a}.{b}.20{c}"]))
    if kind < 0.075:
        return "-" * count if rng.random() < 0.7 else " " * count
    decimals = int(rng.choice([0, 1, 2, 3], p=[0.2, 0.36, 0.24, 0.2]))
    if decimals and decimals < count:
        body = f"{body[:-decimals]}.{body[-decimals:]}"
    if rng.random() < 0.3:
        shown = body.lstrip("0")
        shown = "0" + shown if not shown or shown[0] == "." else shown
        body = shown.rjust(len(body) + (int(rng.integers(0, 3))))
    if rng.random() < 0.06:
        body = "-" + body.lstrip()
    return body


@dataclass(frozen=True)
class _Face:
    """Layout of one display's number; lengths in digit heights."""

    look: Style
    pitch: float
    point: float
    shape: str
    low: float
    own: float
    small: float
    top: bool
    ghost: int


def _face(rng: Rng) -> _Face:
    look = style(rng)
    seg = look.kind in ("segments", "font")
    return _Face(
        look,
        pitch=look.cell + float(rng.uniform(0.1, 0.3)) * (1 if rng.random() < 0.92 else 1.6),
        point=float(rng.uniform(0.085, 0.18)),
        shape=str(rng.choice(["square", "round", "comma", "tick"], p=[0.42, 0.3, 0.18, 0.1])),
        low=float(rng.choice([0.0, rng.uniform(-0.03, 0.08), rng.uniform(0.0, 0.16)])),
        own=float(rng.choice([0, rng.uniform(0, 0.25)] if seg else [0, rng.uniform(0, 0.3), 0.7])),
        small=float(rng.choice([1.0, rng.uniform(0.45, 0.85)], p=[0.64, 0.36])),
        top=bool(rng.random() < 0.15),
        ghost=int(rng.choice([0, rng.uniform(8, 45), rng.uniform(30, 85)], p=[0.55, 0.33, 0.12])),
    )  # fmt: skip


def _point(mask: Mask, face: _Face, x: float, base: float, high: float, char: str, level: int = 255) -> Mark:
    """Draws a decimal point (or colon) in the middle of x on the base line; its mark."""
    size = face.point * high
    x -= face.look.slant * high * 0.45
    ys = [base - size / 2 + face.low * high]
    if char == ":":
        ys = [base - 0.3 * high, base - 0.7 * high]
    for y in ys:
        at = (round(x * 16), round(y * 16))
        r = max(8, round(size * 8))
        if face.shape in ("round", "tick") or char == ":":
            cv2.circle(mask, at, r, level, -1, cv2.LINE_AA, 4)
        else:
            cv2.rectangle(mask, (at[0] - r, at[1] - r), (at[0] + r, at[1] + r), level, -1, cv2.LINE_AA, 4)
        if face.shape in ("comma", "tick") and char == ".":
            tail = np.array(
                [[at[0] - r, at[1]], [at[0] + r, at[1]], [at[0] - r * 1.3, at[1] + 3.2 * r]], np.int32
            )
            cv2.fillPoly(mask, [tail], level, cv2.LINE_AA, 4)
    return Mark(char, (x - size / 2, min(ys) - size / 2, x + size / 2, max(ys) + size / 2))


def _write(
    mask: Mask, face: _Face, text: str, x: float, base: float, high: float, ghost: int
) -> tuple[list[Mark], float]:
    """Writes text with its base line at `base`; marks of all but blanks, and where the next would start."""
    marks: list[Mark] = []
    after = False
    for char in text:
        size = high * (face.small if after else 1.0)
        top = base - (high if after and face.top else size)
        if char in ".:":
            gap = (face.pitch - face.look.cell) * high
            marks.append(_point(mask, face, x - gap / 2 + face.own * high / 2, base, high, char))
            x += face.own * high
            after = char == "."
            continue
        face.look.draw(mask, char, x, top, size, ghost)
        if char != " ":
            wide = face.look.cell * size
            left = x + wide * 0.6 if char == "1" and face.look.kind == "segments" else x
            marks.append(Mark(char, (left, top, x + wide, top + size)))
        x += face.pitch * size
    return marks, x


def classes(marks: list[Mark]) -> list[Mark]:
    """What no number has becomes "?"."""
    return [m if m.char in NUMBER else replace(m, char="?") for m in marks]


def scene(rng: Rng) -> Scene:
    """A display by chance: its number, and perhaps register code, unit, labels and frames."""
    face = _face(rng)
    text = number_text(rng)
    left, above = float(rng.uniform(3.0, 5.2)) * HIGH, 1.6 * HIGH
    wide = left + (len(text) + 0.5) * face.pitch * HIGH * 1.15 + 4.2 * HIGH
    mask = np.zeros((round(4.0 * HIGH), round(wide)), np.uint8)
    base = above + HIGH
    marks, end = _write(mask, face, text, left, base, HIGH, face.ghost)
    out = Scene(mask, classes(marks), area=(left, above, end - (face.pitch - face.look.cell) * HIGH, base))
    if face.ghost and rng.random() < 0.5:
        for k in range(1, len(text)):
            x = left + k * face.pitch * HIGH - (face.pitch - face.look.cell) * HIGH / 2
            _point(mask, face, x, base, HIGH, ".", face.ghost)
        _point_again(out, face, base)
    if rng.random() < 0.38 and text not in CODES:
        _code(rng, out, face)
    if rng.random() < 0.5:
        _unit(rng, out, face)
    _labels(rng, out, face)
    return out


def _point_again(out: Scene, face: _Face, base: float) -> None:
    """Lit points over the unlit ones."""
    for mark in out.number:
        if mark.char == ".":
            x = (mark.box[0] + mark.box[2]) / 2 + face.look.slant * HIGH * 0.45
            _point(out.ink, face, x, base, HIGH, ".")


def _code(rng: Rng, out: Scene, face: _Face) -> None:
    """A register code left of the number, above or below it, small or of the same size."""
    text = str(rng.choice(CODES))
    if any(c not in CODE for c in text):
        raise ValueError(f"{text} has characters the network does not know")
    x0, y0, _, base = out.area
    other = replace(_face(rng), ghost=0) if rng.random() < 0.3 else face
    other = replace(other, small=1.0, own=min(other.own, 0.2))
    place = rng.choice(["left", "above", "below"], p=[0.66, 0.22, 0.12])
    high = HIGH * float(rng.uniform(0.35, 0.65))
    count = sum(c not in ".:" for c in text)
    if place == "left":
        if rng.random() < 0.45:
            high = HIGH * float(rng.uniform(0.75, 1.0))
        pitch = min(other.pitch, 0.9)
        other = replace(other, pitch=max(pitch, other.look.cell + 0.08))
        x = x0 - count * other.pitch * high - float(rng.uniform(0.35, 1.1)) * HIGH
        line = y0 + high if rng.random() < 0.35 else base
        if x < 2:
            return
    else:
        x = x0 + float(rng.uniform(0, 0.5)) * max(1.0, out.area[2] - x0 - count * high)
        line = y0 - float(rng.uniform(0.15, 0.4)) * HIGH if place == "above" else base + high + 0.3 * HIGH
    marks, _ = _write(out.ink, other, text, x, line, high, 0)
    out.code = marks


def _unit(rng: Rng, out: Scene, face: _Face) -> None:
    """A unit right of the number, up, down or in the middle, or below it."""
    unit = str(rng.choice(UNITS, p=unit_chances()))
    shown = "m³" if unit == "m³" and rng.random() < 0.6 else unit.replace("³", "3")
    shown = shown.upper() if rng.random() < 0.06 else shown
    high = HIGH * float(rng.uniform(0.28, 0.6))
    path = str(rng.choice(fonts("print"))) if face.look.kind != "pixels" else face.look.path
    grid = face.look.grid if face.look.kind == "pixels" else 0
    _, y0, x1, base = out.area
    x = x1 + float(rng.uniform(0.1, 0.6)) * HIGH
    y = float(rng.choice([y0, base - high, (y0 + base - high) / 2]))
    small = [m.box for m in out.number if m.char.isdigit() and m.box[1] > y0 + 0.25 * HIGH]
    if small and rng.random() < 0.6:  # above the small decimals
        high = (small[0][1] - y0) * float(rng.uniform(0.55, 0.95))
        x, y = small[0][0] + float(rng.uniform(-0.2, 0.2)) * HIGH, y0
    elif rng.random() < 0.15:
        x, y = x1 - 2.2 * high, base + float(rng.uniform(0.15, 0.4)) * HIGH
    wide = stamp(out.ink, path, shown, (x, y), high, 0.0, grid, 1.0, 0.0, float(rng.uniform(0.75, 1.1)))
    if x + wide < out.ink.shape[1] - 2:
        out.unit = [Mark(unit, (x, y, x + wide, y + high))]


def unit_chances() -> list[float]:
    """How often each of UNITS is shown: mostly energy."""
    weights = np.array(
        [8.0 if u == "kWh" else 2.5 if u == "m³" else 1.5 if u in ("kW", "V", "A") else 1.0 for u in UNITS]
    )
    return list(weights / weights.sum())


def _labels(rng: Rng, out: Scene, face: _Face) -> None:
    """Small print, arrows, bars and frames that mean nothing for the number."""
    x0, y0, x1, base = out.area
    for up in (True, False):
        for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.55, 0.25, 0.13, 0.07]))):
            high = HIGH * float(rng.uniform(0.16, 0.42))
            near = float(rng.uniform(0.12, 0.6)) * HIGH
            y = y0 - near - high if up else base + near
            x = float(rng.uniform(x0 - HIGH, x1))
            free = up != any(m.box[1] < y0 for m in out.code) or not out.code
            if not free:
                continue
            if rng.random() < 0.7:
                label = str(rng.choice(_LABELS)) if rng.random() < 0.7 else f"{int(rng.integers(0, 99999))}"
                stamp(out.ink, str(rng.choice(fonts("print"))), label, (x, y), high)
            else:
                size = (round(x), round(y), round(x + high * rng.uniform(0.5, 4)), round(y + high * 0.5))
                cv2.rectangle(out.ink, size[:2], size[2:], 255, -1 if rng.random() < 0.6 else 1, cv2.LINE_AA)
    if rng.random() < 0.06:
        a, b = float(rng.uniform(0.08, 0.3)) * HIGH, float(rng.uniform(0.15, 0.5)) * HIGH
        corner = ((round(x0 - b), round(y0 - a)), (round(x1 + b), round(base + a)))
        cv2.rectangle(out.ink, *corner, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
