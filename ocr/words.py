"""The unit printed beside a counter, read by tesseract: kWh, MWh or m³; and numbers, to compare with it.

This is where tesseract helps: it reads print. On single wheel digits it is right in about half the cases, on
displays almost never (their units too), and takes longer than all of a counter does here, so no reading waits
for it. Works without pytesseract or the tesseract program: then what was asked is unknown.
"""

from __future__ import annotations

import re

import cv2
import numpy as np

from ocr.calibration import Calibration
from ocr.picture import Picture

_UNITS = ((r"\bM\s?W\s?[hn]\b", "MWh"), (r"\bk\s?W\s?[hn]\b", "kWh"), (r"\bm[3³*°]", "m³"))
_NUMBER = "--psm 7 -c tessedit_char_whitelist=0123456789.-"
_LINE = 64
"""Pixels of a line's height that tesseract reads well."""


def unit(picture: Picture, calibration: Calibration, seconds: float = 5.0) -> str | None:
    """ "kWh", "MWh" or "m³" as printed near the counter; None when not read or tesseract is missing."""
    text = _ask(_around(picture, calibration), "--psm 11", seconds) or ""
    found = [name for pattern, name in _UNITS if re.search(pattern, text, re.IGNORECASE)]
    return found[0] if len(found) == 1 else None


def number(strip: Picture, seconds: float = 5.0) -> str | None:
    """The number in a BGR strip of one display, "" when none is seen; None when tesseract is missing."""
    text = _ask(_line(strip), _NUMBER, seconds)
    return None if text is None else re.sub(r"[^0-9.\-]", "", text)


def _ask(grey: Picture, config: str, seconds: float) -> str | None:
    """What tesseract reads; None without pytesseract or its program, or when it takes too long."""
    try:
        import pytesseract
    except ImportError:
        return None
    try:
        return str(pytesseract.image_to_string(grey, config=config, timeout=seconds))
    except (pytesseract.TesseractError, pytesseract.TesseractNotFoundError, RuntimeError, OSError):
        return None


def _line(strip: Picture) -> Picture:
    """A strip as tesseract likes it: dark on light, of a line's height, with a margin."""
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY) if strip.ndim == 3 else strip
    factor = _LINE / grey.shape[0]
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=way)
    low, high = int(grey.min()), int(grey.max())
    scale = 255 / max(1, high - low)
    grey = cv2.convertScaleAbs(grey, alpha=scale, beta=-low * scale)
    if np.median(grey) < 90:
        grey = cv2.bitwise_not(grey)
    return np.asarray(cv2.copyMakeBorder(grey, 16, 16, 16, 16, cv2.BORDER_REPLICATE), np.uint8)


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
