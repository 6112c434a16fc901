"""A real appliance with a year of three registers that are not quite alike, for the bill check's page.

`python -m tests.ui.checked --port 8097` serves it.
"""

import argparse
import asyncio
import math
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

import ui
from appliance import calendar
from appliance.app import Appliance
from appliance.calendar import QUARTER_MS
from appliance.clock import DAY_MS, FakeClock, ScaledClock
from appliance.demo.central import Central
from appliance.model import Quantity, Reading
from appliance.store import Store
from appliance.web import create_app
from tests.appliances import made
from tests.peers.process import free_port
from tests.ui.browser import ROOT, until
from tests.ui.filled import ZONE

NOW = calendar.instant(datetime(2027, 5, 14, 14, 32, 10, tzinfo=ZONE))

CONTRACT = {
    "since": "2020-01-01",
    "buying": [{"name": "All", "per_kwh": 1.62}],
    "selling": [{"name": "All", "per_kwh": 0.44}],
    "fees": [{"name": "Subscription", "amount": 59}],
}
TYPES = {"p1": "p1_serial", "camera": "camera_meter", "powerwall": "powerwall"}
AWAY = {"type": "line_protocol", "name": "influx", "flavour": "influxdb2", "url": "http://127.0.0.1:9"}
AWAY |= {"bucket": "home", "org": "home", "token": "secret", "start_spread_seconds": 0}
"""A store whose machine is switched off."""


def powers(at: int) -> tuple[float, float]:
    """kW bought and sold on average in the quarter hour from an instant: winters, evenings, sunny noons."""
    local = calendar.local(at, ZONE)
    year = math.cos(2 * math.pi * (local.timetuple().tm_yday - 15) / 365)
    hour = local.hour + local.minute / 60
    sun = max(0.0, math.sin(math.pi * (hour - 6) / 13)) * (2.2 - 1.7 * year) if 6 < hour < 19 else 0.0
    use = 0.5 + 0.5 * year * (year > 0) + 0.9 * math.exp(-((hour - 18.5) ** 2) / 4)
    use *= 1 + 0.25 * math.sin(local.toordinal() * 1.7)
    return max(0.0, use - sun), max(0.0, sun - use)


def readings(start: int, end: int) -> Iterator[list[Reading]]:
    """A batch for each quarter hour: the P1 port to 1 Wh, the camera to a tenth of a kWh, the gateway 0.4 %
    high at first and 0.18 percentage points more each month; it was off for two days in March."""
    bought, sold, gate_in, gate_out = 18_204.0, 4_711.0, 911.0, 388.0
    for at in range(start, end, QUARTER_MS):
        kw = powers(at)
        share = 1.004 + 0.0018 * (at - start) / (30 * DAY_MS)
        bought, sold = bought + kw[0] / 4, sold + kw[1] / 4
        gate_in, gate_out = gate_in + kw[0] / 4 * share, gate_out + kw[1] / 4 * 0.999
        when = at + QUARTER_MS - 1000
        local = calendar.local(when, ZONE)
        batch = [
            Reading("p1", Quantity.ENERGY_IMPORT, round(bought, 3), when),
            Reading("p1", Quantity.ENERGY_EXPORT, round(sold, 3), when),
            Reading("camera", Quantity.ENERGY_IMPORT, math.floor(bought * 10) / 10, when),
        ]
        if (local.month, local.day) not in ((3, 11), (3, 12)):
            batch.append(Reading("powerwall", Quantity.ENERGY_IMPORT, round(gate_in, 3), when))
            batch.append(Reading("powerwall", Quantity.ENERGY_EXPORT, round(gate_out, 3), when))
        yield batch


async def fill(folder: Path, days: int) -> None:
    """So many days until now."""
    start = calendar.day_start(calendar.day_of(NOW, ZONE) - timedelta(days=days), ZONE)
    async with Store(folder / "store", FakeClock(NOW), ZONE) as store:
        for place, batch in enumerate(readings(start, NOW - NOW % QUARTER_MS)):
            store.append(batch)
            if place % 960 == 0:
                await store.flush()
        await store.maintain()


def appliance(folder: Path, port: int, language: str, sinks: list[dict[str, Any]]) -> Appliance:
    """The appliance whose store was filled, its sources known by their types alone."""
    site = {"time_zone": str(ZONE), "language": language, "main_fuse_a": 20, "currency": "SEK"}
    clock = ScaledClock(1.0, NOW)
    here = made(folder, clock, site=site, contracts=[CONTRACT], web={"port": port}, sinks=sinks)
    for name, type_ in TYPES.items():
        here.health.add(name, "source", type_)
    return here


async def serve(here: Appliance, port: int) -> None:
    """Pages and API."""
    app = create_app(here)
    ui.mount(app, here)
    await uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")).serve()


@contextmanager
def year(days: int = 400) -> Iterator[str]:
    """The address of such an appliance in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    port = free_port()
    command = [sys.executable, "-m", "tests.ui.checked", "--port", str(port), "--days", str(days)]
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "The appliance ended by itself"
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(answers, 60)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Serve it."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--port", type=int, default=8097)
    asking.add_argument("--days", type=int, default=400)
    asking.add_argument("--language", default="en")
    asked = asking.parse_args()
    folder, central = Path(tempfile.mkdtemp()), Central()
    try:
        asyncio.run(fill(folder, asked.days))
        central.start()
        sinks = [central.sink_config() | {"name": "central", "interval_seconds": 60}, AWAY]
        asyncio.run(serve(appliance(folder, asked.port, asked.language, sinks), asked.port))
    finally:
        central.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
