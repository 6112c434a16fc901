"""What a prepaid meter used: stretches of its day, silences, prices; sessions and movements from events."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import prepaid_history as history
from appliance import prepaid_usage
from appliance.calendar import instant, local
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.model import Event, Quantity, Reading
from appliance.prepaid import WAYS, Account, Movement, Session
from appliance.store import Series, Store

Q = Quantity
INDIA = ZoneInfo("Asia/Kolkata")
NOON = instant(datetime(2026, 5, 14, 12, 10, tzinfo=INDIA))
QUARTER = 15 * MINUTE_MS


def register(points: Sequence[tuple[int, float]]) -> Series:
    """Quarters of a register: (start, what it rose in it)."""
    total, at, values, deltas = 0.0, [], [], []
    for start, rise in points:
        total += rise
        at.append(start)
        values.append(total)
        deltas.append(rise)
    return Series(at, list(values), delta=list(deltas))


# Stretches


def test_stretches_begin_at_round_times_of_the_meters_clock() -> None:
    shown = [f"{local(at, INDIA):%d %H:%M}" for at in prepaid_usage.edges(NOON, 3, 60, INDIA)]
    assert shown == ["14 09:00", "14 10:00", "14 11:00", "14 12:00", "14 12:10"]
    days = [f"{local(at, INDIA):%d %H:%M}" for at in prepaid_usage.edges(NOON, 48, 1440, INDIA)]
    assert days == ["12 00:00", "13 00:00", "14 00:00", "14 12:10"]
    quarters = [f"{local(at, INDIA):%H:%M}" for at in prepaid_usage.edges(NOON, 12, 360, INDIA)]
    assert quarters == ["00:00", "06:00", "12:00", "12:10"]


def test_a_day_whose_clock_is_changed_keeps_its_round_times() -> None:
    stockholm = ZoneInfo("Europe/Stockholm")
    now = instant(datetime(2026, 3, 29, 23, 0, tzinfo=stockholm))
    shown = [f"{local(at, stockholm):%d %H:%M}" for at in prepaid_usage.edges(now, 22, 360, stockholm)]
    assert shown == ["29 00:00", "29 06:00", "29 12:00", "29 18:00", "29 23:00"]


@given(
    hours=st.floats(1, 720),
    group=st.integers(5, 1440),
    now=st.integers(1_700_000_000_000, 1_900_000_000_000),
    zone=st.sampled_from(["Asia/Kolkata", "Europe/Stockholm", "Asia/Kathmandu"]),
)
def test_stretches_cover_what_is_asked_and_are_no_longer_than_wanted(
    hours: float, group: int, now: int, zone: str
) -> None:
    found = prepaid_usage.edges(now, hours, group, ZoneInfo(zone))
    assert found[-1] == now
    assert found[0] <= now - round(hours * HOUR_MS)
    assert all(a < b for a, b in pairwise(found))
    longest = max(b - a for a, b in pairwise(found))
    assert longest <= group * MINUTE_MS + HOUR_MS  # an hour more where the clock goes back


# Energy


def test_energy_between_round_times() -> None:
    start = NOON - NOON % QUARTER - 4 * HOUR_MS
    quarters = [(start + n * QUARTER, 0.25) for n in range(16)]
    along = [start + HOUR_MS, start + 2 * HOUR_MS, start + 3 * HOUR_MS]
    assert prepaid_usage.rises(register(quarters), QUARTER, along) == [(1.0, True), (1.0, True)]


def test_a_silence_is_shared_out_and_a_stretch_that_lies_in_it_is_not_known() -> None:
    start = NOON - NOON % QUARTER - 10 * HOUR_MS
    quarters = [(start + n * QUARTER, 0.25) for n in range(4)]
    back = start + 4 * HOUR_MS
    quarters += [(back, 3.0), *((back + n * QUARTER, 0.25) for n in range(1, 12))]
    along = [start + n * HOUR_MS for n in range(8)]
    found = prepaid_usage.rises(register(quarters), QUARTER, along)
    assert [known for _, known in found] == [True, False, False, False, True, True, True]
    # All that went through is in the sum, but for the first quarter, whose beginning nobody read.
    assert sum(rise for rise, _ in found) == pytest.approx(3 * 0.25 + 3.0 + 11 * 0.25)
    whole_day = [start, start + 7 * HOUR_MS]
    assert prepaid_usage.rises(register(quarters), QUARTER, whole_day)[0][1], (
        "a silence within it hides nothing"
    )


def test_what_was_never_read_is_unknown_and_not_nothing() -> None:
    assert prepaid_usage.rises(Series([], []), QUARTER, [0, HOUR_MS]) == []
    quarters = [(10 * HOUR_MS + n * QUARTER, 0.5) for n in range(4)]
    found = prepaid_usage.rises(register(quarters), QUARTER, [n * HOUR_MS for n in range(8, 14)])
    assert [known for _, known in found] == [False, False, True, False, False]


@pytest.mark.parametrize("leap", [-1141.85, 3000.0])
def test_between_two_meters_nothing_is_known_and_nothing_negative(leap: float) -> None:
    start = NOON - NOON % QUARTER - 6 * HOUR_MS
    quarters = [(start + n * QUARTER, leap if n == 9 else 0.25) for n in range(16)]
    along = [start + n * HOUR_MS for n in range(5)]
    assert prepaid_usage.rises(register(quarters), QUARTER, along) == [
        (0.75, True), (1.0, True), (0.75, True), (1.0, True),
    ]  # fmt: skip
    fine = [start + n * QUARTER for n in range(8, 12)]
    assert [known for _, known in prepaid_usage.rises(register(quarters), QUARTER, fine)] == [
        True,
        False,
        True,
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.floats(0, 5)), min_size=1, max_size=60, unique_by=lambda p: p[0]
    ),
    st.lists(st.integers(0, 420), min_size=2, max_size=20, unique=True),
)
def test_energy_is_never_negative_and_never_more_than_was_counted(
    points: list[tuple[int, float]], marks: list[int]
) -> None:
    quarters = register([(place * QUARTER, rise) for place, rise in sorted(points)])
    found = prepaid_usage.rises(quarters, QUARTER, sorted(mark * QUARTER for mark in marks))
    assert all(rise >= -1e-6 for rise, _ in found)
    assert sum(rise for rise, _ in found) <= sum(rise for _, rise in points) + 1e-4


# Money


def test_the_price_is_what_the_meter_counted_with_that_day() -> None:
    at = [NOON - DAY_MS, NOON]
    day = Series(at, [10.0, 0.06]), Series(at, [83.3, 1.38])
    month = Series(at, [400.0, 400.06]), Series(at, [3332.0, 3333.4])
    found = prepaid_usage.rates(day, month, INDIA)
    assert found[date(2026, 5, 13)] == pytest.approx(8.33)
    assert found[date(2026, 5, 14)] == pytest.approx(8.332, abs=0.001), "too little today: the month's"
    along = [NOON - 2 * DAY_MS, NOON - DAY_MS, NOON, NOON + DAY_MS]
    assert prepaid_usage.priced([1.0, 2.0, 0.0], along, {date(2026, 5, 13): 8.0}, INDIA) == [None, 16.0, 0.0]
    assert prepaid_usage.priced([0.0], along, {}, INDIA) == [0.0]


# The store


async def test_a_day_of_both_ways_from_the_store(tmp_path: Path) -> None:
    async with Store(tmp_path, FakeClock(NOON), INDIA) as store:
        for minute in range(0, 24 * 60, 2):
            at = NOON - DAY_MS + minute * MINUTE_MS
            on = 300 <= minute < 360  # an hour of the generator
            eb = 100 + 0.01 * (minute - min(60, max(0, minute - 300)))
            dg = 5 + 0.02 * min(60, max(0, minute - 300))
            store.append(
                [
                    Reading("elnet", Q.ENERGY_IMPORT, eb, at),
                    Reading("elnet", Q.ENERGY_GENERATOR, dg, at),
                    Reading("elnet", Q.IMPORT_MONTH, eb, at),
                    Reading("elnet", Q.IMPORT_COST_MONTH, 8 * eb, at),
                    Reading("elnet", Q.GENERATOR_MONTH, dg, at),
                    Reading("elnet", Q.GENERATOR_COST_MONTH, 22 * dg, at),
                    Reading("elnet", Q.SUPPLY, int(on), at),
                ]
            )
        await store.flush()
        found = await prepaid_usage.usage(store, "elnet", NOON, 12, 60, INDIA)
        assert len(found.edges) == len(found.grid.kwh) + 1 == 14
        hour = found.grid.kwh[3]
        assert hour is not None
        assert hour == pytest.approx(0.6, abs=0.02)
        assert found.grid.cost[3] == pytest.approx(8 * hour, rel=1e-6)
        assert found.generator.kwh[3] == 0
        day = await prepaid_usage.usage(store, "elnet", NOON, 24, 5, INDIA)
        assert day.generator.total_kwh == pytest.approx(1.2, abs=0.03)
        assert day.generator.total_cost == pytest.approx(22 * 1.2, abs=0.7)
        nothing = await prepaid_usage.usage(store, "other", NOON, 24, 60, INDIA)
        assert set(nothing.grid.kwh) == {None}
        assert nothing.generator.total_kwh is None


async def test_sessions_and_movements_as_they_were_told(tmp_path: Path) -> None:
    def event(name: str, when: int, /, **data: object) -> Event:
        return Event("elnet", name, when, "", data)

    start, end = NOON - 5 * HOUR_MS, NOON - 4 * HOUR_MS
    async with Store(tmp_path, FakeClock(NOON), INDIA) as store:
        store.append(
            [
                event("generator_on", start - 3 * DAY_MS, start=start - 3 * DAY_MS),
                event("generator_off", start - DAY_MS, start=start - DAY_MS - HOUR_MS, end=start - DAY_MS),
                event("generator_on", start, start=start),
                event("generator_off", end, start=start, end=end, kwh=1.5, cost=33.0, not_watched=[[1, 2]]),
                event("recharge", end, amount=500, balance=700, at=end - HOUR_MS),
                event("deduction", end, amount=5568, balance=10, at=end),
                event("generator_on", NOON - HOUR_MS, start=NOON - HOUR_MS, not_watched=[NOON - 9, NOON]),
            ]
        )
        await store.flush()
        now, then, older = await history.kept_sessions(store, "elnet", 0, NOON, 10)
        assert now == Session(NOON - HOUR_MS, None, None, None, ((NOON - 9, NOON),))
        assert then == Session(start, end, 1.5, 33.0, ((1, 2),))
        assert (history.mean_kw(then), history.mean_kw(now), older.kwh) == (1.5, None, None)
        over = await history.kept_sessions(store, "elnet", 0, NOON, 10, supply="grid")
        assert over == [then, older], "its end was never told, but it does not run"
        assert await history.kept_movements(store, "elnet", 10) == [
            Movement(end, -5568.0, False), Movement(end - HOUR_MS, 500.0, False),
        ]  # fmt: skip


# The account


def known(*told: tuple[Quantity, float, int]) -> dict[tuple[str, Quantity], Reading]:
    return {("elnet", q): Reading("elnet", q, value, NOON - old) for q, value, old in told}


def test_what_the_source_does_not_know_yet_its_newest_readings_say() -> None:
    latest = known((Q.SUPPLY, 1, 0), (Q.BALANCE, 321.5, 60_000), (Q.RELAY, 0, 0), (Q.DAYS_LEFT, 4.2, 0))
    found = history.account("elnet", None, latest)
    assert (found.supply, found.balance, found.relay, found.days_left) == ("generator", 321.5, False, 4.2)
    assert found.balance_at == NOON - 60_000

    class Running:
        prepaid = Account(supply="grid", balance=20.0, balance_at=NOON)

    mixed = history.account("elnet", Running(), latest)
    assert (mixed.supply, mixed.balance, mixed.relay) == ("grid", 20.0, False)
    assert history.accounts({**latest, ("p1", Q.POWER_GRID): latest["elnet", Q.SUPPLY]}, ["p1"]) == ["elnet"]


def test_an_account_is_old_when_the_portal_tells_nothing_newer() -> None:
    def old(age_s: int, cadence_s: float | None = None) -> float:
        return history.stale_s(Account(balance_at=NOON - age_s * 1000), cadence_s, NOON)

    assert (old(300), old(301), old(700, 300.0)) == (0, 301, 0)
    assert history.stale_s(Account(balance_at=NOON, stale_s=900), 30, NOON) == 900
    assert history.stale_s(Account(), 30, NOON) == 0


def test_yesterdays_numbers_are_not_todays() -> None:
    latest = known(
        (Q.IMPORT_TODAY, 4.5, 60_000), (Q.IMPORT_COST_TODAY, 37.5, 13 * HOUR_MS),
        (Q.GENERATOR_MONTH, 28.9, 3 * DAY_MS), (Q.GENERATOR_COST_MONTH, 636.0, 20 * DAY_MS),
    )  # fmt: skip
    found = history.totals("elnet", latest, NOON, INDIA)
    alone = {key: reading for key, reading in latest.items() if key[1] not in WAYS["generator"]}
    assert list(history.totals("elnet", alone, NOON, INDIA)) == ["grid"]
    assert (found["grid"].today.kwh, found["grid"].today.cost) == (4.5, None)
    assert (found["generator"].month.kwh, found["generator"].month.cost) == (28.9, None)
    assert found["generator"].today.kwh is None
