"""What a prepaid meter used, by stretch of time: kWh and money from the grid (EB) and the generator (DG); and
its account, sessions of the generator and movements of money, however they became known.

Energy is the registers' own; money is energy at the price per kWh that the meter itself counted with that day
(its cost by its energy), as nobody tells a price. Amounts are in the site's currency, instants UTC ms.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from appliance.calendar import day_of, day_span, instant
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.model import Event, Quantity, parent
from appliance.prepaid import Account, Movement, Session, Supply
from appliance.store import Every, Series, Store
from appliance.views import STALE_AFTER, Latest

Q = Quantity
MARKS = frozenset({Q.BALANCE, Q.SUPPLY})
"""Who tells one of these is a prepaid meter."""
MOST_BARS = 1500
SHORTEST_MIN, LONGEST_MIN, LONGEST_H = 5, 1440, 720
SILENT_MS = 30 * MINUTE_MS
"""What was used in a shorter silence is shared out over it."""
FOREVER = 10**15
MOST_KW = Q.ENERGY_IMPORT.spec.max_per_hour or FOREVER
"""A register that rises faster, or falls, is another meter's."""
LEAST_KWH = 0.5
"""Energy is told in hundredths: of less of it no price can be worked out."""
POINTS = 50_000
"""No stretch that is asked for here is ever made coarser."""
GENERATOR_ON, GENERATOR_OFF = "generator_on", "generator_off"
WAY_OF: tuple[Supply, ...] = ("grid", "generator")
"""The values of SUPPLY."""
STALE_S = 300.0
"""The meter tells the portal something every minute or two."""
MOVED = {"recharge": 1.0, "deduction": -1.0}
WAYS: dict[Supply, tuple[Quantity, ...]] = {
    "grid": (Q.ENERGY_IMPORT, Q.IMPORT_TODAY, Q.IMPORT_COST_TODAY, Q.IMPORT_MONTH, Q.IMPORT_COST_MONTH),
    "generator": (
        Q.ENERGY_GENERATOR, Q.GENERATOR_TODAY, Q.GENERATOR_COST_TODAY,
        Q.GENERATOR_MONTH, Q.GENERATOR_COST_MONTH,
    ),
}  # fmt: skip
"""Of each way in: the register, then energy and cost of the day and of the month."""


# The account


def accounts(latest: Latest, order: Sequence[str]) -> list[str]:
    """The sources with a prepaid account, as in the configuration, those no longer set up last."""
    known = {parent(source) for source, quantity in latest if quantity in MARKS}
    return sorted(known, key=lambda name: (order.index(name) if name in order else len(order), name))


def account(name: str, source: object, latest: Latest) -> Account:
    """What the running `source` knows (its `prepaid`); else, and where it does not know yet, what its newest
    readings say."""
    told = getattr(source, "prepaid", None)
    known = told if isinstance(told, Account) else Account()
    supply, relay, balance = (latest.get((name, q)) for q in (Q.SUPPLY, Q.RELAY, Q.BALANCE))
    days = latest.get((name, Q.DAYS_LEFT))
    if known.supply is None and supply is not None:
        known = replace(known, supply=WAY_OF[round(supply.value)])
    if known.relay is None and relay is not None:
        known = replace(known, relay=relay.value >= 1)
    if known.balance is None and balance is not None:
        known = replace(known, balance=balance.value, balance_at=balance.at)
    if known.days_left is None and days is not None:
        known = replace(known, days_left=days.value)
    return known


def stale_s(known: Account, cadence_s: float | None, now: int) -> float:
    """For how long nothing newer has been told; 0 while the account is of the present."""
    if known.stale_s > 0:
        return known.stale_s
    if known.balance_at is None:
        return 0.0
    age_s = (now - known.balance_at) / 1000
    return age_s if age_s > max(STALE_S, STALE_AFTER * (cadence_s or 0.0)) else 0.0


@dataclass(frozen=True, slots=True)
class Counted:
    """What the meter says of the day or the month so far; None is unknown."""

    kwh: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one way in."""

    today: Counted = Counted()
    month: Counted = Counted()


def totals(name: str, latest: Latest, now: int, zone: ZoneInfo) -> dict[Supply, Totals]:
    """Today and this month by the meter's clock: yesterday's numbers are not today's. A generator of which
    nothing was ever told is not there."""
    today = day_of(now, zone)

    def value(quantity: Quantity, first: date) -> float | None:
        reading = latest.get((name, quantity))
        return reading.value if reading is not None and day_of(reading.at, zone) >= first else None

    found: dict[Supply, Totals] = {}
    for way, quantities in WAYS.items():
        if way == "generator" and not any((name, quantity) in latest for quantity in quantities):
            continue
        _, kwh, cost, month_kwh, month_cost = quantities
        first = today.replace(day=1)
        found[way] = Totals(
            Counted(value(kwh, today), value(cost, today)),
            Counted(value(month_kwh, first), value(month_cost, first)),
        )
    return found


def mean_kw(session: Session) -> float | None:
    """The generator's mean power over a session that is over."""
    if session.end is None or session.kwh is None or session.end <= session.start:
        return None
    return session.kwh * HOUR_MS / (session.end - session.start)


def sessions(events: Iterable[Event]) -> list[Session]:
    """The generator's sessions, newest first, from the events in order of arrival."""
    found: list[Session] = []
    begun: Session | None = None
    for event in events:
        start = int(event.data.get("start", begun.start if begun else event.at))
        silent = _silences(event.data.get("not_watched"))
        if event.name == GENERATOR_ON:
            begun = begun or Session(start, None, None, None, silent)
        elif event.name == GENERATOR_OFF:
            end = int(event.data.get("end", event.at))
            found.append(Session(start, end, event.data.get("kwh"), event.data.get("cost"), silent))
            begun = None
    return sorted([*found, *([begun] if begun else [])], key=lambda one: -one.start)


def _silences(said: Any) -> tuple[tuple[int, int], ...]:
    """An end tells of several, a beginning of one."""
    spans = [said] if said and isinstance(said[0], int | float) else said or ()
    return tuple((int(a), int(b)) for a, b in spans)


async def kept_sessions(store: Store, source: str, start: int, end: int, limit: int) -> list[Session]:
    """The sessions told of in `[start, end)`, newest first, at most `limit`. Raises StoreError."""
    names = (GENERATOR_ON, GENERATOR_OFF)
    stored = await store.events(start=start, end=end, names=names, source=source, limit=2 * limit + 1)
    return sessions(event for _, event in reversed(stored))[:limit]


async def kept_movements(store: Store, source: str, limit: int) -> list[Movement]:
    """Recharges and deductions as they were told, newest first. Raises StoreError."""
    stored = await store.events(names=tuple(MOVED), source=source, limit=limit)
    found = [
        Movement(
            int(event.data.get("at", event.at)),
            MOVED[event.name] * abs(float(event.data["amount"])),
            bool(event.data.get("confirmed", False)),
        )
        for _, event in stored
        if "amount" in event.data
    ]
    return sorted(found, key=lambda one: -one.at)


# Usage


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
