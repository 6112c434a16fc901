"""Finding one number in a JSON answer by a path such as `Body.Data.Site.P_PV`. Pure.

Parts are separated by dots; a part that is a number picks from a list; a key that itself has a dot is
written in double quotes: `meters."1.8.0".value`.
"""

import math
import re
from typing import Any

_PART = re.compile(r'"([^"]+)"|([^."]+)')
SHOWN_KEYS = 12


class NotThereError(LookupError):
    """The path leads nowhere; the message says how far it came and what is there instead."""


def split(path: str) -> tuple[str, ...]:
    """The parts of a path. ValueError when it is not one."""
    parts: list[str] = []
    place = 0
    while True:
        found = _PART.match(path, place)
        if found is None:
            raise ValueError(f'{path!r} is not a path such as Body.Data.Site.P_PV or meters."1.8.0".value')
        parts.append(found[1] or found[2].strip())
        place = found.end()
        if place == len(path):
            return tuple(parts)
        if path[place] != ".":
            raise ValueError(f"{path!r}: after {parts[-1]!r} a dot must follow")
        place += 1


def find(payload: Any, path: str) -> Any:
    """What stands at `path`. Raises NotThereError."""
    here = payload
    walked: list[str] = []
    for part in split(path):
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            where = ".".join(walked) or "the answer"
            raise NotThereError(f"{path}: there is no {part!r} in {where}, which has {_content(here)}")
        walked.append(part)
    return here


def number(value: Any) -> float:
    """`value` as a number: JSON numbers, and strings that hold one. ValueError says what it is instead."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"is {_kind(value)}, not a number")
    try:
        result = float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"is {str(value)[:40]!r}, not a number") from None
    if not math.isfinite(result):
        raise ValueError(f"is {value}, not a finite number")
    return result


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"a {'group' if isinstance(value, dict) else 'list'} ({_content(value)})"


def _content(here: Any) -> str:
    if isinstance(here, dict):
        keys = sorted(map(str, here))
        more = f" and {len(keys) - SHOWN_KEYS} more" if len(keys) > SHOWN_KEYS else ""
        return f"the keys {', '.join(keys[:SHOWN_KEYS])}{more}" if keys else "no keys"
    if isinstance(here, list):
        return f"{len(here)} entries"
    return f"only the value {str(here)[:40]!r}"
