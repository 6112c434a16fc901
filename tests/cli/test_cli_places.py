"""`demo --place`: the virtual flats run, and their owners' Telegram tells what the appliance sends."""

import json
import signal
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.test_cli_serve import PATIENCE_S, ended, free_port, running


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def wait_for(ready: Callable[[], Any]) -> Any:
    """What `ready` returns as soon as it is something."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := ready():
            return found
        time.sleep(0.2)
    pytest.fail("it did not happen in time")


def test_the_flat_in_india_tells_its_owner_that_the_balance_is_low() -> None:
    port = free_port()
    words = ("demo", "--place", "india", "--port", port, "--speed", 30)
    with running(*words, TALLYWATT_DISPLAY__ENABLED="false") as child:
        assert child.stdout is not None
        note = child.stdout.readline()
        telegram = note.rsplit(" ", 1)[1].strip()
        assert telegram.startswith("http://127.0.0.1:")
        wait_for(lambda: "balance" in get(f"{telegram}/messages").lower())
        current = {one["quantity"] for one in json.loads(get(f"http://127.0.0.1:{port}/api/v1/current"))}
        assert {"balance", "supply", "energy_import", "energy_generator"} <= current
        form = urllib.request.Request(f"{telegram}/", b"chat=700100200&text=/balance")
        urllib.request.urlopen(form, timeout=10).close()
        wait_for(lambda: get(f"{telegram}/messages").count("<article>") >= 2)
        assert ended(child, signal.SIGINT)[0] == 0


def test_a_place_that_is_not_there_is_refused() -> None:
    from click.testing import CliRunner

    from appliance.cli.serve import demo

    said = CliRunner().invoke(demo, ["--place", "atlantis"])
    assert said.exit_code == 2
    assert "'atlantis' is not one of 'sweden', 'india', 'canada'" in said.output
