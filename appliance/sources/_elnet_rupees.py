"""What the generator has cost altogether, from a count that begins anew every midnight (pure)."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.clock import MINUTE_MS

NEAR_MIDNIGHT_MS = 10 * MINUTE_MS


@dataclass
class State:
    """`total` since the first look; `today` the count as seen at `at`. `era` changes where the end of a day
    was not seen, or the meter was exchanged: what was spent meanwhile is not known."""

    total: float = 0.0
    era: int = 0
    at: int | None = None
    today: float = 0.0


def take(state: State, at: int, today: float, zone: ZoneInfo) -> None:
    """`today` rupees were counted since the midnight of `zone` before `at`."""
    begun, _ = calendar.today(at, zone)
    if state.at is None:
        state.era += 1
    elif state.at >= begun:
        state.total += max(0.0, today - state.today)
    else:
        state.era += begun - state.at > NEAR_MIDNIGHT_MS
        state.total += today
    state.at, state.today = at, today
