"""Which of several counters drifts, and which stands apart from the others. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from appliance.money.check import Counter, Finding, Verdict

T_975 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""Student's t for 95 % either way, by degrees of freedom from 1; beyond, the last is close enough."""
FEWEST_MONTHS = 4
LEAST_DRIFT = 0.3
"""Percentage points over the whole span that are worth a word."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How the difference moves: percentage points a month, and how sure that is (half the 95 % interval)."""

    per_month: float
    unsure: float
    months: int

    @property
    def drifts(self) -> bool:
        """Whether it moves at all, as far as so few months can tell."""
        moved = abs(self.per_month) * (self.months - 1)
        return abs(self.per_month) > self.unsure and moved >= LEAST_DRIFT


def trend(percents: Sequence[float | None]) -> Trend | None:
    """The straight line through the differences of successive months; None where too few are known."""
    known = [(n, value) for n, value in enumerate(percents) if value is not None]
    if len(known) < FEWEST_MONTHS:
        return None
    x, y = np.array(known, dtype=np.float64).T
    x = x - x.mean()
    slope = float((x * y).sum() / (x * x).sum())
    rest = y - y.mean() - slope * x
    free = len(known) - 2
    error = float(np.sqrt((rest * rest).sum() / free / (x * x).sum()))
    return Trend(slope, T_975[min(free, len(T_975)) - 1] * error, len(known))


def odd_one(meter: str, found: Sequence[tuple[Counter, bool, Finding]]) -> str | None:
    """Which of three or more meters stands apart from the others, if one does.

    `found` are the others, whether they read the meter itself, and what was found over the whole time.
    """
    others = [
        (c, f)
        for c, same, f in found
        if not same and f.percent is not None and f.verdict is not Verdict.UNKNOWN
    ]
    if len(others) < 2:
        return None
    far = [(c, f) for c, f in others if f.verdict is Verdict.DISAGREE]
    if len(far) == 1:
        return far[0][0].source
    if len(far) == len(others) and all(
        abs((f.percent or 0.0) - (g.percent or 0.0)) <= c.percent + d.percent
        for n, (c, f) in enumerate(far)
        for d, g in far[n + 1 :]
    ):
        return meter
    return None
