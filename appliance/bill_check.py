"""The bill check: what the utility meter, the gateway and others counted of the same energy, side by side.

Worked out anew from the registers each time it is asked for, as the ledger's bills are. The reference is the
house's grid meter: what is billed is what it counts.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from appliance import calendar
from appliance.calendar import QUARTER_MS
from appliance.clock import DAY_MS, Clock
from appliance.ledger import Ledger, pieces_of
from appliance.model import Quantity, Reading, parent
from appliance.money import accuracy, bill, billed, check
from appliance.money.bill import Flow
from appliance.money.billed import BillCheck, Stood
from appliance.money.check import Counter, Finding, Pair, Verdict
from appliance.money.moments import Ints
from appliance.money.trend import Trend, odd_one, trend
from appliance.store import Store
from appliance.store.buckets import Buckets
from config.schema import Site

Way = Literal["import", "export"]
Grain = Literal["day", "month"]
QUANTITIES = {"import": Quantity.ENERGY_IMPORT, "export": Quantity.ENERGY_EXPORT}
MARGIN_MS = 4 * DAY_MS
"""So far from a midnight a reading may be that tells anything of it."""
NEAR_MS = 3 * DAY_MS
"""So far from the dates on a bill its readings are looked for."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Another counter beside the meter: each period, all of them as one, and the sum of the differences up to
    each period (kWh; None before anything could be compared)."""

    counter: Counter
    same: bool
    periods: tuple[Finding, ...]
    running: tuple[float | None, ...]
    whole: Finding
    trend: Trend | None


@dataclass(frozen=True, slots=True)
class Check:
    """What was found from `first` to `last` (local days, both included). `meter` is None where nobody reads
    one; `prices` are what a kWh cost on average in each period, None where unknown; `odd` is the one of three
    or more meters that stands apart from the others."""

    way: Way
    spans: tuple[tuple[date, date], ...] = ()
    meter: Counter | None = None
    meter_kwh: tuple[float | None, ...] = ()
    others: tuple[Compared, ...] = ()
    prices: tuple[float | None, ...] = ()
    price: float | None = None
    odd: str | None = None


class Checker:
    """Answers about meters and bills. Each method raises StoreError when the database cannot be read."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        zone: ZoneInfo,
        meters: Callable[[Quantity], Sequence[str]],
        types: Callable[[], Mapping[str, str]],
        site: Site,
    ) -> None:
        """`meters` names the sources that read the house's grid meter, the best first, `types` the type of
        each source; `site` tells how far each may err and what the main fuse lets through."""
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._zone = zone
        self._meters = meters
        self._types = types
        self._told = site.accuracy_percent
        self._most_kw = None if site.main_fuse_a is None else 3 * site.main_fuse_a * 0.23

    async def known(self, way: Way) -> list[str]:
        """The sources that count energy that way, the meter first."""
        quantity = QUANTITIES[way]
        kept = {s.source for s in await self._store.series_list() if s.quantity is quantity}
        kept = {name for name in kept if self._told.get(name, 0.0) is not None}
        meters = [name for name in self._meters(quantity) if name in kept]
        return [*meters, *sorted(kept.difference(meters))]

    async def check(self, way: Way, first: date, last: date, grain: Grain) -> Check:
        """Each day or month between two local days; today is not over and so not in it."""
        names = await self.known(way)
        first, last = await self._within(way, first, last)
        if not names or first > last:
            return Check(way)
        days = pieces_of(first, last, "day")
        edges = self._edges(first, last)
        counters = [await self._counter(name, QUANTITIES[way], edges) for name in names]
        spans = pieces_of(first, last, grain)
        prices, price = await self._prices(way, first, last, grain)
        slices = [slice((low - first).days, (high - first).days + 1) for low, high in spans]
        months = [
            slice((low - first).days, (high - first).days + 1)
            for low, high in pieces_of(first, last, "month")
        ]

        def work() -> Check:
            meter, *rest = counters
            alone = Pair(meter, meter, same=True)
            mine = tuple(alone.judge(part).meter_kwh for part in slices)
            others = tuple(_compared(Pair(meter, one), slices, months, slice(0, len(days))) for one in rest)
            odd = odd_one(meter.source, [(o.counter, o.same, o.whole) for o in others])
            return Check(way, tuple(spans), meter, mine, others, prices, price, odd)

        return await asyncio.to_thread(work)

    async def bill(
        self,
        way: Way,
        first: date,
        last: date,
        readings: tuple[float, float] | None = None,
        kwh: float | None = None,
    ) -> BillCheck:
        """A bill of the days from `first` to `last`, both included, by its two readings or by its energy.

        Raises ValueError when neither was told.
        """
        if readings is None and kwh is None:
            raise ValueError("a bill is checked by its two readings or by its kWh")
        names = await self.known(way)
        edges = self._edges(first, last)
        meter = await self._counter(names[0], QUANTITIES[way], edges) if names else None
        start, end = readings or (None, None)
        stood = (
            await self._stood(meter, QUANTITIES[way], int(edges[0]), start),
            await self._stood(meter, QUANTITIES[way], int(edges[-1]), end),
        )
        ends = None if meter is None else meter.registers.kwh[[0, -1]]
        counted = None if ends is None else _known(float(ends[1] - ends[0]))
        if kwh is None:
            assert readings is not None  # checked above
            kwh = readings[1] - readings[0] + billed.exchanged(stood, counted)
        slack = check.last_digit(np.array(readings or (kwh,))) * len(readings or (kwh,))
        if meter is not None and counted is not None:
            slack += float(meter.registers.slack[[0, -1]].sum()) + 2 * meter.step
        whole = bill.total([entry.bill for entry in await self._ledger.bills(first, last, "month")])
        said = billed.verdict(meter, kwh, counted, slack)
        silent = said is Verdict.DISAGREE and billed.silent(meter, kwh, counted, slack)
        said = Verdict.UNKNOWN if silent else said
        cost = billed.cost_of(way, whole)
        return BillCheck(first, last, meter, stood, kwh, counted, slack, said, *cost, silent)

    async def _within(self, way: Way, first: date, last: date) -> tuple[date, date]:
        """The days asked for, cut to those of the history and to yesterday."""
        quantity = QUANTITIES[way]
        begun = [s.first_at for s in await self._store.series_list() if s.quantity is quantity]
        today = calendar.day_of(self._clock.now(), self._zone)
        since = calendar.day_of(min(begun), self._zone) if begun else today
        return max(first, since), min(last, today - timedelta(days=1))

    def _edges(self, first: date, last: date) -> Ints:
        """The midnights from the beginning of the first to the end of the last day, UTC ms."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 2)]
        return np.array([calendar.day_start(day, self._zone) for day in days], np.int64)

    async def _counter(self, source: str, quantity: Quantity, edges: Ints) -> Counter:
        found = await self._store.quarters(
            source, quantity, int(edges[0]) - MARGIN_MS, int(edges[-1]) + MARGIN_MS
        )
        type_ = self._types().get(parent(source), "remote")
        percent, told_by = accuracy.accuracy(type_, self._told.get(source))

        def work() -> Counter:
            quarters = check.Quarters(found.start, found.readings, found.low, found.high)
            return Counter(
                source,
                type_,
                check.registers(quarters, edges, self._most_kw, at_end=type_ in accuracy.PORTALS_OF_DAYS),
                percent,
                told_by,
                check.last_digit(found.high),
                type_ in accuracy.READERS,
            )

        return await asyncio.to_thread(work)

    async def _prices(
        self, way: Way, first: date, last: date, grain: Grain
    ) -> tuple[tuple[float | None, ...], float | None]:
        """What a kWh cost (brought) on average in each period, and in all of them."""
        flows = [
            entry.bill.bought if way == "import" else entry.bill.sold
            for entry in await self._ledger.bills(first, last, grain)
        ]
        whole = [flow for flow in flows if flow is not None and flow.money is not None]
        priced = sum(flow.priced_kwh for flow in whole)
        price = sum(flow.money or 0.0 for flow in whole) / priced if priced else None
        return tuple(map(_price, flows)), price

    async def _stood(self, meter: Counter | None, quantity: Quantity, at: int, told: float | None) -> Stood:
        """What the meter's face showed at an instant, and when within three days of it what was billed."""
        if meter is None:
            return Stood(at, None, told, None)
        near = [
            reading
            for reading in await self._store.around(meter.source, quantity, at)
            if abs(reading.at - at) <= MARGIN_MS
        ]
        before = next((r for r in near if r.at <= at), None)
        after = next((r for r in near if r.at > at), None)
        if before is None or after is None:
            return Stood(at, None, told, None)
        kwh = before.value + max(0.0, after.value - before.value) * (at - before.at) / (after.at - before.at)
        if told is None:
            return Stood(at, kwh, None, None)
        since = min(at - NEAR_MS, before.at - QUARTER_MS)
        found = await self._store.quarters(meter.source, quantity, since, at + NEAR_MS)
        return Stood(at, kwh, told, _shown_at(found, before, told))


def _shown_at(found: Buckets, before: Reading, told: float) -> int | None:
    """The quarter hour in which the meter came to show a register; None: in none of them.

    The roll-ups have exchanges added, the meter's face does not; both know the reading `before`.
    """
    place = int(np.searchsorted(found.start, before.at, side="left")) - 1
    added = found.high[place] - before.value
    low, high = found.low - added, found.high - added
    place = int(np.searchsorted(high, told - 1e-9))
    if place >= len(high) or (place == 0 and low[0] > told):
        return None
    return int(found.start[place])


def _compared(pair: Pair, slices: Sequence[slice], months: Sequence[slice], whole: slice) -> Compared:
    periods = tuple(pair.judge(part) for part in slices)
    running: list[float | None] = []
    total: float | None = None
    for found in periods:
        if found.verdict is not Verdict.UNKNOWN and found.difference is not None:
            total = (total or 0.0) + found.difference
        running.append(total)
    each = [pair.judge(part) for part in months]
    percents = [None if found.verdict is Verdict.UNKNOWN else found.percent for found in each]
    return Compared(pair.other, pair.same, periods, tuple(running), pair.judge(whole), trend(percents))


def _price(flow: Flow | None) -> float | None:
    return None if flow is None or flow.money is None or not flow.priced_kwh else flow.money / flow.priced_kwh


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
