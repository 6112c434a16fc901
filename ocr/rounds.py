"""Round dials that show given figures: circles in the picture whose pointers agree. Used with a hint only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np

from ocr.calibration import Box, Dial
from ocr.dials import DialReader
from ocr.digits import Digit
from ocr.picture import Picture, cut

_WORK, _MOST = 800, 16
_GROWN = (0.85, 1.0, 1.25)
"""Sizes of a dial against the circle found: its rim, the ring of its figures or the scale within."""
_ALIKE = 0.25
_SURE, _ALONE = 0.5, 0.85
"""Least worth of dials beside wheels, and of dials alone, which chance finds sooner."""


@dataclass(frozen=True, slots=True)
class _Round:
    box: Box
    both: tuple[Digit, Digit]
    """Read clockwise, and anticlockwise."""


def pointers(picture: Picture, digits: Sequence[Box], wanted: str) -> tuple[Dial, ...]:
    """Dials that show `wanted`, in its order; none when not all are found."""
    found = [r for r in _rounds(picture) if not any(_touch(r.box, b) for b in digits)]
    best, most = tuple[Dial, ...](), _SURE if digits else _ALONE
    for size in np.unique([round(np.log(r.box.w) / _ALIKE) for r in found]):
        alike = [r for r in found if abs(np.log(r.box.w) - size * _ALIKE) < _ALIKE]
        for senses in _senses(len(wanted)):
            chosen, worth = _chosen(_likely(alike, wanted), senses, wanted)
            if worth > most:
                best, most = tuple(Dial(r.box, s) for r, s in zip(chosen, senses, strict=True)), worth
    return best


def _chosen(among: Sequence[_Round], senses: Sequence[bool], wanted: str) -> tuple[tuple[_Round, ...], float]:
    """The rounds that agree best with the figures when they turn so, and their worth."""
    sums = [[_agrees(r.both[not s], c) for s, c in zip(senses, wanted, strict=True)] for r in among]
    best, most = tuple[_Round, ...](), -1.0
    for order in permutations(range(len(among)), len(wanted)):
        mean = sum(sums[r][i] for i, r in enumerate(order)) / len(wanted)
        if mean > most - 0.06:
            chosen = tuple(among[r] for r in order)
            worth = mean + 0.05 * _ordered(chosen) + 0.02 * sum(senses) / len(senses)
            if worth > most:
                best, most = chosen, worth
    return best, most


def _rounds(picture: Picture) -> list[_Round]:
    """Circles of a picture with what their pointers show."""
    factor = min(1.0, _WORK / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    grey = cv2.medianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), 3)
    longer = max(grey.shape)
    circles = cv2.HoughCircles(
        grey, cv2.HOUGH_GRADIENT, 1.5, longer * 0.03, param1=140, param2=42,
        minRadius=round(longer * 0.018), maxRadius=round(longer * 0.16),
    )  # fmt: skip
    if circles is None:
        return []
    boxes = [
        _square(picture, x / factor, y / factor, r / factor * g)
        for x, y, r in circles[0][:_MOST]
        for g in _GROWN
    ]
    boxes = [b for b in boxes if b.w >= 12 and b.h >= 12]
    crops = [cut(picture, b) for b in boxes]
    reader = DialReader(searching=False)
    return [
        _Round(*r)
        for r in zip(boxes, zip(reader.read(crops), reader.read(crops, False), strict=True), strict=True)
    ]


def _square(picture: Picture, x: float, y: float, r: float) -> Box:
    high, wide = picture.shape[:2]
    left, top = max(0, round(x - r)), max(0, round(y - r))
    return Box(left, top, min(round(2 * r), wide - left), min(round(2 * r), high - top))


def _likely(found: Sequence[_Round], wanted: str) -> list[_Round]:
    """At most seven rounds that show any of the figures, surest first, one of each place."""
    ranked = sorted(found, key=lambda r: max(_agrees(d, c) for d in r.both for c in wanted), reverse=True)
    kept: list[_Round] = []
    for r in ranked:
        if len(kept) < 7 and not any(_touch(r.box, k.box) for k in kept):
            kept.append(r)
    return kept


def _senses(count: int) -> list[tuple[bool, ...]]:
    """All one way, or every other one the other way."""
    same = [(True,) * count, (False,) * count]
    return same + [tuple((i + k) % 2 == 0 for i in range(count)) for k in (0, 1)] if count > 1 else same


def _agrees(dial: Digit, char: str) -> float:
    """-1..1; a pointer stands at its figure or up to the next one."""
    away = (dial.value - int(char) + 5) % 10 - 5
    return dial.confidence * (1 if -0.25 < away < 1.1 else -1)


def _ordered(chosen: Sequence[_Round]) -> float:
    """1 when dials follow one another from left to right or round an arc, 0 when they leap."""
    if len(chosen) < 2:
        return 1.0
    x, y = (
        np.array([b[i] + b[i + 2] / 2 for b in [(r.box.x, r.box.y, r.box.w, r.box.h) for r in chosen]])
        for i in (0, 1)
    )
    steps = np.hypot(np.diff(x), np.diff(y))
    shortest = min(float(np.hypot(x[i] - x[j], y[i] - y[j])) for i in range(len(x)) for j in range(i))
    return float(np.clip(shortest / steps.mean(), 0, 1))


def _touch(a: Box, b: Box) -> bool:
    """Whether two boxes share a good part of the smaller one."""
    w = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    h = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return w > 0 and h > 0 and w * h > 0.25 * min(a.w * a.h, b.w * b.h)
