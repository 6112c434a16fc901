"""The mechanics of wheels: pure, no pictures."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ocr_meters import positions

from ocr.digits import Digit
from ocr.reading import combine


def wheels(*values: float, confidence: float = 0.99) -> list[Digit]:
    return [Digit(v % 10, confidence) for v in values]


def pointers(value: float, count: int) -> list[float]:
    """Where `count` dials stand when the last has made value / 10 turns."""
    return [value / 10**place % 10 for place in reversed(range(count))]


def away(read: float, true: float, turn: float) -> float:
    """Distance of two registers that start anew at `turn`."""
    return abs((read - true + turn / 2) % turn - turn / 2)


def noise(count: int, most: float) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(-most, most), min_size=count, max_size=count)


@given(st.integers(0, 99_999_999), st.integers(0, 3), noise(7, 0.12))
def test_true_wheels_give_their_register(hundredths: int, decimals: int, wobble: list[float]) -> None:
    value = hundredths / 100 / 10**decimals
    stand = [p + w for p, w in zip(positions(value, 7, decimals), wobble, strict=True)]
    read = combine(wheels(*stand), decimals, "wheel")
    assert away(read.value, value, 10 ** (7 - decimals)) <= 1.25 * 10**-decimals


@given(st.integers(0, 99_999_999), st.floats(-0.08, 0.08))
def test_wheels_that_stand_well_cost_no_confidence(hundredths: int, wobble: float) -> None:
    stand = positions(hundredths / 1000, 7, 1)
    assert combine(wheels(*(p + wobble for p in stand)), 1, "wheel").confidence > 0.9


@given(st.integers(0, 9_999_999), noise(5, 0.2))
def test_true_pointers_give_their_register(hundredths: int, wobble: list[float]) -> None:
    value = hundredths / 100
    stand = [p + w for p, w in zip(pointers(value, 5), wobble, strict=True)]
    read = combine([], 0, "wheel", wheels(*stand))
    assert away(read.value, value, 1e5) <= 1.2
    assert read.confidence > 0.9
    assert len(read.text) == 5


@given(st.integers(0, 99_999_999), st.booleans(), noise(5, 0.08), noise(3, 0.15))
def test_true_wheels_and_pointers_give_their_register(
    hundredths: int, geared: bool, wobble: list[float], shake: list[float]
) -> None:
    litres = hundredths / 100  # the last dial's figure counts litres, the last wheel cubic metres
    turns = positions(litres / 1000, 5, 0) if geared else _carried(litres)
    stand = [p + w for p, w in zip(turns, wobble, strict=True)]
    hands = [p + s for p, s in zip(pointers(litres, 3), shake, strict=True)]
    read = combine(wheels(*stand), 3, "wheel", wheels(*hands))
    # 3.9 beside 8.9 is a geared wheel at 3.9 or a carried one at 4: not to be known, but to be said
    assert away(read.value, litres / 1000, 1e5) <= 0.0012 or read.confidence < 0.85


@given(st.integers(0, 99_999_999), st.booleans())
def test_most_wheels_over_pointers_are_read_with_confidence(hundredths: int, geared: bool) -> None:
    litres = hundredths / 100
    assume(litres / 100 % 10 < 8)
    turns = positions(litres / 1000, 5, 0) if geared else _carried(litres)
    read = combine(wheels(*turns), 3, "wheel", wheels(*pointers(litres, 3)))
    assert away(read.value, litres / 1000, 1e5) <= 0.0012
    assert read.confidence > 0.9


def _carried(litres: float) -> list[float]:
    """Five wheels over dials: the last is carried on while the first dial goes from 9 to 0."""
    return positions(litres / 100, 6, 0)[:-1]


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


def test_a_noughts_wheel_a_little_short_is_not_taken_for_gears() -> None:
    read = combine(wheels(0, 4, 8, 7, 2, 9.9, 8.9), 1, "wheel")
    assert (read.text, read.confidence > 0.9) == ("048720.9", True)


def test_a_wheel_late_to_turn_is_believed_only_beside_a_nought() -> None:
    assert combine(wheels(0, 4, 8, 7, 1, 9.7, 0.2), 1, "wheel").confidence > 0.9
    assert combine(wheels(0, 4, 8, 7, 1, 9.7, 5.2), 1, "wheel").confidence < 0.85


def test_two_ways_to_understand_the_wheels_cost_confidence() -> None:
    read = combine(wheels(1.95, 9.65, 7.0), 0, "wheel")
    assert read.confidence < 0.85


@pytest.mark.parametrize(
    ("stand", "text"),
    [
        ((1.23, 2.3, 3.0), "123"),
        ((9.99, 9.9, 9.0), "999"),
        ((0.0, 9.98, 0.02), "000"),  # a moment after rolling over
        ((3.98, 9.9, 9.2), "399"),  # nearly four is not yet four
        ((4.03, 0.2, 2.1), "402"),
        ((5.1, 0.9, 9.3), "509"),
    ],
)
def test_pointers_between_figures(stand: tuple[float, ...], text: str) -> None:
    assert combine([], 0, "wheel", wheels(*stand)).text == text


def test_figures_of_dials_follow_those_of_wheels() -> None:
    read = combine(wheels(0, 1, 2, 3), 3, "wheel", wheels(4.56, 5.6, 6.0))
    assert (read.text, read.value, read.digits) == ("0123.456", 123.456, (0, 1, 2, 3, 4, 5, 6))


def test_pointers_that_do_not_go_together_cost_confidence() -> None:
    assert combine([], 0, "wheel", wheels(1.5, 0.1, 4)).confidence < 0.5
    assert combine([], 0, "wheel", [Digit(1.2, 0.99), Digit(2.1, 0.6)]).confidence == pytest.approx(0.6)


def test_nothing_to_read_is_told() -> None:
    with pytest.raises(ValueError, match="at least one"):
        combine([], 0, "wheel")


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
