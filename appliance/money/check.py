"""Do two counters of the same energy agree? Registers at midnights, days to be compared, verdicts. Pure.

A register is hardly ever read at midnight itself. What it stood at then lies between the readings before and
after: that span, `slack`, is never blamed on a meter. Days join into months at their registers, so the slack
of a month is that of its ends alone.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from appliance.calendar import QUARTER_MS
from appliance.clock import HOUR_MS
from appliance.money.moments import Bools, Ints
from appliance.money.rates import Floats

SILENT_MS = HOUR_MS
"""A device of its own may have been off, and not have counted, when nothing was heard of it for longer."""
FLOOR_KWH = 0.1
"""Two meters that differ by less agree: of so little a share says nothing (starting currents, creep)."""
LOOSE_KWH, LOOSE_SHARE = 0.5, 0.05
"""Where the readings around its ends leave more open than both, a period is not judged."""
SAME_KWH, SAME_SHARE = 2.0, 0.002
"""Two readings of one register, taken some minutes apart, differ by no more."""
ELSE_SHARE, ELSE_KWH = 0.4, 10.0
"""Counters that differ by so much of so many kWh count different things, whatever they are called."""


class Verdict(StrEnum):
    """What is to be said of two counters in a period."""

    AGREE = "agree"
    """The readings' resolution and their times explain the difference."""
    WITHIN = "within_classes"
    """The accuracy classes of the two meters explain it."""
    DISAGREE = "disagree"
    UNKNOWN = "not_comparable"


class Reason(StrEnum):
    """Why a day cannot be compared, the gravest first."""

    UNREAD = "unread"
    """No register is known at its beginning or end."""
    FELL = "fell"
    """A register ran backwards."""
    SILENT = "silent"
    """A device that counts by itself was not heard of for over an hour: it may have been off."""
    LOOSE = "loose"
    """The readings around its ends leave too much open."""
    ELSE = "something_else"
    """The two count different things."""


class Quarters(NamedTuple):
    """The quarter hours `(start, start + 15 min]` in which a register was read: how often, the lowest and
    the highest register of each (kWh, meter exchanges added), oldest first."""

    start: Ints
    readings: Ints
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Registers:
    """A register at each edge between days: what it stood at, and by how much it may be otherwise (kWh; NaN
    where unknown). `quiet` tells of each day the longest time without a reading, in ms."""

    kwh: Floats
    slack: Floats
    quiet: Ints


@dataclass(frozen=True, slots=True)
class Counter:
    """A source's register: `percent` is its accuracy either way, `step` its last digit in kWh; `reads` says
    that it reads a meter which counts whether it is read or not."""

    source: str
    type: str
    registers: Registers
    percent: float
    told_by: str
    step: float
    reads: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Two counters in a period. kWh of both, `slack` from times and digits of the readings, `allowed` by the
    classes; `compared` of `days` days were fit for it. None is unknown."""

    verdict: Verdict
    days: int
    compared: int
    meter_kwh: float | None = None
    kwh: float | None = None
    slack: float = 0.0
    allowed: float = 0.0
    reason: Reason | None = None

    @property
    def difference(self) -> float | None:
        """How much more the other counter counted than the meter, kWh."""
        return None if self.kwh is None or self.meter_kwh is None else self.kwh - self.meter_kwh

    @property
    def percent(self) -> float | None:
        """The difference as a share of what the meter counted."""
        if self.difference is None or not self.meter_kwh or self.meter_kwh < FLOOR_KWH:
            return None
        return 100 * self.difference / self.meter_kwh

    @property
    def allowed_percent(self) -> float | None:
        """What the classes allow, as a share of what the meter counted."""
        if not self.meter_kwh or self.meter_kwh < FLOOR_KWH:
            return None
        return 100 * self.allowed / self.meter_kwh


def registers(
    quarters: Quarters, edges: Ints, most_kw: float | None = None, *, at_end: bool = False
) -> Registers:
    """What a register stood at at each edge (UTC ms, whole quarter hours).

    Within its quarter the last of n readings is taken to be half an n-th before the end, the first half an
    n-th after the beginning; between the two the register is taken to rise evenly. `most_kw` is the highest
    power the connection allows: it bounds what may have gone through a gap. `at_end`: each reading is that
    of the very end of its quarter, as portals tell registers of the end of a day.
    """
    after = np.searchsorted(quarters.start, edges, side="left")
    exact = at_end & np.isin(edges, quarters.start + QUARTER_MS)
    known = (after > 0) & (after < len(quarters.start)) | exact
    if not known.any():
        nothing = np.full(len(edges), np.nan)
        return Registers(nothing, nothing, _quiet(quarters.start, edges))
    before, after = np.clip(after - 1, 0, None), np.clip(after, None, len(quarters.start) - 1)
    early, late = quarters.high[before], quarters.low[after]
    low, high = early, late
    if most_kw is not None:
        low = np.maximum(low, late - most_kw * (quarters.start[after] + QUARTER_MS - edges) / HOUR_MS)
        high = np.minimum(high, early + most_kw * (edges - quarters.start[before]) / HOUR_MS)
    share = 0.0 if at_end else 0.5
    from_ = quarters.start[before] + QUARTER_MS * (1 - share / quarters.readings[before])
    until = quarters.start[after] + QUARTER_MS * (1.0 if at_end else 0.5 / quarters.readings[after])
    guess = early + (late - early) * (edges - from_) / np.maximum(until - from_, 1)
    kwh = np.clip(guess, np.minimum(low, high), np.maximum(low, high))
    slack = np.where(exact, 0.0, np.maximum(np.maximum(high - kwh, kwh - low), 0.0))
    return Registers(
        np.where(known, kwh, np.nan), np.where(known, slack, np.nan), _quiet(quarters.start, edges)
    )


def _quiet(starts: Ints, edges: Ints) -> Ints:
    """The longest time without a reading that touches each interval between edges."""
    bounds = np.concatenate([edges[:1] - QUARTER_MS, starts, edges[-1:]])
    bounds = np.unique(np.clip(bounds, edges[0] - QUARTER_MS, edges[-1]))
    gaps = np.diff(bounds) - QUARTER_MS
    longest = np.zeros(len(edges) - 1, np.int64)
    for place in np.flatnonzero(gaps > SILENT_MS).tolist():
        first = np.searchsorted(edges, bounds[place] + QUARTER_MS, side="right") - 1
        last = np.searchsorted(edges, bounds[place + 1], side="left")
        part = slice(max(0, int(first)), int(last))
        longest[part] = np.maximum(longest[part], gaps[place])
    return longest


def last_digit(values: Floats) -> float:
    """The smallest step in which a register is told, 1 to 0.001 kWh."""
    known = values[np.isfinite(values)]
    for decimals in range(3):
        if np.allclose(known, np.round(known, decimals), atol=1e-7, rtol=0):
            return float(10.0**-decimals)
    return 0.001


def same_meter(a: Counter, b: Counter) -> bool:
    """Whether both read one and the same meter: at some midnight they were alike."""
    if not (a.reads and b.reads):
        return False
    apart = np.abs(a.registers.kwh - b.registers.kwh)
    near = np.maximum(SAME_KWH, SAME_SHARE * a.registers.kwh)
    return bool(np.any(apart <= near))


class Pair:
    """The meter and another counter, day by day."""

    def __init__(self, meter: Counter, other: Counter, same: bool | None = None) -> None:
        self.meter = meter
        self.other = other
        self.same = same_meter(meter, other) if same is None else same
        self._slack = meter.registers.slack + other.registers.slack
        mine, theirs = np.diff(meter.registers.kwh), np.diff(other.registers.kwh)
        unread = ~np.isfinite(mine) | ~np.isfinite(theirs)
        fell = (mine < -2 * meter.step) | (theirs < -2 * other.step)
        silent = np.zeros(len(mine), dtype=bool)
        for counter in (meter, other):
            if not counter.reads:
                silent |= counter.registers.quiet > SILENT_MS
        self._reasons = {Reason.UNREAD: unread, Reason.FELL: fell & ~unread, Reason.SILENT: silent & ~unread}
        self.fit: Bools = ~(unread | fell | silent)
        self._else = False
        whole = self.judge(slice(0, len(self.fit)))
        part = abs(whole.difference or 0.0)
        self._else = not self.same and part > max(ELSE_KWH, ELSE_SHARE * (whole.meter_kwh or 0.0))

    @property
    def percent(self) -> float:
        """What the two classes allow together; one meter read twice has nothing to be excused."""
        return 0.0 if self.same else self.meter.percent + self.other.percent

    def judge(self, days: slice) -> Finding:
        """The days of a period (places in the row of days) as one."""
        places = np.arange(len(self.fit))[days]
        runs = self._runs(places[self.fit[days]])
        if not runs:
            return Finding(Verdict.UNKNOWN, len(places), 0, reason=self._reason(days))
        ends = np.array(runs).reshape(-1)
        times = float(self._slack[ends].sum())
        mine, theirs = (
            sum(float(counter.registers.kwh[end] - counter.registers.kwh[start]) for start, end in runs)
            for counter in (self.meter, self.other)
        )
        slack = times + len(ends) * (self.meter.step + self.other.step)
        compared = sum(end - start for start, end in runs)
        allowed = max(mine, theirs, 0.0) * self.percent / 100
        return self._judged(
            Finding(Verdict.AGREE, len(places), compared, mine, theirs, slack, allowed), times
        )

    def _runs(self, fit: Ints) -> list[tuple[int, int]]:
        """The edges at which runs of successive fit days begin and end.

        Next to a silence the register at midnight is hardly known: such a day is left to it.
        """
        runs = []
        for part in np.split(fit, np.flatnonzero(np.diff(fit) > 1) + 1) if len(fit) else []:
            start, end = int(part[0]), int(part[-1]) + 1
            while end - start > 1 and self._vague(start, start + 1):
                start += 1
            while end - start > 1 and self._vague(end, end - 1):
                end -= 1
            runs.append((start, end))
        return runs

    def _vague(self, edge: int, inner: int) -> bool:
        return bool(self._slack[edge] > LOOSE_KWH and self._slack[inner] < self._slack[edge] / 2)

    def _judged(self, found: Finding, times: float) -> Finding:
        reason, verdict = None, Verdict.DISAGREE
        apart = abs(found.difference or 0.0)
        explained = found.slack + (0.0 if self.same else FLOOR_KWH)
        if times > max(LOOSE_KWH, LOOSE_SHARE * (found.meter_kwh or 0.0)):
            reason, verdict = Reason.LOOSE, Verdict.UNKNOWN
        elif self._else:
            reason, verdict = Reason.ELSE, Verdict.UNKNOWN
        elif apart <= explained:
            verdict = Verdict.AGREE
        elif apart <= explained + found.allowed:
            verdict = Verdict.WITHIN
        return replace(found, verdict=verdict, reason=reason)

    def _reason(self, days: slice) -> Reason:
        return max(self._reasons, key=lambda reason: int(self._reasons[reason][days].sum()))
