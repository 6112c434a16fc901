"""What energy cost: each interval's energy times its price, and the sums a bill shows."""

from calendar import isleap, monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from appliance.money.energy import Energy
from appliance.money.moments import Bools
from appliance.money.rates import Floats
from config.contract import Contract


@dataclass(frozen=True, slots=True)
class Flow:
    """Energy in one direction and what it cost or brought.

    `kwh` is all that is known to have gone through, `priced_kwh` the part of it whose price is known,
    `money` is for that part alone (None while no part of it has a price), `estimated_kwh` the part whose
    time is an even share of a gap.
    """

    kwh: float
    priced_kwh: float
    money: float | None
    estimated_kwh: float = 0.0

    @property
    def covered(self) -> float | None:
        """The share of the energy that had a price, 0..1; None without energy."""
        return self.priced_kwh / self.kwh if self.kwh else None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bill that does not depend on energy."""

    name: str
    money: float


@dataclass(frozen=True, slots=True)
class Bill:
    """What a span of time cost. None is unknown."""

    bought: Flow | None
    sold: Flow | None
    lines: tuple[Line, ...] = ()
    """Fees and the capacity charge."""

    @property
    def total(self) -> float | None:
        """What is to be paid, as far as its prices are known; None while nothing is known at all."""
        parts = [flow.money for flow in (self.bought,) if flow is not None and flow.money is not None]
        parts += [-flow.money for flow in (self.sold,) if flow is not None and flow.money is not None]
        parts += [line.money for line in self.lines]
        return sum(parts) if parts else None


@dataclass(frozen=True, slots=True)
class Metered:
    """Energy of one direction: all of it, and by register where the meter tells T1 and T2 apart."""

    whole: Energy
    t1: Energy | None = None
    t2: Energy | None = None

    def take(self, which: Bools | slice) -> "Metered":
        """Some of the intervals."""
        t1, t2 = (None if each is None else each.take(which) for each in (self.t1, self.t2))
        return Metered(self.whole.take(which), t1, t2)


def money(metered: Metered, rates: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats]:
    """What each interval cost, and how much of its energy (kWh) had a price. NaN where unknown.

    Where the price differs by register the energies of T1 and T2 count, else the whole.
    """
    whole = metered.whole.kwh
    plain = whole * rates[0]
    priced = np.where(np.isfinite(plain), whole, np.where(np.isfinite(whole), 0.0, np.nan))
    apart = ~np.isfinite(rates[0]) & np.isfinite(rates[1]) & np.isfinite(rates[2])
    if metered.t1 is None or metered.t2 is None or not apart.any():
        return plain, priced
    both = metered.t1.kwh * rates[1] + metered.t2.kwh * rates[2]
    apart &= np.isfinite(both)
    return np.where(apart, both, plain), np.where(apart, metered.t1.kwh + metered.t2.kwh, priced)


def flow(metered: Metered, rates: tuple[Floats, Floats, Floats], which: Bools | slice) -> Flow | None:
    """The sum over the chosen intervals; None where no energy is known in any of them."""
    mine = metered.take(which)
    kwh = mine.whole.kwh
    if not np.isfinite(kwh).any():
        return None
    cost, priced = money(mine, (rates[0][which], rates[1][which], rates[2][which]))
    known = np.isfinite(cost)
    estimated = kwh[mine.whole.estimated & np.isfinite(kwh)]
    return Flow(
        kwh=float(np.nansum(kwh)),
        priced_kwh=float(np.nansum(priced)),
        money=float(cost[known].sum()) if known.any() else None,
        estimated_kwh=float(estimated.sum()),
    )


def fees(contracts: Sequence[Contract], first: date, last: date) -> tuple[Line, ...]:
    """The fees of the days from `first` to `last`, both included, each day by the contract in force.

    A monthly fee is shared out among the days of its month, a yearly one among those of its year.
    """
    sums: dict[str, float] = {}
    day = first
    while day <= last:
        contract = contract_of(contracts, day)
        for fee in contract.fees if contract else ():
            tax = 1 + contract.vat_percent / 100 if contract and fee.vat else 1.0
            sums[fee.name] = sums.get(fee.name, 0.0) + fee.amount * tax / _days(fee.per, day)
        day += timedelta(days=1)
    return tuple(Line(name, amount) for name, amount in sums.items())


def contract_of(contracts: Sequence[Contract], day: date) -> Contract | None:
    """The contract in force on a day: the last one that has begun."""
    begun = [contract for contract in contracts if contract.since <= day]
    return max(begun, key=lambda contract: contract.since, default=None)


def _days(per: str, day: date) -> int:
    """Among how many days an amount is shared out."""
    if per == "day":
        return 1
    if per == "month":
        return monthrange(day.year, day.month)[1]
    return 366 if isleap(day.year) else 365


def total(bills: Sequence[Bill]) -> Bill:
    """Bills of successive spans as one."""
    lines: dict[str, float] = {}
    for each in bills:
        for line in each.lines:
            lines[line.name] = lines.get(line.name, 0.0) + line.money
    return Bill(
        _together([each.bought for each in bills]),
        _together([each.sold for each in bills]),
        tuple(Line(name, money) for name, money in lines.items()),
    )


def _together(flows: Sequence[Flow | None]) -> Flow | None:
    known = [flow for flow in flows if flow is not None]
    if not known:
        return None
    money = [flow.money for flow in known if flow.money is not None]
    return Flow(
        kwh=sum(flow.kwh for flow in known),
        priced_kwh=sum(flow.priced_kwh for flow in known),
        money=sum(money) if money else None,
        estimated_kwh=sum(flow.estimated_kwh for flow in known),
    )
