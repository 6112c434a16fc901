"""One commit as bytes in the journal. It names its series itself, so it can be read without the database."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from appliance.model import Event, Price, Quantity
from appliance.store import codec
from appliance.store.facts import NO_ROWS, Batch, Commit, Exchange, Rows, Stored

Names = dict[int, tuple[str, Quantity]]


def build(number: int, batch: Batch) -> Commit:
    """The commit that holds the batch."""
    rows, where = NO_ROWS, dict[int, slice]()
    if batch.readings:
        series = np.array([series for series, _ in batch.readings], np.int64)
        order = np.argsort(series, kind="stable")
        readings = [reading for _, reading in batch.readings]
        arrived = Rows(
            np.arange(batch.seq, batch.seq + len(readings), dtype=np.int64),
            np.array([reading.at for reading in readings], np.int64),
            np.array([reading.value for reading in readings], np.float64),
            np.array([reading.confidence for reading in readings], np.float64),
        )
        rows = arrived.take(order)
        where = _slices(series[order])
    seq_last = batch.seq + len(batch.readings) - 1
    return Commit(number, seq_last, rows, where, batch.events, batch.prices, batch.cursors, batch.exchanges)


def encode(commit: Commit, names: Names) -> bytes:
    """The commit's bytes; `names` says what each series is."""
    head: dict[str, Any] = {
        "seq_last": commit.seq_last,
        "series": [[*names[series], part.stop - part.start] for series, part in commit.where.items()],
        "events": [[s.id, s.event.source, s.event.name, s.event.at, s.event.text, dict(s.event.data)]
                   for s in commit.events],
        "prices": [[p.source, p.channel, p.start, p.end, p.per_kwh, p.kind, p.spike] for p in commit.prices],
        "cursors": dict(commit.cursors),
        "exchanges": [[*names[e.series], e.at, e.offset] for e in commit.exchanges],
    }  # fmt: skip
    text = json.dumps({key: value for key, value in head.items() if value}, default=str)
    parts = [zlib.compress(text.encode())]
    if commit.where:
        parts += [
            codec.pack_ints(commit.rows.seq),
            codec.pack_ints(commit.rows.at),
            codec.pack_floats(commit.rows.value),
            codec.pack_floats(commit.rows.confidence),
        ]
    return codec.join(*parts)


def decode(number: int, data: bytes, series_id: Callable[[str, str], int]) -> Commit:
    """The commit again; `series_id` finds or gives the number of a source's quantity."""
    text, *columns = codec.split(data)
    head = json.loads(zlib.decompress(text))
    rows, where, at = NO_ROWS, dict[int, slice](), 0
    if columns:
        seq, instants, value, confidence = columns
        rows = Rows(
            codec.unpack_ints(seq),
            codec.unpack_ints(instants),
            codec.unpack_floats(value),
            codec.unpack_floats(confidence),
        )
    for source, quantity, count in head.get("series", ()):
        where[series_id(source, quantity)] = slice(at, at + count)
        at += count
    return Commit(
        number,
        head["seq_last"],
        rows,
        where,
        [Stored(id_, Event(*rest)) for id_, *rest in head.get("events", ())],
        [Price(*fields) for fields in head.get("prices", ())],
        head.get("cursors", {}),
        [Exchange(series_id(s, q), at, offset) for s, q, at, offset in head.get("exchanges", ())],
    )


def _slices(series: codec.Ints) -> dict[int, slice]:
    edges = np.flatnonzero(np.diff(series)) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(series)]
    return {int(series[start]): slice(start, end) for start, end in zip(starts, ends, strict=True)}
