"""Prices from a CSV file of your own: a column with the start of each slot and one with its price.

The separator is found (semicolon, tab or comma), decimal comma or point too. A start is written as
2026-05-13T14:00+02:00, 2026-05-13 14:00, 13.05.2026 14:00, 13/05/2026 14:00, 13-05-2026 14:00 or in seconds
since 1970; a range counts from its beginning. Without an offset it is the site's clock, and the order tells
apart the two hours of an autumn night. Slots are quarters, halves or full hours, by the day. The file is read
again when it changes.
"""

import csv
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from appliance import calendar
from appliance.errors import SourceError
from appliance.model import Batch, Price
from appliance.sources import _own_prices, _slots
from appliance.sources._own_prices import OwnOptions
from appliance.sources.base import Context
from appliance.worker import Worker

LARGEST_BYTES = 20_000_000
DEADLINE_S = 60.0
FORMS = ("%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M", "%Y/%m/%d %H:%M")
SEPARATORS = ";\t,"
PER = {"kWh": 1.0, "MWh": 1000.0}


class Options(OwnOptions):
    """Prices from a CSV file of your own."""

    type: Literal["price_csv"] = "price_csv"
    path: Path
    """The file, such as /var/lib/tallywatt/prices.csv."""
    start_column: int | str = 1
    """The column with the start of each slot: its number from 1, or its name in the first line."""
    price_column: int | str = 2
    """The column with the price: its number from 1, or its name in the first line."""
    per: Literal["kWh", "MWh"] = "kWh"
    """What the price is for; it is in the site's currency."""
    every_s: float = Field(default=60, ge=1, le=86_400)
    """Seconds between looks at whether the file was changed."""


def parse(text: str, options: Options, zone: ZoneInfo, currency: str) -> list[Price]:
    """The prices in the file's text, in order of time. Raises SourceError, naming the line."""
    name = options.path.name
    rows = [row for row in _rows(text) if row[1]]
    if not rows:
        raise SourceError(f"{name} is empty")
    at, price = (_column(column, rows[0][1], name) for column in (options.start_column, options.price_column))
    if not _is_start(rows[0][1], at):
        rows = rows[1:]
    found = [_line(number, row, at, price, name) for number, row in rows]
    starts = _instants([start for start, _ in found], zone, name)
    values = [None if value is None else value / PER[options.per] for _, value in found]
    slots = [_slots.Slot(start, None, value) for start, value in zip(starts, values, strict=True)]
    slots.sort(key=lambda slot: slot.start)
    return [
        quarter
        for _, day in groupby(slots, key=lambda slot: calendar.day_of(slot.start, zone))
        for quarter in _slots.quarters(day, options.label, options.channel, currency)
    ]


def _rows(text: str) -> Iterable[tuple[int, list[str]]]:
    lines = text.removeprefix("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    separator = next((mark for mark in SEPARATORS if mark in first), ",")
    for number, row in enumerate(csv.reader(lines, delimiter=separator), 1):
        yield number, [cell.strip() for cell in row] if any(cell.strip() for cell in row) else []


def _column(column: int | str, header: Sequence[str], name: str) -> int:
    if isinstance(column, int):
        if 1 <= column <= len(header):
            return column - 1
        raise SourceError(
            f"{name} has {len(header)} columns, no column {column}; is its separator ; or , or a tab?"
        )
    if column not in header:
        raise SourceError(f"{name} has no column {column!r}; its columns are {', '.join(header)[:200]}")
    return header.index(column)


def _is_start(row: Sequence[str], at: int) -> bool:
    try:
        _start(row[at])
    except ValueError:
        return False
    return True


def _line(number: int, row: Sequence[str], at: int, price: int, name: str) -> tuple[datetime, float | None]:
    """Start and price of a row; an empty price is None. Raises SourceError."""
    try:
        return _start(row[at]), _amount(row[price])
    except IndexError:
        raise SourceError(f"line {number} of {name} has only {len(row)} columns") from None
    except ValueError as error:
        raise SourceError(f"line {number} of {name} cannot be read: {error}") from None


def _start(text: str) -> datetime:
    """The start, aware where the text says its offset. Raises ValueError."""
    text = re.split(r"\s+-\s+|\s*/\s+", text)[0]
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return datetime.fromtimestamp(int(text[:10]), ZoneInfo("UTC"))
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    for form in FORMS:
        for seconds in ("", ":%S"):
            with suppress(ValueError):
                return datetime.strptime(text, form + seconds)
    raise ValueError(f"{text[:40]!r} is no date and time such as 2026-05-13 14:00")


def _amount(text: str) -> float | None:
    """The price, with a decimal comma or point. Raises ValueError."""
    plain = re.sub(r"[\s\u00a0\u202f']", "", text)
    if not plain:
        return None
    if "," in plain and "." in plain:
        thousands = "." if plain.rfind(",") > plain.rfind(".") else ","
        plain = plain.replace(thousands, "")
    try:
        return _slots.number(plain.replace(",", "."))
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no price") from None


def _instants(times: list[datetime], zone: ZoneInfo, name: str) -> list[int]:
    """UTC ms of each row. Times without an offset are told apart by their order, whichever way it runs."""
    if len({time.tzinfo is None for time in times}) > 1:
        raise SourceError(f"{name} has times with and without an offset; it must be one or the other")
    if times and times[0].tzinfo is not None:
        return [calendar.instant(time) for time in times]
    falling = len(times) > 1 and times[0] > times[-1]
    ordered = times[::-1] if falling else times
    try:
        instants = list(_slots.local_moments(ordered, zone))
    except ValueError as error:
        raise SourceError(f"{name} cannot be read: {error}") from None
    return instants[::-1] if falling else instants


def read(path: Path) -> str:
    """The file's text: UTF-8, else Windows' western letters. Blocks. Raises SourceError."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SourceError(f"{path} is larger than {LARGEST_BYTES // 1_000_000} MB; is it a price list?")
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; put the file there") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


class Source:
    """Looks whether the file was changed; what it says differently from what is kept is told."""

    cadence_s = 86_400.0

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self._options = options
        self._context = context
        self._worker = Worker(self.name)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        seen: tuple[int, int] | None = None
        try:
            while True:
                mark = await self._worker.call(self._mark, DEADLINE_S)
                if mark != seen:
                    prices = await self._worker.call(self._parsed, DEADLINE_S)
                    async for batch in _own_prices.changed(prices, self._context):
                        yield batch
                    seen = mark
                    yield []
                await self._context.clock.sleep(self._options.every_s)
        finally:
            self._worker.close()

    def _mark(self) -> tuple[int, int]:
        try:
            found = self._options.path.stat()
        except OSError as error:
            raise SourceError(
                f"{self._options.path} cannot be read: {error.strerror}; put the file there"
            ) from None
        return found.st_mtime_ns, found.st_size

    def _parsed(self) -> list[Price]:
        text = read(self._options.path)
        return parse(text, self._options, self._context.zone, self._context.currency)
