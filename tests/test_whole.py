"""The whole appliance in the virtual house: what it keeps is what is true.

Time goes on in steps of a quarter of an hour, and only when every source has been heard. DAYS=14 in the
environment makes it two weeks of virtual time; two days are enough for every commit.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from in_thread import InThread

from appliance.app import Appliance
from appliance.calendar import QUARTER_MS, day_of, day_span
from appliance.cli.common import kinds
from appliance.clock import DAY_MS, FakeClock
from appliance.demo import VirtualHouse
from appliance.demo.price_market import EURO
from appliance.model import Quantity
from appliance.sources import camera_meter
from appliance.supervise import State
from config.load import ConfigFile

START = 1_792_749_600_000  # 2026-10-23T10:00Z: summer time ends in the night to the 25th
DAYS = float(os.environ.get("DAYS", "2.5"))
STEP_S = 900
SOURCES = ("p1", "meter", "inverter", "homewizard_p1", "homewizard_solar", "homewizard_water")
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@asynccontextmanager
async def living(folder: Path, clock: FakeClock) -> AsyncIterator[tuple[Appliance, VirtualHouse]]:
    with VirtualHouse(clock, folder / "house") as house:
        config = house.config()
        for source in config["sources"]:
            if source["type"] == "powerwall":
                source |= {"every_s": 4 * STEP_S, "details_every_s": 4 * STEP_S}
            if source["name"] not in SOURCES:
                continue
            source["every_s"] = 1 if source["type"] == "p1_serial" else STEP_S
            if source["type"] == "json_http":
                source["values"].append({"quantity": "power_grid", "path": "Body.Data.Site.P_Grid"})
        for sink in config["sinks"]:
            sink["interval_seconds"] = STEP_S
        (folder / "config.json").write_text(json.dumps(config))
        loaded = ConfigFile(folder / "config.json", kinds(), folder).load()
        async with Appliance(loaded.config, folder, clock) as appliance:
            yield appliance, house


async def heard(appliance: Appliance, clock: FakeClock, since: int) -> None:
    """Wait, in real time, until every source has said how things stand after `since`.

    The meter speaks when a second begins; its last telegram must have been heard before time leaps on, and in
    the leap it is silent: a telegram that was under way all that time would bear the time of its arrival.
    """
    for tries in range(1, 2000):
        newest = dict.fromkeys(SOURCES, 0)
        for (source, _), reading in appliance.hub.latest.items():
            newest[source] = max(newest.get(source, 0), reading.at)
        priced = appliance.health.parts["spot"].state is State.OK
        if priced and all(newest[s] >= since for s in SOURCES) and newest["p1"] >= clock.now() - 999:
            return
        await asyncio.sleep(0.01)
        if tries % 15 == 0:
            await clock.forward(1)
    raise AssertionError([f"{part.name}: {part.state} {part.text}" for part in appliance.health])


async def test_what_it_keeps_is_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_meter, "Apart", InThread)
    clock = FakeClock(START)
    async with living(tmp_path, clock) as (appliance, house):
        await heard(appliance, clock, START)
        for _ in range(int(DAYS * DAY_MS / STEP_S / 1000)):
            since = clock.now() + 1000
            with house.p1.speaking:
                await clock.forward(STEP_S)
            await heard(appliance, clock, since)
            # The store measures its commits by the held clock, which leaps: it is asked at the end.
            assert all(part.state is State.OK for part in appliance.health if part.role == "source")
        await appliance.store.flush()
        await appliance.store.check()
        await the_registers_are_those_of_the_house(appliance, house)
        await the_powerwall_tells_the_house_s_truth(appliance, house)
        await power_adds_up(appliance)
        await each_day_has_its_energy(appliance, house, clock.now())
        await every_quarter_has_the_market_s_price(appliance, house, clock.now())
        refused = await appliance.store.events(names=["rejected", "register_rebased", "unreadable"])
        assert [stored.event.text for stored in refused] == []
        await everything_arrived_once_and_in_order(appliance, house, clock)


async def the_registers_are_those_of_the_house(appliance: Appliance, house: VirtualHouse) -> None:
    # A telegram's time is cut to the second, in which 20 kW are 0.006 kWh; while a picture is taken the
    # held clock may go on by some seconds.
    for source, digit in (("p1", 0.001 + 0.006), ("meter", 0.1 + 0.05)):
        at, value, confidence = await appliance.store.raw(source, Quantity.ENERGY_IMPORT, 0, 2**52)
        assert len(at) >= DAYS * DAY_MS / STEP_S / 1000, source
        truth = np.array([house.house.state_at(int(t)).import_kwh for t in at])
        assert np.abs(value - truth).max() <= digit, source
        assert np.all(np.diff(value) >= 0), source
        assert confidence.min() > 0.85


async def the_powerwall_tells_the_house_s_truth(appliance: Appliance, house: VirtualHouse) -> None:
    for quantity, name in (
        (Quantity.ENERGY_SOLAR, "solar_kwh"),
        (Quantity.ENERGY_IMPORT, "import_kwh"),
        (Quantity.ENERGY_EXPORT, "export_kwh"),
    ):
        at, value, _ = await appliance.store.raw("powerwall", quantity, 0, 2**52)
        assert len(at) >= DAYS * DAY_MS / STEP_S / 1000 / 10, quantity
        # Time leaps on while it is asked, for nobody waits for it: a value is of between two readings.
        truth = np.array([getattr(house.house.state_at(int(t)), name) for t in (START, *at)])
        assert np.all((truth[:-1] - 0.001 <= value) & (value <= truth[1:] + 0.001)), quantity


async def power_adds_up(appliance: Appliance) -> None:
    names = ("power_load", "power_solar", "power_battery", "power_grid")
    columns = [await appliance.store.raw("inverter", Quantity(name), 0, 2**52) for name in names]
    load, solar, battery, grid = (value for _, value, _ in columns)
    assert len(load) >= DAYS * DAY_MS / STEP_S / 1000
    assert np.abs(load - (grid + solar + battery)).max() <= 1
    assert solar.max() > 1000
    assert battery.min() < 0 < battery.max(), "it was charged and discharged"


async def each_day_has_its_energy(appliance: Appliance, house: VirtualHouse, end: int) -> None:
    first = day_of(START + DAY_MS, STOCKHOLM)
    start, stop = day_span(first, STOCKHOLM)
    assert stop <= end
    for quantity, name in ((Quantity.ENERGY_IMPORT, "import_kwh"), (Quantity.ENERGY_EXPORT, "export_kwh")):
        (kept,) = await appliance.store.increase("p1", quantity, [start, stop])
        truth = getattr(house.house.state_at(stop), name) - getattr(house.house.state_at(start), name)
        assert kept == pytest.approx(truth, abs=0.01)


async def every_quarter_has_the_market_s_price(appliance: Appliance, house: VirtualHouse, end: int) -> None:
    start = day_span(day_of(START - 7 * DAY_MS, STOCKHOLM), STOCKHOLM)[0]
    until = day_span(day_of(end, STOCKHOLM), STOCKHOLM)[1]
    kept = await appliance.store.prices("wholesale", start, until)
    assert [price.start for price in kept] == list(range(start, until, QUARTER_MS))
    for price in kept:
        said = house.prices.euro_per_mwh(price.start, "SE3") * EURO["SEK"] / 1000
        assert price.per_kwh == pytest.approx(said, abs=6e-6)
    assert len(house.prices.asked) <= 8 + DAYS * 6, (
        "a day is asked for once, but for the time before it is there"
    )


async def everything_arrived_once_and_in_order(
    appliance: Appliance, house: VirtualHouse, clock: FakeClock
) -> None:
    rows = await appliance.store.after(0, {Quantity.ENERGY_IMPORT}, None, 100_000)
    sent = [f"{row.reading.source}/energy_import/{row.reading.at}" for row in rows]
    deadline = time.monotonic() + 20
    while len(house.central.readings) < len(sent) and time.monotonic() < deadline:
        await clock.forward(60)
        await asyncio.sleep(0.02)
    got = [reading["id"].partition("/")[2] for reading in house.central.readings]
    assert got[: len(sent)] == sent
    assert len(got) == len(set(got))
