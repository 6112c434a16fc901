"""What only the owner knows of a register: that the meter was exchanged, or that a reading was wrong."""

from appliance.clock import Clock
from appliance.gate import Gate
from appliance.hub import Hub
from appliance.model import Event, Quantity, Reading
from appliance.rejections import Rejections
from appliance.store import Store


class Corrections:
    """Every method raises StoreError when what was said cannot be kept."""

    def __init__(self, clock: Clock, hub: Hub, store: Store, gate: Gate, rejections: Rejections) -> None:
        self._clock, self._hub, self._store = clock, hub, store
        self._gate, self._rejections = gate, rejections

    async def exchange(self, source: str, quantity: Quantity, first: float) -> Event:
        """The meter behind `source` was exchanged and the new one stands at `first` (the quantity's unit)."""
        reading, old = self._said(source, quantity, first)
        await self._store.exchange(source, quantity, reading.at, old, first)
        text = f"The meter was exchanged; the new register stands at {_amount(reading)}"
        data = {"quantity": str(quantity), "old": old, "new": first}
        return await self._set_right(reading, Event(source, "meter_exchanged", reading.at, text, data))

    async def correct(self, source: str, quantity: Quantity, value: float) -> Event:
        """The register of `source` stands at `value` now (the quantity's unit), whatever was read before.

        It is the same meter: history stays as it is; what was read wrong in it shows as a leap and a fall.
        """
        reading, old = self._said(source, quantity, value)
        text = f"The register was set right: it stands at {_amount(reading)}"
        data = {"quantity": str(quantity), "was": old, "value": value}
        return await self._set_right(reading, Event(source, "register_corrected", reading.at, text, data))

    def _said(self, source: str, quantity: Quantity, value: float) -> tuple[Reading, float | None]:
        """What a person reads now, and what was known before."""
        old = self._hub.latest.get((source, quantity))
        return Reading(source, quantity, value, self._clock.now()), old.value if old else None

    async def _set_right(self, reading: Reading, event: Event) -> Event:
        self._gate.corrected(reading)
        self._rejections.cleared(reading)
        self._hub.publish([reading, event])
        self._store.append([reading, event], urgent=True)
        await self._store.flush()
        return event


def _amount(reading: Reading) -> str:
    spec = reading.quantity.spec
    return f"{reading.value:.{spec.decimals}f} {spec.unit}"
