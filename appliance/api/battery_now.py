"""The battery behind /powerwall and the proxy's routes, or why there is none to be told of."""

from typing import Literal

from fastapi import HTTPException
from pydantic import BaseModel

from appliance.app import Appliance
from appliance.battery import Battery, battery
from appliance.calendar import iso
from appliance.energy_now import in_use
from appliance.model import Quantity

GRID: dict[str, Literal["UP", "DOWN", "SYNCING"]] = {"down": "DOWN", "up": "UP", "syncing": "SYNCING"}
NONE = (
    "No battery is set up here: add a source such as powerwall to config.json (docs/CONFIGURATION.md), "
    "and see GET /health"
)
LIVE = (Quantity.STATE_OF_CHARGE, Quantity.STATE_OF_CHARGE_RAW, Quantity.POWER_BATTERY)
"""While one of these is fresh, the battery is heard of."""


class Connection(BaseModel):
    """How the battery's source is; all null without one."""

    total_failures: int | None = None
    is_degraded: bool | None = None
    last_success_time: float | None = None
    last_success_age_seconds: float | None = None


def _found(here: Appliance) -> Battery | None:
    now = here.clock.now()
    latest = in_use(here.hub.latest, here.cadences, now)
    return battery(latest, list(here.source_types()), here.cadences, now)


def connection(here: Appliance) -> Connection:
    """As the pypowerwall proxy tells it: failures, and when all was well."""
    found = _found(here)
    part = None if found is None else here.health.parts.get(found.source)
    last = None if part is None else part.last_ok
    return Connection(
        total_failures=None if part is None else part.failures,
        is_degraded=None if found is None else found.stale,
        last_success_time=None if last is None else last / 1000,
        last_success_age_seconds=None if last is None else (here.clock.now() - last) / 1000,
    )


def battery_of(here: Appliance) -> Battery:
    """The house's battery. Raises 503 when there is none, or when it has been silent for too long."""
    found, types = _found(here), here.source_types()
    if found is None:
        waiting = next((name for name, type_ in types.items() if type_ == "powerwall"), None)
        said = NONE if waiting is None else f"{waiting} has not answered yet: {_how(here, waiting)}"
        raise HTTPException(503, said)
    if all(found.value(quantity) is None for quantity in LIVE):
        heard = [reading.at for quantity in LIVE if (reading := found.last(quantity))]
        since = iso(max(heard, default=found.at or 0))
        raise HTTPException(503, f"{found.source} has been silent since {since}: {_how(here, found.source)}")
    return found


def _how(here: Appliance, source: str) -> str:
    part = here.health.parts.get(source)
    return "it is not set up any more" if part is None else f"{part.text.rstrip('.')}; see the Health page"


def grid_of(found: Battery) -> Literal["UP", "DOWN", "SYNCING"] | None:
    """What the gateway sees of the grid."""
    return GRID.get(found.word(Quantity.GRID_STATE) or "")


def percent(found: Battery) -> float | None:
    """State of charge as the app shows it."""
    shown, raw = found.value(Quantity.STATE_OF_CHARGE), found.value(Quantity.STATE_OF_CHARGE_RAW)
    return shown if shown is not None or raw is None else round(max(0.0, (raw - 5) / 0.95), 4)


def percent_raw(found: Battery) -> float | None:
    """State of charge in the gateway's scale, whose 5 % the app calls 0."""
    shown, raw = found.value(Quantity.STATE_OF_CHARGE), found.value(Quantity.STATE_OF_CHARGE_RAW)
    return raw if raw is not None or shown is None else raw_scale(shown)


def raw_scale(shown: float) -> float:
    """A percentage of the app on the gateway's scale."""
    return round(shown * 0.95 + 5, 4)
