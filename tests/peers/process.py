"""A real program, started in a folder of its own on free ports, and ended for certain."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

START_S = 60.0
"""Two cores with a whole suite on them: what takes a second alone may take long."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether anybody takes connections on that port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Whether it answers with 2xx now."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    ready: Callable[[], bool],
    *,
    env: Mapping[str, str] | None = None,
    start_s: float = START_S,
) -> Iterator[subprocess.Popen[bytes]]:
    """`command` from the moment `ready()` is true until the end of the block, when it and its children end.

    What it prints goes to `output.txt` in `folder`. Raises RuntimeError with the end of that when it ends
    or is not ready in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "output.txt"
    with output.open("ab") as sink:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(child, ready, start_s, output)
        yield child
    finally:
        _end(child)


def _wait(child: subprocess.Popen[bytes], ready: Callable[[], bool], start_s: float, output: Path) -> None:
    until = time.monotonic() + start_s
    while child.poll() is None:
        if ready():
            return
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    said = output.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"{child.args!r} did not start: {said}")


def _end(child: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return
