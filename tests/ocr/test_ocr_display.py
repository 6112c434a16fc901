"""Whole displays: number, point, register code, unit, places; and what is no number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from ocr_displays import LCD, LED, strip

from ocr import display
from ocr.display import SURE, read

FAINT = ((140, 150, 145), (110, 118, 114))
NEGATIVE = ((110, 40, 20), (235, 230, 225))


@pytest.mark.parametrize("colours", [LCD, LED, FAINT, NEGATIVE])
@pytest.mark.parametrize("text", ["001234.5", "12345", "-0.42", "88.8", "1", "70412.967", "0000.0"])
def test_reads_numbers_as_displayed(
    text: str, colours: tuple[tuple[int, int, int], tuple[int, int, int]]
) -> None:
    assert read(strip(text, colours)).text == text


def test_blank_leading_digits_are_omitted() -> None:
    assert read(strip("   417.3")).text == "417.3"


@pytest.mark.parametrize("code", ["1.8.0", "2.8.0", "1.8.1", "15.8.0", "C.1.0", "F.F", "01"])
def test_the_register_code_is_told_apart(code: str) -> None:
    found = read(strip("003812.6", code=code, unit="kWh"))
    assert (found.text, found.register, found.unit) == ("003812.6", code, "kWh")


@pytest.mark.parametrize("unit", ["kWh", "kW", "V", "A"])
def test_units(unit: str) -> None:
    assert read(strip("231.4", unit=unit)).unit == unit


def test_characters_have_places() -> None:
    picture = strip("4071.5", high=80)
    found = read(picture)
    assert "".join(c.char for c in found.chars) == found.text == "4071.5"
    digits = [c for c in found.chars if c.char != "."]
    for n, c in enumerate(digits):
        left = 0.5 * 80 + n * 0.86 * 80 + (0.52 * 80 if c.char == "1" else 0)
        assert abs((c.x0 + c.x1) / 2 - (left + 0.04 * 80 + (0 if c.char == "1" else 0.26 * 80))) < 14
        assert 0 < c.x1 - c.x0 < 80
    assert abs(found.top - 0.3 * 80) < 9
    assert abs(found.bottom - 1.3 * 80) < 9


@given(
    number=st.from_regex(r"[0-9]{2,6}(\.[0-9]{1,2})?", fullmatch=True),
    angle=st.floats(-4, 4),
    scale=st.floats(0.45, 2.0),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_sure_readings_are_right_when_turned_and_scaled(number: str, angle: float, scale: float) -> None:
    found = read(_turned(strip(number), angle, scale))
    assert found.text == number or found.confidence < SURE


def _turned(picture: NDArray[np.uint8], angle: float, scale: float) -> NDArray[np.uint8]:
    high, wide = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), angle, 1.0)
    out = cv2.warpAffine(picture, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(out, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def test_what_shows_no_number_gives_no_text_or_no_confidence() -> None:
    rng = np.random.default_rng(4)
    nothing = [np.full((50, 220, 3), level, np.uint8) for level in (0, 128, 255)]
    nothing += [rng.integers(0, 256, (48, 200, 3)).astype(np.uint8) for _ in range(10)]
    nothing += [
        np.asarray(cv2.GaussianBlur(n, (0, 0), 5), np.uint8)
        for n in (rng.integers(0, 256, (60, 240, 3)).astype(np.uint8) for _ in range(10))
    ]
    nothing += [strip("      "), strip("----")]
    found = [read(n) for n in nothing]
    assert all(not f.text or f.confidence < SURE for f in found)
    assert sum(not f.text or f.confidence < 0.3 for f in found) >= len(found) - 2


@pytest.mark.parametrize("shape", [(0, 0, 3), (2, 90, 3), (40, 3, 3), (0, 50)])
def test_too_small_a_strip_is_no_text(shape: tuple[int, ...]) -> None:
    assert read(np.zeros(shape, np.uint8)) == display.Text("", 0.0)


@pytest.mark.parametrize("shape", [(7, 7, 3), (300, 8, 3), (8, 3000, 3), (40, 200), (600, 2400, 3)])
def test_any_other_size_is_read(shape: tuple[int, ...]) -> None:
    assert read(np.full(shape, 90, np.uint8)).confidence < SURE


def test_grey_strips_are_read() -> None:
    grey = np.asarray(cv2.cvtColor(strip("5207.3"), cv2.COLOR_BGR2GRAY), np.uint8)
    assert read(grey).text == "5207.3"


def test_a_missing_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(cv2.error):
        read(strip("12.3"), tmp_path / "none.onnx")


def test_real_photos_are_read(shared: Path) -> None:
    """Two photos of which the whole display is in the picture, labelled by eye."""
    folder = shared / "data/meter-digits/photos_lcd_electric_unlabelled"
    for name, (x, y, w, h), text in (
        ("84282.jpg", (100, 618, 420, 132), "4294.4"),
        ("21983.jpg", (165, 425, 385, 135), "3058.4"),
    ):
        picture = np.asarray(cv2.imread(str(folder / name)), np.uint8)
        found = read(picture[y : y + h, x : x + w])
        assert text.startswith(found.text[:6])


def test_what_the_training_draws_is_what_it_says() -> None:
    render, truth = _renderer()
    strips = render(np.random.default_rng(11), 60)
    again = render(np.random.default_rng(11), 60)
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(strips, again, strict=True))
    found = [read(s.picture) for s in strips]
    sure = [(f.text, truth(s)) for f, s in zip(found, strips, strict=True) if f.confidence >= SURE]
    assert sum(f.text == truth(s) for f, s in zip(found, strips, strict=True)) >= 33
    assert sum(text != true for text, true in sure) <= 2
    for s in strips:
        for mark in s.number:
            assert -1 <= (mark.box[0] + mark.box[2]) / 2 <= s.picture.shape[1] + 1


def _renderer() -> tuple[Any, Any]:
    pytest.importorskip("PIL")
    from ocr.train.display import glyphs, pool

    try:
        for kind in ("seven", "fourteen", "print"):
            glyphs.fonts(kind)
    except RuntimeError as error:
        pytest.skip(str(error))
    return pool.render, pool.truth
