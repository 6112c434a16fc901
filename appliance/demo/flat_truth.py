"""The virtual flat: load, street, generator, registers and balance that agree at every instant.

Power is constant through each step of ten seconds and a whole number of watts; the registers of the street
(EB), of the building's diesel generator (DG) and of the flat's share of the roof's panels are its exact
integrals, and the balance is what was paid in less use times price. What the panels give beyond the load is
left on the roof, and costs nothing. Nothing depends on how often anyone asks. Days are those of India.
"""

import threading
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import numpy as np

from appliance.demo import flat_plan
from appliance.demo.flat_load import load
from appliance.demo.flat_plan import DAY_MS, IST_MS, Movement, Plan
from appliance.demo.house import PER_UNIT, STEP_MS, HouseClock
from appliance.demo.outages import Outage, Outages
from appliance.demo.weather import STEPS, Ints, clear_sky, dice, sky

Supply = Literal["eb", "dg", "none"]
SUPPLIES: tuple[Supply, ...] = ("eb", "dg", "none")
LATITUDE, LONGITUDE = 12.972, 77.594
"""Bengaluru."""
EB_RATE, DG_RATE = 8.33, 22.0
"""Rupees per kWh."""
CUT_EVERY_DAYS = 1
PAST_DAYS = 35
"""So many days before the beginning are simulated: the use of this month and of the last 30 days is known."""
HISTORY_DAYS = 200
"""So far back goes the list of recharges."""
DAYS_KEPT = 40
LONGEST_STARTING = 2
"""The generator carries the house after one to so many steps."""


class Episode(NamedTuple):
    """The generator fed the flat from `start` until `end` (UTC ms): kWh of its register, rupees for them."""

    start: int
    end: int
    kwh: float
    cost: float


@dataclass(frozen=True, slots=True)
class FlatState:
    """The truth at one instant: W, kWh, rupees. `connected`: the meter's relay is closed."""

    at: int
    supply: Supply
    load_w: int
    eb_kwh: float
    dg_kwh: float
    solar_kwh: float
    balance: float
    connected: bool


@dataclass(frozen=True)
class _Day:
    """A local day, one value a step; `totals` (EB, DG and solar x steps+1) is the integral at step edges."""

    watts: Ints
    supply: Ints
    connected: Ints
    flows: Ints
    totals: Ints


class Flat:
    """Ask `state()` at any speed and from any thread.

    It begins at `start` (UTC ms; now, if left out) with its registers at `eb_kwh` and `dg_kwh` and the plan's
    balance. Asked for an earlier instant, it answers for its beginning.
    """

    def __init__(
        self,
        clock: HouseClock,
        *,
        seed: int = 1,
        start: int | None = None,
        plan: Plan | None = None,
        eb_kwh: float = 16_128.94,
        dg_kwh: float = 81.23,
    ) -> None:
        self.clock, self.seed = clock, seed
        self.plan = plan or Plan()
        self.start = (clock.now() if start is None else start) // STEP_MS * STEP_MS
        self._outages = Outages(self.plan.cuts, CUT_EVERY_DAYS if self.plan.chance else 0, seed)
        self._lock = threading.RLock()
        self._days: dict[int, _Day] = {}
        self._first = local_day(self.start) - PAST_DAYS
        self._opening = [np.zeros(3, dtype=np.int64)]
        registers = np.array([round(kwh * PER_UNIT) for kwh in (eb_kwh, dg_kwh, 0.0)], dtype=np.int64)
        self._offset = registers - self._integral(self.start)
        self._past = self._history()
        self._moved: list[Movement] = []
        self._moved_until = local_day(self.start) - 1  # the last local day whose movements are known

    # --- what is true

    def state(self) -> FlatState:
        """The truth now."""
        return self.state_at(self.clock.now())

    def state_at(self, at: int) -> FlatState:
        """The truth at `at` (UTC ms)."""
        at = max(at, self.start)
        day, i = self._day(local_day(at)), (at + IST_MS) % DAY_MS // STEP_MS
        eb, dg, solar = ((self._integral(at) + self._offset) / PER_UNIT).tolist()
        supply, connected = SUPPLIES[day.supply[i]], bool(day.connected[i])
        return FlatState(at, supply, int(day.watts[i]), eb, dg, solar, self.balance_at(at), connected)

    def used(self, start: int, end: int) -> tuple[float, float]:
        """kWh from the street and from the generator in [start, end), also before the beginning."""
        eb, dg, _ = (self._integral(end) - self._integral(start)) / PER_UNIT
        return float(eb), float(dg)

    def sunned(self, start: int, end: int) -> float:
        """kWh from the roof in [start, end)."""
        return float((self._integral(end) - self._integral(start))[2]) / PER_UNIT

    def cost(self, start: int, end: int) -> float:
        """Rupees for what was used in [start, end)."""
        eb, dg = self.used(start, end)
        return eb * EB_RATE + dg * DG_RATE

    def balance_at(self, at: int) -> float:
        """Rupees that are left at `at` (UTC ms)."""
        at = max(at, self.start)
        self._move_until(local_day(at))
        return self._balance(at)

    def episodes(self, start: int, end: int) -> list[Episode]:
        """Every time the generator fed the flat in [start, end) (UTC ms), each from its start to its end."""
        runs = [(self._running(cut), cut.end) for cut in self._cuts(start, end)]
        return [
            Episode(first, last, self.used(first, last)[1], self.cost(first, last))
            for first, last in runs
            if first < last and first < end and start < last
        ]

    def movements(self, start: int, end: int) -> list[Movement]:
        """Every recharge and deduction in [start, end) (UTC ms), the oldest first; earlier ones too."""
        self._move_until(local_day(max(end, self.start)))
        return [one for one in self._past + self._moved if start <= one.at < end]

    def recharges(self, start: int, end: int) -> list[Movement]:
        """What was paid in."""
        return [one for one in self.movements(start, end) if one.amount > 0]

    def deductions(self, start: int, end: int) -> list[Movement]:
        """What was taken, but for energy."""
        return [one for one in self.movements(start, end) if one.amount < 0]

    # --- money

    def _balance(self, at: int) -> float:
        count = bisect_right(self._moved, at, key=lambda one: one.at)
        moved = sum(one.amount for one in self._moved[:count])
        return self.plan.balance + moved - self.cost(self.start, at)

    def _move_until(self, number: int) -> None:
        """Know the movements of every local day up to `number`."""
        with self._lock:
            while self._moved_until < number:
                self._moved_until += 1
                self._move(self._moved_until)

    def _move(self, number: int) -> None:
        begin = number * DAY_MS - IST_MS
        found = [one for one in self.plan.movements if begin <= one.at < begin + DAY_MS]
        if self.plan.chance:
            found += flat_plan.by_calendar(self.seed, number, month_day(number))
        self._moved += sorted(one for one in found if one.at > self.start)
        looked = flat_plan.evening(self.seed, number)
        if not self.plan.chance or looked <= self.start:
            return
        paid = flat_plan.recharge(self.seed, number, self._balance(looked), month_day(number))
        if paid:
            self._moved = sorted([*self._moved, Movement(looked, paid)])

    def _history(self) -> list[Movement]:
        today = local_day(self.start)
        days = range(today - HISTORY_DAYS, today + 1)
        found = (one for day in days for one in flat_plan.before(self.seed, day, month_day(day)))
        return [one for one in found if one.at <= self.start]

    # --- energy

    def _cuts(self, start: int, end: int) -> list[Outage]:
        """The street's cuts that touch [start, end), those that touch one another as one."""
        found: list[Outage] = []
        for cut in self._outages.between(start - DAY_MS, end + DAY_MS):
            if found and cut.start <= found[-1].end:
                found[-1] = Outage(found[-1].start, max(found[-1].end, cut.end))
            else:
                found.append(cut)
        return [one for one in found if one.start < end and start < one.end]

    def _running(self, cut: Outage) -> int:
        """When the generator carries the flat in a cut (UTC ms)."""
        steps = int(dice(self.seed, cut.start // STEP_MS, 62).integers(1, LONGEST_STARTING + 1))
        return cut.start + steps * STEP_MS

    def _integral(self, at: int) -> Ints:
        """EB, DG and solar summed from the first simulated day to `at`, in watt-milliseconds."""
        into = max(at + IST_MS, self._first * DAY_MS)
        number, rest = divmod(into, DAY_MS)
        day, i = self._day(number), rest // STEP_MS
        whole: Ints = day.totals[:, i] + day.flows[:, i] * (rest % STEP_MS)
        return whole

    def _day(self, number: int) -> _Day:
        with self._lock:
            while len(self._opening) <= number - self._first:
                self._simulate(self._first + len(self._opening) - 1)
            return self._days.get(number) or self._simulate(number)

    def _simulate(self, number: int) -> _Day:
        begin = number * DAY_MS - IST_MS
        supply, connected = np.zeros(STEPS, dtype=np.int64), np.ones(STEPS, dtype=np.int64)
        for cut in self._cuts(begin, begin + DAY_MS):
            supply[_steps(begin, cut.start, cut.end)] = SUPPLIES.index("dg")
            supply[_steps(begin, cut.start, min(self._running(cut), cut.end))] = SUPPLIES.index("none")
        for span in self.plan.disconnected:
            connected[_steps(begin, *span)] = 0
        watts = load(self.seed, number) * connected * (supply < SUPPLIES.index("none"))
        solar = np.minimum(self._roof(number), watts)
        flows = np.stack([(watts - solar) * (supply == 0), (watts - solar) * (supply == 1), solar])
        totals = np.empty((len(flows), STEPS + 1), dtype=np.int64)
        opening = self._opening[number - self._first]
        totals[:, 0] = opening
        totals[:, 1:] = opening[:, None] + np.cumsum(flows * STEP_MS, axis=1)
        if len(self._opening) == number - self._first + 1:
            self._opening.append(totals[:, -1].copy())
        self._days[number] = day = _Day(watts, supply, connected, flows, totals)
        while len(self._days) > DAYS_KEPT:
            del self._days[next(iter(self._days))]
        return day

    def _roof(self, number: int) -> Ints:
        """What the flat's panels could give, in watts by step."""
        if not self.plan.panel_w:
            return np.zeros(STEPS, dtype=np.int64)
        # The formulae are of UTC days: India's begin as much earlier as the sun is further east.
        east = LONGITUDE - 360 * IST_MS / DAY_MS
        light = clear_sky(number, LATITUDE, east, tilt=LATITUDE) * sky(self.seed, number)
        return (light / 1000 * self.plan.panel_w * 0.9).astype(np.int64)


def local_day(at: int) -> int:
    """Days since 1970 on India's calendar of an instant (UTC ms)."""
    return (at + IST_MS) // DAY_MS


def month_day(number: int) -> int:
    """Day of the month (1 to 31) of a day since 1970."""
    return datetime.fromtimestamp(number * DAY_MS / 1000, UTC).day


def _steps(begin: int, start: int, end: int) -> slice:
    return slice(max((start - begin) // STEP_MS, 0), max((end - begin) // STEP_MS, 0))
