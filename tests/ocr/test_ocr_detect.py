"""The finder's figures, and how they are chained to rows."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocr_meters import BOXES, meter

from ocr.detect import Figure, Line, chained, lines

ONE = Figure(100, 100, 20, 32, 0.0, 0.9, 0.0, 0.0)


def row(count: int, pitch: float = 26.0, angle: float = 0.0) -> list[Figure]:
    c, s = math.cos(angle), math.sin(angle)
    return [replace(ONE, x=100 + i * pitch * c, y=100 + i * pitch * s, angle=angle) for i in range(count)]


def test_finds_every_wheel_where_it_stands() -> None:
    best = lines(meter(48713.42))[0]
    assert len(best.figures) == 7
    for figure, box in zip(best.figures, BOXES, strict=True):
        assert abs(figure.x - box.x - box.w / 2) < 0.2 * box.w
        assert abs(figure.y - box.y - box.h / 2) < 0.15 * box.h
        assert 0.75 < figure.h / box.h < 1.3
        assert figure.lcd < 0.5


@pytest.mark.parametrize("turn", [-12, -5, 8, 14])
def test_tells_how_a_counter_is_turned(turn: float) -> None:
    picture = meter(48713.42)
    matrix = cv2.getRotationMatrix2D((640, 360), -turn, 1.0)
    turned = np.asarray(
        cv2.warpAffine(picture, matrix, (1280, 720), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    best = lines(turned)[0]
    assert len(best.figures) == 7
    assert math.degrees(best.angle) == pytest.approx(turn, abs=1.5)


@given(st.integers(2, 9), st.floats(-0.28, 0.28), st.floats(16, 60))
def test_a_turned_row_is_one_row(count: int, angle: float, pitch: float) -> None:
    assert chained(row(count, pitch, angle)) == [row(count, pitch, angle)]


def test_a_line_of_small_print_above_is_another_row() -> None:
    above = [replace(f, y=60.0, h=10.0, w=7.0) for f in row(5, 9.0)]
    assert sorted(len(found) for found in chained([*row(4), *above])) == [4, 5]


def test_small_decimals_on_the_same_foot_belong_to_the_row() -> None:
    small = replace(ONE, x=204, y=107, w=12, h=18)
    assert chained([*row(4), small]) == [[*row(4), small]]


def test_the_turn_of_few_figures_is_what_they_say_themselves() -> None:
    assert Line(tuple(replace(f, angle=0.1) for f in row(2))).angle == pytest.approx(0.1)
