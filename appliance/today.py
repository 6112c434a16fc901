"""What the registers counted since midnight, for self-consumption and self-sufficiency."""

from dataclasses import dataclass

from appliance.battery import MARKS
from appliance.calendar import today
from appliance.clock import MINUTE_MS
from appliance.energy_now import Energies, in_use
from appliance.errors import StoreError
from appliance.house_registers import AT_THE_GRID
from appliance.known import Known
from appliance.model import Quantity, Reading
from appliance.views import QUIET_W, Latest, Picker

KEPT_MS = MINUTE_MS
"""So long an answer is given again: registers move slowly, and the store need not be asked every second."""
FIELDS = {
    "imported": Quantity.ENERGY_IMPORT,
    "exported": Quantity.ENERGY_EXPORT,
    "solar": Quantity.ENERGY_SOLAR,
    "load": Quantity.ENERGY_LOAD,
    "charged": Quantity.ENERGY_CHARGED,
    "discharged": Quantity.ENERGY_DISCHARGED,
    "generator": Quantity.ENERGY_GENERATOR,
}
SOLAR = {Quantity.ENERGY_SOLAR, Quantity.POWER_SOLAR}
GENERATOR = {Quantity.ENERGY_GENERATOR, Quantity.POWER_GENERATOR}
STORAGE = {*MARKS, Quantity.ENERGY_CHARGED, Quantity.ENERGY_DISCHARGED}


@dataclass(frozen=True, slots=True)
class Span:
    """Energies of `[since, until)`, UTC ms: today, or since the first reading if that was today."""

    since: int
    until: int
    energies: Energies


class Today:
    """Asks the store once a minute at most; what it could not tell is asked for again at once."""

    def __init__(self) -> None:
        self._known: Span | None = None

    async def span(self, here: Known) -> Span:
        """Today so far. What the store cannot tell, or has no history of, is None in it."""
        now = here.clock.now()
        start, _ = today(now, here.zone)
        known = self._known
        if known is not None and known.since >= start and 0 <= now - known.until < KEPT_MS:
            return known
        try:
            found = await _span(here, start, now)
        except StoreError:
            found = Span(start, now, Energies())
        # What is not known yet may be in a moment: the first minute of an appliance is not committed.
        self._known = found if found.energies.known else None
        return found


async def _span(here: Known, start: int, now: int) -> Span:
    latest = in_use(here.hub.latest, here.cadences, now)
    reported = {quantity for _, quantity in latest}
    series = _series(here, now)
    kept = {(s.source, s.quantity): s.first_at for s in await here.store.series_list()}
    firsts = [kept[key] for key in series.values() if key in kept]
    # The history of one register may have begun today: all are then counted from there.
    since = max([start, *(first + 1 for first in firsts)])
    counted: dict[str, float | None] = {}
    for name, (source, quantity) in series.items():
        [counted[name]] = await here.store.increase(source, quantity, [since, now + 1])
    has = {"has_solar": bool(reported & SOLAR), "has_battery": bool(reported & STORAGE)}
    has["has_generator"] = bool(reported & GENERATOR)
    return Span(since, now, Energies(**counted, **has))  # type: ignore[arg-type]


def _series(here: Known, now: int) -> dict[str, tuple[str, Quantity]]:
    """Which source's register stands for each energy: at the grid that of the grid meter.

    One that fell silent counted to another instant than the rest: it is left out, and its energy unknown.
    """
    latest = here.hub.latest
    pick = Picker(in_use(latest, here.cadences, now), here.source_types(), here.cadences, now)
    found = {}
    for name, quantity in FIELDS.items():
        if quantity in AT_THE_GRID:
            meters = (latest[source, quantity] for source in here.grid_meters(quantity))
            reading = next((r for r in meters if not here.stale(r)), None)
        else:
            reading = pick.fresh(quantity) or _asleep(pick.best(quantity), latest)
        if reading is not None:
            found[name] = (reading.source, quantity)
    return found


def _asleep(last: Reading | None, latest: Latest) -> Reading | None:
    """The register of an inverter that went silent when the sun had gone: nothing is missing in it."""
    if last is None or last.quantity is not Quantity.ENERGY_SOLAR:
        return None
    power = latest.get((last.source, Quantity.POWER_SOLAR))
    return last if power is not None and power.value < QUIET_W else None
