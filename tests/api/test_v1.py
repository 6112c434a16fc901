"""/api/v1, /health and the shape of every error."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from appliances import NOON, made, owner, served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from appliance.app import Appliance
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.errors import StoreError
from appliance.model import Event, Picture, Price, Quantity, Reading
from appliance.store import Store
from appliance.supervise import State
from appliance.web import create_app

GRID, IMPORT = Quantity.POWER_GRID, Quantity.ENERGY_IMPORT
V1 = "/api/v1"


def problem(answer: httpx.Response, status: int) -> str:
    """The message of an error, after a look at its shape."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"status", "message", "timestamp"}
    assert answer.json()["status"] == "error"
    assert answer.json()["timestamp"].endswith("Z")
    return str(answer.json()["message"])


async def get(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(V1 + path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


# What is


async def test_who_this_is(api: httpx.AsyncClient, here: Appliance) -> None:
    said = await get(api, "/appliance")
    assert said["id"] == here.id
    assert said["id"].startswith("tallywatt-")
    assert (said["time_zone"], said["now"]) == ("Europe/Stockholm", "2026-05-05T16:53:20.000Z")


async def test_current_values_and_when_they_are_stale(
    api: httpx.AsyncClient, here: Appliance, clock: FakeClock
) -> None:
    assert await get(api, "/current") == []
    here.cadences["p1"] = 10
    await here.accept([Reading("p1", GRID, -1234.5, NOON, 0.5), Reading("else", IMPORT, 3, NOON)])
    clock.tick(30)
    _, fresh = await get(api, "/current")
    assert fresh == {
        "source": "p1", "quantity": "power_grid", "label": "Grid", "unit": "W", "value": -1234.5,
        "at": "2026-05-05T16:53:20.000Z", "at_ms": NOON, "age_s": 30.0, "stale": False, "confidence": 0.5,
    }  # fmt: skip
    clock.tick(0.1)
    assert [value["stale"] for value in await get(api, "/current")] == [False, True]


async def test_series_of_a_gauge_and_a_counter(
    api: httpx.AsyncClient, here: Appliance, clock: FakeClock
) -> None:
    start = NOON - NOON % HOUR_MS - 2 * HOUR_MS
    for minute in range(0, 60, 5):
        at = start + minute * MINUTE_MS
        await here.accept([Reading("p1", GRID, minute, at), Reading("p1", IMPORT, 10 + minute / 60, at)])
    span = {"from": start, "to": start + HOUR_MS}
    grid = await get(api, "/series", source="p1", quantity="power_grid", every="1h", **span)
    assert (grid["unit"], grid["every"], grid["at"]) == ("W", "1h", [start])
    assert (grid["low"], grid["value"], grid["high"]) == ([0], [27.5], [55])
    assert grid["delta"] is None
    raw = await get(api, "/series", source="p1", quantity="energy_import", every="raw", **span)
    assert raw["value"] == pytest.approx([10 + minute / 60 for minute in range(0, 60, 5)])
    assert raw["low"] is None
    iso = {"from": "2026-05-05T16:00:00+02:00", "to": "2026-05-05T17:00:00"}
    for name, text in iso.items():
        assert datetime.fromisoformat(text).hour == 16 + (name == "to")
    same = await get(api, "/series", source="p1", quantity="power_grid", every="1h", **iso)
    assert same == grid
    assert (await get(api, "/series", source="p1", quantity="power_grid"))["at"], "the last day by itself"
    unknown = await get(api, "/series", source="nobody", quantity="power_grid")
    assert (unknown["at"], unknown["value"]) == ([], [])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"from": "2026-05-05", "to": "2026-05-05"}, "`from` must lie before `to`"),
        ({"from": "soon"}, "from='soon': that is no ISO 8601 time; write 2026-11-21T14:30:00+01:00"),
        ({"to": "nan"}, "to='nan': that is no ISO 8601 time; write 2026-11-21T14:30:00+01:00"),
        ({"to": "1e300"}, "to='1e300': that is no time from 1970 to 2200; write 2026-11-21T14:30:00+01:00"),
    ],
)
async def test_a_span_that_is_none(api: httpx.AsyncClient, params: dict[str, str], said: str) -> None:
    params |= {"source": "p1", "quantity": "power_grid"}
    assert problem(await api.get(f"{V1}/series", params=params), 400) == said


async def test_a_parameter_that_is_wrong_is_named(api: httpx.AsyncClient) -> None:
    assert problem(await api.get(f"{V1}/series"), 422) == "source: Field required; quantity: Field required"
    wrong = {"source": "p1", "quantity": "power_grid", "every": "2h"}
    assert problem(await api.get(f"{V1}/series", params=wrong), 422).startswith(
        "every: Input should be 'raw'"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    start=st.text(max_size=30) | st.integers().map(str) | st.datetimes().map(str) | st.floats().map(str),
    end=st.none() | st.integers(0, 7_258_118_399_999).map(str) | st.datetimes().map(str),
    every=st.sampled_from(["raw", "1min", "5min", "15min", "1h", "1d"]),
)
async def test_no_span_is_a_fault(
    api: httpx.AsyncClient, here: Appliance, start: str, end: str | None, every: str
) -> None:
    await here.accept([Reading("p1", GRID, 1, NOON), Reading("p1", IMPORT, 1, NOON)])
    params = {"source": "p1", "from": start, "every": every} | ({} if end is None else {"to": end})
    for quantity in ("power_grid", "energy_import"):
        answer = await api.get(f"{V1}/series", params=params | {"quantity": quantity})
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 200:
            assert len(answer.json()["at"]) <= 1500
    assert (await api.get(f"{V1}/prices", params=params)).status_code in (200, 400)


async def test_events_newest_first_page_by_page(api: httpx.AsyncClient, here: Appliance) -> None:
    for n in range(5):
        await here.accept(
            [Event(f"s{n % 2}", "rejected" if n % 2 else "note", NOON + n, f"no {n}", {"n": n})]
        )
    found = await get(api, "/events", limit=3)
    assert [event["text"] for event in found] == ["no 4", "no 3", "no 2"]
    assert found[0] == {
        "id": found[0]["id"], "source": "s0", "name": "note", "at": "2026-05-05T16:53:20.004Z",
        "at_ms": NOON + 4, "text": "no 4", "data": {"n": 4},
    }  # fmt: skip
    rest = await get(api, "/events", before=found[-1]["id"])
    assert [event["text"] for event in rest] == ["no 1", "no 0"]
    assert [e["text"] for e in await get(api, "/events", name="rejected")] == ["no 3", "no 1"]
    assert len(await get(api, "/events", name=["rejected", "note"])) == 5
    assert len(await get(api, "/events", source="s0")) == 3
    for wrong in ({"limit": 0}, {"limit": 501}, {"before": -1}, {"before": 2**63}, {"before": "x"}):
        problem(await api.get(f"{V1}/events", params=wrong), 422)
    assert len(await get(api, "/events", before=2**63 - 1)) == 5


async def test_prices(api: httpx.AsyncClient, here: Appliance) -> None:
    day = [Price("spot", "import", NOON + n * HOUR_MS, NOON + (n + 1) * HOUR_MS, n / 10) for n in range(3)]
    await here.accept([*day, Price("spot", "export", NOON, NOON + HOUR_MS, 0.01, "forecast", spike=True)])
    assert [price["per_kwh"] for price in await get(api, "/prices")] == [0.0, 0.1, 0.2]
    (export,) = await get(api, "/prices", channel="export")
    assert export == {
        "source": "spot", "channel": "export", "start": "2026-05-05T16:53:20.000Z",
        "end": "2026-05-05T17:53:20.000Z", "per_kwh": 0.01, "kind": "forecast", "spike": True,
    }  # fmt: skip
    span = {"from": NOON + HOUR_MS, "to": NOON + 2 * HOUR_MS}
    assert [price["per_kwh"] for price in await get(api, "/prices", **span)] == [0.1]


async def test_every_quantity_is_described(api: httpx.AsyncClient) -> None:
    found = {entry["quantity"]: entry for entry in await get(api, "/quantities")}
    assert set(found) == set(Quantity)
    assert (found["gas"]["unit"], found["gas"]["kind"], found["gas"]["decimals"]) == ("m³", "counter", 3)


async def test_sources_and_health_say_the_same(
    api: httpx.AsyncClient, here: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.health.add("p1", "source", "p1_serial", 1.0)
    assert (await api.get("/health")).json()["status"] == "ok"
    here.health.failed("p1", "No telegram for 30 s; check the cable")
    (p1,) = (part for part in await get(api, "/sources") if part["name"] == "p1")
    assert p1 == {
        "name": "p1", "role": "source", "type": "p1_serial", "state": "waiting", "failures": 1,
        "text": "No telegram for 30 s; check the cable", "since": "2026-05-05T16:53:20.000Z",
        "last_ok": None, "cadence_s": 1.0,
    }  # fmt: skip
    answer = await api.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert {"name": "p1", "role": "source", "state": "waiting", "text": p1["text"]} in answer.json()["parts"]
    monkeypatch.setattr(Store, "problem", "The disk is full")  # the heartbeat looks at it too
    here.health.failed("store", "The disk is full", State.NEEDS_YOU)
    answer = await api.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")


# Pictures


@pytest.fixture
def pictured(here: Appliance) -> Path:
    """A folder of refused pictures of the source `meter`, and secrets around it."""
    folder = here.folder / "sources" / "meter" / "refused"
    folder.mkdir(parents=True)
    (folder / "20260505T165320000Z.jpg").write_bytes(b"refused")
    (folder / "notes.txt").write_bytes(b"secret")
    (folder.parent / "kept.jpg").write_bytes(b"secret")
    (here.folder / "refused").mkdir()
    (here.folder / "refused" / "x.jpg").write_bytes(b"secret")
    return folder


async def test_pictures(api: httpx.AsyncClient, here: Appliance, pictured: Path) -> None:
    assert problem(await api.get(f"{V1}/pictures/meter"), 404) == "There is no picture of meter yet"
    here.hub.publish([Picture("meter", NOON, b"jpeg", None, 0.1)])
    answer = await api.get(f"{V1}/pictures/meter")
    assert (answer.content, answer.headers["content-type"]) == (b"jpeg", "image/jpeg")
    assert answer.headers["cache-control"] == "no-store"
    answer = await api.get(f"{V1}/pictures/meter/refused/20260505T165320000Z.jpg")
    assert (answer.content, answer.headers["content-type"]) == (b"refused", "image/jpeg")
    assert problem(await api.get(f"{V1}/pictures/meter/refused/no.jpg"), 404).startswith("That picture is no")


@pytest.mark.parametrize(
    "path",
    [
        "meter/refused/notes.txt",
        "meter/refused/..%2Fkept.jpg",
        "meter/refused/%2e%2e/kept.jpg",
        "meter/refused/../kept.jpg",
        "..%2F/refused/x.jpg",
        "%2e%2e/refused/x.jpg",
        "../refused/x.jpg",
        "meter%2F..%2F../refused/x.jpg",
        "meter/refused/20260505T165320000Z.jpg%00",
        "meter%00/refused/x.jpg",
        "meter/refused/" + "x" * 300 + ".jpg",
        "x" * 300 + "/refused/x.jpg",
        "meter/refused/.jpg",
    ],
)
async def test_no_way_out_of_the_folder(api: httpx.AsyncClient, pictured: Path, path: str) -> None:
    # As bytes: a client would tidy the dots away.
    url = httpx.URL("http://localhost:8080").copy_with(raw_path=f"{V1}/pictures/{path}".encode())
    answer = await api.get(url)
    assert answer.status_code in (404, 422)
    assert b"secret" not in answer.content


# A meter exchange


async def test_a_meter_is_exchanged(mine: httpx.AsyncClient, here: Appliance, clock: FakeClock) -> None:
    await here.accept([Reading("meter", IMPORT, 48_713.4, NOON)])
    clock.tick(60)
    answer = await mine.post(f"{V1}/meter_exchange", json={"source": "meter", "reading": 0.5})
    assert answer.json() == {
        "status": "ok",
        "message": "The meter was exchanged; the new register stands at 0.500 kWh",
    }
    clock.tick(3600)
    assert await here.accept([Reading("meter", IMPORT, 1.5, clock.now())]) == []
    assert await here.store.increase("meter", IMPORT, [NOON, clock.now()]) == pytest.approx([1.0])
    (event,) = await get(mine, "/events", name="meter_exchanged")
    assert event["data"] == {"quantity": "energy_import", "old": 48_713.4, "new": 0.5}


async def test_exchanges_that_are_none(mine: httpx.AsyncClient, here: Appliance) -> None:
    await here.accept([Reading("meter", IMPORT, 1, NOON), Reading("p1", Quantity.GAS, 1, NOON)])
    path = f"{V1}/meter_exchange"
    assert problem(await mine.post(path, json={"source": "mter", "reading": 0}), 400) == (
        "There is no source mter; known: meter, p1"
    )
    for body, said in (
        ({}, "source: Field required; reading: Field required"),
        ({"source": "meter", "reading": -1}, "reading: Input should be greater than or equal to 0"),
        ({"source": "meter", "reading": 1e10}, "reading: Input should be less than or equal to 1000000000"),
        ({"source": "meter", "reading": "much"}, "reading: Input should be a valid number"),
    ):
        assert problem(await mine.post(path, json=body), 422).startswith(said)
    gauge = {"source": "p1", "quantity": "gas", "reading": 5e8}
    assert "no such register goes beyond 1e+08 m³" in problem(await mine.post(path, json=gauge), 400)
    await here.accept([Reading("p1", GRID, 1, NOON)])
    gauge = {"source": "p1", "quantity": "power_grid", "reading": 1}
    assert "power_grid is no register" in problem(await mine.post(path, json=gauge), 400)
    for content in (b"", b"{", b"\xff", b'{"source": "\\ud800", "reading": NaN}', b"[" * 5000):
        headers = {"Content-Type": "application/json"}
        assert (await mine.post(path, content=content, headers=headers)).status_code in (400, 422)
    assert here.hub.latest["meter", IMPORT].value == 1


async def test_an_exchange_needs_the_owner(api: httpx.AsyncClient) -> None:
    body = {"source": "meter", "reading": 1}
    assert "send the API token" in problem(await api.post(f"{V1}/meter_exchange", json=body), 401)
    answer = await api.post(f"{V1}/meter_exchange", json=body, headers={"Authorization": "Bearer wrong"})
    assert "not the API token" in problem(answer, 403)


# Errors and what the API says of itself


async def test_every_error_has_one_shape(
    api: httpx.AsyncClient, here: Appliance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nothing = "There is nothing at /nowhere; /api/openapi.json lists all routes"
    assert problem(await api.get("/nowhere"), 404) == nothing
    problem(await api.put("/meter"), 405)
    problem(await api.post("/meter_reading", content=b"x" * 2_000_000), 413)
    problem(await api.post("/meter_reading", headers={"Origin": "http://evil.example"}), 403)

    async def damaged(*_: Any, **__: Any) -> None:
        raise StoreError("The database is damaged; restore last night's copy")

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a detail nobody outside shall see")

    monkeypatch.setattr(Store, "events", damaged)
    assert "is damaged" in problem(await api.get(f"{V1}/events"), 503)
    monkeypatch.setattr(Store, "events", broken)
    answer = await api.get(f"{V1}/events")
    inside = problem(answer, 500)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert inside == "Something went wrong inside; the journal has the details"
    assert "a detail nobody outside shall see" in caplog.text


ROUTES = {
    ("get", "/health"), ("post", "/meter_reading"), ("get", "/meter"), ("get", f"{V1}/appliance"),
    ("get", f"{V1}/current"), ("get", f"{V1}/series"), ("get", f"{V1}/events"), ("get", f"{V1}/sources"),
    ("get", f"{V1}/prices"), ("get", f"{V1}/quantities"), ("get", f"{V1}/pictures/{{source}}"),
    ("get", f"{V1}/pictures/{{source}}/refused/{{file}}"), ("post", f"{V1}/meter_exchange"),
    ("post", f"{V1}/meter_correction"), ("get", f"{V1}/meter_setup/{{source}}"),
}  # fmt: skip


async def test_openapi_knows_every_route_and_all_it_refers_to(api: httpx.AsyncClient) -> None:
    text = (await api.get("/api/openapi.json")).text
    schema = httpx.Response(200, text=text).json()
    operations = {(m, path): op for path, ops in schema["paths"].items() for m, op in ops.items()}
    assert set(operations) >= ROUTES
    for (_, path), operation in operations.items():
        assert len(operation["description"]) > 10
        for parameter in operation.get("parameters", ()):
            assert len(parameter.get("description", "")) > 10, (path, parameter["name"])
    body = operations["post", "/meter_reading"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["oneOf"][0] == {"$ref": "#/components/schemas/ClassicReading"}
    assert {"401", "403", "413"} <= set(operations["post", "/meter_reading"]["responses"])
    parts = schema["components"]["schemas"]
    assert set(parts["ClassicReading"]["properties"]) >= {"reading_kwh", "timestamp", "confidence", "digits"}
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= set(parts)
    # OpenAPI 3.1, 4.8.12.1: tools ignore an Authorization header that is declared as a parameter.
    closed = {path for (_, path), operation in operations.items() if operation.get("security")}
    setup = f"{V1}/meter_setup/{{source}}"
    assert closed == {
        "/meter_reading", f"{V1}/meter_exchange", f"{V1}/meter_correction", setup, f"{setup}/still",
        f"{setup}/find", f"{setup}/test", f"{setup}/refused/{{at}}", f"{setup}/learned", "/control/{name}",
        f"{V1}/connections/{{name}}/test", f"{V1}/messages", f"{V1}/messages/settings/{{name}}",
        f"{V1}/messages/{{topic}}/test", "/api/update",
    }  # fmt: skip
    assert [s["scheme"] for s in schema["components"]["securitySchemes"].values()] == ["bearer"]


async def test_every_route_that_changes_something_is_closed(api: httpx.AsyncClient) -> None:
    schema = (await api.get("/api/openapi.json")).json()
    writes = [(m, path) for path, ops in schema["paths"].items() for m in ops if m != "get"]
    assert writes
    for method, path in writes:
        assert (await api.request(method, path, json={"source": "x", "reading": 1})).status_code == 401


async def test_no_page_that_would_load_something_from_elsewhere(api: httpx.AsyncClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        problem(await api.get(path), 404)


async def test_other_origins_are_answered_only_when_allowed(tmp_path: Path, clock: FakeClock) -> None:
    here = made(tmp_path, clock, web={"allowed_origins": ["https://home.example"]})
    async with served(here) as api:
        for origin, allowed in (("https://home.example", True), ("https://evil.example", False)):
            answer = await api.get(f"{V1}/current", headers={"Origin": origin})
            assert (answer.headers.get("access-control-allow-origin") == origin) == allowed
            asked = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            }
            assert ((await api.options("/meter_reading", headers=asked)).status_code == 200) == allowed
        headers = owner(here) | {"Origin": "https://home.example"}
        assert (await api.post("/meter_reading", json={"reading_kwh": 1}, headers=headers)).status_code == 200


async def test_time_goes_on_in_the_default_span(
    api: httpx.AsyncClient, here: Appliance, clock: FakeClock
) -> None:
    await here.accept([Reading("p1", GRID, 1, NOON)])
    clock.jump(DAY_MS + 1)
    assert (await get(api, "/series", source="p1", quantity="power_grid", every="raw"))["at"] == []
    day_before = (datetime.fromtimestamp(NOON / 1000, UTC) - timedelta(minutes=1)).isoformat()
    found = await get(api, "/series", source="p1", quantity="power_grid", every="raw", **{"from": day_before})
    assert found["at"] == [NOON]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/meter", 405),
        ("GET", "/meter_reading", 405),
        ("PUT", "/api/v1/current", 405),
        ("TRACE", "/health", 405),
        ("OPTIONS", "/api/v1/nothing", 404),
    ],
)
def test_what_the_api_does_not_have_is_told_in_json_even_beside_the_pages(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    appliance = made(tmp_path, FakeClock(NOON))
    app = create_app(appliance)
    app.mount("/", lambda scope, receive, send: PlainTextResponse("a page")(scope, receive, send))
    problem(TestClient(app, base_url="http://localhost:8080").request(method, path), status)
