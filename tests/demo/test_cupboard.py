"""The cupboard's weather: the same for ever for a seed, all of it met within a year, never out of bounds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.demo.cupboard import Cupboard
from appliance.demo.photograph import View

START = 1_767_225_600_000
DAY_MS = 86_400_000
YEAR = 365
CUPBOARD = Cupboard(1, START)
instants = st.integers(START, START + YEAR * DAY_MS)


@given(at=instants)
def test_a_pure_function_of_seed_and_instant(at: int) -> None:
    assert Cupboard(1, START).view(at) == CUPBOARD.view(at)


@settings(max_examples=300)
@given(at=instants, then=instants, seed=st.integers(1, 50))
def test_two_pictures_of_a_year_lie_within_what_can_be_corrected(at: int, then: int, seed: int) -> None:
    """Whatever was photographed first can be the reference of all others."""
    one, other = (Cupboard(seed, START).view(t) for t in (at, then))
    for a, b in zip(one.shift, other.shift, strict=True):
        assert abs(a - b) < 0.15 * 1280
    assert abs(one.turn_deg - other.turn_deg) < 10
    assert abs(one.scale / other.scale - 1) < 0.10


@given(at=instants, minutes=st.integers(1, 10))
def test_a_camera_sags_slowly(at: int, minutes: int) -> None:
    one, other = CUPBOARD.view(at), CUPBOARD.view(at + minutes * 60_000)
    far = max(abs(a - b) for a, b in zip(one.shift, other.shift, strict=True))
    assert far < 1 or far > 2, "it creeps, or it was knocked"


def quarters(first: int, days: int) -> list[View]:
    return [CUPBOARD.view(START + first * DAY_MS + n * 900_000) for n in range(days * 96)]


def test_a_winter_month_and_a_summer_month_hold_every_trouble() -> None:
    winter, summer = quarters(10, 30), quarters(170, 30)
    seen = winter + summer
    assert any(v.spider for v in seen)
    assert any(v.infrared for v in seen)
    assert any(v.fog > 0.2 for v in winter)
    assert not any(v.fog for v in summer)
    assert any(v.glare > 0.3 for v in seen)
    assert any(v.band > 0.05 for v in seen)
    assert len({v.shift for v in seen}) > 1000
    assert sum(v.daylight for v in summer) > 3 * sum(v.daylight for v in winter)
    assert max(v.tint[0] for v in seen) > min(v.tint[0] for v in seen) + 0.05


def test_dust_grows_over_the_year() -> None:
    dust = [CUPBOARD.view(START + day * DAY_MS).dust for day in range(0, YEAR, 30)]
    assert dust == sorted(dust)
    assert dust[0] == 0
    assert dust[-1] > 0.7


def test_a_spider_walks_in_sits_and_leaves() -> None:
    day = next(
        day
        for day in range(YEAR)
        if any(CUPBOARD.view(START + day * DAY_MS + n * 600_000).spider for n in range(144))
    )
    walk = [CUPBOARD.view(START + day * DAY_MS + s * 1000).spider for s in range(0, 86_400, 20)]
    places = [p for p in walk if p]
    assert min(places[0][1], places[-1][1]) < 200 or max(places[0][1], places[-1][1]) > 500
    seat = max(places, key=places.count)
    assert places.count(seat) * 20 >= 120
    assert 214 <= seat[1] <= 332, "it sits on a digit"
    assert walk[0] is None
    assert walk[-1] is None


def test_a_far_knock_is_beyond_what_can_be_corrected() -> None:
    at = START + 40 * DAY_MS
    knocked = Cupboard(1, START, far_knock_at=at)
    assert knocked.view(at - 1) == CUPBOARD.view(at - 1)
    assert knocked.view(at).shift[0] - CUPBOARD.view(at).shift[0] > 0.15 * 1280


@pytest.mark.parametrize("seed", [2, 9])
def test_another_seed_is_another_cupboard(seed: int) -> None:
    assert Cupboard(seed, START).view(START) != CUPBOARD.view(START)
