"""The unified energy API: the classic routes, made right where the classic ones were wrong."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from appliances import NOON, made, owner, served

from appliance import today
from appliance.app import Appliance
from appliance.calendar import QUARTER_MS, iso
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.errors import StoreError
from appliance.model import Quantity, Reading
from appliance.store import Store
from appliance.today import Today
from appliance.web import create_app
from config.mistakes import ConfigProblem
from ui.pages import INNER, PAGES

Q = Quantity
NOW = iso(NOON)
MIDNIGHT = NOON - NOON % DAY_MS - 2 * HOUR_MS
"""Local midnight of the day, in Stockholm."""


def readings(at: int = NOON, source: str = "powerwall", /, **values: float) -> list[Reading]:
    return [Reading(source, Q(name), value, at) for name, value in values.items()]


def house(at: int = NOON, **more: float) -> list[Reading]:
    """Sunshine, some of it into the battery, some of it sold."""
    values: dict[str, float] = {
        "power_solar": 4200,
        "power_battery": -1500,
        "power_grid": -700,
        "power_load": 2000,
    }
    values |= {"state_of_charge": 62.5, "state_of_charge_raw": 64.4, "grid_state": 1}
    return readings(at, **(values | more))


async def current(api: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await api.get("/current_readings", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"status", "message", "timestamp"}
    assert answer.json()["status"] == "error"
    assert answer.json()["timestamp"].endswith("Z")
    return str(answer.json()["message"])


# The moment


async def test_the_moment_in_the_classic_shape(here: Appliance, api: httpx.AsyncClient) -> None:
    await here.accept([*house(), Reading("p1", Q.ENERGY_IMPORT, 48713.429, NOON, 0.8)])
    assert await current(api) == {
        "timestamp": NOW,
        "status": "ok",
        "powerwall": {
            "solar": {"power_watts": 4200, "status": "producing"},
            "battery": {"power_watts": -1500, "status": "charging", "percent_charged": 62.5},
            "grid": {"power_watts": -700, "status": "exporting"},
            "load": {"power_watts": 2000},
        },
        "utility_meter": {
            "reading_kwh": 48713.429, "method": "remote", "last_update": NOW, "confidence": 0.8,
            "low_confidence": True, "stale": False,
        },
        "net_flow": {
            "solar_production_watts": 4200, "battery_charge_watts": 1500, "grid_import_watts": -700,
            "home_load_watts": 2000, "net_grid_flow": -700,
            "description": "Exporting 700 W to the grid (positive is import, negative is export)",
        },
        "system_summary": {"mode": "exporting", "efficiency": None, "grid_tied": True},
        "self_consumption": None,
        "self_sufficiency": None,
        "today": {
            "since": iso(MIDNIGHT), "until": NOW, "solar_kwh": None, "grid_import_kwh": None,
            "grid_export_kwh": None, "home_load_kwh": None,
        },
    }  # fmt: skip


async def test_nothing_measured_is_503_and_never_zeros(here: Appliance, api: httpx.AsyncClient) -> None:
    assert "Nothing is measured just now" in problem(await api.get("/current_readings"), 503)
    await here.accept(readings(NOON - HOUR_MS, power_grid=500))
    assert "Nothing is measured just now" in problem(await api.get("/current_readings"), 503)


async def test_what_is_silent_is_null_and_the_status_says_so(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    here.cadences["powerwall"] = 5
    await here.accept([*house(), Reading("p1", Q.ENERGY_IMPORT, 10, NOON)])
    clock.tick(60)
    found = await current(api)
    assert found["timestamp"] == iso(NOON + MINUTE_MS)
    assert found["status"] == "degraded"
    assert found["powerwall"] == {
        "solar": {"power_watts": None, "status": "unknown"},
        "battery": {"power_watts": None, "status": "unknown", "percent_charged": None},
        "grid": {"power_watts": None, "status": "unknown"},
        "load": {"power_watts": None},
    }
    assert found["system_summary"]["mode"] == "unknown"
    assert found["system_summary"]["grid_tied"] is None
    assert found["net_flow"]["description"].startswith("The power at the grid is not known")
    assert found["utility_meter"]["reading_kwh"] == 10  # a register stays true


async def test_a_poll_is_never_a_frozen_cache(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    for watts in (100, 200, 300):
        await here.accept(readings(clock.now(), power_grid=watts, power_battery=watts))
        assert (await current(api))["powerwall"]["grid"]["power_watts"] == watts
        assert (await api.get("/powerwall/status")).json()["battery_watts"] == watts
        clock.tick(1)


@pytest.mark.parametrize(("state", "word"), [(0, "DOWN"), (2, "SYNCING")])
async def test_an_outage_is_not_ok(here: Appliance, api: httpx.AsyncClient, state: int, word: str) -> None:
    await here.accept(house(power_grid=0, power_battery=-2200, grid_state=state))
    found = await current(api)
    assert found["status"] == "outage"
    assert found["powerwall"]["grid"] == {"power_watts": 0, "status": "down"}
    assert found["system_summary"] == {"mode": "backup", "efficiency": None, "grid_tied": False}
    status = (await api.get("/powerwall/status")).json()
    assert (status["status"], status["grid_status"]) == ("outage", word)


async def test_a_house_with_meter_and_inverter_needs_no_powerwall(
    here: Appliance, api: httpx.AsyncClient
) -> None:
    await here.accept(readings(NOON, "p1", power_grid=1200, energy_import=5000))
    await here.accept(readings(NOON, "inverter", power_solar=800, energy_solar=100))
    found = await current(api)
    assert found["status"] == "ok"
    assert found["powerwall"] == {
        "solar": {"power_watts": 800, "status": "producing"},
        "battery": {"power_watts": None, "status": "absent", "percent_charged": None},
        "grid": {"power_watts": 1200, "status": "importing"},
        "load": {"power_watts": 2000},
    }
    assert found["system_summary"] == {"mode": "importing", "efficiency": None, "grid_tied": None}


async def test_a_device_that_was_taken_away_is_not_missed(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    await here.accept(readings(NOON, "old_inverter", power_solar=800))
    clock.tick(DAY_MS / 1000)
    await here.accept(readings(clock.now(), "p1", power_grid=300))
    found = await current(api)
    assert (found["status"], found["powerwall"]["solar"]["status"]) == ("ok", "absent")


# Today


async def energies(here: Appliance, at: int, **kwh: float) -> None:
    await here.accept(readings(at, "powerwall", **{f"energy_{name}": value for name, value in kwh.items()}))
    await here.store.flush()


async def test_shares_of_today_are_of_registers(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    before = {"import": 1000.0, "export": 500.0, "solar": 300.0, "charged": 50.0, "discharged": 40.0}
    await energies(here, MIDNIGHT - MINUTE_MS, **before)
    grown = {"import": 1004.0, "export": 506.0, "solar": 320.0, "charged": 55.0, "discharged": 42.0}
    await energies(here, NOON, **grown)
    found = await current(api)
    assert found["today"] == {
        "since": iso(MIDNIGHT), "until": NOW, "solar_kwh": 20, "grid_import_kwh": 4, "grid_export_kwh": 6,
        "home_load_kwh": 15,
    }  # fmt: skip
    assert found["self_consumption"] == found["system_summary"]["efficiency"] == 0.7
    assert found["self_sufficiency"] == round(1 - 4 / 15, 4)


async def test_a_history_that_began_today_says_since_when(here: Appliance, api: httpx.AsyncClient) -> None:
    await energies(here, MIDNIGHT + HOUR_MS, **{"import": 1000.0, "export": 500.0})
    await energies(here, NOON - HOUR_MS, **{"import": 1002.0, "export": 501.0, "solar": 10.0})
    await energies(here, NOON, **{"import": 1003.0, "export": 502.0, "solar": 14.0})
    found = await current(api)
    assert found["today"]["since"] == iso(NOON - HOUR_MS + 1)
    assert (found["today"]["solar_kwh"], found["today"]["grid_export_kwh"]) == (4, 1)
    assert found["self_consumption"] == 0.75


async def test_the_store_is_asked_once_a_minute_and_its_faults_are_not_kept(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await energies(here, MIDNIGHT - MINUTE_MS, **{"import": 1000.0, "export": 500.0, "solar": 300.0})
    await energies(here, NOON, **{"import": 1001.0, "export": 500.0, "solar": 310.0})
    asked = []
    real = today._span  # the watches ask the store's registers too: only the day's own questions are counted

    async def counted(*its: Any) -> Any:
        asked.append(its)
        return await real(*its)

    async def damaged(*_: Any, **__: Any) -> Any:
        raise StoreError("The database is damaged")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "increase", damaged)
        assert (await current(api))["self_consumption"] is None
    monkeypatch.setattr(today, "_span", counted)
    for _ in range(3):
        assert (await current(api))["self_consumption"] == 1
        clock.tick(10)
    assert len(asked) == 1
    clock.tick(60)
    await current(api)
    assert len(asked) == 2


async def test_what_is_not_committed_yet_is_told_as_soon_as_it_is(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    here.cadences["powerwall"] = 10
    await here.accept(readings(NOON - MINUTE_MS, "powerwall", energy_import=1000, power_grid=500))
    await here.accept(readings(NOON, "powerwall", energy_import=1000.5, power_grid=500))
    assert (await current(api))["today"]["grid_import_kwh"] is None
    await here.store.flush()
    clock.tick(1)
    assert (await current(api))["today"]["grid_import_kwh"] == 0.5


async def test_a_register_that_fell_silent_is_not_held_against_the_others(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    for name in ("p1", "inverter"):
        here.cadences[name] = 10
    await here.accept(readings(MIDNIGHT - MINUTE_MS, "p1", energy_import=1000, energy_export=500))
    await here.accept(readings(MIDNIGHT - MINUTE_MS, "inverter", energy_solar=300))
    await here.accept(readings(NOON - 8 * HOUR_MS, "p1", energy_import=1002, energy_export=500))
    await here.accept(readings(NOON, "inverter", energy_solar=320, power_solar=900))
    await here.store.flush()
    found = await current(api)
    assert found["today"]["solar_kwh"] == 20
    assert (found["today"]["grid_export_kwh"], found["self_consumption"]) == (None, None)
    clock.tick(HOUR_MS / 1000)
    await here.accept(readings(clock.now(), "p1", energy_import=1003, energy_export=506))
    await here.store.flush()
    found = await current(api)  # now the inverter is silent in full sunshine
    assert (found["today"]["solar_kwh"], found["today"]["grid_export_kwh"]) == (None, 6)


async def test_an_inverter_that_sleeps_at_night_has_told_all(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    for name in ("p1", "inverter"):
        here.cadences[name] = 10
    await here.accept(readings(MIDNIGHT - MINUTE_MS, "p1", energy_import=1000, energy_export=500))
    await here.accept(readings(MIDNIGHT - MINUTE_MS, "inverter", energy_solar=300))
    await here.accept(readings(NOON, "inverter", energy_solar=310, power_solar=4))
    clock.tick(2 * HOUR_MS / 1000)
    await here.accept(readings(clock.now(), "p1", energy_import=1003, energy_export=506))
    await here.store.flush()
    found = await current(api)
    assert (found["today"]["solar_kwh"], found["self_consumption"]) == (10, 0.4)


async def test_a_new_day_begins_with_midnight(here: Appliance, clock: FakeClock) -> None:
    keeper = Today()
    assert (await keeper.span(here)).since == MIDNIGHT
    clock.jump(MIDNIGHT + DAY_MS - 1 - NOON)
    assert (await keeper.span(here)).since == MIDNIGHT
    clock.jump(1)
    assert (await keeper.span(here)).since == MIDNIGHT + DAY_MS


# History


async def test_the_last_day_by_quarter_hours(here: Appliance, api: httpx.AsyncClient) -> None:
    for hours in (30, 20, 1, 0):
        at = NOON - hours * HOUR_MS
        await here.accept(readings(at, "p1", power_grid=100 * hours, energy_import=1000 - hours))
        await here.accept(readings(at, "inverter", power_solar=500))
    found = (await current(api, include_history=True))["history"]
    quarter = NOON - NOON % QUARTER_MS
    assert found["every"] == "15min"
    assert found["at"] == [quarter - n * QUARTER_MS for n in reversed(range(96))]
    known = {name: [v for v in values if v is not None] for name, values in found.items() if name != "at"}
    assert known["grid_watts"] == [2000, 100, 0]
    assert known["load_watts"] == [2500, 600, 500]
    assert known["reading_kwh"] == [980, 999, 1000]
    assert known["battery_watts"] == []
    assert all(len(values) == 96 for name, values in found.items() if name != "every")
    assert "history" not in await current(api)


async def test_what_was_posted_is_in_the_history(mine: httpx.AsyncClient, here: Appliance) -> None:
    for hours, kwh in ((3, 100.0), (2, 101.5), (1, 103.0)):
        body = {"reading_kwh": kwh, "timestamp": NOON - hours * HOUR_MS, "confidence": 0.9, "method": "ocr"}
        assert (await mine.post("/meter_reading", json=body)).status_code == 200
    found = (await mine.get("/history/meter", params={"days": 1})).json()
    assert found == {
        "status": "ok",
        "timestamp": NOW,
        "source": "remote_meter",
        "method": "remote",
        "days": 1,
        "every": "raw",
        "count": 3,
        "readings": [
            {"timestamp": iso(NOON - h * HOUR_MS), "reading_kwh": kwh, "confidence": 0.9, "method": "remote"}
            for h, kwh in ((3, 100.0), (2, 101.5), (1, 103.0))
        ],
    }
    assert (await current(mine))["utility_meter"]["reading_kwh"] == 103


@pytest.mark.parametrize(
    ("days", "every"), [(1, "raw"), (8, "raw"), (15, "15min"), (60, "1h"), (400, "1d"), (3660, "1d")]
)
async def test_long_histories_are_drawn_together(
    here: Appliance, api: httpx.AsyncClient, days: int, every: str
) -> None:
    here.cadences["meter"] = 900
    for day in range(20):
        await here.accept(readings(NOON - (20 - day) * DAY_MS, "meter", energy_import=1000 + 10 * day))
    found = (await api.get("/history/meter", params={"days": days})).json()
    assert found["every"] == every
    expected = [1000 + 10 * day for day in range(20) if 20 - day <= days]
    values = [row["reading_kwh"] for row in found["readings"]]
    assert list(dict.fromkeys(values)) == expected
    assert found["count"] == len(values) <= 3661
    assert all((row["confidence"] is None) == (every != "raw") for row in found["readings"])
    stamps = [row["timestamp"] for row in found["readings"]]
    assert stamps == sorted(stamps)
    assert all(stamp <= NOW for stamp in stamps)


async def test_a_register_read_every_second_is_not_poured_out(
    here: Appliance, api: httpx.AsyncClient
) -> None:
    here.cadences["p1"] = 1
    for n in range(200):
        await here.accept(readings(NOON - (200 - n) * 1000, "p1", energy_import=1000 + n / 1000))
    found = (await api.get("/history/meter", params={"days": 2})).json()
    assert found["every"] == "15min"
    assert found["count"] <= 2


@pytest.mark.parametrize("days", ["0", "3661", "-1", "1.5", "x", "", "1e3", "9" * 40])
async def test_days_out_of_bounds(api: httpx.AsyncClient, days: str) -> None:
    assert "days" in problem(await api.get("/history/meter", params={"days": days}), 422)


async def test_whose_register(here: Appliance, api: httpx.AsyncClient) -> None:
    assert "has not been read yet" in problem(await api.get("/history/meter"), 404)
    await here.accept([*readings(NOON, "p1", energy_import=5), *readings(NOON, "remote_a", energy_import=7)])
    found = (await api.get("/history/meter", params={"source": "remote_a"})).json()
    assert [row["reading_kwh"] for row in found["readings"]] == [7]
    assert "nobody" in problem(await api.get("/history/meter", params={"source": "nobody"}), 404)


# The battery


async def test_what_a_gateway_stopped_telling_long_ago_is_not_missed(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    here.cadences["powerwall"] = 10
    await here.accept([*house(frequency=50), *readings(NOON, "powerwall.unit2", battery_capacity=12)])
    clock.tick(3600)
    now = [*house(clock.now()), *readings(clock.now(), "powerwall.unit1", battery_capacity=13)]
    await here.accept(now)
    assert (await api.get("/powerwall/status")).json()["status"] == "degraded"
    clock.tick(2 * DAY_MS / 1000)
    now = [*house(clock.now()), *readings(clock.now(), "powerwall.unit1", battery_capacity=13)]
    await here.accept(now)
    found = (await api.get("/powerwall/status")).json()
    assert (found["status"], found["units"], found["capacity_kwh"]) == ("ok", ["powerwall.unit1"], 13)
    vitals = (await api.get("/powerwall/vitals")).json()
    assert (vitals["status"], set(vitals["devices"])) == ("ok", {"powerwall", "powerwall.unit1"})


async def test_the_battery(here: Appliance, api: httpx.AsyncClient) -> None:
    await here.accept(house(backup_reserve=20, battery_mode=1, battery_time_left=6.5))
    await here.accept(
        readings(NOON, "powerwall.unit1", battery_capacity=13.2, battery_stored=8, temperature=21)
    )
    await here.accept(readings(NOON, "powerwall.unit2", battery_capacity=12.8, battery_stored=7.5))
    assert (await api.get("/powerwall/status")).json() == {
        "status": "ok", "timestamp": NOW, "source": "powerwall", "last_update": NOW,
        "percent_charged": 62.5, "percentage_raw": 64.4, "battery_watts": -1500,
        "battery_status": "charging", "grid_status": "UP", "mode": "autonomous", "reserve_percent": 20,
        "capacity_kwh": 26, "stored_kwh": 15.5, "time_left_hours": 6.5,
        "units": ["powerwall.unit1", "powerwall.unit2"],
    }  # fmt: skip
    assert (await api.get("/powerwall/soe")).json() == {
        "percentage": 62.5, "percentage_raw": 64.4, "status": "ok", "timestamp": NOW,
    }  # fmt: skip
    vitals = (await api.get("/powerwall/vitals")).json()
    assert list(vitals["devices"]) == ["powerwall", "powerwall.unit1", "powerwall.unit2"]
    assert vitals["devices"]["powerwall.unit1"]["temperature"] == {"value": 21, "unit": "°C", "at": NOW}
    assert vitals["devices"]["powerwall"]["battery_mode"] == {
        "value": 1, "unit": "", "state": "autonomous", "at": NOW,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/powerwall/status", "/powerwall/soe", "/powerwall/vitals"])
async def test_without_a_battery_or_a_word_of_it_503_says_what_to_do(
    here: Appliance, api: httpx.AsyncClient, clock: FakeClock, path: str
) -> None:
    await here.accept(readings(NOON, "p1", power_grid=1200, energy_import=5000))
    assert "add a source such as powerwall" in problem(await api.get(path), 503)
    await here.accept(house(backup_reserve=20))
    here.cadences["powerwall"] = 5
    here.health.add("powerwall", "source", "powerwall", 5)
    here.health.failed("powerwall", "The gateway refuses the password.")
    assert (await api.get(path)).status_code == 200
    clock.tick(60)  # the reserve is still believed, the battery is not heard of
    assert problem(await api.get(path), 503) == (
        f"powerwall has been silent since {NOW}: The gateway refuses the password; see the Health page"
    )


async def test_a_powerwall_that_never_answered_says_why(here: Appliance, api: httpx.AsyncClient) -> None:
    here.health.add("pw", "source", "powerwall", 5)
    here.health.failed("pw", "192.168.91.1 cannot be reached")
    assert "pw has not answered yet: 192.168.91.1 cannot be" in problem(await api.get("/powerwall/soe"), 503)


# Errors, and who may ask


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/powerwall/nothing", 404),
        ("GET", "/history/nothing", 404),
        ("GET", "/current_readings/x", 404),
        ("GET", "/pw/nothing_at_all", 404),
        ("GET", "/pw/site/power", 404),
        ("GET", "/control/reserve/20", 404),
        ("GET", "/history/meter/2026", 404),
        ("GET", "/health/", 404),
        ("GET", "/aggregates/", 404),
        ("GET", "/stats/x", 404),
        ("POST", "/current_readings", 405),
        ("DELETE", "/history/meter", 405),
        ("GET", "/meter_reading", 405),
        ("PUT", "/aggregates", 405),
        ("GET", "/current_readings?include_history=perhaps", 422),
    ],
)
async def test_every_error_of_these_routes_has_one_shape(
    api: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    problem(await api.request(method, path), status)


async def test_whoever_asks_for_the_head_alone_is_answered(mine: httpx.AsyncClient, here: Appliance) -> None:
    await here.accept(house())
    for path in ("/health", "/current_readings", "/metrics", "/nothing"):
        assert (await mine.head(path)).status_code == (await mine.get(path)).status_code, path
    answer = await mine.head("/meter_reading")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_fault_inside_is_told_alike(
    here: Appliance, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.accept(house())

    async def damaged(*_: Any, **__: Any) -> Any:
        raise StoreError("The database is damaged")

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a detail")

    monkeypatch.setattr(Store, "series", damaged)
    assert "damaged" in problem(await api.get("/current_readings?include_history=1"), 503)
    assert (await current(api))["status"] == "ok"  # without history the card is not needed
    monkeypatch.setattr(Store, "series", broken)
    assert "a detail" not in problem(await api.get("/current_readings?include_history=1"), 500)


async def test_reading_can_be_closed(tmp_path: Path, clock: FakeClock) -> None:
    here = made(tmp_path, clock, web={"open_reads": False})
    async with served(here) as api:
        await here.accept(house())
        schema = (await api.get("/api/openapi.json")).json()
        gets = [path for path, ops in schema["paths"].items() if "get" in ops]
        assert len(gets) > 40
        pages = ("/api/v1/pictures/", "/api/v1/meter_setup/", "/api/v1/export/")
        for path in gets:
            answer = await api.get(path.replace("{name}", "level"))
            if path == "/health" or path.startswith(pages):
                assert answer.status_code not in (401, 403), path
            else:
                assert "Reading needs the API token here" in problem(answer, 401), path
        assert (await api.get("/soe", headers={"Authorization": "Bearer wrong"})).status_code == 403
        assert (await api.get("/soe", headers=owner(here))).json() == {"percentage": 64.4}


async def test_without_pages_nothing_is_shown_to_them(tmp_path: Path, clock: FakeClock) -> None:
    here = made(tmp_path, clock, web={"open_reads": False}, display={"enabled": False})
    async with served(here) as api:
        problem(await api.get("/api/v1/pictures/meter"), 401)


@pytest.mark.parametrize(
    ("config", "status"), [({}, 403), ({"local_only": True}, 403), ({"local_only": False}, 200)]
)
async def test_the_internet_is_turned_away(
    tmp_path: Path, clock: FakeClock, config: dict[str, Any], status: int
) -> None:
    here = made(tmp_path, clock, web=config)
    async with served(here) as api:
        await here.accept(house())
        app = api._transport.app
        for address in ("192.168.1.7", "10.0.0.3", "100.64.3.2", "fe80::1%eth0", "fd00::3", "127.0.0.1"):
            assert (await _from(app, address, {})).status_code == 200, address
        for address in ("8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8"):
            assert (await _from(app, address, {})).status_code == status, address
            assert (await _from(app, address, owner(here))).status_code == 200, address


async def _from(app: Any, address: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get("/current_readings", headers=headers)


async def test_no_page_elsewhere_may_read_by_default(
    here: Appliance, api: httpx.AsyncClient, tmp_path: Path, clock: FakeClock
) -> None:
    preflight = {"Origin": "https://home.example", "Access-Control-Request-Method": "GET"}
    answer = await api.options("/current_readings", headers=preflight)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
    wall = made(tmp_path / "wall", clock, web={"allowed_origins": ["https://home.example"]})
    async with served(wall) as other:
        answer = await other.options("/current_readings", headers=preflight)
        assert answer.headers["access-control-allow-origin"] == "https://home.example"
        assert "access-control-allow-credentials" not in answer.headers
        evil = preflight | {"Origin": "https://evil.example"}
        assert "access-control-allow-origin" not in (await other.options("/soe", headers=evil)).headers


@pytest.mark.parametrize("origin", ["*", "https://*", "null"])
def test_a_wildcard_is_no_origin(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigProblem, match="must be an address without a path"):
        made(tmp_path, FakeClock(NOON), web={"allowed_origins": [origin]})


def test_no_page_hides_behind_a_route(here: Appliance) -> None:
    paths = create_app(here).openapi()["paths"]
    assert not [page.path for page in (*PAGES, *INNER) if page.path in paths]
