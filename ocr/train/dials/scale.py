"""Scales of dials and what is printed about them, drawn with OpenCV and the system's fonts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Canvas = NDArray[np.float32]
Colour = NDArray[np.float32]
Rng = np.random.Generator
_SHIFT = 4
_FACTORS = ("x0,1", "x0.1", "x0,01", "x0.01", "x0,001", "x0.0001", "x0,0001", "x1")
_PRINTS = (
    *_FACTORS,
    "x10",
    "m³",
    "1:10",
    "10",
    "100",
    "0,1",
    "0,01",
    "0,001",
    "l",
    "kWh",
    "Qn",
    "A-H",
    "1000",
)
_FONTS = ("dejavusans", "liberationsans", "nimbussans", "urwgothic", "lato", "roboto", "opensans", "b612")


@lru_cache(maxsize=1)
def fonts() -> list[str]:
    """Plain upright fonts of the system, by path; RuntimeError when it has none."""
    found = sorted(str(p) for p in Path("/usr/share/fonts").rglob("*.[to]tf"))
    names = {p: Path(p).name.lower().replace("-", "") for p in found}
    kept = [p for p in found if names[p].startswith(_FONTS) and not any(u in names[p] for u in _NOT)]
    if not kept:
        raise RuntimeError(
            "No fonts found: install fonts-dejavu, fonts-liberation, fonts-lato and fonts-roboto"
        )
    return kept


_NOT = ("oblique", "italic", "hairline", "thin", "extralight")


@dataclass
class Style:
    """How one meter's dials look; all its dials share it."""

    plate: Colour
    ink: Colour
    face: Colour | None
    face_radius: float
    rings: list[tuple[float, float]]
    ticks: tuple[float, float, float] | None
    minor: int
    numbers: float | None
    number_size: float
    shown: frozenset[int]
    along: bool
    font: str
    number_ink: Colour
    mark: bool


def ink(rng: Rng, low: float, high: float, spread: float = 10) -> Colour:
    """A colour of random brightness, nearly grey."""
    return np.clip(rng.uniform(low, high) + rng.normal(0, spread, 3), 0, 255).astype(np.float32)


def style(rng: Rng) -> Style:
    """A random style: mostly dark print on white or cream, also light print on black or brass."""
    plate = _plate(rng)
    print_ink = ink(rng, 0, 75) if plate.mean() > 95 else ink(rng, 170, 250)
    numbers = float(rng.uniform(0.6, 0.82) if rng.random() < 0.33 else rng.uniform(1.12, 1.42))
    tint = rng.normal(0, 30) + rng.normal(0, rng.choice([4, 30], p=[0.85, 0.15]), 3)
    red = np.array([rng.uniform(20, 80), rng.uniform(20, 80), rng.uniform(130, 230)], np.float32)
    return Style(
        plate=plate,
        ink=print_ink,
        face=None if rng.random() < 0.6 else np.clip(plate + tint, 0, 255).astype(np.float32),
        face_radius=float(rng.choice([rng.uniform(0.85, 1.1), rng.uniform(1.2, 1.6)])),
        rings=_rings(rng),
        ticks=_ticks(rng),
        minor=int(rng.choice([0, 2, 5, 10], p=[0.55, 0.27, 0.1, 0.08])),
        numbers=None if rng.random() < 0.14 else numbers,
        number_size=float(rng.uniform(0.2, 0.42)),
        shown=_shown(rng),
        along=bool(rng.random() < 0.06),
        font=str(rng.choice(fonts())),
        number_ink=print_ink if rng.random() < 0.88 else red,
        mark=bool(rng.random() < 0.08),
    )


def _plate(rng: Rng) -> Colour:
    kind = rng.choice(
        ["white", "cream", "grey", "black", "brass", "any"], p=[0.5, 0.13, 0.14, 0.15, 0.03, 0.05]
    )
    colours: dict[str, Colour] = {
        "white": ink(rng, 185, 250, 8),
        "cream": np.array([rng.uniform(130, 200), rng.uniform(185, 225), rng.uniform(200, 240)], np.float32),
        "grey": ink(rng, 90, 185, 12),
        "black": ink(rng, 8, 60, 8),
        "brass": np.array([rng.uniform(30, 90), rng.uniform(100, 160), rng.uniform(130, 200)], np.float32),
        "any": ink(rng, 60, 230, 40),
    }
    return colours[str(kind)]


def _rings(rng: Rng) -> list[tuple[float, float]]:
    count = int(rng.choice(3, p=[0.3, 0.55, 0.15]))
    return [
        (float(rng.choice([1.0, rng.uniform(0.7, 1.7)], p=[0.7, 0.3])), float(rng.uniform(0.015, 0.09)))
        for _ in range(count)
    ]


def _ticks(rng: Rng) -> tuple[float, float, float] | None:
    """(inner radius, outer radius, width) of the ten ticks."""
    if rng.random() < 0.1:
        return None
    long = rng.uniform(0.08, 0.28)
    inner = float(rng.choice([1.0, 1.0 - long, 1.0 - long / 2]))
    return inner, inner + float(long), float(rng.uniform(0.02, 0.085))


def _shown(rng: Rng) -> frozenset[int]:
    kind = rng.random()
    if kind < 0.86:
        return frozenset(range(10))
    return (
        frozenset({0, 5})
        if kind < 0.91
        else frozenset(range(0, 10, 2))
        if kind < 0.96
        else frozenset({0, 2, 5, 8})
    )


def fill(canvas: Canvas, points: NDArray[Any], colour: Colour, alpha: float = 1.0) -> None:
    """Paints a polygon (pixels) with soft edges onto the canvas in place."""
    fixed = np.round(points * 2**_SHIFT).astype(np.int32)
    if alpha >= 1:
        cv2.fillPoly(canvas, [fixed], colour.tolist(), cv2.LINE_AA, _SHIFT)
        return
    over = canvas.copy()
    cv2.fillPoly(over, [fixed], colour.tolist(), cv2.LINE_AA, _SHIFT)
    canvas += alpha * (over - canvas)


@lru_cache(maxsize=4096)
def _glyphs(text: str, font: str, size: int) -> NDArray[np.uint8]:
    face = ImageFont.truetype(font, size)
    box = face.getbbox(text)
    image = Image.new("L", (int(box[2] - box[0]) + 4, int(box[3] - box[1]) + 4))
    ImageDraw.Draw(image).text((2 - box[0], 2 - box[1]), text, fill=255, font=face)
    return np.asarray(image, np.uint8)


def write(
    canvas: Canvas,
    text: str,
    at: tuple[float, float],
    height: float,
    colour: Colour,
    font: str,
    turn: float = 0.0,
) -> None:
    """Text of a height in pixels centred at `at`, turned clockwise by degrees."""
    mask = _glyphs(text, font, 32)
    factor = height / 24
    c, s = np.cos(np.radians(turn)) * factor, np.sin(np.radians(turn)) * factor
    h, w = mask.shape
    if factor < 0.6:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.4 / factor), np.uint8)
    matrix = np.array([[c, -s, at[0] - c * w / 2 + s * h / 2], [s, c, at[1] - s * w / 2 - c * h / 2]])
    reach = 0.75 * factor * np.hypot(h, w)
    x0, y0 = max(0, int(at[0] - reach)), max(0, int(at[1] - reach))
    x1, y1 = min(canvas.shape[1], int(at[0] + reach) + 2), min(canvas.shape[0], int(at[1] + reach) + 2)
    if x1 <= x0 or y1 <= y0:
        return
    matrix[:, 2] -= (x0, y0)
    cover = (
        cv2.warpAffine(mask, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR).astype(np.float32)[..., None]
        / 255
    )
    canvas[y0:y1, x0:x1] += cover * (colour - canvas[y0:y1, x0:x1])


def spot(angle: float, radius: float) -> NDArray[np.float64]:
    """The point at `angle` (radians clockwise from the top) and radius, y down."""
    return np.array([np.sin(angle), -np.cos(angle)]) * radius


def draw(canvas: Canvas, s: Style, centre: NDArray[np.float64], radius: float, sense: int) -> None:
    """The scale at `centre`; `sense` 1 counts clockwise, -1 anticlockwise."""
    if s.face is not None:
        circle(canvas, centre, s.face_radius * radius, s.face, -1)
    for r, width in s.rings:
        circle(canvas, centre, r * radius, s.ink, max(1, round(width * radius)))
    if s.ticks is not None:
        inner, outer, width = s.ticks
        for i in range(10 * max(1, s.minor)):
            big = s.minor < 2 or i % s.minor == 0
            a = 2 * np.pi * i / (10 * max(1, s.minor))
            ends = (inner, outer) if big else (inner + 0.2 * (outer - inner), outer - 0.25 * (outer - inner))
            _stroke(canvas, centre, radius, a, ends, width if big else 0.6 * width, s.ink)
    if s.mark:
        tri = np.array([spot(0, 1.02), spot(0.1, 1.22), spot(-0.1, 1.22)]) * radius + centre
        fill(canvas, tri, s.ink)
    if s.numbers is not None:
        for d in sorted(s.shown):
            a = sense * 2 * np.pi * d / 10
            x, y = centre + spot(a, s.numbers * radius)
            write(
                canvas,
                str(d),
                (float(x), float(y)),
                s.number_size * radius,
                s.number_ink,
                s.font,
                np.degrees(a) if s.along else 0.0,
            )


def _stroke(
    canvas: Canvas,
    centre: NDArray[np.float64],
    radius: float,
    a: float,
    ends: tuple[float, float],
    width: float,
    colour: Colour,
) -> None:
    out, side = spot(a, 1.0) * radius, spot(a + np.pi / 2, 1.0) * radius * width / 2
    fill(
        canvas,
        np.array([ends[0] * out - side, ends[0] * out + side, ends[1] * out + side, ends[1] * out - side])
        + centre,
        colour,
    )


def circle(canvas: Canvas, centre: NDArray[np.float64], radius: float, colour: Colour, width: int) -> None:
    """A circle with soft edges; width -1 fills."""
    at = tuple(int(v) for v in np.round(centre * 2**_SHIFT))
    cv2.circle(canvas, at, round(radius * 2**_SHIFT), colour.tolist(), width, cv2.LINE_AA, _SHIFT)


def prints(canvas: Canvas, rng: Rng, s: Style, centre: NDArray[np.float64], radius: float) -> None:
    """The multiplier and other print about a dial."""
    size = radius * rng.uniform(0.2, 0.4)
    if rng.random() < 0.55:
        at = (
            centre
            + rng.normal(0, 0.08, 2) * radius
            + [0, radius * rng.choice([0.45, 0.55, 1.5, 1.75, -1.6], p=[0.2, 0.1, 0.35, 0.25, 0.1])]
        )
        write(canvas, str(rng.choice(_FACTORS)), (float(at[0]), float(at[1])), size, s.ink, s.font)
    for _ in range(int(rng.choice(4, p=[0.55, 0.25, 0.13, 0.07]))):
        a, far = rng.uniform(0, 2 * np.pi), radius * rng.uniform(1.45, 2.1)
        x, y = centre + spot(a, far)
        write(
            canvas,
            str(rng.choice(_PRINTS)),
            (float(x), float(y)),
            size * rng.uniform(0.6, 1.6),
            s.ink,
            s.font,
            float(rng.choice([0, 0, 90, -90])),
        )
