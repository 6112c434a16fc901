"""Recharges, deductions and use: told apart, reconciled with the portal's list, each told once."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.model import Event
from appliance.prepaid import days_left
from appliance.sources._elnet_account import Judge, State
from appliance.sources._elnet_data import GRID, Live, Rates, Row

START = 1_794_547_800_000
RATES = Rates(8.0, 22.0)
KEPT = TypeAdapter(State)


class Meter:
    """A meter that takes 0.05 kWh a minute from the grid, at 8 INR; what was paid shows in `balance`."""

    def __init__(self, *, restarts: bool = False) -> None:
        self.at, self.balance, self.eb, self.dg = START, 1000.0, 500.0, 20.0
        self.restarts = restarts
        self.judge = Judge("elnet", State(), 10)
        self.told: list[Event] = []
        self.rows: list[Row] = []
        self.run(2)

    def run(self, minutes: int, kwh: float = 0.05) -> None:
        for _ in range(minutes):
            self.step(kwh=kwh)

    def step(self, paid: float = 0.0, minutes: float = 1, kwh: float | None = None) -> None:
        """A sample after `minutes`, in which `paid` came to the balance."""
        if self.restarts:
            self.judge = Judge("elnet", KEPT.validate_json(KEPT.dump_json(self.judge.state)), 10)
        used = 0.05 * minutes if kwh is None else kwh
        self.at += round(minutes * MINUTE_MS)
        self.eb += used
        self.balance += paid - 8 * used
        live = Live(self.at, GRID, 3.0, round(self.balance, 2), round(self.eb, 2), round(self.dg, 2))
        self.told += self.judge.take(live, RATES)

    def lists(self, *rows: tuple[int, float]) -> None:
        """The portal lists these too: (instant, amount)."""
        self.rows += [Row(at, amount) for at, amount in rows]
        self.told += self.judge.listed(sorted(self.rows, key=lambda row: row.at), self.at)

    @property
    def short(self) -> list[tuple[str, int]]:
        """What was told, to the whole rupee."""
        return [(event.name, round(event.data["amount"])) for event in self.told]

    @property
    def movements(self) -> list[tuple[float, bool]]:
        return [(move.amount, move.confirmed) for move in self.judge.movements]


@pytest.fixture
def meter() -> Meter:
    return Meter()


def test_use_is_no_news(meter: Meter) -> None:
    meter.run(120)
    assert meter.told == []
    assert meter.judge.spent == pytest.approx(-1000 + 122 * 0.4, abs=0.1)


def test_a_recharge_is_told_when_the_balance_is_steady(meter: Meter) -> None:
    meter.step(3000)
    at = meter.at
    assert meter.judge.wants_list
    assert meter.told == []
    meter.run(3)
    assert meter.short == [("recharge", 3000)]
    assert meter.told[0].at == at == meter.told[0].data["at"]
    assert meter.told[0].text.startswith("Recharged with 3000.00 INR; the balance is 3997")
    assert meter.movements == [(3000.0, False)]
    meter.lists((at - 40_000, 3000.0))
    assert meter.movements == [(3000.0, True)]
    assert len(meter.told) == 1
    assert not meter.judge.wants_list


def test_a_line_of_the_list_tells_it_at_once(meter: Meter) -> None:
    meter.step(3000)
    meter.lists((meter.at - 40_000, 3000.0))
    assert meter.short == [("recharge", 3000)]
    meter.run(10)
    assert len(meter.told) == 1
    assert meter.movements == [(3000.0, True)]


def test_a_line_that_comes_before_the_money(meter: Meter) -> None:
    meter.lists((meter.at, 3000.0))
    assert meter.told[0].data["balance"] == pytest.approx(meter.balance + 3000, abs=0.01)
    meter.run(4)
    meter.step(3000)
    meter.run(10)
    assert meter.short == [("recharge", 3000)]


def test_two_steps_are_one_recharge(meter: Meter) -> None:
    meter.step(1000)
    meter.run(1)
    meter.step(2000)
    meter.run(6)
    assert meter.short == [("recharge", 3000)]


def test_a_balance_that_flaps_back_is_nothing(meter: Meter) -> None:
    for _ in range(3):
        meter.step(3000)
        meter.step(-3000)
    meter.run(10)
    assert meter.told == []
    assert meter.judge.spent is not None


def test_flapping_around_a_recharge_is_one(meter: Meter) -> None:
    for _ in range(4):
        meter.step(3000)
        meter.step(-3000)
    meter.step(3000)
    meter.run(6)
    assert meter.short == [("recharge", 3000)]


def test_what_is_left_of_a_flap_is_no_deduction(meter: Meter) -> None:
    meter.step(3000)
    meter.step(-3000.06)
    meter.run(10)
    assert meter.told == []


def test_too_little_is_no_recharge(meter: Meter) -> None:
    meter.step(9)
    meter.run(10)
    assert meter.told == []


def test_a_deduction_is_not_use(meter: Meter) -> None:
    meter.step(-246)
    meter.run(4)
    assert meter.short == [("deduction", 246)]
    assert meter.told[0].text.startswith("Deducted: 246.00 INR; the balance is")
    assert meter.movements[0][0] == pytest.approx(-246, abs=0.1)


def test_a_day_of_silence_is_use(meter: Meter) -> None:
    meter.step(minutes=24 * 60, kwh=30)
    meter.run(10)
    assert meter.told == []


def test_a_deduction_and_a_recharge_in_a_silence_are_told_by_the_list(meter: Meter) -> None:
    before = meter.at
    meter.step(7500 - 5568, minutes=3 * 24 * 60, kwh=30)
    meter.lists((before + HOUR_MS, 7500.0), (before + 5 * HOUR_MS, -5568.0))
    meter.run(10)
    meter.lists()
    assert meter.short == [("recharge", 7500), ("deduction", 5568)]
    assert [event.at for event in meter.told] == [before + HOUR_MS, before + 5 * HOUR_MS]
    assert meter.movements == [(-5568.0, True), (7500.0, True)]


def test_the_list_comes_late_for_a_leap_of_two(meter: Meter) -> None:
    before = meter.at
    meter.step(7500 - 5568, minutes=10 * 60, kwh=4)
    meter.run(6)
    assert meter.short == [("recharge", 1932)]
    meter.lists((before + HOUR_MS, 7500.0), (before + 5 * HOUR_MS, -5568.0))
    assert len(meter.told) == 1
    assert meter.movements == [(-5568.0, True), (7500.0, True)]


def test_lines_older_than_the_first_look_are_no_news(meter: Meter) -> None:
    meter.lists((START - DAY_MS, 500.0), (START, -20.0), (START + MINUTE_MS, 300.0))
    assert meter.told == []
    assert len(meter.movements) == 3
    meter.lists((START - 2 * DAY_MS, 700.0))
    assert meter.told == []


def test_a_list_longer_than_what_is_kept_tells_nothing_again(meter: Meter) -> None:
    before = meter.at
    meter.step(minutes=200 * 60, kwh=1)
    meter.lists(*((before + n * HOUR_MS, -1.0 - n / 100) for n in range(1, 101)))
    told = len(meter.told)
    meter.lists()
    meter.lists()
    assert len(meter.told) == told
    meter.lists((meter.at, 700.0))
    assert meter.short[told:] == [("recharge", 700)]


def test_a_small_deduction_is_told_by_the_list_alone_and_is_not_use(meter: Meter) -> None:
    meter.run(60)
    meter.step(-30)
    meter.run(10)
    meter.lists((meter.at, -30.0))
    assert meter.short == [("deduction", 30)]
    meter.run(26 * 60)
    meter.lists()
    assert meter.judge.spent == pytest.approx(-1000 + 8 * (meter.eb - 500), abs=0.5)


def test_a_drop_in_a_silence_without_prices_is_left_to_the_list() -> None:
    judge = Judge("elnet", State(), 10)
    judge.take(Live(START, GRID, 1.0, 1000.0, 100.0, 0.0), Rates())
    judge.take(Live(START + HOUR_MS, GRID, 1.0, 900.0, 112.0, 0.0), Rates())
    assert not judge.wants_list


@pytest.mark.parametrize("kwh", [2.0, 10.0, 30.0])
def test_without_prices_a_recharge_in_a_silence_is_one(kwh: float) -> None:
    judge = Judge("elnet", State(), 10)
    told: list[Event] = []

    def take(minutes: int, balance: float, eb: float) -> None:
        told.extend(judge.take(Live(START + minutes * MINUTE_MS, GRID, 1.0, balance, eb, 0.0), Rates()))

    take(0, 1000.0, 100.0)
    take(600, 4000.0 - 8.4 * kwh, 100.0 + kwh)
    told += judge.listed([Row(START + HOUR_MS, 3000.0)], START + 600 * MINUTE_MS)
    for minute in range(601, 610):
        take(minute, 4000.0 - 8.4 * kwh, 100.0 + kwh)
    assert [(event.name, event.data["amount"]) for event in told] == [("recharge", 3000.0)]


def test_another_meters_balance_is_no_movement(meter: Meter) -> None:
    meter.judge.exchanged()
    meter.balance, meter.eb = 50.0, 1.0
    meter.run(10)
    assert meter.told == []


def test_days_left_are_those_of_use_alone(meter: Meter) -> None:
    for hour in range(5 * 24):
        meter.step(minutes=60, kwh=0.25, paid=500.0 if hour == 40 else -100.0 if hour == 80 else 0.0)
        meter.run(4, kwh=0.0)
    left = days_left(meter.balance, meter.judge.used)
    per_day = 0.25 * 8 * 24 * 60 / 64
    assert left == pytest.approx(meter.balance / per_day, rel=0.02)


PAID = st.lists(
    st.tuples(st.integers(6, 300), st.sampled_from((3000.0, 500.0, 120.0, -246.0, -5568.0)), st.booleans()),
    max_size=8,
)


@settings(max_examples=60)
@given(PAID, st.integers(5, 40))
def test_each_movement_is_told_once(paid: Sequence[tuple[int, float, bool]], every: int) -> None:
    """Whenever the list is asked, watched or after silences, with and without a restart at every sample."""
    meters = Meter(), Meter(restarts=True)
    for meter in meters:
        for gap, amount, watched in paid:
            for minute in range(gap if watched else 5):
                meter.step()
                if minute % every == 0:
                    meter.lists()
            meter.step(amount, minutes=1 if watched else gap)
            meter.rows.append(Row(meter.at - 20_000, amount))
        for minute in range(20):
            meter.step()
            if minute % every == 0 or meter.judge.wants_list:
                meter.lists()
        meter.lists()
        assert sorted(e.data["amount"] for e in meter.told) == pytest.approx(
            sorted(abs(amount) for _, amount, _ in paid), abs=1.0
        )
        assert all(confirmed for _, confirmed in meter.movements)
    assert meters[0].told == meters[1].told
