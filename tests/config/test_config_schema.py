"""What the machine says of itself where the owner says nothing; every option explained."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from config.schema import Config, Site, system_zone, usual_currency


@pytest.mark.parametrize(
    ("zone", "language", "currency"),
    [
        ("Europe/Stockholm", "en", "SEK"),
        ("Europe/Amsterdam", "sv", "EUR"),
        ("UTC", "sv", "SEK"),
        ("UTC", "en", "EUR"),
        ("Australia/Brisbane", "en", "AUD"),
        ("America/New_York", "en", "USD"),
        ("Europe/Oslo", "en", "NOK"),
    ],
)
def test_usual_currency(zone: str, language: Any, currency: str) -> None:
    assert usual_currency(zone, language) == currency
    assert Site(time_zone=zone, language=language).currency == currency


def test_a_currency_said_is_kept() -> None:
    assert Site(time_zone="Europe/Stockholm", currency="EUR").currency == "EUR"


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Site().language == language


def test_the_zone_of_the_machine(tmp_path: Path) -> None:
    zones = tmp_path / "zoneinfo" / "Europe"
    zones.mkdir(parents=True)
    (zones / "Stockholm").touch()
    localtime, name = tmp_path / "localtime", tmp_path / "timezone"
    assert system_zone(localtime, name) == "UTC"
    name.write_text("Europe/Oslo\n")
    assert system_zone(localtime, name) == "Europe/Oslo"
    localtime.symlink_to(zones / "Stockholm")
    assert system_zone(localtime, name) == "Europe/Stockholm"
    name.write_text("Mars/Crater\n")
    localtime.unlink()
    assert system_zone(localtime, name) == "UTC"


def test_every_option_says_what_it_is() -> None:
    def unexplained(model: type[BaseModel]) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            if not field.description:
                found.append(f"{model.__name__}.{name}")
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                found += unexplained(field.annotation)
        return found

    assert unexplained(Config) == []
