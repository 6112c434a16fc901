"""Rendered crops of what is no digit: seams, letters, edges, walls, empty cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from ocr.train.digits.displays import font_mask, lcd, pick, segment_mask, shown
from ocr.train.digits.render import HEIGHT, WIDTH, Crop, Ink, Rng, colour, inks, text_fonts
from ocr.train.digits.wheels import seam


def _frame(rng: Rng, crop: Ink) -> None:
    """Paints, in place, edges of a window and ticks as at the edge of a wheel."""
    around = colour(rng, 0, 230)
    for side in range(4):
        if rng.random() > 0.4:
            continue
        across = WIDTH if side < 2 else HEIGHT
        depth = int(rng.uniform(0.02, 0.12) * across)
        band: Any = [np.s_[:, :depth], np.s_[:, WIDTH - depth :], np.s_[:depth], np.s_[HEIGHT - depth :]][
            side
        ]
        crop[band] = around * rng.uniform(0.7, 1.1)
    if rng.random() < 0.12:
        step, width = int(rng.uniform(5, 10)), int(rng.uniform(2, 5))
        tint = colour(rng, 0, 255)
        for y in range(int(rng.uniform(0, step)), HEIGHT, step):
            crop[y : y + step // 2, WIDTH - width :] = tint


def _between(rng: Rng) -> Crop:
    """The seam between two wheels or display digits."""
    if rng.random() < 0.5:
        return lcd(rng, int(rng.integers(10)), rng.uniform(0.38, 0.62) * rng.choice([-1, 1]))
    return seam(rng)


_LETTERS = "ACDEFHJKLMNPQRTUVWXYacdefhkmnprtuvwxykWh%/()[]-=+*#&?!"


def _letters(rng: Rng) -> Crop:
    """A piece of print: letters, rows of small characters, figures far too small or too large."""
    ink, ground = inks(rng)
    mode = rng.choice(["letter", "small", "large"], p=[0.5, 0.3, 0.2])
    fonts = text_fonts()
    if mode == "letter":
        text, cell, glyph = "".join(rng.choice(list(_LETTERS), 3)), 34.0, HEIGHT * rng.uniform(0.4, 0.85)
    elif mode == "small":
        text, cell, glyph = (
            "".join(rng.choice(list(_LETTERS + "0123456789" * 4), 8)),
            rng.uniform(9, 20),
            rng.uniform(10, 24),
        )
    else:
        text, cell, glyph = "".join(rng.choice(list("0123456789"), 3)), 90.0, HEIGHT * rng.uniform(1.6, 3)
    mask = font_mask(rng, text, cell, glyph, fonts)
    mask = np.roll(mask, int(rng.uniform(-0.25, 0.25) * HEIGHT), 0)
    crop = ground + (ink - ground) * mask[..., None]
    return pick(crop, rng.uniform(0, mask.shape[1] - WIDTH if mask.shape[1] > WIDTH else 0), WIDTH)


def _texture(rng: Rng) -> Crop:
    """A wall, an edge, an empty window, a shadow."""
    base = rng.normal(0, 1, (int(rng.integers(2, 12)), int(rng.integers(2, 8)), 3)).astype(np.float32)
    crop = colour(rng, 20, 230) + cv2.resize(
        base, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    ) * rng.uniform(0, 60)
    if rng.random() < 0.6:
        _frame(rng, crop)
    for _ in range(int(rng.integers(0, 4))):
        a, b = rng.integers(0, HEIGHT, 2), rng.integers(0, HEIGHT, 2)
        cv2.line(
            crop,
            (int(a[0]), int(a[1])),
            (int(b[0]), int(b[1])),
            colour(rng, 0, 255).tolist(),
            int(rng.integers(1, 6)),
        )
    return np.asarray(np.clip(crop, 0, 255), np.uint8)


def _edges(rng: Rng) -> Crop:
    """Edges of frames, corners of windows, bar codes: they must not pass for a one."""
    ground = colour(rng, 5, 235)
    crop = np.tile(ground, (HEIGHT, WIDTH, 1)).astype(np.float32)
    if rng.random() < 0.5:
        crop[:, int(rng.uniform(0, WIDTH)) :] = colour(rng, 5, 235)
    for _ in range(int(rng.choice([1, 1, 1, 2, 2, 6]))):
        x, width = rng.uniform(0, WIDTH), rng.uniform(1, 12)
        crop[:, int(x) : int(x + width)] = np.clip(
            ground + rng.choice([-1, 1]) * rng.uniform(15, 160), 0, 255
        )
    if rng.random() < 0.5:
        y, width = rng.uniform(0, HEIGHT), rng.uniform(1, 10)
        crop[int(y) : int(y + width), int(rng.choice([0, rng.uniform(0, WIDTH)])) :] = colour(rng, 5, 235)
        if rng.random() < 0.5:
            crop[int(y) :] = colour(rng, 5, 235)
    return np.asarray(np.clip(crop, 0, 255), np.uint8)


def _halved(rng: Rng) -> Crop:
    """A display digit cut in half by a box too high or too low."""
    crop = lcd(rng, int(rng.integers(10)))
    shift = int(HEIGHT * rng.uniform(0.35, 0.6))
    edge = np.repeat(crop[:1], shift, 0)
    return np.vstack([edge, crop[:-shift]]) if rng.random() < 0.5 else np.vstack([crop[shift:], edge])


def _blank_cell(rng: Rng) -> Crop:
    """A display cell with nothing lit, perhaps between lit neighbours."""
    text = rng.choice([" ", str(rng.integers(10))]) + " " + rng.choice([" ", str(rng.integers(10))])
    cell = rng.uniform(34, 52)
    mask = segment_mask(rng, text, cell, HEIGHT * rng.uniform(0.62, 0.9))
    return pick(shown(rng, mask), cell, cell)


def nothing(rng: Rng) -> Crop:
    """A crop that shows no digit in its middle."""
    makers: list[Callable[[Rng], Crop]] = [_between, _letters, _texture, _blank_cell, _edges, _halved]
    return makers[int(rng.choice(len(makers), p=[0.34, 0.26, 0.1, 0.08, 0.16, 0.06]))](rng)
