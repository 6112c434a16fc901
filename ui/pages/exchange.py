"""The dialog for a meter that was exchanged: which register, and where the new one stands."""

from nicegui import ui

from appliance.model import METER_REGISTERS, Quantity, Reading

from ..components.controls import button
from ..lock import Lock
from ..view import View
from ..words import quantity_name

REGISTERS = METER_REGISTERS | {
    Quantity.ENERGY_EXPORT,
    Quantity.ENERGY_IMPORT_T1,
    Quantity.ENERGY_IMPORT_T2,
    Quantity.ENERGY_EXPORT_T1,
    Quantity.ENERGY_EXPORT_T2,
}


class Exchange:
    """`begin` is called unlocked; the permission is checked again when the number is there."""

    def __init__(self, view: View, lock: Lock) -> None:
        self._view = view
        self._lock = lock
        with ui.dialog() as self._dialog:
            self._sheet = ui.element("div").classes("sheet").props("role=dialog aria-modal=true")

    async def begin(self) -> None:
        """Offer every register of a meter that has been read."""
        if self._view.unlocked_s <= 0:
            return
        texts = self._view.texts
        found = [r for r in self._view.appliance.hub.latest.values() if r.quantity in REGISTERS]
        self._sheet.clear()
        with self._sheet:
            ui.html(tag="h3", content=texts._("Which register is new?"), sanitize=True)
            if not found:
                ui.label(texts._("No register has been read yet")).classes("mut")
            for reading in sorted(found, key=lambda r: (r.source, r.quantity)):
                button(self._described(reading), lambda r=reading: self._chosen(r))
            button(texts._("Cancel"), self._dialog.close)
        self._dialog.open()

    def _described(self, reading: Reading) -> str:
        texts, spec = self._view.texts, reading.quantity.spec
        value = texts.register(reading.value, spec.decimals)
        return f"{quantity_name(texts, reading.quantity)} · {reading.source} · {value} {spec.unit}"

    def _chosen(self, reading: Reading) -> None:
        self._dialog.close()
        texts, quantity = self._view.texts, reading.quantity

        async def heard(typed: str) -> str | None:
            if self._view.unlocked_s <= 0:
                return texts._("The five minutes are over. Begin again.")
            try:
                first = float(typed)
            except ValueError:
                return texts._("That is no number")
            if not quantity.spec.low <= first <= quantity.spec.high:
                return texts._("Out of range")
            await self._view.appliance.exchange_meter(reading.source, quantity, first)
            with self._view.client:
                ui.notify(texts._("The new meter is noted"), position="top")
            return None

        title = texts._("What does the new one show?")
        self._lock.keypad.ask_number(title, self._described(reading), quantity.spec.unit, heard)
