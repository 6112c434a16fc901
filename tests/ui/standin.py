"""A stand-in appliance with a scripted sunny day, to see and test the pages without any device.

`python -m tests.ui.standin --port 8099` serves it; `--scene` chooses another situation.
"""

import argparse
import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import cv2
import numpy as np
from fastapi import FastAPI, Response

from appliance.access import Access
from appliance.calendar import instant, local
from appliance.clock import HOUR_MS, MINUTE_MS, ScaledClock
from appliance.errors import SourceError
from appliance.hub import Hub
from appliance.ledger import Ledger
from appliance.model import DigitSeen, Event, Picture, Price, Quantity, Reading
from appliance.outage_watch import OutageWatch
from appliance.phase_watch import PhaseWatch
from appliance.store import Every, Series
from appliance.supervise import Health, State
from config.schema import Config
from tests.ui.house import ZONE, House, hump
from tests.ui.surveyor import Surveyor

START = instant(datetime(2026, 5, 14, 14, 32, 10, tzinfo=ZONE))
REGISTER = 48_713.4
Q = Quantity
P1 = ("P1 meter", "p1_serial", 10.0)
CAMERA = ("Cellar", "camera_meter", 600.0)
MORE_CAMERAS = [(name, "camera_meter", 600.0) for name in ("garage", "water_meter_in_the_old_laundry_cellar")]


class Stored(NamedTuple):
    id: int
    event: Event


class ScriptedStore:
    """The part of the store the screens ask, answered from the scripted house."""

    def __init__(self, house: House, hub: Hub, known: frozenset[str]) -> None:
        self._house = house
        self._hub = hub
        self._known = known

    async def increase(
        self, source: str, quantity: Quantity, edges: Sequence[int], *, since_first: bool = False
    ) -> list[float | None]:
        if source not in self._known:
            return [None] * (len(edges) - 1)
        at = [self._house.register(quantity, edge) for edge in edges]
        return [None if a is None or b is None else b - a for a, b in pairwise(at)]

    async def series_list(self) -> list[Any]:
        return []

    async def prices(self, channel: str, start: int, end: int) -> list[Price]:
        known = [price for price in self._hub.prices.values() if price.channel == channel]
        return [price for price in known if price.start < end and price.end > start]

    async def series(
        self, source: str, quantity: Quantity, start: int, end: int, every: Every, limit: int = 1500
    ) -> Series:
        """What the house does now, drawn back over the span."""
        step = max(MINUTE_MS, (end - start) // min(limit, 200))
        at = list(range(start, end, step))
        known = self._hub.latest.get((source, quantity))
        if known is None:
            return Series([], [])
        value: list[float | None] = [known.value * (1 + 0.02 * math.sin(t / 3e6)) for t in at]
        return Series(at, value, value, value)

    async def events(
        self, *, names: Sequence[str] | None = None, source: str | None = None, limit: int = 100
    ) -> list[Stored]:
        found = [
            Stored(number, event)
            for number, event in enumerate(self._hub.events)
            if (names is None or event.name in names) and (source is None or event.source == source)
        ]
        return found[::-1][:limit]


class StandIn:
    """What `ui.mount` needs of the appliance."""

    def __init__(self, folder: Path, scene: str = "sunny", language: str = "en", start: int = START) -> None:
        self.scene = scene
        self.folder = folder
        self.clock = ScaledClock(start=start)
        self.zone = ZONE
        site = {
            "name": "Home", "time_zone": str(ZONE), "language": language, "currency": "SEK",
            "main_fuse_a": 16, "latitude": 59.3, "longitude": 18.1,
        }  # fmt: skip
        self.config = Config.model_validate({"site": site})
        self.hub = Hub(self.clock)
        self.health = Health(self.clock)
        self.house = House(start)
        self.cadences: dict[str, float] = {}
        self.sources: dict[str, Any] = {}
        self.store = ScriptedStore(self.house, self.hub, frozenset({"P1 meter", "Inverter", "Cellar"}))
        self.ledger = Ledger(self.store, self.clock, ZONE, (), (), self.grid_meters)  # type: ignore[arg-type]
        self.phase_watch = PhaseWatch(self.hub, self.clock, 16, self.hub.publish)
        self.outage_watch = OutageWatch(self.hub, self.store, self.clock, ZONE, self.hub.publish, ())  # type: ignore[arg-type]
        documents = _Documents()
        self.access = Access(documents, SimpleNamespace(seal=str, open=str), self.clock)
        self.access.load()
        self.corrections = self
        self.silent: set[str] = set()
        slow = 1.2 if scene == "unset" else 0.0
        cameras = [name for name, _, _ in (CAMERA, *MORE_CAMERAS)]
        self.surveyors = {name: Surveyor(self.clock.now(), scene != "unset", slow) for name in cameras}
        if scene == "window":
            self.surveyors["Cellar"].found_window()
        self._set_up()

    def source_types(self) -> dict[str, str]:
        return {part.name: part.type for part in self.health if part.role == "source"}

    def grid_meters(self, quantity: Quantity) -> list[str]:
        return ["P1 meter"] if ("P1 meter", quantity) in self.hub.latest else []

    def _set_up(self) -> None:
        parts = {
            "sunny": [P1, ("Inverter", "json_http", 10.0), CAMERA],
            "grid": [P1],
            "camera": [CAMERA],
            "window": [CAMERA],
            "cameras": [CAMERA, *MORE_CAMERAS],
            "unset": [CAMERA],
            "empty": [],
        }
        for name, type_, cadence in parts.get(self.scene, parts["sunny"]):
            self.cadences[name] = cadence
            self.health.add(name, "source", type_, cadence)
            self.health.ok(name)
        self.health.add("store", "store", "sqlite")
        self.health.ok("store")
        if self.scene == "stale":
            self.silent.add("P1 meter")
            text = "No telegram on /dev/ttyUSB0 for 4 min; is the cable in the P1 port?"
            self.health.failed("P1 meter", text)
        if self.scene == "prices":
            self.hub.publish(list(self._prices()))
        if self.scene == "trouble":
            self.health.add("Central", "sink", "push")
            text = "The server refuses the token (401); put the right one in config.json"
            self.health.failed("Central", text, State.NEEDS_YOU)
        now = self.clock.now()
        self.tell(now - 4 * MINUTE_MS - 20_000)
        self.tell(now)
        if "Cellar" in self.cadences and self.scene != "unset":
            self.photograph(now - 3 * MINUTE_MS)
            self._refusals(now)

    def _prices(self) -> Any:
        first = self.clock.now() // HOUR_MS * HOUR_MS - 15 * HOUR_MS
        for at in range(first, first + 48 * HOUR_MS, 900_000):
            moment = local(at, ZONE)
            hour = moment.hour + moment.minute / 60
            price = 0.42 + 1.1 * hump(hour, 18.5, 2) + 0.7 * hump(hour, 7.8, 1.6)
            price -= 0.18 * hump(hour, 13.5, 2.4)
            yield Price("Spot", "import", at, at + 900_000, price)

    def _refusals(self, now: int) -> None:
        at = next(iter(self.surveyors["Cellar"].pictures))
        self.hub.publish(
            [
                Event("Cellar", "rejected", now - 3 * HOUR_MS, "Less than the 48713.4 kWh before",
                      {"quantity": "energy_import", "value": 48_173.4}),
                Event("Cellar", "rejected", at + 324, "A lamp is mirrored on digit 6",
                      {"text": "04871?.9", "confidence": 0.41, "picture": "refused/1.jpg"}),
                Event("P1 meter", "part_failed", now - 5 * HOUR_MS, "The telegram was torn", {}),
                Event("P1 meter", "part_back", now - 5 * HOUR_MS + 20_000, "Working", {}),
            ]
        )  # fmt: skip

    def tell(self, at: int) -> None:
        """Publish what every source says at an instant; silent sources say nothing after the first time."""
        powers = self.house.powers(at)
        silent = "P1 meter" in self.silent and ("P1 meter", Q.POWER_GRID) in self.hub.latest
        if "P1 meter" in self.cadences and not silent:
            self.hub.publish(list(self._p1(powers, at)))
        if "Inverter" in self.cadences and "Inverter" not in self.silent:
            self.hub.publish(list(self._inverter(powers, at)))

    def _p1(self, powers: dict[str, float], at: int) -> Any:
        yield Reading("P1 meter", Q.POWER_GRID, powers["grid"], at)
        for number, share, volts in ((1, 0.52, 231.4), (2, 0.14, 233.0), (3, 0.34, 230.2)):
            watts = 4100 * share + 40 * math.sin(at / 9_000 * number)
            yield Reading("P1 meter", Q[f"VOLTAGE_L{number}"], volts, at)
            yield Reading("P1 meter", Q[f"POWER_L{number}"], watts, at)
            yield Reading("P1 meter", Q[f"CURRENT_L{number}"], float(round(watts / volts)), at)
        for quantity, base in ((Q.ENERGY_IMPORT, 48_700.0), (Q.ENERGY_EXPORT, 9_120.0)):
            yield Reading("P1 meter", quantity, base + (self.house.register(quantity, at) or 0), at)
        yield Reading("P1 meter", Q.GAS, 2_291.482, at - 37 * MINUTE_MS)

    def _inverter(self, powers: dict[str, float], at: int) -> Any:
        yield Reading("Inverter", Q.POWER_SOLAR, powers["solar"], at)
        yield Reading("Inverter", Q.POWER_BATTERY, powers["battery"], at)
        yield Reading("Inverter", Q.STATE_OF_CHARGE, 72.0, at)
        bases = {Q.ENERGY_SOLAR: 21_840.0, Q.ENERGY_CHARGED: 801.0, Q.ENERGY_DISCHARGED: 744.0}
        for quantity, base in bases.items():
            yield Reading("Inverter", quantity, base + (self.house.register(quantity, at) or 0), at)

    def photograph(self, at: int) -> None:
        """A picture of the meter as the camera would have seen it."""
        jpeg, digits = meter_picture("0487134")
        seen = Picture("Cellar", at, jpeg, "048713.4", 0.93, digits, None, 900, 420)
        self.hub.publish([seen, Reading("Cellar", Q.ENERGY_IMPORT, REGISTER, at, 0.93)])

    async def exchange(self, source: str, quantity: Quantity, first: float) -> Event:
        event = Event(source, "meter_exchanged", self.clock.now(), "The meter was exchanged", {"new": first})
        self.hub.publish([Reading(source, quantity, first, self.clock.now()), event])
        return event

    async def correct(self, source: str, quantity: Quantity, value: float) -> Event:
        text = f"The register was set right: it stands at {value:.1f} kWh"
        event = Event(source, "register_corrected", self.clock.now(), text, {})
        self.hub.publish([Reading(source, quantity, value, self.clock.now()), event])
        return event

    def surveyor(self, source: str) -> Surveyor:
        if source not in self.surveyors:
            raise SourceError(f"{source} is no camera before a meter")
        return self.surveyors[source]

    async def live(self) -> None:
        while True:
            await asyncio.sleep(2.0)
            self.tell(self.clock.now())


class _Documents:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, Any]] = {}

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        return self._kept.get((table, key))

    def put(self, table: str, key: str, document: dict[str, Any]) -> None:
        self._kept[table, key] = document


def meter_picture(text: str) -> tuple[bytes, tuple[DigitSeen, ...]]:
    """A drawn counter: dark windows, white digits, the last one on red."""
    y, x = np.mgrid[0:420, 0:900]
    light = 130 - 60 * np.hypot((x - 450) / 600, (y - 210) / 300)
    image = np.repeat(np.clip(light, 30, 200).astype(np.uint8)[:, :, None], 3, axis=2)
    cv2.rectangle(image, (60, 90), (840, 300), (38, 36, 34), -1)
    digits = []
    for place, digit in enumerate(text):
        left = 92 + place * 104
        window = (28, 26, 120) if place == len(text) - 1 else (14, 13, 12)
        cv2.rectangle(image, (left, 125), (left + 84, 265), window, -1)
        white = (232, 236, 238)
        cv2.putText(image, digit, (left + 12, 236), cv2.FONT_HERSHEY_SIMPLEX, 3.1, white, 9, cv2.LINE_AA)
        digits.append(DigitSeen(float(digit), 0.71 if place == 3 else 0.985, (left, 125, 84, 140)))
    cv2.putText(image, "kWh", (90, 360), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (205, 205, 205), 2, cv2.LINE_AA)
    return cv2.imencode(".jpg", image)[1].tobytes(), tuple(digits)


def create_app(here: StandIn) -> FastAPI:
    """The stand-in behind the pages, with the routes of the API they show pictures from."""
    import ui

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(here.live())
        yield
        task.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.get("/api/v1/pictures/{source}")
    def latest(source: str) -> Response:
        return Response(here.hub.pictures[source].jpeg, media_type="image/jpeg")

    @app.get("/api/v1/meter_setup/{source}/refused/{at}")
    async def refused(source: str, at: int) -> Response:
        return Response(await here.surveyor(source).refused_picture(at), media_type="image/jpeg")

    ui.mount(app, here)  # type: ignore[arg-type]
    return app


def main() -> None:
    import tempfile

    import uvicorn

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--scene", default="sunny")
    parser.add_argument("--language", default="en")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = StandIn(Path(folder), said.scene, said.language)
        uvicorn.run(create_app(here), host="127.0.0.1", port=said.port, log_level="warning")


if __name__ == "__main__":
    main()
