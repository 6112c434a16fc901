"""The store as everyone uses it: what goes in comes out, whole and in order, wherever it is kept."""

import asyncio
import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_facts import KWH, STOCKHOLM, T0, W, fold, power, register, seal

from appliance import calendar
from appliance.clock import DAY_MS, EARLIEST_SANE_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.errors import StoreError
from appliance.model import Event, Picture, Price, Quantity, Reading
from appliance.store import Store, backup


async def test_readings_come_back_as_they_were_from_every_place_they_may_be(
    store: Store, clock: FakeClock
) -> None:
    readings = [power(n / 7, T0 + n * 997, confidence=1.0 if n % 3 else 0.1 + n / 1e4) for n in range(500)]

    async def assert_all_there() -> None:
        at, value, confidence = await store.raw("p1", W, T0, T0 + DAY_MS)
        found = list(zip(value.tolist(), at.tolist(), confidence.tolist(), strict=True))
        assert found == [(r.value, r.at, r.confidence) for r in readings]

    store.append(readings)
    await assert_all_there()
    await store.flush()
    await assert_all_there()
    await fold(store)
    await assert_all_there()
    await seal(store, clock)
    await assert_all_there()
    assert await store.latest() == [readings[-1]]
    assert [row.reading for row in await store.after(0, limit=1000)] == readings
    assert await store.series_list() == [("p1", W, T0, readings[-1].at, 500)]
    assert await store.has("p1", W, T0)
    assert not await store.has("p1", W, T0 + 1)


async def test_a_new_start_knows_all_that_was_committed(tmp_path: Path, clock: FakeClock) -> None:
    price = Price("nordpool", "import", T0, T0 + HOUR_MS, 0.31, spike=True)
    started = Event("p1", "started", T0, "Started", {"a": [1]})
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        store.append([power(1, T0), register(5.5, T0), started, price])
        await store.move_cursor("push", 3)
        newest = await store.newest_seq()
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        assert store.opened == []
        assert await store.latest() == [power(1, T0), register(5.5, T0)]
        assert [stored.event for stored in await store.events()] == [started]
        assert await store.prices("import", T0, T0 + 1) == [price]
        assert await store.cursor("push") == 3
        assert await store.cursor("telegram") is None
        assert await store.newest_seq() == newest
        store.append([power(2, T0 + 1)])
        await store.flush()
        assert [row.reading.value for row in await store.after(newest)] == [2]


FACTS = st.lists(
    st.tuples(
        st.sampled_from(["p1", "böjd källa"]),
        st.sampled_from([W, KWH, Quantity.TARIFF]),
        st.floats(allow_nan=False, allow_infinity=False),
        st.integers(T0 - 3 * DAY_MS, T0 + 3 * DAY_MS),
        st.floats(0, 1),
    ),
    max_size=40,
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the mean of the largest floats there are
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FACTS, min_size=1, max_size=4), st.integers(0, 200))
def test_any_readings_in_any_order_keep_every_bit(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[str, Quantity, float, int, float]]],
    at: int,
) -> None:
    async def live() -> None:
        clock = FakeClock(T0)
        async with Store(tmp_path_factory.mktemp("any"), clock, STOCKHOLM) as store:
            readings = []
            for number, batch in enumerate(batches):
                readings += [Reading(s, q, value, at, c) for s, q, value, at, c in batch]
                store.append(readings[-len(batch) :] if batch else [])
                await (store.flush, partial(fold, store), partial(seal, store, clock, 1))[number % 3]()
            await store.flush()
            rows = await store.after(0, limit=1000)
            assert [repr(row.reading) for row in rows] == [repr(reading) for reading in readings]
            cut = rows[min(at, len(rows) - 1)].seq if rows else 0
            assert await store.after(cut, limit=7) == [row for row in rows if row.seq > cut][:7]

    asyncio.run(live())


async def test_a_sink_reads_on_while_days_are_sealed_under_it(store: Store, clock: FakeClock) -> None:
    sent = []
    for n in range(600):
        at = T0 + n * 10 * MINUTE_MS
        store.append([power(n, at), register(100 + n / 10, at), power(-n, at, "inverter")])
        clock.tick(600)
        if n % 37 == 0:
            await store.flush()
        if n % 101 == 0:
            await store.maintain()
        if n % 29 == 0:
            rows = await store.after(await store.cursor("push") or 0, [KWH, W], ["p1"], limit=41)
            sent += rows
            if rows:
                await store.move_cursor("push", rows[-1].seq)
    await store.flush()
    waiting, oldest = await store.pending("push", [KWH, W], ["p1"])
    rest = await store.after(await store.cursor("push") or 0, [KWH, W], ["p1"], limit=5000)
    assert (waiting, oldest) == (len(rest), rest[0].reading.at)
    assert [row.reading for row in sent + rest] == [
        reading
        for n in range(600)
        for reading in (power(n, T0 + n * 600_000), register(100 + n / 10, T0 + n * 600_000))
    ]
    seqs = [row.seq for row in sent + rest]
    assert seqs == sorted(set(seqs))
    assert await store.pending("nobody") == (1800, T0)


async def test_only_what_is_committed_goes_to_sinks(store: Store) -> None:
    store.append([power(1, T0)])
    assert await store.after(0) == []
    assert await store.pending("push") == (0, None)
    await store.flush()
    assert [row.reading for row in await store.after(0)] == [power(1, T0)]


async def test_commits_come_by_the_clock_and_at_once_when_urgent(store: Store, clock: FakeClock) -> None:
    async def committed() -> int:
        await asyncio.sleep(0.1)
        return len(await store.after(0))

    store.append([power(1, T0)])
    assert await committed() == 0
    await clock.forward(61)
    assert await committed() == 1
    store.append([register(2, T0)], urgent=True)
    assert await committed() == 2
    store.append([power(3, T0), Event("p1", "rejected", T0, "No")])
    assert await committed() == 3


async def test_text_that_is_no_text_holds_up_nothing(tmp_path: Path, clock: FakeClock) -> None:
    """JSON of a stranger can bring half a character, which no file takes."""
    odd = Event("bot", "stranger", T0, "\ud800 wrote", {"name": "\ud800"})
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        store.append([odd, power(1, T0)])
        await fold(store)
        store.append([power(2, T0 + 1)])
        await fold(store)
    async with Store(tmp_path, clock, STOCKHOLM) as store:
        assert [stored.event.text for stored in await store.events()] == ["? wrote"]
        assert (await store.latest())[0].value == 2


async def test_events_are_found_by_time_name_source_and_page(store: Store) -> None:
    for n in range(30):
        event = Event(f"s{n % 2}", "rejected" if n % 3 else "started", T0 + n, f"event {n}", {"n": n})
        store.append([event])
        if n == 10:
            await fold(store)
    await store.flush()
    store.append([Event("s0", "last", T0 + 30, "not committed")])
    everything = await store.events()
    assert [stored.event.at for stored in everything] == [T0 + n for n in range(30, -1, -1)]
    page = await store.events(before_id=everything[9].id, limit=5)
    assert page == everything[10:15]
    found = await store.events(names=["started"], source="s0", start=T0 + 6, end=T0 + 24)
    assert [stored.event.data["n"] for stored in found] == [18, 12, 6]
    await store.flush()
    assert await store.events_after(everything[20].id, limit=3) == everything[17:20][::-1]
    assert len(await store.events_after(0)) == 31


async def test_an_actual_price_hides_a_forecast_and_is_written_once(store: Store) -> None:
    def price(hour: int, per_kwh: float, kind: str = "actual") -> Price:
        return Price("nordpool", "import", T0 + hour * HOUR_MS, T0 + (hour + 1) * HOUR_MS, per_kwh, kind)

    store.append([price(0, 1.0, "forecast"), price(1, 1.1, "forecast"), price(2, 1.2, "forecast")])
    await fold(store)
    store.append([price(0, 2.0), price(1, 2.1)])
    assert [p.per_kwh for p in await store.prices("import", T0, T0 + DAY_MS)] == [2.0, 2.1, 1.2]
    await fold(store)
    store.append([price(1, 3.1, "forecast")])
    await store.flush()
    assert [p.per_kwh for p in await store.prices("import", T0 + 1, T0 + HOUR_MS + 1)] == [2.0, 2.1]
    await fold(store)
    assert [p.per_kwh for p in await store.prices("import", T0 + HOUR_MS, T0 + HOUR_MS + 1)] == [2.1]
    assert await store.prices("export", T0, T0 + DAY_MS) == []
    before = len(store._log.tail)
    store.append([price(0, 2.0)])
    await store.flush()
    assert len(store._log.tail) == before


async def test_nothing_is_kept_from_before_the_clock_was_set(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.append([power(1, EARLIEST_SANE_MS - 1), power(2, 0), power(3, T0)])
    store.append([Picture("cam", T0, b"", None, 0)])
    await store.flush()
    assert [row.reading.value for row in await store.after(0)] == [3]
    assert len([record for record in caplog.records if "clock" in record.message]) == 1


async def test_the_latest_is_the_newest_also_after_the_clock_was_set_back(
    store: Store, clock: FakeClock
) -> None:
    store.append([power(1, T0), power(2, T0 - HOUR_MS)])
    assert await store.latest() == [power(1, T0)]
    clock.jump(-HOUR_MS)
    store.append([power(3, T0 - HOUR_MS + 5)])
    assert await store.latest() == [power(3, T0 - HOUR_MS + 5)]
    await store.flush()
    assert store._log.stats[1].last == power(3, T0 - HOUR_MS + 5)


async def test_a_folder_has_one_daemon_and_any_number_of_onlookers(
    store: Store, tmp_path: Path, clock: FakeClock
) -> None:
    store.append([power(1, T0)])
    await fold(store)
    store.append([power(2, T0 + 1)])
    await store.flush()
    with pytest.raises(StoreError, match="Another Tallywatt"):
        await Store(tmp_path, clock, STOCKHOLM).__aenter__()
    async with Store(tmp_path, clock, STOCKHOLM, read_only=True) as onlooker:
        assert [row.reading.value for row in await onlooker.after(0)] == [1, 2]
        await seal(store, clock)
        assert (await onlooker.raw("p1", W, T0, T0 + 5))[1].tolist() == [1, 2]


async def test_asking_a_closed_store_is_an_error_that_says_so(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(StoreError, match="not open"):
        await Store(tmp_path, clock, STOCKHOLM).newest_seq()


async def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path, clock: FakeClock) -> None:
    os.chmod(tmp_path, 0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may write everywhere, nobody may not
    try:
        with pytest.raises(StoreError, match="chown"):
            await Store(tmp_path / "store", clock, STOCKHOLM).__aenter__()
    finally:
        if root:
            os.seteuid(0)


async def test_a_night_is_made_up_for_and_then_every_night_at_0317(
    store: Store, tmp_path: Path, clock: FakeClock
) -> None:
    copies = [tmp_path / name for name in backup.NAMES]
    made: list[int] = []
    for _ in range(12 * 28):
        await clock.forward(300)
        await asyncio.sleep(0.01 if len(made) < 3 else 0)  # the threads' real work
        ages = {backup.copied_at(copy) for copy in copies} - {None, *made}
        made += [age for age in ages if age is not None]
    times = [calendar.local(at, STOCKHOLM) for at in made]
    assert times[0] - calendar.local(T0, STOCKHOLM) <= timedelta(minutes=15)
    assert [(moment.hour, moment.minute // 15) for moment in times[1:]] == [(3, 1), (3, 1)]
