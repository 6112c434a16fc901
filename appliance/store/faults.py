"""What can go wrong with a card, said so that a person knows what to do."""

import errno
import logging
import sqlite3
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from appliance.store import repair

log = logging.getLogger(__name__)

COMMIT, FOLD, READ, COPY, DAMAGE, BLOCKS = "commit", "fold", "read", "copy", "damage", "blocks"

_MEANING = {
    COMMIT: "Readings cannot be committed and are held in memory, for about half a day: {}.",
    FOLD: "Readings cannot be moved to the database and stay in the journal, for about a day: {}.",
    READ: "The history cannot be read: {}.",
    COPY: "Last night's copy of the readings could not be made: {}.",
    DAMAGE: "The database of readings is damaged ({}): restart the daemon, it will use last night's copy.",
}


class Faults:
    """What is wrong at present, by part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[str, str] = {}

    def __contains__(self, part: str) -> bool:
        return part in self._texts

    @property
    def text(self) -> str | None:
        """All of it for a person, or None."""
        return " ".join(self._texts.values()) or None

    def note(self, part: str, error: Exception) -> str:
        """Remember what went wrong, log it once, and have damage mended at the next start; the text."""
        if isinstance(error, sqlite3.Error) and repair.is_damage(error):
            repair.mark_damaged(self._folder, str(error))
            part = DAMAGE
        return self.say(part, told(part, error))

    def say(self, part: str, text: str) -> str:
        """Remember a text of one's own; it is logged once."""
        if self._texts.get(part) != text:
            log.error("%s", text)
        self._texts[part] = text
        return text

    def get(self, part: str) -> str | None:
        return self._texts.get(part)

    def over(self, part: str) -> bool:
        """It works again; whether it did not before."""
        return self._texts.pop(part, None) is not None


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
