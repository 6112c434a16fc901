"""The nightly copy: two databases in turn, each brought up to date with what is new since its last turn.

A plain copy would write the whole history every night (hundreds of megabytes after some years, twenty times
what the day itself costs). Sealed blocks never change, so a copy needs only the new rows. It is checked
before it counts.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from appliance.errors import StoreError
from appliance.store import schema
from appliance.store.schema import transaction

NAMES = ("readings-copy-1.db", "readings-copy-2.db")
_BY_ID = ("block", "axis", "event")
_BY_STAMP = ("rollup", "price")
_WHOLE = ("series", "meta", "cursor", "exchange")


def newest_first(folder: Path) -> list[Path]:
    """The finished copies, the newest first."""
    aged = [(age, folder / name) for name in NAMES if (age := copied_at(folder / name)) is not None]
    return [path for _, path in sorted(aged, reverse=True)]


def copied_at(path: Path) -> int | None:
    """When the copy was finished (UTC ms), or None if it never was or cannot be read."""
    if not path.exists():
        return None
    try:
        with closing(schema.connect(path, read_only=True)) as db:
            row = db.execute("SELECT value FROM meta WHERE name = 'copied_at'").fetchone()
    except sqlite3.Error:
        return None
    return row[0] if row else None


def copy(source: Path, folder: Path, now: int) -> Path:
    """Bring the older copy up to date and check it; its path.

    Raises sqlite3.Error (the source or the copy cannot be read or written) or StoreError (the copy is
    not sound; it is removed and made anew the next night).
    """
    fresh = newest_first(folder)
    path = next((folder / name for name in NAMES if folder / name not in fresh), fresh[-1] if fresh else None)
    assert path is not None
    if path not in fresh:
        _remove(path)
    with closing(schema.connect(path)) as db:
        schema.migrate(db)
        uri = f"{source.resolve().as_uri()}?mode=ro"
        db.execute("ATTACH ? AS source", (uri,))
        with transaction(db):
            _take_over(db)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('copied_at', ?)", (now,))
        db.execute("DETACH source")
        faults = [text for (text,) in db.execute("PRAGMA quick_check(3)") if text != "ok"]
    if faults:
        _remove(path)
        raise StoreError(f"it came out damaged ({faults[0]}); check the card and its free space")
    return path


def restore(copy_: Path, path: Path) -> None:
    """Make the copy the database; the copy stays. Raises OSError."""
    beside = path.with_name(path.name + ".new")
    with copy_.open("rb") as old, beside.open("wb") as new:
        while chunk := old.read(1 << 20):
            new.write(chunk)
        new.flush()
        os.fsync(new.fileno())
    os.replace(beside, path)


def _take_over(db: sqlite3.Connection) -> None:
    for table in ("block", "axis"):
        db.execute(f"DELETE FROM main.{table} WHERE id NOT IN (SELECT id FROM source.{table})")  # noqa: S608
    for table in _BY_ID:
        db.execute(
            f"INSERT INTO main.{table} SELECT * FROM source.{table}"  # noqa: S608 - names from above
            f" WHERE id > (SELECT coalesce(max(id), 0) FROM main.{table})"
        )
    for table in _BY_STAMP:
        db.execute(
            f"INSERT OR REPLACE INTO main.{table} SELECT * FROM source.{table}"  # noqa: S608
            f" WHERE stamp >= (SELECT coalesce(max(stamp), 0) FROM main.{table})"
        )
    for table in _WHOLE:
        db.execute(f"DELETE FROM main.{table}")  # noqa: S608
        db.execute(f"INSERT INTO main.{table} SELECT * FROM source.{table}")  # noqa: S608


def _remove(path: Path) -> None:
    for end in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
