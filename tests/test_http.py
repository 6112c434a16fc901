"""HTTP over real sockets: what goes wrong is said, and no secret with it."""

import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from appliance import http
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request
from appliance.errors import AuthError, SourceError
from appliance.http import HttpAuthError, HttpError

SECRET = "hunter2"


class Device(HttpDevice):
    """Says what it is told to say, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.says = Answer(b"{}")
        self.asked: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        return self.says


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with http.session() as made:
        yield made


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with its one connection whatever a test wants."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                with listener.accept()[0] as connection:
                    connection.recv(65536)
                    speak(connection)
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def with_secrets(url: str) -> str:
    return url.replace("http://", f"http://owner:{SECRET}@") + f"/api?password={SECRET}#{SECRET}"


# What is well


def test_json_both_ways(device: Device, session: requests.Session) -> None:
    device.says = Answer(b'{"a": [1, 2.5, null]}', headers={"X-Mixed-Case": "yes"})
    assert http.get_json(session, device.url, 5) == {"a": [1, 2.5, None]}
    answer = http.request(session, "POST", f"{device.url}/x", timeout_s=5, body={"b": 1})
    assert (answer.status, answer.headers["x-mixed-case"]) == (200, "yes")
    assert (device.asked[1].method, json.loads(device.asked[1].body)) == ("POST", {"b": 1})


def test_a_packed_body_is_unpacked(device: Device, session: requests.Session) -> None:
    device.says = Answer(gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
    assert http.get_json(session, device.url, 5) == {"a": 1}


def test_a_session_heeds_no_proxy_of_the_environment(
    device: Device, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert http.get_json(session, device.url, 5) == {}
    assert "Tallywatt/" in str(session.headers["User-Agent"])


# What is wrong


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, HttpAuthError, "refuses us (401); check the token or password"),
        (403, HttpAuthError, "refuses us (403); check the token or password"),
        (404, HttpError, "does not exist there (404); check the path of the address"),
        (429, HttpError, "is busy (429); it will be asked again later"),
        (503, HttpError, "is busy (503); it will be asked again later"),
        (500, HttpError, "has a fault of its own (500); it will be asked again later"),
        (418, HttpError, "does not take what was sent (418); is the address right?"),
    ],
)
def test_each_status_has_its_sentence(
    device: Device, session: requests.Session, status: int, kind: type[HttpError], said: str
) -> None:
    device.says = Answer(b"{}", status)
    with pytest.raises(kind) as caught:
        http.get_json(session, with_secrets(device.url), 5)
    assert str(caught.value) == f"{device.url}/api {said}"
    assert caught.value.status == status
    assert isinstance(caught.value, AuthError) == (status in (401, 403))


def test_a_redirect_is_not_followed(device: Device, session: requests.Session) -> None:
    device.says = Answer(b"", 302, headers={"Location": f"{device.url}/elsewhere?token={SECRET}"})
    with pytest.raises(HttpError, match=r"points to another address \(302\)") as caught:
        http.get_json(session, device.url, 5, {"Authorization": f"Bearer {SECRET}"})
    assert len(device.asked) == 1
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"NaN", b'{"a": Infinity}', b"\xff\xfe\xfd", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_json(device: Device, session: requests.Session, body: bytes) -> None:
    device.says = Answer(body)
    with pytest.raises(SourceError, match=r"did not answer JSON but .*is the address right\?"):
        http.get_json(session, device.url, 5)


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_without_end_is_not_read_to_its_end(
    device: Device, session: requests.Session, packed: bool
) -> None:
    body = b" " * (http.LARGEST_BODY + 1)
    device.says = Answer(
        gzip.compress(body) if packed else body, headers={"Content-Encoding": "gzip"} if packed else {}
    )
    with pytest.raises(SourceError, match=r"more than 4 MiB; is the address right\?"):
        http.get_json(session, device.url, 5)


def test_time_outs(device: Device, session: requests.Session) -> None:
    device.fault = Fault(wait_s=30)
    with pytest.raises(SourceError, match=r"did not answer within 0.2 s; is it on and reachable\?"):
        http.get_json(session, device.url, 0.2)


def test_a_body_that_stops_half_way(session: requests.Session) -> None:
    def hang(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(1)

    def cut(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with raw_server(hang) as url, pytest.raises(SourceError, match=r"did not answer within 0\.2 s"):
        http.get_json(session, url, 0.2)
    with raw_server(cut) as url, pytest.raises(SourceError, match="answer cut short"):
        http.get_json(session, url, 5)


def test_nobody_there(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(SourceError) as caught:
        http.get_json(session, with_secrets(url), 5)
    assert str(caught.value) == (
        f"{url}/api cannot be reached (connection refused); check address, cable and power"
    )
    with pytest.raises(SourceError, match="no such name"):
        http.get_json(session, f"http://{SECRET}@no.such.host.invalid/", 5)


def test_hung_up_and_nonsense(device: Device, session: requests.Session) -> None:
    device.fault = Fault(cut=True)
    with pytest.raises(SourceError, match=r"cannot be reached \(connection (cut|reset)\)"):
        http.get_json(session, device.url, 5)
    with (
        raw_server(lambda c: c.sendall(b"SSH-2.0-OpenSSH\r\n")) as url,
        pytest.raises(SourceError, match="cannot be reached"),
    ):
        http.get_json(session, url, 5)


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[::1", "http://h:99999/", "ftp://h/"])
def test_what_is_no_address(session: requests.Session, url: str) -> None:
    with pytest.raises(SourceError):
        http.get_json(session, url, 5)


def test_no_secret_in_anything_that_is_said_or_logged(
    device: Device, session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = with_secrets(device.url)
    faults: list[Fault | None] = [Fault(status=500), Fault(cut=True), Fault(status=401), None]
    device.says = Answer(b"no json")
    for fault in faults:
        device.fault = fault
        with pytest.raises(SourceError) as caught:
            http.get_json(session, url, 5, {"Authorization": f"Bearer {SECRET}"})
        assert SECRET not in repr(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    with raw_server(lambda there: there.sendall(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n{}")) as there:
        assert http.get_json(session, f"{there}/bot{SECRET}/getMe", 5) == {}
    assert SECRET not in caplog.text


def test_half_a_character_is_a_question_mark_and_a_whole_one_stays() -> None:
    assert http.loads(rb'{"a": ["\ud800x", "\uD83D\uDE00", 1.5]}') == {"a": ["?x", "\U0001f600", 1.5]}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://u:p@host:81/a/b?c=d#e", "http://host:81/a/b"),
        ("https://HOST/", "https://host/"),
        ("http://[fe80::1]:8080/x", "http://[fe80::1]:8080/x"),
        ("http://h:nonsense/", "The address"),
    ],
)
def test_addresses_as_they_are_shown(url: str, expected: str) -> None:
    assert http.shown(url) == expected


# Retry-After


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        (formatdate(1_000_090, usegmt=True), 90),
        ("Mon, 12 Jan 1970 13:48:10 -0000", 90),
        (formatdate(0, usegmt=True), 0),
        ("99999999", http.LONGEST_WISH_S),
        ("9" * 400, http.LONGEST_WISH_S),
        ("Fri, 31 Dec 9999 23:59:59 GMT", http.LONGEST_WISH_S),
        (None, None),
        ("", None),
        ("-1", None),
        ("²", None),
        ("1.5", None),
        ("soon", None),
        ("Mon, 99 Jan 1970 00:00:00 GMT", None),
    ],
)
def test_retry_after_in_both_its_forms(value: str | None, expected: float | None) -> None:
    assert http.retry_after_s(value, 1_000_000.0) == expected


@given(st.text(max_size=60))
def test_no_retry_after_is_a_fault(value: str) -> None:
    wait = http.retry_after_s(value, 1e9)
    assert wait is None or 0 <= wait <= http.LONGEST_WISH_S


def test_retry_after_is_in_the_error(device: Device, session: requests.Session) -> None:
    device.fault = Fault(status=503, retry_after_s=17)
    with pytest.raises(HttpError) as caught:
        http.get_json(session, device.url, 5)
    assert caught.value.retry_after_s == 17
