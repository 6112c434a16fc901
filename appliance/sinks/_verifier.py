"""Compares what a store of line protocol holds with what is kept here, and sends again what is missing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from appliance import http
from appliance.clock import DAY_MS, SECOND_MS
from appliance.model import Quantity, Reading
from appliance.sinks import _read_back, _receivers
from appliance.sinks._aside import Known
from appliance.sinks._outbox import Outbox
from appliance.sinks._read_back import Gap, Series, compared
from appliance.sinks._receivers import Place
from appliance.sinks._wire import Wire
from appliance.sinks.base import SinkContext

SETTLED_MS = 180 * SECOND_MS
"""Readings younger than this may not be committed here, or not be seen by questions there."""
TABLE = "verified"
Deliver = Callable[[Sequence[Reading]], Awaitable[None]]


@dataclass(slots=True)
class Verdict:
    """What was compared: `[start, end)` in UTC ms, how many readings are kept; the gaps that are left, and
    how many readings were sent again to close others."""

    start: int
    end: int
    readings: int = 0
    sent_again: int = 0
    gaps: list[Gap] = field(default_factory=list)


class Verifier:
    """Asks the store of one sink, day by day."""

    def __init__(
        self, name: str, context: SinkContext, outbox: Outbox, place: Place, wire: Wire, measurement: str
    ) -> None:
        self._name = name
        self._context = context
        self._outbox = outbox
        self._place = place
        self._wire = wire
        self._measurement = measurement

    def verified_until(self) -> int | None:
        """Up to where all was compared before (UTC ms)."""
        known = self._context.store.documents.get(TABLE, self._name)
        return None if known is None else int(known["until"])

    def remember(self, verdict: Verdict) -> None:
        """Begin there the next time. Raises StoreError."""
        self._context.store.documents.put(TABLE, self._name, {"until": verdict.end})

    async def run(
        self, start: int | None, end: int | None = None, send_again: Deliver | None = None
    ) -> Verdict:
        """Compare every day of `[start, end)`; None is the first reading, and what has been delivered.

        Days with fewer readings there are sent again with `send_again` and compared once more. Raises
        SourceError where the store cannot be asked.
        """
        if self._place.flavour.reads is None:
            raise _receivers.unreadable(self._place.flavour)
        await self._outbox.count()
        series = await self._outbox.series()
        latest = self._context.clock.now() - SETTLED_MS
        latest = min(latest, self._outbox.delivery.oldest or latest, end or latest)
        first = min((at for _, _, at in series), default=latest)
        verdict = Verdict(min(max(first, start or first), latest), latest)
        named = [(source, quantity) for source, quantity, _ in series]
        day = verdict.start
        while day < verdict.end:
            until = min((day // DAY_MS + 1) * DAY_MS, verdict.end)
            await self._day(named, day, until, verdict, send_again)
            day = until
        return verdict

    async def _day(
        self,
        series: Sequence[tuple[str, Quantity]],
        start: int,
        end: int,
        verdict: Verdict,
        send_again: Deliver | None,
    ) -> None:
        aside = await self._aside()
        kept = await _read_back.kept(self._context.store, series, start, end, aside)
        verdict.readings += kept.total()
        gaps = compared(kept, await self.ask(start, end), start, end)
        fewer = [gap for gap in gaps if gap.there < gap.kept]
        if fewer and send_again is not None:
            for gap in fewer:
                readings = await self._kept(gap)
                await send_again(readings)
                verdict.sent_again += len(readings)
            # VictoriaMetrics shows what it has taken after a second.
            await self._context.clock.sleep(2)
            kept = await _read_back.kept(self._context.store, series, start, end, aside)
            gaps = compared(kept, await self.ask(start, end), start, end)
        verdict.gaps += gaps

    async def ask(self, start: int, end: int) -> Counter[Series]:
        """How many readings of each series are there in `[start, end)`, UTC ms. Raises SourceError."""
        url = _read_back.question(self._place, self._measurement, self._context.appliance_id, start, end)
        answer = await self._wire.send("GET", url, self._place.headers, None)
        if refused := self._place.refusal(answer, url):
            raise refused
        return _read_back.counted(self._place, http.decode(answer, url))

    async def _kept(self, gap: Gap) -> list[Reading]:
        rows = await self._context.store.raw(gap.source, gap.quantity, gap.start, gap.end)
        at, value, confidence = (column.tolist() for column in rows)
        return [
            Reading(gap.source, gap.quantity, v, t, c) for t, v, c in zip(at, value, confidence, strict=True)
        ]

    async def _aside(self) -> Known:
        """The readings the store refused for good."""
        return await asyncio.to_thread(Known, self._context.store.documents, self._name)
