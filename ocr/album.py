"""A folder of labelled crops of one meter: capped, balanced, safe against power cuts.

A crop is a PNG file; its label is its name: `00000012-347-wheel-sure-06-1f0c33a9.png` is the thirteenth crop,
stood at 3.47, is certain, and came from place 6 of the counter. The end is its content's hash.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ocr.digits import prepare
from ocr.picture import Picture

MOST, PER_CLASS = 400, 6
"""Crops kept in all, and of one position (in tenths) at one place of the counter; the oldest goes."""
_TALL = 96
_SAME = 0.2
"""Crops whose prepared pictures differ by less (of a contrast of 1) teach nothing new."""
_ONE_IN = 8
"""So many new crops of a full class bring one change, chosen by content: cards live by their writes."""
_NAME = re.compile(r"(\d{8})-(\d{3})-(wheel|lcd)-(sure|unsure)-(\d{2})-([0-9a-f]{8})\.png")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A kept crop: its file's name, when it came, its label in hundredths of a digit, its place."""

    name: str
    order: int
    label: int
    sure: bool
    place: int
    digest: int

    @property
    def kind(self) -> tuple[int, int]:
        """Place and tenth, of each of which a few are kept."""
        return self.place, self.label // 10


class Album:
    """The crops in a folder, which is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        """Lists what is there; what a power cut left half written is deleted. OSError when it cannot."""
        self.folder = folder
        files = list(folder.iterdir()) if folder.is_dir() else []
        for rest in files:
            if rest.suffix == ".part":
                rest.unlink(missing_ok=True)
        named = [m for f in files if (m := _NAME.fullmatch(f.name))]
        found = [
            Labelled(m[0], int(m[1]), int(m[2]), m[4] == "sure", int(m[5]), int(m[6], 16)) for m in named
        ]
        self.crops = sorted(found, key=lambda c: c.order)

    def add(self, crop: Picture, value: float, lcd: bool, sure: bool, place: int) -> bool:
        """Keeps a crop with its label; False when it is empty, or the like or enough of its kind is kept.

        ValueError when the label cannot be; OSError when the folder cannot be written.
        """
        if not 0 <= value < 10 or not 0 <= place < 100:
            raise ValueError(f"A digit stands at 0 to 9.99 in place 0 to 99, not at {value} in place {place}")
        if not crop.size:
            return False
        label = min(999, round(value * 100))
        mates = [c for c in self.crops if c.kind == (place, label // 10)]
        if any(_alike(crop, known) for c in mates if (known := self.picture(c)) is not None):
            return False
        data = _png(crop)
        digest = hashlib.sha256(data).hexdigest()[:8]
        if len(mates) >= PER_CLASS and int(digest, 16) % _ONE_IN:
            return False
        order = self.crops[-1].order + 1 if self.crops else 0
        kind, trust = "lcd" if lcd else "wheel", "sure" if sure else "unsure"
        name = f"{order:08d}-{label:03d}-{kind}-{trust}-{place:02d}-{digest}.png"
        write(self.folder / name, data)
        self.crops.append(Labelled(name, order, label, sure, place, int(digest, 16)))
        self._shrink(mates)
        return True

    def picture(self, crop: Labelled) -> Picture | None:
        """A kept crop's BGR picture; None when its file is damaged or gone."""
        try:
            data = np.frombuffer((self.folder / crop.name).read_bytes(), np.uint8)
        except FileNotFoundError:
            return None
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        return None if picture is None else np.asarray(picture, np.uint8)

    def drop(self, crop: Labelled) -> None:
        """Deletes a crop. OSError when it cannot be deleted."""
        (self.folder / crop.name).unlink(missing_ok=True)
        self.crops.remove(crop)

    def _shrink(self, mates: Sequence[Labelled]) -> None:
        """Lets the oldest crop of a full class go, or of the commonest position when all is full."""
        if len(mates) >= PER_CLASS:
            self.drop(mates[0])
        if len(self.crops) > MOST:
            common = Counter(c.label // 10 for c in self.crops).most_common(1)[0][0]
            self.drop(next(c for c in self.crops if c.label // 10 == common))


def write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all, whatever happens to the power; OSError when it cannot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _png(crop: Picture) -> bytes:
    if crop.shape[0] > _TALL:
        wide = max(1, round(crop.shape[1] * _TALL / crop.shape[0]))
        crop = np.asarray(cv2.resize(crop, (wide, _TALL), interpolation=cv2.INTER_AREA), np.uint8)
    return bytes(cv2.imencode(".png", crop)[1])


def _alike(a: Picture, b: Picture) -> bool:
    return float(np.sqrt(((prepare(a) - prepare(b)) ** 2).mean())) < _SAME
