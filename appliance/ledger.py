"""The books of the house: energy of its grid meter, rates of its contract, bills of any span.

Nothing is written down: each answer is worked out anew from registers, prices and contracts as they are now,
so what arrives late is in the next answer. Arithmetic is in `appliance.money`; it runs in a thread.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from appliance import calendar
from appliance.clock import Clock
from appliance.model import Quantity
from appliance.money import bill, capacity, energy
from appliance.money.bill import Bill, Line, Metered
from appliance.money.cheapest import Window, cheapest
from appliance.money.energy import Energy
from appliance.money.moments import Ints, Moments
from appliance.money.rates import Floats, Market, Rates, by_tariff, columns, rates
from appliance.store import Store
from config.contract import Contract

Grain = Literal["day", "month", "year"]
QUARTER_MS = calendar.QUARTER_MS
MARGIN_MS = energy.LONGEST_GAP * QUARTER_MS
"""So far back a gap may have begun whose energy is shared out."""
REGISTERS = {
    "buying": (Quantity.ENERGY_IMPORT, Quantity.ENERGY_IMPORT_T1, Quantity.ENERGY_IMPORT_T2),
    "selling": (Quantity.ENERGY_EXPORT, Quantity.ENERGY_EXPORT_T1, Quantity.ENERGY_EXPORT_T2),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """Quarter hours of a span: energy through the grid meter and what a kWh costs; None was never metered."""

    moments: Moments
    bought: Metered | None
    sold: Metered | None
    rates: Rates
    market: Market


@dataclass(frozen=True, slots=True)
class Entry:
    """The bill of a day, month or year: its first and last local day, both included."""

    first: date
    last: date
    bill: Bill


class Ledger:
    """Answers about energy and money. Each method raises StoreError when the database cannot be read."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        zone: ZoneInfo,
        contracts: Sequence[Contract],
        offers: Sequence[Contract],
        meters: Callable[[Quantity], Sequence[str]],
    ) -> None:
        """`meters` names the sources that read the house's grid meter, the best first."""
        self._store = store
        self._clock = clock
        self._zone = zone
        self._contracts = tuple(contracts)
        self._offers = tuple(offers)
        self._meters = meters

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The contracts as configured."""
        return self._contracts

    async def sheet(self, start: int, end: int) -> Sheet:
        """Every quarter hour of `[start, end)` (UTC ms, widened to whole quarters)."""
        starts = np.arange(calendar.quarter(start), end, QUARTER_MS, dtype=np.int64)
        bought, sold = [await self._metered(way, starts) for way in ("buying", "selling")]
        market = await self._market(starts)
        return await asyncio.to_thread(self._sheet, starts, bought, sold, market)

    def _sheet(self, starts: Ints, bought: Metered | None, sold: Metered | None, market: Market) -> Sheet:
        moments = Moments(starts, self._zone)
        return Sheet(moments, bought, sold, rates(self._contracts, moments, market), market)

    async def rates(self, start: int, end: int) -> tuple[Ints, Rates]:
        """What a kWh costs and brings in each quarter hour of a span, coming ones included."""
        starts = np.arange(calendar.quarter(start), end, QUARTER_MS, dtype=np.int64)
        market = await self._market(starts)
        return starts, await asyncio.to_thread(
            lambda: rates(self._contracts, Moments(starts, self._zone), market)
        )

    async def cheapest(self, quarters: int, start: int, end: int, *, dearest: bool = False) -> Window | None:
        """When so many quarter hours in a row cost least between two instants; None if prices are unknown."""
        starts, known = await self.rates(-(-start // QUARTER_MS) * QUARTER_MS, end)
        inside = starts + QUARTER_MS <= end
        rate = plain(known.buying)
        return cheapest(starts[inside], rate[inside], quarters, dearest=dearest)

    async def bills(self, first: date, last: date, grain: Grain) -> list[Entry]:
        """The bill of each day, month or year that holds any of the days; the first and last are cut to the
        days asked for, and to today."""
        last = min(last, calendar.day_of(self._clock.now(), self._zone))
        if first > last:
            return []
        return await self._entries(self._contracts, first, last, grain)

    async def counted(
        self, source: str, quantity: Quantity, first: date, last: date, grain: Grain
    ) -> list[tuple[date, float | None]]:
        """How much went through another counter (gas, water, heat) in each day, month or year."""
        last = min(last, calendar.day_of(self._clock.now(), self._zone))
        pieces = pieces_of(first, last, grain)
        if not pieces:
            return []
        edges = [calendar.day_start(low, self._zone) for low, _ in pieces]
        edges.append(calendar.day_span(last, self._zone)[1])
        rises = await self._store.increase(source, quantity, edges, since_first=True)
        return [(low, rise) for (low, _), rise in zip(pieces, rises, strict=True)]

    async def compare(self, first: date, last: date) -> list[tuple[str, Bill]]:
        """What the days would have cost by each offer, the present contract first."""
        last = min(last, calendar.day_of(self._clock.now(), self._zone))
        if first > last:
            return []
        found = [("", await self._whole(self._contracts, first, last))]
        for offer in self._offers:
            always = offer.model_copy(update={"since": date.min})
            found.append((offer.name, await self._whole([always], first, last)))
        return found

    async def _whole(self, contracts: Sequence[Contract], first: date, last: date) -> Bill:
        entries = await self._entries(contracts, first, last, "month")
        return bill.total([entry.bill for entry in entries])

    async def _entries(
        self, contracts: Sequence[Contract], first: date, last: date, grain: Grain
    ) -> list[Entry]:
        span = _span(contracts, first, last, grain)
        begin = max(calendar.day_start(span[0], self._zone), await self._metered_since())
        starts = np.arange(begin, calendar.day_span(span[1], self._zone)[1], QUARTER_MS, dtype=np.int64)
        bought, sold = [await self._metered(way, starts) for way in ("buying", "selling")]
        market = await self._market(starts)

        def work() -> list[Entry]:
            moments = Moments(starts, self._zone)
            sheet = Sheet(moments, bought, sold, rates(contracts, moments, market), market)
            return [
                Entry(low, high, _bill(sheet, contracts, low, high, grain))
                for low, high in pieces_of(first, last, grain)
            ]

        return await asyncio.to_thread(work)

    async def _metered_since(self) -> int:
        """The first quarter hour in which the grid meter was read: nothing need be worked out before it."""
        meters = {
            (name, q) for q in (*REGISTERS["buying"], *REGISTERS["selling"]) for name in self._meters(q)
        }
        known = [s.first_at for s in await self._store.series_list() if (s.source, s.quantity) in meters]
        if len(known) < len(meters):
            return 0  # one of them has not been committed yet
        return calendar.quarter(min(known, default=self._clock.now()) - 1)

    async def _metered(self, way: str, starts: Ints) -> Metered | None:
        whole, t1, t2 = REGISTERS[way]
        all_ = await self._energy(whole, starts)
        if all_ is None:
            return None
        if not any(by_tariff(contract) for contract in (*self._contracts, *self._offers)):
            return Metered(all_)
        return Metered(all_, await self._energy(t1, starts), await self._energy(t2, starts))

    async def _energy(self, quantity: Quantity, starts: Ints) -> Energy | None:
        """Energy of a register in each quarter hour; None if no source ever had that register.

        A gap is shared out alike whatever part of it is asked for: the registers around it are read too.
        """
        sources = self._meters(quantity)
        if not len(starts) or not sources:
            return None
        begin, end = int(starts[0]) - MARGIN_MS, int(starts[-1]) + QUARTER_MS + MARGIN_MS
        edges = range(begin, end + 1, QUARTER_MS)
        firsts = {s.source: s.first_at for s in await self._store.series_list() if s.quantity is quantity}
        rises = [await self._store.increase(source, quantity, edges) for source in sources]

        def work() -> Energy:
            parts = []
            for source, each in zip(sources, rises, strict=True):
                first = firsts.get(source)
                read_in = None if first is None else max(-1, (first - 1 - begin) // QUARTER_MS)
                parts.append(energy.spread(each, read_in))
            cut = MARGIN_MS // QUARTER_MS
            return energy.merge(parts).take(slice(cut, cut + len(starts)))

        return await asyncio.to_thread(work)

    async def _market(self, starts: Ints) -> Market:
        if not len(starts):
            nothing = np.empty(0)
            return Market(nothing, nothing, nothing)
        low, high = int(starts[0]), int(starts[-1]) + QUARTER_MS
        known = [
            await asyncio.to_thread(columns, await self._store.prices(channel, low, high), starts, QUARTER_MS)
            for channel in ("wholesale", "import", "export")
        ]
        return Market(*known)


def plain(buying: tuple[Floats, Floats, Floats]) -> Floats:
    """One price a quarter for the eye: by registers, the mean of day and night where no other is known."""
    return np.where(np.isfinite(buying[0]), buying[0], (buying[1] + buying[2]) / 2)


def _span(contracts: Sequence[Contract], first: date, last: date, grain: Grain) -> tuple[date, date]:
    """A capacity charge needs whole months, and those it looks back over, whatever days are asked for."""
    back = max((c.capacity.months for c in contracts if c.capacity), default=0)
    if grain == "day" or not back:
        return first, last
    month = first.replace(day=1)
    for _ in range(back - 1):
        month = (month - timedelta(days=1)).replace(day=1)
    return month, _month_end(last)


def _bill(sheet: Sheet, contracts: Sequence[Contract], first: date, last: date, grain: Grain) -> Bill:
    low, high = ((day - date(1970, 1, 1)).days for day in (first, last))
    mine = slice(*np.searchsorted(sheet.moments.day, [low, high + 1]).tolist())
    found = Bill(
        None if sheet.bought is None else bill.flow(sheet.bought, sheet.rates.buying, mine),
        None if sheet.sold is None else bill.flow(sheet.sold, sheet.rates.selling, mine),
        bill.fees(contracts, first, last),
    )
    if grain == "day" or sheet.bought is None:
        return found
    return replace(found, lines=(*found.lines, *_charges(sheet, contracts, first, last)))


def _charges(sheet: Sheet, contracts: Sequence[Contract], first: date, last: date) -> list[Line]:
    """The capacity charge of each month, shared out among its days as a monthly fee is: a month that is cut,
    or that two contracts share, bears its part."""
    assert sheet.bought is not None
    kwh, sums = sheet.bought.whole.kwh, dict[str, float]()
    for low, high in pieces_of(first, last, "month"):
        month = (low.year - 1970) * 12 + low.month - 1
        for contract, days in _in_force(contracts, low, high):
            if contract.capacity is None:
                continue
            needed = [month + 1 - contract.capacity.months, month + 1]
            span = slice(*np.searchsorted(sheet.moments.month, needed).tolist())
            charge = capacity.charge(contract.capacity, kwh[span], sheet.moments.take(span), month)
            if charge is not None:
                name, share = contract.capacity.name, days / _month_end(low).day
                money = capacity.month_money(contract.capacity, [charge], contract.vat_percent)
                sums[name] = sums.get(name, 0.0) + money * share
    return [Line(name, money) for name, money in sums.items()]


def _in_force(contracts: Sequence[Contract], first: date, last: date) -> list[tuple[Contract, int]]:
    """The contracts of some days, and on how many of them each is in force."""
    cuts = sorted({first, *(c.since for c in contracts if first < c.since <= last)})
    ends = [*cuts[1:], last + timedelta(days=1)]
    found = [(bill.contract_of(contracts, cut), end - cut) for cut, end in zip(cuts, ends, strict=True)]
    return [(contract, time.days) for contract, time in found if contract is not None]


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def pieces_of(first: date, last: date, grain: Grain) -> list[tuple[date, date]]:
    """The days, months or years of a span, the outer ones cut."""
    pieces = []
    while first <= last:
        if grain == "day":
            end = first
        elif grain == "month":
            end = _month_end(first)
        else:
            end = date(first.year, 12, 31)
        pieces.append((first, min(end, last)))
        first = end + timedelta(days=1)
    return pieces
