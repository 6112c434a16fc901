"""A refusal is told when it is news: each of the first ten in a row, then one an hour."""

from dataclasses import dataclass

from appliance.clock import HOUR_MS
from appliance.model import Event, Quantity, Reading

TOLD_EACH = 10
PAUSE_MS = 50_000
"""A source a second must not fill the log: at most one refusal a minute is told even at first."""


@dataclass(slots=True)
class _Row:
    told: int = 0
    last_told: int | None = None


class Rejections:
    """Knows how many refusals of each series were told since its last believed reading."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Quantity], _Row] = {}

    def cleared(self, reading: Reading) -> None:
        """A reading of the series was believed: the next refusal is news again."""
        self._rows.pop((reading.source, reading.quantity), None)

    def worth_telling(self, reading: Reading, event: Event, now: int) -> bool:
        """Whether `event` shall be kept and shown. Anything but a plain refusal always is."""
        if event.name != "rejected":
            return True
        row = self._rows.setdefault((reading.source, reading.quantity), _Row())
        pause = PAUSE_MS if row.told < TOLD_EACH else HOUR_MS
        if row.last_told is not None and row.last_told <= now < row.last_told + pause:
            return False
        row.told, row.last_told = row.told + 1, now
        return True
