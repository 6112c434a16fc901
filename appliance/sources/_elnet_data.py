"""What ELNET's answers say (pure).

The names are the service's, their meaning is known from arithmetic on recorded answers: kWhRec is energy from
the grid (EB), kWhDel energy from the generator (DG), not export; CurrentDay and CurrentMonth are rupees.
Registers are kWh, PresentLoad kW, Solar kWh; moments are naive, in the meter's zone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.errors import SourceError
from appliance.model import Quantity

GRID, GENERATOR = (Quantity.SUPPLY.spec.states.index(word) for word in ("grid", "generator"))
STAMP = "%d-%m-%Y %H:%M:%S"
TODAY = {
    Quantity.IMPORT_TODAY: "kWhRecToday",
    Quantity.GENERATOR_TODAY: "kWhDelToday",
    Quantity.IMPORT_COST_TODAY: "CurrentDay_EB",
    Quantity.GENERATOR_COST_TODAY: "CurrentDay_DG",
}
MONTH = {
    Quantity.IMPORT_MONTH: "kWhRecMonth",
    Quantity.GENERATOR_MONTH: "kWhDelMonth",
    Quantity.IMPORT_COST_MONTH: "CurrentMonth_EB",
    Quantity.GENERATOR_COST_MONTH: "CurrentMonth_DG",
}
RATE_FROM_KWH = 0.5
"""So much has to be counted before rupees by kWh are a price: both are rounded to two decimals."""


@dataclass(frozen=True, slots=True)
class Live:
    """GetLiveUpdates. `supply` is GRID or GENERATOR as told, `at` UTC ms by the meter's clock; `eb` and `dg`
    are the registers of grid and generator."""

    at: int
    supply: int
    load_kw: float
    balance: float
    eb: float
    dg: float
    solar: float | None = None

    @property
    def blank(self) -> bool:
        """All zero: the server has lost its meter, and tells so in this way."""
        return self.balance == self.eb == self.dg == 0


@dataclass(frozen=True, slots=True)
class Rates:
    """What a kWh of grid and of generator costs, as far as it can be seen."""

    eb: float | None = None
    dg: float | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """HomeData, without a time of its own. What is no number is left out."""

    today: Mapping[Quantity, float] = field(default_factory=dict)
    month: Mapping[Quantity, float] = field(default_factory=dict)
    relay: bool | None = None
    generator: bool | None = None
    solar: bool | None = None

    @property
    def rates(self) -> Rates:
        """From this month's numbers, else from today's: the price of the moment is not told."""
        eb = _rate(self.month, Quantity.IMPORT_COST_MONTH, Quantity.IMPORT_MONTH)
        dg = _rate(self.month, Quantity.GENERATOR_COST_MONTH, Quantity.GENERATOR_MONTH)
        return Rates(
            eb or _rate(self.today, Quantity.IMPORT_COST_TODAY, Quantity.IMPORT_TODAY),
            dg or _rate(self.today, Quantity.GENERATOR_COST_TODAY, Quantity.GENERATOR_TODAY),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of RechargeHistory: a recharge, or a deduction (negative)."""

    at: int
    amount: float


def live(data: Any, zone: ZoneInfo) -> Live:
    """Raises SourceError naming what is missing or no number."""
    if not isinstance(data, Mapping):
        raise SourceError("The portal's live values are not there; is this meter's sign-in right?")
    return Live(
        at=_moment(data, zone),
        supply=GRID if _needed(data, "Supply") == 0 else GENERATOR,
        load_kw=_needed(data, "PresentLoad"),
        balance=_needed(data, "Balance"),
        eb=_needed(data, "EB"),
        dg=_needed(data, "DG"),
        solar=number(data, "Solar"),
    )


def home(data: Any) -> Home:
    """Raises SourceError where it is no HomeData at all."""
    if not isinstance(data, Mapping) or not ({*TODAY.values(), *MONTH.values()} & data.keys()):
        raise SourceError("The portal's numbers of today and this month are not there")
    return Home(
        _numbers(data, TODAY),
        _numbers(data, MONTH),
        {"ON": True, "OFF": False}.get(str(data.get("RelStatus", "")).strip().upper()),
        _flag(data, "IsDG"),
        _flag(data, "IsSolar"),
    )


def rows(data: Any, zone: ZoneInfo) -> list[Row]:
    """What was paid and deducted, oldest first; failed payments are left out. Raises SourceError."""
    said = data.get("RechargeHistory") if isinstance(data, Mapping) else None
    if not isinstance(said, list):
        raise SourceError("The portal's list of recharges is not there")
    found = []
    for line in said:
        if not isinstance(line, Mapping) or str(line.get("Status") or "success").strip().lower() != "success":
            continue
        amount, at = number(line, "Amount"), _instant(line.get("DateTime"), None, zone)
        if amount and at is not None:
            found.append(Row(at, amount))
    return sorted(found, key=lambda row: row.at)


def recharge_days(data: Any) -> float | None:
    """For how many days the balance lasts, as GetDashboardDetails has it."""
    days = number(data, "ExpRechargeDays") if isinstance(data, Mapping) else None
    return days if days is not None and days >= 0 else None


def number(data: Mapping[str, Any], name: str) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _needed(data: Mapping[str, Any], name: str) -> float:
    value = number(data, name)
    if value is None:
        raise SourceError(f"The portal's live values have no usable {name}; it will be asked again")
    return value


def _moment(data: Mapping[str, Any], zone: ZoneInfo) -> int:
    at = _instant(data.get("UpdatedOn"), STAMP, zone)
    if at is None:
        raise SourceError("The portal's live values have no usable UpdatedOn; it will be asked again")
    return at


def _instant(said: Any, form: str | None, zone: ZoneInfo) -> int | None:
    """UTC ms of a moment on the meter's clock, in `form` or ISO 8601; None for anything else."""
    try:
        moment = datetime.strptime(said, form) if form else datetime.fromisoformat(said)
        return calendar.instant(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (TypeError, ValueError, OverflowError):
        return None


def _numbers(data: Mapping[str, Any], names: Mapping[Quantity, str]) -> dict[Quantity, float]:
    return {quantity: value for quantity, name in names.items() if (value := number(data, name)) is not None}


def _flag(data: Mapping[str, Any], name: str) -> bool | None:
    value = data.get(name)
    return value if isinstance(value, bool) else None


def _rate(numbers: Mapping[Quantity, float], cost: Quantity, kwh: Quantity) -> float | None:
    paid, used = numbers.get(cost), numbers.get(kwh)
    if paid is None or used is None or used < RATE_FROM_KWH or paid <= 0:
        return None
    return paid / used
