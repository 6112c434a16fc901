"""Mechanical counters: wheels in one window or in a window each, from real crops or drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocr.train.locate.crops import Crops
from ocr.train.locate.draw import Plane, Rng, Strip, blend, box, colour, font_of, ink, paste, pick_font, plain


def _positions(rng: Rng, count: int) -> tuple[list[float], str]:
    """Where wheels stand, the last anywhere, the others as it pushes them, and what they read."""
    out = [rng.uniform(0, 9.999)]
    if rng.random() >= 0.7:
        out[0] %= 9  # not past 9, where it would push the wheel beside it
    push, text = max(0.0, out[0] - 9), str(int(out[0]))
    for _ in range(count - 1):
        digit = 0 if rng.random() < 0.15 else int(rng.integers(10))
        out.append((digit + push + rng.normal(0, 0.05)) % 10)
        push = push if digit == 9 else 0.0
        text = str(digit) + text
    return out[::-1], text


def _inks(rng: Rng) -> tuple[Plane, Plane]:
    """(ink, ground) of the black wheels of a counter."""
    if rng.random() < 0.68:
        return colour(rng, 150, 250), colour(rng, 8, 75, 9)
    return colour(rng, 5, 80, 9), colour(rng, 150, 250)


def _red(rng: Rng, tones: tuple[Plane, Plane]) -> tuple[Plane, Plane]:
    """(ink, ground) of the decimal wheels beside wheels of `tones`."""
    red = np.array([rng.uniform(10, 75), rng.uniform(10, 70), rng.uniform(110, 235)], np.float32)
    return (
        (tones[0] if rng.random() < 0.5 else colour(rng, 180, 250), red)
        if rng.random() < 0.6
        else (
            red,
            colour(rng, 170, 250) if rng.random() < 0.6 else tones[1],
        )
    )


def _wheel(
    value: float, wide: int, high: int, path: str, glyph: float, pitch: float, tones: tuple[Plane, Plane]
) -> Plane:
    """The window of one wheel at `value`."""
    image = Image.new("L", (wide * 2, high * 2))
    draw = ImageDraw.Draw(image)
    font = font_of(path, max(6, round(glyph * 2 * 1.38)))
    for digit in range(int(value) - 1, int(value) + 3):
        y = high + (digit - value) * pitch * 2
        draw.text((wide, y + glyph), str(digit % 10), fill=255, font=font, anchor="ms")
    mask = cv2.resize(np.asarray(image, np.float32) / 255, (wide, high), interpolation=cv2.INTER_AREA)
    return np.asarray(tones[1] + (tones[0] - tones[1]) * mask[..., None], np.float32)


def _drawn(rng: Rng, values: list[float], decimals: int, high: int) -> list[Plane]:
    wide = round(high * rng.uniform(0.48, 0.85))
    path, glyph = pick_font(rng), high * rng.uniform(0.5, 0.86)
    pitch = max(glyph * rng.uniform(1.1, 1.6), high * 0.75)
    tones = _inks(rng)
    last = _red(rng, tones)
    bow = np.cos(np.linspace(-1, 1, high) * rng.uniform(0, 1.25))[:, None, None].astype(np.float32)
    wheels = []
    for i, value in enumerate(values):
        wheel = _wheel(value, wide, high, path, glyph, pitch, last if i >= len(values) - decimals else tones)
        wheels.append(wheel * (0.35 + 0.65 * bow))
    return wheels


def _real(
    rng: Rng, crops: Crops, values: list[float], decimals: int, high: int
) -> tuple[list[Plane], int, bool]:
    found, labels, tail = crops.counter(rng, "digit_roller", values, decimals)
    wide = round(high * float(np.median([c.shape[1] / c.shape[0] for c in found])) * rng.uniform(0.92, 1.1))
    flip = rng.random() < 0.12  # other inks; red is kept red by turning brightness alone
    out = []
    for crop in found:
        wheel = cv2.resize(crop, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32)
        out.append(255 - wheel[..., ::-1] if flip and not tail else wheel)
    true = all(abs((a - b + 5) % 10 - 5) < 0.25 for a, b in zip(labels, values, strict=True))
    return out, tail, true


def counter(rng: Rng, crops: Crops | None, high: int) -> Strip:
    """A counter with wheels `high` pixels tall; from `crops` or drawn."""
    count = int(rng.choice([4, 5, 6, 7, 8], p=[0.06, 0.28, 0.36, 0.2, 0.1]))
    decimals = int(rng.choice([0, 1, 2, 3], p=[0.42, 0.42, 0.08, 0.08]))
    decimals = min(decimals, count - 3)
    values, text = _positions(rng, count)
    if crops is not None:
        wheels, tail, true = _real(rng, crops, values, decimals, high)
        text = text if true else ""
    else:
        tail = decimals if rng.random() < 0.75 else 0
        wheels = _drawn(rng, values, tail, high)
    strip = _assemble(rng, wheels, high)
    strip.decimals, strip.text = tail, text
    _marks(rng, strip, decimals)
    return strip


def _assemble(rng: Rng, wheels: list[Plane], high: int) -> Strip:
    """Wheels side by side, in one window or in a window each, with a bezel round them."""
    wide = wheels[0].shape[1]
    apart = rng.random() < 0.45
    gap = round(wide * (rng.uniform(0.1, 1.0) if apart else rng.uniform(0, 0.22)))
    pad_x, pad_y = round(high * rng.uniform(0.02, 0.7)), round(high * rng.uniform(0.0, 0.55))
    ground = (
        colour(rng, 10, 240) if apart else colour(rng, 5, 90) if rng.random() < 0.7 else colour(rng, 0, 240)
    )
    pitch = wide + gap
    plane = plain(high + 2 * pad_y, pitch * len(wheels) - gap + 2 * pad_x, ground)
    edge, frame = int(rng.integers(0, max(2, high // 10))), colour(rng, 0, 250)
    cells = []
    for i, wheel in enumerate(wheels):
        x = pad_x + i * pitch
        if edge and apart:
            box(plane, x - edge, pad_y - edge, wide + 2 * edge - 1, high + 2 * edge - 1, frame)
        jitter = round(float(rng.normal(0, 0.01)) * high)
        paste(plane, np.roll(wheel, jitter, 0), x, pad_y)
        if rng.random() < 0.5 and apart:
            plane[pad_y : pad_y + max(1, high // 14), x : x + wide] *= 0.5
        cells.append((float(x), float(pad_y), float(wide), float(high)))
    if not apart and rng.random() < 0.5:
        _teeth(rng, plane, cells, gap)
    return Strip(plane, cells, False)


def _teeth(rng: Rng, plane: Plane, cells: list[tuple[float, float, float, float]], gap: int) -> None:
    """Cog-like ticks between the wheels of some counters."""
    tone, step = colour(rng, 0, 250), max(3, round(cells[0][3] / rng.uniform(6, 14)))
    wide = max(2, round(gap * 0.6))
    for x, y, w, h in cells[:-1]:
        for top in range(round(y + rng.uniform(0, step)), round(y + h - step / 2), step):
            box(plane, x + w + (gap - wide) / 2, top, wide - 1, step // 2, tone)


def _marks(rng: Rng, strip: Strip, decimals: int) -> None:
    """Shows decimals that colour does not show: a comma or a frame round them; sometimes both."""
    unshown = decimals > strip.decimals
    if not decimals or not (unshown or rng.random() < 0.35):
        return
    x, y, w, h = strip.cells[len(strip.cells) - decimals]
    last = strip.cells[-1]
    tone = np.array([40, 30, 200], np.float32) if rng.random() < 0.6 else colour(rng, 180, 255)
    gap = x - strip.cells[-decimals - 1][0] - w
    if rng.random() < 0.5 and gap > 0.08 * w:
        blot: NDArray[np.float32] = ink(",", pick_font(rng), h * rng.uniform(0.5, 0.9))
        centre = x - gap / 2 - blot.shape[1] / 2
        blend(
            strip.picture, blot, tone if rng.random() < 0.5 else colour(rng, 150, 255), centre, y + 0.86 * h
        )
    else:
        edge = max(1, round(h * rng.uniform(0.04, 0.13)))
        away = edge // 2 + 1
        box(strip.picture, x - away, y - away, last[0] + last[2] - x + 2 * away, h + 2 * away, tone, edge)
    strip.decimals = decimals
