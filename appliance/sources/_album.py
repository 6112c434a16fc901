"""Pictures that are kept: the last refused ones always, all of them when the owner asks for it.

No picture ever fills the disk: there is a cap for what is kept and a floor for what stays free.
"""

import errno
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.clock import DAY_MS
from appliance.errors import SourceError
from appliance.meter_setup import Refused

REFUSED = "refused"
"""The folder of refused pictures in a source's own."""
REFUSED_KEPT = 20
FIGURELESS_KEPT = 5
"""Refused pictures without figures (dark, covered, moved) tell little and must not push out the others."""
REFUSED_FLOOR_MB = 50.0
PATTERN = "*.jpg"
Free = Callable[[Path], float]


def free_mb(folder: Path) -> float:
    """Megabytes free where `folder` lies."""
    return shutil.disk_usage(folder).free / 1e6


def file_name(at: int) -> str:
    """A name that sorts by instant: 20260514T143205123Z.jpg."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return f"{moment:%Y%m%dT%H%M%S}{at % 1000:03d}Z.jpg"


def instant(path: Path) -> int | None:
    """The instant in a name that `file_name` made, UTC ms; None for a stranger's file."""
    try:
        moment = datetime.strptime(path.stem + "+0000", "%Y%m%dT%H%M%S%fZ%z")
    except ValueError:
        return None
    return round(moment.timestamp() * 1000)


def ours(folder: Path) -> list[Path]:
    """The pictures in `folder` that were kept by us, oldest first."""
    return sorted(p for p in folder.glob(PATTERN) if instant(p) is not None)


def keep(
    folder: Path, at: int, jpeg: bytes, days: int, largest_mb: float, floor_mb: float, free: Free = free_mb
) -> Path:
    """Keep a picture; older than `days` or beyond `largest_mb` altogether the oldest go, and as many as it
    takes to leave `floor_mb` of the disk free. Raises OSError, also where that cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [(p, p.stat().st_size) for p in ours(folder)]
    total = sum(size for _, size in known) + len(jpeg)
    room = free(folder) - len(jpeg) / 1e6
    for old, size in known:
        taken = instant(old)
        young = taken is not None and taken > at - days * DAY_MS
        if young and total <= largest_mb * 1e6 and room >= floor_mb:
            break
        old.unlink(missing_ok=True)
        total, room = total - size, room + size / 1e6
    if room < floor_mb:
        raise OSError(errno.ENOSPC, f"only {free(folder):.0f} MB of the disk are free")
    path = folder / file_name(at)
    path.write_bytes(jpeg)
    return path


class Refusals:
    """The last refused pictures in a folder, each with a file beside it that says why."""

    def __init__(self, folder: Path, free: Free = free_mb) -> None:
        self._folder, self._free = folder, free

    def keep(self, at: int, jpeg: bytes, text: str | None, reason: str, figures: bool) -> Path:
        """Keep one among the last; `figures`: there is something to read in it. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._free(self._folder) < REFUSED_FLOOR_MB:
            raise OSError(errno.ENOSPC, "the disk is full")
        path = self._folder / file_name(at)
        path.write_bytes(jpeg)
        about = {"at": at, "text": text, "reason": reason, "figures": figures}
        path.with_suffix(".json").write_text(json.dumps(about), encoding="utf-8")
        for kind, most in ((True, REFUSED_KEPT), (False, FIGURELESS_KEPT)):
            for old in [p for p in ours(self._folder) if self._about(p)["figures"] is kind][:-most]:
                self._delete(old)
        return path

    def newest_first(self) -> tuple[Refused, ...]:
        """All that are kept."""
        told = [(p, self._about(p)) for p in reversed(ours(self._folder))]
        return tuple(Refused(instant(p) or 0, a["text"], a["reason"]) for p, a in told)

    def picture(self, at: int) -> bytes:
        """The JPEG of the one refused at `at`. Raises SourceError when it is no longer kept."""
        try:
            return (self._folder / file_name(at)).read_bytes()
        except (OSError, ValueError, OverflowError):
            raise SourceError(
                f"That picture is no longer kept; the last {REFUSED_KEPT} are: choose another"
            ) from None

    def drop(self, at: int) -> None:
        """Forget one: it has been dealt with."""
        self._delete(self._folder / file_name(at))

    def _about(self, path: Path) -> dict[str, Any]:
        """What was written beside a picture; of one kept by an earlier version nothing is known."""
        about: dict[str, Any] = {"text": None, "reason": "It was refused", "figures": True}
        with suppress(OSError, ValueError, TypeError):
            about |= json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return about

    def _delete(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
