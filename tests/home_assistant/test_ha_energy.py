"""The energy dashboard of the real Home Assistant with our registers."""

from typing import Any

import pytest

from tests.home_assistant.conftest import evening, preferences
from tests.peers.home_assistant import HomeAssistant, Refused
from tests.peers.served import Served

pytestmark = pytest.mark.xdist_group("home_assistant")


def test_energy_preferences_are_accepted_and_valid(home: HomeAssistant, house: Served) -> None:
    evening(house)
    prefs = preferences(home.version)
    saved = home.call("energy/save_prefs", **prefs)
    kept = zip(saved["energy_sources"], prefs["energy_sources"], strict=True)
    assert all({**there, **sent} == there for there, sent in kept)  # newer ones add what was left out
    home.make_statistics()
    assert home.call("energy/validate")["energy_sources"] == [[], [], []]
    assert home.call("recorder/validate_statistics") == {}
    kinds = {entry["statistic_id"]: entry for entry in home.call("recorder/list_statistic_ids")}
    for statistic in statistics_of(prefs):
        assert kinds[statistic]["has_sum"], statistic
        assert kinds[statistic]["statistics_unit_of_measurement"] == "kWh"
    home.no_warnings("energy", "recorder", "rest", "template")


def test_the_other_form_names_the_same_sensors(home: HomeAssistant) -> None:
    """Home Assistant 2026 takes a flat grid, 2025 one with flows; each refuses the other's."""
    older, newer = preferences("2025.4.4"), preferences("2026.11.0")
    assert set(statistics_of(newer)) == set(statistics_of(older))
    assert set(statistics_of(newer, "stat_rate", "stat_soc")) <= set(home.states())
    with pytest.raises(Refused, match="invalid_format"):
        home.call("energy/save_prefs", **(newer if preferences(home.version) == older else older))
    home.forget_problems()  # it logs what it refuses


def statistics_of(part: Any, *names: str) -> list[str]:
    """What stands under stat_energy_from and stat_energy_to, or under `names`, at any depth."""
    wanted = names or ("stat_energy_from", "stat_energy_to")
    if isinstance(part, list):
        return [found for inner in part for found in statistics_of(inner, *names)]
    if not isinstance(part, dict):
        return []
    mine = [value for name, value in part.items() if name in wanted and value]
    return mine + [found for inner in part.values() for found in statistics_of(inner, *names)]
