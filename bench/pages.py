"""What the pages ask for: how long a month of one-second data takes, and how long the loop stands still.

The questions are those of the History and Prices pages and of an export, asked of a real store; a clock on
the same loop ticks every two milliseconds and tells the longest it had to wait.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from appliance import calendar, exports
from appliance.clock import DAY_MS, HOUR_MS, FakeClock
from appliance.ledger import Ledger
from appliance.model import Price, Quantity
from appliance.store import Every, Store
from bench.store import START, ZONE, build
from config.contract import Capacity, Component, Contract
from ui.charts import message
from ui.history import Span, bars_drawing, grouping, lines_drawing
from ui.text import Texts

Measured = tuple[str, float, str, str]
DAYS = 31
TICK_S = 0.002
POINTS = 900
CONTRACT = Contract(
    vat_percent=25,
    buying=(Component(name="Market", market=1), Component(name="Grid", per_kwh=0.6)),
    capacity=Capacity(per_kw=40),
)


def rows() -> list[Measured]:
    """Name, value, unit, note of everything measured."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), DAYS, step_s=1)
        return asyncio.run(_asked(Path(folder)))


async def _asked(folder: Path) -> list[Measured]:
    end = START + DAYS * DAY_MS
    clock = FakeClock(end)
    texts = Texts("sv", ZONE, "SEK")
    found: list[Measured] = []
    async with Store(folder, clock, ZONE) as store:
        step = calendar.QUARTER_MS
        store.append(
            [Price("spot", "wholesale", at, at + step, at % 7 / 10) for at in range(START, end, step)]
        )
        ledger = Ledger(store, clock, ZONE, [CONTRACT], [], lambda quantity: ["p1"])
        today = calendar.day_of(end - 1, ZONE)

        async def lines(span: Span, every: Every) -> Any:
            quantity = Quantity.POWER_GRID
            series = await store.series("p1", quantity, *span, every, POINTS)
            return message(texts, lines_drawing(texts, "power", {quantity: series}, span, 25)[0])

        async def bars() -> Any:
            entries = await ledger.bills(today - timedelta(days=DAYS - 2), today, "day")
            return message(texts, bars_drawing(texts, "cost", "day", entries, []))

        async def table() -> None:
            rows = exports.readings(store, await store.series_list(), day, Every.RAW, ZONE)
            async for batch in rows:
                await asyncio.to_thread(exports.STYLES["sv"].text, batch)

        month, day = Span(end - 720 * HOUR_MS, end), Span(end - DAY_MS, end)
        asked: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
            ("History, a month of seconds, automatic", lambda: lines(month, grouping(month))),
            ("History, a month of seconds, every reading", lambda: lines(month, Every.RAW)),
            ("History, a month of seconds, by minute", lambda: lines(month, Every.MIN1)),
            ("History, a day of seconds, every reading", lambda: lines(day, Every.RAW)),
            ("History, a month of days, cost", bars),
            ("Export, a day of seconds, every reading", table),
        ]
        for name, question in asked:
            found += await _measured(name, question)
    return found


async def _measured(name: str, question: Callable[[], Awaitable[Any]]) -> list[Measured]:
    """The first time it is asked, when nothing is in memory yet."""
    waits: list[float] = []

    async def tick() -> None:
        while True:
            begin = time.perf_counter()
            await asyncio.sleep(TICK_S)
            waits.append(time.perf_counter() - begin - TICK_S)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    waits.clear()
    begin = time.perf_counter()
    await question()
    taken = time.perf_counter() - begin
    await asyncio.sleep(0.01)
    ticking.cancel()
    note = f"{DAYS} days at 1 s; first time"
    return [
        (name, taken * 1000, "ms", note),
        (f"{name}: longest halt of the loop", max(waits) * 1000, "ms", note),
    ]


if __name__ == "__main__":
    for what, value, unit, note in rows():
        print(f"{what:66} {value:9.1f} {unit} {note}")
