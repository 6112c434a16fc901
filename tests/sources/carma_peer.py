"""A virtual CARMA portal for tests, and a clock that does not keep them waiting."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance.clock import FakeClock
from appliance.demo.carma import CarmaPortal
from appliance.demo.carma_meter import CarmaMeter
from appliance.sources._carma_fetch import Done, Fetcher, Plan, Told, portal_of
from appliance.sources.carma import Options
from appliance.store import DayBook

TORONTO = ZoneInfo("America/Toronto")
NOON = datetime(2026, 7, 13, 16, tzinfo=UTC)
"""A summer day; the portal knows the twelfth."""
A_YEAR = Plan()


class Hurried(FakeClock):
    """Whoever sleeps has slept at once."""

    async def sleep(self, seconds: float) -> None:
        self.tick(max(0.0, seconds))
        await asyncio.sleep(0)


def clock_at(moment: datetime = NOON) -> Hurried:
    return Hurried(int(moment.timestamp() * 1000))


@contextmanager
def portal_at(clock: FakeClock, **given: object) -> Iterator[CarmaPortal]:
    """A portal that runs; of two meters since 2025 where none are given."""
    given.setdefault("meters", two_meters())
    portal = CarmaPortal(clock, **given)  # type: ignore[arg-type]
    portal.start()
    try:
        yield portal
    finally:
        portal.stop()


def two_meters(first: date = date(2025, 3, 1)) -> tuple[CarmaMeter, ...]:
    """Electricity; and heat, which stands still in summer."""
    return (
        CarmaMeter("1203", "kWh", 11.0, first, 0.25, 500.0),
        CarmaMeter("T0003203", "kWh-thml", 9.0, first, 1.3, 100.0),
    )


def options(portal: CarmaPortal, **more: object) -> Options:
    return Options(**portal.source_config(**more))


async def fetched(
    portal: CarmaPortal,
    folder: Path,
    clock: FakeClock,
    plan: Plan = A_YEAR,
    told: Told = lambda months, month: None,
    **more: object,
) -> Done:
    """One fetch into the day book of `folder`."""
    said = options(portal, **more)
    visit = portal_of(said, folder / "sources", clock)
    try:
        fetcher = Fetcher(said, visit, book_of(folder), folder / "sources", clock, TORONTO)
        return await fetcher.run(plan, told)
    finally:
        visit.close()


def book_of(folder: Path) -> DayBook:
    return DayBook(folder / "daily.db")


def truth(portal: CarmaPortal, id_: str, first: date, last: date) -> dict[date, float]:
    """What a meter counted on each day."""
    days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    return {day: portal.value(id_, day) for day in days}


def known(folder: Path, id_: str) -> dict[date, float]:
    """What the day book knows of a meter."""
    return {row.day: row.value for row in book_of(folder).days(f"carma.{id_.lower()}")}
