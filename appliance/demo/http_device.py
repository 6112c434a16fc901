"""A device on the network that answers HTTP on localhost, and that can be made to fail."""

import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import MSG_PEEK, SHUT_RDWR, socket
from typing import Any
from urllib.parse import parse_qsl

LARGEST_BODY = 4_000_000


@dataclass(frozen=True)
class Request:
    """What came in; `path` without the query, names of `headers` in small letters. `secure` is HTTPS."""

    method: str
    path: str
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    secure: bool = False


@dataclass(frozen=True)
class Answer:
    """What goes out."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """A header that comes more than once has a tuple."""


@dataclass(frozen=True)
class Fault:
    """How the device fails: first it waits, then it cuts the connection or answers `status`.

    `status` None and `cut` False only waits. `lost` lets the device act on the request before it fails, as
    when an answer is lost on its way. `retry_after_s` is told with the status. `truncated` sends half of the
    answer as if it were all; `page` sends this HTML with 200 instead.
    """

    status: int | None = None
    wait_s: float = 0.0
    cut: bool = False
    lost: bool = False
    retry_after_s: int | None = None
    truncated: bool = False
    page: str | None = None


def json_answer(
    content: Any, status: int = 200, headers: Mapping[str, str | tuple[str, ...]] | None = None
) -> Answer:
    """`content` as JSON."""
    return Answer(json.dumps(content).encode(), status, headers=headers or {})


class HttpDevice:
    """Subclasses say what to `answer`; set `fault` to make it fail, `stop` to take it off the network.

    The port is chosen at the first `start` and kept for the next. Requests run on threads of their own. With
    `tls` the same port speaks HTTPS too, to whoever begins with it; with `tls_hangs` it leaves them waiting.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.fault: Fault | None = None
        self.tls: ssl.SSLContext | None = None
        self.tls_hangs = False
        self.requests = 0
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it is found, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: Request) -> Answer:
        """What the device says to `request`."""
        raise NotImplementedError

    def noticed(self, request: Request) -> Fault | None:
        """Told of every request before it is answered; how the device fails at this one."""
        return self.fault

    def talk(self, request: Request, connection: socket, gone: threading.Event) -> bool:
        """Take a connection over (WebSocket) until `gone` is set or it ends; False leaves it to `answer`."""
        return False

    def start(self) -> None:
        """Begin to listen. OSError when the port is taken."""
        if self._server is not None:
            return
        self._server = _Server(self, self.port)
        self.port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=type(self).__name__, daemon=True
        ).start()

    def stop(self) -> None:
        """Refuse connections from now on; those under way are cut."""
        if self._server is None:
            return
        self._server.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, device: HttpDevice, port: int) -> None:
        self.device = device
        self.stopped = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no news; faults of ours are answered with 500 before this."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def setup(self) -> None:
        tls = self.server.device.tls
        if tls is not None and self.request.recv(1, MSG_PEEK) == b"\x16":  # a TLS handshake begins with it
            while self.server.device.tls_hangs and not self.server.stopped.wait(0.05):
                pass
            self.request = tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._serve(self.rfile.read(min(length, LARGEST_BODY)))

    do_PUT = do_DELETE = do_POST  # noqa: N815 - named so by http.server

    def _serve(self, body: bytes) -> None:
        device = self.server.device
        device.requests += 1
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        secure = isinstance(self.connection, ssl.SSLSocket)
        request = Request(
            self.command, path, body, dict(parse_qsl(query, keep_blank_values=True)), headers, secure
        )
        fault = device.noticed(request)
        if fault is None:
            if not device.talk(request, self.connection, self.server.stopped):
                self._send(device.answer(request))
            return
        self.server.stopped.wait(fault.wait_s)
        if fault.lost:
            device.answer(request)
        if fault.cut or self.server.stopped.is_set():
            self.connection.shutdown(SHUT_RDWR)
        elif fault.status is not None:
            after = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
            self._send(json_answer({"error": "this device fails as it was told"}, fault.status, after))
        elif fault.page is not None:
            self._send(Answer(fault.page.encode(), content_type="text/html"))
        else:
            answer = device.answer(request)
            half = len(answer.body) // 2
            self._send(replace(answer, body=answer.body[:half]) if fault.truncated else answer)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            for one in (value,) if isinstance(value, str) else value:
                self.send_header(name, one)
        self.end_headers()
        self.wfile.write(answer.body)
