"""Upright views of a row of figures, and the figures looked at again in them: even spacing, holes,
decimals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Box
from ocr.detect import Figure, Line, agreed, chained, figures
from ocr.digits import Digit
from ocr.picture import Picture, cut

TALL = 64
"""Pixels a figure is tall in a view: more than any of the networks looks at."""
_LOOKS = (0.4, 0.5, 0.62)
"""The finder looks at views so much smaller; what it sees at one size alone is chance."""
_VIEWS, _ROOM = 5, 1.6
"""How often a row is viewed anew at most, and the room at its ends, in figure heights, that is enough."""
_FAINT, _INNER, _OUTER = 0.05, 0.35, 0.5
"""Least chance of a figure, and against the surest ones of its row: between others and at the ends."""


@dataclass(frozen=True, slots=True)
class View:
    """A part of a picture turned upright; `matrix` (2 x 3) leads from the view to the picture."""

    picture: Picture
    matrix: NDArray[np.float64]
    angle: float

    @property
    def scale(self) -> float:
        """Pixels of the picture for one of the view."""
        return float(np.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    def back(self, box: Box, wide: int, high: int) -> Box:
        """The upright box in the picture, of `wide` x `high`, that stands for a box of the view."""
        x, y = self.matrix @ np.array([box.x + box.w / 2, box.y + box.h / 2, 1.0])
        w, h = max(4.0, box.w * self.scale), max(6.0, box.h * self.scale)
        left, top = max(0, round(x - w / 2)), max(0, round(y - h / 2))
        return Box(left, top, min(round(w), wide - left), min(round(h), high - top))

    def line(self, found: Sequence[Figure]) -> Line:
        """Figures of the view as a line of the picture."""
        out = []
        for f in found:
            x, y = self.matrix @ np.array([f.x, f.y, 1.0])
            turned = replace(f, x=float(x), y=float(y), angle=f.angle + self.angle)
            out.append(replace(turned, w=f.w * self.scale, h=f.h * self.scale))
        return Line(tuple(out))


def view(picture: Picture, line: Line, sides: float = 2.2, above: float = 0.9) -> View:
    """The row upright with TALL pixel figures and margins of `sides` and `above` figure heights."""
    first, last, tall, angle = line.figures[0], line.figures[-1], line.height, line.angle
    scale = tall / TALL
    span = float(np.hypot(last.x - first.x, last.y - first.y)) + (first.w + last.w) / 2
    wide, high = min(2400, round(span / scale + 2 * sides * TALL)), round((1 + 2 * above) * TALL)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[c, -s, 0.0], [s, c, 0.0]])
    middle = np.array([(first.x + last.x) / 2, (first.y + last.y) / 2])
    matrix[:, 2] = middle - matrix[:, :2] @ np.array([wide / 2, high / 2])
    return View(_warped(picture, matrix, scale, wide, high), matrix, angle)


def _warped(picture: Picture, matrix: NDArray[np.float64], scale: float, wide: int, high: int) -> Picture:
    """The view's pixels; where it shrinks the picture, the part under it is shrunk by areas first."""
    corners = np.array([[0, 0, 1], [wide, 0, 1], [0, high, 1], [wide, high, 1]], np.float64) @ matrix.T
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 2, 0)
    top = np.minimum(np.ceil(corners.max(0)).astype(int) + 3, picture.shape[1::-1])
    part = picture[low[1] : max(top[1], low[1] + 1), low[0] : max(top[0], low[0] + 1)]
    inner = matrix.copy()
    inner[:, 2] -= low
    if not part.size:
        return np.zeros((high, wide, 3), np.uint8)
    if scale > 1.5:
        size = [max(1, round(side / scale)) for side in part.shape[1::-1]]
        shrunk = np.array([size[0] / part.shape[1], size[1] / part.shape[0]])[:, None]
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        half = np.array([[0, 0, 0.5]])  # pixels are mapped by their middles
        inner = (inner + half) * shrunk - half
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(part, inner, (wide, high), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def refined(picture: Picture, line: Line) -> tuple[View, list[Figure]] | None:
    """The row seen upright and close, and its figures in that view; None when it is no row any more.

    Beside small decimals alone a view is too narrow for the large figures before them: it is widened until no
    figure is near its edge."""
    seen, found = view(picture, line), list[Figure]()
    for step in range(_VIEWS):
        known, found = len(found), _look(seen)
        if len(found) < 2:
            return None
        at_edge = min(found[0].x, seen.picture.shape[1] - found[-1].x) < _ROOM * TALL
        if step and not (at_edge and len(found) > known and step + 1 < _VIEWS):
            break
        seen = view(picture, seen.line(found))
    return seen, found


def _look(seen: View) -> list[Figure]:
    """The row through the middle of a view as the finder sees it there."""
    looks = []
    for size in _LOOKS:
        small = cv2.resize(seen.picture, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
        looks.append([f.scaled(1 / size) for f in figures(np.asarray(small, np.uint8), _FAINT)])
    found = agreed(looks)
    middle = seen.picture.shape[0] / 2
    found = [f for f in found if abs(f.y - middle) < 0.75 * TALL and 0.4 * TALL < f.h < 2.4 * TALL]
    rows = chained(found)
    if not rows:
        return []
    return _sure(max(rows, key=lambda row: sum(f.chance for f in row)))


def _usual(row: Sequence[Figure]) -> float:
    """The chance of the surest figures of a row."""
    return float(np.median(sorted((f.chance for f in row), reverse=True)[:4]))


def _sure(row: list[Figure]) -> list[Figure]:
    """Without what is far fainter than the surest figures, between them and at the ends."""
    usual = _usual(row)
    kept = [f for f in row if f.chance >= _INNER * usual]
    sure = [i for i, f in enumerate(kept) if f.chance >= _OUTER * usual]
    return kept[sure[0] : sure[-1] + 1]


def completed(row: list[Figure]) -> list[Figure]:
    """Wheels evenly spaced, of one size, on one line; a wheel missed between two others is filled in."""
    row = _evenly(row)
    if len(row) < 3:
        return row
    x = np.array([f.x for f in row])
    steps = np.diff(x)
    pitch = _pitch(steps)
    teeth = np.concatenate([[0], np.cumsum(np.maximum(1, np.round(steps / pitch)))])
    slope, start = np.polyfit(teeth, x, 1)
    if np.abs(x - start - slope * teeth).max() > 0.3 * pitch or teeth[-1] + 1 > 1.5 * len(row):
        return row
    foot = np.polyfit(x, [f.y for f in row], 1)
    w, h = float(np.median([f.w for f in row])), float(np.median([f.h for f in row]))
    out = []
    for tooth in range(int(teeth[-1]) + 1):
        at = start + slope * tooth
        near = row[int(np.argmin(np.abs(x - at)))]
        known = abs(near.x - at) < 0.4 * pitch
        spot = float(0.5 * (near.x + at) if known else at)
        chance = near.chance if known else 0.3
        out.append(replace(near, x=spot, y=float(np.polyval(foot, spot)), w=w, h=h, chance=chance))
    return out


def _evenly(row: list[Figure]) -> list[Figure]:
    """Without faint figures half way between surer, evenly spaced ones: the walls between windows."""
    usual = _usual(row)
    sure = [f for f in row if f.chance >= _WALL * usual]
    if len(sure) < 3:
        return row
    pitch = _pitch(np.diff([f.x for f in sure]))

    def between(f: Figure) -> bool:
        """Whether it stands apart from where the surer ones say wheels are."""
        away = (f.x - min(sure, key=lambda s: abs(s.x - f.x)).x) / pitch
        return abs(away - round(away)) > _APART

    return [f for f in row if f.chance >= _WALL * usual or not between(f)]


def ended(seen: View, row: Sequence[Figure], read: Callable[[list[Picture]], list[Digit]]) -> list[Figure]:
    """Wheels without what is none at the ends, and with those the finder missed beyond them: one in another
    colour, in a frame of its own."""
    out = list(row)
    if len(out) < 3:
        return out
    out = _stripped(seen, out, read)
    pitch = float(np.median(np.diff([f.x for f in out])))
    for end, way in ((0, -1), (-1, 1)):
        for _ in range(_MISSED):
            beyond = replace(out[end], x=out[end].x + way * pitch)
            if not beyond.w / 2 <= beyond.x <= seen.picture.shape[1] - beyond.w / 2:
                break
            if read(_crops(seen, [beyond]))[0].confidence < _BEYOND:
                break
            out.insert(0 if way < 0 else len(out), beyond)
    return out


def _stripped(seen: View, row: list[Figure], read: Callable[[list[Picture]], list[Digit]]) -> list[Figure]:
    """Without a first or last figure that neither the finder nor the reader of digits makes much of."""
    usual = float(np.median([f.chance for f in row]))
    sure = [d.confidence for d in read(_crops(seen, row))]
    none = [c < _NO_DIGIT and f.chance < _NO_WHEEL * usual for c, f in zip(sure, row, strict=True)]
    return row[none[0] : len(row) - none[-1]]


def _pitch(steps: NDArray[np.float64]) -> float:
    """The distance of neighbours, of which some may be missing."""
    options = np.sort(steps)
    errors = [
        np.abs(steps / p - np.maximum(1, np.round(steps / p))).mean() + 0.02 * np.round(steps / p).mean()
        for p in options
    ]
    return float(options[int(np.argmin(errors))])


def box(figure: Figure) -> Box:
    """A figure's box in its view."""
    return Box(
        round(figure.x - figure.w / 2), round(figure.y - figure.h / 2), round(figure.w), round(figure.h)
    )


_MISSED, _BEYOND = 2, 0.95
"""How many wheels may be missed at each end of a row, and how surely such a one must be read: on 80 drawn
photographs no place without a wheel was surer than 0.66."""
_NO_DIGIT, _NO_WHEEL = 0.25, 0.65
"""Confidence, and chance against the row's usual one, below which an end figure is none."""
_WALL, _APART = 0.6, 0.3
"""Chance against the row's usual one below which a figure is doubted, and how far, in pitches, it must stand
from the even places of the others to be none."""
_SIZES = ((0, 0, 0.9, 0.92), (0, 0, 1.12, 1.0), (0, 0, 1.0, 1.1))
_SHIFTS = ((0, -0.07, 1, 1), (0, 0.07, 1, 1), (-0.09, 0, 1, 1), (0.09, 0, 1, 1))
"""Moves of the figures' boxes that are tried: right, down in parts of their size, wider, taller."""


def tuned(
    seen: View, row: Sequence[Figure], read: Callable[[list[Picture]], list[Digit]]
) -> tuple[list[Figure], float]:
    """(figures, agreement): the boxes moved and grown together to where their crops are read most surely,
    and the least share, 0..1, of all these looks that read a figure as there.

    That the surest look is sure proves little, for it was chosen; that a nudge changes nothing proves more.
    """

    def worth(tried: Sequence[Figure]) -> tuple[float, list[Digit]]:
        digits = read(_crops(seen, tried))
        return float(np.mean([d.confidence for d in digits])), digits

    best = list(row)
    most, chosen = worth(best)
    looks = [chosen]
    for changes in (_SIZES, _SHIFTS):
        for dx, dy, w, h in changes:
            tried = [replace(f, x=f.x + dx * f.w, y=f.y + dy * f.h, w=f.w * w, h=f.h * h) for f in best]
            value, digits = worth(tried)
            looks.append(digits)
            if value > most + 1e-3:
                best, most, chosen = tried, value, digits
    return best, min(_share(d, [look[i] for look in looks]) for i, d in enumerate(chosen))


def _share(digit: Digit, looks: Sequence[Digit]) -> float:
    """How much of the looks' confidence stands within half a figure of `digit`."""
    near = [d.confidence * (abs((d.value - digit.value + 5) % 10 - 5) < 0.5) for d in looks]
    return float(sum(near) / max(sum(d.confidence for d in looks), 1e-6))


def _crops(seen: View, row: Sequence[Figure]) -> list[Picture]:
    return [cut(seen.picture, box(f)) for f in row]
