"""Local days have 92, 96 or 100 quarter hours."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from appliance.calendar import QUARTER_MS, day_of, day_span, local, month_span, next_daily, quarter, today

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("day", "quarters"),
    [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)],
)
def test_quarters_of_a_day(day: date, quarters: int) -> None:
    start, end = day_span(day, STOCKHOLM)
    assert (end - start) // QUARTER_MS == quarters
    assert day_of(start, STOCKHOLM) == day
    assert day_of(end - 1, STOCKHOLM) == day
    assert today((start + end) // 2, STOCKHOLM) == (start, end)


def test_a_day_that_begins_at_one_o_clock() -> None:
    """Chile turns its clocks at midnight: 2026-09-06 has no 00:00."""
    zone = ZoneInfo("America/Santiago")
    start, end = day_span(date(2026, 9, 6), zone)
    assert end - start == 23 * 3_600_000
    assert local(start, zone).time() == time(1)


def test_months() -> None:
    start, end = month_span(date(2026, 12, 24), STOCKHOLM)
    assert (day_of(start, STOCKHOLM), day_of(end, STOCKHOLM)) == (date(2026, 12, 1), date(2027, 1, 1))


def test_the_next_five_in_the_morning() -> None:
    now = day_span(date(2026, 6, 1), STOCKHOLM)[0]
    first = next_daily(now, time(5), STOCKHOLM)
    assert local(first, STOCKHOLM).isoformat() == "2026-06-01T05:00:00+02:00"
    assert local(next_daily(first, time(5), STOCKHOLM), STOCKHOLM).day == 2


def test_a_quarter_is_named_by_its_start() -> None:
    assert quarter(1_790_000_123_456) % QUARTER_MS == 0
    assert 0 <= 1_790_000_123_456 - quarter(1_790_000_123_456) < QUARTER_MS
