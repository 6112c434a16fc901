import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import DAY_MS, HOUR_MS
from appliance.prepaid import days_left


def test_present_use_is_that_of_the_last_seven_days() -> None:
    heavy = [(day * DAY_MS, day * 500.0) for day in range(10)]
    light = [(9 * DAY_MS + day * DAY_MS, 4500.0 + day * 100.0) for day in range(1, 8)]
    assert days_left(1000, heavy + light) == pytest.approx(10)


def test_less_than_a_day_says_nothing() -> None:
    assert days_left(1000, [(0, 0.0), (DAY_MS - 1, 100.0)]) is None
    assert days_left(1000, [(0, 0.0), (DAY_MS, 100.0)]) == pytest.approx(10)


def test_unknown_is_none_and_spent_is_nothing_left() -> None:
    used = [(0, 0.0), (2 * DAY_MS, 100.0)]
    assert days_left(None, used) is None
    assert days_left(100, []) is None
    assert days_left(100, [(0, 5.0), (2 * DAY_MS, 5.0)]) is None
    assert days_left(0, used) == 0
    assert days_left(-40, used) == 0


def test_a_silence_of_more_than_seven_days_leaves_it_unknown() -> None:
    assert days_left(1000, [(0, 0.0), (9 * DAY_MS, 900.0)]) is None


@given(
    balance=st.floats(0.01, 1e5),
    per_hour=st.floats(0.001, 100),
    hours=st.integers(24, 400),
    begun=st.floats(-1e5, 1e5),
)
def test_steady_use_lasts_as_long_as_it_does(
    balance: float, per_hour: float, hours: int, begun: float
) -> None:
    used = [(hour * HOUR_MS, begun + hour * per_hour) for hour in range(hours + 1)]
    assert days_left(balance, used) == pytest.approx(balance / per_hour / 24, rel=1e-3)
