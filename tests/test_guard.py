"""What the guard lets through, over a real server where it matters how bytes arrive."""

import http.client
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.datastructures import Headers
from websockets.sync.client import connect
from websockets.typing import Origin

from appliance.guard import LARGEST_BODY, LARGEST_LIST, Guard, _too_long, local

AT = 1_778_000_000_000
ALLOWED = "https://home.example"


class Model(BaseModel):
    text: str


def app() -> FastAPI:
    made = FastAPI()

    @made.get("/read")
    async def read() -> str:
        return "read"

    @made.post("/model")
    async def model(body: Model) -> int:
        return len(body.text)

    @made.post("/meter_reading")
    @made.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @made.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    made.add_middleware(Guard, now=lambda: AT, allowed_origins=[ALLOWED])
    return made


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The same application behind a real server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app(), log_level="error"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def status(port: int, head: str, host: str, origin: str | None, more: str = "") -> int:
    """The status of the answer to a request, written by hand so that no client tidies its headers."""
    origins = "" if origin is None else f"Origin: {origin}\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(f"{head} HTTP/1.1\r\nHost: {host}\r\n{origins}{more}\r\n".encode())
        said = connection.recv(1000).decode("latin-1")
    assert said.startswith("HTTP/1.1 "), said
    return int(said[9:12])


WEB_SOCKET = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def passes(port: int, host: str, origin: str | None) -> bool:
    """Whether a write to that Host from that Origin goes through; the WebSocket must agree."""
    write = status(port, "POST /raw", host, origin, "Content-Length: 0\r\n")
    heard = status(port, "GET /ws", host, origin, WEB_SOCKET)
    assert (write, heard) in ((200, 101), (403, 403))
    return write == 200


# From where


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", None),
        ("localhost:8080", "http://localhost:8080"),
        ("192.168.1.7:8080", "http://192.168.1.7:8080"),
        ("192.168.1.7", "http://192.168.1.7"),
        ("[fe80::1]:8080", "http://[fe80::1]:8080"),
        ("[::1]", "http://[::1]"),
        ("Tallywatt.local:8080", "http://tallywatt.local:8080"),
        ("tallywatt:8080", "http://tallywatt:8080"),
        ("pi-4.lan", "http://pi-4.lan"),
        ("pi.home.arpa", "https://pi.home.arpa"),
        ("home.example", ALLOWED),
        ("192.168.1.7:8080", ALLOWED),
        (socket.gethostname(), None),
    ],
)
def test_our_own_pages_and_programs_pass(port: int, host: str, origin: str | None) -> None:
    assert passes(port, host, origin)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", "http://evil.example"),
        ("localhost:8080", "http://localhost:9090"),
        ("localhost:8080", "http://localhost"),
        ("192.168.1.7:8080", "http://192.168.1.8:8080"),
        ("192.168.1.7:8080", "null"),
        ("192.168.1.7:8080", ""),
        ("192.168.1.7:8080", "http://[::1"),
        ("192.168.1.7:8080", "file://192.168.1.7:8080"),
        ("192.168.1.7:8080", "http://192.168.1.7:8080.evil.example"),
        ("192.168.1.7:8080", "http://192.168.1.7:8080@evil.example"),
        # A name of the attacker's that points here: DNS rebinding.
        ("evil.example:8080", "http://evil.example:8080"),
        ("evil.example:8080", None),
        ("192.168.1.7.evil.example", None),
        ("local", "http://evil.local"),
        ("home.example.evil.example", "https://home.example.evil.example"),
        ("", None),
        ("[::1", None),
        ("[evil]", None),
    ],
)
def test_strangers_do_not(port: int, host: str, origin: str | None) -> None:
    assert not passes(port, host, origin)


@pytest.mark.parametrize(
    ("client", "server", "inside"),
    [
        ("192.168.1.7", "192.168.1.2", True),
        ("172.17.0.1", "172.17.0.2", True),
        ("100.64.0.9", "192.168.1.2", True),
        ("169.254.3.4", "192.168.1.2", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("2001:4860:1:2::7", "2001:4860:1:2::1", True),
        ("2001:4860:1:3::7", "2001:4860:1:2::1", False),
        ("8.8.8.8", "192.168.1.2", False),
        ("8.8.8.8", "8.8.8.9", False),
        ("::ffff:8.8.8.8", "::ffff:192.168.1.2", False),
        ("::ffff:192.168.1.7", "::ffff:192.168.1.2", True),
        ("2001:4860:1:2::7", "192.168.1.2", False),
    ],
)
def test_who_is_of_the_local_network(client: str, server: str, inside: bool) -> None:
    assert local({"client": (client, 5), "server": (server, 8080)}) is inside


@pytest.mark.parametrize("scope", [{}, {"client": None}, {"client": ("testclient", 1), "server": None}])
def test_a_socket_without_addresses_is_of_this_machine(scope: dict[str, Any]) -> None:
    assert local(scope)


def test_reading_is_open_and_the_refusal_says_what_to_do(port: int) -> None:
    stranger = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer = httpx.get(f"http://127.0.0.1:{port}/read", headers=stranger)
    assert answer.json() == "read"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    refused = httpx.post(f"http://127.0.0.1:{port}/raw", headers=stranger)
    assert refused.status_code == 403
    assert refused.json() == {
        "status": "error",
        "message": "This comes from a page or an address that is not the appliance's own; open it by its IP "
        "address, or add the address to web.allowed_origins",
        "timestamp": "2026-05-05T16:53:20.000Z",
    }
    assert refused.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_every_changing_method_is_guarded(port: int, method: str) -> None:
    assert status(port, f"{method} /raw", "localhost", "http://evil.example") == 403


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_no_header_is_a_fault(host: str, origin: str) -> None:
    guard = Guard(app(), lambda: AT)
    raw = [(b"host", host.encode("latin-1")), (b"origin", origin.encode("latin-1"))]
    assert guard._from_here(Headers(raw=raw)) in (True, False)


def test_a_client_speaks_over_the_web_socket(port: int) -> None:
    for origin in (None, Origin(f"http://127.0.0.1:{port}"), Origin(ALLOWED)):
        with connect(f"ws://127.0.0.1:{port}/ws", origin=origin) as connection:
            assert connection.recv() == "hello"


# How much


async def chunks(size: int) -> AsyncIterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(0, size, 1024):
        yield b"x" * 1024


async def post(port: int, path: str, size: int, *, chunked: bool) -> httpx.Response:
    async with httpx.AsyncClient() as http_client:
        content: Any = chunks(size) if chunked else b"x" * size
        return await http_client.post(f"http://127.0.0.1:{port}{path}", content=content)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("path", "limit"), [("/raw", LARGEST_BODY), ("/meter_reading", LARGEST_LIST)])
async def test_bodies_are_capped(port: int, path: str, limit: int, chunked: bool) -> None:
    answer = await post(port, path, limit, chunked=chunked)
    assert answer.json() == limit
    answer = await post(port, path, limit + 1024, chunked=chunked)
    assert answer.status_code == 413
    assert answer.json() == {
        "status": "error",
        "message": f"At most {limit // 1024} KiB are taken at once",
        "timestamp": "2026-05-05T16:53:20.000Z",
    }


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_route_that_parses_its_body_itself_does_not_hide_the_413(port: int, chunked: bool) -> None:
    assert (await post(port, "/model", LARGEST_BODY + 1024, chunked=chunked)).status_code == 413


def test_a_length_that_is_announced_is_refused_before_a_byte_of_it_came(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.putrequest("POST", "/raw")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.load(answer)["status"] == "error"
    connection.close()


@pytest.mark.parametrize("length", ["-1", "x", "²", "9" * 5000, "1e3", "", str(LARGEST_BODY + 1)])
def test_a_length_that_is_none_or_too_much(length: str) -> None:
    assert _too_long(Headers({"content-length": length}), LARGEST_BODY)
