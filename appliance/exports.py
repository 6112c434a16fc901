"""What is kept, as tables: every reading, the powers side by side, prices; for files of pages, API and CLI.

Rows come some thousands at a time and are written in a thread: a month of seconds is never in memory at once
and never holds the loop up. Times are the site's with their offset from UTC. Where nothing is known a cell is
empty, never 0.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from zoneinfo import ZoneInfo

import numpy as np

from appliance.calendar import day_of, day_span, local, quarter
from appliance.clock import DAY_MS, HOUR_MS
from appliance.ledger import Ledger, Sheet, plain
from appliance.model import Quantity, unit_of
from appliance.money.moments import Ints
from appliance.money.rates import Floats
from appliance.store import Every, SeriesInfo, Store

Row = tuple[str, ...]
COLUMNS = ("time", "source", "quantity", "unit", "value", "low", "high", "increase")
RAW_COLUMNS = (*COLUMNS[:5], "confidence")
POWERS = (
    Quantity.POWER_GRID, Quantity.POWER_SOLAR, Quantity.POWER_BATTERY, Quantity.POWER_LOAD,
    Quantity.POWER_GENERATOR,
    Quantity.POWER_L1, Quantity.POWER_L2, Quantity.POWER_L3,
    Quantity.CURRENT_L1, Quantity.CURRENT_L2, Quantity.CURRENT_L3,
    Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3,
)  # fmt: skip
PRICE_COLUMNS = ("time", "market", "buying", "selling", "currency")
PRICE_DECIMALS = 5
PRICES_MS = 31 * DAY_MS
RAW_MS = 6 * HOUR_MS
BATCH = 2500
"""Rows at a time."""


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers and columns are written; a spreadsheet of a country that writes 0,5 wants `;` between."""

    separator: str = ","
    decimal: str = "."

    def text(self, rows: Sequence[Row]) -> str:
        """The rows as lines of CSV. Only cells that are numbers change their decimal sign."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.separator, lineterminator="\n")
        writer.writerows(
            [cell.replace(".", self.decimal) if _is_number(cell) else cell for cell in row] for row in rows
        )
        return out.getvalue()


STYLES = {"en": Style(), "sv": Style(";", ",")}
BOM = "\ufeff"
"""By this Excel knows that a file is UTF-8."""


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).removeprefix("-").isdigit()


def pieces(span: tuple[int, int], every: Every, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The span in local days, raw in quarters of them: little at a time, however long it is."""
    start, end = span
    while start < end:
        after = min(end, day_span(day_of(start, zone), zone)[1])
        after = min(after, start + RAW_MS) if every is Every.RAW else after
        yield start, after
        start = after


async def readings(
    store: Store,
    chosen: Sequence[SeriesInfo],
    span: tuple[int, int],
    every: Every,
    zone: ZoneInfo,
    currency: str = "",
) -> AsyncIterator[list[Row]]:
    """A row for each reading, or for each span of time and series; the first batch is the heading.
    `currency` is the unit of amounts of money."""
    yield [RAW_COLUMNS if every is Every.RAW else COLUMNS]
    ordered = sorted(chosen, key=lambda info: (info.source, str(info.quantity)))
    names = [(info.source, str(info.quantity), unit_of(info.quantity, currency)) for info in ordered]
    decimals = [info.quantity.spec.decimals for info in ordered]

    def rows(at: Ints, which: Ints, values: Floats) -> list[Row]:
        cells = zip(at.tolist(), which.tolist(), values.tolist(), strict=True)
        return [
            (written(when, zone), *names[n], *_cells(told, decimals[n], every)) for when, n, told in cells
        ]

    for start, end in pieces(span, every, zone) if ordered else ():
        lines = [await _columns(store, info, start, end, every) for info in ordered]
        at, which, values = await asyncio.to_thread(_in_time, lines)
        for low in range(0, len(at), BATCH):
            some = slice(low, low + BATCH)
            yield await asyncio.to_thread(rows, at[some], which[some], values[some])


def _in_time(lines: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Ints, Floats]:
    """Instants, whose they are, and values of all lines in order of time."""
    at = np.concatenate([line[0] for line in lines])
    which = np.repeat(np.arange(len(lines)), [len(line[0]) for line in lines])
    order = np.argsort(at, kind="stable")
    return at[order], which[order], np.concatenate([line[1] for line in lines])[order]


async def powers(
    store: Store, chosen: Sequence[SeriesInfo], span: tuple[int, int], every: Every, zone: ZoneInfo
) -> AsyncIterator[list[Row]]:
    """Powers, currents and voltages side by side, a row for each instant or span of time."""
    series = sorted((i for i in chosen if i.quantity in POWERS), key=lambda i: POWERS.index(i.quantity))
    several = len({info.source for info in series}) > 1
    names = [f"{i.source} {i.quantity} {i.quantity.spec.unit}" for i in series]
    yield [("time", *(name if several else name.partition(" ")[2] for name in names))]
    decimals = [info.quantity.spec.decimals for info in series]

    def rows(at: Ints, table: Floats) -> list[Row]:
        cells = zip(at.tolist(), table.tolist(), strict=True)
        return [(written(when, zone), *map(number, values, decimals)) for when, values in cells]

    for start, end in pieces(span, every, zone) if series else ():
        lines = [await _columns(store, info, start, end, every) for info in series]
        at, table = await asyncio.to_thread(_side_by_side, lines)
        for low in range(0, len(at), BATCH):
            yield await asyncio.to_thread(rows, at[low : low + BATCH], table[low : low + BATCH])


def _side_by_side(lines: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """Every instant of any line, and the value of each line then."""
    at = np.unique(np.concatenate([line[0] for line in lines]))
    table = np.full((len(at), len(lines)), np.nan)
    for place, line in enumerate(lines):
        table[np.searchsorted(at, line[0]), place] = line[1][:, 0]
    return at, table


async def prices(
    ledger: Ledger, span: tuple[int, int], zone: ZoneInfo, currency: str
) -> AsyncIterator[list[Row]]:
    """A row for each quarter hour with any price: the market's, the whole one, what feed-in brings."""
    yield [PRICE_COLUMNS]

    def rows(sheet: Sheet) -> list[Row]:
        columns = sheet.market.wholesale, plain(sheet.rates.buying), plain(sheet.rates.selling)
        cells = zip(sheet.moments.starts.tolist(), *(column.tolist() for column in columns), strict=True)
        return [
            (written(at, zone), *map(_price, values), currency)
            for at, *values in cells
            if any(map(isfinite, values))
        ]

    for start in range(quarter(span[0]), span[1], PRICES_MS):
        sheet = await ledger.sheet(start, min(start + PRICES_MS, span[1]))
        yield await asyncio.to_thread(rows, sheet)


def _price(value: float) -> str:
    return f"{value:.{PRICE_DECIMALS}f}" if isfinite(value) else ""


async def _columns(store: Store, info: SeriesInfo, start: int, end: int, every: Every) -> tuple[Ints, Floats]:
    """Instants, and what is known of each: value and confidence, or value, low, high and increase; NaN is
    unknown. A span in which nothing was read has no line."""
    if info.first_at >= end:
        return np.empty(0, np.int64), np.empty((0, 2 if every is Every.RAW else 4))
    if every is Every.RAW:
        at, value, sure = await store.raw(info.source, info.quantity, start, end)
        return at, np.stack([value, sure], axis=1)
    found = await store.series(info.source, info.quantity, start, end, every)
    blank = [None] * len(found.at)
    lines = found.value, found.low or blank, found.high or blank, found.delta or blank
    table = np.array(lines, dtype=np.float64).T.reshape(-1, len(lines))
    known = np.isfinite(table).any(axis=1)
    return np.array(found.at, np.int64)[known], table[known]


def _cells(values: Sequence[float], decimals: int, every: Every) -> Row:
    if every is Every.RAW:
        return number(values[0], decimals), f"{values[1]:.3g}"
    return tuple(number(value, decimals) for value in values)


def number(value: float, decimals: int) -> str:
    """With a digit more than the quantity has where a mean needs it; empty where nothing is known."""
    if not isfinite(value):
        return ""
    exact = round(value, decimals)
    return f"{value:.{decimals}f}" if abs(value - exact) < 1e-9 else f"{value:.{decimals + 1}f}"


def written(at: int, zone: ZoneInfo) -> str:
    """2026-10-25T02:15:00+02:00"""
    moment = local(at, zone)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
