"""The carma source: its daily run, what it passes on of registers, and what the command line brought."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import calendar
from appliance.app import Appliance
from appliance.clock import EARLIEST_SANE_MS, FakeClock
from appliance.demo.carma import CarmaPortal
from appliance.errors import AuthError, SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources import carman
from appliance.sources._carma_fetch import Plan
from appliance.sources._carma_registers import readings, stood
from appliance.sources.base import Context, discover
from appliance.sources.carma import JITTER_S, LOOK_S, Source
from appliance.store import DayRegister, DayValue
from config.schema import Config
from tests.sources.carma_peer import (
    NOON,
    TORONTO,
    Hurried,
    book_of,
    clock_at,
    fetched,
    options,
    portal_at,
)

KWH, HEAT = "1203", "T0003203"
JUNE = date(2026, 6, 1)


@pytest.fixture
def clock() -> Hurried:
    return clock_at()


@pytest.fixture
def portal(clock: Hurried) -> Iterator[CarmaPortal]:
    with portal_at(clock) as portal:
        yield portal


def source_of(portal: CarmaPortal, folder: Path, clock: FakeClock, **more: object) -> Source:
    return Source(options(portal, **more), Context(clock, folder / "sources", TORONTO))


@asynccontextmanager
async def running(source: Source) -> AsyncGenerator[Callable[[], asyncio.Future[Batch]]]:
    """`await (...)()` is the next batch that says anything."""
    batches = source.batches()

    async def following() -> Batch:
        async for batch in batches:
            if batch:
                return batch
        raise AssertionError("it ended")

    try:
        yield lambda: asyncio.ensure_future(following())
    finally:
        await batches.aclose()


def end_of(day: date) -> int:
    return calendar.day_span(day, TORONTO)[1] - 1


# --- registers at the end of days: pure


def register(day: int, value: float, unit: str = "kWh") -> DayRegister:
    return DayRegister("carma.a", JUNE.replace(day=day), value, unit, 1)


def values(first: int, *amounts: float, unit: str = "kWh") -> list[DayValue]:
    days = [JUNE.replace(day=first + n) for n in range(len(amounts))]
    return [DayValue("carma.a", d, v, unit, False, 1) for d, v in zip(days, amounts, strict=True)]


def by_day(found: dict[date, float]) -> dict[int, float]:
    return {day.day: value for day, value in found.items()}


def test_days_are_counted_back_from_the_later_register() -> None:
    found = stood([register(1, 100.0), register(4, 106.5)], values(1, 9.0, 1.5, 2.0, 3.0, 7.0))
    assert by_day(found) == {1: 100.0, 2: 101.5, 3: 103.5, 4: 106.5}


@pytest.mark.parametrize(
    ("end", "amounts"),
    [(107.0, (1.5, 2.0, 3.0)), (99.0, (1.5, 2.0, 3.0)), (106.5, (1.5, 2.0))],
    ids=["more than the days", "it fell", "a day is unknown"],
)
def test_without_evidence_there_are_the_portals_own_alone(end: float, amounts: tuple[float, ...]) -> None:
    assert by_day(stood([register(1, 100.0), register(4, end)], values(2, *amounts))) == {1: 100.0, 4: end}


def test_a_register_in_another_unit_wants_evidence() -> None:
    water = values(2, 0.2, 0.1, unit="m^3-wtr")
    assert stood([register(1, 48000.0), register(3, 49000.0)], water) == {}
    assert by_day(stood([register(1, 5.0), register(3, 5.3)], water)) == {1: 5.0, 2: 5.2, 3: 5.3}
    still = values(2, 0.0, 0.0, unit="m^3-wtr")
    assert stood([register(1, 5.0), register(3, 5.0)], still) == {}


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=29), st.sets(st.integers(1, 30), min_size=2))
def test_registers_are_those_of_the_meter(hundredths: list[int], read: set[int]) -> None:
    meter = {n + 1: round(100 + sum(hundredths[:n]) / 100, 2) for n in range(len(hundredths) + 1)}
    registers = [register(day, meter[day]) for day in sorted(read) if day in meter]
    found = by_day(stood(registers, values(2, *(h / 100 for h in hundredths))))
    assert found == {day: meter[day] for day in found}
    assert all(
        day in found for day in meter if registers and registers[0].day.day <= day <= registers[-1].day.day
    )


def test_each_unit_is_its_quantity_s() -> None:
    stands = {JUNE: 1000.0}

    def read(unit: str) -> list[Reading]:
        return readings("carma.a", unit, stands, TORONTO, set(), EARLIEST_SANE_MS)

    at = end_of(JUNE)
    assert read("kWh") == [Reading("carma.a", Quantity.ENERGY_IMPORT, 1000.0, at)]
    assert read("m^3-wtr") == [Reading("carma.a", Quantity.WATER, 1000.0, at)]
    assert read("kWh-thml") == [Reading("carma.a", Quantity.HEAT, 3.6, at)]  # 1 kWh is 3.6 MJ
    assert read("gallons") == []
    assert readings("carma.a", "kWh", stands, TORONTO, {JUNE}, EARLIEST_SANE_MS) == []
    assert readings("carma.a", "kWh", {date(2025, 12, 30): 1.0}, TORONTO, set(), EARLIEST_SANE_MS) == []


# --- the source


async def test_at_first_it_brings_what_the_appliance_can_hold(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    source = source_of(portal, tmp_path, clock)
    async with running(source) as following:
        batch = [fact for fact in await following() if isinstance(fact, Reading)]
    assert book_of(tmp_path).fetches("carma")[0].months == 12
    power = {r.at: r.value for r in batch if r.source == "carma.1203"}
    # The store takes nothing from before 2026; days before stay in the day book.
    days = [date(2025, 12, 31) + timedelta(days=n) for n in range(194)]
    assert power == {end_of(day): portal.register(KWH, day) for day in days}
    assert days[-1] == portal.last_day
    heat = {r.at: r.value for r in batch if r.quantity is Quantity.HEAT}
    assert heat == {end_of(day): pytest.approx(portal.register(HEAT, day) * 0.0036) for day in days}
    assert [r.at for r in batch] == sorted(r.at for r in batch)
    assert source.updating is False


async def test_nothing_is_passed_on_twice(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    passed: list[Reading] = []

    async def past(source: str, quantity: Quantity, at: int) -> list[Reading]:
        return [r for r in passed if (r.source, r.quantity) == (source, quantity)][-1:]

    context = Context(clock, tmp_path / "sources", TORONTO, past=past)
    for _ in range(2):
        source = Source(options(portal), context)
        batches = source.batches()
        async for batch in batches:
            passed += [fact for fact in batch if isinstance(fact, Reading)]
            if not batch and not source.updating:
                break
        await batches.aclose()
    assert len({(r.source, r.at) for r in passed}) == len(passed) == 2 * 194
    # A store that began anew gets all of it once more.
    count, passed[:] = len(passed), []
    batches = Source(options(portal), context).batches()
    assert len(await anext(batches)) == count
    await batches.aclose()


async def test_what_the_command_line_brings_is_passed_on(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    await fetched(portal, tmp_path, clock, Plan(1))
    looking = FakeClock(clock.now())  # it looks when it is told to: not while only July is there
    async with running(source_of(portal, tmp_path, looking)) as following:
        first = await following()
        assert min(fact.at for fact in first) == end_of(portal.last_day)  # July alone proves no other day
        waiting = following()
        await fetched(portal, tmp_path, clock, Plan(2))
        while not waiting.done():
            await looking.forward(LOOK_S)
            await asyncio.sleep(0.01)
        second = waiting.result()
    assert min(fact.at for fact in second) == end_of(date(2026, 6, 30))
    assert len(book_of(tmp_path).fetches("carma")) == 2  # it did not ask for itself


async def test_it_runs_once_a_day_and_makes_up_what_it_missed(tmp_path: Path) -> None:
    clock = clock_at()
    with portal_at(clock) as portal:
        await fetched(portal, tmp_path, clock, Plan(1))
        source = source_of(portal, tmp_path, clock)
        assert source.next_update is None
        batches = source.batches()
        await anext(batches)  # what the command line brought
        due = source.next_update
        assert due is not None
        at_five = calendar.instant(datetime.combine(date(2026, 7, 14), time(5), TORONTO))
        assert at_five <= due <= at_five + JITTER_S * 1000
        starts = []
        async for _ in batches:
            fetches = book_of(tmp_path).fetches("carma")
            starts = [fetch.started for fetch in reversed(fetches)]
            if len(starts) >= 4 and fetches[0].ended:
                break
        await batches.aclose()
    days = [calendar.local(at, TORONTO) for at in starts[1:]]
    assert [(moment.date().day, moment.hour) for moment in days] == [(14, 5), (15, 5), (16, 5)]


async def test_after_months_without_power_it_fetches_them_all(tmp_path: Path, clock: Hurried) -> None:
    with portal_at(clock) as portal:
        await fetched(portal, tmp_path, clock, Plan(1))
        clock.jump(100 * 86_400_000)
        source = source_of(portal, tmp_path, clock)
        async with running(source) as following:
            while not any(fact.at == end_of(portal.last_day) for fact in await following()):
                pass
        assert book_of(tmp_path).fetches("carma")[0].months == 5  # June to October: it may have changed too


async def test_update_starts_at_once_and_once(portal: CarmaPortal, tmp_path: Path, clock: Hurried) -> None:
    await fetched(portal, tmp_path, clock, Plan(1))
    source = source_of(portal, tmp_path, clock)
    batches = source.batches()
    await anext(batches)
    before = clock.now()
    await source.update()
    assert source.updating
    with pytest.raises(SourceError, match="being fetched already"):
        await source.update()
    async for _ in batches:
        if not source.updating:
            break
    await batches.aclose()
    newest = book_of(tmp_path).fetches("carma")[0]
    assert newest.outcome == "done"
    assert newest.started - before < 60_000


async def test_a_refusal_is_told_and_not_repeated_before_the_next_day(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    source = source_of(portal, tmp_path, clock, password="wrong")
    with pytest.raises(AuthError, match="your account number"):
        await anext(source.batches())
    asked = portal.requests
    batches = source.batches()
    waiting = asyncio.ensure_future(anext(batches))
    with pytest.raises(AuthError):
        await waiting
    at, _ = portal.log[asked]
    assert calendar.local(at, TORONTO).date() == date(2026, 7, 14)
    assert calendar.local(at, TORONTO).hour == 5


async def test_a_fault_is_told_and_tried_again_after_a_while(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    source = source_of(portal, tmp_path, clock)
    portal.without = frozenset({"series"})
    with pytest.raises(SourceError, match="Daily Consumption"):
        await anext(source.batches())
    failed_at = clock.now()
    portal.without = frozenset()
    async with running(source) as following:
        assert await following()
    assert 900_000 <= book_of(tmp_path).fetches("carma")[0].started - failed_at < 1_000_000


async def test_while_the_command_line_fetches_it_waits(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    portal.session_minutes = 1e6  # time flies while both wait
    source = source_of(portal, tmp_path, clock)
    other = asyncio.ensure_future(fetched(portal, tmp_path, clock, Plan(6)))
    await asyncio.sleep(0.05)
    async with running(source) as following:
        assert await following()
    await other


async def test_a_damaged_day_book_is_told_and_filled_again(
    portal: CarmaPortal, tmp_path: Path, clock: Hurried
) -> None:
    await fetched(portal, tmp_path, clock, Plan(1))
    (tmp_path / "daily.db").write_bytes(b"no database" * 1000)
    async with running(source_of(portal, tmp_path, clock, first_months=1)) as following:
        event, *rest = await following()
    assert isinstance(event, Event)
    assert event.name == "store_lost"
    assert "set aside as daily.db.corrupt-" in event.text
    assert all(isinstance(fact, Reading) for fact in rest)
    assert len(rest) == 2


# --- in the appliance


def test_carman_is_carma_by_another_name() -> None:
    found = discover()
    assert {"carma", "carman"} <= set(found)
    said = carman.Options(username="x", password="y")
    assert said.label == "carman"
    assert found["carman"].module is not None
    assert found["carman"].module.Source is Source


async def test_the_appliance_keeps_registers_that_make_days(tmp_path: Path) -> None:
    """Into a real store through the gate, and out of it as the days of the portal."""
    clock = FakeClock(int((NOON - timedelta(days=0)).timestamp() * 1000))
    with portal_at(clock) as portal:
        config = Config(
            site={"name": "Flat", "time_zone": "America/Toronto", "currency": "CAD"},
            sources=[options(portal, first_months=3)],
        )
        async with Appliance(config, tmp_path, clock) as appliance:
            while ("carma.1203", Quantity.ENERGY_IMPORT) not in appliance.hub.latest:
                await clock.forward(1)
                await asyncio.sleep(0.002)
            assert appliance.grid_meters(Quantity.ENERGY_IMPORT) == ["carma.1203"]
            await appliance.store.flush()
            days = [date(2026, 6, 1) + timedelta(days=n) for n in range(31)]
            edges = [calendar.day_start(day, TORONTO) for day in days]
            rises = await appliance.store.increase("carma.1203", Quantity.ENERGY_IMPORT, edges)
            assert rises == [pytest.approx(portal.value(KWH, day)) for day in days[:-1]]
            assert not appliance.stale(appliance.hub.latest["carma.1203", Quantity.ENERGY_IMPORT])
            assert [part.text for part in appliance.health if part.name == "carma"] == ["Working"]
