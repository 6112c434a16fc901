"""Who notices what is worth a message, in a whole appliance that is fed by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from appliances import NOON, made

from appliance import calendar
from appliance.app import Appliance
from appliance.clock import DAY_MS, HOUR_MS, FakeClock
from appliance.errors import StoreError
from appliance.model import Event, Fact, Price, Quantity, Reading
from appliance.news import OF_EVENT
from appliance.prepaid import Account
from appliance.supervise import State

Q = Quantity
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@asynccontextmanager
async def house(folder: Path, clock: FakeClock, **config: Any) -> AsyncIterator[Appliance]:
    """An appliance with two sources that are fed by the test: a P1 port and a battery."""
    async with made(folder, clock, **config) as here:
        add(here, "p1", "p1_serial", 10.0)
        add(here, "battery", "powerwall", 30.0)
        await settle()
        yield here


def add(here: Appliance, name: str, type_: str, cadence_s: float) -> None:
    here.cadences[name] = cadence_s
    here.health.add(name, "source", type_, cadence_s)
    here.health.ok(name)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def minutes(
    here: Appliance, clock: FakeClock, count: int, feed: Callable[[], list[Fact]] = list, step_s: float = 60
) -> None:
    """Let time pass: each minute the facts of the test come in, then the watch looks."""
    for _ in range(count):
        clock.tick(step_s)
        await here.accept(feed())
        await settle()
        await here.alert_watch.look()


async def told(here: Appliance, *names: str) -> list[Event]:
    """The messages so far, oldest first; without what goes to the Health page alone."""
    await settle()
    stored = await here.store.events(names=names or tuple(OF_EVENT), limit=500)
    return [event for _, event in reversed(stored)]


async def names(here: Appliance, *only: str) -> list[tuple[str, str]]:
    return [(event.source, event.name) for event in await told(here, *only)]


def alive(here: Appliance, clock: FakeClock, **values: float) -> Callable[[], list[Fact]]:
    """Both sources speak: the grid's power and the battery's charge, or what is said instead."""
    said = {"power_grid": 500.0, "state_of_charge": 60.0} | values

    def facts() -> list[Fact]:
        now = clock.now()
        return [
            Reading("battery" if Q(name) is Q.STATE_OF_CHARGE else "p1", Q(name), value, now)
            for name, value in said.items()
        ]

    return facts


# Levels


async def test_a_low_battery_is_told_once_also_across_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 3, alive(here, clock, state_of_charge=18))
        assert await names(here) == [("battery", "battery_low")]
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 3, alive(here, clock, state_of_charge=17))
        assert await names(here) == [("battery", "battery_low")]
        await minutes(here, clock, 2, alive(here, clock, state_of_charge=40))
        assert await names(here) == [("battery", "battery_low"), ("battery", "battery_recovered")]
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 2, alive(here, clock, state_of_charge=12))
        assert len(await names(here)) == 3


async def test_the_units_of_a_battery_are_not_told_one_by_one(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:

        def units() -> list[Fact]:
            charges = {"battery": 15.0, "battery.unit1": 10.0, "battery.unit2": 19.0}
            return [Reading(name, Q.STATE_OF_CHARGE, value, clock.now()) for name, value in charges.items()]

        await minutes(here, clock, 3, units)
        assert await names(here) == [("battery", "battery_low")]


async def test_a_charge_that_is_long_known_is_no_present_one(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        await here.accept([Reading("battery", Q.STATE_OF_CHARGE, 10, clock.now())])
        clock.tick(600)
        await here.alert_watch.look()
        assert await names(here) == []


async def test_high_power_is_a_mean_of_minutes_and_has_an_end(tmp_path: Path, clock: FakeClock) -> None:
    settings = {"high_power_kw": 5, "high_power_minutes": 5}
    async with house(tmp_path, clock, messages=settings) as here:
        await minutes(here, clock, 10, alive(here, clock))
        await minutes(here, clock, 1, alive(here, clock, power_grid=9000))  # a kettle is no high use
        await minutes(here, clock, 5, alive(here, clock))
        assert await names(here) == []
        await minutes(here, clock, 20, alive(here, clock, power_grid=6500))
        [event] = await told(here)
        assert event.name == "high_power"
        assert 5000 < event.data["watts"] <= 6500
    async with house(tmp_path, clock, messages=settings) as here:
        await minutes(here, clock, 3, alive(here, clock, power_grid=6500))
        assert len(await names(here)) == 1
        await minutes(here, clock, 10, alive(here, clock))
        assert await names(here) == [("house", "high_power"), ("house", "high_power_over")]


async def test_the_houses_own_power_counts_before_the_grids(tmp_path: Path, clock: FakeClock) -> None:
    settings = {"high_power_kw": 5, "high_power_minutes": 5}
    async with house(tmp_path, clock, messages=settings) as here:
        await minutes(here, clock, 10, alive(here, clock, power_grid=8000, power_load=1000))
        assert await names(here) == []


async def test_a_day_of_high_use_is_told_once(tmp_path: Path, clock: FakeClock) -> None:
    register = 1000.0

    def counted() -> list[Fact]:
        nonlocal register
        register += 2.0
        now = clock.now()
        return [Reading("p1", Q.ENERGY_IMPORT, register, now), Reading("p1", Q.POWER_GRID, 500, now)]

    async with house(tmp_path, clock, messages={"high_day_kwh": 10}) as here:
        await minutes(here, clock, 1, counted, step_s=600)
        await here.store.flush()
        await minutes(here, clock, 7, counted, step_s=600)
        [event] = await told(here, "high_day")
        assert event.data["kwh"] > 10
        await minutes(here, clock, 6, counted, step_s=600)
    async with house(tmp_path, clock, messages={"high_day_kwh": 10}) as here:
        await minutes(here, clock, 6, counted, step_s=600)
        assert await names(here, "high_day") == [("house", "high_day")]


# Prepaid


class Prepaid:
    """A source that knows its account."""

    def __init__(self, zone: str = "Asia/Kolkata", days_left: float | None = None) -> None:
        self.prepaid = Account(days_left=days_left, zone=zone)


async def test_a_low_balance_by_the_meters_own_day(tmp_path: Path, clock: FakeClock) -> None:
    def balance(amount: float) -> Callable[[], list[Fact]]:
        return lambda: [Reading("elnet", Q.BALANCE, amount, clock.now())]

    async with house(tmp_path, clock, site={"time_zone": "Europe/Stockholm", "currency": "INR"}) as here:
        add(here, "elnet", "elnet", 100.0)
        here.sources["elnet"] = Prepaid(days_left=1.5)  # type: ignore[assignment]
        await minutes(here, clock, 2, balance(480))  # 22:23 in India
        [event] = await told(here, "low_balance")
        assert event.text == "The balance is low: 480.00 INR, enough for 1.5 days at present use"
        here.sources["elnet"].prepaid = Account(days_left=9.0)  # type: ignore[attr-defined]
        await minutes(here, clock, 2, balance(1500))
        await minutes(here, clock, 2, balance(499))
        assert len(await names(here, "low_balance")) == 2
    async with house(tmp_path, clock, site={"time_zone": "Europe/Stockholm", "currency": "INR"}) as here:
        add(here, "elnet", "elnet", 100.0)
        here.sources["elnet"] = Prepaid()  # type: ignore[assignment]
        await minutes(here, clock, 2, balance(450))
        assert len(await names(here, "low_balance")) == 2
        await minutes(here, clock, 12, balance(440), step_s=3600)  # 10:30 the next morning in India
        assert len(await names(here, "low_balance")) == 3


async def test_a_balance_that_nobody_renews_is_not_told(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        add(here, "elnet", "elnet", 100.0)
        await here.accept([Reading("elnet", Q.BALANCE, 100, clock.now() - HOUR_MS)])
        await minutes(here, clock, 1)
        assert await names(here, "low_balance") == []


# Prices


def tomorrows(clock: FakeClock, *dear: int, kind: Any = "actual") -> list[Fact]:
    day = calendar.day_of(clock.now(), STOCKHOLM) + timedelta(days=1)
    start, end = calendar.day_span(day, STOCKHOLM)
    hours = range(start, end, HOUR_MS)
    return [
        Price("spot", "wholesale", at, at + HOUR_MS, 3.0 if n in dear else 0.5, kind)
        for n, at in enumerate(hours)
    ]


async def test_dear_hours_of_tomorrow_are_told_once(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock, messages={"silent_minutes": 10000}) as here:
        await minutes(here, clock, 2, lambda: tomorrows(clock, 17, 18)[:12])
        assert await names(here) == []  # half a day is not judged
        await minutes(here, clock, 2, lambda: tomorrows(clock, 17, 18, kind="forecast"))
        assert await names(here) == []
        await minutes(here, clock, 3, lambda: tomorrows(clock, 17, 18))
        [event] = await told(here)
        assert event.name == "price_peaks"
        assert event.text.splitlines()[0] == "Tomorrow is dear from 17:00 to 19:00: up to 3.00 SEK/kWh"
        assert await here.answers.chart(event)
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 2, lambda: tomorrows(clock, 17, 18))
        assert len(await names(here)) == 1


async def test_a_day_without_peaks_and_dear_hours_by_contract_are_no_news(
    tmp_path: Path, clock: FakeClock
) -> None:
    contract = {
        "name": "Day and night",
        "since": "2026-01-01",
        "buying": [
            {"name": "Energy", "per_kwh": 0.2},
            {"name": "Day", "per_kwh": 2, "when": [{"start": "17:00", "end": "20:00"}]},
        ],
    }
    async with house(tmp_path, clock, contracts=[contract]) as here:
        await minutes(here, clock, 3)
        assert await names(here) == []
    async with house(tmp_path / "even", clock) as here:
        await minutes(here, clock, 3, lambda: tomorrows(clock))
        assert await names(here) == []


# Silence


async def test_a_source_is_silent_in_one_word_and_then_back(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 5, alive(here, clock))
        here.health.failed("battery", "The gateway does not answer; check its network")

        def p1() -> list[Fact]:
            return alive(here, clock)()[:1]

        await minutes(here, clock, 29, p1)
        assert await names(here) == []
        await minutes(here, clock, 2, p1)
        [event] = await told(here)
        assert (event.source, event.name) == ("battery", "source_silent")
        assert event.text == "No readings for 30 min: The gateway does not answer; check its network"
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 40, p1)
        assert len(await names(here)) == 1  # still the same silence
        await minutes(here, clock, 2, alive(here, clock))
        assert await names(here) == [("battery", "source_silent"), ("battery", "source_back")]


async def test_while_the_appliance_was_off_nobody_was_silent(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 5, alive(here, clock))
    clock.tick(2 * 86_400)
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 25)
        await minutes(here, clock, 10, alive(here, clock))
        assert await names(here) == []
        clock.jump(5 * HOUR_MS)  # nor when a Pi learns the time
        await minutes(here, clock, 2, alive(here, clock))
        assert await names(here) == []


async def test_prices_and_portals_of_a_day_have_their_own_pace(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        add(here, "spot", "energy_charts", 86_400.0)
        add(here, "carma", "carma", 86_400.0)
        await here.accept([Reading("carma.1203", Q.ENERGY_IMPORT, 100, clock.now() - DAY_MS)])
        await minutes(here, clock, 2 * 24 + 12, alive(here, clock), step_s=3600)
        assert await names(here, "source_silent") == []
        here.health.failed("spot", "The service does not answer")
        await minutes(here, clock, 20, alive(here, clock), step_s=3600)
        found = await told(here, "source_silent")
        assert [event.source for event in found] == ["carma"]
        await minutes(here, clock, 6, alive(here, clock), step_s=3600)
        found = await told(here, "source_silent")
        assert [event.source for event in found] == ["carma", "spot"]
        assert found[1].text.endswith("The service does not answer")
        here.health.ok("spot")
        await minutes(here, clock, 1, alive(here, clock))
        assert ("spot", "source_back") in await names(here)


async def test_an_inverter_sleeps_at_night(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        add(here, "inverter", "json_http", 60.0)
        await here.accept([Reading("inverter", Q.POWER_SOLAR, 12, clock.now())])
        await minutes(here, clock, 18, alive(here, clock), step_s=3600)
        assert await names(here, "source_silent") == []
        await minutes(here, clock, 3, alive(here, clock), step_s=3600)
        assert await names(here, "source_silent") == [("inverter", "source_silent")]


async def test_one_that_stops_in_full_sun_does_not_sleep(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        add(here, "inverter", "json_http", 60.0)
        await here.accept([Reading("inverter", Q.POWER_SOLAR, 3000, clock.now())])
        await minutes(here, clock, 31, alive(here, clock))
        assert await names(here) == [("inverter", "source_silent")]


# Meters


async def test_a_meter_whose_register_is_refused_all_the_time(tmp_path: Path, clock: FakeClock) -> None:
    def refused(register: float) -> Callable[[], list[Fact]]:
        return lambda: [*alive(here, clock)(), Reading("p1", Q.ENERGY_IMPORT, register, clock.now())]

    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 3, refused(5000.0))
        # Falling ever further, no two refusals agree: the gate believes none of them.
        wrong = iter(range(4900, 0, -40))
        await minutes(here, clock, 59, lambda: refused(float(next(wrong)))())
        assert await names(here, "meter_unread") == []
        await minutes(here, clock, 2, lambda: refused(float(next(wrong)))())
        [event] = await told(here, "meter_unread")
        assert event.source == "p1"
        assert event.data["refused"] >= 59
        assert event.data["minutes"] == 60
        await minutes(here, clock, 1, refused(5001.0))
        assert await names(here, "meter_unread", "meter_read") == [
            ("p1", "meter_unread"),
            ("p1", "meter_read"),
        ]
        assert await names(here, "source_silent") == []


async def test_a_camera_without_pictures_is_a_meter_that_cannot_be_read(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with house(tmp_path, clock) as here:
        add(here, "camera", "camera_meter", 300.0)
        await here.accept([Reading("camera", Q.ENERGY_IMPORT, 100, clock.now())])
        await settle()
        here.health.failed("camera", "The camera does not answer")
        await minutes(here, clock, 61, alive(here, clock))
        [event] = await told(here)
        assert (event.source, event.name) == ("camera", "meter_unread")
        assert event.text == "The meter has not been read for 1 h 0 min: The camera does not answer"
    async with house(tmp_path, clock) as here:
        add(here, "camera", "camera_meter", 300.0)
        await minutes(here, clock, 90, alive(here, clock))
        assert len(await names(here)) == 1
        reading = Reading("camera", Q.ENERGY_IMPORT, 100.2, clock.now())
        await minutes(here, clock, 1, lambda: [*alive(here, clock)(), reading])
        assert (await names(here))[1:] == [("camera", "meter_read")]


async def test_a_camera_counts_what_it_could_not_read(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        add(here, "camera", "camera_meter", 300.0)
        fog = [Event("camera", "unreadable", clock.now(), "Fog", {"count": 6})]
        await minutes(here, clock, 2, lambda: [*alive(here, clock)(), *fog])
        await minutes(here, clock, 60, alive(here, clock))
        [event] = await told(here)
        assert event.data["refused"] == 12


# Who needs you


async def test_a_part_that_waits_for_the_owner_is_told_once(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        here.health.failed("battery", "The password is refused: put it in again", State.NEEDS_YOU)
        await minutes(here, clock, 90, lambda: alive(here, clock)()[:1])
        [event] = await told(here)  # and not as silence too
        assert (event.source, event.name) == ("battery", "needs_you")
        assert event.text == "The password is refused: put it in again"
    async with house(tmp_path, clock) as here:
        here.health.parts.pop("battery")
        here.health.add("battery", "source", "powerwall", 30.0)  # it was never well since the start
        here.health.failed("battery", "The password is refused: put it in again", State.NEEDS_YOU)
        await minutes(here, clock, 5, lambda: alive(here, clock)()[:1])
        assert len(await names(here)) == 1
        here.health.ok("battery")
        await minutes(here, clock, 2, alive(here, clock))
        here.health.failed("battery", "The password is refused: put it in again", State.NEEDS_YOU)
        await minutes(here, clock, 3, lambda: alive(here, clock)()[:1])
        assert len(await names(here)) == 2


async def test_the_same_trouble_long_after_is_news_also_after_a_restart(
    tmp_path: Path, clock: FakeClock
) -> None:
    for year in (1, 2):
        async with house(tmp_path, clock) as here:
            here.health.failed("battery", "The token is refused", State.NEEDS_YOU)
            await minutes(here, clock, 3, lambda: alive(here, clock)()[:1])
            assert len(await names(here, "needs_you")) == year
            here.health.ok("battery")
            await minutes(here, clock, 1, alive(here, clock))
        clock.tick(365 * 86_400)


async def test_who_is_well_again_within_a_minute_is_no_news(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 1, alive(here, clock))
        here.health.failed("battery", "The token is refused", State.NEEDS_YOU)
        clock.tick(20)
        await here.alert_watch.look()
        here.health.ok("battery")
        await minutes(here, clock, 3, alive(here, clock))
        assert await names(here) == []


async def test_a_configuration_with_mistakes_is_told_by_its_first(tmp_path: Path, clock: FakeClock) -> None:
    here = made(tmp_path, clock)
    here._problems = ["sources[0]: no", "sinks[1]: no", "site: no"]
    async with here:
        await minutes(here, clock, 3)
        [event] = await told(here)
        assert event.text == "sources[0]: no (and 2 more: see the Health page)"


# The watch itself


async def test_it_looks_by_itself_once_a_minute(tmp_path: Path, clock: FakeClock) -> None:
    async with house(tmp_path, clock) as here:
        for _ in range(4):
            await here.accept(alive(here, clock, state_of_charge=5)())
            await clock.forward(30)
            await asyncio.sleep(0.02)
        for _ in range(100):
            if await names(here):
                break
            await asyncio.sleep(0.01)
        assert await names(here) == [("battery", "battery_low")]


async def test_a_store_that_cannot_be_read_tells_nothing_and_stops_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path, clock) as here:

        async def broken(**_: Any) -> list[Any]:
            raise StoreError("The database cannot be read")

        with monkeypatch.context() as patched:
            patched.setattr(here.store, "events", broken)
            await here.accept(alive(here, clock, state_of_charge=5)())
            with pytest.raises(StoreError):
                await here.alert_watch.look()
        # What was told before is not known without it: it is read first.
        await minutes(here, clock, 1, alive(here, clock, state_of_charge=5))
        assert await names(here) == [("battery", "battery_low")]


async def test_before_the_clock_is_set_nothing_is_told(tmp_path: Path) -> None:
    clock = FakeClock(0)
    async with house(tmp_path, clock) as here:
        await minutes(here, clock, 3, alive(here, clock, state_of_charge=5))
        assert here.hub.events == [] or all(event.name != "battery_low" for event in here.hub.events)
