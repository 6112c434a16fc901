"""Pictures of whole meters with the figures of their counter known: a face with a counter, seen by a
camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.train.locate import displays, plates, wheels
from ocr.train.locate.crops import Crops
from ocr.train.locate.draw import Plane, Rng, Strip, colour, paste, texture

WIDTH, HEIGHT = 320, 256
Cells = NDArray[np.float32]
"""N x 7: centre x, y, width, height, angle (radians, clockwise), display or not, after the point or not."""


@dataclass(slots=True)
class Scene:
    picture: NDArray[np.uint8]
    cells: Cells


def scene(rng: Rng, crops: Crops, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Scene:
    """One picture to train on; one in eight shows no counter."""
    tall = float(np.exp(rng.uniform(np.log(8.5), np.log(62))))
    drawn = 72 if tall > 40 else 44
    kind = str(rng.choice(["wheel", "real wheel", "display", "real display"], p=[0.24, 0.33, 0.37, 0.06]))
    return _scene(rng, strip(rng, crops, kind, drawn), rng.random() >= 0.12, drawn, tall, size)


def photo(rng: Rng, crops: Crops, kind: str, size: tuple[int, int] = (1280, 960)) -> tuple[Scene, Strip]:
    """A picture of the size cameras give that shows the whole counter (to measure with), and the counter."""
    while True:
        drawn = 72
        made = strip(rng, crops, kind, drawn)
        most = min(130.0, 0.85 * drawn * size[0] / made.picture.shape[1])
        tall = float(np.exp(rng.uniform(np.log(26), np.log(most))))
        if not made.text or most < 26:
            continue
        shown = _scene(rng, made, True, drawn, tall, size, 0.5)
        x, y = shown.cells[:, 0], shown.cells[:, 1]
        inside = len(x) == len(made.cells) and x.min() > tall and x.max() < size[0] - tall
        if inside and y.min() > tall and y.max() < size[1] - tall:
            return shown, made


def strip(rng: Rng, crops: Crops, kind: str, high: int) -> Strip:
    """A counter with figures `high` pixels tall: "wheel", "real wheel", "display" or "real display"."""
    real = crops if kind.startswith("real") else None
    return wheels.counter(rng, real, high) if kind.endswith("wheel") else displays.counter(rng, real, high)


def _scene(
    rng: Rng, made: Strip, shown: bool, drawn: int, tall: float, size: tuple[int, int], worst: float = 1.0
) -> Scene:
    plane, cells = _face(rng, made, shown, drawn, size, tall)
    matrix = _camera(rng, plane, cells, drawn, size, tall)
    out = cv2.warpPerspective(plane, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return Scene(_photograph(rng, np.asarray(out, np.float32), tall, worst), _seen(cells, matrix, size))


def _face(
    rng: Rng, made: Strip, shown: bool, drawn: int, size: tuple[int, int], tall: float
) -> tuple[Plane, Cells]:
    """The plane of a meter's face, as large as the camera sees of it, with a counter on it when `shown`."""
    zoom = drawn / tall
    wide, high = (round(min(4.7, zoom * 1.25) * side) for side in size)
    plane = texture(rng, high, wide)
    sh, sw = made.picture.shape[:2]
    x, y = rng.uniform(0.0, max(1.0, wide - sw)), rng.uniform(0.0, max(1.0, high - sh))
    if sw > wide:
        x = rng.uniform(wide - sw, 0)
    _body(rng, plane, (x, y, sw, sh), drawn)
    much = float(rng.choice([0.3, 1.0, 2.0])) * min(2.5, zoom**0.5)
    plates.furnish(rng, plane, drawn, much)
    if not shown:
        if rng.random() < 0.5:
            paste(plane, displays.blank(rng, drawn), x, y)
        return plane, np.zeros((0, 7), np.float32)
    paste(plane, made.picture, x, y)
    first = len(made.cells) - made.decimals
    rows = [
        (x + cx + w / 2, y + cy + h / 2, w, h, 0.0, made.lcd, i >= first)
        for i, (cx, cy, w, h) in enumerate(made.cells)
    ]
    return plane, np.array(rows, np.float32).reshape(-1, 7)


def _body(rng: Rng, plane: Plane, spot: tuple[float, float, float, float], drawn: int) -> None:
    """The meter's face round the spot of the counter, with a second plate on it at times."""
    x, y, w, h = spot
    for grow in sorted(rng.uniform(0.2, 9, int(rng.integers(0, 4))), reverse=True):
        a = np.array([x - grow * drawn * rng.uniform(0.3, 1.5), y - grow * drawn * rng.uniform(0.2, 1.5)])
        b = np.array(
            [x + w + grow * drawn * rng.uniform(0.3, 1.5), y + h + grow * drawn * rng.uniform(0.2, 1.5)]
        )
        tone = colour(rng, 15 if rng.random() < 0.4 else 110, 250, 10 if rng.random() < 0.7 else 50)
        corner, end = np.round(a).astype(int), np.round(b).astype(int)
        cv2.rectangle(plane, corner.tolist(), end.tolist(), tone.tolist(), -1)
        if rng.random() < 0.5:
            cv2.rectangle(
                plane, corner.tolist(), end.tolist(), (tone * 0.6).tolist(), int(rng.integers(1, 8))
            )


def _camera(
    rng: Rng, plane: Plane, cells: Cells, drawn: int, size: tuple[int, int], tall: float
) -> NDArray[np.float64]:
    """From the face to the picture: turned, tilted, so that figures are about `tall` pixels high."""
    high, wide = plane.shape[:2]
    scale = tall / drawn
    turn = np.radians(np.clip(rng.normal(0, 6), -17, 17)) if rng.random() < 0.8 else 0.0
    middle = np.array([wide / 2, high / 2])
    if len(cells) and rng.random() < 0.7:  # most people point the camera at the counter
        middle = cells[:, :2].mean(0) + rng.normal(0, 0.16, 2) * np.array(size) / scale
    c, s = np.cos(turn) * scale, np.sin(turn) * scale
    base = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    base[:2, 2] = np.array(size) / 2 - base[:2, :2] @ middle
    if rng.random() < 0.4:
        base[:2] *= np.array([[rng.uniform(0.8, 1.15)], [1]])
        base[0, 2] = size[0] / 2 - base[0, :2] @ middle
    tilt = np.eye(3)
    tilt[2, :2] = rng.normal(0, 0.09, 2) / np.array(size)
    shift = np.eye(3)
    shift[:2, 2] = -np.array(size) / 2
    return np.asarray(np.linalg.inv(shift) @ tilt @ shift @ base, np.float64)


def _seen(cells: Cells, matrix: NDArray[np.float64], size: tuple[int, int]) -> Cells:
    """Cells as they stand in the picture; what lies outside is left out."""
    out = []
    for cx, cy, w, h, _, lcd, after in cells:
        half = np.array([(cx, cy), (cx + w / 2, cy), (cx - w / 2, cy), (cx, cy + h / 2), (cx, cy - h / 2)])
        at = cv2.perspectiveTransform(half[None].astype(np.float64), matrix)[0]
        if not (-2 < at[0, 0] < size[0] + 2 and -2 < at[0, 1] < size[1] + 2):
            continue
        along, down = at[1] - at[2], at[3] - at[4]
        angle = float(np.arctan2(along[1], along[0]))
        out.append((*at[0], float(np.hypot(*along)), float(np.hypot(*down)), angle, lcd, after))
    return np.array(out, np.float32).reshape(-1, 7)


def _photograph(rng: Rng, plane: Plane, tall: float, worst: float = 1.0) -> NDArray[np.uint8]:
    """Light, shadow, reflections, lens, sensor and compression; `worst` scales how bad it may get."""
    high, wide = plane.shape[:2]
    out = plane * _light(rng, high, wide)
    for _ in range(int(rng.choice([0, 1, 3], p=[0.6, 0.25, 0.15]))):
        glare = np.zeros((high, wide), np.float32)
        at = (int(rng.uniform(0, wide)), int(rng.uniform(0, high)))
        axes = (int(rng.uniform(3, wide / 4)), int(rng.uniform(2, high / 8)))
        cv2.ellipse(glare, at, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
        glare = cv2.GaussianBlur(glare, (0, 0), rng.uniform(0.5, 14)) * rng.uniform(0.15, worst)
        out = out + (255 - out) * glare[..., None] * np.float32(rng.uniform(0.3, 1))
    out = np.asarray(out * np.clip(rng.normal(1, 0.08, 3), 0.7, 1.3), np.float32)
    out = 255 * (np.clip(out, 0, 255) / 255) ** np.exp(rng.normal(0, 0.3 * worst))
    if rng.random() < 0.3 * worst:
        out = out.mean() + (out - out.mean()) * rng.uniform(0.25, 0.9)
    if rng.random() < 0.12 * worst:
        out *= rng.uniform(0.15, 0.5)
    out = _blurred(rng, out, tall * worst) + rng.normal(0, rng.choice([0.5, 2, 6]) * worst, out.shape)
    if rng.random() < 0.15:
        out = np.repeat(out.mean(2, keepdims=True), 3, 2)
    done = np.clip(out, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        _, code = cv2.imencode(".jpg", done, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))])
        done = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return np.asarray(done, np.uint8)


def _light(rng: Rng, high: int, wide: int) -> Plane:
    x, y = np.linspace(-1, 1, wide)[None, :], np.linspace(-1, 1, high)[:, None]
    light = 1 + rng.normal(0, 0.18) * x + rng.normal(0, 0.18) * y - rng.uniform(0, 0.3) * (x**2 + y**2) / 2
    if rng.random() < 0.25:  # the edge of a shadow
        angle = rng.uniform(0, 2 * np.pi)
        side = x * np.cos(angle) + y * np.sin(angle) + rng.uniform(-0.6, 0.6)
        light = light * (1 - rng.uniform(0.2, 0.7) / (1 + np.exp(-side * rng.uniform(8, 80))))
    return np.asarray(np.clip(light, 0.1, 1.8)[..., None], np.float32)


def _blurred(rng: Rng, out: Plane, tall: float) -> Plane:
    if rng.random() < 0.55:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.3, 0.3 + 0.045 * tall))
    if rng.random() < 0.15:
        length = max(2, round(tall * rng.uniform(0.04, 0.14)))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        way = np.array([np.cos(angle), np.sin(angle)]) * length / 2
        middle = np.array([length / 2, length / 2])
        a, b = np.round(middle - way).astype(int), np.round(middle + way).astype(int)
        cv2.line(kernel, a.tolist(), b.tolist(), 1.0, 1)
        out = cv2.filter2D(out, -1, kernel / max(1.0, float(kernel.sum())))
    return np.asarray(out, np.float32)
