"""How many digits of a counter stand after the decimal point, from colour or from the point itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from ocr.calibration import Box
from ocr.picture import Picture, cut


def red_tail(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels in another, redder colour than the first ones: the decimals."""
    red = [_redness(work, b) for b in boxes]
    usual = float(np.median(red[: max(1, len(red) // 2)]))
    # half of the reddest: blur lets a red wheel shine on its neighbour
    level = usual + max(0.15, 0.5 * (max(red) - usual))
    tail = next((i for i, value in enumerate(reversed(red)) if value < level), len(red))
    return min(tail, len(red) - 1) if tail <= 4 else 0


def _redness(work: Picture, box: Box) -> float:
    """How red the redder parts of the inner box are, 0..1, of what their colour could be."""
    inner = Box(box.x + box.w // 5, box.y + box.h // 5, box.w - 2 * (box.w // 5), box.h - 2 * (box.h // 5))
    part = cut(work, inner).astype(np.float32)
    if not part.size:
        return 0.0
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    return float(np.percentile((red - np.maximum(blue, green)) / (red + 30), 80))


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
    """How much darker the foot of the gap between two cells is than what stands above it, in grey levels.

    Column by column: a lower right segment is dark above its foot as well, a point is not.
    """
    left = a.x + round(0.86 * a.w)
    wide = b.x + round(0.14 * b.w) - left
    foot = cut(grey, Box(left, a.y + round(0.82 * a.h), wide, round(0.22 * a.h)))
    above = cut(grey, Box(left, a.y + round(0.5 * a.h), wide, round(0.28 * a.h)))
    if foot.shape[1] < 3 or foot.shape[0] < 3 or foot.shape[1] != above.shape[1] or not above.size:
        return 0.0
    dark = np.asarray(cv2.blur(foot, (3, 3)), np.float32).min(0)
    return float((above.min(0) - dark).max())
