"""What people ask by message, and what they are told."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from appliances import made

from appliance import calendar
from appliance.answers import QUESTIONS
from appliance.app import Appliance
from appliance.calendar import QUARTER_MS
from appliance.clock import DAY_MS, HOUR_MS, FakeClock
from appliance.errors import SourceError, StoreError
from appliance.model import Event, Fact, Price, Quantity, Reading
from appliance.plots import PlotError
from appliance.prepaid import Account, Movement

Q = Quantity
ZONE = ZoneInfo("Europe/Stockholm")
DAY = date(2027, 6, 18)


def at(day: date, hour: int, minute: int = 0) -> int:
    return calendar.instant(datetime.combine(day, time(hour, minute), ZONE))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(at(date(2027, 4, 30), 12))


@pytest.fixture
async def here(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Appliance]:
    """An appliance with a grid meter, a battery and a prepaid meter that have said nothing yet."""
    async with made(tmp_path, clock, site={"time_zone": "Europe/Stockholm", "currency": "SEK"}) as here:
        for name, type_ in (("p1", "p1_serial"), ("battery", "powerwall"), ("elnet", "elnet")):
            here.cadences[name] = 60.0
            here.health.add(name, "source", type_, 60.0)
        yield here


async def go(here: Appliance, clock: FakeClock, moment: int, *facts: Fact) -> None:
    """To an instant, at which these facts come in."""
    clock.tick((moment - clock.now()) / 1000)
    await here.accept(facts)
    await here.store.flush()


async def counted(here: Appliance, clock: FakeClock, until: int, kwh: float = 0.1) -> None:
    """A register that rises by so much a quarter."""
    batch: list[Fact] = []
    start = clock.now()
    for n, now in enumerate(range(start, until + 1, QUARTER_MS)):
        batch.append(Reading("p1", Q.ENERGY_IMPORT, 1000 + n * kwh, now))
    clock.tick((until - start) / 1000)
    await here.accept(batch)
    await here.store.flush()


async def test_every_question_has_an_answer_or_says_why_not(here: Appliance) -> None:
    assert QUESTIONS == ("now", "today", "month", "balance", "price")
    said = {}
    for word in QUESTIONS:
        with pytest.raises(SourceError) as refused:
            await here.answers.ask(word)
        said[word] = str(refused.value)
    assert said == {
        "now": "Nothing is known just now: see the Health page",
        "today": "No meter that counts energy has been read here yet",
        "month": "No meter that counts energy has been read here yet",
        "balance": "No prepaid meter is set up here",
        "price": "No price is known: set up a contract or a source of prices",
    }
    with pytest.raises(SourceError, match="ask one of now, today"):
        await here.answers.ask("weather")


async def test_now(here: Appliance, clock: FakeClock) -> None:
    now = at(DAY, 14, 5)
    clock.tick((now - clock.now()) / 1000)
    powers = {Q.POWER_GRID: 840, Q.POWER_SOLAR: 1500, Q.ENERGY_IMPORT: 12345.67}
    await here.accept([Reading("p1", q, value, now) for q, value in powers.items()])
    storage = {Q.POWER_BATTERY: -1340, Q.STATE_OF_CHARGE: 56.4, Q.GRID_STATE: 1}
    await here.accept([Reading("battery", q, value, now) for q, value in storage.items()])
    assert (await here.answers.ask("now")).splitlines() == [
        "Home 1.0 kW",
        "From the grid 840 W",
        "Solar 1.5 kW",
        "Battery 56 %, charging with 1.3 kW",
        "The meter stood at 12345.7 kWh at 14:05",
    ]
    clock.tick(60)
    changed = {Q.POWER_BATTERY: 20, Q.GRID_STATE: 0, Q.STATE_OF_CHARGE: 56.4}
    await here.accept([Reading("battery", q, value, clock.now()) for q, value in changed.items()])
    found = (await here.answers.ask("now")).splitlines()
    assert found[0] == "The grid is down"
    assert "Battery 56 %, at rest" in found
    assert not any(line.startswith("From the grid") for line in found)


async def test_what_is_stale_is_not_told_as_the_present(here: Appliance, clock: FakeClock) -> None:
    now = clock.now()
    await here.accept([Reading("p1", Q.POWER_GRID, -840, now), Reading("p1", Q.ENERGY_IMPORT, 10, now)])
    assert "To the grid 840 W" in await here.answers.ask("now")
    clock.tick(86_400 + 600)
    assert (await here.answers.ask("now")).splitlines() == [
        "Home: power not known just now",
        "Grid: power not known just now",
        "The meter stood at 10.0 kWh at 2027-04-30 12:00",
    ]


async def test_today_and_the_month(here: Appliance, clock: FakeClock) -> None:
    await counted(here, clock, at(DAY, 12))
    assert await here.answers.ask("today") == "Used 4.8 kWh until 12:00"
    found = (await here.answers.ask("month")).splitlines()
    # Seventeen days and a half of June, and all of May.
    assert found == ["This month used 168.0 kWh", "Last month used 297.6 kWh"]
    start = calendar.day_start(DAY, ZONE)
    await here.accept(
        [Price("spot", "wholesale", t, t + HOUR_MS, 1.5) for t in range(start, start + DAY_MS, HOUR_MS)]
    )
    assert (await here.answers.ask("today")).splitlines() == ["Used 4.8 kWh until 12:00", "Cost 7.20 SEK"]
    assert "Cost 7.20 SEK for the 3 % whose price is known" in await here.answers.ask("month")


async def test_a_month_in_which_counting_began(here: Appliance, clock: FakeClock) -> None:
    clock.tick((at(date(2027, 6, 10), 0) - clock.now()) / 1000)
    await counted(here, clock, at(DAY, 12))
    found = (await here.answers.ask("month")).splitlines()
    assert found == ["This month used 81.6 kWh", "Counted since 2027-06-10 00:00"]
    # A prepaid meter counts from the first of the month on.
    said = {
        Q.IMPORT_MONTH: 160.5,
        Q.GENERATOR_MONTH: 2.5,
        Q.IMPORT_COST_MONTH: 1300,
        Q.GENERATOR_COST_MONTH: 55,
    }
    said |= {Q.ENERGY_GENERATOR: 40}
    await go(here, clock, at(DAY, 12, 1), *(Reading("elnet", q, v, at(DAY, 12, 1)) for q, v in said.items()))
    assert (await here.answers.ask("month")).splitlines() == [
        "This month used 163.0 kWh",
        "Cost 1355.00 SEK",
        "From the grid 160.5 kWh: 1300.00 SEK",
        "From the generator 2.5 kWh: 55.00 SEK",
    ]


async def test_the_balance_of_a_prepaid_meter(here: Appliance, clock: FakeClock) -> None:
    now = at(DAY, 14, 5)
    facts = [Reading("elnet", Q.BALANCE, 412.5, now), Reading("elnet", Q.SUPPLY, 1, now)]
    await go(here, clock, now, *facts)
    assert (await here.answers.ask("balance")).splitlines() == ["Balance 412.50 SEK", "On the generator"]

    class Prepaid:
        prepaid = Account(
            supply="generator",
            since=at(DAY, 13, 20),
            balance=412.5,
            balance_at=now,
            days_left=2.56,
            movements=(Movement(at(DAY, 9), -50, True), Movement(at(date(2027, 6, 10), 9, 30), 1000, True)),
        )

    here.sources["elnet"] = Prepaid()  # type: ignore[assignment]
    assert (await here.answers.ask("balance")).splitlines() == [
        "Balance 412.50 SEK, enough for 2.6 days at present use",
        "On the generator since 13:20",
        "Last recharge 1000.00 SEK, 2027-06-10 09:30",
    ]
    clock.tick(3600)
    assert "Nothing newer has been told since 14:05" in await here.answers.ask("balance")
    assert "On the generator since 13:20" in await here.answers.ask("now")


async def test_the_price_now_and_of_two_days(here: Appliance, clock: FakeClock) -> None:
    await go(here, clock, at(DAY, 14, 5))
    start = calendar.day_start(DAY, ZONE)
    hours = [start + n * HOUR_MS for n in range(48)]
    rates = [1.0 + (n == 18) * 2 - (n in (2, 3, 4)) * 0.5 + (n >= 24) * 0.25 for n in range(48)]
    rates[26:29] = [0.1, 0.1, 0.1]
    today = [Price("spot", "wholesale", t, t + HOUR_MS, rate) for t, rate in zip(hours, rates, strict=True)]
    await here.accept(today[:24])
    assert (await here.answers.ask("price")).splitlines() == [
        "Now 1.00 SEK/kWh",
        "Today from 0.50 SEK/kWh at 02:00 to 3.00 SEK/kWh at 18:00",
        "Cheapest ahead from 14:15 to 17:15: 1.00 SEK/kWh",
    ]
    await here.accept(today)
    assert (await here.answers.ask("price")).splitlines() == [
        "Now 1.00 SEK/kWh",
        "Today from 0.50 SEK/kWh at 02:00 to 3.00 SEK/kWh at 18:00",
        "Tomorrow from 0.10 SEK/kWh at 02:00 to 1.25 SEK/kWh at 00:00",
        "Cheapest ahead from 02:00 tomorrow to 05:00: 0.10 SEK/kWh",
    ]


async def test_a_price_that_never_changes(tmp_path: Path, clock: FakeClock) -> None:
    contract = {"name": "Fixed", "since": "2026-01-01", "buying": [{"name": "All", "per_kwh": 1.49}]}
    async with made(tmp_path, clock, contracts=[contract]) as here:
        assert (await here.answers.ask("price")).splitlines() == [
            "Now 1.49 SEK/kWh",
            "Today 1.49 SEK/kWh at all times",
            "Tomorrow 1.49 SEK/kWh at all times",
        ]


async def test_a_store_that_cannot_be_read_is_said(
    here: Appliance, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted(here, clock, clock.now() + DAY_MS)

    async def broken(*_: object) -> None:
        raise StoreError("The card does not answer")

    monkeypatch.setattr(here.ledger, "bills", broken)
    with pytest.raises(SourceError, match="cannot be read just now: The card does not answer"):
        await here.answers.ask("today")


# Pictures


async def test_a_picture_only_where_there_is_something_to_draw(
    here: Appliance, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = Event("house", "daily_summary", clock.now(), "", {"day": "2027-04-30"})
    assert await here.answers.chart(Event("p1", "battery_low", clock.now(), "")) is None
    assert await here.answers.chart(Event("house", "daily_summary", clock.now(), "")) is None
    assert await here.answers.chart(summary) is None
    await go(here, clock, clock.now() + 60_000, Reading("p1", Q.POWER_GRID, 500, clock.now() + 60_000))

    async def cannot(_: object) -> bytes:
        raise PlotError("Pictures need matplotlib")

    with monkeypatch.context() as patched:
        patched.setattr("appliance.plots.png", cannot)
        assert await here.answers.chart(summary) is None
    picture = await here.answers.chart(summary)
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
