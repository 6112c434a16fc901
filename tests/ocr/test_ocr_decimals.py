"""Decimals from the colour of the last wheels and from the point of a display."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from ocr_meters import BOXES, Look, meter

from ocr import Box
from ocr.decimals import points, red_tail
from ocr.picture import Picture


@pytest.mark.parametrize("red", [0, 1, 2, 3])
@pytest.mark.parametrize("blur", [1, 8])
def test_red_wheels_are_decimals(red: int, blur: float) -> None:
    picture = meter(48713.42, 7, 1, Look(red=red))
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.uint8)
    assert red_tail(soft, [Box(b.x + 6, b.y, b.w, b.h) for b in BOXES]) == red


def display(point_after: int | None) -> tuple[Picture, list[Box]]:
    """Six dark eights on green, perhaps with a point."""
    picture = np.full((200, 700, 3), (90, 160, 110), np.uint8)
    boxes = [Box(40 + 100 * i, 40, 90, 120) for i in range(6)]
    for b in boxes:
        for y in (b.y + 10, b.y + 60, b.y + 110):
            cv2.line(picture, (b.x + 25, y), (b.x + 65, y), (30, 60, 40), 8)
        for x in (b.x + 22, b.x + 68):
            cv2.line(picture, (x, b.y + 14), (x, b.y + 106), (30, 60, 40), 8)
    if point_after is not None:
        cv2.circle(picture, (boxes[point_after].x + 94, 150), 6, (30, 60, 40), -1)
    return picture, boxes


@pytest.mark.parametrize(("after", "decimals"), [(None, 0), (4, 1), (3, 2), (2, 3)])
def test_the_point_of_a_display(after: int | None, decimals: int) -> None:
    assert points(*display(after)) == decimals
