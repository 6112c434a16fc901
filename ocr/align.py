"""Registers a picture to the reference picture of a calibration: a shifted or turned camera reads on.

What surrounds the figures (they change and are left out) is looked for where it lay last, and when it is not
there, everywhere within the limits. How much of it is found says whether the picture is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees
from typing import TypeAlias

import cv2
import numpy as np

from ocr.calibration import Box, Calibration
from ocr.patterns import Floats, Grey, Matrix, Points, Search, pattern, resized
from ocr.picture import Picture

SHIFT, TURN, SCALE = 0.15, 10.0, 0.10
"""How far the meter may lie from its place: part of the width, degrees, part of the size."""
_BARELY = 1.12
"""A movement at the limits may be measured beyond them by as much: 0.9 the other way round is 1.11."""
_FINE = 320
"""Pixels of the longer side at which pictures are compared at last; first at a half and a quarter of it."""
_POINTS = (2400, 1000, 500)
_STEPS = 12
_FOUND = 0.5
"""Least fit of a picture that is believed."""
_SURE = 0.82
"""With this fit nothing better is looked for."""
_NEAR = 0.2
"""With less fit at half size the last place is not even looked at."""
_CANDIDATES = 3
_FEWEST = 60
"""Points the surroundings must have to go by them alone."""
_UNMOVED = 0.01
"""Movements of the figures by less than this part of their height, or half a pixel, are left alone."""


Patterns: TypeAlias = tuple[Floats, Floats, Floats]
"""Of one picture, at the fine size, a half and a quarter of it."""


class NotAligned(ValueError):  # noqa: N818 - a verdict on the picture
    """The picture does not fit the reference; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Registration:
    """`picture` as the reference camera would have seen it, `fit` 0..1, and what was corrected.

    `shift` (pixels, of the middle), `turn` (degrees, clockwise positive) and `scale` are the correction; no
    correction leaves the picture as it is.
    """

    picture: Picture
    fit: float
    shift: tuple[float, float]
    turn: float
    scale: float


class Aligner:
    """Registers pictures to one reference. Begins each search where it last found it: for one thread."""

    def __init__(self, reference: Picture, calibration: Calibration) -> None:
        """The reference must have the calibration's size, else ValueError."""
        high, wide = reference.shape[:2]
        if (wide, high) != (calibration.width, calibration.height):
            raise ValueError(
                f"The reference is {wide}x{high}, its boxes are for "
                f"{calibration.width}x{calibration.height}: save the set-up again"
            )
        self._size = (wide, high)
        factor = min(1.0, _FINE / max(wide, high))
        self._fine = (max(4, round(wide * factor / 4)) * 4, max(4, round(high * factor / 4)) * 4)
        boxes = _boxes(calibration)
        corners = [(x, y, 1) for b in boxes for x in (b.x, b.x + b.w) for y in (b.y, b.y + b.h)]
        self._corners = np.array(corners).T
        smallest = min(b.h for b in calibration.digits or boxes)
        self._play = max(0.5, _UNMOVED * smallest)
        self._part = _around(boxes, smallest, self._size)
        patterns = self._patterns(reference)
        masks = [_mask(boxes, self._size, (p.shape[1], p.shape[0])) for p in patterns]
        if len(Points(patterns[0], masks[0], _POINTS[0])) < _FEWEST:
            masks = [np.full_like(m, 255) for m in masks]  # nothing around the figures: their windows must do
        self._search = Search(patterns[2], masks[2], _BARELY * SHIFT)
        self._points, self._half, self._quarter = (
            Points(*of, count) for of, count in zip(zip(patterns, masks, strict=True), _POINTS, strict=True)
        )
        self._last = np.eye(2, 3)

    def register(self, picture: Picture) -> Registration:
        """The picture moved onto the reference; NotAligned when it does not fit."""
        picture = self._sized(picture)
        seen = self._patterns(picture)
        matrix, fit = self._find(seen)
        if fit < _FOUND or (fit < _SURE and self._turned(seen, fit)):
            raise NotAligned(
                "The picture does not fit the one the meter was set up with: "
                "was the camera moved or covered? Put it back or set the meter up again."
            )
        full = resized(matrix, self._size[0] / self._fine[0], self._size[1] / self._fine[1])
        if _beyond(*_movement(full, self._size), self._size[0]):
            raise NotAligned(
                "The camera was moved too far from where the meter was set up: "
                "put it back or set the meter up again."
            )
        self._last = matrix
        if np.abs(full @ self._corners - self._corners[:2]).max() < self._play:
            return Registration(picture, fit, (0.0, 0.0), 0.0, 1.0)
        back = np.asarray(cv2.invertAffineTransform(full), np.float64)
        return Registration(self._moved(picture, full), fit, *_movement(back, self._size))

    def _moved(self, picture: Picture, full: Matrix) -> Picture:
        """The picture as the reference camera saw it: finely where the figures are, roughly elsewhere."""
        flags, border = cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
        out = cv2.warpAffine(picture, full, self._size, flags=flags | cv2.INTER_NEAREST, borderMode=border)
        x, y, w, h = self._part
        part = np.hstack([full[:, :2], full @ [[x], [y], [1.0]]])
        out[y : y + h, x : x + w] = cv2.warpAffine(
            picture, part, (w, h), flags=flags | cv2.INTER_LINEAR, borderMode=border
        )
        return np.asarray(out, np.uint8)

    def _turned(self, seen: Patterns, fit: float) -> bool:
        """Whether the picture fits better upside down or mirrored: a plain plate can look much the same."""
        for down, right in ((-1, -1), (1, -1), (-1, 1)):
            fine, half, quarter = (np.ascontiguousarray(layer[::down, ::right]) for layer in seen)
            if self._searched((fine, half, quarter), 1)[1] > fit:
                return True
        return False

    def _sized(self, picture: Picture) -> Picture:
        high, wide = picture.shape[:2]
        if abs(wide / high / (self._size[0] / self._size[1]) - 1) > 0.02:
            raise NotAligned(
                f"The picture is {wide}x{high}, the set-up was made with {self._size[0]}x"
                f"{self._size[1]}: set the camera back or set the meter up again."
            )
        if (wide, high) == self._size:
            return picture
        return np.asarray(cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA), np.uint8)

    def _patterns(self, picture: Picture) -> Patterns:
        """Patterns at the fine size, a half and a quarter of it."""
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        wide, high = self._fine
        sizes = ((wide, high), (wide // 2, high // 2), (wide // 4, high // 4))
        levels = []
        for size in sizes:
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
            levels.append(pattern(grey))
        return levels[0], levels[1], levels[2]

    def _find(self, seen: Patterns) -> tuple[Matrix, float]:
        """(matrix at the fine size, fit): near the last place if that will do, else the best of all."""
        best, half = (self._last, -1.0), resized(self._last, 0.5, 0.5)
        if self._half.fit(seen[1], half) > _NEAR:
            best = self._finish(seen, self._half.follow(seen[1], half, _STEPS))
        if best[1] >= _SURE:
            return best
        return max(best, self._searched(seen, _CANDIDATES), key=lambda found: found[1])

    def _searched(self, seen: Patterns, candidates: int) -> tuple[Matrix, float]:
        """As `_find`, from nothing."""
        starts = [self._quarter.follow(seen[2], m, _STEPS) for m in self._search.best(seen[2], candidates)]
        nearer = [self._half.follow(seen[1], resized(m, 2, 2), _STEPS) for m in starts]
        return self._finish(seen, max(nearer, key=lambda matrix: self._half.fit(seen[1], matrix)))

    def _finish(self, seen: Patterns, half: Matrix) -> tuple[Matrix, float]:
        """From a matrix at half size to (matrix, fit) at the fine size."""
        matrix = self._points.follow(seen[0], resized(half, 2, 2), _STEPS)
        return matrix, self._points.fit(seen[0], matrix)


def _movement(matrix: Matrix, size: tuple[int, int]) -> tuple[tuple[float, float], float, float]:
    """(shift of the middle in pixels, turn in degrees, scale) of a matrix between pictures of `size`."""
    middle = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2, 1.0])
    right, down = (matrix @ middle - middle[:2]).tolist()
    turn = degrees(atan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1]))
    return (right, down), turn, float(np.sqrt(max(1e-6, np.linalg.det(matrix[:, :2]))))


def _beyond(shift: tuple[float, float], turn: float, scale: float, width: int) -> bool:
    """Whether the meter lies further from its place than is believed."""
    parts = max(map(abs, shift)) / (SHIFT * width), abs(turn) / TURN, abs(scale - 1) / SCALE
    return max(parts) > _BARELY


def _boxes(calibration: Calibration) -> Sequence[Box]:
    window = [calibration.display] if calibration.display else []
    return [*calibration.digits, *(dial.box for dial in calibration.dials), *window]


def _mask(boxes: Sequence[Box], size: tuple[int, int], small: tuple[int, int]) -> Grey:
    """255 where the picture stays as it is, 0 where figures change; of size `small`."""
    fx, fy = small[0] / size[0], small[1] / size[1]
    mask = np.full((small[1], small[0]), 255, np.uint8)
    for b in boxes:
        mask[int(b.y * fy) : int((b.y + b.h) * fy) + 1, int(b.x * fx) : int((b.x + b.w) * fx) + 1] = 0
    return mask


def _around(boxes: Sequence[Box], margin: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, w, h of what holds all boxes and a margin, inside the picture."""
    left, top = max(0, min(b.x for b in boxes) - margin), max(0, min(b.y for b in boxes) - margin)
    right = min(size[0], max(b.x + b.w for b in boxes) + margin)
    return left, top, right - left, min(size[1], max(b.y + b.h for b in boxes) + margin) - top
