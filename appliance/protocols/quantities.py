"""What registers and measurements of electricity mean, whatever protocol tells them.

Every protocol reduces a frame to OBIS codes and printed values, `1.8.0` and `000123.456*kWh`; here they
become quantities in our units, signed as in `appliance.model`. Codes: IEC 62056-61.
"""

from collections.abc import Mapping
from functools import lru_cache

from appliance.model import Quantity as Q  # noqa: N817 - the tables below are made of them
from appliance.protocols import obis

UNITS: Mapping[str, tuple[str, float]] = {
    "w": ("W", 1), "kw": ("W", 1000),
    "wh": ("kWh", 0.001), "kwh": ("kWh", 1), "mwh": ("kWh", 1000),
    "var": ("var", 1), "kvar": ("var", 1000), "varh": ("kvarh", 0.001), "kvarh": ("kvarh", 1),
    "v": ("V", 1), "mv": ("V", 0.001), "a": ("A", 1), "ma": ("A", 0.001), "hz": ("Hz", 1),
    "m3": ("m³", 1), "m³": ("m³", 1), "mâ³": ("m³", 1), "dm3": ("m³", 0.001), "l": ("m³", 0.001),
    "gj": ("GJ", 1), "mj": ("GJ", 0.001),
}  # fmt: skip
"""Unit as printed, in small letters -> our unit and factor. `mâ³` is UTF-8 read as Latin-1."""

PLAIN: Mapping[str, Q] = {
    "1.8.0": Q.ENERGY_IMPORT, "1.8.1": Q.ENERGY_IMPORT_T1, "1.8.2": Q.ENERGY_IMPORT_T2,
    "2.8.0": Q.ENERGY_EXPORT, "2.8.1": Q.ENERGY_EXPORT_T1, "2.8.2": Q.ENERGY_EXPORT_T2,
    "3.8.0": Q.REACTIVE_IMPORT, "4.8.0": Q.REACTIVE_EXPORT,
    "32.7.0": Q.VOLTAGE_L1, "52.7.0": Q.VOLTAGE_L2, "72.7.0": Q.VOLTAGE_L3,
    "31.7.0": Q.CURRENT_L1, "51.7.0": Q.CURRENT_L2, "71.7.0": Q.CURRENT_L3,
    "14.7.0": Q.FREQUENCY, "1.4.0": Q.DEMAND, "1.6.0": Q.DEMAND_PEAK_MONTH,
    "96.14.0": Q.TARIFF, "96.7.21": Q.POWER_FAILURES, "96.7.9": Q.LONG_POWER_FAILURES,
}  # fmt: skip
"""Quantities that stand in one line. Currents are given unsigned, in NL in whole amperes: kept so."""

SIGNED: Mapping[Q, tuple[str, str, str]] = {
    Q.POWER_GRID: ("1.7.0", "2.7.0", "16.7.0"),
    Q.POWER_L1: ("21.7.0", "22.7.0", "36.7.0"),
    Q.POWER_L2: ("41.7.0", "42.7.0", "56.7.0"),
    Q.POWER_L3: ("61.7.0", "62.7.0", "76.7.0"),
    Q.REACTIVE_GRID: ("3.7.0", "4.7.0", ""),
    Q.REACTIVE_L1: ("23.7.0", "24.7.0", ""),
    Q.REACTIVE_L2: ("43.7.0", "44.7.0", ""),
    Q.REACTIVE_L3: ("63.7.0", "64.7.0", ""),
}
"""Flow into the house, flow out of it, and the line in which some meters give both with a sign."""

TARIFF_SUMS: Mapping[Q, tuple[str, ...]] = {
    Q.ENERGY_IMPORT: ("1.8.1", "1.8.2", "1.8.3", "1.8.4"),
    Q.ENERGY_EXPORT: ("2.8.1", "2.8.2", "2.8.3", "2.8.4"),
}
"""Dutch and Belgian meters have no total: it is the sum of the tariffs."""

_KWH_TO_GJ = 0.0036


def electricity(found: Mapping[str, str], lone: bool) -> dict[Q, float]:
    """Quantities by code and printed value; `lone` allows a direction or tariff without its partner, which
    a frame that is known to be whole may have."""
    readings: dict[Q, float] = {}
    for code, quantity in PLAIN.items():
        raw = found.get(code)
        if raw is not None and (value := value_of(raw, quantity.spec.unit)) is not None:
            readings[quantity] = value
    for quantity, (inward, outward, both) in SIGNED.items():
        whole = lone or (inward in found) == (outward in found)
        flow = _flow(found, inward, outward, both, quantity.spec.unit) if whole else None
        if flow is not None:
            readings[quantity] = flow
    fewest = 1 if lone else 2
    for quantity, tariffs in TARIFF_SUMS.items():
        if quantity not in readings:
            parts = [value_of(found[code], "kWh") for code in tariffs if code in found]
            known = [part for part in parts if part is not None]
            if len(known) == len(parts) >= fewest:
                readings[quantity] = round(sum(known), 9)
    return readings


def _flow(found: Mapping[str, str], inward: str, outward: str, both: str, unit: str) -> float | None:
    """Into the house minus out of it. A line that is there but says nothing makes it unknown."""
    into, out = found.get(inward), found.get(outward)
    if into is None or out is None:
        if both in found:
            return value_of(found[both], unit)
        if into is out:
            return None
    plus = 0.0 if into is None else value_of(into, unit)
    minus = 0.0 if out is None else value_of(out, unit)
    return None if plus is None or minus is None else round(plus - minus, 9)


@lru_cache(maxsize=4096)
def value_of(raw: str, unit: str) -> float | None:
    """The last value of a line in `unit` (a time may stand before it); None if empty or of another unit."""
    number = obis.number(raw.rpartition(")(")[2])
    return None if number is None else scaled(number[0], number[1], unit)


def scaled(value: float, printed: str, unit: str) -> float | None:
    """`value` of a printed unit (small letters) in ours; None if it is another kind of unit."""
    if unit == "":
        return value if printed == "" else None
    kind, factor = UNITS.get(printed, ("", 0.0))
    if unit == "GJ" and kind == "kWh":
        kind, factor = "GJ", factor * _KWH_TO_GJ
    return round(value * factor, 9) + 0.0 if kind == unit else None  # -0.0 is 0
