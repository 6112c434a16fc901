"""POST /meter_reading and GET /meter: the classic routes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from appliances import NOON, made, owner, served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.api import compat
from appliance.app import Appliance
from appliance.clock import DAY_MS, HOUR_MS, FakeClock
from appliance.errors import StoreError
from appliance.model import Quantity, Reading
from appliance.store import Store

SOURCE = "remote_meter"
IMPORT = Quantity.ENERGY_IMPORT
OUT_OF_REACH = "timestamp is no time: that is no time from 1970 to 2200"


def classic(kwh: float = 1234.5, at: int = NOON, **more: Any) -> dict[str, Any]:
    return {"reading_kwh": kwh, "timestamp": at, "confidence": 0.97, "method": "ocr", "digits": [1]} | more


async def kept(here: Appliance, source: str = SOURCE, quantity: Quantity = IMPORT) -> list[tuple[int, float]]:
    """What the store has of the series."""
    at, value, _ = await here.store.raw(source, quantity, 0, 2 * NOON)
    return list(zip(at.tolist(), value.tolist(), strict=True))


async def reason(client: httpx.AsyncClient, body: Any) -> str:
    """Why the body was rejected."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await client.post("/meter_reading", content=content)
    assert answer.status_code == 400, answer.text
    said = answer.json()
    assert said["status"] == "rejected"
    return str(said["reason"])


# Taken


async def test_a_reading_is_taken(mine: httpx.AsyncClient, here: Appliance) -> None:
    answer = await mine.post("/meter_reading", json=classic(id="a/b/1"))
    assert (answer.status_code, answer.json()) == (
        200, {"status": "accepted", "reading_kwh": 1234.5, "id": "a/b/1"},
    )  # fmt: skip
    assert here.hub.latest[SOURCE, IMPORT] == Reading(SOURCE, IMPORT, 1234.5, NOON, 0.97)
    assert await kept(here) == [(NOON, 1234.5)]


async def test_reading_kwh_is_enough(mine: httpx.AsyncClient, here: Appliance) -> None:
    answer = await mine.post("/meter_reading", json={"reading_kwh": 7})
    assert answer.json() == {"status": "accepted", "reading_kwh": 7.0}
    assert here.hub.latest[SOURCE, IMPORT] == Reading(SOURCE, IMPORT, 7.0, NOON, 1.0)


@pytest.mark.parametrize(
    "said",
    [
        NOON,
        NOON / 1000,
        str(NOON // 1000),
        "2026-05-05T16:53:20Z",
        "2026-05-05T16:53:20.000+00:00",
        "2026-05-05T18:53:20+02:00",
        "2026-05-05T18:53:20",
        "2026-05-05 18:53:20",
        None,
    ],
)
async def test_instants_in_every_form(mine: httpx.AsyncClient, here: Appliance, said: Any) -> None:
    assert (await mine.post("/meter_reading", json=classic(timestamp=said))).status_code == 200
    assert here.hub.latest[SOURCE, IMPORT].at == NOON


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "remote_meter"),
        ({"appliance": "tallywatt-1a2b", "source": "camera_meter"}, "remote_tallywatt_1a2b_camera_meter"),
        ({"source": "Källaren"}, "remote_k_llaren"),
        ({"appliance": "", "source": "../../etc"}, "remote_etc"),
        ({"source": "x" * 500}, "remote_" + "x" * 60),
    ],
)
async def test_who_sends_it_is_its_source(
    mine: httpx.AsyncClient, here: Appliance, more: dict[str, Any], name: str
) -> None:
    assert (await mine.post("/meter_reading", json=classic(**more))).status_code == 200
    assert list(here.hub.latest) == [(name, IMPORT)]


async def test_another_register(mine: httpx.AsyncClient, here: Appliance) -> None:
    await mine.post("/meter_reading", json=classic(quantity="energy_export"))
    assert list(here.hub.latest) == [(SOURCE, Quantity.ENERGY_EXPORT)]


async def test_sent_again_it_is_accepted_again_and_kept_once(
    mine: httpx.AsyncClient, here: Appliance
) -> None:
    bodies = [classic(100 + n, NOON - (3 - n) * HOUR_MS, id=str(n)) for n in range(3)]
    for body in (*bodies, *bodies, bodies[0], bodies[2]):
        answer = await mine.post("/meter_reading", json=body)
        assert answer.json() == {"status": "accepted", "reading_kwh": body["reading_kwh"], "id": body["id"]}
    assert await kept(here) == [(body["timestamp"], body["reading_kwh"]) for body in bodies]
    assert [row.reading.value for row in await here.store.after(0)] == [100, 101, 102]


async def test_the_same_at_once_is_kept_once(mine: httpx.AsyncClient, here: Appliance) -> None:
    """A sender that gave up waiting sends again while the first is still being looked up."""
    await mine.post("/meter_reading", json=classic(100))
    late = classic(99, NOON - HOUR_MS)
    answers = await asyncio.gather(*(mine.post("/meter_reading", json=late) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert sorted(await kept(here)) == [(NOON - HOUR_MS, 99), (NOON, 100)]


async def test_sent_again_after_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    body = classic(id="same")
    for _ in range(2):
        again = made(tmp_path, clock)
        async with served(again) as client:
            answer = await client.post("/meter_reading", json=body, headers=owner(again))
            assert answer.json()["status"] == "accepted"
            assert await kept(again) == [(NOON, 1234.5)]
            assert len(await again.store.after(0)) == 1


# Lists


async def test_of_a_list_each_is_answered_for_itself(mine: httpx.AsyncClient, here: Appliance) -> None:
    sent = [classic(1, NOON - 2000, id="a"), classic(-1, id="b"), "x", classic(1.01, NOON - 1000, id="d")]
    answer = await mine.post("/meter_reading", json=sent)
    assert answer.status_code == 200
    said = answer.json()
    assert said["status"] == "accepted"
    assert [(one["status"], one.get("id")) for one in said["readings"]] == [
        ("accepted", "a"), ("rejected", "b"), ("rejected", None), ("accepted", "d"),
    ]  # fmt: skip
    assert await kept(here) == [(NOON - 2000, 1), (NOON - 1000, 1.01)]


async def test_lists_without_and_with_too_much(mine: httpx.AsyncClient, here: Appliance) -> None:
    assert (await mine.post("/meter_reading", json=[])).json() == {"status": "accepted", "readings": []}
    many = [{"reading_kwh": 1}] * (compat.MOST_AT_ONCE + 1)
    assert await reason(mine, many) == "At most 1000 readings at once"
    assert not here.hub.latest


# Rejected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "Missing required field: reading_kwh"),
        ({"timestamp": NOON}, "Missing required field: reading_kwh"),
        ({"reading_kwh": None}, "Missing required field: reading_kwh"),
        ("text", "A reading is a JSON object with reading_kwh"),
        (None, "A reading is a JSON object with reading_kwh"),
        (17, "A reading is a JSON object with reading_kwh"),
        (classic(reading_kwh="1234.5"), "reading_kwh must be a number, not text"),
        (classic(reading_kwh=True), "reading_kwh must be a number, not true or false"),
        (classic(reading_kwh=[1]), "reading_kwh must be a number, not a list"),
        (classic(reading_kwh={}), "reading_kwh must be a number, not an object"),
        (b'{"reading_kwh": NaN}', "reading_kwh must be a finite number"),
        (b'{"reading_kwh": Infinity}', "reading_kwh must be a finite number"),
        (b'{"reading_kwh": -Infinity}', "reading_kwh must be a finite number"),
        (b'{"reading_kwh": 1e400}', "reading_kwh must be a finite number"),
        (b'{"reading_kwh": 1' + b"0" * 400 + b"}", "reading_kwh must be a finite number"),
        (classic(-0.001), "reading_kwh is negative; a register never is"),
        (classic(1e10), "reading_kwh is absurd: more than 1e+09 kWh"),
        (classic(confidence=1.1), "confidence lies between 0 and 1"),
        (classic(confidence=-0.1), "confidence lies between 0 and 1"),
        (classic(confidence="high"), "confidence must be a number, not text"),
        (classic(confidence=False), "confidence must be a number, not true or false"),
        (classic(quantity="gas"), "reading_kwh is in kWh, but gas is in m³"),
        (classic(quantity="power_grid"), "reading_kwh is in kWh, but power_grid is in W"),
        (classic(quantity="nonsense"), "quantity is not one of GET /api/v1/quantities"),
        (classic(quantity=[]), "quantity is not one of GET /api/v1/quantities"),
        (classic(source=7), "appliance and source must be text"),
        (classic(appliance={}), "appliance and source must be text"),
        (classic(timestamp="yesterday"), "timestamp is no time: that is no ISO 8601 time"),
        (classic(timestamp=True), "timestamp is no time: a time is ISO 8601 text or seconds since 1970"),
        (classic(timestamp=[NOON]), "timestamp is no time: a time is ISO 8601 text or seconds since 1970"),
        (classic(timestamp=-1), OUT_OF_REACH),
        (classic(timestamp=10**400), "timestamp is no time: that is no ISO 8601 time"),
        (b'{"reading_kwh": 1, "timestamp": NaN}', "timestamp is no time: that is no ISO 8601 time"),
        (b'{"reading_kwh": 1, "timestamp": 1e400}', "timestamp is no time: that is no ISO 8601 time"),
        (classic(timestamp="2025-12-31T23:59:59Z"), "timestamp is before 2026; set the clock of the reader"),
        (classic(timestamp=0), "timestamp is before 2026; set the clock of the reader"),
        (classic(at=NOON + HOUR_MS), "It is dated 60 minutes in the future; check both clocks"),
        (classic(timestamp="9999-12-31T23:59:59Z"), OUT_OF_REACH),
        (classic(timestamp="0001-01-01T00:00:00+14:00"), OUT_OF_REACH),
        (b"", "The body is not JSON"),
        (b"reading_kwh=1", "The body is not JSON"),
        (b"\xff\xfe\x00", "The body is not JSON"),
        (b"[" * 60_000, "The body is not JSON"),
        (b"9" * 5000, "The body is not JSON"),
    ],
)  # fmt: skip
async def test_what_is_rejected_and_why(
    mine: httpx.AsyncClient, here: Appliance, body: Any, expected: str
) -> None:
    assert await reason(mine, body) == expected
    assert not here.hub.latest
    assert await here.store.after(0) == []


async def test_a_deep_value_is_rejected_however_deep(mine: httpx.AsyncClient) -> None:
    for depth in (10, 500, 900, 990, 2000, 20_000):
        body = b'{"reading_kwh": ' + b"[" * depth + b"]" * depth + b"}"
        assert await reason(mine, body) in (
            "reading_kwh must be a number, not a list",
            "The body is not JSON",
        )


async def test_an_id_that_is_no_text_utf8_can_hold_comes_back_as_it_was(mine: httpx.AsyncClient) -> None:
    answer = await mine.post("/meter_reading", content=b'{"reading_kwh": 1, "id": "\\ud800"}')
    assert answer.status_code == 200
    assert b'"id": "\\ud800"' in answer.content


async def test_what_the_gate_does_not_believe_is_rejected_with_its_reason(
    mine: httpx.AsyncClient, here: Appliance, clock: FakeClock
) -> None:
    await mine.post("/meter_reading", json=classic(1000))
    clock.tick(3600)
    assert "a register never runs backwards" in await reason(mine, classic(999, NOON + HOUR_MS))
    assert "at most 100 kWh an hour are possible" in await reason(mine, classic(1500, NOON + HOUR_MS))
    assert (await mine.post("/meter_reading", json=classic(1001, NOON + HOUR_MS))).status_code == 200
    events = await here.store.events(names=["rejected"])
    assert [stored.event.source for stored in events][:1] == [SOURCE]


async def test_invented_readers_do_not_fill_the_store(mine: httpx.AsyncClient, here: Appliance) -> None:
    for n in range(compat.MOST_READERS):
        assert (await mine.post("/meter_reading", json=classic(source=f"r{n}"))).status_code == 200
    assert "no more are taken" in await reason(mine, classic(source="one_more"))
    assert "in the future" in await reason(mine, classic(source="r_future", at=NOON + DAY_MS))
    assert (await mine.post("/meter_reading", json=classic(1235, source="r7"))).status_code == 200
    assert await here.store.events(names=["rejected"]) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
BODIES = st.fixed_dictionaries(
    {"reading_kwh": JSON | st.floats(0, 1e6)},
    optional={
        name: JSON | st.text(max_size=30) | st.sampled_from(["2026-05-05T18:53:20", "energy_import"])
        for name in ("timestamp", "confidence", "quantity", "appliance", "source", "id", "digits", "method")
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(JSON | BODIES | st.lists(BODIES, max_size=3))
async def test_no_json_is_a_fault(mine: httpx.AsyncClient, body: Any) -> None:
    answer = await mine.post("/meter_reading", content=json.dumps(body).encode())
    assert answer.status_code in (200, 400), answer.text
    assert json.loads(answer.content)["status"] in ("accepted", "rejected")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.binary(max_size=200))
async def test_no_bytes_are_a_fault(mine: httpx.AsyncClient, body: bytes) -> None:
    assert (await mine.post("/meter_reading", content=body)).status_code in (200, 400)


# Who may


async def test_without_the_token_nothing_is_taken(api: httpx.AsyncClient, here: Appliance) -> None:
    token = owner(here)["Authorization"].removeprefix("Bearer ")
    for said, status in (
        (None, 401), ("", 401), ("Bearer", 401), ("Bearer ", 401), (f"Basic {token}", 401),
        ("Bearer wrong", 403), (f"Bearer {token}x", 403), (f"bearer {token}", 200),
    ):  # fmt: skip
        headers = {} if said is None else {"Authorization": said}
        answer = await api.post("/meter_reading", json=classic(), headers=headers)
        assert answer.status_code == status, said
        if status != 200:
            assert answer.json()["status"] == "error"
            assert ("WWW-Authenticate" in answer.headers) == (status == 401)
            assert not here.hub.latest


async def test_open_writes_take_readings_but_nothing_else(tmp_path: Path, clock: FakeClock) -> None:
    here = made(tmp_path, clock, web={"classic_open_writes": True})
    async with served(here) as client:
        assert (await client.post("/meter_reading", json=classic())).status_code == 200
        exchange = {"source": SOURCE, "reading": 0}
        assert (await client.post("/api/v1/meter_exchange", json=exchange)).status_code == 401


async def test_what_cannot_be_kept_is_not_accepted(
    mine: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(store: Store) -> None:
        raise StoreError("The disk is full: free some space")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "flush", full)
        answer = await mine.post("/meter_reading", json=classic())
    assert answer.status_code == 503
    assert answer.json()["message"] == "The disk is full: free some space"
    assert (await mine.post("/meter_reading", json=classic())).status_code == 200


# GET /meter


async def test_the_last_reading(mine: httpx.AsyncClient) -> None:
    answer = await mine.get("/meter")
    assert answer.status_code == 404
    assert answer.json()["message"].startswith("The meter has not been read yet")
    await mine.post("/meter_reading", json=classic(48713.429))
    assert (await mine.get("/meter")).json() == {
        "reading_kwh": 48713.429,
        "last_update": "2026-05-05T16:53:20.000Z",
        "confidence": 0.97,
        "method": "remote",
        "digits": [0, 4, 8, 7, 1, 3, 4, 2, 9],
    }


async def test_the_export_register_is_not_the_meter(mine: httpx.AsyncClient) -> None:
    await mine.post("/meter_reading", json=classic(quantity="energy_export"))
    assert (await mine.get("/meter")).status_code == 404
