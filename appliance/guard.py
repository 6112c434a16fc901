"""What stands before every request: how much may be sent, and from which pages."""

import ipaddress
import json
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64 * 1024
LARGEST_LIST = 1024 * 1024
LISTS = ("/meter_reading",)
SAFE = ("GET", "HEAD", "OPTIONS")
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"SAMEORIGIN"),
]


class Guard:
    """ASGI middleware. Bodies are capped while they arrive; writes and WebSockets come from our own pages.

    A browser names the page that asks in `Origin`: it must be this appliance (or in `allowed_origins`).
    A name that points here by DNS rebinding is no address of ours, so names other than this machine's own,
    *.local and plain IP addresses are refused for writes and WebSockets. Programs send no Origin and are
    asked for the token instead.
    """

    def __init__(self, app: ASGIApp, allowed_origins: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = frozenset(allowed_origins)
        self._hosts = {"localhost", socket.gethostname().lower()}
        self._hosts |= {urlsplit(origin).hostname or "" for origin in self._allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if changes and not self._from_here(headers):
            await _refuse(scope, receive, send, 403, "This page does not belong to the appliance")
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        limit = LARGEST_LIST if scope["path"] in LISTS else _limit(scope["path"])
        if _too_long(headers, limit):
            await _refuse(scope, receive, send, 413, f"At most {limit // 1024} KiB are taken")
            return
        await self._capped(scope, receive, send, limit)

    def _from_here(self, headers: Headers) -> bool:
        host = headers.get("host", "")
        if not self._ours(urlsplit(f"//{host}").hostname or ""):
            return False
        origin = headers.get("origin")
        return (
            origin is None
            or origin.lower() in self._allowed
            or urlsplit(origin.lower()).netloc == host.lower()
        )

    def _ours(self, name: str) -> bool:
        if name in self._hosts or name.endswith((".local", ".localhost")):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    async def _capped(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        size = 0
        answered = False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise _TooMuchError
            return message

        async def with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                message = {**message, "headers": [*message["headers"], *HEADERS]}
            await send(message)

        try:
            await self._app(scope, counted, with_headers)
        except _TooMuchError:
            if not answered:
                await _refuse(scope, receive, send, 413, f"At most {limit // 1024} KiB are taken")


class _TooMuchError(Exception):
    pass


def _limit(path: str) -> int:
    """NiceGUI's own long-polling transport carries more than a classic body."""
    return LARGEST_LIST if path.startswith("/_nicegui") else LARGEST_BODY


def _too_long(headers: Headers, limit: int) -> bool:
    length = headers.get("content-length", "0")
    return not length.isdigit() or int(length) > limit


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": text})
        return
    body = json.dumps({"status": "error", "message": text}).encode()
    kind = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": kind + HEADERS})
    await send({"type": "http.response.body", "body": body})
