"""What is known of the battery of a house: the moment, its units and solar strings, the gateway's alerts, and
how its capacity wears (pure). Instants are UTC ms; None is unknown.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from zoneinfo import ZoneInfo

from appliance.calendar import day_of
from appliance.clock import DAY_MS
from appliance.model import Event, Quantity, Reading, parent
from appliance.views import Latest, is_fresh

Q = Quantity
MARKS = frozenset(
    {Q.STATE_OF_CHARGE, Q.STATE_OF_CHARGE_RAW, Q.BATTERY_STORED, Q.BATTERY_CAPACITY, Q.POWER_BATTERY}
)
"""Who reports one of these has a battery."""
SETTINGS = frozenset({Q.BACKUP_RESERVE, Q.BATTERY_MODE, Q.GRID_STATE, Q.GRID_CHARGING, Q.EXPORT_RULE})
"""What only the battery's own gateway tells."""
LETTERS = "ABCDEF"
LIVE_V, DEAD_V = 50.0, 10.0
"""A string below the one while another is above the other has no panels, or lost them."""
ALERT_ON, ALERT_OFF = "alert_on", "alert_off"


@dataclass(frozen=True, slots=True)
class String:
    """A string of solar panels: W, V, A. `connected` is None while nothing of its inverter is known."""

    source: str
    letter: str
    power: float | None
    voltage: float | None
    current: float | None
    connected: bool | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A battery pack behind the gateway: kWh and °C, of the moment."""

    name: str
    capacity: float | None
    stored: float | None
    temperature: float | None


class Battery:
    """A gateway with what is behind it, at a moment."""

    def __init__(self, source: str, latest: Latest, cadences: Mapping[str, float], now: int) -> None:
        """`source` is the gateway's name in config.json; `cadences` are seconds by source."""
        self.source = source
        self._now = now
        self._cadences = cadences
        mine = {key: reading for key, reading in latest.items() if parent(key[0]) == source}
        heard = max((reading.at for reading in mine.values()), default=0)
        # A pack that was exchanged, or what a new firmware leaves out, would be missed for ever.
        self._latest = {key: reading for key, reading in mine.items() if heard - reading.at <= DAY_MS}

    @property
    def readings(self) -> list[Reading]:
        """The newest of all that it and its units tell, in order of name and quantity."""
        return [reading for _, reading in sorted(self._latest.items())]

    def last(self, quantity: Quantity, unit: str | None = None) -> Reading | None:
        """The last reading, however old: of the gateway, or of one of its units."""
        return self._latest.get((unit or self.source, quantity))

    def fresh(self, quantity: Quantity, unit: str | None = None) -> Reading | None:
        """The last reading, if it may be shown as the present."""
        reading = self.last(quantity, unit)
        return reading if reading and is_fresh(reading, self._cadences, self._now) else None

    def value(self, quantity: Quantity, unit: str | None = None) -> float | None:
        """The present value, with two decimals more than are shown: a gateway tells whole Wh."""
        reading = self.fresh(quantity, unit)
        return round(reading.value, quantity.spec.decimals + 2) if reading else None

    def word(self, quantity: Quantity) -> str | None:
        """The code word of a state: `self_consumption`, `up`."""
        value = self.value(quantity)
        return None if value is None else quantity.spec.states[round(value)]

    def _total(self, quantity: Quantity) -> float | None:
        """As the gateway says, else the sum of its units where all are known."""
        if self.last(quantity):
            return self.value(quantity)
        values = [self.value(quantity, name) for (name, q) in self._latest if q is quantity]
        known = [value for value in values if value is not None]
        whole = known and len(known) == len(values)
        return round(sum(known), quantity.spec.decimals + 2) if whole else None

    @property
    def capacity(self) -> float | None:
        """What all units can hold when full, kWh."""
        return self._total(Q.BATTERY_CAPACITY)

    @property
    def stored(self) -> float | None:
        """What all units hold, kWh."""
        return self._total(Q.BATTERY_STORED)

    @property
    def at(self) -> int | None:
        """When it was last heard of."""
        return max((reading.at for reading in self._latest.values()), default=None)

    @property
    def stale(self) -> bool:
        """Whether nothing that changes is known of the moment."""
        return not any(
            is_fresh(reading, self._cadences, self._now)
            for (_, quantity), reading in self._latest.items()
            if not quantity.spec.slow_s
        )

    @property
    def units(self) -> list[Unit]:
        """Its packs in the order of their names."""
        packs = {name for name, q in self._latest if name != self.source and q in MARKS}
        return [
            Unit(
                name,
                self.value(Q.BATTERY_CAPACITY, name),
                self.value(Q.BATTERY_STORED, name),
                self.value(Q.TEMPERATURE, name),
            )
            for name in sorted(packs, key=_counted)
        ]

    @property
    def temperatures(self) -> list[tuple[str, float | None]]:
        """Where it is how warm, °C; of the gateway itself under its own name."""
        found = {name for name, q in self._latest if q is Q.TEMPERATURE}
        return [(name, self.value(Q.TEMPERATURE, name)) for name in sorted(found, key=_counted)]

    @property
    def strings(self) -> list[String]:
        """The solar strings of all its inverters, those without panels too as far as they are known."""
        sources = sorted({name for name, q in self._latest if q.startswith("string_")}, key=_counted)
        return [string for source in sources for string in self._strings(source)]

    def _strings(self, source: str) -> list[String]:
        told: dict[str, list[float | None]] = {}
        for letter in LETTERS:
            quantities = [Quantity[f"STRING_{letter}_{what}"] for what in ("POWER", "VOLTAGE", "CURRENT")]
            told[letter] = [self.value(quantity, source) for quantity in quantities]
            if any((source, quantity) in self._latest for quantity in quantities):
                last = letter
        # Nothing is told of a string without panels: one before the last is such a one.
        told = {letter: values for letter, values in told.items() if letter <= last}
        live = any(volts is not None and volts >= LIVE_V for _, volts, _ in told.values())
        heard = any(value is not None for values in told.values() for value in values)
        found = []
        for letter, values in told.items():
            power, volts, amps = values
            silent = all(value is None for value in values)
            dead = live and volts is not None and volts < DEAD_V
            connected = None if not heard else not (silent or dead)
            found.append(String(source, letter, power, volts, amps, connected))
        return found


def _counted(name: str) -> tuple[str, int, str]:
    """unit2 before unit10."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0), name


def gateways(latest: Latest, order: Sequence[str]) -> list[str]:
    """The sources that have a battery: who tells most of it first (an inverter may tell of the battery behind
    a gateway), then as in the configuration, those no longer set up last."""
    told: dict[str, set[Quantity]] = {}
    for source, quantity in latest:
        if quantity in MARKS or quantity in SETTINGS:
            told.setdefault(parent(source), set()).add(quantity)
    known = [name for name, quantities in told.items() if quantities & MARKS]
    return sorted(
        known, key=lambda name: (-len(told[name]), order.index(name) if name in order else len(order), name)
    )


def battery(latest: Latest, order: Sequence[str], cadences: Mapping[str, float], now: int) -> Battery | None:
    """The battery of the house: the best that is heard of now, else the best; None if there is none."""
    found = [Battery(name, latest, cadences, now) for name in gateways(latest, order)]
    return next((one for one in found if not one.stale), next(iter(found), None))


@dataclass(frozen=True, slots=True)
class Alert:
    """A gateway's alert from `start` to `end` (None: still there)."""

    source: str
    device: str
    alert: str
    start: int
    end: int | None

    def duration_s(self, now: int) -> float:
        """How long it was there, or has been by `now`."""
        return max(0, (now if self.end is None else self.end) - self.start) / 1000


def alerts(events: Iterable[Event], sources: Collection[str]) -> list[Alert]:
    """What is there now, then what was, the last first; from events in order of arrival.

    What is told again while it is there is the same alert. One whose source is no longer among `sources`
    has no end that anybody will see: it is left out.
    """
    there: dict[tuple[str, str, str], int] = {}
    over: list[Alert] = []
    for event in events:
        key = event.source, str(event.data.get("device", "")), str(event.data.get("alert", ""))
        if event.name == ALERT_ON:
            there.setdefault(key, event.at)
        elif event.name == ALERT_OFF and key in there:
            over.append(Alert(*key, there.pop(key), event.at))
    active = [Alert(*key, start, None) for key, start in there.items() if parent(key[0]) in sources]
    return [*sorted(active, key=_latest_first), *sorted(over, key=_latest_first)]


def _latest_first(alert: Alert) -> tuple[int, str, str]:
    return -(alert.end or alert.start), alert.device, alert.alert


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a pack (or all together) could hold over time: kWh, by the first day of each day or month."""

    source: str
    at: tuple[date, ...]
    kwh: tuple[float, ...]

    @property
    def percent(self) -> tuple[float, ...]:
        """Against the first that was measured here: what it held when new nobody knows."""
        return tuple(round(100 * value / self.kwh[0], 1) for value in self.kwh) if self.kwh else ()


def capacity(
    source: str, days: Iterable[tuple[int, float | None]], zone: ZoneInfo, *, monthly: bool
) -> Capacity:
    """From the means of local days (their starts, kWh); a month is the median of its days, so that a day on
    which the gateway was calibrating does not count."""
    by: dict[date, list[float]] = {}
    for at, value in days:
        if value:  # a gateway without its packs says 0, which is no capacity
            day = day_of(at, zone)
            by.setdefault(day.replace(day=1) if monthly else day, []).append(value)
    return Capacity(source, tuple(by), tuple(round(median(values), 3) for values in by.values()))
