"""The pictures to train on, drawn once and kept in a temporary folder: drawing costs more than training."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.locate.crops import Crops
from ocr.train.locate.scene import HEIGHT, WIDTH, scene

PER_FILE = 1000
MOST = 16
"""Cells kept of one picture; more than any counter has."""


def pool(crops: Crops, count: int, seed: int, name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(pictures N x HEIGHT x WIDTH x 3, cells N x MOST x 7, zero width where there is none)."""
    cv2.setNumThreads(1)
    folder = Path(tempfile.gettempdir()) / "tallywatt-train-locate" / f"{name}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        _part(crops, folder / f"{n}.npz", seed, n, min(PER_FILE, count - n * PER_FILE))
        for n in range(-(-count // PER_FILE))
    ]
    return np.concatenate([p for p, _ in parts]), np.concatenate([c for _, c in parts])


def _part(
    crops: Crops, path: Path, seed: int, part: int, count: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    if path.is_file():
        kept = np.load(path)
        return kept["pictures"], kept["cells"]
    pictures, cells = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8), np.zeros((count, MOST, 7), np.float32)
    for i in range(count):
        drawn = scene(np.random.default_rng([seed, part, i]), crops)
        pictures[i], cells[i, : len(drawn.cells)] = drawn.picture, drawn.cells
    np.savez(path.with_suffix(".tmp.npz"), pictures=pictures, cells=cells)
    path.with_suffix(".tmp.npz").rename(path)
    return pictures, cells
