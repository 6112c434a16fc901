"""A USB camera by OpenCV's V4L2 back end.

Which property is which control of the kernel, and that a control that is not offered reads as -1, is from
OpenCV's modules/videoio/src/cap_v4l.cpp; the values of auto exposure are enum v4l2_exposure_auto_type of the
kernel's Camera Control Reference (most cameras name their automatic 3, aperture priority).
"""

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from appliance.errors import SourceError
from appliance.sources._cameras import Shot

STALE_FRAMES = 5
"""V4L2 keeps up to four frames of the past; this many are dropped to see the present."""
EXPOSURE_MANUAL = 1
AUTOMATICS: Mapping[int, tuple[float, tuple[int, ...]]] = {
    cv2.CAP_PROP_AUTO_EXPOSURE: (EXPOSURE_MANUAL, (cv2.CAP_PROP_EXPOSURE, cv2.CAP_PROP_GAIN)),
    cv2.CAP_PROP_AUTO_WB: (0, (cv2.CAP_PROP_WB_TEMPERATURE,)),
    cv2.CAP_PROP_AUTOFOCUS: (0, (cv2.CAP_PROP_FOCUS,)),
}
"""Each automatic with the value that switches it off, and what it steers."""
SWITCHED_ON: Mapping[int, tuple[float, ...]] = {
    cv2.CAP_PROP_AUTO_EXPOSURE: (3, 0),
    cv2.CAP_PROP_AUTO_WB: (1,),
    cv2.CAP_PROP_AUTOFOCUS: (1,),
}
"""The values that switch each automatic on, the usual one first."""
Opener = Callable[[], cv2.VideoCapture]


def usb(device_id: int, memory: Path) -> Opener:
    """Opens /dev/video<device_id> by V4L2 on Linux, the camera of that number elsewhere.

    The file `memory` keeps which camera that was: plugged in again while its number was still in use, it
    comes back under another.
    """
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    return lambda: cv2.VideoCapture(number(device_id, memory), backend)


def number(device_id: int, memory: Path, dev: Path = Path("/dev")) -> int:
    """The number under which the camera can be opened now; udev's names for cameras tell them apart."""
    wanted = f"video{device_id}"
    nodes = {link.name: link.resolve().name for link in sorted(dev.glob("v4l/by-id/*-video-index*"))}
    with suppress(OSError, ValueError):
        if not (dev / wanted).exists():
            return int(nodes.get(memory.read_text(encoding="utf-8"), wanted).removeprefix("video"))
        names = [name for name, node in nodes.items() if node == wanted]
        if names and not (memory.is_file() and memory.read_text(encoding="utf-8") == names[0]):
            memory.parent.mkdir(parents=True, exist_ok=True)
            memory.write_text(names[0], encoding="utf-8")
    return device_id


class UsbCamera:
    """A camera that OpenCV can open.

    The lock lets `close` wait for a capture that hangs: to release a device in use is a crash.
    """

    live = True
    settle_s = 1.0

    def __init__(self, opener: Opener, label: str, width: int, height: int, fps: int) -> None:
        self._opener, self._label = opener, label
        self._wanted: Mapping[int, float] = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        self._device: cv2.VideoCapture | None = None
        self._automatic: dict[int, float] = {}
        self._lock = threading.Lock()

    def open(self) -> None:
        device = self._opener()
        if not device.isOpened():
            device.release()
            raise SourceError(f"There is no {self._label}: check its plug and the camera's device_id")
        for option, value in self._wanted.items():
            device.set(option, value)
        self._switch_on(device)
        self._device = device

    @staticmethod
    def _switch_on(device: cv2.VideoCapture) -> None:
        """A camera keeps what it was told: whoever held it last may have ended without freeing it."""
        for automatic, (off, _) in AUTOMATICS.items():
            if device.get(automatic) == off:
                any(device.set(automatic, on) for on in SWITCHED_ON[automatic])

    def grab(self) -> Shot:
        with self._lock:
            device = self._opened()
            for _ in range(STALE_FRAMES):
                device.grab()
        return self.more()

    def more(self) -> Shot:
        with self._lock:
            good, frame = self._opened().read()
        if not good or frame is None:
            raise SourceError(f"The {self._label} gives no picture any more: check its plug and cable")
        return Shot(np.asarray(frame, np.uint8))

    def brighten(self, factor: float) -> None:
        with self._lock:
            device = self._opened()
            exposure = device.get(cv2.CAP_PROP_EXPOSURE)
            if exposure > 0:  # absolute exposure is offered
                self._switch_off(device, cv2.CAP_PROP_AUTO_EXPOSURE, EXPOSURE_MANUAL)
                # A step below one unit would be rounded away for ever.
                wanted = max(1.0, round(exposure * factor))
                wanted += (factor > 1) - (factor < 1 < exposure) if wanted == exposure else 0
                device.set(cv2.CAP_PROP_EXPOSURE, wanted)

    def hold(self) -> None:
        with self._lock:
            device = self._opened()
            for automatic, (off, steered) in AUTOMATICS.items():
                now = {option: device.get(option) for option in steered}
                if self._switch_off(device, automatic, off):
                    for option, value in now.items():
                        if value >= 0:
                            device.set(option, value)

    def _switch_off(self, device: cv2.VideoCapture, automatic: int, off: float) -> bool:
        before = device.get(automatic)
        if before < 0 or before == off:
            return False
        self._automatic[automatic] = before
        return bool(device.set(automatic, off))

    def free(self) -> None:
        with self._lock:
            device = self._opened()
            for automatic, before in self._automatic.items():
                device.set(automatic, before)
            self._automatic.clear()

    def close(self) -> None:
        with self._lock:
            if self._device is not None:
                self._device.release()
                self._device = None
                self._automatic.clear()

    def _opened(self) -> cv2.VideoCapture:
        assert self._device is not None, "open() comes first"
        return self._device
