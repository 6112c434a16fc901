"""Proposes rows of equally tall, equally spaced marks in a picture: where a counter may stand. Pure.

Marks are connected parts of local thresholds at several sizes and both polarities; a closed copy of each
joins the segments of display digits. A wheel window is a mark as well, so a mark is a digit or its window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.picture import Picture

Marks = NDArray[np.float64]
"""N x 4: centre x, centre y, width, height."""
_BLOCKS = (0.035, 0.075, 0.15)
_MOST, _PER_LINE = 500, 3


@dataclass(frozen=True, slots=True)
class Row:
    """`count` marks `pitch` apart on a line through (x, y) that falls by `slope`; `height` of one mark."""

    x: float
    y: float
    pitch: float
    slope: float
    height: float
    count: int
    span: int
    spread: float

    @property
    def strength(self) -> float:
        """Better rows have more marks, fewer holes, and marks that stand straight."""
        return self.count - 0.7 * (self.span - self.count) - 2.5 * self.spread


def propose(grey: Picture, most: int) -> list[Row]:
    """The best rows of a grey picture, strongest first, near copies left out."""
    rows = [row for mask in _masks(grey) for row in _rows(_marks(mask))]
    kept: list[Row] = []
    for row in sorted(rows, key=lambda r: r.strength + 2 * np.log2(r.height / 12), reverse=True):
        line = [other for other in kept if same_line(row, other)]
        if len(line) < _PER_LINE and not any(_alike(row, other) for other in line):
            kept.append(row)
        if len(kept) == most:
            break
    return kept


def _masks(grey: Picture) -> Iterator[Picture]:
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    for part in _BLOCKS:
        block = int(part * max(grey.shape)) | 1
        mean = cv2.boxFilter(soft, -1, (block, block), borderType=cv2.BORDER_REPLICATE)
        for sign in (1, -1):
            away = cv2.subtract(soft, mean) if sign > 0 else cv2.subtract(mean, soft)
            # a third of the stronger contrasts: low light and glare move the level along
            level = max(4.0, 0.33 * float(np.percentile(away, 96)))
            mask = np.asarray(away > level, np.uint8)
            yield mask
            k = max(3, block // 7)
            yield np.asarray(
                cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((k, max(2, k // 2)), np.uint8)), np.uint8
            )


def _marks(mask: Picture) -> Marks:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    x, y, w, h, area = (stats[1:, i].astype(np.float64) for i in range(5))
    good = (h >= 12) & (h <= 0.5 * mask.shape[0]) & (w <= 1.25 * h) & (w >= 0.06 * h) & (area >= 0.12 * w * h)
    marks = np.stack([x + w / 2, y + h / 2, w, h], 1)[good]
    if len(marks) > _MOST:
        marks = marks[np.argsort(-marks[:, 3])[:_MOST]]
    return np.asarray(marks, np.float64)


def _rows(marks: Marks) -> Iterator[Row]:
    """Rows seeded at each mark, with the distances to its nearest mates tried as the pitch."""
    for seed in marks:
        dx, height = marks[:, 0] - seed[0], seed[3]
        near = (np.abs(marks[:, 1] - seed[1]) < 0.22 * height + 0.09 * np.abs(dx)) & (
            np.abs(dx) < 16 * height
        )
        mates = marks[near & (np.abs(np.log(marks[:, 3] / height)) < 0.22)]
        if len(mates) < 3:
            continue
        steps = np.sort(mates[:, 0] - seed[0])
        steps = steps[(steps > 0.42 * height) & (steps < 2.8 * height)][:3]
        found = [row for pitch in steps if (row := _comb(mates, seed, float(pitch))) is not None]
        if found:
            yield max(found, key=lambda r: r.strength)


def _comb(mates: Marks, seed: NDArray[np.float64], pitch: float) -> Row | None:
    """The row through a seed with about this pitch, or None when fewer than three marks fit it."""
    place = (mates[:, 0] - seed[0]) / pitch
    tooth = np.round(place)
    fits = np.abs(place - tooth) < 0.24
    chosen = fits & _joined(tooth[fits], tooth)
    if chosen.sum() < 3:
        return None
    teeth, x, y = tooth[chosen], mates[chosen, 0], mates[chosen, 1]
    if len(np.unique(teeth)) < 3:
        return None
    better, start = np.polyfit(teeth, x, 1)
    slope, level = np.polyfit(x - seed[0], y, 1)
    if (
        len(x) < 5 and abs(slope) > 0.04
    ):  # too few marks of display digits, of unequal height, to tell a slope by
        slope, level = 0.0, float(np.median(y))
    off = np.abs(x - (start + better * teeth)).mean() / better
    off += np.abs(y - (level + slope * (x - seed[0]))).mean() / seed[3]
    middle = float(np.sort(teeth)[len(teeth) // 2])  # a tooth, not the gap between two
    at = float(start + better * middle)
    height, count = float(np.median(mates[chosen, 3])), len(np.unique(teeth))
    y_at = float(level + slope * (at - seed[0]))
    return Row(at, y_at, float(better), float(slope), height, count, int(np.ptp(teeth)) + 1, float(off))


def _joined(fitting: NDArray[np.float64], tooth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which teeth hang together with tooth 0 over gaps of at most two."""
    have = set(fitting.astype(int).tolist())
    reached = {0}
    for way in (1, -1):
        at = 0
        while step := next((s for s in (1, 2, 3) if at + way * s in have), 0):
            at += way * step
            reached.add(at)
    return np.isin(tooth, list(reached))


def same_line(a: Row, b: Row) -> bool:
    """Whether two rows are marks of about one size on one line of print."""
    near = abs(a.x - b.x) < (a.span * a.pitch + b.span * b.pitch) / 2
    level = abs(a.y + a.slope * (b.x - a.x) - b.y) < 0.3 * min(a.height, b.height)
    return near and level and bool(abs(np.log(a.height / b.height)) < 0.25)


def _alike(a: Row, b: Row) -> bool:
    return bool(abs(np.log(a.height / b.height)) < 0.13 and abs(np.log(a.pitch / b.pitch)) < 0.07)
