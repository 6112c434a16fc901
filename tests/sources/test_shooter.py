"""From camera and lamp to one upright picture: when frames are fused or retried, the camera held or freed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from virtual_meter import PLACE

from appliance.demo.meter_picture import render
from appliance.errors import SourceError
from appliance.sources import _lighting
from appliance.sources._camera_options import Options
from appliance.sources._cameras import FileCamera, Shot
from appliance.sources._image import BadImageError
from appliance.sources._shooter import PAUSE_S, Shooter, camera_of
from appliance.sources._steady import GOOD
from ocr import Box

BOXES: Sequence[Box] = PLACE.digits
GOOD_PICTURE = render(48713.4, lamp=0.8)
NOISY = np.clip(
    render(48713.4, lamp=0.15) + np.random.default_rng(2).normal(0, 12, (720, 1280, 3)), 0, 255
).astype(np.uint8)


class Camera:
    """A live camera that writes down what it is told; `scene` is what it sees, brightened as it was told."""

    live = True
    settle_s = 1.5

    def __init__(self, scene: np.ndarray = GOOD_PICTURE) -> None:
        self.scene, self.told, self.exposed = scene, [], 1.0
        self.grabbed = self.followed = 0
        self.trouble: Exception | None = None

    told: list[str]

    def open(self) -> None:
        if self.trouble:
            raise self.trouble
        self.told.append("open")

    def _picture(self) -> Shot:
        return Shot(np.clip(self.scene * self.exposed, 0, 255).astype(np.uint8))

    def grab(self) -> Shot:
        self.grabbed += 1
        return self._picture()

    def more(self) -> Shot:
        self.followed += 1
        return self._picture()

    def brighten(self, factor: float) -> None:
        self.exposed *= factor
        self.told.append("brighten")

    def hold(self) -> None:
        self.told.append("hold")

    def free(self) -> None:
        self.exposed = 1.0
        self.told.append("free")

    def close(self) -> None:
        self.told.append("close")


class Bulb:
    def __init__(self) -> None:
        self.levels: list[float] = []
        self.closed = False

    @property
    def value(self) -> float:
        return self.levels[-1] if self.levels else 0.0

    @value.setter
    def value(self, level: float) -> None:
        self.levels.append(level)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def bulb(monkeypatch: pytest.MonkeyPatch) -> Bulb:
    made = Bulb()
    monkeypatch.setattr(_lighting, "led", lambda pin: made)
    return made


def shooter(camera: Any, slept: list[float] | None = None, **more: Any) -> Shooter:
    asked = Options(**{"name": "meter", "device_id": 0, **more})
    return Shooter(asked, camera, (slept if slept is not None else []).append)


def learn(made: Shooter, times: int, good: bool = True) -> None:
    for _ in range(times):
        shot = made.shoot()
        assert shot is not None
        made.learn(shot.picture, BOXES, good)


def test_one_frame_where_light_is_good_several_where_it_is_poor() -> None:
    camera = Camera()
    assert shooter(camera).shoot() is not None
    assert (camera.grabbed, camera.followed) == (1, 0)
    camera, slept = Camera(NOISY), []
    assert shooter(camera, slept, frames=7).shoot() is not None
    assert (camera.grabbed, camera.followed) == (1, 6)
    assert slept == [PAUSE_S] * 6
    camera = Camera(NOISY)
    shooter(camera, frames=1).shoot()
    assert camera.followed == 0


def test_what_could_not_be_read_is_tried_again_of_several_frames() -> None:
    camera = Camera()
    made = shooter(camera)
    tries = list(made.retries(GOOD_PICTURE, lambda: BOXES))
    assert len(tries) == 1
    assert camera.followed == 4


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_what_shows_nothing_is_not_tried_again(grey: int) -> None:
    hopeless = np.full((720, 1280, 3), grey, np.uint8)
    camera = Camera()
    assert list(shooter(camera).retries(hopeless, lambda: BOXES)) == []
    assert list(shooter(camera, frames=1).retries(GOOD_PICTURE, lambda: BOXES)) == []
    assert (camera.grabbed, camera.followed) == (0, 0)


def test_the_lamp_burns_while_shooting_alone_and_warms_up_first(bulb: Bulb) -> None:
    slept: list[float] = []
    light = {"enabled": True, "led_pin": 18, "warm_up_s": 0.4}
    made = shooter(Camera(), slept, lighting=light)
    made.shoot()
    assert bulb.levels == [0.5, 0.0]
    assert slept == [0.4 + Camera.settle_s], "automatics have to find the new light"
    made.close()
    assert bulb.closed


def test_what_is_held_need_not_settle(bulb: Bulb) -> None:
    slept: list[float] = []
    light = {"enabled": True, "led_pin": 18, "warm_up_s": 0.4, "auto_adjust": False}
    made = shooter(Camera(), slept, lighting=light)
    learn(made, GOOD)
    slept.clear()
    made.shoot()
    assert slept == [0.4]


def test_a_lamp_goes_out_whatever_happens(bulb: Bulb) -> None:
    class Broken(Camera):
        def grab(self) -> Shot:
            raise SourceError("unplugged")

    made = shooter(Broken(), lighting={"enabled": True, "led_pin": 18})
    with pytest.raises(SourceError):
        made.shoot()
    assert bulb.value == 0.0


def test_a_camera_that_cannot_be_opened_lets_the_lamp_go(bulb: Bulb) -> None:
    camera = Camera()
    camera.trouble = SourceError("no camera")
    with pytest.raises(SourceError):
        shooter(camera, lighting={"enabled": True, "led_pin": 18})
    assert bulb.closed


def test_held_once_good_freed_when_bad_and_held_again() -> None:
    camera = Camera()
    made = shooter(camera)
    learn(made, GOOD + 2)
    assert camera.told == ["open", "hold"]
    camera.scene = (GOOD_PICTURE * 0.1).astype(np.uint8)
    learn(made, 20, good=False)
    assert camera.told.count("free") == 1
    camera.scene = GOOD_PICTURE
    learn(made, GOOD + 1)
    assert camera.told[-1] == "hold"


def test_what_is_held_follows_daylight_slowly_by_itself() -> None:
    camera = Camera()
    made = shooter(camera)
    learn(made, GOOD)
    before = _lighting.brightness(GOOD_PICTURE, BOXES)
    for dusk in np.linspace(1.0, 0.5, 12):
        camera.scene = (GOOD_PICTURE * dusk).astype(np.uint8)
        learn(made, 1)
    assert "free" not in camera.told
    shot = made.shoot()
    assert shot is not None
    assert _lighting.brightness(shot.picture, BOXES) == pytest.approx(before, rel=0.25)


def test_not_held_while_the_light_is_still_being_set(bulb: Bulb) -> None:
    camera = Camera((GOOD_PICTURE * 0.2).astype(np.uint8))
    made = shooter(camera, lighting={"enabled": True, "brightness_target": 200})
    learn(made, 2)
    assert camera.told == ["open", "brighten", "brighten"]
    learn(made, 10)
    assert "hold" in camera.told
    assert camera.told.index("hold") > max(i for i, said in enumerate(camera.told) if said == "brighten")


def test_pictures_are_set_upright_and_a_crop_outside_is_said() -> None:
    made = shooter(Camera(), rotate=90, crop=[10, 20, 300, 400])
    shot = made.shoot()
    assert shot is not None
    assert shot.picture.shape == (400, 300, 3)
    with pytest.raises(BadImageError, match="crop"):
        shooter(Camera(), crop=[5000, 20, 300, 400]).shoot()


def test_a_file_is_neither_retried_nor_steered(tmp_path: Any) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "m.png"), NOISY)
    made = shooter(FileCamera(tmp_path / "m.png"), file=None)
    assert made.shoot() is not None
    assert made.shoot() is None
    assert list(made.retries(NOISY, lambda: BOXES)) == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"device_id": 3}, "UsbCamera"),
        ({"picamera": True}, "PiCamera"),
        ({"url": "http://cam/s.jpg"}, "UrlCamera"),
        ({"file": "/x.jpg"}, "FileCamera"),
        ({"folder": "/x"}, "FolderCamera"),
    ],
)
def test_the_camera_the_options_name(said: dict[str, Any], kind: str, tmp_path: Path) -> None:
    assert type(camera_of(Options(**said), tmp_path, lambda: 0)).__name__ == kind
