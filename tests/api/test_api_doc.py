"""docs/API.md: each example is run, with curl, and each answer has the fields it shows."""

import asyncio
import json
import os
import re
import socket
import urllib.request
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from appliances import NOON, owner
from surveyors import EchoSurveyor

from appliance.app import Appliance
from appliance.calendar import QUARTER_MS, quarter
from appliance.model import Event, Picture, Price, Quantity, Reading
from appliance.store import DayBook, DayRegister, DayValue
from appliance.web import create_app

DOC = Path(__file__).resolve().parents[2] / "docs" / "API.md"
QUARTER = quarter(NOON)
ADDRESS = "http://tallywatt.local:8080"
EXAMPLES = re.findall(r"```sh\n(.*?)\n```(?:\n```json\n(.*?)\n```)?", DOC.read_text(), re.DOTALL)


@pytest.fixture
async def url(here: Appliance) -> AsyncIterator[str]:
    """The address of an appliance that has seen what the examples ask for, behind a real server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(here), log_level="error"))
        serving = asyncio.create_task(server.serve([listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        await asyncio.to_thread(urllib.request.urlopen, f"{url}/health", timeout=10)  # waits for the start
        await here.accept(
            [
                Reading("p1", Quantity.ENERGY_IMPORT, 48713.017, NOON - 3_600_000),
                Reading("p1", Quantity.ENERGY_IMPORT, 48713.429, NOON),
                Reading("p1", Quantity.POWER_GRID, 1412, NOON),
                Reading("meter", Quantity.ENERGY_IMPORT, 48713.4, NOON),
                Event("meter", "rejected", NOON, "why", {}),
                Event("powerwall", "alert_on", NOON, "why", {"alert": "Fan", "device": "unit1"}),
                Event("powerwall", "grid_up", NOON, "why", {"start": NOON - 60_000, "end": NOON}),
                Reading("powerwall", Quantity.STRING_A_POWER, 1210, NOON),
                Reading("powerwall", Quantity.STATE_OF_CHARGE, 72.5, NOON),
                Reading("powerwall", Quantity.POWER_BATTERY, -930, NOON),
                Reading("powerwall.unit1", Quantity.BATTERY_CAPACITY, 13.1, NOON),
                Reading("powerwall.unit1", Quantity.TEMPERATURE, 24.5, NOON),
                Reading("elnet", Quantity.SUPPLY, 0, NOON),
                Reading("elnet", Quantity.BALANCE, 1234.5, NOON),
                Event("elnet", "recharge", NOON, "why", {"amount": 500.0, "at": NOON}),
                Event("elnet", "generator_off", NOON, "why", {"start": NOON - 60_000, "end": NOON}),
                Price("spot", "import", NOON, NOON + 3_600_000, 0.31),
                Price("spot", "wholesale", QUARTER, QUARTER + 4 * QUARTER_MS, 0.31),
                Picture("meter", NOON, b"jpeg", "048713.4", 0.98),
            ]
        )
        portal(here)
        here.cadences["powerwall"] = 10.0
        await here.store.flush()
        refused = here.folder / "sources" / "meter" / "refused"
        refused.mkdir(parents=True)
        (refused / "20260505T165320000Z.jpg").write_bytes(b"jpeg")
        surveyor = EchoSurveyor(NOON, refusals={NOON: ("04871?.4", b"jpeg")})
        here.sources["meter"] = SimpleNamespace(surveyor=surveyor)  # type: ignore[assignment]
        yield url
        server.should_exit = True
        await serving


def portal(here: Appliance) -> None:
    """A portal whose days are known, and that can be asked."""

    async def update() -> None: ...

    book, days = DayBook(here.folder / "daily.db"), [date(2026, 5, number) for number in range(1, 5)]
    book.put(DayValue("carma.1203", day, 11.2, "kWh", False, NOON, "100 Example St") for day in days)
    book.put_registers([DayRegister("carma.1203", days[-1], 48713.43, "kWh", NOON)])
    running = SimpleNamespace(update_hour=5, next_update=NOON, updating=False, update=update)
    here.sources["carma"] = running  # type: ignore[assignment]


def shape(value: Any) -> Any:
    """The names of the fields, however deep; of a list those of its first item. `data` is free."""
    if isinstance(value, dict):
        return {name: None if name == "data" else shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


async def test_the_examples(
    here: Appliance, url: str, tmp_path: Path, need: Callable[[str, str], str]
) -> None:
    need("curl", "curl")
    token = owner(here)["Authorization"].removeprefix("Bearer ")
    assert len(EXAMPLES) >= 12
    for command, expected in EXAMPLES:
        assert ADDRESS in command
        line = command.replace(ADDRESS, url).replace("curl ", "curl --fail-with-body ", 1)
        ran = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            line,
            stdout=-1,
            stderr=-1,
            cwd=tmp_path,
            env={"TOKEN": token, "PATH": os.environ["PATH"]},
        )
        out, err = await ran.communicate()
        assert ran.returncode == 0, (command, out, err)
        if expected:
            assert shape(json.loads(out)) == shape(json.loads(expected)), command
    assert (tmp_path / "meter.jpg").read_bytes() == (tmp_path / "refused.jpg").read_bytes() == b"jpeg"


async def test_every_route_is_in_the_document(here: Appliance) -> None:
    text = DOC.read_text()
    for path in create_app(here).openapi()["paths"]:
        known = path.replace("{source}", "meter").partition("{")[0]
        assert known in text, path
