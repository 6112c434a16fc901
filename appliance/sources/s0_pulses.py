"""The pulse output of a meter (S0, IEC 62053-31; reed contacts of gas and water meters) on a GPIO pin.

Every pulse raises the register; the time between pulses gives the power. Where the register stood is known
from the store, and from a small file written at the end and every quarter of an hour: the newer of the two
counts after a start. What a person says of the register on the Meter page is taken over within `every_s`.
"""

import asyncio
import importlib.util
import json
import math
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from appliance.clock import MINUTE_MS, sane
from appliance.errors import StoreError
from appliance.model import Batch, Event, Fact, Kind, Quantity, Reading
from appliance.sources._s0_count import PulseRegister
from appliance.sources._s0_pin import PulseInput
from appliance.sources.base import Context, SourceOptions
from appliance.worker import Worker
from config.files import write_atomic

if importlib.util.find_spec("gpiozero") is None:
    raise ModuleNotFoundError(name="gpiozero (pip install 'tallywatt[s0]')")

SAVE_S = 900.0
"""A card is written to 96 times a day at most; the store, too, has the register, of a minute ago."""
OPEN_S = 20.0
POWERS = {
    Quantity.ENERGY_IMPORT: Quantity.POWER_GRID,
    Quantity.ENERGY_SOLAR: Quantity.POWER_SOLAR,
    Quantity.ENERGY_LOAD: Quantity.POWER_LOAD,
}
"""Registers that rise with one power alone; of the others (export, a battery's) pulses say half the truth."""


class Options(SourceOptions):
    """A meter's pulse output on a GPIO pin of the Pi."""

    type: Literal["s0_pulses"] = "s0_pulses"
    pin: int = Field(ge=0, le=27)
    """The GPIO pin, by its BCM number (17 is pin 11 of the header)."""
    pulses_per_unit: float = Field(gt=0, le=1_000_000)
    """Pulses for one kWh (imp/kWh on the meter, 1000 is usual), or for one m³ of gas or water: 1000 where a
    pulse is a litre, 100 where it is 0.01 m³."""
    quantity: Quantity = Quantity.ENERGY_IMPORT
    """The register that the pulses turn, such as energy_import, energy_solar, energy_load, gas or water."""
    power: bool = True
    """Tell the power too, for import, solar and home energy. Switch it off for the import register of a house
    that also feeds in: pulses do not say when it does."""
    start_value: float = Field(default=0.0, ge=0, le=1e9)
    """What the meter shows the first time, in kWh or m³. Later set it right on the Meter page."""
    pull: Literal["up", "down"] = "up"
    """up where the meter connects the pin to ground (usual), down where it connects it to 3.3 V."""
    debounce_ms: float = Field(default=10, ge=0, le=500)
    """A level counts once it has held so long. S0 pulses last 30 ms or more, reed contacts bounce less."""
    every_s: float = Field(default=10, ge=1, le=3600)
    """Seconds from one reading to the next; every pulse is counted all the same."""

    @field_validator("quantity")
    @classmethod
    def _is_register(cls, quantity: Quantity) -> Quantity:
        if quantity.spec.kind is not Kind.COUNTER or not quantity.spec.unit:
            raise ValueError("must be a register, such as energy_import, gas or water")
        return quantity


class Source:
    """Counts all the time, tells every `every_s`."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = options.every_s
        self._options = options
        self._context = context
        self._clock = context.clock
        self._path = context.folder / self.name / "register.json"
        self._worker = Worker(f"GPIO {options.pin}")
        self._lock = threading.Lock()
        self._register = PulseRegister(options.pulses_per_unit, options.start_value, 0.0)
        self._told_at, self._told = 0, math.nan
        self._saved = math.nan
        self._saved_at = -math.inf
        self._unsaved = ""

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """A batch every `every_s`. Raises SourceError when the pin cannot be used."""
        pulses: PulseInput | None = None
        events = await self._resume()
        try:
            pulses = await self._worker.call(self._listen, OPEN_S)
            while True:
                await self._hear_of_corrections()
                pulses.settle()
                yield [*events, *self._readings()]
                events = await self._save_now_and_then()
                await self._clock.sleep(self._options.every_s)
        finally:
            if pulses is not None:
                pulses.close()
                # Here and now: what is cancelled cannot wait for another thread.
                with suppress(OSError):
                    self._save()
            self._worker.close()

    def _listen(self) -> PulseInput:
        options = self._options
        return PulseInput(options.pin, options.pull, options.debounce_ms / 1000, self._clock, self._pulse)

    def _pulse(self, at: float) -> None:
        with self._lock:
            self._register.pulse(at)

    # What is told

    def _readings(self) -> list[Fact]:
        options, now = self._options, self._clock.now()
        with self._lock:
            value, power = self._register.value, self._register.power(self._clock.monotonic())
        self._told_at, self._told = max(self._told_at, now), value
        found: list[Fact] = [Reading(self.name, options.quantity, value, now)]
        quantity = POWERS.get(options.quantity)
        if options.power and quantity is not None and power is not None:
            found.append(Reading(self.name, quantity, power, now))
        return found

    async def _hear_of_corrections(self) -> None:
        """A reading newer than ours is a person's: the meter was read, or exchanged."""
        believed = await self._believed()
        if believed is None or believed.at < self._told_at:
            return
        if believed.at == self._told_at and believed.value == self._told:
            return
        ago_s = max(0.0, (self._clock.now() - believed.at) / 1000)
        with self._lock:
            self._register.set_right(believed.value, self._clock.monotonic() - ago_s)
        self._told_at, self._told = believed.at, believed.value

    # Where the register stood

    async def _resume(self) -> list[Fact]:
        """Go on from where the register stood last; what tells that pulses may be missing."""
        kept = _kept(self._path)
        believed = await self._believed()
        if believed is not None:
            self._told_at, self._told = max(self._told_at, believed.at), believed.value
        known = [each for each in (kept, believed and (believed.value, believed.at)) if each]
        value, at = max(known, key=lambda each: each[1], default=(self._options.start_value, None))
        with self._lock:
            self._register = PulseRegister(self._options.pulses_per_unit, value, self._clock.monotonic())
        return [] if at is None else [self._missed(value, at)]

    def _missed(self, value: float, since: int) -> Event:
        now, spec = self._clock.now(), self._options.quantity.spec
        minutes = (now - since) / MINUTE_MS
        span = f"about {max(1, round(minutes))} min" if sane(now) and minutes >= 0 else "an unknown time"
        text = (
            f"Pulses were not counted for {span}, while the appliance was off; the register goes on from "
            f"{value:.{spec.decimals}f} {spec.unit}. If the meter shows more, set it right on the Meter page"
        )
        return Event(self.name, "pulses_missed", now, text, {"since": since, "until": now, "value": value})

    async def _believed(self) -> Reading | None:
        """The newest reading that is believed. A store that fails must not stop the counting."""
        try:
            past = await self._context.past(self.name, self._options.quantity, self._clock.now())
        except StoreError:
            return None
        return past[-1] if past else None

    async def _save_now_and_then(self) -> list[Fact]:
        """Keep the register in its file; why that failed, once."""
        if self._clock.monotonic() - self._saved_at < SAVE_S:
            return []
        self._saved_at = self._clock.monotonic()
        problem = ""
        try:
            await asyncio.to_thread(self._save)
        except OSError as error:
            problem = (
                f"{self._path} cannot be written ({error.strerror or error}): free some space or check the "
                "card, or a power cut may cost pulses"
            )
        news, self._unsaved = problem if problem != self._unsaved else "", problem
        return [Event(self.name, "register_not_kept", self._clock.now(), news)] if news else []

    def _save(self) -> None:
        """Raises OSError. A clock that is not set cannot say when; the register is kept once it is."""
        now = self._clock.now()
        with self._lock:
            value = self._register.value
        if value == self._saved or not sane(now):
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path, json.dumps({"value": value, "at": now}).encode())
        self._saved = value


def _kept(path: Path) -> tuple[float, int] | None:
    """Value and instant of the file; None where none can be read: the store knows nearly as much."""
    try:
        found = json.loads(path.read_bytes())
        value, at = float(found["value"]), int(found["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (value, at) if math.isfinite(value) and value >= 0 else None
