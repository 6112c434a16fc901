"""Reads one meter's pictures for years: finds the counters and finds them again when they moved."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import ocr
from appliance.meter_setup import CounterSetup, MeterSetup
from appliance.sources import _setup
from appliance.sources._bearings import Bearings, places
from appliance.sources._camera_options import Options
from ocr import Box, Calibration, Picture, Result
from ocr.counter import Readers, Strip, count
from ocr.locate import search
from ocr.picture import cut, fault

log = logging.getLogger(__name__)

TRIES = 5
PATIENCE = 10
"""So many pictures in a row may fail before the counter is looked for again: it takes a second or more."""
GROWTH = 100.0
"""By how much, in its own unit, a counter may have risen from one look for it to the next."""
DOUBT = (
    "A counter may stand here, but this is not sure yet: say what it shows on the Meter page (Set up), or "
    "wait until it has counted on"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One counter in one picture; `waiting` while a display shows another register."""

    counter: CounterSetup
    result: Result
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture said. `upright` is the picture as the boxes fit it, `codes` the register codes seen;
    without counters `reason` says why.
    """

    seen: tuple[Seen, ...] = ()
    reason: str | None = None
    upright: Picture | None = None
    codes: tuple[str, ...] = ()


class MeterReader:
    """Used by one thread, which has its process's networks to itself. `bearings` knows where the counters
    stand, `readers` reads their figures."""

    def __init__(self, options: Options, bearings: Bearings, readers: Readers) -> None:
        self.bearings = bearings
        self._options = options
        self._readers = readers
        self._hint = options.initial_reading
        self._misses = 0
        self._why = ""
        self._candidate: tuple[Calibration, float] | None = None

    def good(self, result: Result) -> bool:
        """Whether a result may be believed."""
        return result.value is not None and result.confidence >= self._options.confidence_threshold

    def fine(self, look: Look) -> bool:
        """Whether nothing in the picture has to be told: each counter was read, or waits for its turn."""
        return bool(look.seen) and all(each.waiting or self.good(each.result) for each in look.seen)

    def read(self, picture: Picture, *, search: bool = True) -> Look:
        """What the counters show, or why that cannot be said; `search` where they have gone missing."""
        reason = fault(picture)
        if reason is not None:
            return Look(reason=reason)
        self.bearings.refresh()
        if self.bearings.setup is None:
            return self._locate(picture, self._hints())
        return self._known(picture, search)

    def settle(self, look: Look) -> None:
        """Take `look` as the outcome of one capture, of which there may have been several tries."""
        good = [s.result for s in look.seen if not s.waiting and self.good(s.result)]
        if good or (look.seen and all(s.waiting for s in look.seen)):
            self._misses = 0
            if len(look.seen) == 1 and good:
                self._hint = good[0].text
        else:
            self._misses += 1

    def restart(self) -> None:
        """The counters were set up anew: what was read or missed before says nothing."""
        self._hint, self._misses = None, 0

    def test(self, picture: Picture, setup: MeterSetup, where: tuple[Calibration, ...]) -> Look:
        """What each counter of a set-up reads in a picture that its boxes fit."""
        return self._count(picture, setup.counters, where, expected=None)

    def _known(self, picture: Picture, search: bool) -> Look:
        look = self._read(picture)
        if self.fine(look) or any(s.waiting or self.good(s.result) for s in look.seen):
            return look
        if not search or (self._misses + 1) % PATIENCE or not self._may_move():
            return look
        # What the owner or a good reading said is the only proof that it is the same counter.
        hints = (self._hint,) if self.bearings.origin == "saved" else self._hints()
        found = self._locate(picture, hints)
        return found if self.fine(found) else look

    def _may_move(self) -> bool:
        """Whether the counter may be looked for anew: one row of figures, and the boxes are not the owner's
        last word in the configuration."""
        origin, setup = self.bearings.origin, self.bearings.setup
        if origin == "found":
            return True
        only = setup.counters[0] if setup and len(setup.counters) == 1 else None
        simple = only is not None and not only.dials and only.display is None
        return origin == "saved" and simple and self._hint is not None

    def _read(self, picture: Picture) -> Look:
        bearings = self.bearings
        assert bearings.setup is not None, "read only where the counters are known"
        try:
            if bearings.aligner is not None:
                picture = bearings.aligner.register(picture).picture
            where = tuple(ocr.fitted(each, picture) for each in bearings.places)
        except ValueError as error:
            return Look(reason=str(error))
        expected = None if bearings.origin == "saved" or self._options.counters else self._expected()
        return self._count(picture, bearings.setup.counters, where, expected)

    def _count(
        self,
        picture: Picture,
        counters: tuple[CounterSetup, ...],
        where: tuple[Calibration, ...],
        expected: int | None,
        trust: float = 1.0,
    ) -> Look:
        strips: dict[Box, Strip] = {}
        coded = any(counter.register for counter in counters)
        seen = []
        for counter, at in zip(counters, where, strict=True):
            readers = replace(self._readers, display=self._once(strips, at.display, coded))
            if counter.register and at.display is not None:
                shown = readers.display(cut(picture, at.display))
                if _setup.code(shown.register or "") != _setup.code(counter.register):
                    seen.append(Seen(counter, Result(None, None, 0.0, calibration=at), waiting=True))
                    continue
            seen.append(Seen(counter, count(picture, at, readers, expected=expected, trust=trust).result))
        codes = tuple(strip.register for strip in strips.values() if strip.register)
        return Look(tuple(seen), upright=picture, codes=codes)

    def _once(self, strips: dict[Box, Strip], box: Box | None, coded: bool) -> Callable[[Picture], Strip]:
        """Reads a window that several counters share only once, and its register code where that counts."""

        def read(window: Picture) -> Strip:
            assert box is not None, "only a counter with a window asks for it"
            if box not in strips:
                strip = self._readers.display(window)
                if coded and strip.register is None:
                    strip = replace(strip, register=self._readers.code(window, strip))
                strips[box] = strip
            return strips[box]

        return read

    # Finding

    def _hints(self) -> tuple[str | None, ...]:
        return tuple(dict.fromkeys((self._hint, None)))

    def _locate(self, picture: Picture, hints: tuple[str | None, ...]) -> Look:
        """Looks for the counter by what it should show; remembers where when it can be read there."""
        if self.bearings.setup is None and self._misses >= TRIES and self._misses % PATIENCE:
            return Look(reason=self._why)
        look = Look()
        for hint in hints:
            try:
                where, trust = self._found(picture, hint)
                setup = self._as_setup(where)
                look = self._count(picture, setup.counters, places(setup), self._expected(), trust)
            except ValueError as error:
                look = replace(look, reason=str(error))
                continue
            if hint is not None and (why := _other_point(look, hint)):
                look = Look(reason=why)
                break
            if self.fine(look) or self._counts(where, look):
                self._remember(where, setup, picture)
                break
        else:
            look = replace(look, seen=tuple(self._doubted(s) for s in look.seen))
        self._why = look.reason or DOUBT
        return look

    def _doubted(self, seen: Seen) -> Seen:
        sure = min((d.confidence for d in seen.result.digits), default=0.0)
        if sure < self._options.confidence_threshold or seen.result.text is None:
            return seen
        return replace(seen, result=replace(seen.result, reason=f"It looks like {seen.result.text}. {DOUBT}"))

    def _found(self, picture: Picture, hint: str | None) -> tuple[Calibration, float]:
        """Where a counter seems to stand, and how surely it is the counter, 0..1: what agrees with the number
        it should show is."""
        if hint is not None:
            return ocr.find(picture, hint, expected_digits=self._expected()), 1.0
        decimals = None if self._options.counters else self._options.decimals
        found = search(picture, expected_digits=self._expected(), decimals=decimals)
        return found.calibration, found.trust

    def _counts(self, where: Calibration, look: Look) -> bool:
        """Whether digits that might as well be a serial number or a date were seen to count on."""
        result = look.seen[0].result
        sure = min((d.confidence for d in result.digits), default=0.0) >= self._options.confidence_threshold
        if not sure or result.value is None or not where.digits:
            return False
        if self._candidate is None or not _same_place(self._candidate[0], where):
            self._candidate = where, result.value
            return False
        return self._candidate[1] < result.value <= self._candidate[1] + GROWTH

    def _expected(self) -> int:
        setup = self.bearings.setup
        if self.bearings.origin == "saved" and setup is not None:
            return len(setup.counters[0].digits)
        return self._options.expected_digits

    def _as_setup(self, where: Calibration) -> MeterSetup:
        """What was found, as the owner's own set-up with its row moved, or as the configuration says."""
        setup = self.bearings.setup
        if self.bearings.origin != "saved" or setup is None:
            return self.bearings.as_setup(where)
        (counter,) = setup.counters
        if len(where.digits) != len(counter.digits):
            raise ValueError("The counter is not where it was set up: set the meter up again")
        digits = tuple((b.x, b.y, b.w, b.h) for b in where.digits)
        return MeterSetup(where.width, where.height, (replace(counter, digits=digits),))

    def _remember(self, where: Calibration, setup: MeterSetup, picture: Picture) -> None:
        if self.bearings.origin == "saved":
            try:
                self.bearings.save(setup, picture)
            except OSError as error:
                log.warning("Where the counter went cannot be kept, so it is looked for again: %s", error)
        else:
            self.bearings.adopt(where, picture)


def _other_point(look: Look, hint: str) -> str | None:
    """Why the number by which a counter was found is not what is read there: the point stands elsewhere.
    A number without a point says nothing of it."""
    said, result = float(hint.replace(",", ".")), look.seen[0].result
    if not {*".,"} & {*hint} or result.value is None or abs(result.value - said) <= 0.5 * said + 1:
        return None
    return f"The counter is read as {result.text}, but was said to show {hint.strip()}: set decimals right"


def _same_place(a: Calibration, b: Calibration) -> bool:
    """Whether two rows of as many digits lie less than half a digit apart."""
    if (a.width, a.height, len(a.digits)) != (b.width, b.height, len(b.digits)):
        return False
    pairs = zip(a.digits, b.digits, strict=True)
    return all(abs(p.x - q.x) < p.w / 2 and abs(p.y - q.y) < p.h / 2 for p, q in pairs)
