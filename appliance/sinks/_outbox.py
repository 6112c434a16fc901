"""The store as a sink's outbox: what waits, how far it has come, and how the delivery goes."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from appliance.model import Quantity, parent
from appliance.sinks.base import Delivery, SinkContext
from appliance.store import Row


class Outbox:
    """The committed readings of some quantities and sources (None: all) after the cursor `name`.

    A source stands for the units behind it too. `delivery` is counted when a round begins and reckoned on
    from there: nothing is counted while nothing is sent.
    """

    def __init__(
        self,
        name: str,
        context: SinkContext,
        quantities: Collection[Quantity] | None,
        sources: Collection[str] | None,
    ) -> None:
        self.delivery = Delivery()
        self._name = name
        self._clock = context.clock
        self._store = context.store
        self._quantities = quantities
        self._named = sources

    async def sources(self) -> list[str] | None:
        """The sources whose readings are sent, units included; None for all."""
        if self._named is None:
            return None
        known = {info.source for info in await self._store.series_list()}
        return sorted(source for source in known if {source, parent(source)} & set(self._named))

    async def series(self) -> list[tuple[str, Quantity, int]]:
        """Source, quantity and first instant (UTC ms) of every series that is sent."""
        sources = await self.sources()
        return [
            (info.source, info.quantity, info.first_at)
            for info in await self._store.series_list()
            if (sources is None or info.source in sources)
            and (self._quantities is None or info.quantity in self._quantities)
        ]

    async def count(self) -> None:
        """Bring `delivery` up to what waits now."""
        pending, oldest = await self._store.pending(self._name, self._quantities, await self.sources())
        self.delivery = replace(self.delivery, pending=pending, oldest=oldest)

    async def next(self, limit: int) -> list[Row]:
        """The next readings, oldest first. Where there are none the cursor passes all that is not sent."""
        newest = await self._store.newest_seq()
        cursor = await self._store.cursor(self._name) or 0
        rows = await self._store.after(cursor, self._quantities, await self.sources(), limit)
        if not rows and newest > cursor:
            await self._store.move_cursor(self._name, newest)
        return rows

    async def done(self, rows: Sequence[Row], aside: int = 0) -> None:
        """The receiver has these; all but `aside` of them, which it will never take."""
        await self._store.move_cursor(self._name, rows[-1].seq)
        old = self.delivery
        pending = max(0, (old.pending or 0) - len(rows))
        self.delivery = replace(
            old,
            pending=pending,
            oldest=rows[-1].reading.at if pending else None,
            sent=old.sent + len(rows) - aside,
            set_aside=old.set_aside + aside,
            last_ok=self._clock.now(),
        )

    def well(self) -> None:
        """The receiver answered as it should."""
        self.delivery = replace(self.delivery, last_ok=self._clock.now())

    def failed(self, text: str) -> None:
        """It did not."""
        self.delivery = replace(self.delivery, last_error=text, last_error_at=self._clock.now())
