"""s0_pulses on gpiozero's mock pins, on a clock the test holds."""

import asyncio
import importlib.util
import json
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from appliances import made
from gpiozero import Device
from gpiozero.exc import BadPinFactory
from gpiozero.pins.mock import MockFactory, MockPin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.clock import FakeClock
from appliance.errors import SourceError, StoreError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources import _s0_pin
from appliance.sources.base import Context, discover
from appliance.sources.s0_pulses import SAVE_S, Options, Source

PIN = 17
NOON = 1_778_000_000_000
IMPORT, GRID = Quantity.ENERGY_IMPORT, Quantity.POWER_GRID


class Pins:
    """The Pi's pins: what is done to them happens at the clock's instant."""

    def __init__(self, clock: FakeClock) -> None:
        class Pin(MockPin):  # type: ignore[misc]
            def _change_state(self, value: bool) -> bool:
                changed = bool(super()._change_state(value))
                self._last_change = clock.monotonic()
                return changed

        self.clock = clock
        self.factory = MockFactory(pin_class=Pin)
        self.factory.ticks = clock.monotonic

    def pulse(self, length_s: float = 0.05, bounces: int = 0) -> None:
        """The meter connects the pin to ground for a while."""
        pin = self.factory.pin(f"GPIO{PIN}")
        for _ in range(bounces):
            pin.drive_low()
            self.clock.tick(0.001)
            pin.drive_high()
            self.clock.tick(0.001)
        pin.drive_low()
        self.clock.tick(length_s)
        pin.drive_high()
        self.clock.tick(0.05)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def pins(clock: FakeClock) -> Iterator[Pins]:
    found = Pins(clock)
    before, Device.pin_factory = Device.pin_factory, found.factory
    yield found
    found.factory.reset()
    Device.pin_factory = before


class Believed:
    """The store's newest reading, as a source is told it."""

    def __init__(self) -> None:
        self.newest: Reading | None = None
        self.broken = False

    async def __call__(self, source: str, quantity: Quantity, at: int) -> list[Reading]:
        if self.broken:
            raise StoreError("full")
        return [] if self.newest is None else [self.newest, self.newest]


class Meter:
    """A source that is asked for one batch after the other."""

    def __init__(self, clock: FakeClock, folder: Path, past: Believed | None = None, **options: Any) -> None:
        self.past = past or Believed()
        self.clock = clock
        given = {"pin": PIN, "pulses_per_unit": 1000, "every_s": 10} | options
        context = Context(clock, folder, ZoneInfo("Europe/Amsterdam"), self.past)
        self.source = Source(Options(**given), context)
        self._batches: AsyncGenerator[Batch, None] | None = None

    async def asleep(self) -> None:
        """A save runs on a thread of its own: wait for it before time goes on."""
        while not self.clock._sleepers:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    async def next(self, passed_s: float = 0.0) -> Batch:
        """The next batch, 10 s later; what it says is believed. `passed_s` is what others let pass."""
        if self._batches is None:
            self._batches = self.source.batches()
            batch = await anext(self._batches)
        else:
            start = self.clock.monotonic()
            waiting = asyncio.ensure_future(anext(self._batches))
            await self.asleep()
            while passed_s and self.clock.monotonic() < start + passed_s - 1e-6:  # noqa: ASYNC110
                await asyncio.sleep(0)
            await self.clock.forward(0 if passed_s else 10)
            batch = await waiting
        register = next((f for f in batch if isinstance(f, Reading) and f.quantity is not GRID), None)
        self.past.newest = register or self.past.newest
        return batch

    async def stop(self) -> None:
        if self._batches is not None:
            await self._batches.aclose()
        self._batches = None


def value(batch: Batch, quantity: Quantity = IMPORT) -> float | None:
    found = [fact.value for fact in batch if isinstance(fact, Reading) and fact.quantity is quantity]
    return found[0] if found else None


def events(batch: Batch) -> list[str]:
    return [fact.name for fact in batch if isinstance(fact, Event)]


# Counting


async def test_pulses_raise_the_register_and_tell_the_power(
    pins: Pins, clock: FakeClock, tmp_path: Path
) -> None:
    meter = Meter(clock, tmp_path, start_value=4711.5)
    first = await meter.next()
    assert value(first) == 4711.5
    assert value(first, GRID) is None, "nobody knows yet"
    for _ in range(5):
        clock.tick(3.5)
        pins.pulse()  # 3.6 s from pulse to pulse: 1000 W
    batch = await meter.next()
    assert value(batch) == pytest.approx(4711.505)
    assert value(batch, GRID) == pytest.approx(3600 / 10.1, rel=0.01), "no more than 10.1 s of silence allow"
    await meter.stop()


async def test_power_of_a_meter_that_pulses_steadily(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    meter = Meter(clock, tmp_path)
    await meter.next()
    for _ in range(3):
        waiting = asyncio.ensure_future(meter.next(4 * 2.5))
        await meter.asleep()
        for _ in range(4):
            clock.tick(2.4)
            pins.pulse()  # 2.5 s from pulse to pulse: 1440 W
        batch = await waiting
    assert value(batch) == pytest.approx(0.012)
    assert value(batch, GRID) == pytest.approx(1440)
    await meter.stop()


async def test_power_falls_while_pulses_stay_away(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    meter = Meter(clock, tmp_path)
    await meter.next()
    for _ in range(2):
        clock.tick(1)
        pins.pulse()
    seen = [value(await meter.next(), GRID) or 0.0 for _ in range(8)]
    assert seen == sorted(seen, reverse=True)
    for n, power in enumerate(seen, 1):
        assert power == pytest.approx(3600 / (10 * n + 0.1), rel=0.02)
    await meter.stop()


async def test_a_bouncing_reed_contact_of_a_water_meter(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    meter = Meter(clock, tmp_path, quantity="water", start_value=88.0)
    await meter.next()
    for _ in range(7):
        clock.tick(2)
        pins.pulse(0.3, bounces=4)
    batch = await meter.next()
    assert value(batch, Quantity.WATER) == pytest.approx(88.007)
    assert len([fact for fact in batch if isinstance(fact, Reading)]) == 1, "water has no power"
    await meter.stop()


async def test_a_meter_that_puts_3_3_v_on_the_pin(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    meter = Meter(clock, tmp_path, pull="down")
    await meter.next()
    pin = pins.factory.pin(f"GPIO{PIN}")
    for _ in range(3):
        clock.tick(1)
        pin.drive_high()
        clock.tick(0.05)
        pin.drive_low()
        clock.tick(0.05)
    assert value(await meter.next()) == pytest.approx(0.003)
    await meter.stop()


async def test_a_contact_that_stays_closed_is_counted(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    meter = Meter(clock, tmp_path)
    await meter.next()
    clock.tick(1)
    pins.factory.pin(f"GPIO{PIN}").drive_low()
    assert value(await meter.next()) == pytest.approx(0.001)
    assert value(await meter.next()) == pytest.approx(0.001)
    await meter.stop()


async def test_power_can_be_left_out(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    meter = Meter(clock, tmp_path, power=False)
    await meter.next()
    for _ in range(3):
        pins.pulse()
    assert value(await meter.next(), GRID) is None
    await meter.stop()


# Through a restart


async def test_the_register_goes_on_after_a_restart_and_says_what_may_be_missing(
    pins: Pins, clock: FakeClock, tmp_path: Path
) -> None:
    meter = Meter(clock, tmp_path, start_value=100.0)
    assert events(await meter.next()) == []
    for _ in range(12):
        pins.pulse()
    await meter.stop()  # the last pulses were never told
    clock.tick(1800)
    again = Meter(clock, tmp_path, start_value=100.0, past=meter.past)
    batch = await again.next()
    assert value(batch) == pytest.approx(100.012)
    (told,) = [fact for fact in batch if isinstance(fact, Event)]
    assert told.name == "pulses_missed"
    assert "about 30 min" in told.text
    assert "100.012 kWh" in told.text
    assert events(await again.next()) == [], "told once"
    await again.stop()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["tell", "stop", "crash"])), max_size=8))
def test_no_pulse_is_lost_by_stopping_nor_counted_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    """After an end in good order every pulse is there; a crash costs at most those since the last telling."""
    folder = tmp_path_factory.mktemp("s0")

    async def run() -> None:
        clock = FakeClock(NOON)
        pins = Pins(clock)
        before, Device.pin_factory = Device.pin_factory, pins.factory
        past, expected = Believed(), 50_000
        meter = Meter(clock, folder, past, start_value=50.0)
        await meter.next()
        for pulses, then in steps:
            for _ in range(pulses):
                pins.pulse()
            if then == "crash":
                meter.source._save = lambda: None  # type: ignore[method-assign]
                pulses = 0
            expected += pulses
            if then != "tell":
                await meter.stop()
                clock.tick(60)
                meter = Meter(clock, folder, past, start_value=50.0)
            assert value(await meter.next()) == pytest.approx(expected / 1000)
        await meter.stop()
        Device.pin_factory = before

    asyncio.run(run())


async def test_the_store_knows_better_than_an_old_file(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "s0_pulses" / "register.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"value": 10.0, "at": NOON - 60_000}))
    past = Believed()
    past.newest = Reading("s0_pulses", IMPORT, 12.0, NOON - 30_000)
    meter = Meter(clock, tmp_path, past)
    assert value(await meter.next()) == 12.0
    await meter.stop()


@pytest.mark.parametrize("broken", ["", "{", '{"value": "x", "at": 1}', '{"value": NaN, "at": 1}', "[]"])
async def test_a_damaged_file_leaves_the_store(
    broken: str, pins: Pins, clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "s0_pulses" / "register.json"
    path.parent.mkdir()
    path.write_text(broken)
    past = Believed()
    past.newest = Reading("s0_pulses", IMPORT, 12.0, NOON - 30_000)
    meter = Meter(clock, tmp_path, past)
    assert value(await meter.next()) == 12.0
    await meter.stop()


async def test_the_file_is_written_seldom(
    pins: Pins, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appliance.sources import s0_pulses

    written: list[bytes] = []
    monkeypatch.setattr(s0_pulses, "write_atomic", lambda path, content: written.append(content))
    meter = Meter(clock, tmp_path)
    await meter.next()
    for _ in range(int(2 * SAVE_S / 10)):
        pins.pulse()
        await meter.next()
    assert 2 <= len(written) <= 3
    await meter.stop()


async def test_a_full_card_is_told_and_counting_goes_on(
    pins: Pins, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appliance.sources import s0_pulses

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(s0_pulses, "write_atomic", full)
    meter = Meter(clock, tmp_path)
    meter.past.broken = True
    await meter.next()
    pins.pulse()
    batch = await meter.next()
    assert events(batch) == ["register_not_kept"]
    assert value(batch) == pytest.approx(0.001)
    assert events(await meter.next()) == []
    await meter.stop()


# What a person says


async def test_a_correction_is_taken_over_and_pulses_come_on_top(
    pins: Pins, clock: FakeClock, tmp_path: Path
) -> None:
    meter = Meter(clock, tmp_path, start_value=100.0)
    await meter.next()
    clock.tick(3)
    pins.pulse()
    clock.tick(1)
    meter.past.newest = Reading(
        "s0_pulses", IMPORT, 99.5, clock.now()
    )  # below, and so little that no gate minds
    clock.tick(1)
    pins.pulse()
    assert value(await meter.next()) == pytest.approx(99.501)
    assert value(await meter.next()) == pytest.approx(99.501)
    await meter.stop()
    again = Meter(clock, tmp_path, past=meter.past)
    assert value(await again.next()) == pytest.approx(99.501)
    await again.stop()


async def test_the_appliance_s_own_way_of_setting_right_and_of_exchange(
    pins: Pins, clock: FakeClock, tmp_path: Path
) -> None:
    entry = {
        "type": "s0_pulses",
        "name": "pump",
        "pin": PIN,
        "pulses_per_unit": 1000,
        "quantity": "energy_load",
    }
    load = Quantity.ENERGY_LOAD

    async def known(appliance: Any) -> float:
        for _ in range(300):
            await clock.forward(1)
            await asyncio.sleep(0.001)
        return float(appliance.hub.latest["pump", load].value)

    async with made(tmp_path, clock, sources=[{**entry, "start_value": 700.0}]) as appliance:
        assert await known(appliance) == 700.0
        for _ in range(5):
            pins.pulse()
        assert await known(appliance) == pytest.approx(700.005)
        await appliance.corrections.correct("pump", load, 712.3)
        clock.tick(1)
        pins.pulse()
        assert await known(appliance) == pytest.approx(712.301)
        await appliance.corrections.exchange("pump", load, 0.5)
        clock.tick(1)
        pins.pulse()
        assert await known(appliance) == pytest.approx(0.501)
    async with made(tmp_path, clock, sources=[{**entry, "start_value": 700.0}]) as appliance:
        assert await known(appliance) == pytest.approx(0.501)


# What goes wrong


async def test_a_pin_in_use_is_named(pins: Pins, clock: FakeClock, tmp_path: Path) -> None:
    first, second = Meter(clock, tmp_path), Meter(clock, tmp_path, name="other")
    await first.next()
    with pytest.raises(SourceError, match="GPIO 17 cannot be used"):
        await second.next()
    await first.stop()
    await second.stop()
    await second.next()
    await second.stop()


async def test_a_machine_without_pins(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gpiozero

    def nothing(*args: Any, **kwargs: Any) -> Any:
        raise BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(gpiozero, "InputDevice", nothing)
    with pytest.raises(SourceError, match="python3-lgpio"):
        await Meter(clock, tmp_path).next()


def test_edges_that_bear_the_time_of_day_are_dated_now(pins: Pins, clock: FakeClock) -> None:
    began: list[float] = []
    heard = _s0_pin.PulseInput(PIN, "up", 0.01, clock, began.append)
    for state in (0, 1):
        clock.tick(1)
        heard._edge(1_778_000_000.0, state)
    assert began == [1.0]
    heard.close()


@pytest.mark.parametrize(
    "wrong",
    [{"pin": 28}, {"pulses_per_unit": 0}, {"quantity": "power_grid"}, {"quantity": "power_failures"}],
)
def test_options_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options(**{"pin": PIN, "pulses_per_unit": 1000, **wrong})


def test_without_gpiozero_the_type_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "gpiozero" else known(name, *more)
    )
    monkeypatch.delitem(sys.modules, "appliance.sources.s0_pulses")
    found = discover()["s0_pulses"]
    assert found.module is None
    assert found.problem == "needs gpiozero (pip install 'tallywatt[s0]'), which is not installed"
