"""How well a reader reads labelled crops, over all and for each meter. No torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ocr.digits import Digit
from ocr.train.digits.samples import NOTHING, Sample
from ocr.train.score import Share, distance


def shares(samples: Sequence[Sample], digits: Sequence[Digit], threshold: float = 0.85) -> dict[str, Share]:
    """The measures of this field over wheels or display digits (all of one kind)."""
    pairs = [(s.target / 10, d) for s, d in zip(samples, digits, strict=True) if s.target != NOTHING]
    away = np.array([distance(t, d.value) for t, d in pairs])
    kept = np.array([d.confidence >= threshold for _, d in pairs], bool)
    # steady: the label stands within 0.2 of a whole digit, so a person would name that digit
    steady = [(t, d) for t, d in pairs if distance(t, round(t)) <= 0.2 + 1e-9]
    right = sum(round(t) % 10 == round(d.value) % 10 for t, d in steady)

    def within(limit: float) -> Share:
        return Share(int((away <= limit + 1e-6).sum()), len(pairs))

    return {
        "right integer when steady": Share(right, len(steady)),
        "within 0.1": within(0.1),
        "within 0.2": within(0.2),
        "wrong by more than 0.5": Share(int((away > 0.5).sum()), len(pairs)),
        f"kept at {threshold}": Share(int(kept.sum()), len(pairs)),
        "of those wrong by more than 0.5": Share(int((away[kept] > 0.5).sum()), int(kept.sum())),
    }


def table(
    samples: Sequence[Sample], read: Callable[[list[Sample]], list[Digit]]
) -> list[tuple[str, dict[str, Share]]]:
    """(meter, shares) for each source and for all wheels and all display digits together."""
    rows = []
    for lcd in (False, True):
        kind = [s for s in samples if s.lcd == lcd]
        digits = read(kind)
        rows.append(("all displays" if lcd else "all wheels", shares(kind, digits)))
        for source in sorted({s.source for s in kind}):
            picks = [i for i, s in enumerate(kind) if s.source == source]
            rows.append((source, shares([kind[i] for i in picks], [digits[i] for i in picks])))
    return rows
