"""Finds a counter in a picture, with nothing but the picture or with the number its owner sees.

`ocr.rows` proposes rows of equally spaced marks; the digit network slides along each; a comb of equal teeth
is laid where it sees digits (`ocr.comb`); the best comb is then moved until the digits are seen best.
"""

from __future__ import annotations

import re

import cv2
import numpy as np

from ocr.calibration import Box, Calibration, Kind
from ocr.comb import Search
from ocr.decimals import points, red_tail
from ocr.digits import DigitReader
from ocr.picture import Picture, fault, sharpness

_WORK = 1280


class NoCounter(ValueError):  # noqa: N818 - what was found, not what went wrong
    """No counter was found; the message says why and what to do."""


def find(
    picture: Picture,
    hint: str | None = None,
    *,
    expected_digits: int | None = None,
    reader: DigitReader | None = None,
) -> Calibration:
    """The boxes of the counter in a BGR picture, in its pixels.

    `hint` is the number the owner sees ("048713.4"; point or comma): digits, decimals are placed by agreement
    with it. NoCounter says why there is none; ValueError when the hint is no number.
    """
    reason = fault(picture)
    if reason is not None:
        raise NoCounter(reason)
    wanted, decimals = _parse(hint) if hint is not None else ("", None)
    factor = min(1.0, _WORK / max(picture.shape[:2]))
    work = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    search = Search(work, reader or DigitReader(), wanted, expected_digits or len(wanted) or None)
    comb = search.best()
    if comb is None:
        raise NoCounter(_why(work, wanted))
    kind: Kind = "lcd" if np.mean([d.lcd for d in search.read(comb)]) > 0.5 else "wheel"
    boxes = comb.boxes()
    if decimals is None:
        decimals = red_tail(work, boxes) if kind == "wheel" else points(work, boxes)
    high, wide = picture.shape[:2]
    return Calibration(wide, high, tuple(_inside(b, 1 / factor, wide, high) for b in boxes), decimals, kind)


def _parse(hint: str) -> tuple[str, int]:
    """("0487134", 1) of "048713.4"."""
    found = re.fullmatch(r"\s*(\d+)(?:[.,](\d+))?\s*", hint)
    if found is None:
        raise ValueError(f"{hint!r} is not what a counter shows: type its digits, such as 048713.4")
    whole, part = found[1], found[2] or ""
    return whole + part, len(part)


def _why(work: Picture, wanted: str) -> str:
    """What a person can do when no counter was found."""
    if wanted:
        return (
            f"Nothing in the picture agrees with {wanted}: check the number you typed, "
            "and that all its digits can be seen."
        )
    if sharpness(work) < 0.05:
        return "The picture is too blurred to find a counter: focus the camera or hold it further away."
    if work.mean() < 45:
        return "The picture is too dark to find a counter: turn the lamp on or give more exposure."
    return (
        "No row of digits was found: point the camera at the counter, upright, closer, without reflections."
    )


def _inside(box: Box, factor: float, wide: int, high: int) -> Box:
    x, y = max(0, round(box.x * factor)), max(0, round(box.y * factor))
    return Box(x, y, min(round(box.w * factor), wide - x), min(round(box.h * factor), high - y))
