"""Home is decided here: best source, what is too old, flows that add up, what is never shown as 0."""

from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from appliance.model import Quantity, Reading
from appliance.views import EDGES, Home, home, imbalance, split

Q = Quantity
NOW = 1_778_761_930_000
TYPES = {"inverter": "json_http", "p1": "p1_serial", "camera": "camera_meter"}
CADENCES = {"inverter": 10.0, "p1": 10.0, "camera": 600.0}
POWER = st.floats(-20_000, 20_000).map(round)


def latest(*said: tuple[str, Q, float, float]) -> Mapping[tuple[str, Q], Reading]:
    """Readings as (source, quantity, value, age in seconds)."""
    return {(s, q): Reading(s, q, value, NOW - round(age * 1000)) for s, q, value, age in said}


def seen(*said: tuple[str, Q, float, float], fuse_a: int | None = None) -> Home:
    return home(latest(*said), TYPES, CADENCES, NOW, fuse_a)


@given(solar=st.floats(0, 20_000).map(round), battery=POWER, grid=POWER)
def test_flows_add_up_to_the_nodes(solar: int, battery: int, grid: int) -> None:
    load = grid + solar + battery
    assume(load >= 0)
    nodes = {"solar": solar, "battery": battery, "grid": grid, "home": load}
    flows = split(nodes)
    assert set(flows) <= set(EDGES)
    assert all(power > 0 for power in flows.values())
    for node, power in nodes.items():
        given_ = sum(p for edge, p in flows.items() if edge.startswith(f"{node}_"))
        taken = sum(p for edge, p in flows.items() if edge.endswith(f"_{node}"))
        signed = taken - given_ if node == "home" else given_ - taken
        assert signed == pytest.approx(power, abs=1e-6)


@given(st.dictionaries(st.sampled_from(["solar", "battery", "grid", "home"]), POWER))
def test_no_flow_is_more_than_its_ends(nodes: dict[str, float]) -> None:
    for edge, power in split(nodes).items():
        giver, taker = edge.split("_")
        assert power <= max(0.0, nodes[giver]) + 1e-6
        assert power <= max(0.0, nodes[taker] if taker == "home" else -nodes[taker]) + 1e-6


def test_sunshine_goes_home_first_then_into_the_battery_then_out() -> None:
    flows = split({"solar": 4700.0, "home": 2400.0, "battery": -930.0, "grid": -1370.0})
    assert flows == {"solar_home": 2400.0, "solar_battery": 930.0, "solar_grid": 1370.0}


def test_nothing_flows_while_a_part_is_unknown() -> None:
    assert split({"solar": 4700.0, "home": None, "battery": -930.0, "grid": None}) == {}


def test_the_p1_meter_comes_before_others_while_it_is_fresh() -> None:
    said = (("inverter", Q.POWER_GRID, 900.0, 1), ("p1", Q.POWER_GRID, 1000.0, 20))
    assert seen(*said).nodes["grid"] == 1000.0
    late = (("inverter", Q.POWER_GRID, 900.0, 1), ("p1", Q.POWER_GRID, 1000.0, 31))
    found = seen(*late)
    assert found.nodes["grid"] == 900.0
    assert [(s.source, s.age_s) for s in found.stale] == [("p1", 31.0)]


def test_an_old_value_is_unknown_not_zero() -> None:
    found = seen(("p1", Q.POWER_GRID, 1000.0, 240), ("inverter", Q.POWER_SOLAR, 500.0, 2))
    assert found.nodes == {"grid": None, "solar": 500.0, "home": None}
    assert found.flows == {}
    assert found.sentence.code == "no_reading"


def test_what_is_not_installed_is_absent() -> None:
    assert set(seen(("p1", Q.POWER_GRID, 1000.0, 1)).nodes) == {"grid", "home"}
    assert seen().nodes == {}


def test_a_camera_alone_knows_the_register_only() -> None:
    found = seen(("camera", Q.ENERGY_IMPORT, 48_713.4, 180))
    assert found.only_register
    assert found.nodes == {"grid": None, "home": None}
    assert found.stale == ()
    assert [s.source for s in seen(("camera", Q.ENERGY_IMPORT, 48_713.4, 1801)).stale] == ["camera"]


def test_gas_water_and_heat_carry_their_own_time() -> None:
    assert seen(("p1", Q.GAS, 2291.4, 7200), ("p1", Q.POWER_GRID, 1.0, 1)).stale == ()
    assert seen(("p1", Q.WATER, 80.0, 7200)).stale == ()


def test_the_load_is_what_flows_in_and_a_measured_one_goes_first() -> None:
    said = [("p1", Q.POWER_GRID, -1370.0, 1.0), ("inverter", Q.POWER_SOLAR, 4700.0, 1.0)]
    assert seen(*said, ("inverter", Q.POWER_BATTERY, -930.0, 1.0)).nodes["home"] == 2400.0
    assert seen(*said, ("inverter", Q.POWER_LOAD, 2345.0, 1.0)).nodes["home"] == 2345.0


@pytest.mark.parametrize(("grid", "load"), [(-1020.0, 0.0), (-1400.0, None)])
def test_parts_read_a_moment_apart_may_contradict_a_little(grid: float, load: float | None) -> None:
    found = seen(("p1", Q.POWER_GRID, grid, 1), ("inverter", Q.POWER_SOLAR, 1000.0, 1))
    assert found.nodes["home"] == load


def test_an_inverter_that_draws_at_night_is_no_negative_sunshine() -> None:
    found = seen(("p1", Q.POWER_GRID, 400.0, 1), ("inverter", Q.POWER_SOLAR, -6.0, 1))
    assert found.nodes["solar"] == 0.0
    assert found.flows == {"grid_home": 400.0}


@pytest.mark.parametrize(
    ("grid", "solar", "battery", "code"),
    [
        (-1400.0, 4700.0, -900.0, "running_on_sunshine"),
        (270.0, 3700.0, -1100.0, "buying"),
        (-800.0, 300.0, 900.0, "selling"),
        (10.0, 0.0, 900.0, "on_battery"),
        (10.0, 0.0, 0.0, "idle"),
    ],
)
def test_the_sentence(grid: float, solar: float, battery: float, code: str) -> None:
    found = seen(
        ("p1", Q.POWER_GRID, grid, 1),
        ("inverter", Q.POWER_SOLAR, solar, 1),
        ("inverter", Q.POWER_BATTERY, battery, 1),
    )
    assert found.sentence.code == code
    assert all(power >= 0 for power in found.sentence.params.values())


def test_whole_ampere_yield_to_power_over_voltage() -> None:
    said = [
        ("p1", Q.CURRENT_L1, 9.0, 1.0),
        ("p1", Q.POWER_L1, -2070.0, 1.0),
        ("p1", Q.VOLTAGE_L1, 230.0, 1.0),
    ]
    phase = seen(*said, ("p1", Q.CURRENT_L2, 2.84, 1.0), fuse_a=16).phases
    assert [(p.number, p.amps) for p in phase] == [(1, 9.0), (2, 2.84)]
    assert phase[0].share == pytest.approx(9 / 16)
    said[1] = ("p1", Q.POWER_L1, 2185.0, 1.0)
    assert seen(*said).phases[0].amps == pytest.approx(9.5)


@pytest.mark.parametrize(
    ("amps", "level"),
    [([8.0, 3.0, 5.0], "ok"), ([9.0, 3.0, 5.0], "warn"), ([14.0, 3.0, 5.0], "bad"), ([9.0, None], None)],
)
def test_imbalance(amps: list[float | None], level: str | None) -> None:
    found = imbalance(amps)
    assert (found.level if found else None) == level
