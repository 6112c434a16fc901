"""A real appliance that has watched a Powerwall for more than a year, for the Battery page.

`python -m tests.ui.battery_house --port 8097` serves it; `--scene` is day, night, outage or stale.
"""

import argparse
import asyncio
import math
import random
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import uvicorn

import ui
from appliance import calendar
from appliance.app import Appliance
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock, ScaledClock
from appliance.model import Event, Quantity, Reading
from appliance.store import Store
from appliance.web import create_app
from tests.appliances import made
from tests.ui.filled import ZONE

Q = Quantity
HOURS = {"day": 14, "night": 21, "outage": 19, "stale": 14}
PACKS = (("unit1", 13.52), ("unit2", 13.38))
OUTAGES = ((310, 9.2, 0.7), (188, 17.0, 3.4), (61, 3.1, 0.2), (12, 20.5, 1.15), (0.4, 0, 0.3))
"""Days ago, hour of the day, hours."""


def noon(scene: str) -> int:
    """The instant a scene shows."""
    return calendar.instant(datetime(2027, 5, 14, HOURS[scene], 32, 10, tzinfo=ZONE))


def hour_of(at: int) -> float:
    local = calendar.local(at, ZONE)
    return local.hour + local.minute / 60 + local.second / 3600


def sun(at: int) -> float:
    """Share of the strongest sun, with clouds that drift."""
    hour = hour_of(at)
    clear = max(0.0, math.sin((hour - 4.8) / 16 * math.pi)) ** 1.3 if 4.8 < hour < 20.8 else 0.0
    return clear * (0.84 + 0.1 * math.sin(at / 711_000) + 0.06 * math.sin(at / 97_000))


def strings(at: int) -> dict[str, tuple[float, float, float]]:
    """W, V and A of four strings; D is not connected."""
    share = sun(at)
    found = {}
    for letter, most, volts in (("A", 1690, 384), ("B", 1370, 322), ("C", 820, 208)):
        watts = most * share * (0.9 + 0.1 * math.sin(at / 500_000 + most))
        level = volts * (0.94 + 0.06 * share) if share > 0.01 else 0.0
        found[letter] = (watts, level, watts / level if level else 0.0)
    return found


class House:
    """What the gateway would tell; the charge is the sum of what flowed."""

    def __init__(self, charge: float = 46.0) -> None:
        self.charge = charge

    def step(self, at: int, seconds: float, *, island: bool) -> dict[Quantity, float]:
        """Powers at an instant, W; the charge goes on."""
        hour = hour_of(at)
        solar = sum(watts for watts, _, _ in strings(at).values())
        load = 690 + 900 * math.exp(-((hour - 7.4) ** 2) / 2) + 3100 * math.exp(-((hour - 18.9) ** 2) / 4)
        load += 120 * math.sin(at / 410_000)
        rest = solar - load
        room = self.charge < 99.5 if rest > 0 else self.charge > (2 if island else 20)
        battery = -max(-5000.0, min(5000.0, rest)) if room else 0.0
        self.charge = min(100.0, max(0.0, self.charge - battery * seconds / 3600 / 25_400 * 100))
        return {
            Q.POWER_SOLAR: solar, Q.POWER_LOAD: load, Q.POWER_BATTERY: battery,
            Q.POWER_GRID: 0.0 if island else load - solar - battery, Q.STATE_OF_CHARGE: self.charge,
            Q.STATE_OF_CHARGE_RAW: self.charge * 0.95 + 5,
        }  # fmt: skip


def batch(house: House, at: int, seconds: float, *, island: bool, name: str = "powerwall") -> list[Reading]:
    """All the gateway tells at an instant."""
    powers = house.step(at, seconds, island=island)
    load = powers[Q.POWER_LOAD]
    found = [Reading(name, q, round(v, q.spec.decimals), at) for q, v in powers.items()]
    capacity = [(unit, worn(full, at)) for unit, full in PACKS]
    whole = sum(kwh for _, kwh in capacity)
    slow = {
        Q.GRID_STATE: 0 if island else 1, Q.BACKUP_RESERVE: 20, Q.BATTERY_MODE: 0, Q.EXPORT_RULE: 1,
        Q.BATTERY_CAPACITY: whole, Q.BATTERY_STORED: whole * house.charge / 100,
        Q.BATTERY_TIME_LEFT: whole * house.charge / 100 / max(0.3, load / 1000), Q.FREQUENCY: 50.0,
    }  # fmt: skip
    found += [Reading(name, q, round(v, q.spec.decimals), at) for q, v in slow.items()]
    for place, (unit, kwh) in enumerate(capacity):
        share = house.charge / 100 + 0.01 * place
        found.append(Reading(f"{name}.{unit}", Q.BATTERY_CAPACITY, round(kwh, 2), at))
        found.append(Reading(f"{name}.{unit}", Q.BATTERY_STORED, round(kwh * min(1, share), 2), at))
        found.append(Reading(f"{name}.{unit}", Q.TEMPERATURE, round(23 + 4 * sun(at) + place, 1), at))
    found.append(Reading(f"{name}.inverter1", Q.TEMPERATURE, round(31 + 14 * sun(at), 1), at))
    for letter, values in {**strings(at), "D": (0.0, 2.1, 0.0)}.items():
        for what, value in zip(("POWER", "VOLTAGE", "CURRENT"), values, strict=True):
            found.append(Reading(name, Quantity[f"STRING_{letter}_{what}"], round(value, 2), at))
    return found


def worn(full: float, at: int) -> float:
    """A little is lost every year, and measured with a little noise."""
    days = (at - noon("day")) / DAY_MS + 500
    return full * (1 - 0.03 * math.sqrt(max(0.0, days) / 365)) + 0.03 * math.sin(at / DAY_MS * 1.7)


def lost(now: int) -> list[tuple[int, int]]:
    """The outages of the year."""
    found = []
    for days, hour, length in OUTAGES:
        if hour:
            day = calendar.day_of(now - int(days * DAY_MS), ZONE)
            start = calendar.day_start(day, ZONE) + int(hour * HOUR_MS)
        else:
            start = now - int(days * DAY_MS)
        found.append((start, start + int(length * HOUR_MS)))
    return found


async def fill(folder: Path, scene: str, days: int = 31) -> None:
    """Sixteen months of capacity, `days` of everything, the outages and alerts of a year."""
    now = noon(scene)
    outages = lost(now)
    async with Store(folder / "store", FakeClock(now), ZONE) as store:
        for at in range(now - 480 * DAY_MS, now - days * DAY_MS, DAY_MS // 2):
            whole = 0.0
            for unit, full in PACKS:
                kwh = round(worn(full, at), 2)
                whole += kwh
                store.append([Reading(f"powerwall.{unit}", Q.BATTERY_CAPACITY, kwh, at)])
            store.append([Reading("powerwall", Q.BATTERY_CAPACITY, round(whole, 2), at)])
        await store.flush()
        store.append(events(now, outages, scene))
        house = House()
        start = now - days * DAY_MS
        for at in range(start - start % 300_000, now - (40 * MINUTE_MS if scene == "stale" else 0), 300_000):
            island = any(a <= at < b for a, b in outages) or (scene == "outage" and at > now - 50 * MINUTE_MS)
            store.append(batch(house, at, 300, island=island))
            if at % DAY_MS == 0:
                await store.flush()
        await store.maintain()


def events(now: int, outages: list[tuple[int, int]], scene: str) -> list[Event]:
    """Outages and alerts as the daemon tells them."""
    found = []
    for start, end in outages:
        data = {"start": start, "end": end, "duration_s": (end - start) / 1000}
        found.append(Event("powerwall", "grid_down", start, "The grid is lost", {"start": start}))
        found.append(Event("powerwall", "grid_up", end, "The grid is back", data))
    if scene == "outage":
        start = now - 50 * MINUTE_MS
        found.append(Event("powerwall", "grid_down", start, "The grid is lost", {"start": start}))
    for alert, device, days, hours in (
        ("PodCommissionTime", "TEPOD--1081100-10-U--1", 200, 0.1), ("FWUpdateSucceeded", "", 31, 2),
        ("PVS_a018_MciStringB", "PVS--1538100-00-F--2", 3.2, 5), ("SYNC_a001_SW_App_Boot", "", 1.1, None),
    ):  # fmt: skip
        at, data = now - int(days * DAY_MS), {"alert": alert, "device": device}
        found.append(Event("powerwall", "alert_on", at, "", data))
        if hours:
            found.append(Event("powerwall", "alert_off", at + int(hours * HOUR_MS), "", data))
    return sorted(found, key=lambda event: event.at)


def appliance(folder: Path, scene: str, language: str = "en", port: int = 8097) -> Appliance:
    """The appliance over what `fill` wrote."""
    site = {
        "time_zone": str(ZONE), "language": language, "main_fuse_a": 20, "currency": "SEK", "name": "Home",
    }  # fmt: skip
    here = made(folder, ScaledClock(1.0, noon(scene)), site=site, web={"port": port})
    here.cadences["powerwall"] = 10.0
    here.outage_watch._sources = {"powerwall"}
    return here


async def serve(here: Appliance, scene: str, port: int) -> None:
    """Pages and API, and what the gateway says every second unless it is silent."""
    app = create_app(here)
    ui.mount(app, here)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    house: House | None = None
    dice = random.Random(4)
    while not serving.done():
        if server.started and scene != "stale":
            known = here.hub.latest.get(("powerwall", Q.STATE_OF_CHARGE))
            house = house or House(known.value if known else 50.0)
            await here.accept(
                batch(house, here.clock.now() + dice.randint(0, 9), 1, island=scene == "outage")
            )
        await asyncio.sleep(1)


def main() -> None:
    """Serve it."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--port", type=int, default=8097)
    asking.add_argument("--scene", choices=[*HOURS], default="day")
    asking.add_argument("--language", default="en")
    asking.add_argument("--days", type=int, default=31)
    asked = asking.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(fill(folder, asked.scene, asked.days))
        asyncio.run(
            serve(appliance(folder, asked.scene, asked.language, asked.port), asked.scene, asked.port)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
