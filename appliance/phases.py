"""The three phases: how much each carries, how far they are apart, how near the main fuse is. Pure.

Currents are ampere, never negative here: a fuse does not care for the direction. Means are weighted by
time; one sample alone judges nothing, because a kettle is no overload. The limits of the imbalance in
ampere and the shares of the fuse are the product's own choice: no norm names any.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from appliance.model import PHASES, Event, Quantity

Level = Literal["ok", "warn", "bad"]
Amps = tuple[float | None, ...]

IMBALANCE_OK_A, IMBALANCE_WARN_A = 5.0, 10.0
FUSE_WARN, FUSE_BAD = 0.8, 0.95
"""Shares of the fuse above which a quarter hour's mean is worth a look, and worth an alarm."""
FUSE_BLOWS = 1.0
"""A minute above the fuse's own current is an alarm at once."""
CALM = 0.05
"""An alarm ends this share of the fuse below where it began, so that it does not flutter."""
SHORT_MS, LONG_MS = MINUTE_MS, 15 * MINUTE_MS
HOLD_MS = 30 * SECOND_MS
"""A sample stands for so long at the most; then the current is unknown."""
COVERED = 0.8
"""A mean needs so much of its span to be known."""
REPEAT_MS = HOUR_MS
"""An alarm that lasts is not told again before this."""
CURRENTS = tuple(Quantity[f"CURRENT_L{n}"] for n in PHASES)
POWERS = tuple(Quantity[f"POWER_L{n}"] for n in PHASES)
VOLTAGES = tuple(Quantity[f"VOLTAGE_L{n}"] for n in PHASES)


def amps(current: float | None, power: float | None, voltage: float | None) -> float | None:
    """Ampere of a phase. Most P1 meters report whole ampere, so power over voltage tells more."""
    told = None if power is None or not voltage else abs(power) / voltage
    if current is None:
        return told
    return told if told is not None and current == round(current) else abs(current)


def carried(values: Mapping[Quantity, float]) -> Amps:
    """Ampere of each phase out of one source's readings of one moment."""
    return tuple(
        amps(values.get(current), values.get(power), values.get(voltage))
        for current, power, voltage in zip(CURRENTS, POWERS, VOLTAGES, strict=True)
    )


def imbalance_a(phases: Iterable[float | None]) -> float | None:
    """Between the most and the least loaded phase; None with fewer than two of them known."""
    known = [a for a in phases if a is not None]
    return max(known) - min(known) if len(known) > 1 else None


def imbalance_level(apart: float) -> Level:
    """Green to 5 A, amber to 10 A, red above."""
    return "ok" if apart <= IMBALANCE_OK_A else "warn" if apart <= IMBALANCE_WARN_A else "bad"


def fuse_level(share: float) -> Level:
    """How a phase's share of the main fuse looks."""
    return "ok" if share <= FUSE_WARN else "warn" if share <= FUSE_BAD else "bad"


@dataclass(frozen=True, slots=True)
class Load:
    """Means of each phase over the last minute and quarter hour, in ampere; None is unknown."""

    minute: Amps
    quarter: Amps

    @property
    def imbalance_a(self) -> float | None:
        """Of the quarter hour's means."""
        return imbalance_a(self.quarter)


class Means:
    """The last quarter hour of samples."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, Amps]] = deque()

    def add(self, at: int, phases: Amps) -> None:
        """A sample at an instant (UTC ms). A clock that was set back begins anew."""
        if self._samples and at < self._samples[-1][0]:
            self._samples.clear()
        self._samples.append((at, phases))
        while len(self._samples) > 1 and self._samples[1][0] < at - LONG_MS:
            self._samples.popleft()

    def load(self, now: int) -> Load:
        """The means at an instant."""
        return Load(self._mean(now, SHORT_MS), self._mean(now, LONG_MS))

    def _mean(self, now: int, span: int) -> Amps:
        samples = list(self._samples)
        ends = [*(at for at, _ in samples[1:]), now]
        sums, known = [0.0] * len(PHASES), [0] * len(PHASES)
        for (at, phases), after in zip(samples, ends, strict=False):
            lasts = min(after, at + HOLD_MS, now) - max(at, now - span)
            if lasts <= 0:
                continue
            for n, value in enumerate(phases):
                if value is not None:
                    sums[n] += value * lasts
                    known[n] += lasts
        return tuple(
            total / lasted if lasted >= COVERED * span else None
            for total, lasted in zip(sums, known, strict=True)
        )


@dataclass
class _Alarm:
    raised: bool = False
    told: bool = False
    """Whether anyone was told of the one that is raised: only then its end is news."""
    told_at: int | None = None


class Watch:
    """Tells when a phase nears the main fuse, and when the phases are far apart."""

    def __init__(self, source: str, fuse_a: int | None) -> None:
        """`fuse_a` is the main fuse in ampere per phase; without it no overload can be told."""
        self._source = source
        self._fuse_a = fuse_a
        self._overload = _Alarm()
        self._apart = _Alarm()

    def judge(self, load: Load, now: int) -> list[Event]:
        """What has to be told at this moment (UTC ms)."""
        return [*self._judge_fuse(load, now), *self._judge_balance(load, now)]

    def _judge_fuse(self, load: Load, now: int) -> list[Event]:
        if not self._fuse_a:
            return []
        short, long = (_worst(amps_, self._fuse_a) for amps_ in (load.minute, load.quarter))
        if short is None and long is None:
            return []
        over = (short or 0) > FUSE_BLOWS or (long or 0) > FUSE_BAD
        calm = (short or 0) < FUSE_BLOWS - CALM and (long or 0) < FUSE_BAD - CALM
        change = _turn(self._overload, over, calm, now)
        if change is None:
            return []
        minute = long is None or (short or 0) > FUSE_BLOWS
        means = load.minute if minute else load.quarter
        known = [(n, a) for n, a in zip(PHASES, means, strict=True) if a is not None]
        number, value = max(known, key=lambda pair: pair[1])
        data = {"phase": number, "amps": round(value, 1), "fuse_a": self._fuse_a}
        if not change:
            return [
                self._event("fuse_calm", now, f"The main fuse of {self._fuse_a} A has headroom again", data)
            ]
        span = "a minute" if minute else "a quarter of an hour"
        text = (
            f"L{number} carried {value:.1f} A over {span}, the main fuse is {self._fuse_a} A: "
            f"switch something off on that phase"
        )
        return [self._event("fuse_overload", now, text, data)]

    def _judge_balance(self, load: Load, now: int) -> list[Event]:
        apart = load.imbalance_a
        if apart is None:
            return []
        change = _turn(self._apart, apart > IMBALANCE_WARN_A, apart <= IMBALANCE_OK_A, now)
        if change is None:
            return []
        data = {"amps": round(apart, 1), "phases": [a and round(a, 1) for a in load.quarter]}
        if not change:
            return [self._event("phases_balanced", now, f"The phases are {apart:.1f} A apart again", data)]
        text = (
            f"The phases were {apart:.1f} A apart over a quarter of an hour: "
            f"moving a load to another phase leaves more headroom"
        )
        return [self._event("phase_imbalance", now, text, data)]

    def _event(self, name: str, now: int, text: str, data: Mapping[str, object]) -> Event:
        return Event(self._source, name, now, text, data)


def _worst(phases: Sequence[float | None], fuse_a: int) -> float | None:
    """The highest share of the fuse."""
    return max((a / fuse_a for a in phases if a is not None), default=None)


def _turn(alarm: _Alarm, over: bool, calm: bool, now: int) -> bool | None:
    """True when the alarm is to be told, False when its end is, None when there is nothing new."""
    if over:
        alarm.raised = True
        if alarm.told_at is not None and 0 <= now - alarm.told_at < REPEAT_MS:
            return None
        alarm.told, alarm.told_at = True, now
        return True
    if not alarm.raised or not calm:
        return None
    was_told, alarm.raised, alarm.told = alarm.told, False, False
    return False if was_told else None
