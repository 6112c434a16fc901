"""The facts that travel through Tallywatt, and the one table of quantities.

Signs: power that flows *into the house* is positive (grid + import, battery + discharging, solar +
producing), so `load = grid + solar + battery`. Instants are integer UTC milliseconds. Energy is kWh.
"""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, Self


class Kind(StrEnum):
    """How a quantity behaves in time."""

    GAUGE = "gauge"
    """A measurement of the moment; buckets keep mean, low and high."""
    COUNTER = "counter"
    """A register that only rises; buckets keep its difference."""
    STATE = "state"
    """A small whole number that stands for a condition; buckets keep the last."""


SLOW_S = 1800.0
"""Capacity, reserve, mode and the like are asked for every few minutes."""


@dataclass(frozen=True, slots=True)
class Spec:
    """All that is known of a quantity: it drives store, gate, screen, CSV and API.

    `low` and `high` bound what can be believed; `max_per_hour` is the highest rise of a counter in an
    hour that any household connection allows (3 x 80 A at 400 V gives 55 kWh; 100 leaves room);
    `decimals` is how many are stored and shown at most; `ha_class` is Home Assistant's device class;
    `states` are the code words of a state's values 0, 1, 2, ...; `slow_s` is how old a value may be that
    its device hardly changes and drivers ask for seldom, whatever the cadence of the rest. `money` is an
    amount in the site's currency: see `unit_of`. `renews` is a gauge of what was counted since midnight or
    since the first of the month: it begins anew.
    """

    label: str
    unit: str
    kind: Kind
    low: float
    high: float
    decimals: int
    max_per_hour: float | None = None
    ha_class: str | None = None
    states: tuple[str, ...] = ()
    slow_s: float = 0.0
    money: bool = False
    renews: bool = False


def _power(label: str) -> Spec:
    return Spec(label, "W", Kind.GAUGE, -200_000, 200_000, 0, ha_class="power")


def _energy(label: str) -> Spec:
    return Spec(label, "kWh", Kind.COUNTER, 0, 1e9, 3, max_per_hour=100, ha_class="energy")


def _reactive_energy(label: str) -> Spec:
    return Spec(label, "kvarh", Kind.COUNTER, 0, 1e9, 3, max_per_hour=100)


def _reactive(label: str) -> Spec:
    return Spec(label, "var", Kind.GAUGE, -200_000, 200_000, 0, ha_class="reactive_power")


def _voltage(label: str) -> Spec:
    return Spec(label, "V", Kind.GAUGE, 0, 500, 1, ha_class="voltage")


def _dc_voltage(label: str) -> Spec:
    return Spec(label, "V", Kind.GAUGE, 0, 1500, 1, ha_class="voltage")


def _current(label: str) -> Spec:
    return Spec(label, "A", Kind.GAUGE, -250, 250, 2, ha_class="current")


def _volume(label: str, ha_class: str) -> Spec:
    return Spec(label, "m³", Kind.COUNTER, 0, 1e8, 3, max_per_hour=50, ha_class=ha_class)


def _count(label: str) -> Spec:
    return Spec(label, "", Kind.COUNTER, 0, 1e9, 0)


def _storage(label: str) -> Spec:
    return Spec(label, "kWh", Kind.GAUGE, 0, 10_000, 2, ha_class="energy_storage", slow_s=SLOW_S)


def _share(label: str, slow_s: float = 0.0) -> Spec:
    return Spec(label, "%", Kind.GAUGE, 0, 100, 1, ha_class="battery", slow_s=slow_s)


def _state(label: str, *states: str, slow_s: float = 0.0) -> Spec:
    return Spec(label, "", Kind.STATE, 0, len(states) - 1, 0, ha_class="enum", states=states, slow_s=slow_s)


def _money(label: str) -> Spec:
    return Spec(label, "", Kind.GAUGE, -1e8, 1e8, 2, ha_class="monetary", money=True)


def _counted(label: str) -> Spec:
    return Spec(label, "kWh", Kind.GAUGE, 0, 1e6, 2, ha_class="energy", renews=True)


class Quantity(StrEnum):
    """What can be measured. The value is the name used in the store, the API, CSV and MQTT."""

    spec: Spec

    def __new__(cls, name: str, spec: Spec | None = None) -> Self:
        # Only members are made here; `Quantity("gas")` looks one up and never gets this far.
        assert spec is not None
        member = str.__new__(cls, name)
        member._value_ = name
        member.spec = spec
        return member

    # Power, signed as above
    POWER_GRID = "power_grid", _power("Grid")
    POWER_SOLAR = "power_solar", _power("Solar")
    POWER_BATTERY = "power_battery", _power("Battery")
    POWER_LOAD = "power_load", _power("Home")
    POWER_L1 = "power_l1", _power("Power L1")
    POWER_L2 = "power_l2", _power("Power L2")
    POWER_L3 = "power_l3", _power("Power L3")
    REACTIVE_L1 = "reactive_l1", _reactive("Reactive power L1")
    REACTIVE_L2 = "reactive_l2", _reactive("Reactive power L2")
    REACTIVE_L3 = "reactive_l3", _reactive("Reactive power L3")
    REACTIVE_GRID = "reactive_grid", _reactive("Reactive power")
    DEMAND = "demand", _power("Average demand of this quarter")
    DEMAND_PEAK_MONTH = "demand_peak_month", _power("Highest quarter of this month")
    # Phases
    VOLTAGE_GRID = "voltage_grid", _voltage("Grid voltage")
    VOLTAGE_L1 = "voltage_l1", _voltage("Voltage L1")
    VOLTAGE_L2 = "voltage_l2", _voltage("Voltage L2")
    VOLTAGE_L3 = "voltage_l3", _voltage("Voltage L3")
    CURRENT_L1 = "current_l1", _current("Current L1")
    CURRENT_L2 = "current_l2", _current("Current L2")
    CURRENT_L3 = "current_l3", _current("Current L3")
    FREQUENCY = "frequency", Spec("Frequency", "Hz", Kind.GAUGE, 40, 70, 2, ha_class="frequency")
    # Registers
    ENERGY_IMPORT = "energy_import", _energy("Import register")
    ENERGY_EXPORT = "energy_export", _energy("Export register")
    ENERGY_IMPORT_T1 = "energy_import_t1", _energy("Import register T1")
    ENERGY_IMPORT_T2 = "energy_import_t2", _energy("Import register T2")
    ENERGY_EXPORT_T1 = "energy_export_t1", _energy("Export register T1")
    ENERGY_EXPORT_T2 = "energy_export_t2", _energy("Export register T2")
    ENERGY_SOLAR = "energy_solar", _energy("Solar energy")
    ENERGY_LOAD = "energy_load", _energy("Home energy")
    ENERGY_CHARGED = "energy_charged", _energy("Battery charged")
    ENERGY_DISCHARGED = "energy_discharged", _energy("Battery discharged")
    REACTIVE_IMPORT = "reactive_import", _reactive_energy("Reactive import register")
    REACTIVE_EXPORT = "reactive_export", _reactive_energy("Reactive export register")
    GAS = "gas", _volume("Gas", "gas")
    WATER = "water", _volume("Water", "water")
    HEAT = "heat", Spec("Heat", "GJ", Kind.COUNTER, 0, 1e7, 3, max_per_hour=5, ha_class="energy")
    # Battery
    STATE_OF_CHARGE = "state_of_charge", _share("State of charge")
    STATE_OF_CHARGE_RAW = "state_of_charge_raw", _share("State of charge, raw")
    BACKUP_RESERVE = "backup_reserve", _share("Backup reserve", SLOW_S)
    BATTERY_CAPACITY = "battery_capacity", _storage("Battery capacity")
    BATTERY_STORED = "battery_stored", _storage("Energy in the battery")
    BATTERY_TIME_LEFT = (
        "battery_time_left",
        Spec("Battery time left", "h", Kind.GAUGE, 0, 10_000, 1, ha_class="duration"),
    )
    TEMPERATURE = (
        "temperature",
        Spec("Temperature", "°C", Kind.GAUGE, -60, 150, 1, ha_class="temperature", slow_s=SLOW_S),
    )
    BATTERY_MODE = (
        "battery_mode",
        _state("Battery mode", "self_consumption", "autonomous", "backup", slow_s=SLOW_S),
    )
    GRID_STATE = "grid_state", _state("Grid connection", "down", "up", "syncing")
    GRID_CHARGING = "grid_charging", _state("Charging from the grid", "off", "on", slow_s=SLOW_S)
    EXPORT_RULE = "export_rule", _state("Export rule", "never", "pv_only", "battery_ok", slow_s=SLOW_S)
    # Strings of solar panels
    STRING_A_POWER = "string_a_power", _power("String A power")
    STRING_A_VOLTAGE = "string_a_voltage", _dc_voltage("String A voltage")
    STRING_A_CURRENT = "string_a_current", _current("String A current")
    STRING_B_POWER = "string_b_power", _power("String B power")
    STRING_B_VOLTAGE = "string_b_voltage", _dc_voltage("String B voltage")
    STRING_B_CURRENT = "string_b_current", _current("String B current")
    STRING_C_POWER = "string_c_power", _power("String C power")
    STRING_C_VOLTAGE = "string_c_voltage", _dc_voltage("String C voltage")
    STRING_C_CURRENT = "string_c_current", _current("String C current")
    STRING_D_POWER = "string_d_power", _power("String D power")
    STRING_D_VOLTAGE = "string_d_voltage", _dc_voltage("String D voltage")
    STRING_D_CURRENT = "string_d_current", _current("String D current")
    STRING_E_POWER = "string_e_power", _power("String E power")
    STRING_E_VOLTAGE = "string_e_voltage", _dc_voltage("String E voltage")
    STRING_E_CURRENT = "string_e_current", _current("String E current")
    STRING_F_POWER = "string_f_power", _power("String F power")
    STRING_F_VOLTAGE = "string_f_voltage", _dc_voltage("String F voltage")
    STRING_F_CURRENT = "string_f_current", _current("String F current")
    # Prepaid meters, and the generator of a building
    POWER_GENERATOR = "power_generator", _power("Generator")
    ENERGY_GENERATOR = "energy_generator", _energy("Generator register")
    SUPPLY = "supply", _state("Supply", "grid", "generator")
    RELAY = "relay", _state("Supply relay", "off", "on", slow_s=SLOW_S)
    BALANCE = "balance", _money("Balance")
    DAYS_LEFT = "days_left", Spec("Days left", "d", Kind.GAUGE, 0, 10_000, 1, ha_class="duration")
    IMPORT_TODAY = "import_today", _counted("Imported today")
    IMPORT_MONTH = "import_month", _counted("Imported this month")
    GENERATOR_TODAY = "generator_today", _counted("From the generator today")
    GENERATOR_MONTH = "generator_month", _counted("From the generator this month")
    IMPORT_COST_TODAY = "import_cost_today", _money("Import cost today")
    IMPORT_COST_MONTH = "import_cost_month", _money("Import cost this month")
    GENERATOR_COST_TODAY = "generator_cost_today", _money("Generator cost today")
    GENERATOR_COST_MONTH = "generator_cost_month", _money("Generator cost this month")
    # States and counts
    TARIFF = "tariff", Spec("Tariff in force", "", Kind.STATE, 0, 99, 0)
    POWER_FAILURES = "power_failures", _count("Power failures")
    LONG_POWER_FAILURES = "long_power_failures", _count("Long power failures")


PHASES = (1, 2, 3)


def unit_of(quantity: Quantity, currency: str) -> str:
    """The quantity's unit; of an amount of money the currency (ISO 4217) of the site."""
    return currency if quantity.spec.money else quantity.spec.unit


def parent(source: str) -> str:
    """The source as it is in config.json: "powerwall" of "powerwall.unit1", one of the units behind it."""
    return source.partition(".")[0]


METER_REGISTERS = frozenset({Quantity.ENERGY_IMPORT, Quantity.GAS, Quantity.WATER, Quantity.HEAT})
"""Registers that stand for a whole meter: what a central API wants to hear of."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One number, one instant. `value` is in `quantity.spec.unit`, `at` in UTC ms, `confidence` 0..1."""

    source: str
    quantity: Quantity
    value: float
    at: int
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.quantity} must be a finite number; unknown is no reading at all")


@dataclass(frozen=True, slots=True)
class Price:
    """A price per kWh (currency units) for `[start, end)`, UTC ms; export > 0 means you are paid."""

    source: str
    channel: Literal["import", "export", "wholesale"]
    start: int
    end: int
    per_kwh: float
    kind: Literal["actual", "forecast"] = "actual"
    spike: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. `name` is a short fixed word, `text` a sentence for a person."""

    source: str
    name: str
    at: int
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DigitSeen:
    """One digit in a picture: `value` in [0, 10), `confidence` 0..1, `box` x, y, w, h in pixels."""

    value: float
    confidence: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a camera source saw last: shown on the Meter page, never written to the log.

    `text` is what was read ("048713.4") or None with a `reason`; `jpeg` is the picture as read.
    """

    source: str
    at: int
    jpeg: bytes
    text: str | None
    confidence: float
    digits: tuple[DigitSeen, ...] = ()
    reason: str | None = None
    width: int = 0
    height: int = 0


Fact = Reading | Price | Event | Picture
Batch = Sequence[Fact]


class Source(Protocol):
    """A device or service that yields batches for ever.

    `name` is the owner's name of it; `cadence_s` is how often it is expected to yield: older than
    three times that is stale. `batches` raises SourceError to be started again after a while; an empty batch
    says that all is well and nothing new.
    """

    name: str
    cadence_s: float

    def batches(self) -> AsyncIterator[Batch]: ...


class Sink(Protocol):
    """Carries news away; runs until cancelled, raises SourceError to be started again later."""

    name: str

    async def run(self) -> None: ...
