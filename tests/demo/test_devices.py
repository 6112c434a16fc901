"""The emulators: what they say agrees with the house, and they fail when told to."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests

from appliance.clock import FakeClock
from appliance.demo import DAY_MS, VirtualHouse
from appliance.demo.central import Central
from appliance.demo.house import House
from appliance.demo.http_device import Fault, Request
from appliance.demo.inverter import POWER_FLOW, Inverter
from appliance.demo.meter_camera import MeterCamera
from appliance.demo.meter_picture import render

START = 1_778_000_000_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock)


@pytest.fixture
def central() -> Iterator[Central]:
    device = Central()
    device.start()
    yield device
    device.stop()


def post(central: Central, content: object, timeout: float = 5) -> requests.Response:
    return requests.post(f"{central.url}/meter_reading", json=content, timeout=timeout)


def reading(number: int) -> dict[str, object]:
    return {"reading_kwh": 48713.4 + number, "timestamp": "2026-05-05T12:00:00Z", "id": f"r{number}"}


def decoded(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_inverter_speaks_of_the_house(clock: FakeClock, house: House) -> None:
    inverter = Inverter(house, clock)
    inverter.start()
    try:
        for _ in range(40):
            clock.tick(1801)
            answer = requests.get(inverter.url + POWER_FLOW, timeout=5).json()
            site, state = answer["Body"]["Data"]["Site"], house.state()
            assert site["P_PV"] + site["P_Akku"] + site["P_Grid"] + site["P_Load"] == 0
            assert (site["P_Grid"], site["P_Akku"]) == (state.grid_w, state.battery_w)
            assert site["P_Load"] == -state.load_w
            assert 0 <= state.solar_kwh - site["E_Total"] / 1000 < 8.0 * 5 / 60 + 0.001
            assert answer["Body"]["Data"]["Inverters"]["1"]["SOC"] == pytest.approx(state.soc, abs=0.06)
            assert answer["Head"]["Status"]["Code"] == 0
            assert 0 <= site["rel_Autonomy"] <= 100
        assert requests.get(inverter.url + "/other", timeout=5).status_code == 404
    finally:
        inverter.stop()


def test_camera_shows_the_register(clock: FakeClock, house: House) -> None:
    camera = MeterCamera(house, clock)
    camera.start()
    try:
        response = requests.get(f"{camera.url}/snapshot.jpg", timeout=5)
        assert response.headers["Content-Type"] == "image/jpeg"
        seen = decoded(response.content)
        expected = render(house.state().import_kwh)
        assert np.abs(seen.astype(int) - expected.astype(int)).mean() < 3
        camera.view.lamp = 0.0
        dark = requests.get(f"{camera.url}/snapshot.jpg", timeout=5).content
        assert decoded(dark).mean() < 4
    finally:
        camera.stop()


def test_central_remembers_once_and_in_order(central: Central) -> None:
    assert post(central, reading(1)).json() == {"status": "accepted", "id": "r1", "new": True}
    assert post(central, reading(1)).json()["new"] is False
    batch = post(central, [reading(n) for n in range(1, 5)]).json()
    assert [r["new"] for r in batch["readings"]] == [False, True, True, True]
    assert [r["id"] for r in central.readings] == ["r1", "r2", "r3", "r4"]
    assert central.arrivals == {"r1": 3, "r2": 1, "r3": 1, "r4": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"timestamp": "x"}, "Missing required field: reading_kwh"),
        ({"reading_kwh": 1}, "Missing required field: timestamp"),
        ({"reading_kwh": "1", "timestamp": "x"}, "reading_kwh must be a number, not below 0"),
        ({"reading_kwh": -1, "timestamp": "x"}, "reading_kwh must be a number, not below 0"),
        ("text", "A reading is a JSON object"),
    ],
)
def test_central_refuses_nonsense(central: Central, content: object, reason: str) -> None:
    response = post(central, content)
    assert (response.status_code, response.json()) == (400, {"status": "rejected", "reason": reason})
    assert central.readings == []


def test_central_judges_each_reading_of_a_list_alone(central: Central) -> None:
    answer = post(central, [reading(1), {"timestamp": "x"}, reading(2)])
    assert answer.status_code == 200
    assert [r["status"] for r in answer.json()["readings"]] == ["accepted", "rejected", "accepted"]
    assert [r["id"] for r in central.readings] == ["r1", "r2"]
    central.takes_lists = False
    assert post(central, [reading(3)]).json()["reason"] == "A reading is a JSON object"


def test_central_takes_readings_without_an_id(central: Central) -> None:
    for _ in range(2):
        assert post(central, {"reading_kwh": 5, "timestamp": "x"}).json()["new"] is True
    assert (len(central.readings), central.arrivals.total()) == (2, 0)


def test_central_refuses_what_is_not_json(central: Central) -> None:
    response = requests.post(f"{central.url}/meter_reading", data=b"{", timeout=5)
    assert response.status_code == 400
    assert requests.get(f"{central.url}/meter_reading", timeout=5).status_code == 404


def test_devices_fail_as_told_and_recover(central: Central) -> None:
    central.fault = Fault(status=503, retry_after_s=7)
    response = post(central, reading(1))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "7")
    central.fault = Fault(cut=True)
    with pytest.raises(requests.ConnectionError):
        post(central, reading(1))
    assert central.readings == []
    central.fault = Fault(cut=True, lost=True)
    with pytest.raises(requests.ConnectionError):
        post(central, reading(1))
    assert len(central.readings) == 1, "the answer was lost, not the reading"
    central.fault = Fault(wait_s=30)
    with pytest.raises(requests.Timeout):
        post(central, reading(2), timeout=0.2)
    central.fault = None
    assert post(central, reading(3)).ok


def test_a_stopped_device_refuses_and_comes_back_at_the_same_address(central: Central) -> None:
    address = central.url
    post(central, reading(1))
    central.stop()
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{address}/meter_reading", json=reading(2), timeout=5)
    central.start()
    assert central.url == address
    assert post(central, reading(2)).ok
    assert len(central.readings) == 2


def test_the_virtual_house_runs_and_says_how_to_read_it(clock: FakeClock, tmp_path: Path) -> None:
    with VirtualHouse(clock, tmp_path) as virtual:
        config = virtual.config()
        assert json.loads(json.dumps(config)) == config
        urls = {s["name"]: s["url"] for s in config["sources"] if "url" in s}
        assert all(requests.get(url, timeout=5).ok for url in urls.values())
        assert post(virtual.central, reading(1)).ok
    for url in urls.values():
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=5)


def test_a_house_with_weather_has_its_summer_before_the_camera_too(tmp_path: Path) -> None:
    early = 1_768_100_400_000  # 2026-01-11 03:00 UTC: night, but the sun is up in June
    virtual = VirtualHouse(FakeClock(early), tmp_path, True)
    cupboard = virtual.camera.cupboard
    assert cupboard is not None
    assert cupboard.view(cupboard.start).dust == 0  # set up clean
    assert cupboard.view(early).daylight == 0 < cupboard.view(virtual.house.in_season(early)).daylight
    how = vars(cupboard.view(virtual.house.in_season(early)))
    jpeg = virtual.camera.answer(Request("GET", "/snapshot.jpg", b"")).body
    seen = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    drawn = render(virtual.house.state().import_kwh, width=1280, height=720, seed=0, **how)
    assert np.abs(seen.astype(int) - drawn).mean() < 2
    assert VirtualHouse(FakeClock(early), tmp_path).camera.cupboard is None


def test_the_house_of_a_folder_goes_on_where_it_stood(clock: FakeClock, tmp_path: Path) -> None:
    first = VirtualHouse(clock, tmp_path / "house")
    before = first.house.state_at(START + 5 * DAY_MS)
    clock.tick(5 * DAY_MS / 1000)
    again = VirtualHouse(clock, tmp_path / "house")
    assert again.house.state() == before
    assert again.house.state().import_kwh > first.house.state_at(START).import_kwh
