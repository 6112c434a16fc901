import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.money.energy import LONGEST_GAP, merge, spread

RISES = st.lists(st.one_of(st.none(), st.floats(0, 50)), max_size=60)


def test_what_went_through_in_a_gap_is_shared_evenly_and_says_so() -> None:
    found = spread([0.1, None, None, 0.9, 0.2])
    assert found.kwh.tolist() == [0.1, pytest.approx(0.3), pytest.approx(0.3), pytest.approx(0.3), 0.2]
    assert found.estimated.tolist() == [False, True, True, True, False]


def test_before_the_first_reading_of_all_there_is_no_gap() -> None:
    assert np.isnan(spread([None, None, 0.9, 0.2]).kwh[:2]).all()
    began_before = spread([None, None, 0.9, 0.2], metered_before=True)
    assert began_before.kwh.tolist() == [pytest.approx(0.3)] * 3 + [0.2]


def test_what_comes_after_the_last_reading_is_unknown_not_zero() -> None:
    found = spread([0.1, None])
    assert np.isnan(found.kwh[1])


def test_a_gap_too_long_to_share_out_keeps_its_energy_apart() -> None:
    found = spread([0.1, *[None] * LONGEST_GAP, 40.0, 0.2])
    assert np.isnan(found.kwh[1:-1]).all()
    assert found.loose_kwh == 40.0


def test_a_register_that_fell_is_no_energy() -> None:
    assert np.isnan(spread([0.1, -3.0, 0.2]).kwh[1])


@given(RISES, st.booleans())
def test_no_energy_is_lost_or_made(rises: list[float | None], before: bool) -> None:
    found = spread(rises, metered_before=before)
    assert np.nansum(found.kwh) + found.loose_kwh == pytest.approx(sum(rise or 0 for rise in rises))


def test_measured_energy_of_a_lesser_source_goes_before_a_share_of_a_gap() -> None:
    camera = spread([0.1, None, 0.4])
    wire = spread([0.12, 0.35, None])
    found = merge([camera, wire])
    assert found.kwh.tolist() == [0.1, 0.35, pytest.approx(0.2)]
    assert found.estimated.tolist() == [False, False, True]
