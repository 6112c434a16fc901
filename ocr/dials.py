"""Reading analog dials: where the tip of a pointer stands on a round scale of ten, 0 at the top.

The network (`models/dials.onnx`, card beside it) gives one score for each of 100 positions on the circle and
one for "no dial here". It has seen drawn dials alone. Run by `cv2.dnn`, no other runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.digits import Digit
from ocr.picture import Picture, colour, through

SIDE, POSITIONS = 48, 100
MODEL = Path(__file__).parent / "models" / "dials.onnx"
_REACH = 5
"""Tenths to each side of the peak that count as the same answer."""
_SOFTEN = 0.85
"""The network is less sure than it is right on drawn dials held out; softened so, 0.9 keeps four in five."""
_VIEWS = (
    (0.0, 0.0, 1.0, False),
    (0.03, -0.03, 0.9, True),
    (0.0, 0.0, 1.12, True),
    (-0.03, 0.03, 1.25, False),
)
"""Boxes looked through, (right, down, size) in parts of the crop, and whether in a mirror: a box is seldom
set exactly, and what misleads the network one way misleads it the other way in a mirror."""

_LOST, _SIZES, _SURER, _FIRST = 0.5, (0.55, 0.7, 0.85, 1.25), 0.3, 0.25
"""With less confidence the box may be far too large or too tight: the dial is looked for in boxes of these
sizes; by how much one must be surer, what the first confidence still counts for; chosen on drawn dials."""


def prepare(crop: Picture) -> NDArray[np.float32]:
    """A crop as the network wants it: 3 x SIDE x SIDE, contrast made equal; any BGR crop."""
    if crop.shape[:2] != (SIDE, SIDE):
        way = cv2.INTER_AREA if min(crop.shape[:2]) > SIDE else cv2.INTER_LINEAR
        crop = np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=way), np.uint8)
    data = crop.astype(np.float32)
    data -= data.mean((0, 1))
    data /= data.std() + 4.0
    return np.asarray(data.transpose(2, 0, 1), np.float32)


def views(crop: Picture) -> list[Picture]:
    """The crop through slightly moved boxes, some mirrored; its edge is repeated where a box leaves it."""
    high, wide = (min(n, 2 * SIDE) for n in crop.shape[:2])
    if (high, wide) != crop.shape[:2]:  # warpAffine skips pixels when it shrinks
        crop = np.asarray(cv2.resize(crop, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
    out = []
    for right, down, size, mirrored in _VIEWS:
        fx, fy = wide * size / SIDE, high * size / SIDE
        # the centres of pixels, not their corners, are what warpAffine maps
        x = wide * (right + (1 - size) / 2) + fx / 2 - 0.5
        y = high * (down + (1 - size) / 2) + fy / 2 - 0.5
        matrix, flags = np.array([[fx, 0, x], [0, fy, y]]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(crop, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        out.append(np.asarray(seen[:, ::-1] if mirrored else seen, np.uint8))
    return out


def _unmirrored(scores: NDArray[np.float32], clockwise: bool) -> NDArray[np.float32]:
    """N x V x 101 scores as if all views had been of a clockwise dial, seen directly."""
    back = [*(-np.arange(POSITIONS) % POSITIONS), POSITIONS]
    turned = [scores[:, i, back] if v[3] == clockwise else scores[:, i] for i, v in enumerate(_VIEWS)]
    return np.stack(turned, 1)


def decode(scores: NDArray[np.float32]) -> list[Digit]:
    """Digits from N x V x 101 scores of V views each: the mean chance, then its local circular mean."""
    logits = scores.astype(np.float64) / _SOFTEN
    chance = np.exp(logits - logits.max(2, keepdims=True))
    chance = (chance / chance.sum(2, keepdims=True)).mean(1)
    steps = np.arange(-_REACH, _REACH + 1)
    ring = chance[:, (np.arange(POSITIONS)[:, None] + steps) % POSITIONS]
    mass = ring.sum(2)
    peak = mass.argmax(1)
    rows = np.arange(len(scores))
    offset = (ring[rows, peak] * steps).sum(1) / np.maximum(mass[rows, peak], 1e-9)
    values = ((peak + offset) / 10) % 10
    return [
        Digit(float(v) if v < 10 else 0.0, float(min(m, 1)), 0.0, float(b))
        for v, m, b in zip(values, mass[rows, peak], chance[:, POSITIONS], strict=True)
    ]


@lru_cache(maxsize=4)
def _network(path: Path) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(path))


class DialReader:
    """Reads many dials at once; one reader can be kept for the life of the process, used by one thread."""

    def __init__(self, model: Path = MODEL, *, searching: bool = True) -> None:
        """As of `DigitReader`."""
        self._net = _network(model)
        self._searching = searching

    def read(self, crops: Sequence[Picture], clockwise: bool = True) -> list[Digit]:
        """Where the pointers of BGR uint8 crops of any size stand, in their order; otherwise as
        `DigitReader.read`.

        The zero of the scale is at the top; the box holds the whole scale, about in its middle. `clockwise`
        is how the figures run. The confidence is that of being within 0.5; an empty crop is blank.
        """
        empty = np.zeros((SIDE, SIDE, 3), np.uint8)
        crops = [c if c.size else empty for c in map(colour, crops)]
        if not crops:
            return []
        digits = self._once(crops, clockwise)
        lost = [i for i, d in enumerate(digits) if d.confidence < _LOST]
        if lost and self._searching:
            looks = [through(crops[i], size=size) for i in lost for size in _SIZES]
            others = self._once(looks, clockwise)
            for place, i in enumerate(lost):
                best = max(others[place * len(_SIZES) :][: len(_SIZES)], key=lambda d: d.confidence)
                if best.confidence > digits[i].confidence + _SURER:
                    trust = _FIRST * digits[i].confidence + (1 - _FIRST) * best.confidence
                    digits[i] = replace(best, confidence=trust)
        return digits

    def _once(self, crops: Sequence[Picture], clockwise: bool) -> list[Digit]:
        self._net.setInput(np.stack([prepare(v) for c in crops for v in views(c)]))
        scores = np.asarray(self._net.forward(), np.float32).reshape(len(crops), len(_VIEWS), POSITIONS + 1)
        return decode(_unmirrored(scores, clockwise))
