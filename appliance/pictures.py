"""The charts that are given away as files: power over time, prices with what was spent."""

import asyncio
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np

from appliance.calendar import QUARTER_MS, day_of
from appliance.clock import DAY_MS
from appliance.ledger import Ledger, Sheet, plain
from appliance.model import Quantity
from appliance.money.bill import money
from appliance.plots import Curve, Plot
from appliance.store import Every, Store
from appliance.store.facts import listed

POINTS = 1500
SHOWN = (
    Quantity.POWER_GRID,
    Quantity.POWER_GENERATOR,
    Quantity.POWER_SOLAR,
    Quantity.POWER_BATTERY,
    Quantity.POWER_LOAD,
)
WORDS = {
    "en": {
        "power": "Power", "prices": "Price of electricity", "spent": "Spent", "price": "Price",
        "market": "Market", "none": "Nothing was recorded in this time",
        Quantity.POWER_GRID: "Grid", Quantity.POWER_SOLAR: "Solar", Quantity.POWER_BATTERY: "Battery",
        Quantity.POWER_LOAD: "Home", Quantity.POWER_GENERATOR: "Generator",
    },
    "sv": {
        "power": "Effekt", "prices": "Elpris", "spent": "Kostnad", "price": "Pris", "market": "Börs",
        "none": "Inget registrerades under denna tid",
        Quantity.POWER_GRID: "Elnät", Quantity.POWER_SOLAR: "Sol", Quantity.POWER_BATTERY: "Batteri",
        Quantity.POWER_LOAD: "Hus", Quantity.POWER_GENERATOR: "Generator",
    },
}  # fmt: skip


async def power(store: Store, span: tuple[int, int], zone: ZoneInfo, language: str) -> Plot:
    """W over time of every source that tells the power of grid, sun, battery or house."""
    words = WORDS[language]
    chosen = [info for info in await store.series_list() if info.quantity in SHOWN]
    chosen.sort(key=lambda info: SHOWN.index(info.quantity))
    twice = len({info.quantity for info in chosen}) < len(chosen)
    every = Every.MIN1 if span[1] - span[0] <= 2 * DAY_MS else Every.MIN15
    curves = []
    for info in chosen:
        found = await store.series(info.source, info.quantity, *span, every, POINTS)
        name = words[info.quantity] + (f" ({info.source})" if twice else "")
        line = found.line()
        curves.append(Curve(name, [at for at, _ in line], [value for _, value in line]))
    return Plot(_title(words["power"], span, zone), str(zone), span, "W", curves, none=words["none"])


async def prices(ledger: Ledger, span: tuple[int, int], zone: ZoneInfo, currency: str, language: str) -> Plot:
    """The whole price and the market's in each quarter hour, and what was spent up to it."""
    sheet = await ledger.sheet(*span)
    return await asyncio.to_thread(_prices, sheet, span, zone, currency, WORDS[language])


def _prices(
    sheet: Sheet, span: tuple[int, int], zone: ZoneInfo, currency: str, words: Mapping[str, str]
) -> Plot:
    starts = sheet.moments.starts.tolist()
    columns = {"price": plain(sheet.rates.buying), "market": sheet.market.wholesale}
    curves = [
        Curve(
            words[name], [*starts, starts[-1] + QUARTER_MS], listed(np.append(column, column[-1])), step=True
        )
        for name, column in columns.items()
        if np.isfinite(column).any()
    ]
    if sheet.bought is not None:
        cost, _ = money(sheet.bought, sheet.rates.buying)
        known = np.isfinite(cost)
        spent = np.where(known, np.cumsum(np.where(known, cost, 0.0)), np.nan)
        ends = [at + QUARTER_MS for at in starts]
        curves.append(Curve(words["spent"], ends, listed(spent), right=True))
    title = _title(words["prices"], span, zone)
    return Plot(title, str(zone), span, f"{currency}/kWh", curves, currency, words["none"])


def _title(what: str, span: tuple[int, int], zone: ZoneInfo) -> str:
    first, last = day_of(span[0], zone), day_of(span[1] - 1, zone)
    return f"{what}, {first}" + (f" – {last}" if last != first else "")
