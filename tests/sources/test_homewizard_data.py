"""What HomeWizard devices answer, as quantities: both APIs, every field optional."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import FakeClock
from appliance.demo.homewizard_measured import MEASURED, in_v1
from appliance.demo.house import House
from appliance.errors import SourceError
from appliance.model import Quantity as Q  # noqa: N817 - it stands everywhere
from appliance.sources import _homewizard_data as data

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = 1_792_836_000_000
"""2026-10-24T10:00:00Z, noon in Amsterdam."""


def grid(payload: dict[str, Any]) -> dict[Q, float]:
    return data.quantities(data.values(payload), "grid")


def test_v1_and_v2_say_the_same() -> None:
    house = House(FakeClock(NOW))
    for hour in range(0, 48, 5):
        now = NOW + hour * 3_600_000
        new = MEASURED["HWE-P1"](house, now)
        old = json.loads(json.dumps(in_v1(new)))
        assert grid(old) == grid(new)
        assert data.behind(old, house.zone, now) == data.behind(new, house.zone, now)


def test_a_p1_meter_agrees_with_the_house() -> None:
    house = House(FakeClock(NOW))
    for hour in range(0, 48, 3):
        state = house.state_at(NOW + hour * 3_600_000)
        got = grid(in_v1(MEASURED["HWE-P1"](house, state.at)))
        assert got[Q.POWER_GRID] == state.grid_w
        assert got[Q.ENERGY_IMPORT] == pytest.approx(state.import_kwh, abs=0.001)
        assert got[Q.ENERGY_EXPORT_T2] == pytest.approx(state.export_t2_kwh, abs=0.001)
        assert got[Q.TARIFF] == state.tariff
        assert [got[Q(f"power_l{n}")] for n in (1, 2, 3)] == [p.power_w for p in state.phases]
        assert abs(got[Q.CURRENT_L1]) == state.phases[0].current_a
        assert (got[Q.CURRENT_L1] < 0) == (state.phases[0].power_w < 0)


def test_roles_and_their_signs() -> None:
    house = House(FakeClock(NOW))
    for hour in range(0, 24, 2):
        state = house.state_at(NOW + hour * 3_600_000)

        def of(kind: str, role: data.Role, at: int = state.at) -> dict[Q, float]:
            return data.quantities(data.values(in_v1(MEASURED[kind](house, at))), role)

        solar, battery, load = of("SDM630-wifi", "solar"), of("HWE-BAT", "battery"), of("HWE-KWH1", "load")
        assert solar[Q.POWER_SOLAR] == state.solar_w
        assert solar[Q.ENERGY_SOLAR] == pytest.approx(state.solar_kwh, abs=0.001)
        assert battery[Q.POWER_BATTERY] == state.battery_w
        assert battery[Q.STATE_OF_CHARGE] == state.soc
        assert battery[Q.ENERGY_CHARGED] == pytest.approx(state.charged_kwh, abs=0.001)
        assert battery[Q.ENERGY_DISCHARGED] == pytest.approx(state.discharged_kwh, abs=0.001)
        assert load[Q.POWER_LOAD] == state.load_w
        # Phases are those of the main fuse: nothing else may fill them.
        assert not {q for found in (solar, battery, load) for q in found if "_l1" in q}
        assert load[Q.POWER_LOAD] == pytest.approx(
            grid(MEASURED["HWE-P1"](house, state.at))[Q.POWER_GRID] + state.solar_w + state.battery_w
        )


def test_tariffs_are_summed_where_there_is_no_total() -> None:
    got = grid(
        {
            "total_power_import_t1_kwh": 100.5,
            "total_power_import_t2_kwh": 50.25,
            "total_power_import_t3_kwh": None,
            "total_power_export_t1_kwh": 0,
        }
    )
    assert got[Q.ENERGY_IMPORT] == 150.75
    assert got[Q.ENERGY_EXPORT] == 0
    assert Q.ENERGY_EXPORT_T2 not in got
    assert grid({"energy_import_kwh": 7, "energy_import_t1_kwh": 3})[Q.ENERGY_IMPORT] == 7


@pytest.mark.parametrize("name", ["montly_power_peak_w", "monthly_power_peak_w"])
def test_both_spellings_of_the_monthly_peak(name: str) -> None:
    assert grid({name: 3560.0}) == {Q.DEMAND_PEAK_MONTH: 3560}


def test_a_single_phase_is_numbered_and_a_sum_is_not_taken_for_it() -> None:
    assert grid({"voltage_v": 230.1, "current_a": -1.5}) == {Q.VOLTAGE_L1: 230.1, Q.CURRENT_L1: -1.5}
    assert grid({"active_current_a": 18.24, "active_power_l2_w": 89}) == {Q.POWER_L2: 89}


def test_unknown_is_not_zero() -> None:
    """null, absent, text, true and infinity are nothing at all."""
    assert grid({"active_power_w": None, "active_tariff": "2", "active_frequency_hz": True}) == {}
    assert grid({"power_w": float("inf"), "power_l1_w": 0}) == {Q.POWER_L1: 0}


def test_a_meter_wired_the_other_way_round() -> None:
    numbers = {"power_w": 500.0, "current_a": 2.0, "energy_import_kwh": 9.0, "energy_export_kwh": 1.0}
    straight = {"power_w": -500.0, "current_a": -2.0, "energy_export_kwh": 9.0, "energy_import_kwh": 1.0}
    assert data.turned(numbers) == straight
    assert data.turned(data.turned(numbers)) == numbers
    assert data.turned({"voltage_v": 230, "power_factor": 0.9, "power_l2_w": 3}) == {
        "voltage_v": 230,
        "power_factor": 0.9,
        "power_l2_w": -3,
    }


# Meters behind the meter


def child(kind: str, value: Any, stamp: Any = 261024115500, unit: str = "m3") -> dict[str, Any]:
    return {"unique_id": "00", "type": kind, "timestamp": stamp, "value": value, "unit": unit}


def behind(*children: Any, **more: Any) -> dict[Q, tuple[float, int]]:
    return data.behind({"external": list(children), **more}, ZONE, NOW)


def test_gas_water_and_heat_with_their_own_times() -> None:
    five_ago = NOW - 300_000
    assert behind(
        child("gas_meter", 2569.646),
        child("water_meter", 123.456, "2026-10-24T11:50:00"),
        child("heat_meter", 12.5, unit="GJ"),
        child("oxygen_meter", 1),
    ) == {
        Q.GAS: (2569.646, five_ago),
        Q.WATER: (123.456, NOW - 600_000),
        Q.HEAT: (12.5, five_ago),
    }


def test_the_newest_of_a_kind_counts_and_cold_water_before_warm() -> None:
    assert behind(child("gas_meter", 9, 261024100000), child("gas_meter", 1, 261024110000))[Q.GAS][0] == 1
    assert behind(child("water_meter", 5, 261024100000), child("warm_water_meter", 2))[Q.WATER][0] == 5
    assert behind(child("warm_water_meter", 2), child("water_meter", 5, 261024100000))[Q.WATER][0] == 5
    assert behind(child("warm_water_meter", 2))[Q.WATER][0] == 2


def test_heat_in_another_unit_is_converted_or_left_out() -> None:
    assert behind(child("heat_meter", 1000, unit="kWh"))[Q.HEAT][0] == pytest.approx(3.6)
    assert behind(child("heat_meter", 222.222)) == {}  # cubic metres of hot water are no heat


def test_gas_fields_of_old_firmware() -> None:
    old = {"total_gas_m3": 809.162, "gas_timestamp": 261024115500}
    assert data.behind(old, ZONE, NOW) == {Q.GAS: (809.162, NOW - 300_000)}
    assert behind(child("gas_meter", 1), **old)[Q.GAS][0] == 1
    assert data.behind({"total_gas_m3": None, "gas_timestamp": None, "external": None}, ZONE, NOW) == {}


def test_a_time_that_cannot_be_is_now() -> None:
    for stamp in (None, 0, 261399000000, "soon", 261024130000, True, [1], -5, 10**30):
        assert behind(child("gas_meter", 1, stamp))[Q.GAS] == (1, NOW)


def test_the_hour_that_happens_twice() -> None:
    """25 October 2026: 02:30 comes at 00:30Z and again at 01:30Z."""
    first, second = 1_792_888_200_000, 1_792_891_800_000
    assert data.moment("2026-10-25T02:30:00", ZONE, first + 1000) == first
    assert data.moment("2026-10-25T02:30:00", ZONE, second + 1000) == second
    assert data.moment(261025023000, ZONE, second + 1000) == second


# Answers that are none


@pytest.mark.parametrize("payload", [None, [], "on", 5, True])
def test_what_is_no_measurement(payload: Any) -> None:
    with pytest.raises(SourceError, match="measurement"):
        data.values(payload)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["active_power_w", "total_power_import_t1_kwh", "external", "gas_timestamp", "total_gas_m3", "timestamp"]
)


@given(payload=st.dictionaries(NAMES, JUNK), entry=st.dictionaries(st.sampled_from(list(child("", 0))), JUNK))
def test_no_answer_breaks_it(payload: dict[str, Any], entry: dict[str, Any]) -> None:
    for role in ("grid", "load", "solar", "battery"):
        data.quantities(data.turned(data.values(payload)), role)  # type: ignore[arg-type]
    for quantity, (value, at) in data.behind({**payload, "external": [entry]}, ZONE, NOW).items():
        assert at <= NOW, (quantity, value)


# Answers of real devices


def answer(shared: Path, name: str) -> dict[str, Any]:
    path = shared / "data" / "homewizard" / name
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return said


def test_real_answers(shared: Path) -> None:
    belgian = answer(shared, "homewizard_p1_v1_data_3phase_BE_real_anon.json")
    got = grid(belgian)
    assert (got[Q.POWER_GRID], got[Q.ENERGY_IMPORT], got[Q.ENERGY_EXPORT]) == (77, 1594.842, 2355.869)
    assert (got[Q.DEMAND], got[Q.DEMAND_PEAK_MONTH]) == (45, 3560)
    assert data.behind(belgian, ZONE, NOW)[Q.GAS] == (809.162, 1_774_690_446_000)
    small = answer(shared, "HWE-P1_data_minimal.json")
    assert grid(small)[Q.ENERGY_IMPORT] == 13779.338
    assert grid(answer(shared, "HWE-P1_data_single_phase.json")).keys() & {Q.POWER_L2, Q.POWER_L3} == set()
    assert data.behind(answer(shared, "HWE-P1_data_no_gas.json"), ZONE, NOW) == {}
    full = answer(shared, "HWE-P1_data.json")
    assert grid(full)[Q.CURRENT_L1] == -4
    assert {q: v for q, (v, _) in data.behind(full, ZONE, NOW).items()} == {Q.GAS: 111.111, Q.WATER: 444.444}
