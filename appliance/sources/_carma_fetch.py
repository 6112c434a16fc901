"""Bringing months from the CARMA portal into the day book: newest to oldest, politely, resumable.

The daemon and the command line use it alike; a lock in the data folder keeps them apart. What was brought is
in the book month by month, so that a fetch that was stopped or cut off carries on where it was.
"""

import asyncio
import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.clock import DAY_MS, Clock
from appliance.errors import SourceError, StoreError, TallywattError
from appliance.sources._carma_chart import Chart
from appliance.sources._carma_options import CarmaOptions
from appliance.sources._carma_portal import Portal
from appliance.store import Changes, DayBook, DayRegister, DayValue, faults
from config.files import hand_over

EMPTY_MONTHS = 3
RESUMED_MS = 7 * DAY_MS
"""A fetch that was stopped longer ago is not carried on with, but begun anew."""


@dataclass(frozen=True)
class Plan:
    """How far back, and how gently. `stop` after three months of which the portal knows nothing; its oldest
    month always ends it."""

    months: int = 12
    stop: bool = True
    pause_interval: int = 6
    pause_s: float = 30.0


@dataclass(frozen=True)
class Done:
    """What a fetch brought: months gone through, how many meters, changes of days, and why it ended."""

    months: int
    meters: int
    changes: Changes
    why: str = ""

    @property
    def text(self) -> str:
        """A sentence for a person."""
        new, changed, kept = self.changes.new, self.changes.changed, self.changes.kept
        what = f"{new:,} days new, {changed:,} changed, {kept:,} as they were"
        return f"{_many(self.months, 'month')} of {_many(self.meters, 'meter')}: {what}{self.why}"


Told = Callable[[int, date], None]
"""`told(months, month)`: so many months are done, the last was `month`."""


class AlreadyError(SourceError):
    """Somebody else is fetching."""


def portal_of(options: CarmaOptions, folder: Path, clock: Clock) -> Portal:
    """The portal a source asks; pages it does not understand are kept in `folder`."""
    return Portal(options.account, clock, folder)


class Fetcher:
    """Fetches what a source's options say into `book`; `folder` is for the lock."""

    def __init__(
        self, options: CarmaOptions, portal: Portal, book: DayBook, folder: Path, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._name = options.label
        self._portal = portal
        self._book = book
        self._folder = folder
        self._clock = clock
        self._zone = zone
        self._names = options.meters
        self._done = Done(0, 0, Changes())

    async def run(self, plan: Plan, told: Told = lambda months, month: None) -> Done:
        """Fetch. Raises SourceError, AuthError or StoreError; what was brought by then is kept."""
        with _alone(self._folder, self._name):
            since = await asyncio.to_thread(self._resumed_since)
            number = await asyncio.to_thread(self._book.begin_fetch, self._name, self._clock.now())
            try:
                await self._fetch(plan, since, number, told)
            except TallywattError as error:
                self._ended(number, "failed", str(error))
                raise
            except BaseException:  # Ctrl-C, the end of the daemon, a fault of our own
                self._ended(number, "stopped", f"Stopped: {self._done.text}")
                raise
            await asyncio.to_thread(self._book.end_fetch, number, self._clock.now(), "done", self._done.text)
            return self._done

    def _ended(self, number: int, outcome: str, text: str) -> None:
        """Note why it ended before it was done; if that cannot be written, the cause matters more."""
        with suppress(StoreError):
            self._book.end_fetch(number, self._clock.now(), outcome, text)

    async def _fetch(self, plan: Plan, since: int, number: int, told: Told) -> None:
        present = self._today().replace(day=1)
        await self._portal.reach(present, present)
        month, asked, empty = self._portal.month, 0, 0
        settled = await asyncio.to_thread(self._settled, before(present), since)
        self._done = Done(0, len(self._portal.tabs), Changes())
        for _ in range(plan.months):
            if month not in settled:
                if asked and plan.pause_interval and asked % plan.pause_interval == 0:
                    await self._clock.sleep(plan.pause_s)
                if not await self._portal.reach(month):
                    self._done = replace(self._done, why="; the portal has nothing older")
                    break
                asked += 1
                empty = empty + 1 if await self._month(month) else 0
            else:
                empty = 0
            self._done = replace(self._done, months=self._done.months + 1)
            await asyncio.to_thread(self._book.note_fetch, number, self._done.months, self._done.changes)
            told(self._done.months, month)
            month = before(month)
            if empty >= EMPTY_MONTHS and plan.stop:
                why = f"; stopped after {EMPTY_MONTHS} months in which the portal has nothing"
                self._done = replace(self._done, why=why)
                break
        changes = await asyncio.to_thread(self._prove_all)
        self._done = replace(self._done, changes=self._done.changes + changes)

    async def _month(self, month: date) -> bool:
        """Bring one month of every meter; whether the portal has nothing of it."""
        found = {self._source(tab): await self._portal.chart(month, tab) for tab in self._portal.tabs}
        changes = await asyncio.to_thread(self._keep, month, found)
        self._done = replace(self._done, changes=self._done.changes + changes)
        return all(chart.empty for chart in found.values())

    def _keep(self, month: date, found: Mapping[str, Chart]) -> Changes:
        """What the charts say into the book. A 0 is taken for a day not read until the register proves it."""
        now, today = self._clock.now(), self._today()
        changes = self._book.put(
            DayValue(source, point.day, point.value, chart.unit, point.flagged, now, chart.location)
            for source, chart in found.items()
            for point in chart.points
            if point.value is not None and point.day <= today
        )
        self._book.put_registers(
            DayRegister(source, shown.day, shown.value, shown.unit or chart.unit, now)
            for source, chart in found.items()
            if (shown := chart.register) is not None and shown.day <= today
        )
        after = (month + timedelta(days=62)).replace(day=1)
        for source in found:
            changes += self._book.prove(source, now, before(month), after)
        self._book.mark_asked(found, month, now)
        return changes

    def _prove_all(self) -> Changes:
        """Zeros that only registers far apart prove."""
        return sum((self._book.prove(source, self._clock.now()) for source in self._sources()), Changes())

    # --- what need not be asked for

    def _resumed_since(self) -> int:
        """When the fetch began that was stopped and is now carried on with; now, where there is none."""
        since = now = self._clock.now()
        for fetch in self._book.fetches(self._name):
            if fetch.outcome == "done" or fetch.started < now - RESUMED_MS:
                break
            since = fetch.started
        return since

    def _settled(self, recent: date, since: int) -> set[date]:
        """Months that every meter has whole, or that were asked for since the stopped fetch began; but not
        those from `recent` on, which still change."""
        of_each = []
        for source in self._sources():
            asked = {month for month, at in self._book.asked(source).items() if at >= since}
            of_each.append(self._book.whole_months(source) | asked)
        return {month for month in set.intersection(*of_each) if month < recent} if of_each else set()

    def _sources(self) -> list[str]:
        return [self._source(tab) for tab in self._portal.tabs]

    def _source(self, tab: int) -> str:
        """The name of a meter: "carma.1203". The owner's before the portal's before its number."""
        names = [self._named(number) for number in range(max(self._portal.tabs) + 1)]
        own = names[tab]
        return f"{self._name}.{own if names.count(own) == 1 else f'{own}_{tab + 1}'}"

    def _named(self, tab: int) -> str:
        name = self._names[tab] if tab < len(self._names) else self._portal.name(tab)
        return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or f"meter{tab + 1}"

    def _today(self) -> date:
        return calendar.day_of(self._clock.now(), self._zone)


def before(month: date) -> date:
    """The month before, its first day."""
    return (month - timedelta(days=1)).replace(day=1)


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Nobody else fetches for `name` meanwhile; the lock goes with the program that holds it."""
    handle = _opened(folder / f"{name}.lock")
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyError(
                f"{name} is being fetched already, by the appliance or on another terminal: let it finish"
            ) from None
        yield
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    """The lock's handle. Raises StoreError where nothing may be written."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
            hand_over(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        hand_over(path)
    except PermissionError:
        raise StoreError(
            f"{path} may not be written by this user: run the command as the appliance's user (sudo -u"
            " tallywatt), whom the data folder must belong to"
        ) from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {faults.sentence(error)}") from error
    return handle


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
