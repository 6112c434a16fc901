"""Environment variables that override options: TALLYWATT_WEB__PORT=8090 is web.port."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.mistakes import Mistake, Path, written

PREFIX = "TALLYWATT_"
OUR_OWN = frozenset({"TALLYWATT_CONFIG", "TALLYWATT_DATA"})
"""Variables of the command line; they name files and override no option."""


@dataclass(frozen=True)
class Override:
    """One variable: the option it sets and its text."""

    variable: str
    path: Path
    text: str
    raw: bool = False
    """Take the text as it stands."""

    @property
    def value(self) -> Any:
        """The text read as JSON, or itself where it is none."""
        if self.raw:
            return self.text
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


def overrides(env: Mapping[str, str]) -> Iterator[Override]:
    """The overrides in an environment, in the order of their names."""
    for variable in sorted(env):
        if variable.startswith(PREFIX) and variable not in OUR_OWN:
            parts = variable.removeprefix(PREFIX).lower().split("__")
            path = tuple(int(part) if part.isdecimal() else part for part in parts)
            yield Override(variable, path, env[variable])


def overridden(document: dict[str, Any], chosen: list[Override]) -> tuple[dict[str, Any], list[Mistake]]:
    """A copy of `document` with the overrides in it, and those that fit nowhere."""
    result = copy.deepcopy(document)
    mistakes = []
    for override in chosen:
        reason = _put(result, override.path, override.value)
        if reason:
            mistakes.append(Mistake(written(override.path), f"{reason} (from {override.variable})"))
    return result, mistakes


def _put(document: dict[str, Any], path: Path, value: Any) -> str | None:
    """Set one option; the reason where that cannot be done."""
    here: Any = document
    for index, part in enumerate(path[:-1]):
        reason = _misfit(here, part, path[:index])
        if reason:
            return reason
        if isinstance(here, dict):
            here.setdefault(part, [] if isinstance(path[index + 1], int) else {})
        here = here[part]
    reason = _misfit(here, path[-1], path[:-1])
    if reason is None:
        here[path[-1]] = value
    return reason


def _misfit(here: Any, part: str | int, above: Path) -> str | None:
    """Why `part` cannot stand in `here`; a list is made one longer where that is all it takes."""
    where = written(above)
    if isinstance(here, dict) and isinstance(part, str):
        return None
    if not isinstance(here, list):
        return f"{where} has no options below it"
    if not isinstance(part, int):
        return f"{where} is a list: write {where.upper()}__0__… for its first entry"
    if part == len(here):
        here.append({})
    return None if part < len(here) else f"there is no such entry; {where} has {len(here)}, counted from 0"
