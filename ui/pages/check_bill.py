"""A bill typed in: its days, its two readings or its energy, its amount; and what the meter says to it."""

from datetime import date, timedelta
from functools import partial

from nicegui import ui

from appliance import calendar
from appliance.bill_check import Way

from ..check import bill_head, bill_table
from ..components.board import Prices, Table
from ..components.controls import Choice, button, heading, line, marked
from ..components.keypad import Keypad
from ..text import N_, UNKNOWN
from ..view import View
from .history import calendar_props

READINGS = {"start": N_("First reading"), "end": N_("Last reading")}
FIELDS = {**READINGS, "kwh": N_("Or its energy"), "amount": N_("Amount")}


class BillForm:
    """The form on the left, the answer on the right; one above the other in portrait."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._numbers: dict[str, float] = {}
        self._first, self._last = self._last_month()
        self._way: Way = "import"
        texts = view.texts
        with ui.element("div").classes("two billform hidden") as self.root:
            with ui.element("section").classes("card"):
                heading(texts._("What the bill says"))
                with ui.element("div").classes("fields"):
                    self._days = Choice(texts._("Its days"), self._choose_days)
                    self._fields = {
                        name: Choice(texts._(title), partial(self._ask, name))
                        for name, title in FIELDS.items()
                    }
                button(texts._("Compare"), self._compare, primary=True)
            with ui.element("section").classes("card") as self._answer:
                self._head = Prices()
                self._head.show({"value": "", "unit": "", "tags": [], "notes": ""})
                self._table = Table()
                self._table.show({"title": "", "head": [], "rows": [], "none": ""})
                self._hint = line(
                    texts._("Type the two readings on the bill, or its kWh; the amount if you like.")
                )
        self._keypad = Keypad(texts)
        with ui.dialog() as self._dialog, ui.element("div").classes("sheet"):
            self._calendar = ui.date().props(calendar_props(texts, view.now))
            with ui.element("div").classes("buttons"):
                button(texts._("OK"), self._days_chosen, primary=True)
                button(texts._("Cancel"), self._dialog.close)
        self._draw()

    def turn(self, way: Way) -> None:
        """A bill of the other register; an answer about the one before is gone."""
        if way != self._way:
            self._way = way
            self._draw()

    def _last_month(self) -> tuple[date, date]:
        today = calendar.day_of(self._view.now, self._view.appliance.zone)
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last

    def _choose_days(self) -> None:
        self._dialog.open()

    def _days_chosen(self) -> None:
        chosen = self._calendar.value
        self._dialog.close()
        if not chosen:
            return
        low, high = (chosen, chosen) if isinstance(chosen, str) else (chosen["from"], chosen["to"])
        self._first, self._last = sorted(date.fromisoformat(day.replace("/", "-")) for day in (low, high))
        self._draw()

    def _ask(self, name: str) -> None:
        texts = self._view.texts

        async def heard(typed: str) -> str | None:
            try:
                self._numbers[name] = float(typed)
            except ValueError:
                return texts._("That is no number")
            if name == "kwh":
                self._forget("start", "end")
            elif name in READINGS:
                self._forget("kwh")
            self._draw()
            return None

        unit = texts.money if name == "amount" else "kWh"
        self._keypad.ask_number(texts._(FIELDS[name]), texts._("As it stands on the bill"), unit, heard)

    def _forget(self, *names: str) -> None:
        for name in names:
            self._numbers.pop(name, None)

    async def _compare(self) -> None:
        await self._view.tried(self._answered())

    async def _answered(self) -> None:
        texts, numbers = self._view.texts, self._numbers
        readings = None
        if "start" in numbers and "end" in numbers:
            readings = numbers["start"], numbers["end"]
        if readings is None and "kwh" not in numbers:
            self._tell(texts._("Type both readings, or the kWh on the bill."))
            return
        found = await self._view.appliance.bill_check.bill(
            self._way, self._first, self._last, readings, numbers.get("kwh")
        )
        self._head.show(bill_head(texts, found))
        self._table.show(bill_table(texts, found, numbers.get("amount")))
        self._shown(True)

    def _tell(self, text: str) -> None:
        self._hint.set_text(text)
        self._shown(False)

    def _shown(self, answer: bool) -> None:
        """The answer, or what to do to get one."""
        for part, on in ((self._head, answer), (self._table, answer), (self._hint, not answer)):
            marked(part, "hidden", not on)

    def _draw(self) -> None:
        texts = self._view.texts
        days = f"{texts.day_short(self._first)} – {texts.day_short(self._last)} {self._last.year}"
        self._days.show(days)
        for name, field in self._fields.items():
            known = self._numbers.get(name)
            unit = texts.money if name == "amount" else "kWh"
            decimals = 2 if name == "amount" else 1
            field.show(UNKNOWN if known is None else f"{texts.number(known, decimals)} {unit}")
        self._shown(False)
