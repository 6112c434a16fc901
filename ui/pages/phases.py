"""Phases: how much each carries, how far apart they are, how near the main fuse; the voltage of the day."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import background_tasks, ui

from appliance.calendar import today
from appliance.clock import HOUR_MS
from appliance.model import PHASES, Quantity
from appliance.phases import (
    CURRENTS,
    POWERS,
    VOLTAGES,
    Load,
    carried,
    fuse_level,
    imbalance_a,
    imbalance_level,
)
from appliance.store import Every, Series
from appliance.views import is_fresh

from ..charts import Axis, Drawing, Guide, Line, kilowatts, message
from ..components.board import Doughnut, PhaseBars, Table
from ..components.chart import Chart
from ..components.controls import Segments
from ..shell import Page
from ..text import N_, UNKNOWN, Texts
from ..view import View

LINES = {"voltage": N_("Voltage"), "current": N_("Current"), "power": N_("Power")}
SPANS = {"6": N_("6 h"), "24": N_("24 h"), "168": N_("7 d")}
COLOURS = ("phase-1", "phase-2", "phase-3")
LOW_V, HIGH_V = 207.0, 253.0
"""230 V less and more ten per cent: what EN 50160 allows."""
REFRESH_S = 60.0
MEASURED = {"voltage": VOLTAGES, "current": CURRENTS, "power": POWERS}


async def build(view: View) -> None:
    """Bars and doughnut of the moment above, lines of the last hours beneath."""
    texts = view.texts
    here = _Shown(view)
    with ui.element("div").classes("page phasespage"):
        with ui.element("div").classes("two"):
            with ui.element("section").classes("card"):
                here.bars = PhaseBars()
            with ui.element("section").classes("card"):
                here.doughnut = Doughnut()
        with ui.element("section").classes("card chartc"):
            with ui.element("div").classes("tools"):
                Segments(
                    {k: texts._(n) for k, n in LINES.items()}, "voltage", here.turn, texts._("Which lines")
                )
                Segments({k: texts._(n) for k, n in SPANS.items()}, "24", here.span_of, texts._("How long"))
            here.chart = Chart()
        with ui.element("section").classes("card"):
            here.table = Table()
    view.when_connected(here.open)
    view.on_news(here.draw)


class _Shown:
    """What the page shows: the moment at once, the lines every minute."""

    bars: PhaseBars
    doughnut: Doughnut
    chart: Chart
    table: Table

    def __init__(self, view: View) -> None:
        self._view = view
        self._which = "voltage"
        self._hours = 24
        self._asked = float("-inf")
        self._series: list[Series] = []
        self._day: list[Series] = []

    async def open(self) -> None:
        """The browser is there: fetch the lines."""
        await self._view.tried(self.refresh())
        self.draw()

    async def turn(self, which: str) -> None:
        """Other lines."""
        self._which = which
        await self.open()

    async def span_of(self, hours: str) -> None:
        """Longer or shorter."""
        self._hours = int(hours)
        await self.open()

    @property
    def source(self) -> str | None:
        """Who measures phases: the first in the order of the configuration."""
        latest = self._view.appliance.hub.latest
        known = [name for name, quantity in latest if quantity in (*CURRENTS, *POWERS)]
        order = [*self._view.types(), *known]
        return min(known, key=order.index, default=None)

    async def refresh(self) -> None:
        """Ask the store. Raises StoreError."""
        view, source = self._view, self.source
        self._asked = view.appliance.clock.monotonic()
        if source is None:
            return
        now = view.now
        every = Every.MIN5 if self._hours <= 24 else Every.MIN15
        ask = view.appliance.store.series
        self._series = [
            await ask(source, quantity, now - self._hours * HOUR_MS, now, every, 700)
            for quantity in MEASURED[self._which]
        ]
        start, _ = today(now, view.appliance.zone)
        self._day = [await ask(source, quantity, start, now, Every.MIN15, 100) for quantity in VOLTAGES]

    def draw(self) -> None:
        view, texts = self._view, self._view.texts
        if view.appliance.clock.monotonic() - self._asked >= REFRESH_S:
            background_tasks.create_lazy(view.tried(self.refresh()), name="phases")
        source = self.source
        latest = fresh(view, source)
        load = view.appliance.phase_watch.load(source) if source else None
        fuse = view.appliance.config.site.main_fuse_a
        self.bars.show(bars_message(texts, latest, load, fuse))
        self.doughnut.show(doughnut_message(texts, latest, load))
        now = view.now
        drawing = lines_drawing(texts, self._which, self._series, (now - self._hours * HOUR_MS, now), fuse)
        self.chart.show(message(texts, drawing))
        self.table.show(day_table(texts, self._day, load))


def fresh(view: View, source: str | None) -> dict[Quantity, float]:
    """The readings of the phases that may still be shown as the present."""
    found: dict[Quantity, float] = {}
    for (name, quantity), reading in view.appliance.hub.latest.items():
        if name == source and is_fresh(reading, view.appliance.cadences, view.now):
            found[quantity] = reading.value
    return found


def bars_message(
    texts: Texts, latest: Mapping[Quantity, float], load: Load | None, fuse_a: int | None
) -> dict[str, Any]:
    """A bar for each phase as a share of the fuse, with power and voltage beneath."""
    amps = carried(latest)
    whole = fuse_a or max([a for a in amps if a is not None], default=0.0) or 10.0
    rows = []
    for number, value in zip(PHASES, amps, strict=True):
        power, voltage = latest.get(POWERS[number - 1]), latest.get(VOLTAGES[number - 1])
        share = None if value is None else value / whole
        parts = [texts.powered(power)] if power is not None else []
        parts += [f"{texts.number(voltage, 1)} V"] if voltage is not None else []
        mean = load.quarter[number - 1] if load else None
        rows.append({
            "name": f"L{number}", "amps": texts.number(value, 1), "width": percent(share),
            "level": fuse_level(share) if share is not None and fuse_a else "none",
            "mean": None if mean is None else percent(mean / whole), "sub": " · ".join(parts),
        })  # fmt: skip
    known = [value for value in amps if value is not None]
    level = fuse_level(max(known) / whole) if known and fuse_a else "none"
    tag = None
    if fuse_a and known:
        left = fuse_a - max(known)
        tag = texts._("{amps} A headroom").format(amps=texts.number(max(0.0, left), 1))
    return {
        "title": texts._("Load of each phase"), "tag": tag, "level": level,
        "rows": rows, "fuse": texts._("Main fuse {amps} A").format(amps=fuse_a) if fuse_a else "",
        "legend": texts._("Mark: mean of a quarter of an hour") if any(load.quarter if load else ()) else "",
        "none": texts._("Nobody measures the phases here"),
    }  # fmt: skip


def percent(share: float | None) -> float:
    """The width of a bar; beyond the fuse it is full."""
    return round(100 * min(1.0, share or 0.0), 1)


def doughnut_message(texts: Texts, latest: Mapping[Quantity, float], load: Load | None) -> dict[str, Any]:
    """The share each phase has of the current, and how far they are apart."""
    amps = carried(latest)
    total = sum(a for a in amps if a is not None)
    apart = imbalance_a(amps)
    mean = load.imbalance_a if load else None
    parts = [0.0 if a is None or not total else round(a / total, 4) for a in amps]
    sub = ""
    if mean is not None:
        sub = texts._("{amps} A over a quarter of an hour").format(amps=texts.number(mean, 1))
    return {
        "title": texts._("Imbalance"), "parts": parts, "value": texts.number(apart, 1),
        "unit": "A" if apart is not None else "",
        "level": "none" if apart is None else imbalance_level(apart),
        "sub": sub, "colours": COLOURS, "names": ["L1", "L2", "L3"],
        "word": _word(texts, apart),
    }  # fmt: skip


def _word(texts: Texts, apart: float | None) -> str:
    if apart is None:
        return texts._("No reading")
    return {"ok": texts._("Even"), "warn": texts._("Uneven"), "bad": texts._("Far apart")}[
        imbalance_level(apart)
    ]


def lines_drawing(
    texts: Texts, which: str, series: Sequence[Series], span: tuple[int, int], fuse_a: int | None
) -> Drawing:
    """A line for each phase; the limits of voltage or the fuse as guides."""
    unit, decimals = {"voltage": ("V", 1), "current": ("A", 1), "power": ("kW", 2)}[which]
    lines = [
        Line(f"L{n}", unit, kilowatts(points) if unit == "kW" else points, colour=colour, decimals=decimals)
        for n, points, colour in zip(PHASES, (found.line() for found in series), COLOURS, strict=False)
    ]
    guides = []
    if which == "voltage":
        guides = [Guide("L1", LOW_V, f"{LOW_V:.0f} V", "bad"), Guide("L1", HIGH_V, f"{HIGH_V:.0f} V", "bad")]
    elif which == "current" and fuse_a:
        guides = [Guide("L1", fuse_a, texts._("Main fuse {amps} A").format(amps=fuse_a), "bad")]
    axis = Axis(unit, zero=False, min=200.0, max=260.0) if which == "voltage" else Axis(unit)
    return Drawing(
        key=f"{which} {span[1] - span[0]}", lines=lines, axes=[axis], none=texts._("Nothing recorded yet"),
        span=span, guides=guides, legend=True, zoom=True, back=texts._("Show all"),
        aria=texts._(LINES[which]),
    )  # fmt: skip


def day_table(texts: Texts, day: Sequence[Series], load: Load | None) -> dict[str, Any]:
    """Lowest and highest voltage of each phase since midnight, and the means of its current."""
    rows = []
    for number, found in zip(PHASES, day, strict=False):
        low = min((v for v in found.low or () if v is not None), default=None)
        high = max((v for v in found.high or () if v is not None), default=None)
        minute, quarter = (load.minute[number - 1], load.quarter[number - 1]) if load else (None, None)
        span = f"{texts.number(low, 1)} – {texts.number(high, 1)} V" if low is not None else UNKNOWN
        means = f"{texts.number(minute, 1)} / {texts.number(quarter, 1)} A"
        rows.append({"key": f"L{number}", "cells": [f"L{number}", means, span]})
    head = [texts._("Phase"), texts._("Mean of 1 / 15 min"), texts._("Voltage today")]
    return {"title": texts._("Means and extremes"), "head": head, "rows": rows, "none": ""}


PAGE = Page("/phases", N_("Phases"), "phases", build)
