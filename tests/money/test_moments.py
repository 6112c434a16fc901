from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from money_days import quarters

from appliance import calendar
from appliance.money.moments import Moments
from config.contract import When

DAY_NIGHT = When(weekdays=(1, 2, 3, 4, 5), start="06:00", end="22:00", months=(11, 12, 1, 2, 3))
ZONES = ["Europe/Stockholm", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"]


@given(
    at=st.integers(1_600_000_000, 2_000_000_000).map(lambda s: s * 1000 // 900_000 * 900_000),
    zone=st.sampled_from(ZONES),
)
def test_the_clock_on_the_wall_is_that_of_the_zone(at: int, zone: str) -> None:
    place = ZoneInfo(zone)
    starts = np.arange(at, at + 8 * calendar.QUARTER_MS, calendar.QUARTER_MS, dtype=np.int64)
    moments = Moments(starts, place)
    for n, start in enumerate(starts.tolist()):
        local = calendar.local(start, place)
        assert moments.minute[n] == local.hour * 60 + local.minute
        assert moments.day[n] == (local.date() - date(1970, 1, 1)).days
        assert moments.month[n] == (local.year - 1970) * 12 + local.month - 1


@pytest.mark.parametrize(
    ("when", "inside", "outside"),
    [
        (DAY_NIGHT, "2027-01-11 06:00", "2027-01-11 22:00"),
        (DAY_NIGHT, "2027-01-11 21:45", "2027-01-11 05:45"),
        (DAY_NIGHT, "2027-03-31 12:00", "2027-04-01 12:00"),
        (DAY_NIGHT, "2027-01-15 12:00", "2027-01-16 12:00"),
        (When(start="22:00", end="06:00"), "2027-06-01 23:00", "2027-06-01 06:00"),
        (When(start="22:00", end="06:00"), "2027-06-01 05:45", "2027-06-01 21:45"),
        (When(not_on=("12-25",)), "2027-12-24 12:00", "2027-12-25 12:00"),
        (When(not_on=("2027-03-26",)), "2028-03-26 12:00", "2027-03-26 12:00"),
        (When(), "2027-06-01 00:00", None),
    ],
)
def test_times_of_a_contract(when: When, inside: str, outside: str | None) -> None:
    zone = ZoneInfo("Europe/Stockholm")

    def hit(text: str) -> bool:
        at = calendar.instant(datetime.fromisoformat(text).replace(tzinfo=zone))
        return bool(Moments(np.array([at]), zone).within([when])[0])

    assert hit(inside)
    assert outside is None or not hit(outside)


def test_several_times_are_joined_and_none_is_always() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    assert day.within([When(end="06:00"), When(start="22:00")]).sum() == 4 * 8
    assert day.within([]).all()


@pytest.mark.parametrize(("day", "count"), [("2027-03-28", 4), ("2027-10-31", 12), ("2027-06-01", 8)])
def test_the_hours_of_a_changing_night_are_those_of_the_wall_clock(day: str, count: int) -> None:
    moments = quarters(date.fromisoformat(day), date.fromisoformat(day))
    assert moments.within([When(start="02:00", end="04:00")]).sum() == count


@pytest.mark.parametrize("text", ["25:00", "24:30", "6", "06:60", ""])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a time of day"):
        When(start=text)
