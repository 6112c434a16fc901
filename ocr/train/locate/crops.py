"""Counters put together from labelled crops of real wheels and display digits: those of one meter
together."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.locate.draw import Rng

Crop = NDArray[np.uint8]
_ALIKE = 8
"""Of so many crops most like the first one each of a counter's is chosen: one meter, one light."""


@dataclass(slots=True)
class _Meter:
    crops: list[Crop]
    labels: list[float]
    looks: NDArray[np.float32]
    red: NDArray[np.float32]


def _redness(crop: Crop) -> float:
    inner = crop[crop.shape[0] // 6 : -crop.shape[0] // 6, crop.shape[1] // 6 : -crop.shape[1] // 6]
    part = inner.astype(np.float32)
    return float(np.percentile((part[..., 2] - part[..., :2].max(2)) / (part[..., 2] + 30), 80))


def _look(crop: Crop) -> NDArray[np.float32]:
    part = crop.astype(np.float32)
    shape = 60 * np.log(crop.shape[1] / crop.shape[0])
    return np.array([*part.mean((0, 1)), part.std(), shape], np.float32)


class Crops:
    """The labelled crops of one split, by meter."""

    def __init__(self, data: Path, split: str) -> None:
        found: dict[tuple[str, str], list[tuple[Crop, str]]] = defaultdict(list)
        with (data / "manifest.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                if row["split"] == split and row["label"] and row["kind"] != "photo_electric_lcd":
                    crop = cv2.imread(str(data / row["file"]))
                    if crop is not None and min(crop.shape[:2]) >= 12:
                        found[(row["kind"], row["source"])].append((np.asarray(crop, np.uint8), row["label"]))
        self._meters = {
            kind: [self._meter(v) for (k, _), v in sorted(found.items()) if k == kind and len(v) >= 15]
            for kind in ("digit_roller", "digit_lcd")
        }

    @staticmethod
    def _meter(found: list[tuple[Crop, str]]) -> _Meter:
        crops = [c for c, _ in found]
        looks = np.stack([_look(c) for c in crops])
        return _Meter(
            crops, [float(n) for _, n in found], looks, np.array([_redness(c) for c in crops], np.float32)
        )

    def counter(
        self, rng: Rng, kind: str, values: Sequence[float], decimals: int
    ) -> tuple[list[Crop], list[float], int]:
        """Crops of one meter nearly at `values`, their labels, and how many of the last are red."""
        meters = self._meters[kind]
        weight = np.array([len(m.crops) for m in meters]) ** 0.5
        meter = meters[int(rng.choice(len(meters), p=weight / weight.sum()))]
        black, red = np.flatnonzero(meter.red < 0.17), np.flatnonzero(meter.red > 0.33)
        if len(black) < 8:
            black, red = np.arange(len(meter.crops)), red[:0]
        tail = decimals if len(red) >= 8 else 0
        whole = len(values) - tail
        chosen = self._alike(rng, meter, black, values[:whole]) + self._alike(rng, meter, red, values[whole:])
        return [meter.crops[i] for i in chosen], [meter.labels[i] for i in chosen], tail

    @staticmethod
    def _alike(rng: Rng, meter: _Meter, among: NDArray[np.int64], values: Sequence[float]) -> list[int]:
        """For each value a crop with nearly this label, most like the first one."""
        if not len(values):
            return []
        first = meter.looks[int(rng.choice(among))]
        unlike = np.abs(meter.looks[among] - first).sum(1)
        labels = np.array(meter.labels)[among]
        chosen = []
        for value in values:
            away = np.abs((labels - value + 5) % 10 - 5)
            badness = unlike + 400 * np.maximum(away - 0.15, 0)
            best = among[
                np.argsort(badness)[: max(1, min(_ALIKE, int((badness < badness.min() + 25).sum())))]
            ]
            chosen.append(int(rng.choice(best)))
        return chosen
