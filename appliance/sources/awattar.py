"""Day-ahead prices of Austria and Germany from aWATTar, by the hour and without a key.

https://www.awattar.at/services/api: /v1/marketdata?start=MS&end=MS answers `data` of `{start_timestamp,
end_timestamp, marketprice, unit}`, EUR per MWh without tax, instants in ms; tomorrow's from about 14:00
(asked for from 13:00). Its fair use is up to 100 questions a day; one is enough.
"""

from datetime import date, time
from typing import Any, Literal

import requests
from pydantic import AnyHttpUrl, Field

from appliance import calendar
from appliance.errors import SourceError
from appliance.model import Price
from appliance.sources import _slots
from appliance.sources._price_service import EUR, EuroOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "aWATTar, https://www.awattar.at"
ADDRESSES = {"AT": "https://api.awattar.at", "DE": "https://api.awattar.de"}


class Options(EuroOptions):
    """Market prices of Austria and Germany by the hour; no key is needed."""

    type: Literal["awattar"] = "awattar"
    area: Literal["AT", "DE"]
    """Your country."""
    url: AnyHttpUrl = Field(
        default_factory=lambda said: AnyHttpUrl(ADDRESSES[said.get("area", "AT")]),
    )
    """Address of the service; that of your country if left out."""


def parse(payload: Any, source: str) -> list[Price]:
    """The prices in EUR per kWh. Raises SourceError."""
    with _slots.understood(source):
        entries = payload["data"]
        for unit in {str(entry.get("unit", "Eur/MWh")) for entry in entries}:
            if unit.lower() != "eur/mwh":
                raise SourceError(f"{source} answers in {unit!r}, not in EUR/MWh")
        slots = [
            _slots.Slot(
                int(entry["start_timestamp"]),
                int(entry["end_timestamp"]),
                _slots.number(entry["marketprice"]) / 1000,
            )
            for entry in entries
        ]
    return _slots.quarters(slots, source, "wholesale", EUR)


class Source(PriceSource):
    """Asks for a day."""

    attribution = ATTRIBUTION
    publishes = time(13, 0)

    def __init__(self, options: Options, context: Context) -> None:
        super().__init__(options, context, options.url, options.area)

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        start, end = calendar.day_span(day, self.zone)
        return parse(self.get(session, "/v1/marketdata", start=str(start), end=str(end)), self.who)
