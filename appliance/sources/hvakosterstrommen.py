"""Day-ahead prices of the Norwegian areas from hvakosterstrommen.no, free for any use and without a key.

https://www.hvakosterstrommen.no/strompris-api: one static file a day and area, tomorrow's from about 13:00
(404 before), the same form as elprisetjustnu.se. One question a day is enough. Prices are NOK (and EUR) per
kWh without value added tax.
"""

from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl

from appliance.model import Price
from appliance.sources import _day_file
from appliance.sources._day_file import parse
from appliance.sources._price_service import EuroOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

__all__ = ["ATTRIBUTION", "Options", "Source", "parse"]

ATTRIBUTION = "Strømpriser levert av Hva koster strømmen.no, https://www.hvakosterstrommen.no"


class Options(EuroOptions):
    """Market prices of the Norwegian areas, every quarter hour; no key is needed."""

    type: Literal["hvakosterstrommen"] = "hvakosterstrommen"
    area: Literal["NO1", "NO2", "NO3", "NO4", "NO5"]
    """Your area: NO1 Oslo, NO2 Kristiansand, NO3 Trondheim, NO4 Tromsø, NO5 Bergen."""
    url: AnyHttpUrl = AnyHttpUrl("https://www.hvakosterstrommen.no")
    """Address of the service."""


class Source(PriceSource):
    """Asks for a day's file."""

    attribution = ATTRIBUTION
    zone = ZoneInfo("Europe/Oslo")
    currencies = ("NOK", "EUR")

    def __init__(self, options: Options, context: Context) -> None:
        super().__init__(options, context, options.url, options.area)
        self._area = options.area

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        return parse(self.get(session, _day_file.path(day, self._area)), self.who, currency)
