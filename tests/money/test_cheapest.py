import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calendar import QUARTER_MS
from appliance.money.cheapest import Window, cheapest

PRICES = st.lists(
    st.one_of(st.just(float("nan")), st.integers(-500, 9_000).map(lambda n: n / 1000)), max_size=40
)


def starts(count: int) -> "np.typing.NDArray[np.int64]":
    return np.arange(count, dtype=np.int64) * QUARTER_MS


@given(PRICES, st.integers(1, 12), st.booleans())
def test_it_is_the_best_of_all_spans(prices: list[float], quarters: int, dearest: bool) -> None:
    spans = [prices[n : n + quarters] for n in range(len(prices) - quarters + 1)]
    means = [sum(span) / quarters for span in spans if np.isfinite(span).all()]
    found = cheapest(starts(len(prices)), np.array(prices), quarters, dearest=dearest)
    if not means:
        assert found is None
    else:
        assert found is not None
        assert found.per_kwh == pytest.approx(max(means) if dearest else min(means))


def test_a_span_has_no_gap() -> None:
    at = np.delete(starts(6), 2)
    found = cheapest(at, np.array([1.0, 0.0, 0.0, 5.0, 5.0]), 2)
    assert found == Window(0, 2 * QUARTER_MS, 0.5)


def test_the_first_of_equals_is_taken() -> None:
    assert cheapest(starts(4), np.full(4, 0.1), 2) == Window(0, 2 * QUARTER_MS, pytest.approx(0.1))


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one quarter"):
        cheapest(starts(4), np.zeros(4), 0)
