"""What happens to the virtual flat: money that comes and goes, cuts of the street, silences of the portal."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from appliance.demo.outages import Outage
from appliance.demo.weather import DAY_S, dice

MINUTE_MS, DAY_MS = 60_000, DAY_S * 1000
IST_MS = 19_800_000
"""India's clocks are 5 h 30 min ahead of UTC, all year."""
UPKEEP = -5568.0
"""What the building takes every month for its own, on the 10th."""
UPKEEP_DAY = 10
RECHARGES = 2500.0, 3000.0, 5000.0


class Span(NamedTuple):
    """From `start` until `end` (UTC ms)."""

    start: int
    end: int


class Movement(NamedTuple):
    """Rupees that came (recharge) or, negative, were taken (deduction) at `at` (UTC ms)."""

    at: int
    amount: float


@dataclass(frozen=True)
class Plan:
    """What is certain to happen. With `chance` the flat lives on by itself besides: the street fails now and
    then, the building takes its upkeep, the people recharge when little is left.

    `stale`: the meter does not reach the portal. `disconnected`: the meter's relay is open. `panel_w`: the
    flat's share of the panels on the roof, whose power goes before that of street and generator.
    """

    balance: float = 2066.54
    cuts: tuple[Outage, ...] = ()
    movements: tuple[Movement, ...] = ()
    stale: tuple[Span, ...] = ()
    disconnected: tuple[Span, ...] = ()
    panel_w: int = 0
    chance: bool = True

    @classmethod
    def month(
        cls,
        start: int,
        seed: int = 1,
        *,
        days: int = 30,
        cuts: int = 8,
        stale: int = 3,
        recharges: int = 3,
        deductions: int = 2,
        minutes: tuple[int, int] = (15, 120),
        balance: float = 4800.0,
    ) -> Self:
        """A month from `start` (UTC ms) in which nothing comes by chance, and no two things at a time.

        Each thing has a slot of its own and lies in its middle third. Cuts and silences last `minutes`, the
        shortest and the longest, or less where the slot has no room.
        """
        rng = dice(seed, start // DAY_MS, 57)
        kinds = ["cut"] * cuts + ["stale"] * stale + ["recharge"] * recharges + ["deduction"] * deductions
        slot = days * DAY_MS // max(len(kinds), 1)
        found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in kinds}
        for place, kind in enumerate(rng.permutation(kinds).tolist()):
            length = int(rng.integers(minutes[0], minutes[1] + 1)) * MINUTE_MS
            at = start + place * slot + slot // 3 + int(rng.integers(slot // 6))
            found[kind].append((at, at + min(length, slot // 6)))
        paid = [Movement(at, float(rng.choice(RECHARGES))) for at, _ in found.get("recharge", [])]
        taken = [Movement(at, -float(rng.integers(200, 262))) for at, _ in found.get("deduction", [])]
        return cls(
            balance=balance,
            cuts=tuple(Outage(*span) for span in found.get("cut", [])),
            movements=tuple(sorted(paid + taken)),
            stale=tuple(Span(*span) for span in found.get("stale", [])),
            chance=False,
        )


def by_calendar(seed: int, day: int, month_day: int) -> list[Movement]:
    """What the building takes in the local day `day` (days since 1970): upkeep, and now and then a repair."""
    rng = dice(seed, day, 58)
    begin = day * DAY_MS - IST_MS
    found = []
    if month_day == UPKEEP_DAY:
        found.append(Movement(begin + 70 * MINUTE_MS + int(rng.integers(60)) * 1000, UPKEEP))
    if rng.random() < 1 / 18:
        found.append(
            Movement(begin + 1000 * int(rng.integers(32_000, 64_000)), -float(rng.integers(200, 262)))
        )
    return found


def evening(seed: int, day: int) -> int:
    """When somebody looks at the balance in the local day `day` (UTC ms)."""
    return day * DAY_MS - IST_MS + 1000 * int(dice(seed, day, 59).integers(72_900, 78_300))


def recharge(seed: int, day: int, balance: float, month_day: int) -> float:
    """What somebody pays in who sees that `balance` in the evening; 0 for nothing."""
    if month_day == UPKEEP_DAY - 1:
        return 7500.0 if balance < 1000 - UPKEEP else 0.0
    return float(dice(seed, day, 60).choice(RECHARGES)) if balance < 600 else 0.0


def before(seed: int, day: int, month_day: int) -> list[Movement]:
    """As `by_calendar`, with what was paid in: of a day before the flat was looked at."""
    found = by_calendar(seed, day, month_day)
    if month_day == UPKEEP_DAY - 1:
        found.append(Movement(evening(seed, day), 7500.0))
    elif dice(seed, day, 61).random() < 1 / 24:
        found.append(Movement(evening(seed, day), float(dice(seed, day, 60).choice(RECHARGES))))
    return sorted(found)
