"""Opening the database whatever state it is in: sound, damaged, empty, gone."""

import logging
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from appliance.errors import StoreError
from appliance.model import Event
from appliance.store import backup, schema

log = logging.getLogger(__name__)

NAME = "readings.db"
MARK = "readings.damaged"
"""Left by a running daemon that found the database damaged: the next start sets it aside."""
BALLAST = "ballast"
BALLAST_BYTES = 256 << 10
CHECKED_BYTES = 64 << 20
"""A database up to this size is checked whole at every start (a second on a Pi); a bigger one every night."""


@dataclass(slots=True)
class Opened:
    """The database, whether its history begins anew or from a copy, and what a person must hear of it."""

    db: sqlite3.Connection
    reborn: bool = False
    events: list[Event] = field(default_factory=list)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is broken (not full, locked or unreachable)."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def open_database(folder: Path, now: int) -> Opened:
    """The database of the folder, repaired if need be.

    Opening takes some room (SQLite's shared memory file); a ballast kept for that is given up on a full
    disk. Raises StoreError when there is nothing to be done but by a person (not permitted, no room at all).
    """
    try:
        opened = _open(folder, now)
    except StoreError:
        if not (folder / BALLAST).exists():
            raise
        (folder / BALLAST).unlink()
        opened = _open(folder, now)
    _put_ballast(folder)
    return opened


def _put_ballast(folder: Path) -> None:
    ballast = folder / BALLAST
    if ballast.exists():
        return
    try:
        ballast.write_bytes(bytes(BALLAST_BYTES))
    except OSError:
        ballast.unlink(missing_ok=True)


def _open(folder: Path, now: int) -> Opened:
    path = folder / NAME
    fault = _fault(path, folder)
    try:
        if fault is None:
            return Opened(_connect(path), reborn=not _has_history(path))
        aside = _set_aside(path, folder, now)
        return _from_copy(path, folder, fault, aside, now)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be opened: {error}. Is the disk full or read-only?") from error


def mark_damaged(folder: Path, reason: str) -> None:
    """Have the next start set the database aside."""
    with suppress(OSError):
        (folder / MARK).write_text(reason)


def _connect(path: Path) -> sqlite3.Connection:
    db = schema.connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        schema.migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _has_history(path: Path) -> bool:
    db = schema.connect(path, read_only=True)
    try:
        return bool(db.execute("SELECT 1 FROM meta WHERE name = 'seq'").fetchone())
    finally:
        db.close()


def _fault(path: Path, folder: Path) -> str | None:
    """What is wrong with the file, or None."""
    with suppress(FileNotFoundError):
        return (folder / MARK).read_text() or "it was found damaged while running"
    if not path.exists() or not path.stat().st_size:
        copies = backup.newest_first(folder)
        return "it is missing or empty" if copies else None
    try:
        db = schema.connect(path)
        try:
            whole = path.stat().st_size <= CHECKED_BYTES
            faults = [text for (text,) in db.execute("PRAGMA quick_check(1)")] if whole else ["ok"]
            for table in ("meta", "series", "cursor", "block", "event"):
                db.execute(f"SELECT * FROM {table} ORDER BY 1 DESC LIMIT 50").fetchall()  # noqa: S608
        finally:
            db.close()
    except sqlite3.Error as error:
        if "no such table" in str(error):
            return None  # made by an older version, or never finished: migrations come next
        if not is_damage(error):
            raise StoreError(f"{path} cannot be read: {error}. Is the disk full or read-only?") from error
        return str(error)
    return None if faults == ["ok"] else faults[0]


def _set_aside(path: Path, folder: Path, now: int) -> str:
    stamp = f"{datetime.fromtimestamp(now / 1000, UTC):%Y%m%dT%H%M%SZ}"
    aside = f"{path.name}.corrupt-{stamp}"
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(path.with_name(path.name + end), folder / (aside + end))
    return aside


def _from_copy(path: Path, folder: Path, fault: str, aside: str, now: int) -> Opened:
    log.error("%s is damaged (%s) and was set aside as %s", path, fault, aside)
    kept = f"The database of readings was damaged ({fault}) and was set aside as {aside}. "
    for copy in backup.newest_first(folder):
        at = backup.copied_at(copy) or 0
        backup.restore(copy, path)
        try:
            db = _connect(path)
            if [text for (text,) in db.execute("PRAGMA quick_check(1)")] != ["ok"]:
                raise sqlite3.DatabaseError("damaged as well")
        except sqlite3.Error as error:
            log.error("%s cannot be used: %s", copy, error)
            continue
        text = (
            f"{kept}The copy of {datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC is used, and "
            "what the journal held since was added. A card that damages files is wearing out: replace it soon"
        )
        event = Event("store", "store_restored", now, text, {"aside": aside, "copied_at": at, "fault": fault})
        _done(folder)
        return Opened(db, reborn=True, events=[event])
    path.unlink(missing_ok=True)
    text = (
        f"{kept}There is no copy that can be used: the history begins anew with what the journal held. If "
        "you have a backup of your own, stop the daemon and put it back; replace the card"
    )
    event = Event("store", "store_lost", now, text, {"aside": aside, "fault": fault})
    db = _connect(path)
    _done(folder)
    return Opened(db, reborn=True, events=[event])


def _done(folder: Path) -> None:
    (folder / MARK).unlink(missing_ok=True)
