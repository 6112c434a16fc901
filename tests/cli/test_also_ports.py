"""`web.also_ports`: one process, one application, further doors; a door that is taken is told, not fatal."""

import json
import socket
import sys
from pathlib import Path

import httpx
import pytest

from appliance.cli.serve import listen, listen_also
from config.schema import Config
from tests.peers.process import answers, free_port, running


def test_what_is_taken_is_said_and_the_rest_is_opened() -> None:
    first = listen("127.0.0.1", 0)
    own = first.getsockname()[1]
    with first, socket.create_server(("127.0.0.1", 0)) as other:
        busy, free = other.getsockname()[1], free_port()
        config = Config.model_validate({"web": {"also_ports": [free, busy, own, free]}})
        found, problems = listen_also(config, first)
        assert [one.getsockname() for one in found] == [("127.0.0.1", free)]
        assert problems == [
            f"web.also_ports: cannot listen on 127.0.0.1 port {busy}: Address already in use. Stop the "
            "program that uses it, or choose another in web.also_ports; all else runs"
        ]
        for one in found:
            one.close()


@pytest.mark.parametrize("ports", [[0], [65536], list(range(9000, 9009)), ["8000x"]])
def test_ports_that_are_none(ports: list[object]) -> None:
    with pytest.raises(ValueError, match="also_ports"):
        Config.model_validate({"web": {"also_ports": ports}})


def test_the_same_answers_on_every_port(tmp_path: Path) -> None:
    main, classic = free_port(), free_port()
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        web = {"host": "127.0.0.1", "port": main, "also_ports": [classic, busy]}
        config = {"version": 2, "web": web, "display": {"enabled": False}}
        (tmp_path / "config.json").write_text(json.dumps(config))
        command = [
            sys.executable, "-m", "appliance", "run",
            "--config", str(tmp_path / "config.json"), "--data", str(tmp_path / "data"),
        ]  # fmt: skip
        with running(command, tmp_path, lambda: answers(f"http://127.0.0.1:{main}/health")):
            told = [httpx.get(f"http://127.0.0.1:{port}/health", timeout=5) for port in (main, classic)]
    for answer in told:
        assert answer.status_code == 200
        said = {part["role"]: part["text"] for part in answer.json()["parts"]}
        assert f"port {busy}: Address already in use" in said["config"]
