"""Everybody hears of every batch; a latecomer finds the latest of each; a slow reader loses the oldest."""

import asyncio
from types import TracebackType
from typing import Self

from appliance.clock import MINUTE_MS, Clock
from appliance.model import Batch, Event, Fact, Picture, Price, Quantity, Reading

QUEUE_LIMIT = 256
RECENT_EVENTS = 100
MOST_PRICES = 4_000
"""Two days of quarter hours on three channels are 576; half of this is kept when it is reached."""


class Subscription:
    """An async iterator over the batches published since it was made; `close` (or `with`) ends it."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self.queue: asyncio.Queue[Batch] = asyncio.Queue(QUEUE_LIMIT)
        hub.subscriptions.add(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        return await self.queue.get()

    def close(self) -> None:
        self._hub.subscriptions.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Hub:
    """`publish` is called from the event loop only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.latest: dict[tuple[str, Quantity], Reading] = {}
        self.pictures: dict[str, Picture] = {}
        self.prices: dict[tuple[str, int], Price] = {}
        self.events: list[Event] = []
        self.dropped = 0
        self.subscriptions: set[Subscription] = set()

    def subscribe(self) -> Subscription:
        return Subscription(self)

    def publish(self, batch: Batch) -> None:
        """Remember the newest of each series and hand the batch to every subscriber."""
        if not batch:
            return
        for fact in batch:
            self._remember(fact)
        for subscription in self.subscriptions:
            if subscription.queue.full():
                subscription.queue.get_nowait()
                self.dropped += 1
            subscription.queue.put_nowait(batch)

    def _remember(self, fact: Fact) -> None:
        if isinstance(fact, Reading):
            key = (fact.source, fact.quantity)
            known = self.latest.get(key)
            # A value from the future (the clock was set back since) must not outlive the present.
            if known is None or fact.at >= known.at or known.at > self._clock.now() + MINUTE_MS:
                self.latest[key] = fact
        elif isinstance(fact, Picture):
            self.pictures[fact.source] = fact
        elif isinstance(fact, Price):
            self.prices[fact.channel, fact.start] = fact
            if len(self.prices) > MOST_PRICES:
                newest = sorted(self.prices, key=lambda key: key[1])[MOST_PRICES // 2 :]
                self.prices = {key: self.prices[key] for key in newest}
        else:
            self.events = [*self.events[1 - RECENT_EVENTS :], fact]
