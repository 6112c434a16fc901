"""Octopus Agile (Great Britain): a price for every half hour, including value added tax; without a key.

https://developer.octopus.energy/docs/api: /v1/products/{product}/electricity-tariffs/E-1R-{product}-{region}/
standard-unit-rates/?period_from=&period_to=&page_size=1500 answers `results` of `{value_exc_vat,
value_inc_vat, valid_from, valid_to, payment_method}` in pence per kWh, the newest
first. Prices of the European market day (23 h to 23 h in Britain) are there from about 16:00 British time.
One question a day is enough.
"""

from datetime import date, time
from typing import Any, Literal

import requests
from pydantic import AnyHttpUrl, Field

from appliance import calendar
from appliance.errors import SourceError
from appliance.model import Price
from appliance.sources import _slots
from appliance.sources._price_service import PriceOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "Octopus Energy, https://octopus.energy"
PENCE = 100


class Options(PriceOptions):
    """Octopus Agile, Great Britain: what its customers pay, every half hour; no key is needed."""

    type: Literal["octopus_agile"] = "octopus_agile"
    product: str = Field(pattern=r"^[A-Z0-9-]{3,40}$", examples=["AGILE-24-10-01"])
    """The product's code as on your bill, such as AGILE-24-10-01 or AGILE-OUTGOING-19-05-13."""
    region: str = Field(pattern=r"^[A-HJ-NP]$")
    """The letter of your grid region, A to P: the last one of your tariff's code."""
    direction: Literal["import", "export"] = "import"
    """export for an outgoing tariff: what you are paid."""
    url: AnyHttpUrl = AnyHttpUrl("https://api.octopus.energy")
    """Address of the service."""


def parse(payload: Any, source: str, direction: Literal["import", "export"] = "import") -> list[Price]:
    """The prices in GBP per kWh, tax included. Raises SourceError."""
    with _slots.understood(source):
        slots = [
            _slots.Slot(
                _slots.moment(rate["valid_from"]),
                None if rate["valid_to"] is None else _slots.moment(rate["valid_to"]),
                _slots.number(rate["value_inc_vat"]) / PENCE,
            )
            for rate in payload["results"]
            if rate.get("payment_method") in (None, "DIRECT_DEBIT")
        ]
        if payload.get("next"):
            raise SourceError(f"{source} answers more rates than a day has; is it a half-hourly product?")
    return _slots.quarters(slots, source, direction, "GBP")


class Source(PriceSource):
    """Asks for a market day: it is the same 24 hours as on the continent."""

    attribution = ATTRIBUTION
    publishes = time(17, 0)  # 16:00 in Britain; both clocks change in the same moment
    currencies = ("GBP",)

    def __init__(self, options: Options, context: Context) -> None:
        self.channel = self._direction = options.direction
        super().__init__(options, context, options.url, f"{options.product} {options.region}")
        tariff = f"E-1R-{options.product}-{options.region}"
        self._path = f"/v1/products/{options.product}/electricity-tariffs/{tariff}/standard-unit-rates/"

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        start, end = (calendar.iso(at) for at in calendar.day_span(day, self.zone))
        payload = self.get(session, self._path, period_from=start, period_to=end, page_size="1500")
        return parse(payload, self.who, self._direction)
