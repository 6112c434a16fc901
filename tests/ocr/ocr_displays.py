"""Strips of displays drawn for the tests, by other code than the training's."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
_BARS = {
    "a": ((0.1, 0), (0.9, 0)), "b": ((1, 0.05), (1, 0.45)), "c": ((1, 0.55), (1, 0.95)),
    "d": ((0.1, 1), (0.9, 1)), "e": ((0, 0.55), (0, 0.95)), "f": ((0, 0.05), (0, 0.45)),
    "g": ((0.1, 0.5), (0.9, 0.5)),
}  # fmt: skip
_LIT = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc",
    "7": "abc", "8": "abcdefg", "9": "abfgcd", "-": "g", " ": "", "F": "aefg", "C": "adef",
}  # fmt: skip
LCD: tuple[Colour, Colour] = ((120, 170, 150), (40, 55, 50))
LED: tuple[Colour, Colour] = ((12, 8, 14), (40, 30, 240))


def write(picture: Picture, text: str, x: float, base: float, high: float, ink: Colour) -> float:
    """Draws seven-segment text with its feet on `base`; returns where the next character would start."""
    wide, thick = 0.52 * high, max(1, round(0.11 * high))
    for char in text:
        if char in ".":
            cv2.circle(
                picture,
                (round(x - 0.14 * high), round(base)),
                max(1, round(0.08 * high)),
                ink,
                -1,
                cv2.LINE_AA,
            )
            continue
        for name in _LIT[char]:
            (ax, ay), (bx, by) = _BARS[name]
            slant = 0.08 * high
            a = (round(x + ax * wide + (1 - ay) * slant), round(base - (1 - ay) * high))
            b = (round(x + bx * wide + (1 - by) * slant), round(base - (1 - by) * high))
            cv2.line(picture, a, b, ink, thick, cv2.LINE_AA)
        x += 0.86 * high
    return x


def strip(
    text: str, colours: tuple[Colour, Colour] = LCD, code: str = "", unit: str = "", high: int = 64
) -> Picture:
    """A display of `text`, with a small code left and a unit right; slightly blurred."""
    ground, ink = colours
    picture = np.full((round(1.6 * high), round((len(text) + len(code) + 4) * high), 3), ground, np.uint8)
    x = 0.5 * high
    if code:
        x = write(picture, code, x, 1.25 * high, 0.5 * high, ink) + 0.5 * high
    x = write(picture, text, x, 1.3 * high, high, ink)
    if unit:
        at = (round(x + 0.1 * high), round(1.3 * high))
        cv2.putText(
            picture, unit, at, cv2.FONT_HERSHEY_SIMPLEX, high / 55, ink, max(1, high // 24), cv2.LINE_AA
        )
        x += 1.6 * high
    picture = picture[:, : round(x + 0.3 * high)]
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), np.uint8)
