"""Whether intervals fall into the times of a contract: by the site's clock, a whole year at once."""

from collections.abc import Iterable
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from appliance import calendar
from config.contract import When, minutes

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAY_MIN = 24 * 60
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


class Moments:
    """The starts of intervals as the site's clock shows them."""

    def __init__(self, starts: Ints, zone: ZoneInfo) -> None:
        local = starts + _offsets(starts, zone)
        self.starts = starts
        self.day: Ints = local // _DAY_MS
        """Local days since 1970-01-01."""
        self.minute: Ints = local % _DAY_MS // 60_000
        """Minutes of the local day."""
        self.month: Ints = self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        """Local months since January 1970."""

    def take(self, which: slice) -> "Moments":
        """Some of them."""
        found = object.__new__(Moments)
        found.starts, found.day, found.minute, found.month = (
            column[which] for column in (self.starts, self.day, self.minute, self.month)
        )
        return found

    def within(self, times: Iterable[When]) -> Bools:
        """Which of them are in any of the times; all of them if there is none."""
        times = tuple(times)
        found = np.full(len(self.starts), not times)
        for when in times:
            found |= self._in(when)
        return found

    def _in(self, when: When) -> Bools:
        start, end = minutes(when.start), minutes(when.end)
        if start < end:
            hit = (self.minute >= start) & (self.minute < end)
        else:
            hit = (self.minute >= start) | (self.minute < end)
        if when.months:
            hit &= np.isin(self.month % 12 + 1, when.months)
        if when.weekdays:
            hit &= np.isin((self.day + 3) % 7 + 1, when.weekdays)  # 1970-01-01 was a Thursday
        if when.not_on:
            hit &= ~self._on(when.not_on)
        return hit

    def _on(self, days: Iterable[str]) -> Bools:
        dates = self.day.astype("datetime64[D]").astype(str)
        yearly = [day for day in days if len(day) == 5]
        once = [day for day in days if len(day) > 5]
        ends = np.array([text[5:] for text in dates.tolist()], dtype=str)
        return np.asarray(np.isin(dates, once) | np.isin(ends, yearly))


@lru_cache(maxsize=65_536)
def _offset(hour: int, zone: ZoneInfo) -> int:
    offset = calendar.local(hour * _HOUR_MS, zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() * 1000)


def _offsets(starts: Ints, zone: ZoneInfo) -> Ints:
    """What to add to each UTC ms to get the local clock. No zone in use shifts but at full UTC hours or,
    at half hours, so the offset is looked up for the hour and, where the next hour's differs, exactly."""
    if not len(starts):
        return np.empty(0, np.int64)
    hours, where = np.unique(starts // _HOUR_MS, return_inverse=True)
    of_hour = np.array([_offset(hour, zone) for hour in hours.tolist()], np.int64)
    after = np.array([_offset(hour + 1, zone) for hour in hours.tolist()], np.int64)
    found: Ints = of_hour[where]
    for place in np.flatnonzero((of_hour != after)[where]).tolist():
        exact = calendar.local(int(starts[place]), zone).utcoffset()
        found[place] = 0 if exact is None else round(exact.total_seconds() * 1000)
    return found
