"""A bill beside the meter: what both say of the same days. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from appliance.clock import DAY_MS
from appliance.money import accuracy, check
from appliance.money.bill import Bill
from appliance.money.check import Counter, Verdict

BUSY = 3.0
"""A home may have used so many times its mean while its counter was off."""


@dataclass(frozen=True, slots=True)
class Stood:
    """What the meter showed at an instant (UTC ms), what the bill says, and the beginning of the quarter hour
    in which the meter showed that; None is unknown."""

    at: int
    kwh: float | None
    billed: float | None
    billed_at: int | None


@dataclass(frozen=True, slots=True)
class BillCheck:
    """A bill beside what the meter said: energy of both (kWh), `slack` from times and digits of the readings,
    and what the days cost by contract, with the share of the energy whose price is known."""

    first: date
    last: date
    meter: Counter | None
    stood: tuple[Stood, Stood]
    billed_kwh: float
    counted_kwh: float | None
    slack: float
    verdict: Verdict
    cost: float | None
    covered: float | None
    silent: bool = False
    """Whether a silence of the meter may explain what was billed beyond what it counted."""

    @property
    def difference(self) -> float | None:
        """How much more was billed than counted, kWh."""
        return None if self.counted_kwh is None else self.billed_kwh - self.counted_kwh


def exchanged(stood: Sequence[Stood], counted: float | None) -> float:
    """What went through beyond the difference of what the meter showed: another meter hung there."""
    start, end = stood
    if start.kwh is None or end.kwh is None or counted is None:
        return 0.0
    beyond = counted - (end.kwh - start.kwh)
    return beyond if abs(beyond) > check.SAME_KWH else 0.0


def verdict(meter: Counter | None, billed: float, counted: float | None, slack: float) -> Verdict:
    """A bill is made from the very meter that is read; a gateway's own counter may err by its class."""
    if meter is None or counted is None:
        return Verdict.UNKNOWN
    apart = abs(billed - counted)
    if apart <= slack:
        return Verdict.AGREE
    allowed = 0.0 if meter.reads else max(billed, counted) * (meter.percent + accuracy.OTHERS) / 100
    return Verdict.WITHIN if apart <= slack + allowed else Verdict.DISAGREE


def silent(meter: Counter | None, billed: float, counted: float | None, slack: float) -> bool:
    """Whether more was billed than counted because a device that counts by itself was off for a while."""
    if meter is None or counted is None or meter.reads:
        return False
    quiet = np.where(meter.registers.quiet > check.SILENT_MS, meter.registers.quiet, 0)
    off = float(np.minimum(quiet, DAY_MS).sum()) / (len(quiet) * DAY_MS)
    most = slack + max(billed, counted) * min(1.0, BUSY * off)
    return slack < billed - counted <= most


def cost_of(way: str, whole: Bill) -> tuple[float | None, float | None]:
    """What the days cost (import, fees included) or brought (export), and how much of it had a price."""
    if way == "export":
        return (None, None) if whole.sold is None else (whole.sold.money, whole.sold.covered)
    alone = replace(whole, sold=None)
    return alone.total, None if whole.bought is None else whole.bought.covered
