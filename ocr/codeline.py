"""The register code where a display shows it in a line of its own, small, above or below the number.

What stands above the number is read as a display of its own, which tells where its characters are; cut out
anew around these, with two margins, it has to say the same twice, and all of it.
"""

from __future__ import annotations

import re

from ocr.display import Text, read
from ocr.picture import Picture

_CODE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{1,2}")
_MARGINS = ((0.25, 3.0), (0.15, 2.5))
"""Above and below, and to both sides, in heights of a character: the first look may have missed some."""
_APART = 0.05
_SMALLEST = 8


def code(window: Picture, top: float, bottom: float) -> str | None:
    """The code beside a number whose digits reach from `top` to `bottom` in a display's window (BGR); None
    when there is none, or it is not sure."""
    gap = _APART * (bottom - top)
    lines = window[: max(0, int(top - gap))], window[int(bottom + gap) :]
    return next((found for line in lines if (found := _read(line))), None)


def _read(line: Picture) -> str | None:
    if min(line.shape[:2]) < _SMALLEST:
        return None
    first = read(line)
    if not first.chars:
        return None
    said = {_again(line, first, *margin) for margin in _MARGINS}
    return said.pop() if len(said) == 1 else None


def _again(line: Picture, first: Text, high: float, wide: float) -> str | None:
    """What a line shows, cut out around the characters that a first look saw; None when it is no code."""
    tall = first.bottom - first.top
    left, right = min(c.x0 for c in first.chars), max(c.x1 for c in first.chars)
    part = line[
        max(0, int(first.top - high * tall)) : max(0, int(first.bottom + high * tall)),
        max(0, int(left - wide * tall)) : max(0, int(right + wide * tall)),
    ]
    if min(part.shape[:2]) < _SMALLEST:
        return None
    text = read(part).text
    return text if _CODE.fullmatch(text) else None
