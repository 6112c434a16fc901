"""What does not move on the virtual meter: cupboard board, housing, plate, print, screws, window frame."""

from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
Colour: TypeAlias = tuple[int, int, int]
Box: TypeAlias = tuple[int, int, int, int]

WIDTH, HEIGHT = 1280, 720
WHEELS = 7
WHEEL_W, WHEEL_H, WHEEL_GAP = 76, 118, 14
WHEELS_X = (WIDTH - WHEELS * WHEEL_W - (WHEELS - 1) * WHEEL_GAP) // 2 - 34
WHEELS_Y = 214
DISC: Box = (392, 432, 496, 30)
"""The slot through which the edge of the disc is seen: x, y, w, h."""

CREAM: Colour = (196, 219, 226)
PRINT: Colour = (176, 186, 188)
PLATE: Colour = (48, 45, 43)
HOUSING: Colour = (172, 184, 188)
BOARD: Colour = (104, 118, 128)


def wheel_box(index: int) -> Box:
    """x, y, w, h of the window of wheel `index` (0 is the leftmost) in the 1280x720 plate."""
    return WHEELS_X + index * (WHEEL_W + WHEEL_GAP), WHEELS_Y, WHEEL_W, WHEEL_H


def rounded(picture: Image, box: Box, radius: int, colour: Colour, thickness: int = -1) -> None:
    """A rectangle with round corners and soft edges; `thickness` -1 fills it."""
    x, y, w, h = box
    right, low = x + w - radius, y + h - radius
    x, y = x + radius, y + radius
    corners = ((x, y, 180), (right, y, 270), (right, low, 0), (x, low, 90))
    arcs = [cv2.ellipse2Poly((cx, cy), (radius, radius), 0, a, a + 90, 6) for cx, cy, a in corners]
    outline = np.vstack(arcs).astype(np.int32)
    if thickness < 0:
        cv2.fillPoly(picture, [outline], colour, cv2.LINE_AA)
    else:
        cv2.polylines(picture, [outline], True, colour, thickness, cv2.LINE_AA)


def text(picture: Image, words: str, centre: tuple[int, int], height: float, colour: Colour = PRINT) -> None:
    """Small print of capital height `height` px, drawn four times larger and laid in softly."""
    zoom, font = 4, cv2.FONT_HERSHEY_DUPLEX
    scale = height * zoom / 21
    pen = max(1, round(scale * 1.7))
    (w, h), base = cv2.getTextSize(words, font, scale, pen)
    wide, tall = -(-(w + 2 * pen) // zoom) * zoom, -(-(h + base + 2 * pen) // zoom) * zoom
    ink = np.zeros((tall, wide), dtype=np.uint8)
    cv2.putText(ink, words, (pen, h + pen), font, scale, 255, pen, cv2.LINE_AA)
    ink = cv2.resize(ink, (wide // zoom, tall // zoom), interpolation=cv2.INTER_AREA).astype(np.uint8)
    x, y = centre[0] - ink.shape[1] // 2, centre[1] - ink.shape[0] // 2
    lay(picture[y : y + ink.shape[0], x : x + ink.shape[1]], ink, colour)


def lay(area: Image, ink: Image, colour: Colour) -> None:
    """Colour `area` in place where there is ink (0..255)."""
    share = ink.astype(np.float32)[..., None] / 255
    area[:] = (area * (1 - share) + np.array(colour, dtype=np.float32) * share).astype(np.uint8)


@lru_cache(maxsize=1)
def faceplate() -> Image:
    """The meter without wheels and disc, 720x1280x3 BGR. The result is shared: do not write to it."""
    picture = board()
    for grow, dark in ((16, 78), (9, 62), (4, 46)):  # the shadow that the housing throws
        rounded(picture, (150 - grow, 18 - grow + 8, 980 + 2 * grow, 684 + 2 * grow), 40, (dark, dark, dark))
    rounded(picture, (150, 18, 980, 684), 36, HOUSING)
    rounded(picture, (156, 24, 968, 672), 32, (200, 210, 213), 2)
    rounded(picture, (196, 62, 888, 596), 20, (118, 128, 132))
    rounded(picture, (202, 68, 876, 584), 16, PLATE)
    for x in (232, 1048):
        for y in (98, 622):
            _screw(picture, (x, y))
    _print(picture)
    _window(picture)
    cv2.GaussianBlur(picture, (0, 0), 0.6, dst=picture)
    return picture


def board() -> Image:
    """The wall of the cupboard, painted chipboard: a tone with long soft streaks."""
    rng = np.random.default_rng(7)
    grain = cv2.GaussianBlur(rng.normal(0, 30, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 26, sigmaY=1.5)
    fine = rng.normal(0, 2.0, (HEIGHT, WIDTH)).astype(np.float32)
    tone = np.array(BOARD, dtype=np.float32)[None, None, :]
    board: Image = np.clip(tone + (grain * 2 + fine)[..., None], 0, 255).astype(np.uint8)
    return board


def _screw(picture: Image, centre: tuple[int, int]) -> None:
    x, y = centre
    cv2.circle(picture, (x + 1, y + 2), 15, (20, 20, 20), -1, cv2.LINE_AA)
    cv2.circle(picture, centre, 14, (132, 142, 146), -1, cv2.LINE_AA)
    cv2.circle(picture, (x - 1, y - 1), 11, (152, 162, 166), -1, cv2.LINE_AA)
    cv2.line(picture, (x - 8, y + 6), (x + 8, y - 6), (60, 64, 66), 4, cv2.LINE_AA)


def _print(picture: Image) -> None:
    middle = WIDTH // 2
    text(picture, "TALLYWATT", (middle, 112), 20, CREAM)
    text(picture, "Three-phase watt-hour meter", (middle, 146), 11)
    for index, value in enumerate(("100 000", "10 000", "1 000", "100", "10", "1", "1/10")):
        x, y, w, _ = wheel_box(index)
        text(picture, value, (x + w // 2, y - 28), 9)
    x, y, w, h = wheel_box(WHEELS - 1)
    text(picture, "kWh", (x + w + 74, y + h // 2), 24, CREAM)
    text(picture, "75 rev/kWh", (middle, 494), 12)
    text(picture, "3 x 230/400 V    10(60) A    50 Hz    Cl. 2", (middle, 540), 12)
    text(picture, "No. 4 130 926", (middle - 150, 602), 14, CREAM)
    _barcode(picture, (middle + 40, 584, 220, 36))
    cv2.arrowedLine(picture, (middle + 90, 418), (middle + 150, 418), PRINT, 2, cv2.LINE_AA, 0, 0.2)


def _barcode(picture: Image, box: Box) -> None:
    x, y, w, h = box
    rounded(picture, box, 3, (205, 214, 216))
    bars = np.random.default_rng(4_130_926).integers(1, 5, 40).cumsum()
    for left, right in zip(bars[::2], bars[1::2], strict=True):
        a, b = (int(x + 8 + edge * (w - 16) / bars[-1]) for edge in (left, right))
        cv2.rectangle(picture, (a, y + 5), (b, y + h - 6), (40, 40, 40), -1)


def _window(picture: Image) -> None:
    """The frame around the wheels, the bar between them, and the red frame of the tenths."""
    left, top, _, _ = wheel_box(0)
    right = wheel_box(WHEELS - 1)[0] + WHEEL_W
    rounded(picture, (left - 24, top - 18, right - left + 48, WHEEL_H + 36), 12, (26, 25, 24))
    rounded(picture, (left - 24, top - 18, right - left + 48, WHEEL_H + 36), 12, (92, 96, 98), 2)
    x, y, w, h = wheel_box(WHEELS - 1)
    rounded(picture, (x - 6, y - 9, w + 12, h + 18), 6, (38, 34, 150))
    dx, dy, dw, dh = DISC
    rounded(picture, (dx - 10, dy - 10, dw + 20, dh + 20), 10, (22, 22, 22))
    rounded(picture, (dx - 10, dy - 10, dw + 20, dh + 20), 10, (92, 96, 98), 2)
