"""Drawn dials to train on and to judge by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.dials import prepare
from ocr.train.dials import scene
from ocr.train.dials.camera import photograph

Rng = np.random.Generator
_EMPTY = 0.06


@dataclass
class Pool:
    """Drawn scenes, N x SIZE x SIZE x 3, and their values in tenths; NaN where there is no dial."""

    pictures: NDArray[np.uint8]
    tenths: NDArray[np.float32]

    def batch(self, rng: Rng, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """`size` of them, each photographed anew, as the network wants them."""
        picks = rng.integers(0, len(self.tenths), size)
        return np.stack([prepare(photograph(rng, self.pictures[i])) for i in picks]), self.tenths[picks]


def draw(rng: Rng, count: int) -> Pool:
    """A pool of `count` scenes of the kinds that are trained on."""
    pictures = np.empty((count, scene.SIZE, scene.SIZE, 3), np.uint8)
    tenths = np.full(count, np.nan, np.float32)
    for i in range(count):
        if rng.random() < _EMPTY:
            pictures[i] = scene.nothing(rng)
            continue
        dial = scene.draw(rng)
        pictures[i], tenths[i] = dial.picture, dial.value * 10
    return Pool(pictures, tenths)


def judges(seed: int, count: int, held_out: bool) -> tuple[list[NDArray[np.uint8]], list[float]]:
    """Photographed dials and their values to judge by; `held_out`: with pointers never trained on."""
    rng = np.random.default_rng([seed, int(held_out), 77])
    scenes = [scene.draw(rng, held_out) for _ in range(count)]
    return [photograph(rng, s.picture) for s in scenes], [s.value for s in scenes]
