"""What can go wrong with a card, said so that a person knows what to do."""

import errno
import sqlite3
from collections.abc import Iterable
from datetime import date, timedelta

COMMIT, FOLD, READ, COPY, DAMAGE, BLOCKS = "commit", "fold", "read", "copy", "damage", "blocks"

_MEANING = {
    COMMIT: "Readings cannot be committed and are held in memory, for about half a day: {}.",
    FOLD: "Readings cannot be moved to the database and stay in the journal, for about a day: {}.",
    READ: "The history cannot be read: {}.",
    COPY: "Last night's copy of the readings could not be made: {}.",
    DAMAGE: "The database of readings is damaged ({}): restart the daemon, it will use last night's copy.",
}


def told(part: str, error: Exception) -> str:
    """A sentence for a person."""
    return _MEANING[part].format(str(error) if part == DAMAGE else sentence(error))


def sentence(error: Exception) -> str:
    """The cause and what to do, without a full stop."""
    number = error.errno if isinstance(error, OSError) else None
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else 0
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or code == sqlite3.SQLITE_FULL:
        return "the disk is full; free some space (old logs, pictures), it goes on by itself then"
    if number == errno.EROFS or code == sqlite3.SQLITE_READONLY:
        return "the card has become read-only, as worn-out cards do; replace it"
    if number in (errno.EACCES, errno.EPERM) or code in (sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return f"{error}; give the daemon's user the folder (chown), or free some space"
    if number == errno.EIO or code == sqlite3.SQLITE_IOERR:
        return f"{error}; the card fails or is full: check its space, then replace it"
    return str(error).rstrip(".")


def unreadable_days(days: Iterable[int]) -> str:
    """Of which days a part is damaged."""
    names = [str(date(1970, 1, 1) + timedelta(days=day)) for day in sorted(days)]
    shown = ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")
    return (
        f"Some readings of {shown} cannot be read from the card and are left out; the rest is fine. "
        "A card that loses data is wearing out: replace it soon."
    )


def floor(now: int) -> int:
    """Numbers of a history that begins at `now` (UTC ms): above all that an earlier one can have given out
    (a million a second since 1970), and below 2**53."""
    return max(0, now // 1000) << 20
