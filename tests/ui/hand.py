"""What a hand does at the page that sets up a meter: touches, drags, presses."""

from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.ui.browser import SIZES, load, shape, until
from tests.ui.test_ui_pages import said

SETUP = "/meters/setup?source=Cellar"
PLACE = """
const r = document.querySelector(`[data-box="${arguments[0]}"] rect`).getBoundingClientRect();
return [r.x + r.width / 2, r.y + r.height / 2, r.width, r.height];
"""


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
