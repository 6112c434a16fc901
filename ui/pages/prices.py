"""Prices: what a kWh costs now, today, tomorrow; what a month cost, and would have cost elsewhere."""

from datetime import date, timedelta
from functools import partial

from nicegui import background_tasks, ui

from appliance import calendar
from appliance.ledger import Entry
from appliance.money.bill import Bill

from ..charts import message
from ..components.board import Prices, Table
from ..components.chart import Chart
from ..components.controls import Segments, Sheet, enabled, line, marked, tool
from ..prices import (
    Day,
    cheapest_run,
    day_drawing,
    day_head,
    day_of_sheet,
    month_drawing,
    month_head,
    offers_table,
)
from ..shell import Page
from ..text import N_
from ..view import View

VIEWS = {"today": N_("Today"), "tomorrow": N_("Tomorrow"), "month": N_("Month")}
RUNS = (1, 2, 3, 4)
"""Hours a machine runs that are offered."""
REFRESH_S = 60.0


async def build(view: View) -> None:
    """Choices above, the chart in its card, and what the prices come from."""
    texts = view.texts
    here = _Shown(view)
    with ui.element("div").classes("page prices"):
        with ui.element("div").classes("tools"):
            Segments({k: texts._(n) for k, n in VIEWS.items()}, "today", here.turn, texts._("Which prices"))
            with ui.element("div").classes("runs") as here.runs:
                line(texts._("Runs for"))
                hours = {str(n): texts._("{n} h").format(n=n) for n in RUNS}
                Segments(hours, "2", here.run_for, texts._("How long a machine runs"))
            with ui.element("div").classes("months") as here.months:
                tool("earlier", texts._("Earlier"), partial(here.step, 1))
                here.later = tool("later", texts._("Later"), partial(here.step, -1))
            here.check = tool("check", texts._("Compare"), lambda: ui.navigate.to("/check"))
            tool("download", texts._("Save"), here.save).classes("save")
        with ui.element("section").classes("card chartc"):
            here.head = Prices()
            here.chart = Chart()
        with ui.element("section").classes("card offersc") as here.offers_card:
            here.offers = Table()
        here.source = line().classes("source")
    here.sheet = Sheet(texts)
    await view.tried(here.refresh())
    view.on_news(here.draw)


class _Shown:
    """What the page shows of what the books say, asked again every minute."""

    head: Prices
    chart: Chart
    runs: ui.element
    months: ui.element
    later: ui.element
    check: ui.element
    offers: Table
    offers_card: ui.element
    source: ui.label
    sheet: Sheet

    def __init__(self, view: View) -> None:
        self._view = view
        self._which = "today"
        self._hours = 2
        self._back = 0
        self._asked = float("-inf")
        self._day: Day | None = None
        self._entries: list[Entry] = []
        self._offers: list[tuple[str, Bill]] = []

    async def turn(self, which: str) -> None:
        """Another day or the month."""
        self._which, self._back = which, 0
        await self._again()

    async def step(self, months: int) -> None:
        """A month earlier (1) or later (-1)."""
        self._back = max(0, self._back + months)
        await self._again()

    def run_for(self, hours: str) -> None:
        """The machine runs for so long."""
        self._hours = int(hours)
        self.draw()

    def save(self) -> None:
        """Files of the day or month that is shown."""
        texts = self._view.texts
        start, end = self._span()
        asked = f"from={start}&to={end}&language={texts.language}"
        files = {texts._("Prices as a table (CSV)"): "csv", texts._("Prices as a picture (PNG)"): "png"}
        address = "/api/v1/export/prices.{kind}?{asked}"
        options = {
            name: partial(ui.download, address.format(kind=kind, asked=asked)) for name, kind in files.items()
        }
        self.sheet.ask(texts._("Save"), options)

    async def _again(self) -> None:
        await self._view.tried(self.refresh())
        self.draw()

    def _days(self) -> tuple[date, date]:
        """The first and last day of what is shown, both included."""
        day = calendar.day_of(self._view.now, self._view.appliance.zone)
        if self._which == "tomorrow":
            day += timedelta(days=1)
        if self._which != "month":
            return day, day
        first = day.replace(day=1)
        for _ in range(self._back):
            first = (first - timedelta(days=1)).replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)

    def _span(self) -> tuple[int, int]:
        first, last = self._days()
        zone = self._view.appliance.zone
        return calendar.day_start(first, zone), calendar.day_span(last, zone)[1]

    async def refresh(self) -> None:
        """Ask the books. Raises StoreError."""
        view, ledger = self._view, self._view.appliance.ledger
        self._asked = view.appliance.clock.monotonic()
        asked = self._which, self._back
        if self._which == "month":
            days = self._days()
            entries, offers = await ledger.bills(*days, "day"), await ledger.compare(*days)
            if asked == (self._which, self._back):  # else somebody has pressed on meanwhile
                self._entries, self._offers = entries, offers
            return
        start, end = self._span()
        sheet = await ledger.sheet(start, end)
        if asked == (self._which, self._back):
            self._day = day_of_sheet(sheet, start, end, view.now)

    def draw(self) -> None:
        view = self._view
        if view.appliance.clock.monotonic() - self._asked >= REFRESH_S:
            background_tasks.create_lazy(view.tried(self.refresh()), name="prices")
        month = self._which == "month"
        marked(self.runs, "hidden", month)
        marked(self.months, "hidden", not month)
        marked(self.check, "hidden", not month)
        enabled(self.later, self._back > 0)
        marked(self.offers_card, "hidden", not (month and len(self._offers) > 1))
        self.offers.show(offers_table(view.texts, self._offers))
        if month:
            self._draw_month()
        elif self._day is not None:
            self._draw_day(self._day)
        self.source.set_text(told_by(view))

    def _draw_day(self, day: Day) -> None:
        view, texts = self._view, self._view.texts
        window = cheapest_run(day, view.now, self._hours * 4)
        self.head.show(day_head(texts, day, view.now, window, tomorrow=self._which == "tomorrow"))
        self.chart.show(message(texts, day_drawing(texts, day, view.now, window)))

    def _draw_month(self) -> None:
        texts = self._view.texts
        whole = self._offers[0][1] if self._offers else None
        past = self._days()[0] if self._back else None
        self.head.show(month_head(texts, self._entries, whole, past))
        self.chart.show(message(texts, month_drawing(texts, self._entries)))


def told_by(view: View) -> str:
    """Where the prices come from, as their services ask to be named."""
    known = {price.source for price in view.appliance.hub.prices.values()}
    named = [view.attribution(name) for name in sorted(known)]
    return " · ".join(text for text in named if text)


PAGE = Page("/prices", N_("Prices"), "prices", build)
