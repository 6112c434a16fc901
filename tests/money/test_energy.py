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
    began_before = spread([None, None, 0.9, 0.2], read_in=-1)
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


def test_what_went_through_since_the_very_first_reading_is_shared_out_too() -> None:
    """A camera reads once a day: the energy of its first day is no peak of one quarter hour."""
    found = spread([None, None, None, None, 0.9], read_in=1)
    assert np.isnan(found.kwh[:2]).all()
    assert found.kwh[2:].tolist() == [pytest.approx(0.3)] * 3
    assert found.estimated[2:].all()


@given(RISES, st.one_of(st.none(), st.integers(-1, 60)))
def test_no_energy_is_lost_or_made(rises: list[float | None], read_in: int | None) -> None:
    found = spread(rises, read_in)
    assert np.nansum(found.kwh) + found.loose_kwh == pytest.approx(sum(rise or 0 for rise in rises))


def test_measured_energy_of_a_lesser_source_goes_before_a_share_of_a_gap() -> None:
    camera = spread([0.1, None, 0.4])
    wire = spread([0.12, 0.35, None])
    found = merge([camera, wire])
    assert found.kwh.tolist() == [0.1, 0.35, pytest.approx(0.05)]
    assert found.estimated.tolist() == [False, False, True]


def test_a_gap_that_another_source_measured_whole_keeps_the_sum_of_the_first() -> None:
    found = merge([spread([0.1, None, None, 0.6]), spread([None, 0.1, 0.2, 0.1])])
    assert found.kwh.tolist() == [0.1, *[pytest.approx(value) for value in (0.15, 0.3, 0.15)]]
    assert not found.estimated.any()


@given(RISES.flatmap(lambda first: st.tuples(st.just(first), st.lists(
    st.lists(st.one_of(st.none(), st.floats(0, 50)), min_size=len(first), max_size=len(first)), max_size=3
))))  # fmt: skip
def test_several_sources_never_count_energy_twice(
    registers: tuple[list[float | None], list[list[float | None]]],
) -> None:
    """Within the time that the best source covers its register alone says how much it was."""
    first, others = registers
    found = merge([spread(first, -1), *(spread(each, -1) for each in others)])
    alone = spread(first, -1)
    covered = np.isfinite(alone.kwh)
    assert found.kwh[covered].sum() == pytest.approx(alone.kwh[covered].sum())
    assert (found.kwh[covered] >= 0).all()
