"""CARMA Smart Metering, the customer portal of a Canadian billing company: days of each meter of a flat.

http://www.carmasmartmetering.com/DirectConsumptionDev/ (plain HTTP, no documentation; docs/CARMA.md says what
is relied on). It is asked once a day, after 05:00 by the site's clock: the present month and the one before,
at first twelve, and whatever was missed meanwhile. Days go into the day book (`<data>/daily.db`), which
`tallywatt carma fetch` fills too; from there registers are passed on as they stood at the end of each day.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Sequence
from datetime import date, time
from typing import Literal

from appliance import calendar
from appliance.clock import EARLIEST_SANE_MS, SECOND_MS, sane
from appliance.errors import AuthError, SourceError
from appliance.model import Batch, Event, Reading
from appliance.sources._carma_fetch import AlreadyError, Fetcher, Plan, portal_of
from appliance.sources._carma_options import CarmaOptions
from appliance.sources._carma_registers import readings, stood
from appliance.sources.base import Context
from appliance.store import DayBook
from appliance.store.day_book import NAME

log = logging.getLogger(__name__)

LOOK_S = 180.0
"""How often the day book is looked at for what the command line brought."""
JITTER_S = 600.0
"""Appliances everywhere must not ask in the same second."""
FIRST_WAIT_S, LONGEST_WAIT_S = 900.0, 4 * 3600.0
MOST_MONTHS = 240


class Options(CarmaOptions):
    """Days of each meter from CARMA's customer portal, once a day."""

    type: Literal["carma"] = "carma"


class Source:
    """Asks once a day, and passes on what is new in the day book, whoever brought it."""

    cadence_s = 86_400.0
    urgent = True  # what is marked as passed on is to be in the store

    def __init__(self, options: CarmaOptions, context: Context) -> None:
        self.name = options.label
        self.update_hour = options.update_hour
        self._options = options
        self._context = context
        self._clock, self._zone = context.clock, context.zone
        self._book = DayBook(context.folder.parent / NAME)
        self._jitter_ms = round(random.uniform(0, JITTER_S) * SECOND_MS)  # noqa: S311 - guards no secret
        self._due: int | None = None
        self._not_before = 0
        self._failures = 0
        self._failed: Exception | None = None
        self._well = False
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._seen: tuple[int, int] | None = None

    @property
    def updating(self) -> bool:
        """Whether the portal is being asked right now."""
        return self._task is not None and not self._task.done()

    @property
    def next_update(self) -> int | None:
        """When it is asked next by itself, UTC ms; None before the day book was looked at."""
        return None if self._due is None else max(self._due, self._not_before)

    async def update(self) -> None:
        """Ask the portal now; returns at once. Raises SourceError when that is going on already."""
        if self.updating:
            raise SourceError(f"{self.name} is being fetched already: let it finish")
        self._begin()
        self._woken.set()

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Registers at the end of days as they become known. What goes wrong is raised; the portal is then
        asked again at a time of its own, not as soon as this is started again."""
        await self._take_up()
        try:
            while True:
                batch = await asyncio.to_thread(self._unpublished)
                if batch:
                    yield [*self._told(), *batch]
                    await asyncio.to_thread(self._published, batch)
                if self._failed is not None:
                    error, self._failed = self._failed, None
                    raise error
                if self._well and not batch:
                    yield self._told()
                if not self.updating and self._is_due():
                    self._begin()
                await self._next_look()
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)

    # --- fetching

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"{self.name} asks its portal")

    async def _run(self) -> None:
        portal = portal_of(self._options, self._context.folder, self._clock)
        fetcher = Fetcher(self._options, portal, self._book, self._context.folder, self._clock, self._zone)
        try:
            done = await fetcher.run(Plan(await asyncio.to_thread(self._months)))
            log.info("%s: %s", self.name, done.text)
            self._well, self._failures, self._not_before = True, 0, 0
            self._due = self._next_after(self._clock.now())
        except AlreadyError:
            self._not_before = self._clock.now() + round(LOOK_S * SECOND_MS)
        except Exception as error:  # told by batches, to whoever keeps it running
            self._well, self._failed = False, error
            self._failures += 1
            self._not_before = self._again_at(error)
        finally:
            portal.close()

    def _months(self) -> int:
        """How many months may have changed: this one, the last, and those since the last fetch."""
        last = self._last_done()
        if last is None:
            return self._options.first_months
        then, now = calendar.local(last, self._zone), calendar.local(self._clock.now(), self._zone)
        return min(MOST_MONTHS, max(0, (now.year - then.year) * 12 + now.month - then.month) + 2)

    def _last_done(self) -> int | None:
        """When a fetch was last carried through, UTC ms."""
        done = (fetch.ended for fetch in self._book.fetches(self.name) if fetch.outcome == "done")
        return next(done, None)

    # --- time

    async def _take_up(self) -> None:
        """What is known from before the start: when it was asked last, and what the store still holds."""
        last = await asyncio.to_thread(self._last_done)
        now = self._clock.now()
        if self._due is None:
            self._well = last is not None
            self._due = now if last is None else self._next_after(min(last, now))
        for source in await asyncio.to_thread(self._meters):
            await self._forget_lost(source)

    async def _forget_lost(self, source: str) -> None:
        """A store that began anew, or lost its last minutes, is given again what it lacks."""
        marked = await asyncio.to_thread(self._book.published, source)
        if not marked:
            return
        found = await asyncio.to_thread(self._readings, source, set())
        held = await self._context.past(source, found[0].quantity, self._clock.now()) if found else ()
        newest = calendar.day_of(held[-1].at, self._zone) if held else date.min
        if newest < max(marked):
            await asyncio.to_thread(self._book.forget_published, source, newest)

    def _is_due(self) -> bool:
        now = self._clock.now()
        return sane(now) and self.next_update is not None and self.next_update <= now

    def _next_after(self, at: int) -> int:
        return calendar.next_daily(at, time(self.update_hour), self._zone) + self._jitter_ms

    def _again_at(self, error: Exception) -> int:
        now = self._clock.now()
        if isinstance(error, AuthError):
            return self._next_after(now)  # accounts may be locked after a few wrong passwords
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._failures - 1, 10))
        return now + round(wait_s * SECOND_MS)

    async def _next_look(self) -> None:
        """Until the day book is worth a look: the end of a fetch, else some minutes or the next update."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task})
            return
        left_s = LOOK_S
        if self.next_update is not None:
            left_s = min(LOOK_S, max(0.0, (self.next_update - self._clock.now()) / SECOND_MS))
        waits = {asyncio.ensure_future(self._clock.sleep(left_s)), asyncio.ensure_future(self._woken.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._woken.clear()
            for wait in waits:
                wait.cancel()

    # --- passing on

    def _meters(self) -> list[str]:
        return [source for source in self._book.sources() if source.startswith(f"{self.name}.")]

    def _unpublished(self) -> list[Reading]:
        """What was not passed on yet, the oldest first."""
        version = self._book.version
        if version == self._seen:
            return []
        self._seen, found = version, []
        for source in self._meters():
            found += self._readings(source, self._book.published(source))
        return sorted(found, key=lambda reading: reading.at)

    def _readings(self, source: str, without: set[date]) -> list[Reading]:
        days, registers = self._book.days(source), self._book.registers(source)
        unit = days[-1].unit if days else registers[-1].unit
        stands = stood(registers, days)
        return readings(source, unit, stands, self._zone, without, EARLIEST_SANE_MS)

    def _published(self, batch: Sequence[Reading]) -> None:
        for source in {reading.source for reading in batch}:
            days = [calendar.day_of(r.at, self._zone) for r in batch if r.source == source]
            self._book.mark_published(source, days)

    def _told(self) -> list[Event]:
        """What the day book has to say of itself, once."""
        notes, self._book.notes[:] = list(self._book.notes), []
        return [Event(self.name, "store_lost", self._clock.now(), note) for note in notes]
