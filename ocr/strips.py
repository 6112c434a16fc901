"""A row that stands on a display, read at once: figures, point and how sure its reader is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ocr import display
from ocr.calibration import Box
from ocr.detect import Figure
from ocr.picture import cut
from ocr.rows import TALL, View

_BESIDE, _WIDELY, _ABOVE = 0.05, (0.6, 1.2), 0.05
"""Margins beside and above the figures of a display that its reader is shown, in figure heights."""
_AGAIN, _MORE = 3, 0.3
"""How often it is looked beyond the ends, and how sure that must be against the close look."""
_FRAMES = ((0.05, -0.02), (0.05, 0.12), (0.25, 0.05), (0.6, 0.0), (0.15, 0.3))
"""Margins beside and above at which a number must read alike to be believed."""
_COUNTED = 2.5
"""Weight of a reading with as many figures as the finder saw, against others."""
_CLEARLY = 0.6
"""Confidence of a look beyond the finder's figures from which there are more of them."""
_FEWEST = 3
"""Figures the finder must have seen for their number to count."""
_FRAME = 1.12
"""Height of a figure's box against the figure."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a display's reader saw in a view: its figures, the number's `text` with its point, how sure."""

    text: str
    row: tuple[Figure, ...]
    confidence: float

    @property
    def digits(self) -> str:
        return "".join(c for c in self.text if c.isdigit())

    @property
    def after(self) -> int:
        """Figures after the point, 0 without one."""
        return len(self.text.partition(".")[2])

    def replacing(self, row: list[Figure], least: float) -> list[Figure]:
        """The row as the reader of displays saw it when it is surer than `least`.

        The finder takes a symbol for a figure now and then.
        """
        if not self.row or self.confidence < least:
            return row
        return list(self.row) if len(self.row) != len(row) else row


def shown(seen: View, row: Sequence[Figure]) -> Shown:
    """The display's number about a row of a view: what looks at it closely and less closely read alike.

    One look may be wrong and sure, or right and unsure: a blurred figure changes with the frame about it.
    Doubt is what the looks that read something else are sure of.
    """
    grown = _grown(seen, row)
    hulls = [hull for hull in (row, grown.row) if len(hull) >= _FEWEST] or [row]
    if len(grown.row) > len(row) and grown.confidence >= _CLEARLY:
        hulls = [grown.row]  # frames about the row would cut figures off
    looks = [grown, *(_look(seen, hull, *frame) for hull in hulls for frame in _FRAMES)]
    votes: dict[str, float] = {}
    for look in looks:
        weight = _COUNTED if len(look.digits) == len(hulls[0]) >= _FEWEST else 1.0
        votes[look.text] = votes.get(look.text, 0.0) + weight * look.confidence
    text = max(votes, key=lambda t: votes[t])
    alike = sorted((look for look in looks if look.text == text), key=lambda look: look.confidence)
    share = votes[text] / max(sum(votes.values()), 1e-6)
    return replace(alike[-1], confidence=alike[len(alike) // 2].confidence * share)


def glance(seen: View, row: Sequence[Figure]) -> float:
    """How surely a number is read where a row of a view is, with one look."""
    return _look(seen, row, _BESIDE, _ABOVE).confidence


def _grown(seen: View, row: Sequence[Figure]) -> Shown:
    """Read closely, and with room for what the finder missed at the ends: more figures are believed when the
    rest is the same, and looked beyond again; faint ones make the close look doubtful."""
    close = _look(seen, row, _BESIDE, _ABOVE)
    for _ in range(_AGAIN):
        looks = [_look(seen, close.row or row, beside, _ABOVE) for beside in _WIDELY]
        more = [w for w in looks if len(w.digits) > len(close.digits) and close.digits in w.digits]
        if not more:
            return close
        wide = max(more, key=lambda w: w.confidence)
        if wide.confidence < _MORE * close.confidence:
            return replace(close, confidence=close.confidence * (1 - wide.confidence))
        close = wide
    return close


def _look(seen: View, row: Sequence[Figure], beside: float, above: float) -> Shown:
    high, wide = seen.picture.shape[:2]
    strip = window(row, wide, high, beside, above)
    found = display.read(cut(seen.picture, strip))
    chars = [c for c in found.chars if c.char.isdigit()]
    tall = (found.bottom - found.top) * _FRAME
    out = []
    for char in chars:
        x, y = strip.x + (char.x0 + char.x1) / 2, strip.y + (found.top + found.bottom) / 2
        near = min(row, key=lambda f: abs(f.x - x))
        out.append(replace(near, x=x, y=y, w=max(near.w, char.x1 - char.x0), h=tall))
    return Shown(found.text, tuple(out), found.confidence)


def window(
    row: Sequence[Figure], wide: int, high: int, beside: float = _BESIDE, above: float = _ABOVE
) -> Box:
    """The part of a view of `wide` x `high` that holds a display's number, with margins in figure heights."""
    side, over = beside * TALL, above * TALL
    left, right = row[0].x - row[0].w / 2 - side, row[-1].x + row[-1].w / 2 + side
    top, foot = min(f.y - f.h / 2 for f in row) - over, max(f.y + f.h / 2 for f in row) + over
    return inside(Box(round(left), round(top), round(right - left), round(foot - top)), wide, high)


def inside(b: Box, wide: int, high: int) -> Box:
    """The part of a box inside a picture, at least as large as a calibration allows."""
    x, y = min(max(0, b.x), wide - 4), min(max(0, b.y), high - 6)
    return Box(x, y, max(4, min(b.x + b.w, wide) - x), max(6, min(b.y + b.h, high) - y))
