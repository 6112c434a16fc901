"""A photograph of the virtual meter at a register value: wheels that turn truly, lens, lamp and noise."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

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


def render(
    kwh: float,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    seed: int = 0,
    lamp: float = 1.0,
    turn_deg: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    blur: float = 0.8,
    glare: float = 0.0,
) -> Image:
    """What a camera sees when the register stands at `kwh`: `height` x `width` x 3, BGR.

    `seed` chooses the sensor's noise; `lamp` is the light (0 dark, 1 good); `turn_deg` (counter-clockwise)
    and `shift` (pixels, right and down) are how the camera hangs; `blur` is its focus (sigma, pixels);
    `glare` (0..1) is the lamp's reflection on the glass above the counter.
    """
    picture = faceplate().copy()
    for index, position in enumerate(wheel_positions(kwh)):
        x, y, w, h = wheel_box(index)
        picture[y : y + h, x : x + w] = _wheel(position, index == WHEELS - 1)
    _turn_disc(picture, kwh)
    if glare > 0:
        picture = cv2.add(picture, (_spot() * glare).astype(np.uint8)).astype(np.uint8)
    return _photograph(picture, (width, height), (turn_deg, *shift), blur, lamp, np.random.default_rng(seed))


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


def _wheel(position: float, red: bool) -> Image:
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


@lru_cache(maxsize=1)
def _spot() -> Floats:
    """The reflection of a lamp on the glass: bright in the middle, wide at the foot, 720x1280x1."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    away = ((x - 560) / 150) ** 2 + ((y - 250) / 80) ** 2
    spot: Floats = (235 * np.exp(-(away**1.5)) + 60 * np.exp(-away / 3))[..., None].repeat(3, axis=2)
    return spot


@lru_cache(maxsize=4)
def _lens(width: int, height: int) -> NDArray[np.float32]:
    """Light lost towards the corners, and a lamp that shines from the upper left."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width - 0.5, y / height - 0.5
    light: NDArray[np.float32] = ((1.12 - 0.75 * (x * x + y * y)) * (1 - 0.10 * x - 0.14 * y))[..., None]
    return light


def _photograph(
    scene: Image,
    size: tuple[int, int],
    hang: tuple[float, float, float],
    blur: float,
    lamp: float,
    rng: np.random.Generator,
) -> Image:
    """The scene through a camera that hangs turned and shifted (degrees, pixels), in `lamp` light."""
    width, height = size
    turn, right, down = hang
    zoom = min(width / WIDTH, height / HEIGHT)
    place = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn, zoom)
    place[0, 2] += (width - WIDTH) / 2 + right * zoom
    place[1, 2] += (height - HEIGHT) / 2 + down * zoom
    seen = cv2.warpAffine(scene, place, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    if blur > 0:
        seen = cv2.GaussianBlur(seen, (0, 0), blur)
    light = seen.astype(np.float32) * (_lens(width, height) * max(0.0, lamp))
    grain = rng.standard_normal((height, width), dtype=np.float32)[..., None]
    tint = rng.standard_normal((height // 4 + 1, width // 4 + 1, 3), dtype=np.float32)
    stains = cv2.resize(tint, size, interpolation=cv2.INTER_LINEAR)
    # Sensor noise grows with the square root of the light; the floor stays in the dark.
    light += (1.2 + 0.13 * np.sqrt(light)) * (grain * 0.8 + stains * 0.7)
    photo: Image = np.clip(light + 0.5, 0, 255).astype(np.uint8)
    return photo
