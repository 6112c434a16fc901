"""modbus_meter against pymodbus's own server: a bus of pseudo terminals, Modbus TCP, a gateway."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from appliance.clock import FakeClock
from appliance.demo.house import House
from appliance.demo.modbus_meter import Faults, ModbusMeters, sdm120, sdm630
from appliance.errors import SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.plugins import Found
from appliance.sources import _modbus_bus
from appliance.sources.base import Context
from appliance.sources.modbus_meter import Options, Source, to_readings

Made = Callable[..., ModbusMeters]
Q = Quantity


class QuickClock(FakeClock):
    """Sleeping takes no time, but lets others run."""

    async def sleep(self, seconds: float) -> None:
        self.tick(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock(1_778_000_000_000)


@pytest.fixture
def house(clock: QuickClock) -> House:
    return House(clock)


@pytest.fixture
def made(house: House) -> Iterator[Made]:
    """Starts meters: an SDM630 at the grid as unit 1, an SDM120 before the panels as unit 2."""
    running: list[ModbusMeters] = []

    def make(kind: Any = "tcp") -> ModbusMeters:
        meters = ModbusMeters({1: lambda: sdm630(house.state()), 2: lambda: sdm120(house.state())}, kind)
        meters.start()
        running.append(meters)
        return meters

    yield make
    for meters in running:
        meters.stop()
    assert _modbus_bus._buses == {}, "every bus was closed"


def source(port: str, clock: QuickClock, tmp_path: Path, **more: Any) -> Source:
    given = {"model": "sdm630", "measures": "grid", "timeout_s": 0.3} | more
    return Source(
        Options(port=port, **given), Context(clock, tmp_path / "sources", ZoneInfo("Europe/Amsterdam"))
    )


async def one(source: Source) -> Batch:
    async with aclosing(source.batches()) as batches:
        return await anext(batches)


def values(batch: Batch) -> dict[Quantity, float]:
    return {fact.quantity: fact.value for fact in batch if isinstance(fact, Reading)}


# What it reads


@pytest.mark.parametrize("kind", ["serial", "tcp", "rtu+tcp"])
async def test_the_meter_at_the_grid(
    kind: str, made: Made, clock: QuickClock, house: House, tmp_path: Path
) -> None:
    meters = made(kind)
    found = values(await one(source(meters.port, clock, tmp_path)))
    truth = house.state()
    assert found[Q.POWER_GRID] == pytest.approx(truth.grid_w, abs=0.5)
    assert found[Q.ENERGY_IMPORT] == pytest.approx(truth.import_kwh, rel=1e-6)
    assert found[Q.ENERGY_EXPORT] == pytest.approx(truth.export_kwh, rel=1e-6)
    assert found[Q.FREQUENCY] == pytest.approx(truth.frequency_hz, abs=0.01)
    for n, phase in enumerate(truth.phases, 1):
        assert found[Quantity(f"voltage_l{n}")] == pytest.approx(phase.voltage_v, abs=0.1)
        assert found[Quantity(f"current_l{n}")] == pytest.approx(phase.current_a, abs=0.01)
        assert found[Quantity(f"power_l{n}")] == pytest.approx(phase.power_w, abs=0.5)
    assert meters.asked == [(1, 0, 76)]


@pytest.mark.parametrize("kind", ["serial", "tcp"])
async def test_two_meters_share_a_bus(
    kind: str, made: Made, clock: QuickClock, house: House, tmp_path: Path
) -> None:
    meters = made(kind)
    grid = source(meters.port, clock, tmp_path)
    panels = source(meters.port, clock, tmp_path, name="panels", unit=2, model="sdm120", measures="solar")

    async def three(source: Source) -> list[dict[Quantity, float]]:
        async with aclosing(source.batches()) as batches:
            return [values(await anext(batches)) for _ in range(3)]

    of_grid, of_panels = await asyncio.gather(three(grid), three(panels))
    assert all(set(found) == {Q.POWER_SOLAR, Q.ENERGY_SOLAR} for found in of_panels)
    assert all(Q.POWER_GRID in found for found in of_grid)
    assert of_panels[-1][Q.ENERGY_SOLAR] == pytest.approx(house.state().solar_kwh, rel=1e-5)
    assert sorted(unit for unit, *_ in meters.asked) == [1, 1, 1, 2, 2, 2]


async def test_two_meters_on_a_bus_need_the_same_settings(
    made: Made, clock: QuickClock, tmp_path: Path
) -> None:
    meters = made("serial")
    first = source(meters.port, clock, tmp_path)
    async with aclosing(first.batches()) as batches:
        await anext(batches)
        with pytest.raises(SourceError, match="different settings"):
            await one(source(meters.port, clock, tmp_path, unit=2, baud=2400))


async def test_one_silent_meter_leaves_the_other_its_bus(
    made: Made, clock: QuickClock, tmp_path: Path
) -> None:
    meters = made("serial")
    meters.faults = Faults(silent=frozenset({2}))
    grid, panels = source(meters.port, clock, tmp_path), source(meters.port, clock, tmp_path, unit=2)
    answers = await asyncio.gather(one(grid), one(panels), return_exceptions=True)
    assert Q.POWER_GRID in values(answers[0])  # type: ignore[arg-type]
    assert "No answer from unit 2" in str(answers[1])
    assert Q.POWER_GRID in values(await one(grid))


async def test_one_who_is_stopped_while_asking_leaves_the_other_its_bus(
    made: Made, clock: QuickClock, tmp_path: Path
) -> None:
    meters = made("serial")
    meters.faults = Faults(silent=frozenset({2}))
    grid, panels = source(meters.port, clock, tmp_path), source(meters.port, clock, tmp_path, unit=2)
    async with aclosing(grid.batches()) as batches:
        await anext(batches)
        asking = asyncio.ensure_future(one(panels))
        while not any(unit == 2 for unit, *_ in meters.asked):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        asking.cancel()
        assert Q.POWER_GRID in values(await anext(batches))


async def test_a_custom_meter_by_its_registers(made: Made, clock: QuickClock, tmp_path: Path) -> None:
    meters = made()
    meters.units[5] = lambda: {100: 1500.0, 302: 12.5}
    table = [
        {"register": 100, "quantity": "power_load"},
        {"register": 302, "quantity": "energy_load", "scale": 0.1, "function": "holding"},
    ]
    found = values(
        await one(
            source(meters.port, clock, tmp_path, unit=5, model="custom", measures=None, registers=table)
        )
    )
    assert found == {Q.POWER_LOAD: 1500.0, Q.ENERGY_LOAD: 1.25}
    assert meters.asked == [(5, 302, 2), (5, 100, 2)]


@pytest.mark.parametrize(
    ("fault", "longest"),
    [(Faults(most=50), 50), (Faults(holes=frozenset({30})), 24), (Faults(most=2), 2)],
)
async def test_a_meter_that_gives_less_at_a_time_is_asked_for_less(
    fault: Faults, longest: int, made: Made, clock: QuickClock, tmp_path: Path
) -> None:
    meters = made()
    meters.faults = fault
    one_source = source(meters.port, clock, tmp_path)
    assert len(values(await one(one_source))) == 13
    meters.asked.clear()
    assert len(values(await one(one_source))) == 13
    assert max(count for *_, count in meters.asked) <= longest


async def test_what_the_meter_does_not_measure_is_told_once(
    made: Made, clock: QuickClock, house: House, tmp_path: Path
) -> None:
    meters = made()
    meters.units[1] = lambda: sdm630(house.state()) | {70: float("nan")}
    async with aclosing(source(meters.port, clock, tmp_path).batches()) as batches:
        first, second = await anext(batches), await anext(batches)
    told = [fact.text for fact in first if isinstance(fact, Event)]
    assert told == ["The meter marks frequency_hz (register 70) as not measured"]
    assert Q.FREQUENCY not in values(first)
    assert not [fact for fact in second if isinstance(fact, Event)]


# What goes wrong


@pytest.mark.parametrize("kind", ["serial", "tcp", "rtu+tcp"])
async def test_noise_now_and_then_is_asked_again(
    kind: str, made: Made, clock: QuickClock, tmp_path: Path
) -> None:
    meters = made(kind)
    meters.faults = Faults(noise=0 if kind == "tcp" else 2)
    assert Q.POWER_GRID in values(await one(source(meters.port, clock, tmp_path)))


@pytest.mark.parametrize(
    ("kind", "fault", "said"),
    [
        ("serial", Faults(silent=frozenset({1})), "No answer from unit 1 at .* baud and framing"),
        ("tcp", Faults(silent=frozenset({1})), "No answer from unit 1 at .* gateway has a meter"),
        ("serial", Faults(noise=99), "damaged .*120 ohms"),
        ("rtu+tcp", Faults(noise=99), "damaged"),
        ("serial", Faults(posing=7), "Unit 7 answered at .* where unit 1 was asked"),
        ("tcp", Faults(posing=7), "Unit 7 answered at .* where unit 1 was asked"),
        ("rtu+tcp", Faults(posing=7), "Unit 7 answered at .* where unit 1 was asked"),
        ("tcp", Faults(refuse=1), "set function to holding"),
        ("tcp", Faults(refuse=6), "cannot answer now .Modbus exception 6"),
        ("tcp", Faults(refuse=9), "Modbus exception 9"),
        ("tcp", Faults(refuse=11), "gateway at .* is there, but unit 1 behind it"),
        (
            "serial",
            Faults(holes=frozenset({52})),
            r"Unit 1 at .* has no input registers 52 to 53 \(power_w\)",
        ),
    ],
)
async def test_what_is_said(
    kind: str, fault: Faults, said: str, made: Made, clock: QuickClock, tmp_path: Path
) -> None:
    meters = made(kind)
    reader = source(meters.port, clock, tmp_path)
    meters.faults = replace(fault)
    with pytest.raises(SourceError, match=said):
        await one(reader)
    meters.faults = Faults()
    assert Q.POWER_GRID in values(await one(reader))


async def test_a_port_that_is_not_there(clock: QuickClock, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no /dev/ttyNOSUCH"):
        await one(source("/dev/ttyNOSUCH", clock, tmp_path))


async def test_a_gateway_that_is_not_there(clock: QuickClock, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="Nothing listens at"):
        await one(source(f"tcp://127.0.0.1:{port}", clock, tmp_path))


async def test_an_adapter_that_is_unplugged(made: Made, clock: QuickClock, tmp_path: Path) -> None:
    meters = made("serial")
    async with aclosing(source(meters.port, clock, tmp_path).batches()) as batches:
        await anext(batches)
        meters.stop()
        with pytest.raises(SourceError, match=f"There is no {meters.port}"):
            await anext(batches)


async def test_a_gateway_that_is_switched_off(made: Made, clock: QuickClock, tmp_path: Path) -> None:
    meters = made("tcp")
    async with aclosing(source(meters.port, clock, tmp_path).batches()) as batches:
        await anext(batches)
        meters.stop()
        with pytest.raises(SourceError, match=r"Nothing listens|connection to .* broke|No answer"):
            await anext(batches)


# What is said of it


def test_the_direction_turns_with_reverse() -> None:
    answer = {"voltage_l1_v": 230.0, "current_l1_a": 4.0, "power_w": 900.0, "energy_import_kwh": 5.0}
    given = {"port": "/dev/ttyUSB0", "model": "sdm120", "reverse": True}
    panels = to_readings(answer, Options(**given, measures="solar"), 0)  # type: ignore[arg-type]
    assert {r.quantity: r.value for r in panels} == {Q.POWER_SOLAR: 900.0, Q.ENERGY_SOLAR: 5.0}
    grid = to_readings(answer, Options(**given, measures="grid"), 0)  # type: ignore[arg-type]
    assert {r.quantity: r.value for r in grid} == {
        Q.POWER_GRID: -900.0, Q.CURRENT_L1: 4.0, Q.VOLTAGE_L1: 230.0, Q.ENERGY_EXPORT: 5.0,
    }  # fmt: skip


@pytest.mark.parametrize("measures", ["grid", "load", "solar", "battery"])
def test_a_meter_that_has_not_started_gives_no_readings(measures: str) -> None:
    options = Options(port="/dev/ttyUSB0", model="sdm120", measures=measures)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="measured nothing"):
        to_readings({"voltage_l1_v": 0.0, "power_w": 0.0, "energy_import_kwh": 0.0}, options, 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"port": "ttyUSB0", "model": "sdm120", "measures": "grid"}, "must be /dev"),
        ({"port": "rtu+tcp://host", "model": "sdm120", "measures": "grid"}, "must be /dev"),
        ({"port": "/dev/x", "model": "sdm120"}, "measures"),
        ({"port": "/dev/x", "model": "custom"}, "needs `registers`"),
        ({"port": "/dev/x", "model": "sdm120", "measures": "grid", "unit": 248}, "unit"),
        (
            {"port": "/dev/x", "model": "custom", "registers": [{"register": 65535, "quantity": "water"}]},
            "65536",
        ),
        (
            {"port": "/dev/x", "model": "custom", "registers": [{"register": 1, "quantity": "water"}] * 2},
            "two registers give water",
        ),
        (
            {
                "port": "/dev/x",
                "model": "sdm120",
                "measures": "grid",
                "registers": [{"register": 1, "quantity": "water"}],
            },
            "custom alone",
        ),
    ],
)
def test_options_that_cannot_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Options(**given)


def test_without_pymodbus_the_type_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util
    import sys

    from appliance.sources.base import discover

    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "pymodbus" else known(name, *more)
    )
    monkeypatch.delitem(sys.modules, "appliance.sources.modbus_meter")
    found: Found = discover()["modbus_meter"]
    assert found.module is None
    assert found.problem == "needs pymodbus (pip install 'tallywatt[modbus]'), which is not installed"
