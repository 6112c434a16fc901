"""A config.json in a folder of its own."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from config_kinds import KINDS

from config.load import ConfigFile
from config.mistakes import ConfigProblem

Make = Callable[..., ConfigFile]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a configuration (text, bytes or a document) and give its ConfigFile."""

    def write(content: Any, env: Mapping[str, str] | None = None) -> ConfigFile:
        if not isinstance(content, str | bytes):
            content = json.dumps(content, indent=1)
        path = tmp_path / "config.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return ConfigFile(path, KINDS, tmp_path / "data", env or {})

    return write


@pytest.fixture
def mistakes(make: Make) -> Callable[..., list[str]]:
    """The mistakes of a configuration, as sentences."""

    def refused(content: Any, env: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigProblem) as caught:
            make(content, env).load()
        return [str(mistake) for mistake in caught.value.mistakes]

    return refused
