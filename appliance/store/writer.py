"""All that writes to the log: commits to the journal, folds into the database, seals days.

Everything here runs in the store's one writer thread. `tail` is what is committed but not folded yet; it is
replaced, never changed, so that readers in other threads may hold it.
"""

import json
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from appliance.clock import DAY_MS, MINUTE_MS, Clock
from appliance.model import Price, Quantity, Reading
from appliance.store import blocks, record
from appliance.store.facts import Batch, Commit, Rows, concat
from appliance.store.journal import Journal, JournalFullError
from appliance.store.schema import transaction

log = logging.getLogger(__name__)

FOLD_EVERY_S = 3600.0
FOLD_ROWS = 50_000
MARKS = ("nightly",)
MOST_ROWS = 500_000
"""Rows held in memory when the database takes no more (12 MB); the journal's size is the other limit."""


@dataclass(slots=True)
class Stat:
    """Count, first instant and newest reading of a series, as far as committed."""

    count: int
    first_at: int
    last: Reading


class Writer:
    """The log's writing half; not thread-safe, `tail`, `names` and `stats` may be read from anywhere."""

    def __init__(self, db: sqlite3.Connection, journal: Journal, clock: Clock) -> None:
        self._db = db
        self._journal = journal
        self._clock = clock
        self.names: record.Names = {}
        self.ids: dict[tuple[str, str], int] = {}
        self.stats: dict[int, Stat] = {}
        self.cursors: dict[str, int] = {}
        self.tail: tuple[Commit, ...] = ()
        self.seq = 0
        """The newest committed row."""
        self.event_id = 0
        self.loaded = False
        self._marks: dict[str, int] = {}
        self._folded_at = clock.monotonic()

    def load(self, *, fold: bool = True, leap_to: int = 0) -> None:
        """Take over what the database knows and what the journal holds beyond it. Raises sqlite3.Error.

        A history that began anew gives out numbers above `leap_to` only. `loaded` tells whether just the
        folding failed.
        """
        db = self._db
        for id_, source, name, count, first_at, last_at, value, confidence in db.execute(
            "SELECT id, source, quantity, count, first_at, last_at, last_value, last_confidence FROM series"
        ):
            self.ids[source, name] = id_
            if name not in Quantity.__members__.values():
                log.warning("%s of %s is unknown to this version; it is kept but not shown", name, source)
                continue
            self.names[id_] = (source, Quantity(name))
            last = Reading(source, Quantity(name), value, last_at, confidence)
            self.stats[id_] = Stat(count, first_at, last)
        self.cursors = dict(db.execute("SELECT name, seq FROM cursor"))
        meta = dict(db.execute("SELECT name, value FROM meta"))
        (event_id,) = db.execute("SELECT max(id) FROM event").fetchone()
        self.seq, self.event_id = meta.get("seq", 0), max(event_id or 0, meta.get("event", 0))
        for number, payload in self._journal.scan(meta.get("folded", 0)):
            commit = record.decode(number, payload, self._series)
            self._take(commit)
            self.cursors.update(commit.cursors)
            if fold and sum(len(commit.rows.seq) for commit in self.tail) >= FOLD_ROWS:
                self.fold()
        self.seq, self.event_id = max(self.seq, leap_to), max(self.event_id, leap_to)
        self._marks = {name: value for name, value in meta.items() if name in MARKS}
        self.loaded = True
        if fold and leap_to:
            with transaction(db):
                self._meta(seq=self.seq, event=self.event_id)
        if fold:
            self.fold()

    def series(self, source: str, quantity: Quantity) -> int:
        """The number of a series, given at its first reading."""
        known = self.ids.get((source, quantity))
        if known is None:
            known = self.ids[source, quantity] = max(self.ids.values(), default=0) + 1
            self.names[known] = (source, quantity)
        return known

    def commit(self, batch: Batch) -> None:
        """Make the batch durable. Raises OSError or JournalFullError; then nothing of it is."""
        if sum(len(commit.rows.seq) for commit in self.tail) >= MOST_ROWS:
            raise JournalFullError("Too many readings wait for the database")
        commit = record.build(self._journal.number + 1, batch)
        self._journal.append(record.encode(commit, self.names))
        self._take(commit)

    def fold_due(self) -> bool:
        """Whether it is time to move the tail into the database."""
        if not self.tail:
            return False
        rows = sum(len(commit.rows.seq) + len(commit.prices) for commit in self.tail)
        return rows >= FOLD_ROWS or self._clock.monotonic() - self._folded_at >= FOLD_EVERY_S

    def fold(self) -> None:
        """Move the tail into the database in one transaction. Raises sqlite3.Error; then all is as before."""
        tail = self.tail
        if not tail:
            return
        number = tail[-1].number
        with transaction(self._db):
            self._fold_rows(tail)
            for commit in tail:
                self._fold_rest(commit, number)
            self._save_series()
            self._meta(folded=number, seq=self.seq, event=self.event_id)
        self.tail = self.tail[len(tail) :]
        self._journal.folded(number)
        self._folded_at = self._clock.monotonic()

    def to_seal(self, now: int) -> list[int]:
        """Fold, then tell which finished UTC days have blocks to be sealed. Raises sqlite3.Error."""
        self.fold()
        return blocks.unsealed_days(self._db, now // DAY_MS)

    def seal(self, day: int) -> None:
        """Seal a day. Raises sqlite3.Error."""
        quantities = {series: quantity for series, (_, quantity) in dict(self.names).items()}
        with transaction(self._db):
            blocks.seal(self._db, day, quantities, self._journal.number)

    def mark(self, name: str, value: int) -> None:
        """Remember a whole number under a name."""
        with transaction(self._db):
            self._meta(**{name: value})
        self._marks[name] = value

    def marked(self, name: str) -> int | None:
        """The number remembered under the name, or None."""
        return self._marks.get(name)

    def _series(self, source: str, quantity: str) -> int:
        if quantity in Quantity.__members__.values():
            return self.series(source, Quantity(quantity))
        return self.ids.setdefault((source, quantity), max(self.ids.values(), default=0) + 1)

    def _take(self, commit: Commit) -> None:
        now = self._clock.now()
        for series in commit.where:
            if series in self.names:
                self._count(series, commit.of(series), now)
        self.event_id = max([self.event_id, *(stored.id for stored in commit.events)])
        self.seq = max(self.seq, commit.seq_last)
        self.tail = (*self.tail, commit)

    def _count(self, series: int, rows: Rows, now: int) -> None:
        stat = self.stats.get(series)
        if stat is None:
            stat = self.stats[series] = Stat(0, int(rows.at[0]), self._reading(series, rows, 0))
        stat.count += len(rows.at)
        stat.first_at = min(stat.first_at, int(rows.at.min()))
        in_order = bool(np.all(np.diff(rows.at) >= 0))
        for n in (-1,) if in_order else range(len(rows.at)):
            reading = self._reading(series, rows, n)
            if supersedes(reading, stat.last, now):
                stat.last = reading

    def _reading(self, series: int, rows: Rows, n: int) -> Reading:
        value, at, confidence = float(rows.value[n]), int(rows.at[n]), float(rows.confidence[n])
        return Reading(*self.names[series], value, at, confidence)

    def _fold_rows(self, tail: Iterable[Commit]) -> None:
        parts: dict[int, list[Rows]] = {}
        for commit in tail:
            for series in commit.where:
                parts.setdefault(series, []).append(commit.of(series))
        days: dict[int, dict[int, Rows]] = {}
        for series in sorted(parts):
            if series not in self.names:
                continue
            for day, rows in blocks.by_day(concat(parts[series]), self.names[series][1]).items():
                days.setdefault(day, {})[series] = rows
        for day in sorted(days):
            axes: dict[bytes, int] = {}
            for series, rows in days[day].items():
                blocks.write(self._db, day, series, rows, axes, sealed=False)

    def _fold_rest(self, commit: Commit, stamp: int) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO event(id, source, name, at, text, data) VALUES (?, ?, ?, ?, ?, ?)",
            # A text may quote half a character of somebody's JSON: SQLite refuses that, and all with it.
            [(s.id, s.event.source, s.event.name, s.event.at,
              s.event.text.encode("utf-8", "replace").decode(),
              json.dumps(dict(s.event.data), default=str)) for s in commit.events],
        )  # fmt: skip
        self._db.executemany(
            'INSERT INTO price(channel, start, "end", source, per_kwh, kind, spike, stamp)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(channel, start) DO UPDATE SET"
            ' "end" = excluded."end", source = excluded.source, per_kwh = excluded.per_kwh,'
            " kind = excluded.kind, spike = excluded.spike, stamp = excluded.stamp"
            " WHERE excluded.kind = 'actual' OR price.kind = 'forecast'",
            [(p.channel, p.start, p.end, p.source, p.per_kwh, p.kind, p.spike, stamp) for p in commit.prices],
        )
        self._db.executemany("INSERT OR REPLACE INTO cursor VALUES (?, ?)", list(commit.cursors.items()))
        self._db.executemany("INSERT OR REPLACE INTO exchange VALUES (?, ?, ?)", list(commit.exchanges))

    def _save_series(self) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO series(id, source, quantity, count, first_at, last_at, last_value,"
            " last_confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(series, *self.names[series], stat.count, stat.first_at, stat.last.at, stat.last.value,
              stat.last.confidence) for series, stat in list(self.stats.items())],
        )  # fmt: skip

    def _meta(self, **values: int) -> None:
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


def supersedes(new: Reading, known: Reading, now: int) -> bool:
    """Whether `new` is the newest; one from the future (the clock was set back since) must not stay so."""
    return new.at >= known.at or known.at > now + MINUTE_MS


def better(new: Price, known: Price | None) -> bool:
    """Whether a price replaces the one known for its channel and start: a forecast never an actual one."""
    return known is None or new.kind == "actual" or known.kind == "forecast"
