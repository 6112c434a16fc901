"""Decimals from what marks the last wheels: red, a frame, another ground."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from ocr_meters import BOXES, Look, meter

from ocr import Box
from ocr.decimals import marked, red_tail, tail


@pytest.mark.parametrize("red", [0, 1, 2, 3])
@pytest.mark.parametrize("blur", [1, 8])
def test_red_wheels_are_decimals(red: int, blur: float) -> None:
    picture = meter(48713.42, 7, 1, Look(red=red))
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.uint8)
    assert red_tail(soft, [Box(b.x + 6, b.y, b.w, b.h) for b in BOXES]) == red


@pytest.mark.parametrize("grey", [0, 1, 2])
def test_wheels_of_another_ground_are_decimals_in_a_grey_picture_too(grey: int) -> None:
    picture = meter(48713.42, 7, 1, Look(red=0))
    for b in BOXES[len(BOXES) - grey :]:
        part = picture[b.y : b.y + b.h, b.x : b.x + b.w]
        part[:] = np.clip(part.astype(np.int16) + 90, 0, 255)
    assert tail(picture, BOXES) == grey


@pytest.mark.parametrize("framed", [1, 2])
def test_wheels_in_a_red_frame_are_decimals(framed: int) -> None:
    picture = meter(48713.42, 7, 1, Look(red=0))
    first, last = BOXES[-framed], BOXES[-1]
    corners = (first.x - 6, first.y - 12), (last.x + last.w + 6, last.y + last.h + 12)
    cv2.rectangle(picture, *corners, (30, 25, 200), 14)
    assert tail(picture, BOXES) == framed


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_shadow_over_the_counter_marks_no_decimals(side: str) -> None:
    picture = meter(48713.42, 7, 1, Look(red=0, dark=False)).astype(np.float32)
    fall = np.linspace(1.0, 0.35, picture.shape[1])[None, :, None]
    shaded = picture * (fall if side == "right" else fall[:, ::-1])
    assert tail(shaded.astype(np.uint8), BOXES) == 0


@pytest.mark.parametrize(("red", "sure"), [(1, True), (0, False)])
def test_only_red_marks_make_the_point_certain(red: int, sure: bool) -> None:
    found, trust = marked(meter(48713.42, 7, 1, Look(red=red)), BOXES)
    assert found == red
    assert (trust >= 0.85) is sure
