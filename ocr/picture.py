"""A picture before it is read: turned, cut and judged. Pure."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.calibration import Box

Picture = NDArray[np.uint8]
LARGEST = 50_000_000
"""Pixels; more than any camera of this kind gives, less than what would exhaust a Pi's memory."""


def colour(picture: object) -> Picture:
    """A picture of any depth and number of channels as BGR uint8, H x W x 3; 0 x 0 when it holds nothing.

    Grey, one channel and an alpha channel are understood. Other depths keep their range of 0 to 255, or are
    scaled to it from that of their own values: light does not matter to those who read. ValueError for what
    is no picture.
    """
    if not isinstance(picture, np.ndarray):
        raise ValueError(f"A picture is an array of height x width x 3, not {type(picture).__name__}")
    if picture.size == 0:
        return np.zeros((0, 0, 3), np.uint8)
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or picture.dtype.kind not in "buif":
        raise ValueError(
            f"A picture is an array of numbers, height x width x 3 or height x width, "
            f"not {picture.shape} of {picture.dtype}"
        )
    if picture.dtype != np.uint8:
        picture = _bytes(picture)
    if picture.shape[2] == 1:
        return np.repeat(picture, 3, 2)
    return picture[..., :3]


def _bytes(picture: NDArray[Any]) -> Picture:
    values = np.nan_to_num(picture.astype(np.float32), posinf=0.0, neginf=0.0)
    top = float(values.max())
    if top > 255 or (picture.dtype.kind in "bf" and 0 < top <= 1):
        values *= 255 / top
    return np.clip(values, 0, 255).astype(np.uint8)


def prepare(
    picture: Picture,
    rotate: float = 0.0,
    *,
    flip_horizontal: bool = False,
    flip_vertical: bool = False,
    crop: Box | None = None,
) -> Picture:
    """The picture turned by `rotate` degrees clockwise, then flipped, then cut to `crop`.

    Quarter turns are exact and swap width and height; other angles keep the size and repeat the edge.
    ValueError when the crop does not touch the picture.
    """
    quarters = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    if rotate % 360 in quarters:
        picture = np.asarray(cv2.rotate(picture, quarters[int(rotate % 360)]), np.uint8)
    elif rotate % 360:
        high, wide = picture.shape[:2]
        matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), -rotate, 1.0)
        picture = np.asarray(
            cv2.warpAffine(picture, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    if flip_horizontal:
        picture = picture[:, ::-1]
    if flip_vertical:
        picture = picture[::-1]
    if crop is not None:
        picture = cut(picture, crop)
        if not picture.size:
            raise ValueError(f"The crop {crop} lies outside the picture: set it again")
    return np.ascontiguousarray(picture)


def cut(picture: Picture, box: Box) -> Picture:
    """The part of the picture under a box, as far as it lies inside; a view, perhaps empty."""
    return picture[max(0, box.y) : max(0, box.y + box.h), max(0, box.x) : max(0, box.x + box.w)]


def through(crop: Picture, aside: float = 0.0, size: float = 1.0) -> Picture:
    """The crop through a box `size` times as large, moved `aside` in parts of its width; edge repeated."""
    high, wide = crop.shape[:2]
    rows, columns = (
        np.clip(np.arange(round(n * edge), max(round(n * (edge + size)), round(n * edge) + 1)), 0, n - 1)
        for n, edge in ((high, (1 - size) / 2), (wide, (1 - size) / 2 + aside))
    )
    return np.asarray(crop[rows[:, None], columns], np.uint8)


def fault(picture: object) -> str | None:
    """Why this cannot be read at all, in a sentence that says what to do; None when `colour` makes a picture
    of it that may be."""
    if not isinstance(picture, np.ndarray) or picture.size == 0:
        return "There is no picture: check the camera and its cable."
    try:
        picture = colour(picture)
    except ValueError:
        what = f"shape {picture.shape}, {picture.dtype}"
        return f"The picture is not 8-bit colour ({what}): check the camera's format."
    high, wide = picture.shape[:2]
    if high < 24 or wide < 48:
        return f"The picture is only {wide}x{high} pixels: choose a larger size for the camera."
    if high * wide > LARGEST:
        return f"The picture is {wide}x{high} pixels, more than can be handled: choose a smaller size."
    grey = np.asarray(cv2.cvtColor(_small(picture), cv2.COLOR_BGR2GRAY), np.uint8)
    dark, middle, bright = _levels(grey, (0.01, 0.50, 0.99))
    if bright < 24:
        return "The picture is black: turn the lamp on, uncover the lens, or give more exposure."
    if dark > 235:
        return "The picture is all white: lower the exposure or the lamp."
    if bright - dark < 12 or cv2.GaussianBlur(grey, (0, 0), 1.5).std() < 3:
        return f"The picture is an even surface (brightness {middle:.0f}): is the lens covered or fogged?"
    return None


def _levels(grey: Picture, shares: tuple[float, ...]) -> list[int]:
    """The grey levels below which those shares of the picture are; counted, not sorted."""
    below = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    return [int(np.searchsorted(below, share * grey.size)) for share in shares]


def sharpness(picture: Picture) -> float:
    """Edge strength against contrast, about 0.02 (badly blurred) to 0.3 (sharp); 0 of an even picture."""
    grey = cv2.cvtColor(_small(picture), cv2.COLOR_BGR2GRAY).astype(np.float32)
    spread = float(grey.std())
    return float(cv2.Laplacian(grey, cv2.CV_32F).std()) / spread if spread > 1 else 0.0


def _small(picture: Picture) -> Picture:
    step = max(1, max(picture.shape[:2]) // 640)
    high, wide = picture.shape[:2]
    return np.asarray(cv2.resize(picture, (wide // step, high // step), interpolation=cv2.INTER_NEAREST))
