"""From days and the portal's own register readings to where a register stood at the end of each day. Pure."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import fsum
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.model import Quantity, Reading
from appliance.store import DayRegister, DayValue
from appliance.store.day_book import accounted_for, days_between

UNITS = {
    "kwh": (Quantity.ENERGY_IMPORT, 1.0),
    "m^3-wtr": (Quantity.WATER, 1.0),
    "kwh-thml": (Quantity.HEAT, 0.0036),
}
"""The quantity of a meter by the unit the portal writes, and what one of that is in the quantity's unit."""


def stood(registers: Sequence[DayRegister], days: Sequence[DayValue]) -> dict[date, float]:
    """What a meter's register stood at, at the end of each day that is certain, in the portal's unit.

    Between two of the portal's own readings the days are counted back from the later one, where all of them
    are known and add up to the difference. Elsewhere there are only the portal's own, and of those none in
    another unit than the days': "kWh" may stand below the chart of a water meter.
    """
    known = {value.day: value.value for value in days}
    unit = days[-1].unit if days else ""
    found: dict[date, float] = {}
    for before, after in pairwise(registers):
        between = days_between(before.day, after.day)
        values = [known[day] for day in between if day in known]
        if len(values) < len(between) or not accounted_for(before, after, values):
            continue
        if not fsum(values) and not (_same(before.unit, unit) and _same(after.unit, unit)):
            continue
        found[before.day], left = before.value, after.value
        for day, value in zip(reversed(between), reversed(values), strict=True):
            found[day] = round(left, 4)
            left -= value
    own = {register.day: register.value for register in registers if _same(register.unit, unit)}
    return dict(sorted((own | found).items()))


def readings(
    source: str, unit: str, stands: dict[date, float], zone: ZoneInfo, without: set[date], sane_from: int
) -> list[Reading]:
    """A register reading at the last instant of each local day, oldest first, but for the days of `without`
    and those before `sane_from` (UTC ms), which the appliance does not take. None for a unit nobody knows."""
    quantity, factor = UNITS.get(unit.strip().lower(), (None, 0.0))
    if quantity is None:
        return []
    dated = ((calendar.day_span(day, zone)[1] - 1, day, value) for day, value in stands.items())
    return [
        Reading(source, quantity, round(value * factor, 6), at)
        for at, day, value in dated
        if day not in without and at >= sane_from
    ]


def _same(one: str, other: str) -> bool:
    return not other or one.strip().lower() == other.strip().lower()
