"""A camera on the Pi's own connector, by picamera2 (The Picamera2 Library, chapters 4 to 6; libcamera).

picamera2 refuses controls the camera does not have ("is not advertised by libcamera"), so each is looked up
first; without being told, it does not focus. AfMode is 0 manual, 2 continuous; LensPosition is in dioptres,
ExposureTime in microseconds.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from appliance.errors import SourceError
from appliance.sources._cameras import Shot

SETTLE_S = 2.0
"""A sensor needs this long after power-on to find its exposure and white balance."""
AF_MANUAL, AF_CONTINUOUS = 0, 2
AUTOMATIC = {"AeEnable": True, "AwbEnable": True, "AfMode": AF_CONTINUOUS}
GROUPS = (
    ({"AeEnable": False}, ("ExposureTime", "AnalogueGain")),
    ({"AwbEnable": False}, ("ColourGains",)),
    ({"AfMode": AF_MANUAL}, ("LensPosition",)),
)
"""What switches each automatic off, and what it steers: to be told together with that."""
SHORTEST_US = 100.0
MOST_GAIN = 8.0


class PiCamera:
    """Used by one thread; `close` may come from another."""

    live = True

    def __init__(self, width: int, height: int, fps: int) -> None:
        self._size, self._fps = (width, height), fps
        self._device: Any = None
        self._stops = 0.0
        self._held: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.settle_s = SETTLE_S

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
            self._tell(AUTOMATIC)
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

    def more(self) -> Shot:
        return self.grab()

    def brighten(self, factor: float) -> None:
        if not {"ExposureTime", "AnalogueGain"} <= self._held.keys():
            self._stops = float(np.clip(self._stops + np.log2(factor), -4, 4))
            self._tell({"ExposureValue": self._stops})
            return
        # A meter stands still: long exposure before gain, which is noise. No frame is longer than it lasts.
        light = self._held["ExposureTime"] * self._held["AnalogueGain"] * factor
        time_us = min(1_000_000 / self._fps, max(SHORTEST_US, light))
        gain = float(np.clip(light / time_us, 1.0, MOST_GAIN))
        self._held |= {"ExposureTime": int(time_us), "AnalogueGain": gain}
        self._tell({"ExposureTime": int(time_us), "AnalogueGain": gain})

    def hold(self) -> None:
        try:
            with self._lock:
                now: Mapping[str, Any] = self._device.capture_metadata()
        except RuntimeError as error:
            raise SourceError(f"The Pi camera gives no picture ({error}): check its ribbon cable") from error
        held: dict[str, Any] = {}
        for off, steered in GROUPS:
            known = {name: now[name] for name in steered if now.get(name) is not None}
            if len(known) == len(steered):
                held |= off | known
        self._held = self._tell(held)

    def free(self) -> None:
        self._held = {}
        self._tell(AUTOMATIC)

    def _tell(self, controls: Mapping[str, Any]) -> dict[str, Any]:
        """Set what this camera knows; returns that."""
        known = {name: value for name, value in controls.items() if name in self._device.camera_controls}
        if known:
            self._device.set_controls(known)
        return known

    def close(self) -> None:
        with self._lock:
            if self._device is not None:
                self._device.close()
                self._device = None
                self._held = {}
