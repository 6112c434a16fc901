"""The virtual house's other electricity meter: a display of seven segments that cycles through registers."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.demo.faceplate import (
    CREAM,
    HEIGHT,
    HOUSING,
    PLATE,
    WIDTH,
    Box,
    Colour,
    Image,
    board,
    rounded,
    text,
)
from appliance.demo.house import HouseState
from appliance.demo.photograph import View, photograph

WINDOW: Box = (270, 210, 740, 200)
"""The display on the 1280x720 plate: x, y, w, h."""
CELL_W, CELL_H, PITCH = 56, 104, 74
CELLS = 8
CODE_W, CODE_H, CODE_PITCH = 20, 36, 28
DECIMALS = 1
TURN_S = 10
"""Seconds for which each register is shown."""
GLASS: Colour = (138, 158, 150)
INK: Colour = (38, 40, 40)
GHOST: Colour = (128, 147, 140)
"""Segments that are off can be seen faintly."""
SLANT = 0.07

SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc",
    "7": "abc", "8": "abcdefg", "9": "abcdfg", "-": "g", " ": "",
}  # fmt: skip


@dataclass(frozen=True)
class Screen:
    """What the display shows: a register code (OBIS, C.D.E), its cells right-aligned, and the unit."""

    code: str
    cells: str
    unit: str


def screens(state: HouseState) -> tuple[Screen, ...]:
    """All screens in their order: import, its tariffs, export with blank leading cells, the time."""
    second = state.at // 1000 % 86_400
    time = f"{second // 3600:02d}-{second // 60 % 60:02d}-{second % 60:02d}"
    return (
        Screen("1.8.0", _number(state.import_kwh, "0"), "kWh"),
        Screen("1.8.1", _number(state.import_t1_kwh, "0"), "kWh"),
        Screen("1.8.2", _number(state.import_t2_kwh, "0"), "kWh"),
        Screen("2.8.0", _number(state.export_kwh, " "), "kWh"),
        Screen("0.9.1", time, ""),
    )


def screen(state: HouseState) -> Screen:
    """The one whose turn it is."""
    known = screens(state)
    return known[state.at // 1000 // TURN_S % len(known)]


def render(shown: Screen, *, width: int = WIDTH, height: int = HEIGHT, seed: int = 0, **how: Any) -> Image:
    """What a camera sees of the display, `height` x `width` x 3, BGR; `how` are the fields of a `View`."""
    picture = _plate().copy()
    x, y, w, h = WINDOW
    glass = picture[y : y + h, x : x + w]
    _row(glass, shown.code, (24, 16), (CODE_W, CODE_H, CODE_PITCH))
    point = CELLS - DECIMALS if shown.unit else None
    _row(glass, shown.cells, (46, 74), (CELL_W, CELL_H, PITCH), point)
    if shown.unit:
        text(glass, shown.unit, (w - 54, 156), 20, INK)
    return photograph(picture, View(**how), (width, height), seed)


def cell_box(index: int) -> Box:
    """x, y, w, h of display cell `index` (0 is the leftmost) on the 1280x720 plate."""
    x, y, _, _ = WINDOW
    return x + 46 + index * PITCH - 4, y + 74 - 6, CELL_W + 16, CELL_H + 12


def _number(value: float, leading: str) -> str:
    """Displays do not round: what is counted up is shown."""
    scaled = str(int(value * 10**DECIMALS))
    return scaled.rjust(DECIMALS + 1, "0").rjust(CELLS, leading)


def _row(
    glass: Image, cells: str, at: tuple[int, int], size: tuple[int, int, int], point: int | None = None
) -> None:
    """Cells side by side; in the code dots stand between figures, in the number before cell `point`."""
    x, (w, h, pitch) = at[0], size
    for index, sign in enumerate(cells):
        if sign == ".":
            _dot(glass, (x - pitch // 2 + w // 2 + 2, at[1] + h), max(2, h // 14))
            x += pitch // 3
            continue
        if index == point:
            _dot(glass, (x - (pitch - w) // 2 + 2, at[1] + h - 3), h // 16)
        for segment in "abcdefg":
            lit = segment in SEGMENTS[sign]
            shape = (_shape(segment, w, h) + np.array([x, at[1]]) * 16).astype(np.int32)
            if lit or h > 50:
                cv2.fillPoly(glass, [shape], INK if lit else GHOST, cv2.LINE_AA, 4)
        x += pitch


def _dot(glass: Image, at: tuple[int, int], radius: int) -> None:
    cv2.circle(glass, at, radius, INK, -1, cv2.LINE_AA)


@lru_cache(maxsize=32)
def _shape(segment: str, w: int, h: int) -> NDArray[np.float64]:
    """The outline of a segment in sixteenths of a pixel, in a cell of w x h, leaning to the right."""
    t, gap = h * 0.062, h * 0.012
    left, right, top, middle, low = t, w - t, t, h / 2, h - t
    ends = {
        "a": ((left, top), (right, top)), "g": ((left, middle), (right, middle)),
        "d": ((left, low), (right, low)), "f": ((left, top), (left, middle)),
        "b": ((right, top), (right, middle)), "e": ((left, middle), (left, low)),
        "c": ((right, middle), (right, low)),
    }  # fmt: skip
    a, b = (np.array(end) for end in ends[segment])
    along = (b - a) / np.linalg.norm(b - a)
    aside = np.array([-along[1], along[0]]) * t
    a, b = a + along * gap, b - along * gap
    outline = np.array(
        [a, a + along * t + aside, b - along * t + aside, b, b - along * t - aside, a + along * t - aside]
    )
    outline[:, 0] += (h - outline[:, 1]) * SLANT
    return outline * 16


@lru_cache(maxsize=1)
def _plate() -> Image:
    """All that does not change."""
    picture = board()
    rounded(picture, (160, 40, 960, 650), 40, (70, 70, 70))
    rounded(picture, (150, 28, 980, 664), 36, HOUSING)
    rounded(picture, (200, 90, 880, 560), 18, PLATE)
    x, y, w, h = WINDOW
    rounded(picture, (x - 14, y - 14, w + 28, h + 28), 12, (24, 24, 24))
    rounded(picture, WINDOW, 6, GLASS)
    text(picture, "TALLYWATT E2", (640, 140), 22, CREAM)
    text(picture, "Two-way electricity meter", (640, 176), 11)
    text(picture, "3 x 230/400 V   5(80) A   50 Hz   Cl. B", (640, 470), 12)
    text(picture, "1000 imp/kWh", (360, 540), 12)
    cv2.circle(picture, (470, 540), 9, (40, 40, 150), -1, cv2.LINE_AA)
    text(picture, "No. 7 226 041", (640, 600), 14, CREAM)
    cv2.circle(picture, (960, 550), 34, (96, 104, 108), -1, cv2.LINE_AA)
    cv2.circle(picture, (960, 550), 28, (122, 130, 134), -1, cv2.LINE_AA)
    cv2.GaussianBlur(picture, (0, 0), 0.6, dst=picture)
    return picture
