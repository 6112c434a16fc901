"""A dial as it stands on its meter, seen straight on: plate, scale, print, neighbours, pointer and shadow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.dials import hands, scale
from ocr.train.dials.pointers import Pointer, pointer
from ocr.train.dials.scale import Canvas, Rng

SIZE, VIEW = 112, 80
"""Pixels of the drawn square, and of the part about its centre that a well placed box shows."""
_SWEEPING = 0.07
"""Share of dials whose hand sweeps over the meter's wheels."""


@dataclass
class Scene:
    """A drawn dial: BGR SIZE x SIZE with its pointer at `value` (0..10, as if it turned clockwise)."""

    picture: NDArray[np.uint8]
    value: float
    kinds: tuple[str, str]


def draw(rng: Rng, held_out: bool = False) -> Scene:
    """A random dial. `held_out` takes a pointer of a kind that is kept for judging."""
    value = float(rng.uniform(0, 10))
    style, hand = scale.style(rng), pointer(rng, held_out)
    paint = hands.paint(rng, style)
    looseness = rng.normal(1.1, 0.12) if rng.random() < 0.55 else rng.normal(1.35, 0.22)
    radius = VIEW / 2 / float(np.clip(looseness, 0.82, 1.9))
    centre = np.full(2, SIZE / 2)
    canvas: Canvas = np.empty((SIZE, SIZE, 3), np.float32)
    canvas[:] = style.plate
    _plate(canvas, rng, style, centre, radius)
    sense = -1 if rng.random() < 0.1 else 1
    far = rng.uniform(2.2, 3.3, int(rng.choice(3, p=[0.5, 0.3, 0.2]))).tolist()
    _neighbours(canvas, rng, style, hand, paint, radius, far)
    scale.prints(canvas, rng, style, centre, radius)
    scale.draw(canvas, style, centre, radius, sense)
    if rng.random() < _SWEEPING:
        _register(canvas, rng, style, centre, radius)
    angle = sense * value * np.pi / 5
    axle = rng.normal(0, 0.025, 2)
    tip = scale.spot(angle, hand.reach) - axle  # the label is where the tip stands on the scale
    hands.draw(canvas, hand, paint, centre + axle * radius, float(np.arctan2(tip[0], -tip[1])), radius)
    if sense < 0:
        canvas = np.ascontiguousarray(canvas[:, ::-1])
    return Scene(np.clip(canvas, 0, 255).astype(np.uint8), value, hand.kinds)


def nothing(rng: Rng) -> NDArray[np.uint8]:
    """What a misplaced box shows: print, parts of dials, bare plates; SIZE x SIZE."""
    style, hand = scale.style(rng), pointer(rng)
    paint = hands.paint(rng, style)
    canvas: Canvas = np.empty((SIZE, SIZE, 3), np.float32)
    canvas[:] = style.plate
    centre, radius = np.full(2, SIZE / 2), VIEW / 2 / float(rng.uniform(0.8, 1.6))
    kind = rng.random()
    if kind < 0.45:  # between dials
        far = rng.uniform(1.5, 2.4, int(rng.integers(1, 4))).tolist()
        _neighbours(canvas, rng, style, hand, paint, 0.8 * radius, far)
    elif kind < 0.6:  # a scale without a pointer
        scale.draw(canvas, style, centre, radius, 1)
    for _ in range(int(rng.integers(0, 4))):
        scale.prints(canvas, rng, style, rng.uniform(0.2, 0.8, 2) * SIZE, radius * rng.uniform(0.4, 1.2))
    if rng.random() < 0.25:
        x, y, height = (float(v) for v in rng.uniform((0.3, 0.3, 0.2), (0.7, 0.7, 0.5)) * SIZE)
        scale.write(canvas, str(rng.integers(10)), (x, y), height, style.ink, style.font)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _plate(canvas: Canvas, rng: Rng, style: scale.Style, centre: NDArray[np.float64], radius: float) -> None:
    """What lies under the scale: a well with a shaded rim, a window in a darker cover, lines, grain."""
    kind = rng.random()
    if kind < 0.16:  # a window in a cover
        canvas[:] = scale.ink(rng, 10, 230, 15)
        scale.circle(
            canvas, centre + rng.normal(0, 0.05, 2) * radius, rng.uniform(1.25, 1.7) * radius, style.plate, -1
        )
    elif kind < 0.28:  # a sunken well
        away = rng.uniform(1.05, 1.5) * radius
        shade = style.plate * np.float32(rng.uniform(0.5, 0.9))
        scale.circle(
            canvas,
            centre + rng.normal(0, 0.06, 2) * radius,
            away,
            shade,
            max(1, round(rng.uniform(0.05, 0.25) * radius)),
        )
    for _ in range(int(rng.choice(3, p=[0.72, 0.18, 0.1]))):
        _part(canvas, rng, centre, radius)
    if rng.random() < 0.3:
        grain = rng.normal(0, rng.uniform(2, 10), (14, 14)).astype(np.float32)
        canvas += cv2.resize(grain, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)[..., None]


def _register(
    canvas: Canvas, rng: Rng, style: scale.Style, centre: NDArray[np.float64], radius: float
) -> None:
    """A window with wheels on the dial's face, above or below the axle."""
    high, wide = rng.uniform(0.2, 0.4) * radius, rng.uniform(0.9, 1.5) * radius
    middle = centre + np.array([rng.normal(0, 0.05), rng.choice([-1, 1]) * rng.uniform(0.3, 0.55)]) * radius
    dark = rng.random() < 0.6
    half = np.array([wide, high]) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + middle
    scale.fill(canvas, corners, scale.ink(rng, 5, 60) if dark else scale.ink(rng, 190, 250))
    count = int(rng.integers(4, 8))
    for i in range(count):
        x = middle[0] + ((i + 0.5) / count - 0.5) * wide
        tone = scale.ink(rng, 180, 250) if dark else scale.ink(rng, 0, 70)
        at = (float(x), float(middle[1]))
        scale.write(canvas, str(rng.integers(10)), at, 0.8 * high, tone, style.font)


def _part(canvas: Canvas, rng: Rng, centre: NDArray[np.float64], radius: float) -> None:
    """The edge of another part of the meter: a bar beside the dial."""
    a, far, width = rng.uniform(0, 2 * np.pi), rng.uniform(1.3, 2.2), rng.uniform(0.03, 1.2)
    out, side = scale.spot(a, radius), scale.spot(a + np.pi / 2, 3 * radius)
    inner, outer = out * far, out * (far + width)
    bar = np.array([inner - side, inner + side, outer + side, outer - side]) + centre
    scale.fill(canvas, bar, scale.ink(rng, 0, 255, 20))


def _neighbours(
    canvas: Canvas,
    rng: Rng,
    style: scale.Style,
    hand: Pointer,
    paint: hands.Paint,
    radius: float,
    far: Sequence[float],
) -> None:
    """Dials of the same meter, so many radii from the middle of the picture."""
    centre = np.full(2, SIZE / 2)
    for away in far:
        at = centre + scale.spot(rng.uniform(0, 2 * np.pi), away * radius)
        scale.draw(canvas, style, at, radius, 1)
        hands.draw(canvas, hand, paint, at, rng.uniform(0, 2 * np.pi), radius)
