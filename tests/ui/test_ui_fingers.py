"""Setting up a meter with a finger, a mouse and keys, in a real browser at the sizes of real screens."""

import os
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from tests.ui.browser import SIZES, browser, load, missing, served, shape, until
from tests.ui.test_ui_pages import OVERFLOW, SMALLEST_PX, TARGETS, press, said, type_pin

LACKING = missing()
pytestmark = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)
SETUP = "/meters/setup?source=Cellar"
PLACE = """
const r = document.querySelector(`[data-box="${arguments[0]}"] rect`).getBoundingClientRect();
return [r.x + r.width / 2, r.y + r.height / 2, r.width, r.height];
"""
FITS = """
const parts = '.boxes, .tools, .nudge, .pair, .inpad .keys, .number';
const page = document.querySelector('.page').getBoundingClientRect();
const out = r => r.left < page.left || r.right > page.right || r.bottom > page.bottom;
return [...document.querySelectorAll(parts)].filter(e => e.offsetParent && out(e.getBoundingClientRect()))
  .map(e => e.className);
"""
SEEN_WHOLE = ("wall", "phone", "portrait", "desk")


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    """A stand-in for tests that save nothing."""
    with served("camera") as url:
        yield url


@pytest.fixture
def fresh() -> Iterator[str]:
    with served("camera") as url:
        yield url


def place(driver: webdriver.Chrome, index: int) -> list[float]:
    """Middle and size of a box, in pixels of the screen."""
    return [float(v) for v in driver.execute_script(PLACE, index)]


def finger(driver: webdriver.Chrome, *points: tuple[float, float]) -> None:
    """A finger that goes down at the first point, along the others, and up at the last."""
    kinds = ["touchStart"] + ["touchMove"] * (len(points) - 1)
    for kind, (x, y) in zip(kinds, points, strict=True):
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def drag(driver: webdriver.Chrome, start: tuple[float, float], dx: float, dy: float) -> None:
    finger(driver, *((start[0] + dx * i / 5, start[1] + dy * i / 5) for i in range(6)))


def opened(driver: webdriver.Chrome, url: str, size: str = "wall", dark: bool = True) -> None:
    """The set-up page with the boxes in force, read."""
    shape(driver, SIZES[size], dark)
    load(driver, url + SETUP)
    until(lambda: "Sure of every digit" in said(driver, ".panel .reads"))


def step(driver: webdriver.Chrome, number: int) -> None:
    driver.find_elements(By.CSS_SELECTOR, ".stage > .seg button")[number].click()


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


def test_a_finger_drags_a_box_and_the_answer_follows(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    x, y, w, h = place(driver, 3)
    drag(driver, (x, y), 15, 20)
    assert place(driver, 3) == pytest.approx([x + 15, y + 20, w, h], abs=1.5)
    until(lambda: "Digit 4 is unsure" in said(driver, ".panel .reads"))
    assert place(driver, 2)[0] == pytest.approx(x - (place(driver, 4)[0] - x), abs=1.5)
    driver.find_element(By.CSS_SELECTOR, ".undo").click()
    until(lambda: "Sure of every digit" in said(driver, ".panel .reads"))
    assert place(driver, 3) == pytest.approx([x, y, w, h], abs=1.5)


def test_a_corner_makes_a_box_larger_and_the_other_corner_stays(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    x, y, w, h = place(driver, 3)
    finger(driver, (x, y))
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".handles circle"))
    drag(driver, (x + w / 2 + 5, y + h / 2 + 5), 12, 18)
    wider = [x + 6, y + 9, w + 12, h + 18]
    assert place(driver, 3) == pytest.approx(wider, abs=1.5)
    drag(driver, (x - w / 2 - 5, y - h / 2 - 5), 10, 10)
    assert place(driver, 3) == pytest.approx([x + 11, y + 14, w + 2, h + 8], abs=1.5)


def test_a_tap_near_a_corner_chooses_the_box_beneath(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    x, y, w, _ = place(driver, 3)
    finger(driver, (x, y))
    neighbour = place(driver, 4)
    finger(driver, (neighbour[0] - neighbour[2] / 2 + 12, neighbour[1] - neighbour[3] / 2 + 4))
    chosen = "return document.querySelector('.box.on')?.dataset.box"
    until(lambda: driver.execute_script(chosen) == "4")
    assert place(driver, 3)[:3:2] == pytest.approx([x, w], abs=0.5)


def test_all_boxes_go_together(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    before = [place(driver, i) for i in range(7)]
    press(driver, "All")
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".box.on")) == 7)
    drag(driver, (before[2][0], before[2][1]), 10, -14)
    for was, index in zip(before, range(7), strict=True):
        assert place(driver, index)[:2] == pytest.approx([was[0] + 10, was[1] - 14], abs=1.5)


def test_buttons_nudge_once_and_on_and_on_while_held(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    x, y, w, h = place(driver, 3)
    finger(driver, (x, y))
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".handles circle"))
    px = float(driver.execute_script("return 76 / arguments[0]", w))  # pixels of the picture in one here
    right = driver.find_element(By.CSS_SELECTOR, '.nudge [aria-label="Right"]')
    right.click()
    until(lambda: place(driver, 3)[0] > x + 0.4)
    assert place(driver, 3)[0] == pytest.approx(x + 1 / px, abs=0.3)
    ActionChains(driver).click_and_hold(right).pause(0.8).release().perform()
    assert place(driver, 3)[0] > x + 4 / px
    driver.find_element(By.CSS_SELECTOR, '.nudge [aria-label="Larger"]').click()
    until(lambda: place(driver, 3)[2] > w + 0.4)
    assert place(driver, 3)[2:] == pytest.approx([w + 2 / px, h + 2 / px], abs=0.3)
    rests = place(driver, 3)
    driver.implicitly_wait(0)
    until(lambda: "%" in said(driver, ".panel .reads"))
    assert place(driver, 3) == pytest.approx(rests, abs=0.1)


def test_keys_move_what_is_focused(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    x, y, w, _ = place(driver, 0)
    box = driver.find_element(By.CSS_SELECTOR, "[data-box='0']")
    assert box.get_attribute("aria-label") == "Digit 1, 99 %"
    driver.execute_script("arguments[0].focus()", box)
    box.send_keys(Keys.ARROW_RIGHT * 5, Keys.ARROW_DOWN * 3)
    px = 76 / w
    until(lambda: place(driver, 0)[1] > y + 2.5 / px)
    assert place(driver, 0)[:2] == pytest.approx([x + 5 / px, y + 3 / px], abs=0.6)
    assert box.get_attribute("aria-pressed") == "true"
    box.send_keys(Keys.DELETE)
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, "[data-box]")) == 6)


def test_two_fingers_look_closer_and_the_background_is_dragged(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    x, y, w, _ = place(driver, 3)

    def two(kind: str, apart: float) -> None:
        points = (
            []
            if kind == "touchEnd"
            else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        )
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    two("touchStart", 40)
    for apart in (50, 60, 70, 80):
        two("touchMove", apart)
    two("touchEnd", 0)
    wide = place(driver, 3)[2]
    assert wide == pytest.approx(2 * w, rel=0.15)
    at = place(driver, 3)
    drag(driver, (at[0], at[1] + at[3] / 2 + 40), -30, 0)
    assert place(driver, 3)[0] == pytest.approx(at[0] - 30, abs=2)
    assert place(driver, 3)[2] == pytest.approx(wide, abs=0.5)


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
        type_pin(driver, "2580", "Choose a PIN")
        type_pin(driver, "2580", "The same PIN again")
        until(lambda: driver.current_url.endswith("/meters"))
        load(driver, url + SETUP)
        until(lambda: "Sure of every digit" in said(driver, ".panel .reads"))


def test_what_is_not_found_is_said_and_placed_by_hand(driver: webdriver.Chrome) -> None:
    with served("unset") as url:
        shape(driver, SIZES["phone"])
        load(driver, url + SETUP)
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".boxes image") and not said(driver, ".busy"))
        for key in "999.9":
            press(driver, key)
        press(driver, "Find it")
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
    type_pin(driver, "2580", "Choose a PIN")
    type_pin(driver, "2580", "The same PIN again")
    until(lambda: "What did it really show?" in said(driver, ".pad"))
    assert driver.execute_script("return document.querySelector('.pad img').naturalWidth") == 1280
    for key in "12":
        press(driver, key)
    press(driver, "OK")
    until(lambda: "This meter has 7 figures; 2 were typed" in said(driver, ".said"))
    for key in "048712.9":
        press(driver, key)
    press(driver, "OK")
    until(lambda: "7 digits learned. Read right 93 % → 97 %." in said(driver, ".lesson"))
    assert len(driver.find_elements(By.CSS_SELECTOR, ".rows .shot")) == 2
    until(lambda: "139 digits of this meter are known" in said(driver))
    press(driver, "Forget")
    until(lambda: "Forget what was learned" in said(driver, ".sheet"))
    press(driver, "Forget")
    until(lambda: "Nothing yet" in said(driver))


def test_a_reading_is_corrected_behind_the_pin(driver: webdriver.Chrome, fresh: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, fresh + "/meters")
    press(driver, "Correct")
    type_pin(driver, "2580", "Choose a PIN")
    type_pin(driver, "2580", "The same PIN again")
    until(lambda: "What does the meter show now?" in said(driver, ".pad"))
    assert "Import register · Cellar · 48,713.4 kWh" in said(driver, ".pad")
    for key in "48714.2":
        press(driver, key)
    press(driver, "OK")
    until(lambda: "48,714.2 kWh" in said(driver, ".table"))


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


def test_a_display_that_shows_several_numbers_has_a_code(driver: webdriver.Chrome, home: str) -> None:
    opened(driver, home)
    step(driver, 2)
    press(driver, "Window")
    until(lambda: len(driver.find_elements(By.CSS_SELECTOR, "[data-box]")) == 1)
    driver.find_elements(By.CSS_SELECTOR, ".btn.choice")[1].click()
    press(driver, "Another code")
    for key in "15.8.0":
        press(driver, key)
    press(driver, "OK")
    until(lambda: "15.8.0" in said(driver, ".form"))
    driver.find_elements(By.CSS_SELECTOR, ".btn.choice")[0].click()
    press(driver, "Gas")
    until(lambda: "m³" in said(driver, ".form"))


def test_without_the_server_nothing_can_be_moved(driver: webdriver.Chrome) -> None:
    with served("camera") as url:
        opened(driver, url)
    until(lambda: "connection to the appliance is lost" in said(driver))
    before = place(driver, 3)
    drag(driver, (before[0], before[1]), 20, 20)
    assert place(driver, 3) == before
