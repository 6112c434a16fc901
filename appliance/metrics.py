"""What Prometheus is told, named as its convention wants: base units, `_total` for what only rises.

Source: prometheus.io/docs/practices/naming. A gauge too old to be shown is left out: Prometheus then marks
its series stale, which a 0 or the old value would hide. Registers stay true however old they are.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from appliance.model import Kind, Quantity, Reading

UNITS = {
    "W": ("watts", 1.0),
    "kWh": ("joules", 3.6e6),
    "GJ": ("joules", 1e9),
    "var": ("vars", 1.0),
    "kvarh": ("var_seconds", 3.6e6),
    "V": ("volts", 1.0),
    "A": ("amperes", 1.0),
    "Hz": ("hertz", 1.0),
    "%": ("ratio", 0.01),
    "°C": ("celsius", 1.0),
    "h": ("seconds", 3600.0),
    "d": ("seconds", 86_400.0),
    "m³": ("cubic_meters", 1.0),
    "": ("", 1.0),
}
"""Base unit as Prometheus names it, and how many of it make one of ours."""
NAMES = {
    Quantity.REACTIVE_GRID: "grid_reactive_power",
    Quantity.ENERGY_IMPORT: "grid_import",
    Quantity.ENERGY_EXPORT: "grid_export",
    Quantity.ENERGY_SOLAR: "solar_production",
    Quantity.ENERGY_LOAD: "load_consumption",
    Quantity.ENERGY_CHARGED: "battery_charged",
    Quantity.ENERGY_DISCHARGED: "battery_discharged",
    Quantity.REACTIVE_IMPORT: "grid_reactive_import",
    Quantity.REACTIVE_EXPORT: "grid_reactive_export",
    Quantity.STATE_OF_CHARGE: "battery_charge",
    Quantity.STATE_OF_CHARGE_RAW: "battery_charge_raw",
    Quantity.BACKUP_RESERVE: "battery_reserve",
    Quantity.DEMAND: "demand_power",
    Quantity.DEMAND_PEAK_MONTH: "demand_peak_month_power",
    Quantity.FREQUENCY: "grid_frequency",
    Quantity.VOLTAGE_GRID: "grid_voltage",
    Quantity.DAYS_LEFT: "balance_lasts",
}
"""Where the parts of the quantity's own name, turned round, would not say it well."""
SOURCE = ("source",)


class Name(NamedTuple):
    """How a quantity is called: metric without unit, and the label that tells its kin apart."""

    metric: str
    label: str = ""
    value: str = ""


def name(quantity: Quantity) -> Name:
    """power_grid -> grid_power; voltage_l1 -> phase_voltage, phase L1; string_a_power -> string_power, A."""
    words = quantity.split("_")
    if quantity in NAMES:
        return Name(NAMES[quantity])
    if words[-1] in ("l1", "l2", "l3"):
        what = "reactive_power" if words[0] == "reactive" else words[0]
        return Name(f"phase_{what}", "phase", words[-1].upper())
    if words[-1] in ("t1", "t2"):
        return Name(f"grid_{words[1]}_by_tariff", "tariff", words[-1].upper())
    if words[0] == "string":
        return Name(f"string_{words[2]}", "string", words[1].upper())
    if words[0] == "power" and quantity.spec.unit == "W":
        return Name(f"{words[1]}_power")
    return Name(str(quantity))


def readings(latest: Iterable[Reading], stale: Callable[[Reading], bool]) -> Iterator[Metric]:
    """A family for each kind of quantity, a sample for each source; `stale` says what is too old."""
    families: dict[str, Metric] = {}
    for reading in sorted(latest, key=lambda r: (r.quantity, r.source)):
        counts = reading.quantity.spec.kind is Kind.COUNTER
        if counts or not stale(reading):
            _add(families, reading)
    yield from families.values()
    ages = GaugeMetricFamily(
        "tallywatt_reading_timestamp_seconds", "When it was read", labels=("source", "quantity")
    )
    for reading in latest:
        ages.add_metric((reading.source, str(reading.quantity)), reading.at / 1000)
    yield ages


def _add(families: dict[str, Metric], reading: Reading) -> None:
    spec, called = reading.quantity.spec, name(reading.quantity)
    if spec.states:
        family = _family(families, f"tallywatt_{called.metric}", spec.label, False, (*SOURCE, "state"))
        for number, state in enumerate(spec.states):
            family.add_sample(
                family.name, {"source": reading.source, "state": state}, float(number == reading.value)
            )
        return
    unit, factor = UNITS[spec.unit]
    full = "_".join(part for part in ("tallywatt", called.metric, unit) if part)
    counts = spec.kind is Kind.COUNTER
    labels = (*SOURCE, called.label) if called.label else SOURCE
    text = spec.label if not called.label else spec.label.replace(called.value, "").replace("  ", " ").strip()
    family = _family(families, full, text, counts, labels)
    label = {called.label: called.value} if called.label else {}
    suffix = "_total" if counts else ""
    family.add_sample(full + suffix, {"source": reading.source, **label}, reading.value * factor)


def _family(
    families: dict[str, Metric], full: str, text: str, counts: bool, labels: tuple[str, ...]
) -> Metric:
    if full not in families:
        kind = CounterMetricFamily if counts else GaugeMetricFamily
        families[full] = kind(full, text, labels=labels)
    return families[full]


def build(version: str, appliance_id: str) -> Metric:
    """Which version runs, on which appliance."""
    family = InfoMetricFamily("tallywatt_build", "What runs here")
    family.add_metric((), {"version": version, "appliance": appliance_id})
    return family
