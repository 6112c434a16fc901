"""An appliance of which only hub, store and a sink that writes to people exist.

As a program, `python -m tests.peers.news FOLDER URL TOKEN CHAT FIRST LAST`, it has a burst of numbered
news and prints each number once it is committed, until it is killed.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.clock import Clock, FakeClock, RealClock
from appliance.hub import Hub
from appliance.model import Event
from appliance.sinks import messages, telegram
from appliance.sinks._news import News
from appliance.sinks.base import SinkContext, SourceInfo
from appliance.store import Store
from config.messages import TOPICS, Topic
from tests.peers.telling import Report, until

ZONE = ZoneInfo("Europe/Stockholm")


class QuickClock(FakeClock):
    """Held, but a pause of a second passes at once: nobody ticks it while a message is on its way."""

    async def sleep(self, seconds: float) -> None:
        if seconds > 1:
            await super().sleep(seconds)
            return
        self.tick(seconds)
        await asyncio.sleep(0)


class House:
    """`topics` are on; `answers` and `chart` are what the appliance says to questions and draws."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock, self.hub, self.report = clock, Hub(clock), Report()
        self.store = Store(folder, clock, ZONE)
        self.topics: Sequence[Topic] = TOPICS
        self.asked: list[str] = []
        self.answer: Callable[[str], str] = lambda word: f"The answer to {word}: 1.5 kW (about)"
        self.chart: bytes | None = None
        self.drawn = 0
        self.names = ["elnet"]

    def context(self, say: Callable[[str], str] = str) -> SinkContext:
        return SinkContext(
            self.clock,
            self.store,
            self.hub,
            ZONE,
            "tallywatt-1",
            self.report,
            lambda reading: ("", []),
            site="Home",
            sources=lambda: [SourceInfo(name, "elnet", 30.0) for name in self.names],
            topics=lambda: self.topics,
            ask=self._ask,
            chart=self._chart,
            say=say,
        )

    def telegram(self, say: Callable[[str], str] = str, **options: Any) -> telegram.Sink:
        return telegram.Sink(telegram.Options.model_validate(options), self.context(say))

    def messages(self, **options: Any) -> messages.Sink:
        return messages.Sink(messages.Options.model_validate(options), self.context())

    async def happens(self, *events: Event) -> None:
        """These are committed now, and everybody hears of them."""
        self.hub.publish(events)
        self.store.append(events)
        await self.store.flush()

    def event(self, name: str, text: str = "", at: int | None = None, source: str = "elnet") -> Event:
        """One of now."""
        return Event(source, name, self.clock.now() if at is None else at, text or f"It is {name}")

    async def _ask(self, word: str) -> str:
        self.asked.append(word)
        return self.answer(word)

    async def _chart(self, event: Event) -> bytes | None:
        self.drawn += 1
        return self.chart


async def opened(sink: telegram.Sink | messages.Sink) -> News:
    """The sink's news, ready for rounds by hand."""
    if isinstance(sink, telegram.Sink):
        await sink._sender.open()
    await sink._news.open()
    return sink._news


async def rounds(news: News) -> None:
    """Each person's turn, one after the other."""
    for box in news.boxes.values():
        await news.round(box)


async def _burst(folder: Path, url: str, token: str, chat: int, first: int, last: int) -> None:
    house = House(folder, RealClock())
    async with house.store:
        sink = house.telegram(url=url, token=token, chats=[chat])
        running = asyncio.create_task(sink.run())
        await until(lambda: house.report.said)
        for number in range(first, last):
            await house.happens(house.event("recharge", f"number {number};"))
            print(number, flush=True)
            await asyncio.sleep(0.1)
        await running


if __name__ == "__main__":
    where, address, secret, *numbers = sys.argv[1:]
    asyncio.run(_burst(Path(where), address, secret, *map(int, numbers)))
