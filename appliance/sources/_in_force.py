"""Which set-up is in force: what the owner saved, else the configuration's boxes, else what was found.

No OpenCV here: the daemon asks too.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ValidationError

from appliance.meter_setup import MeterSetup
from appliance.sources import _setup
from appliance.sources._camera_options import BoxesOptions, Options

log = logging.getLogger(__name__)

Origin = Literal["saved", "fixed", "found"]


class InForce(NamedTuple):
    """A set-up, who made it, and the file it came from (beside it lies its reference picture)."""

    setup: MeterSetup
    origin: Origin
    path: Path | None = None


def found_file(folder: Path, options: Options) -> Path:
    """Where the place of a counter that was found by itself is kept."""
    return folder / (options.calibration if isinstance(options.calibration, str) else "calibration.json")


def in_force(folder: Path, options: Options) -> InForce | None:
    """None while the counters are not known. A broken file counts as none and is told in the journal."""
    return next(_all(folder, options), None)


def _all(folder: Path, options: Options) -> Iterator[InForce]:
    saved = _tried(folder / _setup.FILE, lambda: _setup.saved(folder))
    if saved is not None:
        yield InForce(saved, "saved", folder / _setup.FILE)
    fixed = options.fixed()
    if fixed is not None:
        yield InForce(fixed, "fixed")
    path = found_file(folder, options)
    found = _tried(path, lambda: _found(path, options))
    if found is not None:
        yield InForce(found, "found", path)


def _tried(path: Path, load: Callable[[], MeterSetup | None]) -> MeterSetup | None:
    try:
        return load() if path.is_file() else None
    except (OSError, ValueError) as error:
        log.warning("%s is not used: %s", path, error)
        return None


def _found(path: Path, options: Options) -> MeterSetup:
    return at_place(path.read_text(encoding="utf-8"), options)


def at_place(calibration: str, options: Options) -> MeterSetup:
    """The configuration's counters at one place, an `ocr.Calibration` as JSON. Raises ValueError."""
    try:
        boxes = BoxesOptions.model_validate_json(calibration)
    except ValidationError as error:
        raise ValueError(f"this is no calibration of a counter ({error.errors()[0]['msg']})") from None
    setup = options.setup(boxes)
    _setup.check(setup)
    return setup
