"""What the owner's own meter teaches: readings that later ones prove right become labelled crops.

A good reading is proved by the next good one, and what was refused between the two by both. The wheels on
the left hardly ever move: that they are read alike every day proves nothing, so they count only where the
owner once said what the meter shows, or once they have moved.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.clock import MINUTE_MS
from appliance.gate import went_past
from appliance.meter_setup import CounterSetup
from appliance.model import Quantity
from ocr import Calibration, DigitBox, Picture, Result
from ocr.own import OwnMeter, mechanics, positions, proven
from ocr.picture import cut

EVERY_MS = 10 * MINUTE_MS
"""Good readings teach so often at most; a meter looks much the same a minute later."""
NEW_CROPS = 25
"""So many new crops before the reader is refined anew."""
REFUSED_HELD = 4
PLAY = 2
"""Last digits by which a register may seem to fall without having been misread."""
TAUGHT = 500
"""Lessons that can be taken back: some days of them."""
STANDS = 30
"""Readings from which it is told how this counter's wheels push one another."""
PLACES = 16
"""Most places of a counter: the crops of the next one are numbered on from there."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A picture's crops; `value` is what was read, with the last wheel's fraction, `figures` its digits."""

    crops: tuple[Picture, ...]
    at: int
    value: float | None = None
    figures: str = ""


@dataclass(slots=True)
class _Counter:
    """Two believed readings, what was refused since, and the last good one, not yet contradicted."""

    earlier: _Kept | None = None
    middle: _Kept | None = None
    refused: deque[_Kept] = field(default_factory=lambda: deque(maxlen=REFUSED_HELD))
    later: _Kept | None = None
    first: str = ""
    moved: set[int] = field(default_factory=set)
    stands: deque[tuple[float, ...]] = field(default_factory=lambda: deque(maxlen=STANDS))
    taught_at: int | None = None
    taught: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=TAUGHT))
    """The register each lesson was of, and from which crop on it was."""


def fraction(counter: CounterSetup, digits: Sequence[DigitBox], text: str) -> float:
    """How far the last wheel stands past the digit it shows, 0..1; 0 for displays and where dials follow."""
    if counter.kind != "wheel" or counter.dials or not counter.digits:
        return 0.0
    past = (digits[len(counter.digits) - 1].value - int(text[-1]) + 5) % 10 - 5
    return past if 0 < past < 1 else 0.0


class Lessons:
    """Used by one thread. `own` keeps the crops and what was learned; `monotonic` registers never fall."""

    def __init__(self, own: OwnMeter, *, monotonic: bool = True) -> None:
        self.own, self._monotonic = own, monotonic
        self._counters: dict[Quantity, _Counter] = {}

    def took(
        self,
        counter: CounterSetup,
        number: int,
        picture: Picture,
        where: Calibration,
        result: Result,
        at: int,
        *,
        good: bool,
        anchored: bool,
    ) -> None:
        """The `number`th counter in a picture that fits `where`. Raises OSError when crops cannot be kept."""
        if not where.digits:
            return
        state = self._counters.setdefault(counter.quantity, _Counter())
        self._learn(counter, number, state, anchored)
        crops = tuple(cut(picture, box).copy() for box in where.digits)
        if not good or result.text is None:
            state.refused.append(_Kept(crops, at))
            return
        value = float(result.text) + fraction(counter, result.digits, result.text) * 10.0**-counter.decimals
        figures = "".join(c for c in result.text if c.isdigit())
        whole = figures[: len(figures) - len(where.dials)].rjust(len(where.digits))
        state.later = _Kept(crops, at, value, whole)
        state.stands.append(tuple(d.value for d in result.digits[: len(where.digits)]))

    def disbelieved(self, quantity: Quantity) -> None:
        """The last reading was refused by the gate: it proves nothing, but may be proved wrong."""
        state = self._counters.get(quantity)
        if state is not None and state.later is not None:
            state.refused.append(_Kept(state.later.crops, state.later.at))
            state.later = None

    def _learn(self, counter: CounterSetup, number: int, state: _Counter, anchored: bool) -> None:
        """Now that nothing was said against the last good reading, it proves what came before it."""
        earlier, middle, later = state.earlier, state.middle, state.later
        if later is None:
            return
        self._take_back(counter, state, later)
        self._see_moved(state, later)
        places = range(len(counter.digits)) if anchored else sorted(state.moved)
        rows = [(middle, kept, later) for kept in state.refused] if middle else []
        due = state.taught_at is None or not 0 <= later.at - state.taught_at < EVERY_MS
        if earlier and middle and due:
            rows.append((earlier, middle, later))
            state.taught_at = later.at
        start = mechanics(state.stands) if counter.kind == "wheel" else 0.0
        if rows and later.value is not None:
            state.taught.append((later.value, self.own.next))
        for row in rows:
            self._prove(counter, number, row, places, start)
        state.earlier, state.middle, state.later = middle, later, None
        state.refused.clear()

    def _take_back(self, counter: CounterSetup, state: _Counter, later: _Kept) -> None:
        """A register that fell was read too high before, each time alike; or it is another meter's. One that
        went past its last number was read well."""
        assert later.value is not None, "it was good"
        holds = 10.0 ** (len(counter.digits) + len(counter.dials) - counter.decimals)
        if state.taught and went_past(state.taught[-1][0], later.value, holds):
            state.taught.clear()
        since, highest = [], later.value + PLAY * 10.0**-counter.decimals
        while state.taught and state.taught[-1][0] > highest:
            since.append(state.taught.pop()[1])
        if since and self._monotonic:
            self.own.unlearn(min(since))

    @staticmethod
    def _see_moved(state: _Counter, later: _Kept) -> None:
        state.first = state.first or later.figures
        pairs = enumerate(zip(state.first, later.figures, strict=False))
        state.moved |= {place for place, (first, now) in pairs if first != now}

    def _prove(
        self,
        counter: CounterSetup,
        number: int,
        row: tuple[_Kept, _Kept, _Kept],
        places: Sequence[int],
        start: float,
    ) -> None:
        earlier, kept, later = row
        sure = _labels(counter, earlier, None, later, start)
        known = _labels(counter, earlier, kept.value, later, start)
        for place in places:
            label = known[place]
            # A display's blank leading cell holds no digit, whatever the number.
            if label is not None and (counter.kind == "wheel" or later.figures[place : place + 1].isdigit()):
                at, lcd = number * PLACES + place, counter.kind == "lcd"
                self.own.add(kept.crops[place], label, lcd=lcd, sure=sure[place] is not None, place=at)

    def tend(self) -> None:
        """Refine the reader when enough has come together; takes about a second then. Raises OSError."""
        if self.own.fresh >= NEW_CROPS:
            self.own.refine()

    def forget(self) -> None:
        """All that was learned, and the pictures that were still to be proved. Raises OSError."""
        self._counters.clear()
        self.own.forget()

    def teach(
        self,
        counter: CounterSetup,
        number: int,
        picture: Picture,
        where: Calibration,
        shown: str,
        last: float,
    ) -> int:
        """What the owner says the picture shows: `shown` has a digit for each figure of the counter; `last`
        is where the last wheel was seen to stand. Returns how many crops became known. Raises OSError."""
        wheels = shown[: len(where.digits)]
        if counter.kind == "wheel":
            stand = _standing(wheels, None if counter.dials else last)
        else:
            figures = wheels.lstrip("0")  # a display may leave its leading cells blank
            stand = [*[None] * (len(wheels) - len(figures)), *(float(d) for d in figures)]
        added = 0
        for place, (label, box) in enumerate(zip(stand, where.digits, strict=True)):
            if label is not None:
                at, lcd = number * PLACES + place, counter.kind == "lcd"
                added += self.own.add(cut(picture, box).copy(), label, lcd=lcd, sure=True, place=at)
        return added


def _standing(wheels: str, last: float | None) -> list[float | None]:
    """Where wheels that show these digits stand, the last seen at `last`; None where that cannot be said."""
    past = None if last is None else (last - int(wheels[-1]) + 5) % 10 - 5
    if past is None or not -0.3 <= past <= 1.0:
        # Without the last wheel's fraction, a wheel may be on its way only if all right of it show nines.
        known: list[float | None] = [float(d) for d in wheels]
        known[-1] = None
        for place in range(len(wheels) - 2, -1, -1):
            if wheels[place + 1 :].strip("9"):
                break
            known[place] = None
        return known
    value = int(wheels) + max(0.0, min(past, 0.999))
    return list(positions(value, len(wheels), 0))


def _labels(
    counter: CounterSetup, earlier: _Kept, value: float | None, later: _Kept, start: float
) -> tuple[float | None, ...]:
    """What each wheel or display digit certainly showed between two believed readings, None where open."""
    count, figures = len(counter.digits), len(counter.digits) + len(counter.dials)
    if earlier.value is None or later.value is None:
        return (None,) * count
    # How a dial pushes the wheel beside it is not told by the wheels alone.
    how = None if counter.dials else start
    ends = earlier.value, value, later.value
    try:
        return proven(*ends, figures, counter.decimals, how, counter.kind)[:count]
    except ValueError:  # more than the counter can show: it went round
        return (None,) * count
