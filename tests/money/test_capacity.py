from datetime import date, datetime

import numpy as np
import pytest
from money_days import STOCKHOLM, flat, quarters

from appliance import calendar
from appliance.money.capacity import amount, charge, month_money, windows
from appliance.money.moments import Moments
from appliance.money.rates import Floats
from config.contract import Capacity, Step, Weight, When

FLANDERS = Capacity(window_min=15, peaks=12, apart="month", months=12, floor_kw=2.5, per_kw=48.0, per="year")
NORWAY = Capacity(
    window_min=60,
    steps=(
        Step(up_to_kw=2, amount=120), Step(up_to_kw=5, amount=200),
        Step(up_to_kw=10, amount=325), Step(up_to_kw=15, amount=450),
    ),
)  # fmt: skip
WORKED = (0.632, 4.6, 0, 1.028, 3.444, 4.164, 4.564, 6, 9.2, 5, 4.12, 4.88)
"""Twelve month peaks in kW; their mean, each at least 2.5, is 4.456 (nl.wikibooks, a digit swap mended)."""


def month(text: str) -> int:
    day = date.fromisoformat(f"{text}-01")
    return (day.year - 1970) * 12 + day.month - 1


def put(kwh: Floats, moments: Moments, when: str, kw: float, quarters_: int = 1) -> None:
    at = calendar.instant(datetime.fromisoformat(when).replace(tzinfo=STOCKHOLM))
    place = int(np.searchsorted(moments.starts, at))
    kwh[place : place + quarters_] = kw / 4


def test_flanders_as_in_the_worked_example() -> None:
    year = quarters(date(2027, 1, 1), date(2027, 12, 31))
    kwh = flat(year, 0.0)
    for number, kw in enumerate(WORKED, 1):
        put(kwh, year, f"2027-{number:02}-15 18:00", kw)
    found = charge(FLANDERS, kwh, year, month("2027-12"))
    assert found is not None
    assert found.kw == pytest.approx(4.456, abs=5e-4)
    assert len(found.peaks) == 12
    assert month_money(FLANDERS, [found], 6) == pytest.approx(4.456 * 48 / 12 * 1.06, abs=0.02)


def test_a_year_not_yet_full_is_the_mean_of_the_months_there_are() -> None:
    spring = quarters(date(2027, 1, 1), date(2027, 3, 31))
    kwh = flat(spring, 0.0)
    put(kwh, spring, "2027-02-10 07:00", 8.5)
    found = charge(FLANDERS, kwh, spring, month("2027-03"))
    assert found is not None
    assert found.kw == pytest.approx((2.5 + 8.5 + 2.5) / 3)


def test_norway_takes_three_hours_of_different_days() -> None:
    days = quarters(date(2027, 1, 1), date(2027, 1, 31))
    kwh = flat(days, 0.1)
    for when, kw in (("05 18:00", 9), ("05 19:00", 8.8), ("12 07:00", 6), ("20 08:00", 4.5), ("21 08:00", 3)):
        put(kwh, days, f"2027-01-{when}", kw, 4)
    found = charge(NORWAY, kwh, days, month("2027-01"))
    assert found is not None
    assert [peak.kw for peak in found.peaks] == [pytest.approx(kw) for kw in (9, 6, 4.5)]
    assert found.kw == pytest.approx(6.5)
    assert found.money == 325


def test_hours_are_those_of_the_clock_not_any_sixty_minutes() -> None:
    day = quarters(date(2027, 1, 5), date(2027, 1, 5))
    kwh = flat(day, 0.0)
    put(kwh, day, "2027-01-05 18:30", 8, 4)
    _, kw = windows(kwh, day, 60)
    assert kw.max() == pytest.approx(4)


def test_an_hour_of_which_a_quarter_is_unknown_is_no_hour() -> None:
    day = quarters(date(2027, 1, 5), date(2027, 1, 5))
    kwh = flat(day, 1.0)
    kwh[40] = np.nan
    starts, _ = windows(kwh, day, 60)
    assert len(starts) == 23


@pytest.mark.parametrize(("day", "hours"), [("2027-03-28", 23), ("2027-10-31", 25)])
def test_the_doubled_hour_of_autumn_is_two(day: str, hours: int) -> None:
    moments = quarters(date.fromisoformat(day), date.fromisoformat(day))
    starts, kw = windows(flat(moments, 0.25), moments, 60)
    assert len(starts) == hours
    assert set(kw.tolist()) == {1.0}


def test_nights_may_count_half() -> None:
    night = Weight(factor=0.5, when=(When(start="22:00", end="06:00"),))
    tariff = Capacity(peaks=1, per_kw=81.25, weights=(night,))
    days = quarters(date(2027, 1, 1), date(2027, 1, 31))
    kwh = flat(days, 0.1)
    put(kwh, days, "2027-01-05 23:00", 9, 4)
    put(kwh, days, "2027-01-12 07:00", 6, 4)
    found = charge(tariff, kwh, days, month("2027-01"))
    assert found is not None
    assert found.kw == pytest.approx(6)
    assert found.money == pytest.approx(6 * 81.25)


def test_weekly_peaks_come_from_different_weeks_monday_to_sunday() -> None:
    tariff = Capacity(peaks=2, apart="week", per_kw=1)
    days = quarters(date(2027, 2, 1), date(2027, 2, 28))  # a Monday
    kwh = flat(days, 0.1)
    for when, kw in (("01 12:00", 9), ("07 12:00", 8), ("08 12:00", 5)):
        put(kwh, days, f"2027-02-{when}", kw, 4)
    found = charge(tariff, kwh, days, month("2027-02"))
    assert found is not None
    assert [peak.kw for peak in found.peaks] == [pytest.approx(9), pytest.approx(5)]


def test_nothing_known_is_no_charge() -> None:
    days = quarters(date(2027, 1, 1), date(2027, 1, 2))
    assert charge(NORWAY, flat(days, np.nan), days, month("2027-01")) is None
    assert charge(NORWAY, flat(days, 1.0), days, month("2026-01")) is None


@pytest.mark.parametrize(("kw", "money"), [(0.3, 120), (2, 120), (2.01, 200), (15, 450), (40, 450)])
def test_steps(kw: float, money: float) -> None:
    assert amount(NORWAY, kw) == money
