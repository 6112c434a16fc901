"""A ring of committed records in a file of fixed size: what makes a commit cheap and safe.

Committing through SQLite costs some 20 kB of a card's life each time (WAL frame, its file's growth, the file
system's own journal; 30 to 60 MB a day at one a minute). Overwriting 4 kB blocks of a file that never
changes its size costs 4 kB: 6 MB a day. Each record starts a block of its own, so that writing one never
touches another, and carries a checksum, so that a torn one is known. The ring holds more than a day:
with last night's copy of the database it gives everything back.
"""

import fcntl
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from appliance.errors import StoreError

BLOCK = 4096
SIZE = 8 << 20
"""A record a minute fills 6 MB a day."""
_MAGIC = b"TWj1"
_HEAD = struct.Struct("<4sQII")
"""Magic, number, length and CRC-32 of number, length and payload."""


class JournalFullError(StoreError):
    """Every block holds a record that the database has not taken over yet."""


class Journal:
    """One writer at a time holds the file; `number` is that of the newest record."""

    def __init__(self, path: Path, *, read_only: bool = False, size: int = SIZE) -> None:
        """Open or make the file. Raises OSError, or StoreError when another process writes to it."""
        self.path = path
        self.number = 0
        self._size = size
        self._next = 0
        self._unfolded: deque[tuple[int, int]] = deque()
        """Number and first block of each record not folded yet."""
        self._file = os.open(path, os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            if not read_only:
                self._lock()
                self._fill()
            self._size = os.fstat(self._file).st_size // BLOCK * BLOCK
        except BaseException:
            os.close(self._file)
            raise

    def scan(self, folded: int) -> list[tuple[int, bytes]]:
        """Number and payload of every whole record after `folded`, oldest first; writing goes on behind."""
        found = sorted(self._records())
        newest = max((number for number, *_ in found), default=0)
        self.number = max(folded, newest)
        records = []
        for number, block, payload in found:
            if number == newest:
                self._next = (block + _blocks(payload)) % (self._size // BLOCK)
            if number > folded:
                records.append((number, payload))
                self._unfolded.append((number, block))
        return records

    def append(self, payload: bytes) -> int:
        """Write a record through to the medium; its number. Raises OSError or JournalFullError."""
        blocks, total = _blocks(payload), self._size // BLOCK
        at = self._next if self._next + blocks <= total else 0
        skipped = total - self._next if at != self._next else 0
        free = (self._unfolded[0][1] - self._next) % total if self._unfolded else total
        if skipped + blocks > free:
            raise JournalFullError(f"{self.path} is full of records that could not be moved to the database")
        number = self.number + 1
        head = _HEAD.pack(_MAGIC, number, len(payload), _check(number, payload))
        data = (head + payload).ljust(blocks * BLOCK, b"\0")
        if os.pwrite(self._file, data, at * BLOCK) != len(data):
            raise OSError(28, "No space left on device", str(self.path))
        os.fdatasync(self._file)
        self.number, self._next = number, (at + blocks) % total
        self._unfolded.append((number, at))
        return number

    def folded(self, number: int) -> None:
        """The database holds everything up to this record: its blocks may be written again."""
        while self._unfolded and self._unfolded[0][0] <= number:
            self._unfolded.popleft()

    def close(self) -> None:
        os.close(self._file)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"Another Tallywatt is using {self.path.parent}: stop it first (systemctl stop tallywatt), "
                "or give this one a folder of its own with --data"
            ) from None

    def _fill(self) -> None:
        """Real zeros, so that no later write has to find room or change the file's size."""
        missing = self._size - os.fstat(self._file).st_size
        if missing <= 0:
            return
        start = self._size - missing
        for at in range(start, self._size, 1 << 20):
            os.pwrite(self._file, bytes(min(1 << 20, self._size - at)), at)
        os.fsync(self._file)

    def _records(self) -> Iterator[tuple[int, int, bytes]]:
        """Number, first block and payload of every record that is whole."""
        block, total = 0, self._size // BLOCK
        while block < total:
            head = os.pread(self._file, BLOCK, block * BLOCK)
            block += 1
            if head[:4] != _MAGIC:
                continue
            _, number, length, check = _HEAD.unpack_from(head)
            payload = head[_HEAD.size : _HEAD.size + length]
            if len(payload) < length <= self._size - (block - 1) * BLOCK - _HEAD.size:
                payload += os.pread(self._file, length - len(payload), block * BLOCK)
            if len(payload) == length and _check(number, payload) == check:
                yield number, block - 1, payload
                block += _blocks(payload) - 1


def _blocks(payload: bytes) -> int:
    return -(-(_HEAD.size + len(payload)) // BLOCK)


def _check(number: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<QI", number, len(payload))))
