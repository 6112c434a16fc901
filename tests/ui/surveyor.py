"""A camera before the virtual meter, for the pages: finds what is there, judges boxes by where they stand."""

import asyncio
from dataclasses import replace
from functools import lru_cache

import cv2

from appliance.demo.faceplate import WHEELS, wheel_box
from appliance.demo.meter_picture import DECIMALS, render, wheel_positions
from appliance.errors import SourceError
from appliance.meter_setup import (
    CounterSeen,
    CounterSetup,
    Learned,
    MeterSetup,
    Rectangle,
    Refused,
    Still,
)
from appliance.model import DigitSeen, Quantity
from appliance.sources._setup import factor

WIDTH, HEIGHT = 1280, 720
SURE = 0.85
LESSON = 12
"""Crops that a refinement needs, and a twelfth of what is still wrong goes with each."""


def overlap(a: Rectangle, b: Rectangle) -> float:
    """Shared area over the area of both, 0..1."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0, w) * max(0, h)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def wheels() -> tuple[Rectangle, ...]:
    return tuple(wheel_box(index) for index in range(WHEELS))


class Surveyor:
    """The whole of `appliance.meter_setup.Surveyor` without an OCR: it knows what it has drawn."""

    def __init__(self, now: int, known: bool = True, pause_s: float = 0.0) -> None:
        self.kwh = 48_713.4
        self.pause_s = pause_s
        self.saved: MeterSetup | None = self.truth() if known else None
        self.taught: list[tuple[int, str]] = []
        self._now = now
        self._crops, self.pictures = (132, self._refusals(now)) if known else (0, {})
        self._still: Still | None = None

    def truth(self) -> MeterSetup:
        counter = CounterSetup(Quantity.ENERGY_IMPORT, "kWh", digits=wheels(), decimals=DECIMALS)
        return MeterSetup(WIDTH, HEIGHT, (counter,))

    def found_window(self) -> None:
        """As a display is found by itself: cells, and the window around them."""
        truth = self.truth()
        x, y, _, h = wheels()[0]
        window = x - 12, y - 12, wheels()[-1][0] + wheels()[-1][2] - x + 24, h + 24
        both = replace(truth.counters[0], kind="lcd", display=window)
        self.saved = replace(truth, counters=(both,))

    @staticmethod
    def _refusals(now: int) -> dict[int, tuple[Refused, bytes]]:
        said = (
            (63, 48_712.97, {"glare": 0.9}, "04871?.9", "A lamp is mirrored on digit 6"),
            (26 * 60, 48_699.95, {"lamp": 0.16}, None, "The picture is too dark to be read"),
            (49 * 60, 48_650.02, {"blur": 5.0}, "0486?0.0", "Digit 5 is unsure, 61 %; is the lens clean?"),
        )  # fmt: skip
        made = {}
        for minutes, kwh, light, text, reason in said:
            at = now - minutes * 60_000
            made[at] = Refused(at, text, reason), _jpeg(kwh, **light)  # type: ignore[arg-type]
        return made

    async def current(self) -> MeterSetup | None:
        return self.saved

    async def shoot(self) -> Still:
        await asyncio.sleep(self.pause_s)
        self._still = Still(self._now, _jpeg(self.kwh), WIDTH, HEIGHT)
        return self._still

    async def find(self, shows: str) -> MeterSetup:
        await asyncio.sleep(self.pause_s)
        digits, decimals = shows.replace(".", ""), len(shows.partition(".")[2])
        really = "".join(str(int(p)) for p in wheel_positions(self.kwh))
        if shows and not really.startswith(digits):
            raise SourceError(f"Nothing in the picture looks like {shows}")
        found = self.truth()
        count = len(digits) if shows else WHEELS
        counter = replace(
            found.counters[0], digits=wheels()[:count], decimals=decimals if shows else DECIMALS
        )
        return replace(found, counters=(counter,))

    async def test(self, setup: MeterSetup) -> tuple[CounterSeen, ...]:
        assert self._still is not None, "shoot comes first"
        return tuple(self._seen(counter) for counter in setup.counters)

    def _seen(self, counter: CounterSetup) -> CounterSeen:
        if counter.display is not None and not counter.digits:
            return CounterSeen(None, None, 0.0, (), "There is no display in this window")
        digits = [self._digit(box) for box in counter.digits]
        digits += [DigitSeen(0.0, 0.08, dial.box) for dial in counter.dials]
        if not digits:
            return CounterSeen(None, None, 0.0, (), "There are no boxes")
        worst = min(d.confidence for d in digits)
        text = "".join("?" if d.confidence < 0.3 else str(int(d.value)) for d in digits)
        whole = len(text) - counter.decimals
        text = f"{text[:whole]}.{text[whole:]}" if counter.decimals else text
        if worst < 0.3:
            place = min(range(len(digits)), key=lambda i: digits[i].confidence) + 1
            return CounterSeen(text, None, worst, tuple(digits), f"Box {place} holds no digit")
        value = round(float(text) * factor(counter.unit), 6)
        return CounterSeen(text, value, worst, tuple(digits))

    def _digit(self, box: Rectangle) -> DigitSeen:
        fit = [overlap(box, wheel) for wheel in wheels()]
        index = fit.index(max(fit))
        value = wheel_positions(self.kwh)[index]
        return DigitSeen(value, round(min(0.995, fit[index] ** 0.5 * 1.04), 3), box)

    async def save(self, setup: MeterSetup) -> None:
        await asyncio.sleep(self.pause_s)
        self.saved = setup

    async def refused(self) -> tuple[Refused, ...]:
        return tuple(refused for _, (refused, _) in sorted(self.pictures.items(), reverse=True))

    async def refused_picture(self, at: int) -> bytes:
        if at not in self.pictures:
            raise SourceError("That picture is no longer kept; the last twenty are")
        return self.pictures[at][1]

    async def teach(self, at: int, shows: str) -> Learned:
        await asyncio.sleep(self.pause_s)
        digits = shows.replace(".", "")
        if len(digits) != WHEELS:
            raise SourceError(f"This meter has {WHEELS} figures; {len(digits)} were typed")
        self._crops += WHEELS
        self.taught.append((at, shows))
        del self.pictures[at]
        return await self.learned()

    async def learned(self) -> Learned:
        if self._crops < LESSON:
            return Learned(self._crops)
        after = 1 - 0.07 * 0.5 ** (self._crops / 100)
        return Learned(self._crops, 0.93, round(after, 3), after > 0.95)

    async def forget(self) -> None:
        self._crops = 0


@lru_cache(maxsize=8)
def _jpeg(kwh: float, **light: float) -> bytes:
    image = render(kwh, width=WIDTH, height=HEIGHT, **light)  # type: ignore[arg-type]
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
