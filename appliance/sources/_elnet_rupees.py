"""What the generator has cost and given altogether, from counts that begin anew every midnight (pure)."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.clock import MINUTE_MS

NEAR_MIDNIGHT_MS = 10 * MINUTE_MS


@dataclass
class State:
    """`total` rupees and `kwh` since the first look; `today` and `today_kwh` as counted at `at`. `era`
    changes where the end of a day was not seen, or the meter was exchanged: what was spent meanwhile is not
    known."""

    total: float = 0.0
    kwh: float = 0.0
    era: int = 0
    at: int | None = None
    today: float = 0.0
    today_kwh: float = 0.0


def take(state: State, at: int, today: float, today_kwh: float, zone: ZoneInfo) -> None:
    """`today` rupees for `today_kwh` were counted since the midnight of `zone` before `at`."""
    begun, _ = calendar.today(at, zone)
    if state.at is None:
        state.era += 1
    elif state.at >= begun:
        state.total += max(0.0, today - state.today)
        state.kwh += max(0.0, today_kwh - state.today_kwh)
    else:
        state.era += begun - state.at > NEAR_MIDNIGHT_MS
        state.total += today
        state.kwh += today_kwh
    state.at, state.today, state.today_kwh = at, today, today_kwh
