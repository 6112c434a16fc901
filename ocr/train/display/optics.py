"""From ink masks to a photograph of a strip: colours, light, glass, camera; and where the characters went."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.display.framing import crop, moved_marks, near
from ocr.train.display.glyphs import Mask, Rng, fonts, stamp
from ocr.train.display.scene import HIGH, Mark, Scene

Colours = NDArray[Any]
"""Unclipped colours or a field, as floats."""
_VISIBLE, _SMALLEST = 16.0, 2.2
"""Least grey levels by which a character changes the picture, and least size in pixels, to be made out."""
_HOPELESS = 0.08
"""Share kept of the strips of which somebody cannot make out every character: the network has to doubt."""


@dataclass
class Strip:
    """A rendered strip and its truth; marks in pixels of the strip."""

    picture: Mask
    number: list[Mark]
    code: list[Mark]
    unit: list[Mark]


def _colour(rng: Rng, low: float, high: float, tint: float) -> Colours:
    return np.clip(rng.uniform(low, high) * (1 + rng.normal(0, tint, 3)), 0, 255).astype(np.float32)


def _paint(rng: Rng) -> tuple[Colours, Colours, bool]:
    """(ground, ink, glows), BGR: grey-green, backlit, negative LCD, LED."""
    kind = rng.choice(["grey", "green", "amber", "blue", "white", "negative", "led"],
                      p=[0.28, 0.24, 0.1, 0.05, 0.09, 0.09, 0.15])  # fmt: skip
    tops = {"grey": (0.85, 1, 0.93), "green": (0.25, 1, 0.3), "amber": (0.35, 0.8, 1), "blue": (1, 0.7, 0.35),
            "white": (1, 1, 1)}  # fmt: skip
    if kind in tops:
        low = 35 if kind == "green" else 60
        ground = _colour(rng, low, 250, 0.06) * np.array(tops[kind], np.float32)
        ground *= 1 + rng.normal(0, 0.12, 3).astype(np.float32)
        dark = rng.uniform(0.08, 0.5) if rng.random() < 0.7 else rng.uniform(0.45, 0.78)
        ink = ground * dark + rng.uniform(0, 25, 3).astype(np.float32) * (1 - dark)
        if rng.random() < 0.35:  # the ink of some takes a hue when seen from aside
            ink = ink * rng.uniform((0.6, 0.6, 0.8), (1.1, 1.0, 1.9)).astype(np.float32)
        return np.clip(ground, 4, 255), np.minimum(ink, np.maximum(ground - 14, 0)), False
    if kind == "negative":
        ground = _colour(rng, 15, 110, 0.1) * np.array(
            [1, rng.uniform(0.1, 0.8), rng.uniform(0, 0.5)], np.float32
        )
        return ground, _colour(rng, 150, 255, 0.06), False
    hue = rng.choice(["red", "green", "blue", "white", "amber"], p=[0.42, 0.2, 0.14, 0.12, 0.12])
    tone = {"red": (0.1, 0.08, 1), "green": (0.2, 1, 0.15), "blue": (1, 0.4, 0.1), "white": (1, 1, 1),
            "amber": (0.05, 0.6, 1)}[str(hue)]  # fmt: skip
    ink = rng.uniform(120, 255) * np.clip(np.array(tone) + rng.normal(0, 0.06, 3), 0, 1)
    return _colour(rng, 2, 45, 0.15), ink.astype(np.float32), True


def _ramp(rng: Rng, shape: tuple[int, int], low: float) -> Colours:
    """A smooth field from `low` to 1 in some direction, or a bend in it."""
    angle = rng.choice([np.pi / 2, -np.pi / 2, rng.uniform(-np.pi, np.pi)])
    y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in shape)
    t = np.float32(np.cos(angle)) * x[None, :] + np.float32(np.sin(angle)) * y[:, None]
    steep = np.float32(rng.uniform(1.2, 7))
    s = 1 / (1 + np.exp(-steep * (np.float32(2.2) * t - np.float32(rng.uniform(-0.5, 0.7)))))
    return np.asarray(low + (1 - low) * s, np.float32)


def _blobs(rng: Rng, shape: tuple[int, int], count: int) -> Colours:
    """A field 0..1 of reflections: ellipses and quadrilaterals, soft or sharp at their edge."""
    field = np.zeros(shape, np.uint8)
    for _ in range(count):
        centre = (int(rng.uniform(0, shape[1])), int(rng.uniform(0, shape[0])))
        if rng.random() < 0.6:
            axes = (int(rng.uniform(0.1, 1.6) * HIGH), int(rng.uniform(0.1, 0.8) * HIGH))
            cv2.ellipse(field, centre, axes, rng.uniform(0, 180), 0, 360, int(rng.uniform(90, 255)), -1)
        else:
            corners = np.array(centre) + rng.normal(0, 1.1 * HIGH, (4, 2)) * (1, 0.7)
            cv2.fillConvexPoly(field, cv2.convexHull(corners.astype(np.int32)), int(rng.uniform(90, 255)))
    soft = float(rng.choice([rng.uniform(1, 4), rng.uniform(4, 16)]))
    return cv2.GaussianBlur(field, (0, 0), soft).astype(np.float32) / 255


def _ink_field(rng: Rng, ink: Mask) -> Colours:
    """Ink 0..1 with what weakens it: view angle, uneven segments; and the shadow it throws."""
    field = ink.astype(np.float32) / 255
    if rng.random() < 0.3:
        field *= _ramp(rng, ink.shape, float(rng.uniform(0.15, 0.8)))
    if rng.random() < 0.3:
        noise = cv2.resize(rng.uniform(0.55, 1, (4, 14)).astype(np.float32), ink.shape[::-1])
        field *= noise
    if rng.random() < 0.35:
        move = np.array([[1, 0, rng.uniform(-0.1, 0.1) * HIGH], [0, 1, rng.uniform(0.01, 0.14) * HIGH]])
        shadow = cv2.warpAffine(field, move, ink.shape[::-1])
        shadow = cv2.GaussianBlur(shadow, (0, 0), rng.uniform(0.6, 3)) * rng.uniform(0.1, 0.45)
        field = np.maximum(field, shadow)
    return field


def _window(rng: Rng, scene: Scene, picture: Colours) -> None:
    """Paints, in place, the meter's front around the window of the display, with some print."""
    x0, y0, x1, y1 = scene.area
    up = max(0, round(y0 - rng.uniform(0.1, 1.0) * HIGH))
    down = round(y1 + rng.uniform(0.1, 1.0) * HIGH)
    left, right = (round(v) for v in (x0 - rng.uniform(0.2, 3.5) * HIGH, x1 + rng.uniform(0.2, 3.5) * HIGH))
    marks = scene.code + scene.unit
    up = min([up] + [int(m.box[1]) - 3 for m in marks])
    down = max([down] + [int(m.box[3]) + 4 for m in marks])
    left = max(0, min([left] + [int(m.box[0]) - 4 for m in marks]))
    right = max([right] + [int(m.box[2]) + 6 for m in marks])
    front = np.empty_like(picture)
    front[:] = _colour(rng, 10, 250, 0.08)
    page = np.zeros(picture.shape[:2], np.uint8)
    for y in (max(0, up - HIGH * 0.6), down + HIGH * 0.2):
        if rng.random() < 0.6:
            text = "".join(rng.choice(list("ABCDEFGHKLMNPRSTUWacdehiklmnoprstuw 0123456789./-"), 24))
            stamp(
                page,
                str(rng.choice(fonts("print"))),
                text,
                (rng.uniform(0, 60), y),
                HIGH * rng.uniform(0.18, 0.5),
            )
    front += (_colour(rng, 0, 255, 0.05) - front) * (page.astype(np.float32) / 255)[..., None]
    if rng.random() < 0.4:
        dark = rng.uniform(0.2, 1.3)
        cv2.rectangle(
            front, (left - 3, up - 3), (right + 3, down + 3), (_colour(rng, 5, 240, 0.1) * dark).tolist(), 6
        )
    front[up:down, left:right] = picture[up:down, left:right]
    picture[:] = front


def _scene_colours(rng: Rng, scene: Scene) -> Colours:
    shape = scene.ink.shape
    ground, ink, glows = _paint(rng)
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = ground
    if rng.random() < 0.5:
        other = ground * (1 + rng.normal(0, 0.25, 3).astype(np.float32)) + rng.uniform(0, 40)
        picture += (other - picture) * _ramp(rng, shape, 0.0)[..., None] * rng.uniform(0.2, 1)
    field = _ink_field(rng, scene.ink)
    picture += (ink - picture) * field[..., None] if glows or ink.mean() > ground.mean() else 0
    if not glows and ink.mean() <= ground.mean():
        picture *= 1 - field[..., None] * (1 - ink / np.maximum(ground, 1))
    if glows:
        bloom = cv2.GaussianBlur(field, (0, 0), rng.uniform(2, 9)) * rng.uniform(0.1, 0.7)
        picture += bloom[..., None] * ink
        if rng.random() < 0.4:
            picture += cv2.GaussianBlur(field, (0, 0), 1.5)[..., None] * rng.uniform(20, 140)
    if rng.random() < 0.6:
        _window(rng, scene, picture)
    return picture


def _glass(rng: Rng, picture: Colours) -> None:
    """Reflections, haze, dirt and scratches on the glass, in place."""
    shape = picture.shape[:2]
    if rng.random() < 0.35:
        light = _blobs(rng, shape, int(rng.integers(1, 4))) * rng.uniform(0.15, 0.85)
        picture += (_colour(rng, 170, 255, 0.05) - picture) * light[..., None]
    if rng.random() < 0.35:
        haze = _ramp(rng, shape, 0.0) * rng.uniform(0.1, 0.65)
        picture += (_colour(rng, 90, 240, 0.05) - picture) * haze[..., None]
    if rng.random() < 0.2:
        picture *= _ramp(rng, shape, float(rng.uniform(0.25, 0.7)))[..., None]
    if rng.random() < 0.2:
        dirt = np.zeros(shape, np.uint8)
        for _ in range(int(rng.integers(2, 30))):
            at = (int(rng.uniform(0, shape[1])), int(rng.uniform(0, shape[0])))
            cv2.circle(dirt, at, int(rng.choice([1, 1, 2, 3])), int(rng.uniform(60, 230)), -1, cv2.LINE_AA)
        if rng.random() < 0.4:
            a, b = rng.uniform(0, shape[1], 2), rng.uniform(0, shape[0], 2)
            cv2.line(dirt, (int(a[0]), int(b[0])), (int(a[1]), int(b[1])), 150, 1, cv2.LINE_AA)
        picture += (_colour(rng, 20, 230, 0.05) - picture) * (dirt.astype(np.float32) / 255)[..., None]


def _camera(rng: Rng, picture: Colours) -> Mask:
    """Motion and focus blur happened before; here pixels, noise, compression."""
    high, wide = picture.shape[:2]
    if rng.random() < 0.3:
        k = rng.uniform(0.35, 0.9)
        small = cv2.resize(
            picture, (max(16, round(wide * k)), max(12, round(high * k))), interpolation=cv2.INTER_AREA
        )
        picture = np.asarray(cv2.resize(small, (wide, high), interpolation=cv2.INTER_LINEAR), np.float32)
    if rng.random() < 0.06:
        x = np.arange(wide)[None, :] * rng.uniform(0.6, 2.6) + np.arange(high)[:, None] * rng.uniform(
            -2.6, 2.6
        )
        picture = picture * (1 + rng.uniform(0.02, 0.12) * np.sin(x))[..., None]
    picture = picture * rng.uniform(0.55, 1.25) + rng.uniform(-15, 30)
    if rng.random() < 0.7:
        most = min(11.0, 1.5 + 0.3 * float(picture.std()))
        noise = rng.normal(0, rng.uniform(1, most), picture.shape).astype(np.float32)
        picture = picture + (noise if rng.random() < 0.5 else cv2.GaussianBlur(noise, (0, 0), 0.8) * 1.6)
    out = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(22, 92))])
        out = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return out


def _blurred(rng: Rng, picture: Colours, scale: float) -> Colours:
    """Out of focus, and moved while exposed; `scale` is strip pixels a scene pixel."""
    blur = float(rng.choice([0.0, rng.uniform(0, 1.2), rng.uniform(0.8, 3.0)], p=[0.25, 0.45, 0.3]))
    blur = float(np.hypot(blur, 0.45 / max(scale, 0.05) if scale < 0.9 else 0))
    if blur > 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.float32)
    if rng.random() < 0.15:
        n = int(rng.integers(3, 8))
        kernel = np.zeros((n, n), np.float32)
        a, b = rng.uniform(0, n, 2)
        cv2.line(kernel, (int(a), 0), (int(b), n - 1), 1.0, 1)
        kernel = kernel.T if rng.random() < 0.5 else kernel
        picture = np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)
    return picture


def photograph(rng: Rng, scene: Scene) -> Strip:
    """A picture of the scene's number by some camera, OUT pixels high, and its truth.

    Most strips that nobody could read are drawn again: they would teach guessing.
    """
    matrix, size = crop(rng, scene)
    part, matrix = near(scene, matrix, size)
    heads = [moved_marks(m, matrix, size) for m in part.heads]
    before = copy.deepcopy(rng)
    cut = _exposed(rng, part, matrix, size)
    bare = _exposed(before, replace(part, ink=np.zeros_like(part.ink)), matrix, size)
    if not _readable(np.abs(cut - bare).max(2), heads[0]) and rng.random() > _HOPELESS:
        return photograph(rng, scene)
    return developed(rng, cut, heads)


def _exposed(rng: Rng, scene: Scene, matrix: NDArray[Any], size: tuple[int, int]) -> Colours:
    """The strip as light falls on the sensor."""
    return through(rng, _scene_colours(rng, scene), matrix, size)


def through(rng: Rng, picture: Colours, matrix: NDArray[Any], size: tuple[int, int]) -> Colours:
    """A painted scene seen through glass and lens, cut out by the homography `matrix`."""
    _glass(rng, picture)
    picture = _blurred(rng, picture, abs(float(np.linalg.det(matrix[:2, :2]))) ** 0.5)
    cut = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.float32)


def developed(rng: Rng, cut: Colours, heads: list[list[Mark]]) -> Strip:
    """The strip that a camera makes of the light `cut`; `heads` are the marks in it."""
    number, code, unit = heads
    if not any(m.char.isalnum() for m in code):  # only points of it are in the strip
        code = []
    return Strip(_camera(rng, cut), number, code, unit)


def _readable(change: Colours, number: list[Mark]) -> bool:
    """Whether each character of the number changes the picture enough, at a size that can be seen."""
    for m in number:
        x0, x1, y0, y1 = m.box[0], m.box[2], m.box[1], m.box[3]
        if y1 - y0 < _SMALLEST:
            return False
        part = change[max(0, int(y0)) : max(1, round(y1) + 1), max(0, int(x0)) : max(1, round(x1) + 1)]
        if not part.size or np.percentile(part, 90) < _VISIBLE:
            return False
    return True
