"""Dutch prices from EnergyZero, which many suppliers there bill by; without a key.

https://public.api.energyzero.nl/public/v1/prices?energyType=ENERGY_TYPE_ELECTRICITY&date=DD-MM-YYYY&
interval=INTERVAL_QUARTER answers `base`, `base_with_vat`, `all_in`, `all_in_with_vat`: lists of `{start, end,
price: {value}}` in EUR per kWh, the value a string. Tomorrow's are there between 13:00 and 15:00. One
question a day is enough.
"""

from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl

from appliance.model import Price
from appliance.sources import _slots
from appliance.sources._price_service import EUR, EuroOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "EnergyZero, https://www.energyzero.nl"
LISTS: dict[str, tuple[str, _slots.Channel]] = {
    "market": ("base", "wholesale"),
    "all_in": ("all_in_with_vat", "import"),
}


class Options(EuroOptions):
    """Dutch market prices, or EnergyZero's own with tax and surcharge; no key is needed."""

    type: Literal["energyzero"] = "energyzero"
    price: Literal["market", "all_in"] = "market"
    """market is the bare market price, all_in what EnergyZero's customers pay (tax, surcharge, VAT)."""
    url: AnyHttpUrl = AnyHttpUrl("https://public.api.energyzero.nl")
    """Address of the service."""


def parse(payload: Any, source: str, price: Literal["market", "all_in"] = "market") -> list[Price]:
    """The prices in EUR per kWh. Raises SourceError."""
    name, channel = LISTS[price]
    with _slots.understood(source):
        slots = [
            _slots.Slot(
                _slots.moment(entry["start"]),
                _slots.moment(entry["end"]),
                _slots.number(entry["price"]["value"]),
            )
            for entry in payload[name]
        ]
    return _slots.quarters(slots, source, channel, EUR)


class Source(PriceSource):
    """Asks for a day; the answer may hold those around it."""

    attribution = ATTRIBUTION
    zone = ZoneInfo("Europe/Amsterdam")

    def __init__(self, options: Options, context: Context) -> None:
        self.channel = LISTS[options.price][1]
        super().__init__(options, context, options.url)
        self._price: Literal["market", "all_in"] = options.price

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        payload = self.get(
            session,
            "/public/v1/prices",
            energyType="ENERGY_TYPE_ELECTRICITY",
            date=f"{day:%d-%m-%Y}",
            interval="INTERVAL_QUARTER",
        )
        return _slots.within(parse(payload, self.who, self._price), day, self.zone)
