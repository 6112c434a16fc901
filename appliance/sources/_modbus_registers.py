"""Registers of Modbus meters: where values stand, how few requests fetch them, what words mean. Pure.

Modbus Application Protocol V1.1b3 (function 3 reads holding, 4 input registers; addresses begin at 0).
Eastron "SDM120/SDM230/SDM630 Modbus Protocol": input registers, 32-bit floats, high word first, at most 40
values (80 registers) a request. Some SDM refuse more than 50 (openWB/core pull request 2890), some meters
refuse a range with a hole in it.
"""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.errors import SourceError

Type = Literal["float32", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
WordOrder = Literal["big", "little"]
Function = Literal["input", "holding"]

MOST = 80
_FORMATS: Mapping[str, str] = {
    "float32": ">f", "uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i",
    "uint64": ">Q", "int64": ">q",
}  # fmt: skip
SIGNIFICANT = 7
"""Decimal digits a 32-bit float holds; more is not what the meter measured."""


@dataclass(frozen=True, slots=True)
class Register:
    """One value: `address` counts from 0; `name` is what it is called in the answer of `decoded`."""

    address: int
    name: str
    type: Type = "float32"
    word_order: WordOrder = "big"
    scale: float = 1.0
    function: Function = "input"

    @property
    def end(self) -> int:
        """The address after its last word."""
        return self.address + struct.calcsize(_FORMATS[self.type]) // 2


@dataclass(frozen=True, slots=True)
class Request:
    """`count` words from `address` on."""

    function: Function
    address: int
    count: int

    def __str__(self) -> str:
        if self.count == 1:
            return f"{self.function} register {self.address}"
        return f"{self.function} registers {self.address} to {self.address + self.count - 1}"


@dataclass(frozen=True, slots=True)
class Way:
    """How requests are cut: at most so many registers each, and whether a hole may be read with the rest."""

    most: int
    holes: bool


WAYS = (Way(MOST, True), Way(50, True), Way(50, False), Way(0, False))
"""The quickest first; the last asks for every value on its own."""

Words = Mapping[tuple[Function, int], int]
"""The word at every address that was read."""


def plan(registers: Iterable[Register], way: Way = WAYS[0]) -> list[Request]:
    """The fewest requests that fetch all `registers` in this way, in order of address."""
    requests: list[Request] = []
    for register in sorted(registers, key=lambda r: (r.function, r.address, r.end)):
        last = requests[-1] if requests else None
        if last is not None and last.function == register.function:
            end = last.address + last.count
            fits = register.end - last.address <= way.most and (way.holes or register.address <= end)
            if fits or register.end <= end:
                requests[-1] = Request(last.function, last.address, max(end, register.end) - last.address)
                continue
        requests.append(Request(register.function, register.address, register.end - register.address))
    return requests


def decoded(words: Words, registers: Iterable[Register]) -> dict[str, float]:
    """The value of every register by name; one that the meter does not know is left out."""
    found = {}
    for register in registers:
        own = [words[register.function, address] for address in range(register.address, register.end)]
        value = number(own, register)
        if value is not None:
            found[register.name] = value
    return found


def number(words: Sequence[int], register: Register) -> float | None:
    """What the words say, scaled; None for what stands for "not measured": not a number, an infinite one, all
    ones, and the lowest negative integer (SunSpec)."""
    ordered = words if register.word_order == "big" else tuple(reversed(words))
    raw = struct.pack(f">{len(words)}H", *ordered)
    value = struct.unpack(_FORMATS[register.type], raw)[0]
    if register.type == "float32":
        return float(f"{value:.{SIGNIFICANT}g}") * register.scale if math.isfinite(value) else None
    unsigned = register.type.startswith("u")
    nothing = b"\xff" * len(raw) if unsigned else b"\x80" + b"\x00" * (len(raw) - 1)
    return None if raw == nothing else value * register.scale


def _single() -> tuple[Register, ...]:
    places = {
        "voltage_l1_v": 0, "current_l1_a": 6, "power_w": 12, "power_l1_w": 12,
        "frequency_hz": 70, "energy_import_kwh": 72, "energy_export_kwh": 74,
    }  # fmt: skip
    return tuple(Register(address, name) for name, address in places.items())


def _three() -> tuple[Register, ...]:
    places = {
        **{f"voltage_l{n}_v": 2 * n - 2 for n in (1, 2, 3)},
        **{f"current_l{n}_a": 2 * n + 4 for n in (1, 2, 3)},
        **{f"power_l{n}_w": 2 * n + 10 for n in (1, 2, 3)},
        "power_w": 52, "frequency_hz": 70, "energy_import_kwh": 72, "energy_export_kwh": 74,
    }  # fmt: skip
    return tuple(Register(address, name) for name, address in places.items())


MODELS: Mapping[str, tuple[Register, ...]] = {"sdm120": _single(), "sdm230": _single(), "sdm630": _three()}


def believed(values: Mapping[str, float], self_powered: bool) -> dict[str, float]:
    """The values without those that only look measured. Raises SourceError when nothing is left.

    A meter that runs on the mains it measures cannot find 0 V on every phase: its measuring part has not
    started, and its zeros say nothing. Of a meter with a supply of its own 0 V is true where its frequency is
    0 too.
    """
    voltages = [value for name, value in values.items() if name.startswith("voltage")]
    frequency = next((value for name, value in values.items() if name.startswith("frequency")), None)
    dead = bool(voltages) and not any(voltages) and (self_powered or frequency != 0)
    kept = {
        name: value
        for name, value in values.items()
        if not (value == 0 and (dead or name.startswith("frequency")))
    }
    if not kept:
        raise SourceError(
            "The meter answers, but has measured nothing: is the mains connected to its terminals, and is "
            "this its model?"
        )
    return kept
