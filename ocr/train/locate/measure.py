"""How many photographs of counters are read whole, on meters not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import ocr
from ocr.train.locate.crops import Crops
from ocr.train.locate.scene import photo
from ocr.train.score import Share

_SIZES = ((1280, 960), (1280, 720), (720, 960), (640, 480), (1600, 1200))
KINDS = {"real wheel": "wheels of val meters", "wheel": "drawn wheels", "display": "drawn displays"}
_SURE = 0.85


def photos(data: Path, kind: str, count: int, seed: int) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Photographs with counters of the `val` meters (or drawn ones) and what these read."""
    crops = Crops(data, "val")
    for i in range(count):
        rng = np.random.default_rng([seed, i, len(kind)])
        shown, made = photo(rng, crops, kind, _SIZES[int(rng.integers(len(_SIZES)))])
        point = len(made.text) - made.decimals
        yield shown.picture, made.text[:point] + ("." + made.text[point:] if made.decimals else "")


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
        right = sure = wrong = 0
        for picture, shown in photos(data, kind, count, seed):
            found = ocr.read(picture)
            good = same(found.text, shown, kind.endswith("wheel"))
            right += good
            sure += good and found.confidence >= _SURE
            wrong += found.text is not None and not good and found.confidence >= _SURE
        shares = {
            "whole reading right": Share(right, count),
            f"right and surer than {_SURE}": Share(sure, count),
            f"wrong and surer than {_SURE}": Share(wrong, count),
        }
        out.append((name, shares))
    return out
