"""Pictures of every page at every size in both themes: `python -m tests.ui.shots OUTDIR`."""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.ui import hand
from tests.ui.browser import PAGES, SIZES, browser, load, served, shape

SCENES = ("stale", "grid", "camera", "empty", "prices", "trouble")
HOUSES = {
    "prepaid": ("prepaid_house", ("grid", "generator", "low", "cut", "stale"), ("/prepaid", "/")),
    "messages": ("message_house", ("people", "nobody"), ("/messages",)),
}
"""Real appliances that have seen something: module, situations, pages."""
Act = Callable[[webdriver.Chrome], None]


def press(css: str, place: int = 0) -> Act:
    """Press what a selector finds."""
    return lambda driver: driver.find_elements(By.CSS_SELECTOR, css)[place].click()


def keys(text: str) -> Act:
    """Type on the keypad that is shown."""

    def act(driver: webdriver.Chrome) -> None:
        for key in text:
            hand.press(driver, key)

    return act


def wait(seconds: float) -> Act:
    return lambda driver: time.sleep(seconds)


def choose(box: int) -> Act:
    return lambda driver: driver.execute_script(
        f"document.querySelector('[data-box=\"{box}\"]').focus({{preventScroll: true}})"
    )


def show(css: str) -> Act:
    """Scroll to what a selector finds."""
    return lambda driver: driver.execute_script(f"document.querySelector('{css}').scrollIntoView()")


def choose_pin(driver: webdriver.Chrome) -> None:
    """Once for each stand-in."""
    time.sleep(0.5)
    while driver.find_elements(By.CSS_SELECTOR, ".typed i"):
        keys("2580")(driver)
        press(OK)(driver)
        time.sleep(0.6)


RIGHT, DOWN, DIAL = '[aria-label="Right"]', '[aria-label="Down"]', '[aria-label="More: Dials"]'
OK, MORE = ".pad .pri", ".form > .btn:not(.choice)"
NUMBER, BOXES, COUNTER = (press(".stage > .seg button", place) for place in range(3))
MOMENTS: dict[str, tuple[str, str, tuple[Act, ...]]] = {
    "setup_boxes": ("camera", hand.SETUP, (choose(3), wait(0.2))),
    "setup_unsure": ("camera", hand.SETUP, (choose(3), *[press(RIGHT)] * 9, *[press(DOWN)] * 12, wait(1.2))),
    "setup_number": ("camera", hand.SETUP, (NUMBER, keys("04871"))),
    "setup_counter": ("camera", hand.SETUP, (COUNTER,)),
    "setup_dials": ("camera", hand.SETUP, (COUNTER, *[press(DIAL)] * 3, BOXES, choose(8), wait(0.8))),
    "setup_tabs": ("camera", hand.SETUP, (COUNTER, press(MORE), BOXES, wait(0.8))),
    "setup_busy": ("unset", hand.SETUP, (wait(1.0), keys("048713.4"), press(".inpad .pri"), wait(0.4))),
    "setup_refused": ("unset", hand.SETUP, (wait(1.0), keys("0999.9"), press(".inpad .pri"), wait(2.0))),
    "meter_unset": ("unset", "/meters", (wait(0.5),)),
    "meter_gallery": ("camera", "/meters", (wait(0.4), show(".shot"), wait(0.3))),
    "meter_teach": ("camera", "/meters", (wait(0.4), press(".shot .btn"), choose_pin, keys("04871"))),
}  # fmt: skip


def pages(driver: webdriver.Chrome, folder: Path, scene: str, language: str) -> None:
    """Every page as it opens; of the lesser scenes those that differ."""
    with served(scene, language) as url:
        opened(driver, folder, url, scene, PAGES if scene == "sunny" else ("/", "/status"), 0.7)


def opened(
    driver: webdriver.Chrome, folder: Path, url: str, scene: str, shown: Sequence[str], pause_s: float
) -> None:
    """Pages at every size in both themes."""
    for page in shown:
        for size_name, size in SIZES.items():
            for theme in ("dark", "light"):
                shape(driver, size, theme == "dark")
                load(driver, url + page)
                time.sleep(pause_s)
                name = f"{scene}_{page.strip('/').replace('/', '_') or 'home'}_{size_name}_{theme}.png"
                driver.save_screenshot(str(folder / name))


def house(driver: webdriver.Chrome, folder: Path, name: str, language: str) -> None:
    """The pages of a house of its own, in all its situations."""
    module, scenes, shown = HOUSES[name]
    for scene in scenes:
        with served(scene, language, house=module) as url:
            opened(driver, folder, url, f"{name}_{scene}", shown, 1.5)


def moment(driver: webdriver.Chrome, folder: Path, name: str, language: str) -> None:
    """A page after somebody has done something there; who teaches has chosen a PIN the first time."""
    scene, page, acts = MOMENTS[name]
    with served(scene, language) as url:
        for size_name, size in SIZES.items():
            for theme in ("dark", "light"):
                shape(driver, size, theme == "dark")
                load(driver, url + page)
                time.sleep(1.0)
                for act in acts:
                    act(driver)
                time.sleep(0.4)
                driver.save_screenshot(str(folder / f"{name}_{size_name}_{theme}.png"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scene", choices=("sunny", *SCENES, *MOMENTS, *HOUSES), help="only this situation")
    parser.add_argument("--language", default="en")
    said = parser.parse_args()
    said.folder.mkdir(parents=True, exist_ok=True)
    with browser() as driver:
        for scene in [said.scene] if said.scene else ["sunny", *SCENES, *MOMENTS, *HOUSES]:
            draw = moment if scene in MOMENTS else house if scene in HOUSES else pages
            draw(driver, said.folder, scene, said.language)


if __name__ == "__main__":
    main()
