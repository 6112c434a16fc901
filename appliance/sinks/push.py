"""Pushes every meter reading to a central API: POST /meter_reading, in order, each at least once.

The store is the outbox: a cursor says how far the central API has come, and a month without it is just a
longer read. The body is the classic {"reading_kwh", "timestamp", "confidence", "method", "digits"} plus
`appliance`, `source` and an `id` that stays the same however often a reading is sent, so that a receiver
that heeds it stores each once. A backlog goes as a JSON list where the receiver takes one (another Tallywatt
does); where it does not, readings go one by one.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator

from appliance import http
from appliance.calendar import iso, local
from appliance.errors import AuthError, SourceError
from appliance.http import HttpError
from appliance.model import Event, Kind, Quantity, Reading
from appliance.sinks._backoff import Backoff, offset_s
from appliance.sinks._outbox import Outbox
from appliance.sinks.base import Delivery, SinkContext, SinkOptions
from appliance.store import Row
from appliance.worker import Worker

START_SPREAD_S = 30.0
GONE = (400, 404, 405)
"""Statuses that no waiting cures: the address is not that of a central API."""
NO_LIST = (400, 405, 413, 415, 422, 500, 501)
"""Statuses by which a receiver may say that it takes no list (some stumble over one), or that one reading
in it is wrong."""
WRONG = (400, 413, 422)
"""Statuses by which it says, in JSON, that a single reading is wrong whenever it is sent."""
TOLD_EACH = 10
"""So many refusals of a round become events of their own; Health tells the count."""


class RefusedError(HttpError):
    """The receiver understood, and will not take what was sent; the text is its reason."""


class Options(SinkOptions):
    """A central API that takes meter readings."""

    type: Literal["push"] = "push"
    api_endpoint: AnyHttpUrl
    """The full address, such as http://192.168.1.100:8000/meter_reading."""
    interval_seconds: float = Field(default=900, ge=1, le=86_400)
    """Seconds from one delivery to the next; each carries all readings since the last."""
    timeout_seconds: float = Field(default=5, gt=0, le=120)
    """Seconds to wait for an answer."""
    token: SecretStr | None = None
    """Bearer token the central API asks for; another Tallywatt shows its own under More. Kept encrypted."""
    quantities: tuple[Quantity, ...] = (Quantity.ENERGY_IMPORT,)
    """Which registers to send; only those counted in kWh."""
    sources: tuple[str, ...] | None = None
    """Names of the sources whose readings are sent; null for all."""
    batch: bool = True
    """Send backlogs as a list where the receiver takes it; false for one reading a request, always."""
    max_batch: int = Field(default=200, ge=1, le=1000)
    """The most readings in one request."""

    @field_validator("quantities")
    @classmethod
    def _in_kwh(cls, quantities: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
        for quantity in quantities:
            if quantity.spec.kind is not Kind.COUNTER:
                raise ValueError(f"{quantity} is no register: reading_kwh takes what a meter has counted")
            if quantity.spec.unit != "kWh":
                raise ValueError(f"{quantity} is counted in {quantity.spec.unit}, and reading_kwh takes kWh")
        return quantities


def body(reading: Reading, appliance_id: str, method: str, digits: Sequence[int]) -> dict[str, Any]:
    """The JSON of one reading. `timestamp` is the instant of capture, ISO 8601 in UTC."""
    made: dict[str, Any] = {
        "reading_kwh": reading.value,
        "timestamp": iso(reading.at),
        "confidence": round(reading.confidence, 4),
        "method": method,
        "digits": list(digits),
        "appliance": appliance_id,
        "source": reading.source,
        "id": f"{appliance_id}/{reading.source}/{reading.quantity}/{reading.at}",
    }
    if reading.quantity is not Quantity.ENERGY_IMPORT:
        made["quantity"] = str(reading.quantity)
    return made


class Sink:
    """Delivers from its cursor, once an interval, and without end while there is a backlog."""

    def __init__(self, options: Options, context: SinkContext) -> None:
        self.name = options.label
        self._options = options
        self._context = context
        self._url = str(options.api_endpoint)
        self._http = http.session()
        self._worker = Worker(f"{self.name} to {options.api_endpoint.host}")
        self._outbox = Outbox(self.name, context, options.quantities, options.sources)
        self._takes_lists = options.batch
        self._backoff = Backoff()
        self._aside = 0

    @property
    def delivery(self) -> Delivery:
        """How far it is."""
        return self._outbox.delivery

    async def test(self) -> str:
        """Send a reading without a number, which a central API refuses without keeping anything.

        SourceError and AuthError say what is wrong.
        """
        with suppress(RefusedError):
            await self._post({})
        return "The central API answers and takes readings from here"

    async def run(self) -> None:
        try:
            await self._context.clock.sleep(self._start_offset_s())
            while True:
                await self._context.clock.sleep(await self._round())
        finally:
            self._worker.close()

    def _start_offset_s(self) -> float:
        """Thousands of appliances that start together after a power cut do not all call at once."""
        return offset_s(self._context.appliance_id, min(START_SPREAD_S, self._options.interval_seconds / 2))

    async def _round(self) -> float:
        """Send all there is; the seconds until the next round."""
        self._aside = 0
        await self._outbox.count()
        try:
            while await self._send_some():
                self._backoff.failures = 0
        except SourceError as error:
            return await self._failed(error)
        self._backoff.failures = 0
        self._outbox.well()
        if self._aside:
            text = (
                f"The central API refused {self._aside} readings of the last delivery; see the events for why"
            )
            self._context.report.trouble(text, needs_you=True)
        else:
            self._context.report.ok("Everything is delivered")
        return self._options.interval_seconds

    async def _failed(self, error: SourceError) -> float:
        gone = isinstance(error, AuthError) or (isinstance(error, HttpError) and error.status in GONE)
        self._outbox.failed(str(error))
        await self._outbox.count()
        waiting, oldest = self.delivery.pending, self.delivery.oldest
        since = f", the oldest of {_plain_time(oldest, self._context)}" if oldest else ""
        text = f"{error}. Readings that wait: {waiting}{since}; nothing is lost"
        self._context.report.trouble(text, needs_you=gone)
        if gone:
            return self._backoff.refused_s()
        return self._backoff.failed_s(getattr(error, "retry_after_s", None))

    async def _send_some(self) -> bool:
        """Send the next few readings and move the cursor. Whether there may be more."""
        rows = await self._outbox.next(self._options.max_batch)
        if not rows:
            return False
        await self._deliver(rows)
        return len(rows) == self._options.max_batch

    async def _deliver(self, rows: Sequence[Row]) -> None:
        if not self._takes_lists or len(rows) == 1:
            await self._one_by_one(rows)
            return
        try:
            answer = await self._post([self._body(row.reading) for row in rows])
        except HttpError as error:
            if error.status not in NO_LIST and not isinstance(error, RefusedError):
                raise
        else:
            results = answer.get("readings") if isinstance(answer, dict) else None
            if isinstance(results, list) and len(results) == len(rows):
                await self._taken(rows, results)
                return
        # Refused, or accepted by one that gives no account of each: it may have heeded none of them.
        self._takes_lists = await self._one_by_one(rows)

    async def _taken(self, rows: Sequence[Row], results: Sequence[Any]) -> None:
        aside = 0
        for row, result in zip(rows, results, strict=True):
            if isinstance(result, dict) and result.get("status") == "rejected":
                aside += 1
                self._set_aside(row.reading, str(result.get("reason", "no reason given")))
        await self._outbox.done(rows, aside)

    async def _one_by_one(self, rows: Sequence[Row]) -> bool:
        """Send each alone. Whether one was refused: then the list may have been refused for it."""
        aside = done = 0
        try:
            for row in rows:
                try:
                    await self._post(self._body(row.reading))
                except RefusedError as error:
                    aside += 1
                    self._set_aside(row.reading, str(error))
                done += 1
        finally:
            # Once for all of them: each move is a write to the card.
            if done:
                await self._outbox.done(rows[:done], aside)
        return aside > 0

    def _body(self, reading: Reading) -> dict[str, Any]:
        method, digits = self._context.looks(reading)
        return body(reading, self._context.appliance_id, method, digits)

    async def _post(self, content: Any) -> Any:
        """The decoded answer, None where it is no JSON. Raises SourceError."""
        timeout, token = self._options.timeout_seconds, self._options.token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}

        def send() -> Any:
            answer = http.request(
                self._http, "POST", self._url, timeout_s=timeout, headers=headers, body=content
            )
            try:
                said = http.decode(answer, self._url)
            except SourceError:
                said = None
            if isinstance(said, dict) and (answer.status in WRONG or _rejected(answer, said)):
                reason = said.get("reason") or said.get("message") or said.get("detail") or "no reason given"
                raise RefusedError(str(reason)[:300], answer.status)
            http.expect_ok(answer, self._url)
            return said

        return await self._worker.call(send, 3 * timeout + 5)

    def _set_aside(self, reading: Reading, reason: str) -> None:
        self._aside += 1
        if self._aside > TOLD_EACH:
            return
        spec = reading.quantity.spec
        text = (
            f"The central API will not take {reading.value:.{spec.decimals}f} {spec.unit} of "
            f"{_plain_time(reading.at, self._context)}: {reason}. It is kept here and not sent again"
        )
        data = {"quantity": str(reading.quantity), "value": reading.value, "at": reading.at}
        self._context.report.event(Event(self.name, "push_refused", self._context.clock.now(), text, data))


def _rejected(answer: http.Answer, said: dict[str, Any]) -> bool:
    """Whether it says no with a status that says yes."""
    return 200 <= answer.status < 300 and said.get("status") == "rejected"


def _plain_time(at: int, context: SinkContext) -> str:
    return local(at, context.zone).isoformat(sep=" ", timespec="minutes")
