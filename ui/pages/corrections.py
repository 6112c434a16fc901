"""What only the owner knows of a register: that the meter was exchanged, or that a reading was wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from appliance.errors import TallywattError
from appliance.model import METER_REGISTERS, Event, Quantity, Reading

from ..components.controls import Sheet
from ..lock import Lock
from ..sentences import told
from ..text import UNKNOWN
from ..view import View, picture_address
from ..words import amount, quantity_name

REGISTERS = METER_REGISTERS | {
    Quantity.ENERGY_EXPORT,
    Quantity.ENERGY_IMPORT_T1,
    Quantity.ENERGY_IMPORT_T2,
    Quantity.ENERGY_EXPORT_T1,
    Quantity.ENERGY_EXPORT_T2,
}
Key = tuple[str, Quantity]
FAR = 0.01
"""A number this share away from what was read is a slip of the finger more often than the truth."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is asked, whom the number is given to, what is said when it is taken."""

    question: str
    act: Callable[[str, Quantity, float], Awaitable[Event]]
    done: str
    doubt: bool = False
    """Whether a number far from what was read is asked for once more."""


def is_far(value: float, known: Reading | None) -> bool:
    """Whether a number, in the unit of the register, is nowhere near what was read."""
    return known is not None and abs(value - known.value) > max(1.0, FAR * known.value)


class Corrections:
    """The methods are called unlocked; the permission is checked again when the number is there."""

    def __init__(self, view: View, lock: Lock) -> None:
        self._view = view
        self._lock = lock
        self._sheet = Sheet(view.texts)

    async def exchange(self) -> None:
        """Offer every register of a meter that has been read."""
        texts, appliance = self._view.texts, self._view.appliance
        question = texts._("What does the new one show?")
        said = Told(question, appliance.corrections.exchange, texts._("The new meter is noted"))
        keys = [key for key in appliance.hub.latest if key[1] in REGISTERS]
        self._choose(sorted(keys), texts._("Which register is new?"), said)

    async def correct(self, source: str) -> None:
        """Ask what the meter before a camera shows; it is chosen from only where there are several."""
        texts, appliance = self._view.texts, self._view.appliance
        question = texts._("What does the meter show now?")
        said = Told(question, appliance.corrections.correct, texts._("The reading is corrected"), True)
        known = [key for key in appliance.hub.latest if key[0] == source and key[1] in REGISTERS]
        keys = sorted(known) or [(source, self._view.counts(source)[0])]
        if len(keys) > 1:
            self._choose(keys, texts._("Which register was read wrong?"), said)
        elif self._view.unlocked_s > 0:
            self._ask(keys[0], said)

    def _choose(self, keys: list[Key], which: str, said: Told) -> None:
        if self._view.unlocked_s <= 0:
            return
        options = {self._described(key): lambda k=key: self._ask(k, said) for key in keys}
        self._sheet.ask(which, options, "" if keys else self._view.texts._("No register has been read yet"))

    def _described(self, key: Key) -> str:
        texts = self._view.texts
        reading: Reading | None = self._view.appliance.hub.latest.get(key)
        value = UNKNOWN if reading is None else amount(texts, key[1], reading.value)
        return f"{quantity_name(texts, key[1])} · {key[0]} · {value}"

    def _ask(self, key: Key, said: Told) -> None:
        view, texts = self._view, self._view.texts
        source, quantity = key
        doubted: list[float] = []

        async def heard(typed: str) -> str | None:
            if view.unlocked_s <= 0:
                return texts._("The five minutes are over. Begin again.")
            try:
                value = float(typed)
            except ValueError:
                return texts._("That is no number")
            if not quantity.spec.low <= value <= quantity.spec.high:
                most = texts._("A register goes to {most} at most. Type it again.")
                return most.format(most=amount(texts, quantity, quantity.spec.high))
            if said.doubt and is_far(value, view.appliance.hub.latest.get(key)) and value not in doubted:
                doubted.append(value)
                return texts._("That is far from what was read. Type it again if it is right.")
            try:
                await said.act(source, quantity, value)
            except TallywattError as error:
                return told(texts, str(error))
            with view.client:
                ui.notify(said.done, position="top")
            return None

        picture = view.appliance.hub.pictures.get(source)
        image = picture_address(picture) if picture and picture.jpeg else None
        self._lock.keypad.ask_number(said.question, self._described(key), quantity.spec.unit, heard, image)
