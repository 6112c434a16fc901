"""Lines to a receiver, so that one it will never take holds up no other.

What it refuses as a whole is halved until single lines remain. A single line is to blame only where the
receiver takes another one: if it takes none, the fault lies with it, and all is kept.
"""

import re
from collections.abc import Awaitable, Callable, Sequence

from appliance.http import HttpError

WRONG = (400, 422)
"""InfluxDB 1 refuses lines with 400, InfluxDB 2 also with 422; either may have stored the others."""
TOO_LARGE = 413
MOST_SUSPECTS = 5
"""So many lines refused one after the other, and none taken, are the receiver's fault."""
_TOO_OLD = re.compile(r"beyond retention policy.* dropped=(\d+)")

Post = Callable[[Sequence[str]], Awaitable[None]]


class Splitter:
    """Remembers what the receiver takes. `most` is how many lines it takes at once, as far as is known."""

    def __init__(self, post: Post, most: int) -> None:
        self.most = most
        self._post = post
        self._last: str | None = None
        self._takes = False
        self._alone = False
        """Whether a single line was too large, which says nothing of how many it takes."""

    async def deliver(self, lines: Sequence[str]) -> dict[int, str]:
        """Send all lines. Returns which the receiver will never take, and why.

        Raises SourceError where it cannot be reached, HttpError where it takes nothing (now).
        """
        self._takes = self._alone = False
        most = self.most
        refused: dict[int, HttpError] = {}
        try:
            await self._part(lines, 0, refused)
        finally:
            if self._alone:
                self.most = most
        if refused and not self._takes:
            raise next(iter(refused.values()))
        return {number: str(error) for number, error in refused.items()}

    async def _part(self, lines: Sequence[str], first: int, refused: dict[int, HttpError]) -> None:
        try:
            await self._post(lines)
        except HttpError as error:
            if error.status == TOO_LARGE:
                self._alone |= len(lines) == 1
                self.most = max(1, min(self.most, len(lines) // 2))
            elif error.status not in WRONG:
                raise
            if error.status in WRONG and (old := too_old(str(error), lines)):
                self._takes = True
                refused.update((first + number, error) for number in old)
            elif len(lines) == 1:
                await self._blame(error, first, refused)
            else:
                half = len(lines) // 2
                await self._part(lines[:half], first, refused)
                await self._part(lines[half:], first + half, refused)
        else:
            self._last, self._takes = lines[-1], True

    async def _blame(self, error: HttpError, number: int, refused: dict[int, HttpError]) -> None:
        """Set a single line aside; but what was taken before must be taken still. Raises HttpError."""
        if not self._takes and self._last is not None:
            await self._post([self._last])
            self._takes = True
        refused[number] = error
        if not self._takes and len(refused) >= MOST_SUSPECTS:
            raise error


def too_old(text: str, lines: Sequence[str]) -> list[int]:
    """Which lines InfluxDB dropped as older than its retention, when it says how many: the oldest."""
    found = _TOO_OLD.search(text)
    if found is None:
        return []
    by_age = sorted(range(len(lines)), key=lambda number: int(lines[number].rpartition(" ")[2]))
    return sorted(by_age[: int(found[1])])
