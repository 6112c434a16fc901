"""GET /api/v1/discovered: what is on the network, and whether it is read already."""

from pathlib import Path

import httpx
import pytest
from appliances import NOON, made, served

from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.errors import SourceError
from appliance.nearby import Nearby

P1 = Nearby("5c2fafaabbcc", "HWE-P1", "P1 Meter", True, {"v1": "192.168.1.20"})
SOCKET = Nearby("5c2fafaabb01", "HWE-SKT", "Energy Socket", False, {"v1": "192.168.1.21"})
BATTERY = Nearby("5c2fafaabb02", "HWE-BAT", "Plug-In Battery", True, {"v2": "192.168.1.22"})
NEW_P1 = Nearby("5c2fafaabb03", "HWE-P1", "P1 Meter", False, {"v1": "192.168.1.23", "v2": "192.168.1.23"})


def around(here: Appliance, *devices: Nearby) -> None:
    async def heard(wait_s: float = 0) -> list[Nearby]:
        return list(devices)

    here.neighbourhood.devices = heard  # type: ignore[method-assign]


async def test_each_device_comes_with_what_to_write(here: Appliance, api: httpx.AsyncClient) -> None:
    around(here, P1, SOCKET, BATTERY, NEW_P1)
    p1, socket, battery, new = (await api.get("/api/v1/discovered")).json()
    assert p1["text"] == (
        "HomeWizard P1 Meter found at 192.168.1.20: add `source` to `sources` in config.json"
    )
    assert p1["source"] == {"type": "homewizard", "name": "p1_meter_bbcc", "serial": "5c2fafaabbcc"}
    assert socket["text"].endswith("and switch on Local API in the HomeWizard app")
    assert "`measures`" in socket["text"]
    assert battery["source"]["name"] == "plug_in_battery_bb02"
    assert "button" in new["text"]
    assert not any(device["configured"] for device in (p1, socket, battery, new))


async def test_what_is_offered_can_be_configured_and_is_known_then(tmp_path: Path) -> None:
    offered = {"type": "homewizard", "name": "p1_meter_bbcc", "serial": "5c2fafaabbcc"}
    by_host = {"type": "homewizard", "name": "b", "host": "192.168.1.22", "enabled": False}
    here = made(tmp_path, FakeClock(NOON), sources=[{**offered, "enabled": False}, by_host])
    around(here, P1, BATTERY, SOCKET)
    async with served(here) as api:
        said = (await api.get("/api/v1/discovered")).json()
    assert [device["configured"] for device in said] == [True, True, False]


async def test_a_network_that_cannot_be_heard(
    here: Appliance, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(wait_s: float = 0) -> list[Nearby]:
        raise SourceError("The network cannot be listened to")

    monkeypatch.setattr(here.neighbourhood, "devices", deaf)
    answer = await api.get("/api/v1/discovered")
    assert answer.status_code == 503
    assert "listened" in answer.json()["message"]
