"""Readings into buckets: quarter hours, hours, days. Pure; instants UTC ms, buckets named by their start."""

from typing import NamedTuple

import numpy as np

from appliance.model import Kind, Quantity
from appliance.store import codec
from appliance.store.codec import Floats, Ints, Pick
from appliance.store.facts import LONGER, LONGEST_QUIET_MS, QUARTER_MS, Rows

SPAN_DAYS = 32
"""Roll-ups are kept in spans of so many UTC days, one blob per series."""
QUARTERS_A_DAY = 96


class Buckets(NamedTuple):
    """What is known of each bucket that has readings, oldest first.

    `value`: gauge mean (two digits finer than the quantity's own), counter highest register (a register
    only rises: this holds when readings come late and when the clock was set back), state last.
    """

    start: Ints
    readings: Ints
    value: Floats
    low: Floats
    high: Floats

    def take(self, which: Pick) -> "Buckets":
        """Some of the buckets."""
        return Buckets(
            self.start[which], self.readings[which], self.value[which], self.low[which], self.high[which]
        )


NO_BUCKETS = Buckets(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0))


def edge_shift(kind: Kind) -> int:
    """What to take off an instant to find its bucket: a register read at the very edge closes the bucket."""
    return 1 if kind is Kind.COUNTER else 0


def gather(rows: Rows, quantity: Quantity, step: int) -> Buckets:
    """Buckets of `step` ms from rows in order of time."""
    if not len(rows.at):
        return NO_BUCKETS
    kind = quantity.spec.kind
    starts = (rows.at - edge_shift(kind)) // step * step
    first = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    count = np.diff(first, append=len(starts))
    low, high = np.minimum.reduceat(rows.value, first), np.maximum.reduceat(rows.value, first)
    if kind is Kind.GAUGE:
        value = np.round(np.add.reduceat(rows.value, first) / count, quantity.spec.decimals + 2)
    else:
        value = high if kind is Kind.COUNTER else rows.value[first + count - 1]
    return Buckets(starts[first], count, value, low, high)


def regroup(small: Buckets, edges: Ints, kind: Kind) -> Buckets:
    """The buckets that begin at `edges` out of smaller ones; those without any are left out."""
    which = np.searchsorted(edges, small.start, side="right") - 1
    inside = which >= 0
    if not inside.all():
        small, which = small.take(inside), which[inside]
    if not len(which):
        return NO_BUCKETS
    first = np.flatnonzero(np.diff(which, prepend=-1))
    count = np.add.reduceat(small.readings, first)
    low, high = np.minimum.reduceat(small.low, first), np.maximum.reduceat(small.high, first)
    if kind is Kind.GAUGE:
        value = np.add.reduceat(small.value * small.readings, first) / count
    elif kind is Kind.COUNTER:
        value = high
    else:
        value = small.value[np.append(first[1:], len(which)) - 1]
    return Buckets(edges[which[first]], count, value, low, high)


def merge(parts: list[Buckets]) -> Buckets:
    """All buckets of the parts (which share none) in order of time."""
    parts = [part for part in parts if len(part.start)]
    if len(parts) < 2:
        return parts[0] if parts else NO_BUCKETS
    whole = Buckets(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return whole if np.all(np.diff(whole.start) > 0) else whole.take(np.argsort(whole.start))


def between(buckets: Buckets, start: int, end: int) -> Buckets:
    """Those that begin in `[start, end)`."""
    low, high = np.searchsorted(buckets.start, [start, end])
    return buckets.take(slice(int(low), int(high)))


def without_days(buckets: Buckets, days: Ints) -> Buckets:
    """Those of other UTC days."""
    if not len(days):
        return buckets
    return buckets.take(~np.isin(buckets.start // (QUARTER_MS * QUARTERS_A_DAY), days))


def pack(buckets: Buckets, kind: Kind) -> bytes:
    """A span's quarter hours as a blob; few columns, because each costs a fixed time to unpack."""
    edges = [buckets.low] if kind is Kind.COUNTER else [buckets.low, buckets.high]
    return codec.join(
        codec.pack_ints(buckets.start),
        codec.pack_ints(buckets.readings),
        codec.pack_floats(buckets.value),
        codec.pack_floats(np.concatenate(edges)),
    )


def unpack(data: bytes) -> Buckets:
    """The quarter hours `pack` packed. Raises zlib.error when they are damaged."""
    start, readings, value, edges = codec.split(data)
    values, bounds = codec.unpack_floats(value), codec.unpack_floats(edges)
    low, high = bounds[: len(values)], bounds[len(values) :]
    return Buckets(
        codec.unpack_ints(start), codec.unpack_ints(readings), values, low, high if len(high) else values
    )


def thin(rows: Rows, limit: int) -> Rows:
    """At most `limit` of the rows (in order of time), the lowest and highest of every stretch among them."""
    if len(rows.at) <= limit:
        return rows
    stretches = max(1, limit // 2)
    edges = np.linspace(0, len(rows.at), stretches + 1).astype(np.int64)
    picked = set[int]()
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = rows.value[first:last]
        picked.update((first + int(part.argmin()), first + int(part.argmax())))
    return rows.take(np.array(sorted(picked)))


def gaps(at: Ints) -> Ints:
    """Where a line must break: indices after which nothing was read for far longer than usual."""
    if len(at) < 3:
        return np.empty(0, np.int64)
    steps = np.diff(at)
    return np.flatnonzero(steps > max(LONGEST_QUIET_MS, LONGER * float(np.median(steps))))
