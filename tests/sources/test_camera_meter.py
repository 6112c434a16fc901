"""camera_meter: from the lamp to the register, with every way in which cameras and pictures fail."""

import json
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from in_thread import InThread
from pydantic import ValidationError
from virtual_meter import START, EagerClock

from appliance.clock import HOUR_MS, ScaledClock
from appliance.demo.http_device import Fault
from appliance.demo.meter_camera import MeterCamera
from appliance.demo.meter_picture import render
from appliance.errors import AuthError, SourceError
from appliance.gate import Gate
from appliance.model import Batch, Event, Picture, Quantity, Reading
from appliance.sources import _album, _cameras, _pi_camera, _usb_camera, camera_meter
from appliance.sources._eye import Eye
from appliance.sources._telling import Told
from appliance.sources.base import Context
from appliance.sources.camera_meter import Options, Source
from ocr import Calibration


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_meter, "Apart", InThread)


def eye_of(asked: Options, context: Context) -> Eye:
    return Eye(asked, context.folder / asked.label, context.clock)


def options(**more: Any) -> Options:
    return Options(**{"name": "meter", "initial_reading": "048713.4", **more})


def picture_of(batch: Batch) -> Picture:
    (picture,) = [fact for fact in batch if isinstance(fact, Picture)]
    return picture


def readings_of(batch: Batch) -> list[Reading]:
    return [fact for fact in batch if isinstance(fact, Reading)]


def events_of(batch: Batch) -> list[Event]:
    return [fact for fact in batch if isinstance(fact, Event)]


def write(path: Path, picture: np.ndarray | bytes, age_s: float = 0) -> None:
    """Put a picture there, changed `age_s` before START + a day, the newer the later it is called."""
    data = picture if isinstance(picture, bytes) else cv2.imencode(path.suffix, picture)[1].tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if age_s:
        stamp = START / 1000 - age_s
        os.utime(path, (stamp, stamp))


def following(source: Source) -> aclosing[AsyncGenerator[Batch, None]]:
    return aclosing(source.batches())


# The whole path


async def test_house_to_register_within_the_last_digit(
    camera: MeterCamera, clock: EagerClock, context: Context
) -> None:
    """Two days of one picture every 23 minutes: each yields a reading, each agrees, the gate takes each."""
    source = Source(options(**{**camera.source_config(), "every_s": 1379}), context)
    gate = Gate()
    async with following(source) as batches:
        for _ in range(125):
            batch = await anext(batches)
            (reading,) = readings_of(batch)
            truth = camera.house.state_at(reading.at).import_kwh
            assert truth - 0.1 < reading.value <= truth + 0.03, picture_of(batch).text
            assert reading.confidence >= 0.85
            assert gate.judge(reading, clock.now(), source.limits[reading.quantity]).event is None
            assert events_of(batch) == []


async def test_picture_shows_what_was_read_and_where(camera: MeterCamera, context: Context) -> None:
    source = Source(options(url=camera.source_config()["url"]), context)
    async with following(source) as batches:
        picture = picture_of(await anext(batches))
    assert picture.text == "048713.4"
    assert [round(d.value) % 10 for d in picture.digits] == [0, 4, 8, 7, 1, 3, 4]
    seen = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    assert seen.shape[:2] == (picture.height, picture.width) == (720, 1280)
    lefts = [d.box[0] for d in picture.digits]
    assert lefts == sorted(lefts)
    assert 200 < lefts[0] < 350


async def test_found_without_a_word_it_is_believed_once_it_counts_on(
    camera: MeterCamera, clock: EagerClock, context: Context
) -> None:
    """A row that might be a serial number gives no reading before it was seen to count."""
    clock.tick(9 * 3600)  # evening: the sun has set, so the house draws from the grid
    asked = options(url=camera.source_config()["url"], initial_reading=None, every_s=900)
    async with following(Source(asked, context)) as batches:
        first: list[Reading] = []
        looks = 0
        while not first and looks < 12:
            first, looks = readings_of(await anext(batches)), looks + 1
        assert first
        truth = camera.house.state_at(first[0].at).import_kwh
        assert truth - 0.11 < first[0].value <= truth + 0.03


@pytest.mark.parametrize(("said", "decimals", "read"), [("048713.4", 0, []), ("0487134", 1, [48713.4])])
async def test_decimals_other_than_those_of_what_the_meter_was_said_to_show_are_no_reading(
    tmp_path: Path, context: Context, said: str, decimals: int, read: list[float]
) -> None:
    """Ten times too much, for years. Without a point nothing is said against the decimals."""
    write(tmp_path / "m.jpg", render(48713.4))
    asked = options(file=tmp_path / "m.jpg", initial_reading=said, decimals=decimals)
    batch = eye_of(asked, context).look()
    assert [reading.value for reading in readings_of(batch)] == read
    assert bool(read) or "set decimals right" in events_of(batch)[0].text


async def test_large_pictures_are_shown_small_with_their_boxes(tmp_path: Path, context: Context) -> None:
    write(tmp_path / "big.jpg", render(48713.4, width=2560, height=1440))
    async with following(Source(options(file=tmp_path / "big.jpg"), context)) as batches:
        picture = picture_of(await anext(batches))
    assert (picture.width, picture.height) == (1280, 720)
    assert picture.text == "048713.4"
    assert all(d.box[0] + d.box[2] <= 1280 for d in picture.digits)


async def test_the_place_of_the_counter_is_remembered(camera: MeterCamera, context: Context) -> None:
    asked = options(url=camera.source_config()["url"])
    async with following(Source(asked, context)) as batches:
        await anext(batches)
    kept = Calibration.from_json((context.folder / "meter" / "calibration.json").read_text())
    assert len(kept.digits) == 7
    before = (context.folder / "meter" / "calibration.json").stat().st_mtime_ns
    async with following(Source(asked, context)) as batches:
        assert readings_of(await anext(batches))
    assert (context.folder / "meter" / "calibration.json").stat().st_mtime_ns == before


async def test_a_broken_calibration_is_made_anew(camera: MeterCamera, context: Context) -> None:
    path = context.folder / "meter" / "calibration.json"
    path.parent.mkdir(parents=True)
    path.write_text("{ not json")
    async with following(Source(options(url=camera.source_config()["url"]), context)) as batches:
        assert readings_of(await anext(batches))
    assert len(Calibration.from_json(path.read_text()).digits) == 7


async def test_boxes_in_the_configuration_are_used_as_they_are(camera: MeterCamera, context: Context) -> None:
    url = camera.source_config()["url"]
    async with following(Source(options(url=url), context)) as batches:
        await anext(batches)
    path = context.folder / "meter" / "calibration.json"
    boxes = json.loads(path.read_text())
    path.unlink()
    async with following(Source(options(url=url, calibration=boxes), context)) as batches:
        (reading,) = readings_of(await anext(batches))
    assert reading.value == pytest.approx(48713.4, abs=0.1)
    assert not path.exists()


async def test_a_camera_that_drifts_reads_on(camera: MeterCamera, context: Context) -> None:
    async with following(Source(options(url=camera.source_config()["url"]), context)) as batches:
        await anext(batches)
        for shift, turn in (((9.0, -6.0), 0.5), ((25.0, 14.0), -1.5), ((-40.0, 20.0), 3.0)):
            camera.view.shift, camera.view.turn_deg = shift, turn
            (reading,) = readings_of(await anext(batches))
            truth = camera.house.state_at(reading.at).import_kwh
            assert truth - 0.1 < reading.value <= truth + 0.03


async def test_a_camera_hung_elsewhere_is_set_up_again_by_itself(
    camera: MeterCamera, clock: EagerClock, context: Context
) -> None:
    async with following(Source(options(url=camera.source_config()["url"]), context)) as batches:
        assert readings_of(await anext(batches))
        camera.width, camera.height = 1024, 768
        reasons, readings = [], []
        for _ in range(14):
            batch = await anext(batches)
            readings += readings_of(batch)
            reasons += [e.text for e in events_of(batch)]
    assert any("1024x768" in text for text in reasons), "first it says what is wrong"
    assert len(readings) >= 3
    truth = camera.house.state().import_kwh
    assert truth - 0.1 < readings[-1].value <= truth + 0.03


# Units and geometry


@pytest.mark.parametrize(
    ("more", "quantity", "value"),
    [
        ({}, Quantity.ENERGY_IMPORT, 48713.4),
        ({"unit": "MWh"}, Quantity.ENERGY_IMPORT, 48713400),
        ({"unit": "Wh", "decimals": 0}, Quantity.ENERGY_IMPORT, 487.134),
        ({"quantity": "gas", "decimals": 3}, Quantity.GAS, 487.134),
        ({"quantity": "water", "unit": "l", "decimals": 0}, Quantity.WATER, 487.134),
    ],
)
async def test_units(
    tmp_path: Path, context: Context, more: dict[str, Any], quantity: Quantity, value: float
) -> None:
    write(tmp_path / "m.png", render(48713.4))
    source = Source(options(file=tmp_path / "m.png", initial_reading="0487134", **more), context)
    async with following(source) as batches:
        (reading,) = readings_of(await anext(batches))
    assert reading.quantity is quantity
    assert reading.value == pytest.approx(value)
    step = {"MWh": 100.0, "Wh": 0.001, "l": 0.001}.get(more.get("unit", ""), 10.0 ** -more.get("decimals", 1))
    assert source.limits[quantity].resolution == pytest.approx(step)


@pytest.mark.parametrize(
    ("spoilt", "more"),
    [
        (cv2.rotate(render(48713.4), cv2.ROTATE_180), {"rotate": 180}),
        (cv2.rotate(render(48713.4), cv2.ROTATE_90_CLOCKWISE), {"rotate": 270}),
        (render(48713.4, turn_deg=8), {"rotate": 8}),
        (render(48713.4)[:, ::-1], {"flip_horizontal": True}),
        (render(48713.4)[::-1], {"flip_vertical": True}),
        (render(48713.4), {"crop": [230, 150, 760, 240]}),
    ],
    ids=["over", "quarter", "fine", "mirrored", "upside", "crop"],
)
async def test_the_picture_is_set_upright(
    tmp_path: Path, context: Context, spoilt: np.ndarray, more: dict[str, Any]
) -> None:
    write(tmp_path / "m.png", np.ascontiguousarray(spoilt))
    async with following(Source(options(file=tmp_path / "m.png", **more), context)) as batches:
        assert picture_of(await anext(batches)).text == "048713.4"


# Files and folders


async def test_a_file_is_read_when_it_changes_and_dated_by_it(
    tmp_path: Path, clock: EagerClock, context: Context
) -> None:
    path = tmp_path / "m.jpg"
    write(path, render(48713.4), age_s=300)
    eye = eye_of(options(file=path), context)
    eye.open(_cameras.FileCamera(path))
    (reading,) = readings_of(eye.look())
    assert (reading.value, reading.at) == (48713.4, START - 300_000)
    assert eye.look() == [], "an old picture is no new reading"
    write(path, render(48714.4), age_s=200)
    (reading,) = readings_of(eye.look())
    assert (reading.value, reading.at) == (48714.4, START - 200_000)


async def test_a_file_older_than_any_sane_clock_counts_as_taken_now(tmp_path: Path, context: Context) -> None:
    write(tmp_path / "m.jpg", render(48713.4), age_s=20 * 365 * 86_400)
    async with following(Source(options(file=tmp_path / "m.jpg"), context)) as batches:
        (reading,) = readings_of(await anext(batches))
    assert reading.at == START


async def test_the_newest_picture_of_a_folder(tmp_path: Path, context: Context) -> None:
    folder = tmp_path / "shots"
    write(folder / "b.jpg", render(48713.4), age_s=100)
    write(folder / "a.png", render(48715.4), age_s=50)
    write(folder / "c.bmp", render(48712.4), age_s=200)
    write(folder / "notes.txt", b"newest, but no picture")
    asked = options(folder=folder, initial_reading="048715.4")
    async with following(Source(asked, context)) as batches:
        (reading,) = readings_of(await anext(batches))
    assert reading.value == 48715.4


async def test_a_picture_of_a_folder_dated_by_a_wrong_clock_does_not_stay_the_newest(
    tmp_path: Path, context: Context
) -> None:
    write(tmp_path / "a.jpg", render(48713.4), age_s=-90 * 86_400)
    eye = eye_of(options(folder=tmp_path), context)
    (reading,) = readings_of(eye.look())
    assert (reading.value, reading.at) == (48713.4, START)
    write(tmp_path / "b.jpg", render(48714.4), age_s=10)
    (reading,) = readings_of(eye.look())
    assert (reading.value, reading.at) == (48714.4, START - 10_000)


async def test_a_folder_that_is_tidied_up_meanwhile(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.jpg", render(48713.4), age_s=100)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: [*listed(folder), folder / "gone.jpg"])
    assert len(readings_of(eye_of(options(folder=tmp_path), context).look())) == 1


@pytest.mark.parametrize("place", ["file", "folder"])
async def test_nothing_there(tmp_path: Path, context: Context, place: str) -> None:
    with pytest.raises(SourceError, match="check the path"):
        async with following(Source(options(**{place: tmp_path / "none"}), context)) as batches:
            await anext(batches)


async def test_an_empty_folder(tmp_path: Path, context: Context) -> None:
    with pytest.raises(SourceError, match="holds no"):
        async with following(Source(options(folder=tmp_path), context)) as batches:
            await anext(batches)


JPEG = cv2.imencode(".jpg", render(48713.4))[1].tobytes()
PNG = cv2.imencode(".png", np.full((40, 40, 3), 128, np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"hello, I am no picture", "no JPEG, PNG or BMP"),
        (JPEG[: len(JPEG) // 2], "ends in the middle"),
        (JPEG[:30], "no JPEG, PNG or BMP"),
        (PNG[:16] + (60_000).to_bytes(4, "big") * 2 + PNG[24:], "60000x60000"),
        (PNG[:33] + b"\0" * 60, "damaged"),
        (b"\xff" * 31_000_000, "31 MB"),
        (cv2.imencode(".jpg", np.zeros((720, 1280, 3), np.uint8))[1].tobytes(), "black"),
        (cv2.imencode(".jpg", np.full((720, 1280, 3), 90, np.uint8))[1].tobytes(), "even surface"),
        (PNG, "pixels"),
    ],
    ids=["empty", "text", "half", "head", "bomb", "damaged", "huge", "black", "covered", "tiny"],
)
async def test_a_bad_picture_has_a_reason(tmp_path: Path, context: Context, data: bytes, said: str) -> None:
    (tmp_path / "m.jpg").write_bytes(data)
    async with following(Source(options(file=tmp_path / "m.jpg"), context)) as batches:
        batch = await anext(batches)
    assert readings_of(batch) == []
    (event,) = events_of(batch)
    picture = picture_of(batch)
    assert event.name == "unreadable"
    assert said in event.text
    assert (picture.reason, picture.text) == (event.text, None)


@pytest.mark.parametrize("cut", range(0, len(JPEG), len(JPEG) // 23))
def test_a_picture_cut_off_anywhere_is_noticed(cut: int) -> None:
    from appliance.sources._image import BadImageError, decode

    with pytest.raises(BadImageError):
        decode(JPEG[:cut])


# Refusals


async def test_an_unsure_picture_is_refused_and_kept(tmp_path: Path, context: Context) -> None:
    path = tmp_path / "m.png"
    asked = options(file=path, confidence_threshold=0.97)
    write(path, render(48713.4), age_s=1000)
    eye = eye_of(asked, context)
    eye.open(_cameras.FileCamera(path))
    assert readings_of(eye.look()), "the counter is found on a good picture"
    refused: list[Event] = []
    for number in range(22):
        write(path, render(48713.4, glare=0.9, blur=2.5, seed=number), age_s=900 - number)
        batch = eye.look()
        assert readings_of(batch) == []
        assert picture_of(batch).reason
        refused += events_of(batch)
    assert 1 <= len(refused) <= 3, "the same trouble is not told every time"
    event = refused[0]
    assert event.name == "rejected"
    assert 0 <= event.data["confidence"] < 0.97
    kept = sorted((context.folder / "meter" / "refused").glob("*.jpg"))
    assert len(kept) == 20
    assert [p.stem for p in kept] == [p.stem for p in sorted(kept[0].parent.glob("*.json"))]
    assert event.data["picture"].startswith("refused/")


async def test_dark_nights_and_mornings(camera: MeterCamera, context: Context) -> None:
    asked = options(url=camera.source_config()["url"], every_s=600)
    async with following(Source(asked, context)) as batches:
        assert readings_of(await anext(batches))
        camera.view.lamp = 0.0
        night = [await anext(batches) for _ in range(9)]
        camera.view.lamp = 1.0
        assert readings_of(await anext(batches)), "one good picture is enough"
    told = [e for batch in night for e in events_of(batch)]
    assert [e.data["count"] for e in told] == [1, 6]
    assert all("black" in picture_of(batch).reason for batch in night)  # type: ignore[operator]


def test_told_counts_and_waits_an_hour() -> None:
    told = Told()
    assert told.due("digit 3 is unsure, 71 %", 0) == 1
    assert told.due("digit 5 is unsure, 12 %", 60_000) == 0
    assert told.due("the picture is black", 60_000) == 1
    assert told.due("digit 3 is unsure, 71 %", HOUR_MS) == 2
    assert told.due("digit 3 is unsure, 71 %", HOUR_MS + 1) == 0
    assert told.due("digit 3 is unsure, 71 %", 5) == 2, "the clock was set back"


async def test_kept_pictures_are_few_and_young(tmp_path: Path, clock: EagerClock, context: Context) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "mine.jpg").write_bytes(b"the owner's own")
    asked = options(file=tmp_path / "m.jpg", save_images=True, image_path=folder, keep_days=1)
    eye = eye_of(asked, context)
    eye.open(_cameras.FileCamera(tmp_path / "m.jpg"))
    for age_h in (60, 30, 20, 10):
        write(tmp_path / "m.jpg", render(48713.4), age_s=3600 * age_h)
        assert events_of(eye.look()) == []
    assert sorted(p.name for p in folder.iterdir()) == [
        "20260503T040000000Z.jpg",
        "20260503T140000000Z.jpg",
        "20260504T000000000Z.jpg",
        "mine.jpg",
    ]
    small = options(file=tmp_path / "m.jpg", save_images=True, image_path=folder, keep_mb=0.001)
    eye = eye_of(small, context)
    eye.open(_cameras.FileCamera(tmp_path / "m.jpg"))
    eye.look()
    assert sorted(p.name for p in folder.iterdir()) == ["20260504T000000000Z.jpg", "mine.jpg"]


async def test_where_nothing_can_be_kept_reading_goes_on(tmp_path: Path, context: Context) -> None:
    write(tmp_path / "m.jpg", render(48713.4))
    asked = options(file=tmp_path / "m.jpg", save_images=True, image_path=tmp_path / "m.jpg" / "no")
    async with following(Source(asked, context)) as batches:
        batch = await anext(batches)
    assert readings_of(batch)
    assert [e.name for e in events_of(batch)] == ["picture_not_kept"]


async def test_refused_pictures_that_cannot_be_kept_are_told(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_album, "REFUSED_FLOOR_MB", 1e12)
    path = tmp_path / "m.png"
    write(path, render(48713.4))
    eye = eye_of(options(file=path), context)
    assert readings_of(eye.look())
    with pytest.raises(SourceError, match="cannot be kept: the disk is full"):
        eye.disbelieved(Quantity.ENERGY_IMPORT, "a register never runs backwards")
    for number, told in ((1, ["picture_not_kept"]), (2, [])):
        write(path, render(48713.4, glare=0.9, blur=2.5), age_s=100 - number)
        events = events_of(eye.look())
        assert [e.name for e in events if e.name != "rejected"] == told
        assert [e.data["picture"] for e in events if e.name == "rejected"] == [None] * len(told)


async def test_another_shape_of_picture_is_refused_until_it_is_as_before(
    tmp_path: Path, context: Context
) -> None:
    path = tmp_path / "m.png"
    write(path, render(48713.4))
    eye = eye_of(options(file=path), context)
    assert readings_of(eye.look())
    write(path, cv2.resize(render(48713.5), (960, 720)), age_s=50)
    (event,) = events_of(eye.look())
    assert "960x720" in event.text
    assert "set the meter up again" in event.text
    write(path, render(48713.6), age_s=10)
    assert readings_of(eye.look())[0].value == 48713.6


# Network cameras


async def test_a_network_camera_that_goes_and_comes_back(camera: MeterCamera, context: Context) -> None:
    source = Source(options(url=camera.source_config()["url"], timeout_s=0.5), context)
    async with following(source) as batches:
        await anext(batches)
        camera.stop()
        with pytest.raises(SourceError, match="does not answer"):
            await anext(batches)
    camera.start()
    async with following(source) as batches:
        assert readings_of(await anext(batches))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), SourceError),
        (Fault(cut=True), SourceError),
        (Fault(wait_s=5), SourceError),
        (Fault(status=401), AuthError),
        (Fault(status=403), AuthError),
    ],
)
async def test_faults_of_a_network_camera(
    camera: MeterCamera, context: Context, fault: Fault, error: type[Exception]
) -> None:
    camera.fault = fault
    with pytest.raises(error):
        async with following(Source(options(url=f"{camera.url}/snapshot.jpg", timeout_s=0.5), context)) as b:
            await anext(b)


async def test_the_loop_goes_on_while_a_picture_is_read(camera: MeterCamera, tmp_path: Path) -> None:
    """Capture and reading happen on the source's own thread: the loop turns meanwhile."""
    import asyncio

    scaled = ScaledClock(1, START)
    context = Context(scaled, tmp_path, ZoneInfo("UTC"))
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    task = asyncio.create_task(turn())
    async with following(Source(options(url=camera.source_config()["url"]), context)) as batches:
        await anext(batches)
    task.cancel()
    assert turns > 20


# USB and Pi cameras, lamp


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Eighteen frames: what OpenCV plays like a camera that is unplugged after three pictures."""
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (1280, 720))
    for _ in range(18):
        writer.write(render(48713.4))
    writer.release()
    return path


async def test_the_classic_configuration_reads_a_usb_camera_until_it_is_unplugged_and_again(
    video: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_usb_camera, "usb", lambda device_id, memory: lambda: cv2.VideoCapture(str(video)))
    asked = options(device_id=0, width=1280, height=720, fps=30, lighting={"enabled": True})
    source = Source(asked, context)
    for _ in range(2):
        async with following(source) as batches:
            for _ in range(3):
                assert readings_of(await anext(batches))[0].value == 48713.4
            with pytest.raises(SourceError, match=r"/dev/video0 gives no picture any more"):
                await anext(batches)


async def test_a_camera_unplugged_while_the_page_sets_up_is_opened_anew(
    video: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number may be another by then, and what is held of the old one never works again."""
    opened: list[cv2.VideoCapture] = []

    def opener(device_id: int, memory: Path) -> Callable[[], cv2.VideoCapture]:
        opened.append(cv2.VideoCapture(str(video)))
        return lambda: opened[-1]

    monkeypatch.setattr(_usb_camera, "usb", opener)
    eye = eye_of(options(device_id=0), context)
    for _ in range(3):
        assert eye.survey("shoot").jpeg
    with pytest.raises(SourceError, match="check its plug"):
        eye.survey("shoot")
    assert not opened[0].isOpened()
    assert eye.survey("shoot").jpeg, "plugged in again"
    assert readings_of(eye.look())
    eye.close()


async def test_no_usb_camera(context: Context) -> None:
    with pytest.raises(SourceError, match="There is no camera /dev/video97"):
        async with following(Source(options(device_id=97), context)) as batches:
            await anext(batches)


async def test_no_picamera2(context: Context) -> None:
    with pytest.raises(SourceError, match="sudo apt install python3-picamera2"):
        async with following(Source(options(picamera=True), context)) as batches:
            await anext(batches)


class StandInPicamera2:
    """As much of picamera2's interface as is used; the real one exists on a Pi alone."""

    made: ClassVar[list["StandInPicamera2"]] = []

    camera_controls: ClassVar[dict[str, Any]] = dict.fromkeys(("AeEnable", "AwbEnable", "ExposureValue"))

    def __init__(self) -> None:
        self.controls: dict[str, float] = {}
        self.running = False
        self.made.append(self)

    def create_video_configuration(self, **said: Any) -> dict[str, Any]:
        assert said["main"] == {"size": (1280, 720), "format": "RGB888"}
        assert said["controls"] == {"FrameRate": 30.0}
        return said

    def configure(self, configuration: dict[str, Any]) -> None:
        assert not self.running

    def start(self) -> None:
        self.running = True

    def capture_array(self, stream: str) -> np.ndarray:
        assert (stream, self.running) == ("main", True)
        return render(48713.4, lamp=0.7)

    def set_controls(self, controls: dict[str, float]) -> None:
        self.controls.update(controls)

    def close(self) -> None:
        self.running = False


async def test_a_pi_camera(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("picamera2")
    module.Picamera2 = StandInPicamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(_pi_camera, "SETTLE_S", 0.0)
    asked = options(
        picamera=True,
        lighting={"enabled": True, "brightness_target": 250},
    )
    async with following(Source(asked, context)) as batches:
        for _ in range(2):
            assert readings_of(await anext(batches))[0].value == 48713.4
        (device,) = StandInPicamera2.made
        assert device.running
    assert 0 < device.controls["ExposureValue"] <= 4, "the picture was darker than asked for"


async def test_the_led_is_lit_for_the_picture_and_dimmed_towards_the_target(
    tmp_path: Path, context: Context
) -> None:
    from gpiozero import Device
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    Device.pin_factory = factory = MockFactory(pin_class=MockPWMPin)
    pin = factory.pin(18)
    path = tmp_path / "m.png"
    seen: list[float] = []

    class Watching(_cameras.FileCamera):
        def grab(self) -> _cameras.Shot | None:
            seen.append(pin.state)
            write(path, render(48713.4, lamp=2.0 * pin.state), age_s=500 - len(seen))
            return super().grab()

    asked = options(file=path, lighting={"enabled": True, "brightness_target": 120, "led_pin": 18})
    eye = eye_of(asked, context)
    eye.open(Watching(path))
    try:
        for _ in range(6):
            assert readings_of(eye.look())
            assert pin.state == 0, "dark between pictures"
    finally:
        eye.close()
        Device.pin_factory.reset()
        Device.pin_factory = None
    assert seen[0] == pytest.approx(0.5, abs=0.01)
    assert seen[-1] < seen[0], "the meter was brighter than asked for"
    assert seen[-1] == seen[-2], "and then it stays"


# Options


def test_the_classic_sections_are_all_understood() -> None:
    classic = {
        "device_id": 0,
        "width": 1280,
        "height": 720,
        "fps": 30,
        "flip_vertical": False,
        "flip_horizontal": False,
        "expected_digits": 7,
        "confidence_threshold": 0.85,
        "monotonic_check": True,
        "max_daily_increase_kwh": 100,
        "lighting": {"enabled": True, "brightness_target": 200, "auto_adjust": True},
        "save_images": False,
        "image_path": "/var/log/meter-reader/images",
        "keep_days": 7,
    }
    asked = Options(**classic)
    assert (asked.label, asked.decimals, asked.lighting.led_pin) == ("camera_meter", 1, None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "none is given"),
        ({"device_id": 0, "picamera": True}, "not device_id and picamera together"),
        ({"picamera": False}, "none is given"),
        ({"device_id": 0, "decimals": 7}, "7 decimals do not fit"),
        ({"device_id": 0, "unit": "m³"}, "counted in kWh"),
        ({"device_id": 0, "initial_reading": "48x"}, "initial_reading"),
        ({"device_id": 0, "calibration": "../../etc/x.json"}, "plain file name"),
        ({"device_id": 0, "calibration": {"width": 10}}, "calibration"),
        ({"device_id": 0, "shutter": 3}, "shutter"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Options(**wrong)


def test_limits_follow_the_options(context: Context) -> None:
    source = Source(
        options(device_id=0, decimals=2, monotonic_check=False, max_daily_increase_kwh=None), context
    )
    limits = source.limits[Quantity.ENERGY_IMPORT]
    assert limits.monotonic is False
    assert (limits.max_per_day, limits.max_per_hour) == (None, None)
    assert limits.resolution == pytest.approx(0.01)
    assert Source(options(device_id=0), context).limits[Quantity.ENERGY_IMPORT].max_per_day == 100
