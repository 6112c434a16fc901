"""Whatever array is given to the readers: an answer in its ranges, or a ValueError that says why."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from ocr_displays import strip
from ocr_meters import wheel_window

from ocr import display
from ocr.dials import DialReader
from ocr.digits import Digit, DigitReader
from ocr.picture import colour

Array = NDArray[Any]
DIGITS, DIALS = DigitReader(), DialReader()
_SHAPES = (
    *[(h, w, c) for h, w in ((1, 1), (5, 300), (300, 5), (2, 1), (40, 30)) for c in (1, 3, 4)],
    *[(1, 1), (5, 300), (40, 30), (2000, 1500, 3), (33_000, 2, 3), (7, 33_000, 3), (0,), (0, 5, 3), (5, 0)],
)
_DTYPES = ("uint8", "bool", "int64", "uint16", "float16", "float32", "float64")


def in_their_ranges(digits: list[Digit]) -> bool:
    return all(0 <= d.value < 10 and 0 <= d.confidence <= 1 for d in digits)


@settings(max_examples=40, deadline=None)
@given(shape=st.sampled_from(_SHAPES), dtype=st.sampled_from(_DTYPES), seed=st.integers(0, 99))
def test_any_shape_and_depth_gives_answers_in_their_ranges(
    shape: tuple[int, ...], dtype: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    crop: Array = (rng.random(shape) * rng.choice([1, 255, 65_000])).astype(dtype)
    assert in_their_ranges(DIGITS.read([crop, crop]))
    assert in_their_ranges(DIALS.read([crop], clockwise=bool(seed % 2)))
    assert 0 <= display.read(crop).confidence <= 1


@pytest.mark.parametrize("what", [None, [[1, 2]], np.zeros(9), np.zeros((9, 9, 2)), np.full((9, 9), "a")])
def test_what_is_no_picture_is_told(what: Any) -> None:
    for read in (lambda: DIGITS.read([what]), lambda: DIALS.read([what]), lambda: display.read(what)):
        with pytest.raises(ValueError, match="A picture is an array of"):
            read()


def variants(crop: NDArray[np.uint8]) -> dict[str, Array]:
    alpha = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2BGRA), np.uint8)
    alpha[..., 3] = np.arange(crop.shape[1]) % 256
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    return {
        "alpha": alpha,
        "grey": grey,
        "one channel": grey[..., None],
        "16 bit": crop.astype(np.uint16) * 257,
        "10 bit": crop.astype(np.uint16) * 4,
        "float to 1": crop.astype(np.float32) / 255,
        "float to 255": crop.astype(np.float64),
        "with holes": np.where(np.arange(crop.shape[1])[None, :, None] == 2, np.nan, crop.astype(np.float64)),
        "view": np.repeat(np.repeat(crop, 2, 0), 3, 1)[::2, ::3],
        "turned back": np.ascontiguousarray(crop[::-1, ::-1])[::-1, ::-1],
        "Fortran": np.asfortranarray(crop),
        "read only": np.frombuffer(crop.tobytes(), np.uint8).reshape(crop.shape),
    }


@pytest.mark.parametrize("name", list(variants(wheel_window(3.0, 60, 90))))
def test_a_picture_reads_the_same_however_it_is_kept(name: str) -> None:
    wheel = variants(wheel_window(3.0, 60, 90))[name]
    assert round(DIGITS.read([wheel])[0].value) == 3
    assert display.read(variants(strip("5207.3"))[name]).text == "5207.3"


def test_crops_may_come_one_by_one_or_as_one_array() -> None:
    crops = [wheel_window(v, 60, 90) for v in (3.0, 8.0)]
    for together in (iter(crops), np.stack(crops), tuple(crops)):
        assert [round(d.value) for d in DIGITS.read(together)] == [3, 8]  # type: ignore[arg-type]


def test_colour_changes_no_bgr_bytes() -> None:
    crop = wheel_window(5.0, 20, 30)
    assert np.shares_memory(colour(crop), crop)
    assert np.array_equal(colour(crop), crop)
    assert colour(np.zeros((0, 4), np.float32)).shape == (0, 0, 3)
