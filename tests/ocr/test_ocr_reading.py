"""The mechanics of wheels: pure, no pictures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocr_meters import positions

from ocr.digits import Digit
from ocr.reading import combine


def wheels(*values: float, confidence: float = 0.99) -> list[Digit]:
    return [Digit(v % 10, confidence) for v in values]


@given(st.integers(0, 99_999_999), st.integers(0, 3), st.floats(-0.08, 0.08))
def test_true_wheels_give_their_register(hundredths: int, decimals: int, wobble: float) -> None:
    value = hundredths / 100 / 10**decimals
    read = combine(wheels(*(p + wobble for p in positions(value, 7, decimals))), decimals, "wheel")
    assert abs(read.value - value % 10 ** (7 - decimals)) <= 1.001 * 10**-decimals or read.value == 0
    assert read.confidence > 0.9


@pytest.mark.parametrize(
    ("stand", "text"),
    [
        ((0, 4, 8, 7, 1, 3, 4.4), "048713.4"),
        ((0, 4, 8, 7, 2.7, 9.7, 9.7), "048729.9"),  # three wheels on their way
        ((0, 4, 8, 7, 1, 9.7, 0.2), "048710.0"),  # about to reach 0, not a nine
        ((9.9, 9.9, 9.9, 9.9, 9.9, 9.9, 9.9), "000000.0"),
        ((1.95, 2.95, 3.95, 4.95, 5.95, 6.95, 8.0), "234567.8"),  # boxes a little high
        ((1, 2.5, 9.5, 9.5, 9.5, 9.5, 9.5), "129999.9"),
    ],
)
def test_wheels_between_digits(stand: tuple[float, ...], text: str) -> None:
    assert combine(wheels(*stand), 1, "wheel").text == text


def test_geared_wheels_all_stand_between_digits() -> None:
    assert combine(wheels(1.234, 2.34, 3.4, 4.0), 0, "wheel").text == "1234"
    assert combine(wheels(1.891, 8.91, 9.1, 1.0), 0, "wheel").text == "1891"


def test_a_wheel_that_cannot_stand_so_costs_confidence() -> None:
    assert combine(wheels(1, 2, 3.5, 4, 5, 6, 2), 1, "wheel").confidence < 0.1
    assert combine(wheels(1, 2, 3.3, 4, 5, 6, 2), 1, "wheel").confidence < 0.85


def test_the_worst_digit_decides_the_confidence() -> None:
    digits = [*wheels(1, 2, 3, 4, 5), Digit(6, 0.4), Digit(2, 0.99)]
    assert combine(digits, 1, "wheel").confidence == pytest.approx(0.4)


def test_a_display_takes_digits_as_they_are() -> None:
    read = combine(wheels(9.9, 1, 2, 3, 4), 2, "lcd")
    assert (read.text, read.value) == ("012.34", 12.34)


def test_blank_leading_cells_of_a_display_are_no_digits() -> None:
    blank = Digit(4.0, 0.05, blank=0.95)
    read = combine([blank, blank, *wheels(5, 0, 7)], 1, "lcd")
    assert (read.text, read.value, read.digits) == ("50.7", 50.7, (None, None, 5, 0, 7))
    assert read.confidence > 0.9


def test_a_blank_cell_amid_digits_is_not_skipped() -> None:
    digits = [*wheels(5), Digit(4.0, 0.05, blank=0.95), *wheels(7, 1)]
    assert combine(digits, 1, "lcd").confidence < 0.1


def test_a_dark_display_is_no_reading() -> None:
    blank = Digit(4.0, 0.05, blank=0.95)
    assert combine([blank] * 6, 1, "lcd").confidence < 0.1
