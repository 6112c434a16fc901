"""From the edges of a pulse output to pulses, from pulses to a register and a power: pure.

IEC 62053-31: an S0 pulse and the pause after it last 30 ms or more. Times are seconds of any clock that never
runs backwards.
"""

from collections import deque

REMEMBERED = 4096
SMALL_W = 1.0
"""A bound below this is as good as 0 W, even where no two pulses have been seen."""
KWH_WS = 3_600_000.0


class Debouncer:
    """Tells pulses from bouncing contacts and spikes: a level counts once it has held for `hold_s`."""

    def __init__(self, hold_s: float, active: bool, at: float) -> None:
        """`active` is the level at the start; if it is, that pulse began before and is not counted."""
        self._hold_s = hold_s
        self._stable = self._level = active
        self._since = at

    def edge(self, active: bool, at: float) -> float | None:
        """The level changed at `at`. Returns when the pulse began that this shows to be one, or None."""
        began = self.settle(at)
        if active != self._level:
            self._level, self._since = active, at
        return began

    def settle(self, at: float) -> float | None:
        """Nothing changed until `at`. As `edge`."""
        if self._level == self._stable or at - self._since < self._hold_s:
            return None
        self._stable = self._level
        return self._since if self._stable else None


class PulseRegister:
    """The register that pulses turn, and the power they speak of."""

    def __init__(self, per_unit: float, value: float, at: float) -> None:
        """The register stands at `value` (kWh or m³) at `at`; `per_unit` pulses raise it by 1."""
        self._per_unit = per_unit
        self._base, self._count = value, 0
        self._times: deque[float] = deque(maxlen=REMEMBERED)
        self._started = at
        self._measured: tuple[int, float] | None = None
        self._mean: float | None = None

    @property
    def value(self) -> float:
        """What the register shows."""
        return self._base + self._count / self._per_unit

    def pulse(self, at: float) -> None:
        """A pulse began at `at`."""
        self._count += 1
        self._times.append(at)
        if self._measured is None:
            self._measured = self._count, at

    def set_right(self, value: float, at: float) -> None:
        """A person read `value` at `at`; pulses since come on top."""
        since = sum(1 for time in self._times if time > at)
        self._base = value - (self._count - since) / self._per_unit

    def power(self, now: float) -> float | None:
        """W at `now` of a register in kWh, or None while unknown. To be asked again and again.

        It is the mean from the last pulse known at the question before to the newest one, but never more than
        lets a pulse stay away as long as it has: that bound falls to 0.
        """
        newest = self._times[-1] if self._times else None
        if newest is not None and self._measured is not None and newest > self._measured[1]:
            count, at = self._measured
            self._mean = self._watts((newest - at) / (self._count - count))
            self._measured = self._count, newest
        silent_s = now - (self._started if newest is None else newest)
        bound = self._watts(silent_s) if silent_s > 0 else None
        if self._mean is None:
            return bound if bound is not None and bound < SMALL_W else None
        return self._mean if bound is None else min(self._mean, bound)

    def _watts(self, seconds: float) -> float:
        """The power at which pulses come `seconds` apart."""
        return KWH_WS / (self._per_unit * seconds)
