"""Asks another reader for its last register reading: GET /meter of a second Tallywatt, a CT-clamp box.

The answer is {"reading_kwh", "last_update", "confidence", "method", "digits"}; the first two are needed.
`last_update` is the instant of capture, so the same reading is passed on once however often it is asked.
"""

import math
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any, Literal, TypeGuard
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl, Field, SecretStr, field_validator

from appliance import http
from appliance.calendar import instant
from appliance.errors import SourceError
from appliance.model import Batch, Quantity, Reading
from appliance.sources.base import Context, SourceOptions
from appliance.worker import Worker

STALE_S = 3600.0


class Options(SourceOptions):
    """Another reader that can be asked."""

    type: Literal["meter_endpoint"] = "meter_endpoint"
    url: AnyHttpUrl
    """The full address, such as http://cupboard.local:8080/meter."""
    every_s: float = Field(default=60, ge=1, le=86_400)
    """Seconds from one question to the next."""
    timeout_s: float = Field(default=5, gt=0, le=60)
    """Seconds to wait for an answer."""
    token: SecretStr | None = None
    """Bearer token, where the other reader asks for one; kept encrypted."""
    quantity: Quantity = Quantity.ENERGY_IMPORT
    """Which register it reads; one counted in kWh."""
    silent_after_s: float = Field(default=STALE_S, ge=10, le=7 * 86_400)
    """A last reading older than this many seconds means that the other reader is in trouble."""

    @field_validator("quantity")
    @classmethod
    def _in_kwh(cls, quantity: Quantity) -> Quantity:
        if quantity.spec.unit != "kWh":
            raise ValueError(f"{quantity} is counted in {quantity.spec.unit}, and the answer is in kWh")
        return quantity


def parse(payload: Any, options: Options, zone: ZoneInfo) -> list[Reading]:
    """The reading in an answer; times without offset are the site's. Raises SourceError without one."""
    where = http.shown(str(options.url))
    if not isinstance(payload, dict) or "reading_kwh" not in payload:
        raise SourceError(f"{where} answers without reading_kwh; is it the address of a meter reader?")
    value, confidence = payload["reading_kwh"], payload.get("confidence")
    if value is None or payload.get("last_update") is None:
        raise SourceError(f"{where} has no reading yet; look at that reader's own Health page")
    if not _is_number(value):
        raise SourceError(f"{where} answers reading_kwh {repr(value)[:60]}, which is no number")
    sure = float(confidence) if _is_number(confidence) and 0 <= confidence <= 1 else 1.0
    at = _moment(payload["last_update"], zone, where)
    return [Reading(options.label, options.quantity, float(value), at, sure)]


def _is_number(value: Any) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def _moment(said: Any, zone: ZoneInfo, where: str) -> int:
    if _is_number(said):
        return round(said if said > 1e11 else said * 1000)
    try:
        moment = datetime.fromisoformat(str(said))
        return instant(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (OverflowError, ValueError):
        raise SourceError(
            f"{where} answers last_update {repr(said)[:60]}, which is no ISO 8601 time"
        ) from None


def ask(session: requests.Session, options: Options) -> Any:
    """The decoded answer to GET. Raises SourceError, AuthError."""
    url, token = str(options.url), options.token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    answer = http.request(session, "GET", url, timeout_s=options.timeout_s, headers=headers)
    if answer.status == 404 and b'"message"' in answer.body:
        # Another Tallywatt is there, but has not read its meter: the address is right.
        said = http.decode(answer, url)
        if isinstance(said, dict):
            raise SourceError(f"{http.shown(url)} says: {str(said.get('message'))[:200]}")
    return http.decode(http.expect_ok(answer, url), url)


class Source:
    """Asks again and again, and passes on what is new."""

    urgent = True

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = max(options.every_s, options.silent_after_s / 3)
        self._options = options
        self._context = context
        self._worker = Worker(f"{self.name} at {options.url.host}")

    async def batches(self) -> AsyncGenerator[Batch, None]:
        options, clock = self._options, self._context.clock
        last: int | None = None
        with http.session() as session:
            try:
                while True:
                    payload = await self._worker.call(
                        lambda: ask(session, options), 2 * options.timeout_s + 5
                    )
                    (reading,) = parse(payload, options, self._context.zone)
                    age_s = (clock.now() - reading.at) / 1000
                    if age_s > options.silent_after_s:
                        raise SourceError(
                            f"{http.shown(str(options.url))} answers, but its last reading is "
                            f"{age_s / 60:.0f} minutes old; look at that reader's own Health page"
                        )
                    if reading.at != last:
                        last = reading.at
                        yield [reading]
                    await clock.sleep(options.every_s)
            finally:
                self._worker.close()
