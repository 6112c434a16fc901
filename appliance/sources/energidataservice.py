"""Day-ahead prices of the Danish areas and their neighbours from Energi Data Service, Energinet's open data.

https://www.energidataservice.dk/tso-electricity/DayAheadPrices: /dataset/DayAheadPrices?filter={"PriceArea":
["DK1"]} answers `records` of `{TimeUTC, TimeDK, PriceArea, DayAheadPriceEUR, DayAheadPriceDKK}` per MWh
without tax, quarter hours since 2025-10-01 (older ones are in Elspotprices, which is not asked); times are
UTC without saying so. No key; at most one question a second is asked for, one a day is enough.
"""

import json
from datetime import date, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl, Field

from appliance.model import Price
from appliance.sources import _slots
from appliance.sources._price_service import EuroOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "Energi Data Service, Energinet, https://www.energidataservice.dk"


class Options(EuroOptions):
    """Market prices of the Danish areas and their neighbours; no key is needed."""

    type: Literal["energidataservice"] = "energidataservice"
    area: str = Field(pattern=r"^[A-Z]{2}[A-Z0-9-]{0,4}$", examples=["DK1", "DK2"])
    """Your area: DK1 is west of the Great Belt, DK2 east of it."""
    url: AnyHttpUrl = AnyHttpUrl("https://api.energidataservice.dk")
    """Address of the service."""


def parse(payload: Any, source: str, currency: str, area: str) -> list[Price]:
    """The prices per kWh in DKK or EUR. Raises SourceError."""
    field = f"DayAheadPrice{currency}"
    with _slots.understood(source):
        slots = [
            _slots.Slot(
                _slots.moment_utc(record["TimeUTC"]),
                None,
                None if record[field] is None else _slots.number(record[field]) / 1000,
            )
            for record in payload["records"]
            if record.get("PriceArea", area) == area
        ]
    return _slots.quarters(slots, source, "wholesale", currency)


class Source(PriceSource):
    """Asks for a day."""

    attribution = ATTRIBUTION
    zone = ZoneInfo("Europe/Copenhagen")
    currencies = ("DKK", "EUR")

    def __init__(self, options: Options, context: Context) -> None:
        super().__init__(options, context, options.url, options.area)
        self._area = options.area

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        payload = self.get(
            session,
            "/dataset/DayAheadPrices",
            start=day.isoformat(),
            end=(day + timedelta(days=1)).isoformat(),
            filter=json.dumps({"PriceArea": [self._area]}),
            limit="200",
        )
        return parse(payload, self.who, currency, self._area)
