"""config/home_assistant/tallywatt_dashboard.yaml, drawn by the real frontend in a real browser."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver

from tests.home_assistant.conftest import evening, preferences
from tests.peers.home_assistant import HomeAssistant
from tests.peers.served import Served
from tests.ui.browser import browser as fresh_browser
from tests.ui.browser import missing, shape

pytestmark = pytest.mark.xdist_group("home_assistant")

EVERYTHING = """
const found = {cards: [], errors: [], text: ''};
const walk = (node) => {
  const name = (node.localName || '');
  if (name === 'hui-card') found.cards.push(...[...node.children].map((card) => card.localName));
  if (/error|warning/.test(name) && name.startsWith('hui-')) found.errors.push(name + ': ' + node.innerText);
  if (name === 'ha-alert') found.errors.push(name + ': ' + node.innerText);
  if (node.nodeType === Node.TEXT_NODE) found.text += ' ' + node.textContent.trim();
  if (name === 'style' || name === 'script') return;
  for (const child of node.shadowRoot ? node.shadowRoot.childNodes : []) walk(child);
  for (const child of node.childNodes) walk(child);
};
walk(document.body);
return found;
"""


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    if lacking := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lacking)
    with fresh_browser() as driver:
        shape(driver, (1600, 2400))
        yield driver


def test_every_entity_it_names_is_there(home: HomeAssistant) -> None:
    dashboard = home.call("lovelace/config", url_path="tallywatt-energy")
    named = set(entities_of(dashboard))
    assert len(named) == 15
    assert named <= set(home.states())


def test_every_card_is_drawn(home: HomeAssistant, house: Served, browser: webdriver.Chrome) -> None:
    evening(house)
    home.call("energy/save_prefs", **preferences(home.version))
    dashboard = home.call("lovelace/config", url_path="tallywatt-energy")
    log_in(browser, home)
    for view in dashboard["views"]:
        browser.get(f"{home.url}/tallywatt-energy/{view['path']}")
        wanted = {f"hui-{card['type']}-card" for section in view["sections"] for card in section["cards"]}
        home.wait_for(lambda wanted=wanted: wanted <= set(browser.execute_script(EVERYTHING)["cards"]), 60)
        assert browser.execute_script(EVERYTHING)["errors"] == []
    browser.get(f"{home.url}/tallywatt-energy/now")
    for shown in ("Importing 0.61 kW", "1,500", "64.2", "48,713.4"):
        home.wait_for(lambda shown=shown: shown in browser.execute_script(EVERYTHING)["text"])
    home.no_warnings("lovelace", "frontend")


def log_in(browser: webdriver.Chrome, home: HomeAssistant) -> None:
    """As a browser that was logged in before."""
    browser.get(f"{home.url}/manifest.json")
    tokens = {"access_token": home.token, "token_type": "Bearer", "refresh_token": "", "expires_in": 1800}
    tokens |= {"hassUrl": home.url, "clientId": f"{home.url}/", "expires": 9_999_999_999_999}
    browser.execute_script("localStorage.setItem('hassTokens', arguments[0])", json.dumps(tokens))


def entities_of(part: Any) -> list[str]:
    """Every entity id below `entity` or `entities`."""
    if isinstance(part, list):
        return [found for inner in part for found in entities_of(inner)]
    if not isinstance(part, dict):
        return []
    mine = [part["entity"]] if "entity" in part else []
    return mine + [found for inner in part.values() for found in entities_of(inner)]
