"""Small drawing tools the scenes share: colours, print, blending. Pictures are BGR float32, 0..255."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.train.digits.render import text_fonts

Plane = NDArray[Any]
"""High x wide x 3, BGR, as floats that may leave 0..255 while drawn."""
Rng = np.random.Generator


@dataclass(slots=True)
class Strip:
    """A counter: its picture with bezel, the cells (x, y, w, h) of its figures, how many of them stand after
    the point, and its figures as `text` without point where they are known."""

    picture: Plane
    cells: list[tuple[float, float, float, float]]
    lcd: bool
    decimals: int = 0
    text: str = ""


def colour(rng: Rng, low: float, high: float, spread: float = 18) -> Plane:
    """A colour of about one brightness between `low` and `high`."""
    return np.asarray(np.clip(rng.uniform(low, high) + rng.normal(0, spread, 3), 0, 255), np.float32)


def plain(high: float, wide: float, tone: Plane) -> Plane:
    return np.asarray(np.tile(tone, (max(1, round(high)), max(1, round(wide)), 1)), np.float32)


@lru_cache(maxsize=1024)
def font_of(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def pick_font(rng: Rng) -> str:
    fonts = text_fonts()
    return fonts[int(rng.integers(len(fonts)))]


def ink(text: str, path: str, high: float, spacing: float = 0.0) -> Plane:
    """Ink 0..1 of a line of print whose capitals are about `high` pixels tall, cut to its extent."""
    size = max(5, round(high * 1.38))
    font = font_of(path, size)
    wide = int(font.getlength(text) + spacing * high * len(text)) + size
    image = Image.new("L", (wide, size * 2))
    draw = ImageDraw.Draw(image)
    if spacing:
        x = 2.0
        for char in text:
            draw.text((x, size * 1.5), char, fill=255, font=font, anchor="ls")
            x += font.getlength(char) + spacing * high
    else:
        draw.text((2, size * 1.5), text, fill=255, font=font, anchor="ls")
    box = image.getbbox() or (0, 0, 1, 1)
    return np.asarray(image.crop(box), np.float32) / 255


def blend(plane: Plane, mask: NDArray[np.float32], tone: Any, x: float, y: float) -> None:
    """Paints `tone` (a colour or a picture of the mask's size) through a mask at (x, y), in place."""
    top, left = round(y), round(x)
    a, b = max(0, top), min(plane.shape[0], top + mask.shape[0])
    c, d = max(0, left), min(plane.shape[1], left + mask.shape[1])
    if a >= b or c >= d:
        return
    part = mask[a - top : b - top, c - left : d - left, None]
    paint = np.asarray(tone, np.float32)
    if paint.ndim == 3:
        paint = paint[a - top : b - top, c - left : d - left]
    plane[a:b, c:d] += (paint - plane[a:b, c:d]) * part


def paste(plane: Plane, picture: Plane, x: float, y: float) -> None:
    blend(plane, np.ones(picture.shape[:2], np.float32), picture, x, y)


def box(plane: Plane, x: float, y: float, w: float, h: float, tone: Any, thick: int = -1) -> None:
    """A rectangle, filled or `thick` pixels of outline, in place."""
    a, b = (round(x), round(y)), (round(x + w), round(y + h))
    cv2.rectangle(plane, a, b, [float(v) for v in tone], thick, cv2.LINE_AA if thick > 0 else cv2.LINE_8)


def texture(rng: Rng, high: int, wide: int) -> Plane:
    """A wall, wood, cloth, paint: noise of several grains, perhaps stretched, on a gradient."""
    out = np.tile(colour(rng, 15, 240, 30), (high, wide, 1)).astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        grain = np.exp(rng.uniform(np.log(2), np.log(160)))
        stretch = np.exp(rng.normal(0, 0.8))
        size = (max(2, int(wide / grain / stretch)), max(2, int(high / grain * stretch)))
        size = (min(size[0], wide), min(size[1], high))
        noise: Plane = rng.normal(0, 1, (size[1], size[0], int(rng.choice([1, 1, 1, 1, 3])))).astype(
            np.float32
        )
        noise = cv2.resize(noise, (wide, high), interpolation=cv2.INTER_CUBIC)
        out += noise.reshape(high, wide, -1) * rng.uniform(2, 30)
    ramp = np.linspace(-1, 1, wide)[None, :] * rng.normal(0, 25)
    out += (ramp + np.linspace(-1, 1, high)[:, None] * rng.normal(0, 25))[..., None].astype(np.float32)
    return np.asarray(np.clip(out, 0, 255), np.float32)
