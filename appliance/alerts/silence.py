"""Sources that fell silent, meters that cannot be read, parts that wait for a person. Pure.

Spans are of a clock that never runs backwards: a Pi that learns the time after its start was not silent.
"""

import re

from appliance.clock import DAY_MS, MINUTE_MS
from appliance.model import Event
from appliance.outages import lasting

SILENT, BACK = "source_silent", "source_back"
UNREAD, READ = "meter_unread", "meter_read"
NEEDS_YOU = "needs_you"
CHECK = "check its power, cable and network"
LOOK = "look at its picture on the Meter page"


class Silence:
    """One source."""

    def __init__(self, source: str, *, told: bool = False) -> None:
        """`told`: it was told to be silent, and nothing since."""
        self._source, self._told = source, told
        self._longest_ms = 0.0

    def judge(self, silent_ms: float, limit_ms: float, reason: str, now: int) -> Event | None:
        """`silent_ms` since it was last heard; `reason` is what is known of it, or empty."""
        if silent_ms < limit_ms:
            return self._heard(now)
        self._longest_ms = max(self._longest_ms, silent_ms)
        if self._told:
            return None
        self._told = True
        text = f"No readings for {lasting(silent_ms / 1000)}: {reason or CHECK}"
        return Event(self._source, SILENT, now, text, {"minutes": round(silent_ms / MINUTE_MS)})

    def _heard(self, now: int) -> Event | None:
        told, longest, self._told, self._longest_ms = self._told, self._longest_ms, False, 0.0
        if not told:
            return None
        # One that was silent before our own start was so for longer than we know.
        text = f"Readings come again after {lasting(longest / 1000)}" if longest else "Readings come again"
        return Event(self._source, BACK, now, text)


class Unread:
    """The meter that one source reads."""

    def __init__(self, source: str, *, told: bool = False) -> None:
        self._source, self._told = source, told

    def judge(self, unread_ms: float, limit_ms: float, refused: int, reason: str, now: int) -> Event | None:
        """`unread_ms` since a reading was last believed, `refused` so many since; `reason` why there is none,
        or empty."""
        if unread_ms < limit_ms:
            told, self._told = self._told, False
            return Event(self._source, READ, now, "The meter is read again") if told else None
        if self._told:
            return None
        self._told = True
        span = lasting(unread_ms / 1000)
        if refused:
            text = f"The meter has not been read for {span}: {refused} readings were refused, {LOOK}"
        else:
            text = f"The meter has not been read for {span}: {reason or LOOK}"
        data = {"minutes": round(unread_ms / MINUTE_MS), "refused": refused}
        return Event(self._source, UNREAD, now, text, data)


class NeedsYou:
    """A part that only a person can help: told once until it works again, another trouble once a day."""

    def __init__(self, source: str, last: Event | None = None) -> None:
        """`last` is what was told of it last."""
        self._source = source
        self._trouble = None if last is None else _kind(last.text)
        self._at = 0 if last is None else last.at

    def judge(self, text: str, now: int) -> Event | None:
        """It needs somebody, because of `text`."""
        trouble = _kind(text)
        if self._trouble is not None and (trouble == self._trouble or 0 <= now - self._at < DAY_MS):
            return None
        self._trouble, self._at = trouble, now
        return Event(self._source, NEEDS_YOU, now, text)

    def works(self) -> None:
        """It works: the next trouble is news."""
        self._trouble = None


def _kind(text: str) -> str:
    """The trouble, without its numbers: one more reading that waits is no other trouble."""
    return re.sub(r"\d+", "#", text)
