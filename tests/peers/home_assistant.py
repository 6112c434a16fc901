"""A real Home Assistant (scripts/home_assistant.sh) on 127.0.0.1, driven by its REST and websocket APIs.

It never reaches beyond this machine: no `default_config`, `--skip-pip`, and the onboarding step that would
set up weather and radio counts as done. Tests that use it belong to one worker:
`pytestmark = pytest.mark.xdist_group("home_assistant")`.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.peers.process import free_port, running

ROOT = Path(__file__).resolve().parents[2]
STATISTICS = Path(__file__).with_name("home_assistant_statistics")
TIMEOUT_S = 60
T = TypeVar("T")
JSON = dict[str, Any]

CONFIGURATION = """
homeassistant:
  name: Test
  latitude: 59.33
  longitude: 18.06
  elevation: 10
  unit_system: metric
  currency: SEK
  country: SE
  time_zone: Europe/Stockholm
  packages: !include_dir_named packages
http:
  server_host: 127.0.0.1
  server_port: {port}
onboarding:
config:
api:
websocket_api:
recorder:
  commit_interval: 1
history:
energy:
system_log:
  max_entries: 200
logger:
  default: warning
statistics_now:
"""
ONBOARDING = {"version": 4, "minor_version": 1, "key": "onboarding", "data": {"done": ["core_config"]}}
"""The step that would set up weather, radio and speech is done: the configuration says where the house is."""
MARKS = "tests.marks"
OF_THIS_MACHINE = re.compile(
    r"aiohttp_fast_zlib|libturbojpeg|Skipping pip installation|integration:? statistics_now|tests\.marks"
)
"""Warnings and errors that tell of this machine or of how it was started, not of what is tested."""
PROBLEM = re.compile(r"^\S+ \S+ (WARNING|ERROR|CRITICAL) ")


class Refused(Exception):  # noqa: N818 - an answer
    """What Home Assistant said to a call it does not carry out."""


class HomeAssistant:
    """One that runs and is logged in; `token` is a long-lived access token of its owner."""

    def __init__(self, python: Path, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.token = ""
        self.version = ""
        self._python = python
        self._seen = 0
        self._marks = 0
        self._open_sockets = ExitStack()

    def __enter__(self) -> Self:
        """Onboard and wait until everything is set up."""
        self.token = self._onboard()
        self._open()
        self.token = self.call("auth/long_lived_access_token", client_name="tests", lifespan=1)
        self.wait_for(lambda: self.get("config")["state"] == "RUNNING")
        self.version = self.get("config")["version"]
        return self

    def __exit__(self, *_: object) -> None:
        self._open_sockets.close()

    # --- its two APIs

    def get(self, path: str, **params: str) -> Any:
        """GET /api/{path}."""
        return self._rest("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST /api/{path}."""
        return self._rest("POST", path, json=dict(body or {}))

    def delete(self, path: str) -> Any:
        """DELETE /api/{path}."""
        return self._rest("DELETE", path)

    def _rest(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        said = requests.request(method, f"{self.url}/api/{path}", headers=headers, timeout=TIMEOUT_S, **more)
        if not said.ok:
            raise Refused(f"{method} {path}: {said.status_code} {said.text}")
        return said.json() if "json" in said.headers.get("Content-Type", "") else said.text

    def call(self, type_: str, **fields: Any) -> Any:
        """The result of a websocket command. Raises Refused with what it says."""
        try:
            return self._command(type_, fields)
        except ConnectionClosed:  # it closes what was silent for long
            self._open()
            return self._command(type_, fields)

    def _command(self, type_: str, fields: Mapping[str, Any]) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "type": type_, **fields}))
        while True:
            said = json.loads(self._socket.recv(TIMEOUT_S))
            if said.get("id") == self._number and said["type"] == "result":
                if not said["success"]:
                    raise Refused(f"{type_}: {said['error']}")
                return said["result"]

    def _open(self) -> None:
        url = self.url.replace("http", "ws", 1) + "/api/websocket"
        self._number = 0
        self._socket = self._open_sockets.enter_context(connect(url, max_size=None))
        assert json.loads(self._socket.recv(TIMEOUT_S))["type"] == "auth_required"
        self._socket.send(json.dumps({"type": "auth", "access_token": self.token}))
        assert json.loads(self._socket.recv(TIMEOUT_S))["type"] == "auth_ok"

    def _onboard(self) -> str:
        client = f"{self.url}/"
        owner = {"client_id": client, "name": "Owner", "username": "owner", "language": "en"}
        code = self.post("onboarding/users", {**owner, "password": "only-in-tests"})["auth_code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": client}
        said = requests.post(f"{self.url}/auth/token", data=form, timeout=TIMEOUT_S).json()
        self.token = said["access_token"]
        self.post("onboarding/analytics")
        self.post("onboarding/integration", {"client_id": client, "redirect_uri": client})
        return self.token

    # --- what it shows

    def states(self) -> dict[str, JSON]:
        """Every state by entity id, as GET /api/states gives it."""
        return {state["entity_id"]: state for state in self.get("states")}

    def state(self, entity: str) -> str | None:
        """One entity's state; None if there is no such entity."""
        found = self.states().get(entity)
        return None if found is None else str(found["state"])

    def entities(self) -> dict[str, JSON]:
        """The entity registry by entity id (unique_id, platform, device_id, ...)."""
        return {entry["entity_id"]: entry for entry in self.call("config/entity_registry/list")}

    def devices(self) -> dict[str, JSON]:
        """The device registry by id (name, manufacturer, model, sw_version, identifiers, ...)."""
        return {entry["id"]: entry for entry in self.call("config/device_registry/list")}

    def notifications(self) -> dict[str, JSON]:
        """Persistent notifications by id."""
        return {found["notification_id"]: found for found in self.call("persistent_notification/get")}

    def log(self) -> list[JSON]:
        """What system_log holds, the newest first: name, level, message (a list), count."""
        found: list[JSON] = self.call("system_log/list")
        return found

    def wait_for(self, what: Callable[[], T], within_s: float = 30) -> T:
        """What `what` gives, once that is true."""
        until = time.monotonic() + within_s
        while not (found := what()):
            assert time.monotonic() < until, f"still {found!r} after {within_s:g} s; {self._problems()}"
            time.sleep(0.1)
        return found

    # --- what it does

    def service(self, name: str, **data: Any) -> None:
        """Carry out an action such as "homeassistant.update_entity"; data as in YAML."""
        domain, _, service = name.partition(".")
        self.call("call_service", domain=domain, service=service, service_data=data)

    def add_mqtt(self, port: int, user: str = "", password: str = "", host: str = "127.0.0.1") -> str:
        """Set MQTT up by its config flow, as a person does; the id of the entry. Raises Refused."""
        known: JSON = {"broker": host, "port": port}
        if user:
            known |= {"username": user, "password": password}
        flow = self.post("config/config_entries/flow", {"handler": "mqtt", "show_advanced_options": False})
        while flow["type"] != "create_entry":
            if flow["type"] == "menu":
                answer: JSON = {"next_step_id": "broker"}
            elif flow["type"] == "form" and not flow.get("errors"):
                answer = _filled(flow["data_schema"], known)
            else:
                raise Refused(f"MQTT: {flow.get('errors') or flow.get('reason')}")
            flow = self.post(f"config/config_entries/flow/{flow['flow_id']}", answer)
        return str(flow["result"]["entry_id"])

    def remove(self, entry: str) -> None:
        """Take a config entry away, with its devices and entities."""
        self.delete(f"config/config_entries/entry/{entry}")

    def make_statistics(self) -> None:
        """Compile the 5-minute statistics of now, which it does by itself every five minutes."""
        self.service("statistics_now.compile")

    def check_config(self) -> str:
        """What its check_config prints of the folder. It ends with 0 also when there are errors."""
        command = [self._python, "-m", "homeassistant", "--script", "check_config", "-c", self.folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S * 2, check=True)
        return done.stdout + done.stderr

    # --- what it complains of

    def problems(self) -> list[str]:
        """Lines of its log of level warning or above since the last `forget_problems`, with what follows
        each; without those that tell of this machine."""
        self._written()
        return self._problems()

    def _written(self) -> None:
        """Wait until all that it has logged by now is in its file, which a thread of it writes."""
        self._marks += 1
        mark = f"mark {self._marks}."
        self.service("system_log.write", message=mark, logger=MARKS, level="error")
        until = time.monotonic() + TIMEOUT_S
        while not any(line.endswith(mark) for line in self._log()):
            assert time.monotonic() < until, "Home Assistant no longer logs"
            time.sleep(0.02)

    def _problems(self) -> list[str]:
        found: list[str] = []
        keep = False
        for line in self._log()[self._seen :]:
            if re.match(r"^\d{4}-\d\d-\d\d ", line):
                keep = bool(PROBLEM.match(line)) and not OF_THIS_MACHINE.search(line)
                found += [line] if keep else []
            elif keep:
                found[-1] += f"\n{line}"
        return found

    def forget_problems(self) -> None:
        """Look at later ones only."""
        self._written()
        self._seen = len(self._log())

    def no_warnings(self, *components: str) -> None:
        """Assert that nothing (or none of these components, such as "mqtt") warned of anything.

        A component counts by its logger or by its name anywhere in the line."""
        found = [p for p in self.problems() if not components or any(c in p for c in components)]
        assert not found, "\n".join(found)

    def _log(self) -> list[str]:
        path = self.folder / "home-assistant.log"
        return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def _filled(schema: list[JSON], known: Mapping[str, Any]) -> JSON:
    """Answers to a form: what is known, and its own defaults where it wants more."""
    answer: JSON = {}
    for field in schema:
        if field["name"] in known:
            answer[field["name"]] = known[field["name"]]
        elif field.get("type") == "expandable":
            answer[field["name"]] = {
                inner["name"]: inner["default"]
                for inner in field["schema"]
                if "default" in inner and inner.get("required")
            }
        elif field.get("required") and "default" in field:
            answer[field["name"]] = field["default"]
    return answer


@contextmanager
def booted(
    python: Path, folder: Path, packages: Mapping[str, str] | None = None, more: str = ""
) -> Iterator[HomeAssistant]:
    """A Home Assistant that started with these packages (name -> YAML) and `more` in its configuration."""
    (folder / "packages").mkdir(parents=True, exist_ok=True)
    for name, text in (packages or {}).items():
        (folder / "packages" / f"{name}.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(STATISTICS, folder / "custom_components" / "statistics_now", dirs_exist_ok=True)
    (folder / ".storage").mkdir(exist_ok=True)
    (folder / ".storage" / "onboarding").write_text(json.dumps(ONBOARDING))
    port = free_port()
    text = CONFIGURATION.format(port=port) + more
    (folder / "configuration.yaml").write_text(text, encoding="utf-8")
    command = [str(python), "-m", "homeassistant", "-c", str(folder), "--skip-pip", "--log-no-color"]
    path = {"PATH": f"{python.parent}:{os.environ['PATH']}"}

    def answers() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/api/onboarding", timeout=5).ok
        except requests.ConnectionError:
            return False

    with (
        running(command, folder, answers, env=path, start_s=180),
        HomeAssistant(python, folder, port) as home,
    ):
        yield home


@pytest.fixture(scope="session")
def home_assistant_python() -> Path:
    """The Python of the environment Home Assistant is in. Skips without it, but fails where CI runs."""
    folder = Path(os.environ.get("HOME_ASSISTANT_VENV", ROOT / ".venv-home-assistant"))
    python = folder / "bin" / "python"
    if not (python.exists() and any(folder.glob(".installed-*"))):
        text = "Home Assistant is not installed (sh scripts/home_assistant.sh; it needs Python 3.13)"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)
    return python


@pytest.fixture(scope="session")
def home_assistant(
    home_assistant_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HomeAssistant]:
    """A Home Assistant with nothing of ours in it yet; booted once for all tests."""
    with booted(home_assistant_python, tmp_path_factory.mktemp("home_assistant")) as home:
        yield home
