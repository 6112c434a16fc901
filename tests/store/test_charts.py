"""Buckets, sums, thinning: right on days of 23 and 25 hours, across exchanges, late data, clocks set back."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_facts import KWH, STOCKHOLM, T0, W, fold, power, register, seal, utc

from appliance import calendar
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.model import Quantity, Reading
from appliance.store import Every, Series, Store, buckets
from appliance.store.charts import grid
from appliance.store.facts import NO_ROWS, QUARTER_MS


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 6, 1), 24), (date(2026, 10, 25), 25)]
)
async def test_a_local_day_sums_its_own_hours(store: Store, clock: FakeClock, day: date, hours: int) -> None:
    start, end = calendar.day_span(day, STOCKHOLM)
    clock.jump(end + DAY_MS - clock.now())
    for n in range(-8, (hours + 2) * 4 + 1):
        store.append([register(1000 + n * 0.25, start + n * QUARTER_MS), power(n, start + n * QUARTER_MS)])
    for _ in range(2):
        found = await store.series("p1", KWH, start, end, Every.DAY)
        assert found == Series([start], [1000 + hours], delta=[float(hours)])
        by_hour = await store.series("p1", KWH, start, end, Every.HOUR)
        assert by_hour.at == list(range(start, end, HOUR_MS))
        assert by_hour.delta == [1.0] * hours
        quarters = list(range(start, end + 1, QUARTER_MS))
        assert await store.increase("p1", KWH, quarters) == [0.25] * (hours * 4)
        assert await store.increase("p1", KWH, [start, end]) == [float(hours)]
        gauge = await store.series("p1", W, start, end, Every.DAY)
        assert gauge == Series([start], [(hours * 4 - 1) / 2], [0.0], [float(hours * 4 - 1)])
        await seal(store, clock)


async def test_charts_say_the_same_wherever_the_readings_are(store: Store, clock: FakeClock) -> None:
    dice = np.random.default_rng(5)
    at = np.sort(dice.choice(np.arange(T0, T0 + 3 * DAY_MS, 1000), 4000, replace=False))
    total = 0.0
    for n, moment in enumerate(at.tolist()):
        total += float(dice.integers(0, 9)) / 1000
        store.append([register(round(100 + total, 3), moment), power(round(float(dice.normal()), 1), moment)])
        store.append([Reading("p1", Quantity.TARIFF, n // 500 % 2 + 1, moment)])

    async def drawn() -> list[Series]:
        return [
            await store.series("p1", quantity, T0 + 5, T0 + 3 * DAY_MS, every, limit)
            for quantity in (KWH, W, Quantity.TARIFF)
            for every, limit in [(e, 5000) for e in Every] + [(Every.MIN15, 10), (Every.MIN5, 100)]
        ]

    fresh = await drawn()
    await fold(store)
    assert await drawn() == fresh
    clock.jump(DAY_MS + HOUR_MS)
    await store.maintain()
    assert await drawn() == fresh
    await seal(store, clock, 9)
    assert await drawn() == fresh
    sums = [sum(filter(None, one.delta or [])) for one in fresh[:7]]
    assert sums[1:5] == pytest.approx([total - (sums[0] or 0)] * 4, abs=0.02)


async def test_an_unknown_stretch_stays_empty_and_no_energy_is_lost(store: Store) -> None:
    for minute in [*range(0, 31, 5), *range(120, 181, 5)]:
        at = T0 + minute * MINUTE_MS
        store.append([register(50 + minute / 60, at), power(minute, at)])
    found = await store.series("p1", KWH, T0, T0 + 3 * HOUR_MS, Every.MIN15)
    assert found.delta is not None
    assert found.delta[2:7] == [None] * 5
    assert found.delta[7] == pytest.approx(1.5)
    assert sum(filter(None, found.delta)) == pytest.approx(3)
    gauge = await store.series("p1", W, T0, T0 + 3 * HOUR_MS, Every.MIN15)
    assert gauge.value[3:8] == [None] * 5
    raw = await store.series("p1", W, T0, T0 + 3 * HOUR_MS, Every.RAW)
    assert raw.value[:9] == [0, 5, 10, 15, 20, 25, 30, None, 120]
    edges = [T0 + hours * HOUR_MS for hours in (-1, 0, 1, 2, 3)]
    assert await store.increase("p1", KWH, edges) == [None, 0.5, 1.5, 1.0]
    assert await store.increase("p1", KWH, [T0 + 35 * MINUTE_MS, T0 + 100 * MINUTE_MS]) == [None]
    assert await store.increase("p1", KWH, [T0 - HOUR_MS, T0 + HOUR_MS]) == [None]
    assert await store.increase("p1", KWH, [T0 - HOUR_MS, T0 + HOUR_MS], since_first=True) == [0.5]
    assert await store.increase("nobody", KWH, [T0, T0 + 1, T0 + 2]) == [None, None]


async def test_a_meter_exchange_is_carried_across(store: Store, clock: FakeClock) -> None:
    for minute in range(0, 241, 5):
        value = 9000 + minute / 60 if minute <= 127 else 3 + (minute - 127) / 60
        store.append([register(value, T0 + minute * MINUTE_MS)])
    exchanged = T0 + 127 * MINUTE_MS
    await store.exchange("p1", KWH, exchanged, 9000 + 127 / 60, 3)
    edges = [T0 + hours * HOUR_MS for hours in range(5)]
    for _ in range(3):
        assert await store.increase("p1", KWH, edges) == pytest.approx([1] * 4)
        quarters = list(range(T0, T0 + 4 * HOUR_MS + 1, QUARTER_MS))
        assert await store.increase("p1", KWH, quarters) == pytest.approx([0.25] * 16)
        found = await store.series("p1", KWH, T0, T0 + 4 * HOUR_MS, Every.HOUR)
        assert found.delta == pytest.approx([1] * 4)
        assert found.value == pytest.approx([9001, 9002, 3 + 53 / 60, 3 + 113 / 60])
        day = await store.series("p1", KWH, T0 - DAY_MS, T0 + 2 * DAY_MS, Every.DAY)
        assert sum(filter(None, day.delta or [])) == pytest.approx(4)
        await seal(store, clock)


async def test_an_exchange_without_the_old_reading_takes_the_last_one(store: Store) -> None:
    store.append([register(500, T0), register(501, T0 + HOUR_MS), register(1, T0 + 2 * HOUR_MS)])
    await store.exchange("p1", KWH, T0 + 2 * HOUR_MS, None, 1)
    store.append([register(3, T0 + 3 * HOUR_MS)])
    assert await store.increase("p1", KWH, [T0, T0 + 3 * HOUR_MS]) == [3]


async def test_readings_that_come_late_land_in_their_day(store: Store, clock: FakeClock) -> None:
    for n in range(0, 48, 2):
        store.append([register(100 + n, T0 + n * HOUR_MS), power(10, T0 + n * HOUR_MS)])
    await seal(store, clock, 4)
    for n in range(1, 47, 2):
        store.append([register(100 + n, T0 + n * HOUR_MS), power(20, T0 + n * HOUR_MS)])
    span = T0 + HOUR_MS, T0 + 46 * HOUR_MS
    for _ in range(4):
        hours = await store.series("p1", KWH, *span, Every.HOUR)
        assert hours.delta == [1.0] * 45
        days = await store.series("p1", W, T0 - HOUR_MS, T0 + 23 * HOUR_MS, Every.DAY)
        assert days.value == [round((12 * 10 + 11 * 20) / 23, 2)]
        await seal(store, clock, 1)
    db = store._log._db
    blocks = db.execute("SELECT day, series, count(*) FROM block GROUP BY day, series").fetchall()
    assert {count for *_, count in blocks} == {1}
    assert db.execute("SELECT count(*) FROM axis WHERE id NOT IN (SELECT axis FROM block)").fetchone() == (0,)


async def test_a_clock_set_back_an_hour_loses_and_doubles_nothing(store: Store, clock: FakeClock) -> None:
    for n in range(5 * 60):
        if n == 150:
            clock.jump(-HOUR_MS)
        store.append([register(100 + n / 60, clock.now()), power(n, clock.now())])
        clock.tick(60)
        if n % 50 == 0:
            await store.flush()
    await store.flush()
    for _ in range(2):
        hours = await store.series("p1", KWH, T0, T0 + 4 * HOUR_MS, Every.HOUR)
        assert hours.delta is not None
        assert all(delta is not None and 0 < delta <= 2.1 for delta in hours.delta)
        assert sum(filter(None, hours.delta)) == pytest.approx(299 / 60, abs=0.001)
        assert len((await store.raw("p1", W, T0, T0 + DAY_MS))[0]) == 300
        assert [row.reading.value for row in await store.after(0, [W])] == list(range(300))
        await seal(store, clock)


async def test_a_long_raw_chart_keeps_every_peak(store: Store, clock: FakeClock) -> None:
    peaks = {T0 + 3 * DAY_MS + 7 * MINUTE_MS: 9000.0, T0 + 11 * DAY_MS + 11 * MINUTE_MS: -7000.0}
    for minute in range(0, 20 * 1440, 10):
        at = T0 + minute * MINUTE_MS
        store.append([power(minute % 50, at)])
    store.append([power(value, at) for at, value in peaks.items()])
    await seal(store, clock, 21)
    for span, limit in ((20, 1500), (20, 100), (8, 300)):
        found = await store.series("p1", W, T0, T0 + span * DAY_MS, Every.RAW, limit)
        known = [value for value in found.value if value is not None]
        assert len(known) <= limit
        assert max(known) == 9000
        assert min(known) == (-7000 if span == 20 else 0)
        assert found.at == sorted(found.at)


@settings(deadline=None)
@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=300),
    st.integers(2, 50),
)
def test_thinning_keeps_lowest_and_highest_within_the_limit(values: list[int], limit: int) -> None:
    at = np.arange(len(values), dtype=np.int64)
    rows = NO_ROWS._replace(seq=at, at=at, value=np.array(values, float), confidence=np.ones(len(at)))
    thin = buckets.thin(rows, limit)
    assert len(thin.at) <= limit
    assert (thin.value.min(), thin.value.max()) == (min(values), max(values))
    assert np.all(np.diff(thin.at) > 0)


@pytest.mark.parametrize(
    "name", ["Europe/Stockholm", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]
)
@pytest.mark.parametrize("every", [Every.MIN5, Every.MIN15, Every.HOUR, Every.DAY])
def test_grids_hold_what_was_asked_for_and_start_where_people_expect(name: str, every: Every) -> None:
    zone = ZoneInfo(name)
    start, end = utc("2026-05-30T10:07:00"), utc("2026-06-02T23:01:00")
    edges, close = grid(start, end, every, zone)
    assert edges[0] <= start < edges[1]
    assert edges[-1] < end <= close
    moments = [calendar.local(int(at), zone) for at in edges]
    if every is Every.DAY:
        assert {(m.hour, m.minute) for m in moments} == {(0, 0)}
    if every is Every.HOUR:
        assert {m.minute for m in moments} == {0}


async def test_a_limit_makes_coarser_buckets(store: Store) -> None:
    for minute in range(0, 24 * 60 + 1, 5):
        store.append([register(minute / 60, T0 + minute * MINUTE_MS), power(minute, T0 + minute * MINUTE_MS)])
    check: Callable[[Series], bool] = lambda s: len(s.at) <= 10 and s.at[0] == T0  # noqa: E731
    for every in (Every.MIN5, Every.MIN15, Every.HOUR):
        found = await store.series("p1", KWH, T0, T0 + DAY_MS, every, 10)
        assert check(found)
        assert sum(filter(None, found.delta or [])) == pytest.approx(24)
        gauge = await store.series("p1", W, T0, T0 + DAY_MS, every, 10)
        assert check(gauge)
        assert (gauge.low or [])[0] == 0
        assert (gauge.high or [])[-1] == 24 * 60 - 5


@pytest.mark.parametrize(
    ("minutes", "breaks"),
    [
        ([0, 10, 20, 30], []),  # every second bucket of five minutes is empty: no gap
        ([0, 5, 10, 60, 65], [60]),
        ([0, 1, 2, 3, 7, 8], []),
        ([0, 1, 2, 3, 9, 10], [9]),
        ([7], []),
        ([], []),
    ],
)
def test_a_line_breaks_only_where_it_was_quiet_for_far_longer_than_usual(
    minutes: list[int], breaks: list[int]
) -> None:
    at = list(range(0, 70 * 60_000, 60_000))
    value = [1.0 if place in minutes else None for place in range(70)]
    line = Series(at, value).line()
    assert [point[0] // 60_000 for point in line if point[1] is not None] == minutes
    assert [(point[0] + 1) // 60_000 for point in line if point[1] is None] == breaks
