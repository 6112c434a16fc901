"""Which of the meter's two registers counts: 2 (normal) on working days 07 to 23 local time, else 1 (low)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from appliance.demo.weather import DAY_S, STEPS, Ints

QUARTERS = 96


def local_offset_s(day: int, zone: ZoneInfo) -> int:
    """Local time minus UTC in seconds at noon of the UTC day `day` (days since 1970)."""
    noon = datetime.fromtimestamp(day * DAY_S + DAY_S // 2, zone)
    return int((noon.utcoffset() or timedelta()).total_seconds())


def tariff_steps(day: int, zone: ZoneInfo) -> Ints:
    """1 or 2 for each step of a UTC day. By quarter hours: every zone's clock changes on one."""
    start = datetime.fromtimestamp(day * DAY_S, UTC)
    quarters = [_tariff((start + timedelta(minutes=15 * q)).astimezone(zone)) for q in range(QUARTERS)]
    return np.repeat(np.array(quarters, dtype=np.int64), STEPS // QUARTERS)


def _tariff(local: datetime) -> int:
    return 2 if local.weekday() < 5 and 7 <= local.hour < 23 else 1
