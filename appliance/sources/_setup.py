"""What counts where before one camera: the set-up as a file, and its limits. No OpenCV here."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from appliance.gate import Limits
from appliance.meter_setup import CounterSetup, MeterSetup, Rectangle
from appliance.model import Kind, Quantity

FILE = "setup.json"
MOST_FIGURES = 16
NOW = 255
"""F of an OBIS code that means the present value."""
UNITS = {
    "kWh": ("kWh", 1.0),
    "Wh": ("kWh", 0.001),
    "MWh": ("kWh", 1000.0),
    "m³": ("m³", 1.0),
    "l": ("m³", 0.001),
    "GJ": ("GJ", 1.0),
    "kvarh": ("kvarh", 1.0),
}
"""Units printed on meters: the quantity's unit, and how many of that they are."""
_ADAPTER = TypeAdapter(MeterSetup)


def dumped(setup: MeterSetup) -> bytes:
    """The set-up as JSON."""
    return _ADAPTER.dump_json(setup, indent=1)


def loaded(text: str | bytes) -> MeterSetup:
    """What `dumped` wrote. Raises ValueError that says what is wrong."""
    try:
        setup = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where or 'the file'}: {first['msg']}") from None
    check(setup)
    return setup


def saved(folder: Path) -> MeterSetup | None:
    """What the owner saved in a source's folder; None without. Raises ValueError, OSError."""
    path = folder / FILE
    return loaded(path.read_bytes()) if path.is_file() else None


def factor(unit: str) -> float:
    """How many of its quantity's unit one of `unit` is."""
    return UNITS[unit][1]


def code(text: str) -> tuple[int, ...] | None:
    """C, D, E of a register code (IEC 62056-61): 1.8.0, 1-0:1.8.0*255, 01.08.00, 1.8 and 180 are one; None
    for no code. A value stored at the end of an earlier month (1.8.0*01) has its number as a fourth."""
    body = text.partition(":")[2] or text
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?(?:\s*[*&.-]\s*(\d+))?", body)
    if found is None:
        short = re.fullmatch(r"\s*(\d)(\d)(\d)\s*", body)
        return tuple(int(digit) for digit in short.groups()) if short else None
    *main, stored = (int(group or 0) for group in found.groups())
    return (*main, stored) if found[4] and stored != NOW else tuple(main)


def check(setup: MeterSetup) -> None:
    """Raises ValueError, in a sentence for the owner, when the set-up cannot be."""
    if not setup.counters:
        raise ValueError("The set-up has no counter: say what the meter shows, or draw boxes")
    seen: set[Quantity] = set()
    stands: set[object] = set()
    for counter in setup.counters:
        what = counter.quantity.spec.label
        if counter.quantity in seen:
            raise ValueError(f"{what} is set up twice: each counter needs a quantity of its own")
        seen.add(counter.quantity)
        problem = _counter_problem(counter) or _box_problem(counter, setup.width, setup.height)
        stand = counter.digits, counter.dials, counter.display, code(counter.register)
        if not problem and stand in stands:
            problem = "it stands where another counter does, and no register code tells them apart"
        if problem:
            raise ValueError(f"{what}: {problem}")
        stands.add(stand)


def _counter_problem(counter: CounterSetup) -> str | None:
    spec = counter.quantity.spec
    if spec.kind is not Kind.COUNTER:
        return "this is no register that a meter counts"
    if counter.unit not in UNITS:
        return f"{counter.unit!r} is no unit known; choose one of {', '.join(UNITS)}"
    if UNITS[counter.unit][0] != spec.unit:
        return f"it is counted in {spec.unit}, not in {counter.unit}"
    figures = len(counter.digits) + len(counter.dials)
    if figures > MOST_FIGURES:
        return f"{figures} digits and dials are more than the {MOST_FIGURES} a counter can have"
    if not figures and counter.display is None:
        return "it has neither digits, dials nor a display window: draw its boxes"
    if counter.register and code(counter.register) is None:
        return f"{counter.register!r} is no code of a register: write it as the display does, such as 1.8.0"
    if counter.register and counter.display is None:
        return f"to see whose turn it is, the window that shows the code {counter.register} must be drawn"
    if not 0 <= counter.decimals < (figures or MOST_FIGURES + 1) + (not counter.digits):
        return f"{counter.decimals} decimals do not fit a counter of {figures} digits and dials"
    return None


def rectangles(counter: CounterSetup) -> Iterator[tuple[str, Rectangle]]:
    """All boxes of a counter with a name for people."""
    yield from ((f"digit {n}", box) for n, box in enumerate(counter.digits, 1))
    yield from ((f"dial {n}", dial.box) for n, dial in enumerate(counter.dials, 1))
    if counter.display is not None:
        yield "the display", counter.display


def _box_problem(counter: CounterSetup, width: int, height: int) -> str | None:
    for name, (x, y, w, h) in rectangles(counter):
        if w < 4 or h < 6:
            return f"the box of {name} is too small"
        if x < 0 or y < 0 or x + w > width or y + h > height:
            return f"the box of {name} leaves the picture: move it inside"
    return None


@dataclass(frozen=True, slots=True)
class Face:
    """What is known of a counter without its boxes; `figures` counts digits and dials, None for a window."""

    quantity: Quantity
    unit: str
    decimals: int
    figures: int | None
    register: str = ""


def faces(setup: MeterSetup) -> tuple[Face, ...]:
    """The counters of a set-up without their boxes."""
    return tuple(
        Face(c.quantity, c.unit, c.decimals, len(c.digits) + len(c.dials) or None, c.register)
        for c in setup.counters
    )


def limits(counters: Iterable[Face], general: Limits) -> Mapping[Quantity, Limits]:
    """What each counter may do: `general`, with the last figure of its own and where it begins anew."""
    return {c.quantity: _limits(c, general) for c in counters}


def _limits(face: Face, general: Limits) -> Limits:
    unit = factor(face.unit)
    turns_at = None if face.figures is None else unit * 10.0 ** (face.figures - face.decimals)
    return replace(general, resolution=unit * 10.0**-face.decimals, turns_at=turns_at)


def wheels(counters: Iterable[Face]) -> Mapping[Quantity, tuple[int, int]]:
    """How many figures stand before and after the point, of counters in their quantity's unit."""
    return {
        c.quantity: (c.figures - c.decimals, c.decimals)
        for c in counters
        if c.figures is not None and factor(c.unit) == 1.0
    }
