"""One Home Assistant with all that config/home_assistant holds, beside an appliance it asks."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from appliances import made, owner

from appliance.clock import RealClock
from tests.peers.daily_portal import Portal
from tests.peers.home_assistant import ROOT, HomeAssistant, booted
from tests.peers.served import Served, serving

FILES = ROOT / "config" / "home_assistant"
HERE = "http://tallywatt.local:8080"
DASHBOARDS = """
lovelace:
  dashboards:
    tallywatt-energy:
      mode: yaml
      title: Tallywatt
      icon: mdi:home-lightning-bolt
      show_in_sidebar: true
      filename: tallywatt_dashboard.yaml
    tallywatt-daily:
      mode: yaml
      title: Tallywatt by day
      icon: mdi:calendar-month
      show_in_sidebar: true
      filename: tallywatt_daily_dashboard.yaml
"""
FAST = [(r"scan_interval: \d+", "scan_interval: 1"), (r'for: "00:0\d:00"', 'for: "00:00:01"')]
"""Tests do not wait for what a house has time for; all else is as it is shipped."""


def package(name: str, appliance: str) -> str:
    """A shipped package as its owner would install it, but faster."""
    text = (FILES / f"{name}.yaml").read_text(encoding="utf-8")
    for slow, fast in FAST:
        text = re.sub(slow, fast, text)
    return text.replace(HERE, appliance)


def preferences(version: str) -> Any:
    """The energy preferences for that version of Home Assistant."""
    form = "energy_2025.json" if int(version.partition(".")[0]) < 2026 else "energy_2026.json"
    return json.loads((FILES / form).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An appliance of a house with solar panels and a battery, in the evening sun."""
    contract = {
        "since": "2026-01-01",
        "buying": [{"name": "Energy", "per_kwh": 2.0}],
        "selling": [{"name": "Energy", "per_kwh": 0.5}],
        "fees": [{"name": "Meter", "amount": 10, "per": "day"}],
    }
    with serving(made(tmp_path_factory.mktemp("house"), RealClock(), contracts=[contract])) as served:
        served.tell("p1", ago_s=3600, energy_import=48711.1, energy_export=1203.2)
        served.tell("roof", ago_s=3600, energy_solar=21999.7)
        served.tell(
            "powerwall", ago_s=3600, energy_load=61230.0, energy_charged=310.5, energy_discharged=279.5
        )
        evening(served)
        served.do(served.appliance.store.flush())
        served.appliance.sources["carma"] = Portal(served.appliance)  # type: ignore[assignment]
        yield served


def evening(house: Served) -> None:
    """Half of the house's needs come from the roof, some from the battery, the rest from the grid."""
    house.tell("p1", power_grid=612.5, energy_import=48713.4, energy_export=1204.2, gas=2101.125)
    house.tell("roof", power_solar=1500, energy_solar=22001.7)
    house.tell(
        "powerwall",
        power_battery=887.5,
        power_load=3000,
        state_of_charge=64.2,
        grid_state=1,
        energy_charged=310.5,
        energy_discharged=280.25,
        energy_load=61234.5,
    )


@pytest.fixture(scope="session")
def home(
    home_assistant_python: Path, house: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HomeAssistant]:
    """Home Assistant with the four packages and both dashboards, all entities there."""
    folder = tmp_path_factory.mktemp("with_tallywatt")
    names = ("tallywatt_rest", "tallywatt_templates", "tallywatt_automations", "tallywatt_daily")
    packages = {name: package(name, house.url) for name in names}
    token = owner(house.appliance)["Authorization"]
    (folder / "secrets.yaml").write_text(f'tallywatt_authorization: "{token}"\n')
    for name in ("tallywatt_dashboard.yaml", "tallywatt_daily_dashboard.yaml"):
        (folder / name).write_bytes((FILES / name).read_bytes())
    with booted(home_assistant_python, folder, packages, DASHBOARDS) as booted_home:
        booted_home.wait_for(lambda: booted_home.state("sensor.tallywatt_net_flow") not in (None, "unknown"))
        yield booted_home
