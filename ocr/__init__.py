"""Reads counters: a picture in; digits, number and confidence out. Needs numpy and OpenCV only.

result = ocr.read(picture)                      # finds the counter by itself
result = ocr.read(picture, calibration)         # with boxes saved before
calibration = ocr.find(picture, "048713.4")     # boxes, from what the owner sees
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ocr.align import Aligner, NotAligned, Registration
from ocr.calibration import Box, Calibration, Dial
from ocr.counter import count, shipped
from ocr.digits import Digit, DigitReader
from ocr.locate import NoCounter, find
from ocr.picture import Picture, fault, prepare
from ocr.result import DigitBox, Result

__all__ = [
    "Aligner",
    "Box",
    "Calibration",
    "Dial",
    "Digit",
    "DigitBox",
    "DigitReader",
    "NoCounter",
    "NotAligned",
    "Picture",
    "Registration",
    "Result",
    "find",
    "fitted",
    "prepare",
    "read",
]


_GUESS = 0.8
"""Most confidence in a counter found by itself that print, a serial number or a year could be as well."""
_SMALL = 0.045
"""Digits below this part of the picture's longer side are as small as print."""


def read(
    picture: object,
    calibration: Calibration | None = None,
    *,
    expected_digits: int | None = None,
    decimals: int | None = None,
    threshold: float = 0.0,
    aligner: Aligner | None = None,
) -> Result:
    """Reads the counter in a BGR uint8 picture; a bad picture gives a Result with a reason, never an error.

    Without `calibration` the counter is located first. `decimals` overrides the calibration's; a number of
    digits other than `expected_digits`, or a confidence below `threshold`, is no reading. With `aligner` the
    picture is first registered to the aligner's reference.
    """
    reason = fault(picture)
    if reason is not None or not isinstance(picture, np.ndarray):
        return Result(None, None, 0.0, reason=reason, calibration=calibration)
    try:
        if aligner is not None:
            picture = aligner.register(picture).picture
        if calibration is not None:
            where = fitted(calibration, picture)
        else:
            where = find(picture, expected_digits=expected_digits)
        if decimals is not None:
            where = replace(where, decimals=decimals)
    except ValueError as error:
        return Result(None, None, 0.0, reason=str(error), calibration=calibration)
    trust = _GUESS if calibration is None and _like_print(where, expected_digits) else 1.0
    return count(picture, where, shipped(), expected=expected_digits, threshold=threshold, trust=trust).result


def _like_print(found: Calibration, expected: int | None) -> bool:
    few = expected is None and len(found.digits) < 5
    return few or found.digits[0].h < _SMALL * max(found.width, found.height)


def fitted(calibration: Calibration, picture: Picture) -> Calibration:
    """The calibration at the picture's size; ValueError when its shape is another."""
    high, wide = picture.shape[:2]
    if (wide, high) == (calibration.width, calibration.height):
        return calibration
    if abs(wide / high / (calibration.width / calibration.height) - 1) > 0.02:
        raise ValueError(
            f"The picture is {wide}x{high}, the meter was set up at {calibration.width}x"
            f"{calibration.height}: set the camera back or set the meter up again."
        )
    return calibration.scaled(wide, high)
