"""Displays of character cells, one row or two: words as large as the number stand beside and above it.

Most have two: what it is ("Active Import"), and what it has counted ("0009.26 kWh").
"""

from __future__ import annotations

import string
from dataclasses import dataclass, replace

import numpy as np

from ocr.display import UNITS
from ocr.train.display.dots import DOTS
from ocr.train.display.glyphs import Mask, Rng, Style, fonts, style
from ocr.train.display.scene import CODES, HIGH, Mark, Scene, classes, number_text, unit_chances

_WORDS = (
    "Total", "TOTAL", "Import", "Export", "Active Import", "Active", "Energy", "Cum. Energy", "Units",
    "Balance", "Credit", "Grid", "Mains", "DG", "EB", "Reading", "Meter", "Forward", "Reverse", "Tariff",
    "Rate", "Phase", "Demand", "Max Demand", "Reactive", "Water", "Volume", "Heat", "Consumed", "Today",
    "Month", "Imp.", "Exp.", "Energie", "Bezug", "Lieferung", "Verbrauch", "Stand", "Totaal", "kWh Total",
)  # fmt: skip
_BEFORE = (
    "E:", "E=", "E ", "T1 ", "T2:", "Tot:", "Imp ", "Exp:", "R1=", "kWh ", "kWh:", "Bal:", "+A ", "Rs ",
)  # fmt: skip
_CODES = tuple(c for c in CODES if c.count(".") == 2 and "-" not in c)

Part = tuple[str, str]
"""A piece of a row: its text, and the head that reads it ("number", "code", "unit"; "" none)."""


@dataclass(frozen=True)
class _Module:
    """A display of cells; lengths in pixels of the scene."""

    look: Style
    pitch: float
    down: float
    ghost: int


def scene(rng: Rng) -> Scene:
    """A display of character cells by chance, with a number in one of its rows."""
    module = _module(rng)
    rows = [_number_row(rng)]
    if rng.random() < 0.75:
        rows.insert(int(rng.random() < 0.35), _words_row(rng))
    columns = max(max(sum(len(text) for text, _ in row) for row in rows), int(rng.choice([8, 16, 20])))
    edge = 1.6 * HIGH
    size = (2 * edge + len(rows) * module.down, 2 * edge + columns * module.pitch)
    out = Scene(np.zeros((round(size[0]), round(size[1])), np.uint8))
    for k, row in enumerate(rows):
        _write(out, module, _aligned(rng, row, columns), edge, edge + k * module.down)
    out.number = classes(out.number)
    seen = [m.box for m in out.number]
    whole = (edge, edge, edge + columns * module.pitch, edge + (len(rows) - 1) * module.down + HIGH)
    if seen and rng.random() < 0.4:
        whole = (
            min(b[0] for b in seen),
            min(b[1] for b in seen),
            max(b[2] for b in seen),
            max(b[3] for b in seen),
        )
    out.area = whole
    return out


def _module(rng: Rng) -> _Module:
    kind = str(rng.choice(["dots", "pixels", "print"], p=[0.75, 0.17, 0.08]))
    look = replace(style(rng), kind=kind, slant=0.0, width=float(rng.uniform(0.52, 0.8)))  # type: ignore[arg-type]
    look = replace(look, gap=float(rng.uniform(0, 0.06)), ends=str(rng.choice(["square", "square", "round"])))
    look = replace(look, path=str(rng.choice(fonts("print"))))
    return _Module(
        look,
        pitch=look.cell * HIGH * float(rng.uniform(1.15, 1.35)),
        down=HIGH * float(rng.uniform(8.0, 9.6)) / 7,
        ghost=int(rng.choice([0, rng.uniform(5, 60), rng.uniform(30, 110)], p=[0.4, 0.45, 0.15])),
    )


def _number_row(rng: Rng) -> list[Part]:
    before: list[Part] = []
    chance = rng.random()
    if chance < 0.3:
        before = [(str(rng.choice(_BEFORE)), "")]
    elif chance < 0.4:
        before = [(str(rng.choice(_CODES)), "code"), (" ", "")]
    after: list[Part] = []
    if rng.random() < 0.75:
        unit = str(rng.choice(UNITS, p=unit_chances()))
        after = [(" " * int(rng.integers(0, 2)), ""), (unit, "unit")]
    number = number_text(rng)
    if "." in number and rng.random() < 0.1:
        number = number.replace(".", ",")
    return [*before, (number, "number"), *after]


def _words_row(rng: Rng) -> list[Part]:
    """What stands above or below: words, a word with a figure, a register code, the time, nothing."""
    kind = rng.random()
    if kind < 0.1:
        return []
    if kind < 0.18:
        day, month, year, hour, minute = (f"{int(v):02d}" for v in rng.integers(1, 29, 5))
        return [(str(rng.choice([f"{day}/{month}/{year} {hour}:{minute}", f"{hour}:{minute}:{day}"])), "")]
    word = str(rng.choice(_WORDS))
    if rng.random() < 0.35:
        letters = list(string.ascii_letters + "    .:-/")
        word = "".join(rng.choice(letters, int(rng.integers(3, 16)))).strip() or word
    if kind < 0.28:
        return [(str(rng.choice(_CODES)), "code"), (f" {word}", "")]
    if kind < 0.42:
        return [(f"{word} {int(rng.integers(1, 9))}", "")]
    return [(word.upper() if rng.random() < 0.2 else word, "")]


def _aligned(rng: Rng, row: list[Part], columns: int) -> list[Part]:
    """The row at the left, the right or in the middle of its columns."""
    left = columns - sum(len(text) for text, _ in row)
    before = int(rng.choice([0, left // 2, left], p=[0.45, 0.2, 0.35]))
    return [(" " * before, ""), *row, (" " * (left - before), "")]


def _write(out: Scene, module: _Module, row: list[Part], x: float, y: float) -> None:
    """Writes a row from (x, y), and notes the marks of its parts."""
    wide = module.look.cell * HIGH
    for text, head in row:
        began = x
        for char in text:
            box = _character(out.ink, module, char, x, y)
            shown = "." if char == "," else char
            if head == "number" and char != " ":
                out.number.append(Mark(shown, box))
            elif head == "code":
                out.code.append(Mark(shown, box))
            x += module.pitch
        if head == "unit":
            out.unit.append(Mark(text, (began, y, x - module.pitch + wide, y + HIGH)))


def _character(
    ink: Mask, module: _Module, char: str, x: float, y: float
) -> tuple[float, float, float, float]:
    """Draws one character with its cell; the box of its ink."""
    look, wide = module.look, module.look.cell * HIGH
    if look.kind != "dots":
        look.draw(ink, char, x, y, HIGH, 0)
    else:
        look.draw(ink, char if char in DOTS else "#", x, y, HIGH, 2 * module.ghost)
    if char in ".,":
        return x + 0.2 * wide, y + 0.7 * HIGH, x + 0.6 * wide, y + HIGH
    return x, y, x + wide, y + HIGH
