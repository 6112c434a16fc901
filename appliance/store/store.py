"""The store: `append` on the loop, one thread that writes, two that answer; nothing ever blocks the loop."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import time
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.clock import DAY_MS, Clock, sane
from appliance.errors import StoreError
from appliance.model import Batch as Facts
from appliance.model import Event, Price, Quantity, Reading
from appliance.store import backup, faults, repair, schema
from appliance.store.documents import Documents
from appliance.store.facts import Batch, Exchange
from appliance.store.faults import Faults
from appliance.store.inbox import Inbox
from appliance.store.journal import Journal
from appliance.store.questions import Questions
from appliance.store.reader import Reader, View
from appliance.store.readers import Readers
from appliance.store.writer import Writer, supersedes

log = logging.getLogger(__name__)
T = TypeVar("T")

JOURNAL = "journal"
NIGHTLY = time(3, 17)
NIGHTLY_LOOK_S = 300.0
KNOWN_PRICES = 5_000
STUCK_S = 120.0
"""A commit that takes longer (by the system's clock) means that the card no longer answers."""


class Store(Questions):
    """The log from which everything can be rebuilt; `async with` opens and closes it.

    Readings are committed every `commit_every_s` of the clock's time, and at once for events and what is
    urgent. Opening raises StoreError when nothing but a person can help. `read_only` looks into a folder
    that a running daemon writes to: what was committed when it was opened, and what is folded since.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        zone: ZoneInfo,
        *,
        commit_every_s: float = 60.0,
        read_only: bool = False,
    ) -> None:
        self.documents = Documents(folder)
        self.opened: list[Event] = []
        """What a person must hear of the opening."""
        self._folder = folder
        self._clock = clock
        self._zone = zone
        self._every_s = commit_every_s
        self._read_only = read_only
        self._faults = Faults(folder)
        self._latest: dict[tuple[str, Quantity], Reading] = {}
        self._known_prices: dict[tuple[str, int], Price] = {}
        self._writing = ThreadPoolExecutor(1, "store-write")
        self._readers = Readers(folder / repair.NAME)
        self._wake = asyncio.Event()
        self._committing = asyncio.Lock()
        self._copying = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._db: sqlite3.Connection | None = None
        self._writer: Writer | None = None
        self._journal: Journal | None = None
        self._inbox = Inbox(0, 0)
        self._busy_since: float | None = None
        self._told_insane = False

    async def __aenter__(self) -> Self:
        try:
            await self._run(self._open)
        except BaseException:
            self._shut()
            raise
        self._inbox = Inbox(self._log.seq, self._log.event_id)
        self._latest = {self._log.names[s]: stat.last for s, stat in self._log.stats.items()}
        if not self._read_only:
            parts = self._tick(), self._commit_on_wake(), self._nightly()
            self._tasks = [asyncio.create_task(part) for part in parts]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._committing:  # what is being committed is finished first
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._read_only:
            await self._commit()
            if self._inbox:
                log.error("%s The last readings are lost", self.problem)
        await asyncio.to_thread(self._shut)

    @property
    def problem(self) -> str | None:
        """What is wrong and what to do, or None."""
        return self._faults.text

    def append(self, batch: Facts, *, urgent: bool = False) -> None:
        """Keep the facts; they are in the next commit, at once if `urgent` or an event is among them.

        Pictures are not kept, nor prices already known, nor anything from before the clock was set.
        """
        if self._read_only:
            log.error("Nothing can be appended to a store that was opened to be read")
            return
        for fact in batch:
            if isinstance(fact, Reading):
                self._append_reading(fact)
            elif isinstance(fact, Event):
                self._inbox.happened(fact)
                urgent = True
            elif isinstance(fact, Price):
                self._append_price(fact)
        if urgent:
            self._wake.set()

    async def flush(self) -> None:
        """Commit now. Raises StoreError when not everything could be."""
        await self._commit()
        if fault := self._faults.get(faults.COMMIT):
            raise StoreError(fault)

    async def move_cursor(self, name: str, seq: int) -> None:
        """Remember durably how far a sink has come; while nothing can be committed, in memory."""
        self._log.cursors[name] = seq
        self._inbox.moved(name, seq)
        await self._commit()

    async def exchange(
        self, source: str, quantity: Quantity, at: int, old_last: float | None, new_first: float
    ) -> None:
        """A meter was exchanged at `at`: it stood at `old_last` (None: at the last reading before), the new
        one at `new_first`. Charts and `increase` carry on across it. Raises StoreError."""
        series = self._log.series(source, quantity)
        if old_last is None:
            stood = await self._ask(lambda reader: reader.last_before(series, at))
            old_last = new_first if stood is None else stood
        self._inbox.exchanged(Exchange(series, at, old_last - new_first))
        await self.flush()

    def turned(self, source: str, quantity: Quantity, at: int, turn: float) -> None:
        """From `at` on a register lacks `turn` because it went past its last number; charts and `increase`
        carry on across it."""
        self._inbox.exchanged(Exchange(self._log.series(source, quantity), at, turn))

    async def check(self) -> None:
        """Answers quickly, or raises StoreError: the database cannot be read, or a commit hangs."""
        if fault := self._faults.get(faults.DAMAGE):
            raise StoreError(fault)
        now = asyncio.get_running_loop().time()
        if self._busy_since is not None and now - self._busy_since > STUCK_S:
            raise StoreError("The card has not answered for two minutes; check it, and its power supply")
        await self._ask(lambda reader: None)

    async def backup(self) -> Path:
        """Bring last night's copy up to now; its path. Runs by itself every night. Raises StoreError."""
        source = self._folder / repair.NAME
        try:
            async with self._copying:
                await self._run(self._log.fold)
                path = await asyncio.to_thread(backup.copy, source, self._folder, self._clock.now())
        except (sqlite3.Error, OSError, StoreError) as error:
            raise StoreError(self._faults.note(faults.COPY, error)) from error
        self._faults.over(faults.COPY)
        return path

    async def maintain(self) -> None:
        """Seal the finished days and bring a copy up to date: what happens every night at 03:17."""
        try:
            for day in await self._run(lambda: self._log.to_seal(self._clock.now())):
                await self._run(partial(self._log.seal, day))
            self._faults.over(faults.FOLD)
            await self.backup()
            await self._run(lambda: self._log.mark("nightly", self._clock.now()))
        except (sqlite3.Error, OSError) as error:
            self._faults.note(faults.FOLD, error)
        except StoreError as error:
            log.error("%s", error)

    # --- parts of the base class

    @property
    def _log(self) -> Writer:
        if self._writer is None:
            raise StoreError("The store is not open")
        return self._writer

    def _waiting(self) -> list[Batch]:
        return self._inbox.waiting()

    async def _ask(self, question: Callable[[Reader], T]) -> T:
        view = View(self._log.names, self._log.tail, self._waiting())

        try:
            answer = await self._readers.ask(view, question)
        except sqlite3.Error as error:
            raise StoreError(self._faults.note(faults.READ, error)) from error
        self._faults.over(faults.READ)
        if view.damaged:
            self._faults.say(faults.BLOCKS, faults.unreadable_days(view.damaged))
        return answer

    # --- opening and closing, in threads

    def _open(self) -> None:
        if self._read_only and not (self._folder / repair.NAME).exists():
            raise StoreError(f"There is nothing to read in {self._folder}; give the daemon's with --data")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._journal = Journal(self._folder / JOURNAL, read_only=self._read_only)
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be used: {faults.sentence(error)}") from error
        if self._read_only:
            db, reborn = schema.connect(self._folder / repair.NAME, read_only=True), False
        else:
            found = repair.open_database(self._folder, self._clock.now())
            db, reborn, self.opened = found.db, found.reborn, found.events
            self.documents.open()
            self.opened += [
                Event("store", "documents_restored", self._clock.now(), note) for note in self.documents.notes
            ]
        self._db = db
        self._writer = Writer(db, self._journal, self._clock)
        try:
            leap_to = faults.floor(self._clock.now()) if reborn else 0
            self._writer.load(fold=not self._read_only, leap_to=leap_to)
        except sqlite3.Error as error:
            self._faults.note(faults.FOLD, error)
            if not self._writer.loaded:
                raise StoreError(self.problem or str(error)) from error

    def _shut(self) -> None:
        self._writing.shutdown()
        self._readers.close()
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    async def _run(self, work: Callable[[], T]) -> T:
        """What `work` gives, in the one thread that writes."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, work)

    # --- appending

    def _append_reading(self, reading: Reading) -> None:
        if not sane(reading.at):
            if not self._told_insane:
                log.warning("%s: a reading from before the clock was set is not kept", reading.source)
            self._told_insane = True
            return
        self._inbox.read(self._log.series(reading.source, reading.quantity), reading)
        key = (reading.source, reading.quantity)
        known = self._latest.get(key)
        if known is None or supersedes(reading, known, self._clock.now()):
            self._latest[key] = reading

    def _append_price(self, price: Price) -> None:
        key = (price.channel, price.start)
        if self._known_prices.get(key) == price:
            return
        self._known_prices[key] = price
        if len(self._known_prices) > KNOWN_PRICES:
            del self._known_prices[next(iter(self._known_prices))]
        self._inbox.priced(price)

    # --- committing

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(self._every_s)
            self._wake.set()

    async def _commit_on_wake(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._commit()

    async def _nightly(self) -> None:
        """Every night; soon after the start if last night was missed."""
        while True:
            await self._clock.sleep(NIGHTLY_LOOK_S)
            last, now = self._log.marked("nightly"), self._clock.now()
            missed = last is None or last > now + DAY_MS
            if sane(now) and (missed or calendar.next_daily(last or 0, NIGHTLY, self._zone) <= now):
                await self.maintain()

    async def _commit(self) -> None:
        """Commit all that waits. A caller that is cancelled leaves it running: half a commit is none."""
        await asyncio.shield(asyncio.create_task(self._commit_all()))

    async def _commit_all(self) -> None:
        async with self._committing:
            self._busy_since = asyncio.get_running_loop().time()
            try:
                while self._inbox:
                    batch = self._inbox.take()
                    await self._run(partial(self._log.commit, batch))
                    self._inbox.committed()
                    if not self._inbox:
                        self._resumed()
                if self._log.fold_due():
                    await self._run(self._log.fold)
                    self._faults.over(faults.FOLD)
            except (OSError, StoreError) as error:
                self._inbox.failed()
                self._faults.note(faults.COMMIT, error)
            except sqlite3.Error as error:
                self._faults.note(faults.FOLD, error)
            finally:
                self._busy_since = None

    def _resumed(self) -> None:
        if self._faults.over(faults.COMMIT):
            log.warning("Readings are committed again")
        if self._inbox.dropped:
            text = (
                f"{self._inbox.dropped} readings were lost while the card took no more; the registers of "
                "meters carry on, so no energy is missing from sums"
            )
            self._inbox.dropped = 0
            self.append([Event("store", "readings_lost", self._clock.now(), text)])
