"""When the street has no power: outages that were planned, and some that come by chance, by a seed."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from appliance.demo.weather import DAY_S, STEP_S, dice

DAY_MS, STEP_MS = DAY_S * 1000, STEP_S * 1000
LONG_MS = 180_000
SHORTEST_S, TYPICAL_S, LONGEST_S = 90, 600, 3 * 3600


class Outage(NamedTuple):
    """No power from `start` until `end` (UTC ms)."""

    start: int
    end: int

    @property
    def long(self) -> bool:
        """Whether a smart meter counts it as a long failure: more than three minutes."""
        return self.end - self.start > LONG_MS


@dataclass(frozen=True)
class Outages:
    """The outages of a street: those `planned`, and one by chance in every `every_days` days (0: none)."""

    planned: tuple[Outage, ...] = ()
    every_days: int = 0
    seed: int = 1

    def between(self, start: int, end: int) -> list[Outage]:
        """All that touch [start, end) (UTC ms), the earliest first, from and to whole steps of the house."""
        found = [
            Outage(one.start // STEP_MS * STEP_MS, -(-one.end // STEP_MS) * STEP_MS) for one in self.planned
        ]
        if self.every_days:
            length = self.every_days * DAY_MS
            found += [
                _by_chance(self.seed, self.every_days, span)
                for span in range(start // length, (end - 1) // length + 1)
            ]
        return sorted(one for one in found if one.start < end and start < one.end)


@cache
def _by_chance(seed: int, every_days: int, span: int) -> Outage:
    """The outage of a span of `every_days` days: some minutes as a rule, within the span."""
    rng = dice(seed, span, 41)
    steps = int(min(SHORTEST_S + rng.exponential(TYPICAL_S), LONGEST_S)) // STEP_S
    room = every_days * DAY_S // STEP_S - steps
    first = span * every_days * DAY_MS + int(rng.integers(room)) * STEP_MS
    return Outage(first, first + steps * STEP_MS)
