"""How many photographs of counters are read whole, on meters not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import ocr
from ocr.train.locate.crops import Crops
from ocr.train.locate.draw import Rng, Strip, colour
from ocr.train.locate.scene import photo, strip
from ocr.train.score import Share

_SIZES = ((1280, 960), (1280, 720), (720, 960), (640, 480), (1600, 1200))
KINDS = {
    "real wheel": "wheels of val meters",
    "wheel": "drawn wheels",
    "display": "drawn displays",
    "close real wheel": "wheels of val meters that fill the picture",
}
_SURE = 0.85
_WIDTHS = (240, 400, 640, 1280, 3000)
"""Pixels across of pictures cut to the counter."""


def photos(data: Path, kind: str, count: int, seed: int) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Photographs with counters of the `val` meters (or drawn ones) and what these read."""
    crops = Crops(data, "val")
    for i in range(count):
        rng = np.random.default_rng([seed, i, len(kind)])
        if kind.startswith("close "):
            picture, made = _close(rng, crops, kind.removeprefix("close "))
        else:
            shown, made = photo(rng, crops, kind, _SIZES[int(rng.integers(len(_SIZES)))])
            picture = shown.picture
        point = len(made.text) - made.decimals
        yield picture, made.text[:point] + ("." + made.text[point:] if made.decimals else "")


def _close(rng: Rng, crops: Crops, kind: str) -> tuple[NDArray[np.uint8], Strip]:
    """A picture of hardly more than the counter, as people cut them, somewhat turned; and the counter."""
    made = strip(rng, crops, kind, 72)
    while not made.text:
        made = strip(rng, crops, kind, 72)
    edges = [round(72 * float(rng.uniform(0, 0.6))) for _ in range(4)]
    tone = colour(rng, 20, 235).tolist()
    plane = cv2.copyMakeBorder(
        np.asarray(made.picture, np.float32),
        edges[0],
        edges[1],
        edges[2],
        edges[3],
        cv2.BORDER_CONSTANT,
        value=tone,
    )
    high, wide = plane.shape[:2]
    across = int(rng.choice(_WIDTHS))
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), float(rng.normal(0, 2)), 1.0)
    plane = cv2.warpAffine(plane, turn, (wide, high), borderMode=cv2.BORDER_REPLICATE)
    size = (across, round(high * across / wide))
    way = cv2.INTER_AREA if across < wide else cv2.INTER_CUBIC
    plane = cv2.resize(plane, size, interpolation=way) * rng.uniform(0.6, 1.2)
    plane = cv2.GaussianBlur(plane, (0, 0), 0.3 + rng.uniform(0, 0.02) * 72 * across / wide)
    plane = np.clip(plane + rng.normal(0, 3, plane.shape), 0, 255).astype(np.uint8)
    _, code = cv2.imencode(".jpg", plane, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 95))])
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8), made


def same(read: str | None, shown: str, turning: bool) -> bool:
    """Whether a counter is read right; the last wheel may be between two digits when `turning`."""
    if read is None or read == shown or not turning:
        return read == shown
    digits = read.replace(".", ""), shown.replace(".", "")
    alike = len(digits[0]) == len(digits[1]) and read.find(".") == shown.find(".")
    return alike and abs(int(digits[0]) - int(digits[1])) <= 1


def scores(data: Path, count: int, seed: int) -> list[tuple[str, dict[str, Share]]]:
    """For each kind of counter: whole readings right, and wrong ones believed."""
    cv2.setNumThreads(1)
    out = []
    for kind, name in KINDS.items():
        right = figures = sure = wrong = 0
        for picture, shown in photos(data, kind, count, seed):
            found = ocr.read(picture)
            good = same(found.text, shown, kind.endswith("wheel"))
            right += good
            bare = found.text and found.text.replace(".", "")
            figures += same(bare, shown.replace(".", ""), kind.endswith("wheel"))
            sure += good and found.confidence >= _SURE
            wrong += found.text is not None and not good and found.confidence >= _SURE
        shares = {
            "whole reading right": Share(right, count),
            "all digits right, wherever the point": Share(figures, count),
            f"right and surer than {_SURE}": Share(sure, count),
            f"wrong and surer than {_SURE}": Share(wrong, count),
        }
        out.append((name, shares))
    return out
