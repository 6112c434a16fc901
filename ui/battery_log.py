"""What the Battery page shows of the past: alerts, outages, how the capacity wears. Instants are UTC ms."""

from collections.abc import Sequence
from typing import Any

from babel.dates import format_date

from appliance.battery import Alert, Capacity
from appliance.calendar import day_of
from appliance.model import parent
from appliance.outages import Outage

from .battery import hours, unit_name
from .charts import Axis, Drawing, Line
from .text import UNKNOWN, Texts

ALERTS_SHOWN = 12
OUTAGES_SHOWN = 8
MONTHS_DAYS = 75
"""A shorter history of the capacity is drawn by days."""
WEAR_STEP = 5.0
"""Percent from one line of the drawing to the next."""


def alerts_message(texts: Texts, alerts: Sequence[Alert], now: int) -> dict[str, Any]:
    """Those of now, then the last ones."""
    rows = []
    for one in alerts[:ALERTS_SHOWN]:
        began, lasted = texts.moment(one.start, now), hours(texts, one.duration_s(now) / 3600)
        active = one.end is None
        rows.append({
            "key": f"{one.source} {one.device} {one.alert} {one.start}", "name": one.alert,
            "word": texts._("Now") if active else "", "level": "warn" if active else "none",
            "kind": one.device.partition("--")[0] or one.source,
            "texts": [texts._("Since {time}").format(time=began) if active else began], "side": [lasted],
        })  # fmt: skip
    none = texts._("The gateway has told of nothing")
    return {"title": texts._("Alerts"), "rows": rows, "none": none}


def outages_head(texts: Texts, found: Sequence[Outage], now: int) -> dict[str, Any]:
    """How many there were, how long in all."""
    total = sum(one.duration_s(now) for one in found)
    longest = max((one.duration_s(now) for one in found), default=0.0)
    tags = []
    if found:
        tags = [
            texts._("{time} in all").format(time=hours(texts, total / 3600)),
            texts._("Longest {time}").format(time=hours(texts, longest / 3600)),
        ]
    return {
        "value": str(len(found)),
        "unit": texts._("outage in a year") if len(found) == 1 else texts._("outages in a year"),
        "tags": [{"text": text, "level": "none"} for text in tags], "notes": "",
    }  # fmt: skip


def outages_table(texts: Texts, found: Sequence[Outage], now: int) -> dict[str, Any]:
    """Start, end and duration of each, the last first."""
    rows = []
    for one in found[:OUTAGES_SHOWN]:
        began = texts.moment(one.start, now)
        ended = texts._("lasts") if one.end is None else texts.moment(one.end, now)
        about = "≈ " if one.not_watched else ""
        sub = []
        if one.times > 1:
            sub.append(texts._("{count} interruptions").format(count=one.times))
        if one.not_watched:
            sub.append(texts._("not watched all the time"))
        lasted = about + hours(texts, one.duration_s(now) / 3600)
        rows.append({"key": str(one.start), "cells": [began, ended, lasted], "sub": ", ".join(sub)})
    head = [texts._("Lost"), texts._("Back"), texts._("Lasted")]
    none = texts._("The grid has not been lost since it is watched")
    return {"title": "", "head": head, "rows": rows, "none": none}


def wear_drawing(texts: Texts, found: Sequence[Capacity], *, monthly: bool) -> Drawing:
    """Percent of the first measured, a line for each pack on one axis."""
    days = sorted({day for one in found for day in one.at})
    pattern = "MMM yy" if monthly else "d MMM"
    names = [format_date(day, pattern, locale=texts.locale).replace(".", "") for day in days]
    colours = ("battery-f", "phase-1", "phase-2", "export-f", "home-f")
    lines = []
    for place, one in enumerate(_told(found)):
        by = dict(zip(one.at, one.percent, strict=True))
        whole = one.source == parent(one.source)
        name = texts._("Whole battery") if whole else unit_name(texts, one.source)
        values = [by.get(day) for day in days]
        lines.append(Line(name, "%", values, colours[place % len(colours)], decimals=1))
    return Drawing(
        key=f"wear {len(days)}", lines=lines,
        axes=[Axis("%", min=_floor(found), max=_ceiling(found), interval=WEAR_STEP)],
        none=texts._("Nothing recorded yet"), category=names, legend=len(lines) > 1,
        aria=texts._("Capacity"),
    )  # fmt: skip


def _told(found: Sequence[Capacity]) -> list[Capacity]:
    """Without the sum of a single pack."""
    packs = [one for one in found if one.source != parent(one.source)]
    return packs if len(packs) == 1 else list(found)


def _floor(found: Sequence[Capacity]) -> float:
    lowest = min((min(one.percent) for one in found if one.percent), default=100.0)
    return float(min(90, WEAR_STEP * ((lowest - 1) // WEAR_STEP)))


def _ceiling(found: Sequence[Capacity]) -> float:
    highest = max((max(one.percent) for one in found if one.percent), default=100.0)
    return float(WEAR_STEP * ((highest + WEAR_STEP) // WEAR_STEP))


def wear_head(texts: Texts, found: Sequence[Capacity]) -> dict[str, Any]:
    """What it holds now, against the first that was measured."""
    whole = next((one for one in found if one.source == parent(one.source) and one.kwh), None)
    one = whole or next((one for one in found if one.kwh), None)
    if one is None:
        return {"value": UNKNOWN, "unit": "", "tags": [], "notes": ""}
    first = format_date(one.at[0], "LLLL y", locale=texts.locale)
    text = texts._("{percent} % of the first measured").format(percent=texts.number(one.percent[-1], 1))
    notes = texts._("First measured in {month}: {kwh} kWh").format(
        month=first, kwh=texts.number(one.kwh[0], 1)
    )
    level = "ok" if one.percent[-1] >= 80 else "warn"
    value = texts.number(one.kwh[-1], 1)
    return {
        "value": value, "unit": "kWh", "tags": [{"text": text, "level": level}],
        "notes": notes,
    }  # fmt: skip


def is_long(found: Sequence[Capacity], now: int, texts: Texts) -> bool:
    """Whether the history is long enough to be told by months."""
    firsts = [one.at[0] for one in found if one.at]
    return bool(firsts) and (day_of(now, texts.zone) - min(firsts)).days >= MONTHS_DAYS
