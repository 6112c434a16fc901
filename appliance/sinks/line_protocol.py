"""Every reading to a time series store: InfluxDB line protocol over HTTP, each at least once.

InfluxDB 1, 2 and 3, VictoriaMetrics single and cluster, QuestDB, GreptimeDB, Telegraf: `flavour` fills in
what they differ in. What is written, and how to ask for it, is in `_line.py`; the receivers are in
`_receivers.py`, the options in `_line_options.py`.

The store is the outbox: one cursor for each sink, so none waits for another, and a month without the receiver
is a longer read. A batch is one POST, one at a time; the cursor moves when it was taken. A lost answer means
that it is sent again, and the key makes it one point. A line the receiver will never take is set aside
(`_splitting.py`), readings it said yes to and does not hold are found by asking it (`_verifier.py`).
"""

import asyncio
from collections.abc import Sequence

from appliance.calendar import local
from appliance.clock import DAY_MS, HOUR_MS
from appliance.errors import AuthError, SourceError
from appliance.http import HttpError
from appliance.model import Event, Price, Reading
from appliance.sinks import _line, _read_back, _receivers
from appliance.sinks._aside import Aside, Record, aside_table
from appliance.sinks._backoff import Backoff, offset_s
from appliance.sinks._line_options import Options
from appliance.sinks._outbox import Outbox
from appliance.sinks._splitting import Splitter
from appliance.sinks._verifier import SETTLED_MS, Verdict, Verifier
from appliance.sinks._versions import Versions
from appliance.sinks._wire import HttpWire, Wire, packed
from appliance.sinks.base import Delivery, SinkContext

__all__ = ["Options", "Sink"]

MOST_BYTES = 200_000
GONE = (301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 411, 413, 415, 422)
"""Statuses that no waiting cures: a person has to look."""
LONGEST_LOOK_BACK_MS = 31 * DAY_MS
ALIVE = "# Tallywatt asks whether it may write here\n"
"""A comment: receivers check address, name and place, and store nothing (run: InfluxDB 1.6, VictoriaMetrics
1.79)."""


class Sink:
    """Delivers from its cursor, once an interval, and without end while there is a backlog."""

    def __init__(self, options: Options, context: SinkContext, wire: Wire | None = None) -> None:
        self.name = options.label
        self._options = options
        self._context = context
        self._place = _place(options)
        self._wire = wire or _wire(options)
        self._outbox = Outbox(self.name, context, options.quantities, options.sources)
        self._splitter = Splitter(self._post, options.max_batch)
        self._backoff = Backoff()
        self._versions = (
            Versions(context.store, context.clock.now()) if self._place.flavour.versions else None
        )
        self._prices: dict[tuple[str, int], Price] = {}
        self._aside = Aside()
        self._gaps = ""
        self._well_at: int | None = None
        self._look_at = 0
        self._verifier = Verifier(
            self.name, context, self._outbox, self._place, self._wire, options.measurement
        )

    @property
    def delivery(self) -> Delivery:
        """How far it is."""
        return self._outbox.delivery

    @property
    def drops(self) -> str:
        """Why its receiver may miss readings it said yes to."""
        return self._place.flavour.drops

    async def run(self) -> None:
        spread = min(self._options.start_spread_seconds, self._options.interval_seconds)
        try:
            await self._context.clock.sleep(offset_s(self._context.appliance_id, spread))
            while True:
                await self._context.clock.sleep(await self._round())
        finally:
            self._wire.close()
            if self._aside.count:  # it was stopped within a round
                self._keep_record()

    async def test(self) -> str:
        """Ask the receiver whether it would take lines; none is written. SourceError says what is wrong."""
        await self._post_text(ALIVE)
        where = f"{self._place.flavour.label} takes lines from here"
        if self._place.flavour.reads is None:
            return where
        now = self._context.clock.now()
        await self._verifier.ask(now - HOUR_MS, now)
        return f"{where}, and says what it holds"

    async def verify(
        self, start: int | None = None, end: int | None = None, *, again: bool = True
    ) -> Verdict:
        """Compare what is there with what is kept in `[start, end)`, UTC ms; None is all that was delivered.

        With `again`, what is missing is sent once more first. Raises SourceError.
        """
        return await self._verifier.run(start, end, self._deliver if again else None)

    # Rounds

    async def _round(self) -> float:
        """Send all there is; the seconds until the next round."""
        try:
            await self._outbox.count()
            while await self._send_some():
                self._backoff.failures = 0
            if self._well_at is not None:
                await self._verify_if_due(self._well_at - SETTLED_MS)
        except SourceError as error:
            self._well_at = None
            await self._record_aside()
            return self._failed(error)
        self._backoff.failures = 0
        self._well_at = self._context.clock.now()
        self._outbox.well()
        self._tell(await self._record_aside())
        return self._options.interval_seconds

    def _tell(self, aside: int) -> None:
        if aside:
            text = f"{aside} readings of the last delivery were refused; see the events for why"
            self._context.report.trouble(text, needs_you=True)
        elif self._gaps:
            self._context.report.trouble(self._gaps, needs_you=True)
        else:
            self._context.report.ok("Everything is delivered")

    def _failed(self, error: SourceError) -> float:
        gone = isinstance(error, AuthError) or (isinstance(error, HttpError) and error.status in GONE)
        self._outbox.failed(str(error))
        delivery = self._outbox.delivery
        waiting = "" if delivery.pending is None else f" Readings that wait: {delivery.pending}"
        if delivery.pending and delivery.oldest is not None:
            since = local(delivery.oldest, self._context.zone).isoformat(sep=" ", timespec="minutes")
            waiting += f", the oldest of {since}; nothing is lost"
        self._context.report.trouble(f"{error}.{waiting}", needs_you=gone)
        if gone:
            return self._backoff.refused_s()
        return self._backoff.failed_s(getattr(error, "retry_after_s", None))

    async def _verify_if_due(self, end: int) -> None:
        """Compare what was delivered before `end`, once in a while. Never in the first round after an outage:
        the receiver has a crowd before it then, and shows what it takes only after a moment."""
        hours = self._options.verify_every_hours
        if hours is None or self._place.flavour.reads is None:
            return
        now, last = self._context.clock.now(), self._verifier.verified_until()
        if now < self._look_at or (last is not None and last <= now < last + hours * HOUR_MS):
            return
        try:
            verdict = await self.verify(max(last or 0, now - LONGEST_LOOK_BACK_MS), end)
        except HttpError as error:
            if error.status not in GONE:
                raise
            # It takes lines and may not be asked: no reason to send less often.
            self._look_at = now + round(hours * HOUR_MS)
            self._gaps = f"{error}. Let it be asked what it holds, or set verify_every_hours to null"
            return
        await asyncio.to_thread(self._verifier.remember, verdict)
        self._gaps = _read_back.told(verdict.gaps, self._place.flavour.drops)
        if self._gaps:
            data = {"gaps": [gap._asdict() for gap in verdict.gaps[:50]]}
            self._context.report.event(Event(self.name, "delivery_gaps", now, self._gaps, data))

    # Sending

    async def _send_some(self) -> bool:
        """Send the next batch and move the cursor. Whether there may be more."""
        most = self._splitter.most
        rows = await self._outbox.next(most)
        lines = await self._lines([row.reading for row in rows])
        count = _line.fitting(lines, MOST_BYTES)
        rows, lines = rows[:count], lines[:count]
        prices = (await self._new_prices())[: most - count]
        if not lines and not prices:
            return False
        refused = await self._splitter.deliver(lines + [self._price_line(price) for price in prices])
        self._prices.update({(price.channel, price.start): price for price in prices})
        if rows:
            bad = {number: why for number, why in refused.items() if number < count}
            self._aside.add([(rows[number].reading, why) for number, why in bad.items()])
            await self._outbox.done(rows, len(bad))
        return count > 0

    async def _deliver(self, readings: Sequence[Reading]) -> None:
        """Send these again; the cursor stays. What is refused now is missing at the next comparison."""
        left = list(readings)
        while left:
            lines = await self._lines(left[: self._splitter.most])
            count = _line.fitting(lines, MOST_BYTES)
            await self._splitter.deliver(lines[:count])
            left = left[count:]

    async def _lines(self, readings: Sequence[Reading]) -> list[str]:
        options = self._options
        versions = [1] * len(readings) if self._versions is None else await self._versions.of(readings)
        return [
            _line.line(
                reading,
                self._context.appliance_id,
                measurement=options.measurement,
                tags=options.tags,
                precision=options.precision,
                version=version,
            )
            for reading, version in zip(readings, versions, strict=True)
        ]

    def _price_line(self, price: Price) -> str:
        options = self._options
        return _line.price_line(
            price,
            self._context.appliance_id,
            measurement=options.measurement,
            tags=options.tags,
            precision=options.precision,
        )

    async def _new_prices(self) -> list[Price]:
        """The prices of yesterday, today and tomorrow (UTC) that were not sent as they are."""
        if not self._options.prices:
            return []
        today = self._context.clock.now() // DAY_MS * DAY_MS
        known = [
            price
            for channel in ("import", "export", "wholesale")
            for price in await self._context.store.prices(channel, today - DAY_MS, today + 2 * DAY_MS)
        ]
        self._prices = {key: price for key, price in self._prices.items() if key[1] >= today - 2 * DAY_MS}
        return [price for price in known if self._prices.get((price.channel, price.start)) != price]

    async def _post(self, lines: Sequence[str]) -> None:
        await self._post_text("".join(f"{line}\n" for line in lines))

    async def _post_text(self, text: str) -> None:
        """Raises SourceError; HttpError with the receiver's reason where it says no."""
        headers, data = packed(text, self._place.headers, self._options.gzip)
        answer = await self._wire.send("POST", self._place.write, headers, data)
        if refused := self._place.refusal(answer, self._place.write):
            raise refused

    async def _record_aside(self) -> int:
        """Keep on record what the receiver will never take, and say so once a round. How many these are."""
        if not self._aside.count:
            return 0
        record = await asyncio.to_thread(self._keep_record)
        count, named = record["count"], record["readings"]
        why = named[0]["reason"]
        text = f"{count} readings will never be taken: {why}. They are kept here and not sent again"
        data = {"count": count, "readings": named[:20]}
        self._context.report.event(Event(self.name, "delivery_refused", record["at"], text, data))
        return int(count)

    def _keep_record(self) -> Record:
        record = self._aside.record(self._context.clock.now())
        self._context.store.documents.append(aside_table(self.name), record)
        self._aside = Aside()
        return record


def _place(options: Options) -> _receivers.Place:
    return _receivers.place(
        _receivers.FLAVOURS[options.flavour],
        str(options.url),
        path=options.path,
        read_url=str(options.read_url) if options.read_url else None,
        tenant=options.tenant,
        database=options.database or options.bucket,
        org=options.org,
        precision=options.precision,
        user=options.user,
        password=options.password.get_secret_value() if options.password else "",
        token=options.token.get_secret_value() if options.token else "",
    )


def _wire(options: Options) -> Wire:
    verify = options.ca_file if options.verify_tls and options.ca_file else options.verify_tls
    return HttpWire(f"{options.label} to {options.url.host}", options.timeout_seconds, verify)
