"""An owner's ways through the meter pages, in a real browser at the sizes of real screens."""

import os

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from tests.ui.browser import SIZES, load, missing, served, shape, until
from tests.ui.hand import (
    OVERFLOW,
    SETUP,
    SMALLEST_PX,
    TARGETS,
    choose_pin,
    drag,
    enter,
    opened,
    place,
    press,
    said,
    step,
)  # fmt: skip

LACKING = missing()
pytestmark = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)
FITS = """
const parts = '.boxes, .tools, .nudge, .pair, .inpad .keys, .number';
const page = document.querySelector('.page').getBoundingClientRect();
const out = r => r.left < page.left || r.right > page.right || r.bottom > page.bottom;
return [...document.querySelectorAll(parts)].filter(e => e.offsetParent && out(e.getBoundingClientRect()))
  .map(e => e.className);
"""
HELD = "return !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
"""Whether the browser asks before the page is left."""
SEEN_WHOLE = ("wall", "phone", "portrait", "desk")


@pytest.mark.parametrize("size", SEEN_WHOLE)
def test_every_step_fits_and_can_be_touched(driver: webdriver.Chrome, home: str, size: str) -> None:
    opened(driver, home, size)
    for number, shown in ((1, ".nudge"), (0, ".inpad"), (2, ".form")):
        step(driver, number)
        until(lambda css=shown: driver.find_element(By.CSS_SELECTOR, css).is_displayed())  # type: ignore[misc]
        assert driver.execute_script(OVERFLOW) == [0, 0, []]
        assert driver.execute_script(TARGETS, SMALLEST_PX) == []
        if number < 2:
            assert driver.execute_script(FITS) == []


def test_it_fits_in_swedish_too(driver: webdriver.Chrome) -> None:
    with served("camera", "sv") as url:
        for size in SEEN_WHOLE:
            shape(driver, SIZES[size])
            load(driver, url + SETUP)
            until(lambda: "Säker på" in said(driver, ".panel .reads"))
            for number in (1, 0, 2):
                step(driver, number)
                assert driver.execute_script(OVERFLOW) == [0, 0, []]
                assert number == 2 or driver.execute_script(FITS) == []


def test_a_source_that_is_silent_takes_no_room_from_the_steps(driver: webdriver.Chrome) -> None:
    with served("stale") as url:
        shape(driver, SIZES["wall"])
        load(driver, url + "/")
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".banner"))
        opened(driver, url)
        step(driver, 0)
        until(lambda: driver.find_element(By.CSS_SELECTOR, ".inpad").is_displayed())
        until(lambda: "old" in said(driver, ".bar"))
        hidden = "const e = document.querySelector('.ask'); return e.scrollHeight - e.clientHeight"
        assert driver.execute_script(hidden) <= 2
        assert driver.execute_script(FITS) == []


def test_a_newcomer_types_the_number_and_saves(driver: webdriver.Chrome) -> None:
    with served("unset") as url:
        shape(driver, SIZES["wall"])
        load(driver, url + "/meters")
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".asks"))
        press(driver, "Set up")
        until(lambda: "What does it show?" in said(driver, ".inpad"))
        until(lambda: "Taking a picture…" in said(driver, ".busy"))
        for key in "048713.4":
            press(driver, key)
        assert said(driver, ".typed span") == "048713.4"
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".busy") == [])
        press(driver, "Find it")
        until(lambda: "Looking for the counter…" in said(driver, ".busy"))
        until(lambda: "Sure of every digit" in said(driver, ".panel .reads"))
        assert said(driver, ".seven") == "048713.4"
        press(driver, "Save")
        choose_pin(driver)
        until(lambda: driver.current_url.endswith("/meters"))
        until(lambda: "Saved. The meter is read this way" in said(driver, ".q-notification"))
        load(driver, url + SETUP)
        until(lambda: "Sure of every digit" in said(driver, ".panel .reads"))


def test_a_number_without_its_point_is_asked_about_before_it_is_saved(
    driver: webdriver.Chrome, fresh: str
) -> None:
    asked = "Import register reads 487,134.0 kWh now and 48,713.4 kWh before. Are point and unit right?"
    for size in ("wall", "phone"):
        opened(driver, fresh, size)
        step(driver, 0)
        enter(driver, "0487134", "Find it")
        until(lambda: "= 487,134.0 kWh" in said(driver, ".panel .reads"))
        press(driver, "Save")
        until(lambda: asked in said(driver, ".sheet"))
        press(driver, "Cancel")
        until(lambda: said(driver, ".sheet") == "")
    press(driver, "Save")
    until(lambda: asked in said(driver, ".sheet"))
    press(driver, "Save", ".sheet")
    choose_pin(driver)
    until(lambda: driver.current_url.endswith("/meters"))


def test_what_is_not_found_is_said_and_placed_by_hand(driver: webdriver.Chrome) -> None:
    with served("unset") as url:
        shape(driver, SIZES["phone"])
        load(driver, url + SETUP)
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".boxes image") and not said(driver, ".busy"))
        enter(driver, "999.9", "Find it")
        until(lambda: "Nothing in the picture looks like 999.9" in said(driver, ".told"))
        assert driver.execute_script(FITS) == []
        press(driver, "Boxes")
        until(lambda: len(driver.find_elements(By.CSS_SELECTOR, "[data-box]")) == 4)


def test_at_a_desk_the_number_is_typed_on_the_keyboard(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home, "desk")
    step(driver, 0)
    until(lambda: driver.find_element(By.CSS_SELECTOR, ".inpad").is_displayed())
    driver.execute_script("document.activeElement.blur()")
    ActionChains(driver).send_keys("048713,4", Keys.BACKSPACE, "4").perform()
    until(lambda: said(driver, ".typed span") == "048713.4")
    ActionChains(driver).send_keys(Keys.ENTER).perform()
    until(lambda: "Sure of every digit" in said(driver, ".panel .reads"))


def test_a_refused_picture_teaches_behind_the_pin(driver: webdriver.Chrome, fresh: str) -> None:
    shape(driver, SIZES["phone"])
    load(driver, fresh + "/meters")
    until(lambda: "132 digits of this meter are known" in said(driver))
    press(driver, "It was really …")
    choose_pin(driver)
    until(lambda: "What did it really show?" in said(driver, ".pad"))
    assert driver.execute_script("return document.querySelector('.pad img').naturalWidth") == 1280
    enter(driver, "12")
    until(lambda: "This meter has 7 figures; 2 were typed" in said(driver, ".said"))
    enter(driver, "048712.9")
    until(lambda: "7 digits learned. Read right 93 % → 97 %." in said(driver, ".lesson"))
    assert len(driver.find_elements(By.CSS_SELECTOR, ".rows .shot")) == 2
    until(lambda: "139 digits of this meter are known" in said(driver))
    press(driver, "Forget")
    until(lambda: "Forget what was learned" in said(driver, ".sheet"))
    press(driver, "Forget")
    until(lambda: "Nothing yet" in said(driver))


def test_cameras_with_long_names_are_chosen_from_a_list(driver: webdriver.Chrome) -> None:
    with served("cameras") as url:
        for size in SEEN_WHOLE:
            shape(driver, SIZES[size])
            load(driver, url + "/meters")
            until(lambda: "Cellar" in said(driver, ".reads .choice"))
            assert driver.execute_script(OVERFLOW) == [0, 0, []]
            driver.find_element(By.CSS_SELECTOR, ".reads .choice").click()
            press(driver, "water_meter_in_the_old_laundry_cellar")
            until(lambda: "water_meter_in_the_old_laundry_cellar" in said(driver, ".reads .choice"))
            until(lambda: said(driver, ".sheet") == "")
            assert driver.execute_script(OVERFLOW) == [0, 0, []]
            assert driver.execute_script(TARGETS, SMALLEST_PX) == []
        press(driver, "Set up")
        until(lambda: driver.current_url.endswith("source=water_meter_in_the_old_laundry_cellar"))


def test_at_a_desk_a_refused_number_is_typed_again_without_a_click(
    driver: webdriver.Chrome, fresh: str
) -> None:
    shape(driver, SIZES["desk"])
    load(driver, fresh + "/meters")
    press(driver, "Correct")
    choose_pin(driver)
    until(lambda: "What does the meter show now?" in said(driver, ".pad"))
    enter(driver, "9999999999999")
    until(lambda: "A register goes to 1,000,000,000.0 kWh at most" in said(driver, ".pad .said"))
    ActionChains(driver).send_keys("48714,2", Keys.ENTER).perform()
    until(lambda: "48,714.2 kWh" in said(driver, ".table"))


def test_a_reading_is_corrected_behind_the_pin(driver: webdriver.Chrome, fresh: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, fresh + "/meters")
    press(driver, "Correct")
    choose_pin(driver)
    until(lambda: "What does the meter show now?" in said(driver, ".pad"))
    assert "Import register · Cellar · 48,713.4 kWh" in said(driver, ".pad")
    enter(driver, "48.2")
    until(lambda: "That is far from what was read" in said(driver, ".pad"))
    enter(driver, "48714.2")
    until(lambda: "48,714.2 kWh" in said(driver, ".table"))
    toast = driver.find_element(By.CSS_SELECTOR, ".q-notification__message")
    colours = "const s = getComputedStyle; return [s(arguments[0]).color, s(arguments[1]).backgroundColor]"
    around = driver.find_element(By.CSS_SELECTOR, ".q-notification")
    assert driver.execute_script(colours, toast, around) == ["rgb(10, 15, 22)", "rgb(242, 246, 250)"]
    press(driver, "Correct")
    for _ in range(2):  # somebody who means it
        until(lambda: said(driver, ".pad .typed span") == "–")
        enter(driver, "57")
    until(lambda: "57.0 kWh" in said(driver, ".table"))


def test_several_counters_are_tabs(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    step(driver, 2)
    press(driver, "Add a counter")
    step(driver, 1)
    until(lambda: said(driver, ".tabs").split() == ["Import", "Import", "T1"])
    assert len(driver.find_elements(By.CSS_SELECTOR, ".boxes .other")) == 7
    assert driver.execute_script(OVERFLOW) == [0, 0, []]
    assert driver.execute_script(FITS) == []
    press(driver, "Import")
    until(lambda: said(driver, ".seven") == "048713.4")


def test_why_it_cannot_be_saved_is_said_at_the_step_where_it_was_asked(
    driver: webdriver.Chrome, home: str
) -> None:
    for size in ("wall", "phone"):
        opened(driver, home, size)
        step(driver, 2)
        press(driver, "Add a counter")
        until(lambda: "Import register T1" in said(driver, ".form"))
        driver.find_element(By.CSS_SELECTOR, ".btn.choice").click()
        press(driver, "Import register")
        press(driver, "Save")
        until(lambda: "Two counters count the same" in said(driver, ".told"))
        assert driver.find_elements(By.CSS_SELECTOR, ".pad .typed i") == [], "no PIN for what cannot be saved"
        assert driver.execute_script(OVERFLOW) == [0, 0, []]


def test_what_the_counter_reads_is_seen_while_its_point_and_unit_are_set(
    driver: webdriver.Chrome, home: str
) -> None:
    for size in SEEN_WHOLE:
        opened(driver, home, size)
        step(driver, 2)
        until(lambda: said(driver, ".told") == "048713.4 = 48,713.4 kWh")
        press(driver, "Wh")
        until(lambda: said(driver, ".told") == "048713.4 = 48.713 kWh")
        driver.find_element(By.CSS_SELECTOR, '[aria-label="Less: Decimals"]').click()
        until(lambda: said(driver, ".told") == "0487134 = 487.134 kWh")
        assert driver.execute_script(OVERFLOW) == [0, 0, []]


def test_a_display_that_shows_several_numbers_has_a_code(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    step(driver, 2)
    press(driver, "Window")
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, "[data-box]")) == 1)
    driver.find_elements(By.CSS_SELECTOR, ".btn.choice")[1].click()
    press(driver, "Another code")
    enter(driver, "15.8.0")
    until(lambda: "15.8.0" in said(driver, ".form"))
    driver.find_elements(By.CSS_SELECTOR, ".btn.choice")[0].click()
    press(driver, "Gas")
    until(lambda: "m³" in said(driver, ".form"))


def test_leaving_with_boxes_that_are_not_saved_asks_first(driver: webdriver.Chrome, fresh: str) -> None:
    opened(driver, fresh)
    x, y, _, _ = place(driver, 3)
    drag(driver, (x, y), 15, 20)
    until(lambda: "Digit 4 is unsure" in said(driver, ".panel .reads"))
    assert driver.execute_script(HELD), "Back and reload are asked about by the browser"
    more = driver.find_element(By.CSS_SELECTOR, ".nav a[href='/more']")
    more.click()
    until(lambda: "What you changed is not saved" in said(driver, ".sheet"))
    press(driver, "Cancel")
    until(lambda: said(driver, ".sheet") == "")
    assert place(driver, 3)[:2] == pytest.approx([x + 15, y + 20], abs=1.5)
    more.click()
    press(driver, "Leave without saving")
    until(lambda: driver.current_url.endswith("/more"))
    opened(driver, fresh)
    assert place(driver, 3)[:2] == pytest.approx([x, y], abs=1.5)
    assert not driver.execute_script(HELD)
    driver.find_element(By.CSS_SELECTOR, ".nav a[href='/more']").click()
    until(lambda: driver.current_url.endswith("/more"))


def test_a_server_that_begins_anew_is_not_held_up_by_a_question(driver: webdriver.Chrome) -> None:
    with served("camera") as url:
        opened(driver, url)
        x, y, _, _ = place(driver, 3)
        drag(driver, (x, y), 15, 20)
        until(lambda: driver.execute_script(HELD))
    until(lambda: "connection to the appliance is lost" in said(driver))
    assert not driver.execute_script(HELD)


def test_a_number_that_was_found_is_done_with(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    for _ in range(2):
        step(driver, 0)
        until(lambda: said(driver, ".typed span") == "–")
        enter(driver, "048713.4", "Find it")
        until(lambda: "Sure of every digit" in said(driver, ".panel .reads"))
