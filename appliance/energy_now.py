"""The house's energy at this moment as the unified energy API tells it: numbers and code words, pure.

Power is W with the signs of `appliance.model`, instants are UTC ms, shares 0 to 1. None is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from appliance.model import Quantity, parent
from appliance.outages import UP
from appliance.views import QUIET_W, Latest, Picker, home, is_fresh

Status = Literal["ok", "degraded", "outage"]
"""ok: all that this house measures is known; degraded: some of it is not; outage: the grid is down."""
Flow = Literal[
    "producing", "charging", "discharging", "importing", "exporting", "consuming", "idle",
    "down", "unknown", "absent",
]  # fmt: skip
"""Which way power goes (idle: less than 50 W); unknown: no fresh reading; absent: nobody measures it."""
Mode = Literal[
    "backup", "exporting", "grid_charging", "importing", "solar_charging", "self_powered",
    "battery_powered", "solar_powered", "generator", "idle", "unknown",
]  # fmt: skip
WAYS: dict[str, tuple[Flow, Flow]] = {
    "solar": ("producing", "producing"),
    "battery": ("discharging", "charging"),
    "grid": ("importing", "exporting"),
    "home": ("consuming", "consuming"),
    "generator": ("producing", "producing"),
}
"""What a positive and a negative power mean, by node."""
PRICES_S = 86_400.0
"""The cadence of sources that tell prices: they have no readings."""
LEAST_KWH = 0.05
"""A share of less energy says nothing: registers count in steps of up to 10 Wh."""


@dataclass(frozen=True, slots=True)
class EnergyNow:
    """Powers of this moment; `grid_tied` is None where nobody watches the grid's presence."""

    status: Status
    powers: Mapping[str, float | None]
    charge: float | None
    grid_tied: bool | None
    mode: Mode

    def power(self, node: str) -> float | None:
        return self.powers.get(node)

    def flow(self, node: str) -> Flow:
        """Which way the power of "solar", "battery", "grid", "generator" or "home" goes."""
        if node not in self.powers:
            return "absent"
        if node == "grid" and self.grid_tied is False:
            return "down"
        return flow_of(node, self.powers[node])


def flow_of(node: str, power: float | None) -> Flow:
    """Which way a power of "solar", "battery", "grid", "generator" or "home" goes."""
    if power is None:
        return "unknown"
    return "idle" if abs(power) < QUIET_W else WAYS[node][power < 0]


def energy_now(
    latest: Latest, types: Mapping[str, str], cadences: Mapping[str, float], now: int
) -> EnergyNow:
    """The moment from the newest readings; `types` and `cadences` (seconds) are by source."""
    present = in_use(latest, cadences, now)
    seen = home(present, types, cadences, now)
    pick = Picker(present, types, cadences, now)
    state = pick.value(Quantity.GRID_STATE)
    tied = None if state is None else state == UP
    powers = dict(seen.nodes)
    if seen.only_register:  # a meter that is only read tells no power: that is no fault
        del powers["grid"]
        if powers["home"] is None and not any(q is Quantity.POWER_LOAD for _, q in present):
            del powers["home"]
    known = None not in powers.values() and not _missing(present, pick) and not _never_heard(latest, cadences)
    # A gateway that is syncing is still apart from the grid.
    down = tied is False
    status: Status = "outage" if down else "ok" if present and known else "degraded"
    mode = _mode(powers, down=down, on_generator=seen.on_generator)
    return EnergyNow(status, powers, seen.state_of_charge, tied, mode)


def in_use(latest: Latest, cadences: Mapping[str, float], now: int) -> Latest:
    """The readings of sources that are set up, or speak: a device that was taken away is not missed."""
    return {
        key: reading
        for key, reading in latest.items()
        if parent(reading.source) in cadences or is_fresh(reading, cadences, now)
    }


def _missing(present: Latest, pick: Picker) -> bool:
    """Whether the charge or the grid's presence is measured, but not known just now."""
    reported = {quantity for _, quantity in present}
    wanted = reported & {Quantity.STATE_OF_CHARGE, Quantity.GRID_STATE, Quantity.ENERGY_IMPORT}
    return any(pick.value(quantity) is None for quantity in wanted)


def _never_heard(latest: Latest, cadences: Mapping[str, float]) -> bool:
    """Whether a source is set up that has told nothing yet: nobody knows what it would say."""
    heard = {parent(source) for source, _ in latest}
    return any(cadence < PRICES_S and name not in heard for name, cadence in cadences.items())


def _mode(nodes: Mapping[str, float | None], *, down: bool, on_generator: bool) -> Mode:
    """What the house lives on; an unknown part is no reason to guess."""
    grid, battery, solar = (nodes.get(name, 0.0) for name in ("grid", "battery", "solar"))
    if on_generator:
        return "generator"
    if down:
        return "backup"
    if "grid" not in nodes or grid is None:
        return "unknown"
    if grid <= -QUIET_W:
        return "exporting"
    if grid >= QUIET_W:
        return "grid_charging" if battery is not None and battery <= -QUIET_W else "importing"
    if battery is None or solar is None:
        return "unknown"
    if battery <= -QUIET_W:
        return "solar_charging"
    if battery >= QUIET_W:
        return "self_powered" if solar >= QUIET_W else "battery_powered"
    return "solar_powered" if solar >= QUIET_W else "idle"


def described(grid: float | None, generator: float | None = None) -> str:
    """The flow at the grid as a sentence, with what its sign means; `generator` is what that gives, W."""
    if generator is not None and generator >= QUIET_W and abs(grid or 0.0) < QUIET_W:
        said = f"Running on the generator, {generator:.0f} W"
    elif grid is None:
        said = "The power at the grid is not known"
    elif grid >= QUIET_W:
        said = f"Importing {grid:.0f} W from the grid"
    elif grid <= -QUIET_W:
        said = f"Exporting {-grid:.0f} W to the grid"
    else:
        said = "Balanced with the grid"
    return f"{said} (positive is import, negative is export)"


@dataclass(frozen=True, slots=True)
class Energies:
    """What registers counted in one span, kWh. None is not known; `has` tells what the house has at all."""

    imported: float | None = None
    exported: float | None = None
    solar: float | None = None
    load: float | None = None
    charged: float | None = None
    discharged: float | None = None
    generator: float | None = None
    has_solar: bool = True
    has_battery: bool = True
    has_generator: bool = False

    @property
    def known(self) -> bool:
        """Whether anything is known at all."""
        counted = self.imported, self.exported, self.solar, self.load, self.charged, self.discharged
        return any(energy is not None for energy in (*counted, self.generator))

    @property
    def used(self) -> float | None:
        """What the house used: by its own register, else what came in less what went out."""
        if self.load is not None:
            return self.load
        if not self.has_solar and not self.has_battery and (self.exported or 0.0) >= LEAST_KWH:
            return None  # something feeds in that nobody measures
        solar = self.solar if self.has_solar else 0.0
        stored = self.charged if self.has_battery else 0.0
        given = self.discharged if self.has_battery else 0.0
        came = _sum(self._paid_for, solar, given)
        went = _sum(self.exported, stored)
        return None if came is None or went is None else max(0.0, came - went)

    @property
    def _paid_for(self) -> float | None:
        """What came from the grid and from the generator."""
        return _sum(self.imported, self.generator if self.has_generator else 0.0)

    @property
    def self_consumption(self) -> float | None:
        """The share of the solar energy that stayed: 1 - export / solar."""
        return _rest(self.exported, self.solar)

    @property
    def self_sufficiency(self) -> float | None:
        """The share of what was used that was not bought: 1 - import / load; a generator is not the sun."""
        return _rest(self._paid_for, self.used)


def _sum(*parts: float | None) -> float | None:
    """None as soon as one part is unknown."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _rest(part: float | None, whole: float | None) -> float | None:
    """1 - part / whole. A battery that sells what it bought earlier would bring it below 0."""
    if part is None or whole is None or whole < LEAST_KWH:
        return None
    return round(min(1.0, max(0.0, 1 - part / whole)), 4)
