"""Figures placed by agreement with the number the owner sees: wheels, decimals, dials, and refusals."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocr_meters import BOXES, Look, meter

import ocr
from appliance.demo import dial_picture
from ocr.digits import Digit
from ocr.hint import agreeing, parse
from ocr.picture import Picture

SPOTS = ((980, 560), (820, 640), (640, 660))
RADIUS = 58


def dial(picture: Picture, spot: tuple[int, int], value: float, rim: bool = True) -> None:
    """A white dial with ten ticks, its red pointer at `value`, clockwise from the top; without a `rim` it has
    figures round its ticks on the plate as it is."""
    if rim:
        cv2.circle(picture, spot, RADIUS, (235, 238, 240), -1, cv2.LINE_AA)
        cv2.circle(picture, spot, RADIUS, (40, 40, 40), 2, cv2.LINE_AA)
    for n in range(10):
        angle = n * math.pi / 5 - math.pi / 2
        ends = [
            (round(spot[0] + r * math.cos(angle)), round(spot[1] + r * math.sin(angle))) for r in (47, 54)
        ]
        cv2.line(picture, ends[0], ends[1], (30, 30, 30), 2, cv2.LINE_AA)
        at = (round(spot[0] + 66 * math.cos(angle)) - 8, round(spot[1] + 66 * math.sin(angle)) + 9)
        if not rim:
            cv2.putText(picture, str(n), at, cv2.FONT_HERSHEY_SIMPLEX, 0.75, (30, 30, 30), 2, cv2.LINE_AA)
    angle = value * math.pi / 5 - math.pi / 2
    tip = (round(spot[0] + 40 * math.cos(angle)), round(spot[1] + 40 * math.sin(angle)))
    tail = (round(spot[0] - 10 * math.cos(angle)), round(spot[1] - 10 * math.sin(angle)))
    cv2.line(picture, tail, tip, (40, 30, 200), 9, cv2.LINE_AA)
    cv2.circle(picture, spot, 10, (40, 30, 200), -1, cv2.LINE_AA)


def with_dials(values: tuple[float, ...], rim: bool = True) -> Picture:
    picture = meter(713, 5, 0, Look(red=0, y=150))
    picture[430:] = (180, 182, 184)
    for spot, value in zip(SPOTS, values, strict=False):
        dial(picture, spot, value, rim)
    return picture


@pytest.mark.parametrize("hint", ["048713.4", "048713,4", " 048713.4 "])
def test_places_wheels_and_the_point(hint: str) -> None:
    found = ocr.find(meter(48713.42, look=Look(red=0)), hint)
    assert (len(found.digits), found.decimals, found.kind, found.dials) == (7, 1, "wheel", ())
    for box, true in zip(found.digits, BOXES, strict=True):
        assert abs(box.x + box.w / 2 - true.x - true.w / 2) < 0.25 * true.w


def test_a_hint_without_the_last_wheel_leaves_it_out() -> None:
    found = ocr.find(meter(48713.42), "048713")
    assert len(found.digits) == 6
    assert abs(found.digits[0].x - BOXES[0].x) < 20


@pytest.mark.parametrize("rim", [True, False])
def test_figures_beyond_the_wheels_are_dials(rim: bool) -> None:
    found = ocr.find(with_dials((4.3, 2.6, 6.1), rim), "00713.426")
    assert (len(found.digits), found.decimals) == (5, 3)
    assert [d.clockwise for d in found.dials] == [True, True, True]
    for placed, (x, y) in zip(found.dials, SPOTS, strict=True):
        assert math.hypot(placed.box.x + placed.box.w / 2 - x, placed.box.y + placed.box.h / 2 - y) < 12


@pytest.mark.parametrize("rim", [True, False])
def test_dials_that_show_something_else_are_refused(rim: bool) -> None:
    with pytest.raises(ocr.NoCounter, match=r"00713\.859"):
        ocr.find(with_dials((4.3, 2.6, 6.1), rim), "00713.859")


@pytest.mark.parametrize("other", ["592653.5", "048713.42519", "1234567"])
def test_another_number_is_refused_with_what_to_do(other: str) -> None:
    with pytest.raises(ocr.NoCounter, match=f"{other}: check the number you typed"):
        ocr.find(meter(48713.42), other)


def test_a_black_picture_is_refused_as_one() -> None:
    with pytest.raises(ocr.NoCounter, match="black"):
        ocr.find(np.zeros((480, 640, 3), np.uint8), "048713.4")


@pytest.mark.parametrize("hint", ["12a", "", "1.2.3", "-5", "1e5"])
def test_what_is_no_number_is_a_mistake_of_the_caller(hint: str) -> None:
    with pytest.raises(ValueError, match="not what a counter shows"):
        parse(hint)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.floats(0, 0.9))
def test_wheels_agree_with_what_they_show_while_turning(digits: list[int], part: float) -> None:
    shown = [Digit(min(d + part, 9.999), 0.9) for d in digits]
    assert agreeing(shown, "".join(map(str, digits)), False) == pytest.approx(0.9)


def test_figures_that_are_not_there_are_not_made_up_for() -> None:
    seen, unseen = [Digit(7.0, 1.0)] * 6, [Digit(7.0, 0.02)] * 2
    assert agreeing(seen + unseen[:1], "7777777", False) > 0.8, "one may be hidden"
    assert agreeing(seen + unseen, "77777777", False) == -1


def test_display_figures_do_not_turn() -> None:
    assert agreeing([Digit(3.8, 0.9)], "3", True) < 0
    assert agreeing([Digit(3.8, 0.9)], "3", False) > 0


@pytest.mark.parametrize(
    ("m3", "other"), [(7211.4478, "07211.7845"), (2143.7899, "02143.0420"), (9178.6325, "09178.0964")]
)
def test_the_dials_of_a_whole_water_meter_are_placed_in_their_order(m3: float, other: str) -> None:
    picture = dial_picture.render(m3, blur=1.2, seed=3)
    found = ocr.find(picture, f"{m3:010.4f}")
    assert (len(found.digits), found.decimals) == (5, 4)
    for placed, (x, y) in zip(found.dials, dial_picture.CENTRES, strict=True):
        assert math.hypot(placed.box.x + placed.box.w / 2 - x, placed.box.y + placed.box.h / 2 - y) < 12
    with pytest.raises(ocr.NoCounter):
        ocr.find(picture, other)
