"""One Tallywatt in the meter cupboard feeds another on the wall: two real processes, killed once."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from appliance.access import Access
from appliance.clock import RealClock, ScaledClock
from appliance.demo import VirtualHouse
from appliance.store.documents import Documents
from config.secrets import SecretBox

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
Points = dict[int, float]


class Box:
    """One appliance in a process of its own."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = folder / "config.json"
        self._config.write_text(json.dumps({"version": 2, "display": {"enabled": False}, **config}))
        self._child: subprocess.Popen[str] | None = None

    def token(self) -> str:
        """The API token, as the page shows it once; before the start."""
        access = Access(Documents(self.data / "store"), SecretBox(self.data), RealClock())
        access.load()
        return access.take_new_token() or ""

    def start(self) -> None:
        words = [
            "run",
            "--config",
            self._config,
            "--data",
            self.data,
            "--host",
            "127.0.0.1",
            "--port",
            self.port,
        ]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "appliance", *map(str, words)],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("TALLYWATT_")},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._child.stdout is not None
        assert self._child.stdout.readline().startswith("Tallywatt is at ")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._child is not None:
            self._child.send_signal(number)
            self._child.communicate(timeout=PATIENCE_S)
            self._child = None

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def register(self, source: str) -> Points:
        """Every reading of the import register, by instant."""
        path = f"/api/v1/series?source={source}&quantity=energy_import&every=raw"
        found = self.get(path)
        return dict(zip(found["at"], found["value"], strict=True))

    def remote(self) -> str:
        """The name under which it knows the reader that pushes to it, "" before the first reading."""
        names = {value["source"] for value in self.get("/api/v1/current")}
        return next((name for name in names if name.startswith("remote_")), "")


def wait(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.2)


def test_the_register_on_the_wall_is_the_one_in_the_cupboard(tmp_path: Path) -> None:
    with ExitStack() as stack:
        house = stack.enter_context(VirtualHouse(ScaledClock(), tmp_path / "house"))
        wall = Box(tmp_path / "wall")
        push = {"type": "push", "api_endpoint": f"{wall.url}/meter_reading", "interval_seconds": 1}
        cupboard = Box(
            tmp_path / "cupboard",
            sources=[{**house.p1.source_config(), "name": "p1"}],
            sinks=[push | {"token": wall.token(), "timeout_seconds": 2}],
            store={"commit_every_s": 1},
        )
        poller = Box(
            tmp_path / "poller",
            sources=[{"type": "meter_endpoint", "url": f"{cupboard.url}/meter", "every_s": 1}],
        )
        for box in (wall, cupboard, poller):
            stack.callback(box.stop)
            box.start()

        wait(wall.remote)
        name = wall.remote()
        wait(lambda: len(wall.register(name)) >= 3)
        wait(lambda: len(poller.register("meter_endpoint")) >= 3)

        seen = wall.register(name)
        wall.stop(signal.SIGKILL)
        wait(
            lambda: any(
                p["name"] == "push" and p["state"] == "waiting" for p in cupboard.get("/health")["parts"]
            )
        )
        wall.start()
        killed_until = max(cupboard.register("p1"))
        wait(lambda: max(wall.register(name)) > killed_until)

        there, polled, here = wall.register(name), poller.register("meter_endpoint"), cupboard.register("p1")
        assert seen.items() <= there.items(), "what was accepted was kept through the kill"
        assert there.items() <= here.items()
        assert polled.items() <= here.items()
        assert there == {at: kwh for at, kwh in here.items() if at <= max(there)}, "each of them, none twice"
