"""What a counter counts and how it is printed: the third step of setting up a meter."""

from typing import TYPE_CHECKING

from nicegui import ui

from ..components.controls import Choice, Segments, Sheet, Stepper, button, enabled, line
from ..counters import CODES, QUANTITIES, UNITS, figures
from ..draft import Draft
from ..text import N_
from ..words import quantity_name

if TYPE_CHECKING:
    from .meter_setup import Setup

HINTS = {
    "wheel": N_("One box round each wheel"),
    "lcd": N_("One box round each digit"),
    "display": N_("One box round the whole display"),
}
WITH_CODE = N_("One box round the whole display, the code within it")
FIGURES = {"wheel": N_("Wheels"), "lcd": N_("LCD"), "display": N_("Window")}


class CounterForm:
    """Shows the counter of the draft and tells the set-up what was changed."""

    def __init__(self, setup: "Setup", sheet: Sheet) -> None:
        self._setup, self._sheet, self._texts = setup, sheet, setup.texts
        texts = self._texts
        with ui.element("section").classes("card form") as self.root:
            self._quantity = Choice(texts._("Counts"), self._ask_quantity)
            self._units = {
                kept: Segments(
                    {u: u for u in printed}, "", lambda u: setup.change(Draft.set_unit, u), texts._("Unit")
                )
                for kept, printed in UNITS.items()
            }
            names = {kind: texts._(name) for kind, name in FIGURES.items()}
            self._figures = Segments(
                names, "", lambda kind: setup.change(Draft.set_figures, kind), texts._("Figures")
            )
            self._hint = line("", "mut hint")
            self._decimals = Stepper(texts, texts._("Decimals"), self._step_decimals)
            self._dials = Stepper(texts, texts._("Dials"), self._step_dials)
            self._register = Choice(texts._("Register code"), self._ask_register)
            self._more = button(texts._("Add a counter"), lambda: setup.change(Draft.add_counter))
            self._less = button(texts._("Remove this counter"), lambda: setup.change(Draft.remove_counter))

    def draw(self, draft: Draft) -> None:
        counter, texts = draft.counter, self._texts
        self._quantity.show(quantity_name(texts, counter.quantity))
        for kept, units in self._units.items():
            units.group.set_visibility(kept == counter.quantity.spec.unit and len(UNITS[kept]) > 1)
            units.show(counter.unit)
        self._figures.show(figures(counter))
        self._hint.set_text(texts._(WITH_CODE if counter.register else HINTS[figures(counter)]))
        self._decimals.show(counter.decimals)
        self._dials.root.set_visibility(counter.display is None or bool(counter.dials))
        self._dials.show(len(counter.dials))
        self._register.root.set_visibility(counter.display is not None)
        self._register.show(counter.register or texts._("None"))
        enabled(self._more, len(draft.counters) < len(QUANTITIES))
        self._less.set_visibility(len(draft.counters) > 1)

    def _step_decimals(self, step: int) -> None:
        if (draft := self._setup.draft) is not None:
            self._setup.change(Draft.set_decimals, draft.counter.decimals + step)

    def _step_dials(self, step: int) -> None:
        if (draft := self._setup.draft) is not None:
            self._setup.change(Draft.set_dials, len(draft.counter.dials) + step)

    def _ask_quantity(self) -> None:
        texts = self._texts
        options = {
            quantity_name(texts, q): lambda q=q: self._setup.change(Draft.set_quantity, q) for q in QUANTITIES
        }
        self._sheet.ask(texts._("What does it count?"), options)

    def _ask_register(self) -> None:
        draft = self._setup.draft
        if draft is None:
            return
        texts = self._texts
        options = {texts._("It shows only this number"): lambda: self._set_register("")}
        if code := CODES.get(draft.counter.quantity):
            options[code] = lambda: self._set_register(code)
        options[texts._("Another code")] = self._ask_code
        hint = texts._("A display that shows several numbers in turn shows a code beside each")
        self._sheet.ask(texts._("Which code stands beside this number?"), options, hint)

    def _set_register(self, code: str) -> None:
        self._setup.change(Draft.set_register, code)

    def _ask_code(self) -> None:
        async def heard(typed: str) -> str | None:
            self._set_register(typed.strip("."))
            return None

        texts = self._texts
        self._setup.lock.keypad.ask_code(texts._("Register code"), texts._("As the display shows it"), heard)
