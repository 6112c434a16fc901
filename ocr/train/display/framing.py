"""Which part of a scene a strip shows, from where, and where that puts the characters."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.display.glyphs import Rng
from ocr.train.display.scene import HIGH, Mark, Scene

OUT = 56
"""Height in pixels of a rendered strip."""
WIDEST = 9.0
"""Most width of a strip, in heights."""


def crop(rng: Rng, scene: Scene) -> tuple[NDArray[Any], tuple[int, int]]:
    """The homography from scene to strip, and the strip's (width, height)."""
    x0, y0, x1, y1 = scene.area
    wanted = [m.box for m in scene.number + scene.code + scene.unit] or [scene.area]
    every = rng.random() < 0.75
    boxes = wanted if every else [m.box for m in scene.number] or [scene.area]
    left = min(b[0] for b in boxes) if rng.random() < 0.6 else min([x0] + [b[0] for b in boxes])
    right = max([x1 if every else 0.0] + [b[2] for b in boxes])
    top, bottom = min([y0] + [b[1] for b in boxes]), max([y1] + [b[3] for b in boxes])
    tight = rng.random() < 0.5
    edge = rng.uniform(-0.05, 0.22, 4) if tight else rng.uniform(0.0, 0.9, 4) * (0.7, 1.6, 0.7, 1.6)
    top, right, bottom, left = (
        top - edge[0] * HIGH,
        right + edge[1] * HIGH,
        bottom + edge[2] * HIGH,
        left - edge[3] * HIGH,
    )
    if scene.number and rng.random() < 0.07:  # a character cut by the edge, seen too little to be read
        first, last = scene.number[0].box, scene.number[-1].box
        if rng.random() < 0.6:
            left = first[0] + float(rng.uniform(0.62, 0.9)) * (first[2] - first[0])
        else:
            right = last[2] - float(rng.uniform(0.62, 0.9)) * (last[2] - last[0])
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    high = bottom - top
    wide = min((right - left) / high * float(rng.uniform(0.72, 1.3)), WIDEST)
    centre = quad.mean(0)
    angle = float(rng.normal(0, 2.2)) if rng.random() < 0.75 else float(rng.uniform(-6, 6))
    limit = np.degrees(np.arctan(0.45 * high / max(right - left, 1)))
    angle = np.radians(np.clip(angle, -limit - 1.0, limit + 1.0))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    grow = 1 + 0.6 * abs(np.sin(angle)) * (right - left) / high * np.array([0, 1], np.float32)
    quad = ((quad - centre) * grow) @ turn.T + centre
    quad += (rng.normal(0, 0.05, (4, 2)) * HIGH * (1.4, 0.6)).astype(np.float32)
    size = (max(24, round(wide * OUT)), OUT)
    target = np.array([[0, 0], [size[0], 0], [size[0], OUT], [0, OUT]], np.float32)
    return cv2.getPerspectiveTransform(quad.astype(np.float32), target), size


def moved_marks(marks: list[Mark], matrix: NDArray[Any], size: tuple[int, int]) -> list[Mark]:
    """Marks in the strip; those of which half lies outside are gone."""
    out = []
    for m in marks:
        a, b, c, d = m.box
        pts = np.array([[[a, b], [c, b], [c, d], [a, d]]], np.float32)
        q = cv2.perspectiveTransform(pts, matrix)[0]
        x = sorted(q[:, 0].tolist())
        box = ((x[0] + x[1]) / 2, float(q[:2, 1].mean()), (x[2] + x[3]) / 2, float(q[2:, 1].mean()))
        if 0 < (box[0] + box[2]) / 2 < size[0] and box[1] > -0.3 * OUT and box[3] < 1.3 * OUT:
            out.append(Mark(m.char, box))
    return out


def near(scene: Scene, matrix: NDArray[Any], size: tuple[int, int]) -> tuple[Scene, NDArray[Any]]:
    """The part of the scene that the strip sees, with a margin; and the homography from that part."""
    corners = np.array([[[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]]], np.float32)
    back = cv2.perspectiveTransform(corners, np.linalg.inv(matrix))[0]
    edge = round(HIGH / 3)
    (a, b), (c, d) = (
        np.maximum(np.floor(back.min(0)).astype(int) - edge, 0),
        np.ceil(back.max(0)).astype(int) + edge,
    )
    part = np.ascontiguousarray(scene.ink[b:d, a:c])

    def moved(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        return box[0] - a, box[1] - b, box[2] - a, box[3] - b

    lists = [[Mark(m.char, moved(m.box)) for m in marks] for marks in scene.heads]
    shift = np.array([[1, 0, a], [0, 1, b], [0, 0, 1]], np.float64)
    return Scene(part, lists[0], lists[1], lists[2], moved(scene.area)), matrix @ shift
