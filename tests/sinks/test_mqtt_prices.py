"""Prices as MQTT tells them: this quarter hour, and the whole of today and tomorrow."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance.clock import HOUR_MS, FakeClock
from appliance.hub import Hub
from appliance.sinks._discovery import Topics
from appliance.sinks._mqtt_prices import Prices
from appliance.sinks.base import Rate, SinkContext
from appliance.store import Store
from tests.peers.telling import Report

ZONE = ZoneInfo("Europe/Stockholm")
QUARTER_MS = 900_000
RECORDED = 16_384
"""Bytes of attributes that Home Assistant's recorder keeps; it warns of more."""
AUTUMN = round(datetime(2026, 10, 25, 13, 20, tzinfo=ZONE).timestamp() * 1000)
"""A day of 25 hours."""


class Books:
    """Rates for every quarter hour asked for, and what was asked."""

    def __init__(self, buying: float | None = -12.34567, selling: float | None = None) -> None:
        self.buying, self.selling = buying, selling
        self.asked: list[tuple[int, int]] = []

    async def rates(self, start: int, end: int) -> Sequence[Rate]:
        self.asked.append((start, end))
        return [Rate(at, self.buying, self.selling) for at in range(start, end, QUARTER_MS)]


def prices(books: Books, folder: Path) -> Prices:
    clock = FakeClock(AUTUMN)
    store, hub = Store(folder, clock, ZONE), Hub(clock)
    context = SinkContext(
        clock, store, hub, ZONE, "tw-1", Report(), lambda r: ("", []), currency="SEK", rates=books.rates
    )
    return Prices(context, Topics("t", "tw-1"))


async def test_today_and_tomorrow_whatever_the_clocks_do(tmp_path: Path) -> None:
    books = Books()
    told = await prices(books, tmp_path).values(AUTUMN, anew=False)
    assert set(told) == {"t/price/import", "t/price/import/quarters"}
    assert told["t/price/import"].payload == "-12.34567"
    text = told["t/price/import/quarters"].payload
    rows = json.loads(text)["quarters"]
    assert len(rows) == (25 + 24) * 4
    assert rows[0]["start"] == "2026-10-25T00:00:00+02:00"
    assert rows[-1]["start"] == "2026-10-26T23:45:00+01:00"
    assert len(text.encode()) < RECORDED - 1000


async def test_asked_again_in_the_next_quarter_or_for_news(tmp_path: Path) -> None:
    books = Books(1.0, 0.5)
    here = prices(books, tmp_path)
    for after_ms, anew, asked in ((0, False, 1), (60_000, False, 1), (120_000, True, 2), (HOUR_MS, False, 3)):
        await here.values(AUTUMN + after_ms, anew=anew)
        assert len(books.asked) == asked
    assert here.ways == ["import", "export"]


async def test_what_is_not_known_is_not_told(tmp_path: Path) -> None:
    books = Books(None, None)
    here = prices(books, tmp_path)
    assert await here.values(AUTUMN, anew=False) == {}
    assert here.ways == []
    books.selling = 0.25
    assert set(await here.values(AUTUMN, anew=True)) == {"t/price/export", "t/price/export/quarters"}
