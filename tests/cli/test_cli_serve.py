"""`run` and `demo` as processes: they start, tell where they are, and end in good order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.cli.common import Refused
from appliance.cli.logs import JournalFormatter
from appliance.cli.serve import addresses, listen

ROOT = Path(__file__).resolve().parents[2]
NO_SCREEN = {"display": {"enabled": False}}
PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "appliance", *(str(word) for word in words)]


def refused(*words: object) -> str:
    """What a start says that must not succeed."""
    done = subprocess.run(
        command(*words), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 1, done
    assert done.stderr.startswith("Error: ")
    return done.stderr


@contextmanager
def running(*words: object, **env: str) -> Iterator["subprocess.Popen[str]"]:
    """The daemon, started; killed if the test did not end it."""
    child = subprocess.Popen(
        command(*words), cwd=ROOT, env={**os.environ, **env}, text=True, bufsize=1,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        said = child.stdout.readline()
        assert said.startswith("Tallywatt is at http://"), said or child.communicate()
        yield child
    finally:
        child.kill()
        child.communicate()


def ended(child: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Exit code and standard error after a signal."""
    child.send_signal(number)
    _, err = child.communicate(timeout=PATIENCE_S)
    return child.returncode, err


def health(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(NO_SCREEN))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_until_it_is_told_to_end(config: Path, tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with running("run", "--config", config, "--data", tmp_path / "data", "--port", port) as child:
        assert health(port)["status"] == "ok"
        code, err = ended(child, number)
    assert code == 0, err
    assert "Traceback" not in err


def test_mistakes_in_the_configuration_are_told_and_the_rest_runs(config: Path, tmp_path: Path) -> None:
    port = free_port()
    config.write_text(json.dumps(NO_SCREEN | {"web": {"port": port}, "sources": [{"type": "p1"}]}))
    with running("run", "--config", config, "--data", tmp_path / "data", "--host", "127.0.0.1") as child:
        (part,) = (part for part in health(port)["parts"] if part["name"] == "config")
        code, err = ended(child, signal.SIGTERM)
    assert part["state"] == "needs_you"
    assert 'config.json: line 1, sources[0].type: there is no kind of source called "p1"' in part["text"]
    assert 'there is no kind of source called "p1"' in err
    assert code == 0


def test_a_file_that_is_no_json_does_not_keep_it_from_starting(config: Path, tmp_path: Path) -> None:
    port = free_port()
    config.write_text('{"web": {"port": 8080,}}')
    data = tmp_path / "data"
    with running(
        "run", "--config", config, "--data", data, "--port", port, TALLYWATT_DISPLAY__ENABLED="false"
    ) as child:
        (part,) = (part for part in health(port)["parts"] if part["name"] == "config")
        ended(child, signal.SIGTERM)
    assert "line 1, column 22: this comma has nothing after it" in part["text"]


def test_a_log_file_is_written_and_one_that_cannot_be_is_no_reason_to_fail(
    config: Path, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "tallywatt.log"
    (tmp_path / "file").touch()
    for path, found in ((log, True), (tmp_path / "file" / "x.log", False)):
        config.write_text(json.dumps(NO_SCREEN | {"logging": {"log_file": str(path)}}))
        with running("run", "--config", config, "--data", tmp_path / "data", "--port", free_port()) as child:
            code, err = ended(child, signal.SIGTERM)
        assert code == 0
        assert path.exists() == found
        assert ("No log is written to" in err) != found
    assert "store: Working" in log.read_text()


def test_what_keeps_it_from_starting_is_said(config: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = ("--config", config, "--data", data, "--host", "127.0.0.1", "--port", port)
        assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in refused("run", *words)
        assert "Address already in use" in refused("demo", "--port", port)
    (tmp_path / "file").touch()
    assert "cannot be written: Not a directory" in refused(
        "run", "--config", config, "--data", tmp_path / "file" / "x"
    )
    missing = tmp_path / "none.json"
    assert f"there is no configuration {missing}" in refused("run", "--config", missing, "--data", data)


def test_demo_shows_live_numbers_within_seconds() -> None:
    port = free_port()
    with running("demo", "--port", port, "--speed", 5, TALLYWATT_DISPLAY__ENABLED="false") as child:
        started = time.monotonic()
        while health(port)["parts"] and time.monotonic() - started < PATIENCE_S:
            states = {part["name"]: part["state"] for part in health(port)["parts"]}
            if states.get("p1") == states.get("inverter") == states.get("meter") == "ok":
                break
            time.sleep(0.2)
        assert states["p1"] == states["inverter"] == states["meter"] == "ok"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/current", timeout=10) as answer:
            names = {value["quantity"] for value in json.load(answer)}
        assert {"power_grid", "power_solar", "energy_import"} <= names
        assert ended(child, signal.SIGINT)[0] == 0


# Inside


def test_addresses() -> None:
    with listen("127.0.0.1", free_port()) as listener:
        assert addresses(listener) == [f"http://localhost:{listener.getsockname()[1]}"]
    with listen("0.0.0.0", free_port()) as listener:
        assert addresses(listener)[0] == f"http://localhost:{listener.getsockname()[1]}"


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(Refused, match="is no address of this machine"):
        listen("no.such.host.invalid", 1)
    with pytest.raises(Refused, match="cannot listen on"):
        listen("192.0.2.1", free_port())


def test_every_line_in_the_journal_has_its_priority() -> None:
    import logging

    record = logging.LogRecord("a", logging.WARNING, "f", 1, "one\ntwo", None, None)
    assert JournalFormatter("%(name)s: %(message)s").format(record) == "<4>a: one\n<4>two"
    record.levelno = logging.DEBUG
    assert JournalFormatter("%(message)s").format(record).startswith("<7>")
