"""Places a counter's figures by agreement with the number its owner sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocr.calibration import Box, Calibration, Dial
from ocr.detect import Figure, Line, NoCounter, lines
from ocr.digits import Digit, DigitReader
from ocr.picture import Picture, colour, cut, fault
from ocr.rounds import pointers
from ocr.rows import View, box, completed, refined
from ocr.strips import shown, window

_FAINT = 0.05
"""Least chance of a figure: the number tells better than the finder what is a counter."""
_ROWS = 10
_AGREES = 0.62
"""Least mean agreement of figures with the number: one of six may be read wrong."""
_SEEN, _FEW = 0.15, 5
"""Least worth of a figure that is seen; one in so many, or one alone, may be hidden or read wrong."""
_FEWEST = 3
"""Wheels beside dials a counter has at least."""
_DIALS = 4
"""Figures of a number that dials may show."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Figures in a view that agree with the first figures of a number; `agreement` 1 is all, surely."""

    view: View
    row: tuple[Figure, ...]
    agreement: float
    lcd: bool


def parse(hint: str) -> tuple[str, int]:
    """("0487134", 1) of "048713.4"; ValueError when it is no number."""
    found = re.fullmatch(r"\s*(\d+)(?:[.,](\d+))?\s*", hint)
    if found is None:
        raise ValueError(f"{hint!r} is not what a counter shows: type its digits, such as 048713.4")
    whole, part = found[1], found[2] or ""
    return whole + part, len(part)


def place(picture: Picture, hint: str, reader: DigitReader) -> Calibration:
    """The boxes and dials that show `hint`; NoCounter when nothing does, ValueError when it is no number."""
    wanted, decimals = parse(hint)
    reason = fault(picture)
    if reason is not None:
        raise NoCounter(reason)
    picture = colour(picture)
    found = lines(picture, _ROWS, _FAINT)
    tried = [p for line in found if (p := _placed(picture, line, wanted, reader)) is not None]
    whole = [p for p in tried if len(p.row) == len(wanted) and p.agreement >= _AGREES]
    if whole:
        return _calibration(picture, max(whole, key=lambda p: p.agreement), decimals, ())
    for best in sorted(tried, key=lambda p: (p.agreement >= _AGREES, len(p.row)), reverse=True):
        if best.agreement < _AGREES or best.lcd:
            continue
        dials = pointers(
            picture,
            [best.view.back(box(f), *picture.shape[1::-1]) for f in best.row],
            wanted[len(best.row) :],
        )
        if dials:
            return _calibration(picture, best, decimals, dials)
    dials = pointers(picture, [], wanted) if 4 <= len(wanted) <= 8 else ()
    if dials:
        return Calibration(picture.shape[1], picture.shape[0], (), decimals, "wheel", tuple(dials))
    raise NoCounter(
        f"Nothing in the picture agrees with {hint.strip()}: check the number you typed, "
        "and that all its digits can be seen."
    )


def _placed(picture: Picture, line: Line, wanted: str, reader: DigitReader) -> Placed | None:
    """Where a row agrees best with the number: with all its figures, or with the first ones before dials."""
    close = refined(picture, line)
    if close is None:
        return None
    seen, row = close
    lcd = float(np.mean([f.lcd for f in row])) > 0.5
    if lcd and (strip := shown(seen, row)).digits.endswith(wanted):
        return Placed(seen, strip.row[-len(wanted) :], 1.0, lcd)
    row = _extended(row if lcd else completed(row), seen, len(wanted))
    digits = reader.read([cut(seen.picture, box(f)) for f in row])
    best: Placed | None = None
    for count in range(len(wanted), max(_FEWEST, len(wanted) - _DIALS) - 1, -1):
        for first in range(len(row) - count + 1):
            part = slice(first, first + count)
            agreement = agreeing(digits[part], wanted[:count], lcd)
            better = best is None or agreement > best.agreement + 0.12 * (len(best.row) - count)
            if better:
                best = Placed(seen, tuple(row[part]), agreement, lcd)
    return best


def agreeing(digits: Sequence[Digit], wanted: str, lcd: bool) -> float:
    """-1..1: how surely figures are read as wanted, less how surely they are not; -1 when several are not
    seen at all: five clear ones do not make up for three that are not there.

    A wheel may stand up to nearly one beyond its digit, while it is turned on.
    """
    worth = []
    for digit, char in zip(digits, wanted, strict=True):
        away = (digit.value - int(char) + 5) % 10 - 5
        worth.append(digit.confidence * (1 if -0.4 < away < (0.5 if lcd else 0.95) else -1))
    if sum(each < _SEEN for each in worth) > max(1, len(worth) // _FEW):
        return -1.0
    return sum(worth) / len(worth)


def _extended(row: list[Figure], seen: View, count: int) -> list[Figure]:
    """The row with as many further cells at both ends as the number could need, inside the view."""
    if len(row) < 2:
        return row
    row = list(row)
    missing = max(1, min(3, count - len(row) + 1))
    steps = np.diff([f.x for f in row])
    pitch = float(np.median(steps))
    drop = float(np.median(np.diff([f.y for f in row]) / steps)) * pitch
    for _ in range(missing):
        row.append(replace(row[-1], x=row[-1].x + pitch, y=row[-1].y + drop, chance=0.1))
        row.insert(0, replace(row[0], x=row[0].x - pitch, y=row[0].y - drop, chance=0.1))
    wide = seen.picture.shape[1]
    return [f for f in row if f.w / 3 < f.x < wide - f.w / 3]


def _calibration(picture: Picture, best: Placed, decimals: int, dials: Sequence[Dial]) -> Calibration:
    high, wide = picture.shape[:2]
    boxes = tuple(best.view.back(box(f), wide, high) for f in best.row)
    display: Box | None = None
    if best.lcd:
        tall, across = best.view.picture.shape[:2]
        display = best.view.back(window(best.row, across, tall), wide, high)
    return Calibration(wide, high, boxes, decimals, "lcd" if best.lcd else "wheel", tuple(dials), display)
