"""The MQTT sink of an appliance: in a test's own loop, or in a process of its own that can be killed.

As a program, `python -m tests.peers.telling FOLDER '{"port": ..., ...}'`, it tells a value of every quantity
there is, anew every second, until it is killed.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.clock import Clock, RealClock, ScaledClock
from appliance.hub import Hub
from appliance.model import Event, Kind, Quantity, Reading, parent
from appliance.sinks.base import Rate, SinkContext, SourceInfo
from appliance.sinks.mqtt import Options, Sink
from appliance.store import Store

ZONE = ZoneInfo("Europe/Stockholm")
QUARTER_MS = 900_000
SPEED = 30
"""How much faster than the world an appliance in a test lives."""


class Report:
    """What the sink says of itself."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.events: list[Event] = []

    def ok(self, text: str) -> None:
        self.said.append(("ok", text))

    def trouble(self, text: str, *, needs_you: bool = False) -> None:
        self.said.append(("needs_you" if needs_you else "waiting", text))

    def event(self, event: Event) -> None:
        self.events.append(event)


class Telling:
    """An appliance of which only hub, store and sink exist."""

    def __init__(
        self, folder: Path, clock: Clock, id_: str, cadences: dict[str, float], **options: Any
    ) -> None:
        self.clock, self.id, self.cadences = clock, id_, cadences
        self.hub, self.report = Hub(clock), Report()
        self.store = Store(folder, clock, ZONE)
        self.rates: Sequence[Rate] = ()
        context = SinkContext(
            clock,
            self.store,
            self.hub,
            ZONE,
            id_,
            self.report,
            lambda reading: ("", []),
            site="Home",
            sources=lambda: [SourceInfo(name, "p1_serial", s) for name, s in self.cadences.items()],
            page="http://tallywatt.local:8080",
            currency="SEK",
            rates=self._rates,
        )
        self.sink = Sink(Options.model_validate({"host": "127.0.0.1", **options}), context)

    async def _rates(self, start: int, end: int) -> Sequence[Rate]:
        return [rate for rate in self.rates if start <= rate.start < end]

    def tell(self, source: str, **values: float) -> None:
        """Readings of this moment by the name of their quantity."""
        now = self.clock.now()
        self.hub.publish([Reading(source, Quantity(name), value, now) for name, value in values.items()])

    def tell_all(self, source: str) -> None:
        """A reading of every quantity; each state its last word."""
        self.tell(source, **{str(quantity): example(quantity) for quantity in Quantity})


def example(quantity: Quantity) -> float:
    """A value the quantity may well have."""
    spec = quantity.spec
    if spec.kind is Kind.STATE:
        return float(len(spec.states) - 1) if spec.states else 1.0
    return min(spec.high, 42.123)


@asynccontextmanager
async def telling(
    folder: Path, *, id_: str = "tallywatt-1", clock: Clock | None = None, **options: Any
) -> AsyncIterator[Telling]:
    """One that runs until the end of the block, and then leaves in good order."""
    cadences = options.pop("cadences", {"p1": 10.0})
    made = Telling(folder, clock or ScaledClock(SPEED), id_, cadences, **options)
    async with made.store:
        task = asyncio.create_task(made.sink.run())
        try:
            yield made
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def until(done: Callable[[], Any], within_s: float = 15) -> None:
    """Wait until it is so."""
    end = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < end, "it never came to be"
        await asyncio.sleep(0.02)


async def _for_ever(folder: Path, options: dict[str, Any]) -> None:
    sources = options.pop("tells", ["p1"])
    cadences = {parent(source): 1.0 for source in sources}
    async with telling(folder, clock=RealClock(), cadences=cadences, **options) as made:
        quarter = made.clock.now() // QUARTER_MS * QUARTER_MS
        made.rates = [Rate(quarter + n * QUARTER_MS, 1.25 + n, 0.5) for n in range(8)]
        while True:
            for source in sources:
                made.tell_all(source)
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(_for_ever(Path(sys.argv[1]), json.loads(sys.argv[2])))
