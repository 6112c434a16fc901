"""One counter of a set-up: its boxes, numbered through, and what can be printed on it. Pure.

Figures come first, from the left, then dials, then the display window.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from appliance.meter_setup import CounterSetup, Rectangle
from appliance.model import Quantity

Figures = Literal["wheel", "lcd", "display"]
Kind = Literal["digit", "dial", "display"]
UNITS = {"kWh": ("kWh", "Wh", "MWh"), "m³": ("m³", "l"), "GJ": ("GJ",), "kvarh": ("kvarh",)}
"""Units printed on meters, by the unit in which their quantity is kept."""
QUANTITIES = (
    Quantity.ENERGY_IMPORT, Quantity.ENERGY_IMPORT_T1, Quantity.ENERGY_IMPORT_T2,
    Quantity.ENERGY_EXPORT, Quantity.ENERGY_EXPORT_T1, Quantity.ENERGY_EXPORT_T2,
    Quantity.ENERGY_SOLAR, Quantity.GAS, Quantity.WATER, Quantity.HEAT,
    Quantity.REACTIVE_IMPORT, Quantity.REACTIVE_EXPORT,
)  # fmt: skip

CODES = {
    Quantity.ENERGY_IMPORT: "1.8.0",
    Quantity.ENERGY_IMPORT_T1: "1.8.1",
    Quantity.ENERGY_IMPORT_T2: "1.8.2",
    Quantity.ENERGY_EXPORT: "2.8.0",
    Quantity.ENERGY_EXPORT_T1: "2.8.1",
    Quantity.ENERGY_EXPORT_T2: "2.8.2",
}
"""The codes of IEC 62056-61 that a display shows beside these registers."""


def boxes(counter: CounterSetup) -> list[Rectangle]:
    """All boxes of a counter, numbered through."""
    window = [counter.display] if counter.display else []
    return [*counter.digits, *(dial.box for dial in counter.dials), *window]


def kind_of(counter: CounterSetup, index: int) -> Kind:
    """What a box holds."""
    if index < len(counter.digits):
        return "digit"
    return "dial" if index < len(counter.digits) + len(counter.dials) else "display"


def figures(counter: CounterSetup) -> Figures:
    """What the number is made of."""
    return "display" if counter.display else counter.kind


def with_boxes(counter: CounterSetup, new: Sequence[Rectangle]) -> CounterSetup:
    """The counter with all boxes replaced, in the same numbering."""
    digits, dials = len(counter.digits), len(counter.dials)
    turned = (replace(dial, box=box) for dial, box in zip(counter.dials, new[digits:], strict=False))
    window = new[digits + dials] if counter.display else None
    return replace(counter, digits=tuple(new[:digits]), dials=tuple(turned), display=window)


def middle(box: Rectangle) -> float:
    return box[0] + box[2] / 2


def spread(row: Sequence[Rectangle]) -> tuple[Rectangle, ...]:
    """As many boxes, evenly from the first to the last, each a step between their sizes."""
    first, last, steps = row[0], row[-1], max(1, len(row) - 1)
    return tuple(
        (
            round(first[0] + (last[0] - first[0]) * i / steps),
            round(first[1] + (last[1] - first[1]) * i / steps),
            round(first[2] + (last[2] - first[2]) * i / steps),
            round(first[3] + (last[3] - first[3]) * i / steps),
        )
        for i in range(len(row))
    )
