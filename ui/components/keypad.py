"""A touch keypad for PINs and registers: nobody types on a wall."""

import json
from collections.abc import Awaitable, Callable

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from ..text import Texts

Heard = Callable[[str], Awaitable[str | None]]
"""Takes what was typed; returns None when it is taken, else what to say before the next try."""
LONGEST_NUMBER = 13
"""Twelve figures and a point."""


def _question(texts: Texts, title: str, hint: str, **more: object) -> dict[str, object]:
    words = {
        "ok": texts._("OK"),
        "cancel": texts._("Cancel"),
        "erase": texts._("Erase"),
        "wait": texts._("One moment…"),
        "whole": texts._("Closer, or the whole picture"),
    }
    return {"title": title, "hint": hint, **words, **more}


def _number(texts: Texts, title: str, hint: str, **more: object) -> dict[str, object]:
    point = texts.number(1.5, 1)[1]
    asked = {"point": point, "pointName": texts._("Decimal point"), "least": 1, "most": LONGEST_NUMBER}
    return _question(texts, title, hint, **asked, **more)


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
        self._open(_question(self._texts, title, hint, secret=True, least=4, most=8), heard)

    def ask_number(
        self,
        title: str,
        hint: str,
        unit: str,
        heard: Heard,
        image: str | None = None,
        crop: dict[str, str] | None = None,
        without: str = "",
    ) -> None:
        """Ask for a decimal number; `heard` gets it with a point. `image` is the address of what shows it,
        `crop` the styles of its frame and of itself that show the part that matters. With `without` no number
        is an answer too, and that is the button's name then.
        """
        asked = _number(self._texts, title, hint, unit=unit, image=image, crop=crop)
        if without:
            asked |= {"least": 0, "without": without}
        self._open(asked, heard)

    def ask_time(self, title: str, hint: str, heard: Heard) -> None:
        """Ask for a time of the day; `heard` gets it with a point for the colon, if that was typed."""
        asked = {"point": ":", "pointName": self._texts._("Colon"), "least": 3, "most": 5}
        self._open(_question(self._texts, title, hint, **asked), heard)

    def ask_code(self, title: str, hint: str, heard: Heard) -> None:
        """Ask for a register code such as 1.8.0."""
        asked = {"point": ".", "pointName": self._texts._("Point"), "points": 4, "least": 1, "most": 9}
        self._open(_question(self._texts, title, hint, **asked), heard)

    def _open(self, question: dict[str, object], heard: Heard) -> None:
        self._heard = heard
        self.run_method("open", question)

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


class Numpad(Element, component="keypad.js"):
    """The keypad as a part of the page: asks for a number as often as one likes; none at all is an answer."""

    def __init__(
        self,
        texts: Texts,
        title: str,
        hint: str,
        ok: str,
        without: str,
        entered: Callable[[str], Awaitable[None]],
    ) -> None:
        """`ok` and `without` name the button when something and when nothing was typed."""
        super().__init__()
        asked = {**_number(texts, title, hint), "least": 0, "ok": ok, "without": without}
        self._props["place"] = True
        self._props["first"] = json.dumps(asked)
        self.on("entered", lambda event: entered(str(event.args)))

    def wait(self, busy: bool) -> None:
        """Whether keys are deaf because the answer is being worked on; what was typed stays."""
        self.run_method("wait", busy)

    def empty(self) -> None:
        """What was typed is done with; the next number begins anew."""
        self.run_method("empty")
