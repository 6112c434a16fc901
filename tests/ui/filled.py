"""A real appliance with weeks of history in its database, for pages that ask the books.

`python -m tests.ui.filled --port 8098` serves it.
"""

import argparse
import asyncio
import math
import random
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn

import ui
from appliance import calendar
from appliance.app import Appliance
from appliance.calendar import QUARTER_MS
from appliance.clock import FakeClock, ScaledClock
from appliance.model import Price, Quantity, Reading
from appliance.store import Store
from appliance.web import create_app
from tests.appliances import made

ZONE = ZoneInfo("Europe/Stockholm")
NOW = calendar.instant(datetime(2026, 5, 14, 14, 32, 10, tzinfo=ZONE))
CONTRACT = {
    "name": "Quarter price",
    "since": "2026-01-01",
    "vat_percent": 25,
    "buying": [
        {"name": "Market price", "market": 1},
        {"name": "Markup", "per_kwh": 0.06},
        {"name": "Energy tax", "per_kwh": 0.36},
        {"name": "Grid fee", "per_kwh": 0.28},
    ],
    "selling": [{"name": "Market price", "market": 1, "vat": False}],
    "fees": [{"name": "Subscription", "amount": 39}, {"name": "Grid", "amount": 290}],
    "capacity": {"peaks": 3, "per_kw": 35},
}
OFFERS = [
    {"name": "Fixed 1.49", "vat_percent": 25, "buying": [{"name": "All", "per_kwh": 1.49}]},
    {
        "name": "Day and night",
        "vat_percent": 25,
        "buying": [
            {"name": "Energy", "per_kwh": 0.9},
            {"name": "Night", "per_kwh": 0.2, "when": [{"start": "22:00", "end": "06:00"}]},
            {"name": "Day", "per_kwh": 0.7, "when": [{"start": "06:00", "end": "22:00"}]},
        ],
    },
]


def spot(at: int) -> float:
    """A market price with two humps and a midday dip, a little different every day; sometimes below 0."""
    local = calendar.local(at, ZONE)
    hour, day = local.hour + local.minute / 60, local.toordinal()
    humps = 0.5 * math.exp(-((hour - 8) ** 2) / 5) + 0.8 * math.exp(-((hour - 19) ** 2) / 6)
    dip = 0.55 * math.exp(-((hour - 13.5) ** 2) / 8) * (1 + 0.6 * math.sin(day))
    return round(0.42 + 0.12 * math.sin(day * 1.7) + humps - dip, 5)


def powers(at: int, dice: random.Random) -> tuple[float, float, float]:
    """Watts of the three phases: a base, cooking in the evening, a heater that comes and goes, the sun."""
    local = calendar.local(at, ZONE)
    hour = local.hour + local.minute / 60
    sun = 3800 * max(0.0, math.sin(math.pi * (hour - 6) / 13)) if 6 < hour < 19 else 0.0
    heater = 2300 if int(hour * 4 + local.toordinal()) % 11 == 0 else 0
    evening = 1500 * math.exp(-((hour - 18.3) ** 2) / 2)
    return (
        420 + evening + dice.uniform(-30, 30),
        380 + heater + dice.uniform(-20, 20),
        460 - sun * 0.7 + dice.uniform(-60, 60),
    )


def moment(
    at: int, dice: random.Random, registers: dict[Quantity, float], every_s: float = 1.0
) -> list[Reading]:
    """What the P1 port says at an instant; the registers go on by what flowed since the last."""
    phases = powers(at, dice)
    total = sum(phases)
    registers[Quantity.ENERGY_IMPORT] += max(0.0, total) / 3.6e6 * every_s
    registers[Quantity.ENERGY_EXPORT] += max(0.0, -total) / 3.6e6 * every_s
    batch = [Reading("p1", Quantity.POWER_GRID, round(total), at)]
    for quantity in (Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT):
        batch.append(Reading("p1", quantity, round(registers[quantity], 3), at))
    for number, watts in enumerate(phases, 1):
        volts = 231 + 3 * math.sin(at / 7e6 + number) + dice.uniform(-0.6, 0.6)
        batch.append(Reading("p1", Quantity[f"POWER_L{number}"], round(watts), at))
        batch.append(Reading("p1", Quantity[f"VOLTAGE_L{number}"], round(volts, 1), at))
        batch.append(Reading("p1", Quantity[f"CURRENT_L{number}"], round(abs(watts) / volts, 1), at))
    return batch


async def fill(folder: Path, days: int, every_s: int = 60) -> None:
    """Weeks of a P1 port and prices until tomorrow's midnight."""
    dice = random.Random(5)
    clock = FakeClock(NOW)
    start = calendar.day_start(calendar.day_of(NOW, ZONE) - timedelta(days=days), ZONE)
    registers = {Quantity.ENERGY_IMPORT: 18_204.0, Quantity.ENERGY_EXPORT: 4_711.0, Quantity.GAS: 1_903.0}
    async with Store(folder / "store", clock, ZONE) as store:
        for at in range(start, NOW, every_s * 1000):
            batch = moment(at, dice, registers, every_s)
            if at % 3_600_000 == 0:
                registers[Quantity.GAS] += dice.uniform(0, 0.4)
                batch.append(Reading("p1", Quantity.GAS, round(registers[Quantity.GAS], 3), at))
            store.append(batch)
            if at % 3_600_000 == 0:
                await store.flush()
        end = calendar.day_span(calendar.day_of(NOW, ZONE) + timedelta(days=1), ZONE)[1]
        store.append(
            [
                Price("elprisetjustnu", "wholesale", at, at + QUARTER_MS, spot(at))
                for at in range(start, end, QUARTER_MS)
            ]
        )
        await store.maintain()


async def serve(here: Appliance, port: int) -> None:
    """Pages and API, and a reading a second as long as somebody looks."""
    app = create_app(here)
    ui.mount(app, here)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    dice = random.Random(6)
    last: dict[Quantity, float] = {}
    while not serving.done():
        if server.started:
            last = last or {key[1]: reading.value for key, reading in here.hub.latest.items()}
            await here.accept(moment(here.clock.now(), dice, last))
        await asyncio.sleep(1)


def main() -> None:
    """Serve it."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--port", type=int, default=8098)
    asking.add_argument("--days", type=int, default=20)
    asking.add_argument("--language", default="en")
    asked = asking.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(fill(folder, asked.days))
        site = {"time_zone": str(ZONE), "language": asked.language, "main_fuse_a": 20, "currency": "SEK"}
        here = made(
            folder, ScaledClock(1.0, NOW), site=site, contracts=[CONTRACT], offers=OFFERS,
            web={"port": asked.port},
        )  # fmt: skip
        asyncio.run(serve(here, asked.port))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
