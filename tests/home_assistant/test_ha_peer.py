"""The real Home Assistant of the tests: is it what the others may rely on?"""

import pytest

from tests.peers.home_assistant import HomeAssistant, Refused

pytestmark = pytest.mark.xdist_group("home_assistant")


def test_boots_without_a_complaint_of_its_own(home_assistant: HomeAssistant) -> None:
    assert home_assistant.version.startswith("2025.4.")
    assert home_assistant.problems() == []


def test_tells_what_it_refuses(home_assistant: HomeAssistant) -> None:
    with pytest.raises(Refused, match="Invalid handler"):
        home_assistant.post("config/config_entries/flow", {"handler": "no_such_integration"})
    with pytest.raises(Refused, match="unknown_command"):
        home_assistant.call("no/such/command")


def test_warnings_are_seen(home_assistant: HomeAssistant) -> None:
    home_assistant.service("system_log.write", message="something odd", level="warning", logger="a.part")
    with pytest.raises(AssertionError, match="something odd"):
        home_assistant.no_warnings("a.part")
    home_assistant.no_warnings("another")
    home_assistant.forget_problems()
    home_assistant.no_warnings()
