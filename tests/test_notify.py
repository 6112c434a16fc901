"""sd_notify: what systemd hears of us, over a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import notify


@pytest.fixture(params=["path", "abstract"])
def systemd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """systemd's end of the socket, named by a path or in the abstract name space."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@tallywatt-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name.replace("@", "\0", 1))
        heard.settimeout(1)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield heard


def test_what_systemd_hears(systemd: socket.socket) -> None:
    for say, expected in (
        (notify.ready, b"READY=1"),
        (notify.watchdog, b"WATCHDOG=1"),
        (notify.stopping, b"STOPPING=1"),
    ):
        say()
        assert systemd.recv(100) == expected


@pytest.mark.parametrize("address", ["", "/no/such/socket", "@nobody-listens-here"])
def test_where_nobody_listens_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not notify.send("READY=1")
    notify.ready()


def test_a_systemd_that_does_not_read_holds_nobody_up(systemd: socket.socket) -> None:
    sent = [notify.send("WATCHDOG=1") for _ in range(5000)]
    assert sent[0]
    assert not sent[-1], "the queue is full, and the call comes back all the same"


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [
        ("20000000", None, 20.0),
        ("20000000", str(os.getpid()), 20.0),
        ("20000000", str(os.getpid() + 1), None),
        ("0", None, None),
        ("", None, None),
        (None, None, None),
        ("soon", None, None),
        ("-1", None, None),
        ("²", None, None),
    ],
    ids=["any", "ours", "another process", "off", "empty", "none", "no number", "negative", "superscript"],
)
def test_how_often_systemd_wants_to_hear(
    monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str | None, expected: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert notify.watchdog_interval_s() == expected
