"""Where pictures come from: a file, a folder, an address, a USB camera, a Pi camera.

All of it blocks and runs on the source's own thread. `grab` raises SourceError when there is no camera and
BadImageError when there is a picture that cannot be used.
"""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from appliance import http
from appliance.errors import AuthError, SourceError
from appliance.sources._image import LARGEST_FILE, BadImageError, check_size, decode
from ocr import Picture

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
STALE_FRAMES = 5
"""V4L2 keeps up to four frames of the past; this many are dropped to see the present."""
V4L2_EXPOSURE_MANUAL = 1
"""enum v4l2_exposure_auto_type of the kernel's V4L2 API."""
SETTLE_S = 2.0
"""A sensor needs this long after power-on to find its exposure and white balance."""


@dataclass(frozen=True)
class Shot:
    """A picture; `at` (UTC ms) only where the picture knows better than the clock when it was taken."""

    picture: Picture
    at: int | None = None


class Camera(Protocol):
    """One picture after another."""

    def open(self) -> None:
        """Get ready. Raises SourceError."""

    def grab(self) -> Shot | None:
        """The present picture; None when nothing new was taken since the last."""

    def brighten(self, factor: float) -> None:
        """Expose `factor` times as long as now, where this camera can be told."""

    def close(self) -> None:
        """Let go of the device."""


class _Passive:
    """A camera that looks after itself."""

    def open(self) -> None:
        return None

    def brighten(self, factor: float) -> None:
        return None

    def close(self) -> None:
        return None


class FileCamera(_Passive):
    """A picture that something else writes, again and again, to the same place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[Path, int, int] | None = None

    def _newest(self) -> Path:
        return self._path

    def grab(self) -> Shot | None:
        try:
            path = self._newest()
            stat = path.stat()
            mark = (path, stat.st_mtime_ns, stat.st_size)
            if mark == self._seen:
                return None
            self._seen = mark
            check_size(stat.st_size)
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}; check the path") from error
        return Shot(decode(data), stat.st_mtime_ns // 1_000_000)


class FolderCamera(FileCamera):
    """The newest picture in a folder that something else fills."""

    def _newest(self) -> Path:
        pictures = [p for p in self._path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
        if not pictures:
            raise SourceError(f"{self._path} holds no .jpg, .png or .bmp picture: does a camera write there?")
        return max(pictures, key=lambda p: (p.stat().st_mtime_ns, p.name))


class UrlCamera(_Passive):
    """A network camera that answers with a picture; Basic or Digest login, as it asks for."""

    def __init__(self, url: str, timeout_s: float, user: str = "", password: str = "") -> None:
        self._url, self._timeout_s = url, timeout_s
        self._login = (user, password)
        self._auth: AuthBase | None = None
        self._session = http.session()

    def grab(self) -> Shot:
        try:
            response = self._get()
            if response.status_code == 401 and any(self._login):
                asked = response.headers.get("WWW-Authenticate", "").lower()
                self._auth = (HTTPDigestAuth if "digest" in asked else HTTPBasicAuth)(*self._login)
                response = self._get()
            self._check(response)
            data = self._body(response)
        except requests.RequestException as error:
            raise SourceError(
                f"The camera does not answer ({type(error).__name__}): check its address, power and network"
            ) from error
        return Shot(decode(data))

    def _get(self) -> requests.Response:
        return self._session.get(
            self._url, timeout=self._timeout_s, auth=self._auth, stream=True, allow_redirects=False
        )

    @staticmethod
    def _check(response: requests.Response) -> None:
        if response.status_code in (401, 403):
            raise AuthError("The camera refuses the login: set user and password of the camera")
        if response.status_code != requests.codes.ok:
            said = f"{response.status_code} {response.reason}"
            raise SourceError(f"The camera answers {said}: check the address of its picture")

    def _body(self, response: requests.Response) -> bytes:
        data = bytearray()
        deadline = time.monotonic() + self._timeout_s
        with response:
            for part in response.iter_content(65_536):
                data += part
                if len(data) > LARGEST_FILE:
                    size = LARGEST_FILE // 10**6
                    raise BadImageError(f"The camera sends more than {size} MB: is this its video stream?")
                if time.monotonic() > deadline:
                    raise SourceError(f"The camera did not send its picture within {self._timeout_s:g} s")
        return bytes(data)

    def close(self) -> None:
        self._session.close()


Opener = Callable[[], cv2.VideoCapture]


class UsbCamera:
    """A camera that OpenCV can open.

    The lock lets `close` wait for a capture that hangs: to release a device in use is a crash.
    """

    def __init__(self, opener: Opener, label: str, width: int, height: int, fps: int) -> None:
        self._opener, self._label = opener, label
        self._wanted: Mapping[int, float] = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        self._device: cv2.VideoCapture | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        device = self._opener()
        if not device.isOpened():
            device.release()
            raise SourceError(f"There is no {self._label}: check its plug and the camera's device_id")
        for option, value in self._wanted.items():
            device.set(option, value)
        self._device = device

    def grab(self) -> Shot:
        with self._lock:
            assert self._device is not None, "open() comes first"
            for _ in range(STALE_FRAMES):
                self._device.grab()
            good, frame = self._device.read()
        if not good or frame is None:
            raise SourceError(f"The {self._label} gives no picture any more: check its plug and cable")
        return Shot(np.asarray(frame, np.uint8))

    def brighten(self, factor: float) -> None:
        with self._lock:
            assert self._device is not None, "open() comes first"
            exposure = self._device.get(cv2.CAP_PROP_EXPOSURE)
            if exposure > 0:  # absolute exposure is offered
                self._device.set(cv2.CAP_PROP_AUTO_EXPOSURE, V4L2_EXPOSURE_MANUAL)
                self._device.set(cv2.CAP_PROP_EXPOSURE, max(1.0, exposure * factor))

    def close(self) -> None:
        with self._lock:
            if self._device is not None:
                self._device.release()
                self._device = None


def usb(device_id: int) -> Opener:
    """Opens /dev/video<device_id> by V4L2 on Linux, the camera of that number elsewhere."""
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    return lambda: cv2.VideoCapture(device_id, backend)


class PiCamera:
    """A camera on the Pi's own connector, by picamera2 (the Picamera2 manual, chapters 4 and 5)."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        self._size, self._fps = (width, height), fps
        self._device: Any = None
        self._stops = 0.0
        self._lock = threading.Lock()

    def open(self) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise SourceError(
                "picamera2 is not installed; on Raspberry Pi OS: sudo apt install python3-picamera2, "
                "and make the virtual environment with --system-site-packages"
            ) from error
        try:
            self._device = Picamera2()
            # picamera2's "RGB888" lies in memory as blue, green, red: what OpenCV calls BGR.
            main = {"size": self._size, "format": "RGB888"}
            controls = {"FrameRate": float(self._fps)}
            self._device.configure(self._device.create_video_configuration(main=main, controls=controls))
            self._device.start()
        except (RuntimeError, IndexError) as error:
            self.close()
            raise SourceError(f"The Pi camera cannot be used ({error}): check its ribbon cable") from error
        time.sleep(SETTLE_S)

    def grab(self) -> Shot:
        try:
            with self._lock:
                return Shot(np.asarray(self._device.capture_array("main"), np.uint8))
        except RuntimeError as error:
            raise SourceError(f"The Pi camera gives no picture ({error}): check its ribbon cable") from error

    def brighten(self, factor: float) -> None:
        self._stops = float(np.clip(self._stops + np.log2(factor), -4, 4))
        self._device.set_controls({"ExposureValue": self._stops})

    def close(self) -> None:
        with self._lock:
            if self._device is not None:
                self._device.close()
                self._device = None
