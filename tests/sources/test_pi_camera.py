"""A Pi camera's libcamera controls, by a stand-in that refuses what picamera2 refuses."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from appliance.errors import SourceError
from appliance.sources import _pi_camera
from appliance.sources._pi_camera import AF_CONTINUOUS, AF_MANUAL, MOST_GAIN, PiCamera

EXPOSURE = ("AeEnable", "ExposureTime", "AnalogueGain", "ExposureValue")
COLOUR = ("AwbEnable", "ColourGains")
FOCUS = ("AfMode", "LensPosition")


class Picamera2:
    """As much of it as is used: controls, metadata, one stream."""

    offered = EXPOSURE + COLOUR + FOCUS
    trouble: Exception | None = None
    made: "list[Picamera2]"

    def __init__(self) -> None:
        if self.trouble:
            raise self.trouble
        self.camera_controls = dict.fromkeys(self.offered)
        self.told: dict[str, Any] = {}
        self.closed = False
        self.metadata = {
            "ExposureTime": 12_000, "AnalogueGain": 2.0, "ColourGains": (1.9, 1.6), "LensPosition": 7.5,
            "Lux": 90.0,
        }  # fmt: skip
        type(self).made.append(self)

    def create_video_configuration(self, **said: Any) -> dict[str, Any]:
        return said

    def configure(self, said: dict[str, Any]) -> None:
        assert said["main"] == {"size": (1280, 720), "format": "RGB888"}

    def start(self) -> None:
        return None

    def set_controls(self, controls: dict[str, Any]) -> None:
        for name in controls:
            if name not in self.camera_controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self.told |= controls

    def capture_metadata(self) -> dict[str, Any]:
        return {name: value for name, value in self.metadata.items() if name in (*self.offered, "Lux")}

    def capture_array(self, stream: str) -> np.ndarray:
        return np.full((72, 128, 3), 90, np.uint8)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> type[Picamera2]:
    made = type("Made", (Picamera2,), {"made": []})
    module = ModuleType("picamera2")
    module.Picamera2 = made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(_pi_camera, "SETTLE_S", 0.0)
    return made


def opened(kind: type[Picamera2]) -> tuple[PiCamera, Picamera2]:
    camera = PiCamera(1280, 720, 30)
    camera.open()
    return camera, kind.made[-1]


def test_it_begins_with_all_automatics_focus_too(kind: type[Picamera2]) -> None:
    camera, device = opened(kind)
    assert device.told == {"AeEnable": True, "AwbEnable": True, "AfMode": AF_CONTINUOUS}
    assert camera.grab().picture.shape == camera.more().picture.shape == (72, 128, 3)


def test_holding_keeps_what_the_metadata_tells(kind: type[Picamera2]) -> None:
    camera, device = opened(kind)
    camera.hold()
    assert device.told == {
        "AeEnable": False, "ExposureTime": 12_000, "AnalogueGain": 2.0,
        "AwbEnable": False, "ColourGains": (1.9, 1.6), "AfMode": AF_MANUAL, "LensPosition": 7.5,
    }  # fmt: skip
    camera.free()
    assert (device.told["AeEnable"], device.told["AwbEnable"], device.told["AfMode"]) == (
        True, True, AF_CONTINUOUS,
    )  # fmt: skip


@pytest.mark.parametrize("offered", [EXPOSURE + COLOUR, EXPOSURE, ("ExposureValue",), ()])
def test_what_a_sensor_does_not_have_is_not_told(kind: type[Picamera2], offered: tuple[str, ...]) -> None:
    kind.offered = offered
    camera, device = opened(kind)
    camera.hold()
    camera.brighten(1.4)
    camera.free()
    assert set(device.told) <= set(offered)


def test_brightening_the_automatic_is_a_compensation_in_stops(kind: type[Picamera2]) -> None:
    camera, device = opened(kind)
    camera.brighten(2.0)
    assert device.told["ExposureValue"] == 1.0
    for _ in range(10):
        camera.brighten(2.0)
    assert device.told["ExposureValue"] == 4.0


def test_brightening_what_is_held_exposes_longer_then_amplifies(kind: type[Picamera2]) -> None:
    camera, device = opened(kind)
    camera.hold()
    camera.brighten(2.0)
    assert device.told["ExposureTime"] * device.told["AnalogueGain"] == pytest.approx(48_000, rel=0.01)
    for _ in range(12):
        camera.brighten(1.6)
    assert device.told["ExposureTime"] <= 1_000_000 / 30, "no longer than a frame lasts"
    assert device.told["AnalogueGain"] == MOST_GAIN
    for _ in range(40):
        camera.brighten(0.6)
    assert device.told["AnalogueGain"] == 1.0
    assert 0 < device.told["ExposureTime"] < 12_000


def test_no_camera_at_all(kind: type[Picamera2]) -> None:
    kind.trouble = IndexError("list index out of range")
    with pytest.raises(SourceError, match="check its ribbon cable"):
        PiCamera(1280, 720, 30).open()
    kind.trouble = None
    camera, device = opened(kind)
    camera.close()
    assert device.closed
    camera.close()
