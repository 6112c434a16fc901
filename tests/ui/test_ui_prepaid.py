"""The Prepaid page: its plain data, and the page as a person sees it."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium import webdriver
from selenium.webdriver.common.by import By

from appliance.calendar import instant
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.prepaid import Account, Movement, Session, Supply
from appliance.prepaid_history import Counted, Totals
from appliance.prepaid_usage import Usage, Used
from config.messages import Messages
from tests.ui.browser import SIZES, load, missing, served, shape, until
from tests.ui.hand import OVERFLOW, SMALLEST_PX, TARGETS, enter, press, said
from ui.prepaid import (
    GROUPS,
    MOST_BARS,
    Money,
    balance_message,
    group_name,
    groups,
    label,
    lasts,
    least_group,
    movements_message,
    sessions_table,
    span_name,
    supply_message,
    totals_table,
    usage_drawing,
    usage_head,
    usual_group,
)
from ui.text import Texts

LACKING = missing()
seen = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)
INDIA = ZoneInfo("Asia/Kolkata")
NOW = instant(datetime(2026, 5, 14, 14, 32, tzinfo=INDIA))
TEXTS = Texts("en", INDIA, "INR")
TOTALS: dict[Supply, Totals] = {
    "grid": Totals(Counted(10.96, 91.3), Counted(418.65, 3487.34)),
    "generator": Totals(Counted(0.06, 1.38), Counted(28.91, 636.05)),
}


def money(stale_s: float = 0.0, limits: Messages | None = None, **account: Any) -> Money:
    known: dict[str, Any] = {
        "balance": 1234.5,
        "balance_at": NOW,
        "days_left": 11.2,
        "supply": "grid",
        "relay": True,
    }
    return Money(Account(**{**known, **account}), limits or Messages(), stale_s)


# Amounts


@pytest.mark.parametrize(
    ("language", "currency", "value", "told"),
    [
        ("en", "INR", 1234.5, "₹1,234.50"),
        ("en", "INR", -3.9, "−₹3.90"),
        ("en", "INR", -0.001, "₹0.00"),
        ("sv", "INR", 1234.5, "1\xa0234,50\xa0₹"),
        ("sv", "SEK", -1234.5, "−1\xa0234,50\xa0kr"),
        ("en", "SEK", 12, "12.00\xa0kr"),
        ("en", "EUR", 0.5, "€0.50"),
        ("en", "EUR", None, "–"),
    ],
)
def test_amounts_as_the_tongue_writes_them(language: str, currency: str, value: float, told: str) -> None:
    assert Texts(language, INDIA, currency).amount(value) == told


# The account


def test_the_balance_and_how_long_it_lasts() -> None:
    shown = balance_message(TEXTS, money(), TOTALS, NOW)
    assert (shown["value"], shown["level"], shown["tags"]) == ("₹1,234.50", "", [])
    assert shown["lasts"] == "11 days left at present use, until about Mon 25 May"
    assert shown["width"] == 37.3
    assert shown["mark"]["at"] == 10
    assert [(fact["value"], fact["name"]) for fact in shown["facts"]] == [
        ("₹92.68", "used today"), ("₹4,123.39", "used this month"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("account", "limits", "level", "tag"),
    [
        ({"balance": 499.9}, Messages(), "low", "Low, below ₹500"),
        ({"days_left": 2.9}, Messages(), "low", "Low, under 3 days"),
        ({"balance": 499.9}, Messages(low_balance=None), "", None),
        ({"days_left": 0.4}, Messages(low_days=None), "", None),
        ({"balance": -0.01, "days_left": 0.0}, Messages(low_balance=None), "spent", "Used up"),
        ({"balance": None, "days_left": None}, Messages(), "", None),
    ],
)
def test_low_is_what_the_messages_call_low(
    account: dict[str, Any], limits: Messages, level: str, tag: str | None
) -> None:
    shown = balance_message(TEXTS, money(limits=limits, **account), TOTALS, NOW)
    assert shown["level"] == level
    assert [one["text"] for one in shown["tags"]] == ([tag] if tag else [])


def test_what_the_portal_told_long_ago_is_marked_as_old() -> None:
    shown = balance_message(TEXTS, money(stale_s=720, balance=20.0), TOTALS, NOW)
    assert (shown["level"], [t["text"] for t in shown["tags"]]) == ("old", ["Low, below ₹500", "12 min old"])
    supply = supply_message(TEXTS, money(stale_s=720), None, TOTALS, NOW)
    assert (supply["old"], supply["facts"][0]) == (True, {"name": "No reading", "value": "–"})
    assert supply["tags"][0]["text"] == "12 min old"


def test_nothing_known_is_a_dash_and_never_nought() -> None:
    nothing = money(balance=None, balance_at=None, days_left=None, supply=None, relay=None)
    shown = balance_message(TEXTS, nothing, {}, NOW)
    assert (shown["value"], shown["width"]) == ("–", None)
    assert [fact["value"] for fact in shown["facts"]] == ["–", "–"]
    assert shown["lasts"] == "How long it lasts is not known yet"
    supply = supply_message(TEXTS, nothing, None, {}, NOW)
    assert (supply["name"], supply["tags"], len(supply["facts"])) == ("Not known", [], 1)
    assert [row["cells"][1:] for row in totals_table(TEXTS, {})["rows"]] == [["–", "–", "–"]] * 4


def test_who_supplies_and_since_when() -> None:
    shown = supply_message(
        TEXTS, money(supply="generator", since=NOW - 40 * MINUTE_MS, relay=False), 1210, TOTALS, NOW
    )
    assert (shown["way"], shown["name"], shown["short"]) == ("generator", "Generator", "DG")
    assert shown["since"] == "for 40 min, since 13:52"
    assert shown["tags"] == [{"text": "Relay off", "level": "bad"}]
    assert [fact["value"] for fact in shown["facts"]] == ["1.2 kW", "0.06 kWh"]
    assert supply_message(TEXTS, money(), 1, TOTALS, NOW)["since"] == "longer than it is watched"


def test_a_silent_portal_does_not_make_the_supply_last_longer() -> None:
    account = Account(supply="generator", since=NOW - HOUR_MS, balance_at=NOW - HOUR_MS // 2, stale_s=1800)
    shown = supply_message(TEXTS, Money(account, Messages(), 1800), None, TOTALS, NOW)
    assert shown["since"] == "for 30 min, since 13:32"


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (0.0, "Nothing is left: recharge now"),
        (0.8, "19 hours left at present use, until Fri 15 May"),
        (2.44, "2.4 days left at present use, until about Sun 17 May"),
        (40.0, "40 days left at present use, until about Tue 23 Jun"),
    ],
)
def test_how_long_it_lasts(days: float, told: str) -> None:
    assert lasts(TEXTS, Account(days_left=days, balance_at=NOW), NOW) == told


def test_sums_of_each_way_and_together() -> None:
    rows = [row["cells"] for row in totals_table(TEXTS, TOTALS)["rows"]]
    assert rows[0] == ["Today, kWh", "10.96", "0.06", "11.02"]
    assert rows[3] == ["This month, ₹", "3,487.34", "636.05", "4,123.39"]


def test_without_a_generator_the_grid_is_all() -> None:
    rows = [row["cells"] for row in totals_table(TEXTS, {"grid": TOTALS["grid"]})["rows"]]
    assert rows[0] == ["Today, kWh", "10.96", "–", "10.96"]
    unknown = TOTALS | {"generator": Totals()}
    assert totals_table(TEXTS, unknown)["rows"][0]["cells"][-1] == "–"


# Recharges and runs


def test_the_last_five_recharges_with_the_deductions_between_them() -> None:
    amounts = (500, -250, 1000, 2000, 1500, 100, -5568, 300)
    moves = [Movement(NOW - n * DAY_MS, amount, n > 0) for n, amount in enumerate(amounts)]
    rows = movements_message(TEXTS, moves, NOW)["rows"]
    assert [row["name"] for row in rows] == [
        "+₹500.00", "−₹250.00", "+₹1,000.00", "+₹2,000.00", "+₹1,500.00", "+₹100.00", "−₹5,568.00",
    ]  # fmt: skip
    assert [row["word"] for row in rows[:3]] == ["", "Deduction", ""]
    assert (rows[0]["texts"], rows[1]["texts"]) == (["Not in the portal's own list yet"], [])
    assert (rows[0]["side"], rows[1]["side"]) == (["14:32"], ["13 May 14:32"])
    assert len({row["key"] for row in rows}) == len(rows)


def test_when_the_generator_ran() -> None:
    runs = [
        Session(NOW - HOUR_MS, None, None, None),
        Session(NOW - 30 * HOUR_MS, NOW - 28 * HOUR_MS, 2.6, 57.2),
        Session(NOW - DAY_MS * 3, NOW - DAY_MS * 3 + HOUR_MS, None, None, ((NOW - DAY_MS * 3, NOW),)),
    ]
    rows = sessions_table(TEXTS, runs, NOW)["rows"]
    assert [row["cells"] for row in rows] == [
        ["13:32", "1 h 0 min", "", "Runs now"],
        ["13 May 08:32", "2 h 0 min", "2.60 kWh", "₹57.20"],
        ["11 May 14:32", "≈ 1 h 0 min", "–", "–"],
    ]
    assert [row["sub"] for row in rows] == ["", "1.3 kW on average", "not watched all the time"]


# Usage


@given(st.floats(1, 720))
def test_a_group_never_makes_more_bars_than_can_be_drawn(hours: float) -> None:
    offered = groups(hours)
    for group in (*offered, usual_group(hours), least_group(hours)):
        assert hours * 60 / group <= MOST_BARS
        assert 5 <= group <= 1440
    assert set(offered) <= set(GROUPS)
    assert offered


def test_groups_that_make_sense() -> None:
    assert groups(6) == [5, 15, 30, 60, 180]
    assert groups(720) == [360, 720, 1440]
    assert [usual_group(hours) for hours in (1, 6, 24, 48, 168, 720)] == [5, 15, 60, 180, 1440, 1440]
    assert [group_name(TEXTS, group) for group in (60, 45)] == ["1 hour", "45 minutes"]
    assert [span_name(TEXTS, hours) for hours in (36, 72)] == ["36 h", "3 d"]


def usage() -> Usage:
    """Three hours, the second of them not watched."""
    edges = (NOW - 3 * HOUR_MS, NOW - 2 * HOUR_MS, NOW - HOUR_MS, NOW)
    grid = Used((1.0, None, 0.5), (8.33, None, 4.17), 2.5, 20.83)
    return Usage(edges, grid, Used((0.0, None, 0.25), (0.0, None, None), 0.25, None))


def test_bars_of_both_ways_with_a_gap_where_nobody_watched() -> None:
    drawing = usage_drawing(TEXTS, usage(), 60, "energy")
    assert drawing.category == ["11:32", "12:32", "13:32"]
    assert [(line.name, line.data) for line in drawing.lines] == [
        ("Grid (EB)", [1.0, None, 0.5]), ("Generator (DG)", [0.0, None, 0.25]),
    ]  # fmt: skip
    head = usage_head(TEXTS, usage(), 60, "energy")
    assert (head["value"], head["unit"]) == ("2.8", "kWh")
    assert [tag["text"] for tag in head["tags"]] == ["EB 2.50 kWh", "DG 0.25 kWh"]
    assert head["notes"].endswith("1 hour · where a bar is missing nothing was read")


def test_money_whose_price_is_not_known_is_a_dash() -> None:
    head = usage_head(TEXTS, usage(), 60, "cost")
    assert (head["value"], head["unit"]) == ("–", "")
    assert [tag["text"] for tag in head["tags"]] == ["EB ₹20.83", "DG –"]
    assert usage_drawing(TEXTS, usage(), 60, "cost").axes[0].name == "₹"
    assert usage_head(TEXTS, None, 60, "energy")["value"] == "–"
    assert usage_drawing(TEXTS, None, 60, "energy").category == []


def test_what_stands_beneath_a_bar() -> None:
    told = [label(TEXTS, NOW, group, days=days) for group, days in ((60, False), (60, True), (1440, True))]
    assert told == ["14:32", "14 May 14:32", "14 May"]


# In a browser


@pytest.fixture(scope="module")
def house() -> Iterator[str]:
    """A real appliance that has watched a prepaid meter."""
    with served("generator", house="prepaid_house", more=("--days", "3")) as url:
        yield url


@seen
@pytest.mark.parametrize("size", SIZES)
def test_the_page_while_the_generator_runs(driver: webdriver.Chrome, house: str, size: str) -> None:
    shape(driver, SIZES[size])
    load(driver, house + "/prepaid")
    until(lambda: "for 37 min" in said(driver, ".supply") or "for 38 min" in said(driver, ".supply"))
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".plot canvas")) == 1)
    until(lambda: "DG 0." in said(driver, ".chartc"))
    until(lambda: "+₹500.00" in said(driver, ".prepaidpage"))
    page = said(driver, ".prepaidpage")
    for text in ("Generator", "DG", "left at present use", "+₹500.00", "Deduction", "Runs now", "on average"):
        assert text in page
    assert "has switched the supply off" not in page
    assert driver.execute_script(OVERFLOW) == [0, 0, []]
    assert driver.execute_script(TARGETS, SMALLEST_PX) == []
    load(driver, house)
    until(lambda: "Running on the generator" in said(driver, ".flowc"))
    assert driver.find_elements(By.CSS_SELECTOR, "[data-node=generator]")
    assert driver.find_elements(By.CSS_SELECTOR, "[data-node=grid]") == []
    assert "spent" in said(driver, ".todayc")
    assert driver.execute_script(OVERFLOW) == [0, 0, []]


@seen
def test_any_number_of_hours_and_minutes(driver: webdriver.Chrome, house: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, house + "/prepaid")
    until(lambda: "1 hour" in said(driver, ".choice"))
    press(driver, "₹")
    until(lambda: "EB ₹" in said(driver, ".chartc"))
    press(driver, "Other")
    until(lambda: "How many hours?" in said(driver, ".pad h3"))
    enter(driver, "721")
    until(lambda: "From 1 to 720 hours" in said(driver, ".pad .said"))
    for _ in range(3):
        driver.find_element(By.CSS_SELECTOR, ".keys [aria-label=Erase]").click()
    enter(driver, "10")
    until(lambda: "30 minutes" in said(driver, ".choice"))
    press(driver, "Grouped by\n30 minutes")
    until(lambda: "Of 10 h no more bars" in said(driver, ".sheet"))
    press(driver, "Other")  # of the sheet: the one beneath cannot be reached
    until(lambda: "How many minutes?" in said(driver, ".pad h3"))
    enter(driver, "45")
    until(lambda: "45 minutes" in said(driver, ".choice"))
    until(lambda: "45 minutes" in said(driver, ".pricehead"))


@seen
def test_a_meter_that_has_cut_the_supply_says_so_loudly(driver: webdriver.Chrome) -> None:
    with served("cut", house="prepaid_house", more=("--days", "1")) as url:
        shape(driver, SIZES["phone"])
        load(driver, url + "/prepaid")
        until(lambda: "has switched the supply off" in said(driver, ".prepaidpage .banner"))
        until(lambda: "Used up" in said(driver, ".prepaidpage"))
        assert driver.execute_script(OVERFLOW) == [0, 0, []]


@seen
def test_a_house_without_such_a_meter_is_told_how_to_have_one(driver: webdriver.Chrome) -> None:
    with served("grid") as url:
        shape(driver, SIZES["phone"])
        load(driver, url)
        assert driver.find_elements(By.CSS_SELECTOR, ".nav a[href='/prepaid']") == []
        load(driver, url + "/prepaid")
        assert "elnet" in said(driver, ".page")
