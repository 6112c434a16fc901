"""From a provider's list to prices of quarter hours: pure, and never a price that nobody said.

A day has 92, 96 or 100 quarters. What is told for an hour or half an hour holds for each quarter of it.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from appliance.calendar import QUARTER_MS, day_span, instant, iso, local
from appliance.errors import SourceError
from appliance.model import Price

Channel = Literal["import", "export", "wholesale"]

LENGTHS_MS = (QUARTER_MS, 2 * QUARTER_MS, 4 * QUARTER_MS)
HIGHEST = 200.0
"""Money per kWh beyond which a unit was mistaken: the European market is capped at 5 EUR (60 SEK)."""
HIGHEST_SMALL = 20_000.0
SMALL_MONEY = frozenset({"HUF", "ISK", "JPY"})
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Slot:
    """What a provider says: a price per kWh from `start` on (UTC ms); `end` None where it tells none.

    A slot that it lists without a price has None: it tells how long its neighbours are, and nothing else.
    """

    start: int
    end: int | None
    per_kwh: float | None


def number(value: Any) -> float:
    """A finite number, also one written as a string. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not a number")
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"{value!r} is not a finite number")
    return found


def moment(text: Any) -> int:
    """UTC ms of an ISO 8601 time that carries its offset. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} does not say its time zone")
    return instant(found)


def moment_utc(text: Any) -> int:
    """UTC ms of an ISO 8601 time that is UTC whether it says so or not. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return instant(found if found.tzinfo else found.replace(tzinfo=UTC))


def local_moments(times: Iterable[datetime], zone: ZoneInfo) -> Iterator[int]:
    """UTC ms of wall clock times in their order, which tells the two hours of an autumn night apart.

    Raises ValueError for a time that a spring night leaps over.
    """
    before: int | None = None
    for time in times:
        at = instant(time.replace(tzinfo=zone, fold=0))
        if local(at, zone).replace(tzinfo=None) != time:
            raise ValueError(f"{time} does not exist in {zone.key}: the clock is put forward then")
        if before is not None and at <= before:
            at = max(at, instant(time.replace(tzinfo=zone, fold=1)))
        before = at
        yield at


def quarters(slots: Iterable[Slot], source: str, channel: Channel, currency: str) -> list[Price]:
    """The prices of the quarter hours, in order of time. Raises SourceError, saying what is wrong."""
    ordered = sorted(slots, key=lambda slot: slot.start)
    found: dict[int, Price] = {}
    step = _step(ordered)
    limit = HIGHEST_SMALL if currency in SMALL_MONEY else HIGHEST
    for slot in ordered:
        if slot.start % QUARTER_MS:
            raise SourceError(f"{source} has a price from {iso(slot.start)}, which is no full quarter hour")
        if slot.per_kwh is None:
            continue
        if abs(slot.per_kwh) > limit:
            raise SourceError(
                f"{source} says {slot.per_kwh:g} {currency} per kWh for {iso(slot.start)}, which cannot be"
            )
        for start in range(slot.start, slot.start + _length(slot, step, source), QUARTER_MS):
            price = Price(source, channel, start, start + QUARTER_MS, round(slot.per_kwh, DECIMALS))
            if found.setdefault(start, price) != price:
                raise SourceError(f"{source} has two prices for {iso(start)}; it is asked again later")
    return list(found.values())


def within(prices: Iterable[Price], day: date, zone: ZoneInfo) -> list[Price]:
    """Those of a local day."""
    start, end = day_span(day, zone)
    return [price for price in prices if start <= price.start < end]


def quarters_of(day: date, zone: ZoneInfo) -> range:
    """The starts of all quarter hours of a local day: 92, 96 or 100."""
    return range(*day_span(day, zone), QUARTER_MS)


def _step(ordered: Sequence[Slot]) -> int | None:
    """How far the starts are apart at the least: a gap between two must not look like a long slot."""
    gaps = [b.start - a.start for a, b in pairwise(ordered) if b.start > a.start]
    return min(gaps, default=None)


def _length(slot: Slot, step: int | None, source: str) -> int:
    told = None if slot.end is None else slot.end - slot.start
    # An end written with the offset of the start's side of a clock change is an hour out; starts are not.
    length = told if told in LENGTHS_MS else step
    if length not in LENGTHS_MS:
        raise SourceError(
            f"{source} has a price from {iso(slot.start)} that is not for a quarter, half or full hour"
        )
    return length


@contextmanager
def understood(source: str) -> Iterator[None]:
    """Turns what an unexpected answer makes of a parser into a SourceError that a person understands."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise SourceError(
            f"{source} answers, but not with prices ({what}); is it the right address, or did it change?"
        ) from None
