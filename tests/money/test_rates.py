from datetime import date

import numpy as np
import pytest
from money_days import STOCKHOLM, flat, quarters

from appliance import calendar
from appliance.model import Price
from appliance.money.moments import Moments
from appliance.money.rates import Market, columns, rates
from config.contract import Component, Contract, When

QUARTER = calendar.QUARTER_MS
SWEDISH = Contract(
    since=date(2027, 1, 1),
    vat_percent=25,
    buying=(
        Component(name="Spot", market=1),
        Component(name="Markup", per_kwh=0.05),
        Component(name="Energy tax", per_kwh=0.439),
        Component(name="Grid, high", per_kwh=0.7, when=(When(start="06:00", end="22:00"),)),
        Component(name="Grid, low", per_kwh=0.2, when=(When(start="22:00", end="06:00"),)),
    ),
    selling=(Component(name="Spot", market=1, vat=False), Component(name="Fee", per_kwh=-0.03, vat=False)),
)


def market(moments: Moments, wholesale: float = np.nan, supplier: float = np.nan) -> Market:
    return Market(flat(moments, wholesale), flat(moments, supplier), flat(moments, supplier))


def price(start: int, end: int, per_kwh: float) -> Price:
    return Price("test", "wholesale", start, end, per_kwh)


def test_the_parts_of_a_contract_add_up_with_tax_by_the_time_of_day() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    found = rates([SWEDISH], day, market(day, 0.4))
    assert found.buying[0][0] == pytest.approx((0.4 + 0.05 + 0.439 + 0.2) * 1.25)
    assert found.buying[0][48] == pytest.approx((0.4 + 0.05 + 0.439 + 0.7) * 1.25)
    assert found.selling[0][0] == pytest.approx(0.37)


def test_without_a_contract_each_day_has_the_price_it_would_have_alone() -> None:
    """The complete price of a supplier where there is one; another day has the market's, not none."""
    two = quarters(date(2027, 6, 1), date(2027, 6, 2))
    supplier = np.where(np.arange(192) < 90, 2.0, np.nan)
    found = rates([], two, Market(flat(two, 0.5), supplier, flat(two, np.nan)))
    assert (found.buying[0][:90] == 2.0).all()
    assert np.isnan(found.buying[0][90:96]).all()
    assert (found.buying[0][96:] == 0.5).all()
    assert np.isnan(found.selling[0][:96]).all()


def test_negative_prices_stay_negative() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    found = rates(
        [Contract(buying=(Component(name="Spot", market=1),), vat_percent=25)], day, market(day, -0.2)
    )
    assert found.buying[0][0] == pytest.approx(-0.25)


def test_without_a_market_price_the_rate_is_unknown_and_not_the_rest_of_it() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    assert np.isnan(rates([SWEDISH], day, market(day)).buying[0]).all()


def test_what_the_contract_does_not_speak_of_is_unknown_not_free() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    silent = Contract(buying=(Component(name="Fixed", per_kwh=1),))
    nothing = silent.model_copy(update={"selling": (Component(name="Nothing", per_kwh=0),)})
    assert np.isnan(rates([silent], day, market(day, 1.0)).selling[0]).all()
    assert (rates([nothing], day, market(day, 1.0)).selling[0] == 0).all()


def test_contracts_follow_one_another_at_local_midnight() -> None:
    days = quarters(date(2027, 1, 31), date(2027, 2, 1))
    later = Contract(since=date(2027, 2, 1), buying=(Component(name="Fixed", per_kwh=2),))
    found = rates([later, SWEDISH], days, market(days, 1.0)).buying[0]
    assert found[95] != 2
    assert (found[96:] == 2).all()


def test_before_the_first_contract_nothing_is_known() -> None:
    days = quarters(date(2026, 12, 31), date(2027, 1, 1))
    found = rates([SWEDISH], days, market(days, 1.0)).buying[0]
    assert np.isnan(found[:96]).all()
    assert np.isfinite(found[96:]).all()


def test_without_any_contract_a_complete_price_counts_before_the_markets() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    assert rates([], day, market(day, 1.0)).buying[0][0] == 1.0
    assert rates([], day, market(day, 1.0, 2.5)).buying[0][0] == 2.5
    assert np.isnan(rates([], day, market(day)).buying[0][0])


def test_registers_for_day_and_night_have_their_own_prices() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    parts = (
        Component(name="Normal", per_kwh=0.3, tariff=2),
        Component(name="Low", per_kwh=0.2, tariff=1),
        Component(name="Tax", per_kwh=0.1),
    )
    found = rates([Contract(buying=parts)], day, market(day)).buying
    assert np.isnan(found[0][0])
    assert (found[1][0], found[2][0]) == (pytest.approx(0.3), pytest.approx(0.4))


@pytest.mark.parametrize(("day", "count"), [("2027-03-28", 92), ("2027-10-31", 100), ("2027-06-01", 96)])
def test_every_quarter_of_a_long_or_short_day_has_its_own_price(day: str, count: int) -> None:
    moments = quarters(date.fromisoformat(day), date.fromisoformat(day))
    prices = [price(at, at + QUARTER, n / 100) for n, at in enumerate(moments.starts.tolist())]
    found = columns(reversed(prices), moments.starts, QUARTER)
    assert found.tolist() == [n / 100 for n in range(count)]


def test_an_hour_price_is_that_of_its_quarters_and_an_hour_of_quarters_is_their_mean() -> None:
    start = calendar.day_start(date(2027, 6, 1), STOCKHOLM)
    hour = price(start, start + 4 * QUARTER, 1.5)
    starts = np.arange(start, start + 5 * QUARTER, QUARTER, dtype=np.int64)
    assert columns([hour], starts, QUARTER).tolist()[:4] == [1.5] * 4
    assert np.isnan(columns([hour], starts, QUARTER)[4])
    fine = [price(start + n * QUARTER, start + (n + 1) * QUARTER, n) for n in range(4)]
    assert columns(fine, starts[:1], 4 * QUARTER).tolist() == [1.5]
    assert np.isnan(columns(fine[1:], starts[:1], 4 * QUARTER)[0])
    assert np.isnan(columns(fine[:1] + fine[2:], starts[:1], 4 * QUARTER)[0])
