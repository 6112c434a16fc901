"""Wheels after the decimal point: red ones, framed ones, those of another ground than the first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Box
from ocr.picture import Picture, cut

_MOST = 3
"""Decimals that marks other than red ink are believed of."""
_STEP, _ABOVE = 14.0, 2.2
"""How far ink and ground change at the point at least (units of CIE Lab), against the next largest change."""


def tail(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels that are marked as decimals by red ink or ground, a red frame, or another ground."""
    if len(boxes) < 3:
        return 0
    return red_tail(work, boxes) or _framed(work, boxes) or _other(work, boxes)


def red_tail(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels in another, redder colour than the first ones."""
    found = _redder([_redness(cut(work, _inner(b))) for b in boxes])
    return found if found <= 4 else 0


def _framed(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels within a red frame: what lies above and below them is red."""
    red = []
    for b in boxes:
        deep = max(2, b.h // 6)
        bands = (Box(b.x, b.y - deep, b.w, deep), Box(b.x, b.y + b.h, b.w, deep))
        red.append(min(_redness(cut(work, band)) for band in bands))
    found = _redder(red)
    return found if found <= _MOST else 0


def _redder(red: Sequence[float]) -> int:
    """Trailing values well above the usual one of the first half, 0 when none is or nearly all are."""
    usual = float(np.median(red[: max(1, len(red) // 2)]))
    # half of the reddest: blur lets a red wheel shine on its neighbour
    level = usual + max(0.15, 0.5 * (max(red) - usual))
    found = next((i for i, value in enumerate(reversed(red)) if value < level), len(red))
    return found if found < len(red) else 0


def _other(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels whose ink or ground is another than that of all wheels before, which are alike."""
    tones = np.array([_tones(cut(work, _inner(b))) for b in boxes])
    steps = np.linalg.norm(np.diff(tones, axis=0), axis=1)
    place = int(np.argmax(steps))
    others = np.delete(steps, place)
    found = len(boxes) - 1 - place
    clear = steps[place] > max(_STEP, _ABOVE * float(others.max(initial=0.0)))
    return found if clear and found <= _MOST else 0


def _inner(b: Box) -> Box:
    return Box(b.x + b.w // 5, b.y + b.h // 5, b.w - 2 * (b.w // 5), b.h - 2 * (b.h // 5))


def _tones(part: Picture) -> NDArray[np.float64]:
    """Darkest and brightest tone and mean colour in CIE Lab: of ink and ground, however much ink there is."""
    if not part.size:
        return np.zeros(4)
    lab = cv2.cvtColor((part.astype(np.float32) / 255), cv2.COLOR_BGR2Lab)
    return np.array([*np.percentile(lab[..., 0], (5, 95)), *lab[..., 1:].mean((0, 1))], np.float64)


def _redness(crop: Picture) -> float:
    """How red the redder parts of a crop are, 0..1, of what their colour could be."""
    part = crop.astype(np.float32)
    if not part.size:
        return 0.0
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    return float(np.percentile((red - np.maximum(blue, green)) / (red + 30), 80))
