"""Photographs a meter and reads its counter: mechanical wheels or a display, for electricity, gas or water.

The picture comes from a USB camera, a Pi camera, a network camera, or from files that something else
writes. The counter is found by itself on the first good picture and remembered. How often: once a minute is
plenty; a camera may be asked every few seconds. Nothing below `confidence_threshold` becomes a reading.
"""

import json
import re
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from appliance.clock import HOUR_MS, Clock, sane
from appliance.gate import Limits
from appliance.model import Batch, DigitSeen, Event, Picture, Reading
from appliance.sources import _album, _cameras, _image, _lighting
from appliance.sources._camera_options import Options
from appliance.sources._meter_reader import MeterReader, Wanted
from appliance.sources.base import Context
from appliance.worker import Worker
from ocr import Box, Calibration, Result, prepare

__all__ = ["Options", "Source", "parse"]

READING_DEADLINE_S = 60.0
"""Looking for a counter can take a slow Pi that long; a camera's own time-outs are far shorter."""


def parse(result: Result, options: Options, at: int) -> list[Reading]:
    """The reading in a result of the picture taken at `at` (UTC ms); none when it is not sure enough."""
    if result.value is None or result.confidence < options.confidence_threshold:
        return []
    value = round(result.value * options.factor, 6)
    return [Reading(options.label, options.quantity, value, at, result.confidence)]


def refusal(result: Result, options: Options) -> str:
    """Why a result is no reading, in a sentence."""
    if result.text is None or not result.digits:
        return result.reason or "The counter cannot be read"
    worst = min(range(len(result.digits)), key=lambda i: result.digits[i].confidence)
    return (
        f"It looks like {result.text}, but that is only {result.confidence:.0%} sure where "
        f"{options.confidence_threshold:.0%} is asked for; the least sure is digit {worst + 1}"
    )


class Told:
    """Each kind of trouble is told at once and then once an hour, with how often it happened since."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}

    def due(self, text: str, at: int) -> int:
        """How often it happened since it was last told, 0 while there is no need to tell."""
        kind = re.sub(r"\d+", "#", text)
        told, count = self._last.get(kind, (None, 0))
        if told is not None and 0 <= at - told < HOUR_MS:
            self._last[kind] = told, count + 1
            return 0
        self._last[kind] = at, 0
        return count + 1


class Source:
    """Yields with every capture the picture, and a reading or now and then an event that says why not."""

    urgent = True
    """A register reading is worth a write of its own."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = options.every_s
        self.folder = context.folder / self.name
        self.limits = Limits(
            monotonic=options.monotonic_check,
            max_per_hour=options.max_hourly_increase_kwh,
            max_per_day=options.max_daily_increase_kwh,
            resolution=options.factor * 10.0**-options.decimals,
        )
        self.wheels = options.expected_digits - options.decimals, options.decimals
        self._options = options
        self._clock = context.clock
        self._worker = Worker(f"The camera of {self.name}")
        self._eye = _Eye(options, self.folder, context.clock)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        options = self._options
        camera = _camera(options)
        try:
            await self._worker.call(lambda: self._eye.open(camera), options.timeout_s + READING_DEADLINE_S)
            while True:
                batch = await self._worker.call(self._eye.look, options.timeout_s + READING_DEADLINE_S)
                if batch:
                    yield batch
                await self._clock.sleep(options.every_s)
        finally:
            self._worker.close()
            # Letting go of a hung device can hang as well, and nobody needs to wait for it.
            threading.Thread(target=self._eye.close, args=(camera,), daemon=True).start()


def _camera(options: Options) -> _cameras.Camera:
    size = options.width, options.height, options.fps
    if options.url is not None:
        password = options.password.get_secret_value()
        return _cameras.UrlCamera(str(options.url), options.timeout_s, options.user, password)
    if options.file is not None:
        return _cameras.FileCamera(options.file)
    if options.folder is not None:
        return _cameras.FolderCamera(options.folder)
    if options.device_id is not None:
        label = f"camera /dev/video{options.device_id}"
        return _cameras.UsbCamera(_cameras.usb(options.device_id), label, *size)
    return _cameras.PiCamera(*size)


class _Eye:
    """What happens on the source's own thread, from the lamp to the facts."""

    def __init__(self, options: Options, folder: Path, clock: Clock) -> None:
        self._options, self._folder, self._clock = options, folder, clock
        wanted = Wanted(
            options.expected_digits, options.decimals, options.confidence_threshold, options.initial_reading
        )
        where = options.calibration
        if isinstance(where, dict):
            fixed = Calibration.from_json(json.dumps(where))
            self._reader = MeterReader(folder / "fixed.json", wanted, fixed)
        else:
            self._reader = MeterReader(folder / where, wanted)
        self._told = Told()
        self._camera: _cameras.Camera | None = None
        self._lighting: _lighting.Lighting | None = None

    def open(self, camera: _cameras.Camera) -> None:
        light = self._options.lighting
        if light.enabled:
            lamp = None if light.led_pin is None else _lighting.led(light.led_pin)
            self._lighting = _lighting.Lighting(lamp, light.brightness_target, light.auto_adjust)
        camera.open()
        self._camera = camera

    def close(self, camera: _cameras.Camera) -> None:
        camera.close()
        if self._lighting is not None:
            self._lighting.close()
            self._lighting = None

    def look(self) -> Batch:
        """One picture and all that follows from it; nothing when no new one was taken."""
        at = self._clock.now()
        try:
            shot = self._shoot()
            if shot is None:
                return []
            at = self._instant(shot, at)
            picture = self._prepared(shot)
        except _image.BadImageError as error:
            seen = Picture(self._options.label, at, b"", None, 0.0, reason=str(error))
            return [seen, *self._unreadable(str(error), at)]
        return self._facts(self._reader.read(picture), picture, at)

    def _shoot(self) -> _cameras.Shot | None:
        assert self._camera is not None, "open() comes first"
        if self._lighting is None:
            return self._camera.grab()
        self._lighting.on()
        try:
            shot = self._camera.grab()
        finally:
            self._lighting.off()
        if shot is not None:
            factor = self._lighting.learn(shot.picture)
            if factor != 1:
                self._camera.brighten(factor)
        return shot

    def _instant(self, shot: _cameras.Shot, before: int) -> int:
        """When it was taken: as the picture says where that can be, else in the middle of the capture."""
        if shot.at is not None and sane(shot.at) and shot.at <= before:
            return shot.at
        return (before + self._clock.now()) // 2

    def _prepared(self, shot: _cameras.Shot) -> Any:
        o = self._options
        crop = Box(*o.crop) if o.crop else None
        try:
            return prepare(
                shot.picture,
                o.rotate,
                flip_horizontal=o.flip_horizontal,
                flip_vertical=o.flip_vertical,
                crop=crop,
            )
        except ValueError as error:
            raise _image.BadImageError(str(error)) from error

    def _facts(self, result: Result, picture: Any, at: int) -> Batch:
        jpeg, factor = _image.encode(picture)
        readings = parse(result, self._options, at)
        reason = None if readings else refusal(result, self._options)
        seen = Picture(
            self._options.label,
            at,
            jpeg,
            result.text,
            result.confidence,
            tuple(DigitSeen(d.value, d.confidence, _scaled(d.box, factor)) for d in result.digits),
            reason,
            round(picture.shape[1] * factor),
            round(picture.shape[0] * factor),
        )
        events = self._keep(jpeg, at)
        if reason is not None and result.digits:
            events += self._refused(result, reason, jpeg, at)
        elif reason is not None:
            events += self._unreadable(reason, at)
        return [seen, *readings, *events]

    def _unreadable(self, text: str, at: int) -> list[Event]:
        count = self._told.due(text, at)
        return [Event(self._options.label, "unreadable", at, text, {"count": count})] if count else []

    def _refused(self, result: Result, text: str, jpeg: bytes, at: int) -> list[Event]:
        """Digits were seen, but not surely enough: the picture is kept for the owner to look at."""
        try:
            kept = str(_album.keep_refused(self._folder / "refused", at, jpeg).relative_to(self._folder))
        except OSError:
            kept = None
        count = self._told.due(text, at)
        data = {"text": result.text, "confidence": result.confidence, "picture": kept, "count": count}
        return [Event(self._options.label, "rejected", at, text, data)] if count else []

    def _keep(self, jpeg: bytes, at: int) -> list[Event]:
        o = self._options
        if not o.save_images:
            return []
        folder = o.image_path or self._folder / "images"
        try:
            _album.keep(folder, at, jpeg, o.keep_days, o.keep_mb)
        except OSError as error:
            text = f"Pictures cannot be kept in {folder}: {error.strerror}; check storage.image_path"
            if self._told.due(text, at):
                return [Event(o.label, "picture_not_kept", at, text)]
        return []


def _scaled(box: Box, factor: float) -> tuple[int, int, int, int]:
    return (round(box.x * factor), round(box.y * factor), round(box.w * factor), round(box.h * factor))
