from datetime import date

import numpy as np
import pytest
from money_days import flat, quarters

from appliance.money.bill import Bill, Flow, Line, Metered, fees, flow, money
from appliance.money.energy import Energy
from appliance.money.rates import Floats, Market, rates
from config.contract import Component, Contract, Fee


def energy(kwh: Floats) -> Energy:
    return Energy(kwh, np.zeros(len(kwh), bool))


def test_each_quarter_pays_its_own_price() -> None:
    day = quarters(date(2027, 6, 1), date(2027, 6, 1))
    kwh, spot = np.linspace(0, 1, 96), np.linspace(2, -1, 96)
    found = rates([Contract(buying=(Component(name="Spot", market=1),))], day, Market(spot, spot, spot))
    sum_ = flow(Metered(energy(kwh)), found.buying, np.ones(96, bool))
    assert sum_ is not None
    assert sum_.money == pytest.approx(sum(k * p for k, p in zip(kwh, spot, strict=True)))
    assert sum_.covered == pytest.approx(1.0)


def test_energy_without_a_price_costs_not_nothing_but_is_told() -> None:
    kwh, price = np.array([1.0, 1.0, 2.0]), np.array([0.5, np.nan, 0.5])
    found = flow(Metered(energy(kwh)), (price, price, price), np.ones(3, bool))
    assert found == Flow(kwh=4.0, priced_kwh=3.0, money=1.5)
    assert found.covered == 0.75


def test_nothing_priced_is_no_money_at_all() -> None:
    kwh, price = np.array([1.0]), np.array([np.nan])
    found = flow(Metered(energy(kwh)), (price, price, price), np.ones(1, bool))
    assert found is not None
    assert (found.money, found.covered) == (None, 0.0)
    assert Bill(found, None).total is None


def test_no_energy_known_is_no_flow() -> None:
    nothing = np.array([np.nan])
    assert flow(Metered(energy(nothing)), (nothing,) * 3, np.ones(1, bool)) is None


def test_day_and_night_registers_pay_their_own_prices() -> None:
    t1, t2 = np.array([1.0, 0.0]), np.array([0.0, 2.0])
    rate = np.full(2, np.nan), np.full(2, 0.2), np.full(2, 0.3)
    cost, priced = money(Metered(energy(t1 + t2), energy(t1), energy(t2)), rate)
    assert cost.tolist() == [0.2, 0.6]
    assert priced.tolist() == [1.0, 2.0]


def test_registers_the_meter_does_not_tell_apart_leave_the_energy_unpriced() -> None:
    rate = np.full(1, np.nan), np.full(1, 0.2), np.full(1, 0.3)
    cost, priced = money(Metered(energy(np.array([1.0]))), rate)
    assert np.isnan(cost[0])
    assert priced.tolist() == [0.0]


def test_fees_are_shared_out_among_the_days_of_their_month_and_year() -> None:
    contract = Contract(
        vat_percent=25,
        fees=(Fee(name="Subscription", amount=31), Fee(name="Grid", amount=365, per="year", vat=False)),
    )
    assert fees([contract], date(2027, 1, 1), date(2027, 1, 31)) == (
        Line("Subscription", pytest.approx(38.75)),
        Line("Grid", pytest.approx(31.0)),
    )
    assert fees([contract], date(2027, 1, 2), date(2027, 1, 1)) == ()


def test_fees_of_two_contracts_in_one_month_are_paid_by_their_days() -> None:
    old = Contract(since=date(2027, 1, 1), fees=(Fee(name="Old", amount=30),))
    new = Contract(since=date(2027, 4, 11), fees=(Fee(name="New", amount=60),))
    found = {line.name: line.money for line in fees([old, new], date(2027, 4, 1), date(2027, 4, 30))}
    assert found == {"Old": pytest.approx(10.0), "New": pytest.approx(40.0)}


def test_the_total_adds_what_is_sold_on_the_other_side() -> None:
    bill = Bill(Flow(10, 10, 20.0), Flow(4, 4, 3.0), (Line("Fee", 5.0),))
    assert bill.total == 22.0
    assert Bill(None, None, (Line("Fee", 5.0),)).total == 5.0
    assert Bill(None, None).total is None


def test_a_whole_year_of_quarters_is_quick_enough_to_be_asked_for() -> None:
    year = quarters(date(2027, 1, 1), date(2027, 12, 31))
    assert len(year.starts) == 365 * 96
    found = rates([], year, Market(flat(year, 1), flat(year, np.nan), flat(year, np.nan)))
    assert flow(Metered(energy(flat(year, 0.5))), found.buying, np.ones(len(year.starts), bool)) is not None
