"""GET /metrics: every quantity under a name of its own, clean to promtool, scraped by a real Prometheus."""

import asyncio
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import uvicorn
from appliances import NOON, made, served
from prometheus_client.parser import text_string_to_metric_families

from appliance import metrics
from appliance.app import Appliance
from appliance.clock import MINUTE_MS, FakeClock, RealClock
from appliance.model import Kind, Price, Quantity, Reading
from appliance.sinks.base import Delivery
from appliance.web import create_app
from tests.peers.prometheus import prometheus


def middle(quantity: Quantity, at: int = NOON) -> Reading:
    """A reading of that quantity that is possible."""
    value = 1.0 if quantity.spec.states else (max(quantity.spec.low, 0) + min(quantity.spec.high, 60)) / 2
    return Reading("house", quantity, value, at)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock) -> Appliance:
    return made(tmp_path, clock)


async def told(client: httpx.AsyncClient, accept: str = "") -> str:
    answer = await client.get("/metrics", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    return answer.text


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"{key} is there twice"
            found[key] = sample.value
    return found


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_every_quantity_has_a_name_of_its_own() -> None:
    names = [metrics.name(quantity) for quantity in Quantity]
    assert len(set(names)) == len(names)
    assert all(quantity.spec.unit in metrics.UNITS for quantity in Quantity)


async def test_all_quantities_at_once_please_promtool(
    here: Appliance, need: Callable[[str, str], str]
) -> None:
    promtool = need("promtool", "prometheus")
    async with served(here) as client:
        await here.accept([middle(quantity) for quantity in Quantity])
        text = await told(client)
    assert text.count("# HELP tallywatt_") > 40
    assert await asyncio.to_thread(_linted, promtool, text) == (0, "")
    for wrong in ("kwh", "kilo", "percent", "watthour", "milli"):
        assert wrong not in text.lower(), "base units alone"


def _linted(promtool: str, text: str) -> tuple[int, str]:
    done = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
    return done.returncode, done.stdout + done.stderr


async def test_base_units_and_labels(here: Appliance) -> None:
    async with served(here) as client:
        await here.accept(
            [
                Reading("p1", Quantity.POWER_GRID, -1250, NOON),
                Reading("p1", Quantity.ENERGY_IMPORT, 48713.4, NOON),
                Reading("p1", Quantity.ENERGY_IMPORT_T2, 20000, NOON),
                Reading("p1", Quantity.VOLTAGE_L2, 231.4, NOON),
                Reading("powerwall", Quantity.STATE_OF_CHARGE, 52.5, NOON),
                Reading("powerwall", Quantity.GRID_STATE, 0, NOON),
                Reading("powerwall", Quantity.STRING_B_POWER, 441, NOON),
                Reading("powerwall.unit1", Quantity.BATTERY_CAPACITY, 13.2, NOON),
                Price("spot", "import", NOON - MINUTE_MS, NOON + MINUTE_MS, 1.8),
            ]
        )
        found = samples(await told(client))
    assert found[key("tallywatt_grid_power_watts", source="p1")] == -1250
    assert found[key("tallywatt_grid_import_joules_total", source="p1")] == pytest.approx(48713.4 * 3.6e6)
    by_tariff = key("tallywatt_grid_import_by_tariff_joules_total", source="p1", tariff="T2")
    assert found[by_tariff] == pytest.approx(7.2e10)
    assert found[key("tallywatt_phase_voltage_volts", source="p1", phase="L2")] == 231.4
    assert found[key("tallywatt_battery_charge_ratio", source="powerwall")] == pytest.approx(0.525)
    states = {s: found[key("tallywatt_grid_state", source="powerwall", state=s)] for s in ("up", "down")}
    assert states == {"up": 0, "down": 1}
    assert found[key("tallywatt_string_power_watts", source="powerwall", string="B")] == 441
    capacity = key("tallywatt_battery_capacity_joules", source="powerwall.unit1")
    assert found[capacity] == pytest.approx(13.2 * 3.6e6)
    price = next(v for (name, _), v in found.items() if name == "tallywatt_price_per_joule")
    assert price * 3.6e6 == pytest.approx(1.8)


async def test_what_is_too_old_is_left_out_and_registers_stay(here: Appliance, clock: FakeClock) -> None:
    async with served(here) as client:
        here.cadences["house"] = 10.0
        await here.accept([middle(Quantity.POWER_GRID), middle(Quantity.ENERGY_IMPORT)])
        await here.accept([Reading("taken_away", Quantity.ENERGY_SOLAR, 5, NOON)])
        await clock.forward(3600)
        found = samples(await told(client))
    assert key("tallywatt_grid_power_watts", source="house") not in found
    assert key("tallywatt_grid_import_joules_total", source="house") in found
    asked = key("tallywatt_reading_timestamp_seconds", source="house", quantity="power_grid")
    assert found[asked] == NOON / 1000, "how old it is can still be told"
    assert not any("taken_away" in str(name) for name in found), "a sum must not hold what is no more"


async def test_what_waits_at_a_sink_is_told_and_unknown_is_not_zero(here: Appliance) -> None:
    class Idle:
        def __init__(self, delivery: Delivery) -> None:
            self.name, self.delivery = "away", delivery

        async def run(self) -> None:
            """Never asked to."""

    async with served(here) as client:
        here.health.add("away", "sink", "idle")
        here.sinks["away"] = Idle(Delivery())
        assert key("tallywatt_sink_pending_readings", sink="away") not in samples(await told(client))
        here.sinks["away"] = Idle(Delivery(pending=7, oldest=NOON, sent=3, set_aside=1))
        found = samples(await told(client))
    assert found[key("tallywatt_sink_pending_readings", sink="away")] == 7
    assert found[key("tallywatt_sink_oldest_pending_timestamp_seconds", sink="away")] == NOON / 1000
    assert found[key("tallywatt_sink_sent_readings_total", sink="away")] == 3
    assert found[key("tallywatt_sink_set_aside_readings_total", sink="away")] == 1


async def test_openmetrics_for_those_who_ask_for_it(here: Appliance) -> None:
    async with served(here) as client:
        assert (await told(client, "application/openmetrics-text")).endswith("# EOF\n")


async def test_a_real_prometheus_scrapes_it(tmp_path: Path, need: Callable[[str, str], str]) -> None:
    program, clock = need("prometheus", "prometheus"), RealClock()
    here = made(tmp_path / "house", clock)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = f"127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(here), log_level="error"))
        serving = asyncio.create_task(server.serve([listener]))
        async with httpx.AsyncClient() as client:
            await client.get(f"http://{target}/health", timeout=10)  # waits for the start
        await here.accept([middle(q, clock.now()) for q in Quantity if q.spec.kind is not Kind.STATE])
        await asyncio.to_thread(_ask, program, tmp_path / "prometheus", target)
        server.should_exit = True
        await serving


def _ask(program: str, folder: Path, target: str) -> None:
    with prometheus(program, folder, target) as peer:
        (row,) = peer.wait_for('tallywatt_grid_import_joules_total{source="house"}')
        assert float(row["value"][1]) == pytest.approx(30 * 3.6e6)
        assert row["metric"]["job"] == "tallywatt"
        (up,) = peer.query("up")
        assert up["value"][1] == "1"
        (phases,) = peer.query("sum(tallywatt_phase_current_amperes)")
        assert float(phases["value"][1]) == pytest.approx(3 * 30)
