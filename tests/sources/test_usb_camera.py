"""A USB camera's V4L2 controls: held, freed, steered, and those a camera does not have left alone."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.errors import SourceError
from appliance.sources._usb_camera import EXPOSURE_MANUAL, STALE_FRAMES, UsbCamera, number

APERTURE_PRIORITY = 3


class V4l2:
    """As OpenCV's V4L2 back end: a property that the camera does not offer reads as -1 and cannot be set;
    with an automatic on, what it steers is the driver's and setting it is ignored."""

    STEERED = (
        (cv2.CAP_PROP_AUTO_EXPOSURE, EXPOSURE_MANUAL, {cv2.CAP_PROP_EXPOSURE, cv2.CAP_PROP_GAIN}),
        (cv2.CAP_PROP_AUTO_WB, 0, {cv2.CAP_PROP_WB_TEMPERATURE}),
        (cv2.CAP_PROP_AUTOFOCUS, 0, {cv2.CAP_PROP_FOCUS}),
    )

    def __init__(self, offered: dict[int, float], there: bool = True) -> None:
        self.values = dict(offered)
        self.there, self.released, self.frames = there, False, 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.there

    def get(self, option: int) -> float:
        return self.values.get(option, -1.0)

    def set(self, option: int, value: float) -> bool:
        if option in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS):
            self.values[option] = value
            return True
        steering = [(auto, off) for auto, off, steered in self.STEERED if option in steered]
        if option not in self.values or any(self.get(auto) not in (-1, off) for auto, off in steering):
            return False
        self.values[option] = value
        return True

    def grab(self) -> bool:
        self.frames += 1
        return self.there

    def read(self) -> tuple[bool, Any]:
        self.frames += 1
        return (True, np.full((72, 128, 3), 90, np.uint8)) if self.there else (False, None)

    def release(self) -> None:
        self.released = True


ALL = {
    cv2.CAP_PROP_AUTO_EXPOSURE: APERTURE_PRIORITY,
    cv2.CAP_PROP_EXPOSURE: 157.0,
    cv2.CAP_PROP_GAIN: 12.0,
    cv2.CAP_PROP_AUTO_WB: 1.0,
    cv2.CAP_PROP_WB_TEMPERATURE: 4600.0,
    cv2.CAP_PROP_AUTOFOCUS: 1.0,
    cv2.CAP_PROP_FOCUS: 68.0,
}


def opened(device: V4l2) -> UsbCamera:
    camera = UsbCamera(lambda: device, "camera /dev/video0", 1280, 720, 30)  # type: ignore[arg-type, return-value]
    camera.open()
    return camera


def test_holding_keeps_what_the_automatics_had_found_and_freeing_gives_it_back() -> None:
    device = V4l2(ALL)
    camera = opened(device)
    camera.hold()
    assert device.get(cv2.CAP_PROP_AUTO_EXPOSURE) == EXPOSURE_MANUAL
    assert (device.get(cv2.CAP_PROP_AUTO_WB), device.get(cv2.CAP_PROP_AUTOFOCUS)) == (0, 0)
    steered = (cv2.CAP_PROP_EXPOSURE, cv2.CAP_PROP_GAIN, cv2.CAP_PROP_WB_TEMPERATURE, cv2.CAP_PROP_FOCUS)
    assert [device.get(option) for option in steered] == [157.0, 12.0, 4600.0, 68.0]
    camera.free()
    assert {k: v for k, v in device.values.items() if k in ALL} == ALL


def test_what_an_earlier_process_left_held_is_found_anew() -> None:
    left = {
        cv2.CAP_PROP_AUTO_EXPOSURE: EXPOSURE_MANUAL,
        cv2.CAP_PROP_AUTO_WB: 0.0,
        cv2.CAP_PROP_AUTOFOCUS: 0.0,
    }
    device = V4l2(ALL | left)
    opened(device)
    assert {option: device.get(option) for option in left} == {option: ALL[option] for option in left}


def test_a_camera_that_comes_back_under_another_number_is_known_again(tmp_path: Path) -> None:
    dev, memory = tmp_path / "dev", tmp_path / "meter" / "usb_camera"
    names = dev / "v4l" / "by-id"
    names.mkdir(parents=True)

    def plug(name: str, place: int) -> None:
        (dev / f"video{place}").touch()
        (names / f"usb-{name}-video-index0").symlink_to(f"../../video{place}")

    def unplug(name: str, place: int) -> None:
        (dev / f"video{place}").unlink()
        (names / f"usb-{name}-video-index0").unlink()

    assert number(0, memory, dev) == 0, "never seen"
    plug("Meter_Cam", 0)
    plug("Door_Cam", 2)
    assert number(0, memory, dev) == 0
    unplug("Meter_Cam", 0)
    assert number(0, memory, dev) == 0, "gone: not the other one"
    plug("Meter_Cam", 1)
    assert number(0, memory, dev) == 1
    unplug("Meter_Cam", 1)
    plug("Meter_Cam", 0)
    assert number(0, memory, dev) == 0


def test_a_camera_without_controls_is_left_alone() -> None:
    device = V4l2({})
    camera = opened(device)
    known = dict(device.values)
    camera.hold()
    camera.brighten(1.5)
    camera.free()
    assert device.values == known


def test_brightening_works_with_and_without_holding_and_is_freed_too() -> None:
    device = V4l2(ALL)
    camera = opened(device)
    camera.brighten(1.5)
    assert device.get(cv2.CAP_PROP_AUTO_EXPOSURE) == EXPOSURE_MANUAL
    assert device.get(cv2.CAP_PROP_EXPOSURE) == 236
    camera.hold()
    camera.brighten(0.5)
    assert device.get(cv2.CAP_PROP_EXPOSURE) == 118
    camera.free()
    assert device.get(cv2.CAP_PROP_AUTO_EXPOSURE) == APERTURE_PRIORITY


def test_a_small_step_of_a_short_exposure_is_not_rounded_away() -> None:
    device = V4l2(ALL | {cv2.CAP_PROP_EXPOSURE: 2.0})
    camera = opened(device)
    camera.brighten(1.2)
    assert device.get(cv2.CAP_PROP_EXPOSURE) == 3
    for _ in range(5):
        camera.brighten(0.8)
    assert device.get(cv2.CAP_PROP_EXPOSURE) == 1


def test_the_present_is_grabbed_and_more_of_it_at_once() -> None:
    device = V4l2(ALL)
    camera = opened(device)
    assert camera.grab().picture.shape == (72, 128, 3)
    assert device.frames == STALE_FRAMES + 1
    camera.more()
    assert device.frames == STALE_FRAMES + 2


def test_unplugged_and_plugged_in_again() -> None:
    device = V4l2(ALL)
    camera = opened(device)
    device.there = False
    with pytest.raises(SourceError, match="gives no picture any more: check its plug"):
        camera.grab()
    camera.close()
    assert device.released
    with pytest.raises(SourceError, match="There is no camera /dev/video0"):
        camera.open()
    device.there = True
    camera.open()
    assert camera.grab().picture.size
