"""What the owner may say of a Powerwall, what is said back, and that the page says the same."""

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from appliance.errors import AuthError, SourceError
from appliance.sources import _powerwall_library as library
from appliance.sources._powerwall_modes import MODES, ModeName
from appliance.sources._powerwall_options import NEEDS, Options

ROOT = Path(__file__).resolve().parents[2]
RIGHT: dict[str, dict[str, Any]] = {
    "local": {"host": "192.168.1.20", "password": "AB3DE"},
    "hybrid": {"host": "192.168.91.1", "password": "AB3DE", "gateway_password": "XXAB3DE"},
    "tedapi": {"host": "192.168.91.1", "gateway_password": "XXAB3DE"},
    "v1r": {"host": "192.168.1.20", "gateway_password": "XXAB3DE", "rsa_key": "/etc/key.pem"},
    "cloud": {"email": "me@example.com"},
    "fleetapi": {"auth_folder": "/var/lib/tesla"},
    "proxy": {"host": "192.168.1.5:8675"},
}


def test_every_way_is_told_and_can_be_set() -> None:
    assert set(MODES) == set(RIGHT) == set(NEEDS) == set(get_args(ModeName))
    for mode, said in RIGHT.items():
        assert Options.model_validate({"mode": mode, **said}).mode == mode
        assert MODES[mode].steps
        assert MODES[mode].limits


@pytest.mark.parametrize(("mode", "name"), [(m, n) for m, names in NEEDS.items() for n in names])
def test_what_a_way_lacks_is_named(mode: str, name: str) -> None:
    said = {key: value for key, value in RIGHT[mode].items() if key != name}
    with pytest.raises(ValidationError, match=rf"mode {mode} needs `{name}`, "):
        Options.model_validate({"mode": mode, **said})


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"mode": "local"}, "needs `host`, the gateway's address and `password`, the last five characters"),
        (
            {"mode": "local", **RIGHT["tedapi"], "password": "AB3DE"},
            "mode local does not use `gateway_password`: leave it out, or did you mean mode hybrid or v1r?",
        ),
        ({"mode": "hybrid", **RIGHT["hybrid"], "host": "192.168.1.20"}, "at the host 192.168.91.1 alone"),
        ({"mode": "v1r", "host": "10.0.0.1", "rsa_key": "/k"}, "mode v1r needs `gateway_password`"),
        ({"mode": "cloud", "email": "me@example.com", "every_s": 10}, "more often than `every_s` 30"),
        ({"mode": "fleetapi", "every_s": 30}, "`every_s` 60"),
        ({"mode": "proxy", **RIGHT["local"]}, "does not use `password`: leave it out, or did you mean"),
        ({"mode": "local", **RIGHT["local"], "every_s": 1}, "greater than or equal to 5"),
        ({"mode": "local", **RIGHT["local"], "host": "https://192.168.1.20"}, "pattern"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_would_be_right(said: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate(said)
    assert text in str(caught.value)


def test_passwords_are_not_shown() -> None:
    assert "AB3DE" not in repr(Options.model_validate({"mode": "hybrid", **RIGHT["hybrid"]}))


@pytest.mark.parametrize(("mode", "pace"), [("local", 10), ("proxy", 10), ("cloud", 60), ("fleetapi", 300)])
def test_every_way_has_its_pace(mode: str, pace: float) -> None:
    options = Options.model_validate({"mode": mode, **RIGHT[mode]})
    assert options.pace_s == pace
    assert options.pace_s > library.CACHE_S


def test_the_page_says_what_the_screen_says() -> None:
    page = (ROOT / "docs" / "POWERWALL.md").read_text(encoding="utf-8")
    for name, mode in MODES.items():
        assert f"## {name}\n" in page
        for text in (mode.title, mode.for_whom, *mode.steps, *mode.limits):
            assert text in page, text


def test_pypowerwall_is_loaded_by_those_who_have_a_powerwall_alone() -> None:
    code = (
        "import sys; from appliance.sources.base import discover; found = discover();"
        "assert found['powerwall'].module; assert 'pypowerwall' not in sys.modules;"
        "import appliance.sources._powerwall_modes"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ("Login failed for 1.2.3.4 (HTTP 429) - check", library.BusyError, "left alone for a minute"),
        ("429 Rate limited by Powerwall API at https://x", library.BusyError, "429"),
        ("Unable to connect to Powerwall at h - [Errno 113] No route", SourceError, "cannot be reached"),
        ("Server-side problem at Powerwall API (status code 502) at x", SourceError, "fault of its own"),
        ('Unable to parse payload \'{"a": "429 timeout"\' as JSON', SourceError, "cut short"),
        ("HTTPSConnectionPool(host='h', port=44290): refused", SourceError, "refuses the connection"),
        ("Unable to establish session with Powerwall at x - check password", AuthError, "five characters"),
        ("v1r login failed (401): body", AuthError, "refuses the password"),
        ("something new", SourceError, "gave no powers"),
    ],
)
def test_what_the_library_says_becomes_what_to_do(said: str, kind: type[SourceError], text: str) -> None:
    error = library.reason([said], Options.model_validate({"mode": "local", **RIGHT["local"]}))
    assert type(error) is kind
    assert text in str(error)
    assert said not in str(error), "it may hold tokens"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Access token rejected (403 Forbidden).", AuthError),
        ("Token refresh failed: x", AuthError),
        ("No sites found for me@example.com", AuthError),
        ("Failed to retrieve sitelist: ConnectionError(x)", SourceError),
    ],
)
def test_what_tesla_says_becomes_what_to_do(said: str, kind: type[SourceError]) -> None:
    error = library.reason([said], Options.model_validate({"mode": "cloud", **RIGHT["cloud"]}))
    assert type(error) is kind
    assert "gateway" not in str(error)
