"""The battery, its alerts and wear, and the outages, as programs get them."""

import asyncio
from pathlib import Path

import httpx
import pytest
from appliances import NOON, made

from appliance.app import Appliance
from appliance.clock import DAY_MS, FakeClock
from appliance.model import Event, Quantity, Reading

Q = Quantity


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock) -> Appliance:
    return made(tmp_path, clock, site={"time_zone": "Europe/Stockholm", "language": "sv"})


async def test_without_a_battery_all_is_null(api: httpx.AsyncClient) -> None:
    said = (await api.get("/api/v1/battery")).json()
    assert said["source"] is None
    assert said["stale"] is True
    assert {
        value for key, value in said.items() if key not in ("stale", "units", "strings", "temperatures")
    } == {None}
    assert (await api.get("/api/v1/outages")).json() == []
    assert (await api.get("/api/v1/alerts")).json() == []
    assert (await api.get("/api/v1/battery/capacity")).json() == []


async def test_the_battery_now(api: httpx.AsyncClient, here: Appliance, clock: FakeClock) -> None:
    await here.accept(
        [
            Reading("pw", Q.STATE_OF_CHARGE, 72.5, NOON),
            Reading("pw", Q.STATE_OF_CHARGE_RAW, 73.9, NOON),
            Reading("pw", Q.POWER_BATTERY, -930, NOON),
            Reading("pw", Q.BATTERY_MODE, 0, NOON),
            Reading("pw", Q.GRID_STATE, 1, NOON),
            Reading("pw.unit1", Q.BATTERY_CAPACITY, 13.2, NOON),
            Reading("pw.unit1", Q.TEMPERATURE, 24.5, NOON),
            Reading("pw", Q.STRING_A_POWER, 1200, NOON),
        ]
    )
    said = (await api.get("/api/v1/battery")).json()
    assert said["source"] == "pw"
    assert (said["power_w"], said["state_of_charge"], said["state_of_charge_raw"]) == (-930, 72.5, 73.9)
    assert (said["mode"], said["grid_state"], said["reserve"]) == ("self_consumption", "up", None)
    assert (said["capacity_kwh"], said["stored_kwh"]) == (13.2, None)
    assert said["units"] == [
        {"name": "pw.unit1", "capacity_kwh": 13.2, "stored_kwh": None, "temperature_c": 24.5}
    ]
    assert said["strings"][0]["string"] == "A"
    assert said["temperatures"] == [{"name": "pw.unit1", "celsius": 24.5}]
    clock.tick(400)
    said = (await api.get("/api/v1/battery")).json()
    assert (said["stale"], said["state_of_charge"], said["power_w"]) == (True, None, None)
    assert said["mode"] == "self_consumption"  # asked for seldom


async def outage(here: Appliance, clock: FakeClock) -> None:
    """Twenty minutes without the grid, and a loss that lasts."""
    await asyncio.sleep(0.02)
    for value, seconds in ((1, 0), (0, 60), (1, 260), (1, 520), (0, 600)):
        clock.tick(NOON / 1000 + seconds - clock.now() / 1000)
        await here.accept([Reading("pw", Q.GRID_STATE, value, clock.now())])
        await asyncio.sleep(0.01)
    clock.tick(30)


async def test_outages_as_json_and_csv(api: httpx.AsyncClient, here: Appliance, clock: FakeClock) -> None:
    await outage(here, clock)
    now, then = (await api.get("/api/v1/outages")).json()
    assert then == {
        "start": "2026-05-05T16:54:20.000Z", "end": "2026-05-05T16:57:40.000Z", "duration_s": 200.0,
        "interruptions": 1, "not_watched": [], "sources": ["pw"],
    }  # fmt: skip
    assert (now["end"], now["duration_s"]) == (None, 30.0)
    early = await api.get("/api/v1/outages?to=2026-05-05T17:00:00Z")
    assert early.json() == [then]
    file = await api.get("/api/v1/outages?format=csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert "tallywatt-outages.csv" in file.headers["content-disposition"]
    assert file.text.removeprefix("\ufeff").splitlines() == [
        "start;end;duration_s;interruptions;not_watched;sources",
        "2026-05-05T19:03:20+02:00;;;1;;pw",
        "2026-05-05T18:54:20+02:00;2026-05-05T18:57:40+02:00;200;1;;pw",
    ]
    assert (await api.get("/api/v1/outages?from=2026-05-06&to=2026-05-05")).status_code == 400
    assert (await api.get("/api/v1/outages?format=xml")).status_code == 422


async def test_alerts_of_now_and_then(api: httpx.AsyncClient, here: Appliance, clock: FakeClock) -> None:
    here.cadences["pw"] = 10.0
    for name, alert, at in (("alert_on", "Fan", 0), ("alert_on", "Hot", 5), ("alert_off", "Fan", 60)):
        await here.accept([Event("pw", name, NOON + at * 1000, "", {"alert": alert, "device": "unit1"})])
    clock.tick(100)
    said = (await api.get("/api/v1/alerts")).json()
    assert [(one["alert"], one["end"], one["duration_s"]) for one in said] == [
        ("Hot", None, 95.0), ("Fan", "2026-05-05T16:54:20.000Z", 60.0),
    ]  # fmt: skip
    late = (await api.get("/api/v1/alerts?from=2026-05-05T16:54:30Z")).json()
    assert [one["alert"] for one in late] == ["Hot"]


async def test_capacity_over_months(api: httpx.AsyncClient, here: Appliance, clock: FakeClock) -> None:
    for day in range(60):
        at = NOON + day * DAY_MS
        clock.tick((at - clock.now()) / 1000)
        await here.accept(
            [
                Reading("pw", Q.BATTERY_CAPACITY, 27 - day * 0.01, at),
                Reading("pw.unit1", Q.BATTERY_CAPACITY, 13.5 - day * 0.01, at),
            ]
        )
    await here.store.flush()
    whole, unit = (await api.get("/api/v1/battery/capacity")).json()
    assert (whole["source"], unit["source"]) == ("pw", "pw.unit1")
    assert whole["first_days"] == ["2026-05-01", "2026-06-01", "2026-07-01"]
    assert unit["kwh"] == pytest.approx([13.37, 13.085, 12.92], abs=0.006)
    assert unit["percent"][0] == 100.0
    assert unit["percent"][2] == pytest.approx(96.6, abs=0.06)
    daily = (await api.get("/api/v1/battery/capacity?every=day")).json()
    assert len(daily[0]["kwh"]) == 60
