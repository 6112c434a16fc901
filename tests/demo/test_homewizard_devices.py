"""The virtual HomeWizard devices: as documented, and as HomeWizard's own client library sees them."""

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import requests
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from appliance.clock import FakeClock, RealClock
from appliance.demo.homewizard import HomeWizard
from appliance.demo.homewizard_measured import MEASURED
from appliance.demo.house import House

START = 1_792_836_000_000
TOKEN = "A" * 32


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def p1(clock: FakeClock) -> Iterator[HomeWizard]:
    device = HomeWizard(House(clock), clock)
    device.users["local/test"] = TOKEN
    device.start()
    yield device
    device.stop()


def ask(device: HomeWizard, path: str, method: str = "GET", **more: Any) -> requests.Response:
    return requests.request(method, f"{device.url}{path}", timeout=5, **more)


# API v1


def test_v1_answers_as_documented(p1: HomeWizard) -> None:
    assert ask(p1, "/api").json()["api_version"] == "v1"
    said = ask(p1, "/api/v1/data").json()
    assert said["active_power_w"] == p1.house.state().grid_w
    assert said["smr_version"] == 50
    assert said["gas_timestamp"] == said["external"][0]["timestamp"] == 261024120000
    assert "timestamp" not in said
    assert ask(p1, "/api/v1/telegram").text.startswith("/TWN5")
    assert ask(p1, "/api/v1/identify", "PUT").json() == {"identify": "ok"}
    assert ask(p1, "/api/v1/state").status_code == 404
    assert ask(p1, "/api/measurement").status_code == 404
    p1.api_enabled = False
    refused = ask(p1, "/api/v1/data")
    assert (refused.status_code, refused.json()["error"]["id"]) == (403, 202)


def test_every_kind_measures_what_the_house_does(clock: FakeClock) -> None:
    house = House(clock)
    for hour in range(0, 48, 7):
        state = house.state_at(START + hour * 3_600_000)
        said = {kind: measured(house, state.at) for kind, measured in MEASURED.items()}
        power = {kind: fields.get("power_w") for kind, fields in said.items()}
        assert power["HWE-P1"] == state.grid_w
        assert power["HWE-P1"] == power["HWE-KWH1"] + power["HWE-KWH3"] + power["HWE-BAT"]
        assert 0 <= state.water_m3 - said["HWE-WTR"]["total_liter_m3"] < 0.001
        demand = said["HWE-P1"]["average_power_15m_w"]
        assert 0 <= demand <= 20_000


def test_it_moves_and_its_registers_fall(p1: HomeWizard) -> None:
    before, old = ask(p1, "/api/v1/data").json()["total_power_import_kwh"], p1.url
    p1.move()
    p1.fallen_kwh = 10
    assert ask(p1, "/api/v1/data").json()["total_power_import_kwh"] == pytest.approx(before - 10)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{old}/api", timeout=2)


# API v2


def trusting(device: HomeWizard) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = True
    context.load_verify_locations(cadata=device.ca_pem)
    return context


@asynccontextmanager
async def listening(device: HomeWizard, name: str = "") -> AsyncIterator[ClientConnection]:
    async with connect(
        f"wss://127.0.0.1:{device.port}/api/ws",
        ssl=trusting(device),
        server_hostname=name or device.identity,
        proxy=None,
    ) as made:
        yield made


async def say(made: ClientConnection, kind: str, data: Any = None) -> dict[str, Any]:
    await made.send(json.dumps({"type": kind, "data": data}))
    answer: dict[str, Any] = json.loads(await made.recv())
    return answer


async def test_the_websocket_as_documented(p1: HomeWizard) -> None:
    async with listening(p1) as made:
        assert json.loads(await made.recv())["type"] == "authorization_requested"
        assert await say(made, "subscribe", "measurement") == {
            "type": "error",
            "data": {"message": "user:unauthorized"},
        }
        assert await say(made, "authorization", TOKEN) == {"type": "authorized"}
        assert (await say(made, "nonsense"))["data"]["message"] == "request:unknown-type"
        assert (await say(made, "subscribe", "weather"))["data"]["message"] == "request:unknown-subscription"
        assert (await say(made, "device"))["data"]["api_version"] == "2.2.0"
        assert (await say(made, "subscribe", "measurement"))["data"] == p1.measurement()


async def test_who_does_not_authorize_in_time_is_sent_away(p1: HomeWizard, clock: FakeClock) -> None:
    async with listening(p1) as made:
        await made.recv()
        clock.tick(41)
        assert "unauthorized" in str(await made.recv())
        with pytest.raises(ConnectionClosed):
            await made.recv()


async def test_it_bears_its_own_name_alone(p1: HomeWizard) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        async with listening(p1, "appliance/p1dongle/000000000000"):
            pass


# HomeWizard's own client library


async def test_the_official_client_library_takes_it_for_real() -> None:
    if sys.version_info < (3, 12):
        pytest.skip("python-homewizard-energy needs Python 3.12")
    client = pytest.importorskip("homewizard_energy", reason="python-homewizard-energy is not installed")
    clock = RealClock()
    for number, kind in enumerate(MEASURED):
        device = HomeWizard(House(clock), clock, kind, serial=f"5c2faf00000{number}")
        device.start()
        try:
            await _by_v1(client, device)
            await _by_v2(client, device)
        finally:
            await asyncio.to_thread(device.stop)


async def _by_v1(client: Any, device: HomeWizard) -> None:
    async with client.HomeWizardEnergyV1(f"127.0.0.1:{device.port}") as api:
        if device.product_type != "HWE-BAT":
            about = await api.device()
            assert (about.product_type, about.serial) == (device.product_type, device.serial)
            assert about.id == device.identity
            said, truth = await api.measurement(), device.measurement()
            assert said.total_liter_m3 == truth.get("total_liter_m3")
            if "energy_import_kwh" in truth:
                assert said.energy_import_kwh == pytest.approx(truth["energy_import_kwh"], abs=0.01)
            if device.product_type == "HWE-P1":
                assert len(said.external_devices) == 2
                assert (await api.telegram()).startswith("/TWN5")
        device.api_enabled = False
        with pytest.raises(client.errors.DisabledError):
            await api.measurement()


async def _by_v2(client: Any, device: HomeWizard) -> None:
    client.v2.CACERT = device.ca_pem
    async with client.HomeWizardEnergyV2(f"127.0.0.1:{device.port}", identifier=device.identity) as api:
        with pytest.raises(client.errors.DisabledError):
            await api.get_token("test")
        device.press()
        assert await api.get_token("test") == device.users["local/test"]
        about = await api.device(reset_cache=True)
        assert (about.serial, str(about.api_version)) == (device.serial, "2.2.0")
        said, truth = await api.measurement(), device.measurement()
        assert said.state_of_charge_pct == pytest.approx(truth.get("state_of_charge_pct"), abs=0.1)
        assert said.frequency_hz == pytest.approx(truth.get("frequency_hz"), abs=0.5)
        assert (await api.system()).wifi_ssid == "Virtual"
        if about.supports_batteries():
            assert (await api.batteries()).battery_count == 1
        if about.supports_telegram():
            assert "1-0:1.8.1" in await api.telegram()
        await api.reboot()
        await api.delete_token()
        assert device.users == {}
