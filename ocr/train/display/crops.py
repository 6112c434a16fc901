"""Strips put together from photographed digits of LCDs: rendered ones never look quite like these.

Cells of one meter are laid side by side, cut apart where the least ink is, and points are drawn between them
in the ink's colour; then they go through the same glass, lens and camera as what is rendered.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from ocr.train.display.framing import crop, moved_marks
from ocr.train.display.glyphs import Mask, Rng
from ocr.train.display.optics import Colours, Strip, developed, through
from ocr.train.display.scene import HIGH, Mark, Scene

_CELL = 72
_LINES = (0.24, 0.77)
"""Where digits begin and end in a crop, in parts of its height: as the crops show them, all about alike."""
_FAINT = 28.0
"""Least difference of ink and ground in grey levels: some crops show a blank place."""
_EDGE = round(0.6 * HIGH)


@dataclass
class Cell:
    """One digit's crop _CELL pixels high, BGR, and what it shows."""

    picture: Mask
    digit: str


def cells(data: Path, split: str) -> dict[str, list[Cell]]:
    """The LCD digits of a split by their source, neighbours' segments cut off."""
    out: dict[str, list[Cell]] = {}
    with (data / "manifest.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["kind"] != "digit_lcd" or row["split"] != split:
                continue
            picture = cv2.imread(str(data / row["file"]))
            if picture is None:
                raise FileNotFoundError(f"{row['file']}, which manifest.csv names, is not in {data}")
            cell = _cut(np.asarray(picture, np.uint8))
            if cell is not None:
                out.setdefault(row["source"], []).append(Cell(cell, str(round(float(row["label"])))))
    return out


def _cut(picture: Mask) -> Mask | None:
    """A crop without its neighbours, cut where a column has least ink; None when it is blank."""
    wide = round(picture.shape[1] * _CELL / picture.shape[0])
    picture = np.asarray(cv2.resize(picture, (wide, _CELL), interpolation=cv2.INTER_AREA), np.uint8)
    rows = picture[round(_LINES[0] * _CELL) : round(_LINES[1] * _CELL)].max(2).astype(np.float32)
    if np.percentile(rows, 90) - np.percentile(rows[:, wide // 4 : -wide // 4], 4) < _FAINT:
        return None
    ink = cv2.GaussianBlur(rows.max() - rows, (3, 1), 0).max(0)
    side = round(0.3 * wide)
    left = side - 1 - int(ink[:side][::-1].argmin())
    right = wide - side + int(ink[wide - side :].argmin())
    return np.ascontiguousarray(picture[:, left : right + 1])


def strip(rng: Rng, meters: dict[str, list[Cell]]) -> Strip:
    """A display by chance, of the cells of one meter."""
    painted, marks = _painted(rng, list(meters.values())[int(rng.integers(len(meters)))])
    boxes = np.array([m.box for m in marks])
    area = (boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max())
    matrix, size = crop(rng, Scene(np.zeros(painted.shape[:2], np.uint8), marks, area=area))
    light = through(rng, painted, matrix, size)
    return developed(rng, light, [moved_marks(marks, matrix, size), [], []])


def _painted(rng: Rng, some: list[Cell]) -> tuple[Colours, list[Mark]]:
    """Cells side by side in one light, and the marks of the digits and the point."""
    chosen = [some[int(i)] for i in rng.integers(0, len(some), int(rng.integers(3, 9)))]
    light = float(np.median(chosen[0].picture))
    pictures = [c.picture * np.float32(light / max(np.median(c.picture), 8.0)) for c in chosen]
    for one, other in pairwise(pictures):  # no step where two cells meet
        middle = (one[:, -1] + other[:, 0]) / 2
        for k, share in enumerate((1.0, 0.66, 0.33)):
            one[:, -1 - k] += (middle - one[:, -1 - k]) * share
            other[:, k] += (middle - other[:, k]) * share
    row = np.hstack(pictures)
    ends = _EDGE + np.cumsum([0] + [p.shape[1] for p in pictures])
    picture = cv2.copyMakeBorder(row, _EDGE, _EDGE, _EDGE, _EDGE, cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(picture, (0, 0), 6)
    inside = np.zeros((*picture.shape[:2], 1), np.float32)
    inside[_EDGE:-_EDGE, _EDGE:-_EDGE] = 1
    picture = np.asarray(soft + (picture - soft) * inside, np.float32)
    top, bottom = (_EDGE + v * _CELL for v in _LINES)
    marks = [
        Mark(c.digit, (a + 0.15 * (b - a), top, b - 0.15 * (b - a), bottom))
        for c, (a, b) in zip(chosen, pairwise(ends), strict=True)
    ]
    decimals = int(rng.integers(0, min(4, len(chosen))))
    if decimals:
        marks.append(_point(rng, picture, float(ends[-1 - decimals]), bottom))
    return picture, sorted(marks, key=lambda m: m.box[0] + m.box[2])


def _point(rng: Rng, picture: Colours, x: float, base: float) -> Mark:
    """Draws a point or comma, in place, as dark as the ink; its mark."""
    ink = np.percentile(picture[_EDGE:-_EDGE, _EDGE:-_EDGE].reshape(-1, 3), 4, axis=0)
    high = base - _EDGE - _LINES[0] * _CELL
    size = float(rng.uniform(0.09, 0.16)) * high
    mask = np.zeros(picture.shape[:2], np.uint8)
    x += float(rng.uniform(-0.06, 0.06)) * high
    y = base - size / 2 + float(rng.uniform(-0.03, 0.08)) * high
    at, r = (round(x * 16), round(y * 16)), max(8, round(size * 8))
    if rng.random() < 0.5:
        cv2.circle(mask, at, r, 255, -1, cv2.LINE_AA, 4)
    else:
        cv2.rectangle(mask, (at[0] - r, at[1] - r), (at[0] + r, at[1] + r), 255, -1, cv2.LINE_AA, 4)
    if rng.random() < 0.35:
        tail = np.array(
            [[at[0] - r, at[1]], [at[0] + r, at[1]], [at[0] - 1.3 * r, at[1] + 3.2 * r]], np.int32
        )
        cv2.fillPoly(mask, [tail], 255, cv2.LINE_AA, 4)
    picture += (ink.astype(np.float32) - picture) * (mask.astype(np.float32) / 255)[..., None]
    return Mark(".", (x - size / 2, y - size / 2, x + size / 2, y + size / 2))
