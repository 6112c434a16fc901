"""Follows what every source says of the grid, tells when it is lost and when it is back, and lists it."""

import logging
from collections.abc import Callable, Collection, Sequence
from zoneinfo import ZoneInfo

from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.hub import Hub
from appliance.model import Batch, Event, Quantity, Reading, parent
from appliance.outages import GRID_DOWN, GRID_UP, Judge, Outage, outages
from appliance.store import Store

log = logging.getLogger(__name__)

NAMES = (GRID_DOWN, GRID_UP)
MOST_EVENTS = 20_000
"""Ten outages a day for three years: the last so many are known."""


class OutageWatch:
    """`run` for as long as the appliance does; `between` is the list."""

    def __init__(
        self,
        hub: Hub,
        store: Store,
        clock: Clock,
        zone: ZoneInfo,
        tell: Callable[[list[Event]], None],
        sources: Collection[str],
    ) -> None:
        """`sources` are those that are set up now."""
        self._hub = hub
        self._store = store
        self._clock = clock
        self._zone = zone
        self._tell = tell
        self._sources = sources
        self._judges: dict[str, Judge] = {}

    async def run(self) -> None:
        """Until cancelled."""
        with self._hub.subscribe() as news:
            try:
                await self.restore()
            except StoreError as error:
                # An outage that lasts is then told a second time, which the list takes for the same.
                log.warning("The outages before the start are not known: %s", error)
            async for batch in news:
                self.take(batch)

    async def restore(self) -> None:
        """Go on where the last run ended. Raises StoreError."""
        # As it was before this start: sources may speak while the store is asked.
        heard = {s: r.at for (s, q), r in self._hub.latest.items() if q is Quantity.GRID_STATE}
        last = {event.source: event for event in await self._events()}
        for source in {*last, *heard}:
            judge = self._judges[source] = Judge(source, self._zone)
            judge.restore(heard.get(source), last.get(source))
            if parent(source) not in self._sources and (event := judge.gone(self._clock.now())):
                self._tell([event])

    def take(self, batch: Batch) -> None:
        """The readings of a moment."""
        for fact in batch:
            if isinstance(fact, Reading) and fact.quantity is Quantity.GRID_STATE:
                judge = self._judges.setdefault(fact.source, Judge(fact.source, self._zone))
                if event := judge.take(fact, self._clock.now()):
                    self._tell([event])

    async def between(self, start: int, end: int) -> list[Outage]:
        """The outages that touch `[start, end)`, the last first. Raises StoreError."""
        return outages(await self._events(), start, end)

    async def _events(self) -> Sequence[Event]:
        """In order of arrival."""
        stored = await self._store.events(names=NAMES, limit=MOST_EVENTS)
        return [event for _, event in reversed(stored)]
