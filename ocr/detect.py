"""Finds figures of counters in a whole picture: where each stands, how large, how turned.

The network (`models/locate.onnx`, card beside it) answers for every fourth pixel whether a figure of a
counter has its middle there. It knows figures 9 to 60 pixels tall, so it looks at the picture at several
sizes; rows of what it finds are proposals for `ocr.locate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.picture import Picture

MODEL = Path(__file__).parent / "models" / "locate.onnx"
_STRIDE = 4
_SIZES = (160, 226, 320, 453, 640, 1280)
"""Longer sides of the picture the network is shown; the last one finds figures of 0.7 % of it."""
_PLAIN = 0.6
"""A row as likely as this ends the search before the largest size."""
_FAINT = 0.12
"""Least chance of a figure; rows of them must be surer together."""
_LEAN = 0.1
"""Radians the line through figures may differ from their own turn."""


class NoCounter(ValueError):  # noqa: N818 - what was found, not what went wrong
    """No counter was found; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a counter: middle, size and turn (radians, clockwise) in pixels; chances 0..1."""

    x: float
    y: float
    w: float
    h: float
    angle: float
    chance: float
    lcd: float
    after: float

    def scaled(self, factor: float) -> Figure:
        return replace(self, x=self.x * factor, y=self.y * factor, w=self.w * factor, h=self.h * factor)


@lru_cache(maxsize=2)
def _network(path: Path) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(path))


def figures(picture: Picture, faint: float = _FAINT) -> list[Figure]:
    """Figures 9 to 60 pixels tall of a BGR picture at its own size, likeliest first."""
    high, wide = picture.shape[:2]
    padded = cv2.copyMakeBorder(picture, 0, -high % 16, 0, -wide % 16, cv2.BORDER_REPLICATE)
    data = padded.astype(np.float32).transpose(2, 0, 1)[None] / 64 - 2
    net = _network(MODEL)
    net.setInput(np.ascontiguousarray(data))
    maps = np.asarray(net.forward(), np.float32)[0]
    return _peaks(maps, faint)


def _peaks(maps: NDArray[np.float32], faint: float) -> list[Figure]:
    """Local maxima of the map of middles, refined by what the network says there."""
    chance = 1 / (1 + np.exp(-np.clip(maps[0], -30, 30)))
    top = (chance >= cv2.dilate(chance, np.ones((3, 3), np.uint8))) & (chance > faint)
    found = []
    for row, col in np.argwhere(top):
        _, lcd, after, tall, wide, sine, dx, dy = (float(v) for v in maps[:, row, col])
        x, y = (col + 0.5 + np.clip(dx, -2, 2)) * _STRIDE, (row + 0.5 + np.clip(dy, -2, 2)) * _STRIDE
        w, h = 16 * np.exp(np.clip(wide, -3, 3)), 16 * np.exp(np.clip(tall, -3, 3))
        angle = float(np.arcsin(np.clip(sine, -0.6, 0.6)))
        found.append(
            Figure(
                float(x),
                float(y),
                float(w),
                float(h),
                angle,
                float(chance[row, col]),
                _sigmoid(lcd),
                _sigmoid(after),
            )
        )
    found.sort(key=lambda f: f.chance, reverse=True)
    return _thinned(found)


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))


def _thinned(found: Sequence[Figure]) -> list[Figure]:
    """Without weaker figures that lie on stronger ones."""
    kept: list[Figure] = []
    for figure in found:
        if not any(abs(k.x - figure.x) < 0.45 * k.w and abs(k.y - figure.y) < 0.5 * k.h for k in kept):
            kept.append(figure)
    return kept


def agreed(looks: Sequence[Sequence[Figure]]) -> list[Figure]:
    """What several looks at one picture saw together; who did not see a figure gives it chance 0."""
    left = sorted((f for look in looks for f in look), key=lambda f: f.chance, reverse=True)
    out = []
    while left:
        first = left[0]
        same = [f for f in left if abs(f.x - first.x) < 0.45 * first.w and abs(f.y - first.y) < 0.5 * first.h]
        left = [f for f in left if f not in same]
        table = np.array([(f.x, f.y, f.w, f.h, f.angle, f.chance, f.lcd, f.after) for f in same])
        mean = [float(v) for v in np.average(table, axis=0, weights=table[:, 5])]
        mean[5] = min(1.0, float(table[:, 5].sum()) / len(looks))
        out.append(Figure(*mean))
    return out


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of one row, left to right, in pixels of the picture."""

    figures: tuple[Figure, ...]

    @property
    def chance(self) -> float:
        """How likely the row is a counter: its figures' mean chance, a little more for many."""
        chances = [f.chance for f in self.figures]
        return float(np.mean(chances)) * (1 - 0.5 ** len(chances))

    @property
    def height(self) -> float:
        return float(np.median([f.h for f in self.figures]))

    @property
    def angle(self) -> float:
        """Of the line through its figures, not far from how they themselves are turned.

        Small decimals of a display stand on the line of the others' feet, or hang from that of their tops.
        """
        chances = np.array([f.chance for f in self.figures])
        own = float(np.average([f.angle for f in self.figures], weights=chances))
        if len(self.figures) < 3:
            return own
        x, y, half = np.array([(f.x, f.y, 0.5 * f.h * np.cos(f.angle)) for f in self.figures]).T
        fits = [np.polyfit(x, y + part * half, 1, w=chances, full=True) for part in (0, 1, -1)]
        slope = min(fits, key=lambda fit: float(fit[1].sum()))[0][0]
        return float(np.clip(np.arctan(slope), own - _LEAN, own + _LEAN))


def lines(picture: Picture, most: int = 5, faint: float = _FAINT) -> list[Line]:
    """Rows of figures in a whole picture, likeliest first; sizes are tried from small pictures to large."""
    found: list[Line] = []
    longer = max(picture.shape[:2])
    for size in _SIZES:
        factor = min(size / longer, 2.0)
        way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=way), np.uint8)
        found += [Line(tuple(f.scaled(1 / factor) for f in line)) for line in chained(figures(small, faint))]
        if factor >= 2.0 or (size == _SIZES[-2] and max((li.chance for li in found), default=0) > _PLAIN):
            break
    kept: list[Line] = []
    for line in sorted(found, key=lambda li: li.chance * len(li.figures) ** 0.5, reverse=True):
        if not any(_same(line, other) for other in kept):
            kept.append(line)
    return kept[:most]


def chained(found: Sequence[Figure]) -> list[list[Figure]]:
    """Figures chained to the right: like size, on the line their turn points along."""
    left = sorted(found, key=lambda f: f.x)
    rows: list[list[Figure]] = []
    for figure in left:
        ends = [(_step(row[-1], figure), row) for row in rows]
        ends = [(d, row) for d, row in ends if d is not None]
        if ends:
            min(ends, key=lambda e: e[0] or 0)[1].append(figure)
        else:
            rows.append([figure])
    return [row for row in rows if len(row) >= 2]


def _step(a: Figure, b: Figure) -> float | None:
    """How far b stands right of a, in heights, when it may be the next figure of a's row, else None."""
    tall = max(a.h, b.h)
    if min(a.h, b.h) < 0.42 * tall:
        return None
    turn = (a.angle + b.angle) / 2
    c, s = np.cos(turn), np.sin(turn)
    along = (b.x - a.x) * c + (b.y - a.y) * s
    off = -(b.x - a.x) * s + (b.y - a.y) * c
    foot = off + (b.h - a.h) / 2  # figures of unlike size stand on one line, or hang from one
    level = min(abs(off), abs(foot))
    if not 0.25 * tall < along < 2.6 * tall or level > 0.24 * tall:
        return None
    return float(along / tall)


def _same(a: Line, b: Line) -> bool:
    """Whether two rows lie on each other."""

    def hull(line: Line) -> tuple[float, float, float, float]:
        f, g = line.figures[0], line.figures[-1]
        return f.x - f.w / 2, g.x + g.w / 2, (f.y + g.y) / 2, line.height

    x0, x1, y, h = hull(a)
    u0, u1, v, k = hull(b)
    across = min(x1, u1) - max(x0, u0)
    return across > 0.4 * min(x1 - x0, u1 - u0) and abs(y - v) < 0.5 * max(h, k)
