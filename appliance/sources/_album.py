"""Pictures that are kept: the last refused ones always, all of them when the owner asks for it."""

from datetime import UTC, datetime
from pathlib import Path

from appliance.clock import DAY_MS

REFUSED_KEPT = 20
PATTERN = "*.jpg"


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


def keep_refused(folder: Path, at: int, jpeg: bytes) -> Path:
    """Keep a refused picture beside the last nineteen. Raises OSError."""
    path = _write(folder, at, jpeg)
    for old in ours(folder)[:-REFUSED_KEPT]:
        old.unlink(missing_ok=True)
    return path


def keep(folder: Path, at: int, jpeg: bytes, days: int, largest_mb: float) -> Path:
    """Keep a picture; older than `days` or beyond `largest_mb` altogether the oldest go. Raises OSError."""
    path = _write(folder, at, jpeg)
    known = [(p, p.stat().st_size) for p in ours(folder)]
    total = sum(size for _, size in known)
    for old, size in known:
        taken = instant(old)
        if old == path or (taken is not None and taken > at - days * DAY_MS and total <= largest_mb * 1e6):
            break
        old.unlink(missing_ok=True)
        total -= size
    return path


def _write(folder: Path, at: int, jpeg: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(at)
    path.write_bytes(jpeg)
    return path
