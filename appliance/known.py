"""What the appliance knows: its store and its books; and of the moment whose register is the house's, what is
stale, how it was read."""

from dataclasses import replace
from math import isnan
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance import calendar, register
from appliance.bill_check import Checker
from appliance.clock import DAY_MS, MINUTE_MS, Clock
from appliance.energy_now import in_use
from appliance.errors import SourceError
from appliance.gate import Limits
from appliance.grid import RANK, REMOTE, grid_meters
from appliance.hub import Hub
from appliance.ledger import Ledger, plain
from appliance.message_settings import MessageSettings
from appliance.meter_setup import Surveyor
from appliance.model import Quantity, Reading, Source, parent
from appliance.sinks.base import Rate, SourceInfo
from appliance.store import Store
from appliance.supervise import Health
from appliance.views import is_fresh
from config.schema import Config

REMOTE_CADENCE_S = 1200.0
"""Readers push every quarter hour as a rule; three times a little more is stale."""
RENEWS_MS = 15 * MINUTE_MS
"""Inverters and the like that are asked every few seconds renew their registers every few minutes."""
FACE = register.WHOLE, register.DECIMALS
METHODS = {"camera_meter": "ocr"}
"""What the classic API calls a way of reading; any other source goes by its type."""


class Known:
    """The asking half of the appliance."""

    def __init__(self, config: Config, folder: Path, clock: Clock) -> None:
        self.config = config
        self.folder = folder
        self.clock = clock
        self.zone = ZoneInfo(config.site.time_zone)
        self.hub = Hub(clock)
        self.health = Health(clock)
        self.sources: dict[str, Source] = {}
        self.cadences: dict[str, float] = {}
        self.store = Store(folder / "store", clock, self.zone, commit_every_s=config.store.commit_every_s)
        self.message_settings = MessageSettings(config.messages, self.store.documents)
        self.ledger = Ledger(self.store, clock, self.zone, config.contracts, config.offers, self.grid_meters)
        self.bill_check = Checker(
            self.store, self.ledger, clock, self.zone, self.grid_meters, self.source_types, config.site
        )

    async def recall(self) -> None:
        """Tell everyone what was known before this start: the newest readings, and the prices of today and
        tomorrow, whose sources have no reason to ask for them again. Raises StoreError."""
        for reading in await self.store.latest():
            if reading.source.startswith(REMOTE):
                self.cadences[reading.source] = REMOTE_CADENCE_S
            self.hub.publish([reading])
        start, _ = calendar.today(self.clock.now(), self.zone)
        for channel in ("import", "export", "wholesale"):
            self.hub.publish(await self.store.prices(channel, start, start + 2 * DAY_MS))

    def surveyor(self, source: str) -> Surveyor:
        """Who sets up the meter of a camera source. Raises SourceError when that source is none."""
        found: Surveyor | None = getattr(self.sources.get(source), "surveyor", None)
        if found is None:
            raise SourceError(f"{source} is no camera that runs: see the Health page")
        return found

    def main_register(self) -> Reading | None:
        """The reading that stands for the meter of this house: a camera's before a wire's before others',
        and what is fresh before what is stale. An inverter or a gateway, which counts for itself, stands for
        it only where nobody reads the meter."""
        used = in_use(self.hub.latest, self.cadences, self.clock.now()) or self.hub.latest
        known = [r for (_, q), r in used.items() if q is Quantity.ENERGY_IMPORT]
        rank = {"camera_meter": 0, "p1_serial": 1, "homewizard": 1}
        types = self.source_types()

        def place(reading: Reading) -> tuple[bool, bool, int, int]:
            type_ = types.get(reading.source, "remote")
            return type_ not in RANK, self.stale(reading), rank.get(type_, 2), -reading.at

        return min(known, key=place, default=None)

    def grid_meters(self, quantity: Quantity) -> list[str]:
        """The sources whose register of that quantity is the grid meter's, the best first."""
        return grid_meters(self.hub.latest, self.source_types(), quantity, self.config.site.grid_meters)

    def source_types(self) -> dict[str, str]:
        """The kind of every source that is set up, by name."""
        return {part.name: part.type for part in self.health if part.role == "source"}

    def stale(self, reading: Reading) -> bool:
        """Whether it is too old to be shown as the present."""
        return not is_fresh(reading, self.cadences, self.clock.now())

    def look(self, reading: Reading) -> tuple[str, list[int]]:
        """How a register reading was come by, and its digits as the meter shows them."""
        type_ = self.source_types().get(parent(reading.source), "remote")
        wheels = getattr(self.sources.get(parent(reading.source)), "wheels", {}).get(reading.quantity)
        return METHODS.get(type_, type_), register.digits(reading.value, *(wheels or FACE))

    def running_sources(self) -> list[SourceInfo]:
        """The sources that run."""
        types = self.source_types()
        return [SourceInfo(name, types.get(name, "remote"), s) for name, s in self.cadences.items()]

    def limits(self, reading: Reading) -> Limits:
        """What its source says of the register, which may change while it runs; where nobody says how fast it
        may rise, what the main fuse lets through, half as much again; without one the quantity's own limit.
        Readers that push to us may be cameras."""
        fuse = self.config.site.main_fuse_a
        most = 3 * fuse * 0.23 * 1.5 if fuse else None
        said = getattr(self.sources.get(parent(reading.source)), "limits", {}).get(reading.quantity)
        if isinstance(said, Limits):
            by_fuse = said.max_per_hour is None and reading.quantity.spec.unit == "kWh"
            return replace(said, max_per_hour=most) if by_fuse else said
        renews_ms = 0 if reading.source.startswith(REMOTE) else RENEWS_MS
        return Limits(max_per_hour=most, renews_ms=renews_ms)

    async def rates(self, start: int, end: int) -> list[Rate]:
        """What a kWh costs and brings in, quarter by quarter, by the contract. Raises StoreError."""
        starts, rates = await self.ledger.rates(start, end)
        return [
            Rate(int(at), *(None if isnan(price) else float(price) for price in both))
            for at, *both in zip(starts, plain(rates.buying), rates.selling[0], strict=True)
        ]
