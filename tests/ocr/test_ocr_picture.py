"""Turning, cutting and judging pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from ocr_meters import meter

from ocr import Box, prepare
from ocr.picture import Picture, fault, sharpness


def flat(level: int, shape: tuple[int, ...] = (480, 640, 3)) -> Picture:
    return np.full(shape, level, np.uint8)


@pytest.mark.parametrize(
    ("picture", "word"),
    [
        (None, "no picture"),
        ("picture.jpg", "no picture"),
        (np.zeros((0, 0, 3), np.uint8), "no picture"),
        (flat(90, (480, 640, 7)), "8-bit colour"),
        (flat(90).astype(np.complex64), "8-bit colour"),
        (flat(90, (480, 640)), "covered or fogged"),
        (flat(90, (10, 20, 3)), "only 20x10"),
        (flat(2), "black"),
        (flat(254), "white"),
        (flat(120), "covered or fogged"),
    ],
)
def test_a_bad_picture_has_a_reason(picture: object, word: str) -> None:
    assert word in (fault(picture) or "")


def test_noise_in_the_dark_is_still_black() -> None:
    noise = np.random.default_rng(0).normal(4, 3, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    assert "black" in (fault(noise) or "")


def test_a_covered_lens_with_noise_is_still_covered() -> None:
    noise = np.random.default_rng(0).normal(100, 6, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    assert "covered" in (fault(noise) or "")


def test_a_meter_has_no_fault_also_in_poor_light() -> None:
    picture = meter(48713.4)
    assert fault(picture) is None
    assert fault((picture * 0.3).astype(np.uint8)) is None


def test_blur_lowers_sharpness() -> None:
    picture = meter(48713.4)
    assert sharpness(np.asarray(cv2.GaussianBlur(picture, (0, 0), 8), np.uint8)) < 0.3 * sharpness(picture)


def test_quarter_turns_are_exact_and_flips_undo_themselves() -> None:
    picture = meter(48713.4)
    turned = prepare(picture, 90)
    assert turned.shape == (1280, 720, 3)
    assert np.array_equal(prepare(turned, 270), picture)
    assert np.array_equal(prepare(prepare(picture, flip_horizontal=True), flip_horizontal=True), picture)
    assert np.array_equal(prepare(picture, flip_horizontal=True, flip_vertical=True), prepare(picture, 180))


def test_a_positive_angle_turns_clockwise() -> None:
    picture = flat(0)
    picture[240, 500:] = 255
    assert prepare(picture, 10)[240:, 500:].sum() > 0 == prepare(picture, 10)[:240, 500:].sum()


def test_crop() -> None:
    picture = meter(48713.4)
    assert np.array_equal(prepare(picture, crop=Box(100, 50, 300, 200)), picture[50:250, 100:400])
    with pytest.raises(ValueError, match="outside"):
        prepare(picture, crop=Box(5000, 0, 10, 10))
