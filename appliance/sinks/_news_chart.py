"""The picture that goes with a day's summary, drawn once however many people get it."""

import asyncio
import logging

from appliance.model import Event
from appliance.sinks.base import SinkContext

log = logging.getLogger(__name__)

DRAWN_S = 120.0
"""Drawing takes seconds on a small Pi."""


class Charts:
    """Keeps the last picture."""

    def __init__(self, context: SinkContext) -> None:
        self._draw = context.chart
        self._lock = asyncio.Lock()
        self._last: tuple[tuple[str, int], bytes | None] | None = None

    async def of(self, event: Event | None) -> bytes | None:
        """A PNG, or None where there is none: a message never waits for its picture's sake."""
        if event is None or self._draw is None:
            return None
        key = event.source, event.at
        async with self._lock:
            if self._last is None or self._last[0] != key:
                self._last = key, await self._drawn(event)
            return self._last[1]

    async def _drawn(self, event: Event) -> bytes | None:
        assert self._draw is not None
        try:
            async with asyncio.timeout(DRAWN_S):
                return await self._draw(event)
        except Exception as error:
            log.warning("No picture for %s: %s", event.name, error)
            return None
