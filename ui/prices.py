"""What the Prices page draws: a day of quarter hours, a month of days, other contracts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from babel.dates import format_date

from appliance.calendar import QUARTER_MS
from appliance.ledger import Entry, Sheet, plain
from appliance.money.bill import Bill, money
from appliance.money.cheapest import Window, cheapest

from .charts import Axis, Drawing, Line, Mark, stepped
from .text import UNKNOWN, Texts


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of quarter hours: whole price, market price, what was spent so far; None is unknown."""

    start: int
    end: int
    starts: list[int]
    buying: list[float | None]
    wholesale: list[float | None]
    spent: list[float | None]


def day_of_sheet(sheet: Sheet, start: int, end: int, now: int) -> Day:
    """The columns of a day, and what its energy cost up to each quarter hour."""
    spent: list[float | None] = [None] * len(sheet.moments.starts)
    if sheet.bought is not None:
        cost, _ = money(sheet.bought, sheet.rates.buying)
        known = np.isfinite(cost)
        running = np.cumsum(np.where(known, cost, 0.0))
        last = int(np.flatnonzero(known)[-1]) if known.any() else -1
        spent = [float(running[n]) if n <= last else None for n in range(len(spent))]
    return Day(
        start,
        end,
        sheet.moments.starts.tolist(),
        listed(plain(sheet.rates.buying)),
        listed(sheet.market.wholesale),
        spent,
    )


def listed(column: Any) -> list[float | None]:
    """A column with None for what is unknown."""
    return [None if value != value else float(value) for value in column.tolist()]


def cheapest_run(day: Day, now: int, quarters: int) -> Window | None:
    """When a machine costs least in what is left of the day."""
    starts = np.array(day.starts, np.int64)
    ahead = starts + QUARTER_MS > now
    rate = np.array([np.nan if value is None else value for value in day.buying])
    return cheapest(starts[ahead], rate[ahead], quarters)


def thirds(values: Sequence[float | None]) -> tuple[float, float] | None:
    """The limits between low, middle and high: thirds of the span. None where nothing differs."""
    known = [value for value in values if value is not None]
    if not known or max(known) - min(known) < 1e-9:
        return None
    third = (max(known) - min(known)) / 3
    return min(known) + third, max(known) - third


def day_head(texts: Texts, day: Day, now: int, window: Window | None, *, tomorrow: bool) -> dict[str, Any]:
    """The price now (of tomorrow the mean), the cheapest and the dearest."""
    known = [(at, value) for at, value in zip(day.starts, day.buying, strict=True) if value is not None]
    if tomorrow:
        value = sum(price for _, price in known) / len(known) if known else None
        unit = texts._("{unit} on average").format(unit=texts.money_unit)
    else:
        value = next((price for at, price in known if at <= now < at + QUARTER_MS), None)
        unit = texts._("{unit} now").format(unit=texts.money_unit)
    tags = []
    if known:
        low, high = min(known, key=lambda pair: pair[1]), max(known, key=lambda pair: pair[1])
        tags.append({"text": _tag(texts, texts._("Cheapest {time}, {price}"), low), "level": "ok"})
        tags.append({"text": _tag(texts, texts._("Dearest {time}, {price}"), high), "level": "bad"})
    return {"value": texts.price(value), "unit": unit, "tags": tags, "notes": _run_note(texts, window)}


def _tag(texts: Texts, pattern: str, point: tuple[int, float]) -> str:
    return pattern.format(time=texts.clock(point[0]), price=texts.price(point[1]))


def _run_note(texts: Texts, window: Window | None) -> str:
    if window is None:
        return ""
    said = texts._("Start a machine at {time}: {price} {unit} until {end}")
    return said.format(
        time=texts.clock(window.start),
        end=texts.clock(window.end),
        price=texts.price(window.per_kwh),
        unit=texts.money_unit,
    )


def day_drawing(texts: Texts, day: Day, now: int, window: Window | None) -> Drawing:
    """The whole price as steps in three colours, the market's own faint, what was spent on the right."""
    price = Line(
        texts._("Price"), texts.money_unit, stepped(day.starts, day.buying, day.end), kind="step",
        decimals=2, area=True, bands=thirds(day.buying), colour="solar-o",
    )  # fmt: skip
    lines, axes = [price], [Axis(texts.money_unit)]
    if any(a != b for a, b in zip(day.wholesale, day.buying, strict=True)) and any(
        value is not None for value in day.wholesale
    ):
        points = stepped(day.starts, day.wholesale, day.end)
        name = texts._("Market")
        lines.append(
            Line(
                name, texts.money_unit, points, kind="step", decimals=2, faint=True, colour="t3", dashed=True
            )
        )
    if any(value is not None for value in day.spent):
        ends = [at + QUARTER_MS for at in day.starts]
        name = texts._("Spent today")
        lines.append(
            Line(
                name,
                texts.money,
                list(zip(ends, day.spent, strict=True)),
                colour="accent",
                axis=1,
                decimals=2,
            )
        )
        axes.append(Axis(texts.money))
    return Drawing(
        key=f"day {day.start}",
        lines=lines,
        axes=axes,
        none=texts._("No prices are known for this day yet"),
        span=(day.start, day.end),
        now=now if day.start <= now < day.end else None,
        marks=[] if window is None else [Mark(window.start, window.end)],
        legend=len(lines) > 1,
        zoom=True,
        back=texts._("Show all"),
        aria=texts._("Price of every quarter hour"),
    )


def month_head(
    texts: Texts, entries: Sequence[Entry], whole: Bill | None = None, past: date | None = None
) -> dict[str, Any]:
    """What the month cost (so far), its energy, its mean price, its fees, and what had no price. `whole` is
    its bill, which may hold more than those of its days; `past` a day of a month that is over."""
    bought = [entry.bill.bought for entry in entries if entry.bill.bought is not None]
    kwh, priced = sum(flow.kwh for flow in bought), sum(flow.priced_kwh for flow in bought)
    cost = [flow.money for flow in bought if flow.money is not None]
    totals = [entry.bill.total for entry in entries if entry.bill.total is not None]
    total = sum(totals) if totals else None
    said = []
    if kwh:
        said.append(f"{texts.kwh(kwh)} kWh")
    if priced and cost:
        mean = f"{texts.price(sum(cost) / priced)} {texts.money_unit}"
        said.append(texts._("{price} on average").format(price=mean))
    if whole is not None:
        total = whole.total
        if fees := sum(line.money for line in whole.lines):
            said.append(texts._("{amount} fees").format(amount=f"{texts.number(fees, 2)} {texts.money}"))
    unit = texts._("{unit} this month").format(unit=texts.money)
    if past is not None:
        unit = f"{texts.money} · {format_date(past, 'LLLL y', locale=texts.locale)}"
    return {
        "value": UNKNOWN if total is None else texts.number(total, 2),
        "unit": unit,
        "tags": [{"text": text, "level": "none"} for text in said],
        "notes": unpriced_note(texts, kwh, priced),
    }


def unpriced_note(texts: Texts, kwh: float, priced: float) -> str:
    """What share of the energy has no price; empty where all of it has."""
    if not kwh or priced >= kwh * 0.9995:
        return ""
    share = texts.number(100 * (1 - priced / kwh), 1)
    return texts._("{share} % of the energy has no price yet and is not counted").format(share=share)


def month_drawing(texts: Texts, entries: Sequence[Entry]) -> Drawing:
    """What each day cost, and its mean price."""
    cost = [None if e.bill.bought is None else e.bill.bought.money for e in entries]
    sold = [None if e.bill.sold is None or not e.bill.sold.money else -e.bill.sold.money for e in entries]
    mean = [_mean_price(entry) for entry in entries]
    lines = [Line(texts._("Bought"), texts.money, cost, kind="bar", decimals=2, stack="m", colour="grid-f")]
    if any(value is not None for value in sold):
        lines.append(
            Line(texts._("Sold"), texts.money, sold, kind="bar", decimals=2, stack="m", colour="export-f")
        )
    lines.append(Line(texts._("Mean price"), texts.money_unit, mean, axis=1, decimals=2, colour="solar-o"))
    return Drawing(
        key=f"month {entries[0].first}" if entries else "month",
        lines=lines,
        axes=[Axis(texts.money), Axis(texts.money_unit, zero=False)],
        none=texts._("Nothing was metered in this month"),
        category=[texts.day_short(entry.first) for entry in entries],
        legend=True,
        aria=texts._("What each day of the month cost"),
    )


def _mean_price(entry: Entry) -> float | None:
    bought = entry.bill.bought
    if bought is None or bought.money is None or not bought.priced_kwh:
        return None
    return bought.money / bought.priced_kwh


def offers_table(texts: Texts, offers: Sequence[tuple[str, Bill]]) -> dict[str, Any]:
    """What the month so far would have cost, the present contract first."""
    rows = []
    base = offers[0][1].total if offers else None
    for place, (name, bill) in enumerate(offers):
        shown = texts.number(bill.total, 2) if bill.total is not None else UNKNOWN
        difference = ""
        if place and bill.total is not None and base is not None:
            sign = "+" if bill.total > base else "−"
            difference = f"{sign}{texts.number(abs(bill.total - base), 2)}"
        title = name or texts._("Your contract")
        rows.append({"key": str(place), "cells": [title, difference, f"{shown} {texts.money}"]})
    return {"title": texts._("The month with other contracts"), "head": [], "rows": rows, "none": ""}
