"""Wheels after the decimal point: red ones, framed ones, of another ground, or after a comma. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Box
from ocr.picture import Picture, cut

_MOST = 3
"""Decimals that marks other than red ink are believed of."""
_SPOT, _ALONE = 3.0, 3.0
"""How much a gap with a mark differs from the usual one (of a contrast of 100), and from the next gap."""
_STEP, _ABOVE = 14.0, 2.2
"""How far ink and ground change at the point at least (units of CIE Lab), against the next largest change."""

_FAINTLY = 0.8
"""Trust in decimals marked by anything but red, and in none where no mark was found: a reflection looks like
a comma or another ground, and a comma may be worn or too small to be seen."""


def tail(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels marked as decimals by red ink or ground, a red frame, a comma, or another ground."""
    return marked(work, boxes)[0]


def marked(work: Picture, boxes: Sequence[Box]) -> tuple[int, float]:
    """(trailing wheels marked as decimals, how far to believe that): red says most, no mark says little."""
    if len(boxes) < 3:
        return 0, _FAINTLY
    red = red_tail(work, boxes) or _framed(work, boxes)
    if red:
        return red, 1.0
    return _after_mark(work, boxes) or _other(work, boxes), _FAINTLY


def red_tail(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels in another, redder colour than the first ones."""
    found = _redder([_redness(cut(work, _inner(b))) for b in boxes])
    return found if found <= 4 else 0


def _framed(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels within a red frame: a line above and one below them is red, however thin."""
    red = []
    for b in boxes:
        far, near = b.h // 3, b.h // 10
        bands = (Box(b.x, b.y - far, b.w, far + near), Box(b.x, b.y + b.h - near, b.w, far + near))
        red.append(min(_reddest_line(cut(work, band)) for band in bands))
    found = _redder(red)
    return found if found <= _MOST else 0


def _reddest_line(band: Picture) -> float:
    """How red the reddest row of a band is, over most of its length."""
    if not band.size:
        return 0.0
    return float(np.percentile(_reds(band), 35, axis=1).max())


def _after_mark(work: Picture, boxes: Sequence[Box]) -> int:
    """Trailing wheels after the one gap that looks unlike all others: a comma at its foot, a frame's edge."""
    if len(boxes) < 4:
        return 0
    foot, whole = (_unlike(_gaps(work, boxes, *part)) for part in ((0.7, 1.15), (0.1, 1.15)))
    for unlike in (foot, whole):
        place = int(np.argmax(unlike))
        found = len(boxes) - 1 - place
        if unlike[place] > max(_SPOT, _ALONE * float(np.delete(unlike, place).max())) and found <= _MOST:
            return found
    return 0


def _gaps(work: Picture, boxes: Sequence[Box], top: float, foot: float) -> NDArray[np.float32]:
    """The grey pictures between neighbours, from `top` to `foot` of their height, in equal contrast."""
    grey = cv2.cvtColor(work, cv2.COLOR_BGR2GRAY).astype(np.float32)
    out = []
    for left, right in pairwise(boxes):
        middle, pitch = (left.x + left.w + right.x) / 2, right.x - left.x
        size = max(4, round(0.28 * pitch)), max(4, round((foot - top) * left.h))
        centre = middle, (left.y + right.y) / 2 + (top + foot) / 2 * left.h
        patch = cv2.getRectSubPix(grey, size, centre)
        out.append(cv2.resize(patch, (8, 16), interpolation=cv2.INTER_AREA))
    spread = float(np.percentile(grey, 95) - np.percentile(grey, 5))
    return np.asarray(np.stack(out) * (100 / max(spread, 20.0)), np.float32)


def _unlike(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each patch is from the usual one; a shade over all of it does not count."""
    away = patches - np.median(patches, 0)
    away -= np.median(away, (1, 2), keepdims=True)
    return np.asarray(np.abs(away).mean((1, 2)), np.float32)


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
    """How red the redder parts of a crop are, 0..1."""
    return float(np.percentile(_reds(crop), 80)) if crop.size else 0.0


def _reds(crop: Picture) -> NDArray[np.float32]:
    """How red each pixel is, of what its colour could be."""
    part = crop.astype(np.float32)
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    return np.asarray((red - np.maximum(blue, green)) / (red + 30), np.float32)
