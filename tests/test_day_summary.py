"""The summary of the day: what it says, when it is made, and that it is made once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from appliances import made
from hypothesis import given
from hypothesis import strategies as st

from appliance import calendar
from appliance.alerts.day import Day, data, lines
from appliance.app import Appliance
from appliance.calendar import QUARTER_MS
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.energy_now import Energies
from appliance.model import Event, Price, Quantity, Reading

Q = Quantity
ZONE = ZoneInfo("Europe/Stockholm")
FRIDAY = date(2027, 6, 18)
CONTRACT = {
    "name": "Spot",
    "since": "2026-01-01",
    "buying": [{"name": "Market", "market": 1}],
    "selling": [{"name": "Market", "market": 0.5}],
}


def at(day: date, hour: int, minute: int = 0) -> int:
    return calendar.instant(datetime.combine(day, time(hour, minute), ZONE))


@asynccontextmanager
async def house(folder: Path, clock: FakeClock, **config: Any) -> AsyncIterator[Appliance]:
    async with made(folder, clock, **config) as here:
        for name, type_, cadence in (("p1", "p1_serial", 10.0), ("roof", "json_http", 60.0)):
            here.cadences[name] = cadence
            here.health.add(name, "source", type_, cadence)
            here.health.ok(name)
        yield here


class Life:
    """Registers of a house that buys `kwh` a quarter, from a midnight on; the sun adds its own."""

    def __init__(self, first: date, solar: float = 0.0, sold: float = 0.0) -> None:
        self.start = calendar.day_start(first, ZONE)
        self.solar, self.sold = solar, sold
        self.kwh: dict[date, float] = {}

    def readings(self, start: int, end: int) -> Iterator[list[Reading]]:
        """One batch a quarter, read a second before its edge."""
        for edge in range(start - start % QUARTER_MS + QUARTER_MS, end + 1, QUARTER_MS):
            now = edge - 1000
            found = [Reading("p1", Q.ENERGY_IMPORT, 1000 + self._sum(edge), now)]
            if self.solar:
                quarters = (edge - self.start) // QUARTER_MS
                found.append(Reading("roof", Q.ENERGY_SOLAR, 50 + quarters * self.solar, now))
                found.append(Reading("p1", Q.ENERGY_EXPORT, 20 + quarters * self.sold, now))
            yield found

    def _sum(self, edge: int) -> float:
        total = 0.0
        for quarter in range(self.start, edge, QUARTER_MS):
            total += self.kwh.get(calendar.day_of(quarter, ZONE), 0.1)
        return total


async def lived(here: Appliance, clock: FakeClock, life: Life, until: int) -> None:
    """Time passes to an instant, with a reading each quarter; nobody looks meanwhile."""
    for batch in life.readings(clock.now(), until):
        clock.tick((batch[0].at - clock.now()) / 1000)
        await here.accept(batch)
    clock.tick((until - clock.now()) / 1000)
    await here.store.flush()


async def summaries(here: Appliance) -> list[Event]:
    """Oldest first."""
    stored = await here.store.events(names=("daily_summary",), limit=100)
    return [event for _, event in reversed(stored)]


# What it says


async def test_a_day_beside_yesterday_and_the_week(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY - timedelta(days=9), 0))
    life = Life(FRIDAY - timedelta(days=9), solar=0.1, sold=0.05)
    life.kwh = {FRIDAY: 0.15, FRIDAY - timedelta(days=1): 0.2}
    async with house(tmp_path, clock, contracts=[CONTRACT]) as here:
        await lived(here, clock, life, at(FRIDAY, 0))
        first = calendar.day_start(FRIDAY, ZONE)
        await here.accept(
            [Price("spot", "wholesale", t, t + HOUR_MS, 2.0) for t in range(first, first + DAY_MS, HOUR_MS)]
        )
        await here.accept([Reading("p1", Q.POWER_GRID, 4210, at(FRIDAY, 0) + MINUTE_MS)])
        await lived(here, clock, life, at(FRIDAY, 23, 59))
        await here.accept(
            [r for batch in life.readings(clock.now(), clock.now() + HOUR_MS) for r in batch][:0]
        )
        await here.day_summary.look()
        [event] = await summaries(here)
        # 95 quarters are over and read: 0.15 bought, 0.1 made, 0.05 sold in each.
        assert event.text.splitlines() == [
            "Used 19.0 kWh, 21 % less than yesterday",
            "20 % more than the mean of 7 days",
            "Cost 23.75 SEK",
            "Peak 4.2 kW at 00:01",
            "From the grid 14.2 kWh",
            "Solar 9.5 kWh",
            "To the grid 4.8 kWh",
            "Self-sufficient to 25 %",
        ]
        assert (event.source, event.at) == ("house", at(FRIDAY, 23, 59))
        assert event.data["day"] == "2027-06-18"
        assert event.data["kwh"] == pytest.approx(19.0)
        assert event.data["yesterday_kwh"] == pytest.approx(96 * 0.25)
        assert event.data["cost"] == pytest.approx(95 * (0.15 * 2 - 0.05 * 1))
        assert event.data["peak_w"] == 4210
        assert "balance" not in event.data
        assert "incomplete" not in event.data
        picture = await here.answers.chart(event)
        assert picture is not None
        assert picture.startswith(b"\x89PNG")


async def test_an_hour_before_midnight_is_said_and_not_compared(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY - timedelta(days=2), 0))
    life = Life(FRIDAY - timedelta(days=2))
    async with house(tmp_path, clock, messages={"summary_at": "21:00"}) as here:
        await lived(here, clock, life, at(FRIDAY, 21))
        await here.day_summary.look()
        event = (await summaries(here))[-1]
        assert event.text == "Used 8.4 kWh until 21:00"
        assert event.data["until"] == at(FRIDAY, 21)


async def test_a_prepaid_flat_in_rupees(tmp_path: Path) -> None:
    india = ZoneInfo("Asia/Kolkata")
    start = calendar.day_start(FRIDAY, india)
    clock = FakeClock(start + HOUR_MS)
    site = {"time_zone": "Asia/Kolkata", "currency": "INR"}
    async with house(tmp_path, clock, site=site) as here:
        for hour in range(2, 24):
            clock.tick((start + hour * HOUR_MS - clock.now()) / 1000)
            counted = {
                Q.ENERGY_IMPORT: 500 + hour * 0.5,
                Q.ENERGY_GENERATOR: 40 + hour * 0.05,
                Q.IMPORT_COST_TODAY: hour * 3.0,
                Q.GENERATOR_COST_TODAY: hour * 1.1,
                Q.BALANCE: 900 - hour * 4.1,
                Q.DAYS_LEFT: 8.25,
                Q.SUPPLY: 0,
            }
            await here.accept([Reading("p1", q, value, clock.now()) for q, value in counted.items()])
        await here.store.flush()
        clock.tick(59 * 60)
        await here.accept([Reading("p1", Q.DAYS_LEFT, 8.2, clock.now())])
        await here.day_summary.look()
        [event] = await summaries(here)
        assert event.text.splitlines() == [
            "Used 11.6 kWh",
            "Cost 94.30 INR",
            "From the grid 10.5 kWh: 69.00 INR",
            "From the generator 1.1 kWh: 25.30 INR",
            "Balance 805.70 INR, enough for 8.2 days at present use",
            "Counted since 02:00",
            "The meter was last read at 23:00",
        ]
        assert event.data["generator_cost"] == pytest.approx(25.3)
        assert event.data["incomplete"] is True


async def test_on_the_first_day_a_meter_that_counts_from_midnight_knows_more(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY, 20))
    async with house(tmp_path, clock) as here:
        for hour in (20, 21, 22, 23):
            clock.tick((at(FRIDAY, hour) - clock.now()) / 1000)
            counted = {
                Q.ENERGY_IMPORT: 500 + hour * 0.5,
                Q.IMPORT_TODAY: hour * 0.5,
                Q.IMPORT_COST_TODAY: hour * 2,
                Q.POWER_LOAD: 400,  # the most since we began, not of the day
            }
            await here.accept([Reading("p1", q, value, clock.now()) for q, value in counted.items()])
        await here.store.flush()
        clock.tick(59 * 60)
        await here.day_summary.look()
        [event] = await summaries(here)
        assert event.text.splitlines() == [
            "Used 11.5 kWh",
            "Cost 46.00 SEK",
            "The meter was last read at 23:00",
        ]


async def test_of_a_first_day_of_minutes_nothing_is_said(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY, 23, 50))
    async with house(tmp_path, clock) as here:
        await here.accept([Reading("p1", Q.ENERGY_IMPORT, 500, clock.now())])
        await here.store.flush()
        clock.tick(540)
        for _ in range(3):
            await here.day_summary.look()
            clock.tick(300)
        assert await summaries(here) == []


async def test_without_power_and_prices_it_says_what_is_known(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY, 0))
    async with house(tmp_path, clock) as here:
        await lived(here, clock, Life(FRIDAY), at(FRIDAY, 23, 59))
        await here.day_summary.look()
        [event] = await summaries(here)
        assert event.text == "Used 9.4 kWh"  # since the first reading, at 00:15
        assert set(event.data) == {"day", "currency", "kwh", "import", "export"}


# When it is made


async def test_it_is_made_at_its_minute_and_once(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY, 0))
    async with house(tmp_path, clock) as here:
        await lived(here, clock, Life(FRIDAY), at(FRIDAY, 23, 58) + 10_000)
        await here.day_summary.look()
        assert await summaries(here) == []
        # By itself: it sleeps no longer than up to the minute.
        for _ in range(200):
            await clock.forward(10)
            await asyncio.sleep(0.01)
            if await summaries(here):
                break
        [event] = await summaries(here)
        assert 0 <= event.at - at(FRIDAY, 23, 59) < 20_000
        for _ in range(3):
            clock.tick(60)
            await here.day_summary.look()
        assert len(await summaries(here)) == 1
    async with house(tmp_path, clock) as here:
        clock.tick(700)
        await here.day_summary.look()
        assert len(await summaries(here)) == 1


async def test_what_was_missed_is_made_up_for_once(tmp_path: Path) -> None:
    first = FRIDAY - timedelta(days=3)
    clock, life = FakeClock(at(first, 0)), Life(first)
    async with house(tmp_path, clock) as here:
        await lived(here, clock, life, at(first, 23, 59))
        await here.day_summary.look()
        assert len(await summaries(here)) == 1
    clock.tick((at(FRIDAY, 10) - clock.now()) / 1000)
    async with house(tmp_path, clock) as here:
        await here.day_summary.look()
        assert len(await summaries(here)) == 1  # the meter was not read yet
        await lived(here, clock, life, at(FRIDAY, 10, 15))
        await here.day_summary.look()
        found = await summaries(here)
        days = [first + timedelta(days=n) for n in range(3)]
        assert [event.data["day"] for event in found] == [day.isoformat() for day in days]
        assert [event.at for event in found] == [at(day, 23, 59) for day in days]
        for event in found[1:]:
            assert event.data["kwh"] == pytest.approx(9.6, abs=0.05)
            assert event.data["incomplete"] is True
            assert "Nothing was read this day: what was used is estimated" in event.text
        await here.day_summary.look()
        assert len(await summaries(here)) == 3
    async with house(tmp_path, clock) as here:
        clock.tick(700)
        await here.day_summary.look()
        assert len(await summaries(here)) == 3


async def test_of_a_long_absence_nothing_is_told_but_what_is_known(tmp_path: Path) -> None:
    first = FRIDAY - timedelta(days=20)
    clock, life = FakeClock(at(first, 0)), Life(first)
    async with house(tmp_path, clock) as here:
        await lived(here, clock, life, at(first, 23, 59))
        await here.day_summary.look()
    clock.tick((at(FRIDAY, 10) - clock.now()) / 1000)
    async with house(tmp_path, clock) as here:
        await lived(here, clock, life, at(FRIDAY, 10, 15))
        await here.day_summary.look()
        await lived(here, clock, life, at(FRIDAY, 23, 59))
        await here.day_summary.look()
        found = [event.data["day"] for event in await summaries(here)][1:]
        assert found == [FRIDAY.isoformat()]


async def test_history_from_before_there_were_summaries_is_left_alone(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY - timedelta(days=3), 0))
    async with house(tmp_path, clock) as here:
        await lived(here, clock, Life(FRIDAY - timedelta(days=3)), at(FRIDAY, 12))
        await here.day_summary.look()
        assert await summaries(here) == []


async def test_a_first_start_by_a_clock_far_ahead_puts_no_summary_off(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY + timedelta(days=400), 12))
    async with house(tmp_path, clock) as here:
        await here.day_summary.look()
        clock.tick((at(FRIDAY, 0) - clock.now()) / 1000)
        await lived(here, clock, Life(FRIDAY), at(FRIDAY, 23, 59))
        await here.day_summary.look()
        assert [event.data["day"] for event in await summaries(here)] == [FRIDAY.isoformat()]


async def test_a_house_without_a_register_has_no_summary(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY, 0))
    async with house(tmp_path, clock) as here:
        await here.accept([Reading("p1", Q.POWER_GRID, 400, clock.now())])
        clock.tick((at(FRIDAY + timedelta(days=1), 12) - clock.now()) / 1000)
        await here.day_summary.look()
        assert await summaries(here) == []


async def test_a_portal_of_days_is_waited_for(tmp_path: Path) -> None:
    clock = FakeClock(at(FRIDAY, 0))
    async with house(tmp_path, clock) as here:
        here.cadences["carma"] = 86_400.0
        here.health.add("carma", "source", "carma", 86_400.0)
        await here.day_summary.look()
        await here.accept([Reading("carma", Q.ENERGY_IMPORT, 100, at(FRIDAY, 0) - 1)])
        clock.tick((at(FRIDAY, 23, 59) - clock.now()) / 1000)
        await here.day_summary.look()
        assert await summaries(here) == []
        clock.tick(6 * 3600)
        await here.accept([Reading("carma", Q.ENERGY_IMPORT, 107, at(FRIDAY + timedelta(days=1), 0) - 1)])
        await here.store.flush()
        await here.day_summary.look()
        [event] = await summaries(here)
        assert event.data["day"] == "2027-06-18"
        assert event.text.splitlines()[0] == "Used 7.0 kWh"


@pytest.mark.parametrize(
    ("day", "quarters", "hour"),
    [
        (date(2027, 3, 28), 92, "23:59"),
        (date(2027, 10, 31), 100, "23:59"),
        (date(2027, 3, 28), 10, "02:30"),  # a time that this day does not have: as long after midnight
        (date(2027, 10, 31), 10, "02:30"),  # twice on this day: the first one
    ],
)
async def test_days_on_which_the_clocks_change(tmp_path: Path, day: date, quarters: int, hour: str) -> None:
    clock, life = FakeClock(calendar.day_start(day, ZONE)), Life(day)
    async with house(tmp_path, clock, messages={"summary_at": hour}) as here:
        end = calendar.day_span(day, ZONE)[1]
        for batch in life.readings(clock.now(), end):
            clock.tick((batch[0].at - clock.now()) / 1000)
            await here.accept(batch)
            clock.tick(0.5)
            await here.day_summary.look()
            await here.store.flush()
        [event] = await summaries(here)
        assert event.data["kwh"] == pytest.approx(quarters * 0.1, abs=0.15)


# Lines and numbers, purely


def test_what_is_unknown_is_said_and_is_no_number() -> None:
    nothing = Day(FRIDAY, "SEK")
    assert lines(nothing, ZONE) == ["What was used is not known"]
    assert data(nothing) == {"day": "2027-06-18", "currency": "SEK", "incomplete": True}


def test_money_for_a_part_of_the_energy_says_so() -> None:
    energies = Energies(imported=10, exported=0.0, has_solar=False, has_battery=False)
    day = Day(FRIDAY, "SEK", energies, cost=12.5, priced=0.8)
    assert lines(day, ZONE) == ["Used 10.0 kWh", "Cost 12.50 SEK for the 80 % whose price is known"]
    assert lines(Day(FRIDAY, "SEK", energies, cost=-3.0, priced=1.0), ZONE)[1] == "Earned 3.00 SEK"
    assert lines(Day(FRIDAY, "SEK", energies, cost=-0.004, priced=1.0), ZONE)[1] == "Cost 0.00 SEK"


def test_a_part_of_a_day_is_not_compared_with_whole_ones() -> None:
    nine = at(FRIDAY, 9)
    day = Day(FRIDAY, "SEK", Energies(imported=9), yesterday=24, week=24, week_days=7, read_until=nine)
    assert lines(day, ZONE) == ["Bought 9.0 kWh", "The meter was last read at 09:00"]
    # What went through by the end is known once the meter was read again.
    assert lines(replace(day, closed=True), ZONE)[0] == "Bought 9.0 kWh, 62 % less than yesterday"


def test_where_somebody_feeds_in_whom_nobody_measures_only_the_grid_is_known() -> None:
    energies = Energies(imported=11.5, exported=6.0, has_solar=False, has_battery=False)
    assert lines(Day(FRIDAY, "SEK", energies), ZONE) == ["Bought 11.5 kWh", "To the grid 6.0 kWh"]
    assert energies.self_sufficiency is None


def test_what_is_bought_stands_in_where_the_use_is_not_known() -> None:
    day = Day(FRIDAY, "SEK", Energies(imported=4, solar=None), yesterday=1.5)
    assert lines(day, ZONE)[0] == "Bought 4.0 kWh, 2.7 times as much as yesterday"
    assert "kwh" not in data(day)


numbers = st.none() | st.floats(0, 500)


@given(
    st.builds(
        Energies,
        *[numbers] * 7,
        has_solar=st.booleans(),
        has_battery=st.booleans(),
        has_generator=st.booleans(),
    ),
    numbers,
    numbers,
    st.none() | st.floats(-500, 5000),
)
def test_any_day_has_a_line_of_its_own_for_each_fact_and_no_none(
    energies: Energies, yesterday: float | None, week: float | None, cost: float | None
) -> None:
    day = Day(FRIDAY, "SEK", energies, cost=cost, yesterday=yesterday, week=week, week_days=7)
    found = lines(day, ZONE)
    assert found
    assert all(line and "None" not in line and "\n" not in line and "nan" not in line for line in found)
    assert all(value is not None for value in data(day).values())
