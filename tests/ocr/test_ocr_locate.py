"""Finding a counter with nothing but the picture: displays, sizes, turns, what the user knows, refusals."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from ocr_displays import LCD, LED, strip, write
from ocr_meters import Look, meter

import ocr
from ocr import locate
from ocr.detect import lines
from ocr.digits import DigitReader
from ocr.locate import Candidate, candidates, search
from ocr.picture import Picture


def on_a_wall(display: Picture, wide: int = 900, high: int = 700) -> Picture:
    """A display in a white meter's face with some print, on a brownish wall."""
    picture = np.full((high, wide, 3), (92, 110, 128), np.uint8)
    noise = np.random.default_rng(1).normal(0, 6, (high, wide, 1))
    cv2.rectangle(picture, (60, 60), (wide - 60, high - 60), (222, 224, 226), -1)
    y, x = (high - display.shape[0]) // 2, (wide - display.shape[1]) // 2
    picture[y : y + display.shape[0], x : x + display.shape[1]] = display
    for row, text in enumerate(("Static energy meter", "No. 9182657   02/18", "3200 imp/kWh  240 V  50 Hz")):
        at = (110, high - 190 + 45 * row)
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (40, 40, 40), 2, cv2.LINE_AA)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


@pytest.mark.parametrize("colours", [LCD, LED])
@pytest.mark.parametrize("text", ["048713.4", "9257.8", "630152"])
def test_reads_a_display_on_a_meter(text: str, colours: object) -> None:
    result = ocr.read(on_a_wall(strip(text, colours, unit="kWh")))  # type: ignore[arg-type]
    assert result.text == text
    assert result.calibration is not None
    assert result.calibration.kind == "lcd"
    assert result.calibration.display is not None


@pytest.mark.parametrize("text", ["237.461", "0080.723", "187.601"])
def test_all_large_figures_before_small_decimals_are_read(text: str) -> None:
    whole, _, part = text.partition(".")
    display = np.full((150, 620, 3), LCD[0], np.uint8)
    after = write(display, whole + ".", 40, 120, 92, LCD[1])
    write(display, part, after, 120, 52, LCD[1])
    shown = on_a_wall(np.asarray(cv2.GaussianBlur(display, (0, 0), 1.2), np.uint8))
    assert (ocr.read(shown).text or "").replace(".", "") == whole + part


def display_or_wheels(lcd: float) -> Candidate:
    """A clear display's row, of which the finder says `lcd`."""
    picture = on_a_wall(strip("048713.4", LCD))
    (found,) = (c for c in candidates(picture, lines(picture), DigitReader()) if len(c.row) == 7)
    return replace(found, row=tuple(replace(f, lcd=lcd) for f in found.row))


def test_the_reader_of_displays_is_asked_where_the_finder_doubts() -> None:
    assert (locate._either(display_or_wheels(0.2), DigitReader()).text) == "048713.4"
    sure = display_or_wheels(0.01)
    assert locate._either(sure, DigitReader()) is sure, "it reads wheels too, but turns them up"


def test_a_hint_places_a_display() -> None:
    picture = on_a_wall(strip("048713.4", LCD))
    found = ocr.find(picture, "048713.4")
    assert (len(found.digits), found.decimals, found.kind) == (7, 1, "lcd")
    assert found.display is not None
    first, last = found.digits[0], found.digits[-1]
    assert found.display.x <= first.x
    assert found.display.x + found.display.w >= last.x + last.w


@pytest.mark.parametrize("turn", [-10, 6, 13])
def test_reads_a_turned_counter(turn: float) -> None:
    matrix = cv2.getRotationMatrix2D((640, 360), -turn, 1.0)
    picture = cv2.warpAffine(meter(48713.42), matrix, (1280, 720), borderMode=cv2.BORDER_REPLICATE)
    assert ocr.read(np.asarray(picture, np.uint8)).text == "048713.4"


@pytest.mark.parametrize("size", [(480, 270), (4000, 2250)])
def test_small_and_large_pictures(size: tuple[int, int]) -> None:
    picture = cv2.resize(meter(48713.42), size, interpolation=cv2.INTER_AREA)
    result = ocr.read(np.asarray(picture, np.uint8))
    assert result.text == "048713.4"
    assert result.calibration is not None
    assert (result.calibration.width, result.calibration.height) == size


def test_the_number_of_digits_that_is_expected_is_looked_for() -> None:
    result = ocr.read(meter(48713.42), expected_digits=6)
    assert len(result.digits) == 6


def test_an_even_surface_is_refused_with_what_to_do() -> None:
    with pytest.raises(ocr.NoCounter, match="covered or fogged"):
        search(np.full((400, 600, 3), 128, np.uint8), expected_digits=7)


@pytest.mark.parametrize("decimals", [0, 2])
def test_decimals_the_user_knows_overrule_what_is_seen(decimals: int) -> None:
    result = ocr.read(meter(48713.42, look=Look(red=1)), decimals=decimals)
    assert result.calibration is not None
    assert result.calibration.decimals == decimals


def test_print_is_never_a_sure_reading() -> None:
    blank = np.full((110, 420, 3), LCD[0], np.uint8)
    assert ocr.read(on_a_wall(blank)).confidence < 0.85
    result = ocr.read(on_a_wall(blank), threshold=0.85)
    assert result.text is None
    assert (result.reason or "").endswith(".")
