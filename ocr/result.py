"""What reading a picture gives."""

from __future__ import annotations

from dataclasses import dataclass

from ocr.calibration import Box, Calibration


@dataclass(frozen=True, slots=True)
class DigitBox:
    """One figure of a result: position 0..10 as it stands, confidence 0..1, and where it was read."""

    value: float
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Result:
    """What was read. Without a believable number `text` and `value` are None, `reason` says why, and
    `guess` is the number it looks like, if any.

    `value` is in the counter's own unit; `digits` holds wheels or display cells, then dials; `calibration` is
    what was read with, also when found here.
    """

    text: str | None
    value: float | None
    confidence: float
    digits: tuple[DigitBox, ...] = ()
    reason: str | None = None
    calibration: Calibration | None = None
    guess: str | None = None
