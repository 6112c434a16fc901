"""Questions of the screen, answered by a reader: lines of a chart, energy between instants."""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from appliance import calendar
from appliance.clock import DAY_MS, HOUR_MS
from appliance.model import Kind, Quantity
from appliance.store import buckets
from appliance.store.buckets import Buckets
from appliance.store.codec import Floats, Ints
from appliance.store.facts import NO_ROWS, QUARTER_MS, Every, Rows, Series, listed
from appliance.store.reader import Reader, offset_at

FINE = (Every.MIN1, Every.MIN5)
"""Made of the readings themselves; coarser buckets of the quarter hours that are kept."""
RAW_MS = 8 * DAY_MS
"""A longer raw chart is drawn from the lows and highs of quarter hours; no more than this is held at once."""


def chart(
    reader: Reader,
    series: int,
    quantity: Quantity,
    start: int,
    end: int,
    every: Every,
    limit: int,
    zone: ZoneInfo,
) -> Series:
    """The series in buckets that begin in (or hold) `[start, end)`, at most `limit` of them."""
    if every is Every.RAW:
        return _raw(reader, series, quantity, start, end, limit)
    edges, close = grid(start, end, every, zone)
    for coarser in (Every.MIN5, Every.MIN15):
        if every in FINE and len(edges) > 2 * limit:
            every, (edges, close) = coarser, grid(start, end, coarser, zone)
    edges = edges[:: max(1, -(-len(edges) // limit))]
    if not len(edges):
        return Series([], [])
    first = int(edges[0])
    if every in FINE:
        small = _fine(reader, series, quantity, first, close, every.milliseconds)
    else:
        small = reader.quarters(series, quantity, first, close)
    found = buckets.regroup(small, edges, quantity.spec.kind)
    return _lines(reader, series, quantity, edges, close, found)


def increase(
    reader: Reader, series: int, quantity: Quantity, edges: Sequence[int], since_first: bool
) -> list[float | None]:
    """How much the register rose between successive instants; see Store.increase."""
    if len(edges) > 8 and all(edge % QUARTER_MS == 0 for edge in edges):
        known = _registers_at_quarters(reader, series, quantity, edges)
    else:
        known = [reader.register(series, edge) for edge in edges]
    rises: list[float | None] = []
    for edge, before, after in zip(edges[:-1], known[:-1], known[1:], strict=True):
        if after is None or after[1] <= edge:
            rises.append(None)
        elif before is not None:
            rises.append(round(after[0] - before[0], 6))
        else:
            first = reader.first(series) if since_first else None
            rises.append(None if first is None else round(after[0] - first, 6))
    return rises


def grid(start: int, end: int, every: Every, zone: ZoneInfo) -> tuple[Ints, int]:
    """Starts of the buckets that hold any of `[start, end)`, and the end of the last."""
    if end <= start:
        return np.empty(0, np.int64), start
    if every is Every.DAY:
        first, last = calendar.day_of(start, zone), calendar.day_of(end - 1, zone)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        edges = np.array([_day_start(day, zone) for day in days], np.int64)
        return edges, calendar.day_span(last, zone)[1]
    step, shift = every.milliseconds, 0
    if every is Every.HOUR:
        offset = calendar.local(start, zone).utcoffset() or timedelta()
        shift = round(offset.total_seconds() * 1000) % HOUR_MS
    edges = np.arange((start + shift) // step * step - shift, end, step, dtype=np.int64)
    return edges, int(edges[-1]) + step


_day_start = lru_cache(maxsize=8192)(calendar.day_start)


def _raw(reader: Reader, series: int, quantity: Quantity, start: int, end: int, limit: int) -> Series:
    if end - start <= RAW_MS:
        rows = reader.rows(series, start, end)
    else:
        rows = _lows_and_highs(reader, series, quantity, start, end)
    rows = buckets.thin(rows, limit)
    at, value = rows.at.tolist(), listed(rows.value)
    for index in reversed(buckets.gaps(rows.at).tolist()):
        at.insert(index + 1, at[index] + 1)
        value.insert(index + 1, None)
    return Series(at, value)


def _lows_and_highs(reader: Reader, series: int, quantity: Quantity, start: int, end: int) -> Rows:
    quarters = reader.quarters(series, quantity, start // QUARTER_MS * QUARTER_MS, end)
    at = np.stack([quarters.start, quarters.start + QUARTER_MS // 2], axis=1).reshape(-1)
    value = np.stack([quarters.low, quarters.high], axis=1).reshape(-1)
    if quantity.spec.kind is Kind.COUNTER:
        value = value - offset_at(reader.exchanges(series), at)
    return NO_ROWS._replace(at=at, value=value, seq=at, confidence=np.ones(len(at)))


def _fine(reader: Reader, series: int, quantity: Quantity, start: int, end: int, step: int) -> Buckets:
    exchanges = reader.exchanges(series)
    return buckets.merge([
        reader.fine(series, quantity, low, min(low + RAW_MS, end), step, exchanges)
        for low in range(start, end, RAW_MS)
    ])  # fmt: skip


def _lines(
    reader: Reader, series: int, quantity: Quantity, edges: Ints, close: int, found: Buckets
) -> Series:
    where = np.searchsorted(edges, found.start)

    def line(values: Floats) -> list[float | None]:
        whole = np.full(len(edges), np.nan)
        whole[where] = values
        return listed(whole)

    if quantity.spec.kind is Kind.GAUGE:
        mean = np.round(found.value, quantity.spec.decimals + 2)
        return Series(edges.tolist(), line(mean), line(found.low), line(found.high))
    if quantity.spec.kind is Kind.STATE or not len(where):
        return Series(edges.tolist(), line(found.value))
    earlier = reader.register(series, int(edges[0]))
    before = earlier[0] if earlier is not None else float(found.low[0])
    delta = np.round(np.diff(found.value, prepend=before), 6)
    ends = np.append(edges[1:], close)[where]
    register = np.round(found.value - offset_at(reader.exchanges(series), ends), 9)
    return Series(edges.tolist(), line(register), delta=line(delta))


def _registers_at_quarters(
    reader: Reader, series: int, quantity: Quantity, edges: Sequence[int]
) -> list[tuple[float, int] | None]:
    low, high = min(edges), max(edges)
    quarters = reader.quarters(series, quantity, low, high)
    earlier = reader.register(series, low)
    places = np.searchsorted(quarters.start, np.array(edges, np.int64), side="left") - 1
    return [
        (float(quarters.value[place]), int(quarters.start[place]) + QUARTER_MS) if place >= 0 else earlier
        for place in places.tolist()
    ]
