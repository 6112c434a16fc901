"""The unit printed beside a counter, read by tesseract: kWh, MWh or m³.

This is where tesseract helps: it reads print. On single wheel digits it is right in about half the cases and
takes longer than the whole counter does here, so digits are never given to it. Works without pytesseract or
the tesseract program: then the unit is unknown.
"""

from __future__ import annotations

import re

import cv2

from ocr.calibration import Calibration
from ocr.picture import Picture

_UNITS = ((r"\bM\s?W\s?[hn]\b", "MWh"), (r"\bk\s?W\s?[hn]\b", "kWh"), (r"\bm[3³*°]", "m³"))


def unit(picture: Picture, calibration: Calibration, seconds: float = 5.0) -> str | None:
    """ "kWh", "MWh" or "m³" as printed near the counter; None when not read or tesseract is missing."""
    try:
        import pytesseract
    except ImportError:
        return None
    try:
        text = pytesseract.image_to_string(_around(picture, calibration), config="--psm 11", timeout=seconds)
    except (pytesseract.TesseractError, pytesseract.TesseractNotFoundError, RuntimeError, OSError):
        return None
    found = [name for pattern, name in _UNITS if re.search(pattern, text, re.IGNORECASE)]
    return found[0] if len(found) == 1 else None


def _around(picture: Picture, calibration: Calibration) -> Picture:
    """The counter with two digit heights around it, grey, the digits painted over, 1000 pixels wide."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    first, last = calibration.digits[0], calibration.digits[-1]
    margin = 2 * first.h
    for b in calibration.digits:
        grey[b.y : b.y + b.h, b.x : b.x + b.w] = int(grey[b.y : b.y + b.h, b.x : b.x + b.w].mean())
    part = grey[
        max(0, min(first.y, last.y) - margin) : max(first.y, last.y) + first.h + margin,
        max(0, first.x - margin) : last.x + last.w + margin,
    ]
    factor = 1000 / part.shape[1]
    return cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(
        "uint8", copy=False
    )
