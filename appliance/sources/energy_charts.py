"""Day-ahead prices of most of Europe from energy-charts.info (Fraunhofer ISE), without a key.

https://api.energy-charts.info: /price?bzn=SE4&start=YYYY-MM-DD&end=YYYY-MM-DD answers parallel arrays
`unix_seconds` and `price`, always EUR per MWh without tax, null where it has none. One question a day is
enough. `license_info` says what may be done with them: CC BY 4.0 for AT, BE, CH, CZ, DE-LU, DK1, DK2, FR, HU,
IT-North, NL, NO2, PL, SE4 and SI; of other areas private use alone is safe, and an event says so.
"""

from datetime import date
from typing import Any, Literal

import requests
from pydantic import AnyHttpUrl, Field

from appliance.errors import SourceError
from appliance.model import Event, Price
from appliance.sources import _slots
from appliance.sources._price_service import EUR, EuroOptions
from appliance.sources._prices import PriceSource
from appliance.sources.base import Context

ATTRIBUTION = "Energy-Charts.info, Fraunhofer ISE, CC BY 4.0, https://www.energy-charts.info"
FREE = ("CC BY 4.0", "creativecommons.org/licenses/by/4.0")


class Options(EuroOptions):
    """Market prices of most European areas; no key is needed."""

    type: Literal["energy_charts"] = "energy_charts"
    area: str = Field(pattern=r"^[A-Z]{2}[A-Za-z0-9-]{0,14}$", examples=["SE4", "DE-LU", "IT-North"])
    """The bidding zone, such as SE4, NO2, DK1, DE-LU, AT, FR or NL."""
    url: AnyHttpUrl = AnyHttpUrl("https://api.energy-charts.info")
    """Address of the service."""


def parse(payload: Any, source: str) -> list[Price]:
    """The prices in EUR per kWh. Raises SourceError."""
    with _slots.understood(source):
        unit = str(payload["unit"]).replace(" ", "").lower()
        if unit not in ("eur/mwh", "€/mwh"):
            raise SourceError(f"{source} answers in {payload['unit']!r}, not in EUR / MWh")
        slots = [
            _slots.Slot(
                int(_slots.number(at)) * 1000, None, None if price is None else _slots.number(price) / 1000
            )
            for at, price in zip(payload["unix_seconds"], payload["price"], strict=True)
        ]
        return _slots.quarters(slots, source, "wholesale", EUR)


def licence(payload: Any) -> str | None:
    """What the answer says of its use if that is not CC BY 4.0, else None."""
    said = str(payload.get("license_info") or "") if isinstance(payload, dict) else ""
    return said if said and not any(mark in said for mark in FREE) else None


class Source(PriceSource):
    """Asks for a day."""

    attribution = ATTRIBUTION

    def __init__(self, options: Options, context: Context) -> None:
        super().__init__(options, context, options.url, options.area)
        self._area = options.area
        self._licence: str | None = None

    def fetch(self, session: requests.Session, day: date, currency: str) -> list[Price]:
        asked = day.isoformat()
        payload = self.get(session, "/price", bzn=self._area, start=asked, end=asked)
        said = licence(payload)
        if said is not None and said != self._licence:
            self._licence = said
            self.remarks.append(
                Event(self.name, "price_licence", self._clock.now(), f"{self.who}: {said}", {"licence": said})
            )
        return parse(payload, self.who)
