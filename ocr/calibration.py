"""Where the digits and dials of a counter stand in the pictures of one camera."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

Kind = Literal["wheel", "lcd"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; x and y name its upper left corner."""

    x: int
    y: int
    w: int
    h: int

    def scaled(self, fx: float, fy: float) -> Box:
        """The same part of a picture that is `fx` times as wide and `fy` times as high."""
        return Box(int(self.x * fx), int(self.y * fy), int(self.w * fx), int(self.h * fy))


@dataclass(frozen=True, slots=True)
class Dial:
    """A pointer on a round scale of ten; some meters turn every other one anticlockwise."""

    box: Box
    clockwise: bool = True


@dataclass(frozen=True, slots=True)
class Calibration:
    """The figures of one counter, most significant first, in pixels of a reference picture of width x height.

    `digits` are the boxes of wheels or display cells, left to right; `dials` carry the figures after them.
    `decimals` counts the figures, wheels and dials together, after the decimal point. `display` is the whole
    window of a display, register code included; it may stand alone. ValueError when something cannot be:
    neither figures nor a display, more decimals than figures, a box outside the picture.
    """

    width: int
    height: int
    digits: tuple[Box, ...]
    decimals: int = 0
    kind: Kind = "wheel"
    dials: tuple[Dial, ...] = ()
    display: Box | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"The kind of a counter is wheel or lcd, not {self.kind!r}")
        figures = len(self.digits) + len(self.dials)
        if figures > 16 or not (figures or self.display):
            raise ValueError(f"A counter has 1 to 16 digits and dials, this calibration has {figures}")
        if not 0 <= self.decimals < (figures or 17) + (not self.digits):
            raise ValueError(f"{self.decimals} decimals do not fit a counter of {figures} figures")
        for name, b in self._boxes():
            inside = b.x >= 0 and b.y >= 0 and b.x + b.w <= self.width and b.y + b.h <= self.height
            if b.w < 4 or b.h < 6 or not inside:
                raise ValueError(f"The box of {name} is too small or leaves the picture: move it inside")

    def _boxes(self) -> list[tuple[str, Box]]:
        named = [(f"digit {n}", b) for n, b in enumerate(self.digits, 1)]
        named += [(f"dial {n}", d.box) for n, d in enumerate(self.dials, 1)]
        return named + ([("the display", self.display)] if self.display else [])

    def scaled(self, width: int, height: int) -> Calibration:
        """The same boxes for pictures of another size."""
        fx, fy = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            digits=tuple(b.scaled(fx, fy) for b in self.digits),
            dials=tuple(replace(d, box=d.box.scaled(fx, fy)) for d in self.dials),
            display=self.display.scaled(fx, fy) if self.display else None,
        )

    def to_json(self) -> str:
        """One JSON object; boxes as [x, y, w, h], dials as [x, y, w, h, clockwise]."""
        data = asdict(self) | {
            "digits": [_list(b) for b in self.digits],
            "dials": [[*_list(d.box), d.clockwise] for d in self.dials],
            "display": _list(self.display) if self.display else None,
        }
        return json.dumps(data)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Reads what `to_json` wrote; ValueError names what is wrong."""
        try:
            data: dict[str, Any] = json.loads(text)
            digits = tuple(_box(box) for box in data.pop("digits"))
            dials = tuple(Dial(_box(d[:4]), bool(d[4])) for d in data.pop("dials", ()))
            display = data.pop("display", None)
            return cls(digits=digits, dials=dials, display=None if display is None else _box(display), **data)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(
                f"This is no calibration of a counter ({error}): set the meter up again"
            ) from error


def _list(box: Box) -> list[int]:
    return [box.x, box.y, box.w, box.h]


def _box(numbers: list[Any]) -> Box:
    return Box(*(int(v) for v in numbers))
