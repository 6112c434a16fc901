"""What a kWh costs or brings in each interval, by a contract and the prices of the market."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from appliance.model import Price
from appliance.money.moments import Ints, Moments
from config.contract import Component, Contract

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Market:
    """Known prices per kWh for each interval; NaN where unknown."""

    wholesale: Floats
    """The market's own, without tax."""
    buying: Floats
    """Complete prices a supplier tells for what is bought."""
    selling: Floats
    """Complete prices a supplier tells for what is sold."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Money per kWh for each interval; NaN where a price it needs is unknown.

    Column 0 is what is not told apart by register, 1 and 2 are the meter's T1 and T2.
    """

    buying: tuple[Floats, Floats, Floats]
    selling: tuple[Floats, Floats, Floats]


def columns(prices: Iterable[Price], starts: Ints, length_ms: int) -> Floats:
    """The price in force at each start; an interval that prices share gets their mean by time.

    `prices` are of one channel, in any order. A partly unpriced interval is unknown.
    """
    known = sorted(prices, key=lambda price: price.start)
    found = np.full(len(starts), np.nan)
    if not known or not len(starts):
        return found
    begin = np.array([price.start for price in known], np.int64)
    end = np.array([price.end for price in known], np.int64)
    value = np.array([price.per_kwh for price in known])
    place = np.searchsorted(begin, starts, side="right") - 1
    whole = (place >= 0) & (starts + length_ms <= end[place])
    found[whole] = value[place[whole]]
    after = np.append(begin, np.iinfo(np.int64).max)[place + 1]
    partly = ~whole & (((place >= 0) & (end[place] > starts)) | (after < starts + length_ms))
    for index in np.flatnonzero(partly).tolist():
        found[index] = _mean(begin, end, value, int(starts[index]), int(starts[index]) + length_ms)
    return found


def _mean(begin: Ints, end: Ints, value: Floats, low: int, high: int) -> float:
    first = max(0, int(np.searchsorted(begin, low, side="right")) - 1)
    last = int(np.searchsorted(begin, high, side="left"))
    share = np.minimum(end[first:last], high) - np.maximum(begin[first:last], low)
    share = np.maximum(share, 0)
    if share.sum() != high - low:
        return float("nan")
    return float((value[first:last] * share).sum() / share.sum())


def rates(contracts: Sequence[Contract], moments: Moments, market: Market) -> Rates:
    """Rates of the contract in force at each moment. Without any contract a supplier's complete price
    counts on the days that have one, else the market's own."""
    if contracts:
        which = in_force(contracts, moments)
    else:
        contracts = (PLAIN_MARKET, PLAIN_SUPPLIER)
        which = np.isin(moments.day, moments.day[np.isfinite(market.buying)]).astype(np.int64)
    empty = np.full(len(moments.starts), np.nan)
    buying = tuple(empty.copy() for _ in range(3))
    selling = tuple(empty.copy() for _ in range(3))
    for number, contract in enumerate(contracts):
        mine = which == number
        if not mine.any():
            continue
        for tariff in range(3):
            bought = _sum(contract.buying, contract, tariff, moments, market.wholesale, market.buying)
            sold = _sum(contract.selling, contract, tariff, moments, market.wholesale, market.selling)
            buying[tariff][mine] = bought[mine]
            selling[tariff][mine] = sold[mine]
    return Rates((buying[0], buying[1], buying[2]), (selling[0], selling[1], selling[2]))


def in_force(contracts: Sequence[Contract], moments: Moments) -> Ints:
    """The place of the contract of each moment's local day, -1 before the first one."""
    since = [(contract.since - date(1970, 1, 1)).days for contract in contracts]
    order = np.argsort(since, kind="stable")
    place = np.searchsorted(np.array(since)[order], moments.day, side="right") - 1
    return np.where(place >= 0, order[place], -1)


def by_tariff(contract: Contract) -> bool:
    """Whether the contract has other prices for T1 and T2, so that the total alone has no price."""
    return any(part.tariff for part in (*contract.buying, *contract.selling))


def _sum(
    parts: Sequence[Component],
    contract: Contract,
    tariff: int,
    moments: Moments,
    wholesale: Floats,
    supplier: Floats,
) -> Floats:
    """The parts added up with tax. Unknown in one part is unknown, and so is what nothing was said of."""
    total = np.zeros(len(moments.starts))
    if not parts or (tariff == 0 and any(part.tariff for part in parts)):
        return np.full(len(moments.starts), np.nan)
    for part in parts:
        if part.tariff not in (None, tariff):
            continue
        price = np.full(len(moments.starts), float(part.per_kwh))
        if part.market:
            price += part.market * wholesale
        if part.supplier:
            price += part.supplier * supplier
        if part.vat:
            price *= 1 + contract.vat_percent / 100
        total += np.where(moments.within(part.when), price, 0.0)
    return total


PLAIN_MARKET = Contract(
    name="market",
    buying=(Component(name="Market price", market=1),),
    selling=(Component(name="Market price", market=1),),
)
PLAIN_SUPPLIER = Contract(
    name="supplier",
    buying=(Component(name="Price", supplier=1),),
    selling=(Component(name="Price", supplier=1),),
)
