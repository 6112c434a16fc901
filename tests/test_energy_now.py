"""The moment as code words: directions, modes, shares; and what is not known stays unknown."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.energy_now import Energies, EnergyNow, described, energy_now, flow_of
from appliance.model import Quantity, Reading

Q = Quantity
NOW = 1_778_000_000_000
CADENCES = {"powerwall": 5.0}
TYPES = {"powerwall": "powerwall"}


def moment(at: int = NOW, **values: float) -> EnergyNow:
    readings = [Reading("powerwall", Q(name), value, at) for name, value in values.items()]
    return energy_now({(r.source, r.quantity): r for r in readings}, TYPES, CADENCES, NOW)


SITUATIONS = {
    "battery-exporting": (-2100, 0, 3000, 1, "exporting"),
    "solar-exporting": (-1100, 1500, 0, 1, "exporting"),
    "solar-powered": (0, 900, 0, 1, "solar_powered"),
    "grid-powered": (900, 0, 0, 1, "importing"),
    "self-powered": (0, 500, 400, 1, "self_powered"),
    "battery-powered": (0, 0, 900, 1, "battery_powered"),
    "grid-charging": (1200, 0, -300, 1, "grid_charging"),
    "solar-charging": (0, 1200, -300, 1, "solar_charging"),
    "sunny-day-outage": (0, 4300, -3100, 0, "backup"),
    "cloudy-day-outage": (0, 600, 800, 0, "backup"),
    "nighttime-outage": (0, 0, 900, 0, "backup"),
    "nothing-moves": (20, -10, -30, 1, "idle"),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_situation_has_its_mode(name: str) -> None:
    grid, solar, battery, state, mode = SITUATIONS[name]
    seen = moment(power_grid=grid, power_solar=solar, power_battery=battery, grid_state=state)
    assert seen.mode == mode
    assert seen.grid_tied is bool(state)
    assert seen.status == ("ok" if state else "outage")
    assert seen.power("home") == max(0, grid + max(0, solar) + battery)


def test_the_situations_are_those_of_the_simulator(shared: Path) -> None:
    told = json.loads((shared / "data" / "powerwall" / "powerwall_scenarios_from_simulator.json").read_text())
    for name, said in told.items():
        power = said["power"]
        assert SITUATIONS[name][:4] == (power["site"], power["solar"], power["battery"], said["numeric"])


@pytest.mark.parametrize(
    ("node", "power", "flow"),
    [
        ("grid", 50, "importing"), ("grid", -50, "exporting"), ("grid", 49.9, "idle"),
        ("battery", 50, "discharging"), ("battery", -50, "charging"), ("solar", 50, "producing"),
        ("home", 400, "consuming"), ("grid", None, "unknown"), ("solar", 0, "idle"),
    ],
)  # fmt: skip
def test_which_way_it_goes(node: str, power: float | None, flow: str) -> None:
    assert flow_of(node, power) == flow


def test_who_is_not_there_is_absent_who_is_silent_unknown() -> None:
    seen = moment(power_grid=100)
    assert [seen.flow(n) for n in ("grid", "solar", "battery", "home")] == [
        "importing", "absent", "absent", "consuming",
    ]  # fmt: skip
    silent = moment(NOW - 60_000, power_grid=100, state_of_charge=50)
    assert (silent.flow("grid"), silent.status, silent.mode, silent.charge) == (
        "unknown", "degraded", "unknown", None,
    )  # fmt: skip
    assert moment().status == "degraded"


def test_an_unknown_battery_is_no_reason_to_guess() -> None:
    fresh = [Reading("powerwall", Q.POWER_GRID, 10, NOW)]
    old = [Reading("powerwall", Q.POWER_BATTERY, 3000, NOW - 60_000)]
    latest = {(r.source, r.quantity): r for r in (*fresh, *old)}
    assert energy_now(latest, TYPES, CADENCES, NOW).mode == "unknown"


def test_a_meter_that_is_only_read_is_not_missed_at_the_grid() -> None:
    camera = {("cam", Q.ENERGY_IMPORT): Reading("cam", Q.ENERGY_IMPORT, 48_713, NOW)}
    seen = energy_now(camera, {"cam": "camera_meter"}, {"cam": 900.0}, NOW)
    assert (seen.status, seen.flow("grid"), seen.mode, dict(seen.powers)) == ("ok", "absent", "unknown", {})
    silent = energy_now(camera, {"cam": "camera_meter"}, {"cam": 900.0}, NOW + 3_600_000)
    assert silent.status == "degraded"
    load = {**camera, ("plug", Q.POWER_LOAD): Reading("plug", Q.POWER_LOAD, 300, NOW - 600_000)}
    assert energy_now(load, {}, {"cam": 900.0, "plug": 10.0}, NOW).status == "degraded"


def test_a_source_that_never_spoke_is_not_ok() -> None:
    p1 = {("p1", Q.POWER_GRID): Reading("p1", Q.POWER_GRID, 100, NOW)}
    assert energy_now(p1, {}, {"p1": 1.0, "spot": 86_400.0}, NOW).status == "ok"
    assert energy_now(p1, {}, {"p1": 1.0, "powerwall": 10.0}, NOW).status == "degraded"


def test_the_sentence_says_what_its_sign_means() -> None:
    assert described(1412).startswith("Importing 1412 W from the grid (positive is import")
    assert described(-0.4).startswith("Balanced")
    assert described(None).startswith("The power at the grid is not known")


energy = st.none() | st.floats(0, 1e6)


@given(energy, energy, energy, energy, energy, energy, st.booleans(), st.booleans())
def test_a_share_is_a_share_or_unknown(
    imported: float | None, exported: float | None, solar: float | None, load: float | None,
    charged: float | None, discharged: float | None, has_solar: bool, has_battery: bool,
) -> None:  # fmt: skip
    found = Energies(imported, exported, solar, load, charged, discharged, has_solar, has_battery)
    for share in (found.self_consumption, found.self_sufficiency):
        assert share is None or 0 <= share <= 1
    if exported is None or solar is None:
        assert found.self_consumption is None
    if imported is None:
        assert found.self_sufficiency is None


def test_what_the_house_used() -> None:
    assert Energies(4, 6, 20, None, 5, 2).used == 15
    assert Energies(4, 6, 20, 14.5, 5, 2).used == 14.5  # its own register knows better
    assert Energies(4, 6, 20).used is None  # a battery whose registers nobody reads
    assert Energies(4, 6, 20, has_battery=False).used == 18
    assert Energies(4, 0, has_battery=False, has_solar=False).self_sufficiency == 0
    assert Energies(4, 1, 0.01).self_consumption is None  # at night
