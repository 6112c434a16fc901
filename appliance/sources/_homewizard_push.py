"""What a HomeWizard device of API v2 sends by itself over a WebSocket.

https://api-documentation.homewizard.com/docs/v2/websocket: the device asks for the token, which has to come
within 40 s, and sends each new measurement to who has subscribed.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from appliance.clock import Clock
from appliance.errors import SourceError
from appliance.sources._homewizard_link import Link, TokenError

T = TypeVar("T")
LARGEST_MESSAGE = 2**20


class PushError(SourceError):
    """Nothing comes any more; asking may still help."""


async def measurements(link: Link, clock: Clock, silent_s: float) -> AsyncGenerator[Any, None]:
    """Each measurement as it comes. Raises PushError when nothing does for `silent_s`, and TokenError."""
    try:
        async with connect(
            f"wss://{link.where}/api/ws",
            ssl=link.context,
            server_hostname=link.name,
            open_timeout=link.timeout_s,
            close_timeout=1,
            max_size=LARGEST_MESSAGE,
            proxy=None,
        ) as socket:
            await _authorize(socket, link, clock, silent_s)
            await _send(socket, "subscribe", "measurement")
            while True:
                kind, data = await _next(socket, clock, silent_s)
                if kind == "measurement":
                    yield data
    except (OSError, TimeoutError, WebSocketException) as error:
        raise PushError(
            f"{link.where} sends nothing by itself ({type(error).__name__}); it is asked instead"
        ) from None


async def _authorize(socket: ClientConnection, link: Link, clock: Clock, silent_s: float) -> None:
    for _ in range(4):
        kind, data = await _next(socket, clock, silent_s)
        if kind == "authorization_requested":
            await _send(socket, "authorization", link.token)
        elif kind == "authorized":
            return
        elif kind == "error" and "unauthorized" in str(data):
            raise TokenError(
                f"{link.where} no longer knows the token: it was revoked, or the device was reset"
            )
    raise PushError(f"{link.where} lets nobody listen; it is asked instead")


async def _send(socket: ClientConnection, kind: str, data: str) -> None:
    await socket.send(json.dumps({"type": kind, "data": data}))


async def _next(socket: ClientConnection, clock: Clock, silent_s: float) -> tuple[str, Any]:
    raw = await _within(socket.recv(), clock, silent_s)
    with suppress(ValueError, RecursionError):
        said = json.loads(raw)
        if isinstance(said, dict):
            return str(said.get("type")), said.get("data")
    return "", None


async def _within(work: Awaitable[T], clock: Clock, seconds: float) -> T:
    """The result of `work`. Raises TimeoutError after `seconds` of the clock."""
    task = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        for each in (task, alarm):
            each.cancel()
        await asyncio.gather(task, alarm, return_exceptions=True)
