"""What can be asked of the store. Every answer comes from one snapshot, in a thread."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar
from zoneinfo import ZoneInfo

from appliance.clock import DAY_MS
from appliance.model import Event, Price, Quantity, Reading
from appliance.store import charts
from appliance.store.buckets import NO_BUCKETS, Buckets
from appliance.store.codec import Floats, Ints
from appliance.store.facts import NO_ROWS, Batch, Every, Row, Series, SeriesInfo, Stored
from appliance.store.reader import Reader
from appliance.store.writer import Writer, better

T = TypeVar("T")


class Questions(ABC):
    """The asking half of the store. Each method raises StoreError when the database cannot be read."""

    _zone: ZoneInfo
    _latest: dict[tuple[str, Quantity], Reading]

    @property
    @abstractmethod
    def _log(self) -> Writer:
        """The log's writing half, once opened."""

    @abstractmethod
    def _waiting(self) -> list[Batch]:
        """What is not committed yet."""

    @abstractmethod
    async def _ask(self, question: Callable[[Reader], T]) -> T:
        """The question's answer from one snapshot, worked out in a thread."""

    async def latest(self) -> list[Reading]:
        """The newest reading of each series, committed or not."""
        return list(self._latest.values())

    async def series(
        self, source: str, quantity: Quantity, start: int, end: int, every: Every, limit: int = 1500
    ) -> Series:
        """A chart of `[start, end)`, at most `limit` points long, readings not committed yet included.

        Longer charts come in coarser buckets; raw ones keep the lowest and highest of every stretch, and
        beyond eight days are drawn from the lows and highs of quarter hours.
        """
        series = self._log.ids.get((source, quantity))
        if series is None:
            return Series([], [])
        return await self._ask(
            lambda r: charts.chart(r, series, quantity, start, end, every, limit, self._zone)
        )

    async def raw(self, source: str, quantity: Quantity, start: int, end: int) -> tuple[Ints, Floats, Floats]:
        """Instants, values and confidences of every reading in `[start, end)`, in order of time.

        All of it is held in memory: ask for a day or a few at a time.
        """
        series = self._log.ids.get((source, quantity))
        rows = NO_ROWS if series is None else await self._ask(lambda r: r.rows(series, start, end))
        return rows.at, rows.value, rows.confidence

    async def around(self, source: str, quantity: Quantity, at: int) -> list[Reading]:
        """The readings nearest to an instant, before it and within a day after it, then the newest of all."""
        series, newest = self._log.ids.get((source, quantity)), self._latest.get((source, quantity))
        if series is None or newest is None:
            return []
        rows = await self._ask(lambda r: r.around(series, at))
        columns = rows.at.tolist(), rows.value.tolist(), rows.confidence.tolist()
        return [*(Reading(source, quantity, v, t, c) for t, v, c in zip(*columns, strict=True)), newest]

    async def increase(
        self, source: str, quantity: Quantity, edges: Sequence[int], *, since_first: bool = False
    ) -> list[float | None]:
        """How much a register rose between successive instants, meter exchanges accounted for.

        The register at an instant is the one read last by then. None where it is unknown: before the
        first reading, and where nothing was read between the two instants (what went through then is in
        the next interval that knows). With `since_first`, the interval in which the history begins counts
        from its first reading.
        """
        series = self._log.ids.get((source, quantity))
        if series is None or len(edges) < 2:
            return [None] * (len(edges) - 1)
        return await self._ask(lambda r: charts.increase(r, series, quantity, edges, since_first))

    async def quarters(self, source: str, quantity: Quantity, start: int, end: int) -> Buckets:
        """The quarter hours that begin in `[start, end)` in which anything was read; a register read at the
        very edge belongs to the quarter it closes. Registers have meter exchanges added."""
        series = self._log.ids.get((source, quantity))
        if series is None:
            return NO_BUCKETS
        return await self._ask(lambda r: r.quarters(series, quantity, start, end))

    async def has(self, source: str, quantity: Quantity, at: int) -> bool:
        """Whether a reading of that very instant is known."""
        return bool(len((await self.raw(source, quantity, at, at + 1))[0]))

    async def events(
        self,
        *,
        start: int | None = None,
        end: int | None = None,
        names: Collection[str] | None = None,
        source: str | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[Stored]:
        """Events with `start <= at < end` and one of the names, the last to come first; also not committed
        ones."""
        checks: list[tuple[str, object]] = [("at >= ?", start), ("at < ?", end), ("id < ?", before_id)]
        checks.append(("source = ?", source))
        given = [(text, value) for text, value in checks if value is not None]
        texts, values = [text for text, _ in given], [value for _, value in given]
        if names is not None:
            texts.append(f"name IN ({','.join('?' * len(names))})")
            values += names

        def fits(stored: Stored) -> bool:
            event = stored.event
            return (
                (start is None or event.at >= start)
                and (end is None or event.at < end)
                and (names is None or event.name in names)
                and (source is None or event.source == source)
                and (before_id is None or stored.id < before_id)
            )

        waiting = [stored for batch in self._waiting() for stored in batch.events]
        where = f"WHERE {' AND '.join(texts)}" if texts else ""

        def find(reader: Reader) -> list[Stored]:
            fresh = [*(s for commit in reader.tail() for s in commit.events), *waiting]
            found = {stored.id: stored for stored in fresh if fits(stored)}
            for stored in _events(reader, f"{where} ORDER BY id DESC LIMIT ?", [*values, limit]):
                found[stored.id] = stored
            return [found[id_] for id_ in sorted(found, reverse=True)[:limit]]

        return await self._ask(find)

    async def events_after(self, cursor: int, limit: int = 500) -> list[Stored]:
        """Committed events with an id above the cursor, in order of arrival."""

        def find(reader: Reader) -> list[Stored]:
            found = _events(reader, "WHERE id > ? ORDER BY id LIMIT ?", [cursor, limit])
            fresh = (s for commit in reader.tail() for s in commit.events if s.id > cursor)
            return [*found, *fresh][:limit]

        return await self._ask(find)

    async def after(
        self,
        cursor: int,
        quantities: Collection[Quantity] | None = None,
        sources: Collection[str] | None = None,
        limit: int = 500,
    ) -> list[Row]:
        """Committed readings numbered above the cursor, in order of arrival; None means all.

        Numbers never come twice, also when the database was lost and began anew; they have gaps.
        """
        wanted = self._wanted(quantities, sources)
        return await self._ask(lambda reader: reader.after(cursor, wanted, limit))

    async def newest_seq(self) -> int:
        """The number of the newest committed reading."""
        return self._log.seq

    async def cursor(self, name: str) -> int | None:
        """How far a sink has come, or None if it never moved its cursor."""
        return self._log.cursors.get(name)

    async def pending(
        self,
        name: str,
        quantities: Collection[Quantity] | None = None,
        sources: Collection[str] | None = None,
    ) -> tuple[int, int | None]:
        """How many committed readings of those quantities and sources (None: all) come after a sink's
        cursor, and the instant (UTC ms) of the first of them. Exact."""
        cursor = self._log.cursors.get(name, 0)
        wanted = self._wanted(quantities, sources)

        def count(reader: Reader) -> tuple[int, int | None]:
            first = reader.after(cursor, wanted, 1)
            return reader.count_after(cursor, wanted), first[0].reading.at if first else None

        return await self._ask(count)

    async def prices(self, channel: str, start: int, end: int) -> list[Price]:
        """The prices of intervals that touch `[start, end)`, oldest first; an actual one hides a forecast."""
        waiting = [price for batch in self._waiting() for price in batch.prices]

        def find(reader: Reader) -> list[Price]:
            found: dict[int, Price] = {}
            for fields in reader.db.execute(
                'SELECT source, channel, start, "end", per_kwh, kind, spike FROM price'
                ' WHERE channel = ? AND start >= ? AND start < ? AND "end" > ?',
                (channel, start - DAY_MS, end, start),
            ):
                price = replace(Price(*fields), spike=bool(fields[6]))
                found[price.start] = price
            for price in [*(p for commit in reader.tail() for p in commit.prices), *waiting]:
                mine = price.channel == channel and price.start < end and price.end > start
                if mine and better(price, found.get(price.start)):
                    found[price.start] = price
            return [found[at] for at in sorted(found)]

        return await self._ask(find)

    async def series_list(self) -> list[SeriesInfo]:
        """What is kept, as far as committed."""
        stats = list(self._log.stats.items())
        return [
            SeriesInfo(*self._log.names[series], stat.first_at, stat.last.at, stat.count)
            for series, stat in stats
        ]

    def _wanted(self, quantities: Iterable[Quantity] | None, sources: Iterable[str] | None) -> frozenset[int]:
        whose = None if sources is None else set(sources)
        which = None if quantities is None else set(quantities)
        return frozenset(
            series
            for series, (source, quantity) in self._log.names.items()
            if (whose is None or source in whose) and (which is None or quantity in which)
        )


def _events(reader: Reader, condition: str, values: Sequence[object]) -> list[Stored]:
    rows = reader.db.execute(
        f"SELECT id, source, name, at, text, data FROM event {condition}",  # noqa: S608 - fixed texts
        tuple(values),
    )
    return [
        Stored(id_, Event(source, name, at, text, json.loads(data)))
        for id_, source, name, at, text, data in rows
    ]
