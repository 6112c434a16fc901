"""The routes about the meter itself: setting up, refusals, learning, setting a register right."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from appliances import NOON
from surveyors import BOX, EchoSurveyor

from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.errors import SourceError
from appliance.model import Quantity, Reading

V1 = "/api/v1"
SETUP = f"{V1}/meter_setup/meter"
IMPORT = Quantity.ENERGY_IMPORT


@pytest.fixture
async def meter(here: Appliance, api: httpx.AsyncClient) -> EchoSurveyor:
    """A camera source `meter` that can be set up, and `p1`, which is none."""
    surveyor = EchoSurveyor(NOON, refusals={NOON - 1000: ("0487?3.4", b"one"), NOON: ("04871?.4", b"two")})
    here.sources["meter"] = SimpleNamespace(surveyor=surveyor)  # type: ignore[assignment]
    here.sources["p1"] = SimpleNamespace()  # type: ignore[assignment]
    return surveyor


def boxes(**more: Any) -> dict[str, Any]:
    counter = {"quantity": "energy_import", "unit": "kWh", "digits": [list(BOX)], **more}
    return {"width": 640, "height": 360, "counters": [counter]}


async def test_set_up_from_first_picture_to_save(mine: httpx.AsyncClient, meter: EchoSurveyor) -> None:
    assert (await mine.get(SETUP)).status_code == 404
    still = await mine.post(f"{SETUP}/still")
    assert (still.content, still.headers["content-type"]) == (b"jpeg", "image/jpeg")
    assert still.headers["x-taken-at"].startswith("2026-05-05T16:53:20")
    found = (await mine.post(f"{SETUP}/find", json={"shows": "048713.4"})).json()
    assert found["counters"][0]["digits"] == [list(BOX)]
    (seen,) = (await mine.post(f"{SETUP}/test", json=found)).json()
    assert (seen["text"], seen["reason"], seen["digits"][0]["box"]) == ("4", None, list(BOX))
    assert (await mine.put(SETUP, json=found)).status_code == 200
    assert (await mine.get(SETUP)).json() == found
    assert meter.setup is not None
    assert meter.setup.counters[0].quantity is IMPORT


async def test_dials_window_and_register_travel(mine: httpx.AsyncClient, meter: EchoSurveyor) -> None:
    dial = {"box": [1, 2, 30, 40], "clockwise": False}
    said = boxes(dials=[dial], display=[5, 6, 70, 80], register="1.8.0")
    await mine.put(SETUP, json=said)
    counter = meter.setup.counters[0]  # type: ignore[union-attr]
    assert (counter.dials[0].box, counter.dials[0].clockwise) == ((1, 2, 30, 40), False)
    assert (counter.display, counter.register, counter.decimals) == ((5, 6, 70, 80), "1.8.0", 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"width": 640, "height": 360},
        boxes(quantity="coffee"),
        boxes(digits=[[1, 2, 3]]),
        boxes(kind="abacus"),
        {"width": "wide", "height": 360, "counters": []},
    ],
)
async def test_what_is_no_set_up_is_refused(
    mine: httpx.AsyncClient, meter: EchoSurveyor, wrong: dict[str, Any]
) -> None:
    assert (await mine.put(SETUP, json=wrong)).status_code == 422
    assert meter.setup is None


async def test_what_the_camera_cannot_do_now_is_said(mine: httpx.AsyncClient, meter: EchoSurveyor) -> None:
    meter.trouble = "There is no camera /dev/video0: check its plug"
    for path, body in (("still", None), ("find", {"shows": "1"}), ("test", boxes())):
        answer = await mine.post(f"{SETUP}/{path}", json=body)
        assert (answer.status_code, answer.json()["message"]) == (409, meter.trouble)
    assert (await mine.put(SETUP, json=boxes())).status_code == 409


@pytest.mark.parametrize("source", ["p1", "nobody"])
async def test_only_cameras_are_set_up(mine: httpx.AsyncClient, meter: EchoSurveyor, source: str) -> None:
    answer = await mine.get(f"{V1}/meter_setup/{source}")
    assert answer.status_code == 404
    assert f"{source} is no camera" in answer.json()["message"]


async def test_refusals_teach_and_what_was_learned_can_be_forgotten(
    mine: httpx.AsyncClient, meter: EchoSurveyor
) -> None:
    kept = (await mine.get(f"{SETUP}/refused")).json()
    assert [(r["at_ms"], r["text"]) for r in kept] == [(NOON, "04871?.4"), (NOON - 1000, "0487?3.4")]
    assert (await mine.get(f"{SETUP}/refused/{NOON}")).content == b"two"
    assert (await mine.get(f"{SETUP}/refused/{NOON - 5}")).status_code == 404
    learned = (await mine.post(f"{SETUP}/refused/{NOON}", json={"shows": "048713.4"})).json()
    assert learned == {"crops": 8, "before": None, "after": None, "used": False}
    assert len((await mine.get(f"{SETUP}/refused")).json()) == 1
    assert (await mine.post(f"{SETUP}/refused/{NOON}", json={"shows": "1"})).status_code == 409
    await mine.delete(f"{SETUP}/learned")
    assert (await mine.get(f"{SETUP}/learned")).json()["crops"] == 0


async def test_reading_is_open_changing_the_owners(api: httpx.AsyncClient, meter: EchoSurveyor) -> None:
    for path in ("refused", f"refused/{NOON}", "learned"):
        assert (await api.get(f"{SETUP}/{path}")).status_code == 200
    changes = [("PUT", ""), ("POST", "/still"), ("POST", "/find"), ("POST", "/test")]
    changes += [("POST", f"/refused/{NOON}"), ("DELETE", "/learned")]
    for method, path in changes:
        assert (await api.request(method, SETUP + path, json={})).status_code == 401
    assert (await api.post(f"{V1}/meter_correction", json={})).status_code == 401


async def test_a_reading_is_corrected(mine: httpx.AsyncClient, here: Appliance, clock: FakeClock) -> None:
    await here.accept([Reading("meter", IMPORT, 98_713.4, NOON - 60_000, 0.9)])
    clock.tick(60)
    body = {"source": "meter", "quantity": "energy_import", "reading": 48_713.5}
    answer = await mine.post(f"{V1}/meter_correction", json=body)
    assert answer.json() == {
        "status": "ok",
        "message": "The register was set right: it stands at 48713.500 kWh",
    }
    latest = here.hub.latest["meter", IMPORT]
    assert (latest.value, latest.confidence) == (48_713.5, 1.0)
    (event,) = (await mine.get(f"{V1}/events", params={"name": "register_corrected"})).json()
    assert event["data"] == {"quantity": "energy_import", "was": 98_713.4, "value": 48_713.5}
    clock.tick(600)
    now = clock.now()
    assert await here.accept([Reading("meter", IMPORT, 48_713.6, now, 0.9)]) == []
    assert len(await here.accept([Reading("meter", IMPORT, 98_713.6, now + 1, 0.9)])) == 1
    (whole,) = await here.store.increase("meter", IMPORT, [NOON - 120_000, now])
    assert whole is None or abs(whole) < 1, "the wrong reading is in no sum over the whole span"


async def test_corrections_that_are_none(mine: httpx.AsyncClient, here: Appliance) -> None:
    await here.accept([Reading("p1", Quantity.POWER_GRID, 1, NOON)])
    for body, said in (
        ({"source": "mter", "reading": 1}, "There is no source mter"),
        ({"source": "p1", "quantity": "power_grid", "reading": 1}, "power_grid is no register"),
        ({"source": "p1", "quantity": "gas", "reading": 5e8}, "no such source"),
    ):
        answer = await mine.post(f"{V1}/meter_correction", json=body)
        assert answer.status_code == 400
        assert said.split()[0] in answer.json()["message"]


async def test_a_surveyor_of_what_is_no_camera(here: Appliance) -> None:
    with pytest.raises(SourceError, match="p1 is no camera that runs"):
        here.surveyor("p1")
