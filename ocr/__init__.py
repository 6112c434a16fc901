"""Reads counters: a picture in; digits, number and confidence out. Needs numpy and OpenCV only.

result = ocr.read(picture)                      # finds the counter by itself
result = ocr.read(picture, calibration)         # with boxes saved before
calibration = ocr.find(picture, "048713.4")     # boxes, from what the owner sees
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocr.align import Aligner, NotAligned, Registration
from ocr.calibration import Box, Calibration
from ocr.digits import Digit, DigitReader
from ocr.locate import NoCounter, find
from ocr.picture import Picture, cut, fault, prepare, sharpness
from ocr.reading import combine

__all__ = [
    "Aligner",
    "Box",
    "Calibration",
    "Digit",
    "DigitBox",
    "DigitReader",
    "NoCounter",
    "NotAligned",
    "Picture",
    "Registration",
    "Result",
    "find",
    "prepare",
    "read",
]


_GUESS = 0.8
"""Most confidence in a counter found by itself that print, a serial number or a year could be as well."""
_SMALL = 0.045
"""Digits below this part of the picture's longer side are as small as print."""


@dataclass(frozen=True, slots=True)
class DigitBox:
    """One digit of a result: position 0..10 as it stands, confidence 0..1, and where it was read."""

    value: float
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Result:
    """What was read. Without a believable number `text` and `value` are None and `reason` says why.

    `value` is in the counter's own unit; `calibration` is what was read with, also when found here.
    """

    text: str | None
    value: float | None
    confidence: float
    digits: tuple[DigitBox, ...] = ()
    reason: str | None = None
    calibration: Calibration | None = None


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
        where = _fit(calibration, picture) if calibration else find(picture, expected_digits=expected_digits)
        if decimals is not None:
            where = replace(where, decimals=decimals)
    except ValueError as error:
        return Result(None, None, 0.0, reason=str(error), calibration=calibration)
    trust = _GUESS if calibration is None and _like_print(where, expected_digits) else 1.0
    return _read(picture, where, expected_digits, threshold, trust)


def _like_print(found: Calibration, expected: int | None) -> bool:
    few = expected is None and len(found.digits) < 5
    return few or found.digits[0].h < _SMALL * max(found.width, found.height)


def _fit(calibration: Calibration, picture: Picture) -> Calibration:
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


def _read(
    picture: Picture, where: Calibration, expected: int | None, threshold: float, trust: float
) -> Result:
    found = DigitReader().read([cut(picture, b) for b in where.digits])
    boxes = tuple(DigitBox(d.value, d.confidence, b) for d, b in zip(found, where.digits, strict=True))
    number = combine(found, where.decimals, where.kind)
    confidence = min(trust, number.confidence)
    reason = _refusal(picture, found, confidence, expected, threshold)
    if reason is not None:
        return Result(None, None, confidence, boxes, reason, where)
    return Result(number.text, number.value, confidence, boxes, None, where)


def _refusal(
    picture: Picture, digits: Sequence[Digit], confidence: float, expected: int | None, threshold: float
) -> str | None:
    """Why digits make no reading, or None."""
    if expected is not None and len(digits) != expected:
        return (
            f"{len(digits)} digits were found where {expected} are expected: "
            "set expected_digits or the boxes right."
        )
    if confidence >= threshold and confidence > 0:
        return None
    worst = min(range(len(digits)), key=lambda i: digits[i].confidence)
    if sharpness(picture) < 0.04:
        return "The picture is too blurred to read: focus the camera or wipe its lens."
    if digits[worst].confidence >= max(threshold, 0.5):
        return f"The digits do not go together as wheels do (confidence {confidence:.0%}): line the boxes up."
    return (
        f"Digit {worst + 1} is unsure, {digits[worst].confidence:.0%}: line its box up, "
        "and look for a reflection, dirt or too little light."
    )
