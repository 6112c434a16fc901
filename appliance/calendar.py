"""Days, months and daily times of a site: the one place outside the screen that knows time zones.

A local day has 92, 96 or 100 quarter hours. Instants are UTC ms, spans half open and named by their start.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUARTER_MS = 900_000


def local(at: int, zone: ZoneInfo) -> datetime:
    """The instant as the site's wall clock shows it."""
    return datetime.fromtimestamp(at / 1000, zone)


def instant(moment: datetime) -> int:
    """UTC ms of an aware datetime."""
    return round(moment.timestamp() * 1000)


def iso(at: int) -> str:
    """An instant as ISO 8601 in UTC with milliseconds: 2026-05-14T14:32:05.123Z."""
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def day_of(at: int, zone: ZoneInfo) -> date:
    """The site's calendar day that holds the instant."""
    return local(at, zone).date()


def day_start(day: date, zone: ZoneInfo) -> int:
    """The first instant of a local day. Where midnight does not exist it is the first moment after."""
    return instant(datetime.combine(day, time.min, zone).astimezone(UTC).astimezone(zone))


def day_span(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Start and end of a local day: 23, 24 or 25 hours apart."""
    return day_start(day, zone), day_start(day + timedelta(days=1), zone)


def today(now: int, zone: ZoneInfo) -> tuple[int, int]:
    """Start and end of the local day that holds `now`."""
    return day_span(day_of(now, zone), zone)


def month_span(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Start and end of the local month that holds `day`."""
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return day_start(first, zone), day_start(after, zone)


def quarter(at: int) -> int:
    """Start of the quarter hour that holds the instant (every zone in use is offset by whole quarters)."""
    return at - at % QUARTER_MS


def next_daily(now: int, at_time: time, zone: ZoneInfo) -> int:
    """The next instant after `now` at which the site's clock shows `at_time`."""
    day = day_of(now, zone)
    for ahead in range(3):
        moment = instant(datetime.combine(day + timedelta(days=ahead), at_time, zone))
        if moment > now:
            return moment
    raise AssertionError("a day is at most 25 hours long")
