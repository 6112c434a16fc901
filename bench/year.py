"""A year of a virtual meter's pictures, one a quarter hour, through camera, registration, reader and gate:

    python -m bench.year                  a whole year, 35,040 pictures
    DAYS=0,90,180-183 python -m bench.year --seed 3

Prints how many readings were published, how many of them were wrong (further from the truth than the last
wheel's unit and what it moves), why others were refused, and the time a picture takes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2

from appliance.clock import DAY_MS, EARLIEST_SANE_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.demo.cupboard import Cupboard
from appliance.demo.house import House
from appliance.demo.meter_picture import render
from appliance.demo.photograph import View
from appliance.gate import Gate, Verdict
from appliance.model import Batch, Event, Picture, Quantity, Reading
from appliance.sources._cameras import Shot
from appliance.sources._eye import Eye
from appliance.sources._image import decode
from appliance.sources.base import Context
from appliance.sources.camera_meter import Options, Source

QUARTER_MS = 15 * MINUTE_MS
YEAR = 365
UNIT, MOVEMENT = 0.1, 0.01
"""kWh, the last wheel's and what it may turn while it is photographed: further off is wrong."""
MOST_A_DAY = 150
"""kWh; with heat pump and car the house uses more than the usual limit of 100 on some winter days."""
QUALITY = 88


class Window:
    """A camera in the cupboard: pictures are rendered, and compressed as cameras do."""

    live = True
    settle_s = 0.0

    def __init__(self, house: House, cupboard: Cupboard, clock: FakeClock) -> None:
        self._house, self._cupboard, self._clock = house, cupboard, clock
        self._shots = 0
        self.view = View()

    def grab(self) -> Shot:
        self._shots += 1
        now = self._clock.now()
        self.view = self._cupboard.view(now)
        picture = render(self._house.state_at(now).import_kwh, seed=self._shots, **vars(self.view))
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        return Shot(decode(data.tobytes()))

    more = grab

    def open(self) -> None: ...

    def close(self) -> None: ...

    def hold(self) -> None: ...

    def free(self) -> None: ...

    def brighten(self, factor: float) -> None: ...


@dataclass
class Outcome:
    """What became of the pictures."""

    pictures: int = 0
    published: int = 0
    wrong: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    rebased: int = 0
    met: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    reading_seconds: float = 0.0

    def __str__(self) -> str:
        share = 100 * self.published / max(1, self.pictures)
        lines = [
            f"{self.pictures} pictures, {self.published} published ({share:.2f} %), {len(self.wrong)} wrong, "
            f"{self.rebased} registers rebased",
            f"{1000 * self.seconds / max(1, self.pictures):.1f} ms a picture in all, "
            f"{1000 * self.reading_seconds / max(1, self.pictures):.1f} ms of them to look; "
            f"{self.seconds:.0f} s",
            "met: " + ", ".join(f"{what} {count}" for what, count in self.met.most_common()),
        ]
        lines += [f"refused {count:5}  {why}" for why, count in self.refused.most_common()]
        return "\n".join([*lines, *(f"WRONG {what}" for what in self.wrong[:50])])


def faults(view: View) -> Iterator[str]:
    """The kinds of trouble in a picture."""
    if view.fog > 0.1:
        yield "fog"
    if view.spider is not None:
        yield "spider"
    if view.glare > 0.25:
        yield "sun on the glass"
    if view.infrared:
        yield "infrared"
    elif view.lamp + view.daylight < 0.3:
        yield "dark"
    if view.band > 0.05:
        yield "flicker"
    if view.dust > 0.5:
        yield "dust"
    if view.daylight > view.lamp:
        yield "daylight"


class Year:
    """The appliance's way from picture to register, with its own classes, under a clock we hold."""

    def __init__(self, folder: Path, seed: int = 1, first: int = 0, far_knock_at: int | None = None) -> None:
        """The meter is set up on day `first` of the house's year; `far_knock_at` as in `Cupboard`."""
        self._start = EARLIEST_SANE_MS
        self.clock = FakeClock(self._start + first * DAY_MS)
        self.house = House(self.clock, seed=seed, start=self._start)
        cupboard = Cupboard(seed, self._start, far_knock_at=far_knock_at)
        self.window = Window(self.house, cupboard, self.clock)
        shown = f"{int(self.house.state().import_kwh * 10) / 10:08.1f}"  # as an owner would type it
        options = Options(
            name="meter",
            url="http://127.0.0.1/",
            expected_digits=7,
            decimals=1,
            initial_reading=shown,
            max_daily_increase_kwh=MOST_A_DAY,
        )
        self._limits = Source(options, Context(self.clock, folder, ZoneInfo("UTC"))).limits
        self._eye = Eye(options, folder / "meter", self.clock)
        self._eye.open(self.window)
        self._gate = Gate()
        self.outcome = Outcome()

    def run(self, days: Iterable[int], hours: Iterable[int] = range(24)) -> Outcome:
        """Those hours (UTC) of those days (from 0), in their order."""
        for day, hour in product(days, hours):
            for quarter in range(HOUR_MS // QUARTER_MS):
                at = self._start + day * DAY_MS + hour * HOUR_MS + quarter * QUARTER_MS
                self.clock.tick((at - self.clock.now()) / 1000)
                self.step()
        return self.outcome

    def step(self) -> None:
        """One picture, now."""
        began = time.perf_counter()
        batch = self._eye.look()
        looked = time.perf_counter()
        published = [self._judge(fact) for fact in batch if isinstance(fact, Reading)]
        self._eye.tend()
        self.outcome.pictures += 1
        self.outcome.published += any(published)
        self.outcome.met.update(faults(self.window.view))
        if not any(published):
            self._refused(batch)
        self.outcome.reading_seconds += looked - began
        self.outcome.seconds += time.perf_counter() - began

    def _judge(self, reading: Reading) -> bool:
        verdict: Verdict = self._gate.judge(reading, self.clock.now(), self._limits[reading.quantity])
        if verdict.event is not None and verdict.event.name == "register_rebased":
            self.outcome.rebased += 1
        if verdict.reading is None:
            assert verdict.event is not None, "what is refused has a reason"
            self.outcome.refused["gate: " + _kind(verdict.event.text)] += 1
            self._eye.disbelieved(Quantity(verdict.event.data["quantity"]), verdict.event.text)
            return False
        truth = self.house.state_at(reading.at).import_kwh
        if abs(verdict.reading.value - truth) > UNIT + MOVEMENT:
            self.outcome.wrong.append(
                f"{reading.at}: {verdict.reading.value} for {truth:.3f}, "
                f"confidence {reading.confidence:.3f}, {', '.join(faults(self.window.view))}"
            )
        return True

    def _refused(self, batch: Batch) -> None:
        for fact in batch:
            if isinstance(fact, Picture) and fact.reason is not None:
                self.outcome.refused[_kind(fact.reason)] += 1
            elif isinstance(fact, Event) and fact.name == "part_failed":
                self.outcome.refused[fact.text] += 1


def _kind(reason: str) -> str:
    """A reason without its numbers."""
    words = ("#" if any(c.isdigit() for c in word) else word for word in reason.split())
    return " ".join(words)[:110]


def days(text: str) -> list[int]:
    """ "0,90,180-183" as numbers; nothing is the whole year."""
    if not text:
        return list(range(YEAR))
    parts = [part.partition("-") for part in text.split(",")]
    return [day for a, _, b in parts for day in range(int(a), int(b or a) + 1)]


def main() -> None:
    """Runs and prints; a line of progress every week."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        wanted = days(os.environ.get("DAYS", ""))
        year = Year(Path(folder), asked.seed, wanted[0])
        for begin in range(0, len(wanted), 7):
            outcome = year.run(wanted[begin : begin + 7])
            print(f"day {wanted[begin]}: {outcome}\n", flush=True)
    print(outcome)


if __name__ == "__main__":
    main()
