"""What is kept, as tables: every reading, the powers side by side, prices; for files of pages, API and CLI.

Rows come day by day, so that a month of seconds is never in memory at once. Times are the site's with their
offset from UTC. Where nothing is known a cell is empty, never 0.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from appliance.calendar import QUARTER_MS, day_of, day_span, local
from appliance.ledger import Ledger, plain
from appliance.model import Quantity
from appliance.store import Every, SeriesInfo, Store

Row = tuple[str, ...]
COLUMNS = ("time", "source", "quantity", "unit", "value", "low", "high", "increase")
RAW_COLUMNS = (*COLUMNS[:5], "confidence")
POWERS = (
    Quantity.POWER_GRID, Quantity.POWER_SOLAR, Quantity.POWER_BATTERY, Quantity.POWER_LOAD,
    Quantity.POWER_L1, Quantity.POWER_L2, Quantity.POWER_L3,
    Quantity.CURRENT_L1, Quantity.CURRENT_L2, Quantity.CURRENT_L3,
    Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3,
)  # fmt: skip
PRICE_COLUMNS = ("time", "market", "buying", "selling", "currency")
PRICE_DECIMALS = 5


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


def days(span: tuple[int, int], zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The span day by day: little at a time, however long it is."""
    start, end = span
    while start < end:
        after = min(end, day_span(day_of(start, zone), zone)[1])
        yield start, after
        start = after


async def readings(
    store: Store, chosen: Sequence[SeriesInfo], span: tuple[int, int], every: Every, zone: ZoneInfo
) -> AsyncIterator[list[Row]]:
    """A row for each reading, or for each span of time and series; the first batch is the heading."""
    yield [RAW_COLUMNS if every is Every.RAW else COLUMNS]
    for start, end in days(span, zone):
        rows = [row for one in chosen for row in await _rows(store, one, start, end, every)]
        yield [(written(at, zone), *rest) for at, rest in sorted(rows)]


async def powers(
    store: Store, chosen: Sequence[SeriesInfo], span: tuple[int, int], every: Every, zone: ZoneInfo
) -> AsyncIterator[list[Row]]:
    """Powers, currents and voltages side by side, a row for each instant or span of time."""
    several = len({info.source for info in chosen}) > 1
    series = sorted((i for i in chosen if i.quantity in POWERS), key=lambda i: POWERS.index(i.quantity))
    names = [f"{i.source} {i.quantity} {i.quantity.spec.unit}" for i in series]
    yield [("time", *(name if several else name.partition(" ")[2] for name in names))]
    for start, end in days(span, zone):
        table: dict[int, dict[int, str]] = {}
        for place, info in enumerate(series):
            for at, cells in await _rows(store, info, start, end, every):
                table.setdefault(at, {})[place] = cells[3]
        yield [
            (written(at, zone), *(table[at].get(place, "") for place in range(len(series))))
            for at in sorted(table)
        ]


async def prices(
    ledger: Ledger, span: tuple[int, int], zone: ZoneInfo, currency: str
) -> AsyncIterator[list[Row]]:
    """A row for each quarter hour with any price: the market's, the whole one, what feed-in brings."""
    yield [PRICE_COLUMNS]
    for start, end in days(span, zone):
        sheet = await ledger.sheet(start, end)
        columns = sheet.market.wholesale, plain(sheet.rates.buying), plain(sheet.rates.selling)
        yield [
            (written(at, zone), *(_price(value) for value in values), currency)
            for at, *values in zip(sheet.moments.starts.tolist(), *(c.tolist() for c in columns), strict=True)
            if np.isfinite(values).any() and at + QUARTER_MS > start
        ]


def _price(value: float) -> str:
    return f"{value:.{PRICE_DECIMALS}f}" if np.isfinite(value) else ""


async def _rows(store: Store, info: SeriesInfo, start: int, end: int, every: Every) -> list[tuple[int, Row]]:
    """The lines of one series in a day. A span in which nothing was read has none."""
    if info.first_at >= end:
        return []
    spec = info.quantity.spec
    name = (info.source, str(info.quantity), spec.unit)
    if every is Every.RAW:
        columns = await store.raw(info.source, info.quantity, start, end)
        raw = zip(*(column.tolist() for column in columns), strict=True)
        return [(at, (*name, number(value, spec.decimals), f"{sure:.3g}")) for at, value, sure in raw]
    found = await store.series(info.source, info.quantity, start, end, every)
    blank = [None] * len(found.at)
    lines = zip(
        found.at, found.value, found.low or blank, found.high or blank, found.delta or blank, strict=True
    )
    return [
        (at, (*name, *(number(value, spec.decimals) for value in values)))
        for at, *values in lines
        if any(value is not None for value in values)
    ]


def number(value: float | None, decimals: int) -> str:
    """With a digit more than the quantity has where a mean needs it; empty where nothing is known."""
    if value is None:
        return ""
    exact = round(value, decimals)
    return f"{value:.{decimals}f}" if abs(value - exact) < 1e-9 else f"{value:.{decimals + 1}f}"


def written(at: int, zone: ZoneInfo) -> str:
    """2026-10-25T02:15:00+02:00"""
    moment = local(at, zone)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
