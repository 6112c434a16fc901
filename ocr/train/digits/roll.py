"""Real wheels rolled on: two figures of one meter, one below the other, at positions nobody photographed."""

from __future__ import annotations

from collections import defaultdict

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.digits.render import HEIGHT, WIDTH, Crop, Rng
from ocr.train.digits.samples import Sample
from ocr.train.score import distance

_TRIES = 24
_Still = tuple[Crop, NDArray[np.float64]]
"""A figure standing still, and its moments."""


class Roller:
    """Rolls wheels of the meters that have two figures in a row standing still."""

    def __init__(self, samples: list[Sample]) -> None:
        """Takes wheels only; ValueError when no meter has two figures in a row."""
        self._still: dict[str, dict[int, list[_Still]]] = defaultdict(lambda: defaultdict(list))
        for s in samples:
            if not s.lcd and distance(s.target / 10, round(s.target / 10)) < 0.15:
                crop = np.asarray(cv2.resize(s.crop, (WIDTH, HEIGHT)), np.uint8)
                self._still[s.source][round(s.target / 10) % 10].append((crop, _moments(crop)))
        self._pairs = [
            (m, d) for m, have in sorted(self._still.items()) for d in have if (d + 1) % 10 in have
        ]
        if not self._pairs:
            raise ValueError("No meter shows two figures in a row: more labelled wheels are needed")

    def roll(self, rng: Rng) -> Sample:
        """A wheel of some meter (each as likely) between two of its figures."""
        meter, digit = self._pairs[int(rng.integers(len(self._pairs)))]
        upper, light = _any(rng, self._still[meter][digit])
        below = self._still[meter][(digit + 1) % 10]
        tries = [_any(rng, below) for _ in range(min(_TRIES, len(below)))]
        lower = min(tries, key=lambda still: float(np.abs(still[1] - light).sum()))
        part = int(rng.integers(1, 10)) / 10
        pitch = HEIGHT * rng.uniform(0.78, 1.1)
        edge = HEIGHT / 2 + (0.5 - part) * pitch
        rows = np.arange(HEIGHT)
        from_upper = np.clip(np.round(rows + part * pitch), 0, HEIGHT - 1).astype(int)
        from_lower = np.clip(np.round(rows - (1 - part) * pitch), 0, HEIGHT - 1).astype(int)
        out = np.where((rows < edge)[:, None, None], upper[from_upper], _lit(*lower, light)[from_lower])
        return Sample(np.asarray(out, np.uint8), digit * 10 + round(part * 10), False, meter)


def _any(rng: Rng, crops: list[_Still]) -> _Still:
    return crops[int(rng.integers(len(crops)))]


def _moments(crop: Crop) -> NDArray[np.float64]:
    """Mean and spread of each colour, 2 x 3."""
    flat = crop.reshape(-1, 3).astype(np.float64)
    return np.stack([flat.mean(0), flat.std(0)])


def _lit(crop: Crop, moments: NDArray[np.float64], like: NDArray[np.float64]) -> Crop:
    """The crop in the light of another."""
    out = (crop - moments[0]) * (like[1] / np.maximum(moments[1], 1)).clip(0.6, 1.6) + like[0]
    return np.asarray(np.clip(out, 0, 255), np.uint8)
