"""The pages as a person sees them: nothing cut off, nothing from elsewhere, all within reach."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.ui.browser import PAGES, SIZES, load, missing, served, shape, until
from tests.ui.hand import OVERFLOW, SMALLEST_PX, TARGETS, choose_pin, press, said, type_pin

LACKING = missing()
pytestmark = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)


@pytest.fixture(scope="module")
def sunny() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_cut_off_and_all_can_be_touched(driver: webdriver.Chrome, sunny: str, page: str) -> None:
    load(driver, sunny + page)
    for name, size in SIZES.items():
        assert overflow(driver, size) == [0, 0, []], name
        assert driver.execute_script(TARGETS, SMALLEST_PX) == [], name


def test_swedish_fits_too(driver: webdriver.Chrome) -> None:
    changed = ("/", "/battery", "/meters", "/status")
    for scene, pages in (("sunny", PAGES), ("prices", PAGES[:3]), ("stale", changed), ("trouble", changed)):
        with served(scene, "sv") as url:
            for page in pages:
                load(driver, url + page)
                for name, size in SIZES.items():
                    assert overflow(driver, size) == [0, 0, []], (scene, name, page)


def overflow(driver: webdriver.Chrome, size: tuple[int, int]) -> Any:
    """What does not fit when the screen has that size, once the charts have followed."""
    shape(driver, size)
    end = time.monotonic() + 2
    while (found := driver.execute_script(OVERFLOW)) != [0, 0, []] and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_no_page_asks_anything_of_the_outside(driver: webdriver.Chrome, sunny: str, page: str) -> None:
    driver.get("about:blank")  # the page before may still call for its server
    driver.get_log("performance")
    driver.get_log("browser")
    shape(driver, SIZES["wall"])
    load(driver, sunny + page)
    asked = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    assert [url for url in asked if url.startswith(sunny)]
    assert [url for url in asked if not url.startswith((sunny, "data:", "blob:"))] == []
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_values_change_without_a_reload_and_dots_do_not_restart(driver: webdriver.Chrome, sunny: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, sunny)
    runs = "[...document.querySelectorAll('.dot')].flatMap(d => d.getAnimations())"
    until(lambda: driver.execute_script(f"return {runs}.length > 0"))
    driver.execute_script(f"window.before = {runs}")
    before = said(driver, ".phases")
    until(lambda: said(driver, ".phases") != before)
    # A dot that began anew would run another animation than the one remembered before the change.
    kept = f"return window.before?.length > 0 && {runs}.every((run, i) => run === window.before[i])"
    assert driver.execute_script(kept)


def test_the_theme_is_chosen_and_remembered(driver: webdriver.Chrome, sunny: str) -> None:
    shape(driver, SIZES["wall"], dark=True)
    load(driver, sunny + "/more")
    dark = "return document.body.classList.contains('body--dark')"
    until(lambda: driver.execute_script(dark))
    press(driver, "Light")
    until(lambda: not driver.execute_script(dark))
    load(driver, sunny)
    assert not driver.execute_script(dark)
    load(driver, sunny + "/more")
    press(driver, "Device")
    until(lambda: driver.execute_script(dark))


def test_the_language_is_chosen_and_remembered(driver: webdriver.Chrome, sunny: str) -> None:
    load(driver, sunny + "/more")
    press(driver, "Svenska")
    until(lambda: "Utseende" in said(driver))
    load(driver, sunny)
    assert "I dag, kWh" in said(driver, ".todayc")
    load(driver, sunny + "/more")
    press(driver, "English")
    until(lambda: "Theme" in said(driver))


def test_the_idle_clock_covers_all_and_the_first_touch_only_wakes(
    driver: webdriver.Chrome, sunny: str
) -> None:
    shape(driver, SIZES["wall"])
    load(driver, sunny)
    driver.execute_script(
        "getElement(Number(document.querySelector('.bar').parentElement.id.slice(1))).sleep()"
    )
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".idle")) == 1)
    assert "Battery %" in said(driver, ".idle")
    webdriver.ActionChains(driver).move_by_offset(38, 200).click().perform()
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".idle") == [])
    assert driver.current_url.rstrip("/") == sunny
    webdriver.ActionChains(driver).reset_actions()


def test_a_screen_on_a_desk_never_idles(driver: webdriver.Chrome, sunny: str) -> None:
    shape(driver, SIZES["desk"])
    load(driver, sunny)
    driver.execute_script(
        "getElement(Number(document.querySelector('.bar').parentElement.id.slice(1))).sleep()"
    )
    assert driver.find_elements(By.CSS_SELECTOR, ".idle") == []


def test_the_picture_has_a_box_for_every_digit(driver: webdriver.Chrome, sunny: str) -> None:
    shape(driver, SIZES["desk"])
    load(driver, sunny + "/meters")
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".photo .box")) == 7)
    assert said(driver, ".seven") == "048713.4"
    assert "Digit 4 is unsure, 71 %" in said(driver, ".reads")
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".rows li")) == 4)
    loaded = "return [...document.querySelectorAll('.rows img')].every(i => i.complete && i.naturalWidth > 0)"
    until(lambda: driver.execute_script(loaded))


def test_what_is_stale_is_said_and_drawn_as_unknown(driver: webdriver.Chrome) -> None:
    with served("stale") as url:
        shape(driver, SIZES["wall"])
        load(driver, url)
        banner = driver.find_element(By.CSS_SELECTOR, ".banner")
        assert "P1 meter has given no reading for 4 min" in banner.text
        for node, value in (("grid", "–"), ("home", "–"), ("solar", "kW"), ("battery", "72")):
            assert value in said(driver, f"[data-node={node}]")
        press(driver, "Check")
        until(lambda: driver.current_url.endswith("/status"))
        until(lambda: "Trying again" in said(driver))


def test_an_empty_appliance_shows_no_zero(driver: webdriver.Chrome) -> None:
    with served("empty") as url:
        shape(driver, SIZES["wall"])
        load(driver, url)
        shown = said(driver, ".home")
        assert "No reading" in shown
        assert "0" not in shown.replace("24", "").replace("00:00", "")


def test_the_pin_opens_changes_for_a_while(driver: webdriver.Chrome) -> None:
    with served() as url:
        shape(driver, SIZES["wall"])
        load(driver, url + "/more")
        press(driver, "Choose a PIN")
        type_pin(driver, "2580", "Choose a PIN")
        type_pin(driver, "2581", "The same PIN again")
        until(lambda: "not the same" in said(driver, ".said"))
        type_pin(driver, "2580", "The same PIN again")
        until(lambda: "Open 4:5" in said(driver, ".bar"))
        press(driver, "Show")
        until(lambda: len(said(driver, ".token")) == 43)
        press(driver, "Lock now")
        until(lambda: "Open" not in said(driver, ".bar"))
        press(driver, "Renew")
        type_pin(driver, "1111", "Your PIN")
        until(lambda: "Wrong PIN" in said(driver, ".said"))
        press(driver, "Cancel")
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".pad") == [])


def test_an_exchanged_meter_is_told_behind_the_pin(driver: webdriver.Chrome) -> None:
    with served("camera") as url:
        shape(driver, SIZES["portrait"])
        load(driver, url + "/meters")
        press(driver, "The meter was exchanged")
        choose_pin(driver)
        until(lambda: "Which register" in said(driver))
        press(driver, "Import register · Cellar · 48,713.4 kWh")
        until(lambda: "What does the new one show?" in said(driver))
        for key in "12.5":
            press(driver, key)
        press(driver, "OK")
        until(lambda: "12.5 kWh" in said(driver, ".table"))


def test_a_lost_server_is_said_and_nothing_can_be_pressed(driver: webdriver.Chrome) -> None:
    shape(driver, SIZES["wall"])
    with served() as url:
        load(driver, url)
    until(lambda: "connection to the appliance is lost" in said(driver))
    assert (
        driver.execute_script("return getComputedStyle(document.querySelector('#popup')).display") == "none"
    )
