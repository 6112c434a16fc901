"""What waits for one person, and when it is to go: pure.

Two lanes, each with a cursor of its own in the store: what is urgent passes what waits for the end of quiet
hours. A lane goes as a whole: whatever waits when something is due is told in the same message, so a
recovery that comes before its alarm was told stands beside it, and there is never a row of messages.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.clock import MINUTE_MS
from appliance.model import Event
from appliance.news import URGENT
from appliance.sinks._news_people import Person
from appliance.store import Stored
from config.messages import Topic

OLD_MS = 30 * MINUTE_MS
"""News older than this when it can be told is told as news of the past."""
REPEAT_MS = 10 * MINUTE_MS
URGENT_REPEAT_MS = MINUTE_MS
"""What comes again so soon after it was told waits so long and is then counted."""
ACCOUNTS = frozenset(
    {
        "daily_summary",
        "recharge",
        "deduction",
        "generator_off",
        "high_day",
        "low_balance",
        "price_peaks",
        "meter_changed",
        "meter_exchanged",
        "register_rebased",
        "register_turned",
    }
)
"""Each of these says something of its own: they are never counted instead of told."""
MOST_WAITING = 500
"""Beyond these the oldest are only counted."""

Key = tuple[str, str]


class Lane(StrEnum):
    """What is urgent, and the rest."""

    URGENT = "urgent"
    REST = "rest"


def lane_of(stored: Stored) -> Lane:
    return Lane.URGENT if stored.event.name in URGENT else Lane.REST


@dataclass(frozen=True, slots=True)
class Item:
    """An event to be told; `times` it happened since the instant `since` (UTC ms), itself included."""

    stored: Stored
    times: int = 1
    since: int = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one message tells: `items` as they came, `left_out` more that are only counted. `up_to` is where
    the cursors of its `lanes` stand once it is told. `held` says that it waited for quiet hours to end."""

    items: tuple[Item, ...]
    left_out: int
    lanes: tuple[Lane, ...]
    up_to: int
    held: bool


@dataclass(slots=True)
class _Told:
    """When something was first told in a row of repeats, how often it happened, and when it was told last."""

    since: int
    times: int
    last: int


@dataclass
class Queue:
    """`cursors` are how far each lane is told, `read` is the newest event looked at."""

    person: Person
    cursors: dict[Lane, int]
    read: int = 0
    held: bool = False
    waiting: list[Stored] = field(default_factory=list)
    left_out: int = 0
    _told: dict[Key, _Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read = min(self.cursors.values())

    def add(
        self,
        found: Iterable[Stored],
        on: Collection[Topic],
        unless: Callable[[Event], bool] = lambda event: False,
    ) -> None:
        """Committed events after `read`, in order. What nobody wants to know now is passed over."""
        for stored in found:
            self.read = stored.id
            wanted = self.person.wants(stored.event, on) and not unless(stored.event)
            if wanted and stored.id > self.cursors[lane_of(stored)]:
                self.waiting.append(stored)
        spare = len(self.waiting) - MOST_WAITING
        if spare > 0:
            del self.waiting[:spare]
            self.left_out += spare

    def due_in(self, now: int, quiet: bool) -> int | None:
        """Milliseconds until something is to be told; None while nothing is."""
        waits = [self._wait(stored, now) for stored in self._open(quiet)]
        return min(waits, default=None)

    def parcel(self, now: int, quiet: bool, on: Collection[Topic]) -> Parcel | None:
        """What is to be told now: all that waits, or in quiet hours what is urgent of it.

        Topics that were switched off since it happened are dropped.
        """
        self.held = self.held or (quiet and len(self._open(quiet)) < len(self.waiting))
        self.waiting = [stored for stored in self.waiting if self.person.wants(stored.event, on)]
        due = self.due_in(now, quiet)
        if due is None or due > 0:
            return None
        going = self._open(quiet)
        lanes = (Lane.URGENT,) if quiet else (Lane.URGENT, Lane.REST)
        left_out = 0 if quiet else self.left_out
        return Parcel(tuple(self._items(going, now)), left_out, lanes, self.read, self.held and not quiet)

    def told(self, parcel: Parcel, now: int) -> None:
        """The person has it."""
        for item in parcel.items:
            event = item.stored.event
            if event.name not in ACCOUNTS:
                self._told[event.source, event.name] = _Told(item.since, item.times, now)
        self._told = {key: told for key, told in self._told.items() if now - told.last < REPEAT_MS}
        self.waiting = [stored for stored in self.waiting if lane_of(stored) not in parcel.lanes]
        if Lane.REST in parcel.lanes:
            self.left_out, self.held = 0, False
        for lane in parcel.lanes:
            self.cursors[lane] = parcel.up_to

    def behind(self) -> list[Lane]:
        """Lanes in which nothing waits and whose cursor could be where `read` is."""
        full = {lane_of(stored) for stored in self.waiting}
        return [lane for lane in Lane if lane not in full and self.cursors[lane] < self.read]

    def _open(self, quiet: bool) -> list[Stored]:
        return [stored for stored in self.waiting if not quiet or lane_of(stored) is Lane.URGENT]

    def _wait(self, stored: Stored, now: int) -> int:
        told = self._row(stored, now)
        return 0 if told is None else max(0, told.last + _pause(stored) - now)

    def _row(self, stored: Stored, now: int) -> _Told | None:
        """The row of repeats the event carries on; None where it begins one."""
        event = stored.event
        told = self._told.get((event.source, event.name))
        # A clock set back must not make it wait for ever.
        if event.name in ACCOUNTS or told is None or told.last > now:
            return None
        return told if event.at - told.last < _pause(stored) else None

    def _items(self, going: Iterable[Stored], now: int) -> list[Item]:
        """Repeats counted, each where the last of them stands."""
        found: dict[Key | int, Item] = {}
        for stored in going:
            event = stored.event
            key = stored.id if event.name in ACCOUNTS else (event.source, event.name)
            before, row = found.pop(key, None), self._row(stored, now)
            if before is not None:
                item = Item(stored, before.times + 1, before.since)
            elif row is not None:
                item = Item(stored, row.times + 1, row.since)
            else:
                item = Item(stored, 1, event.at)
            found[key] = item
        return list(found.values())


def _pause(stored: Stored) -> int:
    return URGENT_REPEAT_MS if lane_of(stored) is Lane.URGENT else REPEAT_MS
