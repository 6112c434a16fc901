"""How many digits of a counter stand after the decimal point, from colour or from the point itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from ocr.calibration import Box
from ocr.picture import Picture, cut


def _redness(work: Picture, box: Box) -> float:
    """How red the redder parts of a box are, 0..1, of what its colour could be."""
    part = cut(work, box).astype(np.float32)
    if not part.size:
        return 0.0
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    return float(np.percentile((red - np.maximum(blue, green)) / (red + 30), 80))


def red_tail(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels in another, redder colour than the first ones: the decimals."""
    red = [_redness(work, b) for b in boxes]
    usual = float(np.median(red[: max(1, len(red) // 2)]))
    tail = 0
    for level in reversed(red):
        if level < usual + 0.15 or tail == len(red) - 1 or tail == 4:
            break
        tail += 1
    return tail


def points(work: Picture, boxes: Sequence[Box]) -> int:
    """Digits after a display's decimal point, a dark dot low between two cells; 0 when none stands out."""
    grey = np.asarray(cv2.cvtColor(work, cv2.COLOR_BGR2GRAY), np.uint8)
    depth = [_dot(grey, a, b) for a, b in pairwise(boxes)]
    row = np.concatenate([cut(grey, b).ravel() for b in boxes])
    if not depth or not row.size:
        return 0
    place, spread = int(np.argmax(depth)), float(row.std()) + 1
    others = max((d for i, d in enumerate(depth) if i != place), default=0.0)
    tail = len(boxes) - 1 - place
    return tail if tail <= 4 and depth[place] > max(0.8 * spread, others + 0.4 * spread) else 0


def _dot(grey: Picture, a: Box, b: Box) -> float:
    """How much darker it is between the feet of two neighbouring cells than between their middles."""
    left = a.x + round(0.75 * a.w)
    wide = b.x + round(0.25 * b.w) - left
    foot = cut(grey, Box(left, a.y + round(0.72 * a.h), wide, round(0.3 * a.h)))
    middle = cut(grey, Box(left, a.y + round(0.3 * a.h), wide, round(0.32 * a.h)))
    if foot.size < 12 or not middle.size:
        return 0.0
    return float(np.median(middle.min(0))) - float(cv2.blur(foot, (3, 3)).min())
