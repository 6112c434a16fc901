"""What a prepaid meter used, by stretch of time: kWh and money from the grid (EB) and the generator (DG).

Energy is the registers' own; money is energy at the price per kWh that the meter itself counted with that day
(its cost by its energy), as nobody tells a price. Amounts are in the site's currency, instants UTC ms.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from appliance.calendar import day_of, day_span, instant
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.model import Quantity
from appliance.prepaid import WAYS
from appliance.store import Every, Series, Store

MOST_BARS = 1500
SHORTEST_MIN, LONGEST_MIN, LONGEST_H = 5, 1440, 720
SILENT_MS = 30 * MINUTE_MS
"""What was used in a shorter silence is shared out over it."""
FOREVER = 10**15
MOST_KW = Quantity.ENERGY_IMPORT.spec.max_per_hour or FOREVER
"""A register that rises faster, or falls, is another meter's."""
LEAST_KWH = 0.5
"""Energy is told in hundredths: of less of it no price can be worked out."""
POINTS = 50_000
"""No stretch that is asked for here is ever made coarser."""


@dataclass(frozen=True, slots=True)
class Used:
    """Of one way in: kWh and money in each stretch (None: not known), and in all, silences included."""

    kwh: tuple[float | None, ...]
    cost: tuple[float | None, ...]
    total_kwh: float | None
    total_cost: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """`edges` are the starts of the stretches and, at the end, the present."""

    edges: tuple[int, ...]
    grid: Used
    generator: Used


def edges(now: int, hours: float, group: int, zone: ZoneInfo) -> list[int]:
    """Starts of the stretches of `group` minutes that hold any of the last `hours`, then the present.

    They are counted from each midnight of the meter's clock, so that one of a day is that day.
    """
    first = now - round(hours * HOUR_MS)
    found: set[int] = set()
    day = day_of(first, zone)
    while day <= day_of(now, zone):
        low, high = day_span(day, zone)
        if group <= 60:
            found.update(range(low, high, group * MINUTE_MS))
        else:  # 6, 12 and 18 o'clock also on days whose clock is changed
            times = (time(m // 60, m % 60) for m in range(0, LONGEST_MIN, group))
            found.update(instant(datetime.combine(day, at, zone)) for at in times)
        day += timedelta(days=1)
    starts = sorted(at for at in found if at < now)
    begin = max((place for place, at in enumerate(starts) if at <= first), default=0)
    return [*starts[begin:], now]


def rises(register: Series, step: int, along: Sequence[int]) -> list[tuple[float, bool]]:
    """How much a register rose between instants, from its stretches of `step` ms, and whether that is known;
    empty where it was never read.

    What was used while nothing was read is shared out evenly over that time. A stretch of which more than
    half lies outside all readings, or in a silence longer than half an hour that reaches beyond it, is not
    known; nor is what was used while one meter was exchanged for another.
    """
    known = [
        (at, rise)
        for at, rise in zip(register.at, register.delta or (), strict=False)
        if rise is not None and at < along[-1]
    ]
    if not known:
        return []
    at = np.minimum([start + step for start, _ in known], along[-1])
    rose = np.array([0.0, *(rise for _, rise in known[1:])])
    gap = np.diff(at, prepend=at[0])
    exchanged = (rose < 0) | (rose > MOST_KW * (gap + step) / HOUR_MS)
    count = np.cumsum(np.where(exchanged, 0.0, rose))
    unknown = [(int(b - g), int(b), bool(x)) for b, g, x in zip(at, gap, exchanged, strict=True)]
    silences = [(a, b, x) for a, b, x in unknown if x or b - a > SILENT_MS + step]
    silences += [(-FOREVER, int(at[0]), False), (int(at[-1]), FOREVER, False)]
    found = []
    for (low, high), rise in zip(pairwise(along), np.diff(np.interp(along, at, count)), strict=True):
        silent = sum(max(0, min(b, high) - max(a, low)) for a, b, x in silences if x or a < low or b > high)
        found.append((round(float(rise), 6), 2 * silent <= high - low))
    return found


def rates(day: Sequence[Series], month: Sequence[Series], zone: ZoneInfo) -> dict[date, float]:
    """What a kWh cost on each day: `day` and `month` are energy and cost counted since midnight and since the
    first. It is the day's own where that is of enough energy, else the month's."""
    found: dict[date, tuple[bool, float, float]] = {}
    for own, (energy, cost) in ((False, month), (True, day)):
        costs = dict(zip(cost.at, cost.value, strict=True))
        for at, kwh in zip(energy.at, energy.value, strict=True):
            money = costs.get(at)
            if kwh is None or money is None or kwh < LEAST_KWH or money <= 0:
                continue
            on = day_of(at, zone)
            best = found.get(on)
            if best is None or (own, kwh) >= best[:2]:
                found[on] = own, kwh, money / kwh
    return {on: rate for on, (_, _, rate) in sorted(found.items())}


def priced(
    kwh: Sequence[float], along: Sequence[int], known: Mapping[date, float], zone: ZoneInfo
) -> list[float | None]:
    """The cost of each stretch at the price of its day; of a day without one, at that of the day before."""
    days = list(known)
    found: list[float | None] = []
    for start, energy in zip(along, kwh, strict=False):
        place = bisect_right(days, day_of(start, zone))
        found.append(energy * known[days[place - 1]] if place else None if energy else 0.0)
    return found


async def usage(store: Store, source: str, now: int, hours: float, group: int, zone: ZoneInfo) -> Usage:
    """What went through both ways in the last `hours`, by stretches of `group` minutes. Raises StoreError."""
    along = edges(now, hours, group, zone)
    every = Every.MIN15 if group % 15 == 0 else Every.MIN5
    return Usage(
        tuple(along), *[await _used(store, source, way, along, every, zone) for way in WAYS.values()]
    )


async def _used(
    store: Store,
    source: str,
    quantities: Sequence[Quantity],
    along: Sequence[int],
    every: Every,
    zone: ZoneInfo,
) -> Used:
    # From a day before, for what was used in a silence in which the span begins.
    start, end = along[0] - DAY_MS, along[-1] + 1
    register, *counted = [
        await store.series(source, quantity, start, end, each, POINTS)
        for quantity, each in zip(quantities, (every, *[Every.MIN15] * 4), strict=True)
    ]
    found = rises(register, every.milliseconds, along)
    if not found:
        nothing = (None,) * (len(along) - 1)
        return Used(nothing, nothing, None, None)
    kwh = [rise for rise, _ in found]
    cost = priced(kwh, along, rates(counted[:2], counted[2:], zone), zone)
    known = [is_known for _, is_known in found]
    money = [part for part in cost if part is not None]
    return Used(
        tuple(energy if yes else None for energy, yes in zip(kwh, known, strict=True)),
        tuple(part if yes else None for part, yes in zip(cost, known, strict=True)),
        round(sum(kwh), 6),
        round(sum(money), 2) if len(money) == len(cost) else None,
    )
