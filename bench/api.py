"""How long the API takes to tell the moment: the product's own routes in this process, without a network."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from appliance.app import Appliance
from appliance.clock import MINUTE_MS, RealClock
from appliance.model import Kind, Quantity, Reading
from appliance.web import create_app
from config.schema import Config

Measured = tuple[str, float, str, str]
SOURCES = ("p1", "powerwall", "inverter")
ROUTES = ("/current_readings", "/aggregates", "/json", "/metrics")
TIMES = 300


def rows() -> list[Measured]:
    """Name, value, unit, note of everything measured."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_asked(Path(folder)))


async def _asked(folder: Path) -> list[Measured]:
    clock = RealClock()
    app = create_app(appliance := Appliance(Config(), folder, clock))
    found: list[Measured] = []
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):
        now = clock.now()
        measured = [quantity for quantity in Quantity if quantity.spec.kind is not Kind.STATE]
        for value, at in ((42.0, now - MINUTE_MS), (42.5, now)):
            await appliance.accept(
                [Reading(s, quantity, value, at) for s in SOURCES for quantity in measured]
            )
        await appliance.store.flush()
        for route in ROUTES:
            took = []
            for _ in range(TIMES):
                begin = time.perf_counter()
                answer = await client.get(route)
                took.append((time.perf_counter() - begin) * 1000)
                answer.raise_for_status()
            note = f"{len(appliance.hub.latest)} readings known; {TIMES} times"
            found.append((f"GET {route}, median", statistics.median(took), "ms", note))
            found.append((f"GET {route}, p99", statistics.quantiles(took, n=100)[98], "ms", note))
    return found
