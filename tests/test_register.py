"""Digits as the wheels of a meter show them."""

from decimal import ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.register import digits


@pytest.mark.parametrize(
    ("value", "whole", "decimals", "shown"),
    [
        (48713.429, 6, 3, "048713429"),
        (12.96, 5, 1, "000129"),
        (0.0, 6, 3, "000000000"),
        (0.29, 1, 2, "029"),
        (1.1, 1, 1, "11"),
        (4.35, 1, 2, "435"),
        (7.0, 5, 0, "00007"),
        (1_234_567.8, 6, 1, "12345678"),
        (999_999.999, 6, 3, "999999999"),
        (1e9, 6, 3, "1000000000000"),
    ],
)
def test_digits(value: float, whole: int, decimals: int, shown: str) -> None:
    assert "".join(map(str, digits(value, whole, decimals))) == shown


@given(st.integers(0, 10**12), st.integers(0, 3))
def test_what_was_counted_in_the_last_digit_is_what_is_shown(count: int, decimals: int) -> None:
    shown = digits(count / 10**decimals, 6, decimals)
    assert int("".join(map(str, shown))) == count
    assert len(shown) >= 6 + decimals


@given(st.floats(0, 1e9))
def test_wheels_do_not_round_up(value: float) -> None:
    shown = int("".join(map(str, digits(value, 6, 3))))
    exact = int((Decimal(value) * 1000).to_integral_value(ROUND_FLOOR))
    assert exact <= shown <= exact + 1
    assert Decimal(shown) - Decimal(value) * 1000 < Decimal("1e-3"), "but for what a float cannot say"
