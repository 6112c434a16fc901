"""Pointers painted: their colours, caps and shadows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.dials import scale
from ocr.train.dials.pointers import Pointer, Points, disc
from ocr.train.dials.scale import Canvas, Colour, Rng


@dataclass
class Paint:
    """Colours of a pointer, of its head, tail and hub and what the hub carries; how it throws its shadow."""

    head: Colour
    tail: Colour
    hub: Colour
    cap: str
    cap_colour: Colour
    facet: float
    side: Colour | None
    """What the right half of the pointer is painted with, when it is of two colours."""
    outline: float
    shadow: tuple[float, float, float]
    """dx, dy and blur, in radii."""
    dark: float
    opaque: float


_CAPS = {"none": 0.35, "dot": 0.27, "ring": 0.13, "slot": 0.06, "cross": 0.04, "shine": 0.15}


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
        colour: Colour = {
            "red": _red(rng), "black": scale.ink(rng, 0, 70), "white": scale.ink(rng, 190, 255),
            "blue": np.array([rng.uniform(120, 230), rng.uniform(30, 130), rng.uniform(0, 80)], np.float32),
            "orange": np.array([rng.uniform(0, 60), rng.uniform(90, 180), rng.uniform(200, 255)], np.float32),
            "other": rng.uniform(0, 255, 3).astype(np.float32),
        }[kind]  # fmt: skip
        if np.abs(colour - plate).max() > 75:
            break
    return colour


def paint(rng: Rng, style: scale.Style) -> Paint:
    plate = style.plate if style.face is None else style.face
    head = _colour(rng, plate)
    tails = (head, scale.ink(rng, 0, 255), np.clip(plate + rng.normal(0, 25, 3), 0, 255).astype(np.float32))
    hubs = (head, head * np.float32(rng.uniform(0.6, 1.3)), style.ink, scale.ink(rng, 100, 220), plate)
    distance, way = rng.gamma(2.0, 0.04), rng.uniform(0, 2 * np.pi)
    return Paint(
        head=head,
        tail=tails[int(rng.choice(3, p=[0.8, 0.1, 0.1]))],
        hub=np.clip(hubs[int(rng.choice(5, p=[0.55, 0.2, 0.1, 0.1, 0.05]))], 0, 255).astype(np.float32),
        cap=str(rng.choice(list(_CAPS), p=list(_CAPS.values()))),
        cap_colour=scale.ink(rng, 0, 255),
        facet=float(rng.uniform(-0.45, 0.45)) if rng.random() < 0.35 else 0.0,
        side=(scale.ink(rng, 0, 255) if rng.random() < 0.5 else head * 0.35) if rng.random() < 0.05 else None,
        outline=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.2 else 0.0,
        shadow=(float(distance * np.cos(way)), float(distance * np.sin(way)), float(rng.uniform(0.02, 0.12))),
        dark=float(rng.uniform(0.15, 0.65)) if rng.random() < 0.6 else 0.0,
        opaque=float(rng.uniform(0.5, 0.85)) if rng.random() < 0.05 else 1.0,
    )


def draw(
    canvas: Canvas, hand: Pointer, paint: Paint, axle: NDArray[np.float64], angle: float, radius: float
) -> None:
    """The pointer with its shadow; `angle` in radians clockwise from the top."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]]) * radius

    def place(points: Points) -> Points:
        return points @ turn.T + axle

    shapes = [*hand.tail, *hand.head] + ([disc(0, 0, hand.hub)] if hand.hub else [])
    dx, dy, soft = paint.shadow
    if paint.dark:
        cover = np.zeros(canvas.shape[:2], np.float32)
        for shape in shapes:
            cv2.fillPoly(
                cover,
                [np.round((place(shape) + np.array([dx, dy]) * radius) * 16).astype(np.int32)],
                1.0,
                cv2.LINE_AA,
                4,
            )
        canvas *= 1 - paint.dark * cv2.GaussianBlur(cover, (0, 0), max(0.4, soft * radius))[..., None]
    if paint.outline:
        for shape in shapes:
            edge = np.round(place(shape) * 16).astype(np.int32)
            cv2.polylines(
                canvas, [edge], True, (paint.head * (1 - paint.outline)).tolist(), 2, cv2.LINE_AA, 4
            )
    for shape in hand.tail:
        scale.fill(canvas, place(shape), paint.tail, paint.opaque)
    for shape in hand.head:
        scale.fill(canvas, place(shape), paint.head, paint.opaque)
    if paint.facet or paint.side is not None:  # one side of the ridge catches the light, or is painted
        light = np.clip(paint.head * (1 + paint.facet) + max(0.0, paint.facet) * 60, 0, 255)
        for shape in hand.head + hand.tail:
            half = np.maximum(shape, [0, -9])
            scale.fill(
                canvas, place(half), light.astype(np.float32) if paint.side is None else paint.side, 0.9
            )
    if hand.hub:
        _hub(canvas, hand.hub, paint, axle, angle, radius)


def _hub(
    canvas: Canvas, hub: float, paint: Paint, axle: NDArray[np.float64], angle: float, radius: float
) -> None:
    r = hub * radius
    scale.circle(canvas, axle, r, paint.hub, -1)
    if paint.cap == "dot":
        scale.circle(canvas, axle, 0.45 * r, paint.cap_colour, -1)
    elif paint.cap == "ring":
        scale.circle(canvas, axle, 0.9 * r, paint.cap_colour, max(1, round(0.2 * r)))
    elif paint.cap in ("slot", "cross"):
        for a in (angle + 0.7,) if paint.cap == "slot" else (angle, angle + np.pi / 2):
            along, side = scale.spot(a, 0.8 * r), scale.spot(a + np.pi / 2, 0.15 * r)
            scale.fill(
                canvas,
                np.array([along - side, along + side, -along + side, -along - side]) + axle,
                paint.cap_colour,
            )
    elif paint.cap == "shine":
        scale.circle(canvas, axle + np.array([-0.3, -0.35]) * r, 0.3 * r, np.full(3, 250, np.float32), -1)
