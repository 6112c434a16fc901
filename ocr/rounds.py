"""Round dials that show given figures: circles in the picture, and pointers in a colour of their own, that
agree. Used with a hint only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Box, Dial
from ocr.dials import DialReader
from ocr.digits import Digit
from ocr.picture import Picture, cut

_WORK, _MOST = 800, 16
_RADII = (0.018, 0.026, 0.038, 0.055, 0.08, 0.115, 0.165, 0.24)
"""Bands of radii that are searched, in parts of the picture's longer side."""
_EDGE = 40.0
"""Least slope (Sobel, of 255) of a rim."""
_GROWN = (0.85, 1.0, 1.25)
"""Sizes of a dial against the circle found: its rim, the ring of its figures or the scale within."""
_BEYOND = (1.15, 1.5, 2.0)
"""Sizes of a dial against its pointer's reach, as many as of `_GROWN`."""
_TINT = 12.0
"""How far a pointer's colour is from that about it (units of CIE Lab)."""
_PLAY, _SECOND = 0.6, 0.4
"""How near a box of another size must read, and how surely, to second a reading."""
_ALIKE = 0.25
_SLACK = 0.45
"""How far a pointer may stand from where the next one says it should: gears have play, and owners hurry."""
_SURE, _ALONE = 0.62, 0.85
"""Least worth of dials beside wheels, and of dials alone, which chance finds sooner."""
_EACH = 0.5
"""Least worth of each dial: on 24 drawn water meters those in their places were read with 0.98 and more."""
_IN_ORDER = 0.7
"""Least order of three or more dials: makers set them side by side or round an arc."""


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
    spans = _spans(wanted)
    sums = [[_agrees(r.both[not s], *span) for s, span in zip(senses, spans, strict=True)] for r in among]
    best, most = tuple[_Round, ...](), -1.0
    for order in permutations(range(len(among)), len(wanted)):
        each = [sums[r][i] for i, r in enumerate(order)]
        mean = sum(each) / len(wanted)
        if mean > most - 0.06 and min(each) > _EACH:
            chosen = tuple(among[r] for r in order)
            order_kept = _ordered(chosen)
            worth = mean + 0.05 * order_kept + 0.02 * sum(senses) / len(senses)
            if worth > most and (len(chosen) < 3 or order_kept > _IN_ORDER):
                best, most = chosen, worth
    return best, most


def _rounds(picture: Picture) -> list[_Round]:
    """Circles and coloured pointers of a picture, with what they show."""
    factor = min(1.0, _WORK / max(picture.shape[:2]))
    small = np.asarray(
        cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )
    found = [(c, _GROWN) for c in _circles(small)] + [(c, _BEYOND) for c in _tinted(small)]
    places = [[_square(picture, *(np.array(c) * (1, 1, s) / factor)) for s in sizes] for c, sizes in found]
    boxes = [b for about in places if min(min(b.w, b.h) for b in about) >= 12 for b in about]
    crops, reader = [cut(picture, b) for b in boxes], DialReader(searching=False)
    read = [_steady(boxes, digits) for digits in (reader.read(crops), reader.read(crops, False))]
    return [_Round(*r) for r in zip(boxes, zip(*read, strict=True), strict=True)]


def _steady(boxes: Sequence[Box], digits: Sequence[Digit]) -> list[Digit]:
    """What boxes of several sizes about each middle show. One that no other agrees with is half as sure: a
    pointer stays where it is when the box grows. Of those that agree the middle one is a little surer, one
    that the picture's edge cuts a little less."""
    out = []
    for place, (box, one) in enumerate(zip(boxes, digits, strict=True)):
        first = place - place % len(_GROWN)
        others = [o for o in digits[first : first + len(_GROWN)] if o is not one]
        near = [o for o in others if abs((o.value - one.value + 5) % 10 - 5) < _PLAY]
        worth = 1.0 if any(o.confidence > _SECOND for o in near) else 0.5
        worth -= 0.02 * (place % len(_GROWN) != 1) + 0.04 * (box.w != box.h)
        out.append(replace(one, confidence=one.confidence * worth))
    return out


def _tinted(picture: Picture) -> list[tuple[float, float, float]]:
    """(x, y, reach) of pointers in a colour of their own, the largest first: their hubs, where they are
    broadest, and how far their tips are from these. Many scales have figures and ticks but no rim."""
    longer = max(picture.shape[:2])
    tint = cv2.cvtColor(picture, cv2.COLOR_BGR2Lab)[..., 1:].astype(np.float32)
    around = cv2.blur(tint, (longer // 8, longer // 8))
    away = np.hypot(*cv2.split(cv2.GaussianBlur(tint - around, (0, 0), 1.0)))
    mask = (away > max(_TINT, float(np.percentile(away, 90)))).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    found = []
    for label in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[label])
        if not (0.01 * longer < max(w, h) < 0.2 * longer and area > 0.1 * max(w, h) ** 2):
            continue
        shape = np.pad((labels[y : y + h, x : x + w] == label).astype(np.uint8), 1)
        depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5)
        hub = np.array(np.unravel_index(int(depth.argmax()), depth.shape))
        reach = float(np.linalg.norm(np.argwhere(shape) - hub, axis=1).max())
        found.append((area, (x - 1 + float(hub[1]), y - 1 + float(hub[0]), reach)))
    found.sort(reverse=True)
    return [circle for _, circle in found[:_MOST]]


def _circles(picture: Picture) -> list[tuple[float, float, float]]:
    """(x, y, radius) of circles, those most of whose rim is there first.

    Each band of radii is searched by itself: where all are, arcs of a large case outvote small whole dials.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)  # as it is: smoothed, the thin rings of scales are gone
    longer = max(grey.shape)
    ways = [cv2.Sobel(grey, cv2.CV_32F, *way) for way in ((1, 0), (0, 1))]
    slopes = np.stack(ways, -1).astype(np.float32)
    steep = max(_EDGE, float(np.percentile(np.hypot(*ways), 80)))
    found: list[list[float]] = []
    for least, most in pairwise(_RADII):
        circles = cv2.HoughCircles(
            grey, cv2.HOUGH_GRADIENT, 1.5, max(4.0, 0.8 * least * longer), param1=100, param2=30,
            minRadius=round(least * longer), maxRadius=round(most * longer) + 1,
        )  # fmt: skip
        found += [] if circles is None else circles[0][:_MOST].tolist()
    found.sort(key=lambda circle: _rim(slopes, steep, *circle), reverse=True)
    return [(x, y, r) for x, y, r in found[:_MOST]]


def _rim(slopes: NDArray[np.float32], least: float, x: float, y: float, r: float) -> float:
    """The share of a circle along which brightness changes across it, more than `least`."""
    high, wide = slopes.shape[:2]
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    out = np.stack([np.cos(angles), np.sin(angles)], -1)
    there = np.zeros(len(angles), bool)
    for aside in (-1.5, -0.75, 0.0, 0.75, 1.5):
        spots = np.rint(np.array([x, y]) + (r + aside) * out).astype(int)
        inside = (spots >= 0).all(1) & (spots < [wide, high]).all(1)
        at = slopes[spots[:, 1].clip(0, high - 1), spots[:, 0].clip(0, wide - 1)]
        steep = np.hypot(at[:, 0], at[:, 1])
        there |= inside & (steep > least) & (np.abs((at * out).sum(1)) > 0.85 * steep)
    return float(there.mean())


def _square(picture: Picture, x: float, y: float, r: float) -> Box:
    high, wide = picture.shape[:2]
    left, top = max(0, round(x - r)), max(0, round(y - r))
    return Box(left, top, min(round(2 * r), wide - left), min(round(2 * r), high - top))


def _likely(found: Sequence[_Round], wanted: str) -> list[_Round]:
    """At most seven rounds that show any of the figures, surest first, one of each place."""
    spans = _spans(wanted)
    ranked = sorted(
        found, key=lambda r: max(_agrees(d, *span) for d in r.both for span in spans), reverse=True
    )
    kept: list[_Round] = []
    for r in ranked:
        if len(kept) < 7 and not any(_touch(r.box, k.box) for k in kept):
            kept.append(r)
    return kept


def _senses(count: int) -> list[tuple[bool, ...]]:
    """All one way, or every other one the other way."""
    same = [(True,) * count, (False,) * count]
    return same + [tuple((i + k) % 2 == 0 for i in range(count)) for k in (0, 1)] if count > 1 else same


def _spans(wanted: str) -> list[tuple[float, float]]:
    """From where to where each pointer may stand: beyond its figure by what the next ones say, as geared,
    and slack; the last one anywhere up to its next figure."""
    spans = []
    for place, char in enumerate(wanted):
        after = wanted[place + 1 :]
        stands = int(char) + (int(after) / 10 ** len(after) if after else 0)
        spans.append((stands - _SLACK, stands + _SLACK) if after else (stands - 0.25, stands + 1.1))
    return spans


def _agrees(dial: Digit, least: float, most: float) -> float:
    """-1..1: how surely a pointer stands within the span, less how surely it does not."""
    middle = (least + most) / 2
    away = (dial.value - middle + 5) % 10 - 5
    return dial.confidence * (1 if abs(away) < (most - least) / 2 else -1)


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
