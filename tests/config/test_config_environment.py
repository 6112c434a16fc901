"""TALLYWATT_ variables decide over the file, and never get into it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

SOURCES = {"sources": [{"type": "wire", "port": "/dev/a"}]}


@pytest.mark.parametrize(
    ("env", "value"),
    [
        ({"TALLYWATT_WEB__PORT": "8090"}, lambda c: c.web.port == 8090),
        ({"TALLYWATT_SITE__NAME": "Villa 5"}, lambda c: c.site.name == "Villa 5"),
        ({"TALLYWATT_SITE__NAME": "5"}, lambda c: c.site.name == "5"),
        ({"TALLYWATT_DISPLAY__ENABLED": "false"}, lambda c: c.display.enabled is False),
        ({"TALLYWATT_SITE__MAIN_FUSE_A": "null"}, lambda c: c.site.main_fuse_a is None),
        ({"TALLYWATT_SOURCES__0__PORT": "/dev/b"}, lambda c: c.sources[0].port == "/dev/b"),
        (
            {"TALLYWATT_SOURCES__1": '{"type": "wire", "name": "b", "port": "c"}'},
            lambda c: len(c.sources) == 2,
        ),
        ({"TALLYWATT_SOURCES": "[]"}, lambda c: c.sources == ()),
        (
            {"TALLYWATT_SINKS__0__TYPE": "push", "TALLYWATT_SINKS__0__API_ENDPOINT": "x"},
            lambda c: c.sinks[0].api_endpoint == "x",
        ),
        ({"TALLYWATT_UPLOAD__API_ENDPOINT": "x"}, lambda c: c.sinks[0].api_endpoint == "x"),
        ({"TALLYWATT_CONFIG": "/a", "TALLYWATT_DATA": "/b"}, lambda c: c.web.port == 8080),
    ],
)
def test_overrides(make: Any, env: dict[str, str], value: Callable[[Any], bool]) -> None:
    assert value(make(SOURCES, env).load().config)


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (
            {"TALLYWATT_WEB__PORT": "x"},
            'web.port: must be a whole number, not "x" (from TALLYWATT_WEB__PORT)',
        ),
        (
            {"TALLYWATT_WEB__PRT": "1"},
            "web.prt: there is no such option; did you mean port? (from TALLYWATT_WEB",
        ),
        (
            {"TALLYWATT_WBE__PORT": "1"},
            "wbe: there is no such option; did you mean web? (from TALLYWATT_WBE__PORT)",
        ),
        ({"TALLYWATT_SOURCES__5__PORT": "1"}, "there is no such entry; sources has 1, counted from 0"),
        ({"TALLYWATT_SOURCES__PORT": "1"}, "sources is a list: write SOURCES__0__… for its first entry"),
        ({"TALLYWATT_SOURCES__0__PORT__X": "1"}, "sources[0].port has no options below it"),
    ],
)
def test_a_variable_that_fits_nowhere_is_named(
    mistakes: Callable[..., list[str]], env: dict[str, str], sentence: str
) -> None:
    told = mistakes(SOURCES, env)
    assert len(told) == 1
    assert sentence in told[0]
    assert next(iter(env)) in told[0]


def test_a_token_of_digits_stays_text(make: Any) -> None:
    document = {"upload": {"api_endpoint": "x"}}
    loaded = make(document, {"TALLYWATT_UPLOAD__TOKEN": "0123"}).load()
    assert loaded.config.sinks[0].token.get_secret_value() == "0123"


def test_overrides_are_listed_and_never_saved(make: Any) -> None:
    env = {"TALLYWATT_WEB__PORT": "8090", "TALLYWATT_UPLOAD__TOKEN": "secret"}
    file = make({"upload": {"api_endpoint": "x"}, "site": {"name": "Villa"}}, env)
    loaded = file.load()
    assert loaded.overridden == {
        "web.port": "TALLYWATT_WEB__PORT",
        "sinks[0].token": "TALLYWATT_UPLOAD__TOKEN",
    }
    saved = file.save(loaded.document)
    assert json.loads(file.path.read_text()) == {
        "version": 2,
        "site": {"name": "Villa"},
        "sinks": [{"type": "push", "api_endpoint": "x"}],
    }
    assert saved.config.web.port == 8090
    assert saved.config.sinks[0].token.get_secret_value() == "secret"
