"""Setting the meter up on its page: the camera process's side of `appliance.meter_setup.Surveyor`."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import ocr
from appliance.errors import SourceError
from appliance.gate import Limits, contradiction
from appliance.meter_setup import CounterSeen, CounterSetup, Learned, MeterSetup, Still
from appliance.model import DigitSeen, Quantity, Reading
from appliance.sources import _image, _setup
from appliance.sources._album import Refusals
from appliance.sources._bearings import Bearings, places
from appliance.sources._camera_options import Options
from appliance.sources._in_force import at_place
from appliance.sources._lessons import Lessons
from appliance.sources._meter_reader import MeterReader, Seen
from ocr import Calibration, DigitBox, Picture

LARGEST = 1920
"""Pixels of the longer side of a still: enough for any counter, little enough for a page."""
QUALITY = 88
IMPOSSIBLE = (
    "That does not fit what was read before and after: look at the picture again. Nothing was learned from it"
)
UNLIKE = "The picture clearly shows other digits: look at it again. Nothing was learned from it"
Shoot = Callable[[], tuple[Picture, int]]


class Survey:
    """Used by one thread. `shoot` takes a new picture: BGR and its instant, UTC ms."""

    def __init__(
        self, options: Options, reader: MeterReader, refusals: Refusals, lessons: Lessons, shoot: Shoot
    ) -> None:
        self._options, self._reader, self._shoot = options, reader, shoot
        self._refusals, self._lessons = refusals, lessons
        self._still: Picture | None = None

    @property
    def _bearings(self) -> Bearings:
        return self._reader.bearings

    # The picture

    def shoot(self) -> Still:
        """A new picture; the others speak of it."""
        picture, at = self._shoot()
        jpeg, factor = _image.encode(picture, LARGEST, QUALITY)
        if factor < 1:
            picture = _image.decode(jpeg)
        self._still = picture
        return Still(at, jpeg, picture.shape[1], picture.shape[0])

    def _picture(self) -> Picture:
        if self._still is None:
            self.shoot()
        assert self._still is not None, "shoot() took it or raised"
        return self._still

    def find(self, shows: str) -> MeterSetup:
        """Boxes placed by what the owner sees, or by the picture alone."""
        expected = None if shows.strip() else self._options.expected_digits
        try:
            where = ocr.find(self._picture(), shows.strip() or None, expected_digits=expected)
        except ocr.NoCounter as error:
            lies = self._lying(shows.strip()) if shows.strip() else None
            raise SourceError(lies or str(error)) from None
        except ValueError as error:
            raise SourceError(str(error)) from None
        if expected is not None and not where.decimals and self._options.decimals < _figures(where):
            # Nobody said where the point is and none was seen: the configuration knows.
            where = replace(where, decimals=self._options.decimals)
        return self._as_found(where)

    def _lying(self, shows: str) -> str | None:
        """What to do about a picture that shows the number when it is turned; None where none does."""
        turn = ocr.upright(self._picture(), lambda turned: float(_agrees(turned, shows)))
        if turn is None:
            return None
        options = self._options
        if options.flip_horizontal != options.flip_vertical:  # the picture is mirrored after it was turned
            turn = -turn
        return (
            "The picture lies on its side or upside down: set rotate of this camera to "
            f"{(options.rotate + turn) % 360:g} in the configuration"
        )

    def _as_found(self, where: Calibration) -> MeterSetup:
        """What was found as the configuration's counters; a single one has as many decimals as were found."""
        options = self._options
        if not options.counters:
            expected = max(_figures(where), where.decimals + 1)
            update = {"decimals": where.decimals, "expected_digits": expected}
            options = options.model_copy(update=update)
        return at_place(where.to_json(), options)

    def test(self, setup: MeterSetup) -> tuple[CounterSeen, ...]:
        """What each counter of a set-up reads in the still."""
        picture = self._picture()
        self._check(setup, picture)
        look = self._reader.test(picture, setup, places(setup))
        return tuple(self._told(seen) for seen in look.seen)

    def save(self, setup: MeterSetup) -> None:
        """Read with this set-up from now on."""
        picture = self._picture()
        self._check(setup, picture)
        try:
            self._bearings.save(setup, picture)
        except OSError as error:
            raise SourceError(f"The set-up cannot be kept ({error.strerror}): is the disk full?") from error
        self._reader.restart()

    @staticmethod
    def _check(setup: MeterSetup, picture: Picture) -> None:
        try:
            _setup.check(setup)
            places(setup)
        except ValueError as error:
            raise SourceError(str(error)) from None
        if picture.shape[:2] != (setup.height, setup.width):
            raise SourceError(
                f"The boxes were drawn on a picture of {setup.width}x{setup.height} pixels, the still has "
                f"{picture.shape[1]}x{picture.shape[0]}: take a new picture"
            )

    def _told(self, seen: Seen) -> CounterSeen:
        if seen.waiting:
            turn = f"The display does not show {seen.counter.register} now: wait for its turn"
            return CounterSeen(None, None, 0.0, reason=turn)
        result = seen.result
        digits = tuple(
            DigitSeen(d.value, d.confidence, (d.box.x, d.box.y, d.box.w, d.box.h)) for d in result.digits
        )
        good = self._reader.good(result)
        value = None
        if good and result.value is not None:
            value = round(result.value * _setup.factor(seen.counter.unit), 6)
        reason = None if good else result.reason or "Not sure enough: line the boxes up"
        return CounterSeen(result.text, value, result.confidence, digits, reason)

    # Learning

    def teach(self, at: int, shows: str, believed: Mapping[Quantity, Sequence[Reading]]) -> Learned:
        """What a refused picture really showed; `believed` is the past of each counter around it, the newest
        reading last. Nothing is learned of what the picture or the past clearly speaks against."""
        whole, part = _parsed(shows)
        try:
            picture = _image.decode(self._refusals.picture(at))
            added = self._teach(picture, at, whole, part, believed)
            self._refusals.drop(at)
            if added:
                self._lessons.own.refine()
        except ValueError as error:
            raise SourceError(str(error)) from None
        except OSError as error:
            raise SourceError(
                f"What it teaches cannot be kept ({error.strerror}): is the disk full?"
            ) from error
        return self.learned()

    def _teach(
        self, picture: Picture, at: int, whole: str, part: str, believed: Mapping[Quantity, Sequence[Reading]]
    ) -> int:
        setup, places, picture = self._placed(picture, whole, part)
        fits = [
            number
            for number, (counter, where) in enumerate(zip(setup.counters, places, strict=True))
            if where.digits and len(part) == counter.decimals and len(whole + part) <= _figures(where)
        ]
        if not fits:
            raise ValueError(
                "Type all figures as the counter shows them, those after the point too, such as 048713.4"
            )
        limits = _setup.limits(_setup.faces(setup), self._options.limits())
        value = float(f"{whole}.{part}")
        possible = [n for n in fits if _possible(setup.counters[n], value, at, believed, limits)]
        if not possible:
            raise ValueError(IMPOSSIBLE)
        look = self._reader.test(picture, setup, places)
        number = min(possible, key=lambda n: _unlike(look.seen[n], whole + part))
        counter, where, digits = setup.counters[number], places[number], look.seen[number].result.digits
        shown = (whole + part).zfill(_figures(where))
        others = _surely_others(counter, digits, shown, self._options.confidence_threshold)
        if others > len(shown) // 3:
            raise ValueError(UNLIKE)
        last = digits[len(where.digits) - 1].value if digits else float(shown[len(where.digits) - 1])
        return self._lessons.teach(counter, number, picture, where, shown, last)

    def _placed(
        self, picture: Picture, whole: str, part: str
    ) -> tuple[MeterSetup, tuple[Calibration, ...], Picture]:
        """Where the figures stand in an old picture: by the set-up, else by what the owner says it shows."""
        self._bearings.refresh()
        bearings = self._bearings
        try:
            if bearings.setup is None:
                raise ValueError("The counter has not been found yet: set the meter up first")
            if bearings.aligner is not None:
                picture = bearings.aligner.register(picture).picture
            where = tuple(ocr.fitted(each, picture) for each in bearings.places)
            return bearings.setup, where, picture
        except ValueError:
            setup = self._as_found(ocr.find(picture, f"{whole}.{part}" if part else whole))
            return setup, places(setup), picture

    def learned(self) -> Learned:
        """What was learned of this meter so far."""
        own = self._lessons.own
        outcome = own.outcome
        if outcome is None:
            return Learned(own.count)
        return Learned(own.count, _share(outcome.before), _share(outcome.after), outcome.used)

    def forget(self) -> None:
        """Forget all crops and the refinement."""
        try:
            self._lessons.forget()
        except OSError as error:
            raise SourceError(f"It cannot be forgotten: {error.strerror}") from error


def _agrees(picture: Picture, shows: str) -> bool:
    """Whether something in the picture agrees with the number."""
    try:
        ocr.find(picture, shows)
    except ocr.NoCounter:
        return False
    return True


def _share(measured: tuple[float, float, float] | None) -> float | None:
    """Of the shares measured, that of crops read within 0.2: right, as far as a wheel can be."""
    return None if measured is None else measured[1]


def _parsed(shows: str) -> tuple[str, str]:
    """("048713", "4") of "048713.4"."""
    found = re.fullmatch(r"\s*(\d{1,16})(?:[.,](\d{1,15}))?\s*", shows)
    if found is None:
        raise SourceError(f"{shows!r} is not what a counter shows: type its digits, such as 048713.4")
    return found[1], found[2] or ""


def _figures(where: Calibration) -> int:
    return len(where.digits) + len(where.dials)


def _possible(
    counter: CounterSetup,
    value: float,
    at: int,
    believed: Mapping[Quantity, Sequence[Reading]],
    limits: Mapping[Quantity, Limits],
) -> bool:
    """Whether the counter can have shown `value`, in its own unit, at `at`. What the newest reading proves
    wrong does not count, nor what was before a new meter."""
    mine, past = limits[counter.quantity], believed.get(counter.quantity, ())
    said = Reading("", counter.quantity, value * _setup.factor(counter.unit), at)
    true = [known for known in past if not contradiction(known, past[-1], mine)]
    return not any(contradiction(known, said, mine) for known in true)


def _surely_others(counter: CounterSetup, digits: Sequence[DigitBox], shown: str, sure: float) -> int:
    """How many figures the reader is sure of show something else. A wheel that shows a digit stands at it or
    on its way to the next; a display may leave its leading cells blank."""
    way, skip = (1.5, 0) if counter.kind == "wheel" else (1.0, len(shown) - len(shown.lstrip("0")))
    pairs = list(zip(digits, shown, strict=False))[skip:]
    return sum((d.value - int(c) + 0.5) % 10 > way for d, c in pairs if d.confidence >= sure)


def _unlike(seen: Seen, shown: str) -> int:
    """How many figures differ from what was read there."""
    read = [c for c in seen.result.text or "" if c.isdigit()]
    pairs = zip(reversed(read), reversed(shown), strict=False)
    return sum(a != b for a, b in pairs) + abs(len(read) - len(shown))
