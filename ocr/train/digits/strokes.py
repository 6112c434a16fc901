"""Figures drawn by strokes: a family as wide as the hands of engravers, from round to square, thin to bold.

No font has the digits of old counters: zeros like race tracks, flat threes, open fours, sixes with straight
backs. A `Hand` holds the traits of one such alphabet; each is drawn anew, none is copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Points = NDArray[Any]
"""Nx2 points of a stroke, x right and y down; the figure fills 0..1 both ways."""
_FINE = 2
"""Pixels drawn for each pixel wanted, both ways."""


@dataclass(frozen=True)
class Hand:
    """Traits of an alphabet: `square` 2 (ellipse) to 7 (box), sizes as parts of the figure, shapes."""

    square: float
    wide: float
    thick: float
    waist: float
    flag: str
    three: str
    four: str
    back: str
    seven: str
    lean: float

    @classmethod
    def draw(cls, rng: Rng) -> Hand:
        """An alphabet by chance."""
        return cls(
            square=float(rng.choice([2, rng.uniform(2, 3), rng.uniform(3, 7)])),
            wide=rng.uniform(0.42, 0.78),
            thick=rng.uniform(0.045, 0.1) if rng.random() < 0.35 else rng.uniform(0.07, 0.2),
            waist=rng.uniform(0.42, 0.54),
            flag=str(rng.choice(["none", "short", "long", "foot", "level"], p=[0.27, 0.27, 0.2, 0.14, 0.12])),
            three=str(rng.choice(["round", "flat", "bars"], p=[0.5, 0.35, 0.15])),
            four=str(rng.choice(["closed", "open", "crossed"], p=[0.6, 0.25, 0.15])),
            back=str(rng.choice(["round", "straight"], p=[0.7, 0.3])),
            seven=str(rng.choice(["straight", "bent", "hooked"], p=[0.55, 0.3, 0.15])),
            lean=float(rng.choice([0, rng.normal(0, 0.06)], p=[0.7, 0.3])),
        )


def _arc(hand: Hand, x: tuple[float, float], y: tuple[float, float], start: float, turn: float) -> Points:
    """Part of the super-ellipse in the box x, y; degrees, 0 to the right, 90 down."""
    angle = np.radians(np.linspace(start, start + turn, 40))
    bend = 2 / hand.square
    cos, sin = np.cos(angle), np.sin(angle)
    across = (x[0] + x[1]) / 2 + (x[1] - x[0]) / 2 * np.sign(cos) * np.abs(cos) ** bend
    down = (y[0] + y[1]) / 2 + (y[1] - y[0]) / 2 * np.sign(sin) * np.abs(sin) ** bend
    return np.stack([across, down], 1)


def _line(*points: tuple[float, float]) -> Points:
    return np.array(points, np.float64)


def _one(hand: Hand) -> list[Points]:
    x = 0.5 if hand.flag in ("none", "foot") else 0.62
    out = [_line((x, 0), (x, 1))]
    if hand.flag == "level":
        out.append(_line((x, 0), (x - 0.4, 0.04)))
    elif hand.flag != "none":
        reach = {"short": 0.25, "long": 0.45, "foot": 0.3}[hand.flag]
        out.append(_line((x, 0), (x - reach, reach * 0.75)))
    if hand.flag == "foot":
        out.append(_line((x - 0.3, 1), (x + 0.3, 1)))
    return out


def _two(hand: Hand) -> list[Points]:
    bow = _arc(hand, (0, 1), (0, hand.waist + 0.12), 185, 205)
    return [np.vstack([bow, _line((0, 1), (1, 1))])]


def _three(hand: Hand) -> list[Points]:
    mid = hand.waist
    lower = _arc(hand, (0, 1), (mid, 1), -95, 255)
    if hand.three == "flat":
        return [np.vstack([_line((0, 0), (1, 0), (0.42, mid)), lower])]
    if hand.three == "bars":
        return [_line((0, 0), (1, 0), (1, 1), (0, 1)), _line((0.3, mid), (1, mid))]
    return [_arc(hand, (0.05, 0.95), (0, mid), 190, 255), lower]


def _four(hand: Hand) -> list[Points]:
    bar = 0.7
    if hand.four == "open":
        return [_line((0.1, 0), (0, bar), (1, bar)), _line((0.75, 0.35), (0.75, 1))]
    if hand.four == "crossed":
        return [_line((0.55, 0), (0, bar), (1, bar)), _line((0.68, 0.45), (0.68, 1))]
    return [_line((0.75, 1), (0.75, 0), (0, bar), (1, bar))]


def _five(hand: Hand) -> list[Points]:
    mid = hand.waist - 0.06
    bowl = _arc(hand, (0, 1), (mid, 1), -140, 300)
    return [np.vstack([_line((0.95, 0), (0.1, 0), (0.03, mid + 0.12)), bowl])]


def _six(hand: Hand) -> list[Points]:
    top = hand.waist - 0.08
    bowl = _arc(hand, (0, 1), (top, 1), 180, 360)
    middle = (top + 1) / 2
    if hand.back == "straight":
        return [bowl, _line((0.02, middle - 0.05), (0.62, 0))]
    return [bowl, np.vstack([_line((0, middle)), _arc(hand, (0, 1), (0, 2 * middle), 180, 125)])]


def _seven(hand: Hand) -> list[Points]:
    if hand.seven == "bent":
        return [_line((0, 0), (1, 0), (0.5, 0.5), (0.38, 1))]
    hook = [_line((0, 0), (0, 0.14))] if hand.seven == "hooked" else []
    return [*hook, _line((0, 0), (1, 0), (0.3, 1))]


def _eight(hand: Hand) -> list[Points]:
    inset = 0.06
    return [
        _arc(hand, (inset, 1 - inset), (0, hand.waist), 0, 360),
        _arc(hand, (0, 1), (hand.waist, 1), 0, 360),
    ]


def strokes(hand: Hand, digit: int) -> list[Points]:
    """The strokes of a digit in this hand."""
    if digit == 0:
        return [_arc(hand, (0, 1), (0, 1), 0, 360)]
    if digit == 9:
        return [1 - points for points in _six(hand)]
    makers = {1: _one, 2: _two, 3: _three, 4: _four, 5: _five, 6: _six, 7: _seven, 8: _eight}
    return makers[digit](hand)


def ink(hand: Hand, digit: int, centre: tuple[float, float], high: float, canvas: NDArray[np.uint8]) -> None:
    """Draws a digit `high` pixels tall about `centre` (x, y) into a canvas _FINE times as fine."""
    thick = hand.thick * high
    tall, wide = high - thick, max(2.0, high * hand.wide - thick)
    for points in strokes(hand, digit):
        away = (points - 0.5) * np.array([wide, tall])
        away[:, 0] -= hand.lean * away[:, 1]
        at = np.round((away + np.array(centre)) * _FINE).astype(np.int32)
        cv2.polylines(canvas, [at[:, None]], False, (255,), max(1, round(thick * _FINE)), cv2.LINE_AA)


def mask(
    hand: Hand, figures: list[tuple[int, float]], x: float, high: float, size: tuple[int, int]
) -> NDArray[Any]:
    """Ink 0..1 of (digit, y of its centre) one below the other about `x`; size is (width, height)."""
    canvas = np.zeros((size[1] * _FINE, size[0] * _FINE), np.uint8)
    for digit, y in figures:
        ink(hand, digit, (x, y), high, canvas)
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.float32) / 255
