"""What the screen shows of the moment, decided from the newest readings: numbers and codes, no language.

Power is W with the signs of `appliance.model`; instants are UTC ms, ages seconds. None is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from appliance import phases
from appliance.model import METER_REGISTERS, PHASES, Quantity, Reading, parent

Latest = Mapping[tuple[str, Quantity], Reading]
Edge = Literal[
    "solar_home", "solar_battery", "solar_grid", "battery_home", "battery_grid",
    "generator_home", "generator_battery", "grid_home", "grid_battery",
]  # fmt: skip
EDGES: tuple[Edge, ...] = get_args(Edge)
"""In the order in which they are served."""
Code = Literal["running_on_sunshine", "buying", "selling", "on_battery", "on_generator", "idle", "no_reading"]

DEFAULT_CADENCE_S = 60.0
WIRES = {"p1_serial": 0, "homewizard": 1}
"""What is wired to the meter comes before others, by type."""
STALE_AFTER = 3
"""A reading older than so many times its source's cadence is not used."""
QUIET_W = 50.0
"""Less than this is the noise of instruments read a moment apart: no direction is told from it."""
SKEW_SHARE = 0.05
"""How far, as a share of all that flows, parts read a moment apart may contradict each other."""
OWN_TIME = METER_REGISTERS - {Quantity.ENERGY_IMPORT}
"""Gas, water and heat meters report a few times a day, each reading with its own old instant."""

_PARTS = {
    "grid": (Quantity.POWER_GRID, Quantity.ENERGY_IMPORT),
    "solar": (Quantity.POWER_SOLAR,),
    "battery": (Quantity.POWER_BATTERY, Quantity.STATE_OF_CHARGE),
    "generator": (Quantity.POWER_GENERATOR, Quantity.SUPPLY),
}
ON_GENERATOR = Quantity.SUPPLY.spec.states.index("generator")


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: ampere drawn (never negative) and its share of the main fuse."""

    number: int
    amps: float | None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Imbalance:
    """How far apart the most and the least loaded phase are."""

    amps: float
    level: phases.Level


@dataclass(frozen=True, slots=True)
class Stale:
    """A source whose newest reading is too old to use: when it was and how long ago."""

    source: str
    at: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the house does, as a code and the powers (W, never negative) that belong to it."""

    code: Code
    params: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Home:
    """The Home page. `nodes` holds what the site has; a node without a fresh reading is None."""

    nodes: Mapping[str, float | None]
    state_of_charge: float | None
    register: Reading | None
    flows: Mapping[Edge, float]
    sentence: Sentence
    phases: tuple[Phase, ...]
    imbalance: Imbalance | None
    stale: tuple[Stale, ...]
    only_register: bool
    """The site reads its meter but nobody measures power at the grid."""
    on_generator: bool = False
    """The building's generator supplies in the place of the grid."""


def home(
    latest: Latest,
    types: Mapping[str, str],
    cadences: Mapping[str, float],
    now: int,
    fuse_a: int | None = None,
) -> Home:
    """The Home page at `now`. `types` and `cadences` (seconds) are by source, `fuse_a` is per phase."""
    pick = Picker(latest, types, cadences, now)
    nodes = _nodes(latest, pick)
    flows = split(nodes)
    on_generator = _on_generator(nodes, pick)
    each = tuple(_phase(n, pick, fuse_a) for n in PHASES if _has_phase(latest, n))
    return Home(
        nodes=nodes,
        state_of_charge=pick.value(Quantity.STATE_OF_CHARGE),
        register=pick.newest(Quantity.ENERGY_IMPORT),
        flows=flows,
        sentence=_sentence(nodes, on_generator=on_generator),
        phases=each,
        imbalance=imbalance([p.amps for p in each]),
        stale=stale(latest, cadences, now),
        only_register=not any(q is Quantity.POWER_GRID for _, q in latest)
        and pick.newest(Quantity.ENERGY_IMPORT) is not None,
        on_generator=on_generator,
    )


class Picker:
    """Chooses, per quantity, among the sources that report it."""

    def __init__(
        self, latest: Latest, types: Mapping[str, str], cadences: Mapping[str, float], now: int
    ) -> None:
        order = {name: place for place, name in enumerate(types)}
        self._cadences = cadences
        self._now = now
        self._of: dict[Quantity, list[Reading]] = {}
        ranked = sorted(
            latest.values(),
            key=lambda r: (
                WIRES.get(types.get(parent(r.source), ""), len(WIRES)),
                order.get(r.source, len(order)),
                r.source,
            ),
        )
        for reading in ranked:
            self._of.setdefault(reading.quantity, []).append(reading)

    def fresh(self, quantity: Quantity) -> Reading | None:
        """The best source's reading that may still be used."""
        return next((r for r in self._of.get(quantity, ()) if is_fresh(r, self._cadences, self._now)), None)

    def best(self, quantity: Quantity) -> Reading | None:
        """The best source's reading, however old: for registers, which stay true."""
        return next(iter(self._of.get(quantity, ())), None)

    def newest(self, quantity: Quantity) -> Reading | None:
        """The last reading of all, however old."""
        return max(self._of.get(quantity, ()), key=lambda r: r.at, default=None)

    def value(self, quantity: Quantity) -> float | None:
        reading = self.fresh(quantity)
        return None if reading is None else reading.value


def is_fresh(reading: Reading, cadences: Mapping[str, float], now: int) -> bool:
    """Whether the reading is young enough to be shown as the present."""
    if reading.quantity in OWN_TIME:
        return True
    cadence_s = cadences.get(parent(reading.source), DEFAULT_CADENCE_S)
    may_s = max(STALE_AFTER * cadence_s, reading.quantity.spec.slow_s)
    return now - reading.at <= may_s * 1000


def stale(latest: Latest, cadences: Mapping[str, float], now: int) -> tuple[Stale, ...]:
    """The sources that went silent, longest first. A source that is no longer set up is not missed."""
    newest: dict[str, Reading] = {}
    for reading in latest.values():
        known = newest.get(reading.source)
        own_time = reading.quantity in OWN_TIME or reading.quantity.spec.slow_s
        if not own_time and (known is None or reading.at > known.at):
            newest[reading.source] = reading
    silent = [
        Stale(r.source, r.at, (now - r.at) / 1000)
        for r in newest.values()
        if r.source in cadences and not is_fresh(r, cadences, now)
    ]
    return tuple(sorted(silent, key=lambda s: (-s.age_s, s.source)))


def _nodes(latest: Latest, pick: Picker) -> dict[str, float | None]:
    reported = {quantity for _, quantity in latest}
    nodes = {
        part: pick.value(quantities[0]) for part, quantities in _PARTS.items() if reported & set(quantities)
    }
    if (solar := nodes.get("solar")) is not None:
        # At night an inverter draws a few watts: that is consumption of the house, not negative sunshine.
        nodes["solar"] = max(0.0, solar)
    measured = pick.value(Quantity.POWER_LOAD)
    if nodes or Quantity.POWER_LOAD in reported:
        nodes["home"] = measured if measured is not None else _derived_load(nodes)
    return nodes


def _on_generator(nodes: Mapping[str, float | None], pick: Picker) -> bool:
    """As the meter says; where it says nothing, whether the generator gives power."""
    supply = pick.value(Quantity.SUPPLY)
    if supply is not None:
        return round(supply) == ON_GENERATOR
    return (nodes.get("generator") or 0.0) >= QUIET_W


def _derived_load(nodes: Mapping[str, float | None]) -> float | None:
    """What the house uses when nobody measures it; None if a part is unknown or the parts contradict."""
    parts = list(nodes.values())
    known = [p for p in parts if p is not None]
    if "grid" not in nodes or len(known) < len(parts):
        return None
    load = sum(known)
    if load >= 0:
        return load
    slack = max(QUIET_W, SKEW_SHARE * sum(abs(p) for p in known))
    return 0.0 if -load <= slack else None


def split(nodes: Mapping[str, float | None]) -> dict[Edge, float]:
    """Who feeds whom, W: sunshine goes home first, then to the battery, then out; the grid comes last.

    Empty while anything is unknown. Where the parts agree (home = grid + solar + battery + generator) the
    edges at each node add up to that node.
    """
    if "home" not in nodes or any(power is None for power in nodes.values()):
        return {}
    solar, grid, battery, house = (nodes.get(n) or 0.0 for n in ("solar", "grid", "battery", "home"))
    supply = {"solar": max(0.0, solar), "battery": max(0.0, battery), "grid": max(0.0, grid)}
    supply["generator"] = max(0.0, nodes.get("generator") or 0.0)
    demand = {"home": max(0.0, house), "battery": max(0.0, -battery), "grid": max(0.0, -grid)}
    flows: dict[Edge, float] = {}
    for edge in EDGES:
        giver, taker = edge.split("_")
        power = min(supply[giver], demand[taker])
        if power > 0:
            flows[edge] = power
            supply[giver] -= power
            demand[taker] -= power
    return flows


def _sentence(nodes: Mapping[str, float | None], *, on_generator: bool) -> Sentence:
    grid, solar, battery, load = (nodes.get(n) for n in ("grid", "solar", "battery", "home"))
    if grid is None and not on_generator:
        return Sentence("no_reading")
    grid = grid or 0.0
    params = {
        "bought": max(0.0, grid),
        "sold": max(0.0, -grid),
        "charging": max(0.0, -(battery or 0.0)),
        "discharging": max(0.0, battery or 0.0),
    }
    if on_generator:
        return Sentence("on_generator", params | {"generated": max(0.0, nodes.get("generator") or 0.0)})
    sunny = solar is not None and load is not None and solar > QUIET_W and solar >= load - QUIET_W
    if sunny and grid < QUIET_W:
        return Sentence("running_on_sunshine", params)
    if grid >= QUIET_W:
        return Sentence("buying", params)
    if grid <= -QUIET_W:
        return Sentence("selling", params)
    if battery is not None and battery >= QUIET_W:
        return Sentence("on_battery", params)
    return Sentence("idle", params)


def _has_phase(latest: Latest, number: int) -> bool:
    wanted = {Quantity[f"CURRENT_L{number}"], Quantity[f"POWER_L{number}"]}
    return any(quantity in wanted for _, quantity in latest)


def _phase(number: int, pick: Picker, fuse_a: int | None) -> Phase:
    amps = phases.amps(
        pick.value(Quantity[f"CURRENT_L{number}"]),
        pick.value(Quantity[f"POWER_L{number}"]),
        pick.value(Quantity[f"VOLTAGE_L{number}"]),
    )
    return Phase(number, amps, amps / fuse_a if amps is not None and fuse_a else None)


def imbalance(amps: Iterable[float | None]) -> Imbalance | None:
    """The spread between phases; None with fewer than two of them known."""
    apart = phases.imbalance_a(amps)
    return None if apart is None else Imbalance(apart, phases.imbalance_level(apart))
