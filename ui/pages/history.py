"""History: lines of the last hours or days, and what each day, month and year took and cost."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, TypeVar, cast

from nicegui import background_tasks, events, ui

from appliance.calendar import day_of, day_span
from appliance.clock import HOUR_MS
from appliance.ledger import REGISTERS, Grain
from appliance.model import Quantity
from appliance.store import Every, Series
from appliance.views import Picker

from ..charts import Drawing, message
from ..components.board import Prices
from ..components.chart import Chart
from ..components.controls import Choice, Segments, Sheet, button, marked, tool
from ..history import (
    COUNTERS,
    GRAINS,
    LINES,
    Span,
    bars_drawing,
    bars_head,
    counter_drawing,
    grouping,
    lines_drawing,
    span_of,
)
from ..shell import Page
from ..text import N_, Texts
from ..view import View

RANGES = {"1": N_("1 h"), "6": N_("6 h"), "24": N_("24 h"), "168": N_("7 d"), "720": N_("30 d")}
GROUPS = {
    "": N_("Automatic"), "raw": N_("Every reading"), "1min": N_("1 minute"), "5min": N_("5 minutes"),
    "15min": N_("15 minutes"), "1h": N_("1 hour"), "1d": N_("1 day"),
}  # fmt: skip
POINTS = 900
"""A line has no more than a screen can show apart."""
REFRESH_S = 30.0
T = TypeVar("T")


async def build(view: View) -> None:
    """What, how long and how fine above; the chart beneath."""
    here = _Shown(view)
    texts = view.texts
    with ui.element("div").classes("page history"):
        with ui.element("div").classes("tools"), ui.element("div").classes("tabs"):
            Segments({k: texts._(n) for k, n in here.kinds().items()}, here.kind, here.turn, texts._("What"))
        with ui.element("div").classes("tools ranges"):
            here.ranges = Segments(
                {k: texts._(n) for k, n in RANGES.items()}, "24", here.last_hours, texts._("How long")
            )
            here.grains = Segments(
                {k: texts._(n) for k, n in GRAINS.items()}, here.grain, here.each, texts._("One bar for each")
            )
            tool("earlier", texts._("Earlier"), partial(here.move, -1))
            tool("later", texts._("Later"), partial(here.move, 1))
            here.pick = tool("calendar", texts._("Days"), here.choose_days)
            here.group = Choice(texts._("Grouped by"), here.choose_group)
            here.check = tool("check", texts._("Compare"), lambda: ui.navigate.to("/check"))
            tool("download", texts._("Save"), here.save)
        with ui.element("section").classes("card chartc") as here.card:
            here.head = Prices()
            here.chart = Chart()
            here.chart.on("zoom", here.zoomed, ["from", "to"])
    here.sheet = Sheet(texts)
    with ui.dialog() as here.dialog, ui.element("div").classes("sheet"):
        here.calendar = ui.date().props(calendar_props(texts, view.now))
        with ui.element("div").classes("buttons"):
            button(texts._("Show"), here.days_chosen, primary=True)
            button(texts._("Cancel"), here.dialog.close)
    here.draw()
    view.when_connected(here.again)
    view.on_news(here.live)


def calendar_props(texts: Texts, now: int) -> str:
    """A calendar of any span up to today, in the tongue of the browser and the site's time."""
    today = day_of(now, texts.zone)
    names = texts.calendar
    return (
        f"range flat minimal first-day-of-week=1 default-year-month={today:%Y/%m} "
        f":options=\"day => day <= '{today:%Y/%m/%d}'\" :locale='{json.dumps(names, ensure_ascii=False)}'"
    )


class _Shown:
    """What the page shows: a kind of lines or bars over a span of time."""

    ranges: Segments
    grains: Segments
    pick: ui.element
    group: Choice
    check: ui.element
    card: ui.element
    head: Prices
    chart: Chart
    sheet: Sheet
    dialog: ui.dialog
    calendar: ui.date

    def __init__(self, view: View) -> None:
        self._view = view
        self.kind = "power"
        self.grain: Grain = "day"
        self._hours: int | None = 24
        self._span = Span(view.now - 24 * HOUR_MS, view.now)
        self._group = ""
        self._asked = float("-inf")
        self._turns = 0
        self._drawing = Drawing("", (), (), view.texts._("Reading the history"))
        self._heading: dict[str, Any] = {"value": "", "unit": "", "tags": [], "notes": ""}

    def kinds(self) -> dict[str, str]:
        """What this house has a history of."""
        known = {quantity for _, quantity in self._view.appliance.hub.latest}
        found = {name: kind.title for name, kind in LINES.items() if known & set(kind.quantities)}
        if Quantity.ENERGY_IMPORT in known:
            found |= {"energy": N_("Energy"), "cost": N_("Cost")}
        return found | {str(q): title for q, title in COUNTERS.items() if q in known} or {
            "power": N_("Power")
        }

    async def turn(self, kind: str) -> None:
        """Another kind of lines or bars."""
        self.kind = kind
        if self.bars:
            self._span = span_of(self.grain, self._view.now, self._view.appliance.zone)
        elif self._hours:
            self._span = Span(self._view.now - self._hours * HOUR_MS, self._view.now)
        await self.again()

    @property
    def bars(self) -> bool:
        """Whether each day, month or year has a bar."""
        return self.kind not in LINES

    async def last_hours(self, hours: str) -> None:
        """The last so many hours, which goes on with the time."""
        self._hours = int(hours)
        self._span = Span(self._view.now - self._hours * HOUR_MS, self._view.now)
        await self.again()

    async def each(self, grain: str) -> None:
        """One bar for each day, month or year."""
        self.grain = cast(Grain, grain)
        self._span = span_of(grain, self._view.now, self._view.appliance.zone)
        await self.again()

    async def move(self, steps: int) -> None:
        """As long a span earlier or later."""
        view = self._view
        if self.bars:
            span = self._span.calendar_step(steps, self.grain, view.appliance.zone)
            if span.start > view.now:
                return
            self._span = span
        else:
            self._span = self._span.moved(steps, view.now)
            self._hours = None
        await self.again()

    async def zoomed(self, event: events.GenericEventArguments) -> None:
        """Two fingers chose a part of what is shown: fetch it finer."""
        start, end = int(event.args["from"]), int(event.args["to"])
        if self.bars or end - start < 60_000 or (start, end) == self._span:
            return
        self._span, self._hours = Span(start, min(end, self._view.now)), None
        await self.again()

    def choose_days(self) -> None:
        """A calendar for any span."""
        self.dialog.open()

    async def days_chosen(self) -> None:
        """The days of the calendar, both included."""
        chosen = self.calendar.value
        self.dialog.close()
        if not chosen:
            return
        low, high = (chosen, chosen) if isinstance(chosen, str) else (chosen["from"], chosen["to"])
        self._span = Span.of_days(low, high, self._view.appliance.zone, self._view.now)
        self._hours = None
        await self.again()

    def choose_group(self) -> None:
        """How fine the lines are."""
        texts = self._view.texts
        options = {texts._(name): partial(self._grouped, key) for key, name in GROUPS.items()}
        hint = texts._("A long span is never drawn finer than the screen can show.")
        self.sheet.ask(texts._("Grouped by"), options, hint)

    async def _grouped(self, key: str) -> None:
        self._group = key
        await self.again()

    def save(self) -> None:
        """Files of what is shown."""
        texts = self._view.texts
        span = f"from={self._span.start}&to={self._span.end}&language={texts.language}"
        options = {
            texts._("Power as a table (CSV)"): f"/api/v1/export/power.csv?{span}",
            texts._("Everything as a table (CSV)"): f"/api/v1/export/all.csv?{span}",
            texts._("Power as a picture (PNG)"): f"/api/v1/export/power.png?{span}",
        }
        self.sheet.ask(texts._("Save"), {name: partial(ui.download, url) for name, url in options.items()})

    async def again(self) -> None:
        """Fetch and draw. A question asked later makes this one's answer void."""
        self._turns += 1
        turn = self._turns
        self._asked = self._view.appliance.clock.monotonic()

        async def ask() -> None:
            drawing, heading = await (self._ask_bars() if self.bars else self._ask_lines())
            if turn == self._turns:
                self._drawing, self._heading = drawing, heading

        marked(self.card, "asking", True)
        await self._view.tried(ask())
        if turn == self._turns:
            marked(self.card, "asking", False)
        self.draw()

    def live(self) -> None:
        """The last hours go on; everything else stays as it was asked for."""
        view = self._view
        if self._hours is None or self.bars or view.appliance.clock.monotonic() - self._asked < REFRESH_S:
            return
        self._span = Span(view.now - self._hours * HOUR_MS, view.now)
        background_tasks.create_lazy(self.again(), name="history")

    def draw(self) -> None:
        texts = self._view.texts
        self.ranges.show(str(self._hours or ""))
        self.grains.show(self.grain)
        for part, on in ((self.ranges.group, not self.bars), (self.grains.group, self.bars)):
            marked(part, "hidden", not on)
        for part in (self.group.root, self.pick):
            marked(part, "hidden", self.bars)
        marked(self.check, "hidden", self.kind not in ("energy", "cost"))
        self.group.show(texts._(GROUPS[self._group]))
        self.head.show(self._heading)
        self.chart.show(message(texts, self._drawing))

    async def _ask_lines(self) -> tuple[Drawing, dict[str, Any]]:
        view, kind = self._view, LINES[self.kind]
        pick = Picker(view.appliance.hub.latest, view.types(), view.appliance.cadences, view.now)
        chosen = [(q, best.source) for q in kind.quantities if (best := pick.best(q)) is not None]
        every = Every(self._group) if self._group else grouping(self._span)
        ask = view.appliance.store.series
        found: Sequence[Series] = await asyncio.gather(
            *(ask(source, q, self._span.start, self._span.end, every, POINTS) for q, source in chosen)
        )
        lines = {quantity: series for (quantity, _), series in zip(chosen, found, strict=True)}
        fuse = view.appliance.config.site.main_fuse_a
        return lines_drawing(view.texts, self.kind, lines, self._span, fuse)

    async def _ask_bars(self) -> tuple[Drawing, dict[str, Any]]:
        view, ledger, grain = self._view, self._view.appliance.ledger, self.grain
        zone = view.appliance.zone
        shown = day_of(self._span.start, zone), day_of(self._span.end - 1, zone)
        if grain == "year":
            shown = (max(shown[0], (await self._first_day()).replace(month=1, day=1)), shown[1])
        spans = [shown]
        if grain != "year":
            # Of the year before no more than this one has had: half a May is not compared with a whole one.
            until = min(self._span.end, day_span(day_of(view.now, zone), zone)[1])
            before = Span(self._span.start, until).year_before(zone)
            spans.append((day_of(before.start, zone), day_of(before.end - 1, zone)))
        if self.kind in ("energy", "cost"):
            now, then = padded([await ledger.bills(*span, grain) for span in spans])
            drawing = bars_drawing(view.texts, self.kind, grain, now, then)
            if self.kind == "cost" and grain == "day":
                # The bill of a month holds charges that no single day bears.
                now, then = padded([await ledger.bills(*span, "month") for span in spans])
            return drawing, bars_head(view.texts, self.kind, grain, now, then)
        quantity = Quantity(self.kind)
        pick = Picker(view.appliance.hub.latest, view.types(), view.appliance.cadences, view.now)
        best = pick.best(quantity)
        assert best is not None  # the tab is there because it was read
        counts = [await ledger.counted(best.source, quantity, *span, grain) for span in spans]
        return counter_drawing(view.texts, quantity, grain, *padded(counts))

    async def _first_day(self) -> date:
        """When the counting of what is shown began: decades of nothing take long to ask."""
        quantities = REGISTERS["buying"] if self.kind in ("energy", "cost") else (Quantity(self.kind),)
        known = await self._view.appliance.store.series_list()
        firsts = [series.first_at for series in known if series.quantity in quantities]
        return day_of(min(firsts, default=self._view.now), self._view.appliance.zone)


def padded(found: list[list[T]]) -> tuple[list[T], list[T]]:
    """What is shown and the year before; a decade has none."""
    return found[0], found[1] if len(found) > 1 else []


PAGE = Page("/history", N_("History"), "history", build)
