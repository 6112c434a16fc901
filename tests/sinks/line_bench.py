"""A store, a line protocol sink and a network between them that loses answers."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from appliance.clock import DAY_MS, Clock, FakeClock, ScaledClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request
from appliance.hub import Hub
from appliance.model import Quantity, Reading
from appliance.sinks.base import SinkContext
from appliance.sinks.line_protocol import Options, Sink
from appliance.store import Store
from tests.peers.telling import Report

ZONE = ZoneInfo("Europe/Stockholm")
START = (time.time_ns() // 1_000_000 // DAY_MS - 2) * DAY_MS
"""Two days ago, UTC midnight: real stores refuse what is far from their own time."""
QUARTER_MS = 900_000
IMPORT, GRID, SOLAR = Quantity.ENERGY_IMPORT, Quantity.POWER_GRID, Quantity.POWER_SOLAR


class Network(HttpDevice):
    """Passes requests on to `url`; `habit` says how each fails, if it does."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.upstream = url
        self.habit: Callable[[Request], Fault | None] = lambda request: None
        self.seen: list[Request] = []

    def noticed(self, request: Request) -> Fault | None:
        self.seen.append(request)
        return self.habit(request)

    def answer(self, request: Request) -> Answer:
        kept = ("authorization", "content-encoding", "content-type")
        headers = {name: value for name, value in request.headers.items() if name in kept}
        said = requests.request(
            request.method,
            f"{self.upstream}{request.path}",
            params=dict(request.query),
            data=request.body,
            headers=headers,
            timeout=30,
        )
        return Answer(said.content, said.status_code, said.headers.get("Content-Type", "text/plain"))


def bad_line(seed: int) -> Callable[[Request], Fault | None]:
    """A line that loses every fifth answer after the store took the batch, and is busy every tenth time."""
    dice = random.Random(seed)

    def habit(request: Request) -> Fault | None:
        fate = dice.random()
        if fate < 0.2:
            return Fault(cut=True, lost=True)
        return Fault(status=503, retry_after_s=7) if fate < 0.3 else None

    return habit


class Bench:
    """One appliance: its store and its sink."""

    def __init__(self, folder: Path, clock: Clock, id_: str = "hut") -> None:
        self.clock, self.id = clock, id_
        self.store = Store(folder, clock, ZONE)
        self.report = Report()

    def sink(self, url: str, **options: Any) -> Sink:
        given = {"url": url, "flavour": "influxdb1", "database": "energy", "start_spread_seconds": 0}
        if options.get("flavour", "influxdb1") != "influxdb1":
            del given["database"]
        context = SinkContext(
            self.clock, self.store, Hub(self.clock), ZONE, self.id, self.report, lambda r: ("", [])
        )
        return Sink(Options.model_validate(given | {"verify_every_hours": None} | options), context)

    async def keep(self, *readings: Reading) -> None:
        self.store.append(readings)
        await self.store.flush()


def held() -> FakeClock:
    """A clock that stands still, a day after `START`."""
    return FakeClock(START + DAY_MS)


def running() -> ScaledClock:
    """A clock that goes, from a day after `START`."""
    return ScaledClock(1.0, START + DAY_MS)


def readings(count: int, first: int = 0) -> list[Reading]:
    """So many of each of three series, a minute apart."""
    made = []
    for n in range(first, first + count):
        at = START + n * 60_000
        made += [
            Reading("meter", IMPORT, 48_000 + n / 1000, at, 0.97),
            Reading("powerwall", GRID, -1500.0 + n * 7.25, at + 137),
            Reading("powerwall.inverter2", SOLAR, n % 50 + 0.125, at + 137),
        ]
    return made


def post(url: str, database: str, text: str, precision: str = "ms") -> requests.Response:
    """Write to InfluxDB without the sink."""
    asked = {"db": database, "precision": precision}
    return requests.post(f"{url}/write", params=asked, data=text.encode(), timeout=10)


def tags(reading: Reading, appliance: str = "hut") -> tuple[tuple[str, str], ...]:
    """The tags its line has, in order."""
    source, _, unit = reading.source.partition(".")
    named = {"appliance": appliance, "source": source, "quantity": str(reading.quantity)}
    return tuple(sorted((named | ({"unit": unit} if unit else {})).items()))


def as_points(kept: list[Reading], appliance: str = "hut") -> list[Any]:
    """What InfluxDB should hold of the readings."""
    return sorted(
        (
            tags(r, appliance),
            r.at,
            {"value": r.value} | ({"confidence": r.confidence} if r.confidence < 1 else {}),
        )
        for r in kept
    )


def as_samples(kept: list[Reading], appliance: str = "hut") -> list[Any]:
    """What VictoriaMetrics should hold of the readings' values."""
    return sorted(
        (tuple(sorted([*tags(r, appliance), ("__name__", "tallywatt_value")])), r.at, r.value) for r in kept
    )
