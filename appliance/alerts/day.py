"""The summary of a day, as numbers and as lines for a person: pure."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from appliance.energy_now import Energies
from appliance.wording import clock, compared, kwh, lasts, money, power

DAILY_SUMMARY = "daily_summary"
ALL_PRICED = 0.99
"""From so much of the energy on its price is called known."""
LEAST_KWH = 0.05
"""Less is not worth a line."""


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of one local day. None is unknown; energy in kWh, money in `currency`, instants UTC ms.

    `until` is where it ends short of midnight. `cost` is of all, `priced` the share of the bought energy it
    is for; `grid_cost` and `generator_cost` are what a prepaid meter counted. `week` is the mean of the
    `week_days` days before. `since` is where counting began, if not at midnight; `read_from` and `read_until`
    are the first and last reading of the meter where those are far from the ends of the day, `unread` a day
    without any. `closed`: the meter was read again since, so that its energy is known, if not when it went.
    """

    day: date
    currency: str
    energies: Energies = field(default_factory=Energies)
    until: int | None = None
    cost: float | None = None
    priced: float | None = None
    grid_cost: float | None = None
    generator_cost: float | None = None
    peak_w: float | None = None
    peak_at: int | None = None
    balance: float | None = None
    days_left: float | None = None
    yesterday: float | None = None
    week: float | None = None
    week_days: int = 0
    since: int | None = None
    read_from: int | None = None
    read_until: int | None = None
    unread: bool = False
    closed: bool = False

    @property
    def incomplete(self) -> bool:
        """Whether a part of the day is missing or guessed."""
        parts = self.since, self.read_from, self.read_until
        return measure(self.energies) is None or self.unread or any(part is not None for part in parts)


def measure(energies: Energies) -> float | None:
    """What days are compared by: what was used, else what was bought."""
    return energies.imported if energies.used is None else energies.used


def data(day: Day) -> dict[str, Any]:
    """The summary's numbers; what is unknown is absent."""
    energies = day.energies
    found = {
        "day": day.day.isoformat(),
        "currency": day.currency,
        "kwh": energies.used,
        "import": energies.imported,
        "export": energies.exported,
        "solar": energies.solar if energies.has_solar else None,
        "generator_kwh": energies.generator if energies.has_generator else None,
        "charged": energies.charged if energies.has_battery else None,
        "discharged": energies.discharged if energies.has_battery else None,
        "self_sufficiency": energies.self_sufficiency if _own(energies) else None,
        "cost": day.cost,
        "cost_covers": None if day.cost is None else day.priced,
        "grid_cost": day.grid_cost,
        "generator_cost": day.generator_cost,
        "peak_w": day.peak_w,
        "peak_at": day.peak_at,
        "balance": day.balance,
        "days_left": day.days_left,
        "yesterday_kwh": day.yesterday,
        "week_kwh_mean": day.week,
        "since": day.since,
        "until": day.until,
        "read_from": day.read_from,
        "read_until": day.read_until,
        "incomplete": day.incomplete or None,
    }
    rounded = {name: round(v, 3) if isinstance(v, float) else v for name, v in found.items()}
    return {name: value for name, value in rounded.items() if value is not None}


def lines(day: Day, zone: ZoneInfo) -> list[str]:
    """What people like to read, one fact a line, the most important first."""
    return [
        *_use(day, zone), *_money(day), *_peak(day, zone), *_ways(day), *_balance(day), *_missing(day, zone),
    ]  # fmt: skip


def body(day: Day) -> list[str]:
    """Its money and where the energy came from and went: also of a longer span."""
    return [*_money(day), *_ways(day)]


def _use(day: Day, zone: ZoneInfo) -> list[str]:
    measured = measure(day.energies)
    if measured is None:
        return ["What was used is not known"]
    what = "Bought" if day.energies.used is None else "Used"
    if day.until is not None:
        return [f"{what} {kwh(measured)} until {clock(day.until, zone)}"]
    if not day.closed and (day.unread or day.read_until is not None):
        return [f"{what} {kwh(measured)}"]  # a part of a day is no match for a whole one
    beside = compared(measured, day.yesterday, "yesterday")
    found = [f"{what} {kwh(measured)}, {beside}" if beside else f"{what} {kwh(measured)}"]
    if day.week_days > 1 and (usual := compared(measured, day.week, f"the mean of {day.week_days} days")):
        found.append(usual[0].upper() + usual[1:])
    return found


def _money(day: Day) -> list[str]:
    if day.cost is None:
        return []
    amount = money(abs(day.cost), day.currency)
    if round(day.cost, 2) < 0:
        return [f"Earned {amount}"]
    if day.priced is not None and day.priced < ALL_PRICED:
        return [f"Cost {amount} for the {100 * day.priced:.0f} % whose price is known"]
    return [f"Cost {amount}"]


def _peak(day: Day, zone: ZoneInfo) -> list[str]:
    if day.peak_w is None or day.peak_at is None:
        return []
    return [f"Peak {power(day.peak_w)} at {clock(day.peak_at, zone)}"]


def _own(energies: Energies) -> bool:
    """Whether there is a way in besides the grid that is the house's own."""
    return energies.has_solar or energies.has_battery


def _ways(day: Day) -> list[str]:
    """Where it came from and went, where there is more than one way."""
    energies = day.energies
    found = []
    ran = energies.has_generator and (energies.generator or 0.0) >= LEAST_KWH
    if energies.imported is not None and energies.used is not None and (_own(energies) or ran):
        found.append(_with_cost("From the grid", energies.imported, day.grid_cost, day.currency))
    if ran and energies.generator is not None:
        found.append(_with_cost("From the generator", energies.generator, day.generator_cost, day.currency))
    if energies.has_solar and energies.solar is not None:
        found.append(f"Solar {kwh(energies.solar)}")
    if energies.exported is not None and energies.exported >= LEAST_KWH:
        found.append(f"To the grid {kwh(energies.exported)}")
    if _own(energies) and energies.self_sufficiency is not None:
        found.append(f"Self-sufficient to {100 * energies.self_sufficiency:.0f} %")
    return found


def _with_cost(way: str, energy: float, cost: float | None, currency: str) -> str:
    return f"{way} {kwh(energy)}" + ("" if cost is None else f": {money(cost, currency)}")


def _balance(day: Day) -> list[str]:
    if day.balance is None:
        return []
    amount = money(day.balance, day.currency)
    if day.days_left is None:
        return [f"Balance {amount}"]
    return [f"Balance {amount}, enough for {lasts(day.days_left)} days at present use"]


def _missing(day: Day, zone: ZoneInfo) -> list[str]:
    found = []
    if day.since is not None:
        found.append(f"Counted since {clock(day.since, zone)}")
    if day.unread:
        known = measure(day.energies) is not None
        found.append(f"Nothing was read this day{': what was used is estimated' if known else ''}")
    if day.read_from is not None:
        found.append(f"Nothing was read before {clock(day.read_from, zone)}: that part is estimated")
    if day.read_until is not None:
        last = clock(day.read_until, zone)
        estimated = f"Nothing was read after {last}: that part is estimated"
        found.append(estimated if day.closed else f"The meter was last read at {last}")
    return found
