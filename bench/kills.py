"""kill -9 at random moments: `python -m bench.kills [N]` (200) kills a writing store N times and checks it.

The child lives a minute of the store's time in 50 ms: commits, folds, sealed days and nightly copies all
happen within a second, so that every kind of moment is hit. What it says it knows to be committed must be
there after the kill, in order, once each; of what it said before, at most 60 s of its time may be missing.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from appliance.clock import DAY_MS, EARLIEST_SANE_MS, FakeClock, ScaledClock
from appliance.model import Quantity, Reading
from appliance.store import Store, writer

ZONE = ZoneInfo("Europe/Stockholm")
SPEED = 1200
START = EARLIEST_SANE_MS + 40 * DAY_MS
STEP_MS = 10_000
MOST_LOST_S = 60 + 120.0
"""Store time between commits, and for the loop and the commit itself: 0.1 s on the watch."""


class LossError(AssertionError):
    """Something that was committed is gone, or came twice."""


async def _write(folder: Path) -> None:
    """Append for ever; say on stdout what was appended when, and what is known to be committed."""
    writer.FOLD_EVERY_S = 600.0
    clock = ScaledClock(SPEED, START)
    say = partial(os.write, 1)
    async with Store(folder, clock, ZONE) as store:
        rows = await store.latest()
        number = int(max((reading.value for reading in rows), default=-1)) + 1
        say(b"open\n")
        while True:
            at = START + number * 300_000  # a day in 288 readings, so that days are sealed
            clock_now = clock.now()
            urgent = number % 25 == 0
            quantity = Quantity.ENERGY_IMPORT if urgent else Quantity.POWER_GRID
            store.append([Reading("p1", quantity, number, at)], urgent=urgent)
            say(b"appended %d %d\n" % (number, clock_now))
            if number % 60 == 0:
                await store.flush()
                say(b"committed %d\n" % number)
            if number % 400 == 399:
                store._clock = FakeClock(at)  # the night comes by the readings' own time
                await store.maintain()
                store._clock = clock
            number += 1
            await asyncio.sleep(0.0005)


async def _numbers(folder: Path) -> list[int]:
    """What the store holds, in order of arrival."""
    async with Store(folder, FakeClock(START), ZONE) as store:
        if store.opened or store.problem:
            raise LossError(f"it had to be repaired: {store.opened or store.problem}")
        numbers, cursor = list[int](), 0
        while rows := await store.after(cursor, limit=20_000):
            numbers += [int(row.reading.value) for row in rows]
            cursor = rows[-1].seq
        return numbers


def kill_once(folder: Path, dice: random.Random, most_lost_s: float) -> tuple[int, float]:
    """Run the child, kill it, check the store: readings kept, seconds of store time that were lost.

    Raises LossError.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.kills", "--write", str(folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert child.stdout is not None
    if child.stdout.readline() != b"open\n":
        raise LossError("it did not open")
    os.set_blocking(child.stdout.fileno(), False)
    said, end = b"", time.monotonic() + dice.uniform(0.02, 1.5)
    while time.monotonic() < end:
        said += child.stdout.read() or b""
        time.sleep(0.0005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    said += child.stdout.read() or b""
    child.stdout.close()
    return _judge(asyncio.run(_numbers(folder)), said.decode().splitlines(), most_lost_s)


def _judge(numbers: list[int], said: list[str], most_lost_s: float) -> tuple[int, float]:
    if numbers != list(range(len(numbers))):
        raise LossError("readings are missing in between, doubled or out of order")
    words = [line.split() for line in said]
    appended = {int(number): int(at) for number, at in (rest for word, *rest in words if word == "appended")}
    committed = max((int(rest[0]) for word, *rest in words if word == "committed"), default=-1)
    if committed >= len(numbers):
        raise LossError(f"{committed} was committed, {len(numbers) - 1} is the last that is there")
    lost = [at for number, at in appended.items() if number >= len(numbers)]
    span = (max(appended.values()) - min(lost)) / 1000 if lost else 0.0
    if span > most_lost_s:
        raise LossError(f"{span:.0f} s of readings are missing")
    return len(numbers), span


def drill(kills: int, seed: int = 1, most_lost_s: float = MOST_LOST_S) -> tuple[int, float]:
    """Kill so often on one history: readings kept in the end, the most seconds lost. Raises LossError."""
    dice, worst, kept = random.Random(seed), 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(kills):
            kept, span = kill_once(Path(folder), dice, most_lost_s)
            worst = max(worst, span)
    return kept, worst


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        asyncio.run(_write(Path(sys.argv[2])))
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    kept, worst = drill(kills)
    print(
        f"{kills} kills: opened every time, nothing committed lost; {kept} readings kept in order, at most "
        f"{worst:.0f} s of the newest missing"
    )


if __name__ == "__main__":
    main()
