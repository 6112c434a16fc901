"""Where the counters of one meter stand, and how pictures are brought into line with that.

Beside the file that says where lies the picture that the boxes were placed on.
"""

import logging
from pathlib import Path

import cv2
import numpy as np

from appliance.meter_setup import CounterSetup, MeterSetup
from appliance.sources import _setup
from appliance.sources._camera_options import Options
from appliance.sources._image import BadImageError, decode, encode
from appliance.sources._in_force import Origin, at_place, found_file, in_force
from config.files import write_atomic
from ocr import Aligner, Box, Calibration, Dial, Picture
from ocr.counter import box_of

log = logging.getLogger(__name__)

REFERENCE_QUALITY = 92


def place(counter: CounterSetup, width: int, height: int) -> Calibration:
    """A counter's boxes as `ocr` wants them. Raises ValueError when they cannot be."""
    return Calibration(
        width,
        height,
        tuple(Box(*box) for box in counter.digits),
        counter.decimals,
        counter.kind,
        tuple(Dial(Box(*dial.box), dial.clockwise) for dial in counter.dials),
        Box(*counter.display) if counter.display else None,
    )


def places(setup: MeterSetup) -> tuple[Calibration, ...]:
    """The boxes of every counter. Raises ValueError when they cannot be."""
    return tuple(place(counter, setup.width, setup.height) for counter in setup.counters)


class Bearings:
    """The set-up in force. Used by one thread. `origin` says who made it; None while there is none."""

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder, self._options = folder, options
        self._saved, self._found = folder / _setup.FILE, found_file(folder, options)
        self._marks: list[int | None] = []
        self.setup: MeterSetup | None = None
        self.places: tuple[Calibration, ...] = ()
        self.aligner: Aligner | None = None
        self.origin: Origin | None = None

    def refresh(self) -> None:
        """Take up files that changed."""
        marks = self._marked()
        if marks == self._marks:
            return
        self._marks = marks
        known = in_force(self._folder, self._options)
        if known is not None:
            self._use(known.setup, _reference(known.path, known.setup) if known.path else None, known.origin)
        elif self.origin == "saved":
            self.setup, self.places, self.aligner, self.origin = None, (), None, None

    def _marked(self) -> list[int | None]:
        return [p.stat().st_mtime_ns if p.is_file() else None for p in (self._saved, self._found)]

    def _use(self, setup: MeterSetup, reference: Picture | None, origin: Origin) -> None:
        self.places = places(setup)
        self.setup, self.origin = setup, origin
        self.aligner = _aligner(reference, self.places) if reference is not None else None

    def as_setup(self, where: Calibration) -> MeterSetup:
        """The configuration's counters at one place. Raises ValueError when they cannot stand there."""
        return at_place(where.to_json(), self._options)

    # Remembering

    def adopt(self, where: Calibration, picture: Picture) -> None:
        """Found by itself on `picture`: remember where, as long as nobody says otherwise."""
        self._use(self.as_setup(where), picture, "found")
        try:
            self._write(self._found, where.to_json().encode(), picture)
        except OSError as error:
            log.warning("%s cannot be written, so it is made anew at every start: %s", self._found, error)

    def save(self, setup: MeterSetup, picture: Picture) -> None:
        """The owner's word. Raises ValueError when the set-up cannot be, OSError when it cannot be kept."""
        _setup.check(setup)
        if picture.shape[:2] != (setup.height, setup.width):
            raise ValueError("The set-up was drawn on a picture of another size: take a new picture")
        places(setup)
        self._write(self._saved, _setup.dumped(setup), picture)
        self._use(setup, picture, "saved")

    def _write(self, path: Path, data: bytes, picture: Picture) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path.with_suffix(".jpg"), encode(picture, max(picture.shape), REFERENCE_QUALITY)[0])
        write_atomic(path, data)
        self._marks = self._marked()


def aligner_beside(path: Path, where: Calibration) -> Aligner | None:
    """What brings pictures into line with the one kept beside the file that says where the counter is."""
    reference = _reference(path, where)
    return None if reference is None else _aligner(reference, (where,))


def _reference(path: Path, setup: MeterSetup | Calibration) -> Picture | None:
    try:
        picture = decode(path.with_suffix(".jpg").read_bytes())
    except (OSError, BadImageError):
        return None
    if picture.shape[:2] != (setup.height, setup.width):
        picture = np.asarray(cv2.resize(picture, (setup.width, setup.height)), np.uint8)
    return picture


def _aligner(reference: Picture, where: tuple[Calibration, ...]) -> Aligner:
    """Several counters are one row of boxes to it: what changes, and is no landmark."""
    first = where[0]
    if len(where) > 1 or not first.digits:
        boxes = tuple(dict.fromkeys(box_of(each) for each in where))
        first = Calibration(first.width, first.height, boxes)
    return Aligner(reference, first)
