"""Without the street the virtual house is an island, and its books still balance to the last unit."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.clock import DAY_MS, FakeClock
from appliance.demo.battery import Battery
from appliance.demo.homewizard_measured import MEASURED
from appliance.demo.house import House
from appliance.demo.outages import LONG_MS, LONGEST_S, SHORTEST_S, STEP_MS, Outage, Outages
from appliance.demo.p1 import telegram
from appliance.demo.weather import STEPS

START = int(datetime(2026, 5, 4, 10, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
NIGHT = Outage(START + 10 * HOUR_MS, START + 22 * HOUR_MS)
"""From ten in the evening, local time, over midnight UTC: longer than the battery lasts."""
NOON = Outage(START + DAY_MS, START + DAY_MS + 2 * HOUR_MS)
SHORT = Outage(START + 50 * HOUR_MS + 3_000, START + 50 * HOUR_MS + 65_000)
PLANNED = Outages((NOON, NIGHT, SHORT))
REGISTERS = ("import_kwh", "export_kwh", "import_t1_kwh", "import_t2_kwh", "export_t1_kwh", "export_t2_kwh")
WEEK = 7 * DAY_MS


@pytest.fixture(scope="module")
def house() -> House:
    return House(FakeClock(START), outages=PLANNED)


@pytest.fixture(scope="module")
def calm() -> House:
    """The same house where the street never fails."""
    return House(FakeClock(START))


@given(into=st.integers(0, 12 * HOUR_MS - 1))
@settings(max_examples=80, deadline=None)
def test_an_island_balances(house: House, calm: House, into: int) -> None:
    for outage in (NIGHT, NOON):
        s = house.state_at(outage.start + into % (outage.end - outage.start))
        wished = calm.state_at(s.at)
        assert s.grid_w == 0
        assert s.load_w == s.solar_w + s.battery_w
        assert [(p.power_w, p.current_a) for p in s.phases] == [(0, 0)] * 3
        assert 0 <= s.solar_w <= wished.solar_w
        assert 0 <= s.load_w <= wished.load_w
        assert abs(s.battery_w) <= 5000
        assert 0 <= s.soc <= 100
        assert s.grid == ("syncing" if s.at >= outage.end - 20_000 else "down")


@given(a=st.integers(START, START + WEEK), b=st.integers(START, START + WEEK))
@settings(max_examples=60, deadline=None)
def test_energy_balances_across_outages(house: House, a: int, b: int) -> None:
    first, last = (house.state_at(t) for t in sorted((a, b)))
    rise = {
        name: getattr(last, name) - getattr(first, name)
        for name in (*REGISTERS, "solar_kwh", "load_kwh", "charged_kwh", "discharged_kwh")
    }
    assert all(value >= 0 for value in rise.values())
    flows = rise["import_kwh"] - rise["export_kwh"] + rise["discharged_kwh"] - rise["charged_kwh"]
    assert rise["load_kwh"] == pytest.approx(rise["solar_kwh"] + flows, abs=1e-7)


def test_registers_of_the_street_stand_still(house: House) -> None:
    for outage in (NIGHT, NOON):
        before, after = house.state_at(outage.start), house.state_at(outage.end)
        assert [getattr(before, name) for name in REGISTERS] == [getattr(after, name) for name in REGISTERS]
        assert after.load_kwh > before.load_kwh


def test_the_load_is_shed_once_the_battery_is_empty(house: House) -> None:
    states = [house.state_at(at) for at in range(NIGHT.start, NIGHT.end, STEP_MS)]
    empty = [s for s in states if s.soc < 0.01]
    assert empty, "the night outlasts the battery"
    assert {s.load_w - s.solar_w for s in empty if s.battery_w == 0} == {0}
    assert any(s.load_w == 0 for s in empty)
    assert any(s.load_w > 500 for s in states)


def test_the_sun_is_held_back_when_nobody_takes_its_power() -> None:
    clock = FakeClock(START)
    full = Battery(0.1)
    house = House(clock, outages=PLANNED, battery=full)
    held = House(clock, battery=full)
    there, wished = (each.state_at(NOON.start + HOUR_MS) for each in (house, held))
    assert wished.grid_w < 0
    assert there.solar_w == there.load_w < wished.solar_w


def test_all_else_is_as_it_was(house: House, calm: House) -> None:
    before = NIGHT.start - 1
    assert house.state_at(before) == calm.state_at(before)
    later = START + 60 * HOUR_MS
    assert house.state_at(later).water_m3 == calm.state_at(later).water_m3
    assert house.state_at(later).grid == "up"


def test_the_reserve_is_for_outages_alone() -> None:
    battery = Battery(13.5, 5_000, reserve=0.4)
    house = House(FakeClock(START), battery=battery, outages=Outages((NIGHT,)))
    week = [house.state_at(at) for at in range(START, START + WEEK, 300_000)]
    lowest = min(s.soc for s in week if s.at < NIGHT.start)
    assert lowest >= 39.99
    inside = [s for s in week if NIGHT.start <= s.at < NIGHT.end]
    assert min(s.soc for s in inside) < 39
    for s in week:
        if s.grid == "up" and s.soc < 39.9:
            assert s.battery_w <= 0, "what is missing of the reserve is not used"


def test_a_battery_that_shrinks_below_its_charge_is_full() -> None:
    battery = Battery(1.0)
    full = battery.capacity
    wanted = np.full(STEPS, -1000)
    wanted[10:20] = 500
    power, levels = battery.run(wanted, full, full - 1000)
    assert not power[:10].any()
    assert set(power[10:20]) == {500}
    assert levels[20:].max() <= full - 1000


def test_chance_is_the_same_for_ever_and_once_in_some_days() -> None:
    street = Outages(every_days=3, seed=4)
    year = street.between(START, START + 360 * DAY_MS)
    assert 119 <= len(year) <= 121
    assert year == sorted(set(year))
    assert all(before.end <= after.start for before, after in pairwise(year))
    for one in year:
        assert SHORTEST_S * 1000 - STEP_MS <= one.end - one.start <= LONGEST_S * 1000
        assert one.start % STEP_MS == one.end % STEP_MS == 0
    assert Outages(every_days=3, seed=4).between(START, START + 360 * DAY_MS) == year
    assert Outages(every_days=3, seed=5).between(START, START + 360 * DAY_MS) != year
    middle = (year[5].start + year[5].end) // 2
    assert street.between(middle, middle + 1) == [year[5]]
    assert Outages().between(START, START + 360 * DAY_MS) == []


def test_meters_count_the_failures(house: House) -> None:
    zone, after = ZoneInfo("Europe/Amsterdam"), SHORT.end + HOUR_MS
    failures = house.power_failures(after)
    assert failures[:2] == [NIGHT, NOON]
    assert [one.long for one in failures] == [True, True, False]
    assert house.power_failures(NOON.start + LONG_MS) == [NIGHT]
    assert house.power_failures(START) == []
    told = telegram(house.state_at(after), zone, failures=failures).decode()
    assert "0-0:96.7.21(00005)" in told
    assert "0-0:96.7.9(00003)" in told
    assert "1-0:99.97.0(3)(0-0:96.7.19)" in told
    assert "(260505100000S)(0000043200*s)" in told
    said = MEASURED["HWE-P1"](house, after)
    assert (said["any_power_fail_count"], said["long_power_fail_count"]) == (5, 3)
