"""What the store costs: bytes written a day at the block device, bytes kept, milliseconds a question.

`python -m bench.store` prints the table; `--years N` builds a history of N years for the questions (1), and
`--folder D` puts it there. Bytes written need root, losetup and mkfs.ext4; without them they are left out.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from appliance.clock import DAY_MS, EARLIEST_SANE_MS, FakeClock
from appliance.model import Quantity, Reading
from appliance.store import Every, Store, blocks, schema
from appliance.store.facts import Rows
from appliance.store.schema import transaction
from bench.house import GATEWAY, METER, House

Measured = tuple[str, float, str, str]
ZONE = ZoneInfo("Europe/Stockholm")
START = EARLIEST_SANE_MS + 10 * DAY_MS
DAY_RAW = (Quantity.POWER_GRID, Quantity.POWER_SOLAR, Quantity.POWER_LOAD)


def rows(years: float = 1.0, folder: Path | None = None) -> list[Measured]:
    """Name, value, unit, note of everything measured."""
    found: list[Measured] = []
    if os.geteuid() == 0 and shutil.which("mkfs.ext4") and shutil.which("losetup"):
        for step_s in (10, 1):
            for written_back in (False, True):
                found += _written(step_s, written_back)
    with tempfile.TemporaryDirectory() as temporary:
        found += _history(folder or Path(temporary), years)
    return found


# --- bytes written


@contextmanager
def loop_device(size_mb: int = 1024) -> Iterator[tuple[Path, str]]:
    """A fresh ext4 on a loop device: its folder and the device's name."""
    with tempfile.TemporaryDirectory() as temporary:
        image, mount = Path(temporary, "image"), Path(temporary, "mount")
        mount.mkdir()
        with image.open("wb") as file:
            file.truncate(size_mb << 20)
        lazy = "lazy_itable_init=0,lazy_journal_init=0"
        subprocess.run(["mkfs.ext4", "-q", "-E", lazy, str(image)], check=True)
        attach = ["losetup", "--find", "--show", str(image)]
        name = subprocess.run(attach, check=True, capture_output=True, text=True).stdout.strip()
        try:
            subprocess.run(["mount", name, mount], check=True)
            try:
                yield mount, Path(name).name
            finally:
                subprocess.run(["umount", mount], check=True)
        finally:
            subprocess.run(["losetup", "-d", name], check=True)


def device_bytes(name: str) -> int:
    """Bytes written to the device so far, the file system's journal included."""
    os.sync()
    return int(Path(f"/sys/block/{name}/stat").read_text().split()[6]) * 512


def _written(step_s: int, written_back: bool) -> list[Measured]:
    with loop_device() as (mount, device):
        made, day, night = asyncio.run(_live_two_days(mount, device, step_s, written_back))
    how = "every cache written back every minute" if written_back else "1 440 commits, 24 folds"
    found: list[Measured] = [(f"Written a day, 20 quantities every {step_s} s", day / 1e6, "MB", how)]
    if not written_back:
        found.append((f"... sealing and the nightly copy, {step_s} s", night / 1e6, "MB", "once a day"))
        if step_s == 10:
            found.append(("... making the store", made / 1e6, "MB", "once"))
    return found


async def _live_two_days(mount: Path, device: str, step_s: int, written_back: bool) -> tuple[int, int, int]:
    """Bytes written by making the store, by the second day, by the night after it."""
    clock, house, marks = FakeClock(START), House(), [device_bytes(device)]
    async with Store(mount / "store", clock, ZONE) as store:
        marks.append(device_bytes(device))
        for _ in range(2):
            for batches in minutes(house, clock.now(), step_s):
                for batch in batches:
                    store.append(batch)
                clock.tick(60)
                await store.flush()
                if written_back:
                    os.sync()
            marks.append(device_bytes(device))
            await store.maintain()
            marks.append(device_bytes(device))
        assert store.problem is None, store.problem
    return marks[1] - marks[0], marks[4] - marks[3], marks[5] - marks[4]


def minutes(house: House, day: int, step_s: int) -> Iterator[list[list[Reading]]]:
    """A day's readings as they arrive, minute by minute: a batch per source and instant."""
    meter, gateway, values = house.day(step_s)
    lists = {quantity: column.tolist() for quantity, column in values.items()}
    a_minute = 60 // step_s
    for first in range(0, len(meter), a_minute):
        batches = []
        for n in range(first, first + a_minute):
            for source, instants, quantities in (("p1", meter, METER), ("gateway", gateway, GATEWAY)):
                at = day + int(instants[n])
                batches.append([Reading(source, q, lists[q][n], at) for q in quantities])
        yield batches


# --- bytes kept, milliseconds a question


def _history(folder: Path, years: float) -> list[Measured]:
    days = round(365 * years)
    grown = build(folder, days)
    file = folder / "readings.db"
    note = f"from {days} days: file of {file.stat().st_size / 1e6:.0f} MB"
    found: list[Measured] = [("Ten years of 20 quantities every 10 s", grown * 3652.5 / 1e6, "MB", note)]
    return found + asyncio.run(_questions(folder, days))


def build(folder: Path, days: int, step_s: int = 10) -> float:
    """A history of so many days, each written and sealed as the store does it; bytes a day."""
    asyncio.run(_make(folder))
    database = folder / "readings.db"
    db, house, empty, seq = schema.connect(database), House(), database.stat().st_size, 0
    db.execute("PRAGMA synchronous = OFF")
    quantities = dict(enumerate((*METER, *GATEWAY), 1))
    with transaction(db):
        db.executemany(
            "INSERT INTO series VALUES (?, ?, ?, 0, 0, 0, 0, 1)",
            [(n, "p1" if q in METER else "gateway", q) for n, q in quantities.items()],
        )
    for day in range(START // DAY_MS, START // DAY_MS + days):
        meter, gateway, values = house.day(step_s)
        axes: dict[bytes, int] = {}
        db.execute("BEGIN")
        for n, quantity in quantities.items():
            at = day * DAY_MS + 1 + (meter if quantity in METER else gateway)
            seqs = seq + n + len(quantities) * np.arange(len(at))
            rows = Rows(seqs, at, values[quantity], np.ones(len(at)))
            blocks.write(db, day, n, rows, axes, sealed=False)
        seq += len(quantities) * len(meter)
        blocks.seal(db, day, quantities, day)
        db.execute("INSERT OR REPLACE INTO meta VALUES ('seq', ?)", (seq,))
        db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return (database.stat().st_size - empty) / days


async def _make(folder: Path) -> None:
    async with Store(folder, FakeClock(START), ZONE):
        pass


async def _questions(folder: Path, days: int) -> list[Measured]:
    end = START + days * DAY_MS
    year, day = end - min(days, 365) * DAY_MS, START + days // 2 * DAY_MS
    async with Store(folder, FakeClock(end), ZONE) as store:

        async def day_raw() -> None:
            for quantity in DAY_RAW:
                source = "p1" if quantity in METER else "gateway"
                at, _, _ = await store.raw(source, quantity, day, day + DAY_MS)
                assert len(at) == 8640

        async def chart(every: Every, quantity: Quantity, start: int, limit: int = 40_000) -> None:
            await store.series("p1", quantity, start, end, every, limit)

        import_, power = Quantity.ENERGY_IMPORT, Quantity.POWER_GRID
        asked: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("A day raw: 8 640 points x 3 series", day_raw),
            ("A year by day, energy", lambda: chart(Every.DAY, import_, year)),
            ("A year by day, power with lows and highs", lambda: chart(Every.DAY, power, year)),
            ("A year by quarter hour, energy", lambda: chart(Every.MIN15, import_, year)),
            ("A year by quarter hour, power with lows and highs", lambda: chart(Every.MIN15, power, year)),
            ("A week raw, thinned to 1 500 points", lambda: chart(Every.RAW, power, end - 7 * DAY_MS, 1500)),
            ("A day by 5 minutes", lambda: chart(Every.MIN5, power, end - DAY_MS)),
        ]
        return [(name, *await _milliseconds(question)) for name, question in asked]


async def _milliseconds(question: Callable[[], Awaitable[None]]) -> tuple[float, str, str]:
    taken = []
    for _ in range(15):
        begin = time.perf_counter()
        await question()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken[3:]), "ms", f"warm; median of {len(taken) - 3}, worst {max(taken[3:]):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--years", type=float, default=1.0)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    for name, value, unit, note in rows(options.years, options.folder):
        print(f"{name:56} {value:9.2f} {unit:3} {note}", flush=True)


if __name__ == "__main__":
    main()
