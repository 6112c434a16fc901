"""Dutch prices from easyEnergy, without a key.

https://price-graph.mijn.easyenergy.com/api/prices?start=YYYY-MM-DD&end=YYYY-MM-DD&type=electricity&
granularity=quarter answers `prices`, a list of `{from, until, price, priceIncVat, energyTax, purchasePrice,
invoicePrice, unit}` in EUR per kWh (the form was taken from public clients: the service documents none).
Times are Dutch wall clock times without an offset, so the hour that an autumn night has twice is told
apart by the order alone. One question a day is enough.
"""

from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import requests
from pydantic import AnyHttpUrl

from appliance.errors import SourceError
from appliance.model import Price
from appliance.sources import _slots
from appliance.sources._price_service import EUR, EuroOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "easyEnergy, https://www.easyenergy.com"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIELDS: dict[str, tuple[str, _slots.Channel]] = {
    "market": ("price", "wholesale"),
    "all_in": ("invoicePrice", "import"),
}


class Options(EuroOptions):
    """Dutch market prices, or easyEnergy's own with tax and surcharge; no key is needed."""

    type: Literal["easyenergy"] = "easyenergy"
    price: Literal["market", "all_in"] = "market"
    """market is the bare market price, all_in what easyEnergy's customers pay (tax, surcharge, VAT)."""
    url: AnyHttpUrl = AnyHttpUrl("https://price-graph.mijn.easyenergy.com")
    """Address of the service."""


def parse(payload: Any, source: str, price: Literal["market", "all_in"] = "market") -> list[Price]:
    """The prices in EUR per kWh. Raises SourceError."""
    field, channel = FIELDS[price]
    with _slots.understood(source):
        entries = payload["prices"]
        for unit in {str(entry.get("unit", "kWh")) for entry in entries} - {"kWh"}:
            raise SourceError(f"{source} answers in {unit!r}, not in kWh")
        times = [datetime.fromisoformat(entry["from"]) for entry in entries]
        prices = [_slots.number(entry[field]) for entry in entries]
        starts = _slots.local_moments(times, AMSTERDAM)
        slots = [_slots.Slot(start, None, value) for start, value in zip(starts, prices, strict=True)]
    return _slots.quarters(slots, source, channel, EUR)


class Source(PriceSource):
    """Asks for a day."""

    attribution = ATTRIBUTION
    zone = AMSTERDAM

    def __init__(self, options: Options, context: Context) -> None:
        self.channel = FIELDS[options.price][1]
        super().__init__(options, context, options.url)
        self._price: Literal["market", "all_in"] = options.price

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        payload = self.get(
            session,
            "/api/prices",
            start=day.isoformat(),
            end=(day + timedelta(days=1)).isoformat(),
            type="electricity",
            granularity="quarter",
        )
        return parse(payload, self.who, self._price)
