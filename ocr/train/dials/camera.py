"""What a camera and its lamp make of a dial: box, perspective, light, glare, wet glass, lens, JPEG."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.dials.scene import SIZE, VIEW

Image = NDArray[Any]
"""Colours 0..255 as floats, unclipped."""
Rng = np.random.Generator


def photograph(rng: Rng, drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop of 26 to 90 pixels as it would come from a box about the dial; BGR."""
    side = int(np.clip(rng.normal(54, 15), 26, 90))
    image = _box(rng, drawn, side)
    image = _colours(rng, image)
    image = _light(rng, image)
    image = _glass(rng, image)
    return _sensor(rng, image)


def _box(rng: Rng, drawn: NDArray[np.uint8], side: int) -> Image:
    """What a box shows: shifted up to 15 %, turned up to 9 degrees, in perspective, perhaps not square."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
    a = np.radians(np.clip(rng.normal(0, 3.0), -9, 9))
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    zoom = np.exp(rng.normal(0, 0.06) + rng.normal(0, 0.05, 2))
    # of half the side: 0.3 is 15 % of the box
    shift = rng.uniform(-0.3, 0.3, 2) if rng.random() < 0.35 else np.clip(rng.normal(0, 0.1, 2), -0.3, 0.3)
    source = (corners * zoom) @ turn + shift + rng.normal(0, 0.03, (4, 2))
    source = source * VIEW / 2 + SIZE / 2
    target = (corners + 1) / 2 * side
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    soft = cv2.GaussianBlur(drawn, (0, 0), 0.45 * VIEW / side) if side < 0.75 * VIEW else drawn
    return cv2.warpPerspective(
        soft, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)


def _colours(rng: Rng, image: Image) -> Image:
    kind = rng.random()
    if kind < 0.1:
        image = np.repeat(image.mean(2, keepdims=True), 3, 2)
    elif kind < 0.4:  # weak colours of a dim or foggy picture
        grey = image.mean(2, keepdims=True)
        image = grey + rng.uniform(0.25, 0.9) * (image - grey)
    elif kind < 0.415:
        image = 255 - image
    elif kind < 0.43:
        image = image[..., rng.permutation(3)]
    image = 255 * (np.clip(image, 0, 255) / 255) ** rng.uniform(0.6, 1.7)
    cast = np.exp(rng.normal(0, 0.12, 3))
    gain = rng.uniform(0.25, 0.5) if rng.random() < 0.12 else rng.uniform(0.5, 1.25)
    return np.asarray(image * gain * cast + rng.uniform(-8, 45), np.float32)


def _grid(side: int) -> tuple[Image, Image]:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    return x / side - 0.5, y / side - 0.5


def _light(rng: Rng, image: Image) -> Image:
    x, y = _grid(len(image))
    if rng.random() < 0.55:
        gx, gy = rng.normal(0, 0.45, 2)
        image = image * np.clip(1 + gx * x + gy * y, 0.3, 2)[..., None]
    if rng.random() < 0.25:
        image = image * (1 - rng.uniform(0.2, 1.3) * (x * x + y * y))[..., None]
    if rng.random() < 0.18:  # a shadow's edge
        a, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
        edge = 1 / (1 + np.exp(-(x * np.cos(a) + y * np.sin(a) - at) * rng.uniform(8, 60)))
        image = image * (1 - rng.uniform(0.2, 0.6) * edge)[..., None]
    for _ in range(int(rng.choice(4, p=[0.7, 0.2, 0.07, 0.03]))):  # the lamp in the glass
        cx, cy = rng.uniform(-0.55, 0.55, 2)
        a, size, long = rng.uniform(0, np.pi), rng.uniform(0.015, 0.1), rng.uniform(1, 3.5)
        u, v = (x - cx) * np.cos(a) + (y - cy) * np.sin(a), (y - cy) * np.cos(a) - (x - cx) * np.sin(a)
        far = (u / (size * long)) ** 2 + (v / size) ** 2
        spot = np.exp(-far / 2) if rng.random() < 0.5 else 1 / (1 + np.exp(np.clip((far - 1.5) * 4, -30, 30)))
        image = image + rng.uniform(40, 300) * spot[..., None] * np.exp(rng.normal(0, 0.05, 3)).astype(
            np.float32
        )
    return np.asarray(image, np.float32)


def _glass(rng: Rng, image: Image) -> Image:
    side = len(image)
    if rng.random() < 0.1:  # drops: little lenses, bright on one side
        for _ in range(int(rng.integers(2, 22))):
            at, r = rng.uniform(0, side, 2), rng.uniform(0.012, 0.05) * side
            inner = image.mean((0, 1)) * rng.uniform(0.6, 1.3)
            _dot(image, at, r, inner, 0.55)
            _dot(image, at + rng.normal(0, 0.3, 2) * r, r * 0.4, np.full(3, 250.0), 0.6)
    if rng.random() < 0.15:  # dust and dirt
        for _ in range(int(rng.integers(1, 9))):
            _dot(
                image,
                rng.uniform(0, side, 2),
                rng.uniform(0.006, 0.045) * side,
                np.full(3, rng.uniform(0, 255)),
                rng.uniform(0.3, 0.9),
            )
    if rng.random() < 0.1:  # scratches and hairs
        for _ in range(int(rng.integers(1, 4))):
            ends = rng.uniform(0, side, (2, 2))
            over = image.copy()
            cv2.line(
                over,
                tuple(int(v) for v in ends[0]),
                tuple(int(v) for v in ends[1]),
                (float(rng.uniform(0, 255)),) * 3,
                1,
                cv2.LINE_AA,
            )
            image = image + rng.uniform(0.2, 0.8) * (over - image)
    if rng.random() < 0.12:  # fog
        image = image + rng.uniform(0.1, 0.5) * (rng.uniform(90, 230) - image)
    return np.ascontiguousarray(image, np.float32)


def _dot(image: Image, at: NDArray[np.float64], r: float, colour: NDArray[Any], alpha: float) -> None:
    x0, y0 = max(0, int(at[0] - r - 1)), max(0, int(at[1] - r - 1))
    part = image[y0 : int(at[1] + r + 2), x0 : int(at[0] + r + 2)]
    if not part.size:
        return
    over = np.ascontiguousarray(part)
    cv2.circle(
        over,
        (int(16 * (at[0] - x0)), int(16 * (at[1] - y0))),
        max(8, int(16 * r)),
        tuple(float(c) for c in colour),
        -1,
        cv2.LINE_AA,
        4,
    )
    part += alpha * (over - part)


def _sensor(rng: Rng, image: Image) -> NDArray[np.uint8]:
    side = len(image)
    if rng.random() < 0.55:
        image = cv2.GaussianBlur(
            image, (0, 0), rng.uniform(0.3, 1.0) * side / 48 * rng.choice([1.0, 1.6], p=[0.85, 0.15])
        )
    if rng.random() < 0.08:  # shake
        k = int(rng.integers(2, max(3, side // 12)))
        kernel = np.full((1, k) if rng.random() < 0.5 else (k, 1), 1 / k, np.float32)
        image = cv2.filter2D(image, -1, kernel)
    if rng.random() < 0.7:
        strength = rng.uniform(0.5, 3 + 0.05 * image.mean())
        image = image + rng.normal(0, max(1.0, strength), image.shape).astype(np.float32)
    if rng.random() < 0.25:  # the camera sharpens
        image = image + rng.uniform(0.3, 1.5) * (image - cv2.GaussianBlur(image, (0, 0), 1.0))
    out = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.65:
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 90))])
        out = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return out
