"""What has to be published now, and what need not be: decided from the newest facts alone (pure).

A value goes out when it changed, at most once in `every_s`; one that stays is said again before it would
expire. What is older than it may be is not said at all: old states are never replayed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.clock import DAY_MS
from appliance.model import Kind, Quantity, Reading, parent
from appliance.sinks._discovery import Series
from appliance.sinks.base import SourceInfo
from appliance.views import OWN_TIME, STALE_AFTER

SHORTEST_S = 60
"""No value expires sooner: a network may hiccup."""
REGISTER_S = 3600
"""Registers stay true for long, and inverters renew theirs only now and then."""
OWN_TIME_S = 3 * 86_400
"""Gas, water and heat meters may report once a day."""
REGISTERS_EVERY_S = 60.0
FORGOTTEN_MS = 30 * DAY_MS
"""A quantity its source has not told for so long is no longer announced."""

Latest = Mapping[tuple[str, Quantity], Reading]


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to the broker; `expires_s` is how long a retained one is true (MQTT 5), None for ever."""

    topic: str
    payload: str
    retain: bool = True
    expires_s: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What a topic should say: the payload, the instant it is of (UTC ms), how long it is true (None: until
    it changes) and how often it may change."""

    payload: str
    at: int
    expires_s: int | None
    every_s: float


def series(latest: Latest, sources: Sequence[SourceInfo], every_s: float, now: int) -> list[Series]:
    """What these sources tell of themselves, those left out that they have not told for a month."""
    cadences = {source.name: source.cadence_s for source in sources}
    return [
        Series(source, quantity, expires_s(quantity, max(cadences[parent(source)], every_s)))
        for (source, quantity), reading in latest.items()
        if parent(source) in cadences and now - reading.at <= FORGOTTEN_MS
    ]


def expires_s(quantity: Quantity, cadence_s: float) -> int:
    """Seconds after which a value is no longer the present."""
    least = OWN_TIME_S if quantity in OWN_TIME else quantity.spec.slow_s
    if quantity.spec.kind is Kind.COUNTER:
        least = max(least, REGISTER_S)
    return math.ceil(max(STALE_AFTER * cadence_s, least, SHORTEST_S))


def payload(reading: Reading) -> str | None:
    """A plain number with the quantity's decimals, or the word of a state; None where it has no word."""
    spec = reading.quantity.spec
    if spec.states:
        place = round(reading.value)
        return spec.states[place] if 0 <= place < len(spec.states) else None
    # Adding 0.0 turns a -0 that rounding left into 0.
    return f"{round(reading.value, spec.decimals) + 0.0:.{spec.decimals}f}"


def values(latest: Latest, announced: Iterable[Series], every_s: float, now: int) -> dict[Series, Value]:
    """What each series should say now; those too old say nothing."""
    said = {}
    for one in announced:
        reading = latest[one.source, one.quantity]
        text = payload(reading)
        if text is None or now - reading.at > one.expires_s * 1000:
            continue
        said[one] = Value(text, reading.at, one.expires_s, _every(one.quantity, every_s))
    return said


def _every(quantity: Quantity, every_s: float) -> float:
    if quantity.spec.kind is Kind.STATE:
        return 0.0
    return max(every_s, REGISTERS_EVERY_S) if quantity.spec.kind is Kind.COUNTER else every_s


def heard(
    latest: Latest, announced: Iterable[Series], sources: Sequence[SourceInfo], now: int
) -> dict[str, bool]:
    """Whether each source lives, as the youngest of what it tells quickly says; of a source that tells only
    what is slow, that."""
    cadences = {source.name: source.cadence_s for source in sources}
    lives: dict[str, dict[bool, bool]] = {}
    for one in announced:
        slow = one.quantity in OWN_TIME or one.quantity.spec.slow_s > 0
        source = parent(one.source)
        may_s = one.expires_s if slow else max(STALE_AFTER * cadences[source], SHORTEST_S)
        young = now - latest[one.source, one.quantity].at <= may_s * 1000
        told = lives.setdefault(source, {})
        told[slow] = told.get(slow, False) or young
    return {source: told.get(False, told.get(True, False)) for source, told in lives.items()}


class Told:
    """What was published last on each topic."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[Value, float]] = {}

    def forget(self) -> None:
        """Somebody began anew: all has to be said again."""
        self._said.clear()

    def due(self, wanted: Mapping[str, Value], mono: float) -> list[Message]:
        """What to publish now (`mono` in s), the newest first."""
        found = [(topic, value) for topic, value in wanted.items() if self._is_due(topic, value, mono)]
        found.sort(key=lambda each: -each[1].at)
        for topic, value in found:
            self._said[topic] = value, mono
        return [Message(topic, value.payload, expires_s=value.expires_s) for topic, value in found]

    def _is_due(self, topic: str, value: Value, mono: float) -> bool:
        if topic not in self._said:
            return True
        last, when = self._said[topic]
        if value.payload != last.payload:
            return mono - when >= value.every_s
        if value.expires_s is None or value.at == last.at:
            return False
        # In thirds, so that a value that stays does not become unavailable.
        return mono - when >= value.expires_s / STALE_AFTER
