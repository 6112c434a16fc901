"""Every quantity in a real Home Assistant, by a real broker: right classes, no warning, gone when we are."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.model import Kind, Quantity, unit_of
from tests.peers.home_assistant import HomeAssistant
from tests.peers.mosquitto import Broker, prepared
from tests.peers.process import running
from tests.peers.telling import example

pytestmark = pytest.mark.xdist_group("home_assistant")

ROOT = Path(__file__).resolve().parents[2]
GONE_WITHIN_S = 60


@pytest.fixture(scope="module")
def broker(need: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("mosquitto")
    users = {"tallywatt": "its-word", "home": "its-own"}
    with prepared(need("mosquitto", "mosquitto"), folder, users=users).running() as made:
        yield made


@pytest.fixture
def attached(home_assistant: HomeAssistant, broker: Broker) -> Iterator[HomeAssistant]:
    entry = home_assistant.add_mqtt(broker.port, "home", "its-own")
    home_assistant.forget_problems()
    yield home_assistant
    home_assistant.remove(entry)


@contextmanager
def appliance(broker: Broker, folder: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """One in a process of its own, from when it said that it is there."""
    user = {"username": "tallywatt", "password": "its-word"}
    settings = {"port": broker.port, **user, "tells": ["p1", "powerwall.unit1"], **options}
    command = [sys.executable, "-m", "tests.peers.telling", str(folder), json.dumps(settings)]
    with broker.listener("home", "its-own", "tallywatt/+/status") as listener:
        ready = lambda: "online" in listener.topics().values()  # noqa: E731 - read once
        with running(command, folder, ready, env={"PYTHONPATH": str(ROOT)}) as child:
            yield child


def ours(home: HomeAssistant) -> dict[str, dict[str, Any]]:
    """The states of our entities by unique id."""
    states = home.states()
    return {key: states[entity] for key, entity in _registered(home).items() if entity in states}


def test_home_assistant_shows_all_and_knows_when_it_is_gone(
    attached: HomeAssistant, broker: Broker, tmp_path: Path
) -> None:
    with appliance(broker, tmp_path) as process:
        attached.wait_for(lambda: len(ours(attached)) > 2 * len(Quantity), 30)
        attached.wait_for(lambda: not _unknown(attached), 30)
        states = ours(attached)
        for source in ("p1", "powerwall-unit1"):
            for quantity in Quantity:
                _check(states[f"tallywatt-1_{source}-{quantity}"], quantity)
        _check_the_rest(attached, states)
        process.kill()
        killed = time.monotonic()
        attached.wait_for(
            lambda: all(state["state"] == "unavailable" for state in ours(attached).values()), GONE_WITHIN_S
        )
        print(f"\n{len(states)} entities unavailable {time.monotonic() - killed:.2f} s after kill -9")
    attached.no_warnings()


def test_what_goes_disappears_and_what_stays_keeps_its_place(
    attached: HomeAssistant, broker: Broker, tmp_path: Path
) -> None:
    with appliance(broker, tmp_path):
        attached.wait_for(lambda: "tallywatt-1_powerwall-unit1-temperature" in ours(attached))
        # The broker kept the announcement of the test before; this appliance has to have made its own.
        attached.wait_for(lambda: "powerwall" in _remembered(tmp_path))
        before = _registered(attached)
    with appliance(broker, tmp_path, tells=["p1"]):
        attached.wait_for(lambda: not any("powerwall" in name for name in _registered(attached)))
        attached.wait_for(lambda: not _unknown(attached))
        assert _registered(attached) == {key: id_ for key, id_ in before.items() if "powerwall" not in key}
    attached.no_warnings()


def _remembered(folder: Path) -> str:
    path = folder / "documents.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _registered(home: HomeAssistant) -> dict[str, str]:
    """Our entities in its registry: unique id to entity id."""
    entries = home.entities().items()
    return {entry["unique_id"]: entity for entity, entry in entries if entry["platform"] == "mqtt"}


def _unknown(home: HomeAssistant) -> list[str]:
    """Our entities that show nothing yet; an event has not happened."""
    return [
        name
        for name, state in ours(home).items()
        if state["state"] in ("unknown", "unavailable") and not name.endswith("_event")
    ]


def _check(state: dict[str, Any], quantity: Quantity) -> None:
    spec, shown = quantity.spec, state["attributes"]
    assert shown.get("device_class") == spec.ha_class, quantity
    assert shown.get("unit_of_measurement", "") == unit_of(quantity, "SEK"), quantity
    classes = {Kind.GAUGE: "measurement", Kind.COUNTER: "total_increasing", Kind.STATE: None}
    state_class = "total" if spec.money else "total_increasing" if spec.renews else classes[spec.kind]
    assert shown.get("state_class") == state_class, quantity
    if spec.states:
        assert shown["options"] == list(spec.states)
        assert state["state"] == spec.states[-1]
    else:
        assert float(state["state"]) == pytest.approx(example(quantity), abs=0.5 * 10**-spec.decimals), (
            quantity
        )


def _check_the_rest(home: HomeAssistant, states: dict[str, dict[str, Any]]) -> None:
    price = states["tallywatt-1_price-import"]
    assert price["entity_id"] == "sensor.tallywatt_price_import"
    assert price["attributes"]["unit_of_measurement"] == "SEK/kWh"
    assert "device_class" not in price["attributes"]
    assert float(price["state"]) >= 1.25
    assert price["attributes"]["quarters"][0]["price"] == 1.25
    assert states["tallywatt-1_p1-status"]["state"] == "on"
    assert states["tallywatt-1_powerwall-status"]["attributes"]["device_class"] == "connectivity"
    # The example is a grid that is "syncing": the house is still apart from it.
    assert states["tallywatt-1_p1-grid_state-power"]["state"] == "off"
    assert states["tallywatt-1_p1-power_grid"]["entity_id"] == "sensor.tallywatt_p1_power_grid"
    assert (
        states["tallywatt-1_p1-power_grid"]["attributes"]["friendly_name"] == "Tallywatt Home P1 grid power"
    )
    devices = [d for d in home.devices().values() if d["manufacturer"] == "Tallywatt"]
    assert [device["serial_number"] for device in devices] == ["tallywatt-1"]
    assert devices[0]["configuration_url"] == "http://tallywatt.local:8080"
