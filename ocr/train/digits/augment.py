"""What boxes, counters and cameras do to a digit.

Boxes: shift, scale, shear, perspective, frames. Counters: other colours, thinner and bolder strokes. Cameras:
light, glare, blur, noise.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.digits import HEIGHT, WIDTH

Image = NDArray[Any]
Rng = np.random.Generator


def _warp(rng: Rng, crop: NDArray[Any]) -> Image:
    """Maps the crop to WIDTH x HEIGHT through a small random projective change about its centre."""
    high, wide = crop.shape[:2]
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    loose = rng.random() < 0.25  # boxes drawn by hand, against those placed with care
    across, down = ((0.72, 1.4), (0.78, 1.3)) if loose else ((0.85, 1.18), (0.87, 1.15))
    grow = np.array([rng.uniform(*across), rng.uniform(*down)], np.float32)
    angle = rng.normal(0, 0.045)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    shear = np.array([[1, rng.normal(0, 0.07)], [rng.normal(0, 0.03), 1]], np.float32)
    source = corners * grow @ turn @ shear + rng.normal(0, 0.035, (4, 2)).astype(np.float32)
    source += np.array(
        [np.clip(rng.normal(0, 0.1), -0.25, 0.25), np.clip(rng.normal(0, 0.025), -0.07, 0.07)], np.float32
    )
    source = (source + 1) / 2 * np.array([wide, high], np.float32)
    target = (corners + 1) / 2 * np.array([WIDTH, HEIGHT], np.float32)
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    if high > 1.6 * HEIGHT:
        crop = cv2.blur(crop, (2, 2))
    out = cv2.warpPerspective(
        crop, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return out.astype(np.float32)


def _strokes(rng: Rng, image: Image) -> Image:
    """Thinner or bolder figures: the darker or the lighter colour spreads by up to a pixel."""
    if rng.random() < 0.25:
        kernel = np.ones((2, 2) if rng.random() < 0.7 else (3, 2), np.uint8)
        spread = (cv2.dilate if rng.random() < 0.5 else cv2.erode)(image, kernel)
        image = image + rng.uniform(0.4, 1) * (spread - image)
    return np.asarray(image, np.float32)


def _frame(rng: Rng, image: Image) -> Image:
    """What a box takes in beside the wheel: bars at its edges, dark, bright or of the figure's own colour."""
    for side in range(4):
        if rng.random() > 0.06:
            continue
        tint = np.percentile(image, rng.choice([2, 98]), axis=(0, 1)) if rng.random() < 0.5 else None
        depth = int(rng.uniform(0.03, 0.15) * (HEIGHT if side < 2 else WIDTH))
        bands = (np.s_[:depth], np.s_[HEIGHT - depth :], np.s_[:, :depth], np.s_[:, WIDTH - depth :])
        image[bands[side]] = rng.uniform(0, 255, 3) if tint is None else tint
    return image


def _repainted(rng: Rng, image: Image) -> Image:
    """The crop with its two main colours replaced: the figures of one counter in the paint of another."""
    flat = image.reshape(-1, 3)
    away = flat - flat.mean(0)
    axis = np.linalg.eigh(away.T @ away)[1][:, 2]
    along = away @ axis
    low, high = np.percentile(along, (3, 97))
    level = np.clip((along - low) / max(high - low, 8.0), -0.2, 1.2)[:, None]
    one, two = rng.uniform(0, 255, (2, 3))
    if rng.random() < 0.4:  # red on white, white on red: decimals
        one, two = (
            np.array([rng.uniform(10, 90), rng.uniform(10, 80), rng.uniform(110, 220)]),
            rng.uniform(150, 250, 3),
        )
    elif abs(one.mean() - two.mean()) < 60:
        one, two = rng.uniform(0, 70, 3), rng.uniform(140, 255, 3)
    return np.asarray((one + (two - one) * level).reshape(image.shape), np.float32)


def _colours(rng: Rng, image: Image) -> Image:
    if rng.random() < 0.2:
        image = _repainted(rng, image)
    if rng.random() < 0.33:
        image = 255 - image
    if rng.random() < 0.3:
        image = np.repeat(image.mean(2, keepdims=True), 3, 2)
    elif rng.random() < 0.2:
        image = image[..., rng.permutation(3)]
    image = 255 * (np.clip(image, 0, 255) / 255) ** rng.uniform(0.6, 1.7)
    gain = rng.uniform(0.5, 1.2) * rng.uniform(0.8, 1.2, 3)
    if rng.random() < 0.06:  # faded paint, fog on the glass
        gain = gain * rng.uniform(0.15, 0.5)
    return np.asarray(image * gain + rng.uniform(-15, 40), np.float32)


_Y, _X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


def _glint(rng: Rng, image: Image) -> Image:
    """Hard reflections across the glass: a bar or two, as bright as the figure or its ground."""
    for _ in range(int(rng.integers(1, 3))):
        tint = np.percentile(image, rng.choice([1, 99]), axis=(0, 1)) * rng.uniform(0.8, 1.1)
        y, tilt = rng.uniform(0.1, 0.9) * HEIGHT, rng.normal(0, 0.06) * WIDTH
        first, last = sorted(rng.uniform(-0.4, 1.4, 2) * WIDTH)
        ends = (int(first), int(y)), (int(last), int(y + tilt))
        layer = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.line(layer, *ends, (255,), int(rng.integers(1, 4)), cv2.LINE_AA)
        share = rng.uniform(0.4, 1) * layer[..., None].astype(np.float32) / 255
        image = image + share * (tint - image)
    return np.asarray(image, np.float32)


def _veil(rng: Rng, image: Image) -> Image:
    """What the glass mirrors lies over a part of the digit, which keeps little of its contrast there."""
    angle, softness = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 8)
    along = (_X - WIDTH / 2) * np.cos(angle) + (_Y - HEIGHT / 2) * np.sin(angle)
    share = rng.uniform(0.3, 0.85) / (1 + np.exp(-(along - rng.uniform(-16, 16)) / softness))
    return np.asarray(image + share[..., None] * (rng.uniform(60, 255) - image), np.float32)


def _light(rng: Rng, image: Image) -> Image:
    if rng.random() < 0.12:
        image = _glint(rng, image)
    if rng.random() < 0.5:
        slope = rng.normal(0, 0.25, 2)
        image = (
            image
            * np.clip(1 + slope[0] * (_X / WIDTH - 0.5) + slope[1] * (_Y / HEIGHT - 0.5), 0.3, 2)[..., None]
        )
    if rng.random() < 0.06:
        image = _veil(rng, image)
    if rng.random() < 0.2:
        x, y, size = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(2, 12)
        spot = np.exp(-((_X - x) ** 2 + (_Y - y) ** 2) / (2 * size * size))
        image = image + rng.uniform(40, 180) * spot[..., None]
    for _ in range(int(rng.choice(4, p=[0.78, 0.12, 0.06, 0.04]))):
        at, size = rng.uniform(0, HEIGHT), rng.uniform(0.4, 3.5)
        streak = np.exp(-((_Y - at + rng.normal(0, 0.06) * _X) ** 2) / (2 * size * size))
        image = image + rng.uniform(20, 130) * rng.choice([1, 1, -1]) * streak[..., None]
    return np.ascontiguousarray(np.clip(image, 0, 255), np.float32)


def _lens(rng: Rng, image: Image) -> Image:
    if rng.random() < 0.25:
        small = rng.uniform(0.4, 0.9)
        image = cv2.resize(image, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.5))
    if rng.random() < 0.12:
        image = cv2.blur(image, (int(rng.integers(1, 5)), int(rng.integers(1, 6))))
    if rng.random() < 0.1:
        for _ in range(int(rng.integers(1, 5))):
            at = (int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)))
            cv2.circle(image, at, int(rng.integers(1, 3)), (float(rng.uniform(0, 255)),) * 3, -1)
    if rng.random() < 0.6:
        image = image + rng.normal(0, rng.uniform(1, 14), image.shape).astype(np.float32)
    image = np.ascontiguousarray(np.clip(image, 0, 255), np.float32)
    return _squeezed(rng, image) if rng.random() < 0.08 else image


def _squeezed(rng: Rng, image: Image) -> Image:
    """What a JPEG of low quality leaves of it."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 70))]
    data = cv2.imencode(".jpg", image.astype(np.uint8), quality)[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float32)


def augment(rng: Rng, crop: NDArray[Any]) -> NDArray[Any]:
    """A changed copy of a BGR crop at the network's size, HEIGHT x WIDTH x 3."""
    image = _frame(rng, _strokes(rng, _warp(rng, crop)))
    return _lens(rng, _light(rng, _colours(rng, image))).astype(np.uint8)


def windowed(rng: Rng, crops: NDArray[np.uint8], chance: NDArray[np.float64]) -> None:
    """In place: some crops (N x HEIGHT x WIDTH x 3) are seen through a window lower than the box.

    Bars above and below cover what the wheel shows there; often they are as bright as its figures. `chance`
    is each crop's: 0 for display digits, as a seven whose uppermost segment is covered is a one.
    """
    for i in np.flatnonzero(rng.random(len(crops)) < chance):
        crop = crops[i]
        tint = np.percentile(crop, rng.choice([1, 99]), axis=(0, 1))
        if rng.random() < 0.4:
            tint = rng.uniform(0, 255, 3)
        top, bottom = rng.integers(2, HEIGHT // 5, 2)
        for bar in (crop[:top], crop[HEIGHT - bottom :]):
            shade = tint * rng.uniform(0.8, 1.1) + rng.normal(0, 5, bar.shape)
            bar[:] = np.clip(shade, 0, 255)
