"""What a receiver will never take, put on record where a person and the verifier find it.

The readings themselves stay in the store. A receiver that keeps a month may refuse years of them, so a record
names the first ones and counts the others by series and UTC day; one is written for each round.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from appliance.clock import DAY_MS
from appliance.model import Quantity, Reading
from appliance.store.documents import Documents

NAMED = 200
"""So many readings of a round are named one by one."""
Series = tuple[str, Quantity]
Record = dict[str, Any]


def aside_table(name: str) -> str:
    """The documents in which a sink keeps what its receiver will never take."""
    return f"set aside by {name}"


class Aside:
    """What was refused in this round."""

    def __init__(self) -> None:
        self.count = 0
        self._named: list[Record] = []
        self._days: Counter[tuple[str, str, int]] = Counter()

    def add(self, refused: Sequence[tuple[Reading, str]]) -> None:
        """These, and why."""
        self.count += len(refused)
        for reading, why in refused:
            source, quantity = reading.source, str(reading.quantity)
            if len(self._named) < NAMED:
                kept = {"source": source, "quantity": quantity, "value": reading.value, "at": reading.at}
                self._named.append({**kept, "reason": why})
            else:
                self._days[source, quantity, reading.at // DAY_MS] += 1

    def record(self, now: int) -> Record:
        """The document of this round, made at `now` (UTC ms)."""
        days = [[*key, count] for key, count in self._days.items()]
        return {"at": now, "count": self.count, "readings": self._named, "days": days}


class Known:
    """What was ever set aside by the sink `name`, as far as there are records of it."""

    def __init__(self, documents: Documents, name: str) -> None:
        self._instants: dict[Series, list[int]] = {}
        self._days: Counter[tuple[str, str, int]] = Counter()
        for document in documents.all(aside_table(name)):
            for each in document["readings"]:
                key = each["source"], Quantity(each["quantity"])
                self._instants.setdefault(key, []).append(each["at"])
            for source, quantity, day, count in document.get("days", ()):
                self._days[source, quantity, day] += count

    def within(self, source: str, quantity: Quantity, start: int, end: int) -> int:
        """How many readings of `[start, end)`, UTC ms in one UTC day, are set aside."""
        named = sum(1 for at in self._instants.get((source, quantity), ()) if start <= at < end)
        return named + self._days[source, str(quantity), start // DAY_MS]
