"""Electricity meters that speak Modbus: Eastron SDM120, SDM230, SDM630, and any other by its registers.

Over RS-485 (RTU), Modbus TCP, or a gateway that passes RTU frames through TCP. Several meters may share a
port: give each an entry with the same `port` and its own `unit`. Facts: see `_modbus_registers`. An answer of
76 registers takes 0.2 s at 9600 baud, 0.7 s at 2400.
"""

import importlib.util
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from appliance.errors import SourceError
from appliance.model import Batch, Event, Quantity, Reading
from appliance.sources import _homewizard_data as roles
from appliance.sources._modbus_bus import Bus, IllegalError, Line, join
from appliance.sources._modbus_registers import (
    MODELS,
    WAYS,
    Function,
    Register,
    Request,
    Type,
    WordOrder,
    Words,
    believed,
    decoded,
    plan,
)
from appliance.sources.base import Context, SourceOptions

if importlib.util.find_spec("pymodbus") is None:
    raise ModuleNotFoundError(name="pymodbus (pip install 'tallywatt[modbus]')")


class RegisterOptions(BaseModel):
    """Where one quantity stands in a meter of your own."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    register_: int = Field(alias="register", ge=0, le=65535)
    """Address of its first register, counted from 0: 30073 in a manual that begins at 30001 is 72."""
    quantity: Quantity
    """What it is, such as power_grid or energy_import."""
    type: Type = "float32"
    """How the number is written; 32 and 64 bits take two and four registers."""
    word_order: WordOrder = "big"
    """Which register of a number comes first: the high one (big) or the low one (little)."""
    scale: float = 1.0
    """Multiply by this: 0.001 for Wh to kWh, -1 to turn the direction round."""
    function: Function = "input"
    """Input registers (function 4) or holding registers (function 3)."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.as_register().end > 65536:
            raise ValueError("does not fit below register 65536")
        return self

    def as_register(self) -> Register:
        """The same for the reader."""
        return Register(
            self.register_, str(self.quantity), self.type, self.word_order, self.scale, self.function
        )


class Options(SourceOptions):
    """A meter that speaks Modbus over RS-485, TCP or a gateway."""

    type: Literal["modbus_meter"] = "modbus_meter"
    port: str
    """Where the bus is: `/dev/serial/by-id/...` for an RS-485 adapter, `tcp://host:502` for Modbus TCP,
    `rtu+tcp://host:port` for a gateway that passes the bytes of the bus."""
    unit: int = Field(default=1, ge=1, le=247)
    """The meter's number on the bus (slave address); its menu shows it."""
    model: Literal["sdm120", "sdm230", "sdm630", "custom"]
    """The meter, or custom for one whose `registers` you say."""
    measures: Literal["grid", "load", "solar", "battery"] | None = None
    """What an SDM measures: the grid connection, all that the house uses, solar panels or a battery. What
    panels and a discharging battery give has to count as export on its display, else use `reverse`."""
    reverse: bool = False
    """An SDM that was wired the other way round: turn its signs and registers."""
    registers: tuple[RegisterOptions, ...] = ()
    """The registers of a custom meter."""
    baud: int = Field(default=9600, ge=300, le=1_000_000)
    """Speed of a serial bus; the meter's menu shows it: 2400 for a new SDM120, 9600 for most others."""
    framing: str = Field(default="8N1", pattern=r"^8[NEO][12]$")
    """Data bits, parity and stop bits of a serial bus: 8N1 or 8E1 as the meter's menu says."""
    every_s: float = Field(default=5, ge=0.5, le=3600)
    """Seconds from one question to the next; 10 writes less to the card."""
    timeout_s: float = Field(default=1, ge=0.1, le=30)
    """Seconds to wait for an answer; three tries are made."""

    @field_validator("port")
    @classmethod
    def _known(cls, port: str) -> str:
        if not re.fullmatch(r"/dev/\S+|tcp://[^/\s:]+(:[0-9]{1,5})?|rtu\+tcp://[^/\s:]+:[0-9]{1,5}", port):
            raise ValueError("must be /dev/..., tcp://host:502 or rtu+tcp://host:port")
        return port

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.model == "custom":
            if not self.registers:
                raise ValueError("a custom meter needs `registers`")
            if self.measures or self.reverse:
                raise ValueError(
                    "a custom meter's quantities say what it measures: leave out `measures` and `reverse`"
                )
            names = [entry.quantity for entry in self.registers]
            if double := next((name for name in names if names.count(name) > 1), None):
                raise ValueError(f"two registers give {double}")
        elif self.registers:
            raise ValueError("`registers` are for the model custom alone")
        elif self.measures is None:
            raise ValueError("say with `measures` what it measures: grid, load, solar or battery")
        return self


def to_readings(values: Mapping[str, float], options: Options, at: int) -> list[Reading]:
    """What the registers said at `at` (UTC ms), by name. Raises SourceError when it says nothing."""
    values = believed(values, self_powered=options.model != "custom")
    if options.model == "custom":
        found = {Quantity(name): value for name, value in values.items()}
    else:
        # Eastron's currents have no sign to turn.
        currents = {name: value for name, value in values.items() if name.startswith("current")}
        numbers = {**roles.turned(values), **currents} if options.reverse else values
        found = roles.quantities(numbers, options.measures)
    return roles.readings(found, options.label, at)


class Source:
    """Asks again and again, with as few requests as the meter allows."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = options.every_s
        self._options = options
        self._clock = context.clock
        self._registers = MODELS.get(options.model) or tuple(e.as_register() for e in options.registers)
        self._way = 0
        self._told: frozenset[str] = frozenset()

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """One batch an answer. SourceError says what is wrong with port, unit or registers and what to do."""
        options = self._options
        bus = join(Line(options.port.rstrip("/"), options.baud, options.framing, options.timeout_s))
        try:
            while True:
                values = decoded(await self._words(bus), self._registers)
                at = self._clock.now()
                yield [*to_readings(values, options, at), *self._missing(values, at)]
                await self._clock.sleep(options.every_s)
        finally:
            bus.close()

    async def _words(self, bus: Bus) -> Words:
        """Where a meter refuses long requests or holes in them, shorter ones are made from then on."""
        while True:
            words: dict[tuple[Function, int], int] = {}
            try:
                for request in plan(self._registers, WAYS[self._way]):
                    answer = await bus.read(self._options.unit, request)
                    words |= {(request.function, request.address + n): word for n, word in enumerate(answer)}
                return words
            except IllegalError as error:
                if self._way == len(WAYS) - 1:
                    self._way = 0
                    raise SourceError(self._lacking(error.request)) from error
                self._way += 1

    def _lacking(self, request: Request) -> str:
        names = ", ".join(r.name for r in self._registers if r.address == request.address)
        return (
            f"Unit {self._options.unit} at {self._options.port} has no {request} ({names}): check model, or "
            "the register in the meter's manual (many count from 1, or write 30001 for input register 0 and "
            "40001 for holding register 0)"
        )

    def _missing(self, values: Mapping[str, float], at: int) -> Iterable[Event]:
        """What the meter marks as not measured is told once."""
        missing = {r.name: r.address for r in self._registers if r.name not in values}
        new = sorted(missing.keys() - self._told)
        self._told = frozenset(missing)
        for name in new:
            text = f"The meter marks {name} (register {missing[name]}) as not measured"
            yield Event(self.name, "value_missing", at, text)
