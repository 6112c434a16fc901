"""A dial as it stands on its meter, seen straight on: plate, scale, print, neighbours, pointer and shadow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.dials import scale
from ocr.train.dials.pointers import Points, Pointer, disc, pointer
from ocr.train.dials.scale import Canvas, Colour, Rng

SIZE, VIEW = 112, 80
"""Pixels of the drawn square, and of the part about its centre that a well placed box shows."""


@dataclass
class Paint:
    """Colours of a pointer: its head, its tail, its hub and what the hub carries; how it throws its shadow."""

    head: Colour
    tail: Colour
    hub: Colour
    cap: str
    cap_colour: Colour
    facet: float
    outline: float
    shadow: tuple[float, float, float, float]
    """dx, dy, blur (radii) and darkness."""
    glassy: float


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
    paint = _paint(rng, style)
    radius = VIEW / 2 / float(np.clip(rng.normal(1.28, 0.24), 0.82, 1.9))
    centre = np.full(2, SIZE / 2)
    canvas: Canvas = np.empty((SIZE, SIZE, 3), np.float32)
    canvas[:] = style.plate
    _plate(canvas, rng, style, centre, radius)
    sense = -1 if rng.random() < 0.15 else 1
    _neighbours(canvas, rng, style, hand, paint, centre, radius)
    scale.prints(canvas, rng, style, centre, radius)
    scale.draw(canvas, style, centre, radius, sense)
    angle = sense * value * np.pi / 5
    axle = rng.normal(0, 0.025, 2)
    tip = scale.spot(angle, hand.reach) - axle  # the label is where the tip stands on the scale
    _hand(canvas, hand, paint, centre + axle * radius, float(np.arctan2(tip[0], -tip[1])), radius)
    if sense < 0:
        canvas = np.ascontiguousarray(canvas[:, ::-1])
    return Scene(np.clip(canvas, 0, 255).astype(np.uint8), value, hand.kinds)


def nothing(rng: Rng) -> NDArray[np.uint8]:
    """What a misplaced box shows: print, parts of dials, bare plates; SIZE x SIZE."""
    style, hand = scale.style(rng), pointer(rng)
    paint = _paint(rng, style)
    canvas: Canvas = np.empty((SIZE, SIZE, 3), np.float32)
    canvas[:] = style.plate
    centre, radius = np.full(2, SIZE / 2), VIEW / 2 / float(rng.uniform(0.8, 1.6))
    kind = rng.random()
    if kind < 0.45:  # between dials
        _neighbours(canvas, rng, style, hand, paint, centre, radius * 0.8, tuple(rng.uniform(1.5, 2.4, int(rng.integers(1, 4)))))
    elif kind < 0.6:  # a scale without a pointer
        scale.draw(canvas, style, centre, radius, 1)
    for _ in range(int(rng.integers(0, 4))):
        scale.prints(canvas, rng, style, rng.uniform(0.2, 0.8, 2) * SIZE, radius * rng.uniform(0.4, 1.2))
    if rng.random() < 0.25:
        at = rng.uniform(0.3, 0.7, 2) * SIZE
        scale.write(canvas, str(rng.integers(10)), (float(at[0]), float(at[1])), float(rng.uniform(20, 60)), style.ink, style.font)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _red(rng: Rng) -> Colour:
    """Reds as cameras give them: brownish in low light, orange, crimson, pink when overexposed."""
    r = rng.uniform(95, 250)
    g = r * rng.uniform(0.05, 0.55)
    b = r * rng.uniform(0.05, 0.6)
    return np.array([b, g, r], np.float32)


def _colour(rng: Rng, plate: Colour) -> Colour:
    """A pointer's colour that can be told from its plate."""
    dark = plate.mean() < 95
    names, shares = ["red", "black", "white", "blue", "orange", "other"], [0.7, 0.16, 0.02, 0.04, 0.05, 0.03]
    if dark:
        shares = [0.45, 0.0, 0.33, 0.02, 0.14, 0.06]
    for _ in range(8):
        kind = str(rng.choice(names, p=shares))
        colour = {
            "red": _red(rng), "black": scale.ink(rng, 0, 70), "white": scale.ink(rng, 190, 255),
            "blue": np.array([rng.uniform(120, 230), rng.uniform(30, 130), rng.uniform(0, 80)], np.float32),
            "orange": np.array([rng.uniform(0, 60), rng.uniform(90, 180), rng.uniform(200, 255)], np.float32),
            "other": rng.uniform(0, 255, 3).astype(np.float32),
        }[kind]  # fmt: skip
        if np.abs(colour - plate).max() > 55:
            break
    return colour


def _paint(rng: Rng, style: scale.Style) -> Paint:
    plate = style.plate if style.face is None else style.face
    head = _colour(rng, plate)
    other = rng.random()
    tail = head if other < 0.8 else scale.ink(rng, 0, 255) if other < 0.9 else np.clip(plate + rng.normal(0, 25, 3), 0, 255).astype(np.float32)
    hub_kind = rng.choice(["same", "shade", "ink", "metal", "plate"], p=[0.55, 0.2, 0.1, 0.1, 0.05])
    hub = {
        "same": head, "shade": head * np.float32(rng.uniform(0.6, 1.3)), "ink": style.ink,
        "metal": scale.ink(rng, 100, 220), "plate": plate,
    }[str(hub_kind)]  # fmt: skip
    cap = str(rng.choice(["none", "dot", "ring", "slot", "cross", "shine"], p=[0.35, 0.27, 0.13, 0.06, 0.04, 0.15]))
    distance, way = rng.gamma(2.0, 0.04), rng.uniform(0, 2 * np.pi)
    return Paint(
        head, tail, np.asarray(np.clip(hub, 0, 255), np.float32), cap,
        scale.ink(rng, 0, 255), float(rng.uniform(-0.45, 0.45)) if rng.random() < 0.35 else 0.0,
        float(rng.uniform(0.3, 0.8)) if rng.random() < 0.2 else 0.0,
        (float(distance * np.cos(way)), float(distance * np.sin(way)), float(rng.uniform(0.02, 0.12)),
         float(rng.uniform(0.15, 0.65)) if rng.random() < 0.6 else 0.0),
        float(rng.uniform(0.35, 0.8)) if rng.random() < 0.07 else 1.0,
    )  # fmt: skip


def _plate(canvas: Canvas, rng: Rng, style: scale.Style, centre: NDArray[np.float64], radius: float) -> None:
    """What lies under the scale: a well with a shaded rim, a window in a darker cover, lines, grain."""
    kind = rng.random()
    if kind < 0.16:  # a window in a cover
        canvas[:] = scale.ink(rng, 10, 230, 15)
        scale.circle(canvas, centre + rng.normal(0, 0.05, 2) * radius, rng.uniform(1.25, 1.7) * radius, style.plate, -1)
    elif kind < 0.28:  # a sunken well
        away = rng.uniform(1.05, 1.5) * radius
        shade = style.plate * np.float32(rng.uniform(0.5, 0.9))
        scale.circle(canvas, centre + rng.normal(0, 0.06, 2) * radius, away, shade, max(1, round(rng.uniform(0.05, 0.25) * radius)))
    for _ in range(int(rng.choice(3, p=[0.72, 0.18, 0.1]))):  # edges of other parts
        a, far, width = rng.uniform(0, 2 * np.pi), rng.uniform(1.3, 2.2) * radius, rng.uniform(0.03, 1.2) * radius
        out, side = scale.spot(a, 1.0), scale.spot(a + np.pi / 2, 3 * radius)
        corners = np.array([out * far - side, out * far + side, out * (far + width) + side, out * (far + width) - side])
        scale.fill(canvas, corners + centre, scale.ink(rng, 0, 255, 20))
    if rng.random() < 0.3:
        grain = cv2.resize(rng.normal(0, rng.uniform(2, 10), (14, 14)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        canvas += grain[..., None]


def _neighbours(
    canvas: Canvas, rng: Rng, style: scale.Style, hand: Pointer, paint: Paint, centre: NDArray[np.float64], radius: float,
    far: tuple[float, ...] | None = None,
) -> None:  # fmt: skip
    """Dials of the same meter at the picture's edges."""
    if far is None:
        far = tuple(rng.uniform(2.2, 3.3, int(rng.choice(3, p=[0.5, 0.3, 0.2]))))
    for away in far:
        at = centre + scale.spot(rng.uniform(0, 2 * np.pi), away * radius)
        scale.draw(canvas, style, at, radius, 1)
        _hand(canvas, hand, paint, at, rng.uniform(0, 2 * np.pi), radius)


def _hand(canvas: Canvas, hand: Pointer, paint: Paint, axle: NDArray[np.float64], angle: float, radius: float) -> None:
    """The pointer with its shadow; `angle` in radians clockwise from the top."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]]) * radius

    def place(points: Points) -> Points:
        return points @ turn.T + axle

    shapes = [*hand.tail, *hand.head] + ([disc(0, 0, hand.hub)] if hand.hub else [])
    dx, dy, soft, dark = paint.shadow
    if dark:
        cover = np.zeros(canvas.shape[:2], np.float32)
        for shape in shapes:
            cv2.fillPoly(cover, [np.round((place(shape) + np.array([dx, dy]) * radius) * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        canvas *= 1 - dark * cv2.GaussianBlur(cover, (0, 0), max(0.4, soft * radius))[..., None]
    if paint.outline:
        for shape in shapes:
            edge = np.round(place(shape) * 16).astype(np.int32)
            cv2.polylines(canvas, [edge], True, (paint.head * (1 - paint.outline)).tolist(), 2, cv2.LINE_AA, 4)
    for shape in hand.tail:
        scale.fill(canvas, place(shape), paint.tail, paint.glassy)
    for shape in hand.head:
        scale.fill(canvas, place(shape), paint.head, paint.glassy)
    if paint.facet:  # one side of the ridge catches the light
        for shape in hand.head + hand.tail:
            half = shape.copy()
            half[:, 0] = np.maximum(half[:, 0], 0)
            light = paint.head * (1 + paint.facet) + max(0.0, paint.facet) * 60
            scale.fill(canvas, place(half), np.clip(light, 0, 255).astype(np.float32), 0.9)
    if hand.hub:
        _hub(canvas, hand.hub, paint, axle, angle, radius)


def _hub(canvas: Canvas, hub: float, paint: Paint, axle: NDArray[np.float64], angle: float, radius: float) -> None:
    r = hub * radius
    scale.circle(canvas, axle, r, paint.hub, -1)
    if paint.cap == "dot":
        scale.circle(canvas, axle, 0.45 * r, paint.cap_colour, -1)
    elif paint.cap == "ring":
        scale.circle(canvas, axle, 0.9 * r, paint.cap_colour, max(1, round(0.2 * r)))
    elif paint.cap in ("slot", "cross"):
        for a in (angle + 0.7,) if paint.cap == "slot" else (angle, angle + np.pi / 2):
            along, side = scale.spot(a, 0.8 * r), scale.spot(a + np.pi / 2, 0.15 * r)
            scale.fill(canvas, np.array([along - side, along + side, -along + side, -along - side]) + axle, paint.cap_colour)
    elif paint.cap == "shine":
        scale.circle(canvas, axle + np.array([-0.3, -0.35]) * r, 0.3 * r, np.full(3, 250, np.float32), -1)
