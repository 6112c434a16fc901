"""The bill check's page: its messages, and a year of three registers clicked through in a real browser."""

import os
from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from appliance.bill_check import Check, Compared
from appliance.money import check_words
from appliance.money.billed import BillCheck, Stood
from appliance.money.check import Counter, Finding, Reason, Registers, Verdict
from appliance.money.trend import Trend
from tests.ui.browser import SIZES, load, missing, shape, until
from tests.ui.hand import OVERFLOW, press, said
from ui.check import SENTENCES, bill_head, bill_table, counters, drawing, head, table, when_of
from ui.text import UNKNOWN, Texts

ZONE = ZoneInfo("Europe/Stockholm")
TEXTS = Texts("en", ZONE, "SEK")
SVENSKA = Texts("sv", ZONE, "SEK")
NOTHING = Registers(np.empty(0), np.empty(0), np.empty(0, np.int64))


def counter(source: str, type_: str = "p1_serial", told: str = "assumed") -> Counter:
    return Counter(source, type_, NOTHING, 1.0, told, 0.001, type_ == "p1_serial")


def found(*percents: float | None, odd: str | None = None, trend: Trend | None = None) -> Check:
    """Months of 100 kWh on the meter; 2 % are allowed; None could not be compared."""
    findings = []
    for percent in percents:
        if percent is None:
            findings.append(Finding(Verdict.UNKNOWN, 30, 0, reason=Reason.SILENT))
            continue
        verdict = Verdict.AGREE if abs(percent) < 0.1 else Verdict.WITHIN
        verdict = Verdict.DISAGREE if abs(percent) > 2 else verdict
        findings.append(Finding(verdict, 30, 28, 100.0, 100.0 + percent, 0.1, 2.0))
    known = [f for f in findings if f.difference is not None]
    total = sum(f.difference or 0.0 for f in known)
    share = total / len(known) if known else 0.0
    verdict = Verdict.DISAGREE if abs(share) > 2 else Verdict.WITHIN
    kwh = 100.0 * len(known)
    whole = Finding(verdict, 30 * len(percents), 28 * len(known), kwh, kwh + total, 0.1, 0.02 * kwh)
    if not known:
        whole = Finding(Verdict.UNKNOWN, 30, 0, reason=Reason.SILENT)
    firsts = [date(2027, n + 1, 1) for n in range(len(percents))]
    gateway = counter("gateway", "powerwall", "config")
    return Check(
        "import",
        tuple((first, first + timedelta(days=27)) for first in firsts),
        counter("p1"),
        tuple(100.0 for _ in percents),
        (Compared(gateway, False, tuple(findings), tuple(1.0 for _ in percents), whole, trend),),
        tuple(2.0 for _ in percents),
        2.0,
        odd,
    )


def test_every_sentence_is_where_translators_find_it() -> None:
    sentences: set[str] = {check_words.SAME}
    for name, value in vars(check_words).items():
        if not name.isupper():
            continue
        if isinstance(value, str) and "{" in value:
            sentences.add(value)
        elif isinstance(value, Mapping):
            sentences.update(text for text in value.values() if isinstance(text, str))
    assert sentences == set(SENTENCES)
    assert all(SVENSKA._(text) != text for text in SENTENCES)


def test_the_head_tells_difference_money_and_months_that_disagree() -> None:
    told = head(TEXTS, found(1.0, 1.5, 3.0), found(1.0, 1.5, 3.0).others[0])
    assert (told["value"], told["unit"]) == ("+1.8", "% · gateway against p1")
    assert [tag["text"] for tag in told["tags"]] == [
        "Within classes", "+11 kr", "1 of 3 disagree", "84 of 90 days",
    ]  # fmt: skip
    assert told["notes"].startswith(
        "From 1 Jan 2027 to 28 Mar 2027 gateway counted 5.5 kWh (1.8 %) more import"
    )


def test_a_drift_and_the_one_that_stands_apart_are_told() -> None:
    check = found(3.0, 3.4, odd="gateway", trend=Trend(0.4, 0.1, 5))
    told = head(TEXTS, check, check.others[0])
    assert "grows by 0.40 percentage points a month" in told["notes"]
    assert "gateway stands apart" in told["notes"]


def test_what_is_not_known_is_a_dash_and_says_what_is_needed() -> None:
    told = head(TEXTS, Check("import"), None)
    assert (told["value"], told["tags"]) == (UNKNOWN, [])
    alone = Check("import", ((date(2027, 1, 1), date(2027, 1, 31)),), counter("p1"), (100.0,))
    assert "A second counter is needed" in head(TEXTS, alone, None)["notes"]
    [row] = table(TEXTS, alone, None, "month")["rows"]
    assert row["meter"] == "100"
    check = found(None)
    told = head(TEXTS, check, check.others[0])
    assert told["value"] == UNKNOWN
    assert "silent for over an hour" in told["notes"]


def test_bars_take_the_colour_of_their_verdict_and_gaps_stay_gaps() -> None:
    check = found(0.05, 1.0, 3.0, None)
    made = drawing(TEXTS, check, check.others[0], "month")
    lines = {line.name: list(line.data) for line in made.lines if line.kind == "bar"}
    assert lines == {
        "Agree": [pytest.approx(0.05), None, None, None],
        "Within classes": [None, pytest.approx(1.0), None, None],
        "Disagree": [None, None, pytest.approx(3.0), None],
    }
    assert (made.axes[0].min, made.axes[0].max) == (-4.0, 4.0)
    assert made.category == ["Jan", "Feb", "Mar", "Apr"]
    assert drawing(TEXTS, check, None, "month").lines == ()


def test_rows_are_newest_first_and_tell_why_not() -> None:
    check = found(3.0, None)
    silent, bad = table(TEXTS, check, check.others[0], "month")["rows"]
    assert (silent["word"], silent["apart"]) == ("Not comparable", "")
    assert "silent for over an hour" in silent["why"]
    assert (bad["percent"], bad["apart"], bad["money"], bad["level"]) == (
        "+3.0 %",
        "+3.0 kWh",
        "+6.0 kr",
        "bad",
    )
    assert bad["days"] == "28 of 30 days"


def test_who_counts_and_how_that_is_known() -> None:
    rows = counters(TEXTS, found(1.0))["rows"]
    assert rows[0]["cells"] == ["p1", "± 1.0 % · assumed"]
    assert rows[1]["cells"] == ["gateway", "± 1.0 % · told in config.json"]
    assert "the house's meter" in rows[0]["sub"]


def test_when_it_was() -> None:
    assert when_of(TEXTS, date(2027, 5, 14), date(2027, 5, 14)) == "On 14 May"
    assert when_of(TEXTS, date(2027, 5, 3), date(2027, 5, 31)) == "In May 2027"
    assert when_of(SVENSKA, date(2027, 5, 3), date(2027, 5, 31)) == "I maj 2027"


def billed(kwh: float, at: int | None) -> BillCheck:
    stood = Stood(1_800_000_000_000, 100.2, 100.0, at), Stood(1_802_000_000_000, 400.4, 100.0 + kwh, at)
    verdict = Verdict.AGREE if abs(kwh - 300.2) < 2 else Verdict.DISAGREE
    return BillCheck(
        date(2027, 1, 1), date(2027, 1, 31), counter("p1"), stood, kwh, 300.2, 2.0, verdict, 640.0, 0.5
    )


def test_a_bill_beside_the_meter() -> None:
    right = bill_head(TEXTS, billed(300.0, 1_800_000_000_000))
    assert (right["value"], right["tags"][0]["level"]) == ("−0.2", "ok")
    wrong = bill_head(TEXTS, billed(350.0, None))
    assert wrong["notes"].startswith("The bill says 49.8 kWh (16.6 %) more than p1 counted")
    assert "another meter?" in wrong["notes"]
    rows = bill_table(TEXTS, billed(300.0, 1_800_000_000_000), 650.0)["rows"]
    assert rows[0]["sub"].startswith("The meter showed the bill's reading on 15 Jan at")
    assert rows[3]["cells"] == ["Cost by contract", "650.00 kr", "640.00 kr"]
    assert rows[3]["sub"] == "50 % of it has a price"


# In a browser

LACKING = missing()
browsed = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)


@browsed
@pytest.mark.parametrize("size", ["wall", "phone"])
def test_months_lead_to_their_days(driver: webdriver.Chrome, counted: str, size: str) -> None:
    shape(driver, SIZES[size])
    load(driver, counted + "/check")
    until(lambda: "powerwall against p1" in said(driver, ".pricehead"))
    months = driver.find_elements(By.CSS_SELECTOR, ".periods tbody tr")
    assert len(months) == 3
    assert driver.execute_script(OVERFLOW) == [0, 0, []]
    driver.find_elements(By.CSS_SELECTOR, ".periods .open button")[1].click()
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".periods tbody tr")) == 30)
    assert "In April 2027" in said(driver, ".pricehead")
    press(driver, "Export")
    until(lambda: "export" in said(driver, ".pricehead p") or "agree" in said(driver, ".pricehead p"))


@browsed
def test_a_bill_is_typed_and_answered(driver: webdriver.Chrome, counted: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, counted + "/check")
    press(driver, "A bill")
    press(driver, "Compare")
    until(lambda: "Type both readings" in said(driver, ".billform"))
    press(driver, "Or its energy\n–")
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".veil .pad"))
    for key in "999":
        press(driver, key)
    driver.find_element(By.CSS_SELECTOR, ".veil .pri").click()
    until(lambda: "999.0 kWh" in said(driver, ".billform"))
    press(driver, "Compare")
    until(lambda: "more than p1 counted" in said(driver, ".billform"))
    assert "Disagree" in said(driver, ".billform")
