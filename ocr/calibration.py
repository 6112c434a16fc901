"""Where the digits of a counter stand in the pictures of one camera."""

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


@dataclass(frozen=True, slots=True)
class Calibration:
    """The boxes of a counter's digits, left to right, in pixels of a reference picture of width x height.

    `decimals` counts the digits after the decimal point. ValueError when something cannot be: no digits,
    more decimals than digits, a box outside the picture.
    """

    width: int
    height: int
    digits: tuple[Box, ...]
    decimals: int = 0
    kind: Kind = "wheel"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"The kind of a counter is wheel or lcd, not {self.kind!r}")
        if not 1 <= len(self.digits) <= 16:
            raise ValueError(f"A counter has 1 to 16 digits, this calibration has {len(self.digits)}")
        if not 0 <= self.decimals < len(self.digits):
            raise ValueError(f"{self.decimals} decimals do not fit a counter of {len(self.digits)} digits")
        for number, b in enumerate(self.digits, 1):
            inside = b.x >= 0 and b.y >= 0 and b.x + b.w <= self.width and b.y + b.h <= self.height
            if b.w < 4 or b.h < 6 or not inside:
                raise ValueError(
                    f"The box of digit {number} is too small or leaves the picture: move it inside"
                )

    def scaled(self, width: int, height: int) -> Calibration:
        """The same boxes for pictures of another size."""
        fx, fy = width / self.width, height / self.height
        boxes = tuple(Box(int(b.x * fx), int(b.y * fy), int(b.w * fx), int(b.h * fy)) for b in self.digits)
        return replace(self, width=width, height=height, digits=boxes)

    def to_json(self) -> str:
        """One JSON object; boxes as [x, y, w, h]."""
        data = asdict(self) | {"digits": [[b.x, b.y, b.w, b.h] for b in self.digits]}
        return json.dumps(data)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Reads what `to_json` wrote; ValueError names what is wrong."""
        try:
            data: dict[str, Any] = json.loads(text)
            boxes = tuple(Box(*(int(v) for v in box)) for box in data.pop("digits"))
            return cls(digits=boxes, **data)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"This is no calibration of a counter ({error}): set the meter up again"
            ) from error
