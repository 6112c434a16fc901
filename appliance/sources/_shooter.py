"""From the camera to one upright picture: lamp, several frames where light is poor, and what they teach."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from appliance.sources import _cameras, _fusion, _lighting
from appliance.sources._camera_options import Options
from appliance.sources._image import BadImageError
from appliance.sources._steady import Steady
from ocr import Box, Picture, prepare
from ocr.picture import fault, sharpness

PAUSE_S = 0.12
"""Between frames that are fused: mains light flickers within it, an insect moves on."""
DIMMINGS = 2


def camera_of(options: Options, folder: Path, now: Callable[[], int]) -> _cameras.Camera:
    """The camera the options name; in `folder` it may keep what it has to know the next time, `now` is the
    present instant, UTC ms."""
    size = options.width, options.height, options.fps
    if options.url is not None:
        password = options.password.get_secret_value()
        return _cameras.UrlCamera(str(options.url), options.timeout_s, options.user, password)
    if options.file is not None:
        return _cameras.FileCamera(options.file)
    if options.folder is not None:
        return _cameras.FolderCamera(options.folder, now)
    if options.device_id is not None:
        from appliance.sources import _usb_camera

        label = f"camera /dev/video{options.device_id}"
        return _usb_camera.UsbCamera(_usb_camera.usb(options.device_id, folder / "usb_camera"), label, *size)
    from appliance.sources._pi_camera import PiCamera

    return PiCamera(*size)


def lighting_of(options: Options) -> _lighting.Lighting | None:
    """The lamp and the steering the options ask for. Raises SourceError."""
    light = options.lighting
    if not light.enabled:
        return None
    lamp = None if light.led_pin is None else _lighting.led(light.led_pin)
    return _lighting.Lighting(lamp, light.brightness_target, light.auto_adjust)


class Shooter:
    """Used by one thread; opened when made. Raises SourceError; BadImageError of what is no picture."""

    def __init__(
        self, options: Options, camera: _cameras.Camera, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._options, self.camera, self._sleep = options, camera, sleep
        self._steady = Steady()
        self._lighting = lighting_of(options)
        try:
            camera.open()
        except BaseException:
            self._dark()
            raise

    def close(self) -> None:
        self.camera.close()
        self._dark()

    def _dark(self) -> None:
        if self._lighting is not None:
            self._lighting.close()

    def shoot(self) -> _cameras.Shot | None:
        """One picture, of several frames where one is too noisy; None when nothing new was taken."""
        with self._lit():
            shot = self.camera.grab()
            if shot is None:
                return None
            picture = self._upright(shot.picture)
            if self._several and fault(picture) is None and _fusion.poor(picture):
                picture = self._fused(picture)
        return _cameras.Shot(picture, shot.at)

    def retries(self, first: Picture, boxes: Callable[[], Sequence[Box]]) -> Iterator[Picture]:
        """Other pictures of the scene, each tried when none before could be read: first with less light
        where a reflection lies on the `boxes`, then of several frames."""
        if not self._several or fault(first) is not None:
            return
        for _ in range(DIMMINGS):
            if self._lighting is None or not self._lighting.dim(first, boxes()):
                break
            with self._lit():
                first = self._upright(self._another())
            yield first
        with self._lit():
            fused = self._fused(first)
        yield fused

    def learn(self, picture: Picture, boxes: Sequence[Box], good: bool) -> None:
        """Steer lamp, exposure and the camera's automatics by a picture that could be read or not."""
        light = _lighting.brightness(picture, boxes)
        factor = 1.0
        if self._lighting is not None:
            factor = self._lighting.learn(picture, boxes)
        elif self._steady.held:
            factor = _lighting.correction(light, self._steady.light)
        # What is still being brightened or dimmed is not yet worth keeping.
        verdict = self._steady.judge(good and factor == 1.0, light, sharpness(picture))
        if verdict == "hold":
            self.camera.hold()
        elif verdict == "free":
            self.camera.free()
        elif factor != 1.0:
            self.camera.brighten(factor)

    @property
    def _several(self) -> bool:
        return self.camera.live and self._options.frames > 1

    @contextmanager
    def _lit(self) -> Iterator[None]:
        lighting = self._lighting
        if lighting is None:
            yield
            return
        lighting.on()
        try:
            if lighting.has_lamp:
                # Automatics that still run have to find the new light first.
                wait = 0.0 if self._steady.held else self.camera.settle_s
                self._sleep(self._options.lighting.warm_up_s + wait)
            yield
        finally:
            lighting.off()

    def _another(self) -> Picture:
        shot = self.camera.grab()
        if shot is None:
            raise BadImageError("The camera took no further picture")
        return shot.picture

    def _fused(self, first: Picture) -> Picture:
        frames = [first]
        for _ in range(self._options.frames - 1):
            self._sleep(PAUSE_S)
            more = self.camera.more()
            if more is None:
                break
            frames.append(self._upright(more.picture))
        return _fusion.fuse(frames)

    def _upright(self, picture: Picture) -> Picture:
        o = self._options
        crop = Box(*o.crop) if o.crop else None
        try:
            return prepare(
                picture,
                o.rotate,
                flip_horizontal=o.flip_horizontal,
                flip_vertical=o.flip_vertical,
                crop=crop,
            )
        except ValueError as error:
            raise BadImageError(str(error)) from error
