"""Moving the boxes of a meter with a finger, a mouse and keys, in a real browser."""

import os

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from tests.ui.browser import missing, served, until
from tests.ui.hand import drag, finger, opened, place, press, said

LACKING = missing()
pytestmark = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)


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


def test_a_window_beneath_its_cells_is_reached_by_a_second_tap(driver: webdriver.Chrome) -> None:
    chosen = "return document.querySelector('.box.on')?.dataset.box"
    with served("window") as url:
        opened(driver, url)
        x, y, _, _ = place(driver, 3)
        for expected in ("3", "7", "3"):
            finger(driver, (x, y))
            until(lambda e=expected: driver.execute_script(chosen) == e)  # type: ignore[misc]
        finger(driver, (x, y))
        until(lambda: driver.execute_script(chosen) == "7")
        cell, window = place(driver, 3), place(driver, 7)
        drag(driver, (x, y), 10, 14)
        assert place(driver, 7)[:2] == pytest.approx([window[0] + 10, window[1] + 14], abs=1.5)
        assert place(driver, 3) == pytest.approx(cell, abs=0.5)


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
    ActionChains(driver).click_and_hold(right).perform()
    until(lambda: place(driver, 3)[0] > x + 4 / px)
    ActionChains(driver).release().perform()
    driver.find_element(By.CSS_SELECTOR, '.nudge [aria-label="Larger"]').click()
    until(lambda: place(driver, 3)[2] > w + 0.4)
    assert place(driver, 3)[2:] == pytest.approx([w + 2 / px, h + 2 / px], abs=0.3)
    rests = place(driver, 3)
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


def test_without_the_server_nothing_can_be_moved(driver: webdriver.Chrome) -> None:
    with served("camera") as url:
        opened(driver, url)
    until(lambda: "connection to the appliance is lost" in said(driver))
    before = place(driver, 3)
    drag(driver, (before[0], before[1]), 20, 20)
    assert place(driver, 3) == before
