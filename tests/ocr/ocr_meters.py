"""Pictures of whole meters for tests: drawn with OpenCV alone, without fonts or reference data."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr import Box, Calibration

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """How the counter stands in its picture, in pixels."""

    x: int = 330
    y: int = 290
    cell: int = 78
    gap: int = 8
    high: int = 112
    dark: bool = True
    red: int = 1
    size: tuple[int, int] = (1280, 720)


def positions(value: float, count: int, decimals: int) -> list[float]:
    """Where the wheels stand, left to right, when the last turns evenly and the others in its last tenth."""
    last = value * 10**decimals
    out = [last % 10]
    push = max(0.0, out[0] - 9)
    for place in range(1, count):
        digit = int(last / 10**place) % 10
        out.append((digit + push) % 10)
        push = max(0.0, push - (0 if digit == 9 else 1))
    return out[::-1]


def _glyph(
    digit: int, wide: int, high: int, ink: tuple[int, int, int], ground: tuple[int, int, int]
) -> Picture:
    """A digit of 0.7 of the cell's height in its middle; measured, as putText differs between OpenCVs."""
    big = np.zeros((200, 200), np.uint8)
    cv2.putText(big, str(digit), (50, 150), cv2.FONT_HERSHEY_SIMPLEX, 3.0, 255, 8, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(big)
    tall = round(high * 0.7)
    small = cv2.resize(
        big[y : y + h, x : x + w], (max(3, round(w * tall / h * 0.9)), tall), interpolation=cv2.INTER_AREA
    )
    mask = np.zeros((high, wide, 1), np.float32)
    top, left = (high - tall) // 2, (wide - small.shape[1]) // 2
    mask[top : top + tall, left : left + small.shape[1], 0] = small / 255.0
    cell = np.float32(ground) + (np.float32(ink) - np.float32(ground)) * mask
    return cell.astype(np.uint8)


def wheel_window(position: float, wide: int, high: int, dark: bool = True, red: bool = False) -> Picture:
    """What the window of one wheel shows at `position`; the next digit comes from below."""
    ink = (225, 235, 240) if dark else (30, 30, 30)
    ground = (40, 30, 130) if red else ((28, 26, 26) if dark else (215, 222, 225))
    if red:
        ink = (225, 235, 240)
    pitch = round(high * 0.85)
    strip = np.vstack([_glyph((int(position) + i) % 10, wide, pitch, ink, ground) for i in (-1, 0, 1, 2)])
    top = round((1 + position % 1) * pitch + pitch / 2 - high / 2)
    return np.ascontiguousarray(strip[top : top + high])


def meter(value: float, count: int = 7, decimals: int = 1, look: Look = Look(), seed: int = 0) -> Picture:
    """A mechanical counter on a grey meter with "kWh" and a small serial number below, noise, vignette."""
    rng = np.random.default_rng(seed)
    wide, high = look.size
    picture = np.full((high, wide, 3), (122, 118, 116), np.uint8)
    end = look.x + count * (look.cell + look.gap)
    cv2.rectangle(picture, (look.x - 40, look.y - 40), (end + 32, look.y + look.high + 40), (48, 44, 42), -1)
    for i, position in enumerate(positions(value, count, decimals)):
        x = look.x + i * (look.cell + look.gap)
        window = wheel_window(position, look.cell, look.high, look.dark, i >= count - look.red)
        picture[look.y : look.y + look.high, x : x + look.cell] = window
    cv2.putText(
        picture, "kWh", (end - 120, look.y + look.high + 110), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20, 20, 20), 4
    )
    cv2.putText(
        picture,
        "No. 50 718 334",
        (look.x, look.y + look.high + 105),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.9,
        (25, 25, 25),
        2,
    )
    shade = 1 - 0.35 * ((np.linspace(-1, 1, wide)[None, :] ** 2 + np.linspace(-1, 1, high)[:, None] ** 2) / 2)
    noisy = cv2.GaussianBlur(picture, (0, 0), 1.0) * shade[..., None] + rng.normal(0, 3, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


LOOK = Look()
BOXES = tuple(Box(LOOK.x + i * (LOOK.cell + LOOK.gap), LOOK.y, LOOK.cell, LOOK.high) for i in range(7))
CALIBRATION = Calibration(1280, 720, BOXES, 1)
"""Where the digits of `meter(value)` stand."""
