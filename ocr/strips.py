"""A row that stands on a display, read at once: figures, point and how sure its reader is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ocr import display
from ocr.calibration import Box
from ocr.detect import Figure
from ocr.picture import cut
from ocr.rows import TALL, View

_BESIDE, _WIDELY, _ABOVE = 0.25, 1.2, 0.15
"""Margins beside and above the figures of a display that its reader is shown, in figure heights."""
_AGAIN, _MORE = 3, 0.3
"""How often it is looked beyond the ends, and how sure that must be against the close look."""
_FRAME = 1.12
"""Height of a figure's box against the figure."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a display's reader saw in a view: its figures, and how many of them stand `after` the point."""

    digits: str
    row: tuple[Figure, ...]
    after: int
    confidence: float

    def replacing(self, row: list[Figure], least: float) -> list[Figure]:
        """The row as the reader of displays saw it when it is surer than `least`.

        The finder takes a symbol for a figure now and then.
        """
        if not self.row or self.confidence < least:
            return row
        return list(self.row) if len(self.row) != len(row) else row


def shown(seen: View, row: Sequence[Figure]) -> Shown:
    """The display's number about a row of a view.

    Read closely, and with room for what the finder missed at the ends: more figures are believed when the
    rest is the same, and looked beyond again; faint ones make the close look doubtful.
    """
    close = _look(seen, row, _BESIDE)
    for _ in range(_AGAIN):
        wide = _look(seen, close.row or row, _WIDELY)
        if len(wide.digits) <= len(close.digits) or close.digits not in wide.digits:
            return close
        if wide.confidence < _MORE * close.confidence:
            return replace(close, confidence=close.confidence * (1 - wide.confidence))
        close = wide
    return close


def _look(seen: View, row: Sequence[Figure], beside: float) -> Shown:
    high, wide = seen.picture.shape[:2]
    strip = window(row, wide, high, beside)
    found = display.read(cut(seen.picture, strip))
    chars = [c for c in found.chars if c.char.isdigit()]
    point = found.text.find(".")
    after = 0 if point < 0 else len(found.text) - point - 1
    tall = (found.bottom - found.top) * _FRAME
    out = []
    for char in chars:
        x, y = strip.x + (char.x0 + char.x1) / 2, strip.y + (found.top + found.bottom) / 2
        near = min(row, key=lambda f: abs(f.x - x))
        out.append(replace(near, x=x, y=y, w=max(near.w, char.x1 - char.x0), h=tall))
    return Shown("".join(c.char for c in chars), tuple(out), after, found.confidence)


def window(row: Sequence[Figure], wide: int, high: int, beside: float = _BESIDE) -> Box:
    """The part of a view of `wide` x `high` that holds a display's number, `beside` figure heights more."""
    side, above = beside * TALL, _ABOVE * TALL
    left, right = row[0].x - row[0].w / 2 - side, row[-1].x + row[-1].w / 2 + side
    top, foot = min(f.y - f.h / 2 for f in row) - above, max(f.y + f.h / 2 for f in row) + above
    return inside(Box(round(left), round(top), round(right - left), round(foot - top)), wide, high)


def inside(b: Box, wide: int, high: int) -> Box:
    """The part of a box inside a picture, at least as large as a calibration allows."""
    x, y = min(max(0, b.x), wide - 4), min(max(0, b.y), high - 6)
    return Box(x, y, max(4, min(b.x + b.w, wide) - x), max(6, min(b.y + b.h, high) - y))
