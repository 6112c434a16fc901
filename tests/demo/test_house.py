"""The virtual house keeps its books: every invariant at any speed, for any way of asking."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.clock import DAY_MS, FakeClock
from appliance.demo.battery import Battery
from appliance.demo.house import House, HouseState
from appliance.demo.household import Run, use
from appliance.demo.tariff import tariff_steps
from appliance.demo.weather import STEPS, clear_sky, sky, smooth, sun

START = int(datetime(2026, 5, 4, 10, tzinfo=UTC).timestamp() * 1000)
REGISTERS = ("import_kwh", "export_kwh", "import_t1_kwh", "import_t2_kwh", "export_t1_kwh", "export_t2_kwh")
OTHERS = ("gas_m3", "water_m3", "solar_kwh", "load_kwh", "charged_kwh", "discharged_kwh")
WEEK = 7 * DAY_MS


@pytest.fixture(scope="module")
def house() -> House:
    return House(FakeClock(START))


def registers(state: HouseState) -> list[float]:
    return [getattr(state, name) for name in REGISTERS + OTHERS]


@given(at=st.integers(START, START + WEEK))
@settings(max_examples=150, deadline=None)
def test_power_balances_at_every_instant(house: House, at: int) -> None:
    s = house.state_at(at)
    assert s.at == at
    assert s.load_w == s.solar_w + s.battery_w + s.grid_w
    assert sum(p.power_w for p in s.phases) == s.grid_w
    assert s.solar_w >= 0
    assert s.load_w > 0
    assert 0 <= s.soc <= 100
    assert abs(s.battery_w) <= 5000
    assert s.import_kwh == pytest.approx(s.import_t1_kwh + s.import_t2_kwh, abs=1e-9)
    for p in s.phases:
        assert 225 <= p.voltage_v <= 238
        assert p.current_a == pytest.approx(abs(p.power_w) / p.voltage_v, abs=0.006)
        assert p.current_a < 20.5, "the car charger leaves the main fuse alone"
    assert 49.9 <= s.frequency_hz <= 50.1


@given(a=st.integers(START, START + WEEK), b=st.integers(START, START + WEEK))
@settings(max_examples=100, deadline=None)
def test_energy_balances_between_any_two_instants(house: House, a: int, b: int) -> None:
    first, last = (house.state_at(t) for t in sorted((a, b)))
    rise = {name: getattr(last, name) - getattr(first, name) for name in REGISTERS + OTHERS}
    assert all(value >= 0 for value in rise.values())
    grid = rise["import_kwh"] - rise["export_kwh"]
    battery = rise["discharged_kwh"] - rise["charged_kwh"]
    assert rise["load_kwh"] == pytest.approx(rise["solar_kwh"] + grid + battery, abs=1e-7)


@given(pauses=st.lists(st.integers(1, 6 * 3_600_000), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_registers_do_not_depend_on_how_often_anyone_asks(house: House, pauses: list[int]) -> None:
    clock = FakeClock(START)
    asked = House(clock)
    for pause in pauses:
        clock.jump(pause)
        asked.state()
    assert asked.state() == house.state_at(clock.now())


def test_a_register_is_the_integral_of_power(house: House) -> None:
    """Summed by hand through an hour and a half with kettles in it, each second."""
    start = START + 7 * 3_600_000
    watt_s = [house.state_at(start + s * 1000 + 500) for s in range(5400)]
    first, last = house.state_at(start), house.state_at(start + 5400_000)
    bought = sum(max(s.grid_w, 0) for s in watt_s) / 3_600_000
    assert last.import_kwh - first.import_kwh == pytest.approx(bought, abs=1e-9)
    made = sum(s.solar_w for s in watt_s) / 3_600_000
    assert last.solar_kwh - first.solar_kwh == pytest.approx(made, abs=1e-9)


def test_it_begins_where_it_is_told(house: House) -> None:
    assert house.state_at(START).import_kwh == pytest.approx(48713.4, abs=1e-9)
    assert registers(house.state_at(START - DAY_MS)) == registers(house.state_at(START))
    assert House(FakeClock(START), start_import_kwh=12.5).state().import_kwh == pytest.approx(12.5)


def test_same_seed_same_house_other_seed_another() -> None:
    later = START + 3 * DAY_MS
    one, same, other = (House(FakeClock(START), seed=s).state_at(later) for s in (1, 1, 2))
    assert one == same
    assert one.import_kwh != other.import_kwh


def test_the_past_can_be_asked_after_the_future(house: House) -> None:
    before = house.state_at(START + DAY_MS)
    house.state_at(START + 30 * DAY_MS)
    assert house.state_at(START + DAY_MS) == before


def test_many_threads_see_one_house() -> None:
    times = [START + i * 977_003 for i in range(400)]
    house = House(FakeClock(START))
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(house.state_at, times))
    alone = House(FakeClock(START))
    assert states == [alone.state_at(t) for t in times]


def test_battery_loses_a_tenth_and_never_more_than_it_holds() -> None:
    battery = Battery(capacity_kwh=1.0)
    wanted = np.full(STEPS, -4000)
    wanted[STEPS // 2 :] = 4000
    power, levels = battery.run(wanted, 0)
    charged = -power[power < 0].sum() * 10 / 3.6e6
    given_back = power[power > 0].sum() * 10 / 3.6e6
    assert levels.max() <= battery.capacity
    assert levels.min() >= 0
    assert given_back == pytest.approx(1.0, abs=0.001)
    assert given_back == pytest.approx(0.9 * charged, abs=0.001)
    assert battery.run(np.full(STEPS, 9000), battery.capacity)[0].max() == 5000


def test_battery_hides_the_house_from_the_grid(house: House) -> None:
    """Self-consumption: it never charges from the grid nor sells what it holds."""
    for step in range(0, WEEK, 600_000):
        s = house.state_at(START + step)
        if s.battery_w > 0:
            assert s.grid_w >= 0
        if s.battery_w < 0:
            assert s.grid_w <= 0


def test_sun_stands_where_almanacs_say() -> None:
    """Uppsala: 53.6 degrees at solar noon of midsummer, 6.7 at midwinter; no sun at midnight."""
    june, december = (int(datetime(2026, m, 21, tzinfo=UTC).timestamp()) // 86_400 for m in (6, 12))
    for day, degrees in ((june, 53.58), (december, 6.70)):
        height = np.degrees(np.arcsin(sun(day, 59.858, 17.645)))
        assert height.max() == pytest.approx(degrees, abs=0.3)
        noon_utc_h = height.argmax() * 24 / STEPS
        assert noon_utc_h == pytest.approx(12 - 17.645 / 15, abs=0.1)
    assert clear_sky(december, 59.858, 17.645).max() < clear_sky(june, 59.858, 17.645).max()
    assert clear_sky(june, 59.858, 17.645)[STEPS - 360] == 0


@given(seed=st.integers(0, 50), day=st.integers(20_000, 25_000))
@settings(max_examples=30, deadline=None)
def test_weather_passes_midnight_without_a_jump(seed: int, day: int) -> None:
    today, tomorrow = smooth(seed, day, 5, 96), smooth(seed, day + 1, 5, 96)
    assert abs(today[-1] - tomorrow[0]) < 0.02
    light = sky(seed, day)
    assert light.min() > 0.1
    assert light.max() <= 1


def test_tariff_follows_the_local_clock_through_its_changes() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Stockholm")
    for day in range(20_500, 20_900):
        steps = tariff_steps(day, zone)
        for hour in (0, 5, 6, 12, 20, 21, 22):
            local = datetime.fromtimestamp(day * 86_400 + hour * 3600, zone)
            normal = local.weekday() < 5 and 7 <= local.hour < 23
            assert steps[hour * STEPS // 24] == (2 if normal else 1)


def test_what_runs_over_midnight_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    def runs(seed: int, day: int) -> list[Run]:
        return [Run(23.5 * 3600, 7200, (0, 1000, 0))]

    before = use(1, 20_600, 0, 20)
    monkeypatch.setattr("appliance.demo.household.runs", runs)
    after = use(1, 20_600, 0, 20)
    assert before.watts.shape == after.watts.shape
    middle = after.watts[1]
    assert middle[: STEPS // 16].min() > 1000, "the run of the day before goes on after midnight"
    assert middle[-STEPS // 48 + 1 :].min() > 1000


def test_a_year_is_believable() -> None:
    house = House(FakeClock(START))
    a, b = house.state_at(START), house.state_at(START + 365 * DAY_MS)
    assert 7_000 < b.solar_kwh - a.solar_kwh < 11_000, "about 1 000 kWh for each kWp in middle Sweden"
    assert 10_000 < b.load_kwh - a.load_kwh < 22_000
    assert 1_500 < b.discharged_kwh - a.discharged_kwh < 4_500
    assert 40 < b.water_m3 - a.water_m3 < 200
