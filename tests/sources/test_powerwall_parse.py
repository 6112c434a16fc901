"""What a Powerwall's answers mean: signs, units, what is no measurement, and nothing from garbage."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SourceError
from appliance.model import Quantity, Reading
from appliance.sources import _powerwall_strings as strings
from appliance.sources._powerwall_alerts import PATIENCE, Alerts, Watch, alerts
from appliance.sources._powerwall_data import app_scale, old_s, units
from appliance.sources._powerwall_memory import Memory
from appliance.sources.powerwall import parse

AT = 1_792_836_000_000
POWERS = {
    "site": Quantity.POWER_GRID,
    "solar": Quantity.POWER_SOLAR,
    "battery": Quantity.POWER_BATTERY,
    "load": Quantity.POWER_LOAD,
}
STATES = {"DOWN": 0, "UP": 1, "SYNCING": 2}
WORDS = {"UP": "SystemGridConnected", "DOWN": "SystemIslandedActive"}


def meter(power: Any, imported: Any = 2000, exported: Any = 1000, **more: Any) -> dict[str, Any]:
    return {"instant_power": power, "energy_imported": imported, "energy_exported": exported, **more}


def meters(**more: Any) -> dict[str, Any]:
    each = {"site": meter(900), "solar": meter(500), "battery": meter(-300), "load": meter(1100)}
    return {"aggregates": {**each, **more}}


def read(answers: Any, cloud: bool = False, **numbers: int) -> dict[Quantity, float]:
    found = parse(answers, "pw", AT, numbers, cloud)
    assert all(reading.at == AT for reading in found)
    return {reading.quantity: reading.value for reading in found if reading.source == "pw"}


# Samples of a gateway


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / "data" / "powerwall" / name).read_text())


def test_signs_in_every_situation(shared: Path) -> None:
    situations = sample(shared, "powerwall_scenarios_from_simulator.json")
    assert len(situations) == 11
    for name, said in situations.items():
        blocks = {key: meter(watts) for key, watts in said["power"].items()}
        word = {"grid_status": WORDS[said["grid_status"]]}
        found = read({"aggregates": blocks, "grid_status": word})
        assert {key: found[quantity] for key, quantity in POWERS.items()} == said["power"], name
        parts = Quantity.POWER_GRID, Quantity.POWER_SOLAR, Quantity.POWER_BATTERY
        assert found[Quantity.POWER_LOAD] == sum(found[part] for part in parts), name
        assert found[Quantity.GRID_STATE] == STATES[said["grid_status"]], name


def test_a_gateway_s_answers(shared: Path) -> None:
    said = sample(shared, "powerwall_local_api_from_simulator.json")
    names = {"aggregates": "meters/aggregates", "soe": "system_status/soe", "operation": "operation"}
    names |= {"grid_status": "system_status/grid_status", "solar_powerwall": "solar_powerwall"}
    found = read({name: said[f"/api/{path}"] for name, path in names.items()})
    assert found[Quantity.POWER_SOLAR] == 1200
    assert found[Quantity.ENERGY_IMPORT] == pytest.approx(887.602, abs=0.001)
    assert found[Quantity.ENERGY_EXPORT] == pytest.approx(0.688, abs=0.001)
    assert found[Quantity.ENERGY_SOLAR] == 257.72
    assert found[Quantity.ENERGY_DISCHARGED] == 136.54
    assert found[Quantity.ENERGY_CHARGED] == 161.08
    assert found[Quantity.ENERGY_LOAD] == pytest.approx(1120.094, abs=0.001)
    assert found[Quantity.FREQUENCY] == pytest.approx(60.02), "the site's 0 Hz is none"
    assert found[Quantity.STATE_OF_CHARGE] == pytest.approx(42)
    assert found[Quantity.STRING_A_VOLTAGE] == 10.3
    assert Quantity.STRING_B_VOLTAGE not in found
    assert not set(found) & {Quantity.BACKUP_RESERVE, Quantity.BATTERY_MODE, Quantity.BATTERY_CAPACITY}


def test_a_gateway_s_vitals(shared: Path) -> None:
    vitals = sample(shared, "powerwall_vitals_from_simulator.json")
    answers = {**meters(), "vitals": vitals}
    told = sample(shared, "powerwall_strings_from_simulator.json")
    found = read(answers)
    for letter, string in told.items():
        quantity = Quantity(f"string_{letter.lower()}_power")
        assert (quantity in found) == string["Connected"]
        assert found.get(quantity, 0) == string["Power"]
    assert sorted(unit.celsius or 0 for unit in units(answers).values()) == pytest.approx([15.2, 15.6])
    assert found[Quantity.BATTERY_CAPACITY] == pytest.approx(25.72)
    assert found[Quantity.BATTERY_STORED] == pytest.approx(9.219)
    now = alerts(answers)
    assert now is not None
    listed = sample(shared, "powerwall_alerts_from_simulator.json")
    pairs = {next(iter(said.items())) for said in listed if isinstance(said, dict)}
    assert now.on == {(device, alert) for device, alert in pairs if alert != "SystemConnectedToGrid"}


# What is no measurement


@pytest.mark.parametrize(
    "aggregates",
    [None, [], {}, "<!DOCTYPE html>", "", 0, True, {"site": None}, {"site": "0"}, {"site": {}},
     {"site": {"instant_power": None}}, {"site": {"instant_power": "0"}}, {"site": {"instant_power": False}},
     {"site": {"instant_power": math.nan}}, {"site": {"instant_power": 10**400}}, {"ERROR": "Unknown API"}],
)  # fmt: skip
def test_no_power_is_an_error(aggregates: Any) -> None:
    with pytest.raises(SourceError, match="tells no power"):
        parse({"aggregates": aggregates, "soe": {"percentage": 50}}, "pw", AT)


@pytest.mark.parametrize("lost", [None, {}, "", {"instant_power": None}, {"instant_power": "12"}])
@pytest.mark.parametrize("name", POWERS)
def test_a_missing_meter_is_none(name: str, lost: Any) -> None:
    found = read(meters(**{name: lost}))
    assert set(POWERS.values()) - set(found) == {POWERS[name]}


def test_a_register_is_told_without_its_power() -> None:
    """A Powerwall 3 whose site manager starts anew tells no power of a meter, but its register."""
    found = read(meters(site=meter(None, 5000, 3000)))
    assert Quantity.POWER_GRID not in found
    assert (found[Quantity.ENERGY_IMPORT], found[Quantity.ENERGY_EXPORT]) == (5.0, 3.0)
    with pytest.raises(SourceError):
        parse({"aggregates": {"site": meter(None, 5000, 3000)}}, "pw", AT)


def test_a_meter_never_heard_of_measures_nothing() -> None:
    never = {"last_communication_time": "0001-01-01T00:00:00Z"}
    found = read(meters(solar=meter(0, 0, 0, **never), load=meter(1200, **never)))
    assert not {Quantity.POWER_SOLAR, Quantity.ENERGY_SOLAR} & set(found)
    assert found[Quantity.POWER_LOAD] == 1200
    heard = meter(0, last_communication_time="2026-10-24T12:00:00Z")
    assert read(meters(solar=heard))[Quantity.POWER_SOLAR] == 0, "night"


def test_registers_of_nothing_are_none() -> None:
    found = read(meters(site=meter(0, 0, 0), solar=meter(0, 0, 7), load=meter(5, -1, 3)))
    assert not {Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT, Quantity.ENERGY_LOAD} & set(found)
    assert found[Quantity.ENERGY_SOLAR] == 0.007
    assert found[Quantity.POWER_GRID] == 0
    assert read(meters(site=meter(0, 12, 0)))[Quantity.ENERGY_EXPORT] == 0, "a house that only buys"


@pytest.mark.parametrize(
    ("hertz", "volts", "known"), [(0, 0, False), (50.1, 231.0, True), (None, "x", False)]
)
def test_frequency_and_voltage_of_0_are_none(hertz: Any, volts: Any, known: bool) -> None:
    found = read(meters(site=meter(1, frequency=hertz, instant_average_voltage=volts)))
    assert (Quantity.FREQUENCY in found) == (Quantity.VOLTAGE_GRID in found) == known


def test_the_units_tell_the_frequency_where_the_meters_do_not() -> None:
    blocks = {"battery_blocks": [{"f_out": None}, {"f_out": 50.02}]}
    assert read({**meters(), "system_status": blocks})[Quantity.FREQUENCY] == 50.02


@pytest.mark.parametrize("device", ["TEPINV--1--A", "PVAC--1--A", "TESYNC--1--A"])
def test_the_devices_tell_the_frequency_where_nothing_else_does(device: str) -> None:
    """A Powerwall 3 tells it in the vitals alone."""
    names = {"TEPINV": "PINV_Fout", "PVAC": "PVAC_Fout", "TESYNC": "ISLAND_FreqL1_Main"}
    name = names[device.partition("--")[0]]
    vitals = {"TEPINV--0--Z": {"PINV_Fout": None, "PINV_Pout": 50.0}, device: {name: 50.01}}
    assert read({**meters(), "vitals": vitals})[Quantity.FREQUENCY] == 50.01
    assert Quantity.FREQUENCY not in read({**meters(), "vitals": {device: {name: 0.0}}})


@pytest.mark.parametrize(
    ("raw", "app"), [(5, 0), (52.5, 50), (100, 100), (0, 0), (3, 0), (100.4, 100), (24, 20)]
)
def test_charge_on_both_scales(raw: float, app: float) -> None:
    found = read({**meters(), "soe": {"percentage": raw}})
    assert found[Quantity.STATE_OF_CHARGE] == pytest.approx(app)
    assert found[Quantity.STATE_OF_CHARGE_RAW] == min(raw, 100)


@pytest.mark.parametrize(
    "said", [None, "<html>", {}, {"percentage": None}, {"percentage": -1}, {"percentage": 400}]
)
def test_no_charge_is_none(said: Any) -> None:
    assert Quantity.STATE_OF_CHARGE not in read({**meters(), "soe": said})


def test_a_charge_that_pypowerwall_made_up_is_none() -> None:
    made_up = {**meters(), "soe": {"percentage": (0 + 5 / 0.95) * 0.95}}
    assert Quantity.STATE_OF_CHARGE not in read(made_up, cloud=True)
    empty = {**made_up, "system_status": {"nominal_energy_remaining": 0}}
    assert read(empty, cloud=True)[Quantity.STATE_OF_CHARGE] == pytest.approx(0)
    assert read(made_up)[Quantity.STATE_OF_CHARGE] == pytest.approx(0), "a gateway means it"


@pytest.mark.parametrize(
    ("word", "state"),
    [("SystemGridConnected", 1), ("SystemIslandedActive", 0), ("SystemMicroGridFaulted", 0),
     ("SystemWaitForUser", 0), ("SystemTransitionToGrid", 2), ("SystemTransitionToIsland", 2),
     ("SystemIslandedReady", 2), ("SystemOnTheMoon", None), ("", None), (None, None), (["x"], None)],
)  # fmt: skip
def test_the_grid(word: Any, state: int | None) -> None:
    assert read({**meters(), "grid_status": {"grid_status": word}}).get(Quantity.GRID_STATE) == state


def test_the_cloud_has_to_agree_with_itself_on_the_grid() -> None:
    up = {**meters(), "grid_status": {"grid_status": "SystemGridConnected"}}
    other = {**up, "system_status": {"system_island_state": "SystemIslandedActive"}}
    same = {**up, "system_status": {"system_island_state": "SystemGridConnected"}}
    assert Quantity.GRID_STATE not in {**read(up, cloud=True), **read(other, cloud=True)}
    assert read(same, cloud=True)[Quantity.GRID_STATE] == 1


def test_settings() -> None:
    said = {"operation": {"real_mode": "backup", "backup_reserve_percent": 24}}
    found = read({**meters(), **said, "grid_charging": False, "export_rule": "pv_only"})
    assert found[Quantity.BATTERY_MODE] == 2
    assert found[Quantity.BACKUP_RESERVE] == pytest.approx(20)
    assert found[Quantity.GRID_CHARGING] == 0
    assert found[Quantity.EXPORT_RULE] == 1
    filled_in = {"operation": {"real_mode": None, "backup_reserve_percent": 5}}
    found = read({**meters(), **filled_in, "grid_charging": True, "export_rule": "battery_ok"})
    assert not {quantity for quantity in found if quantity.spec.slow_s}


def test_what_the_cloud_heard_long_ago_is_known_by_its_age() -> None:
    stamp = datetime.fromtimestamp(AT / 1000 - 7200, UTC).isoformat()
    assert old_s(meters(site=meter(1, last_communication_time=stamp)), AT) == 7200
    assert old_s(meters(site=meter(1, last_communication_time="never")), AT) == 0
    assert old_s(meters(), AT) == 0


# Units, strings, alerts


def pod(full: Any, stored: Any, **more: Any) -> dict[str, Any]:
    return {"POD_nom_full_pack_energy": full, "POD_nom_energy_remaining": stored, **more}


def test_a_part_of_the_battery_is_not_the_battery() -> None:
    vitals = {"TEPOD--1--A": pod(13_000, 6_000), "TEPOD--1--B": pod(None, None)}
    assert Quantity.BATTERY_CAPACITY not in read({**meters(), "vitals": vitals})
    vitals["TEPOD--1--B"] = pod(12_000, 0)
    found = read({**meters(), "vitals": vitals})
    assert (found[Quantity.BATTERY_CAPACITY], found[Quantity.BATTERY_STORED]) == (25, 6)
    assert found[Quantity.BATTERY_TIME_LEFT] == pytest.approx(6000 / 1100)


@pytest.mark.parametrize("full", [None, 0, "13000", -1])
def test_a_capacity_of_0_is_none(full: Any) -> None:
    said = {"nominal_full_pack_energy": full, "nominal_energy_remaining": 0}
    found = read({**meters(), "system_status": said})
    assert not {Quantity.BATTERY_CAPACITY, Quantity.BATTERY_STORED, Quantity.BATTERY_TIME_LEFT} & set(found)


def test_a_powerwall_3_tells_the_temperature_of_its_pack() -> None:
    vitals = {"TEPOD--1707000-11-J--TG1": pod(13_500, 9_000, HVP_PackTempMax=31.5)}
    found = parse({**meters(), "vitals": vitals}, "pw", AT, {"1707000-11-J--TG1": 1})
    assert Reading("pw.unit1", Quantity.TEMPERATURE, 31.5, AT) in found


def test_a_unit_is_known_by_its_serial_number() -> None:
    package = {"PackagePartNumber": "3", "PackageSerialNumber": "TG1", "nominal_full_pack_energy": 13_000}
    vitals = {"TETHC--2--TG1": {"THC_AmbientTemp": 21.0}, "TEPOD--1--TG1": pod(99, 9)}
    found = units({"system_status": {"battery_blocks": [package]}, "vitals": vitals})
    assert list(found) == ["3--TG1"]
    assert (found["3--TG1"].full_wh, found["3--TG1"].celsius) == (13_000, 21.0)


def test_a_second_inverter_is_a_sub_source() -> None:
    string = {"Power": 400.0, "Voltage": 250.0, "Current": 1.6, "Connected": True}
    said = {"A": string, "A1": string, "F2": {**string, "Connected": False}, "Z": string, "B": None}
    found = strings.readings({"strings": said}, "pw", AT)
    assert {(reading.source, reading.quantity) for reading in found} == {
        (source, Quantity(f"string_a_{what}"))
        for source in ("pw", "pw.inverter2")
        for what in ("power", "voltage", "current")
    }


def test_an_inverter_keeps_its_number_while_another_is_not_heard() -> None:
    """pypowerwall leaves a Powerwall 3 out of the vitals that does not answer in time."""
    vitals = {
        f"PVAC--1--{name}": {"PVAC_PVMeasuredPower_A": watts} for name, watts in (("X", 1.0), ("Y", 2.0))
    }
    assert strings.inverters({"vitals": vitals}) == ["1--X", "1--Y"]
    del vitals["PVAC--1--X"]
    found = parse({**meters(), "vitals": vitals}, "pw", AT, inverters={"1--X": 1, "1--Y": 2})
    told = [reading for reading in found if reading.quantity is Quantity.STRING_A_POWER]
    assert told == [Reading("pw.inverter2", Quantity.STRING_A_POWER, 2.0, AT)]


def test_alerts_of_a_gateway_without_vitals() -> None:
    inverter = {"pvac_alerts": {"PVAC_a1": True, "Count": 1}, "pvs_alerts": {"PVS_a9": True, "PVS_a8": False}}
    now = alerts({"solar_powerwall": inverter})
    assert now == Alerts("inverter", frozenset({("PVAC", "PVAC_a1"), ("PVS", "PVS_a9")}))
    assert alerts({"alerts": ["X", "SystemGridConnected", 3]}) == Alerts("list", frozenset({("", "X")}))
    assert alerts({"vitals": None}) is None


def test_another_kind_of_answer_is_believed_when_it_stays() -> None:
    watch = Watch(Alerts("vitals", frozenset({("PVS--1--2", "X")})))
    inverter = Alerts("inverter", frozenset())
    for _ in range(PATIENCE - 1):
        assert watch.seen(inverter, "pw", AT) == []
    assert [event.name for event in watch.seen(inverter, "pw", AT)] == ["alert_off"]


def test_a_device_left_out_of_the_vitals_keeps_its_alerts_for_a_while() -> None:
    both = {"PVS--1--X": {"alerts": ["P"]}, "TEPOD--1--Y": {"alerts": ["Q"]}}
    watch = Watch(None)
    assert len(watch.seen(alerts({"vitals": both}), "pw", AT)) == 2
    alone = alerts({"vitals": {"TEPOD--1--Y": {}}})
    went = watch.seen(alone, "pw", AT)
    assert [event.data["alert"] for event in went] == ["Q"], "that device told it"
    for _ in range(PATIENCE - 2):
        assert watch.seen(alone, "pw", AT) == []
    assert [event.data["alert"] for event in watch.seen(alone, "pw", AT)] == ["P"]


def test_a_memory_that_is_damaged_starts_anew(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"units": 3}', '{"units": [], "alerts": {"on": [1]}}'):
        (tmp_path / "powerwall.json").write_text(text)
        memory = Memory(tmp_path)
        assert memory.alerts is None
    memory.number(["b", "a"])
    memory.number_inverters(["i"])
    memory.alerts = Alerts("vitals", frozenset({("d", "x")}))
    memory.keep()
    again = Memory(tmp_path)
    assert (again.number(["a", "c"]), again.alerts) == ({"b": 1, "a": 2, "c": 3}, memory.alerts)
    assert again.number_inverters(["h", "i"]) == {"i": 1, "h": 2}


# Garbage

BLOCKS = ["site", "solar", "battery", "load", "grid_status", "battery_blocks", "pvac_status", "alerts"]
FIELDS = ["instant_power", "energy_imported", "energy_exported", "frequency", "instant_average_voltage"]
FIELDS += ["percentage", "PackageSerialNumber", "nominal_full_pack_energy", "THC_AmbientTemp", "Power"]
FIELDS += ["string_vitals", "measured_power", "real_mode", "backup_reserve_percent"]
KEYS = [*BLOCKS, *FIELDS, "TEPOD--1--A", "TETHC--1--A", "PVAC--1--A", "A"]
LEAVES = st.none() | st.booleans() | st.text(max_size=8) | st.binary(max_size=4)
JUNK = st.recursive(
    LEAVES | st.sampled_from([math.nan, math.inf]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["soe", "grid_status", "operation", "system_status", "vitals", "strings", "temps", "alerts"]
NAMES += ["solar_powerwall", "grid_charging", "export_rule", "aggregates"]


@given(st.dictionaries(st.sampled_from(NAMES), JUNK))
def test_garbage_gives_no_reading(answers: dict[str, Any]) -> None:
    """There is no number in it, so no number may come of it; and nothing fails in another way."""
    with pytest.raises(SourceError):
        parse(answers, "pw", AT, {"1--A": 1})
    alerts(answers)
    good = parse({**answers, **meters()}, "pw", AT, {"1--A": 1})
    plain = {reading.quantity for reading in parse(meters(), "pw", AT)}
    assert {reading.quantity for reading in good} - plain <= {Quantity.GRID_CHARGING}


@given(st.floats(-1e6, 1e6), st.floats(0, 100))
def test_numbers_come_through_as_they_are(watts: float, percent: float) -> None:
    found = read({**meters(battery=meter(watts)), "soe": {"percentage": percent}})
    assert found[Quantity.POWER_BATTERY] == watts
    assert 0 <= found[Quantity.STATE_OF_CHARGE] <= 100
    assert found[Quantity.STATE_OF_CHARGE] == app_scale(percent)
