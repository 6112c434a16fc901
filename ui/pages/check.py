"""Bill check: the meter beside the gateway and other counters, by month and day; a bill beside the meter."""

from datetime import date, timedelta
from functools import partial
from typing import cast

from nicegui import events, ui

from appliance import calendar
from appliance.bill_check import Check, Compared, Grain, Way

from ..charts import message
from ..check import counters, drawing, head, table
from ..components.board import Prices, Table
from ..components.chart import Chart
from ..components.controls import Segments, Sheet, enabled, marked, tool
from ..components.periods import Periods
from ..shell import Page
from ..text import N_
from ..view import View
from .check_bill import BillForm

WAYS = {"import": N_("Import"), "export": N_("Export")}
VIEWS = {"month": N_("Months"), "day": N_("Days"), "bill": N_("A bill")}
MONTHS = 12


async def build(view: View) -> None:
    """What and how fine above; sentence and chart, then the table and who counts."""
    texts = view.texts
    here = _Shown(view)
    with ui.element("div").classes("page checkpage"):
        with ui.element("div").classes("tools"):
            here.views = Segments(
                {k: texts._(n) for k, n in VIEWS.items()}, "month", here.turn, texts._("One row for each")
            )
            Segments(
                {k: texts._(n) for k, n in WAYS.items()}, "import", here.way_of, texts._("Which register")
            )
            with ui.element("div").classes("months") as here.steps:
                tool("earlier", texts._("Earlier"), partial(here.step, 1))
                here.later = tool("later", texts._("Later"), partial(here.step, -1))
            here.who = tool("meter", texts._("Source"), here.choose_counter)
            here.save = tool("download", texts._("Save"), here.take).classes("save")
        with ui.element("div").classes("checks") as here.found:
            with ui.element("section").classes("card chartc") as here.card:
                here.head = Prices()
                here.chart = Chart()
            with ui.element("section").classes("card"):
                here.periods = Periods()
                here.periods.on("open", here.opened)
            with ui.element("section").classes("card"):
                here.counters = Table()
        here.bill = BillForm(view)
    here.sheet = Sheet(texts)
    await here.again()


class _Shown:
    """What the page shows: periods of one register, one other counter beside the meter."""

    views: Segments
    steps: ui.element
    later: ui.element
    who: ui.element
    save: ui.element
    found: ui.element
    card: ui.element
    head: Prices
    chart: Chart
    periods: Periods
    counters: Table
    bill: BillForm
    sheet: Sheet

    def __init__(self, view: View) -> None:
        self._view = view
        self._what = "month"
        self._way: Way = "import"
        self._month = self._today.replace(day=1)
        self._source: str | None = None
        self._check = Check("import")
        self._turns = 0

    @property
    def _today(self) -> date:
        return calendar.day_of(self._view.now, self._view.appliance.zone)

    @property
    def _grain(self) -> Grain:
        return "day" if self._what == "day" else "month"

    async def turn(self, what: str) -> None:
        """Months, days, or a bill."""
        self._what = what
        if what == "month":
            self._month = self._today.replace(day=1)
        await self.again()

    async def way_of(self, way: str) -> None:
        """Import or export."""
        self._way = cast(Way, way)
        await self.again()

    async def step(self, back: int) -> None:
        """A year of months, or a month of days, earlier (1) or later (-1)."""
        months = self._month.year * 12 + self._month.month - 1 - back * (1 if self._what == "day" else MONTHS)
        self._month = min(date(months // 12, months % 12 + 1, 1), self._today.replace(day=1))
        await self.again()

    async def opened(self, event: events.GenericEventArguments) -> None:
        """The days of a month."""
        self._month = date.fromisoformat(str(event.args)).replace(day=1)
        self._what = "day"
        self.views.show("day")
        await self.again()

    def choose_counter(self) -> None:
        """Which of several counters is held against the meter."""
        texts = self._view.texts
        names = [other.counter.source for other in self._check.others]
        options = {name: partial(self._counter_of, name) for name in names}
        self.sheet.ask(texts._("Held against the meter"), options)

    def _counter_of(self, source: str) -> None:
        self._source = source
        self.draw()

    def take(self) -> None:
        """The table as a file."""
        first, last = self._days()
        asked = f"from={first}&to={last}&channel={self._way}&by={self._grain}"
        ui.download(f"/api/v1/export/bill-check.csv?{asked}&language={self._view.texts.language}")

    def _days(self) -> tuple[date, date]:
        """The first and last day of what is shown, both included and past."""
        first, last = self._month, (self._month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        if self._what != "day":
            months = first.year * 12 + first.month - MONTHS
            first = date(months // 12, months % 12 + 1, 1)
        last = max(first, min(last, self._today - timedelta(days=1)))
        return first, last

    async def again(self) -> None:
        """Ask and draw; a question asked later makes this one's answer void."""
        self._turns += 1
        turn = self._turns
        if self._what != "bill":
            await self._view.tried(self._ask(turn))
        if turn == self._turns:
            self.draw()

    async def _ask(self, turn: int) -> None:
        found = await self._view.appliance.bill_check.check(self._way, *self._days(), self._grain)
        if turn == self._turns:
            self._check = found

    def _other(self) -> Compared | None:
        """The counter that was chosen, else one that counts by itself, else any."""
        others = self._check.others
        chosen = [other for other in others if other.counter.source == self._source]
        own = [other for other in others if not other.same]
        return next(iter([*chosen, *own, *others]), None)

    def draw(self) -> None:
        texts, found, other = self._view.texts, self._check, self._other()
        billed = self._what == "bill"
        for part, on in ((self.found, not billed), (self.bill.root, billed)):
            marked(part, "hidden", not on)
        for part in (self.steps, self.save):
            marked(part, "hidden", billed)
        marked(self.who, "hidden", billed or len(found.others) < 2)
        enabled(self.later, self._month < self._today.replace(day=1))
        self.bill.turn(self._way)
        self.head.show(head(texts, found, other))
        self.chart.show(message(texts, drawing(texts, found, other, self._grain)))
        marked(self.chart, "hidden", other is None)
        marked(self.card, "lone", other is None)
        self.periods.show(table(texts, found, other, self._grain))
        self.counters.show(counters(texts, found))


PAGE = Page("/check", N_("Bill check"), "check", build)
