"""Setting a meter up as the page does, on the virtual meter's camera, and what follows for its readings."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from in_thread import InThread
from virtual_meter import ROW, START, TRUE, EagerClock, one, reading

from appliance.clock import MINUTE_MS
from appliance.demo.meter_camera import MeterCamera
from appliance.demo.meter_picture import render
from appliance.errors import SourceError
from appliance.meter_setup import CounterSetup, MeterSetup
from appliance.model import Event, Picture, Quantity, Reading
from appliance.sources import camera_meter
from appliance.sources.base import Context
from appliance.sources.camera_meter import Options, Source

SHOWS = "048713.4"


@pytest.fixture
async def source(
    camera: MeterCamera, context: Context, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Source]:
    """One that was told hardly anything, its camera's side in a thread."""
    monkeypatch.setattr(camera_meter, "Apart", InThread)
    made = Source(Options(name="meter", url=f"{camera.url}/snapshot.jpg"), context)  # type: ignore[arg-type]
    yield made
    await made._eye.stop()


async def test_type_what_it_shows_and_it_is_done(source: Source, camera: MeterCamera) -> None:
    surveyor = source.surveyor
    assert await surveyor.current() is None
    still = await surveyor.shoot()
    picture = cv2.imdecode(np.frombuffer(still.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert (still.width, still.height) == (picture.shape[1], picture.shape[0]) == (1280, 720)
    found = await surveyor.find(SHOWS)
    (counter,) = found.counters
    assert (len(counter.digits), counter.decimals, counter.unit) == (7, 1, "kWh")
    (seen,) = await surveyor.test(found)
    assert (seen.text, seen.value, seen.reason) == (SHOWS, 48713.4, None)
    assert [d.box for d in seen.digits] == list(counter.digits)
    await surveyor.save(found)
    assert await surveyor.current() == found
    got = reading(await one(source))
    assert got is not None
    assert got.value == pytest.approx(camera.house.state_at(got.at).import_kwh, abs=0.11)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rotate": 180}, "rotate of this camera to 0 "),
        ({"rotate": 90}, "rotate of this camera to 0 "),
        ({"rotate": 90, "flip_horizontal": True, "flip_vertical": True}, "rotate of this camera to 180 "),
    ],
)
async def test_a_camera_that_hangs_upside_down_is_told_so(
    camera: MeterCamera,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, object],
    told: str,
) -> None:
    monkeypatch.setattr(camera_meter, "Apart", InThread)
    made = Source(Options(name="meter", url=f"{camera.url}/snapshot.jpg", **options), context)  # type: ignore[arg-type]
    await made.surveyor.shoot()
    with pytest.raises(SourceError, match=told):
        await made.surveyor.find(SHOWS)
    await made._eye.stop()


async def test_what_is_saved_goes_before_the_options_and_the_gate_follows(source: Source) -> None:
    assert source.limits[Quantity.ENERGY_IMPORT].resolution == pytest.approx(0.1)
    counter = replace(TRUE.counters[0], quantity=Quantity.GAS, unit="m³", decimals=2)
    await source.surveyor.save(replace(TRUE, counters=(counter,)))
    assert set(source.limits) == {Quantity.GAS}
    assert source.limits[Quantity.GAS].resolution == pytest.approx(0.01)
    assert source.wheels == {Quantity.GAS: (5, 2)}
    got = reading(await one(source))
    assert got is not None
    assert (got.quantity, got.value) == (Quantity.GAS, pytest.approx(4871.34))


async def test_a_set_up_outlives_the_appliance(source: Source, context: Context, camera: MeterCamera) -> None:
    await source.surveyor.save(TRUE)
    anew = Source(Options(name="meter", url=f"{camera.url}/snapshot.jpg", decimals=3), context)  # type: ignore[arg-type]
    assert await anew.surveyor.current() == TRUE
    assert anew.limits[Quantity.ENERGY_IMPORT].resolution == pytest.approx(0.1)
    assert reading(await one(anew)) is not None


async def test_a_camera_that_hangs_otherwise_later_reads_on(source: Source, camera: MeterCamera) -> None:
    await source.surveyor.save(TRUE)
    camera.view.shift, camera.view.turn_deg = (30.0, -20.0), 2.0
    got = reading(await one(source))
    assert got is not None
    assert got.value == pytest.approx(camera.house.state_at(got.at).import_kwh, abs=0.11)


async def test_two_counters_of_one_meter(source: Source) -> None:
    first, second = ROW[:4], ROW[3:]
    counters = (
        CounterSetup(Quantity.ENERGY_IMPORT_T1, "kWh", digits=first),
        CounterSetup(Quantity.ENERGY_IMPORT_T2, "kWh", digits=second, decimals=1),
    )
    await source.surveyor.save(MeterSetup(1280, 720, counters))
    batch = await one(source)
    got = {fact.quantity: fact.value for fact in batch if isinstance(fact, Reading)}
    assert got == {Quantity.ENERGY_IMPORT_T1: 487, Quantity.ENERGY_IMPORT_T2: pytest.approx(713.4, abs=0.11)}
    (picture,) = [fact for fact in batch if isinstance(fact, Picture)]
    assert picture.text is not None
    assert picture.text.startswith("0487 · 713.")
    assert len(picture.digits) == 8


async def test_set_ups_that_cannot_be_are_refused_in_a_sentence(source: Source) -> None:
    outside = replace(TRUE.counters[0], digits=((1270, 10, 40, 60),), decimals=0)
    for wrong, said in (
        (replace(TRUE, counters=()), "has no counter"),
        (replace(TRUE, counters=(outside,)), "leaves the picture"),
        (replace(TRUE, width=1920, height=1080), "take a new picture"),
    ):
        for ask in (source.surveyor.test, source.surveyor.save):
            with pytest.raises(SourceError, match=said):
                await ask(wrong)
    assert await source.surveyor.current() is None


async def test_nothing_agrees_with_what_was_typed(source: Source) -> None:
    with pytest.raises(SourceError, match="99999999"):
        await source.surveyor.find("99999999")
    with pytest.raises(SourceError, match="not what a counter shows"):
        await source.surveyor.find("kWh")


async def test_a_camera_that_is_gone_says_so(source: Source, camera: MeterCamera) -> None:
    camera.stop()
    with pytest.raises(SourceError, match="does not answer"):
        await source.surveyor.shoot()
    camera.start()
    assert (await source.surveyor.shoot()).jpeg


async def test_the_page_and_the_captures_take_turns(source: Source) -> None:
    batches = source.batches()
    await anext(batches)
    stills = asyncio.gather(*(source.surveyor.shoot() for _ in range(3)))
    batch = await anext(batches)
    assert any(isinstance(fact, Picture) for fact in batch)
    assert len(await stills) == 3
    await batches.aclose()


# Refusals and learning


async def test_a_refused_picture_teaches(source: Source, camera: MeterCamera) -> None:
    surveyor = source.surveyor
    await surveyor.save(TRUE)
    camera.view.blur, camera.view.glare = 2.5, 0.9
    batch = await one(source)
    assert reading(batch) is None
    (refused,) = await surveyor.refused()
    assert refused.reason
    jpeg = await surveyor.refused_picture(refused.at)
    assert jpeg.startswith(b"\xff\xd8")
    assert (await surveyor.learned()).crops == 0
    with pytest.raises(SourceError, match="Type all figures"):
        await surveyor.teach(refused.at, "48713")
    learned = await surveyor.teach(refused.at, SHOWS)
    assert 6 <= learned.crops <= 7
    assert await surveyor.refused() == ()
    with pytest.raises(SourceError, match="no longer kept"):
        await surveyor.teach(refused.at, SHOWS)
    await surveyor.forget()
    assert (await surveyor.learned()).crops == 0


async def refused_of(source: Source) -> int:
    """The instant of a sharp picture of 048713.4 that the gate did not believe."""
    await source.surveyor.save(TRUE)
    got = reading(await one(source))
    assert got is not None
    data = {"quantity": str(got.quantity), "value": got.value}
    await source.disbelieved([Event("meter", "rejected", got.at, "a register never runs backwards", data)])
    (refused,) = await source.surveyor.refused()
    return refused.at


async def test_a_slip_of_the_finger_teaches_no_wrong_digits(source: Source) -> None:
    at = await refused_of(source)
    for wrong in ("159824.5", "4871.3"):
        with pytest.raises(SourceError, match=r"clearly shows other digits.*Nothing was learned"):
            await source.surveyor.teach(at, wrong)
    assert (await source.surveyor.learned()).crops == 0
    assert len(await source.surveyor.refused()) == 1, "it can be said again"
    assert (await source.surveyor.teach(at, "048763.4")).crops > 0, "one digit it takes for another"


def known(value: float, minutes: float) -> Reading:
    return Reading("meter", Quantity.ENERGY_IMPORT, value, START + round(minutes * MINUTE_MS))


@pytest.mark.parametrize(
    ("past", "fits"),
    [
        ([], True),
        ([known(48713.3, -60)], True),
        ([known(48713.3, -60), known(48713.6, 60)], True),
        ([known(48713.9, -60)], False),
        ([known(48713.3, -60), known(48713.4, -30), known(48713.2, 60)], False),
        ([known(48400.0, -60)], False),
        ([known(98713.9, -60), known(48713.6, 60)], True),
        ([known(48713.3, -60), known(2.5, 600)], False),
    ],
)
async def test_what_does_not_fit_the_past_teaches_nothing(
    camera: MeterCamera, context: Context, monkeypatch: pytest.MonkeyPatch, past: list[Reading], fits: bool
) -> None:
    """What the newest reading proves wrong does not count; of an earlier meter nothing is learned."""
    asked: list[tuple[str, Quantity, int]] = []

    async def believed(name: str, quantity: Quantity, at: int) -> list[Reading]:
        asked.append((name, quantity, at))
        return past

    monkeypatch.setattr(camera_meter, "Apart", InThread)
    options = Options(name="meter", url=f"{camera.url}/snapshot.jpg")  # type: ignore[arg-type]
    source = Source(options, replace(context, past=believed))
    at = await refused_of(source)
    try:
        if fits:
            assert (await source.surveyor.teach(at, SHOWS)).crops > 0
        else:
            with pytest.raises(SourceError, match=r"does not fit what was read.*Nothing was learned"):
                await source.surveyor.teach(at, SHOWS)
            assert (await source.surveyor.learned()).crops == 0
    finally:
        await source._eye.stop()
    assert asked == [("meter", Quantity.ENERGY_IMPORT, at)]


async def test_what_the_gate_refuses_is_in_the_gallery(source: Source) -> None:
    await source.surveyor.save(TRUE)
    batches = source.batches()
    got = reading(await anext(batches))
    assert got is not None
    data = {"quantity": str(got.quantity), "value": got.value}
    await source.disbelieved([Event("meter", "rejected", got.at, "a register never runs backwards", data)])
    (refused,) = await source.surveyor.refused()
    assert (refused.at, refused.text, refused.reason) == (got.at, SHOWS, "a register never runs backwards")
    await batches.aclose()


async def test_readings_that_later_ones_prove_become_crops(source: Source, clock: EagerClock) -> None:
    await source.surveyor.save(TRUE)
    batches = source.batches()
    for _ in range(40):
        await anext(batches)
        clock.tick(540)
    learned = await source.surveyor.learned()
    await batches.aclose()
    assert learned.crops >= 7


# For real: another process


async def test_in_a_process_of_its_own_and_never_opencv_in_the_daemon(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), render(48713.4))
    program = f"""
import asyncio, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from appliance.clock import RealClock
from appliance.model import Reading
from appliance.sources.base import Context
from appliance.sources.camera_meter import Options, Source

async def main():
    folder = Path({str(tmp_path)!r})
    boxes = {{"width": 1280, "height": 720, "digits": [], "display": [10, 10, 90, 40]}}
    Options(device_id=0, calibration=boxes)
    context = Context(RealClock(), folder, ZoneInfo("UTC"))
    source = Source(Options(name="meter", file=folder / "m.png"), context)
    still = await source.surveyor.shoot()
    found = await source.surveyor.find("{SHOWS}")
    (seen,) = await source.surveyor.test(found)
    await source.surveyor.save(found)
    assert await source.surveyor.current() == found
    batches = source.batches()
    batch = await anext(batches)
    await batches.aclose()
    print(still.width, seen.text, *(fact.value for fact in batch if isinstance(fact, Reading)))
    assert "cv2" not in sys.modules

asyncio.run(main())
"""
    command = [sys.executable, "-c", program]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1280", SHOWS, "48713.4"]
