"""The energy dashboard of the real Home Assistant with our registers."""

import json
from typing import Any

import pytest

from tests.home_assistant.conftest import FILES, evening
from tests.peers.home_assistant import HomeAssistant, Refused
from tests.peers.served import Served

pytestmark = pytest.mark.xdist_group("home_assistant")


def test_energy_preferences_are_accepted_and_valid(home: HomeAssistant, house: Served) -> None:
    evening(house)
    prefs = json.loads((FILES / "energy_2025.json").read_text())
    saved = home.call("energy/save_prefs", **prefs)
    assert saved["energy_sources"] == prefs["energy_sources"]
    home.make_statistics()
    found = home.call("energy/validate")
    assert found == {"energy_sources": [[], [], []], "device_consumption": []}
    assert home.call("recorder/validate_statistics") == {}
    kinds = {entry["statistic_id"]: entry for entry in home.call("recorder/list_statistic_ids")}
    for statistic in statistics_of(prefs):
        assert kinds[statistic]["has_sum"], statistic
        assert kinds[statistic]["statistics_unit_of_measurement"] == "kWh"
    home.no_warnings("energy", "recorder", "rest", "template")


def test_the_newer_form_names_the_same_sensors(home: HomeAssistant) -> None:
    """Home Assistant 2026 takes a flat grid; this one refuses it, so nobody mistakes the two."""
    newer = json.loads((FILES / "energy_2026.json").read_text())
    older = json.loads((FILES / "energy_2025.json").read_text())
    assert set(statistics_of(newer)) == set(statistics_of(older))
    assert set(statistics_of(newer, "stat_rate", "stat_soc")) <= set(home.states())
    with pytest.raises(Refused, match="invalid_format"):
        home.call("energy/save_prefs", **newer)
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
