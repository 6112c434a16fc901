"""What is sent to Home Assistant, and when it is not Home Assistant that answers."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from websockets.asyncio.server import ServerConnection, serve

from appliance import calendar
from appliance.backfill import (
    Hour,
    Statistic,
    connected,
    daily,
    daily_cost,
    hourly,
    hourly_cost,
    missing,
    statistic_id,
)
from appliance.clock import DAY_MS, HOUR_MS, FakeClock
from appliance.daily import Day
from appliance.errors import AuthError, SourceError
from appliance.ledger import Ledger
from appliance.model import Price, Quantity, Reading
from appliance.store import Store
from config.contract import Contract

START = 1_778_000_000_000 // HOUR_MS * HOUR_MS
KWH = Quantity.ENERGY_IMPORT
Sent = list[dict[str, Any]]


async def test_sums_begin_with_the_first_reading_and_end_with_the_last_whole_hour(tmp_path: Path) -> None:
    half = HOUR_MS // 2
    said = [(100.0, half), (100.5, HOUR_MS), (101.0, HOUR_MS + half), (102.5, 2 * HOUR_MS), (103.0, 5 * half)]
    async with Store(tmp_path, FakeClock(START), ZoneInfo("Europe/Stockholm")) as store:
        store.append([Reading("p1", KWH, value, START + after) for value, after in said])
        await store.flush()
        newest = Reading("p1", KWH, 103.0, START + 5 * half)
        assert await hourly(store, newest, START + 5 * half) == [
            Hour(START, 0.5),
            Hour(START + HOUR_MS, 2.5),
        ]
        assert await hourly(store, Reading("other", KWH, 1.0, START), START + HOUR_MS) == []


def test_only_what_is_lacking_or_differs_is_sent() -> None:
    hours = [Hour(0, 1.0), Hour(HOUR_MS, 2.0), Hour(2 * HOUR_MS, 3.0)]
    assert missing(hours, {0: 1.0, HOUR_MS: 2.5}) == hours[1:]
    assert missing(hours, {hour.start: hour.sum + 1e-9 for hour in hours}) == []


def test_ids_are_what_home_assistant_allows() -> None:
    assert statistic_id("tallywatt-1a2b3c4d", KWH) == "tallywatt:1a2b3c4d_energy_import"
    assert (
        statistic_id("tallywatt-1a2b3c4d", "carma.T0001203_cost") == "tallywatt:1a2b3c4d_carma_t0001203_cost"
    )
    assert statistic_id("tallywatt-1a2b3c4d", "Käl--lare.") == "tallywatt:1a2b3c4d_k_l_lare"


@pytest.mark.parametrize("zone", ["America/Toronto", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_a_day_is_a_row_in_its_own_first_whole_hour(zone: str) -> None:
    where = ZoneInfo(zone)
    days = [(date(2026, 3, 6) + timedelta(days=n), float(n)) for n in (0, 1, 2, 3, 7)]
    rows = daily(days, where)
    assert [row.sum for row in rows] == [0, 1, 3, 6, 13]
    for row, (day, _) in zip(rows, days, strict=True):
        start = calendar.day_start(day, where)
        assert row.start % HOUR_MS == 0
        assert 0 <= row.start - start < HOUR_MS


ZONE = ZoneInfo("America/Toronto")
DAY = date(2026, 5, 1)
MIDNIGHT = calendar.day_start(DAY, ZONE)
CONTRACT = {
    "since": "2026-05-01",
    "vat_percent": 0,
    "buying": [
        {"name": "Day", "per_kwh": 0.3, "when": [{"start": "12:00", "end": "24:00"}]},
        {"name": "Night", "per_kwh": 0.1, "when": [{"start": "00:00", "end": "12:00"}]},
        {"name": "Market", "market": 1},
    ],
    "selling": [{"name": "Feed-in", "per_kwh": 0.05}],
    "fees": [{"name": "Meter", "amount": 10}],
}


@asynccontextmanager
async def books(folder: Path) -> AsyncIterator[Ledger]:
    """A kWh an hour on two days, market prices of 0.2 for the first of them and half of the second."""
    clock = FakeClock(MIDNIGHT + 2 * DAY_MS)
    async with Store(folder, clock, ZONE) as store:
        store.append([Reading("p1", KWH, 100 + n / 4, MIDNIGHT + n * HOUR_MS // 4) for n in range(193)])
        export = Quantity.ENERGY_EXPORT
        store.append([Reading("p1", export, 5 + n / 4, MIDNIGHT + n * HOUR_MS // 4) for n in range(193)])
        for n in range(36):
            start = MIDNIGHT + n * HOUR_MS
            store.append([Price("spot", "wholesale", start, start + HOUR_MS, 0.2)])
        await store.flush()
        contract = Contract.model_validate(CONTRACT)
        yield Ledger(store, clock, ZONE, [contract], [], lambda quantity: ["p1"])


async def test_the_cost_of_an_hour_is_that_of_its_quarters(tmp_path: Path) -> None:
    async with books(tmp_path) as ledger:
        cost = await hourly_cost(ledger, MIDNIGHT, MIDNIGHT + 2 * DAY_MS)
        brought = await hourly_cost(ledger, MIDNIGHT, MIDNIGHT + DAY_MS, sold=True)
    assert [hour.start for hour in cost] == [MIDNIGHT + n * HOUR_MS for n in range(36)]
    assert cost[11].sum == pytest.approx(12 * 0.3)
    assert cost[23].sum == pytest.approx(12 * 0.3 + 12 * 0.5)
    assert cost[35].sum == pytest.approx(24 * 0.3 + 12 * 0.5)  # what comes later has no price
    assert brought[-1].sum == pytest.approx(24 * 0.05)


async def test_long_times_are_priced_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with books(tmp_path) as ledger:
        whole = await hourly_cost(ledger, MIDNIGHT, MIDNIGHT + 2 * DAY_MS)
        monkeypatch.setattr("appliance.backfill.PRICED_AT_ONCE_MS", 5 * HOUR_MS)
        assert await hourly_cost(ledger, MIDNIGHT, MIDNIGHT + 2 * DAY_MS) == whole


async def test_the_cost_of_a_day_is_by_its_mean_price(tmp_path: Path) -> None:
    days = [Day(DAY + timedelta(days=n), 10.0) for n in (-400, -1, 0, 1)]
    async with books(tmp_path) as ledger:
        found = await daily_cost(ledger, days, ZONE)
        assert await daily_cost(ledger, [], ZONE) == []
    assert found == [(DAY, pytest.approx(10 * 0.4))]  # no contract before, no price for all of the day after


@asynccontextmanager
async def answering(version: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> AsyncIterator[str]:
    """The address of what lets everybody in as Home Assistant does, and then gives these answers."""

    async def talk(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "auth_required", "ha_version": version}))
        await socket.recv()
        await socket.send(json.dumps({"type": "auth_ok", "ha_version": version}))
        async for text in socket:
            asked = json.loads(text)
            await socket.send(json.dumps({"id": asked["id"], "type": "result", **answer(asked)}))

    async with serve(talk, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("version", "described"),
    [
        ("2025.4.4", {"has_mean": False}),
        ("2025.10.0b1", {"has_mean": False}),
        ("2025.11.0", {"mean_type": 0, "unit_class": "volume"}),
        ("2026.11.0", {"mean_type": 0, "unit_class": "volume"}),
    ],
)
async def test_a_statistic_is_described_as_its_version_wants(version: str, described: dict[str, Any]) -> None:
    asked: Sent = []

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question)
        return {"success": True, "result": None}

    statistic = Statistic("tallywatt:1_gas", "Home gas", "m³", [Hour(START, 1.5)])
    async with answering(version, answer) as url, connected(url, "token") as home:
        assert [sent async for sent in home.send(statistic, statistic.hours * 501)] == [500, 1]
    assert asked[0]["metadata"] == {
        "has_sum": True,
        "name": "Home gas",
        "source": "tallywatt",
        "statistic_id": "tallywatt:1_gas",
        "unit_of_measurement": "m³",
        **described,
    }
    assert asked[1]["stats"] == [{"start": "2026-05-05T16:00:00.000Z", "sum": 1.5}]


@pytest.mark.parametrize(
    ("version", "described"),
    [("2025.4.4", {"has_mean": False}), ("2026.11.0", {"mean_type": 0, "unit_class": None})],
)
async def test_money_is_of_no_class_of_units(version: str, described: dict[str, Any]) -> None:
    asked: Sent = []

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question)
        return {"success": True, "result": None}

    statistic = Statistic("tallywatt:1_cost", "Home cost", "CAD", [Hour(START, 1.5)])
    async with answering(version, answer) as url, connected(url, "token") as home:
        assert [sent async for sent in home.send(statistic, statistic.hours)] == [1]
    assert asked[0]["metadata"].items() >= {"unit_of_measurement": "CAD", **described}.items()


async def test_a_refusal_is_told() -> None:
    errors = iter([("unauthorized", "Unauthorized"), ("unknown_command", "Unknown command.")])

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        code, message = next(errors)
        return {"success": False, "error": {"code": code, "message": message}}

    async with answering("2025.4.4", answer) as url, connected(url, "token") as home:
        with pytest.raises(AuthError, match="administrator"):
            await home.sums("tallywatt:1_gas", 0, HOUR_MS)
        with pytest.raises(SourceError, match="Unknown command"):
            await home.sums("tallywatt:1_gas", 0, HOUR_MS)


@pytest.mark.parametrize("said", ["[]", "not JSON", '{"type": "auth_required"}', '{"ha_version": "odd"}'])
async def test_what_is_not_home_assistant_is_told(said: str) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(said)
        await socket.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SourceError, match="Home Assistant"):
            async with connected(f"http://127.0.0.1:{port}", "token"):
                pass
