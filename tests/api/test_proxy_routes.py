"""The read routes of the pypowerwall proxy: its shapes, our numbers, and nothing that is not known."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from appliances import NOON, made

from appliance.app import Appliance
from appliance.calendar import iso
from appliance.clock import FakeClock
from appliance.model import Event, Quantity, Reading
from appliance.web import create_app

Q = Quantity
ROUTES = (
    "/aggregates", "/soe", "/api/system_status/soe", "/api/system_status/grid_status",
    "/api/meters/aggregates", "/vitals", "/strings", "/temps", "/temps/pw", "/alerts", "/alerts/pw", "/freq",
    "/pod", "/json", "/version", "/stats",
)  # fmt: skip
CALLS = (
    "level", "power", "site", "solar", "battery", "load", "grid", "home", "vitals", "temps", "strings", "din",
    "uptime", "version", "status", "system_status", "grid_status", "aggregates", "site_name", "alerts",
    "is_connected", "get_reserve", "get_mode", "get_time_remaining", "battery_blocks",
)  # fmt: skip


async def tell(here: Appliance, source: str, **values: float) -> None:
    await here.accept([Reading(source, Q(name), value, NOON) for name, value in values.items()])


@pytest.fixture
async def wall(here: Appliance, api: httpx.AsyncClient) -> Appliance:
    """Two packs, strings at two inverters, an alert that is there and one that is over."""
    await tell(
        here, "powerwall", power_grid=-2100, power_battery=3000, power_load=900, power_solar=0,
        energy_import=887.602, energy_export=0.688, energy_solar=257.72, energy_charged=161.08,
        energy_discharged=136.54, energy_load=1120.094, state_of_charge=60, state_of_charge_raw=62,
        backup_reserve=20, battery_mode=0, battery_time_left=12.5, grid_state=1, frequency=50.02,
        voltage_grid=230.4, string_a_power=441, string_a_voltage=256.9, string_a_current=1.74,
    )  # fmt: skip
    await tell(here, "powerwall.unit1", battery_capacity=13.148, battery_stored=4.715, temperature=15.6)
    await tell(here, "powerwall.unit2", battery_capacity=12.572, battery_stored=4.504, temperature=15.2)
    await tell(here, "powerwall.inverter2", string_b_power=700, string_b_voltage=290, string_b_current=2.4)
    on = {"alert": "FWUpdateSucceeded", "device": "STSTSM--1"}
    await here.accept(
        [
            Event("powerwall", "alert_on", NOON, "An alert", on),
            Event("powerwall", "alert_on", NOON, "Another", on | {"alert": "GridCodesWrite"}),
            Event("powerwall", "alert_off", NOON + 1, "It is over", on | {"alert": "GridCodesWrite"}),
        ]
    )
    return here


async def get(api: httpx.AsyncClient, path: str) -> Any:
    answer = await api.get(path)
    assert answer.status_code == 200, (path, answer.text)
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def test_aggregates(wall: Appliance, api: httpx.AsyncClient) -> None:
    found = await get(api, "/aggregates")
    assert found == await get(api, "/api/meters/aggregates") == await get(api, "/pw/aggregates")
    assert {name: block["instant_power"] for name, block in found.items()} == {
        "site": -2100, "battery": 3000, "load": 900, "solar": 0,
    }  # fmt: skip
    energies = {name: (block["energy_imported"], block["energy_exported"]) for name, block in found.items()}
    assert energies == {
        "site": (887602, 688), "battery": (161080, 136540), "load": (1120094, None), "solar": (None, 257720),
    }  # fmt: skip
    assert (found["site"]["frequency"], found["site"]["instant_average_voltage"]) == (50.02, 230.4)
    assert found["solar"]["last_communication_time"] == iso(NOON)
    for name, block in found.items():
        for alias in {"site": ("site", "grid"), "load": ("load", "home")}.get(name, (name,)):
            assert await get(api, f"/pw/{alias}") == block


async def test_charge_on_both_scales(wall: Appliance, api: httpx.AsyncClient) -> None:
    assert await get(api, "/soe") == {"percentage": 62}
    assert await get(api, "/pw/level") == {"level": 62}
    assert await get(api, "/api/system_status/soe") == {"percentage": 60}


async def test_another_battery_is_put_on_the_gateway_s_scale(here: Appliance, api: httpx.AsyncClient) -> None:
    """Dashboards take the 5 % off again: the owner must see what the battery says."""
    await tell(here, "victron", state_of_charge=60)
    assert await get(api, "/soe") == {"percentage": 62}
    assert await get(api, "/api/system_status/soe") == {"percentage": 60}


@pytest.mark.parametrize(
    ("state", "word", "number"),
    [(0, "SystemIslandedActive", 0), (1, "SystemGridConnected", 1), (2, "SystemTransitionToGrid", -1)],
)
async def test_the_grid(wall: Appliance, api: httpx.AsyncClient, state: int, word: str, number: int) -> None:
    await wall.accept([Reading("powerwall", Q.GRID_STATE, state, NOON + 1)])
    expected = {"grid_status": word, "grid_services_active": None}
    assert await get(api, "/api/system_status/grid_status") == await get(api, "/pw/grid_status") == expected
    assert (await get(api, "/json"))["grid_status"] == (await get(api, "/freq"))["grid_status"] == number
    assert ("SystemConnectedToGrid" in await get(api, "/alerts")) == (state == 1)


async def test_strings_of_several_inverters(wall: Appliance, api: httpx.AsyncClient) -> None:
    assert await get(api, "/strings") == {
        "A": {"Connected": True, "Current": 1.74, "Power": 441, "State": None, "Voltage": 256.9},
        "A1": {"Connected": False, "Current": None, "Power": None, "State": None, "Voltage": None},
        "B1": {"Connected": True, "Current": 2.4, "Power": 700, "State": None, "Voltage": 290},
    }
    assert await get(api, "/pw/strings") == await get(api, "/strings")


async def test_packs_and_their_temperatures(wall: Appliance, api: httpx.AsyncClient) -> None:
    assert await get(api, "/temps") == {"TETHC--powerwall--unit1": 15.6, "TETHC--powerwall--unit2": 15.2}
    assert await get(api, "/temps/pw") == {"PW1_temp": 15.6, "PW2_temp": 15.2}
    assert await get(api, "/pod") == {
        "PW1_name": "TEPOD--powerwall--unit1",
        "PW1_POD_nom_energy_remaining": 4715,
        "PW1_POD_nom_energy_to_be_charged": 8433,
        "PW1_POD_nom_full_pack_energy": 13148,
        "PW2_name": "TEPOD--powerwall--unit2",
        "PW2_POD_nom_energy_remaining": 4504,
        "PW2_POD_nom_energy_to_be_charged": 8068,
        "PW2_POD_nom_full_pack_energy": 12572,
        "nominal_full_pack_energy": 25720,
        "nominal_energy_remaining": 9219,
        "time_remaining_hours": 12.5,
        "backup_reserve_percent": 20,
    }
    blocks = await get(api, "/pw/battery_blocks")
    assert blocks["unit2"] == {
        "nominal_full_pack_energy": 12572, "nominal_energy_remaining": 4504,
    }  # fmt: skip


async def test_alerts_that_are_there_now(wall: Appliance, api: httpx.AsyncClient) -> None:
    assert await get(api, "/alerts") == ["FWUpdateSucceeded", "SystemConnectedToGrid"]
    assert await get(api, "/alerts/pw") == {"FWUpdateSucceeded": 1, "SystemConnectedToGrid": 1}
    assert await get(api, "/pw/alerts") == {"alerts": ["FWUpdateSucceeded", "SystemConnectedToGrid"]}


async def test_vitals_by_the_gateway_s_names(wall: Appliance, api: httpx.AsyncClient) -> None:
    found = await get(api, "/vitals")
    assert found["STSTSM--powerwall"] == {"alerts": ["FWUpdateSucceeded"]}
    assert found["TETHC--powerwall--unit1"] == {"THC_AmbientTemp": 15.6}
    assert found["PVAC--powerwall"]["PVAC_PVMeasuredVoltage_A"] == 256.9
    assert found["PVS--powerwall--inverter2"] == {
        "PVS_StringA_Connected": False, "PVS_StringB_Connected": True,
    }  # fmt: skip
    assert found["TEPOD--powerwall--unit2"]["POD_nom_full_pack_energy"] == 12572
    assert found["TESYNC--powerwall"]["ISLAND_FreqL1_Main"] == 50.02
    assert await get(api, "/pw/vitals") == found


async def test_everything_for_a_small_display(wall: Appliance, api: httpx.AsyncClient) -> None:
    found = await get(api, "/json")
    assert found.pop("strings") == await get(api, "/strings")
    assert found == {
        "grid": -2100, "home": 900, "solar": 0, "battery": 3000, "soe": 62, "grid_status": 1, "reserve": 20,
        "time_remaining_hours": 12.5, "full_pack_energy": 25720, "energy_remaining": 9219,
    }  # fmt: skip


async def test_the_other_calls(wall: Appliance, api: httpx.AsyncClient) -> None:
    assert await get(api, "/pw/power") == {"site": -2100, "solar": 0, "battery": 3000, "load": 900}
    assert await get(api, "/pw/get_reserve") == {"reserve": 20}
    assert await get(api, "/pw/get_mode") == {"mode": "self_consumption"}
    assert await get(api, "/pw/get_time_remaining") == {"time_remaining": 12.5}
    assert await get(api, "/pw/site_name") == {"site_name": "Home"}
    assert await get(api, "/pw/is_connected") == {"is_connected": True}
    assert (await get(api, "/pw/system_status"))["nominal_full_pack_energy"] == 25720
    assert await get(api, "/version") == {"version": None, "vint": None}
    stats = await get(api, "/stats")
    assert stats["pypowerwall"].startswith("Tallywatt ")
    assert (stats["ts"], stats["uptime"], stats["site_name"]) == (NOON // 1000, "0:00:00", "Home")
    for name in CALLS:
        assert isinstance(await get(api, f"/pw/{name}"), dict), name


async def test_csv(wall: Appliance, api: httpx.AsyncClient) -> None:
    for path, text in (
        ("/csv", "-2100.00,900.00,0.00,3000.00,62.00\n"),
        ("/csv?headers", "Grid,Home,Solar,Battery,BatteryLevel\n-2100.00,900.00,0.00,3000.00,62.00\n"),
        ("/csv/v2", "-2100.00,900.00,0.00,3000.00,62.00,1,20\n"),
    ):
        answer = await api.get(path)
        assert (answer.status_code, answer.text) == (200, text)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    answer = await api.get("/csv/v2?headers")
    assert answer.text.startswith("Grid,Home,Solar,Battery,BatteryLevel,GridStatus,Reserve\n")


async def test_mode_and_reserve_as_the_gateway_has_them(wall: Appliance, api: httpx.AsyncClient) -> None:
    expected = {"real_mode": "self_consumption", "backup_reserve_percent": 24}
    assert await get(api, "/api/operation") == expected


async def test_another_appliance_reads_the_same_here_as_at_a_proxy(
    wall: Appliance, tmp_path: Path, clock: FakeClock
) -> None:
    """A client of the proxy that knows nothing of us: our own source for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(wall)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        other = made(
            tmp_path / "other", clock, sources=[{"type": "powerwall", "mode": "proxy", "host": host}]
        )
        async with other:
            async with asyncio.timeout(20):
                while len(other.hub.latest) < 20:  # noqa: ASYNC110 - the source tells nobody when it is done
                    await asyncio.sleep(0.05)
        server.should_exit = True
        await serving
    for (source, quantity), reading in wall.hub.latest.items():
        # Time left each works out for itself.
        if source == "powerwall" and quantity is not Q.BATTERY_TIME_LEFT:
            assert other.hub.latest[source, quantity].value == pytest.approx(reading.value, abs=0.01), (
                quantity
            )
    for quantity in (Q.TEMPERATURE, Q.BATTERY_CAPACITY, Q.BATTERY_STORED, Q.STRING_B_POWER):
        assert told(other, quantity) == told(wall, quantity), quantity


def told(appliance: Appliance, quantity: Quantity) -> list[float]:
    """What the units behind the gateway tell."""
    return sorted(r.value for (s, q), r in appliance.hub.latest.items() if q is quantity and "." in s)


# Unknown is never 0


def zeros(found: Any, path: str = "") -> list[str]:
    """Where a 0 stands."""
    if isinstance(found, dict):
        return [place for name, inner in found.items() for place in zeros(inner, f"{path}.{name}")]
    if isinstance(found, list):
        return [place for n, inner in enumerate(found) for place in zeros(inner, f"{path}[{n}]")]
    return [path] if found == 0 and found is not False else []


async def test_what_a_house_does_not_measure_is_null(here: Appliance, api: httpx.AsyncClient) -> None:
    await tell(here, "p1", power_grid=1200, energy_import=5000, voltage_l1=231)
    for path in ("/aggregates", "/json", "/freq", "/strings", "/pw/power", "/version"):
        assert zeros(await get(api, path)) == [], path
    found = await get(api, "/json")
    assert (found["grid"], found["home"], found["reserve"], found["soe"]) == (1200, 1200, None, None)
    assert (await api.get("/csv/v2")).text == "1200.00,1200.00,,,,,\n"
    aggregates = await get(api, "/aggregates")
    assert aggregates["battery"]["instant_power"] is aggregates["solar"]["energy_exported"] is None
    assert await get(api, "/strings") == {}
    assert await get(api, "/pw/is_connected") == {"is_connected": False}


async def test_a_silent_gateway_is_an_error_and_no_calm_house(
    wall: Appliance, api: httpx.AsyncClient, clock: FakeClock
) -> None:
    wall.cadences["powerwall"] = 5
    clock.tick(60)
    for path in (*ROUTES, "/csv", "/csv/v2", "/pw/power", "/pw/level", "/pw/vitals"):
        answer = await api.get(path)
        if answer.status_code == 503:
            assert answer.json()["status"] == "error"
        else:
            assert path in ("/strings", "/freq", "/version", "/stats")
            assert zeros(answer.json()) == []
    assert (await get(api, "/stats"))["connection_health"]["is_degraded"] is True


async def test_without_a_battery_its_routes_are_503(here: Appliance, api: httpx.AsyncClient) -> None:
    await tell(here, "p1", power_grid=1200)
    for path in ("/soe", "/api/system_status/soe", "/vitals", "/temps", "/temps/pw", "/alerts", "/pod"):
        answer = await api.get(path)
        assert answer.status_code == 503, path
        assert "No battery is set up here" in answer.json()["message"]


async def test_control_is_off_and_says_so_with_its_status(here: Appliance, mine: httpx.AsyncClient) -> None:
    for name in ("reserve", "mode", "grid_charging", "grid_export", "max_backup", "x"):
        for method in ("GET", "POST"):
            answer = await mine.request(method, f"/control/{name}", content=b"value=20&token=x")
            assert answer.status_code == 403
            assert answer.json()["error"].startswith("Control Commands Disabled")
            assert answer.json()["status"] == "error"


# Against the answers of a real proxy


async def test_no_field_of_a_real_proxy_is_of_another_kind(
    wall: Appliance, api: httpx.AsyncClient, shared: Path
) -> None:
    """Where both have a field it is of the same kind, or null; what shapes have in full is all there."""
    folder = shared / "data" / "powerwall" / "proxy"
    whole = {"/aggregates", "/soe", "/api/system_status/grid_status", "/json", "/version"}
    for path, name in (
        *((route, route.strip("/").replace("/", "_")) for route in ROUTES),
        ("/pw/power", "pw_power"), ("/pw/level", "pw_level"), ("/pw/solar", "pw_solar"),
    ):  # fmt: skip
        file = folder / f"{name}.json"
        if not file.exists():
            continue
        theirs, ours = json.loads(file.read_text()), await get(api, path)
        assert type(theirs) is type(ours), path
        assert path not in whole or missing(theirs, ours) == set(), path
        assert other_kinds(theirs, ours) == [], path


COUNTED = {"num_meters_aggregated", "strings"}
"""How many meters were added up nobody told us; strings are named after the house's own."""


def missing(theirs: Any, ours: Any) -> set[str]:
    if not isinstance(theirs, dict):
        return set()
    found = {name for name in theirs if name not in ours} - COUNTED
    return found.union(
        *(missing(inner, ours[n]) for n, inner in theirs.items() if n in ours and n != "strings")
    )


def other_kinds(theirs: Any, ours: Any, path: str = "") -> list[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        both = theirs.keys() & ours.keys()
        return [p for name in both for p in other_kinds(theirs[name], ours[name], f"{path}.{name}")]
    numbers = (int, float)
    alike = (isinstance(theirs, numbers) and isinstance(ours, numbers)) or type(theirs) is type(ours)
    return [] if alike or ours is None or theirs is None else [path]
