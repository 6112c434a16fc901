"""Columns of quarter hours for the tests of money."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from appliance import calendar
from appliance.money.moments import Moments
from appliance.money.rates import Floats

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def quarters(first: date, last: date, zone: ZoneInfo = STOCKHOLM) -> Moments:
    """Every quarter hour from the first to the last local day, both included."""
    start, end = calendar.day_start(first, zone), calendar.day_span(last, zone)[1]
    return Moments(np.arange(start, end, calendar.QUARTER_MS, dtype=np.int64), zone)


def flat(moments: Moments, value: float) -> Floats:
    """The same value for every one of them."""
    return np.full(len(moments.starts), float(value))
