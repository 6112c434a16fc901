"""What the History, Prices and Phases pages show, before any browser."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from appliance import calendar
from appliance.calendar import QUARTER_MS
from appliance.clock import DAY_MS, HOUR_MS
from appliance.ledger import Entry
from appliance.model import Quantity as Q  # noqa: N817
from appliance.money.bill import Bill, Flow, Line
from appliance.money.cheapest import Window
from appliance.phases import Load
from appliance.store import Every, Series
from ui.charts import message, stepped
from ui.history import (
    Span,
    bars_drawing,
    bars_head,
    counter_drawing,
    grouping,
    lines_drawing,
    span_of,
)
from ui.pages.phases import bars_message, doughnut_message
from ui.prices import Day, cheapest_run, day_drawing, day_head, month_head, offers_table, thirds
from ui.text import Texts

ZONE = ZoneInfo("Europe/Stockholm")
TEXTS = Texts("en", ZONE, "SEK")


def at(text: str) -> int:
    return calendar.instant(datetime.fromisoformat(text).replace(tzinfo=ZONE))


NOW = at("2026-05-14 14:32")


def entry(first: str, kwh: float | None, money: float | None, priced: float | None = None) -> Entry:
    flow = None if kwh is None else Flow(kwh, kwh if priced is None else priced, money)
    day = date.fromisoformat(first)
    return Entry(day, day, Bill(flow, None, (Line("Fee", 2.0),)))


# Spans


def test_the_bars_of_the_present() -> None:
    assert span_of("day", NOW, ZONE) == (at("2026-05-01 00:00"), at("2026-06-01 00:00"))
    assert span_of("month", NOW, ZONE) == (at("2026-01-01 00:00"), at("2027-01-01 00:00"))
    assert span_of("year", NOW, ZONE) == (at("2017-01-01 00:00"), at("2027-01-01 00:00"))


@pytest.mark.parametrize(
    ("grain", "steps", "first", "after"),
    [
        ("day", -5, "2025-12-01", "2026-01-01"),
        ("day", 1, "2026-06-01", "2026-07-01"),
        ("month", -1, "2025-01-01", "2026-01-01"),
        ("year", -1, "2007-01-01", "2017-01-01"),
    ],
)
def test_bars_before_and_after(grain: str, steps: int, first: str, after: str) -> None:
    span = span_of(grain, NOW, ZONE).calendar_step(steps, grain, ZONE)
    assert span == (at(f"{first} 00:00"), at(f"{after} 00:00"))


def test_a_year_before_has_the_same_days_leap_years_included() -> None:
    span = Span(at("2028-02-29 00:00"), at("2028-03-02 00:00"))
    assert span.year_before(ZONE) == (at("2027-02-28 00:00"), at("2027-03-02 00:00"))


def test_lines_never_reach_beyond_now() -> None:
    span = Span(NOW - 30 * HOUR_MS, NOW - 6 * HOUR_MS)
    assert span.moved(1, NOW) == (NOW - 24 * HOUR_MS, NOW)
    assert span.moved(-1, NOW) == (NOW - 54 * HOUR_MS, NOW - 30 * HOUR_MS)


def test_days_of_a_calendar_in_any_order() -> None:
    found = Span.of_days("2026/05/03", "2026/05/01", ZONE, NOW)
    assert found == (at("2026-05-01 00:00"), at("2026-05-04 00:00"))
    assert Span.of_days("2026-05-14", "2026-05-14", ZONE, NOW) == (at("2026-05-14 00:00"), NOW)
    ahead = Span.of_days("2026-06-01", "2026-06-02", ZONE, NOW)
    assert ahead.end - ahead.start >= HOUR_MS


def test_a_longer_line_is_coarser() -> None:
    found = [grouping(Span(0, length)) for length in (HOUR_MS, 12 * HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS)]
    assert found == [Every.RAW, Every.MIN1, Every.MIN5, Every.MIN15, Every.HOUR]


# Lines and bars


def test_voltages_have_their_limits_and_their_extremes() -> None:
    series = Series([0, 300_000], [230.0, 234.0], [228.4, 231.0], [232.0, 236.6])
    drawing, head = lines_drawing(TEXTS, "voltage", {Q.VOLTAGE_L1: series}, Span(0, 600_000), 25)
    assert [guide.at for guide in drawing.guides] == [207.0, 253.0]
    assert (head["value"], head["unit"]) == ("232.0", "V on average")
    assert [tag["text"] for tag in head["tags"]] == ["Lowest 228.4 V", "Highest 236.6 V"]


def test_a_time_without_readings_says_so() -> None:
    drawing, head = lines_drawing(TEXTS, "power", {Q.POWER_GRID: Series([], [])}, Span(0, HOUR_MS), None)
    assert drawing.none == "Nothing was recorded in this time"
    assert (head["value"], head["tags"]) == ("–", [])
    assert message(TEXTS, drawing)["span"] == [0, HOUR_MS]


def test_days_stand_beside_the_same_days_of_the_year_before() -> None:
    now = [entry("2026-05-01", 10, 12), entry("2026-05-02", None, None), entry("2026-05-03", 5, None)]
    then = [entry("2025-05-01", 8, 9), entry("2025-05-02", 4, 5), entry("2025-05-03", 8, 9)]
    drawing = bars_drawing(TEXTS, "energy", "day", now, then)
    assert {line.name: list(line.data) for line in drawing.lines} == {
        "A year before": [8, 4, 8], "Bought": [10, None, 5],
    }  # fmt: skip
    assert drawing.category == ["1 May", "2 May", "3 May"]


def test_cost_that_is_not_known_is_a_gap_and_told() -> None:
    now = [entry("2026-05-01", 10, 12), entry("2026-05-02", 10, None, priced=0.0)]
    drawing = bars_drawing(TEXTS, "cost", "day", now, [])
    assert list(drawing.lines[0].data) == [12, None]
    head = bars_head(TEXTS, "cost", "day", now, [])
    assert head["value"] == "16.00"  # what has a price, and the fees of both days
    assert head["notes"] == "May 2026 · 50.0 % of the energy has no price yet and is not counted"


def test_a_month_bears_its_fees_and_a_year_is_compared() -> None:
    now, then = [entry("2026-05-01", 10, 12)], [entry("2025-05-01", 8, 10)]
    drawing = bars_drawing(TEXTS, "cost", "month", now, then)
    assert [line.name for line in drawing.lines] == ["A year before", "Bought", "Fees"]
    assert bars_head(TEXTS, "energy", "month", now, then)["tags"][0]["text"] == "8.0 a year before, +25 %"
    assert bars_head(TEXTS, "energy", "year", now, then)["tags"] == []


def test_gas_by_month() -> None:
    now = [(date(2026, 1, 1), 210.5), (date(2026, 2, 1), None)]
    then = [(date(2025, 1, 1), 251.0), (date(2025, 2, 1), 180.0)]
    drawing, head = counter_drawing(TEXTS, Q.GAS, "month", now, then)
    assert {line.name: list(line.data) for line in drawing.lines} == {
        "A year before": [251.0, 180.0], "Gas": [210.5, None],
    }  # fmt: skip
    assert (head["value"], head["unit"], head["notes"]) == ("210.50", "m³", "2026")


# Prices


def day(*buying: float | None) -> Day:
    start = at("2026-05-14 14:30")
    starts = [start + n * QUARTER_MS for n in range(len(buying))]
    return Day(
        start, start + len(buying) * QUARTER_MS, starts, list(buying), list(buying), [None] * len(buying)
    )


def test_the_price_now_and_when_it_is_lowest() -> None:
    head = day_head(TEXTS, day(1.2, 0.3, 0.9, None), NOW, None, tomorrow=False)
    assert (head["value"], head["unit"]) == ("1.20", "kr/kWh now")
    assert [tag["text"] for tag in head["tags"]] == ["Cheapest 14:45, 0.30", "Dearest 14:30, 1.20"]


def test_a_price_that_is_not_known_is_a_dash() -> None:
    head = day_head(TEXTS, day(None, 0.3), NOW, None, tomorrow=False)
    assert head["value"] == "–"
    assert day_head(TEXTS, day(None), NOW, None, tomorrow=True)["tags"] == []


def test_when_to_start_a_machine() -> None:
    window = cheapest_run(day(1.2, 0.3, 0.5, 0.9), NOW, 2)
    assert window == Window(at("2026-05-14 14:45"), at("2026-05-14 15:15"), 0.4)
    head = day_head(TEXTS, day(1.2, 0.3, 0.5, 0.9), NOW, window, tomorrow=False)
    assert head["notes"] == "Start a machine at 14:45: 0.40 kr/kWh until 15:15"
    assert cheapest_run(day(1.2, None, 0.5), NOW, 2) is None


def test_the_last_price_holds_to_the_end_of_its_quarter() -> None:
    drawing = day_drawing(TEXTS, day(1.0, 2.0), NOW, None)
    start = at("2026-05-14 14:30")
    assert drawing.lines[0].data == [(start, 1.0), (start + QUARTER_MS, 2.0), (start + 2 * QUARTER_MS, 2.0)]
    assert drawing.now == NOW
    assert stepped([], [], 5) == []


def test_a_flat_day_has_no_colours() -> None:
    assert thirds([0.5, 0.5, None]) is None
    assert thirds([0.0, 0.9, None]) == (pytest.approx(0.3), pytest.approx(0.6))
    assert thirds([None]) is None


def test_the_month_so_far() -> None:
    head = month_head(TEXTS, [entry("2026-05-01", 10, 15), entry("2026-05-02", 10, 5, priced=5.0)])
    assert (head["value"], head["unit"]) == ("24.00", "kr this month")
    assert [tag["text"] for tag in head["tags"]] == ["20.0 kWh", "1.33 kr/kWh on average"]
    assert head["notes"] == "25.0 % of the energy has no price yet and is not counted"


def test_offers_against_the_contract() -> None:
    offers = [
        ("", Bill(Flow(1, 1, 100.0), None)),
        ("Fixed", Bill(Flow(1, 1, 89.5), None)),
        ("?", Bill(None, None)),
    ]
    rows = [row["cells"] for row in offers_table(TEXTS, offers)["rows"]]
    assert rows == [["Your contract", "", "100.00 kr"], ["Fixed", "−10.50", "89.50 kr"], ["?", "", "– kr"]]


# Phases


def test_bars_against_the_fuse() -> None:
    latest = {Q.CURRENT_L1: 17.4, Q.POWER_L1: 4000.0, Q.VOLTAGE_L1: 229.9, Q.CURRENT_L2: 2.5}
    load = Load((17.0, 2.5, None), (10.0, 2.5, None))
    shown = bars_message(TEXTS, latest, load, 20)
    assert (shown["tag"], shown["level"]) == ("2.6 A headroom", "warn")
    assert shown["rows"][0] == {
        "name": "L1", "amps": "17.4", "width": 87.0, "level": "warn", "mean": 50.0, "sub": "4.0 kW · 229.9 V",
    }  # fmt: skip
    assert (shown["rows"][2]["amps"], shown["rows"][2]["level"], shown["rows"][2]["width"]) == (
        "–",
        "none",
        0.0,
    )


def test_without_a_fuse_nothing_is_judged_by_it() -> None:
    shown = bars_message(TEXTS, {Q.CURRENT_L1: 40.0}, None, None)
    assert (shown["tag"], shown["level"], shown["rows"][0]["level"]) == (None, "none", "none")


def test_how_far_the_phases_are_apart() -> None:
    latest = {Q.CURRENT_L1: 12.5, Q.CURRENT_L2: 2.25, Q.CURRENT_L3: 2.25}
    shown = doughnut_message(TEXTS, latest, Load((1.0, 1.0, 1.0), (8.0, 2.0, 2.0)))
    assert (shown["value"], shown["level"], shown["word"]) == ("10.2", "bad", "Far apart")
    assert shown["sub"] == "6.0 A over a quarter of an hour"
    assert sum(shown["parts"]) == pytest.approx(1, abs=0.001)
    unknown = doughnut_message(TEXTS, {}, None)
    assert (unknown["value"], unknown["level"], unknown["word"]) == ("–", "none", "No reading")
