"""Secrets: sealed on disk, plain in memory, nowhere else."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from config_kinds import KINDS

from config.load import ConfigFile
from config.secrets import KEY_NAME, SecretBox, SecretError

SINK = {"type": "push", "api_endpoint": "x", "token": "geheim", "headers": {"Key": "tyst"}}


def test_plain_secrets_are_taken_and_sealed_when_something_is_saved(make: Any, tmp_path: Path) -> None:
    file = make({"sinks": [SINK]})
    loaded = file.load()
    assert loaded.notes[0] == "sinks[0].token is in plain text; saving any setting encrypts it"
    assert loaded.secrets == (("sinks", 0, "token"), ("sinks", 0, "headers", "Key"))
    loaded = file.save(loaded.document)
    assert not loaded.notes
    text = file.path.read_text()
    assert "geheim" not in text
    assert "tyst" not in text
    assert json.loads(text)["sinks"][0]["token"].startswith("enc:")
    sink = loaded.config.sinks[0]
    assert sink.token.get_secret_value() == "geheim"
    assert sink.headers["Key"].get_secret_value() == "tyst"
    assert "geheim" not in repr(loaded.config)
    assert stat.S_IMODE((tmp_path / "data" / KEY_NAME).stat().st_mode) == 0o600


def test_a_sealed_secret_stays_as_it_is(make: Any) -> None:
    file = make({"sinks": [SINK]})
    once = file.save(file.load().document).document
    assert file.save(once).document == once


def test_a_secret_of_another_key_stops_that_part_alone(make: Any, tmp_path: Path) -> None:
    file = make({"sinks": [SINK, {"type": "push", "name": "b", "api_endpoint": "y"}]})
    file.save(file.load().document)
    (tmp_path / "data" / KEY_NAME).unlink()
    anew = ConfigFile(file.path, KINDS, tmp_path / "data", {})
    loaded = anew.load()
    assert [sink.name for sink in loaded.config.sinks] == ["b"]
    (problem,) = loaded.problems
    assert problem.name == "push"
    assert "is missing; put it back, or write the secret again" in problem.text
    SecretBox(tmp_path / "data").seal("a new key is made")
    (problem,) = anew.load().problems
    assert "encrypted with another key" in problem.text


def test_a_check_without_the_key_leaves_it_sealed(make: Any) -> None:
    file = make({"sinks": [SINK]})
    file.save(file.load().document)
    loaded = ConfigFile(file.path, KINDS, env={}).load()
    assert not loaded.problems
    assert loaded.config.sinks[0].token.get_secret_value().startswith("enc:")


def test_systemds_credential_goes_before_the_file(tmp_path: Path) -> None:
    lent, own = tmp_path / "lent", tmp_path / "own"
    sealed = SecretBox(lent).seal("geheim")
    env = {"CREDENTIALS_DIRECTORY": str(lent)}
    assert SecretBox(own, env).open(sealed) == "geheim"
    assert not own.exists()


def test_a_broken_key_is_told(tmp_path: Path) -> None:
    (tmp_path / KEY_NAME).write_text("not a key")
    with pytest.raises(SecretError, match="cannot be used"):
        SecretBox(tmp_path).seal("x")
