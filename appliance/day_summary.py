"""Makes the summary of each day at the hour the owner chose, and those that were missed at the next start.

Which days have theirs is read from the store's events: none is ever made twice.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from appliance import calendar
from appliance.alerts import HOUSE
from appliance.alerts.day import DAILY_SUMMARY, data, lines, measure
from appliance.clock import MINUTE_MS, SECOND_MS, sane
from appliance.energy_now import PRICES_S
from appliance.errors import StoreError
from appliance.house_days import Days
from appliance.known import Known
from appliance.model import Event, parent

log = logging.getLogger(__name__)

LOOK_S = 60.0
MOST_MISSED = 7
SETTLING_S = 600.0
"""After a start the meters are read first: what went through meanwhile is of the days that were missed."""
TABLE, SINCE = "messages", "summaries"
"""Where the first day is kept that can have a summary: history from before that is not summed up."""


class DaySummary:
    """`run` for as long as the appliance does; `look` is one look."""

    def __init__(self, here: Known, tell: Callable[[Sequence[Event]], None]) -> None:
        self._here = here
        self._tell = tell
        self._days = Days(here)
        self._began = here.clock.monotonic()
        self._made: set[date] | None = None
        self._since: date | None = None

    async def run(self) -> None:
        """Until cancelled."""
        pause_s = LOOK_S
        while True:
            await self._here.clock.sleep(pause_s)
            pause_s = LOOK_S
            try:
                await self.look()
                pause_s = self._pause_s()
            except StoreError as error:
                log.warning("The summary of the day has to wait: %s", error)
            except Exception:  # the next day's shall be tried all the same
                log.exception("The summary of the day failed")

    def _pause_s(self) -> float:
        """A minute, or less where the hour comes before: 23:59 shall not become the next day."""
        now = self._here.clock.now()
        due = calendar.next_daily(now, self._here.message_settings.now.summary_at, self._here.zone)
        return min(LOOK_S, max(1.0, (due - now) / SECOND_MS))

    async def look(self) -> None:
        """Make what is due. Raises StoreError."""
        now = self._here.clock.now()
        if not sane(now):
            return
        made = await self._known()
        today = calendar.day_of(now, self._here.zone)
        for back in range(MOST_MISSED, -1, -1):
            day = today - timedelta(days=back)
            if day in made or day < self._first(today) or not self._due(day, today, now):
                continue
            if event := await self.event(day, now):
                self._tell([event])
            made.add(day)

    async def _known(self) -> set[date]:
        """The days that have theirs."""
        if self._made is None:
            stored = await self._here.store.events(
                names=(DAILY_SUMMARY,), source=HOUSE, limit=4 * MOST_MISSED
            )
            self._made = {date.fromisoformat(event.data["day"]) for _, event in stored}
        return self._made

    def _first(self, today: date) -> date:
        if self._since is None:
            documents = self._here.store.documents
            known = documents.get(TABLE, SINCE)
            if known is None:
                known = {"since": today.isoformat()}
                documents.put(TABLE, SINCE, known)
            self._since = date.fromisoformat(known["since"])
        # A first start by a wrong clock must not put all summaries off until that day.
        return min(self._since, today)

    def _hour(self, day: date) -> int:
        """The instant at which a day's summary is due."""
        at = self._here.message_settings.now.summary_at
        return calendar.instant(datetime.combine(day, at, self._here.zone))

    def _due(self, day: date, today: date, now: int) -> bool:
        if now < self._hour(day):
            return False
        register = self._days.register()
        if register is None:
            return False  # nothing here counts energy
        end = calendar.day_span(day, self._here.zone)[1]
        if self._here.cadences.get(parent(register.source), 0.0) >= PRICES_S:
            return register.at >= end - MINUTE_MS  # a portal tells a day when it is long over
        return day == today or not self._settling()

    def _settling(self) -> bool:
        return self._here.clock.monotonic() - self._began < SETTLING_S

    async def event(self, day: date, now: int) -> Event | None:
        """The summary of a day, as known at `now`; None of a first day too short to know anything of, and of
        one long over that nobody read. Raises StoreError."""
        found = await self._days.day(day, now)
        missed = found.unread and day != calendar.day_of(now, self._here.zone)
        if measure(found.energies) is None and (found.since is not None or missed):
            return None
        at = min(now, self._hour(day))
        return Event(HOUSE, DAILY_SUMMARY, at, "\n".join(lines(found, self._here.zone)), data(found))
