"""Reads one meter's pictures for years: finds the counter, remembers where, finds it again when it moved."""

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

import ocr
from appliance.sources._image import BadImageError, decode, encode
from config.files import write_atomic
from ocr import Aligner, Calibration, Picture, Result
from ocr.picture import fault

log = logging.getLogger(__name__)

TRIES = 5
PATIENCE = 10
"""So many pictures in a row may fail before the counter is looked for again: it takes a second or more."""
REFERENCE_QUALITY = 92

_ONE_AT_A_TIME = threading.Lock()
"""The networks are shared by all cameras of the process, and a Pi has little to spare."""


@dataclass(frozen=True)
class Wanted:
    """What the owner says of the counter; `hint` is what it shows now, `threshold` 0..1."""

    digits: int
    decimals: int
    threshold: float
    hint: str | None = None


class MeterReader:
    """Keeps the calibration in `path` and the picture it was made with beside it.

    A changed file is taken up at the next picture. With `fixed` boxes nothing is looked for nor written.
    Used by one thread.
    """

    def __init__(self, path: Path, wanted: Wanted, fixed: Calibration | None = None) -> None:
        self._path = path
        self._wanted = wanted
        self._hint = wanted.hint
        self._fixed = fixed is not None
        self._calibration = fixed
        self._aligner: Aligner | None = None
        self._mark: int | None = None
        self._misses = 0
        self._why = ""

    @property
    def reference(self) -> Path:
        """Where the picture lies that the boxes were placed on."""
        return self._path.with_suffix(".jpg")

    def good(self, result: Result) -> bool:
        """Whether a result may be believed."""
        return result.value is not None and result.confidence >= self._wanted.threshold

    def read(self, picture: Picture) -> Result:
        """What the counter shows, or why that cannot be said."""
        reason = fault(picture)
        if reason is not None:
            return Result(None, None, 0.0, reason=reason)
        with _ONE_AT_A_TIME:
            self._load()
            result = self._locate(picture) if self._calibration is None else self._known(picture)
        if self.good(result):
            self._misses, self._hint = 0, result.text
        else:
            self._misses += 1
        return result

    def _known(self, picture: Picture) -> Result:
        result = self._read(picture, self._calibration, self._aligner)
        if self.good(result) or self._fixed or (self._misses + 1) % PATIENCE:
            return result
        found = self._locate(picture)
        return found if self.good(found) else result

    def _read(self, picture: Picture, where: Calibration | None, aligner: Aligner | None = None) -> Result:
        wanted = self._wanted
        return ocr.read(
            picture, where, expected_digits=wanted.digits, decimals=wanted.decimals, aligner=aligner
        )

    def _locate(self, picture: Picture) -> Result:
        """Looks for the counter, first by what it should show; remembers where when it can be read there."""
        if self._calibration is None and self._misses >= TRIES and self._misses % PATIENCE:
            return Result(None, None, 0.0, reason=self._why)
        result = Result(None, None, 0.0)
        for hint in dict.fromkeys((self._hint, None)):
            try:
                where = ocr.find(picture, hint, expected_digits=self._wanted.digits)
                where = replace(where, decimals=self._wanted.decimals)
            except ValueError as error:
                result = replace(result, reason=str(error))
                continue
            result = self._read(picture, where)
            if self.good(result):
                self._adopt(where, picture)
                break
        self._why = result.reason or "The counter was found, but its digits are not sure enough"
        return result

    # Remembering

    def _adopt(self, where: Calibration, picture: Picture) -> None:
        self._calibration = where
        self._aligner = Aligner(picture, where)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.reference, encode(picture, max(picture.shape), REFERENCE_QUALITY)[0])
            write_atomic(self._path, where.to_json().encode())
            self._mark = self._path.stat().st_mtime_ns
        except OSError as error:
            log.warning("%s cannot be written, so it is made anew at every start: %s", self._path, error)

    def _load(self) -> None:
        """Take up the file where it is newer than what is known; a broken one counts as none."""
        mark = self._path.stat().st_mtime_ns if self._path.is_file() else None
        if self._fixed or mark is None or mark == self._mark:
            return
        self._mark = mark
        try:
            self._calibration = Calibration.from_json(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            log.warning("%s is not used: %s", self._path, error)
            return
        self._aligner = self._load_aligner(self._calibration)

    def _load_aligner(self, where: Calibration) -> Aligner | None:
        try:
            picture = decode(self.reference.read_bytes())
            if picture.shape[:2] != (where.height, where.width):
                picture = np.asarray(cv2.resize(picture, (where.width, where.height)), np.uint8)
            return Aligner(picture, where)
        except (OSError, BadImageError):
            return None
