"""Blocks: the rows of one series of one UTC day, compressed, in the database.

Each fold of the journal adds a small block per series; a finished day is sealed: its blocks become one and
its quarter hours go into the roll-ups. Series that were read together share one axis (instants and numbers).
"""

import logging
import sqlite3
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from appliance.clock import DAY_MS
from appliance.model import Quantity
from appliance.store import buckets, codec
from appliance.store.buckets import SPAN_DAYS
from appliance.store.codec import Ints
from appliance.store.facts import QUARTER_MS, Rows, concat

log = logging.getLogger(__name__)

DAMAGED = (zlib.error, struct.error, ValueError, IndexError)
"""What decoding a damaged blob may raise."""


def by_day(rows: Rows, quantity: Quantity) -> dict[int, Rows]:
    """The rows of each UTC day, in the order they came."""
    days = (rows.at - buckets.edge_shift(quantity.spec.kind)) // DAY_MS
    return {int(day): rows.take(days == day) for day in np.unique(days)}


def write(
    db: sqlite3.Connection, day: int, series: int, rows: Rows, axes: dict[bytes, int], *, sealed: bool
) -> None:
    """One block of a series' day; `axes` remembers those of the same day that others may share."""
    first = int(rows.seq[0])
    axis = codec.join(codec.pack_ints(rows.at - day * DAY_MS), codec.pack_ints(rows.seq - first))
    if axis not in axes:
        axes[axis] = int(db.execute("INSERT INTO axis(data) VALUES (?)", (axis,)).lastrowid or 0)
    data = codec.join(codec.pack_floats(rows.value), codec.pack_floats(rows.confidence))
    db.execute(
        "INSERT INTO block(day, series, sealed, seq_first, seq_last, count, axis, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (day, series, sealed, first, int(rows.seq[-1]), len(rows.seq), axes[axis], data),
    )


def instants(day: int, axis: bytes) -> Ints:
    """When the rows of a block were read, in the order they came. Raises one of DAMAGED."""
    return codec.unpack_ints(codec.split(axis)[0]) + day * DAY_MS


def decode(day: int, seq_first: int, axis: bytes, data: bytes) -> Rows:
    """The rows of a block, in the order they came. Raises one of DAMAGED."""
    value, confidence = codec.split(data)
    return Rows(
        codec.unpack_ints(codec.split(axis)[1]) + seq_first,
        instants(day, axis),
        codec.unpack_floats(value),
        codec.unpack_floats(confidence),
    )


def read(
    db: sqlite3.Connection, series: int, first_day: int, last_day: int, span: tuple[int, int] | None = None
) -> tuple[list[Rows], list[int]]:
    """The blocks of the days, in the order they came; the days of which a block is damaged.

    Blocks that hold nothing of `span`, `[start, end)` in UTC ms, may be left out: a day that is not sealed
    yet has one for each fold, and most questions are of a moment.
    """
    parts, damaged = [], []
    for day, seq_first, axis, data in db.execute(
        "SELECT b.day, b.seq_first, a.data, b.data FROM block b JOIN axis a ON a.id = b.axis"
        " WHERE b.day BETWEEN ? AND ? AND b.series = ? ORDER BY b.seq_first",
        (first_day, last_day, series),
    ):
        try:
            if span is None or _meets(instants(day, axis), *span):
                parts.append(decode(day, seq_first, axis, data))
        except DAMAGED:
            damaged.append(day)
    return parts, damaged


def _meets(at: Ints, start: int, end: int) -> bool:
    return bool(len(at)) and int(at.min()) < end and int(at.max()) >= start


def last_before(db: sqlite3.Connection, series: int, day: int, at: int) -> int | None:
    """The instant of the day's newest reading before `at`; damaged blocks count for nothing."""
    found = []
    for seq_first, axis, data in db.execute(
        "SELECT b.seq_first, a.data, b.data FROM block b JOIN axis a ON a.id = b.axis"
        " WHERE b.day = ? AND b.series = ?",
        (day, series),
    ):
        with suppress(*DAMAGED):
            moments = instants(day, axis)
            newest = int(moments[moments < at].max(initial=-1))
            if newest >= 0:
                found.append((newest, seq_first, axis, data))
    for newest, seq_first, axis, data in sorted(found, reverse=True):
        with suppress(*DAMAGED):
            decode(day, seq_first, axis, data)  # whoever is told of a reading wants its value next
            return newest
    return None


def unsealed_days(db: sqlite3.Connection, before: int) -> list[int]:
    """Days before `before` that have blocks to be sealed."""
    return [
        day
        for (day,) in db.execute(
            "SELECT DISTINCT day FROM block WHERE NOT sealed AND day < ? ORDER BY day", (before,)
        )
    ]


def seal(db: sqlite3.Connection, day: int, quantities: Mapping[int, Quantity], stamp: int) -> None:
    """Make the day's blocks one per series and its quarter hours roll-ups, within the open transaction.

    One series after the other: a day of readings every second would fill a small computer's memory.
    """
    axes: dict[bytes, int] = {}
    found = db.execute("SELECT DISTINCT series FROM block WHERE day = ? AND NOT sealed", (day,)).fetchall()
    old = db.execute("SELECT DISTINCT axis FROM block WHERE day = ?", (day,)).fetchall()
    for (series,) in found:
        parts, damaged = read(db, series, day, day)
        if damaged or series not in quantities:
            log.error("A block of series %d, day %d, cannot be read; it is left as it is", series, day)
            db.execute("UPDATE block SET sealed = 1 WHERE day = ? AND series = ?", (day, series))
            continue
        rows = concat(parts)
        db.execute("DELETE FROM block WHERE day = ? AND series = ?", (day, series))
        write(db, day, series, rows, axes, sealed=True)
        _roll_up(db, day, series, quantities[series], rows, stamp)
    used = set(db.execute("SELECT DISTINCT axis FROM block WHERE day = ?", (day,)))
    db.executemany("DELETE FROM axis WHERE id = ?", [axis for axis in old if axis not in used])


def _roll_up(
    db: sqlite3.Connection, day: int, series: int, quantity: Quantity, rows: Rows, stamp: int
) -> None:
    quarters = buckets.gather(in_time(rows), quantity, QUARTER_MS)
    span = day // SPAN_DAYS
    old = db.execute("SELECT data FROM rollup WHERE series = ? AND span = ?", (series, span)).fetchone()
    if old:
        kept = buckets.without_days(buckets.unpack(old[0]), np.array([day]))
        quarters = buckets.merge([kept, quarters])
    db.execute(
        "INSERT INTO rollup(series, span, stamp, data) VALUES (?, ?, ?, ?)"
        " ON CONFLICT(series, span) DO UPDATE SET stamp = excluded.stamp, data = excluded.data",
        (series, span, stamp, buckets.pack(quarters, quantity.spec.kind)),
    )


def in_time(rows: Rows) -> Rows:
    """The rows in order of time; those of one instant in the order they came."""
    if np.all(rows.at[1:] >= rows.at[:-1]):
        return rows
    return rows.take(np.argsort(rows.at, kind="stable"))
