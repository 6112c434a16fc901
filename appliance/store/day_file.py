"""The day book's file: opened for each call, checked before it is used, set aside when damaged."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from appliance.errors import StoreError
from appliance.store import faults
from appliance.store.repair import is_damage
from appliance.store.schema import transaction
from config.files import hand_over

T = TypeVar("T")

BUSY_S = 30.0
VERSION = 1


class DayFile:
    """An SQLite file that is read and written by calls that stand alone, from any thread or process.

    Rollback journal: a person without the right to write can still read the file, which SQLite's WAL does
    not allow once nobody has it open. Raises StoreError where it cannot be used.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.notes: list[str] = []
        self._read_only = read_only
        self._checked = False
        self._lock = threading.Lock()

    def read(self, question: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows; none while there is no file."""
        with self._told(), self._lock:
            if not self._read_only:
                self._prepare()
            if not self.path.exists():
                return []
            with closing(_connect(self.path, "ro")) as db:
                if not db.execute("PRAGMA user_version").fetchone()[0]:
                    return []
                return db.execute(question, values).fetchall()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` gives, in a transaction of its own."""
        if self._read_only:
            raise StoreError(f"{self.path} was opened to be read; nothing can be written to it")
        with self._told(), self._lock:
            self._prepare()
            if not self.path.exists():
                self.path.touch()
                hand_over(self.path)
            with closing(_connect(self.path, "rw")) as db:
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA journal_mode = PERSIST")  # half the writes of making a new one each time
                with transaction(db):
                    _migrate(db)
                    return work(db)

    def _prepare(self) -> None:
        """Once, by those who may write: is the file sound? A damaged one is set aside."""
        if self._checked:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and (fault := _fault(self.path)):
            aside = self.path.with_name(f"{self.path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            for end in ("", "-journal"):
                with suppress(FileNotFoundError):
                    os.replace(f"{self.path}{end}", f"{aside}{end}")
            self.notes.append(
                f"The day book was damaged ({fault}) and was set aside as {aside.name}; what the portal still"
                " holds can be fetched again. A card that damages files is wearing out: replace it soon"
            )
        self._checked = True

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, sqlite3.Error) and is_damage(error):
                self._checked = False
                text = f"{error}; it is set aside the next time the daemon or a fetch uses it"
            else:
                text = faults.sentence(error)
            raise StoreError(f"The day book {self.path} cannot be used: {text}") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)


def _fault(path: Path) -> str | None:
    """What is wrong with the file, or None. Raises sqlite3.Error where that cannot be said."""
    try:
        with closing(_connect(path, "rw")) as db:
            (text,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        return str(error)
    return None if text == "ok" else str(text)


def _migrate(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreError("The day book was written by a newer Tallywatt; install that one again")
    if version == 0:
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")


_TABLES = """
CREATE TABLE day(
    source TEXT NOT NULL, day TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL,
    flagged INTEGER NOT NULL, fetched_at INTEGER NOT NULL, location TEXT NOT NULL,
    PRIMARY KEY(source, day)) WITHOUT ROWID;

CREATE TABLE register(
    source TEXT NOT NULL, day TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL,
    fetched_at INTEGER NOT NULL, PRIMARY KEY(source, day)) WITHOUT ROWID;

CREATE TABLE month(
    source TEXT NOT NULL, month TEXT NOT NULL, asked_at INTEGER NOT NULL,
    PRIMARY KEY(source, month)) WITHOUT ROWID;

CREATE TABLE fetch(
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER,
    months INTEGER NOT NULL DEFAULT 0, new INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT 'running', text TEXT NOT NULL DEFAULT '');

CREATE TABLE published(source TEXT NOT NULL, day TEXT NOT NULL, PRIMARY KEY(source, day)) WITHOUT ROWID
"""
