"""What is worth a message, judged from numbers: told at the right moment, once, and its end too."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import calendar
from appliance.alerts import prices
from appliance.alerts.funds import LowBalance
from appliance.alerts.levels import BatteryLow, HighDay, HighPower
from appliance.alerts.silence import NeedsYou, Silence, Unread
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.model import Event

INDIA = ZoneInfo("Asia/Kolkata")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = date(2026, 11, 21)
MIDNIGHT = calendar.day_start(DAY, INDIA)
NOW = MIDNIGHT + 10 * HOUR_MS


def names(events: list[Event | None]) -> list[str]:
    return [event.name if event else "" for event in events]


# Levels


def test_a_battery_is_low_once_and_recovers_once() -> None:
    judge = BatteryLow("powerwall")
    found = [judge.judge(percent, 20, NOW) for percent in (22, 20, 19.4, 18, 21, 24.9, 25, 60, 12)]
    assert names(found) == ["", "", "battery_low", "", "", "", "battery_recovered", "", "battery_low"]
    assert found[2] is not None
    assert found[2].text == "The battery is low: 19 %"
    assert found[2].data == {"percent": 19.4, "threshold": 20}


def test_a_battery_told_before_a_restart_is_not_told_again() -> None:
    judge = BatteryLow("powerwall", raised=True)
    assert names([judge.judge(percent, 20, NOW) for percent in (15, 30)]) == ["", "battery_recovered"]


def test_a_threshold_that_was_taken_away_tells_nothing() -> None:
    judge = BatteryLow("powerwall")
    assert judge.judge(5, 20, NOW) is not None
    assert judge.judge(5, None, NOW) is None
    assert judge.judge(90, 20, NOW) is None
    # A threshold no battery can stand above by the margin still ends.
    assert judge.judge(97, 98, NOW) is not None
    assert judge.judge(100, 98, NOW) is not None


@given(st.lists(st.floats(0, 100), max_size=60), st.floats(0, 100), st.integers(0, 60))
def test_low_and_recovered_alternate_whatever_happens_and_wherever_it_restarts(
    charges: list[float], threshold: float, restart: int
) -> None:
    judge, through, told, again = BatteryLow("b"), BatteryLow("b"), list[str](), list[str]()
    for n, percent in enumerate(charges):
        if n == restart:
            judge = BatteryLow("b", raised=bool(told) and told[-1] == "battery_low")
        told += [e.name for e in [judge.judge(percent, threshold, NOW)] if e]
        again += [e.name for e in [through.judge(percent, threshold, NOW)] if e]
    assert told == again
    assert all(a != b for a, b in pairwise(told))
    assert not told or told[0] == "battery_low"


def test_power_is_high_by_its_mean_and_over_well_below() -> None:
    judge = HighPower("p1")
    means = (None, 4900, 5200, None, 6000, 4800, 4500, 4600)
    found = [judge.judge(watts, 5, 15, NOW) for watts in means]
    assert names(found) == ["", "", "high_power", "", "", "", "high_power_over", ""]
    assert found[2] is not None
    assert found[2].text == "The house has drawn 5.2 kW for 15 min"
    assert found[2].data == {"watts": 5200, "minutes": 15, "threshold_kw": 5}
    assert judge.judge(9000, None, 15, NOW) is None


def test_a_day_of_high_use_is_told_once_a_day() -> None:
    judge = HighDay("house")
    assert judge.judge(None, 20, DAY, NOW) is None
    assert judge.judge(20, 20, DAY, NOW) is None
    event = judge.judge(20.1, 20, DAY, NOW)
    assert event is not None
    assert event.text == "20.1 kWh were used today, more than 20 kWh"
    assert judge.judge(25, 20, DAY, NOW) is None
    assert judge.judge(25, 20, date(2026, 11, 20), NOW) is None  # the clock was set back
    assert judge.judge(20.5, 20, date(2026, 11, 22), NOW) is not None
    assert HighDay("house", told_on=DAY).judge(30, 20, DAY, NOW) is None


# Funds


def test_a_low_balance_is_told_once_a_day_and_the_next_morning() -> None:
    judge = LowBalance("elnet", INDIA, "INR")
    at = [NOW + hours * HOUR_MS for hours in (0, 1, 10, 14, 22, 23, 24)]
    found = [judge.judge(480 - n, 4.0, 500, 3, moment) for n, moment in enumerate(at)]
    assert names(found) == ["low_balance", "", "", "", "", "low_balance", ""]
    assert found[0] is not None
    assert found[0].text == "The balance is low: 480.00 INR, enough for 4.0 days at present use"
    assert found[0].data == {"balance": 480, "days_left": 4.0, "threshold": 500}


def test_a_recharge_makes_the_next_low_balance_news_on_the_same_day() -> None:
    judge = LowBalance("elnet", INDIA, "INR")
    balances = (499, 510, 499, 1500, 498)
    found = [judge.judge(balance, None, 500, None, NOW + n * MINUTE_MS) for n, balance in enumerate(balances)]
    assert names(found) == ["low_balance", "", "", "", "low_balance"]
    assert found[0] is not None
    assert found[0].text == "The balance is low: 499.00 INR"


def test_few_days_are_told_whatever_the_balance() -> None:
    judge = LowBalance("elnet", INDIA, "INR")
    event = judge.judge(2000, 2.4, 500, 3, NOW)
    assert event is not None
    assert event.data == {"balance": 2000, "days_left": 2.4, "threshold_days": 3}
    spent = judge.judge(-3, 0.0, 500, 3, NOW + DAY_MS)
    assert spent is not None
    assert spent.text == "The balance is spent: -3.00 INR; recharge it now"
    assert spent.data["days_left"] == 0


def test_a_low_balance_of_before_a_restart() -> None:
    today = LowBalance("elnet", INDIA, "INR", told_at=NOW - HOUR_MS)
    assert today.judge(100, None, 500, 3, NOW) is None
    yesterday = LowBalance("elnet", INDIA, "INR", told_at=NOW - DAY_MS)
    assert yesterday.judge(100, None, 500, 3, MIDNIGHT + HOUR_MS) is None
    assert yesterday.judge(100, None, 500, 3, NOW) is not None
    assert LowBalance("elnet", INDIA, "INR").judge(100, None, None, None, NOW) is None


def test_the_day_is_that_of_the_meter() -> None:
    # 20:00 UTC is the next day in India already, not yet in Stockholm.
    late = MIDNIGHT - HOUR_MS // 2
    assert LowBalance("a", INDIA, "INR", told_at=late).judge(9, None, 500, None, NOW) is not None
    assert LowBalance("a", STOCKHOLM, "INR", told_at=late).judge(9, None, 500, None, MIDNIGHT) is None


def test_tenths_of_a_day_are_told_where_they_count() -> None:
    texts = []
    for days in (2.64, 45.04):
        event = LowBalance("a", INDIA, "INR").judge(9, days, 500, None, NOW)
        assert event is not None
        texts.append(event.text)
    assert [text.partition("for ")[2] for text in texts] == [
        "2.6 days at present use",
        "45 days at present use",
    ]


def test_what_was_told_by_a_clock_far_ahead_silences_nothing() -> None:
    for days, told_again in ((0, False), (1, False), (40, True)):
        funds = LowBalance("a", INDIA, "INR", told_at=NOW + days * DAY_MS)
        assert (funds.judge(9, None, 500, None, NOW) is not None) is told_again
        high = HighDay("house", told_on=DAY + timedelta(days=days))
        assert (high.judge(30, 20, DAY, NOW) is not None) is told_again


@given(st.lists(st.floats(-50, 2000), max_size=200), st.integers(1, 120))
def test_a_balance_that_only_falls_is_told_at_most_once_a_day(balances: list[float], step: int) -> None:
    judge, days = LowBalance("a", INDIA, "INR"), list[date]()
    for n, balance in enumerate(sorted(balances, reverse=True)):
        now = NOW + n * step * MINUTE_MS
        if judge.judge(balance, None, 500, None, now):
            days.append(calendar.day_of(now, INDIA))
    assert len(days) == len(set(days))


# Silence


def test_a_source_is_silent_once_and_back_once() -> None:
    judge = Silence("inverter")
    spans = (0, 29, 30, 31, 90, 1, 0)
    found = [judge.judge(m * MINUTE_MS, 30 * MINUTE_MS, "", NOW) for m in spans]
    assert names(found) == ["", "", "source_silent", "", "", "source_back", ""]
    assert found[2] is not None
    assert found[2].text == "No readings for 30 min: check its power, cable and network"
    assert found[2].data == {"minutes": 30}
    assert found[5] is not None
    assert found[5].text == "Readings come again after 1 h 30 min"


def test_a_source_that_was_silent_before_a_restart() -> None:
    judge = Silence("inverter", told=True)
    limit = 30 * MINUTE_MS
    # Heard or not is not known until it had its time.
    assert judge.judge(limit, limit, "No route", NOW) is None
    event = judge.judge(0, limit, "", NOW)
    assert event is not None
    assert event.name == "source_back"
    at_once = Silence("inverter", told=True).judge(0, limit, "", NOW)
    assert at_once is not None
    assert at_once.text == "Readings come again"


def test_a_meter_that_cannot_be_read_says_why() -> None:
    limit = 60 * MINUTE_MS
    refused = Unread("camera").judge(limit, limit, 12, "", NOW)
    assert refused is not None
    assert refused.text == (
        "The meter has not been read for 1 h 0 min: 12 readings were refused, "
        "look at its picture on the Meter page"
    )
    assert refused.data == {"minutes": 60, "refused": 12}
    lost = Unread("camera")
    gone = lost.judge(4 * HOUR_MS, limit, 0, "The camera does not answer", NOW)
    assert gone is not None
    assert gone.text == "The meter has not been read for 4 h 0 min: The camera does not answer"
    assert names([lost.judge(5 * HOUR_MS, limit, 0, "", NOW), lost.judge(0, limit, 0, "", NOW)]) == [
        "",
        "meter_read",
    ]


def test_who_needs_you_says_so_once_until_it_works() -> None:
    judge = NeedsYou("spot")
    assert judge.judge("The token is refused", NOW) is not None
    assert judge.judge("The token is refused", NOW + 3 * DAY_MS) is None
    assert judge.judge("The area is unknown", NOW + HOUR_MS) is None
    assert judge.judge("The area is unknown", NOW + DAY_MS) is not None
    judge.works()
    assert judge.judge("The area is unknown", NOW + DAY_MS) is not None
    judge.works()
    assert judge.judge("The token is refused. Readings that wait: 9", NOW) is not None
    assert judge.judge("The token is refused. Readings that wait: 10", NOW + 3 * DAY_MS) is None
    after_restart = NeedsYou("spot", Event("spot", "needs_you", NOW, "The token is refused"))
    assert after_restart.judge("The token is refused", NOW + DAY_MS) is None


# Prices

TOMORROW = date(2027, 3, 28)
"""92 quarters in Stockholm."""
SPAN = calendar.day_span(TOMORROW, STOCKHOLM)
STARTS = list(range(*SPAN, calendar.QUARTER_MS))


def at_hours(*dear: int, price: float = 3.0) -> list[float]:
    hours = [calendar.local(at, STOCKHOLM).hour for at in STARTS]
    return [price if hour in dear else 1.0 for hour in hours]


def test_the_dear_hours_of_tomorrow_by_the_wall_clock() -> None:
    rates = at_hours(7, 8, 18)
    rates[STARTS.index(calendar.day_start(TOMORROW, STOCKHOLM)) + 4] = -0.2
    found = prices.peaks(STARTS, rates, None)
    assert found is not None
    event = prices.told(found, TOMORROW, "house", STOCKHOLM, "SEK", NOW)
    assert event is not None
    assert event.text.splitlines() == [
        "Tomorrow is dear from 07:00 to 09:00: up to 3.00 SEK/kWh",
        "Tomorrow is dear from 18:00 to 19:00: up to 3.00 SEK/kWh",
        "Cheapest from 00:00 to 04:00: 0.90 SEK/kWh",
        "The price is below 0 from 01:00 to 01:15",
    ]
    assert [span[2] for span in event.data["spans"]] == [3, 3]
    assert event.data["day"] == "2027-03-28"
    assert event.data["negative"][0][2] == -0.2


def test_an_even_day_and_an_unknown_quarter_have_no_peak() -> None:
    even = prices.peaks(STARTS, at_hours(), None)
    assert even is not None
    assert prices.told(even, TOMORROW, "house", STOCKHOLM, "SEK", NOW) is None
    assert prices.peaks(STARTS, [*at_hours()[:-1], float("nan")], None) is None
    assert prices.peaks([], [], None) is None


def test_the_owners_own_limit_counts_alone() -> None:
    found = prices.peaks(STARTS, at_hours(7, price=1.2), 1.2)
    assert found is not None
    assert len(found.spans) == 1
    high = prices.peaks(STARTS, at_hours(7), 3.5)
    assert high is not None
    assert high.spans == ()


def test_quarters_close_together_are_one_peak_and_the_three_dearest_are_told() -> None:
    rates = [1.0] * len(STARTS)
    rates[10] = rates[12] = 4.0  # half an hour with a quarter between
    for n, place in enumerate((30, 45, 60, 75)):
        rates[place] = 3.0 + n
    found = prices.peaks(STARTS, rates, None)
    assert found is not None
    assert len(found.spans) == 5
    assert found.spans[0].end - found.spans[0].start == 3 * calendar.QUARTER_MS
    event = prices.told(found, TOMORROW, "house", STOCKHOLM, "SEK", NOW)
    assert event is not None
    assert [line[-12:-8] for line in event.text.splitlines()[:3]] == ["4.00", "5.00", "6.00"]


@pytest.mark.parametrize("mean", [0.0, -1.0])
def test_a_day_that_costs_nothing_has_no_peak_by_its_mean(mean: float) -> None:
    rates = [mean] * len(STARTS)
    found = prices.peaks(STARTS, rates, None)
    assert found is not None
    assert found.spans == ()
