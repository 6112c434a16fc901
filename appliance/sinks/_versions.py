"""Which of several values of one instant a reading is, for stores that cannot replace a point."""

from collections.abc import Sequence

from appliance.clock import DAY_MS
from appliance.model import Quantity, Reading
from appliance.store import Store

Series = tuple[str, Quantity]


class Versions:
    """Asks the store only for what may not be newer than all before it: what is captured in order from
    `since` (UTC ms) on needs no question. What was sent before a restart is not known here, so what is older
    than that is asked for, once for each series and day of a batch."""

    def __init__(self, store: Store, since: int) -> None:
        self._store = store
        self._since = since
        self._newest: dict[Series, int] = {}

    async def of(self, readings: Sequence[Reading]) -> list[int]:
        """1 for the first value of its instant, 2 for the second, ...; the same however often it is asked."""
        doubtful: dict[tuple[str, Quantity, int], list[Reading]] = {}
        for reading in readings:
            key = reading.source, reading.quantity
            newest = self._newest.get(key, self._since)
            self._newest[key] = max(newest, reading.at)
            if reading.at <= newest:
                doubtful.setdefault((*key, reading.at // DAY_MS), []).append(reading)
        said: dict[tuple[str, Quantity, int], list[float]] = {}
        for (source, quantity, _), asked in doubtful.items():
            instants = [reading.at for reading in asked]
            at, values, _ = await self._store.raw(source, quantity, min(instants), max(instants) + 1)
            for moment, value in zip(at.tolist(), values.tolist(), strict=True):
                known = said.setdefault((source, quantity, moment), [])
                if not known or known[-1] != value:
                    known.append(value)
        return [_place(said.get((r.source, r.quantity, r.at), []), r.value) for r in readings]


def _place(said: Sequence[float], value: float) -> int:
    return max((n for n, each in enumerate(said, 1) if each == value), default=1)
