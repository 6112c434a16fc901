"""The rendered meter: wheels that turn as real ones do, a picture that shows them."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.demo.faceplate import faceplate, wheel_box
from appliance.demo.glyphs import glyph
from appliance.demo.meter_picture import render, wheel_positions


@given(tenths=st.integers(0, 9_999_999))
def test_wheels_at_rest_show_the_number(tenths: int) -> None:
    shown = "".join(str(round(p) % 10) for p in wheel_positions(tenths / 10))
    if tenths % 10 != 9:
        assert shown == f"{tenths:07d}"


@given(value=st.floats(0, 999_998))
def test_wheels_move_evenly_and_never_jump(value: float) -> None:
    """A hundredth of a kWh turns the last wheel by a tenth and each other one by no more."""
    before, after = wheel_positions(value), wheel_positions(value + 0.01)
    moves = [(b - a) % 10 for a, b in zip(before, after, strict=True)]
    moves = [min(move, 10 - move) for move in moves]
    assert moves[-1] == pytest.approx(0.1, abs=1e-6)
    assert max(moves) <= 0.1 + 1e-6


def test_a_wheel_turns_with_the_last_tenth_of_its_neighbour() -> None:
    assert wheel_positions(3.85) == pytest.approx((0, 0, 0, 0, 0, 3, 8.5))
    assert wheel_positions(3.95) == pytest.approx((0, 0, 0, 0, 0, 3.5, 9.5))
    assert wheel_positions(299_999.95) == pytest.approx((2.5, 9.5, 9.5, 9.5, 9.5, 9.5, 9.5))


def test_ten_glyphs_are_ten_different_shapes_inside_their_box() -> None:
    shapes = [glyph(d, 48, 76).astype(np.float32) / 255 for d in range(10)]
    for a in range(10):
        assert 0.1 < shapes[a].mean() < 0.6
        for b in range(a):
            both, either = np.minimum(shapes[a], shapes[b]).sum(), np.maximum(shapes[a], shapes[b]).sum()
            assert both / either < 0.85, f"{a} looks like {b}"
    assert np.abs(shapes[6] - shapes[9][::-1, ::-1]).mean() < 0.04


def test_only_the_wheels_that_moved_look_different() -> None:
    one, two = render(48713.40, seed=4), render(48714.40, seed=4)
    for index in range(7):
        x, y, w, h = wheel_box(index)
        a, b = (p[y : y + h, x : x + w].astype(int) for p in (one, two))
        changed = np.abs(a - b).mean() > 5
        assert changed == (index == 5)


def test_the_plate_is_not_worn_by_taking_pictures() -> None:
    before = faceplate().copy()
    render(1.0, glare=1.0)
    assert np.array_equal(faceplate(), before)


def test_same_seed_same_picture_another_seed_other_noise() -> None:
    assert np.array_equal(render(5.5, seed=3), render(5.5, seed=3))
    assert not np.array_equal(render(5.5, seed=3), render(5.5, seed=4))


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (1920, 1080)])
def test_any_size(size: tuple[int, int]) -> None:
    picture = render(48713.4, width=size[0], height=size[1])
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8


def test_faults_do_what_they_say() -> None:
    good = render(48713.4)
    assert render(48713.4, lamp=0).mean() < 4
    assert render(48713.4, lamp=0.5).mean() == pytest.approx(good.mean() / 2, rel=0.1)
    assert _edges(render(48713.4, blur=6)) < 0.5 * _edges(good)
    x, y, w, h = wheel_box(2)
    assert render(48713.4, glare=1)[y : y + h, x : x + w].mean() > good[y : y + h, x : x + w].mean() + 60
    moved = render(48713.4, shift=(40, -25))
    likeness = cv2.matchTemplate(moved, good[180:360, 260:960], cv2.TM_CCOEFF_NORMED)
    assert cv2.minMaxLoc(likeness)[3] == (260 + 40, 180 - 25)
    turned = render(48713.4, turn_deg=3)
    back = cv2.warpAffine(turned, cv2.getRotationMatrix2D((640, 360), -3, 1), (1280, 720))
    middle = np.s_[150:570, 300:980]
    near, far = (np.abs(p[middle].astype(int) - good[middle]).mean() for p in (back, turned))
    assert near < 0.5 * far


def _edges(picture: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.GaussianBlur(picture, (0, 0), 1.5), cv2.CV_32F).std())
