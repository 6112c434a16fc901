"""What a person could read: small JSON documents in TinyDB, through a storage that survives a power cut.

TinyDB's own storage truncates the file before it writes; losing power then leaves nothing. This one writes
beside, syncs, renames and syncs the folder; the version before stays as `.bak`.
"""

import copy
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tinydb import TinyDB, where
from tinydb.storages import Storage

from appliance.errors import StoreError

Document = dict[str, Any]
Data = dict[str, dict[str, Document]]


class SafeStorage(Storage):
    """The file is always whole: the last one written or the one before."""

    def __init__(self, path: Path, notes: list[str]) -> None:
        self._path = path
        self._spare = path.with_name(path.name + ".bak")
        self._notes = notes
        self._data = self._load()

    def read(self) -> Data | None:
        return copy.deepcopy(self._data)

    def write(self, data: Data) -> None:
        """Raises StoreError when the file cannot be written; the one before is still there then."""
        text = json.dumps(data, ensure_ascii=False, indent=1).encode()
        beside = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(beside, text)
            if self._path.exists():
                os.replace(_linked(self._path), self._spare)
            os.replace(beside, self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise StoreError(
                f"{self._path} cannot be written ({error.strerror or error}): "
                "free some space or check the card"
            ) from error
        self._data = json.loads(text)

    def _load(self) -> Data | None:
        data, fault = _parsed(self._path)
        spare, _ = _parsed(self._spare)
        if fault is None and (data is not None or spare is None):
            return data
        told = f"{self._path.name} is missing"
        if fault is not None:
            aside = self._path.with_name(f"{self._path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            os.replace(self._path, aside)
            told = f"{self._path.name} could not be read ({fault}) and was set aside as {aside.name}"
        if spare is None:
            advice = "There is no older version: set again what it held (calibration, access, notices)"
        else:
            advice = "The version before it is used: check what was set last (calibration, access, notices)"
            _write_synced(self._path, json.dumps(spare, ensure_ascii=False, indent=1).encode())
        self._notes.append(f"{told}. {advice}")
        return spare


class Documents:
    """Tables of documents by key. Safe to use from any thread; a write waits for the medium.

    The file is opened at the first use; `notes` then says what a person must hear of it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "documents.json"
        self.notes: list[str] = []
        self._lock = threading.RLock()
        self._tiny: TinyDB | None = None

    def get(self, table: str, key: str) -> Document | None:
        """The document, or None."""
        with self._lock:
            found = self._open().table(table).get(where("key") == key)
        return None if found is None else dict(found)["document"]

    def put(self, table: str, key: str, document: Document) -> None:
        """Keep the document under the key, in place of the one before. Raises StoreError."""
        self._change(
            lambda tiny: tiny.table(table).upsert({"key": key, "document": document}, where("key") == key)
        )

    def delete(self, table: str, key: str) -> None:
        """Forget the document; it need not exist. Raises StoreError."""
        if self.get(table, key) is not None:
            self._change(lambda tiny: tiny.table(table).remove(where("key") == key))

    def all(self, table: str) -> list[Document]:
        """Every document of the table, oldest first."""
        with self._lock:
            found = sorted(self._open().table(table).all(), key=lambda each: each.doc_id)
        return [dict(each)["document"] for each in found]

    def append(self, table: str, document: Document, keep: int = 200) -> None:
        """Add a document without a key; the oldest beyond `keep` go. Raises StoreError."""

        def change(tiny: TinyDB) -> None:
            rows = tiny.table(table)
            rows.insert({"key": None, "document": document})
            if len(rows) > keep:
                rows.remove(doc_ids=sorted(each.doc_id for each in rows)[:-keep])

        self._change(change)

    def open(self) -> None:
        """Read the file now, so that `notes` is complete."""
        with self._lock:
            self._open()

    def _change(self, change: Callable[[TinyDB], Any]) -> None:
        with self._lock:
            try:
                change(self._open())
            except BaseException:
                self._tiny = None  # what it holds may be half of the change: read again from the file
                raise

    def _open(self) -> TinyDB:
        if self._tiny is None:
            self._tiny = TinyDB(storage=SafeStorage, path=self.path, notes=self.notes)
        return self._tiny


def _parsed(path: Path) -> tuple[Data | None, str | None]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError) as error:
        return None, str(error)
    if not isinstance(data, dict) or not all(isinstance(table, dict) for table in data.values()):
        return None, "it does not hold tables"
    return data, None


def _linked(path: Path) -> Path:
    """A second name of the file, so that the first never goes missing while the spare is made."""
    twin = path.with_name(path.name + ".old")
    twin.unlink(missing_ok=True)
    try:
        os.link(path, twin)
    except OSError:  # a file system without links
        _write_synced(twin, path.read_bytes())
    return twin


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
