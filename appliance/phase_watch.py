"""Follows the phases of every source that measures them and tells when a fuse is near."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from appliance.clock import Clock
from appliance.hub import Hub
from appliance.model import Batch, Event, Quantity, Reading
from appliance.phases import CURRENTS, POWERS, VOLTAGES, Load, Means, Watch, carried

JUDGE_S = 10.0
"""The means of a minute hardly change faster."""
MEASURED = frozenset((*CURRENTS, *POWERS, *VOLTAGES))


class PhaseWatch:
    """`run` for as long as the appliance does; `load` is what it knows of a source."""

    def __init__(
        self,
        hub: Hub,
        clock: Clock,
        fuse_a: int | None,
        tell: Callable[[list[Event]], None],
        meters: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """`meters` names the sources that read the grid meter, the best first: the main fuse is theirs. While
        none is known every source that measures phases is judged."""
        self._hub = hub
        self._meters = meters
        self._clock = clock
        self._fuse_a = fuse_a
        self._tell = tell
        self._means: dict[str, Means] = {}
        self._watches: dict[str, Watch] = {}

    @property
    def sources(self) -> list[str]:
        """Who measures phases, in the order in which they were first heard of."""
        return list(self._means)

    def load(self, source: str) -> Load | None:
        """Means of a source's phases over the last minute and quarter hour; None if it measures none."""
        means = self._means.get(source)
        return None if means is None else means.load(self._clock.now())

    async def run(self) -> None:
        """Until cancelled."""
        judging = asyncio.create_task(self._judge())
        try:
            with self._hub.subscribe() as news:
                async for batch in news:
                    self.take(batch)
        finally:
            judging.cancel()

    def take(self, batch: Batch) -> None:
        """The readings of a moment; those of one source come in one batch."""
        found: dict[str, dict[Quantity, Reading]] = {}
        for fact in batch:
            if isinstance(fact, Reading) and fact.quantity in MEASURED:
                found.setdefault(fact.source, {})[fact.quantity] = fact
        for source, readings in found.items():
            at = max(reading.at for reading in readings.values())
            self._add(source, at, {quantity: reading.value for quantity, reading in readings.items()})

    def _add(self, source: str, at: int, values: Mapping[Quantity, float]) -> None:
        phases = carried(values)
        if any(value is not None for value in phases):
            self._means.setdefault(source, Means()).add(at, phases)

    async def _judge(self) -> None:
        while True:
            await self._clock.sleep(JUDGE_S)
            self.judge()

    def judge(self) -> None:
        """Tell what has to be told now."""
        now = self._clock.now()
        for source in self._judged():
            watch = self._watches.setdefault(source, Watch(source, self._fuse_a))
            if events := watch.judge(self._means[source].load(now), now):
                self._tell(events)

    def _judged(self) -> list[str]:
        """One at the grid meter, so that an overload is told once and an inverter's currents are none."""
        known = [source for source in self._meters() if source in self._means]
        return known[:1] if known else [] if self._meters() else list(self._means)
