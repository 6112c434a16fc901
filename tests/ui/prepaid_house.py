"""A real appliance that has watched a prepaid meter for weeks, for the Prepaid page and Home.

`python -m tests.ui.prepaid_house --port 8098` serves it; `--scene` is grid, generator, low, cut or stale.
"""

import argparse
import asyncio
import math
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn

import ui
from appliance import calendar
from appliance.app import Appliance
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, Clock, FakeClock, ScaledClock
from appliance.model import Event, Quantity, Reading
from appliance.prepaid import Account, Movement, days_left
from appliance.store import Store
from appliance.web import create_app
from tests.appliances import made

Q = Quantity
ZONE = ZoneInfo("Asia/Kolkata")
SCENES = ("grid", "generator", "low", "cut", "stale")
NOW = calendar.instant(datetime(2027, 5, 14, 19, 42, 10, tzinfo=ZONE))
EB_PRICE, DG_PRICE = 8.33, 22.0
STEP_MS = 5 * MINUTE_MS
CUTS = ((29, 8.1, 0.6), (26, 14.0, 2.2), (21, 19.4, 0.9), (16, 3.2, 0.4), (11, 20.1, 1.6), (7, 10.0, 3.1),
        (4, 15.2, 0.3), (2, 18.3, 1.2), (0, 13.1, 0.7))  # fmt: skip
"""Days ago, hour of the day and hours for which the generator ran."""
RECHARGES = ((27, 9.3, 2000, True), (19, 21.2, 1500, True), (14, 8.0, 2000, True), (9, 20.4, 1000, True),
             (4, 1.17, -250, True), (3, 10.2, 2000, True), (0, 11.6, 500, False))  # fmt: skip
"""Days ago, hour, amount, whether the portal's list has it. Below nought it is a deduction."""
SILENCE = (5, 1.0, 5.5)
"""Days ago, hour and hours for which the portal told nothing."""


def when(days: int, hour: float) -> int:
    """The hour of the day so many days ago."""
    return calendar.day_start(calendar.day_of(NOW - days * DAY_MS, ZONE), ZONE) + round(hour * HOUR_MS)


def load_w(at: int) -> float:
    """What a flat draws: a fridge, an evening, an air conditioner at night."""
    local = calendar.local(at, ZONE)
    hour = local.hour + local.minute / 60
    load = 190 + 60 * math.sin(at / 1_900_000)
    load += 520 * math.exp(-((hour - 7.3) ** 2) / 1.5) + 900 * math.exp(-((hour - 20.3) ** 2) / 3)
    return load + (780 if hour < 5 and math.sin(at / 1_300_000) > -0.3 else 0)


@dataclass
class Flat:
    """The meter at a moment; the numbers of the day and the month begin anew as its own do."""

    at: int
    balance: float
    eb: float = 4182.0
    dg: float = 311.4
    day_eb: float = 0.0
    day_dg: float = 0.0
    month_eb: float = 0.0
    month_dg: float = 0.0

    def go(self, at: int, *, generator: bool, cut: bool = False) -> float:
        """On to an instant; returns W. `cut`: the meter has switched the flat off."""
        before, now = (calendar.day_of(one, ZONE) for one in (self.at, at))
        if now != before:
            self.day_eb = self.day_dg = 0.0
        if now.month != before.month:
            self.month_eb = self.month_dg = 0.0
        watts = 0.0 if cut else load_w(at)
        kwh = watts / 1000 * (at - self.at) / HOUR_MS
        if generator:
            self.dg, self.day_dg, self.month_dg = self.dg + kwh, self.day_dg + kwh, self.month_dg + kwh
        else:
            self.eb, self.day_eb, self.month_eb = self.eb + kwh, self.day_eb + kwh, self.month_eb + kwh
        self.balance -= kwh * (DG_PRICE if generator else EB_PRICE)
        self.at = at
        return watts

    def told(self, watts: float, *, generator: bool, relay: bool = True) -> list[Reading]:
        """All the portal says."""
        values = {
            Q.SUPPLY: float(generator), Q.POWER_LOAD: watts, Q.POWER_GRID: 0.0 if generator else watts,
            Q.POWER_GENERATOR: watts if generator else 0.0, Q.ENERGY_IMPORT: self.eb,
            Q.ENERGY_GENERATOR: self.dg, Q.BALANCE: self.balance, Q.RELAY: float(relay),
            Q.IMPORT_TODAY: self.day_eb, Q.IMPORT_COST_TODAY: self.day_eb * EB_PRICE,
            Q.IMPORT_MONTH: self.month_eb, Q.IMPORT_COST_MONTH: self.month_eb * EB_PRICE,
            Q.GENERATOR_TODAY: self.day_dg, Q.GENERATOR_COST_TODAY: self.day_dg * DG_PRICE,
            Q.GENERATOR_MONTH: self.month_dg, Q.GENERATOR_COST_MONTH: self.month_dg * DG_PRICE,
        }  # fmt: skip
        return [Reading("elnet", q, round(v, q.spec.decimals), self.at) for q, v in values.items()]


def runs(scene: str) -> list[tuple[int, int | None]]:
    """When the generator ran; in one scene it still does."""
    found: list[tuple[int, int | None]] = [
        (when(days, hour), when(days, hour) + round(hours * HOUR_MS)) for days, hour, hours in CUTS
    ]
    return [*found, (NOW - 37 * MINUTE_MS, None)] if scene == "generator" else found


def begin(scene: str, days: int) -> Flat:
    """So much money that the scene ends as it should."""
    end = {"low": 74.2, "cut": -3.1}.get(scene, 1384.0)
    flat = Flat(NOW - days * DAY_MS, 0.0)
    for at in range(flat.at, NOW, STEP_MS):
        flat.go(at, generator=on(runs(scene), at))
    moved = sum(amount for ago, hour, amount, _ in RECHARGES if when(ago, hour) > NOW - days * DAY_MS)
    return Flat(NOW - days * DAY_MS, end - flat.balance - moved)


def on(spans: list[tuple[int, int | None]], at: int) -> bool:
    """Whether the generator runs."""
    return any(a <= at and (b is None or at < b) for a, b in spans)


async def fill(folder: Path, scene: str, days: int) -> tuple[Flat, list[tuple[int, float]]]:
    """Weeks of what the portal told, with its events. Returns the flat as it stands, and what it has used."""
    spans, flat, used = runs(scene), begin(scene, days), []
    silent = when(SILENCE[0], SILENCE[1]), when(SILENCE[0], SILENCE[1] + SILENCE[2])
    moves = {when(ago, hour): amount for ago, hour, amount, _ in RECHARGES}
    last = NOW - (26 * MINUTE_MS if scene == "stale" else 0)
    spent = flat.balance
    async with Store(folder / "store", FakeClock(NOW), ZONE) as store:
        for at in range(flat.at + STEP_MS, last, STEP_MS):
            came = [amount for moved, amount in moves.items() if at - STEP_MS < moved <= at]
            flat.balance += sum(came)
            spent += sum(came)
            watts = flat.go(at, generator=on(spans, at))
            used.append((at, spent - flat.balance))
            if not silent[0] <= at < silent[1]:
                store.append(flat.told(watts, generator=on(spans, at), relay=scene != "cut"))
            if at % DAY_MS < STEP_MS:
                await store.flush()
        await store.flush()
        store.append(await events(store, spans))
        await store.maintain()
    return flat, used


async def events(store: Store, spans: list[tuple[int, int | None]]) -> list[Event]:
    """The generator's runs as the source tells them."""
    found = []
    for start, end in spans:
        found.append(Event("elnet", "generator_on", start, "The generator supplies", {"start": start}))
        if end is not None:
            [kwh] = await store.increase("elnet", Q.ENERGY_GENERATOR, [start, end])
            data = {"start": start, "end": end, "duration_s": (end - start) / 1000}
            if kwh:
                data |= {"kwh": round(kwh, 2), "cost": round(kwh * DG_PRICE, 2)}
            found.append(Event("elnet", "generator_off", end, "The grid is back", data))
    return sorted(found, key=lambda event: event.at)


class Portal:
    """The source: what it knows of the account at this moment."""

    name = "elnet"
    cadence_s = 60.0

    def __init__(self, scene: str, flat: Flat, used: list[tuple[int, float]], clock: Clock) -> None:
        self.flat = flat
        self._clock = clock
        start, end = runs(scene)[-1]
        moves = tuple(
            Movement(when(ago, hour), amount, confirmed)
            for ago, hour, amount, confirmed in reversed(RECHARGES)
        )
        self._account = Account(
            supply="generator" if end is None else "grid", since=end or start, relay=scene != "cut",
            days_left=days_left(flat.balance, used), movements=moves, zone=str(ZONE),
        )  # fmt: skip
        self._stale = scene == "stale"

    @property
    def prepaid(self) -> Account:
        at = self.flat.at
        stale_s = (self._clock.now() - at) / 1000 if self._stale else 0.0
        return replace(self._account, balance=round(self.flat.balance, 2), balance_at=at, stale_s=stale_s)


def appliance(folder: Path, scene: str, language: str = "en", port: int = 8098) -> Appliance:
    """The appliance over what `fill` wrote."""
    site = {"time_zone": str(ZONE), "language": language, "currency": "INR", "name": "Flat 402"}
    here = made(folder, ScaledClock(1.0, NOW), site=site, web={"port": port})
    here.cadences["elnet"] = Portal.cadence_s
    return here


async def serve(here: Appliance, portal: Portal, scene: str, port: int) -> None:
    """Pages and API, and what the portal says every second unless it tells nothing newer."""
    app = create_app(here)
    ui.mount(app, here)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    generator = scene == "generator"
    while not serving.done():
        if server.started:
            here.sources["elnet"] = portal  # type: ignore[assignment]
            if scene != "stale":
                watts = portal.flat.go(here.clock.now(), generator=generator, cut=scene == "cut")
                await here.accept(portal.flat.told(watts, generator=generator, relay=scene != "cut"))
        await asyncio.sleep(1)


def main() -> None:
    """Serve it."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--port", type=int, default=8098)
    asking.add_argument("--scene", choices=SCENES, default="grid")
    asking.add_argument("--language", default="en")
    asking.add_argument("--days", type=int, default=31)
    asked = asking.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        flat, used = asyncio.run(fill(folder, asked.scene, asked.days))
        here = appliance(folder, asked.scene, asked.language, asked.port)
        asyncio.run(serve(here, Portal(asked.scene, flat, used, here.clock), asked.scene, asked.port))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
