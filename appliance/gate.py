"""Is this reading believable? A wrong digit must never reach a bill, nor a wrong past block the truth.

Pure: time comes in with the readings. A counter is held against the readings accepted before it: it may
not fall, nor rise faster than a house can. Refused readings are kept for a while: when several in a row
agree with one another and outnumber the accepted ones they contradict, the accepted ones were wrong.
"""

from collections import deque
from dataclasses import dataclass, field, replace

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, sane
from appliance.model import Event, Kind, Quantity, Reading

FUTURE_MS = 5 * MINUTE_MS
REMEMBERED = 10
"""How many accepted readings are held as witnesses."""
FEWEST_WITNESSES = 3
STUBBORN_MS = DAY_MS
"""A long history yields only to readings that agree for a day."""
STUBBORN_COUNT = 12
REFUSED_KEPT = 200
TURN = 0.01
"""Within this share of its numbers on either side of its last one a counter went past that; a fall from
further away is another meter, or misread."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one counter may do. `resolution` is its last digit: the play of a wheel, not a fall; 0 where it is
    told by a wire, which does not misread. What is not `monotonic` may fall as fast as it may rise.

    `max_per_hour` and `max_per_day` are in the quantity's unit; None leaves the quantity's own limit.
    `renews_ms`: devices that renew their register in steps repeat a value for so long at most, and what came
    together meanwhile then shows at once. 0 for a meter that is looked at: it never stands still so.
    `turns_at`: what all its wheels hold, 100000 for five before the point; past that it begins at 0 again.
    None where nobody knows.
    """

    monotonic: bool = True
    max_per_hour: float | None = None
    max_per_day: float | None = None
    resolution: float = 0.0
    renews_ms: int = 0
    turns_at: float | None = None


@dataclass(slots=True)
class _History:
    accepted: deque[Reading] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    day: deque[Reading] = field(default_factory=deque)
    refused: list[Reading] = field(default_factory=list)
    sworn: Reading | None = None
    """What a person said the register shows."""

    def set_back(self, reading: Reading, now: int) -> None:
        """Where the clock was set back since, date what was accepted an hour before `reading`."""
        live = reading.at >= now - FUTURE_MS
        if live and self.accepted and self.accepted[-1].at > reading.at:
            earlier = reading.at - HOUR_MS
            for place, old in enumerate(list(self.accepted)):
                self.accepted[place] = replace(old, at=min(old.at, earlier))
                if old is self.sworn:
                    self.sworn = self.accepted[place]

    def turn(self, reading: Reading, limits: Limits) -> float:
        """How much `reading` lacks because the counter went past its last number (below 0 when it ran back
        past 0); 0.0 where it did not."""
        newest = self.accepted[-1] if self.accepted else None
        if not limits.turns_at or newest is None or reading.at < newest.at:
            return 0.0
        if went_past(newest.value, reading.value, limits.turns_at):
            turn = limits.turns_at
        elif went_past(reading.value, newest.value, limits.turns_at) and not limits.monotonic:
            turn = -limits.turns_at
        else:
            return 0.0
        whole = replace(reading, value=reading.value + turn)
        fits = not any(contradiction(old, whole, limits) for old in self.accepted)
        return turn if fits and not _too_much_in_a_day(self.day, whole, limits) else 0.0

    def turned(self, turn: float) -> None:
        """What was accepted, as the counter counts after its turn."""
        for kept in (self.accepted, self.day):
            for place, old in enumerate(list(kept)):
                kept[place] = replace(old, value=old.value - turn)
        self.sworn = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The reading to believe, or None; the event that tells a person, or None."""

    reading: Reading | None
    event: Event | None = None
    turn: float = 0.0
    """What the register lacks from this reading on, see `Limits.turns_at`."""


class Gate:
    """Judges readings one after the other; one history per source and quantity."""

    def __init__(self) -> None:
        self._histories: dict[tuple[str, Quantity], _History] = {}

    def remember(self, reading: Reading, limits: Limits = Limits()) -> None:
        """Take a reading of before the start as accepted; how long it had stood there is not known.

        What was read off a meter stands for the history or the person's word that it came from: three
        pictures that are misread alike after a power cut do not outvote it."""
        times = REMEMBERED if limits.resolution else 1
        self._history(reading).accepted.extend([replace(reading, at=reading.at - limits.renews_ms)] * times)

    def corrected(self, truth: Reading) -> None:
        """A person read the register, of this meter or of a new one: that counts alone, whatever was accepted
        or refused before, and yields only to a day of readings that agree against it."""
        self._histories[truth.source, truth.quantity] = history = _History(sworn=truth)
        history.accepted.append(truth)

    def judge(self, reading: Reading, now: int, limits: Limits = Limits()) -> Verdict:
        """Believe `reading` at instant `now` or say why not."""
        reason = implausible(reading, now)
        if reason:
            return Verdict(None, _rejected(reading, now, reason))
        if reading.quantity.spec.kind is not Kind.COUNTER:
            return Verdict(reading)
        return self._judge_counter(reading, now, limits)

    def _history(self, reading: Reading) -> _History:
        return self._histories.setdefault((reading.source, reading.quantity), _History())

    def _judge_counter(self, reading: Reading, now: int, limits: Limits) -> Verdict:
        history = self._history(reading)
        history.set_back(reading, now)
        contradicted = [
            (old, reason) for old in history.accepted if (reason := contradiction(old, reading, limits))
        ]
        if not contradicted:
            reason = _too_much_in_a_day(history.day, reading, limits)
            if not reason:
                return Verdict(_accept(history, reading, limits))
            contradicted = [(history.day[0], reason)]
        if turn := history.turn(reading, limits):
            history.turned(turn)
            return Verdict(_accept(history, reading, limits), _turned(reading, now, turn, limits), turn)
        witnesses = [*(old for old in history.refused if not contradiction(old, reading, limits)), reading]
        against_a_person = any(old is history.sworn for old, _ in contradicted)
        if _outnumbered(len(contradicted), witnesses, against_a_person):
            return Verdict(*_rebase(history, witnesses, contradicted[-1][0], now, limits))
        history.refused.append(reading)
        if len(history.refused) > REFUSED_KEPT:
            history.refused = history.refused[::2]
        return Verdict(None, _rejected(reading, now, contradicted[-1][1]))


def went_past(old: float, new: float, holds: float) -> bool:
    """Whether a fall from `old` to `new` is that of a counter that went past the last number it `holds`."""
    return old >= holds * (1 - TURN) and new <= holds * TURN


def implausible(reading: Reading, now: int) -> str | None:
    """Why a reading cannot be true whatever came before it, or None."""
    spec = reading.quantity.spec
    if not sane(now) or not sane(reading.at):
        return "The clock is not set yet; readings are kept once it is (network time, or a clock battery)"
    if reading.at > now + FUTURE_MS:
        return f"It is dated {(reading.at - now) / MINUTE_MS:.0f} minutes in the future; check both clocks"
    if not spec.low <= reading.value <= spec.high:
        return f"{_number(reading)} is outside what is possible ({spec.low:g} to {spec.high:g} {spec.unit})"
    return None


def contradiction(old: Reading, new: Reading, limits: Limits) -> str | None:
    """Why two readings of one counter cannot both be true, or None. Their order in time may be any."""
    first, second = (old, new) if old.at <= new.at else (new, old)
    rise = second.value - first.value
    unit = new.quantity.spec.unit
    if limits.monotonic and rise < -limits.resolution - 1e-9:
        return f"{_number(new)} does not fit {_number(old)} read before: a register never runs backwards"
    hours = (second.at - first.at) / HOUR_MS
    per_hour = limits.max_per_hour or new.quantity.spec.max_per_hour
    low, high = sorted((old, new), key=lambda reading: reading.value)
    if per_hour is not None and abs(rise) > per_hour * hours + max(2 * limits.resolution, per_hour / 3600):
        return (
            f"{_number(high)} is {abs(rise):.3f} {unit} above {_number(low)} after only "
            f"{_span(second.at - first.at)}: at most {per_hour:g} {unit} an hour are possible"
        )
    days = max(1.0, hours / 24)
    if limits.max_per_day is not None and abs(rise) > limits.max_per_day * days + limits.resolution:
        return (
            f"{_number(high)} is {abs(rise):.3f} {unit} above {_number(low)}: at most "
            f"{limits.max_per_day:g} {unit} a day were allowed (max_daily_increase_kwh)"
        )
    return None


def _too_much_in_a_day(day: deque[Reading], reading: Reading, limits: Limits) -> str | None:
    if limits.max_per_day is None:
        return None
    while day and not reading.at - DAY_MS <= day[0].at <= reading.at:
        day.popleft()
    return contradiction(day[0], reading, limits) if day else None


def _accept(history: _History, reading: Reading, limits: Limits) -> Reading:
    history.refused.clear()
    newest = history.accepted[-1] if history.accepted else None
    if newest is not None and reading.at < newest.at:
        return reading  # history delivered late says nothing of what comes next
    if newest is not None and limits.monotonic and reading.value < newest.value:
        # The play of a wheel by its last digit: the register has not moved.
        reading = replace(reading, value=newest.value)
    stood_since = reading.at
    if newest is not None and reading.value == newest.value:
        stood_since = max(newest.at, reading.at - limits.renews_ms)
    history.accepted.append(replace(reading, at=stood_since))
    if not history.day or reading.at >= history.day[-1].at + 15 * MINUTE_MS:
        history.day.append(reading)
    return reading


def _outnumbered(contradicted: int, witnesses: list[Reading], against_a_person: bool) -> bool:
    if contradicted < REMEMBERED and not against_a_person:
        return len(witnesses) >= max(FEWEST_WITNESSES, contradicted + 1)
    return len(witnesses) >= STUBBORN_COUNT and witnesses[-1].at - witnesses[0].at >= STUBBORN_MS


def _rebase(
    history: _History, witnesses: list[Reading], wrong: Reading, now: int, limits: Limits
) -> tuple[Reading, Event]:
    reading = witnesses[-1]
    kept = [old for old in history.accepted if not contradiction(old, reading, limits)]
    history.accepted.clear()
    history.accepted.extend(kept)
    history.day.clear()
    text = (
        f"{len(witnesses)} readings agree on about {_number(reading)}; {_number(wrong)} accepted before was "
        "wrong. If the meter was exchanged, say so on the Meter page"
    )
    data = {"quantity": str(reading.quantity), "value": reading.value, "was": wrong.value, "was_at": wrong.at}
    return _accept(history, reading, limits), Event(reading.source, "register_rebased", now, text, data)


def _turned(reading: Reading, now: int, turn: float, limits: Limits) -> Event:
    most = replace(reading, value=turn - limits.resolution)
    text = f"The register went past {_number(most)} and stands at {_number(reading)}; sums count on"
    if turn < 0:
        text = f"The register ran back past 0 and stands at {_number(reading)}; sums count on"
    data = {"quantity": str(reading.quantity), "turn": turn}
    return Event(reading.source, "register_turned", now, text, data)


def _rejected(reading: Reading, now: int, reason: str) -> Event:
    data = {"quantity": str(reading.quantity), "value": reading.value, "confidence": reading.confidence}
    return Event(reading.source, "rejected", now, reason, data)


def _number(reading: Reading) -> str:
    spec = reading.quantity.spec
    return f"{reading.value:.{spec.decimals}f} {spec.unit}".strip()


def _span(milliseconds: int) -> str:
    minutes = milliseconds / MINUTE_MS
    if minutes < 2:
        return f"{milliseconds / 1000:.0f} seconds"
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
