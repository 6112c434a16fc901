"""Texts that the daemon puts together of parts, as it really says them: of the day's summary, the answers to
commands, tomorrow's prices, the prepaid meter. `ui.sentences` has to know each line."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from appliance import answers
from appliance.alerts import day as days
from appliance.alerts import prices
from appliance.calendar import QUARTER_MS, today
from appliance.clock import DAY_MS, HOUR_MS, FakeClock
from appliance.energy_now import Energies, EnergyNow
from appliance.money.cheapest import Window
from appliance.prepaid import Account
from appliance.sources import _elnet_account as purse
from appliance.sources import _elnet_supply as supply
from appliance.sources._elnet_data import GENERATOR

ZONE = ZoneInfo("Europe/Stockholm")
NOW = 1_778_761_930_000
DAY = days.Day(
    date(2026, 5, 14), "SEK", Energies(imported=11.4, load=11.4, has_solar=False, has_battery=False)
)
SUNNY = Energies(imported=4.2, exported=2.1, solar=9.0, charged=1.0, discharged=0.9)
ENGINE = Energies(
    imported=4.2, generator=1.5, load=5.7, has_solar=False, has_battery=False, has_generator=True
)
BLIND = Energies(imported=4.2, exported=1.0, has_solar=True)


def _days() -> Iterator[days.Day]:
    yield replace(DAY, yesterday=13.0, week=11.4, week_days=7, cost=31.2, peak_w=4200, peak_at=NOW)
    yield replace(DAY, yesterday=4.0, week=20.0, week_days=6, cost=31.2, priced=0.5, balance=412.0)
    yield replace(DAY, yesterday=11.4, week=9.0, week_days=5, balance=412.0, days_left=2.6)
    yield replace(DAY, until=NOW, since=NOW, read_from=NOW, read_until=NOW)
    yield replace(DAY, unread=True, read_until=NOW, closed=True)
    yield days.Day(date(2026, 5, 14), "SEK", unread=True)
    yield replace(DAY, energies=SUNNY, cost=-2.5)
    yield replace(DAY, energies=ENGINE, grid_cost=35.0, generator_cost=33.0)
    yield replace(DAY, energies=ENGINE)
    for yesterday, until in ((None, None), (5.0, None), (None, NOW)):
        yield replace(DAY, energies=BLIND, yesterday=yesterday, until=until)


def _moments() -> Iterator[str]:
    for node, watts, charge in product(answers.NAMES, (None, 840.0, -840.0, 0.0), (None, 56.0)):
        moment = EnergyNow("ok", {node: watts}, charge, True, "idle")
        if node in ("battery", "grid") or watts is None or watts >= 0:
            yield from answers._node(node, moment)
    for which, energies in product(("This month", "Last month"), (DAY.energies, BLIND)):
        said = answers._month(which, replace(DAY, energies=energies), 120.0)
        yield said
        if which == "Last month":
            yield f"{said}: 140.00 SEK"


def _funds() -> Iterator[str]:
    account = Account()
    for balance, left in ((None, None), (412.5, None), (412.5, 2.6)):
        yield answers._funds(replace(account, balance=balance, days_left=left), "SEK")


def _here(*rates: float) -> Any:
    """As much of an appliance as its answers about prices and accounts ask, with a rate for each hour."""
    start, _ = today(NOW, ZONE)

    async def known(first: int, last: int) -> Any:
        at = np.arange(first, last, QUARTER_MS)
        values = np.array([rates[(int(one) - start) // HOUR_MS % len(rates)] for one in at])
        return at, SimpleNamespace(buying=(values, values, values))

    async def cheapest(quarters: int, first: int, last: int) -> Window:
        ahead = DAY_MS if len(rates) > 3 else 0
        return Window(start + ahead + 15 * HOUR_MS, start + ahead + 18 * HOUR_MS, 0.41)

    site = SimpleNamespace(currency="SEK", language="en")
    ledger = SimpleNamespace(rates=known, cheapest=cheapest)
    return SimpleNamespace(
        clock=FakeClock(NOW),
        zone=ZONE,
        ledger=ledger,
        config=SimpleNamespace(site=site),
        sources={},
        hub=None,
    )


def _prices() -> Iterator[str]:
    for rates in ((0.5,), (0.5, 0.9, 1.4), (0.5, 0.9, 1.4, 0.2)):
        yield from asyncio.run(answers.Answers(_here(*rates)).ask("price")).splitlines()
    starts = [NOW // DAY_MS * DAY_MS + n * QUARTER_MS for n in range(96)]
    found = prices.peaks(starts, [2.0] * 8 + [-0.1] * 8 + [0.5] * 80, None)
    assert found is not None
    event = prices.told(found, date(2026, 5, 15), "house", ZONE, "SEK", NOW)
    assert event is not None
    yield from event.text.splitlines()


def _movements() -> Iterator[str]:
    for amount, balance in product((1000.0, -50.0), (None, 1412.0)):
        state = purse.State(last=None if balance is None else purse.Seen(NOW, balance, 100.0, 5.0))
        yield purse.Judge("elnet", state, 10.0)._event(purse.Move(NOW, amount, True, True)).text


def _generator() -> Iterator[str]:
    judge = supply.Judge("elnet", ZONE, supply.State())
    begun, gap = NOW - 2 * HOUR_MS, (NOW - 3 * HOUR_MS, NOW - HOUR_MS)
    before = supply.Sample(begun, GENERATOR, 100.0, 5.0)
    for silence in (None, gap, (NOW, NOW)):
        judge.state = supply.State()
        yield judge._turned(supply.Turn(NOW, before, silence), before).text
    told = ["1.50 kWh", "1.3 kW on average", "33.00 INR"]
    for facts, silences in product(([], told[:1], told[:2], told), ([], [gap], [gap, gap])):
        yield judge._told(supply.Running(begun, before, silences), NOW, facts)


def lines() -> set[str]:
    """Every line."""
    summed = (line for day in _days() for line in days.lines(day, ZONE))
    return {*summed, *_moments(), *_funds(), *_prices(), *_movements(), *_generator(), *ALONE}


ALONE = (
    "The grid is down", "The meter stood at 12345.7 kWh at 14:05", "The price now is not known",
    "On the grid", "On the generator", "On the grid since 13:20", "On the generator since 2026-05-13 22:10",
    "Nothing newer has been told since 13:20", "Last recharge 1000.00 SEK, 2026-05-10 09:30",
)  # fmt: skip
"""What `appliance.answers` tells only of a whole house: tests/test_answers.py has them word for word."""
