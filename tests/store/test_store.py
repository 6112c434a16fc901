"""The store as everyone uses it: what goes in comes out, whole, in order, summed rightly."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance import calendar
from appliance.clock import DAY_MS, EARLIEST_SANE_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.errors import StoreError
from appliance.model import Event, Picture, Price, Quantity, Reading
from appliance.store import Every, Store

STOCKHOLM = ZoneInfo("Europe/Stockholm")
T0 = EARLIEST_SANE_MS + 60 * DAY_MS
W, KWH = Quantity.POWER_GRID, Quantity.ENERGY_IMPORT


def power(value: float, at: int, source: str = "p1", confidence: float = 1.0) -> Reading:
    return Reading(source, W, value, at, confidence)


def register(value: float, at: int, source: str = "p1") -> Reading:
    return Reading(source, KWH, value, at)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(T0)


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        yield store


async def fold(store: Store) -> None:
    await store.flush()
    store._log.fold()


async def seal(store: Store, clock: FakeClock, days: int = 2) -> None:
    await store.flush()
    clock.tick(days * 86_400)
    await store.maintain()
    assert store.problem is None


async def test_readings_come_back_as_they_were_from_every_place_they_may_be(store: Store, clock: FakeClock) -> None:
    readings = [power(n / 7, T0 + n * 997, confidence=1.0 if n % 3 else 0.1 + n / 1e4) for n in range(500)]

    async def all_there() -> bool:
        at, value, confidence = await store.raw("p1", W, T0, T0 + DAY_MS)
        return list(zip(value.tolist(), at.tolist(), confidence.tolist(), strict=True)) == [
            (r.value, r.at, r.confidence) for r in readings
        ]

    store.append(readings)
    assert await all_there()
    await store.flush()
    assert await all_there()
    await fold(store)
    assert await all_there()
    await seal(store, clock)
    assert await all_there()
    assert await store.latest() == [readings[-1]]
    assert [row.reading for row in await store.after(0, limit=1000)] == readings
    (info,) = await store.series_list()
    assert info == ("p1", W, T0, readings[-1].at, 500)
    assert await store.has("p1", W, T0)
    assert not await store.has("p1", W, T0 + 1)


async def test_a_new_start_knows_all_that_was_committed(tmp_path: Path, clock: FakeClock) -> None:
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        store.append([power(1, T0), register(5.5, T0), Event("p1", "started", T0, "Started", {"a": [1]})])
        store.append([Price("nordpool", "import", T0, T0 + HOUR_MS, 0.31)])
        await store.move_cursor("push", 3)
        newest = await store.newest_seq()
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        assert store.opened == []
        assert await store.latest() == [power(1, T0), register(5.5, T0)]
        assert [s.event for s in await store.events()] == [Event("p1", "started", T0, "Started", {"a": [1]})]
        assert await store.prices("import", T0, T0 + 1) == [Price("nordpool", "import", T0, T0 + HOUR_MS, 0.31)]
        assert await store.cursor("push") == 3
        assert await store.cursor("telegram") is None
        assert await store.newest_seq() == newest
        store.append([power(2, T0 + 1)])
        await store.flush()
        assert [r.reading.value for r in await store.after(newest)] == [2]
