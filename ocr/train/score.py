"""Shares with their Wilson 95 % intervals, and distances on a circle of ten. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Share:
    """`hits` of `total`, with its Wilson 95 % interval."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share 0..1; NaN of nothing."""
        return self.hits / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end of the Wilson interval, 0..1."""
        if not self.total:
            return (0.0, 1.0)
        z, n, p = 1.96, self.total, self.value
        middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (max(0.0, middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({self.hits}/{self.total}; {100 * low:.1f} to {100 * high:.1f})"


def distance(a: float, b: float) -> float:
    """Distance of two positions on the circle of ten, 0..5."""
    return abs((a - b + 5) % 10 - 5)
