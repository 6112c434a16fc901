"""What users of meter cameras complain of most, one by one. Where a complaint is answered in several places,
the other tests are named."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from in_thread import InThread
from virtual_meter import BOXES, PLACE, ROW, START, TRUE, EagerClock, one, reading

from appliance.clock import MINUTE_MS
from appliance.demo.meter_picture import render
from appliance.gate import Gate, Limits
from appliance.model import Event, Quantity, Reading
from appliance.sources import _lighting, _shooter, camera_meter
from appliance.sources._cameras import FileCamera, Shot
from appliance.sources._eye import Eye
from appliance.sources.base import Context
from appliance.sources.camera_meter import Options, Source
from ocr import Aligner
from ocr.counter import Readers, Strip, count, shipped
from ocr.digits import Digit

LIMITS = Limits(max_per_day=100, resolution=0.1)


class Scene(FileCamera):
    """A live camera before a scene that a test draws for each picture."""

    live = True
    settle_s = 0.0

    def __init__(self, draw: Any) -> None:
        super().__init__(Path("nowhere"))
        self.draw, self.shots = draw, 0

    def grab(self) -> Shot:
        self.shots += 1
        return Shot(self.draw(self.shots))

    more = grab


@pytest.fixture
async def seen(context: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """`seen(draw, **options)`: a camera source before what `draw(number of the shot)` shows."""
    monkeypatch.setattr(camera_meter, "Apart", InThread)
    monkeypatch.setattr(_shooter, "PAUSE_S", 0.0)
    made: list[Source] = []

    def make(draw: Any, **more: Any) -> Source:
        camera = Scene(draw)
        opening = Eye.open
        monkeypatch.setattr(Eye, "open", lambda eye, given=None: opening(eye, given or camera))
        asked = Options(**{"name": "meter", "device_id": 0, "calibration": BOXES, **more})
        made.append(Source(asked, context))
        return made[-1]

    yield make
    for source in made:
        await source._eye.stop()


def register(value: float, minutes: float = 0) -> Reading:
    return Reading("meter", Quantity.ENERGY_IMPORT, value, START + round(minutes * MINUTE_MS))


def judged(gate: Gate, readings: Sequence[Reading]) -> list[bool]:
    return [gate.judge(r, r.at, LIMITS).reading is not None for r in readings]


CARRIES = [48713.96, 48713.99, 48714.02, 48719.94, 48719.98, 48720.01, 48799.95, 48999.97, 49000.02, 49999.99]


@pytest.mark.parametrize("kwh", CARRIES)
def test_1_half_digits_and_the_roll_over_from_9_to_0(kwh: float) -> None:
    """Never NaN, never a wheel of its own: the number that the wheels make, to the last digit."""
    result = count(render(kwh), PLACE, shipped()).result
    assert result.value is not None
    assert kwh - 0.11 < result.value <= kwh + 0.03, result.text


@pytest.mark.parametrize("wrong", [48713.4 + 30, 48800.0, 98713.4])
def test_2_stuck_for_ever_after_one_value_that_was_too_high(wrong: float) -> None:
    """A wrong reading that was believed yields to the next ones that agree, without anybody's help."""
    gate = Gate()
    judged(gate, [register(48700 + i * 0.1, i * 15) for i in range(3)])
    gate.remember(register(wrong, 50))
    good = judged(gate, [register(48701 + i * 0.1, 60 + i * 15) for i in range(200)])
    assert all(good[110:])
    assert sum(good) > 90


def test_3_rate_too_high_blocks_good_values_or_lets_bad_ones_through() -> None:
    """After an outage the time counts, not the number of readings; a leap in a minute is refused, alone."""
    gate = Gate()
    good = [register(48713.4), register(48713.4 + 55, 24 * 60), register(48713.4 + 300, 5 * 24 * 60)]
    assert judged(gate, good) == [True, True, True]
    last, at = good[-1].value, 5 * 24 * 60
    after = [register(last + 50, at + 1), register(last + 0.1, at + 2), register(last + 0.2, at + 3)]
    assert judged(gate, after) == [False, True, True]
    assert judged(gate, [register(last + 0.3, at + 4), register(last + 6.8, at + 64)]) == [True, True]


def test_3_what_was_refused_for_its_rate_is_believed_once_the_meter_insists() -> None:
    gate = Gate()
    gate.remember(register(48713.4))
    assert judged(gate, [register(48900 + i * 0.1, 30 + i) for i in range(4)])[-1] is True


def test_4_off_by_one_while_wheels_turn() -> None:
    """A whole turn of the last two wheels in small steps: never a digit ahead or behind, never back."""
    gate, at, last = Gate(), 0, 0.0
    for step in range(0, 500, 7):
        kwh = 48715 + step / 50
        result = count(render(kwh, seed=step), PLACE, shipped()).result
        assert result.value is not None
        if result.confidence < 0.85:
            continue
        assert kwh - 0.11 < result.value <= kwh + 0.03, (kwh, result.text)
        at += 15
        assert judged(gate, [register(result.value, at)]) == [True]
        assert result.value >= last - 0.1 - 1e-9
        last = result.value


@pytest.mark.parametrize(
    "how", [{"shift": (60.0, -30.0)}, {"turn_deg": 5.0}, {"turn_deg": -3.0, "lamp": 0.6}]
)
def test_5_alignment_lost_picture_shifted_or_turned(how: dict[str, Any]) -> None:
    """See also test_meter_reader: a counter that went further is found again by its number."""
    aligner = Aligner(render(48713.4), PLACE)
    upright = aligner.register(render(48716.2, **how)).picture
    assert count(upright, PLACE, shipped()).result.text == "048716.2"


async def test_5_a_camera_that_was_covered_says_so_and_reads_nothing(seen: Any) -> None:
    source = seen(lambda shot: render(48713.4) if shot < 2 else np.full((720, 1280, 3), 30, np.uint8))
    batches = source.batches()
    assert reading(await anext(batches)) is not None
    batch = await anext(batches)
    await batches.aclose()
    assert reading(batch) is None
    (event,) = [fact for fact in batch if isinstance(fact, Event)]
    assert "covered" in event.text


async def test_5_a_camera_that_hangs_is_no_meter_that_stands_still(seen: Any) -> None:
    """The register may stand for days, but no two pictures of a camera that works are the very same."""
    shots = [render(48713.4, seed=seed) for seed in (1, 2, 3, 4, 5, 5, 5, 5, 5, 6)]
    source = seen(lambda shot: shots[shot - 1], every_s=1200, frames=1)
    batches = source.batches()
    told = [await anext(batches) for _ in shots]
    await batches.aclose()
    assert [reading(batch) is not None for batch in told] == [True] * 7 + [False] * 2 + [True]
    (event,) = [fact for batch in told for fact in batch if isinstance(fact, Event)]
    assert (event.name, "very same picture" in event.text) == ("unreadable", True)


async def test_6_reflections_and_too_bright_a_lamp(seen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lamp's reflection wipes a digit out: less light is tried at once, and the same capture reads."""

    class Bulb:
        value = 0.0

        def close(self) -> None:
            return None

    bulb = Bulb()
    monkeypatch.setattr(_lighting, "led", lambda pin: bulb)

    def glossy(shot: int) -> np.ndarray:
        picture = render(48713.4, lamp=min(1.0, 2 * bulb.value), seed=shot)
        x, y, w, h = ROW[4]
        if bulb.value > 0.35:
            glow = int(90 * (bulb.value - 0.35) / 0.15)
            cv2.ellipse(picture, (x + w // 2, y + h // 2), (glow, glow), 0, 0, 360, (255, 255, 255), -1)
        return picture

    light = {"enabled": True, "led_pin": 18, "warm_up_s": 0, "brightness_target": 160}
    source = seen(glossy, lighting=light)
    batches = source.batches()
    for _ in range(8):
        got = reading(await anext(batches))
        assert got is not None
        assert got.value == 48713.4
    await batches.aclose()
    assert bulb.value == 0.0, "dark between captures"


async def test_6_a_flickering_dim_lamp_is_helped_by_several_frames(seen: Any) -> None:
    noise = np.random.default_rng(4)

    def dim(shot: int) -> np.ndarray:
        picture = render(48713.4, seed=shot) * noise.uniform(0.15, 0.25)
        return np.clip(picture + noise.normal(0, 9, picture.shape), 0, 255).astype(np.uint8)

    several = [reading(await one(seen(dim, frames=9))) for _ in range(4)]
    assert [r.value for r in several if r] == [48713.4] * 4


async def test_7_glyphs_of_one_meter_confused_train_on_my_pictures(seen: Any) -> None:
    """See also tests/ocr/test_ocr_own.py: what the crops are good for."""
    spoilt = {"blur": 2.5, "glare": 0.9}
    source = seen(lambda shot: render(48713.4, seed=shot, **spoilt), calibration="calibration.json")
    await source.surveyor.shoot()
    await source.surveyor.save(TRUE)
    await one(source)
    (refused,) = await source.surveyor.refused()
    learned = await source.surveyor.teach(refused.at, "048713.4")
    assert learned.crops >= 6


@pytest.mark.parametrize(("cells", "text"), [("  4871", "487.1"), ("    04", "0.4"), ("123456", "12345.6")])
def test_8_blank_leading_digits_of_a_display(cells: str, text: str) -> None:
    def read(crops: Sequence[np.ndarray]) -> list[Digit]:
        blank = [Digit(8.0, 0.3, lcd=1.0, blank=0.98) if c == " " else None for c in cells]
        return [b or Digit(float(c), 0.98, lcd=1.0) for b, c in zip(blank, cells, strict=True)]

    place = replace(PLACE, digits=PLACE.digits[:6], kind="lcd", decimals=1)
    said = Readers(read, lambda crops, clockwise: [], lambda window: Strip(None, 0.0))
    result = count(render(48713.4), place, said).result
    assert (result.text or "").lstrip("0").rjust(len(text), "0")[-len(text) :] == text
    assert result.value == float(text)
    assert result.confidence > 0.9


async def test_9_displays_that_cycle_through_registers(
    seen: Any, clock: EagerClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The display changes every 10 s and comes round each minute, as often as the camera looks: a camera that
    looked at the minute alone would see one register for ever."""
    shows = ["1.8.0", "0.9.1", "2.8.0", "0.9.2", "31.7.0", "C.1"]
    numbers = {"1.8.0": "0487134", "2.8.0": "0001250"}

    def now() -> str:
        return shows[clock.now() // 10_000 % len(shows)]

    said = Readers(
        lambda crops: [Digit(float(c), 0.98, lcd=1.0) for c in numbers[now()]],
        lambda crops, clockwise: [],
        lambda window: Strip(numbers.get(now(), "1234"), 0.97, now()),
    )
    monkeypatch.setattr("appliance.sources._eye.shipped", lambda: said)
    monkeypatch.setattr("ocr.own.OwnMeter.read", lambda own, crops: said.digits(crops))
    source = seen(
        lambda shot: render(48713.4, seed=shot),
        calibration=BOXES | {"kind": "lcd", "display": [280, 200, 720, 150]},
        counters=[
            {"quantity": "energy_import", "register_code": "1.8.0"},
            {"quantity": "energy_export", "register_code": "2.8.0"},
        ],
    )
    got: list[Reading] = []
    events: list[Event] = []
    async for batch in source.batches():
        got += [fact for fact in batch if isinstance(fact, Reading)]
        events += [fact for fact in batch if isinstance(fact, Event)]
        if clock.now() > START + 5 * MINUTE_MS:
            break
    each = {q: [r.value for r in got if r.quantity is q] for q in {r.quantity for r in got}}
    assert set(each) == {Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT}
    assert set(each[Quantity.ENERGY_IMPORT]) == {48713.4}
    assert set(each[Quantity.ENERGY_EXPORT]) == {125.0}
    assert all(len(values) >= 4 for values in each.values())
    assert events == []


async def test_10_effort_to_place_the_regions(seen: Any) -> None:
    """One number typed; see also test_camera_surveyor."""
    source = seen(lambda shot: render(48713.4, seed=shot), calibration="calibration.json")
    found = await source.surveyor.find("048713.4")
    await source.surveyor.save(found)
    got = reading(await one(source))
    assert got is not None
    assert got.value == 48713.4
