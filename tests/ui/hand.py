"""What a hand does at the pages (touches, drags, presses, types), and what an eye sees there."""

from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By

from tests.ui.browser import SIZES, load, shape, until

SETUP = "/meters/setup?source=Cellar"
PLACE = """
const r = document.querySelector(`[data-box="${arguments[0]}"] rect`).getBoundingClientRect();
return [r.x + r.width / 2, r.y + r.height / 2, r.width, r.height];
"""

SMALLEST_PX = 48
OVERFLOW = """
const wide = document.documentElement;
const cut = [...document.querySelectorAll('.card, .bar, .nav a, .btn, .tag, .chip, .big, .kv b, .head')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != 'inline')
  .map(e => e.className + ': ' + e.textContent.slice(0, 40));
return [wide.scrollWidth - wide.clientWidth, wide.scrollHeight - wide.clientHeight, cut];
"""
TARGETS = """
return [...document.querySelectorAll('a, button')].filter(e => e.offsetParent)
  .map(e => [e.textContent, e.getBoundingClientRect()])
  .filter(([t, r]) => Math.min(r.width, r.height) < arguments[0] - .5)
  .map(([t, r]) => [t, r.width, r.height]);
"""


def said(driver: webdriver.Chrome, css: str = "body") -> str:
    """The text of an element; empty while there is none."""
    script = "const e = document.querySelector(arguments[0]); return e ? e.innerText ?? e.textContent : ''"
    return str(driver.execute_script(script, css)).replace("\xa0", " ")


def press(driver: webdriver.Chrome, text: str, within: str = "") -> None:
    """Press the visible button that says `text` (within what a selector finds), as soon as there is one."""

    def pressed() -> bool:
        for button in driver.find_elements(By.CSS_SELECTOR, f"{within} button, {within} a.btn"):
            try:
                if button.text == text and button.is_displayed():
                    button.click()
                    return True
            except (
                StaleElementReferenceException,
                ElementClickInterceptedException,
                ElementNotInteractableException,
            ):
                continue  # the page was about to change, another one lies over it, or it is still opening
        return False

    until(pressed)


def enter(driver: webdriver.Chrome, number: str, done: str = "OK") -> None:
    """Type a number on the keypad that is shown, and say that it is complete."""
    for key in number:
        press(driver, key)
    press(driver, done)


def type_pin(driver: webdriver.Chrome, pin: str, title: str) -> None:
    until(lambda: title in "".join(e.text for e in driver.find_elements(By.CSS_SELECTOR, ".pad h3")))
    enter(driver, pin)


def choose_pin(driver: webdriver.Chrome) -> None:
    """Asked for the first time, typed twice."""
    type_pin(driver, "2580", "Choose a PIN")
    type_pin(driver, "2580", "The same PIN again")


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
