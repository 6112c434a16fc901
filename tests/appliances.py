"""Appliances to be tested: made of a config.json in a folder, on a clock the test holds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from appliance.app import Appliance
from appliance.cli.common import kinds
from appliance.clock import Clock
from appliance.web import create_app
from config.load import ConfigFile

NOON = 1_778_000_000_000
"""2026-05-05T16:53:20Z, well after the first instant that can be stored."""


def made(folder: Path, clock: Clock, **config: Any) -> Appliance:
    """An appliance that is not started yet; `config` are sections of config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"version": 2, "site": {"time_zone": "Europe/Stockholm", "language": "en"}, **config}
    (folder / "config.json").write_text(json.dumps(document))
    loaded = ConfigFile(folder / "config.json", kinds(), folder).load()
    return Appliance(loaded.config, folder, clock, [f"{part.name}: {part.text}" for part in loaded.problems])


@asynccontextmanager
async def served(appliance: Appliance) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the appliance's API, while it runs. A fault inside is an answer here as on the wire."""
    app = create_app(appliance)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client,
    ):
        yield client


def owner(appliance: Appliance) -> dict[str, str]:
    """The headers by which the owner's programs are known."""
    token = appliance.access.take_new_token()
    if token is None:
        appliance.access.renew_token()
        token = appliance.access.take_new_token()
    return {"Authorization": f"Bearer {token}"}
