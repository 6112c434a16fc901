"""The Battery page: its plain data, and the page as a person sees it."""

import os
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from appliance.battery import Alert, Battery, Capacity, String
from appliance.model import Quantity, Reading
from appliance.outages import Outage
from appliance.sources._powerwall_modes import MODES
from appliance.sources._powerwall_options import Options
from appliance.store import Series
from appliance.views import Home, home
from tests.ui.browser import SIZES, load, missing, served, shape, until
from tests.ui.hand import OVERFLOW, SMALLEST_PX, TARGETS, press, said
from ui.battery import (
    charge_message,
    day_drawing,
    doing,
    grid_band,
    hours,
    now_message,
    packs_message,
    strings_message,
    unit_name,
    warmth_table,
)
from ui.battery_log import alerts_message, is_long, outages_head, outages_table, wear_drawing, wear_head
from ui.charts import Mark, message
from ui.pages.battery_setup import example
from ui.text import Texts

LACKING = missing()
seen = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)
Q = Quantity
NOW = 1_778_761_930_000  # 2026-05-14 14:32:10 in Stockholm
HOUR = 3_600_000
TEXTS = Texts("en", ZoneInfo("Europe/Stockholm"), "SEK")
CADENCES = {"pw": 10.0}
Told = tuple[str, Quantity, float, int]


def known(*told: Told) -> dict[tuple[str, Quantity], Reading]:
    """Readings so many seconds old."""
    return {(s, q): Reading(s, q, value, NOW - old * 1000) for s, q, value, old in told}


def gateway(*told: Told) -> Battery:
    return Battery("pw", known(*told), CADENCES, NOW)


def flows(*told: Told) -> Home:
    return home(known(*told), {"pw": "powerwall"}, CADENCES, NOW)


# The moment


def test_the_charge_its_reserve_and_what_is_in_it() -> None:
    shown = charge_message(
        TEXTS,
        gateway(
            ("pw", Q.STATE_OF_CHARGE, 72.4, 3), ("pw", Q.BACKUP_RESERVE, 20, 300), ("pw", Q.GRID_STATE, 1, 3),
            ("pw", Q.BATTERY_STORED, 9.4, 60), ("pw", Q.BATTERY_CAPACITY, 13.1, 60),
            ("pw", Q.BATTERY_TIME_LEFT, 9.53, 3), ("pw", Q.BATTERY_MODE, 2, 60),
        ),
        NOW,
    )  # fmt: skip
    assert (shown["value"], shown["unit"], shown["width"], shown["level"]) == ("72", "%", 72.4, "")
    assert shown["mark"] == {"at": 20, "text": "Reserve 20 %"}
    assert shown["tags"] == [{"text": "Grid connected", "level": "ok"}]
    assert [(fact["value"], fact["name"]) for fact in shown["facts"]] == [
        ("9.4", "of 13.1 kWh"), ("9.5 h", "at this load"), ("Backup only", "Mode"),
    ]  # fmt: skip


def test_at_the_reserve_the_charge_is_drawn_low() -> None:
    for share, level in ((20.4, "low"), (21.0, "")):
        battery = gateway(("pw", Q.STATE_OF_CHARGE, share, 3), ("pw", Q.BACKUP_RESERVE, 20, 300))
        assert charge_message(TEXTS, battery, NOW)["level"] == level


def test_an_old_charge_is_drawn_as_old_and_an_unknown_one_as_nothing() -> None:
    old = charge_message(TEXTS, gateway(("pw", Q.STATE_OF_CHARGE, 72.4, 240)), NOW)
    assert (old["value"], old["level"], old["facts"]) == ("72", "old", [])
    assert old["tags"] == [{"text": "4 min old", "level": "warn"}]
    none = charge_message(TEXTS, gateway(), NOW)
    assert (none["value"], none["unit"], none["width"], none["mark"]) == ("–", "", None, None)


def test_an_outage_is_told_with_its_age() -> None:
    battery = gateway(("pw", Q.STATE_OF_CHARGE, 72.4, 3), ("pw", Q.GRID_STATE, 0, 3))
    tags = charge_message(TEXTS, battery, NOW, NOW - 50 * 60_000)["tags"]
    assert tags == [{"text": "Grid lost for 50 min", "level": "bad"}]
    assert charge_message(TEXTS, battery, NOW)["tags"] == [{"text": "Grid lost", "level": "bad"}]


@pytest.mark.parametrize(
    ("value", "told"), [(0.5, "30 min"), (9.53, "9.5 h"), (26.2, "26 h"), (52.0, "2 d 4 h"), (0, "0 min")]
)
def test_hours(value: float, told: str) -> None:
    assert hours(TEXTS, value) == told


@pytest.mark.parametrize(
    ("battery", "solar", "load", "head", "edges"),
    [
        (-900, 2000, 1100, "Charging from the sun", ["solar_battery", "solar_home"]),
        (-900, 0, 1100, "Charging from the grid", ["grid_battery", "grid_home"]),
        (-900, 1500, 1100, "Charging from sun and grid", ["solar_battery", "grid_battery", "solar_home"]),
        (900, 0, 1100, "Feeding the home", ["battery_home", "grid_home"]),
        (3000, 0, 1000, "Feeding home and grid", ["battery_home", "battery_grid"]),
        (2000, 1000, 1000, "Feeding the grid", ["battery_grid", "solar_home"]),
        (5, 0, 1000, "At rest", ["grid_home"]),
    ],
)
def test_what_it_does_and_with_whom(
    battery: float, solar: float, load: float, head: str, edges: list[str]
) -> None:
    told: list[Told] = [
        ("pw", Q.POWER_BATTERY, battery, 3), ("pw", Q.POWER_SOLAR, solar, 3), ("pw", Q.POWER_LOAD, load, 3),
        ("pw", Q.POWER_GRID, load - solar - battery, 3), ("pw", Q.STATE_OF_CHARGE, 50, 3),
    ]  # fmt: skip
    shown = now_message(TEXTS, gateway(*told), flows(*told))
    assert shown["head"] == head
    assert [row["key"] for row in shown["rows"]] == edges
    assert max(row["width"] for row in shown["rows"]) == 100


def test_without_a_reading_it_does_nothing_that_is_known() -> None:
    old: Told = ("pw", Q.POWER_BATTERY, 900, 999)
    shown = now_message(TEXTS, gateway(old), flows(old))
    assert (shown["head"], shown["value"], shown["rows"]) == ("No reading", "–", [])
    assert doing(TEXTS, -900, {}) == "Charging"
    assert doing(TEXTS, 900, {}) == "Giving"


# What the hardware has


def test_strings_against_the_strongest_and_one_without_panels() -> None:
    shown = strings_message(
        TEXTS,
        [
            String("pw", "A", 1200, 381.4, 3.14, True),
            String("pw", "B", 600, 300, 2, True),
            String("pw", "C", 0.0, 2.1, None, False),
            String("pw.inverter2", "A", None, None, None, None),
        ],
    )
    assert [(r["name"], r["amps"], r["width"], r["off"]) for r in shown["rows"]] == [
        ("A", "1.2", 100, False), ("B", "600", 50, False), ("C", "–", 0, True), ("A", "–", 0, False),
    ]  # fmt: skip
    assert [r["sub"] for r in shown["rows"]] == [
        "Gateway · 381 V · 3.1 A", "300 V · 2.0 A", "Not connected", "Inverter 2",
    ]  # fmt: skip
    assert shown["tag"] == "1.8 kW"
    assert strings_message(TEXTS, [])["tag"] is None


def test_packs_and_what_is_warm() -> None:
    battery = gateway(
        ("pw.unit1", Q.BATTERY_CAPACITY, 13.2, 60), ("pw.unit1", Q.BATTERY_STORED, 6.6, 60),
        ("pw.unit1", Q.TEMPERATURE, 24.5, 60), ("pw.unit2", Q.BATTERY_CAPACITY, 13.0, 9999),
        ("pw.inverter1", Q.TEMPERATURE, 41.26, 60),
    )  # fmt: skip
    one, two = packs_message(TEXTS, battery)["rows"]
    assert (one["amps"], one["width"], one["sub"]) == ("6.6", 50.0, "Pack 1 · holds 13.2 kWh · 24.5 °C")
    assert (two["amps"], two["unit"], two["width"], two["sub"]) == ("–", "", 0, "Pack 2")
    assert [row["cells"] for row in warmth_table(TEXTS, battery)["rows"]] == [["Inverter 1", "41.3 °C"]]
    assert [unit_name(TEXTS, name) for name in ("pw", "pw.unit12", "pw.unit", "pw.roof")] == [
        "Gateway", "Pack 12", "unit", "roof",
    ]  # fmt: skip


# What was kept


def test_alerts_of_now_are_marked() -> None:
    shown = alerts_message(
        TEXTS,
        [Alert("pw", "PVS--1538100--2", "PVS_a018", NOW - 2 * HOUR, None), Alert("pw", "", "Old", 0, HOUR)],
        NOW,
    )
    now, old = shown["rows"]
    assert (now["word"], now["level"], now["kind"], now["side"]) == ("Now", "warn", "PVS", ["2.0 h"])
    assert now["texts"] == ["Since 12:32"]
    assert (old["word"], old["level"], old["kind"], old["side"]) == ("", "none", "pw", ["1.0 h"])


def test_outages_in_numbers_and_one_by_one() -> None:
    lost = [
        Outage(NOW - HOUR // 2, None, ("pw",)),
        Outage(NOW - 30 * HOUR, NOW - 28 * HOUR, ("pw",), ((NOW - 29 * HOUR, NOW - 28 * HOUR),), 3),
    ]
    assert [row["cells"] for row in outages_table(TEXTS, lost, NOW)["rows"]] == [
        ["14:02", "lasts", "30 min"],
        ["13 May 08:32", "13 May 10:32", "≈ 2.0 h"],
    ]
    assert outages_table(TEXTS, lost, NOW)["rows"][1]["sub"] == "3 interruptions, not watched all the time"
    head = outages_head(TEXTS, lost, NOW)
    assert (head["value"], head["unit"]) == ("2", "outages in a year")
    assert [tag["text"] for tag in head["tags"]] == ["2.5 h in all", "Longest 2.0 h"]
    assert outages_head(TEXTS, [], NOW)["tags"] == []
    assert outages_head(TEXTS, lost[:1], NOW)["unit"] == "outage in a year"


def test_the_band_is_green_where_the_grid_was_seen_and_red_where_it_was_lost() -> None:
    step = 300_000
    start = NOW - 40 * step
    at = [start + n * step for n in (0, 1, 2, 3, 20, 21, 22, 23)]
    found = grid_band(Series(at, [1.0] * 8), [Outage(start - HOUR, start + step, ("pw",))], (start, NOW))
    assert found == [
        Mark(start, start + 4 * step, "ok"),
        Mark(start + 20 * step, start + 24 * step, "ok"),
        Mark(start, start + step, "bad"),
    ]
    assert grid_band(Series([], []), [], (start, NOW)) == []


def test_the_day_has_charging_upwards() -> None:
    at = [NOW - 2 * HOUR, NOW - HOUR]
    charge, power, grid = Series(at, [40.0, 50.0]), Series(at, [-3200.0, 1100.0]), Series(at, [1.0, 1.0])
    drawing = day_drawing(TEXTS, charge, power, grid, [], (NOW - 24 * HOUR, NOW), 20.0)
    assert [value for _, value in drawing.lines[1].data] == [3.2, -1.1]  # type: ignore[misc]
    assert (drawing.axes[1].min, drawing.axes[1].max, drawing.axes[1].interval) == (-4, 4, 2)
    assert drawing.guides[0].at == 20
    assert message(TEXTS, drawing)["band"][0]["colour"] == "ok"
    alone = day_drawing(TEXTS, charge, Series([], []), Series([], []), [], (NOW - HOUR, NOW), None)
    assert (len(alone.lines), alone.band, alone.guides) == (1, [], [])


def test_wear_is_told_against_the_first_measured() -> None:
    months = (date(2025, 1, 1), date(2025, 2, 1), date(2026, 5, 1))
    found = [
        Capacity("pw", months, (26.0, 25.9, 25.0)),
        Capacity("pw.unit1", months, (13.0, 13.0, 12.4)),
        Capacity("pw.unit2", months[1:], (12.9, 12.6)),
    ]
    drawing = wear_drawing(TEXTS, found, monthly=True)
    assert drawing.category == ["Jan 25", "Feb 25", "May 26"]
    assert [line.name for line in drawing.lines] == ["Whole battery", "Pack 1", "Pack 2"]
    assert list(drawing.lines[2].data) == [None, 100.0, 97.7]
    assert len(drawing.axes) == 1
    head = wear_head(TEXTS, found)
    assert (head["value"], head["tags"][0]["text"]) == ("25.0", "96.2 % of the first measured")
    assert head["notes"] == "First measured in January 2025: 26.0 kWh"
    assert wear_head(TEXTS, [])["value"] == "–"
    single = wear_drawing(TEXTS, found[:2], monthly=True)
    assert [line.name for line in single.lines] == ["Pack 1"]
    assert is_long(found, NOW, TEXTS)
    assert not is_long([Capacity("pw", (date(2026, 5, 1),), (26.0,))], NOW, TEXTS)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_put_into_config_json_is_taken(mode: str) -> None:
    assert Options.model_validate_json(example(mode)).mode == mode


# In a browser


@pytest.fixture(scope="module")
def house() -> Iterator[str]:
    """A real appliance that has watched a Powerwall."""
    with served("outage", house="battery_house", more=("--days", "2")) as url:
        yield url


@seen
@pytest.mark.parametrize("size", SIZES)
def test_the_page_of_a_house_in_an_outage(driver: webdriver.Chrome, house: str, size: str) -> None:
    shape(driver, SIZES[size])
    load(driver, house + "/battery")
    until(lambda: "Grid lost for" in said(driver, ".batterypage"))
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".plot canvas")) == 2)
    assert "Feeding the home" in said(driver, ".batterypage")
    assert "Not connected" in said(driver, ".batterypage")
    assert "6\noutages in a year" in said(driver, ".batterypage").replace("6outages", "6\noutages")
    assert "SYNC_a001_SW_App_Boot" in said(driver, ".rows li")
    assert "of the first measured" in said(driver, ".wearc")
    assert driver.execute_script(OVERFLOW) == [0, 0, []]
    assert driver.execute_script(TARGETS, SMALLEST_PX) == []
    assert len(driver.find_elements(By.CSS_SELECTOR, ".nav a")) == 8


@seen
def test_another_span_and_the_file_of_outages(driver: webdriver.Chrome, house: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, house + "/battery")
    press(driver, "7 d")
    until(lambda: driver.find_element(By.CSS_SELECTOR, ".chartc [aria-pressed=true]").text == "7 d")
    save = driver.find_element(By.CSS_SELECTOR, "a[download]")
    address = str(save.get_attribute("href"))
    fetch = "return await (await fetch(arguments[0])).text()"
    table = str(driver.execute_script(fetch, address))
    assert table.lstrip("\ufeff").splitlines()[0].startswith("start,end,duration_s")
    assert len(table.splitlines()) == 7


@seen
def test_a_house_without_a_battery_is_shown_the_ways_to_one(driver: webdriver.Chrome) -> None:
    with served("grid") as url:
        for size in ("wall", "phone"):
            shape(driver, SIZES[size])
            load(driver, url)
            assert driver.find_elements(By.CSS_SELECTOR, ".nav a[href='/battery']") == []
            load(driver, url + "/battery")
            assert len(driver.find_elements(By.CSS_SELECTOR, ".way")) == len(MODES)
            driver.find_elements(By.CSS_SELECTOR, ".way")[3].click()
            until(lambda: '"mode": "v1r"' in said(driver, ".code"))
            assert driver.execute_script(OVERFLOW) == [0, 0, []]
