"""The virtual pypowerwall proxy: the shapes of the real one, numbers of the house."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.clock import FakeClock
from appliance.demo.battery import Battery
from appliance.demo.house import House, HouseState
from appliance.demo.http_device import Fault
from appliance.demo.outages import Outage, Outages
from appliance.demo.powerwall_proxy import PAGES, PowerwallProxy

START = int(datetime(2026, 6, 14, 6, tzinfo=UTC).timestamp() * 1000)
NOON = START + 6 * 3_600_000
OUTAGE = Outage(START + 12 * 3_600_000, START + 13 * 3_600_000)


@pytest.fixture(scope="module")
def house() -> House:
    return House(FakeClock(START), battery=Battery(27.0, 10_000), outages=Outages((OUTAGE,)))


@pytest.fixture
def proxy(house: House) -> Iterator[PowerwallProxy]:
    proxy = PowerwallProxy(house, FakeClock(NOON), reserve=20)
    proxy.start()
    assert proxy.url == f"http://{proxy.address}"
    yield proxy
    proxy.stop()


def text(proxy: PowerwallProxy, path: str) -> str:
    with urllib.request.urlopen(proxy.url + path, timeout=5) as answer:
        return str(answer.read().decode())


def get(proxy: PowerwallProxy, path: str) -> Any:
    return json.loads(text(proxy, path))


def truth(proxy: PowerwallProxy) -> HouseState:
    return proxy.site.state()


def test_what_a_consumer_needs(proxy: PowerwallProxy) -> None:
    state = truth(proxy)
    blocks = get(proxy, "/aggregates")
    assert {name: block["instant_power"] for name, block in blocks.items()} == {
        "site": state.grid_w,
        "battery": state.battery_w,
        "load": state.load_w,
        "solar": state.solar_w,
    }
    assert get(proxy, "/soe")["percentage"] == pytest.approx(state.soc * 0.95 + 5)
    assert get(proxy, "/api/system_status/soe")["percentage"] == pytest.approx(state.soc)
    assert get(proxy, "/api/system_status/grid_status")["grid_status"] == "SystemGridConnected"
    assert get(proxy, "/pw/level") == {"level": get(proxy, "/soe")["percentage"]}


def test_every_page_is_there(proxy: PowerwallProxy) -> None:
    for path in (*PAGES, "/json", "/stats", "/health", "/api/operation", "/pw/get_reserve", "/pw/get_mode"):
        assert get(proxy, path), path
    assert get(proxy, "/pw/is_connected") == {"is_connected": True}
    assert "error" in get(proxy, "/control/reserve?value=20")
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(proxy, "/api/login/Basic")
    with refused.value as answer:
        assert answer.status == 404


def test_pages_agree_with_one_another(proxy: PowerwallProxy) -> None:
    state, told, pod = truth(proxy), get(proxy, "/json"), get(proxy, "/pod")
    assert told["home"] == told["grid"] + told["solar"] + told["battery"] == state.load_w
    assert (told["grid_status"], told["reserve"]) == (1, 20)
    full = pod["PW1_POD_nom_full_pack_energy"] + pod["PW2_POD_nom_full_pack_energy"]
    assert told["full_pack_energy"] == pytest.approx(full, abs=0.2)
    assert told["energy_remaining"] / told["full_pack_energy"] * 100 == pytest.approx(told["soe"], abs=0.01)
    assert told["time_remaining_hours"] == pytest.approx(told["energy_remaining"] / state.load_w)
    assert told["strings"] == get(proxy, "/strings")
    assert list(get(proxy, "/temps/pw").values()) == list(get(proxy, "/temps").values())
    assert set(get(proxy, "/alerts/pw")) == set(get(proxy, "/alerts"))
    freq = get(proxy, "/freq")
    assert freq["PW1_PINV_Fout"] == freq["ISLAND_FreqL1_Main"] == state.frequency_hz
    assert text(proxy, "/csv?headers").splitlines()[0] == "Grid,Home,Solar,Battery,BatteryLevel"
    assert [float(value) for value in text(proxy, "/csv/v2").split(",")] == pytest.approx(
        [state.grid_w, state.load_w, state.solar_w, state.battery_w, told["soe"], 1, 20], abs=0.01
    )


def test_an_outage_is_told(house: House) -> None:
    proxy = PowerwallProxy(house, FakeClock(OUTAGE.start))
    proxy.start()
    try:
        assert get(proxy, "/json")["grid_status"] == 0
        assert get(proxy, "/pw/grid_status") == {"grid_status": "DOWN"}
        assert "SystemIslandedActive" in get(proxy, "/alerts")
        assert get(proxy, "/aggregates")["site"]["instant_power"] == 0
    finally:
        proxy.stop()


def test_it_reaches_no_gateway(proxy: PowerwallProxy) -> None:
    proxy.gateway_lost = True
    assert get(proxy, "/aggregates") is None
    assert get(proxy, "/soe") is None
    assert get(proxy, "/json")["home"] == 0, "the proxy tells 0 for what it does not know"
    assert get(proxy, "/pw/is_connected") == {"is_connected": False}
    proxy.clear()
    assert get(proxy, "/aggregates")["load"]["instant_power"] == truth(proxy).load_w


def test_faults_of_a_path_and_of_the_whole(proxy: PowerwallProxy) -> None:
    proxy.faults["/soe"] = Fault(truncated=True)
    with pytest.raises(json.JSONDecodeError):
        get(proxy, "/soe")
    proxy.faults["/soe"] = Fault(page="<html></html>")
    assert text(proxy, "/soe") == "<html></html>"
    assert get(proxy, "/aggregates")
    proxy.fault = Fault(status=500)
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(proxy, "/aggregates")
    refused.value.close()
    proxy.clear()
    assert get(proxy, "/soe")
