"""The Messages page: what it says of topics and people, and what a hand can change there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from appliance.connections import Connection
from appliance.message_settings import MessageSettings
from appliance.messaging import FIELDS, Heard, TopicNow
from appliance.messaging import topics as topics_now
from appliance.model import Event, Quantity
from appliance.news_examples import example
from appliance.sinks import messages as apprise_sink
from appliance.sinks import telegram as telegram_sink
from appliance.sinks.base import Recipient
from appliance.supervise import State
from config.messages import TOPICS, Messages, Topic
from tests.ui.browser import ROOT, SIZES, load, missing, served, shape, until
from tests.ui.hand import OVERFLOW, SMALLEST_PX, TARGETS, choose_pin, enter, press, said
from ui.connections import Said
from ui.message_ways import WAYS
from ui.messages import LACKS, THRESHOLDS, Tries, by_name, people, strangers, topics, value
from ui.messages import TOPICS as NAMED
from ui.pages.messages import wall_time
from ui.sentences import recognised, told
from ui.text import Texts

LACKING = missing()
seen = pytest.mark.skipif(
    LACKING is not None and os.environ.get("CI") != "true", reason=f"No browser: {LACKING}"
)
Q = Quantity
ZONE = ZoneInfo("Europe/Stockholm")
NOW = 1_778_761_930_000  # 2026-05-14 14:32:10 in Stockholm
TEXTS, SWEDISH = Texts("en", ZONE, "SEK"), Texts("sv", ZONE, "SEK")
QUIET = Tries({}, (), anybody=True)


def kept() -> Any:
    """Documents in memory."""
    here: dict[tuple[str, str], Any] = {}
    return SimpleNamespace(
        get=lambda table, key: here.get((table, key)),
        put=lambda table, key, document: here.__setitem__((table, key), document),
    )


def shown(settings: MessageSettings, tries: Tries = QUIET, *measured: Q) -> dict[str, dict[str, Any]]:
    """Every topic's row by its name."""
    message = topics(TEXTS, topics_now(settings, measured, has_prices=False), settings.now, tries)
    return {row["key"]: row for group in message["groups"] for row in group["rows"]}


def test_every_topic_has_its_words_and_every_setting_its_place() -> None:
    assert set(NAMED) == set(TOPICS)
    placed = [name for names in FIELDS.values() for name in names]
    assert sorted(placed) == sorted(set(Messages.model_fields) - {"off"})
    assert set(THRESHOLDS) == set(placed)


def test_what_cannot_come_up_here_comes_last_and_says_why() -> None:
    settings = MessageSettings(Messages(), kept())
    found = topics_now(settings, [Q.STATE_OF_CHARGE, Q.POWER_GRID], has_prices=False)
    able, unable = topics(TEXTS, found, settings.now, QUIET)["groups"]
    assert {row["key"] for row in able["rows"]} == {"summary", "battery", "high_use", "source", "appliance"}
    assert {row["key"] for row in unable["rows"]} == set(LACKS) - {"battery", "high_use"}
    assert all(row["why"] for row in unable["rows"])
    assert not any(row["why"] for row in able["rows"])


def test_thresholds_as_they_are_said() -> None:
    now = Messages(low_balance=300, high_power_kw=5.5, high_day_kwh=None, peak_price=2.5, low_days=None)
    assert value(TEXTS, "low_balance", now) == "300\xa0kr"
    assert value(Texts("en", ZONE, "INR"), "low_balance", Messages(low_balance=99.5)) == "₹99.50"
    assert value(TEXTS, "low_days", now) == "Never"
    assert value(TEXTS, "high_power_kw", now) == "5.5 kW"
    assert value(SWEDISH, "high_power_kw", now) == "5,5 kW"
    assert value(TEXTS, "peak_price", now) == "2.5 kr/kWh"
    assert value(TEXTS, "peak_price", Messages()) == "1.5 × the day's mean"
    assert value(TEXTS, "summary_at", now) == "23:59"
    assert value(TEXTS, "meter_minutes", Messages(meter_minutes=90)) == "90 min"


def test_a_setting_that_says_nothing_is_left_out() -> None:
    never = shown(MessageSettings(Messages(), kept()))["high_use"]["fields"]
    assert [field["key"] for field in never] == ["high_power_kw", "high_day_kwh"]
    some = shown(MessageSettings(Messages(high_power_kw=5), kept()))["high_use"]["fields"]
    assert [field["key"] for field in some] == ["high_power_kw", "high_power_minutes", "high_day_kwh"]


def test_what_was_changed_here_is_marked() -> None:
    settings = MessageSettings(Messages(battery_low_percent=30), kept())
    settings.change(battery_low_percent=15, off=("prices",))
    rows = shown(settings)
    assert (rows["battery"]["tag"], rows["prices"]["tag"]) == ("Changed here", "Changed here")
    assert rows["battery"]["fields"][0] == {
        "key": "battery_low_percent", "name": "Below", "value": "15 %", "changed": True,
    }  # fmt: skip
    assert (rows["outage"]["tag"], rows["outage"]["reset"]) == ("", "")
    assert [row["on"] for row in rows.values()].count(False) == 1


def test_what_came_of_an_example_is_said_by_name() -> None:
    heard = [
        Heard("telegram", True, "Sent to Asha, Erik\nNina: The group has a new id"),
        Heard("mail", False, "There is nobody to write to: name someone in config.json"),
    ]
    row = shown(MessageSettings(Messages(), kept()), Tries({"outage": heard}, {"meter"}, anybody=True))
    assert row["outage"]["said"] == [
        {"text": "telegram: Sent to Asha, Erik", "level": "ok"},
        {"text": "telegram: Nina: The group has a new id", "level": "bad"},
        {"text": "mail: There is nobody to write to: name someone in config.json", "level": "bad"},
    ]
    assert (row["meter"]["busy"], row["outage"]["busy"]) == (True, False)
    assert by_name(SWEDISH, "Nina: The group has a new id") == "Nina: Gruppen har ett nytt id"


SINK = Connection(
    "telegram", "telegram", State.WAITING, "Erik: no. Messages that wait: 2", NOW, 1, None, True
)


def test_people_with_what_they_want_and_how_they_fare() -> None:
    known = {
        "telegram": [
            Recipient("Asha", "telegram", last_ok=NOW - 120_000),
            Recipient("Erik", "telegram", ("outage",), ("22:00", "07:00"), 2, None, "no", NOW + 3_600_000),
        ]
    }
    message = people(TEXTS, [SINK], known, NOW, {"telegram": Said(True, "Sent to Asha")}, ())
    [row] = message["rows"]
    asha, erik = row["people"]
    assert (asha["facts"], asha["side"]) == (["Every topic"], ["2 min ago"])
    assert erik["facts"] == ["Power cut", "quiet 22:00 to 07:00 · muted until 15:32"]
    assert (erik["side"], erik["problem"]) == (["2 waiting"], "no")
    assert row["texts"] == []  # Erik's line says it
    assert row["said"] == [{"text": "telegram: Sent to Asha", "level": "ok"}]
    alone = people(TEXTS, [SINK], {}, NOW, {}, {"telegram"})["rows"][0]
    assert (alone["texts"], alone["busy"]) == (["Erik: no. Messages that wait: 2"], True)


def test_a_stranger_is_shown_with_what_lets_him_in() -> None:
    event = Event("telegram", "stranger", NOW, "Nina wrote", {"chat": -100_42, "name": 'Nina "N" Ö'})
    [row] = strangers(TEXTS, [event], NOW)["rows"]
    assert row["code"] == '{"id": -10042, "name": "Nina \\"N\\" Ö"}'
    assert telegram_sink.Chat.model_validate_json(row["code"]).id == -10042


def test_the_entries_that_are_shown_are_taken_by_the_sinks() -> None:
    for way in WAYS.values():
        kind = telegram_sink if way.entry["type"] == "telegram" else apprise_sink
        assert kind.Options(**way.entry).type == way.entry["type"]


@pytest.mark.parametrize(
    ("typed", "time"),
    [("23.59", "23:59"), ("2359", "23:59"), ("730", "07:30"), ("7.5", "07:05"), ("99", "00:99")],
)
def test_a_time_typed_on_the_keypad(typed: str, time: str) -> None:
    assert wall_time(typed) == time


@pytest.mark.parametrize("topic", TOPICS)
def test_every_line_of_an_example_is_told_in_both_tongues(topic: Topic) -> None:
    event = example(topic, NOW, ZONE, "SEK")
    for line in event.text.split("\n"):
        assert recognised(line) is not None, line
    assert told(SWEDISH, event.text) != event.text


def test_what_a_sink_is_not_known_to_measure() -> None:
    one = TopicNow("summary", True, True, ())
    assert (
        topics(TEXTS, [one], Messages(), Tries({}, (), anybody=False))["groups"][0]["rows"][0]["test"]
        is False
    )


SAYS = """
import sys
from pathlib import Path
import ui
from appliance.clock import FakeClock
from appliance.web import create_app
from tests.appliances import made
here = made(Path(sys.argv[1]), FakeClock(1_800_000_000_000), site={"time_zone": "UTC", "language": "sv"})
print(here.say("The grid is lost"))
ui.mount(create_app(here), here)
print(here.say("The grid is lost\\nUsed 11.4 kWh, as much as yesterday\\nA device's own words"))
"""


def test_messages_go_out_in_the_language_of_the_site_where_there_is_a_screen(tmp_path: Path) -> None:
    """In a process of its own: NiceGUI can be mounted once."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-c", SAYS, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "The grid is lost",
        "Elnätet är borta",
        "Förbrukat 11.4 kWh, lika mycket som i går",
        "A device's own words",
    ]


@pytest.fixture(scope="module")
def told_house() -> Iterator[str]:
    with served("people", house="message_house") as url:
        yield url


def topic(driver: webdriver.Chrome, name: str) -> str:
    return said(driver, f'[data-topic="{name}"]')


def click(driver: webdriver.Chrome, css: str) -> None:
    driver.execute_script("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
    driver.find_element(By.CSS_SELECTOR, css).click()


@seen
def test_nothing_is_cut_off_and_everything_can_be_pressed(driver: webdriver.Chrome, told_house: str) -> None:
    for size in ("wall", "phone", "desk"):
        shape(driver, SIZES[size])
        load(driver, told_house + "/messages")
        until(lambda: "Nina" in said(driver, ".unknown") and "Erik" in said(driver, ".whom"))
        assert driver.execute_script(OVERFLOW) == [0, 0, []]
        assert driver.execute_script(TARGETS, SMALLEST_PX) == []
    assert '"name": "Nina"' in said(driver, ".unknown pre")


@seen
def test_topics_are_changed_tried_and_put_back(driver: webdriver.Chrome, told_house: str) -> None:
    """By a finger on the wall: a switch, two thresholds, a time, an example, and back."""
    shape(driver, SIZES["wall"])
    load(driver, told_house + "/messages")
    switch = '[data-topic="meter"] .switch'
    assert driver.find_element(By.CSS_SELECTOR, switch).get_attribute("aria-checked") == "true"
    click(driver, switch)
    choose_pin(driver)
    until(lambda: driver.find_element(By.CSS_SELECTOR, switch).get_attribute("aria-checked") == "false")
    click(driver, '[data-field="battery_low_percent"]')
    enter(driver, "150")
    until(lambda: "Out of range" in said(driver, ".pad .said"))
    enter(driver, "15")
    until(lambda: "15 %" in topic(driver, "battery") and "Changed here" in topic(driver, "battery"))
    click(driver, '[data-field="battery_low_percent"]')
    press(driver, "Never")
    until(lambda: "Never" in topic(driver, "battery"))
    click(driver, '[data-field="summary_at"]')
    enter(driver, "21:30")
    until(lambda: "21:30" in topic(driver, "summary"))
    click(driver, '[data-topic="battery"] .reset')
    until(lambda: "20 %" in topic(driver, "battery") and "Changed here" not in topic(driver, "battery"))
    click(driver, '[data-topic="outage"] .acts .btn')
    until(lambda: "Sent to Asha, Erik" in said(driver, '[data-topic="outage"] .told-ok'))
    until(lambda: "did not take the message" in said(driver, '[data-topic="outage"] .told-bad'), 20)


@seen
def test_who_gets_no_messages_yet_is_shown_the_way(driver: webdriver.Chrome) -> None:
    with served("nobody", house="message_house") as url:
        shape(driver, SIZES["phone"])
        load(driver, url + "/messages")
        assert "Nobody gets messages yet" in said(driver, ".whom")
        assert "BotFather" in said(driver, ".ways-of")
        press(driver, "E-mail")
        until(lambda: "mailtos://" in said(driver, ".ways-of .code"))
        assert driver.execute_script(OVERFLOW) == [0, 0, []]
        assert driver.find_elements(By.CSS_SELECTOR, ".topic .acts .btn") == []
