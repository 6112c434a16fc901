"""Several frames of one scene made one: less noise, nothing of what crept or flickered by. Pure.

The frames are laid over the sharpest by their shift, brought to one brightness, and per pixel only the middle
of all values counts.
"""

from collections.abc import Sequence
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr import Picture
from ocr.picture import sharpness

NOISY = 0.12
"""Noise against contrast from which one frame is not enough."""
_WORK = 640
_FURTHEST = 0.03
"""Part of the width by which frames of one scene may lie apart; more is no shake but something else."""
_SURE = 0.1
_FLICKER = 2.0
"""A frame this much brighter or darker than usual is left out."""
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.int16)
"""Blind to edges and slopes: what it leaves of a picture is noise (Immerkær 1996, Fast Noise Variance
Estimation)."""


def noise(picture: Picture) -> float:
    """Noise against contrast, 0 (none) to about 1 (nothing else)."""
    grey = np.asarray(cv2.cvtColor(_middle(picture), cv2.COLOR_BGR2GRAY), np.uint8)
    left = cv2.convertScaleAbs(cv2.filter2D(grey, cv2.CV_16S, _KERNEL))
    sigma = _share(np.asarray(left[1:-1, 1:-1], np.uint8), 0.5) / 0.6745 / 6
    return sigma / max(_share(grey, 0.98) - _share(grey, 0.02), 1.0)


def _share(grey: NDArray[np.uint8], share: float) -> float:
    """The value that this share of a picture stays below, by a histogram: sorting takes far longer."""
    below = np.cumsum(cv2.calcHist([np.ascontiguousarray(grey)], [0], None, [256], [0, 256]))
    return float(np.searchsorted(below, share * below[-1]))


def poor(picture: Picture) -> bool:
    """Whether light was so poor that more frames would help."""
    return noise(picture) > NOISY


def fuse(frames: Sequence[Picture]) -> Picture:
    """One picture of the size of the first; frames of another size or far brighter or darker are left out."""
    frames = [f for f in frames if f.shape == frames[0].shape]
    light = [max(float(f[::8, ::8].mean()), 1.0) for f in frames]
    usual = float(np.median(light))
    kept = [(f, usual / m) for f, m in zip(frames, light, strict=True) if 1 / _FLICKER < usual / m < _FLICKER]
    if len(kept) < 3:
        return max(frames, key=sharpness)
    best = max((f for f, _ in kept), key=sharpness)
    reference = _grey(best)
    laid = [_laid(f if abs(gain - 1) < 0.02 else _lit(f, gain), reference, f is best) for f, gain in kept]
    return _middle_values(laid)


def _middle(picture: Picture) -> Picture:
    """At most the middle 800 pixels each way, unscaled: scaling would smooth the noise away."""
    high, wide = picture.shape[:2]
    y, x = max(0, high // 2 - 400), max(0, wide // 2 - 400)
    return np.ascontiguousarray(picture[y : y + 800, x : x + 800])


def _grey(picture: Picture) -> NDArray[np.float32]:
    factor = min(1.0, _WORK / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def _lit(picture: Picture, gain: float) -> Picture:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)


def _laid(picture: Picture, reference: NDArray[np.float32], is_reference: bool) -> Picture:
    """The picture moved onto the reference, where that can be told."""
    if is_reference:
        return picture
    grey = _grey(picture)
    window = cv2.createHanningWindow(grey.shape[::-1], cv2.CV_32F)
    (right, down), sure = cv2.phaseCorrelate(reference, grey, window)
    scale = picture.shape[1] / grey.shape[1]
    right, down = right * scale, down * scale
    if sure < _SURE or not 0.25 < hypot(right, down) < _FURTHEST * picture.shape[1]:
        return picture
    matrix = np.array([[1, 0, -right], [0, 1, -down]], np.float32)
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _middle_values(frames: list[Picture]) -> Picture:
    """The mean of the middle third of each pixel's values: of up to five frames the median."""
    frames = [f.copy() for f in frames]
    count = len(frames)
    for turn in range(count):  # odd-even transposition: sorted after `count` rounds, whole pictures at a time
        for i in range(turn % 2, count - 1, 2):
            frames[i], frames[i + 1] = (
                np.asarray(cv2.min(frames[i], frames[i + 1]), np.uint8),
                np.asarray(cv2.max(frames[i], frames[i + 1]), np.uint8),
            )
    cut = (count - 1) // 2 if count <= 5 else count // 3
    middle = frames[cut : count - cut]
    if len(middle) == 1:
        return middle[0]
    total = np.zeros(middle[0].shape, np.float32)
    for frame in middle:
        cv2.accumulate(frame, total)
    return np.asarray(np.clip(total / len(middle) + 0.5, 0, 255), np.uint8)
