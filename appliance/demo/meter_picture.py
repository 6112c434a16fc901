"""The virtual meter at a register value: wheels that turn truly, a disc, and a photograph of them."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from appliance.demo.faceplate import (
    CREAM,
    DISC,
    HEIGHT,
    WHEEL_H,
    WHEEL_W,
    WHEELS,
    WIDTH,
    Colour,
    Image,
    faceplate,
    lay,
    wheel_box,
)
from appliance.demo.glyphs import Floats, glyph
from appliance.demo.photograph import View, photograph

DECIMALS = 1
PITCH = 100
"""Pixels from one digit of a wheel to the next, along its rim."""
DIGIT_W, DIGIT_H = 48, 76
RADIUS = PITCH * 10 / (2 * np.pi)
REVOLUTIONS_PER_KWH = 75
BLACK: Colour = (27, 26, 25)
RED: Colour = (44, 38, 146)


def wheel_positions(value: float, wheels: int = WHEELS, decimals: int = DECIMALS) -> tuple[float, ...]:
    """Where each wheel stands, 0 <= position < 10, the leftmost first.

    The last wheel turns evenly; each other one turns with its right neighbour while that goes from 9 to
    0 and stands still otherwise.
    """
    scaled = value * 10**decimals
    positions = [scaled % 10]
    for place in range(1, wheels):
        standing = scaled // 10**place % 10
        positions.append((standing + max(0.0, positions[-1] - 9)) % 10)
    return tuple(reversed(positions))


def render(kwh: float, *, width: int = WIDTH, height: int = HEIGHT, seed: int = 0, **how: Any) -> Image:
    """What a camera sees when the register stands at `kwh`: `height` x `width` x 3, BGR.

    `seed` chooses the sensor's noise; `how` are the fields of a `View`, else all is well lit and in place.
    """
    picture = faceplate().copy()
    for index, position in enumerate(wheel_positions(kwh)):
        x, y, w, h = wheel_box(index)
        picture[y : y + h, x : x + w] = wheel(position, index == WHEELS - 1)
    _turn_disc(picture, kwh)
    return photograph(picture, View(**how), (width, height), seed)


@lru_cache(maxsize=2)
def _strip(red: bool) -> Image:
    """The rim of a wheel unrolled: digits 0..9, each in the middle of its pitch, and wrapped by one."""
    strip = np.empty((12 * PITCH, WHEEL_W, 3), dtype=np.uint8)
    strip[:] = RED if red else BLACK
    left = (WHEEL_W - DIGIT_W) // 2
    for place in range(12):
        top = place * PITCH + (PITCH - DIGIT_H) // 2
        area = strip[top : top + DIGIT_H, left : left + DIGIT_W]
        lay(area, glyph((place - 1) % 10, DIGIT_W, DIGIT_H, 0.21), CREAM)
    return strip


@lru_cache(maxsize=1)
def _rim() -> tuple[Floats, Floats]:
    """For each row of a window: digits away from the middle, and how much light the rim throws back."""
    rows = np.arange(WHEEL_H) - (WHEEL_H - 1) / 2
    angle = np.arcsin(rows / RADIUS)
    light = 0.30 + 0.74 * np.cos(angle * 1.9) ** 1.2
    light += 0.10 * np.exp(-(((angle + 0.16) / 0.10) ** 2))  # the gleam of the lamp above
    edge = np.minimum(np.arange(WHEEL_H), np.arange(WHEEL_H)[::-1] * 1.6)
    light *= 1 - 0.55 * np.exp(-edge / 4.0)  # the frame's shadow, longer from above
    return angle / (2 * np.pi / 10), light


def wheel(position: float, red: bool) -> Image:
    """A window on a wheel: the next digit comes up from below, as on most counters."""
    away, light = _rim()
    source = (1 + position + 0.5 + away) * PITCH - 0.5
    map_y = np.repeat(source.astype(np.float32)[:, None], WHEEL_W, axis=1)
    map_x = np.repeat(np.arange(WHEEL_W, dtype=np.float32)[None, :], WHEEL_H, axis=0)
    face = cv2.remap(_strip(red), map_x, map_y, cv2.INTER_CUBIC)
    across = 1 - 0.35 * np.exp(-np.minimum(np.arange(WHEEL_W), np.arange(WHEEL_W)[::-1]) / 2.5)
    shaded: Image = np.clip(face * (light[:, None] * across[None, :])[..., None], 0, 255).astype(np.uint8)
    return shaded


def _turn_disc(picture: Image, kwh: float) -> None:
    """The edge of the aluminium disc: milled teeth that pass, and one red mark a revolution."""
    x, y, w, h = DISC
    across = (np.arange(w) + 0.5) / w * 2 - 1
    angle = np.arcsin(across) - kwh * REVOLUTIONS_PER_KWH * 2 * np.pi
    teeth = 150 + 26 * np.sin(angle * 60)
    rim = np.repeat((teeth * (0.35 + 0.65 * np.sqrt(1 - across**2)))[None, :, None], 11, axis=0)
    rim = np.repeat(rim, 3, axis=2)
    mark = np.cos(angle) > np.cos(0.14)
    rim[:, mark] = (40, 36, 170)
    picture[y + 10 : y + 21, x : x + w] = rim.astype(np.uint8)
    picture[y : y + 10, x : x + w] = (34, 34, 34)
    picture[y + 21 : y + h, x : x + w] = (16, 16, 16)
