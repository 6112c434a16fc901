"""The database's tables and how they came to be. A migration is a function that is never changed again."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from appliance.errors import StoreError

Migration = Callable[[sqlite3.Connection], None]


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection that commits only when told to. Raises sqlite3.Error."""
    uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30)
    settings = ["cache_size = -2000", "temp_store = MEMORY"]
    settings += ["query_only = 1"] if read_only else ["synchronous = FULL", "journal_size_limit = 1048576"]
    try:
        for setting in settings:
            db.execute(f"PRAGMA {setting}")
    except BaseException:
        db.close()
        raise
    return db


class transaction:  # noqa: N801 - reads as a statement
    """`with transaction(db):` all of it or nothing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
        finally:  # a commit that found no room leaves its transaction open
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables to this version, each step recorded in the transaction that makes it."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The database was written by a newer Tallywatt (its version {version}, this one knows "
            f"{len(MIGRATIONS)}). Install the newer one again, or move the database away"
        )
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        with transaction(db):
            step(db)
            db.execute("INSERT INTO migration VALUES (?, ?)", (number, step.__name__.lstrip("_")))
            db.execute(f"PRAGMA user_version = {number}")


def _first_tables(db: sqlite3.Connection) -> None:
    for statement in _FIRST.split(";"):
        db.execute(statement)


_FIRST = """
CREATE TABLE migration(number INTEGER PRIMARY KEY, name TEXT NOT NULL);

CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE series(
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, quantity TEXT NOT NULL, count INTEGER NOT NULL,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, last_value REAL NOT NULL,
    last_confidence REAL NOT NULL, UNIQUE(source, quantity));

CREATE TABLE axis(id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL);

CREATE TABLE block(
    id INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, series INTEGER NOT NULL,
    sealed INTEGER NOT NULL, seq_first INTEGER NOT NULL, seq_last INTEGER NOT NULL, count INTEGER NOT NULL,
    axis INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX block_day ON block(day, series, axis);
CREATE INDEX block_seq ON block(seq_last);
CREATE INDEX block_unsealed ON block(day, series) WHERE NOT sealed;

CREATE TABLE rollup(
    series INTEGER NOT NULL, span INTEGER NOT NULL, stamp INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY(series, span));

CREATE TABLE event(
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL,
    text TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX event_at ON event(at);

CREATE TABLE price(
    channel TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, source TEXT NOT NULL,
    per_kwh REAL NOT NULL, kind TEXT NOT NULL, spike INTEGER NOT NULL, stamp INTEGER NOT NULL,
    PRIMARY KEY(channel, start)) WITHOUT ROWID;

CREATE TABLE cursor(name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE exchange(series INTEGER NOT NULL, at INTEGER NOT NULL, "offset" REAL NOT NULL,
    PRIMARY KEY(series, at)) WITHOUT ROWID
"""

MIGRATIONS: list[Migration] = [_first_tables]
