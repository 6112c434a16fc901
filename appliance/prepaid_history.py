"""A prepaid account, sessions of the generator and movements of money, however they became known.

Amounts are in the site's currency, instants UTC ms.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from appliance.calendar import day_of
from appliance.clock import HOUR_MS
from appliance.model import Event, Quantity, parent
from appliance.prepaid import WAYS, Account, Movement, Session, Supply
from appliance.store import Store
from appliance.views import STALE_AFTER, Latest

Q = Quantity
MARKS = frozenset({Q.BALANCE, Q.SUPPLY})
"""Who tells one of these is a prepaid meter."""
GENERATOR_ON, GENERATOR_OFF = "generator_on", "generator_off"
WAY_OF: tuple[Supply, ...] = ("grid", "generator")
"""The values of SUPPLY."""
STALE_S = 300.0
"""The meter tells the portal something every minute or two."""
MOVED = {"recharge": 1.0, "deduction": -1.0}


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
            begun = Session(start, None, None, None, silent)
        elif event.name == GENERATOR_OFF:
            end = int(event.data.get("end", event.at))
            found.append(Session(start, end, event.data.get("kwh"), event.data.get("cost"), silent))
            begun = None
    return sorted([*found, *([begun] if begun else [])], key=lambda one: -one.start)


def _silences(said: Any) -> tuple[tuple[int, int], ...]:
    """An end tells of several, a beginning of one."""
    spans = [said] if said and isinstance(said[0], int | float) else said or ()
    return tuple((int(a), int(b)) for a, b in spans)


async def kept_sessions(
    store: Store, source: str, start: int, end: int, limit: int, supply: Supply | None = None
) -> list[Session]:
    """The sessions told of in `[start, end)`, newest first, at most `limit`. One whose end was never told
    (what the source remembered was lost) is left out where the grid is known to `supply`. Raises StoreError.
    """
    names = (GENERATOR_ON, GENERATOR_OFF)
    stored = await store.events(start=start, end=end, names=names, source=source, limit=2 * limit + 1)
    found = sessions(event for _, event in reversed(stored))
    return [one for one in found if one.end is not None or supply != "grid"][:limit]


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
