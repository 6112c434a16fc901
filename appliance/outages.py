"""When the grid was lost and when it came back: what a gateway says, judged into events, and events into
outages. Pure; instants are UTC ms.

The states are those of `Quantity.GRID_STATE`. A gateway that is syncing is still apart from the grid: it
waits until the grid has been steady for some minutes (Powerwall: SystemIslandedReady,
SystemTransitionToGrid). One that leaves the grid says so too, before it is islanded
(SystemTransitionToIsland).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from appliance.calendar import local
from appliance.clock import MINUTE_MS
from appliance.model import Event, Quantity, Reading

DOWN, UP, SYNCING = (Quantity.GRID_STATE.spec.states.index(word) for word in ("down", "up", "syncing"))
GRID_DOWN, GRID_UP = "grid_down", "grid_up"
WATCHED_MS = 10 * MINUTE_MS
"""After so long without a word the edge of an outage may lie anywhere in that silence. Tesla's FleetAPI is
asked every five minutes."""
JOIN_MS = MINUTE_MS
"""A grid that was back for less did not end the outage: it flickered."""
Span = tuple[int, int]


class Judge:
    """What one source has said of the grid: `take` its readings, hear what has to be told."""

    def __init__(self, source: str, zone: ZoneInfo) -> None:
        """`zone` is the site's, for the sentences."""
        self._source = source
        self._zone = zone
        self._seen: int | None = None
        self._lost: int | None = None
        self._unwatched: Span | None = None
        """The silence in which the present outage began."""
        self._parting: int | None = None

    def restore(self, seen: int | None, event: Event | None) -> None:
        """Go on after a restart: when the grid was last heard of, and the last event told of it."""
        self._seen = seen
        if event is not None and event.name == GRID_DOWN:
            self._lost = int(event.data.get("start", event.at))
            self._unwatched = _span(event.data.get("not_watched"))
            # Readings are written once a minute, events at once.
            self._seen = max(seen or self._lost, self._lost)

    def take(self, reading: Reading, now: int) -> Event | None:
        """The event that a reading of the grid's state makes, if any. What is older than the last is no news,
        unless the last one came from the future (the clock was set back since)."""
        seen, at = self._seen, reading.at
        if seen is not None and at <= seen <= now + MINUTE_MS:
            return None
        self._seen = at
        silence = (seen, at) if seen is not None and at - seen > WATCHED_MS else None
        state = round(reading.value)
        if state == UP:
            self._parting = None
            return None if self._lost is None else self._back(self._lost, at, silence)
        if self._lost is not None:
            return None
        if self._parting is None or silence:
            self._parting = at
        return self._down(self._parting, silence) if state == DOWN else None

    def gone(self, now: int) -> Event | None:
        """The source is no longer set up: an outage that it never saw the end of is closed as last seen."""
        if self._lost is None:
            return None
        start, end = self._lost, self._seen or self._lost
        self._lost = None
        text = f"This source is no longer set up; it last saw the grid lost at {self._time(end)}"
        return Event(self._source, GRID_UP, now, text, _closed(start, end, [(end, now)]))

    def _down(self, start: int, silence: Span | None) -> Event:
        self._lost, self._unwatched, self._parting = start, silence, None
        data: dict[str, Any] = {"start": start}
        text = "The grid is lost"
        if silence:
            data["not_watched"] = list(silence)
            since, until = map(self._time, silence)
            text = f"The grid is lost; it was not watched from {since} to {until}"
        return Event(self._source, GRID_DOWN, start, text, data)

    def _back(self, start: int, end: int, silence: Span | None) -> Event:
        begun, self._lost, self._unwatched = self._unwatched, None, None
        end = max(start, end)  # where the clock was set back since
        lasted = lasting((end - start) / 1000)
        if begun and silence:
            lasted = f"about {lasted}"
        elif begun or silence:
            lasted = f"at least {lasted}" if begun else f"at most {lasted}"
        text = f"The grid is back after {lasted}"
        if silence:
            since, until = map(self._time, silence)
            text = f"The grid is back after {lasted}; it was not watched from {since} to {until}"
        unwatched = [span for span in (begun, silence) if span]
        return Event(self._source, GRID_UP, end, text, _closed(start, end, unwatched))

    def _time(self, at: int) -> str:
        return f"{local(at, self._zone):%Y-%m-%d %H:%M}"


def lasting(seconds: float) -> str:
    """40 s, 12 min, 2 h 10 min, 3 d 4 h."""
    minutes = round(seconds / 60)
    hours = minutes // 60
    if seconds < 60:
        return f"{round(seconds)} s"
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{minutes} min" if minutes < 60 else f"{hours} h {minutes % 60} min"


def _closed(start: int, end: int, unwatched: list[Span]) -> dict[str, Any]:
    data: dict[str, Any] = {"start": start, "end": end, "duration_s": (end - start) / 1000}
    return data | ({"not_watched": [list(span) for span in unwatched]} if unwatched else {})


def _span(said: Any) -> Span | None:
    return (int(said[0]), int(said[1])) if said else None


@dataclass(frozen=True, slots=True)
class Outage:
    """The grid was lost from `start` to `end` (None: still is), as `sources` saw it. `not_watched` are the
    silences in which it began or ended; `times` is how often it flickered within."""

    start: int
    end: int | None
    sources: tuple[str, ...]
    not_watched: tuple[Span, ...] = ()
    times: int = 1

    def duration_s(self, now: int) -> float:
        """How long it lasted, or has lasted by `now`."""
        return max(0, (now if self.end is None else self.end) - self.start) / 1000


def outages(events: Iterable[Event], start: int, end: int) -> list[Outage]:
    """The outages that touch `[start, end)`, the last first, from the events of all time in order of arrival.

    What several gateways saw is one outage, and so is what was interrupted for less than a minute.
    """
    merged: list[Outage] = []
    for one in sorted(_each(events), key=lambda outage: outage.start):
        last = merged[-1] if merged else None
        if last is not None and (last.end is None or one.start <= last.end + JOIN_MS):
            merged[-1] = _joined(last, one)
        else:
            merged.append(one)
    return [o for o in reversed(merged) if o.start < end and (o.end is None or o.end > start)]


def _each(events: Iterable[Event]) -> list[Outage]:
    """One for each outage of each source. A second word of the same loss is none of its own."""
    lost: dict[str, Event] = {}
    found: list[Outage] = []
    for event in events:
        if event.name == GRID_DOWN:
            lost.setdefault(event.source, event)
        elif event.name == GRID_UP:
            begun = lost.pop(event.source, None)
            found.append(_ended(event, begun.data if begun else {}))
    for source, event in lost.items():
        silence = _span(event.data.get("not_watched"))
        start = int(event.data.get("start", event.at))
        found.append(Outage(start, None, (source,), (silence,) if silence else ()))
    return found


def _ended(event: Event, begun: Mapping[str, Any]) -> Outage:
    start = int(event.data.get("start", begun.get("start", event.at)))
    silences = tuple((int(a), int(b)) for a, b in event.data.get("not_watched", ()))
    return Outage(start, int(event.data.get("end", event.at)), (event.source,), silences)


def _joined(one: Outage, other: Outage) -> Outage:
    """Both as one. Two gateways that saw the same make no flicker of it."""
    end = None if one.end is None or other.end is None else max(one.end, other.end)
    again = one.end is not None and other.start > one.end
    return replace(
        one,
        end=end,
        sources=tuple(sorted({*one.sources, *other.sources})),
        not_watched=tuple(dict.fromkeys((*one.not_watched, *other.not_watched))),
        times=one.times + (other.times if again else 0),
    )
