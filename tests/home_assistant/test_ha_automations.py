"""config/home_assistant/tallywatt_automations.yaml: the readings change, and the house is told."""

from collections.abc import Iterator

import pytest

from tests.home_assistant.conftest import FILES, evening
from tests.peers.home_assistant import HomeAssistant
from tests.peers.served import Served

pytestmark = pytest.mark.xdist_group("home_assistant")


@pytest.fixture
def quiet(home: HomeAssistant, house: Served) -> Iterator[HomeAssistant]:
    """Home Assistant in the evening, with nothing to notice."""
    evening(house)
    home.wait_for(lambda: home.state("sensor.tallywatt_grid_power") == "612.5")
    home.wait_for(lambda: not ours(home))
    yield home
    evening(house)
    home.wait_for(lambda: not ours(home))


def ours(home: HomeAssistant) -> set[str]:
    """The notices that are ours; Home Assistant has some of its own."""
    return {notice for notice in home.notifications() if notice.startswith("tallywatt_")}


def heard(home: HomeAssistant, notice: str) -> str:
    """The text of the notice, once it is there."""
    return str(home.wait_for(lambda: home.notifications().get(notice))["message"])


def triggered(home: HomeAssistant, automation: str) -> object:
    return home.states()[f"automation.{automation}"]["attributes"]["last_triggered"]


def test_a_low_battery_is_told_and_taken_back_only_well_above(quiet: HomeAssistant, house: Served) -> None:
    house.tell("powerwall", state_of_charge=14.5)
    assert heard(quiet, "tallywatt_battery_low") == "The battery is at 14.5 %."
    house.tell("powerwall", state_of_charge=17)
    quiet.wait_for(lambda: quiet.state("sensor.tallywatt_battery_level") == "17.0")
    assert "tallywatt_battery_low" in quiet.notifications()
    house.tell("powerwall", state_of_charge=21)
    quiet.wait_for(lambda: not ours(quiet))


def test_export_is_told_with_its_sign(quiet: HomeAssistant, house: Served) -> None:
    before = triggered(quiet, "tallywatt_high_import")
    house.tell("p1", power_grid=-2345)
    assert heard(quiet, "tallywatt_export_started") == "2345 W go to the grid."
    assert ours(quiet) == {"tallywatt_export_started"}
    assert triggered(quiet, "tallywatt_high_import") == before


def test_a_high_import_is_told_and_logged_once_it_has_lasted(quiet: HomeAssistant, house: Served) -> None:
    before = triggered(quiet, "tallywatt_high_import")
    house.tell("p1", power_grid=4990)
    quiet.wait_for(lambda: quiet.state("sensor.tallywatt_grid_power") == "4990.0")
    assert triggered(quiet, "tallywatt_high_import") == before
    house.tell("p1", power_grid=5600)
    assert heard(quiet, "tallywatt_high_import") == "5600 W come from the grid."
    logged = quiet.wait_for(lambda: [e for e in quiet.log() if e["name"] == "tallywatt.automations"])
    assert logged[0]["message"] == ["High import: 5600.0 W"]
    assert ours(quiet) == {"tallywatt_high_import"}


def test_the_waits_are_minutes_as_shipped() -> None:
    shipped = (FILES / "tallywatt_automations.yaml").read_text(encoding="utf-8")
    assert shipped.count('for: "00:05:00"') == 2
    assert shipped.count('for: "00:01:00"') == 4


def test_nothing_else_warned(home: HomeAssistant) -> None:
    said = [line for line in home.problems() if "tallywatt.automations" not in line]
    assert not said
    home.forget_problems()
