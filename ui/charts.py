"""What a chart shows, as a message for the browser: lines, axes, guides. Instants UTC ms."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .text import Texts

Point = tuple[int, float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A line or a row of bars. `colour` is a token of the style sheet, `below` that of what is under nought,
    `bands` are the two limits between low, middle and high, which then colour the line; None in `data` is a
    gap."""

    name: str
    unit: str
    data: Sequence[Point | float | None]
    colour: str = "grid-f"
    kind: Literal["line", "step", "bar"] = "line"
    axis: int = 0
    decimals: int = 0
    area: bool = False
    faint: bool = False
    dashed: bool = False
    hidden: bool = False
    stack: str | None = None
    bands: tuple[float, float] | None = None
    below: str | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """A vertical axis; `zero` keeps nought in sight, `interval` is from one line to the next."""

    name: str = ""
    zero: bool = True
    min: float | None = None
    max: float | None = None
    interval: float | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """A dashed line across, at a value of the line of that name."""

    line: str
    at: float
    text: str
    colour: str = "t3"


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of time set off from the rest."""

    start: int
    end: int
    colour: str = "accent"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole chart. Along time it has a `span`, along names a `category`. A drawing of the same `key`
    keeps the reader's zoom; `back` is the word of the button that ends it, where nothing else does.
    `marks` are drawn behind the lines, `band` in a strip above them."""

    key: str
    lines: Sequence[Line]
    axes: Sequence[Axis]
    none: str
    span: tuple[int, int] | None = None
    category: Sequence[str] | None = None
    now: int | None = None
    guides: Sequence[Guide] = ()
    marks: Sequence[Mark] = ()
    band: Sequence[Mark] = ()
    legend: bool = False
    zoom: bool = False
    back: str = ""
    aria: str = field(default="")


def message(texts: Texts, drawing: Drawing) -> dict[str, Any]:
    """The drawing as `components/chart.js` takes it."""
    said = asdict(drawing)
    for name, marks in (("marks", drawing.marks), ("band", drawing.band)):
        said[name] = [{"from": mark.start, "to": mark.end, "colour": mark.colour} for mark in marks]
    return said | {
        "span": list(drawing.span) if drawing.span else None,
        "zone": str(texts.zone),
        "locale": str(texts.locale).replace("_", "-"),
        "nowText": texts._("now"),
    }


def kilowatts(points: Iterable[Point]) -> list[Point]:
    """Points of a power in W, in kW."""
    return [(at, None if watts is None else watts / 1000) for at, watts in points]


def stepped(starts: Iterable[int], values: Iterable[float | None], end: int) -> list[Point]:
    """Points of a step line: each value holds until the next start, the last one until `end`."""
    points: list[Point] = list(zip(starts, values, strict=True))
    return [*points, (end, points[-1][1])] if points else []
