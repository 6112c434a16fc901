"""The labelled crops of a data folder (`manifest.csv`: file, label, source, kind, split)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.digits import POSITIONS

NOTHING = POSITIONS


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
