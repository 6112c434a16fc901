"""The register code where a display shows it in a line of its own, small, above or below the number.

What stands above or below the number is read as a display of its own, with more or less of nothing around it;
most looks have to say the same code, and none another.
"""

from __future__ import annotations

import re

import cv2
import numpy as np

from ocr.display import Text, read
from ocr.picture import Picture

_CODE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{1,2}")
_AROUND = (0.0, 0.15, 0.25, 0.4, 0.6)
"""What is laid around the line for each look, in its heights."""
_MOST = 3
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
    looks = (_code(read(_framed(line, around))) for around in _AROUND)
    said = [found for found in looks if found]
    return said[0] if len(said) >= _MOST and len(set(said)) == 1 else None


def _framed(line: Picture, around: float) -> Picture:
    """The line with its edge drawn out, so that what it shows is smaller to the network."""
    edge = round(around * line.shape[0])
    return np.asarray(cv2.copyMakeBorder(line, edge, edge, edge, edge, cv2.BORDER_REPLICATE), np.uint8)


def _code(seen: Text) -> str | None:
    """The code that a line shows, which alone may look like a number; None without, or when two are seen."""
    found = {text for text in (seen.text, seen.register) if _CODE.fullmatch(text)}
    return found.pop() if len(found) == 1 else None
