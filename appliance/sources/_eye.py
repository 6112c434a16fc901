"""From the lamp to the facts: what a camera source does in its own process, with OpenCV."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.clock import Clock, sane
from appliance.errors import SourceError
from appliance.model import Batch, Quantity
from appliance.sources import _album, _image
from appliance.sources._bearings import Bearings
from appliance.sources._camera_options import Options
from appliance.sources._cameras import Camera
from appliance.sources._lessons import Lessons
from appliance.sources._meter_reader import Look, MeterReader
from appliance.sources._shooter import Shooter, camera_of
from appliance.sources._steady import Frozen
from appliance.sources._survey import Survey
from appliance.sources._telling import Teller
from ocr import Box, Calibration, DigitReader
from ocr import Picture as Pixels
from ocr.counter import shipped
from ocr.own import OwnMeter

FROZEN = "The camera has sent the very same picture for an hour: switch it off and on again"


class Eye:
    """One camera in front of one meter. Used by one thread of one process."""

    def __init__(self, options: Options, folder: Path, clock: Clock) -> None:
        self._options, self._folder, self._clock = options, folder, clock
        own = OwnMeter(folder / "own", DigitReader())
        self._lessons = Lessons(own, monotonic=options.monotonic_check)
        known = shipped()
        readers = replace(known, digits=own.read)
        self._reader = MeterReader(options, Bearings(folder, options), readers)
        refusals = _album.Refusals(folder / _album.REFUSED)
        self._teller = Teller(options, folder, refusals)
        self._survey = Survey(options, self._reader, refusals, self._lessons, self._still)
        self._shooter: Shooter | None = None
        self._frozen = Frozen()

    def open(self, camera: Camera | None = None) -> Shooter:
        """Make ready the camera that the options name (or the one given). Raises SourceError."""
        if self._shooter is None:
            what = self._options, self._folder, self._clock.now
            self._shooter = Shooter(self._options, camera or camera_of(*what))
        return self._shooter

    def close(self) -> None:
        if self._shooter is not None:
            self._shooter.close()
            self._shooter = None

    def survey(self, what: str, *said: Any) -> Any:
        """A method of `Survey`. Raises SourceError."""
        return getattr(self._survey, what)(*said)

    def disbelieved(self, quantity: Quantity, reason: str) -> None:
        """The gate refused the last reading of `quantity`, for this reason."""
        self._lessons.disbelieved(quantity)
        self._teller.disbelieved(reason)

    def tend(self) -> None:
        """What can wait for a quiet moment: learning. Takes some seconds now and then."""
        try:
            self._lessons.tend()
        except OSError as error:
            raise SourceError(f"What was learned cannot be kept: {error.strerror}") from error

    def look(self) -> Batch:
        """One picture and all that follows from it; nothing when no new one was taken."""
        shooter = self.open()
        at = self._clock.now()
        try:
            shot = shooter.shoot()
            if shot is None:
                return []
            at = self._instant(shot.at, at)
            picture, look = self._read(shooter, shot.picture)
            if shooter.camera.live and self._frozen.judge(shot.picture, at) and look.reason is None:
                look = Look(reason=FROZEN)
        except _image.BadImageError as error:
            return self._teller.bad(str(error), at)
        self._learn(look, at)
        return self._teller.facts(look, picture, at)

    def _read(self, shooter: Shooter, picture: Pixels) -> tuple[Pixels, Look]:
        """The picture, or the best of what can be tried at once when it cannot be read, and what it shows."""
        look = self._reader.read(picture)
        if not self._reader.fine(look):
            for other in shooter.retries(_view(look, picture), self._boxes):
                again = self._reader.read(other, search=False)
                if self._reader.fine(again):
                    picture, look = other, again
                    break
        self._reader.settle(look)
        boxes = self._boxes() if look.upright is not None else ()
        shooter.learn(_view(look, picture), boxes, self._reader.fine(look))
        return picture, look

    def _boxes(self) -> Sequence[Box]:
        """Where figures stand, for the light."""
        return [box for place in self._reader.bearings.places for box in _figures(place)]

    def _instant(self, known: int | None, before: int) -> int:
        """When it was taken: as the picture says where that can be, else in the middle of the capture."""
        if known is not None and sane(known) and known <= before:
            return known
        return (before + self._clock.now()) // 2

    def _learn(self, look: Look, at: int) -> None:
        bearings = self._reader.bearings
        anchored = bearings.origin == "saved" or self._options.initial_reading is not None
        for number, seen in enumerate(look.seen):
            where = seen.result.calibration
            if look.upright is None or seen.waiting or where is None:
                continue
            good = self._reader.good(seen.result)
            try:
                self._lessons.took(
                    seen.counter, number, look.upright, where, seen.result, at, good=good, anchored=anchored
                )
            except OSError:
                return  # without room for crops it reads on as it is

    def _still(self) -> tuple[Pixels, int]:
        """A picture for the owner, also when nothing new was taken; opens the camera where it is not."""
        shooter = self.open()
        again = not shooter.camera.live
        if again:
            shooter.camera.open()
        at = self._clock.now()
        try:
            shot = shooter.shoot()
        except SourceError:
            self.close()  # an unplugged camera that is held would come back under another number
            raise
        except _image.BadImageError as error:
            raise SourceError(str(error)) from error
        finally:
            if again:
                shooter.camera.open()  # the picture is still to be read
        if shot is None:
            raise SourceError("The camera took no picture: try again")
        return shot.picture, self._instant(shot.at, at)


def _view(look: Look, picture: Pixels) -> Pixels:
    return look.upright if look.upright is not None else picture


def _figures(place: Calibration) -> list[Box]:
    """The boxes of a counter's figures, of a display without any its window."""
    boxes = [*place.digits, *(dial.box for dial in place.dials)]
    return boxes if boxes or place.display is None else [place.display]
