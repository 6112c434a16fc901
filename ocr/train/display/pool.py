"""Rendered strips as batches: grouped by width so that none needs padding, slightly altered each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.display import CODE, HEIGHT, NUMBER, STRIDE, UNITS, WIDEST, prepare
from ocr.train.display import cells
from ocr.train.display.glyphs import Rng
from ocr.train.display.optics import Strip, photograph
from ocr.train.display.scene import Mark, scene

STEP = 16
_CELLS = 0.1
"""Share of displays of character cells."""
CLASSES = tuple({c: i + 1 for i, c in enumerate(names)} for names in (NUMBER, CODE, UNITS))
"""Class numbers of the three heads, 0 being none."""


def render(rng: Rng, count: int) -> list[Strip]:
    """`count` strips by chance."""
    return [photograph(rng, cells.scene(rng) if rng.random() < _CELLS else scene(rng)) for _ in range(count)]


@dataclass
class Batch:
    """Pictures N x 3 x HEIGHT x W; for each head classes N x T (-1: any) and texts; boxes N x T x 3."""

    pictures: NDArray[np.float32]
    frames: list[NDArray[np.int64]]
    texts: list[list[list[int]]]
    boxes: NDArray[np.float32]


def width(strip: Strip) -> int:
    """The width a strip is scaled to, a multiple of STEP."""
    high, wide = strip.picture.shape[:2]
    return int(np.clip(round(wide / high * HEIGHT / STEP), 2, WIDEST // STEP)) * STEP


def altered(rng: Rng, strip: Strip, wide: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The strip shifted and scaled a little, other light; and its affine map (2 x 3)."""
    high, full = strip.picture.shape[:2]
    sx, sy = wide / full * rng.uniform(0.97, 1.03), HEIGHT / high * rng.uniform(0.96, 1.05)
    shift = rng.uniform(-0.03, 0.03, 2) * HEIGHT
    lean = rng.normal(0, 0.03)
    matrix = np.array([[sx, lean, shift[0] - lean * high / 2], [0, sy, shift[1] + (HEIGHT - sy * high) / 2]])
    picture: NDArray[Any] = cv2.warpAffine(
        strip.picture, matrix, (wide, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    picture = picture * rng.uniform(0.8, 1.15, 3).astype(np.float32)
    if rng.random() < 0.3:
        picture = picture[..., rng.permutation(3)]
    if rng.random() < 0.5:  # one channel, as `ocr.display` looks at strips too
        picture = np.repeat((picture @ rng.dirichlet((0.5, 0.5, 0.5)))[..., None], 3, 2)
    if rng.random() < 0.15:
        picture = 255 - picture
    if rng.random() < 0.3:
        picture = picture + rng.normal(0, rng.uniform(1, 6), picture.shape)
    return prepare(np.clip(picture, 0, 255).astype(np.uint8)), matrix


def _frames(marks: list[Mark], matrix: NDArray[np.float64], head: int, steps: int) -> NDArray[np.int64]:
    """The class wanted at each step: at a character's middle; beside it any."""
    out = np.zeros(steps, np.int64)
    for m in marks:
        half = abs(m.box[2] - m.box[0]) / 2 * matrix[0, 0] / STRIDE
        x = ((m.box[0] + m.box[2]) / 2 * matrix[0, 0] + matrix[0, 2]) / STRIDE - 0.5
        for k in range(int(np.ceil(x - min(half, 1.6))), int(np.floor(x + min(half, 1.6))) + 1):
            if 0 <= k < steps and out[k] == 0:
                out[k] = -1
    for m in marks:
        x = ((m.box[0] + m.box[2]) / 2 * matrix[0, 0] + matrix[0, 2]) / STRIDE - 0.5
        k = int(np.clip(round(x), 0, steps - 1))
        out[k] = CLASSES[head][m.char]
    return out


def _boxes(marks: list[Mark], matrix: NDArray[np.float64], steps: int) -> NDArray[np.float32]:
    """Top, bottom and half width of the digits at their middle, in parts of the height; NaN elsewhere."""
    out = np.full((steps, 3), np.nan, np.float32)
    for m in marks:
        if not m.char.isdigit():
            continue
        x = (m.box[0] + m.box[2]) / 2 * matrix[0, 0] + matrix[0, 2]
        k = int(np.clip(round(x / STRIDE - 0.5), 0, steps - 1))
        top, bottom = (m.box[i] * matrix[1, 1] + matrix[1, 2] for i in (1, 3))
        half = (m.box[2] - m.box[0]) / 2 * matrix[0, 0]
        out[max(0, k - 1) : k + 2] = (top / HEIGHT, bottom / HEIGHT, half / HEIGHT)
    return out


def batches(rng: Rng, strips: list[Strip], size: int) -> Iterator[Batch]:
    """Batches for ever, each of one width, widths as often as they occur."""
    groups: dict[int, list[int]] = {}
    for i, s in enumerate(strips):
        groups.setdefault(width(s), []).append(i)
    while True:
        order = []
        for wide, members in groups.items():
            mixed = rng.permutation(members)
            order += [(wide, mixed[i : i + size]) for i in range(0, len(mixed), size)]
        for k in rng.permutation(len(order)):
            wide, chosen = order[k]
            yield batch(rng, [strips[i] for i in chosen], wide)


def batch(rng: Rng, strips: list[Strip], wide: int) -> Batch:
    """One batch of strips scaled to `wide`."""
    steps = wide // STRIDE
    pictures, frames, texts, boxes = [], [], [], []
    for s in strips:
        picture, matrix = altered(rng, s, wide)
        heads = (s.number, s.code, s.unit)
        pictures.append(picture)
        frames.append([_frames(m, matrix, h, steps) for h, m in enumerate(heads)])
        texts.append([[CLASSES[h][m.char] for m in sorted(ms, key=_middle)] for h, ms in enumerate(heads)])
        boxes.append(_boxes(s.number, matrix, steps))
    return Batch(
        np.stack(pictures),
        [np.stack([f[h] for f in frames]) for h in range(3)],
        [[t[h] for t in texts] for h in range(3)],
        np.stack(boxes),
    )


def _middle(mark: Mark) -> float:
    return mark.box[0] + mark.box[2]


def truth(strip: Strip) -> str:
    """What `ocr.display.read` must say: the number, "" when the display shows none."""
    text = "".join(m.char for m in sorted(strip.number, key=_middle)).rstrip(".")
    return "" if "?" in text or not any(c.isdigit() for c in text) else text
