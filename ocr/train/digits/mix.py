"""Mixing what the network is trained on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.digits import displays, nothings, render, wheels
from ocr.train.digits.augment import augment
from ocr.train.digits.roll import Roller
from ocr.train.digits.samples import NOTHING, Sample

Rng = np.random.Generator


@dataclass(frozen=True)
class Pool:
    """Augmented crops ready to train on: N x HEIGHT x WIDTH x 3, targets as in Sample, display or not."""

    crops: NDArray[np.uint8]
    targets: NDArray[np.int64]
    lcd: NDArray[np.bool_]


class Mixer:
    """Draws crops to train on: real ones balanced by meter, real ones rolled, rendered ones, no digits."""

    SHARES = (
        ("wheels", 0.39),
        ("rolled", 0.12),
        ("lcds", 0.07),
        ("wheel", 0.2),
        ("lcd", 0.11),
        ("nothing", 0.11),
    )

    def __init__(self, samples: list[Sample], rng: Rng, rendered: int = 6000) -> None:
        """Draws `rendered` different crops of each kind that is drawn."""
        self._rng = rng
        self._real = {"wheels": [s for s in samples if not s.lcd], "lcds": [s for s in samples if s.lcd]}
        self._chance = {k: _balance(v) for k, v in self._real.items()}
        self._roller = Roller(self._real["wheels"])
        self._drawn = {
            k: [self._make(k) for _ in range(rendered)] for k in ("rolled", "wheel", "lcd", "nothing")
        }

    def _make(self, kind: str) -> Sample:
        rng = self._rng
        if kind == "rolled":
            return self._roller.roll(rng)
        if kind == "wheel":
            value = float(rng.integers(100)) / 10 if rng.random() < 0.65 else float(rng.integers(10))
            return Sample(wheels.wheel(rng, value), round(value * 10), False, "rendered")
        if kind == "lcd":
            digit = int(rng.integers(10))
            return Sample(displays.lcd(rng, digit), digit * 10, True, "rendered")
        crop = self._seam() if rng.random() < 0.25 else nothings.nothing(rng)
        return Sample(crop, NOTHING, False, "rendered")

    def _seam(self) -> NDArray[np.uint8]:
        """Two real crops side by side, cut in the middle of the seam."""
        pool = self._real["wheels" if self._rng.random() < 0.85 else "lcds"]
        left = pool[int(self._rng.integers(len(pool)))]
        same = [pool[int(i)] for i in self._rng.integers(0, len(pool), 40)]
        right = next((s for s in same if s.source == left.source), left)
        size = (render.WIDTH, render.HEIGHT)
        cut = int(render.WIDTH * self._rng.uniform(0.4, 0.6))
        return np.hstack([cv2.resize(left.crop, size)[:, cut:], cv2.resize(right.crop, size)[:, :cut]])

    def pool(self, size: int) -> Pool:
        """`size` augmented crops in random order."""
        rng = self._rng
        counts = rng.multinomial(size, [share for _, share in self.SHARES])
        chosen: list[Sample] = []
        for (name, _), count in zip(self.SHARES, counts, strict=True):
            if name in self._real:
                picks = rng.choice(len(self._real[name]), count, p=self._chance[name])
                chosen += [self._real[name][int(i)] for i in picks]
            else:
                chosen += [self._drawn[name][int(i)] for i in rng.integers(0, len(self._drawn[name]), count)]
        order = [chosen[int(i)] for i in rng.permutation(size)]
        return Pool(
            np.stack([augment(rng, s.crop) for s in order]),
            np.array([s.target for s in order], np.int64),
            np.array([s.lcd for s in order], np.bool_),
        )


def _balance(samples: list[Sample]) -> NDArray[np.float64]:
    counts = Counter(s.source for s in samples)
    weight = np.array([counts[s.source] ** -0.6 for s in samples])
    return np.asarray(weight / weight.sum(), np.float64)
