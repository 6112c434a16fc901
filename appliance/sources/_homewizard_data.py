"""What a HomeWizard device's answer says, in our quantities: pure.

https://api-documentation.homewizard.com, "Recent Measurement" of v1 and v2. Both name the same things
differently: `active_power_l1_w` of v1 is `power_l1_w` of v2. Every field may be missing or null. Power and
current are positive into the device's load and negative out of it, so a meter of solar panels counts what
they give as export.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from appliance.clock import EARLIEST_SANE_MS
from appliance.errors import SourceError
from appliance.model import PHASES, Quantity, Reading
from appliance.protocols import dsmr
from appliance.protocols.quantities import scaled

Role = Literal["grid", "load", "solar", "battery"]
Q = Quantity

KINDS: Mapping[str, str] = {
    "HWE-P1": "p1dongle", "HWE-SKT": "energysocket", "HWE-WTR": "watermeter", "HWE-DSP": "display",
    "HWE-KWH1": "energymeter", "HWE-KWH3": "energymeter", "SDM230-wifi": "energymeter",
    "SDM630-wifi": "energymeter", "HWE-BAT": "battery",
}  # fmt: skip
"""Product type -> what its certificate calls it ("Hostname Validation" of the v2 documentation)."""

ROLES: Mapping[str, Role] = {"HWE-P1": "grid", "HWE-BAT": "battery"}
"""Devices that say by themselves what they measure."""

_PLAIN: Mapping[str, Q] = {
    "power_w": Q.POWER_GRID, "reactive_power_var": Q.REACTIVE_GRID, "frequency_hz": Q.FREQUENCY,
    "energy_import_kwh": Q.ENERGY_IMPORT, "energy_export_kwh": Q.ENERGY_EXPORT,
    "energy_import_t1_kwh": Q.ENERGY_IMPORT_T1, "energy_import_t2_kwh": Q.ENERGY_IMPORT_T2,
    "energy_export_t1_kwh": Q.ENERGY_EXPORT_T1, "energy_export_t2_kwh": Q.ENERGY_EXPORT_T2,
    "tariff": Q.TARIFF, "average_power_15m_w": Q.DEMAND, "monthly_power_peak_w": Q.DEMAND_PEAK_MONTH,
    "any_power_fail_count": Q.POWER_FAILURES, "long_power_fail_count": Q.LONG_POWER_FAILURES,
    **{f"power_l{n}_w": Quantity(f"power_l{n}") for n in PHASES},
    **{f"voltage_l{n}_v": Quantity(f"voltage_l{n}") for n in PHASES},
    **{f"current_l{n}_a": Quantity(f"current_l{n}") for n in PHASES},
    **{f"reactive_power_l{n}_var": Quantity(f"reactive_l{n}") for n in PHASES},
}  # fmt: skip
"""What a meter at the grid connection says."""

_METERS: Mapping[str, tuple[Q, int]] = {
    "gas_meter": (Q.GAS, 0), "water_meter": (Q.WATER, 0), "warm_water_meter": (Q.WATER, 1),
    "heat_meter": (Q.HEAT, 0), "inlet_heat_meter": (Q.HEAT, 1),
}  # fmt: skip
"""Meter behind a P1 meter -> what it counts, and which one counts where a house has both."""

_SPELLINGS = {"montly_power_peak_w": "monthly_power_peak_w", "active_power_average_w": "average_power_15m_w"}


def values(payload: Any) -> dict[str, float]:
    """Every number of an answer by its name in v2. Raises SourceError when the answer is none."""
    if not isinstance(payload, Mapping):
        raise SourceError("The HomeWizard device answered something else than a measurement; is it the one?")
    known = {_v2_name(str(name)): _number(raw) for name, raw in payload.items()}
    numbers = {name: value for name, value in known.items() if value is not None}
    for way in ("import", "export"):
        tariffs = [numbers[name] for n in range(1, 5) if (name := f"energy_{way}_t{n}_kwh") in numbers]
        if tariffs:
            numbers.setdefault(f"energy_{way}_kwh", round(sum(tariffs), 9))
    return numbers


def _v2_name(name: str) -> str:
    name = _SPELLINGS.get(name, name)
    if name.startswith("total_power_"):
        return name.replace("total_power_", "energy_", 1)
    return name.removeprefix("active_")


def _number(raw: Any) -> float | None:
    usable = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
    return float(raw) if usable else None


def turned(numbers: Mapping[str, float]) -> dict[str, float]:
    """The numbers of a meter that was wired the other way round."""
    swap = {"import": "export", "export": "import"}
    result = {}
    for name, value in numbers.items():
        if name.startswith("energy_"):
            way = name.split("_")[1]
            result[name.replace(way, swap.get(way, way), 1)] = value
        else:
            result[name] = -value if re.match(r"(reactive_)?power_(l\d_)?(w|var)$|current_", name) else value
    return result


def quantities(numbers: Mapping[str, float], role: Role | None) -> dict[Q, float]:
    """The numbers as our quantities, for a device that measures `role`; water needs none."""
    found = dict(_by_role(numbers, role))
    if "total_liter_m3" in numbers:
        found[Q.WATER] = numbers["total_liter_m3"]
    return found


def _by_role(numbers: Mapping[str, float], role: Role | None) -> Iterator[tuple[Q, float]]:
    if role == "grid":
        numbers = {**_one_phase(numbers), **numbers}
        names: Mapping[str, tuple[Q, int]] = {name: (quantity, 1) for name, quantity in _PLAIN.items()}
    else:
        names = _OTHERS.get(role or "", {})
    for name, (quantity, sign) in names.items():
        if name in numbers:
            yield quantity, sign * numbers[name]


_OTHERS: Mapping[str, Mapping[str, tuple[Q, int]]] = {
    "load": {"power_w": (Q.POWER_LOAD, 1), "energy_import_kwh": (Q.ENERGY_LOAD, 1)},
    "solar": {"power_w": (Q.POWER_SOLAR, -1), "energy_export_kwh": (Q.ENERGY_SOLAR, 1)},
    "battery": {
        "power_w": (Q.POWER_BATTERY, -1), "state_of_charge_pct": (Q.STATE_OF_CHARGE, 1),
        "energy_import_kwh": (Q.ENERGY_CHARGED, 1), "energy_export_kwh": (Q.ENERGY_DISCHARGED, 1),
    },
}  # fmt: skip
"""Their phases are left out: phases are those of the main fuse."""


def _one_phase(numbers: Mapping[str, float]) -> dict[str, float]:
    """Devices with one phase only do not number it; beside other phases `current_a` is a sum."""
    if any(what in numbers for what in ("power_l2_w", "voltage_l2_v", "current_l2_a")):
        return {}
    names = {"voltage_v": "voltage_l1_v", "current_a": "current_l1_a"}
    return {numbered: numbers[name] for name, numbered in names.items() if name in numbers}


def behind(payload: Mapping[str, Any], zone: ZoneInfo, now: int) -> dict[Q, tuple[float, int]]:
    """The gas, water and heat meters behind a P1 meter: value, and when it was read (UTC ms).

    Kinds that nobody knows are passed over. After an exchange the old meter stays listed with its last
    time: the newest counts. Old firmware has gas alone, in fields of its own.
    """
    listed = payload.get("external")
    found: dict[Q, tuple[int, int, float]] = {}
    for entry in listed if isinstance(listed, list) else ():
        for quantity, rank, value, at in _meter(entry, zone, now):
            known = found.get(quantity)
            if known is None or (-rank, at) > (-known[0], known[1]):
                found[quantity] = rank, at, value
    gas = _number(payload.get("total_gas_m3"))
    if gas is not None and Q.GAS not in found:
        found[Q.GAS] = 0, _read_at(payload.get("gas_timestamp"), zone, now), gas
    return {quantity: (value, at) for quantity, (_, at, value) in found.items()}


def _meter(entry: Any, zone: ZoneInfo, now: int) -> Iterator[tuple[Q, int, float, int]]:
    if not isinstance(entry, Mapping):
        return
    quantity, rank = _METERS.get(str(entry.get("type")), (None, 0))
    raw = _number(entry.get("value"))
    if quantity is None or raw is None:
        return
    printed = str(entry.get("unit") or quantity.spec.unit).lower()
    value = scaled(raw, printed, quantity.spec.unit)
    if value is not None:
        yield quantity, rank, value, _read_at(entry.get("timestamp"), zone, now)


def _read_at(raw: Any, zone: ZoneInfo, now: int) -> int:
    at = moment(raw, zone, now)
    return at if at is not None and EARLIEST_SANE_MS <= at <= now else now


def moment(raw: Any, zone: ZoneInfo, near: int) -> int | None:
    """UTC ms of a local time: YYMMDDhhmmss as a number in v1, YYYY-MM-DDThh:mm:ss in v2. None if it is none.

    Of an hour that happens twice it is the one that is not after `near` (UTC ms).
    """
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return dsmr.instant(f"{raw:012d}", zone, near)
    iso = re.fullmatch(r"20(\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?", str(raw))
    return dsmr.instant("".join(iso.groups()[:6]), zone, near) if iso else None


def readings(found: Mapping[Q, float], source: str, at: int) -> list[Reading]:
    """The quantities as readings of `source` at `at` (UTC ms)."""
    return [Reading(source, quantity, value, at) for quantity, value in found.items()]
