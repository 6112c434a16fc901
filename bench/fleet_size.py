"""What a day of appliances weighs: on the wire, and on the disk of a real VictoriaMetrics and InfluxDB.

`APPLIANCES=20 python -m bench.fleet_size`. Each has 30 series of a reading a minute: powers, voltages and
currents of a walk at random, rounded as drivers round them, and registers that rise.
"""

import gzip
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from appliance.clock import DAY_MS, MINUTE_MS
from appliance.model import Kind, Quantity, Reading
from appliance.sinks._line import line
from bench.__main__ import machine
from tests.peers.influxdb import influxdb
from tests.peers.victoria_metrics import victoria_metrics

APPLIANCES = int(os.environ.get("APPLIANCES", "20"))
MEASURED = [quantity for quantity in Quantity if quantity.spec.kind is not Kind.STATE][:30]
START = (time.time_ns() // 1_000_000 // DAY_MS - 1) * DAY_MS
MINUTES = 1440
BATCH = 990


def day(appliance: str) -> Iterator[str]:
    """The lines of a day, in the order in which they come."""
    dice = random.Random(appliance)
    values = {quantity: 230.0 if quantity.spec.unit == "V" else 1000.0 for quantity in MEASURED}
    for minute in range(MINUTES):
        for quantity in MEASURED:
            rises = quantity.spec.kind is Kind.COUNTER
            step = dice.random() * 0.05 if rises else dice.gauss(0, 30 if quantity.spec.unit == "W" else 0.4)
            values[quantity] = round(values[quantity] + step, quantity.spec.decimals)
            at = START + minute * MINUTE_MS + dice.randrange(1000)
            yield line(Reading("meter", quantity, values[quantity], at), appliance)


def batches() -> Iterator[list[str]]:
    """All of it, as sinks send it."""
    for number in range(APPLIANCES):
        lines = list(day(f"tallywatt-{number:08x}"))
        for first in range(0, len(lines), BATCH):
            yield lines[first : first + BATCH]


def sent(url: str, database: str = "") -> tuple[int, int, int, float]:
    """Lines, raw and compressed bytes, and seconds the store took for them."""
    lines = raw = packed = 0
    took = 0.0
    with requests.Session() as http:
        for batch in batches():
            text = "".join(f"{each}\n" for each in batch).encode()
            body = gzip.compress(text, 6)
            lines, raw, packed = lines + len(batch), raw + len(text), packed + len(body)
            began = time.perf_counter()
            answer = http.post(
                f"{url}/write", params={"precision": "ms", "db": database}, data=body,
                headers={"Content-Encoding": "gzip"}, timeout=60,
            )  # fmt: skip
            took += time.perf_counter() - began
            assert answer.status_code == 204, answer.text
    return lines, raw, packed, took


def disk(folder: Path) -> int:
    """Bytes its files take of the disk; what is set aside for later and still empty takes none."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def main() -> None:
    print(
        f"Measured on {machine()}. {APPLIANCES} appliances x {len(MEASURED)} series x {MINUTES} readings.\n"
    )
    print("| store | lines | raw B a line | gzip B a line | lines/s, one connection | disk B a reading |")
    print("|---|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with victoria_metrics(shutil.which("victoria-metrics") or "", folder / "vm") as vm:
            told = sent(vm.url)
            vm.flush()
            requests.get(f"{vm.url}/internal/force_merge", timeout=60)
            time.sleep(8)
            vm.flush()
        row("VictoriaMetrics 1.79", told, disk(folder / "vm" / "data"))
        # It writes its log into compressed files after ten minutes without news; here after three seconds.
        os.environ["INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION"] = "3s"
        os.environ["INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION"] = "3s"
        with influxdb(shutil.which("influxd") or "", folder / "influx") as influx:
            influx.create("size")
            told = sent(influx.url, "size")
            time.sleep(25)
        row("InfluxDB 1.6", told, disk(folder / "influx" / "data") + disk(folder / "influx" / "wal"))


def row(store: str, told: tuple[int, int, int, float], bytes_: int) -> None:
    lines, raw, packed, took = told
    cells = (
        f"{lines:,} | {raw / lines:.0f} | {packed / lines:.1f} | {lines / took:,.0f} | {bytes_ / lines:.2f}"
    )
    print(f"| {store} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
