"""One question to a price service: a day's prices, checked and in the site's currency, or why not."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl, BeforeValidator, Field, SerializeAsAny, WithJsonSchema

from appliance import calendar, http
from appliance.errors import SourceError
from appliance.model import Event, Price
from appliance.sources import _rates, _slots
from appliance.sources.base import Context, Found, SourceOptions, discover
from appliance.worker import Worker

T = TypeVar("T")

BRUSSELS = ZoneInfo("Europe/Brussels")
"""The European day-ahead market's clock: its day begins at this midnight, wherever the area lies."""
EUR = "EUR"


def _provider(value: Any) -> Any:
    """The options of another price service. Raises ValueError, saying which there are."""
    if not isinstance(value, dict):
        return value
    kinds = discover()
    found = kinds.get(str(value.get("type")))
    if found is None or not _is_service(found):
        services = sorted(type_ for type_, found in kinds.items() if _is_service(found))
        raise ValueError(f"needs a `type`, one of {', '.join(services)}")
    if value.get("stand_in"):
        raise ValueError("cannot have a stand-in of its own")
    return found.options.model_validate(value)


def _is_service(found: Found) -> bool:
    return found.module is not None and issubclass(found.options, PriceOptions)


class PriceOptions(SourceOptions):
    """Options every price service has."""

    timeout_s: float = Field(default=20, gt=0, le=120)
    """Seconds to wait for an answer."""
    days_back: int = Field(default=7, ge=0, le=60)
    """How many past days are asked for where their prices are missing, as after a long power cut."""
    stand_in: Annotated[
        SerializeAsAny[SourceOptions] | None,
        BeforeValidator(_provider),
        WithJsonSchema({"anyOf": [{"type": "object", "required": ["type"]}, {"type": "null"}]}),
    ] = None
    """Another price service that is asked when this one fails, written like a source of its own."""
    stand_in_after_h: float = Field(default=2, ge=0, le=12)
    """Hours after publication at which the stand-in is asked for tomorrow; for today it is asked at once."""


class EuroOptions(PriceOptions):
    """Options of services whose prices may have to be converted from euro."""

    per_eur: float | None = Field(default=None, gt=0, le=100_000)
    """What a euro costs in your site's currency; null takes the European Central Bank's rate of the day."""
    rates_url: AnyHttpUrl = AnyHttpUrl(_rates.URL)
    """Where the European Central Bank's daily rates are."""


class PriceService(ABC):
    """A price service. A module says how to `fetch` a day.

    `zone` is the clock of the service's day, `publishes` the time on it from which tomorrow is worth asking
    for. `currencies` are those it can tell prices in, of which the site's is taken, else EUR is converted;
    empty where that is not known before asking (`fetch` then refuses prices in another than the site's).
    """

    channel: _slots.Channel = "wholesale"
    zone: ZoneInfo = BRUSSELS
    publishes: time = time(12, 45)
    currencies: tuple[str, ...] = (EUR,)
    attribution: str
    """Whom to name where its prices are shown."""

    def __init__(self, options: PriceOptions, context: Context, url: AnyHttpUrl, area: str = "") -> None:
        self.name = options.label
        self.who = f"{self.name} {area}".strip()
        """Who is named as the source of the prices: those of another area are not taken for known ones."""
        self._clock = context.clock
        self._site_currency = context.currency
        self._timeout_s = options.timeout_s
        self._base = str(url).rstrip("/")
        self._worker = Worker(self.name)
        self._per_eur: float | None = None
        if isinstance(options, EuroOptions):
            self._per_eur = options.per_eur
            self._bank = _rates.Bank(context.folder, str(options.rates_url), options.timeout_s)
        self._told_rate = ""
        self.remarks: list[Event] = []
        """What `fetch` has to tell besides prices."""

    @abstractmethod
    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        """The prices of a day in one of the `currencies`, fewer where not all are there, none before they
        are published (a 404 means that too). Blocks. Raises SourceError or AuthError."""

    async def ask(self, day: date) -> tuple[list[Price], list[Event]]:
        """What there is of the day in the site's currency, and what is to be told of it. SourceError."""
        currency = self._currency()

        def published() -> list[Price]:
            with http.session() as session:
                try:
                    return self.fetch(session, day, currency)
                except http.HttpError as error:
                    if error.status == 404:
                        return []
                    raise

        prices = await self._call(published)
        inside = _slots.within(prices, day, self.zone)
        if prices and not inside:
            got = calendar.day_of(prices[0].start, self.zone)
            raise SourceError(
                f"{self.who} was asked for {day} and answers with {got}; it is asked again later"
            )
        remarks, self.remarks = self.remarks, []
        if currency == self._site_currency:
            return inside, remarks
        converted, rate = await self._converted(inside)
        return converted, [*remarks, *rate]

    def get(self, session: requests.Session, path: str, **query: str) -> Any:
        """The JSON at a path of the service. Blocks. Raises SourceError, HttpError or HttpAuthError."""
        return http.get_json(session, self.address(path, **query), self._timeout_s)

    def address(self, path: str, **query: str) -> str:
        """The address of a path of the service, with a query."""
        return f"{self._base}{path}{'?' if query else ''}{urlencode(query)}"

    def close(self) -> None:
        """End the thread."""
        self._worker.close()

    async def _call(self, work: Callable[[], T]) -> T:
        return await self._worker.call(work, 2 * self._timeout_s + 5)

    def _currency(self) -> str:
        """What to ask for. Raises SourceError where nothing comes of it."""
        if not self.currencies or self._site_currency in self.currencies:
            return self._site_currency
        if EUR in self.currencies:
            return EUR
        told = " and ".join(self.currencies)
        raise SourceError(
            f"{self.who} tells its prices in {told}, and this site's money is {self._site_currency}: choose"
            " another service, or change site.currency"
        )

    async def _converted(self, prices: list[Price]) -> tuple[list[Price], list[Event]]:
        """The prices at the rate of today, which is told once: what is kept is not converted again."""
        if not prices:
            return [], []
        rate, day = self._per_eur, ""
        if rate is None:
            rate, day = await self._rate_of_today()
        converted = [
            Price(price.source, price.channel, price.start, price.end, round(price.per_kwh * rate, 6))
            for price in prices
        ]
        said = f"{rate:g} {day}"
        if not day or said == self._told_rate:
            return converted, []
        self._told_rate = said
        money = self._site_currency
        text = (
            f"Prices are converted at {rate:g} {money} for a euro, the European Central Bank's rate of {day}"
        )
        data = {"currency": money, "per_eur": rate, "day": day}
        return converted, [Event(self.name, "exchange_rate", self._clock.now(), text, data)]

    async def _rate_of_today(self) -> tuple[float, str]:
        money, today = self._site_currency, datetime.fromtimestamp(self._clock.now() / 1000, UTC).date()
        try:
            rates = await self._call(lambda: self._bank.rates(today))
        except SourceError as error:
            raise SourceError(
                f"{self.who} tells its prices in EUR and no exchange rate is known, so they cannot be kept:"
                f" {error}. Give `per_eur`, or wait"
            ) from None
        if money not in rates.per_eur:
            raise SourceError(
                f"{self.who} tells its prices in EUR, and the European Central Bank has no rate for {money}:"
                " give `per_eur`"
            )
        return rates.per_eur[money], rates.day
