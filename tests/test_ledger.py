"""The books: a small house with known registers and prices, and what it has to pay."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance import calendar
from appliance.clock import FakeClock
from appliance.ledger import Ledger
from appliance.model import Price, Quantity, Reading
from appliance.store import Store
from config.contract import Capacity, Component, Contract, Fee, When

ZONE = ZoneInfo("Europe/Stockholm")
QUARTER = calendar.QUARTER_MS
MONDAY = date(2027, 2, 1)
START = calendar.day_start(MONDAY, ZONE)
SPOT = Component(name="Spot", market=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path, FakeClock(START), ZONE) as store:
        yield store


def books(store: Store, now: int, *contracts: Contract, offers: tuple[Contract, ...] = ()) -> Ledger:
    kept = {Quantity.ENERGY_IMPORT: ["p1", "camera"], Quantity.ENERGY_EXPORT: ["p1"]}
    kept |= {Quantity.ENERGY_IMPORT_T1: ["p1"], Quantity.ENERGY_IMPORT_T2: ["p1"]}
    return Ledger(store, FakeClock(now), ZONE, contracts, offers, lambda quantity: kept.get(quantity, []))


async def draw(store: Store, days: int = 1, kwh: float = 0.5, first: int = 0) -> int:
    """A register that rises by `kwh` every quarter from `first` on, read a second before each edge."""
    count = days * 96
    for n in range(first, count + 1):
        at = START + n * QUARTER - 1000
        store.append([Reading("p1", Quantity.ENERGY_IMPORT, 1000 + n * kwh, at)])
    await store.flush()
    return START + count * QUARTER


def spot(n: int, per_kwh: float, length: int = QUARTER) -> Price:
    return Price("elpris", "wholesale", START + n * QUARTER, START + n * QUARTER + length, per_kwh)


async def test_a_day_costs_each_quarter_at_its_own_price(store: Store) -> None:
    end = await draw(store)
    store.append([spot(n, n / 100) for n in range(96)])
    [day] = await books(store, end - 1).bills(MONDAY, MONDAY, "day")
    assert day.bill.bought is not None
    assert day.bill.bought.kwh == pytest.approx(48)
    assert day.bill.bought.money == pytest.approx(sum(0.5 * n / 100 for n in range(96)))
    assert day.bill.bought.covered == pytest.approx(1)
    assert day.bill.sold is None


async def test_prices_that_come_late_are_in_the_next_answer(store: Store) -> None:
    end = await draw(store)
    ledger = books(store, end - 1)
    [before] = await ledger.bills(MONDAY, MONDAY, "day")
    store.append([spot(n, 2.0) for n in range(48)])
    [half] = await ledger.bills(MONDAY, MONDAY, "day")
    store.append([spot(n, 2.0) for n in range(48, 96)])
    [whole] = await ledger.bills(MONDAY, MONDAY, "day")
    found = [entry.bill.bought for entry in (before, half, whole)]
    assert [flow and flow.money for flow in found] == [None, pytest.approx(48), pytest.approx(96)]
    assert [flow and flow.covered for flow in found] == [0, pytest.approx(0.5), pytest.approx(1)]


async def test_a_night_without_readings_is_shared_out_and_told(store: Store) -> None:
    await draw(store, first=0)
    later = START + 2 * 96 * QUARTER
    store.append([Reading("p1", Quantity.ENERGY_IMPORT, 1048 + 9.6, later - 1000)])
    store.append([spot(n, 1.0) for n in range(192)])
    [_, second] = await books(store, later - 1).bills(MONDAY, date(2027, 2, 2), "day")
    assert second.bill.bought is not None
    assert second.bill.bought.kwh == pytest.approx(9.6)
    assert second.bill.bought.estimated_kwh == pytest.approx(9.6)
    assert second.bill.bought.money == pytest.approx(9.6)


async def test_a_gap_is_shared_out_alike_from_wherever_one_looks(store: Store) -> None:
    await draw(store)
    later = START + 3 * 96 * QUARTER
    store.append([Reading("p1", Quantity.ENERGY_IMPORT, 1048 + 19.2, later - 1000)])
    store.append([spot(n, 1.0) for n in range(3 * 96)])
    [third] = await books(store, later - 1).bills(date(2027, 2, 3), date(2027, 2, 3), "day")
    assert third.bill.bought is not None
    assert third.bill.bought.kwh == pytest.approx(9.6)


async def test_what_another_source_measured_fills_the_gap_of_the_first(store: Store) -> None:
    await draw(store)
    for n in range(97, 193):
        at = START + n * QUARTER - 1000
        store.append([Reading("camera", Quantity.ENERGY_IMPORT, 1048 + (n - 96) * 0.25, at)])
    [second] = await books(store, START + 192 * QUARTER - 1).bills(date(2027, 2, 2), date(2027, 2, 2), "day")
    assert second.bill.bought is not None
    assert second.bill.bought.kwh == pytest.approx(95 * 0.25)
    assert second.bill.bought.estimated_kwh == 0


async def test_day_and_night_registers(store: Store) -> None:
    night = [*range(24), *range(88, 96)]
    low = high = 0.0
    for n in range(97):
        at = START + n * QUARTER - 1000
        low, high = (low + 0.5, high) if n - 1 in night else (low, high + 0.5) if n else (low, high)
        registers = {Quantity.ENERGY_IMPORT: low + high}
        registers |= {Quantity.ENERGY_IMPORT_T1: low, Quantity.ENERGY_IMPORT_T2: high}
        store.append([Reading("p1", quantity, value, at) for quantity, value in registers.items()])
    parts = Component(name="Low", per_kwh=0.2, tariff=1), Component(name="Normal", per_kwh=0.3, tariff=2)
    end = START + 96 * QUARTER
    [day] = await books(store, end - 1, Contract(buying=parts)).bills(MONDAY, MONDAY, "day")
    assert day.bill.bought is not None
    assert day.bill.bought.money == pytest.approx(16 * 0.2 + 32 * 0.3)
    assert day.bill.bought.covered == pytest.approx(1)


async def test_a_month_has_its_fees_and_its_capacity_charge(store: Store) -> None:
    end = await draw(store, days=28)
    contract = Contract(
        vat_percent=25,
        buying=(Component(name="Fixed", per_kwh=1),),
        fees=(Fee(name="Subscription", amount=40),),
        capacity=Capacity(peaks=3, per_kw=50),
    )
    [month] = await books(store, end - 1, contract).bills(MONDAY, date(2027, 2, 28), "month")
    assert month.bill.bought is not None
    assert month.bill.bought.money == pytest.approx(28 * 48 * 1.25)
    lines = {line.name: line.money for line in month.bill.lines}
    assert lines == {"Subscription": pytest.approx(50), "Capacity": pytest.approx(2.0 * 50 * 1.25)}
    assert month.bill.total == pytest.approx(28 * 60 + 50 + 125)


async def test_days_do_not_bear_the_months_capacity_charge(store: Store) -> None:
    end = await draw(store)
    contract = Contract(buying=(SPOT,), capacity=Capacity(per_kw=50))
    [day] = await books(store, end - 1, contract).bills(MONDAY, MONDAY, "day")
    assert day.bill.lines == ()


async def test_the_first_day_of_a_meter_read_once_a_day_is_no_peak(store: Store) -> None:
    for day, value in enumerate((500.0, 509.6, 519.2)):
        store.append(
            [Reading("camera", Quantity.ENERGY_IMPORT, value, START + (32 + day * 96) * QUARTER - 1000)]
        )
    await store.flush()
    contract = Contract(buying=(Component(name="Fixed", per_kwh=1),), capacity=Capacity(peaks=1, per_kw=28))
    now = START + (33 + 2 * 96) * QUARTER
    [month] = await books(store, now, contract).bills(MONDAY, date(2027, 2, 28), "month")
    assert month.bill.bought is not None
    assert month.bill.bought.kwh == month.bill.bought.estimated_kwh == pytest.approx(19.2)
    assert month.bill.lines[0].money == pytest.approx(0.4 * 28 * 3 / 28)


async def test_two_contracts_share_the_capacity_charge_of_a_month_by_its_days(store: Store) -> None:
    end = await draw(store, days=28)
    old = Contract(buying=(SPOT,), capacity=Capacity(name="Old", per_kw=28))
    new = Contract(since=date(2027, 2, 15), buying=(SPOT,), capacity=Capacity(name="New", per_kw=56))
    [month] = await books(store, end - 1, new, old).bills(MONDAY, date(2027, 2, 28), "month")
    assert {line.name: line.money for line in month.bill.lines} == {
        "Old": pytest.approx(2.0 * 14), "New": pytest.approx(2.0 * 28),
    }  # fmt: skip


async def test_an_offer_looks_back_as_far_as_its_own_tariff_does(store: Store) -> None:
    end = await draw(store, days=40)
    tariff = Capacity(window_min=15, peaks=12, apart="month", months=12, per_kw=31)
    offer = Contract(name="Flanders", buying=(SPOT,), capacity=tariff)
    ledger = books(store, end - 1, Contract(buying=(SPOT,)), offers=(offer,))
    [_, (_, found)] = await ledger.compare(date(2027, 3, 10), date(2027, 3, 12))
    assert found.lines[0].money == pytest.approx(2.0 * 31 * 3 / 31)


async def test_the_peaks_of_earlier_months_count_where_the_tariff_says_so(store: Store) -> None:
    end = await draw(store, days=40)
    tariff = Capacity(window_min=15, peaks=12, apart="month", months=12, floor_kw=2.5, per_kw=12, per="year")
    ledger = books(store, end - 1, Contract(buying=(SPOT,), capacity=tariff))
    [march] = await ledger.bills(date(2027, 3, 1), date(2027, 3, 12), "month")
    assert march.bill.lines[0].money == pytest.approx(2.5 * 12 / 31)


async def test_what_the_month_would_have_cost_elsewhere(store: Store) -> None:
    end = await draw(store)
    store.append([spot(n, 0.4) for n in range(96)])
    fixed = Contract(name="Fixed 1.20", since=date(2030, 1, 1), buying=(Component(name="All", per_kwh=1.2),))
    day_night = Contract(
        name="Nights half",
        buying=(
            Component(name="Night", per_kwh=0.5, when=(When(start="22:00", end="06:00"),)),
            Component(name="Day", per_kwh=1.0, when=(When(start="06:00", end="22:00"),)),
        ),
    )
    ledger = books(store, end - 1, Contract(buying=(SPOT,)), offers=(fixed, day_night))
    found = await ledger.compare(MONDAY, MONDAY)
    assert [(name, pytest.approx(bill.total)) for name, bill in found] == [
        ("", 48 * 0.4), ("Fixed 1.20", 48 * 1.2), ("Nights half", 16 * 0.5 + 32 * 1.0),
    ]  # fmt: skip


async def test_the_future_has_no_bill(store: Store) -> None:
    ledger = books(store, START)
    assert await ledger.bills(date(2027, 2, 2), date(2027, 2, 9), "day") == []
    assert await ledger.compare(date(2027, 2, 2), date(2027, 2, 9)) == []


async def test_years_are_cut_to_what_was_asked(store: Store) -> None:
    entries = await books(store, START).bills(date(2025, 6, 1), MONDAY, "year")
    assert [(entry.first, entry.last) for entry in entries] == [
        (date(2025, 6, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), MONDAY),
    ]
    assert all(entry.bill.total is None for entry in entries)


async def test_when_a_machine_runs_cheapest(store: Store) -> None:
    store.append([spot(n, 1.0 if n not in (20, 21, 22, 23) else 0.2) for n in range(96)])
    ledger = books(store, START)
    window = await ledger.cheapest(4, START + 1, START + 96 * QUARTER)
    assert window is not None
    assert (window.start, window.per_kwh) == (START + 20 * QUARTER, pytest.approx(0.2))
    late = await ledger.cheapest(4, START + 21 * QUARTER + 1, START + 96 * QUARTER)
    assert late is not None
    assert late.start == START + 22 * QUARTER
    assert await ledger.cheapest(4, START + 94 * QUARTER, START + 97 * QUARTER) is None


@pytest.mark.parametrize(("day", "count"), [(date(2027, 3, 28), 92), (date(2027, 10, 31), 100)])
async def test_long_and_short_days_are_paid_in_full(tmp_path: Path, day: date, count: int) -> None:
    start, end = calendar.day_span(day, ZONE)
    async with Store(tmp_path, FakeClock(start), ZONE) as store:
        for n in range(count + 1):
            store.append([Reading("p1", Quantity.ENERGY_IMPORT, n, start + n * QUARTER - 1)])
        edges = range(start, end, QUARTER)
        store.append([Price("elpris", "wholesale", at, at + QUARTER, n) for n, at in enumerate(edges)])
        [entry] = await books(store, end - 1).bills(day, day, "day")
    assert entry.bill.bought is not None
    assert entry.bill.bought.money == pytest.approx(sum(range(count)))
