"""What went through a meter on each day, of any source that knows days: plain facts.

A day is known from a customer portal (the day book), or as what a register rose from midnight to midnight.
A day of which that cannot be told is absent, never 0: also one that holds what unread days before it used, or
whose own end was not read.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.calendar import QUARTER_MS
from appliance.clock import Clock
from appliance.errors import TallywattError
from appliance.model import Kind, Quantity
from appliance.store import DayBook, SeriesInfo, Store

STEADY_SHARE = 0.1
"""A day that differs from the one before by no more is as that one."""
PORTAL_UNITS = {"kwh": "kWh", "m^3-wtr": "m³", "kwh-thml": "kWh"}
"""What units are that the CARMA portal writes its own way, in small letters."""

LATELY = timedelta(days=62)
"""A unit is read off recent days: twenty years need not be read for it."""

Trend = Literal["up", "down", "steady"]


class NoSuchSource(TallywattError):  # noqa: N818 - an answer, not a fault
    """There is no such daily source; the text names those that are there."""


@dataclass(frozen=True, slots=True)
class DailySource:
    """A meter whose days are known; `quantity` is None where a portal tells of them.

    `name` is what it is asked by: "carma.1203" of the day book, "p1.energy_import" of a register. `unit` is
    that of its values, `told_unit` as the portal writes it: "kWh-thml" is heat.
    """

    name: str
    source: str
    unit: str
    quantity: Quantity | None = None
    location: str = ""
    told_unit: str = ""

    @property
    def electric(self) -> bool:
        """Whether a contract for electricity says what its days cost."""
        if self.quantity is None:
            return self.told_unit.lower() == "kwh"
        return self.quantity in (Quantity.ENERGY_IMPORT, Quantity.ENERGY_LOAD)


@dataclass(frozen=True, slots=True)
class Day:
    """What went through on a local day, in the source's unit. `so_far`: the day has not ended yet.

    `flagged` is the portal's mark on it, whose meaning is not known.
    """

    day: date
    value: float
    so_far: bool = False
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """Whole known days: how many, their sum and mean; the newest one beside the day before it."""

    days: int
    first: date | None = None
    last: date | None = None
    total: float | None = None
    average: float | None = None
    newest: float | None = None
    before: float | None = None
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class Extremes:
    """The whole known days on which most and least was used; the earlier one where two are alike."""

    highest: Day
    lowest: Day


@dataclass(frozen=True, slots=True)
class Month:
    """The known days of a month, named by its first day: how many, their sum and mean."""

    month: date
    days: int
    total: float
    average: float


@dataclass(frozen=True, slots=True)
class Stand:
    """What a register stood at, at the end of a local day or at the last reading within it."""

    day: date
    value: float


class Daily:
    """Answers about days. Each method raises StoreError when a file cannot be read."""

    def __init__(
        self,
        store: Store | None,
        book: DayBook,
        clock: Clock,
        zone: ZoneInfo,
        meters: Callable[[Quantity], Sequence[str]],
    ) -> None:
        """`meters` names the sources that read the house's grid meter, the best first; without a store the
        day book alone is asked."""
        self._store = store
        self._book = book
        self._clock = clock
        self._zone = zone
        self._meters = meters

    @property
    def today(self) -> date:
        """The site's present day."""
        return calendar.day_of(self._clock.now(), self._zone)

    async def sources(self) -> list[DailySource]:
        """Every source that knows days, the one that is meant if none is named first."""
        told = await asyncio.to_thread(self._told)
        names = {source.source for source in told}
        counted = [
            DailySource(f"{s.source}.{s.quantity}", s.source, s.quantity.spec.unit, s.quantity)
            for s in await self._series()
            if s.quantity.spec.kind is Kind.COUNTER and s.quantity.spec.unit and s.source not in names
        ]
        house = [f"{name}.{Quantity.ENERGY_IMPORT}" for name in self._meters(Quantity.ENERGY_IMPORT)]
        rank = {name: place for place, name in enumerate(house)}
        counted.sort(key=lambda s: (rank.get(s.name, len(rank)), not s.electric, s.name))
        return [*told, *counted]

    async def source(self, name: str | None = None) -> DailySource:
        """The one of that name (a register's source alone means its import register), or the one that is
        meant if none is named; capitals do not matter. Raises NoSuchSource."""
        known = await self.sources()
        if not known:
            raise NoSuchSource("nothing is known of any day yet: no portal was asked, no register was read")
        if name is None:
            return known[0]
        names = {source.name.lower(): source for source in known}
        found = names.get(name.lower()) or names.get(f"{name.lower()}.{Quantity.ENERGY_IMPORT}")
        if found is None:
            listed = ", ".join(source.name for source in known)
            raise NoSuchSource(f"there is no daily source {name}; there are {listed}")
        return found

    async def rows(
        self, source: DailySource, first: date | None = None, last: date | None = None
    ) -> list[Day]:
        """The known days from `first` to `last` (both included, without them all), oldest first."""
        if source.quantity is not None:
            return await self._counted(source.source, source.quantity, first, last)
        return await asyncio.to_thread(self._told_days, source.source, first, last)

    async def register(self, source: DailySource) -> Stand | None:
        """What its register stood at last; None too where a portal tells it in another unit than the days:
        whose number that is nobody knows."""
        if source.quantity is None:
            known = await asyncio.to_thread(self._book.registers, source.source)
            mine = [one for one in known if one.unit.lower() == source.told_unit.lower()]
            return Stand(mine[-1].day, mine[-1].value) if mine else None
        for reading in [] if self._store is None else await self._store.latest():
            if (reading.source, reading.quantity) == (source.source, source.quantity):
                return Stand(calendar.day_of(reading.at, self._zone), reading.value)
        return None

    def _told(self) -> list[DailySource]:
        """The sources of the day book, electricity first."""
        found = []
        for name in self._book.sources():
            days = self._book.days(name, self.today - LATELY) or self._book.days(name)
            if not days:
                continue
            unit, location = days[-1].unit, days[-1].location
            found.append(DailySource(name, name, PORTAL_UNITS.get(unit.lower(), unit), None, location, unit))
        return sorted(found, key=lambda source: (not source.electric, source.name))

    def _told_days(self, source: str, first: date | None, last: date | None) -> list[Day]:
        today = self.today
        return [
            Day(row.day, row.value, row.day >= today, row.flagged)
            for row in self._book.days(source, first, last)
        ]

    async def _counted(
        self, source: str, quantity: Quantity, first: date | None, last: date | None
    ) -> list[Day]:
        known = [s for s in await self._series() if (s.source, s.quantity) == (source, quantity)]
        if self._store is None or not known:
            return []
        begin = self._first_whole(known[0])
        # The days before and after tell whether a day holds what others used, or lacks its own end.
        since, until = max(begin, first or begin), min(self.today, last or self.today)
        days = [since + timedelta(days=n) for n in range(-1, (until - since).days + 3)]
        edges = [calendar.day_start(day, self._zone) for day in days]
        rises = await self._store.increase(source, quantity, edges, since_first=True)
        found = []
        for day, before, rise, after in zip(days[1:], rises, rises[1:], rises[2:], strict=False):
            so_far = day == self.today
            whole = (before is not None or day == begin) and (after is not None or so_far)
            if rise is not None and whole:
                found.append(Day(day, rise, so_far))
        return found

    async def _series(self) -> list[SeriesInfo]:
        return [] if self._store is None else await self._store.series_list()

    def _first_whole(self, info: SeriesInfo) -> date:
        """The first day of a series of which all was read."""
        day = calendar.day_of(info.first_at, self._zone)
        late = info.first_at - calendar.day_start(day, self._zone) > QUARTER_MS
        return day + timedelta(days=1) if late else day


def summary(rows: Sequence[Day]) -> Summary:
    """Whole days alone; oldest first."""
    whole = [row for row in rows if not row.so_far]
    if not whole:
        return Summary(0)
    newest, total = whole[-1], added(whole)
    by_day = {row.day: row.value for row in whole[-2:]}
    before = by_day.get(newest.day - timedelta(days=1))
    return Summary(
        days=len(whole),
        first=whole[0].day,
        last=newest.day,
        total=total,
        average=round(total / len(whole), 6),
        newest=newest.value,
        before=before,
        trend=trend(newest.value, before),
    )


def extremes(rows: Sequence[Day]) -> Extremes | None:
    """Over whole days; None where none is known."""
    whole = [row for row in rows if not row.so_far]
    if not whole:
        return None
    return Extremes(max(whole, key=lambda row: row.value), min(whole, key=lambda row: row.value))


def months(rows: Sequence[Day]) -> list[Month]:
    """Whole days by month, oldest first."""
    found = []
    for month, each in groupby((row for row in rows if not row.so_far), lambda row: row.day.replace(day=1)):
        days = list(each)
        total = added(days)
        found.append(Month(month, len(days), total, round(total / len(days), 6)))
    return found


def trend(value: float | None, before: float | None) -> Trend | None:
    """Whether a day used more than the one before; None where one of them is unknown."""
    if value is None or before is None:
        return None
    if abs(value - before) <= STEADY_SHARE * before:
        return "steady"
    return "up" if value > before else "down"


def added(rows: Sequence[Day]) -> float:
    """The sum of days, without the dust of adding floats."""
    return round(math.fsum(row.value for row in rows), 6)
