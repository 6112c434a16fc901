"""Day-ahead prices of the Swedish areas from elprisetjustnu.se, free and without a key.

https://www.elprisetjustnu.se/elpris-api: one static file a day and area, tomorrow's from about 13:00 (404
before). One question a day is enough; the User-Agent says who asks. Prices are SEK (and EUR) per kWh without
value added tax. A link is asked for where they are shown (from memory, not looked up).
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

ATTRIBUTION = "Elpriser tillhandahålls av Elpriset just nu.se, https://www.elprisetjustnu.se"


class Options(EuroOptions):
    """Market prices of the Swedish areas, every quarter hour; no key is needed."""

    type: Literal["elprisetjustnu"] = "elprisetjustnu"
    area: Literal["SE1", "SE2", "SE3", "SE4"]
    """Your area: SE1 Luleå, SE2 Sundsvall, SE3 Stockholm, SE4 Malmö."""
    url: AnyHttpUrl = AnyHttpUrl("https://www.elprisetjustnu.se")
    """Address of the service."""


class Source(PriceSource):
    """Asks for a day's file."""

    attribution = ATTRIBUTION
    zone = ZoneInfo("Europe/Stockholm")
    currencies = ("SEK", "EUR")

    def __init__(self, options: Options, context: Context) -> None:
        super().__init__(options, context, options.url, options.area)
        self._area = options.area

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        return parse(self.get(session, _day_file.path(day, self._area)), self.who, currency)
