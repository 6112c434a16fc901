"""Runs a price source as the appliance does, under a clock that waits for it, and keeps what it says."""

import asyncio
import math
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from appliance.clock import FakeClock
from appliance.demo.price_service import HOME, TOKEN, PriceService
from appliance.errors import SourceError
from appliance.model import Event, Price
from appliance.sources.base import Context, discover

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PROVIDERS: dict[str, tuple[dict[str, Any], str]] = {
    "elprisetjustnu": ({"area": "SE3"}, "SEK"),
    "hvakosterstrommen": ({"area": "NO1"}, "NOK"),
    "energy_charts": ({"area": "SE4"}, "EUR"),
    "energyzero": ({}, "EUR"),
    "easyenergy": ({}, "EUR"),
    "energidataservice": ({"area": "DK1"}, "DKK"),
    "awattar": ({"area": "AT"}, "EUR"),
    "octopus_agile": ({"product": "AGILE-24-10-01", "region": "C"}, "GBP"),
    "entsoe": ({"area": "SE3", "token": TOKEN}, "EUR"),
    "tibber": ({"token": TOKEN, "home_id": HOME}, "SEK"),
}
"""The least that must be said of each service, and the money its customers pay in."""


def at(text: str, zone: ZoneInfo = STOCKHOLM) -> int:
    """UTC ms of a local time such as "2026-05-13 12:45"."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


class Patient(FakeClock):
    """A clock that tells when it will be asked for next."""

    def next_wake(self) -> int | None:
        """UTC ms, rounded up so that going there wakes them; None while nobody sleeps."""
        if not self._sleepers:
            return None
        return self.now() + math.ceil((self._sleepers[0][0] - self.monotonic()) * 1000)

    def forget(self) -> None:
        """Nobody sleeps any more."""
        self._sleepers.clear()


class Watch:
    """`async with` runs the source; `until` lets time pass; `kept` is what a store would hold."""

    def __init__(self, service: PriceService, clock: Patient, folder: Path) -> None:
        self.service = service
        self.clock = clock
        self.folder = folder
        self.kept: dict[tuple[str, int], Price] = {}
        self.events: list[Event] = []
        self.errors: list[tuple[int, SourceError]] = []
        self.asked: list[int] = []
        self.fine = 0
        self.told = 0
        self.source: Any = None
        self._task: asyncio.Task[None] | None = None

    def build(self, type_: str, money: str | None = None, **said: Any) -> Any:
        """A source of a kind, pointed at the virtual services."""
        found = discover()[type_]
        given, usual = PROVIDERS[type_]
        urls = {"url": self.service.url, "days_back": 0, "timeout_s": 2}
        if "rates_url" in found.options.model_fields:
            urls["rates_url"] = f"{self.service.url}/stats/eurofxref/eurofxref-daily.xml"
        options = found.options.model_validate({"type": type_, **urls, **given, **said})
        context = Context(self.clock, self.folder, STOCKHOLM, currency=money or usual, prices=self.known)
        self.source = found.build("Source", options, context)
        return self.source

    async def known(self, channel: str, start: int, end: int) -> list[Price]:
        return [
            price
            for (name, _), price in sorted(self.kept.items())
            if name == channel and start <= price.start < end
        ]

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self.clock.forget()

    async def _follow(self) -> None:
        while True:
            try:
                async for batch in self.source.batches():
                    self._keep(batch)
            except SourceError as error:
                self.errors.append((self.clock.now(), error))
            await self.clock.sleep(2)

    def _keep(self, batch: Any) -> None:
        self.fine += not batch
        for fact in batch:
            if isinstance(fact, Price):
                self.kept[fact.channel, fact.start] = fact
                self.told += 1
            else:
                self.events.append(fact)

    async def until(self, moment: int) -> None:
        """Let time pass up to an instant, waiting for real answers of the service on the way."""
        while True:
            await self._asleep()
            wake = self.clock.next_wake()
            if wake is None or wake > moment:
                self.clock.tick(max(0.0, (moment - self.clock.now()) / 1000))
                return
            before = len(self.service.asked)
            await self.clock.forward(max(0.0, (wake - self.clock.now()) / 1000))
            await self._asleep()
            self.asked += [self.clock.now()] * (len(self.service.asked) - before)

    async def _asleep(self) -> None:
        for _ in range(20_000):
            assert self._task is None or not self._task.done(), self._task
            if self.clock.next_wake() is not None:
                return
            await asyncio.sleep(0.001)
        raise AssertionError("the source neither sleeps nor ends")

    def day(self, start: int, quarters: int = 96, channel: str = "wholesale") -> list[Price]:
        """What is kept of the quarters from `start` on."""
        keys = [(channel, start + n * 900_000) for n in range(quarters)]
        return [self.kept[key] for key in keys if key in self.kept]
