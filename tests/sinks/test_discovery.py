"""What Home Assistant is told: each quantity's class, unit and state class are a combination it accepts."""

import json
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.model import Kind, Quantity
from appliance.sinks._discovery import (
    EVENT_TYPES,
    Device,
    Series,
    Topics,
    config,
    platforms,
    removing,
)

TOPICS = Topics("tallywatt/tw-1", "tw-1")
DEVICE = Device("Home", "SEK", "http://tallywatt.local:8080")
EVERY = [Series("p1", quantity, 60) for quantity in Quantity]

TABLES = """
import importlib.util, json
folder = importlib.util.find_spec("homeassistant").submodule_search_locations[0]
# The package around it would import half of Home Assistant.
spec = importlib.util.spec_from_file_location("const", folder + "/components/sensor/const.py")
const = importlib.util.module_from_spec(spec)
spec.loader.exec_module(const)
unit = lambda one: "" if one is None else str(one)
units = {str(c): sorted(map(unit, us)) for c, us in const.DEVICE_CLASS_UNITS.items()}
states = {str(c): sorted(str(s) for s in ss) for c, ss in const.DEVICE_CLASS_STATE_CLASSES.items()}
print(json.dumps([units, states]))
"""
Tables = tuple[dict[str, list[str]], dict[str, list[str]]]


@pytest.fixture(scope="module")
def tables(home_assistant_python: Path) -> Tables:
    """Home Assistant's own: units and state classes by device class."""
    command = [str(home_assistant_python), "-c", TABLES]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    units, states = json.loads(done.stdout)
    return units, states


def sensors(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: one for key, one in payload["components"].items() if one["platform"] == "sensor"}


@pytest.mark.parametrize(("word", "power"), [("up", "ON"), ("down", "OFF"), ("syncing", "OFF")])
def test_a_gateway_that_is_syncing_is_still_apart_from_the_grid(word: str, power: str) -> None:
    told = config(TOPICS, DEVICE, [Series("powerwall", Quantity.GRID_STATE, 60)])
    template = told["components"]["powerwall-grid_state-power"]["value_template"]
    assert jinja2.Template(template).render(value=word) == power


def test_home_assistant_accepts_every_combination(tables: Tables) -> None:
    units, states = tables
    told = sensors(config(TOPICS, DEVICE, EVERY, ["import", "export"]))
    assert len(told) == len(Quantity) + 2
    for key, sensor in told.items():
        device_class, state_class = sensor.get("device_class"), sensor.get("state_class")
        unit = sensor.get("unit_of_measurement", "")
        if device_class == "enum":
            assert (state_class, unit) == (None, "")
            assert sensor["options"], key
        elif device_class is None:
            assert state_class in (None, "measurement", "total_increasing"), key
        else:
            # Money is in one of the world's currencies, which Home Assistant does not list.
            assert unit == DEVICE.currency if device_class == "monetary" else unit in units[device_class], key
            assert state_class in states[device_class], key


def test_a_unit_home_assistant_has_a_class_for_has_one(tables: Tables) -> None:
    """So that its units can be converted and the energy dashboard offers it."""
    units, _ = tables
    known = {unit for many in units.values() for unit in many} - {""}
    for quantity in Quantity:
        assert quantity.spec.ha_class is not None or quantity.spec.unit not in known, quantity


def test_registers_rise_and_the_rest_is_measured() -> None:
    told = sensors(config(TOPICS, DEVICE, EVERY))
    assert told["p1-energy_import"]["state_class"] == "total_increasing"
    assert told["p1-battery_stored"]["state_class"] == "measurement"
    assert told["p1-power_grid"]["suggested_display_precision"] == 0
    assert "device_class" not in told["p1-reactive_import"]
    assert told["p1-power_failures"]["entity_category"] == "diagnostic"
    assert told["p1-battery_mode"]["options"] == ["self_consumption", "autonomous", "backup"]
    assert told["p1-heat"]["device_class"] == "energy"
    tariff = told["p1-tariff"]
    assert not {"state_class", "device_class", "unit_of_measurement"} & set(tariff)


def test_a_source_that_is_silent_makes_only_its_own_unavailable() -> None:
    series = [Series("powerwall.unit1", Quantity.TEMPERATURE, 1800), Series("p1", Quantity.POWER_GRID, 60)]
    parts = config(TOPICS, DEVICE, series)["components"]
    both = [{"topic": "tallywatt/tw-1/status"}, {"topic": "tallywatt/tw-1/powerwall/status"}]
    assert parts["powerwall-unit1-temperature"]["availability"] == both
    assert parts["powerwall-unit1-temperature"]["availability_mode"] == "all"
    assert parts["powerwall-unit1-temperature"]["expire_after"] == 1800
    assert parts["powerwall-status"]["state_topic"] == "tallywatt/tw-1/powerwall/status"
    assert "availability" not in parts["powerwall-status"]
    assert parts["event"]["event_types"] == list(EVENT_TYPES)


def test_ids_stay_whatever_else_there_is() -> None:
    alone = config(TOPICS, DEVICE, [Series("p1", Quantity.GAS, 60)])["components"]["p1-gas"]
    among = config(TOPICS, Device("Hut", "EUR", ""), EVERY)["components"]["p1-gas"]
    assert alone == among
    assert alone["unique_id"] == "tw-1_p1-gas"
    assert alone["object_id"] == "tallywatt_p1_gas"
    assert alone["default_entity_id"] == "sensor.tallywatt_p1_gas"


def test_removal_names_only_what_goes() -> None:
    before = config(TOPICS, DEVICE, EVERY)
    after = config(TOPICS, DEVICE, [one for one in EVERY if one.quantity is not Quantity.GRID_STATE])
    gone = {key: platform for key, platform in platforms(before).items() if key not in platforms(after)}
    assert gone == {"p1-grid_state": "sensor", "p1-grid_state-power": "binary_sensor"}
    farewell = removing(after, gone)["components"]
    assert farewell.pop("p1-grid_state") == {"platform": "sensor"}
    assert farewell.pop("p1-grid_state-power") == {"platform": "binary_sensor"}
    assert farewell == after["components"]


words = st.text("abz_09", min_size=1, max_size=8)
names = words | st.builds("{}.{}".format, words, words)


@example({("s", Quantity.LONG_POWER_FAILURES), ("s_long", Quantity.POWER_FAILURES)})
@given(st.sets(st.tuples(names, st.sampled_from(Quantity)), max_size=20))
def test_nothing_is_told_twice(pairs: set[tuple[str, Quantity]]) -> None:
    payload = config(TOPICS, DEVICE, [Series(source, quantity, 60) for source, quantity in pairs])
    told = payload["components"].values()
    assert len({one["unique_id"] for one in told}) == len(told)
    assert len(sensors(payload)) == len(pairs)
    assert payload == config(TOPICS, DEVICE, [Series(s, q, 60) for s, q in sorted(pairs, reverse=True)])


@pytest.mark.parametrize("quantity", Quantity)
def test_states_have_words_or_no_class(quantity: Quantity) -> None:
    assert (quantity.spec.ha_class == "enum") == bool(quantity.spec.states)
    assert not quantity.spec.states or quantity.spec.kind is Kind.STATE
