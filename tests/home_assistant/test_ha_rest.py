"""config/home_assistant/tallywatt_rest.yaml and tallywatt_templates.yaml in the real Home Assistant."""

import pytest
import requests

from tests.home_assistant.conftest import evening
from tests.peers.home_assistant import HomeAssistant
from tests.peers.served import Served

pytestmark = pytest.mark.xdist_group("home_assistant")

POWER = ("power", "measurement", "W")
ENERGY = ("energy", "total_increasing", "kWh")
SHARE = (None, "measurement", "%")
SENSORS = {
    "grid_power": (*POWER, 612.5),
    "solar_power": (*POWER, 1500),
    "battery_power": (*POWER, 887.5),
    "home_power": (*POWER, 3000),
    "battery_level": ("battery", "measurement", "%", 64.2),
    "meter": (*ENERGY, 48713.4),
    "grid_import": (*ENERGY, 48713.4),
    "grid_export": (*ENERGY, 1204.2),
    "solar_energy": (*ENERGY, 22001.7),
    "home_energy": (*ENERGY, 61234.5),
    "battery_charged": (*ENERGY, 310.5),
    "battery_discharged": (*ENERGY, 280.25),
    "gas": ("gas", "total_increasing", "m³", 2101.125),
    "grid_importing": (*POWER, 612.5),
    "grid_exporting": (*POWER, 0),
    "battery_charging": (*POWER, 0),
    "battery_discharging": (*POWER, 887.5),
    "self_sufficiency_now": (*SHARE, 79.6),
    "mode": (None, None, None, "importing"),
    "status": (None, None, None, "ok"),
    "net_flow": (None, None, None, "Importing 0.61 kW"),
}


def test_every_sensor_has_class_unit_and_the_appliances_value(home: HomeAssistant, house: Served) -> None:
    evening(house)
    home.wait_for(lambda: home.state("sensor.tallywatt_grid_power") == "612.5")
    states = home.states()
    for name, (device_class, state_class, unit, value) in SENSORS.items():
        found = states[f"sensor.tallywatt_{name}"]
        attributes = found["attributes"]
        classes = attributes.get("device_class"), attributes.get("state_class")
        assert (*classes, attributes.get("unit_of_measurement")) == (device_class, state_class, unit), name
        told = found["state"] if isinstance(value, str) else float(found["state"])
        assert told == (value if isinstance(value, str) else pytest.approx(value)), name
    assert states["binary_sensor.tallywatt_grid_connected"]["state"] == "on"
    assert states["sensor.tallywatt_water"]["state"] == "unavailable"  # nobody reads any


def test_shares_and_cost_of_today_are_the_appliances(home: HomeAssistant, house: Served) -> None:
    now = requests.get(f"{house.url}/current_readings", timeout=10).json()
    bill = requests.get(f"{house.url}/api/v1/bills", timeout=10).json()[0]
    for name in ("self_consumption", "self_sufficiency"):
        assert 0 < now[name] < 1
        told = float(home.state(f"sensor.tallywatt_{name}_today") or "nan")
        assert told == pytest.approx(now[name] * 100), name
    assert float(home.state("sensor.tallywatt_cost_today") or "nan") == pytest.approx(bill["total"])


def test_every_entity_can_be_edited_by_its_owner(home: HomeAssistant) -> None:
    ours = [
        entry for entry in home.entities().values() if entry["entity_id"].split(".")[1][:9] == "tallywatt"
    ]
    assert {entry["platform"] for entry in ours} == {"rest", "template", "automation", "script"}
    known = {entry["entity_id"] for entry in ours}
    shown = {entity for entity in home.states() if ".tallywatt_" in entity}
    assert shown == known  # who is in the registry has a unique id


def test_what_becomes_unknown_becomes_unavailable_and_comes_back(home: HomeAssistant, house: Served) -> None:
    evening(house)
    home.wait_for(lambda: home.state("sensor.tallywatt_grid_power") == "612.5")
    house.appliance.cadences["powerwall"] = 0.001  # it has not been heard of for longer than that
    names = ("battery_power", "battery_discharging", "battery_level", "battery_charging")
    home.wait_for(lambda: {home.state(f"sensor.tallywatt_{name}") for name in names} == {"unavailable"})
    assert home.state("sensor.tallywatt_grid_power") == "612.5"
    assert home.state("sensor.tallywatt_grid_import") == "48713.4"
    evening(house)
    home.wait_for(lambda: home.state("sensor.tallywatt_battery_power") == "887.5")


def test_signs(home: HomeAssistant, house: Served) -> None:
    house.tell("p1", power_grid=-1234)
    house.tell("powerwall", power_battery=-500, power_load=766)
    house.tell("roof", power_solar=2500)
    home.wait_for(lambda: home.state("sensor.tallywatt_net_flow") == "Exporting 1.23 kW")
    told = {name: float(home.state(f"sensor.tallywatt_{name}") or "nan") for name in SENSORS if "ing" in name}
    assert told == {
        "grid_importing": 0,
        "grid_exporting": 1234,
        "battery_charging": 500,
        "battery_discharging": 0,
    }
    assert home.state("sensor.tallywatt_self_sufficiency_now") == "100.0"
    assert home.state("sensor.tallywatt_mode") == "exporting"
    evening(house)


BROKEN = """
template:
  - sensor:
      - name: Broken
        value_template: "{{ 1 }}"
"""


def test_home_assistants_own_check_finds_one_mistake_and_that_is_not_ours(home: HomeAssistant) -> None:
    """It ends with 0 also when there are errors, so what it says is read; one mistake shows that it looks."""
    broken = home.folder / "packages" / "broken.yaml"
    broken.write_text(BROKEN)
    try:
        said = home.check_config().splitlines()
    finally:
        broken.unlink()
    assert "Testing configuration at" in said[0]
    assert any("required key 'state' not provided" in line for line in said)
    assert [line for line in said[1:] if "packages/broken.yaml" not in line] == []


def test_nothing_of_it_warned(home: HomeAssistant) -> None:
    # What the automations log is their work, as in test_ha_automations.
    assert [line for line in home.problems() if "tallywatt.automations" not in line] == []
