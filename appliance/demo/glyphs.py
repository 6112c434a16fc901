"""Digits as meter makers print them on wheels, drawn from our own outlines: no font file is needed.

Each digit is a set of strokes in a box of 0..1 by 0..1 (y down), drawn with a pen that is broader than
high, so stems are heavier than bars as in type. Ends of strokes that reach past the box are cut flat.
"""

from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
Points: TypeAlias = NDArray[np.float64]
Floats: TypeAlias = NDArray[np.float64]

ACROSS = 4
"""Glyphs are drawn this many times larger than asked and shrunk, which makes soft edges."""


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, power: float = 2.35) -> Points:
    """Part of a superellipse; degrees clockwise from the right. A power above 2 squares its shoulders."""
    angle = np.radians(np.linspace(start, end, 48))
    c, s = np.cos(angle), np.sin(angle)
    x = cx + rx * np.sign(c) * np.abs(c) ** (2 / power)
    y = cy + ry * np.sign(s) * np.abs(s) ** (2 / power)
    return np.stack([x, y], axis=1)


def _line(*points: tuple[float, float]) -> Points:
    return np.array(points, dtype=np.float64)


def _curve(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> Points:
    """A quadratic Bézier curve from a to c that leaves towards b."""
    t = np.linspace(0, 1, 32)[:, None]
    whole: Points = (1 - t) ** 2 * np.array(a) + 2 * t * (1 - t) * np.array(b) + t**2 * np.array(c)
    return whole


L, R, T, B = 0.09, 0.91, 0.07, 0.93
"""Where the middle of the pen runs: left, right, top, bottom."""

STROKES: dict[int, tuple[Points, ...]] = {
    0: (_arc(0.5, 0.5, 0.41, 0.43, 0, 360),),
    1: (_line((0.60, -0.1), (0.60, 1.1)), _curve((0.60, 0.02), (0.50, 0.20), (0.20, 0.25))),
    2: (
        np.vstack([_arc(0.5, 0.32, 0.40, 0.25, 172, 360), _curve((0.90, 0.32), (0.88, 0.52), (0.09, B))]),
        _line((0.09, B), (1.1, B)),
    ),
    3: (
        np.vstack([_arc(0.48, 0.285, 0.38, 0.215, 190, 450), _line((0.48, 0.50), (0.36, 0.50))]),
        np.vstack([_line((0.36, 0.50), (0.48, 0.50)), _arc(0.48, 0.715, 0.42, 0.215, 270, 530)]),
    ),
    4: (_line((0.58, -0.1), (0.06, 0.72), (1.1, 0.72)), _line((0.70, 0.40), (0.70, 1.1))),
    5: (
        _line((0.92, T), (0.20, T), (0.15, 0.46)),
        np.vstack([_curve((0.15, 0.46), (0.28, 0.37), (0.50, 0.37)), _arc(0.48, 0.65, 0.42, 0.28, -88, 165)]),
    ),
    6: (
        _arc(0.5, 0.66, 0.41, 0.27, 0, 360),
        np.vstack(
            [
                _line((L, 0.66)),
                _curve((L, 0.60), (0.10, 0.06), (0.55, T)),
                _curve((0.55, T), (0.78, 0.06), (0.88, 0.22)),
            ]
        ),
    ),
    7: (_line((0.02, T), (0.92, T)), _curve((0.92, T), (0.46, 0.45), (0.38, 1.1))),
    8: (_arc(0.5, 0.275, 0.36, 0.205, 0, 360), _arc(0.5, 0.705, 0.41, 0.225, 0, 360)),
}
STROKES[9] = tuple(1 - stroke for stroke in STROKES[6])


@lru_cache(maxsize=256)
def glyph(digit: int, width: int, height: int, weight: float = 0.19) -> Image:
    """How much ink lies on each pixel (0..255) of `digit` in a box of `width` x `height` pixels.

    `weight` is the breadth of a stem as a share of the width. The result is shared: do not write to it.
    """
    # A square canvas with a round pen, squeezed afterwards, gives the broad pen.
    pen = weight * width * ACROSS
    tall = round(height * ACROSS * 1.18)
    wide = width * ACROSS
    canvas = np.zeros((tall, wide), dtype=np.uint8)
    inset = pen / 2
    for stroke in STROKES[digit]:
        x = inset + (stroke[:, 0] - L) / (R - L) * (wide - 2 * inset)
        y = inset + (stroke[:, 1] - T) / (B - T) * (tall - 2 * inset)
        points = np.round(np.stack([x, y], axis=1) * 16).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, round(pen), cv2.LINE_AA, 4)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
