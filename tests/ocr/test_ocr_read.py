"""From a whole picture to a number, and the reasons when there is none."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from ocr_meters import BOXES, CALIBRATION, LOOK, Look, meter

import ocr
from ocr import Box, Calibration
from ocr.picture import Picture


@pytest.mark.parametrize("value", [0, 48713.42, 99999.97, 129999.95, 500000.5, 734218.65, 999999.9])
def test_reads_with_boxes_within_one_last_digit(value: float) -> None:
    result = ocr.read(meter(value), CALIBRATION)
    assert result.value is not None
    assert abs(result.value - value) <= 0.1001 or result.value == 0
    assert [d.box for d in result.digits] == list(BOXES)


@pytest.mark.parametrize(
    "look",
    [
        LOOK,
        Look(dark=False),
        Look(x=120, y=180, cell=50, gap=20, high=80),
        Look(x=60, y=120, cell=90, gap=4, high=150),
        Look(x=90, y=100, cell=34, gap=5, high=52, size=(640, 480)),
    ],
)
def test_finds_the_counter_by_itself(look: Look) -> None:
    result = ocr.read(meter(48713.42, look=look))
    assert result.text in ("048713.4", "048713.5"), result.reason
    assert result.calibration is not None
    for i, box in enumerate(result.calibration.digits):
        middle = look.x + i * (look.cell + look.gap) + look.cell / 2
        assert abs(box.x + box.w / 2 - middle) < 0.3 * look.cell


def test_counts_no_red_wheel_as_decimal_when_there_is_none() -> None:
    result = ocr.read(meter(948713, 6, 0, Look(red=0)))
    assert result.text == "948713"


def test_what_was_found_serves_the_next_pictures() -> None:
    found = ocr.find(meter(48713.42))
    for step in range(12):
        value = 48713.42 + step * 7.37
        result = ocr.read(meter(value, seed=step), found)
        assert result.value == pytest.approx(value, abs=0.1001)


def test_a_hint_places_digits_and_decimals() -> None:
    picture = meter(48713.42, look=Look(red=0))
    assert ocr.find(picture, "048713.4").decimals == 1
    assert ocr.find(picture, "48713,4").decimals == 1
    assert len(ocr.find(picture, "48713,4").digits) == 6


def test_grey_and_deep_pictures_are_read_like_colour() -> None:
    picture = meter(48713.42, look=Look(red=0))
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    for array in (grey, grey[..., None], picture.astype(np.uint16) * 257, picture / 255):
        assert ocr.read(array, decimals=1).text == "048713.4"
        assert ocr.find(array, "048713.4").decimals == 1


def test_a_hint_of_another_number_finds_nothing() -> None:
    with pytest.raises(ocr.NoCounter, match=r"592653\.5"):
        ocr.find(meter(48713.42), "592653.5")


def test_a_hint_that_is_no_number_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not what a counter shows"):
        ocr.find(meter(48713.42), "12a")


def test_only_the_expected_number_of_digits_is_a_reading() -> None:
    result = ocr.read(meter(48713.42), CALIBRATION, expected_digits=6)
    assert result.value is None
    assert "6 are expected" in (result.reason or "")


def test_decimals_can_be_told() -> None:
    assert ocr.read(meter(48713.42), CALIBRATION, decimals=0).text == "0487134"


def test_below_the_threshold_there_is_no_reading_but_a_reason() -> None:
    shifted = Calibration(1280, 720, tuple(Box(b.x + 40, b.y, b.w, b.h) for b in BOXES), 1)
    result = ocr.read(meter(48713.42), shifted, threshold=0.85)
    assert result.value is None
    assert result.text is None
    assert result.confidence < 0.85
    assert "line" in (result.reason or "")


def blurred(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 30), np.uint8)


def covered(picture: Picture) -> Picture:
    out = picture.copy()
    out[200:500] = 90
    return out


@pytest.mark.parametrize("calibration", [None, CALIBRATION])
@pytest.mark.parametrize(
    "spoil", [blurred, covered, np.zeros_like, lambda p: p[:0], lambda p: np.dstack([p, p]), lambda p: None]
)
def test_a_spoiled_picture_gives_a_reason_and_never_a_number(spoil, calibration) -> None:  # type: ignore[no-untyped-def]
    result = ocr.read(spoil(meter(48713.42)), calibration, threshold=0.85)
    assert (result.value, result.text) == (None, None)
    assert result.reason is not None
    assert result.reason.endswith(".")


@pytest.mark.parametrize("seed", range(3))
def test_no_counter_in_noise(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 255, (480, 640, 3)).astype(np.uint8)
    assert ocr.read(noise, threshold=0.85).value is None


def test_a_picture_of_another_shape_is_refused_and_of_another_size_read() -> None:
    picture = meter(48713.42)
    half = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    assert ocr.read(half, CALIBRATION).text == "048713.4"
    result = ocr.read(picture[:, 200:], CALIBRATION)
    assert result.value is None
    assert "1080x720" in (result.reason or "")


def test_importing_needs_no_more_than_numpy_and_opencv() -> None:
    code = "import sys, ocr; print([m for m in ('PIL', 'torch', 'pytesseract', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
