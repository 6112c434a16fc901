"""The books add up: days to months to years, from wherever one looks, whatever the meters did."""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance import calendar
from appliance.clock import MINUTE_MS, FakeClock
from appliance.ledger import Grain, Ledger
from appliance.model import Price, Quantity, Reading
from appliance.money.bill import Bill
from appliance.store import Store
from config.contract import Capacity, Component, Contract, Fee, When

T = TypeVar("T")
QUARTER = calendar.QUARTER_MS
FIRST, LAST = date(2027, 3, 20), date(2027, 4, 14)
CONTRACTS = (
    Contract(
        vat_percent=25,
        buying=(Component(name="Spot", market=1), Component(name="Tax", per_kwh=0.4, vat=False)),
        selling=(Component(name="Spot", market=1, vat=False),),
        fees=(Fee(name="Grid", amount=310), Fee(name="Year", amount=365, per="year", vat=False)),
        capacity=Capacity(per_kw=40),
    ),
    Contract(
        since=date(2027, 4, 5),
        vat_percent=21,
        buying=(
            Component(name="Spot", market=1.02),
            Component(name="Night", per_kwh=-0.1, when=(When(start="22:30", end="06:15"),)),
        ),
        fees=(Fee(name="Grid", amount=12, per="day"),),
        capacity=Capacity(window_min=15, peaks=2, apart="month", months=2, floor_kw=2.5, per_kw=30),
    ),
)


def asked(seed: int, zone: ZoneInfo, question: Callable[[Ledger, Store], Awaitable[T]]) -> T:
    """The answer of a house whose meters are read when they like: gaps, restarts, two sources."""
    dice = random.Random(seed)
    start, end = calendar.day_start(FIRST, zone), calendar.day_span(LAST, zone)[1]

    async def run() -> T:
        with tempfile.TemporaryDirectory() as folder:
            async with Store(Path(folder), FakeClock(start), zone) as store:
                store.append([*_read(dice, start, end), *_priced(dice, start, end)])
                await store.flush()
                meters = {Quantity.ENERGY_IMPORT: ["p1", "camera"], Quantity.ENERGY_EXPORT: ["p1"]}
                ledger = Ledger(
                    store, FakeClock(end - 1), zone, CONTRACTS, [], lambda quantity: meters.get(quantity, [])
                )
                return await question(ledger, store)

    return asyncio.run(run())


def _read(dice: random.Random, start: int, end: int) -> list[Reading]:
    kwh, drawn, at, found = 5000.0, 100.0, start - dice.randrange(3) * 40 * QUARTER, []
    while at < end:
        found.append(Reading("p1", Quantity.ENERGY_IMPORT, round(drawn, 3), at))
        found.append(Reading("p1", Quantity.ENERGY_EXPORT, round(kwh / 3, 3), at))
        if dice.random() < 0.4:
            found.append(Reading("camera", Quantity.ENERGY_IMPORT, round(kwh, 1), at - MINUTE_MS))
        quarters = dice.choice([1, 1, 1, 1, 1, 2, 7, dice.randrange(1, 900)])
        while quarters > 3 and dice.random() < 0.3:
            quarters -= 1
            at += QUARTER
            kwh += 0.1
            drawn += 0.1
            found.append(Reading("camera", Quantity.ENERGY_IMPORT, round(kwh, 1), at))
        at += quarters * QUARTER + dice.randrange(-300, 300) * 1000
        rise = dice.random() * quarters
        kwh, drawn = kwh + rise, 0.0 if dice.random() < 0.01 else drawn + rise
    return found


def _priced(dice: random.Random, start: int, end: int) -> list[Price]:
    return [
        Price("spot", "wholesale", at, at + QUARTER, round(dice.uniform(-1, 3), 4))
        for at in range(start, end, QUARTER)
        if dice.random() > 0.05
    ]


HOUSES = given(
    st.integers(0, 10**6),
    st.sampled_from(
        [ZoneInfo(name) for name in ("Europe/Stockholm", "Asia/Kathmandu", "Australia/Lord_Howe")]
    ),
)
FEW = settings(max_examples=12, deadline=None)


def figures(bills: list[Bill]) -> list[float]:
    """Everything on them added up, but for the capacity charge, which no day has."""
    flows = [flow for bill in bills for flow in (bill.bought, bill.sold) if flow is not None]
    lines = [line.money for bill in bills for line in bill.lines if line.name != "Capacity"]
    return [
        sum(flow.kwh for flow in flows),
        sum(flow.priced_kwh for flow in flows),
        sum(flow.estimated_kwh for flow in flows),
        sum(flow.money or 0 for flow in flows),
        sum(lines),
    ]


@HOUSES
@FEW
def test_days_add_up_to_months_and_years(seed: int, zone: ZoneInfo) -> None:
    async def question(ledger: Ledger, _: Store) -> list[list[float]]:
        grains: list[Grain] = ["day", "month", "year"]
        return [figures([entry.bill for entry in await ledger.bills(FIRST, LAST, grain)]) for grain in grains]

    days, months, years = asked(seed, zone, question)
    assert days == pytest.approx(months)
    assert months == pytest.approx(years)
    assert days[0] >= days[1] - 1e-6


@HOUSES
@FEW
def test_a_day_costs_the_same_from_wherever_one_looks(seed: int, zone: ZoneInfo) -> None:
    async def question(ledger: Ledger, _: Store) -> list[tuple[list[float], list[float]]]:
        whole = await ledger.bills(FIRST, LAST, "day")
        return [
            (figures([entry.bill]), figures([(await ledger.bills(entry.first, entry.last, "day"))[0].bill]))
            for entry in whole[:: 1 + seed % 4]
        ]

    for among_others, alone in asked(seed, zone, question):
        assert among_others == pytest.approx(alone)


@HOUSES
@FEW
def test_a_month_that_is_cut_bears_its_part_of_the_capacity_charge(seed: int, zone: ZoneInfo) -> None:
    cut = date(2027, 4, 1) + timedelta(days=seed % 13)

    async def question(ledger: Ledger, _: Store) -> list[float]:
        spans = [(date(2027, 4, 1), LAST), (date(2027, 4, 1), cut), (cut + timedelta(days=1), LAST)]
        found = [(await ledger.bills(*span, "month"))[0].bill.lines for span in spans]
        return [sum(line.money for line in lines if line.name == "Capacity") for lines in found]

    whole, before, after = asked(seed, zone, question)
    assert before + after == pytest.approx(whole)


@HOUSES
@FEW
def test_the_energy_is_what_the_register_of_the_meter_rose_by(seed: int, zone: ZoneInfo) -> None:
    async def question(ledger: Ledger, store: Store) -> tuple[float, float]:
        start, end = calendar.day_start(FIRST, zone) - 200 * QUARTER, calendar.day_span(LAST, zone)[1]
        sheet = await ledger.sheet(start, end)
        assert sheet.sold is not None
        at = (await store.raw("p1", Quantity.ENERGY_EXPORT, start, end))[0]
        first_edge = -(-int(at[0]) // QUARTER) * QUARTER
        [rise] = await store.increase("p1", Quantity.ENERGY_EXPORT, [first_edge, end])
        return float(np.nansum(sheet.sold.whole.kwh)) + sheet.sold.whole.loose_kwh, rise or 0.0

    counted, rise = asked(seed, zone, question)
    assert counted == pytest.approx(rise)
