"""The sun decides the theme where the owner wants it to."""

from datetime import UTC, datetime

import pytest

from ui.theme import is_dark, sun_elevation


def at(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "latitude", "longitude", "degrees"),
    [
        # At the equinox the noon sun stands at 90 - latitude, at solstices 23.44 degrees more or less;
        # the equation of time is -7.4 min, -1.9 min and +1.6 min on these days.
        ((2026, 3, 20, 12, 7, 24), 59.3, 0.0, 90 - 59.3),
        ((2026, 6, 21, 12, 1, 54), 59.3, 0.0, 90 - 59.3 + 23.44),
        ((2026, 12, 21, 11, 58, 0), 59.3, 0.0, 90 - 59.3 - 23.44),
        ((2026, 6, 21, 0, 1, 54), 70.0, 0.0, 70 - 90 + 23.44),
    ],
)
def test_the_height_of_the_sun(
    when: tuple[int, ...], latitude: float, longitude: float, degrees: float
) -> None:
    assert sun_elevation(at(*when), latitude, longitude) == pytest.approx(degrees, abs=0.2)


def test_stockholm_sets_where_the_almanac_says() -> None:
    # 14 May 2026, Stockholm: sunset about 21:14 local summer time.
    assert is_dark("sunset", at(2026, 5, 14, 19, 4), 59.33, 18.07) is False
    assert is_dark("sunset", at(2026, 5, 14, 19, 24), 59.33, 18.07) is True


def test_the_choice_of_the_owner_goes_first() -> None:
    assert is_dark("dark", 0, None, None) is True
    assert is_dark("light", 0, 59.3, 18.1) is False
    assert is_dark("auto", 0, 59.3, 18.1) is None
    assert is_dark("sunset", 0, None, None) is None
