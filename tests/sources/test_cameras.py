"""Network cameras that ask for a login, the way their makers do it."""

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import MappingProxyType

import cv2
import numpy as np
import pytest

from appliance.errors import AuthError, SourceError
from appliance.sources._cameras import UrlCamera
from appliance.sources._image import BadImageError

PICTURE = cv2.imencode(".jpg", np.full((72, 128, 3), 99, np.uint8))[1].tobytes()
NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c0"
BASIC, DIGEST = 'Basic realm="cam"', f'Digest realm="cam", nonce="{NONCE}", qop="auth"'


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def knows_password(header: str, password: str) -> bool:
    """Whether an Authorization header proves `password` of user admin (RFC 7617, RFC 7616)."""
    if header.startswith("Basic "):
        return base64.b64decode(header[6:]) == f"admin:{password}".encode()
    said = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
    if said.get("nonce") != NONCE:
        return False
    who, what = md5(f"admin:cam:{password}"), md5(f"GET:{said['uri']}")
    expected = md5(f"{who}:{NONCE}:{said['nc']}:{said['cnonce']}:auth:{what}")
    return bool(said["response"] == expected)


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a camera that asks for a login by `challenge` (none if empty) and answers `body`."""
    servers: list[HTTPServer] = []

    def start(
        challenge: str = "",
        body: bytes | Iterator[bytes] = PICTURE,
        status: int = 200,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        class Camera(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if challenge and not knows_password(self.headers.get("Authorization", ""), "right"):
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", challenge)
                    self.end_headers()
                    return
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:9/")
                for header in headers.items():
                    self.send_header(*header)
                self.end_headers()
                with suppress(OSError):  # hung up on
                    for part in [body] if isinstance(body, bytes) else body:
                        self.wfile.write(part)

            def log_message(self, *said: object) -> None:
                """Quiet."""

        server = HTTPServer(("127.0.0.1", 0), Camera)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/snap.jpg?x=1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("challenge", ["", BASIC, DIGEST])
def test_login(serve: Serve, challenge: str) -> None:
    camera = UrlCamera(serve(challenge), 5, "admin", "right")
    for _ in range(2):
        assert camera.grab().picture.shape == (72, 128, 3)
    camera.close()


@pytest.mark.parametrize("challenge", [BASIC, DIGEST])
@pytest.mark.parametrize("login", [("admin", "wrong"), ("", "")])
def test_a_wrong_or_missing_login_asks_the_owner(
    serve: Serve, challenge: str, login: tuple[str, str]
) -> None:
    with pytest.raises(AuthError, match="set user and password"):
        UrlCamera(serve(challenge), 5, *login).grab()


@pytest.mark.parametrize("status", [204, 302, 404, 500])
def test_anything_but_ok_is_an_error(serve: Serve, status: int) -> None:
    with pytest.raises(SourceError, match=f"answers {status}"):
        UrlCamera(serve(status=status), 5).grab()


def test_a_video_stream_is_no_snapshot(serve: Serve) -> None:
    with pytest.raises(BadImageError, match="video stream"):
        UrlCamera(serve(body=bytes(31_000_000)), 5).grab()
    with pytest.raises(BadImageError, match="no JPEG"):
        UrlCamera(serve(body=b"--frame\r\nContent-Type: image/jpeg\r\n"), 5).grab()
    stream = {"Content-Type": "multipart/x-mixed-replace; boundary=frame"}
    with pytest.raises(BadImageError, match="video stream"):
        UrlCamera(serve(body=b"--frame\r\n", headers=stream), 5).grab()


def test_a_camera_that_sends_on_and_on_is_hung_up_on(serve: Serve) -> None:
    sent = []

    def slowly() -> Iterator[bytes]:
        for number in range(600):
            time.sleep(0.01)
            sent.append(number)
            yield bytes(100)

    with pytest.raises(SourceError, match=r"within 0\.3 s"):
        UrlCamera(serve(body=slowly(), headers={"Content-Length": "60000"}), 0.3).grab()
    assert len(sent) < 600


def test_a_picture_that_breaks_off(serve: Serve) -> None:
    with pytest.raises(SourceError, match="breaks off in the middle"):
        UrlCamera(serve(headers={"Content-Length": "99999"}), 5).grab()
