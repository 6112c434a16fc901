"""Two threads that answer questions, each on a connection of its own."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from appliance.store import schema
from appliance.store.reader import Reader, View

T = TypeVar("T")


class Readers:
    """Connections are opened when first needed and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(2, "store-read")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def ask(self, view: View, question: Callable[[Reader], T]) -> T:
        """The question's answer from one snapshot. Raises sqlite3.Error."""

        def answer() -> T:
            reader = Reader(self._connection(), view)
            with reader.snapshot():
                return question(reader)

        return await asyncio.get_running_loop().run_in_executor(self._threads, answer)

    def close(self) -> None:
        """Wait for the questions that were asked, then let go."""
        self._threads.shutdown()
        for connection in self._connections:
            with suppress(sqlite3.Error):
                connection.close()
        self._connections.clear()

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._local, "db", None)
        if known is None:
            known = self._local.db = schema.connect(self._path, read_only=True)
            self._connections.append(known)
        return known
