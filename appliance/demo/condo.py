"""The virtual condominium in Canada: four meters that only CARMA's portal knows, and its owner's Telegram."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.demo.carma import CarmaPortal
from appliance.demo.house import HouseClock
from appliance.demo.places import VirtualPlace
from appliance.demo.telegram import Telegram

ZONE = "America/Toronto"
LATITUDE, LONGITUDE = 43.653, -79.383
YEARS = 20
CONTRACT = {
    "name": "Hydro",
    "since": "2005-01-01",
    "vat_percent": 13,
    "buying": [{"name": "Electricity", "per_kwh": 0.12}],
}
"""CAD, and the tax of Ontario (HST)."""


class VirtualCondo(VirtualPlace):
    """A flat in Toronto whose portal has 20 years of days; see `VirtualPlace`.

    The days depend on the calendar and the seed alone, so nothing has to be kept in `folder`.
    """

    def __init__(self, clock: HouseClock, folder: Path, *, seed: int = 1) -> None:
        super().__init__()
        self.carma = CarmaPortal(clock, years=YEARS, seed=seed, zone=ZONE)
        self.telegram = Telegram(clock, zone=ZoneInfo(ZONE))

    def devices(self) -> tuple[CarmaPortal, Telegram]:
        """All that is switched on, in order."""
        return self.carma, self.telegram

    def config(self) -> dict[str, Any]:
        """The content of config.json for this flat."""
        return {
            "version": 2,
            "site": {
                "name": "Virtual condominium",
                "time_zone": ZONE,
                "currency": "CAD",
                "latitude": LATITUDE,
                "longitude": LONGITUDE,
            },
            "display": {"enabled": True},
            "sources": [self.carma.source_config()],
            "contracts": [CONTRACT],
            "sinks": [self.telegram.sink_config()],
        }

    def notes(self) -> list[str]:
        """Where to read what the appliance sends."""
        return [f"The virtual owner's Telegram is at {self.telegram.url}"]
