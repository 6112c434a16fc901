"""What a meter's registers say of the meter itself and of the numbers counted beside them (pure).

A register that falls, or leaps further than a house can use, is another meter's, or one wrong answer: which
of the two the next answers tell. HomeData has no time of its own: just after midnight its numbers of today
may still be yesterday's. Today cannot be more than the registers rose since the last look before midnight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from appliance import calendar
from appliance.clock import HOUR_MS
from appliance.model import Event, Quantity
from appliance.sources._elnet_data import Home, Live

FASTEST_KW = 100.0
"""More no household connection carries: what `Quantity.ENERGY_IMPORT.spec` allows."""
PLAY_KWH = 1.0
CONVINCED = 5
"""So many samples in a row have to agree on other registers before they are another meter's."""
LATER_KWH = 0.3
"""HomeData is asked after the live values, which are up to two minutes old: so much may lie between."""

TODAY_KWH = (Quantity.IMPORT_TODAY, Quantity.GENERATOR_TODAY)
MONTH_KWH = (Quantity.IMPORT_MONTH, Quantity.GENERATOR_MONTH)


@dataclass
class Seen:
    """The two registers at an instant."""

    at: int
    eb: float
    dg: float


@dataclass
class State:
    """What is kept between starts. `doubt` is the last of `doubts` samples that went on from one another and
    not from `last`; `before_day` and `before_month` are the registers as last seen before the present day and
    month began."""

    last: Seen | None = None
    doubt: Seen | None = None
    doubts: int = 0
    before_day: Seen | None = None
    before_month: Seen | None = None


class Registers:
    """`take` each new sample; it says whether it may be believed."""

    def __init__(self, source: str, zone: ZoneInfo, state: State) -> None:
        self._source = source
        self._zone = zone
        self.state = state

    def take(self, live: Live) -> Event | bool:
        """True: it goes on from the last. False: it does not, and the next ones will tell. The event: it is
        another meter's, and this is the first sample of it that is believed."""
        state, now = self.state, Seen(live.at, live.eb, live.dg)
        if state.last is None or _goes_on(state.last, now):
            self._believe(now)
            return True
        agrees = state.doubt is not None and _goes_on(state.doubt, now)
        state.doubt, state.doubts = now, state.doubts + 1 if agrees else 1
        if state.doubts < CONVINCED:
            return False
        last = state.last
        state.last, state.doubt, state.doubts = now, None, 0
        state.before_day = state.before_month = None
        text = (
            f"The registers do not go on from what was read before: import {last.eb:.2f}, now {now.eb:.2f}; "
            f"generator {last.dg:.2f}, now {now.dg:.2f} kWh. "
            "If the meter was exchanged, say so on the Meter page"
        )
        data = {"import": [last.eb, now.eb], "generator": [last.dg, now.dg]}
        return Event(self._source, "meter_changed", now.at, text, data)

    def today(self, home: Home, live: Live) -> bool:
        """Whether the home's numbers of today are today's."""
        start, _ = calendar.today(live.at, self._zone)
        return self._is_of(home.today, TODAY_KWH, live, start, self.state.before_day)

    def this_month(self, home: Home, live: Live) -> bool:
        """Whether the home's numbers of this month are this month's."""
        start, _ = calendar.month_span(calendar.day_of(live.at, self._zone), self._zone)
        return self._is_of(home.month, MONTH_KWH, live, start, self.state.before_month)

    def _believe(self, now: Seen) -> None:
        state = self.state
        if state.last is not None:
            then, day = self._day(state.last.at), self._day(now.at)
            if day != then:
                state.before_day = state.last
            if (day.year, day.month) != (then.year, then.month):
                state.before_month = state.last
        state.last, state.doubt, state.doubts = now, None, 0

    def _is_of(
        self,
        numbers: Mapping[Quantity, float],
        names: tuple[Quantity, Quantity],
        live: Live,
        start: int,
        before: Seen | None,
    ) -> bool:
        if before is None or before.at < start - HOUR_MS:
            return live.at >= start + HOUR_MS
        return all(
            numbers.get(name, 0.0) <= register - then + LATER_KWH
            for name, register, then in zip(names, (live.eb, live.dg), (before.eb, before.dg), strict=True)
        )

    def _day(self, at: int) -> date:
        return calendar.day_of(at, self._zone)


def _goes_on(before: Seen, now: Seen) -> bool:
    most = PLAY_KWH + FASTEST_KW * max(0, now.at - before.at) / HOUR_MS
    return all(0 <= new - old <= most for old, new in ((before.eb, now.eb), (before.dg, now.dg)))
