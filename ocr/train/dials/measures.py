"""How well dials are read. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ocr.digits import Digit
from ocr.train.score import Share, distance


def shares(values: Sequence[float], digits: Sequence[Digit], threshold: float = 0.9) -> dict[str, Share]:
    """The measures of this field over dials of known values."""
    away = np.array([distance(v, d.value) for v, d in zip(values, digits, strict=True)])
    kept = np.array([d.confidence >= threshold for d in digits], bool)
    count, sure = len(away), int(kept.sum())
    return {
        "within 0.1": Share(int((away <= 0.1).sum()), count),
        "within 0.2": Share(int((away <= 0.2).sum()), count),
        "wrong by more than 0.5": Share(int((away > 0.5).sum()), count),
        "wrong by more than 4 (tail for tip)": Share(int((away > 4).sum()), count),
        f"kept at {threshold}": Share(sure, count),
        "of those within 0.2": Share(int((away[kept] <= 0.2).sum()), sure),
        "of those wrong by more than 0.5": Share(int((away[kept] > 0.5).sum()), sure),
    }
