"""The virtual house: sun, load, battery, grid and registers that agree at every instant.

Power is constant through each step of ten virtual seconds and a whole number of watts; registers are
its exact integral in integer watt-milliseconds. So they do not depend on how often anyone asks, and
load = solar + battery + grid holds to the last unit. Power into the house is positive. While the street has
no power the house is an island: battery and sun carry it, what they cannot carry is shed, what the sun gives
too much is left on the roof.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from appliance.demo.battery import Battery
from appliance.demo.household import PHASE_V, use
from appliance.demo.outages import Outage, Outages
from appliance.demo.tariff import local_offset_s, tariff_steps
from appliance.demo.weather import DAY_S, STEP_S, STEPS, Floats, Ints, clear_sky, sky, smooth

DAY_MS = DAY_S * 1000
STEP_MS = STEP_S * 1000
PER_UNIT = 3_600_000_000
"""Watt-milliseconds in a kWh, and (litres an hour) x milliseconds in a m³."""
FLOWS = (
    *("import_t1", "import_t2", "export_t1", "export_t2"),
    *("solar", "load", "charged", "discharged", "gas", "water"),
)
GridWord = Literal["up", "down", "syncing"]
GRID_WORDS: tuple[GridWord, ...] = ("up", "down", "syncing")
SYNC_STEPS = 2
"""Before an outage ends the island is brought into step with the street for so long."""
SETTLING_DAYS = 2
DAYS_KEPT = 4


class HouseClock(Protocol):
    """All the house asks of a clock: UTC milliseconds."""

    def now(self) -> int: ...


class Phase(NamedTuple):
    """One phase at the main fuse: signed power (+ import), voltage, current (magnitude, as meters say)."""

    power_w: float
    voltage_v: float
    current_a: float


@dataclass(frozen=True, slots=True)
class HouseState:
    """The truth at one instant. Powers in W, registers in kWh or m³; `tariff` 1 is low, 2 normal.

    `capacity_kwh` is what the battery holds at its age, `soc` the percentage of it. The phases are those at
    the main fuse: without a grid nothing flows there, and their voltage is the island's.
    """

    at: int
    solar_w: float
    load_w: float
    battery_w: float
    grid_w: float
    soc: float
    phases: tuple[Phase, Phase, Phase]
    import_kwh: float
    export_kwh: float
    import_t1_kwh: float
    import_t2_kwh: float
    export_t1_kwh: float
    export_t2_kwh: float
    gas_m3: float
    water_m3: float
    solar_kwh: float
    load_kwh: float
    charged_kwh: float
    discharged_kwh: float
    frequency_hz: float
    tariff: int
    capacity_kwh: float
    grid: GridWord


@dataclass(frozen=True)
class _Day:
    """A simulated UTC day: values by step; `totals` (flows x steps+1) is the integral at step edges.

    `grid` is a place in `GRID_WORDS`.
    """

    solar: Ints
    load: Ints
    battery: Ints
    levels: Ints
    capacity: int
    grid: Ints
    phases: Ints
    voltages: Floats
    frequency: Floats
    tariff: Ints
    flows: Ints
    totals: Ints


class House:
    """Ask `state()` at any speed and from any thread.

    It begins when it is built (`start`, UTC ms, overrides): there the import register stands at
    `start_import_kwh`. Asked for an earlier instant, it answers for its beginning.
    """

    def __init__(
        self,
        clock: HouseClock,
        *,
        seed: int = 1,
        start_import_kwh: float = 48_713.4,
        start: int | None = None,
        zone: ZoneInfo | None = None,
        latitude: float = 59.858,
        longitude: float = 17.645,
        panel_w: int = 9_600,
        inverter_w: int = 8_000,
        fuse_a: float = 20.0,
        battery: Battery | None = None,
        season_days: int = 0,
        outages: Outages | None = None,
    ) -> None:
        """`season_days` moves sun and warmth through the year: a house to look at is in its summer."""
        self.clock = clock
        self.seed = seed
        self.zone = zone or ZoneInfo("Europe/Stockholm")
        self.latitude, self.longitude = latitude, longitude
        self.panel_w, self.inverter_w, self.fuse_a = panel_w, inverter_w, fuse_a
        self.battery = battery or Battery()
        self.season_days = season_days
        self.outages = outages or Outages()
        self._lock = threading.Lock()
        self._days: OrderedDict[int, _Day] = OrderedDict()
        self.start = (clock.now() if start is None else start) // STEP_MS * STEP_MS
        self._first = self.start // DAY_MS - SETTLING_DAYS
        # What every later day starts from: registers (as integrals) and the battery's charge.
        self._opening = [(np.zeros(len(FLOWS), dtype=np.int64), self.battery.capacity // 2)]
        self._offset = _opening_registers(start_import_kwh) - self._integral(self.start)

    def in_season(self, at: int) -> int:
        """`at` (UTC ms) moved to the time of the year that it is at the house."""
        return at + self.season_days * DAY_MS

    def state(self) -> HouseState:
        """The truth now."""
        return self.state_at(self.clock.now())

    def state_at(self, at: int) -> HouseState:
        """The truth at `at` (UTC ms)."""
        at = max(at, self.start)
        registers = (self._integral(at) + self._offset) / PER_UNIT
        kwh = dict(zip(FLOWS, registers.tolist(), strict=True))
        day, i = self._day(at // DAY_MS), at % DAY_MS // STEP_MS
        solar, load, battery = int(day.solar[i]), int(day.load[i]), int(day.battery[i])
        share = (at % STEP_MS) / STEP_MS
        level = float(day.levels[i]) * (1 - share) + float(day.levels[i + 1]) * share
        volts = day.voltages[:, i].tolist()
        watts = day.phases[:, i].tolist()
        one, two, three = (Phase(w, v, round(abs(w) / v, 2)) for w, v in zip(watts, volts, strict=True))
        return HouseState(
            at=at,
            solar_w=solar,
            load_w=load,
            battery_w=battery,
            grid_w=load - solar - battery,
            soc=round(min(100 * level / day.capacity, 100), 2),
            phases=(one, two, three),
            import_kwh=kwh["import_t1"] + kwh["import_t2"],
            export_kwh=kwh["export_t1"] + kwh["export_t2"],
            import_t1_kwh=kwh["import_t1"],
            import_t2_kwh=kwh["import_t2"],
            export_t1_kwh=kwh["export_t1"],
            export_t2_kwh=kwh["export_t2"],
            gas_m3=kwh["gas"],
            water_m3=kwh["water"],
            solar_kwh=kwh["solar"],
            load_kwh=kwh["load"],
            charged_kwh=kwh["charged"],
            discharged_kwh=kwh["discharged"],
            frequency_hz=float(day.frequency[i]),
            tariff=int(day.tariff[i]),
            capacity_kwh=day.capacity * STEP_S / 36_000_000,
            grid=GRID_WORDS[day.grid[i]],
        )

    def power_failures(self, at: int) -> list[Outage]:
        """Every outage of the street since the house was built that is over at `at` (UTC ms)."""
        return (
            [one for one in self.outages.between(self.start, at) if one.end <= at] if at > self.start else []
        )

    def _integral(self, at: int) -> Ints:
        """Every flow summed from the first simulated day to `at`, in watt-milliseconds."""
        number, rest = divmod(at, DAY_MS)
        day, i = self._day(number), rest // STEP_MS
        whole: Ints = day.totals[:, i] + day.flows[:, i] * (rest % STEP_MS)
        return whole

    def _day(self, number: int) -> _Day:
        with self._lock:
            while len(self._opening) <= number - self._first:
                self._simulate(self._first + len(self._opening) - 1)
            return self._days.get(number) or self._simulate(number)

    def _simulate(self, number: int) -> _Day:
        registers, level = self._opening[number - self._first]
        day = self._compute(number, registers, level)
        if len(self._opening) == number - self._first + 1:
            self._opening.append((day.totals[:, -1].copy(), int(day.levels[-1])))
        self._days[number] = day
        while len(self._days) > DAYS_KEPT:
            self._days.popitem(last=False)
        return day

    def _compute(self, number: int, registers: Ints, level: int) -> _Day:
        need = use(self.seed, number, local_offset_s(number, self.zone), self.fuse_a, self.season_days)
        load = need.watts.sum(axis=0)
        solar = self._solar(number)
        connection = self._connection(number)
        dark, capacity = connection > 0, self.battery.capacity_after(number - self._first)
        battery, levels = self.battery.run(load - solar, level, capacity, dark)
        short = np.where(dark, load - solar - battery, 0)
        load, solar = load - np.maximum(short, 0), solar + np.minimum(short, 0)
        grid = load - solar - battery
        tariff = tariff_steps(number, self.zone)
        low, bought, sold = tariff == 1, np.maximum(grid, 0), np.maximum(-grid, 0)
        flows = np.stack(
            [
                *(bought * low, bought * ~low, sold * low, sold * ~low),
                *(solar, load, np.maximum(-battery, 0), np.maximum(battery, 0)),
                *(need.gas_lph, need.water_lph),
            ]
        )
        totals = np.empty((len(FLOWS), STEPS + 1), dtype=np.int64)
        totals[:, 0] = registers
        totals[:, 1:] = registers[:, None] + np.cumsum(flows * STEP_MS, axis=1)
        phases = np.where(dark, 0, need.watts - _in_three(solar) - _in_three(battery))
        volts = self._voltages(number, phases)
        hertz = np.where(dark, 50.0, np.round(49.96 + 0.08 * smooth(self.seed, number, 21, 400), 2))
        battery_day = battery, levels, capacity
        return _Day(solar, load, *battery_day, connection, phases, volts, hertz, tariff, flows, totals)

    def _connection(self, number: int) -> Ints:
        """How the house hangs on the street, by step: a place in `GRID_WORDS`."""
        found = np.zeros(STEPS, dtype=np.int64)
        begin = number * DAY_MS
        for outage in self.outages.between(begin, begin + DAY_MS):
            first, end = ((at - begin) // STEP_MS for at in outage)
            found[max(first, 0) : max(end, 0)] = 1
            found[max(first, end - SYNC_STEPS, 0) : max(end, 0)] = 2
        return found

    def _solar(self, number: int) -> Ints:
        light = clear_sky(number + self.season_days, self.latitude, self.longitude) * sky(self.seed, number)
        # Cells lose a tenth to heat, wiring and inverter; below 30 W the inverter sleeps.
        power = np.minimum(light / 1000 * self.panel_w * 0.9, self.inverter_w).astype(np.int64)
        power[power < 30] = 0
        return power

    def _voltages(self, number: int, phases: Ints) -> Floats:
        """The grid's own wander, and 0.2 ohm of street cable that the house's current drops."""
        grid = np.stack([231.2 + 2.6 * smooth(self.seed, number, 22 + p, 96) for p in range(3)])
        volts: Floats = np.clip(grid - 0.2 * phases / PHASE_V, 225.0, 238.0).round(1)
        return volts


def _in_three(watts: Ints) -> Ints:
    """A three-phase machine: equal shares that add up to the last watt."""
    third = watts // 3
    return np.stack([watts - 2 * third, third, third])


def _opening_registers(import_kwh: float) -> Ints:
    """The registers of a house that has stood for some years, the import as asked for."""
    low = round(import_kwh * 0.42, 3)
    electric = (low, import_kwh - low, 3_204.118, 8_911.502, 30_482.7, 66_301.2, 11_920.4, 10_728.3)
    return np.array([round(value * PER_UNIT) for value in (*electric, 2_817.4, 614.9)], dtype=np.int64)
