"""Clocks that can be held: every part is given one and never asks the system itself.

Instants are integer UTC milliseconds since 1970; durations are seconds as float.
"""

import asyncio
import heapq
import itertools
import time
from typing import Protocol

EARLIEST_SANE_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z. A Pi without a clock battery starts in the past: nothing is stored before this."""

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


class Clock(Protocol):
    """What the product knows of time."""

    def now(self) -> int:
        """The present instant, UTC milliseconds."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, for durations only."""

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock's time."""


def sane(now: int) -> bool:
    """Whether the clock can be believed: no instant before it may be stored."""
    return now >= EARLIEST_SANE_MS


class RealClock:
    """The system's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ScaledClock:
    """A clock that runs `speed` times as fast as the real one, from `start` (UTC ms; now by default)."""

    def __init__(self, speed: float = 1.0, start: int | None = None) -> None:
        if speed <= 0:
            raise ValueError("speed must be positive")
        self.speed = speed
        self._t0 = time.monotonic()
        self._start = RealClock().now() if start is None else start

    def now(self) -> int:
        return self._start + int((time.monotonic() - self._t0) * self.speed * 1000)

    def monotonic(self) -> float:
        return (time.monotonic() - self._t0) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


class FakeClock:
    """A clock that moves only when told to; sleepers wake in order of their instants."""

    def __init__(self, start: int = EARLIEST_SANE_MS) -> None:
        self._now = start
        self._mono = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._mono

    async def sleep(self, seconds: float) -> None:
        wake = asyncio.Event()
        heapq.heappush(self._sleepers, (self._mono + seconds, next(self._count), wake))
        await wake.wait()

    def jump(self, milliseconds: int) -> None:
        """Move the wall clock alone (NTP, a dead battery): no time passes, nobody wakes."""
        self._now += milliseconds

    def tick(self, seconds: float) -> None:
        """Let time pass without waking sleepers: for code that never sleeps."""
        self._mono += seconds
        self._now += round(seconds * 1000)

    async def forward(self, seconds: float) -> None:
        """Let `seconds` pass, waking every sleeper at its instant and letting it run."""
        end = self._mono + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, wake = heapq.heappop(self._sleepers)
            self.tick(max(0.0, at - self._mono))
            wake.set()
            await _settle()
        self.tick(end - self._mono)
        await _settle()


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
