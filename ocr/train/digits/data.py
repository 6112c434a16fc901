"""The labelled crops of a data folder (`manifest.csv`: file, label, source, kind, split), and sampling."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.digits import POSITIONS
from ocr.train.digits import render
from ocr.train.digits.augment import augment

NOTHING = POSITIONS
Rng = np.random.Generator


@dataclass(frozen=True)
class Sample:
    """A labelled crop; `target` is the position in tenths, or NOTHING."""

    crop: NDArray[np.uint8]
    target: int
    lcd: bool
    source: str


def load(folder: Path, split: str) -> list[Sample]:
    """All digit crops of a split; FileNotFoundError when the folder has no manifest."""
    samples = []
    with (folder / "manifest.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] != split or not row["kind"].startswith("digit"):
                continue
            crop = np.asarray(cv2.imread(str(folder / row["file"])), np.uint8)
            lcd = row["kind"] == "digit_lcd"
            target = round(float(row["label"]) * 10) % POSITIONS
            if lcd and target == 0 and _is_blank(crop):
                target = NOTHING  # the data labels an unlit cell 0
            samples.append(Sample(crop, target, lcd, row["source"]))
    return samples


def _is_blank(crop: NDArray[np.uint8]) -> bool:
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    high, wide = grey.shape
    middle = cv2.GaussianBlur(grey, (0, 0), 1)[high // 5 : -high // 5, wide // 5 : -wide // 5].astype(
        np.float32
    )
    return bool(np.ptp(middle - middle.mean(1, keepdims=True)) < 45)


class Mixer:
    """Draws training batches: real crops balanced by meter, rendered ones, and crops of nothing."""

    SHARES = (("wheels", 0.52), ("lcds", 0.07), ("wheel", 0.15), ("lcd", 0.11), ("nothing", 0.15))
    POOL = 4000

    def __init__(self, samples: list[Sample], rng: Rng) -> None:
        self._rng = rng
        self._real = {"wheels": [s for s in samples if not s.lcd], "lcds": [s for s in samples if s.lcd]}
        self._chance = {k: self._balance(v) for k, v in self._real.items()}
        self._pools: dict[str, list[Sample]] = {
            k: [self._make(k) for _ in range(self.POOL)] for k in ("wheel", "lcd", "nothing")
        }

    @staticmethod
    def _balance(samples: list[Sample]) -> NDArray[np.float64]:
        counts = Counter(s.source for s in samples)
        weight = np.array([counts[s.source] ** -0.6 for s in samples])
        return np.asarray(weight / weight.sum(), np.float64)

    def _make(self, kind: str) -> Sample:
        rng = self._rng
        if kind == "wheel":
            value = float(rng.integers(100)) / 10 if rng.random() < 0.65 else float(rng.integers(10))
            return Sample(render.wheel(rng, value), round(value * 10), False, "rendered")
        if kind == "lcd":
            digit = int(rng.integers(10))
            return Sample(render.lcd(rng, digit), digit * 10, True, "rendered")
        crop = self._seam() if rng.random() < 0.25 else render.nothing(rng)
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

    def refresh(self, share: float) -> None:
        """Replaces a share of the rendered crops by new ones."""
        for kind, pool in self._pools.items():
            for i in self._rng.choice(len(pool), int(share * len(pool)), replace=False):
                pool[int(i)] = self._make(kind)

    def batch(self, size: int) -> list[Sample]:
        """`size` augmented samples."""
        names = [name for name, _ in self.SHARES]
        shares = [share for _, share in self.SHARES]
        counts = self._rng.multinomial(size, shares)
        chosen: list[Sample] = []
        for name, count in zip(names, counts, strict=True):
            if name in self._real:
                picks = self._rng.choice(len(self._real[name]), count, p=self._chance[name])
                chosen += [self._real[name][int(i)] for i in picks]
            else:
                chosen += [self._pools[name][int(i)] for i in self._rng.integers(0, self.POOL, count)]
        return [Sample(augment(self._rng, s.crop), s.target, s.lcd, s.source) for s in chosen]
