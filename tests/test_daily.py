"""Days of a portal's day book and of registers: known, absent, so far; never 0 for unknown."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import calendar
from appliance.clock import HOUR_MS, FakeClock
from appliance.daily import (
    Daily,
    DailySource,
    Day,
    NoSuchSource,
    Stand,
    Summary,
    extremes,
    months,
    summary,
    trend,
)
from appliance.model import Quantity, Reading
from appliance.store import DayBook, DayRegister, DayValue, Store

ZONE = ZoneInfo("America/Toronto")
FIRST = date(2026, 3, 1)
"""Seven days before the clocks go forward."""
NOON = calendar.day_start(date(2026, 3, 20), ZONE) + 12 * HOUR_MS
KWH, GAS = Quantity.ENERGY_IMPORT, Quantity.GAS


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "store", FakeClock(NOON), ZONE) as store:
        yield store


@pytest.fixture
def book(tmp_path: Path) -> DayBook:
    return DayBook(tmp_path / "daily.db")


@pytest.fixture
def daily(store: Store, book: DayBook) -> Daily:
    return Daily(store, book, FakeClock(NOON), ZONE, lambda quantity: ["main"])


def put(book: DayBook, source: str, unit: str, *values: float, first: date = FIRST) -> None:
    """So many days; 0 stands for a day that is not known."""
    book.put(
        DayValue(source, first + timedelta(days=n), value, unit, n % 7 == 0, NOON, "100 Rue de l'Étoile")
        for n, value in enumerate(values)
    )


async def read(store: Store, source: str, quantity: Quantity, said: dict[float, float]) -> None:
    """Register values by days since FIRST, fractions being hours of that day."""
    readings = []
    for days, value in said.items():
        at = calendar.day_start(FIRST + timedelta(days=int(days)), ZONE) + round(days % 1 * 24) * HOUR_MS
        readings.append(Reading(source, quantity, value, at))
    store.append(readings)
    await store.flush()


async def values(daily: Daily, name: str, first: int = 0, last: int = 30) -> dict[int, float]:
    source = await daily.source(name)
    rows = await daily.rows(source, FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    return {(row.day - FIRST).days: row.value for row in rows}


async def test_days_of_the_book_are_as_the_portal_told_them(daily: Daily, book: DayBook) -> None:
    put(book, "carma.1203", "kWh", 11.5, 0, 9.25)
    source = await daily.source()
    assert source == DailySource("carma.1203", "carma.1203", "kWh", None, "100 Rue de l'Étoile", "kWh")
    assert await daily.rows(source) == [Day(FIRST, 11.5, flagged=True), Day(date(2026, 3, 3), 9.25)]
    assert await daily.rows(source, date(2026, 3, 2), date(2026, 3, 2)) == []
    assert await daily.register(source) is None
    book.put_registers([DayRegister("carma.1203", date(2026, 3, 3), 12345.67, "kWh", NOON)])
    assert await daily.register(source) == Stand(date(2026, 3, 3), 12345.67)


async def test_a_register_in_another_unit_is_nobodys(daily: Daily, book: DayBook) -> None:
    """The portal may write kWh below the chart of a water meter."""
    put(book, "carma.T1", "m^3-wtr", 0.2)
    book.put_registers([DayRegister("carma.T1", FIRST, 48432.19, "kWh", NOON)])
    assert await daily.register(await daily.source()) is None
    book.put_registers([DayRegister("carma.T1", FIRST, 132.2, "m^3-wtr", NOON)])
    assert await daily.register(await daily.source()) == Stand(FIRST, 132.2)


async def test_registers_are_taken_from_midnight_to_midnight(daily: Daily, store: Store) -> None:
    await read(store, "main", KWH, {n / 4: 100 + n for n in range(4 * 10)})
    await read(store, "main", KWH, {19.0: 180, 19.25: 181.5})
    # Midnight belongs to the day it ends. The 10th was cut off at 18:00, the 19th holds nine days.
    assert await values(daily, "main") == {**dict.fromkeys(range(9), 4.0), 19: 1.5}
    assert await daily.register(await daily.source("main")) == Stand(date(2026, 3, 20), 181.5)


async def test_a_day_that_holds_what_unread_days_used_is_not_known(daily: Daily, store: Store) -> None:
    await read(store, "main", KWH, {0.5: 10, 1.5: 20, 2.5: 30, 6.5: 75, 7.5: 85, 8.75: 96})
    # 1 March began before the first reading; of 3 March the end is unknown, on the 7th all came at once.
    assert await values(daily, "main") == {1: 10, 7: 10}
    for first in range(9):  # whatever part is asked for, each day is the same
        assert await values(daily, "main", first, first) == {
            day: value for day, value in {1: 10, 7: 10}.items() if day == first
        }


async def test_today_is_so_far(daily: Daily, store: Store) -> None:
    await read(store, "main", KWH, {17.5: 10, 18.5: 20, 19.25: 23})
    source = await daily.source("main.energy_import")
    found = await daily.rows(source)
    assert [(row.value, row.so_far) for row in found] == [(10, False), (3, True)]
    assert summary(found).total == 10
    assert [month.total for month in months(found)] == [10]


async def test_what_is_meant_when_nothing_is_named(daily: Daily, store: Store, book: DayBook) -> None:
    with pytest.raises(NoSuchSource, match="nothing is known of any day yet"):
        await daily.source()
    await read(store, "attic", KWH, {0: 1, 1: 2})
    await read(store, "main", KWH, {0: 1, 1: 2})
    await read(store, "main", GAS, {0: 1, 1: 2})
    await read(store, "main", Quantity.POWER_FAILURES, {0: 1, 1: 2})
    assert (await daily.source()).name == "main.energy_import"
    put(book, "carma.T1", "m^3-wtr", 0.2)
    put(book, "carma.T3", "kWh-thml", 9.0)
    assert (await daily.source()).name == "carma.T1"
    put(book, "carma.T2", "kWh", 9.0)
    known = await daily.sources()
    assert [(s.name, s.unit, s.electric) for s in known] == [
        ("carma.T2", "kWh", True),
        ("carma.T1", "m³", False),
        ("carma.T3", "kWh", False),
        ("main.energy_import", "kWh", True),
        ("attic.energy_import", "kWh", True),
        ("main.gas", "m³", False),
    ]
    assert (await daily.source("CARMA.t1")).name == "carma.T1"
    with pytest.raises(NoSuchSource, match=r"no daily source nope; there are carma.T2, .*main.gas"):
        await daily.source("nope")


async def test_a_register_that_the_portal_told_is_not_there_twice(
    daily: Daily, store: Store, book: DayBook
) -> None:
    put(book, "carma.1203", "kWh", 1.0)
    await read(store, "carma.1203", KWH, {0: 1, 1: 2})
    assert [source.name for source in await daily.sources()] == ["carma.1203"]


def days_of(*known: float | None) -> list[Day]:
    return [Day(FIRST + timedelta(days=n), value) for n, value in enumerate(known) if value is not None]


def test_a_summary_is_over_days_that_are_known() -> None:
    assert summary([]) == Summary(0)
    assert summary([Day(FIRST, 3.0, so_far=True)]) == Summary(0)
    found = summary(days_of(10, None, 20, 30, 33))
    assert found == Summary(4, FIRST, date(2026, 3, 5), 93, 23.25, 33, 30, "steady")
    assert summary(days_of(10, None, 20)).before is None


def test_extremes_and_months() -> None:
    assert extremes([]) is None
    found = extremes(days_of(5, 0.0, 9, None, 9))
    assert found is not None
    assert (found.highest, found.lowest) == (Day(date(2026, 3, 3), 9), Day(date(2026, 3, 2), 0.0))
    each = months(days_of(*[1.0] * 31, None, 4.0))
    assert [(m.month, m.days, m.total, m.average) for m in each] == [
        (FIRST, 31, 31, 1),
        (date(2026, 4, 1), 1, 4, 4),
    ]


@pytest.mark.parametrize(
    ("value", "before", "said"),
    [(11, 10, "steady"), (11.01, 10, "up"), (9, 10, "steady"), (8.9, 10, "down"), (0, 0, "steady"),
     (1, 0, "up"), (None, 1, None), (1, None, None)],
)  # fmt: skip
def test_trend(value: float | None, before: float | None, said: str | None) -> None:
    assert trend(value, before) == said


@given(st.lists(st.floats(0, 1e4) | st.none(), max_size=90))
def test_months_add_up_to_the_summary(known: list[float | None]) -> None:
    rows = days_of(*known)
    whole, each, ends = summary(rows), months(rows), extremes(rows)
    assert whole.days == sum(month.days for month in each) == len(rows)
    if ends is not None:
        assert whole.total == pytest.approx(sum(month.total for month in each))
        assert whole.average is not None
        assert ends.lowest.value - 1e-6 <= whole.average <= ends.highest.value + 1e-6
