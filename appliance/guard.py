"""What stands before every request: how much may be sent, and from which pages."""

import ipaddress
import json
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.calendar import iso

LARGEST_BODY = 64 * 1024
LARGEST_LIST = 1024 * 1024
LISTS = ("/meter_reading",)
SAFE = ("GET", "HEAD", "OPTIONS")
LOCAL_DOMAINS = (".local", ".localhost", ".lan", ".home", ".home.arpa", ".internal")
"""Nobody can register a name under these (RFC 6761, 6762, 8375, and never delegated): no rebinding there."""
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"SAMEORIGIN"),
]
FOREIGN = (
    "This comes from a page or an address that is not the appliance's own; open it by its IP address, or add "
    "the address to web.allowed_origins"
)


DISTANT = (
    "This address is not of the local network: nothing is shown to the internet. A program may come with the "
    "API token; web.local_only lets everybody in"
)


class Guard:
    """ASGI middleware. Bodies are capped while they arrive; writes and WebSockets come from our own pages.
    With `local_only` an address of the internet is let in by the API token alone.

    A browser names the page that asks in `Origin`: it must be this appliance (or in `allowed_origins`).
    A name that points here by DNS rebinding is no address of ours: only IP addresses, this machine's own
    name, names without a dot, those of local networks and the hosts of `allowed_origins` may be used for
    writes and WebSockets. Programs send no Origin and are asked for the token instead.
    """

    def __init__(
        self,
        app: ASGIApp,
        now: Callable[[], int],
        allowed_origins: Iterable[str] = (),
        *,
        local_only: bool = False,
        token_ok: Callable[[str], bool] = lambda said: False,
    ) -> None:
        """`now` is the present instant, UTC ms; `token_ok` knows the API token."""
        self._app = app
        self._local_only = local_only
        self._token_ok = token_ok
        self._now = now
        self._allowed = frozenset(allowed_origins)
        self._hosts = {socket.gethostname().lower(), *map(_host_of, self._allowed)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._local_only and not (local(scope) or self._token_ok(_bearer(headers))):
            await self._refuse(scope, receive, send, 403, DISTANT)
            return
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if changes and not self._from_here(headers):
            await self._refuse(scope, receive, send, 403, FOREIGN)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        if _too_long(headers, limit):
            await self._refuse(scope, receive, send, 413, _too_much(limit))
            return
        if scope["method"] == "HEAD":
            # RFC 9110, 9.3.2: answered as GET is; the server, which has its own scope, leaves the body out.
            scope = {**scope, "method": "GET"}
        await self._capped(scope, receive, send, limit)

    def _from_here(self, headers: Headers) -> bool:
        host, origin = headers.get("host", "").lower(), headers.get("origin")
        if not self._ours(_host_of(f"//{host}")):
            return False
        if origin is None or origin.lower() in self._allowed:
            return True
        return origin.lower() in (f"http://{host}", f"https://{host}")

    def _ours(self, name: str) -> bool:
        if name in self._hosts or name.endswith(LOCAL_DOMAINS):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name != "" and "." not in name
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
            if size > limit and not answered:
                raise _TooMuchError  # whatever the route made of the cut body
            if message["type"] == "http.response.start":
                answered = True
                message = {**message, "headers": [*message["headers"], *HEADERS]}
            await send(message)

        try:
            await self._app(scope, counted, with_headers)
        except _TooMuchError:
            if not answered:
                await self._refuse(scope, receive, send, 413, _too_much(limit))

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": text[:120]})
            return
        content = {"status": "error", "message": text, "timestamp": iso(self._now())}
        body = json.dumps(content).encode()
        kind = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": kind + HEADERS})
        await send({"type": "http.response.body", "body": body})


def local(scope: Scope) -> bool:
    """Whether who asks is of the local network: no address of the internet, or of our own IPv6 network."""
    client, server = _address(scope.get("client")), _address(scope.get("server"))
    if client is None or not client.is_global:
        return True
    if client.version == 4 or server is None or server.version == 4:
        return False
    # A home network with IPv6 gives each device an address of the internet; they share its first half.
    return int(client) >> 64 == int(server) >> 64


def _address(end: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of one end of a connection; None where it is none, as of a Unix socket."""
    try:
        found = ipaddress.ip_address(str(end[0]).partition("%")[0]) if end else None
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


class _TooMuchError(Exception):
    pass


def _host_of(address: str) -> str:
    """The name in an address, "" where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _limit(path: str) -> int:
    """Lists of readings and NiceGUI's own long-polling transport carry more than a single body."""
    return LARGEST_LIST if path in LISTS or path.startswith("/_nicegui") else LARGEST_BODY


def _too_long(headers: Headers, limit: int) -> bool:
    length = headers.get("content-length", "0")
    return not (length.isascii() and length.isdigit() and len(length) < 16) or int(length) > limit


def _too_much(limit: int) -> str:
    return f"At most {limit // 1024} KiB are taken at once"
