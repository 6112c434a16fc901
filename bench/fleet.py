"""The fleet drill, `make fleet`: thousands of appliances with a day's backlog come back to one store at once.

Every appliance is the product's own sink with its own back-off; only its store (a list) and its socket (all
share one process) are stand-ins. Before a real VictoriaMetrics or InfluxDB stands `bench.fleet_gateway`, 16
requests at a time and 64 in a queue, all in processes of their own. What the store then holds is counted.

FLEET=2000 READINGS=96 SERVICE_MS=50 STORE=victoria_metrics|influxdb1 select; names of drills are arguments.
"""

import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import requests

from appliance.clock import DAY_MS, MINUTE_MS, Clock, ScaledClock
from appliance.errors import SourceError
from appliance.http import Answer
from appliance.hub import Hub
from appliance.model import Event, Quantity, Reading
from appliance.sinks.base import SinkContext
from appliance.sinks.line_protocol import Options, Sink
from appliance.store import Row, SeriesInfo, Store
from bench.__main__ import machine
from tests.peers.influxdb import influxdb
from tests.peers.process import free_port, listens, running
from tests.peers.victoria_metrics import victoria_metrics

FLEET = int(os.environ.get("FLEET", "2000"))
READINGS = int(os.environ.get("READINGS", "96"))
SERVICE_MS = float(os.environ.get("SERVICE_MS", "50"))
STORE = os.environ.get("STORE", "victoria_metrics")
LONGEST_S = 900.0
START = (time.time_ns() // 1_000_000 // DAY_MS - 1) * DAY_MS
MOST_REQUESTS = 1.1


@dataclass(frozen=True)
class Drill:
    """One way to come back; `lost` is the share of answers that never arrive, `outage_s` how long the store
    was away before (seconds of appliances), `speed` how many of those pass in a second."""

    key: str
    name: str
    spread_s: float = 60
    lost: float = 0
    outage_s: float = 0
    speed: float = 1
    bound: float | None = MOST_REQUESTS


DRILLS = {
    drill.key: drill
    for drill in (
        Drill("power", "power is back everywhere: all start in the same second"),
        Drill(
            "outage", "the store is back after 15 minutes; ten times as fast as life", outage_s=900, speed=10
        ),
        Drill("lost", "as the first, every fifth answer is lost", lost=0.2, bound=None),
        Drill("no_spread", "as the first, without the start spread", spread_s=0, bound=None),
    )
}


class Log:
    """What a sink asks of the store, of one series in memory."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self.rows = [Row(number, reading) for number, reading in enumerate(readings, 1)]
        self.at = 0

    async def cursor(self, name: str) -> int:
        return self.at

    async def move_cursor(self, name: str, seq: int) -> None:
        self.at = seq

    async def newest_seq(self) -> int:
        return len(self.rows)

    async def after(self, cursor: int, quantities: Any, sources: Any, limit: int) -> list[Row]:
        return self.rows[cursor : cursor + limit]

    async def pending(self, name: str, quantities: Any, sources: Any) -> tuple[int, int | None]:
        left = self.rows[self.at :]
        return len(left), left[0].reading.at if left else None

    async def series_list(self) -> list[SeriesInfo]:
        first, last = self.rows[0].reading, self.rows[-1].reading
        return [SeriesInfo(first.source, first.quantity, first.at, last.at, len(self.rows))]

    async def raw(self, source: str, quantity: Quantity, start: int, end: int) -> Any:
        """Nothing was ever said twice here."""
        import numpy as np

        return np.empty(0), np.empty(0), np.empty(0)


@dataclass
class Network:
    """Everybody's way to the gateway; while it is `away` nothing gets there."""

    http: httpx.AsyncClient
    lost: float
    away: bool = False
    dice: random.Random = field(default_factory=lambda: random.Random(11))

    async def send(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        if self.away:
            raise SourceError("The store cannot be reached (connection refused)")
        try:
            said = await self.http.request(method, url, headers=dict(headers), content=data)
        except httpx.HTTPError as error:
            raise SourceError(f"The store cannot be reached ({error!r})") from None
        if self.dice.random() < self.lost:
            raise SourceError("The store cannot be reached (connection cut)")
        return Answer(said.status_code, {k.lower(): v for k, v in said.headers.items()}, said.content)

    def close(self) -> None:
        """It is everybody's."""


class Silent:
    """Nobody reads two thousand Health pages."""

    def ok(self, text: str) -> None: ...
    def trouble(self, text: str, *, needs_you: bool = False) -> None: ...
    def event(self, event: Event) -> None: ...


def backlog(number: int) -> list[Reading]:
    """A day of one appliance: a register read every so many minutes."""
    step = DAY_MS // READINGS // MINUTE_MS * MINUTE_MS or DAY_MS // READINGS
    return [
        Reading("meter", Quantity.ENERGY_IMPORT, 1000.0 + number + n / 4, START + n * step + number % 60_000)
        for n in range(READINGS)
    ]


def appliance(number: int, drill: Drill, url: str, network: Network, clock: Clock) -> tuple[Sink, Log]:
    log = Log(backlog(number))
    context = SinkContext(
        clock, cast(Store, log), Hub(clock), ZoneInfo("UTC"), f"{drill.key}-{number:05d}", Silent(),
        lambda reading: ("", []),
    )  # fmt: skip
    options = Options.model_validate({
        "url": url, "flavour": STORE, "database": "fleet", "interval_seconds": 900, "prices": False,
        "start_spread_seconds": drill.spread_s, "verify_every_hours": None, "timeout_seconds": 60,
    })  # fmt: skip
    return Sink(options, context, network), log


@dataclass
class Result:
    """What a drill gave."""

    drill: Drill
    requests: int
    refused: int
    most_inside: int
    done_s: list[float]
    held: int
    values: float
    expected_values: float

    @property
    def good(self) -> bool:
        """Nothing lost, nothing double, no value another, no more requests than allowed."""
        whole = self.held == FLEET * READINGS and abs(self.values - self.expected_values) < 1e-6 * self.values
        return whole and (self.drill.bound is None or self.requests <= self.drill.bound * FLEET)


async def run(drill: Drill, gateway: str, store: Any) -> Result:
    """Let the fleet come back, and count."""
    await asyncio.to_thread(_counts, gateway)
    clock = ScaledClock(drill.speed)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(timeout=60, limits=limits) as http:
        network = Network(http, drill.lost, away=drill.outage_s > 0)
        fleet = [appliance(number, drill, gateway, network, clock) for number in range(FLEET)]
        tasks = [asyncio.create_task(sink.run()) for sink, _ in fleet]
        await clock.sleep(drill.outage_s)
        network.away = False
        done_s = await _all_done([log for _, log in fleet])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    counts = await asyncio.to_thread(_counts, gateway)
    name = f"{drill.key}-.*"
    held, values = await asyncio.to_thread(_held, store, name)
    expected = sum(row.reading.value for _, log in fleet for row in log.rows)
    return Result(
        drill, counts["requests"], counts["refused"], counts["most_inside"], done_s, held, values, expected
    )


def _counts(gateway: str) -> dict[str, int]:
    told: dict[str, int] = requests.get(f"{gateway}/counts", timeout=10).json()
    return told


async def _all_done(logs: Sequence[Log]) -> list[float]:
    """Seconds until each had delivered all; infinite for those that had not in time."""
    began, left, done = time.monotonic(), list(logs), list[float]()
    while left and (passed := time.monotonic() - began) < LONGEST_S:
        still = [log for log in left if log.at < len(log.rows)]
        done += [passed] * (len(left) - len(still))
        left = still
        await asyncio.sleep(0.1)
    return done + [float("inf")] * len(left)


def _held(store: Any, name: str) -> tuple[int, float]:
    """How many readings of these appliances the store holds, and the sum of their values."""
    if STORE == "influxdb1":
        asked = f"SELECT count(value), sum(value) FROM tallywatt WHERE appliance =~ /^{name}$/"
        (series,) = store.run(asked, "fleet")
        return int(series["values"][0][1]), float(series["values"][0][2])
    time.sleep(2)
    series = f'tallywatt_value{{appliance=~"{name}"}}[2d]'
    count = store.query(f"sum(count_over_time({series}))", START + DAY_MS + 60_000)
    values = store.query(f"sum(sum_over_time({series}))", START + DAY_MS + 60_000)
    return int(float(count[0]["value"][1])), float(values[0]["value"][1])


@contextmanager
def peers(folder: Path) -> Any:
    """The store, and the gateway before it: its address and the store's API."""
    program = shutil.which("influxd" if STORE == "influxdb1" else "victoria-metrics")
    if program is None:
        sys.exit("The store is not installed: sudo apt-get install influxdb victoria-metrics")
    made = influxdb(program, folder / "store") if STORE == "influxdb1" else victoria_metrics(program, folder)
    with made as store:
        if STORE == "influxdb1":
            store.create("fleet")
        port = free_port()
        command = [sys.executable, "-m", "bench.fleet_gateway", str(port), store.url, str(SERVICE_MS)]
        env = {"PYTHONPATH": str(Path(__file__).parents[1])}
        with running(command, folder / "gateway", lambda: listens(port), env=env):
            yield f"http://127.0.0.1:{port}", store


def row(result: Result) -> str:
    """A line of the table."""
    done = sorted(result.done_s)
    t50, t99, last = done[len(done) // 2], done[int(len(done) * 0.99)], done[-1]
    lost = FLEET * READINGS - result.held
    verdict = "yes" if result.good else "**no**"
    cells = (
        result.drill.name, f"{result.requests:,}", f"{result.requests / FLEET:.3f}", f"{result.refused:,}",
        result.most_inside, f"{t50:.1f} / {t99:.1f} / {last:.1f}", f"{result.held:,}", f"{lost:,}", verdict,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in DRILLS]
    if unknown:
        sys.exit(f"no such drill: {', '.join(unknown)}; there are {', '.join(DRILLS)}")
    print(f"Measured on {machine()}. {FLEET:,} appliances x {READINGS} readings to a real {STORE};")
    print(f"gateway: 16 requests at a time, {SERVICE_MS:g} ms each on top of the store's, 64 in a queue.\n")
    heads = (
        "drill|requests|an appliance|503s|most inside|done s (t50 / t99 / last)|held|missing|as it should be"
    )
    print(f"| {heads.replace('|', ' | ')} |\n|---{'|--:' * 7}|---|")
    good = True
    with tempfile.TemporaryDirectory() as folder, peers(Path(folder)) as (gateway, store):
        for name in names or DRILLS:
            result = asyncio.run(run(DRILLS[name], gateway, store))
            print(row(result), flush=True)
            good = good and result.good
    if not good:
        sys.exit("A drill did not end as it should")


if __name__ == "__main__":
    main(sys.argv[1:])
