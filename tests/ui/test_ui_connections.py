"""The Connections page: its messages, and destinations tried in a real browser."""

import os
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from appliance.api.nearby import NearbyOut
from appliance.clock import HOUR_MS
from appliance.connections import Connection
from appliance.sinks.base import Delivery
from appliance.supervise import State
from tests.ui.browser import SIZES, load, missing, shape, until
from tests.ui.hand import OVERFLOW, said
from ui.connections import Said, nearby, sinks
from ui.sentences import told
from ui.text import UNKNOWN, Texts

TEXTS = Texts("en", ZoneInfo("Europe/Stockholm"), "SEK")
NOW = 1_800_000_000_000
WELL = Connection(
    "central",
    "push",
    State.OK,
    "Everything is delivered",
    NOW,
    0,
    Delivery(0, None, 412, 0, NOW - 60_000),
    True,
)


def shown(
    one: Connection, said: dict[str, Said] | None = None, busy: tuple[str, ...] = ()
) -> dict[str, object]:
    [row] = sinks(TEXTS, [one], NOW, said or {}, busy)["rows"]
    return row  # type: ignore[no-any-return]


def values(row: dict[str, object]) -> dict[str, str]:
    return {stat["name"]: stat["value"] for stat in row["stats"]}  # type: ignore[attr-defined]


def test_one_that_works_needs_no_words() -> None:
    row = shown(WELL)
    assert (row["word"], row["texts"], row["error"]) == ("Working", [], "")
    assert values(row) == {"Waiting": "0", "Oldest": UNKNOWN, "Sent": "412", "Last success": "1 min ago"}


def test_what_is_not_known_is_a_dash_and_never_nought() -> None:
    assert values(shown(replace(WELL, delivery=Delivery()))) == {
        "Waiting": UNKNOWN, "Oldest": UNKNOWN, "Sent": "0", "Last success": UNKNOWN,
    }  # fmt: skip
    bare = shown(replace(WELL, delivery=None, testable=False))
    assert (bare["stats"], bare["button"]) == ([], "")


def test_what_waits_long_and_what_was_refused_has_a_colour() -> None:
    waits = Delivery(12, NOW - 7 * HOUR_MS, 400, 3, None, "refused", NOW - HOUR_MS)
    row = shown(replace(WELL, state=State.WAITING, text="refused. It waits", delivery=waits))
    levels = {stat["name"]: stat["level"] for stat in row["stats"]}  # type: ignore[attr-defined]
    assert levels == {"Waiting": "warn", "Oldest": "warn", "Sent": "", "Last success": "", "Set aside": "bad"}
    assert row["error"] == ""  # the state says it
    over = shown(replace(WELL, delivery=waits))
    assert str(over["error"]).startswith("Last error ")


def test_what_came_of_a_try() -> None:
    good = shown(WELL, {"central": Said(True, "The central API answers and takes readings from here")})
    assert good["said"] == {"text": "The central API answers and takes readings from here", "level": "ok"}
    assert shown(WELL, busy=("central",))["busy"] is True


def test_no_destination_says_what_to_do() -> None:
    assert "`sinks` in config.json" in sinks(TEXTS, [], NOW, {}, ())["none"]


def test_a_device_nearby_and_what_to_write() -> None:
    device = NearbyOut(
        serial="5c2f", product_type="HWE-P1", product_name="P1 Meter", addresses={"v1": "192.168.1.20"},
        configured=False, text="", source={"type": "homewizard", "name": "p1", "serial": "5c2f"},
    )  # fmt: skip
    [row] = nearby(TEXTS, [device])["rows"]
    assert '"serial": "5c2f"' in row["code"]
    [known] = nearby(TEXTS, [device.model_copy(update={"configured": True})])["rows"]
    assert (known["word"], known["code"]) == ("Read", "")
    assert nearby(TEXTS, None)["none"] == "Listening for devices…"
    assert nearby(TEXTS, None, "No network")["none"] == "No network"


LACKING = missing()


@pytest.mark.skipif(LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}")
def test_destinations_are_tried_by_who_knows_the_pin(driver: webdriver.Chrome, counted: str) -> None:
    shape(driver, SIZES["wall"])
    load(driver, counted + "/connections")
    until(lambda: "central" in said(driver, ".sink"))
    assert driver.execute_script(OVERFLOW) == [0, 0, []]
    first, second = driver.find_elements(By.CSS_SELECTOR, ".sink .btn")
    first.click()
    for _ in range(2):  # choose a PIN, typed twice
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".veil .typed i:not(.on)"))
        for key in "2580":
            keys = driver.find_elements(By.CSS_SELECTOR, ".veil .keys button")
            next(button for button in keys if button.text == key).click()
        driver.find_element(By.CSS_SELECTOR, ".veil .pri").click()
    until(lambda: "takes readings from here" in said(driver, ".told-ok"))
    second.click()
    until(lambda: "cannot be reached" in said(driver, ".told-bad"))


def test_trouble_is_told_in_the_tongue_of_the_browser() -> None:
    """A comma after a number is no part of it."""
    text = (
        "http://h/ cannot be reached (timed out); check address, cable and power. "
        "Readings that wait: 95886, the oldest of 2026-10-26 00:14+01:00; nothing is lost"
    )
    svenska = Texts("sv", ZoneInfo("Europe/Stockholm"), "SEK")
    said = told(svenska, text)
    assert "väntar: 95886, den äldsta från 2026-10-26" in said
