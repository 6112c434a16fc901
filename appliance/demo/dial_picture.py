"""The virtual house's water meter: five wheels for cubic metres and four dials for their fractions."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.demo.faceplate import HEIGHT, WIDTH, Box, Colour, Image, board, text
from appliance.demo.meter_picture import wheel, wheel_positions
from appliance.demo.photograph import View, photograph

WHEELS, DIALS = 5, 4
DECIMALS = DIALS
WHEEL_W, WHEEL_H, GAP = 60, 92, 8
FIRST: tuple[int, int] = (474, 196)
"""Upper left corner of the first wheel on the 1280x720 plate."""
RADIUS = 58
CENTRES = ((820, 420), (720, 530), (560, 530), (460, 420))
"""The dials: x0.1, x0.01, x0.001, x0.0001."""
FACE: Colour = (226, 230, 232)
INK: Colour = (44, 40, 38)
RED: Colour = (40, 34, 190)


def wheel_box(index: int) -> Box:
    """x, y, w, h of the window of wheel `index` (0 is the leftmost) on the 1280x720 plate."""
    return FIRST[0] + index * (WHEEL_W + GAP), FIRST[1], WHEEL_W, WHEEL_H


def dial_box(index: int) -> Box:
    """x, y, w, h of dial `index` (0 is the one of tenths) on the 1280x720 plate."""
    x, y = CENTRES[index]
    return x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS


def dial_positions(m3: float) -> tuple[float, ...]:
    """Where the pointers stand, 0 <= position < 10, the tenths first; gears turn all of them evenly."""
    return tuple(m3 * 10**place % 10 for place in range(1, DIALS + 1))


def render(m3: float, *, width: int = WIDTH, height: int = HEIGHT, seed: int = 0, **how: Any) -> Image:
    """What a camera sees when the register stands at `m3`, BGR; `how` are the fields of a `View`."""
    picture = _plate().copy()
    # The first dial pushes the last wheel on, as a hidden wheel of tenths would.
    for index, position in enumerate(wheel_positions(m3, WHEELS + 1, 1)[:-1]):
        x, y, w, h = wheel_box(index)
        picture[y : y + h, x : x + w] = cv2.resize(
            wheel(position, False), (w, h), interpolation=cv2.INTER_AREA
        )
    for centre, position in zip(CENTRES, dial_positions(m3), strict=True):
        _pointer(picture, centre, position)
    return photograph(picture, View(**how), (width, height), seed)


def _round_point(centre: tuple[int, int], position: float, away: float) -> NDArray[np.float64]:
    """A point `away` pixels from the centre where the scale says `position`; 0 is on top, clockwise."""
    angle = 2 * np.pi * position / 10
    return np.array(centre) + away * np.array([np.sin(angle), -np.cos(angle)])


def _pointer(picture: Image, centre: tuple[int, int], position: float) -> None:
    """A needle with a tail and a hub; its shadow lies beside it."""
    tip, tail = _round_point(centre, position, RADIUS - 14), _round_point(centre, position + 5, 18)
    aside = (_round_point(centre, position + 2.5, 7) - np.array(centre)).astype(np.float64)
    shape = np.array([tip, np.array(centre) + aside, tail, np.array(centre) - aside])
    cv2.fillPoly(picture, [((shape + 3) * 16).astype(np.int32)], (178, 182, 184), cv2.LINE_AA, 4)
    cv2.fillPoly(picture, [(shape * 16).astype(np.int32)], RED, cv2.LINE_AA, 4)
    cv2.circle(picture, centre, 7, (30, 26, 150), -1, cv2.LINE_AA)


@lru_cache(maxsize=1)
def _plate() -> Image:
    """All that does not change."""
    picture = board()
    cv2.circle(picture, (646, 372), 338, (66, 66, 66), -1, cv2.LINE_AA)
    cv2.circle(picture, (640, 362), 334, (88, 128, 168), -1, cv2.LINE_AA)
    cv2.circle(picture, (640, 362), 296, (60, 92, 124), 6, cv2.LINE_AA)
    cv2.circle(picture, (640, 362), 290, FACE, -1, cv2.LINE_AA)
    text(picture, "TALLYWATT W", (640, 116), 16, INK)
    text(picture, "m3", (856, 242), 18, INK)
    text(picture, "Q3 4   R160   T30", (640, 322), 10, INK)
    text(picture, "No. 19 557 203", (640, 352), 11, INK)
    x, y, _, h = wheel_box(0)
    wide = WHEELS * WHEEL_W + (WHEELS - 1) * GAP
    cv2.rectangle(picture, (x - 10, y - 10), (x + wide + 10, y + h + 10), (36, 36, 36), -1)
    for centre, factor in zip(CENTRES, ("x0.1", "x0.01", "x0.001", "x0.0001"), strict=True):
        _scale(picture, centre, factor)
    cv2.GaussianBlur(picture, (0, 0), 0.6, dst=picture)
    return picture


def _scale(picture: Image, centre: tuple[int, int], factor: str) -> None:
    cv2.circle(picture, centre, RADIUS - 2, INK, 1, cv2.LINE_AA)
    for tenth in range(100):
        long = 9 if tenth % 10 == 0 else 5 if tenth % 5 == 0 else 3
        ends = [_round_point(centre, tenth / 10, away) * 16 for away in (RADIUS - 2, RADIUS - 2 - long)]
        a, b = ((int(x), int(y)) for x, y in ends)
        cv2.line(picture, a, b, INK, 1, cv2.LINE_AA, 4)
    for figure in range(10):
        x, y = _round_point(centre, figure, RADIUS + 11)
        text(picture, str(figure), (int(x), int(y)), 10, INK)
    text(picture, factor, (centre[0], centre[1] + RADIUS + 28), 9, INK)
