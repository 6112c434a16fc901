"""Follows the hub for one browser: draws at once when quiet, then at most four times a second."""

import asyncio
import logging
import time
from collections.abc import Callable

from nicegui import Client, background_tasks

from appliance.hub import Hub, Subscription

log = logging.getLogger(__name__)

SHORTEST_S = 0.25
"""Between two drawings in the long run: what arrives meanwhile is drawn together."""
AT_ONCE = 2.0
"""So many may follow each other at once after a pause: two devices that answer in the same second."""
LONGEST_S = 1.0
"""Ages grow without news."""


async def follow(hub: Hub, draw: Callable[[], None]) -> None:
    """Call `draw` for news and every second, until cancelled."""
    credit, told = AT_ONCE, time.monotonic()
    with hub.subscribe() as news:
        while True:
            _guarded(draw)
            if not await _heard(news):
                continue
            credit = min(AT_ONCE, credit + (time.monotonic() - told) / SHORTEST_S) - 1
            if credit < 0:
                await asyncio.sleep(-credit * SHORTEST_S)
                credit = 0.0
            told = time.monotonic()
            while not news.queue.empty():
                news.queue.get_nowait()


async def _heard(news: Subscription) -> bool:
    try:
        async with asyncio.timeout(LONGEST_S):
            await news.queue.get()
    except TimeoutError:
        return False
    return True


def _guarded(draw: Callable[[], None]) -> None:
    try:
        draw()
    except Exception:
        log.exception("A page could not be drawn")


def follow_while_connected(client: Client, hub: Hub, draw: Callable[[], None]) -> None:
    """One follower per open page, from its first connection until NiceGUI forgets the page."""
    running: list[asyncio.Task[None]] = []

    def start() -> None:
        if not running:
            running.append(background_tasks.create(follow(hub, draw), name="follow"))

    def stop() -> None:
        for task in running:
            task.cancel()

    client.on_connect(start)
    client.on_delete(stop)
