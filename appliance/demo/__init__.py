"""The virtual house: one consistent simulation behind emulators that speak each device's own protocol."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.demo.battery import Battery
from appliance.demo.central import Central
from appliance.demo.cupboard import Cupboard
from appliance.demo.homewizard import HomeWizard
from appliance.demo.house import House, HouseClock
from appliance.demo.http_device import HttpDevice
from appliance.demo.inverter import Inverter
from appliance.demo.meter_camera import DisplayCamera, MeterCamera, WaterCamera
from appliance.demo.outages import Outage, Outages
from appliance.demo.p1 import P1Port
from appliance.demo.places import VirtualPlace, built
from appliance.demo.powerwall_gateway import PowerwallGateway
from appliance.demo.price_service import PriceService
from appliance.demo.weather import day_of_year

DAY_MS = 86_400_000
ZONE = "Europe/Stockholm"
LATITUDE, LONGITUDE = 59.858, 17.645
"""Uppsala."""
FUSE_A = 20
BATTERY = Battery(capacity_kwh=27.0, power_w=10_000, reserve=0.2, fade=0.03)
"""Two Powerwalls, of which a fifth is kept for when the street has no power."""
OUTAGE_EVERY_DAYS = 3
FIRST_OUTAGE_MS = 30 * 60_000, 34 * 60_000
"""After the house was built: who looks for the first time shall see one without waiting for chance."""
SUMMER = 165
"""Day of the year on which the virtual house begins, whatever the calendar says: there is more to see."""
CONTRACT = {
    "name": "Quarter hour prices",
    "since": "2025-01-01",
    "vat_percent": 25,
    "buying": [
        {"name": "Spot price", "market": 1},
        {"name": "Markup", "per_kwh": 0.06},
        {"name": "Energy tax", "per_kwh": 0.36},
        {
            "name": "Grid fee by day",
            "per_kwh": 0.3,
            "when": [{"weekdays": [1, 2, 3, 4, 5], "start": "07:00", "end": "23:00"}],
        },
        {
            "name": "Grid fee by night",
            "per_kwh": 0.12,
            "when": [{"start": "23:00", "end": "07:00"}, {"weekdays": [6, 7]}],
        },
    ],
    "selling": [{"name": "Spot price", "market": 1, "vat": False}],
    "fees": [{"name": "Subscription", "amount": 39, "per": "month"}],
}
"""What the virtual house pays, in SEK: its meter's normal and low times are the grid company's too."""


class VirtualHouse(VirtualPlace):
    """All devices of a house in Sweden; `with` (or `start` and `stop`) switches them on and off.

    `config()` is the config.json of an appliance in that house; it is known once the devices run. With
    `weather` the camera before the wheel meter has to put up with its cupboard, from glare to spiders. In the
    same `folder` it is the same house again, whose registers have gone on meanwhile.
    """

    def __init__(self, clock: HouseClock, folder: Path, weather: bool = False, *, seed: int = 1) -> None:
        super().__init__()
        zone = ZoneInfo(ZONE)
        start = built(folder, clock.now())
        season = SUMMER - round(day_of_year(start // DAY_MS))
        self.house = House(
            clock,
            seed=seed,
            start=start,
            zone=zone,
            latitude=LATITUDE,
            longitude=LONGITUDE,
            fuse_a=float(FUSE_A),
            battery=BATTERY,
            season_days=season,
            outages=Outages(
                planned=(Outage(*(start + into for into in FIRST_OUTAGE_MS)),),
                every_days=OUTAGE_EVERY_DAYS,
                seed=seed,
            ),
        )
        self.camera = MeterCamera(self.house, clock)
        if weather:
            self.camera.cupboard = Cupboard(seed, self.house.in_season(start), LATITUDE, LONGITUDE)
        self.display, self.water = DisplayCamera(self.house, clock), WaterCamera(self.house, clock)
        self.inverter = Inverter(self.house, clock)
        self.powerwall = PowerwallGateway(self.house, clock, reserve=100 * BATTERY.reserve)
        self.central = Central()
        self.p1 = P1Port(self.house, clock, zone, "SE")
        kinds = ("HWE-P1", "HWE-KWH3", "HWE-WTR")
        self.wizards = [
            HomeWizard(self.house, clock, kind, serial=f"5c2faf0a0b0{number}")
            for number, kind in enumerate(kinds)
        ]
        self.wizards[0].without = frozenset({"external"})  # no other meters hang on a Swedish one
        self.prices = PriceService(clock, season_days=season)

    def devices(self) -> list[HttpDevice | P1Port]:
        """All that is switched on, in order."""
        cameras = self.camera, self.display, self.water
        network = self.inverter, self.powerwall, self.central, self.prices
        return [*cameras, *network, *self.wizards, self.p1]

    def config(self) -> dict[str, Any]:
        """The content of config.json for this house.

        `display` and `water` run but are not in it: a process with OpenCV each is more than a first look is
        worth. Their `source_config` adds them.
        """
        p1_meter, solar_meter, water_meter = self.wizards
        return {
            "version": 2,
            "site": {
                "name": "Virtual house",
                "time_zone": ZONE,
                "currency": "SEK",
                "main_fuse_a": FUSE_A,
                "latitude": LATITUDE,
                "longitude": LONGITUDE,
            },
            "display": {"enabled": True},
            "sources": [
                self.p1.source_config(),
                self.camera.source_config(),
                self.inverter.source_config(),
                self.powerwall.source_config(),
                p1_meter.source_config("homewizard_p1"),
                solar_meter.source_config("homewizard_solar", measures="solar"),
                water_meter.source_config("homewizard_water"),
                self.prices.source_config(),
            ],
            "contracts": [CONTRACT],
            "sinks": [self.central.sink_config()],
        }
