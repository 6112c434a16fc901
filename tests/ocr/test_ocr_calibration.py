"""Calibrations: what is kept of a set-up meter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr import Box, Calibration

BOXES = tuple(Box(10 + 50 * i, 20, 40, 60) for i in range(7))


@given(st.integers(0, 6), st.sampled_from(["wheel", "lcd"]), st.integers(1, 7))
def test_json_brings_back_the_same(decimals: int, kind: str, count: int) -> None:
    made = Calibration(640, 480, BOXES[:count], min(decimals, count - 1), kind)  # type: ignore[arg-type]
    assert Calibration.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"digits": [[1, 2, 3]]}', '{"digits": [], "width": 1, "height": 1}']
)
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"calibration"):
        Calibration.from_json(text)


def test_a_box_outside_the_picture_is_named() -> None:
    with pytest.raises(ValueError, match="digit 7"):
        Calibration(340, 480, BOXES)


def test_more_decimals_than_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="decimals"):
        Calibration(640, 480, BOXES, 7)


def test_boxes_follow_the_size_of_the_picture() -> None:
    assert Calibration(640, 480, BOXES).scaled(1280, 960).digits[1] == Box(120, 40, 80, 120)
