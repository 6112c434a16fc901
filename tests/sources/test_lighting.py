"""The lamp and the brightness of the digits."""

import cv2
import numpy as np
import pytest

from appliance.demo.faceplate import WHEELS, wheel_box
from appliance.demo.meter_picture import render
from appliance.sources._lighting import GLARE, LOWEST, Lighting, brightness, correction, glare
from ocr import Box

BOXES = [Box(*wheel_box(i)) for i in range(WHEELS)]


class Bulb:
    """A lamp that is looked at by `shine`."""

    value = 0.0
    closed = False

    def close(self) -> None:
        self.closed = True


def shine(bulb: Bulb, mirror: Box | None = None, sun: bool = False) -> np.ndarray:
    """The meter in this lamp's light, which a glass may mirror on part of it; sunlight is mirrored always."""
    picture = render(48713.4, lamp=2.0 * bulb.value)
    if mirror is not None:
        glow = 255 if sun else min(255.0, 700 * bulb.value)
        cv2.ellipse(picture, (mirror.x + mirror.w // 2, mirror.y + 30), (30, 22), 0, 0, 360, (glow,) * 3, -1)
    return picture


def settle(light: Lighting, bulb: Bulb, turns: int = 25, **how: object) -> np.ndarray:
    for _ in range(turns):
        light.on()
        picture = shine(bulb, **how)  # type: ignore[arg-type]
        light.off()
        light.learn(picture, BOXES)
    light.on()
    return shine(bulb, **how)  # type: ignore[arg-type]


def test_brightness_is_measured_on_the_digits() -> None:
    picture = np.full((720, 1280, 3), 240, np.uint8)
    for box in BOXES:
        picture[box.y : box.y + box.h, box.x : box.x + box.w] = 40
    assert brightness(picture) == pytest.approx(240, abs=1)
    assert brightness(picture, BOXES) == pytest.approx(40, abs=1)
    assert brightness(picture, [Box(5000, 5000, 10, 10)]) == pytest.approx(240, abs=1)


@pytest.mark.parametrize("target", [80, 120, 160])
def test_the_lamp_is_dimmed_to_the_target_and_stays(target: float) -> None:
    bulb = Bulb()
    light = Lighting(bulb, target, adjust=True)
    picture = settle(light, bulb)
    assert correction(brightness(picture, BOXES), target) == 1.0
    level = light.level
    light.learn(picture, BOXES)
    assert light.level == level


def test_a_reflection_on_a_digit_dims_the_lamp_until_it_is_gone() -> None:
    bulb = Bulb()
    light = Lighting(bulb, 200, adjust=True)
    light.on()
    assert glare(shine(bulb, BOXES[3]), BOXES) > GLARE
    assert glare(settle(light, bulb, mirror=BOXES[3]), BOXES) < GLARE
    light.off()
    dim, clean = light.level, shine_at(light.level)
    for _ in range(300):
        light.learn(clean, BOXES)
    assert light.level > 1.2 * dim, "without a reflection the light grows back"


def shine_at(level: float) -> np.ndarray:
    return render(48713.4, lamp=2.0 * level)


def test_overexposed_digits_are_too_bright_but_no_reflection() -> None:
    white = np.full((720, 1280, 3), 255, np.uint8)
    assert glare(white, BOXES) == 0
    assert brightness(white, BOXES) == 255


def test_what_the_sun_mirrors_does_not_drive_the_lamp_out() -> None:
    bulb = Bulb()
    light = Lighting(bulb, 200, adjust=True)
    picture = settle(light, bulb, turns=60, mirror=BOXES[2], sun=True)
    assert brightness(picture, BOXES) > LOWEST * 200 / 1.2


def test_dim_is_for_the_very_next_picture() -> None:
    light = Lighting(Bulb(), 200, adjust=True)
    good, bright = shine_at(0.35), np.full((720, 1280, 3), 255, np.uint8)
    assert not light.dim(good, BOXES)
    levels = [light.level]
    while light.dim(bright, BOXES):
        levels.append(light.level)
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 0.02


def test_without_adjusting_nothing_moves() -> None:
    bulb = Bulb()
    light = Lighting(bulb, 200, adjust=False)
    assert not light.dim(np.full((720, 1280, 3), 255, np.uint8), BOXES)
    assert light.learn(np.zeros((720, 1280, 3), np.uint8), BOXES) == 1.0
    assert light.level == 0.5
    light.close()
    assert bulb.closed


def test_without_a_lamp_the_camera_is_asked() -> None:
    light = Lighting(None, 200, adjust=True)
    assert light.learn((render(48713.4) * 0.3).astype(np.uint8), BOXES) > 1
    assert not light.has_lamp
