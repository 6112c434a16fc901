"""Prices, history and phases clicked through in a real browser."""

import os
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.ui.browser import SIZES, load, missing, served, shape, until
from tests.ui.hand import OVERFLOW, press, said

LACKING = missing()
pytestmark = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)
CHART = "return document.querySelector('.plot canvas')?.getBoundingClientRect().height > 100"


@pytest.fixture(scope="module")
def house() -> Iterator[str]:
    """A house whose prices are known."""
    with served("prices") as url:
        yield url


def wheel(driver: webdriver.Chrome, times: int) -> None:
    """Zoom into the middle of the chart as two fingers or a wheel do."""
    rect = driver.execute_script("return document.querySelector('.plot').getBoundingClientRect()")
    for _ in range(times):
        driver.execute_cdp_cmd(
            "Input.dispatchMouseEvent",
            {"type": "mouseWheel", "x": rect["x"] + rect["width"] / 2, "y": rect["y"] + rect["height"] / 2,
             "deltaX": 0, "deltaY": -240},
        )  # fmt: skip


def fingers(driver: webdriver.Chrome, *frames: list[tuple[float, float]]) -> None:
    """Fingers that go down at the points of the first frame, along the others, and up."""
    for kind, points in zip(["touchStart"] + ["touchMove"] * (len(frames) - 1), frames, strict=True):
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.fixture
def touched(driver: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A browser that says it is touched: ECharts listens for two fingers only then."""
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})
    yield driver
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


@pytest.mark.parametrize("size", ["wall", "phone"])
def test_prices_of_today_tomorrow_and_the_month(driver: webdriver.Chrome, house: str, size: str) -> None:
    shape(driver, SIZES[size])
    load(driver, house + "/prices")
    until(lambda: driver.execute_script(CHART))
    assert "kr/kWh now" in said(driver, ".pricehead")
    assert "Cheapest" in said(driver, ".taglist")
    assert "Start a machine at" in said(driver, ".pricehead")
    press(driver, "4 h")
    two_hours = said(driver, ".pricehead p")
    press(driver, "1 h")
    until(lambda: said(driver, ".pricehead p") != two_hours)
    press(driver, "Tomorrow")
    until(lambda: "on average" in said(driver, ".pricehead"))
    press(driver, "Month")
    until(lambda: "this month" in said(driver, ".pricehead"))
    month = said(driver, ".pricehead")
    press(driver, "Earlier")
    until(lambda: said(driver, ".pricehead") != month)
    assert "this month" not in said(driver, ".pricehead")
    press(driver, "Later")
    until(lambda: "this month" in said(driver, ".pricehead"))
    assert driver.execute_script(OVERFLOW) == [0, 0, []]


def test_a_house_without_prices_says_so_and_shows_no_nought(driver: webdriver.Chrome) -> None:
    with served("grid") as url:
        shape(driver, SIZES["wall"])
        load(driver, url + "/prices")
        until(lambda: "No prices are known for this day yet" in said(driver, ".chart"))
        assert said(driver, ".big").startswith("–")


def test_history_turns_moves_groups_and_zooms(driver: webdriver.Chrome, house: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, house + "/history")
    until(lambda: driver.execute_script(CHART))
    until(lambda: "on average" in said(driver, ".pricehead"))
    whole = said(driver, ".pricehead p")
    press(driver, "7 d")
    until(lambda: said(driver, ".pricehead p") != whole)
    week = said(driver, ".pricehead p")
    press(driver, "Earlier")
    until(lambda: said(driver, ".pricehead p") != week)
    press(driver, "24 h")
    until(lambda: driver.execute_script(CHART))
    press(driver, "Grouped by\nAutomatic")
    press(driver, "1 hour")
    until(lambda: "1 hour" in said(driver, ".choice"))
    day = said(driver, ".pricehead p")
    until(lambda: not driver.find_elements(By.CSS_SELECTOR, ".q-dialog__backdrop"))
    wheel(driver, 6)
    until(lambda: said(driver, ".pricehead p") != day)
    press(driver, "Voltage")
    until(lambda: "V on average" in said(driver, ".pricehead"))
    press(driver, "Cost")
    until(lambda: said(driver, ".ranges").startswith("Days"))
    press(driver, "Months")
    until(lambda: said(driver, ".pricehead p").startswith("2026"))
    press(driver, "Earlier")
    until(lambda: said(driver, ".pricehead p").startswith("2025"))


def test_what_is_shown_can_be_taken_away(driver: webdriver.Chrome, house: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, house + "/history")
    press(driver, "Save")
    until(lambda: "Power as a table (CSV)" in said(driver, ".sheet"))
    assert "Power as a picture (PNG)" in said(driver, ".sheet")
    press(driver, "Cancel")
    load(driver, house + "/prices")
    press(driver, "Save")
    until(lambda: "Prices as a table (CSV)" in said(driver, ".sheet"))
    assert "Prices as a picture (PNG)" in said(driver, ".sheet")


def test_phases_show_load_imbalance_and_voltage(driver: webdriver.Chrome, house: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, house + "/phases")
    until(lambda: driver.execute_script(CHART))
    loads = said(driver, ".loads")
    assert all(name in loads for name in ("L1", "L2", "L3", "Main fuse 16 A"))
    assert "A" in said(driver, ".doughnut")
    press(driver, "Current")
    press(driver, "6 h")
    until(lambda: driver.execute_script(CHART))


def test_one_finger_scrolls_the_page_and_two_zoom_the_chart(touched: webdriver.Chrome, house: str) -> None:
    driver = touched
    shape(driver, SIZES["phone"])
    load(driver, house + "/phases")
    until(lambda: driver.execute_script(CHART))
    driver.execute_script("document.querySelector('.plot').scrollIntoView({block: 'center'})")
    scrolled = "return document.querySelector('.page').scrollTop"
    rect = driver.execute_script("return document.querySelector('.plot').getBoundingClientRect()")
    x, y = rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2
    before = driver.execute_script(scrolled)
    assert before > 50
    fingers(driver, *([(x, y + 6 * step)] for step in range(12)))
    until(lambda: driver.execute_script(scrolled) < before - 20)
    driver.execute_script("document.querySelector('.plot').scrollIntoView({block: 'center'})")
    assert not driver.find_elements(By.CSS_SELECTOR, ".back")
    fingers(driver, *([(x - 20 - 6 * step, y), (x + 20 + 6 * step, y)] for step in range(12)))
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".back"))
    press(driver, "Show all")
    until(lambda: not driver.find_elements(By.CSS_SELECTOR, ".back"))


def test_charts_follow_the_theme(driver: webdriver.Chrome, house: str) -> None:
    pixel = """
    const c = document.querySelector('.plot canvas');
    const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let sum = 0, count = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) { sum += data[i]; count++; }
    return count ? sum / count : -1;
    """
    shades = []
    for dark in (True, False):
        shape(driver, SIZES["wall"], dark=dark)
        load(driver, house + "/prices")
        until(lambda: driver.execute_script(CHART))
        shades.append(driver.execute_script(pixel))
    assert shades[0] != shades[1]
