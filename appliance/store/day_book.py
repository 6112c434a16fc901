"""The day book: what a customer portal told of whole days, in a small SQLite file of its own.

Days have no instants: a portal says "33.11 kWh on 4 January", and years of that come long after the fact. The
daemon and the command line may both write.

Rules: one value a source and day; a good value is never overwritten by 0; a 0 is kept only where the meter's
own register proves it (`prove`), because portals show 0 also for days that were not read. All else is absent.
"""

import math
import sqlite3
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from appliance.store.day_file import DayFile

NAME = "daily.db"
REGISTER_PLAY, DAY_PLAY = 0.01, 0.0001
"""Rounding of two registers (two decimals) and of each day (four): what a proof may be off by."""


@dataclass(frozen=True, slots=True)
class DayValue:
    """What went through a meter on a local day, in `unit` as the portal writes it. `flagged` is the portal's
    own mark on the day, whose meaning is not known; `fetched_at` UTC ms."""

    source: str
    day: date
    value: float
    unit: str
    flagged: bool
    fetched_at: int
    location: str = ""


@dataclass(frozen=True, slots=True)
class DayRegister:
    """What a meter's register stood at, at the end of a local day, as the portal says."""

    source: str
    day: date
    value: float
    unit: str
    fetched_at: int


@dataclass(frozen=True, slots=True)
class Changes:
    """How many days were new, how many changed, how many stayed as they were."""

    new: int = 0
    changed: int = 0
    kept: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(self.new + other.new, self.changed + other.changed, self.kept + other.kept)


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch of a source (the parent: "carma"). Instants UTC ms; `ended` is None while it runs.

    `outcome` is "running", "done", "stopped" (by a person or a crash) or "failed"; `text` a sentence.
    """

    id: int
    source: str
    started: int
    ended: int | None
    months: int
    changes: Changes
    outcome: str
    text: str


class DayBook:
    """The file at `path`, made when first written to. `read_only` never touches it; a missing one is empty.

    Every call raises StoreError when the file cannot be used: the text says why and what to do. A damaged
    file is set aside by those who may write, and `notes` says so in a sentence each.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._file = DayFile(path, read_only=read_only)

    @property
    def notes(self) -> list[str]:
        """What a person must hear of the file, a sentence each."""
        return self._file.notes

    @property
    def version(self) -> tuple[int, int] | None:
        """Another one after each change, None without a file: what was read before need not be read again."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    # --- days

    def put(self, values: Iterable[DayValue], *, zeros: bool = False) -> Changes:
        """Keep what is new or changed. A 0 never overwrites, and is kept as new only where the caller has
        proof of it (`zeros`). What is below 0 or no number is passed over."""
        usable = [value for value in values if math.isfinite(value.value) and value.value >= 0]
        return self._file.write(lambda db: _put(db, usable, zeros))

    def days(self, source: str, first: date | None = None, last: date | None = None) -> list[DayValue]:
        """The known days of a source from `first` to `last` (both included), oldest first."""
        rows = self._file.read(_DAYS, (source, *_between(first, last)))
        return [
            DayValue(s, date.fromisoformat(d), v, u, bool(f), at, where) for s, d, v, u, f, at, where in rows
        ]

    def sources(self) -> list[str]:
        """The names of all sources of which a day or a register is known, such as "carma.1203"."""
        return [name for (name,) in self._file.read(_SOURCES)]

    def prove(
        self, source: str, fetched_at: int, first: date | None = None, last: date | None = None
    ) -> Changes:
        """Keep a 0 for each unknown day between two registers, of those from `first` to `last`, that the
        known days already account for: nothing is left for it."""
        registers, days = self.registers(source, first, last), self.days(source, first, last)
        zeros = list(_proven_zeros(registers, days, fetched_at))
        return self.put(zeros, zeros=True) if zeros else Changes()

    # --- registers

    def put_registers(self, registers: Iterable[DayRegister]) -> int:
        """Keep the portal's register readings; how many were new or changed."""
        usable = [r for r in registers if math.isfinite(r.value) and r.value >= 0]
        return self._file.write(lambda db: sum(_put_register(db, register) for register in usable))

    def registers(
        self, source: str, first: date | None = None, last: date | None = None
    ) -> list[DayRegister]:
        """The register readings of a source, oldest first."""
        rows = self._file.read(_REGISTERS, (source, *_between(first, last)))
        return [DayRegister(s, date.fromisoformat(d), v, u, at) for s, d, v, u, at in rows]

    # --- how far fetching has come

    def mark_asked(self, sources: Iterable[str], month: date, at: int) -> None:
        """Remember that a month (its first day) of these sources was asked for at `at` (UTC ms)."""
        rows = [(source, month.isoformat(), at) for source in sources]
        self._file.write(lambda db: db.executemany("INSERT OR REPLACE INTO month VALUES (?, ?, ?)", rows))

    def asked(self, source: str) -> dict[date, int]:
        """The months of a source that were asked for, by first day, and when last (UTC ms)."""
        rows = self._file.read("SELECT month, asked_at FROM month WHERE source = ? ORDER BY 1", (source,))
        return {date.fromisoformat(month): at for month, at in rows}

    def whole_months(self, source: str) -> set[date]:
        """The months (first days) of a source of which every day is known."""
        rows = self._file.read(_DAYS_BY_MONTH, (source,))
        months = ((date.fromisoformat(f"{month}-01"), days) for month, days in rows)
        return {month for month, days in months if days == monthrange(month.year, month.month)[1]}

    def begin_fetch(self, source: str, started: int) -> int:
        """A fetch begins; its number. One that never ended was cut off by a crash, and is now marked so."""

        def begin(db: sqlite3.Connection) -> int:
            db.execute(_CUT_OFF, (source,))
            return db.execute(_BEGIN, (source, started)).lastrowid or 0

        return self._file.write(begin)

    def note_fetch(self, fetch: int, months: int, changes: Changes) -> None:
        """How far a running fetch has come: what is known of it should the power fail."""
        row = (months, changes.new, changes.changed, changes.kept, fetch)
        self._file.write(lambda db: db.execute(_NOTE, row))

    def end_fetch(self, fetch: int, ended: int, outcome: str, text: str) -> None:
        """A fetch has ended: "done", "stopped" or "failed", and a sentence for a person."""
        row = (ended, outcome, text, fetch)
        self._file.write(lambda db: db.execute("UPDATE fetch SET ended=?, outcome=?, text=? WHERE id=?", row))

    def fetches(self, source: str, limit: int = 50) -> list[Fetch]:
        """The last fetches of a source, newest first."""
        rows = self._file.read(_FETCHES, (source, limit))
        return [
            Fetch(i, s, a, b, n, Changes(*counts), how, text) for i, s, a, b, n, *counts, how, text in rows
        ]

    # --- what was passed on

    def published(self, source: str) -> set[date]:
        """The days at whose end a register reading of the source was passed on to the appliance."""
        rows = self._file.read("SELECT day FROM published WHERE source = ?", (source,))
        return {date.fromisoformat(day) for (day,) in rows}

    def forget_published(self, source: str, after: date) -> None:
        """Forget the marks of the days after `after`: what was passed on then is not there any more."""
        row = (source, after.isoformat())
        self._file.write(lambda db: db.execute("DELETE FROM published WHERE source = ? AND day > ?", row))

    def mark_published(self, source: str, days: Iterable[date]) -> None:
        """Remember days whose register was passed on."""
        rows = [(source, day.isoformat()) for day in days]
        self._file.write(lambda db: db.executemany("INSERT OR IGNORE INTO published VALUES (?, ?)", rows))


def _put(db: sqlite3.Connection, values: Sequence[DayValue], zeros: bool) -> Changes:
    total = Changes()
    for value in values:
        key = (value.source, value.day.isoformat())
        old = db.execute("SELECT value, unit, flagged FROM day WHERE source = ? AND day = ?", key).fetchone()
        if old is None and value.value == 0 and not zeros:
            continue
        if old is not None and (value.value == 0 or old == (value.value, value.unit, value.flagged)):
            total += Changes(kept=1)
            continue
        row = (*key, value.value, value.unit, value.flagged, value.fetched_at, value.location)
        db.execute("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        total += Changes(new=1) if old is None else Changes(changed=1)
    return total


def _put_register(db: sqlite3.Connection, register: DayRegister) -> bool:
    key = (register.source, register.day.isoformat())
    old = db.execute("SELECT value, unit FROM register WHERE source = ? AND day = ?", key).fetchone()
    if old == (register.value, register.unit):
        return False
    row = (*key, register.value, register.unit, register.fetched_at)
    db.execute("INSERT OR REPLACE INTO register VALUES (?, ?, ?, ?, ?)", row)
    return True


def _between(first: date | None, last: date | None) -> tuple[str, str]:
    return (first or date.min).isoformat(), (last or date.max).isoformat()


def days_between(first: date, last: date) -> list[date]:
    """The days after `first` up to and with `last`."""
    return [date.fromordinal(number) for number in range(first.toordinal() + 1, last.toordinal() + 1)]


def accounted_for(before: DayRegister, after: DayRegister, known: Sequence[float]) -> bool:
    """Whether the known days between two registers add up to what the register rose: then every day in
    between that is not known was 0."""
    play = REGISTER_PLAY + DAY_PLAY * len(known)
    return abs(after.value - before.value - math.fsum(known)) <= play + 1e-9


def _proven_zeros(
    registers: Sequence[DayRegister], days: Sequence[DayValue], fetched_at: int
) -> Iterator[DayValue]:
    known = {value.day: value for value in days}
    newest = days[-1] if days else None
    for before, after in pairwise(registers):
        between = days_between(before.day, after.day)
        missing = [day for day in between if day not in known]
        found = [known[day].value for day in between if day in known]
        if not missing or not accounted_for(before, after, found):
            continue
        unit, location = (newest.unit, newest.location) if newest else (after.unit, "")
        for day in missing:
            yield DayValue(after.source, day, 0.0, unit, False, fetched_at, location)


_DAYS = (
    "SELECT source, day, value, unit, flagged, fetched_at, location FROM day"
    " WHERE source = ? AND day BETWEEN ? AND ? ORDER BY day"
)
_REGISTERS = (
    "SELECT source, day, value, unit, fetched_at FROM register"
    " WHERE source = ? AND day BETWEEN ? AND ? ORDER BY day"
)
_DAYS_BY_MONTH = "SELECT substr(day, 1, 7), count(*) FROM day WHERE source = ? GROUP BY 1"
_SOURCES = "SELECT source FROM day UNION SELECT source FROM register ORDER BY 1"
_BEGIN = "INSERT INTO fetch(source, started) VALUES (?, ?)"
_CUT_OFF = (
    "UPDATE fetch SET outcome = 'stopped', ended = started, text = 'It was cut off; what it had brought is"
    " kept' WHERE source = ? AND ended IS NULL"
)
_NOTE = "UPDATE fetch SET months = ?, new = ?, changed = ?, kept = ? WHERE id = ?"
_FETCHES = (
    "SELECT id, source, started, ended, months, new, changed, kept, outcome, text FROM fetch"
    " WHERE source = ? ORDER BY id DESC LIMIT ?"
)
