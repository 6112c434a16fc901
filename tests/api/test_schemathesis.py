"""Schemathesis asks every route of the OpenAPI description for what it may and may not be asked."""

import asyncio
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest import SkipTest

import httpx
import pytest
import schemathesis
import uvicorn
from appliances import NOON, made, owner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi import checks as openapi

from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.model import Event, Price, Quantity, Reading
from appliance.web import create_app

Q = Quantity
EXAMPLES = 5
FACTS = [
    *(
        Reading("powerwall", Q(name), value, NOON)
        for name, value in {
            "power_grid": -700, "power_solar": 4200, "power_battery": -1500, "power_load": 2000,
            "state_of_charge": 62.5, "state_of_charge_raw": 64.4, "grid_state": 1, "battery_mode": 1,
            "backup_reserve": 20, "string_a_power": 900, "string_a_voltage": 300, "energy_solar": 300,
        }.items()
    ),
    *(Reading("p1", Q.ENERGY_IMPORT, 1000 + hours, NOON - (9 - hours) * 3_600_000) for hours in range(10)),
    Reading("p1", Q.CURRENT_L1, 4, NOON),
    Reading("powerwall.unit1", Q.BATTERY_CAPACITY, 13.2, NOON),
    Reading("powerwall.unit1", Q.TEMPERATURE, 21, NOON),
    Event("powerwall", "alert_on", NOON, "An alert", {"alert": "GridCodesWrite", "device": "STSTSM--1"}),
    Price("spot", "import", NOON, NOON + 3_600_000, 0.31),
]  # fmt: skip


class Wall:
    """An appliance that knows a little of everything, behind a real server in a thread."""

    def __init__(self, folder: Path) -> None:
        self._here: Appliance = made(folder, FakeClock(NOON))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._app = create_app(self._here)
        self._server = uvicorn.Server(uvicorn.Config(self._app, log_level="critical"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve([self._listener]))

    def __enter__(self) -> "Wall":
        self._thread.start()
        httpx.get(f"{self.url}/health", timeout=20)  # waits for the start
        asyncio.run_coroutine_threadsafe(self._here.accept(FACTS), self._loop).result(20)
        self.headers = owner(self._here)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._listener.close()


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    with Wall(tmp_path_factory.mktemp("wall")) as running:
        yield running


def operations() -> list[schemathesis.APIOperation]:
    """Every route and method of the description."""
    with tempfile.TemporaryDirectory() as folder:
        described = create_app(made(Path(folder), FakeClock(NOON))).openapi()
    return [found.ok() for found in schemathesis.openapi.from_dict(described).get_all_operations()]


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.label)
def test_every_route_keeps_its_word(wall: Wall, operation: schemathesis.APIOperation) -> None:
    """No fault inside, no status, content type or field that the description does not know; what must not be
    asked is refused, what may be is answered, and nothing that is closed is open."""
    # Where the description has 400, a rule stands between parameters, as that `from` lies before `to`.
    beyond = [openapi.positive_data_acceptance] if "400" in operation.definition.raw["responses"] else []
    # A list of readings is answered with 200 and each of its items for itself.
    beyond += [openapi.negative_data_rejection] if operation.path == "/meter_reading" else []

    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=wall.url, headers=wall.headers, excluded_checks=beyond)

    bounded = settings(
        max_examples=1 if operation.path.endswith(".png") else EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    bounded(given(case=operation.as_strategy())(ask))()
    with suppress(SkipTest, Unsatisfiable):  # there may be nothing about it that could be wrong
        wrong = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
        bounded(given(case=wrong)(ask))()
