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


class Roller:
    """Rolls wheels of the meters that have two figures in a row standing still."""

    def __init__(self, samples: list[Sample]) -> None:
        """Takes wheels only; ValueError when no meter has two figures in a row."""
        self._still: dict[str, dict[int, list[Crop]]] = defaultdict(lambda: defaultdict(list))
        for s in samples:
            if not s.lcd and distance(s.target / 10, round(s.target / 10)) < 0.15:
                self._still[s.source][round(s.target / 10) % 10].append(s.crop)
        self._pairs = [
            (m, d) for m, have in sorted(self._still.items()) for d in have if (d + 1) % 10 in have
        ]
        if not self._pairs:
            raise ValueError("No meter shows two figures in a row: more labelled wheels are needed")

    def roll(self, rng: Rng) -> Sample:
        """A wheel of some meter (each as likely) between two of its figures."""
        meter, digit = self._pairs[int(rng.integers(len(self._pairs)))]
        upper = _sized(_any(rng, self._still[meter][digit]))
        below = self._still[meter][(digit + 1) % 10]
        tries = [_sized(_any(rng, below)) for _ in range(min(_TRIES, len(below)))]
        lower = min(tries, key=lambda crop: _unlike(crop, upper))
        part = int(rng.integers(1, 10)) / 10
        pitch = HEIGHT * rng.uniform(0.78, 1.1)
        edge = HEIGHT / 2 + (0.5 - part) * pitch
        rows = np.arange(HEIGHT)
        from_upper = np.clip(np.round(rows + part * pitch), 0, HEIGHT - 1).astype(int)
        from_lower = np.clip(np.round(rows - (1 - part) * pitch), 0, HEIGHT - 1).astype(int)
        matched = _matched(lower, upper)
        out = np.where((rows < edge)[:, None, None], upper[from_upper], matched[from_lower])
        return Sample(np.asarray(out, np.uint8), digit * 10 + round(part * 10), False, meter)


def _any(rng: Rng, crops: list[Crop]) -> Crop:
    return crops[int(rng.integers(len(crops)))]


def _sized(crop: Crop) -> Crop:
    return np.asarray(cv2.resize(crop, (WIDTH, HEIGHT)), np.uint8)


def _moments(crop: Crop) -> NDArray[np.float64]:
    """Mean and spread of each colour, 2 x 3."""
    flat = crop.reshape(-1, 3).astype(np.float64)
    return np.stack([flat.mean(0), flat.std(0)])


def _unlike(one: Crop, two: Crop) -> float:
    return float(np.abs(_moments(one) - _moments(two)).sum())


def _matched(crop: Crop, like: Crop) -> NDArray[np.uint8]:
    """The crop in the light of the other."""
    (mean, spread), (to_mean, to_spread) = _moments(crop), _moments(like)
    out = (crop - mean) * (to_spread / np.maximum(spread, 1)).clip(0.6, 1.6) + to_mean
    return np.asarray(np.clip(out, 0, 255), np.uint8)
