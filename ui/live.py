"""Follows the hub for one browser: draws at once when quiet, then at most four times a second."""

import asyncio
import logging
import time
from collections.abc import Callable

from nicegui import Client, background_tasks

from appliance.hub import Hub, Subscription

log = logging.getLogger(__name__)

SHORTEST_S = 0.25
"""Between two drawings: what arrives meanwhile is drawn together."""
LONGEST_S = 1.0
"""Ages grow without news."""


async def follow(hub: Hub, draw: Callable[[], None]) -> None:
    """Call `draw` for news and every second, until cancelled."""
    with hub.subscribe() as news:
        while True:
            began = time.monotonic()
            _guarded(draw)
            if await _heard(news):
                await asyncio.sleep(max(0.0, SHORTEST_S - (time.monotonic() - began)))
            while not news.queue.empty():
                news.queue.get_nowait()


async def _heard(news: Subscription) -> bool:
    try:
        await asyncio.wait_for(news.queue.get(), LONGEST_S)
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
