"""Reads counters: a picture in; digits, number and confidence out. Needs numpy and OpenCV only.

result = ocr.read(picture)                      # finds the counter by itself
result = ocr.read(picture, calibration)         # with boxes saved before
calibration = ocr.find(picture, "048713.4")     # boxes, from what the owner sees
"""

from __future__ import annotations

from dataclasses import replace

from ocr.align import Aligner, NotAligned, Registration
from ocr.calibration import Box, Calibration, Dial
from ocr.counter import count, shipped
from ocr.digits import Digit, DigitReader
from ocr.locate import Found, NoCounter, find, search
from ocr.picture import Picture, colour, fault, prepare
from ocr.result import DigitBox, Result
from ocr.turns import upright

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
    "upright",
]


def read(
    picture: object,
    calibration: Calibration | None = None,
    *,
    expected_digits: int | None = None,
    decimals: int | None = None,
    threshold: float = 0.0,
    aligner: Aligner | None = None,
) -> Result:
    """Reads the counter in a picture, BGR or grey; a bad one gives a Result with a reason, never an error.

    Without `calibration` the counter is located first. `decimals` overrides the calibration's; a number of
    digits other than `expected_digits`, or a confidence below `threshold`, is no reading. With `aligner` the
    picture is first registered to the aligner's reference.
    """
    reason = fault(picture)
    if reason is not None:
        return Result(None, None, 0.0, reason=reason, calibration=calibration)
    try:
        picture = colour(picture)
        if aligner is not None:
            picture = aligner.register(picture).picture
        if calibration is None:
            found = search(picture, expected_digits=expected_digits, decimals=decimals)
            return _first(found, expected_digits, threshold)
        where = fitted(calibration, picture)
        if decimals is not None:
            where = replace(where, decimals=decimals)
    except ValueError as error:
        return Result(None, None, 0.0, reason=str(error), calibration=calibration)
    return count(picture, where, shipped(), expected=expected_digits, threshold=threshold).result


def _first(found: Found, expected: int | None, threshold: float) -> Result:
    """Reads a counter just found, in its upright view; boxes are told in the picture's own pixels."""
    where, trust, strip, readers = found.where, found.trust, found.shown, shipped()
    if strip is not None:
        readers = replace(readers, display=lambda window: strip)
    seen = count(found.upright, where, readers, expected=expected, threshold=threshold, trust=trust)
    places = found.calibration.digits
    digits = tuple(replace(d, box=b) for d, b in zip(seen.result.digits, places, strict=False))
    return replace(seen.result, digits=digits, calibration=found.calibration)


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
