"""config.json as a whole: what is understood, what is refused and in which words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from config_kinds import KINDS

from config.load import ConfigFile
from config.mistakes import ConfigProblem

Sentences = Callable[..., list[str]]


def test_an_empty_configuration_is_one(make: Any) -> None:
    loaded = make("{}").load()
    assert loaded.config.web.port == 8080
    assert loaded.config.sources == ()
    assert not loaded.migrated
    assert not loaded.notes


def test_sources_and_sinks_become_their_models(make: Any) -> None:
    document = {
        "sources": [{"type": "wire", "port": "/dev/a"}, {"type": "wire", "name": "b", "port": "/dev/b"}]
    }
    assert [part.port for part in make(document).load().config.sources] == ["/dev/a", "/dev/b"]


def test_every_mistake_is_told_at_once_with_line_and_place(mistakes: Sentences) -> None:
    document = {
        "site": {"time_zone": "Mars", "main_fuse_a": "big"},
        "web": {"prt": 8080, "port": 0},
        "display": None,
        "sources": [{"type": "wire"}, {"type": "wirre"}, {"name": "x"}, 3],
        "camra": {},
    }
    assert mistakes(document) == [
        "line 3, site.time_zone: must be an IANA time zone name such as Europe/Stockholm or "
        'Australia/Brisbane, not "Mars"',
        'line 4, site.main_fuse_a: must be a whole number, not "big"',
        "line 7, web.prt: there is no such option; did you mean port?",
        "line 8, web.port: must be at least 1, not 0",
        "line 10, display: must be a group of options in { }, not null",
        "line 12, sources[0].port: is missing: where it is plugged in",
        'line 16, sources[1].type: there is no kind of source called "wirre"; did you mean wire? '
        "the kinds are camera_meter, wire",
        "line 18, sources[2].type: is missing; it is one of camera_meter, wire",
        "line 21, sources[3]: must be a group of options in { }, not 3",
        "line 23, camra: there is no such option; did you mean camera?",
    ]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"sources": {}}, "line 2, sources: must be a list in [ ], not a group of options"),
        ({"web": {"port": 70000}}, "line 3, web.port: must be at most 65535, not 70000"),
        ({"web": {"port": 80.5}}, "line 3, web.port: must be a whole number, not 80.5"),
        ({"site": {"name": 5}}, 'line 3, site.name: must be text in "quotes", not 5'),
        ({"site": {"currency": "kr"}}, "site.currency: must be text that fits the pattern ^[A-Z]{3}$"),
        ({"display": {"theme": "blue"}}, "must be auto, dark, light or sunset, not \"blue\""),
        ({"display": {"enabled": "ja"}}, 'display.enabled: must be true or false, not "ja"'),
        ({"web": {"allowed_origins": ["http://a/b"]}}, "web.allowed_origins[0]: must be an address"),
        ({"version": 3}, "line 2, version: this file is of version 3, made by a newer Tallywatt"),
        ({"version": "two"}, 'line 2, version: must be 2, not "two"'),
        (
            {"sources": [{"type": "wire", "port": "a", "baud": "x"}]},
            'sources[0].baud: must be a whole number or auto, not "x"',
        ),
        (
            {"sources": [{"type": "camera_meter", "lighting": {"brightness": 1}}]},
            "sources[0].lighting.brightness: there is no such option; did you mean brightness_target?",
        ),
        (
            {"sinks": [{"type": "push", "api_endpoint": "a"}, {"type": "push", "api_endpoint": "b"}]},
            "sinks[1].name: sinks[0] is called push too; give this one another `name`",
        ),
        (
            {
                "sources": [{"type": "wire", "name": "push", "port": "a"}],
                "sinks": [{"type": "push", "api_endpoint": "a"}],
            },
            "sinks[0].name: sources[0] is called push too; give this one another `name`",
        ),
        (
            {"sources": [{"type": "wire", "name": "store", "port": "a"}]},
            "sources[0].name: the database is called store too; give this one another `name`",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_would_be_right(
    mistakes: Sentences, document: dict[str, Any], sentence: str
) -> None:
    (told,) = mistakes(document)
    assert sentence in told


def test_a_wrong_secret_is_never_quoted(mistakes: Sentences) -> None:
    sink = {"type": "push", "api_endpoint": "a", "token": 1234567, "headers": {"Key": 7654321}}
    told = "\n".join(mistakes({"sinks": [sink]}))
    assert "sinks[0].token: must be text" in told
    assert "sinks[0].headers.Key: must be text" in told
    assert "1234567" not in told
    assert "7654321" not in told


def test_the_rest_can_still_be_used(make: Any) -> None:
    document = {
        "web": {"port": 8090},
        "site": {"time_zone": "Mars", "name": "Villa"},
        "sources": [{"type": "wire"}, {"type": "wire", "name": "b", "port": "/dev/b"}],
    }
    with pytest.raises(ConfigProblem) as caught:
        make(document).load()
    usable = caught.value.usable
    assert usable.web.port == 8090
    assert usable.site.name == "Home"
    assert [part.port for part in usable.sources] == ["/dev/b"]


def test_a_kind_this_machine_lacks_stops_that_source_alone(make: Any) -> None:
    document = {"sources": [{"type": "pi_camera", "name": "eye", "what": 1}, {"type": "wire", "port": "a"}]}
    loaded = make(document).load()
    assert [part.type for part in loaded.config.sources] == ["wire"]
    (problem,) = loaded.problems
    assert (problem.place, problem.name) == ("sources[0]", "eye")
    assert problem.text == "needs picamera2, which is not installed"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match="there is no such file"):
        ConfigFile(tmp_path / "none.json", KINDS).load()
    with pytest.raises(ConfigProblem, match="cannot be read: Is a directory"):
        ConfigFile(tmp_path, KINDS).load()
    assert ConfigFile(tmp_path / "none.json", KINDS, env={}).load(missing_ok=True).config.sources == ()


def test_an_editors_schema_key_is_let_be(make: Any) -> None:
    document = {"$schema": "schema.json", "site": {"name": "Villa"}}
    file = make(document)
    loaded = file.load()
    assert loaded.config.site.name == "Villa"
    file.save(loaded.document)
    assert json.loads(file.path.read_text())["$schema"] == "schema.json"


def test_it_is_frozen(make: Any) -> None:
    config = make("{}").load().config
    with pytest.raises(ValueError, match="frozen"):
        config.web.port = 1


# Saving


def test_save_writes_what_was_said_and_no_defaults(make: Any) -> None:
    file = make({"web": {"port": 8090}})
    document = file.load().document
    document["site"] = {"name": "Åsa"}
    loaded = file.save(document)
    assert loaded.config.site.name == "Åsa"
    assert json.loads(file.path.read_text(encoding="utf-8")) == {
        "version": 2,
        "web": {"port": 8090},
        "site": {"name": "Åsa"},
    }
    assert "Åsa" in file.path.read_text(encoding="utf-8")


def test_nothing_is_written_when_a_save_is_wrong(make: Any) -> None:
    file = make({"web": {"port": 8090}})
    document = file.load().document
    document["web"]["port"] = "x"
    before = file.path.read_bytes()
    with pytest.raises(ConfigProblem, match=r"web\.port"):
        file.save(document)
    assert file.path.read_bytes() == before


def test_an_edit_by_someone_else_is_not_overwritten(make: Any) -> None:
    file = make({"web": {"port": 8090}})
    document = file.load().document
    file.path.write_text('{"web": {"port": 8091}}')
    with pytest.raises(ConfigProblem, match="changed by someone else meanwhile"):
        file.save(document)
    assert file.load().config.web.port == 8091


def test_loading_writes_nothing(make: Any, tmp_path: Path) -> None:
    file = make({"upload": {"api_endpoint": "http://a/"}, "sinks": []})
    before = file.path.read_bytes()
    file.load()
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    assert file.path.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = ConfigFile(tmp_path / "file" / "config.json", KINDS, tmp_path, {})
    with pytest.raises(ConfigProblem, match="cannot be saved"):
        file.save({})
