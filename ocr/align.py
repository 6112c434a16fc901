"""Registers a picture to the reference picture of a calibration: a shifted or turned camera reads on.

Features are matched outside the digits (which change) and a similarity (shift, turn, scale) is fitted. What
the warped picture then shares with the reference decides whether it is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Calibration
from ocr.picture import Picture

SHIFT, TURN, SCALE = 0.15, 10.0, 0.10
"""Largest correction believed: part of the width, degrees, part of the size."""
_WORK = 640
_ENOUGH = 0.55
_SAME = 0.8


class NotAligned(ValueError):  # noqa: N818 - a verdict on the picture
    """The picture does not fit the reference; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Registration:
    """`picture` as the reference camera would have seen it, `fit` 0..1, and what was corrected."""

    picture: Picture
    fit: float
    shift: tuple[float, float]
    turn: float
    scale: float


class Aligner:
    """Registers pictures to one reference; keeps what it knows of the reference."""

    def __init__(self, reference: Picture, calibration: Calibration) -> None:
        """The reference must have the calibration's size, else ValueError."""
        high, wide = reference.shape[:2]
        if (wide, high) != (calibration.width, calibration.height):
            raise ValueError(
                f"The reference is {wide}x{high}, its boxes are for "
                f"{calibration.width}x{calibration.height}: save the set-up again"
            )
        self._size = (wide, high)
        self._factor = _WORK / max(wide, high)
        self._grey = _grey(reference, self._factor)
        self._mask = np.full(self._grey.shape, 255, np.uint8)
        for b in calibration.digits:
            y, x = int(b.y * self._factor), int(b.x * self._factor)
            self._mask[y : int((b.y + b.h) * self._factor) + 1, x : int((b.x + b.w) * self._factor) + 1] = 0
        self._orb = cv2.ORB_create(nfeatures=600, fastThreshold=7)  # type: ignore[attr-defined]
        self._points, self._words = self._orb.detectAndCompute(self._grey, self._mask)

    def register(self, picture: Picture) -> Registration:
        """The picture moved onto the reference; NotAligned when it does not fit."""
        high, wide = picture.shape[:2]
        if abs(wide / high / (self._size[0] / self._size[1]) - 1) > 0.02:
            raise NotAligned(
                f"The picture is {wide}x{high}, the set-up was made with {self._size[0]}x"
                f"{self._size[1]}: set the camera back or set the meter up again."
            )
        if (wide, high) != self._size:
            picture = np.asarray(cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        grey = _grey(picture, self._factor)
        still = self._likeness(grey)
        if still >= _SAME:
            return Registration(picture, still, (0.0, 0.0), 0.0, 1.0)
        matrix = self._similarity(grey)
        fit = -1.0
        if matrix is not None:
            matrix = self._refined(grey, matrix)
            fit = self._likeness(
                _warp(grey, matrix), _warp(np.full_like(grey, 255), matrix, cv2.BORDER_CONSTANT) > 250
            )
        if matrix is None or max(fit, still) < _ENOUGH:
            raise NotAligned(
                "The picture does not fit the one the meter was set up with: "
                "was the camera moved or covered? Put it back or set the meter up again."
            )
        if still >= fit:
            return Registration(picture, still, (0.0, 0.0), 0.0, 1.0)
        return self._apply(picture, matrix, fit)

    def _apply(self, picture: Picture, matrix: NDArray[np.float64], fit: float) -> Registration:
        scale, turn = hypot(matrix[0, 0], matrix[1, 0]), degrees(atan2(matrix[1, 0], matrix[0, 0]))
        centre = np.array([self._grey.shape[1] / 2, self._grey.shape[0] / 2, 1.0])
        shift = (matrix @ centre - centre[:2]) / self._factor
        if np.abs(shift).max() > SHIFT * self._size[0] or abs(turn) > TURN or abs(scale - 1) > SCALE:
            raise NotAligned(
                "The camera was moved too far from where the meter was set up: "
                "put it back or set the meter up again."
            )
        full = matrix.copy()
        full[:, 2] /= self._factor
        out = cv2.warpAffine(picture, full, self._size, borderMode=cv2.BORDER_REPLICATE)
        return Registration(np.asarray(out, np.uint8), fit, (float(shift[0]), float(shift[1])), turn, scale)

    def _similarity(self, grey: Picture) -> NDArray[np.float64] | None:
        """2x3 matrix from the picture to the reference at working size, or None."""
        points, words = self._orb.detectAndCompute(grey, None)
        if words is None or self._words is None or len(words) < 8 or len(self._words) < 8:
            return None
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(words, self._words)
        pairs = sorted(pairs, key=lambda m: m.distance)[:200]
        if len(pairs) < 8:
            return None
        here = np.array([points[m.queryIdx].pt for m in pairs], np.float32)
        there = np.array([self._points[m.trainIdx].pt for m in pairs], np.float32)
        matrix, inliers = cv2.estimateAffinePartial2D(
            here, there, method=cv2.RANSAC, ransacReprojThreshold=2.5
        )
        if matrix is None or int(inliers.sum()) < 8:
            return None
        return np.asarray(matrix, np.float64)

    def _refined(self, grey: Picture, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """The matrix moved on to the best correlation of the pictures themselves, or as it was."""
        back = cv2.invertAffineTransform(matrix).astype(np.float32)
        until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 15, 1e-4)
        try:
            _, back = cv2.findTransformECC(  # type: ignore[call-overload]
                self._grey, grey, back, cv2.MOTION_AFFINE, until, None, 5
            )
        except cv2.error:  # it found no way up: what the features said stands
            return matrix
        return np.asarray(cv2.invertAffineTransform(back), np.float64)

    def _likeness(self, grey: Picture, seen: NDArray[np.bool_] | None = None) -> float:
        """Correlation of the edges outside the digits, -1..1: brightness and lamps hardly count.

        Only where `seen` by the camera; a picture that shows less than half of the reference is unlike it.
        """
        where = self._mask > 0 if seen is None else (self._mask > 0) & seen
        if where.mean() < 0.4:
            return -1.0
        a, b = _edges(grey)[where], _edges(self._grey)[where]
        a, b = a - a.mean(), b - b.mean()
        return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-6))


def _grey(picture: Picture, factor: float) -> Picture:
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _warp(grey: Picture, matrix: NDArray[np.float64], border: int = cv2.BORDER_REPLICATE) -> Picture:
    out = cv2.warpAffine(grey, matrix, (grey.shape[1], grey.shape[0]), borderMode=border)
    return np.asarray(out, np.uint8)


def _edges(grey: Picture) -> NDArray[np.float32]:
    """Strength of the edges, noise smoothed away and strong edges held down."""
    soft = cv2.GaussianBlur(grey, (0, 0), 2.0).astype(np.float32)
    return np.asarray(
        np.sqrt(cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))),
        np.float32,
    )
