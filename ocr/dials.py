"""Reading analog dials: where the tip of a pointer stands on a round scale of ten, 0 at the top.

The network (`models/dials.onnx`, card beside it) gives one score for each of 100 positions on the circle and
one for "no dial here". It has seen drawn dials alone. Run by `cv2.dnn`, no other runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.digits import Digit, Picture

SIDE, POSITIONS = 48, 100
MODEL = Path(__file__).parent / "models" / "dials.onnx"
_REACH = 5
"""Tenths to each side of the peak that count as the same answer."""
_SOFTEN = 1.0
_VIEWS = ((0.0, 0.0, 1.0), (0.05, 0.03, 0.97), (-0.04, 0.05, 1.0), (0.03, -0.05, 1.04), (-0.05, -0.03, 0.94))
"""Boxes looked through, (right, down, size) in parts of the crop: a box is seldom set exactly."""


def prepare(crop: Picture) -> NDArray[np.float32]:
    """A crop as the network wants it: 3 x SIDE x SIDE, the mean of each channel removed, contrast made equal."""
    if crop.ndim == 2:
        crop = np.asarray(cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR), np.uint8)
    if crop.shape[:2] != (SIDE, SIDE):
        way = cv2.INTER_AREA if min(crop.shape[:2]) > SIDE else cv2.INTER_LINEAR
        crop = np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=way), np.uint8)
    data = crop.astype(np.float32)
    data -= data.mean((0, 1))
    data /= data.std() + 4.0
    return np.asarray(data.transpose(2, 0, 1), np.float32)
