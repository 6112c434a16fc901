"""A touch keypad for PINs and registers: nobody types on a wall."""

from collections.abc import Awaitable, Callable

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from ..text import Texts

Heard = Callable[[str], Awaitable[str | None]]
"""Takes what was typed; returns None when it is taken, else what to say before the next try."""


class Keypad(Element, component="keypad.js"):
    """Hidden until asked something; one per page."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._heard: Heard | None = None
        self.on("entered", self._entered)
        self.on("cancelled", self._cancelled)

    def ask_pin(self, title: str, hint: str, heard: Heard) -> None:
        """Ask for 4 to 8 digits, shown as dots."""
        self._open({"title": title, "hint": hint, "secret": True, "least": 4, "most": 8}, heard)

    def ask_number(self, title: str, hint: str, unit: str, heard: Heard) -> None:
        """Ask for a decimal number; `heard` gets it with a point."""
        point = self._texts.number(1.5, 1)[1]
        question = {
            "title": title, "hint": hint, "unit": unit, "point": point, "least": 1, "most": 11,
            "pointName": self._texts._("Decimal point"),
        }  # fmt: skip
        self._open(question, heard)

    def _open(self, question: dict[str, object], heard: Heard) -> None:
        self._heard = heard
        words = {
            "ok": self._texts._("OK"),
            "cancel": self._texts._("Cancel"),
            "erase": self._texts._("Erase"),
        }
        self.run_method("open", {**question, **words})

    async def _entered(self, event: GenericEventArguments) -> None:
        heard = self._heard
        if heard is None:
            return
        refusal = await heard(str(event.args))
        if refusal is not None:
            self.run_method("refuse", refusal)
        elif self._heard is heard:
            self._cancelled()
            self.run_method("close")

    def _cancelled(self) -> None:
        self._heard = None
