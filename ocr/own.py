"""Learning the owner's own meter from crops that later readings proved right. numpy and OpenCV only.

own = OwnMeter(folder, DigitReader())
own.add(crop, 3.4, lcd=False, sure=True, place=6)   # a proven crop: what its wheel showed, in digits
own.refine()                                        # now and then; the outcome says whether it helped
digits = own.read(crops)                            # refined when that was better, else as shipped
own.forget()

Which crops may be labelled is decided by `proven`: believed readings on both sides of a moment say what the
register held then, also when the picture of that moment was read badly or refused.

start = mechanics([[4.0, 8.0, 7.1, 1.6], ...])                  # once: how this counter's wheels push
where = proven(earlier, reading, later, digits=7, decimals=1, start=start)
for place, (crop, at) in enumerate(zip(crops, where, strict=True)):
    if at is not None:
        own.add(crop, at, lcd=False, sure=True, place=place)

A refinement is judged on crops set aside: each fifth of them, chosen by content, is read by one that learned
from the others, and all crops of a digit by one that never saw this digit. It is used when the first is
clearly better than the shipped reader and the second no worse.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ocr.album import Album, write
from ocr.digits import MODEL, Digit, DigitReader, decode
from ocr.lessons import Lessons, Outcome
from ocr.picture import Picture
from ocr.proof import mechanics, positions, proven
from ocr.refinement import Refinement

__all__ = ["Outcome", "OwnMeter", "mechanics", "positions", "proven"]
_FOLDS = 5


class OwnMeter:
    """The labelled crops of one meter in a folder, and what was learned from them. Used by one thread."""

    def __init__(self, folder: Path, reader: DigitReader, model: Path = MODEL) -> None:
        """Loads what is there; damaged files are left out. The folder is made when the first crop comes.

        What was learned upon another model than `model`, the one `reader` runs, is learned anew from the
        crops. OSError when the folder cannot be read.
        """
        self._album, self._reader = Album(folder), reader
        self._model = hashlib.sha256(model.read_bytes()).hexdigest()
        self._refinement: Refinement | None = None
        self._outcome: Outcome | None = None
        self._until = 0
        if self._file.exists() and not self._load():
            with suppress(OSError):  # on a full disk it is learned anew at every start
                self.refine()

    @property
    def _file(self) -> Path:
        return self._album.folder / "refined.npz"

    @property
    def count(self) -> int:
        """Labelled crops kept."""
        return len(self._album.crops)

    @property
    def fresh(self) -> int:
        """Crops that came since the last refining: when there are some dozens, refine again."""
        return sum(c.order >= self._until for c in self._album.crops)

    @property
    def outcome(self) -> Outcome | None:
        """What the last refining came to; None before the first."""
        return self._outcome

    def add(self, crop: Picture, value: float, lcd: bool, sure: bool, place: int = 0) -> bool:
        """Keeps a BGR crop with its label: `value` in [0, 10) as it stands (wheel) or the digit (display).

        `sure`: known without reading this crop (bracketed by other readings, or said by the owner); only
        such crops judge, and they count twice. `place` is the digit's place in the counter: the collection is
        balanced over places and positions. False when the crop is empty, or enough like it are kept.
        ValueError when the label cannot be; OSError when the folder cannot be written.
        """
        return self._album.add(crop, value, lcd, sure, place)

    @property
    def next(self) -> int:
        """The number of the next crop."""
        return self._album.crops[-1].order + 1 if self._album.crops else 0

    def unlearn(self, since: int) -> None:
        """Deletes the crops numbered from `since` on, as their labels proved wrong, and what they taught.

        OSError when that cannot be."""
        wrong = [crop for crop in self._album.crops if crop.order >= since]
        for crop in wrong:
            self._album.drop(crop)
        if any(crop.order < self._until for crop in wrong):
            self.refine()

    def refine(self) -> Outcome:
        """Learns from the crops anew and keeps what it learned only if it reads crops set aside better.

        Takes some seconds on a Pi when the collection is full. OSError when the folder cannot be written.
        """
        lessons = self._lessons()
        self._until = self._album.crops[-1].order + 1 if self._album.crops else 0
        self._outcome = lessons.judge()
        self._refinement = lessons.learn() if self._outcome.used else None
        self._save()
        return self._outcome

    def read(self, crops: Sequence[Picture]) -> list[Digit]:
        """As `DigitReader.read`, refined when that proved better."""
        if self._refinement is None or not crops:
            return self._reader.read(crops)
        return decode(self._refinement.scores(*self._reader.features(crops)))

    def forget(self) -> None:
        """Deletes crops and refinement: reads as shipped again. OSError when they cannot be deleted."""
        for crop in list(self._album.crops):
            self._album.drop(crop)
        self._file.unlink(missing_ok=True)
        self._refinement, self._outcome, self._until = None, None, 0

    def _lessons(self) -> Lessons:
        loaded = [(c, p) for c in self._album.crops if (p := self._album.picture(c)) is not None]
        features, scores = self._reader.features([p for _, p in loaded])
        return Lessons(
            features,
            scores,
            np.array([c.label / 100 for c, _ in loaded]),
            np.array([c.sure for c, _ in loaded], bool),
            np.array([c.digest % _FOLDS for c, _ in loaded], int),
        )

    def _save(self) -> None:
        refined: dict[str, Any] = {} if self._refinement is None else self._refinement.arrays()
        outcome = asdict(self._outcome) if self._outcome else None
        about = json.dumps({"model": self._model, "until": self._until, "outcome": outcome})
        buffer = BytesIO()
        np.savez_compressed(buffer, about=np.array(about), **refined)
        write(self._file, buffer.getvalue())

    def _load(self) -> bool:
        """Takes up what was saved; False when it is damaged or was made for another model."""
        try:
            with np.load(self._file, allow_pickle=False) as saved:
                about = json.loads(str(saved["about"]))
                arrays = {name: saved[name] for name in saved.files if name != "about"}
            if about["model"] != self._model:
                return False
            fields: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in about["outcome"].items()
            }
            outcome = Outcome(**fields)
            self._refinement = Refinement(**arrays) if outcome.used else None
            self._until, self._outcome = int(about["until"]), outcome
        except Exception:  # zipfile, zlib, tokenize, json: each meets damage with errors of its own
            return False
        return True
