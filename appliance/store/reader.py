"""All that reads the log: the database's blocks and roll-ups, the tail in memory, what waits for its commit.

A reader works in a thread with a connection of its own. It takes the tail first and the database's snapshot
second: what was folded in between is in both, and told by its number.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from appliance.clock import DAY_MS
from appliance.model import Kind, Quantity, Reading
from appliance.store import blocks, buckets
from appliance.store.buckets import SPAN_DAYS, Buckets
from appliance.store.codec import Floats, Ints
from appliance.store.facts import QUARTER_MS, Batch, Commit, Row, Rows, concat
from appliance.store.record import Names


@dataclass(slots=True)
class View:
    """What is not in the database: committed (`tail`) and waiting (`waiting`, oldest batch first)."""

    names: Names
    tail: tuple[Commit, ...] = ()
    waiting: Sequence[Batch] = ()
    damaged: set[int] = field(default_factory=set)
    """Days found to have a block that cannot be read."""


class Reader:
    """Answers from one snapshot; made anew for each question, on a connection that is kept."""

    def __init__(self, db: sqlite3.Connection, view: View) -> None:
        self.db = db
        self._view = view
        self._folded = 0
        self._committed = 0

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything asked within is of one moment."""
        self.db.execute("BEGIN")
        try:
            meta = dict(self.db.execute("SELECT name, value FROM meta"))
            self._folded = meta.get("folded", 0)
            self._committed = max([meta.get("seq", 0), *(commit.seq_last for commit in self.tail())])
            yield
        finally:
            self.db.execute("ROLLBACK")

    def tail(self) -> Iterator[Commit]:
        """Commits that are not in the snapshot, oldest first."""
        return (commit for commit in self._view.tail if commit.number > self._folded)

    def rows(self, series: int, start: int, end: int) -> Rows:
        """Every reading with `start <= at < end`, in order of time."""
        first, last = (start - 1) // DAY_MS, (end - 1) // DAY_MS
        parts, damaged = blocks.read(self.db, series, first, last, (start, end))
        self._view.damaged.update(damaged)
        parts += self._fresh(series)
        return _cut(concat(parts), start, end)

    def quarters(self, series: int, quantity: Quantity, start: int, end: int) -> Buckets:
        """The quarter hours that begin in `[start, end)`, registers with exchanges added."""
        exchanges = self.exchanges(series)
        found = buckets.between(buckets.merge(self._rolled_up(series, start, end)), start, end)
        raw = self._days_not_rolled_up(series, quantity, start, end, exchanges[0])
        found = buckets.without_days(found, raw)
        if quantity.spec.kind is Kind.COUNTER and len(exchanges[0]):
            add = offset_at(exchanges, found.start)
            found = found._replace(value=found.value + add, low=found.low + add, high=found.high + add)
        parts = [found]
        for run in np.split(raw, np.flatnonzero(np.diff(raw) > 1) + 1) if len(raw) else []:
            low, high = int(run[0]) * DAY_MS, (int(run[-1]) + 1) * DAY_MS
            parts.append(self.fine(series, quantity, low, high, QUARTER_MS, exchanges))
        return buckets.between(buckets.merge(parts), start, end)

    def fine(
        self, series: int, quantity: Quantity, start: int, end: int, step: int, exchanges: tuple[Ints, Floats]
    ) -> Buckets:
        """Buckets of `step` ms from the readings themselves, registers with exchanges added."""
        shift = buckets.edge_shift(quantity.spec.kind)
        rows = self.rows(series, start + shift, end + shift)
        if quantity.spec.kind is Kind.COUNTER and len(exchanges[0]):
            rows = rows._replace(value=rows.value + offset_at(exchanges, rows.at))
        return buckets.gather(rows, quantity, step)

    def register(self, series: int, at: int) -> tuple[float, int] | None:
        """A register as it stood at the instant (exchanges added) and when that was read, or None."""
        exchanges = self.exchanges(series)
        begin = at // QUARTER_MS * QUARTER_MS
        while True:
            rows = self.rows(series, begin, at + 1)
            if len(rows.at):
                adjusted = rows.value + offset_at(exchanges, rows.at)
                return float(adjusted.max()), int(rows.at[-1])
            earlier = self._reading_before(series, begin)
            if earlier is None:
                return None
            at, begin = earlier, earlier // QUARTER_MS * QUARTER_MS

    def first(self, series: int) -> float | None:
        """The register where the history begins."""
        row = self.db.execute("SELECT min(day) FROM block WHERE series = ?", (series,)).fetchone()
        parts = self._fresh(series)
        if row[0] is not None:
            parts += blocks.read(self.db, series, row[0], row[0])[0]
        rows = blocks.in_time(concat(parts))
        return float(rows.value[0]) if len(rows.at) else None

    def last_before(self, series: int, at: int) -> float | None:
        """The last value read before the instant, as the meter showed it."""
        moment = self._reading_before(series, at)
        return None if moment is None else float(self.rows(series, moment, moment + 1).value[-1])

    def around(self, series: int, at: int) -> Rows:
        """The last reading by the instant, and the first after it where there is one within a day."""
        before = self._reading_before(series, at + 1)
        rows = self.rows(series, at if before is None else before, at + DAY_MS)
        first = int(np.searchsorted(rows.at, at, side="right"))
        return rows.take(slice(max(0, first - 1), first + 1))

    def exchanges(self, series: int) -> tuple[Ints, Floats]:
        """Instants of the series' meter exchanges and what all of them up to each add to the register."""
        found = dict(self.db.execute('SELECT at, "offset" FROM exchange WHERE series = ?', (series,)))
        told = [*(commit.exchanges for commit in self.tail()), *(b.exchanges for b in self._view.waiting)]
        found.update({e.at: e.offset for exchanges in told for e in exchanges if e.series == series})
        at = np.array(sorted(found), np.int64)
        return at, np.cumsum([0.0, *(found[moment] for moment in at.tolist())])

    def after(self, cursor: int, wanted: Collection[int], limit: int) -> list[Row]:
        """The first `limit` committed rows of the wanted series after the cursor, in order of arrival."""
        heads = self._heads(cursor, wanted)
        parts: list[tuple[int, Rows]] = []
        for i, (block, series, *_) in enumerate(heads):
            parts.append((series, _after(self._block(block), cursor)))
            bound = heads[i + 1][2] if i + 1 < len(heads) else None
            if bound is not None and sum(np.searchsorted(r.seq, bound) for _, r in parts) >= limit:
                return self._in_order(parts, limit)
        for commit in self.tail():
            if sum(len(rows.seq) for _, rows in parts) >= limit:
                break
            parts += [(s, _after(commit.of(s), cursor)) for s in commit.where if s in wanted]
        return self._in_order(parts, limit)

    def count_after(self, cursor: int, wanted: Collection[int]) -> int:
        """How many committed rows of the wanted series come after the cursor."""
        total = 0
        for block, _, first, count in self._heads(cursor, wanted):
            total += count if first > cursor else len(_after(self._block(block), cursor).seq)
        for commit in self.tail():
            total += sum(len(_after(commit.of(s), cursor).seq) for s in commit.where if s in wanted)
        return total

    def _heads(self, cursor: int, wanted: Collection[int]) -> list[tuple[int, int, int, int]]:
        """Id, series, first number and count of the blocks with rows after the cursor, by first number."""
        marks = ",".join(map(str, sorted(wanted)))
        return self.db.execute(
            f"SELECT id, series, seq_first, count FROM block WHERE seq_last > ? AND series IN ({marks})"  # noqa: S608
            " ORDER BY seq_first",
            (cursor,),
        ).fetchall()

    def _block(self, id_: int) -> Rows:
        day, first, axis, data = self.db.execute(
            "SELECT b.day, b.seq_first, a.data, b.data FROM block b JOIN axis a ON a.id = b.axis"
            " WHERE b.id = ?",
            (id_,),
        ).fetchone()
        try:
            return blocks.decode(day, first, axis, data)
        except blocks.DAMAGED:
            self._view.damaged.add(day)
            return concat([])

    def _in_order(self, parts: list[tuple[int, Rows]], limit: int) -> list[Row]:
        rows = concat([rows for _, rows in parts])
        series = np.repeat([s for s, _ in parts], [len(rows.seq) for _, rows in parts]).astype(np.int64)
        order = np.argsort(rows.seq, kind="stable")[:limit]
        found = []
        for one, seq, at, value, confidence in zip(
            series[order].tolist(), *(column[order].tolist() for column in rows), strict=True
        ):
            found.append(Row(seq, Reading(*self._view.names[one], value, at, confidence)))
        return found

    def _fresh(self, series: int) -> list[Rows]:
        """The series' rows that are not in the database, in the order they came."""
        parts = [commit.of(series) for commit in self.tail() if series in commit.where]
        mine = [
            (seq, reading.at, reading.value, reading.confidence)
            for batch in self._view.waiting
            for seq, (one, reading) in enumerate(batch.readings, batch.seq)
            if one == series and seq > self._committed
        ]
        if mine:
            seqs, at, value, confidence = zip(*mine, strict=True)
            whole = np.array(seqs, np.int64), np.array(at, np.int64)
            parts.append(Rows(*whole, np.array(value, np.float64), np.array(confidence, np.float64)))
        return parts

    def _rolled_up(self, series: int, start: int, end: int) -> list[Buckets]:
        parts = []
        for span, data in self.db.execute(
            "SELECT span, data FROM rollup WHERE series = ? AND span BETWEEN ? AND ?",
            (series, start // DAY_MS // SPAN_DAYS, end // DAY_MS // SPAN_DAYS),
        ):
            try:
                parts.append(buckets.unpack(data))
            except blocks.DAMAGED:
                self._view.damaged.add(span * SPAN_DAYS)
        return parts

    def _days_not_rolled_up(
        self, series: int, quantity: Quantity, start: int, end: int, exchanged: Ints
    ) -> Ints:
        first, last = start // DAY_MS, (end - 1) // DAY_MS
        days = [day for (day,) in self.db.execute(
            "SELECT DISTINCT day FROM block INDEXED BY block_unsealed"
            " WHERE NOT sealed AND day BETWEEN ? AND ? AND series = ?",
            (first, last, series))]  # fmt: skip
        shift = buckets.edge_shift(quantity.spec.kind)
        fresh = np.concatenate([rows.at for rows in self._fresh(series)] or [np.empty(0, np.int64)])
        found = np.concatenate([np.array(days, np.int64), (fresh - shift) // DAY_MS, exchanged // DAY_MS])
        found = np.unique(found)
        return found[(found >= first) & (found <= last)]

    def _reading_before(self, series: int, at: int) -> int | None:
        """The instant of the newest reading before `at`."""
        fresh = (int(rows.at[rows.at < at].max(initial=-1)) for rows in self._fresh(series))
        best = max((moment for moment in fresh if moment >= 0), default=None)
        day = at // DAY_MS + 1
        while True:
            (day,) = self.db.execute(
                "SELECT max(day) FROM block WHERE series = ? AND day < ?", (series, day)
            ).fetchone()
            if day is None or (best is not None and (day + 1) * DAY_MS <= best):
                return best
            newest = blocks.last_before(self.db, series, day, at)
            if newest is not None:
                return newest if best is None else max(newest, best)


def offset_at(exchanges: tuple[Ints, Floats], at: Ints) -> Floats:
    """What the exchanges up to each instant add to the register."""
    return exchanges[1][np.searchsorted(exchanges[0], at, side="right")]


def _cut(rows: Rows, start: int, end: int) -> Rows:
    rows = blocks.in_time(rows)
    low, high = np.searchsorted(rows.at, [start, end])
    return rows.take(slice(int(low), int(high)))


def _after(rows: Rows, cursor: int) -> Rows:
    return rows.take(slice(int(np.searchsorted(rows.seq, cursor, side="right")), None))
