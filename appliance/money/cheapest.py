"""When a machine that runs for a while costs least."""

from dataclasses import dataclass

import numpy as np

from appliance.calendar import QUARTER_MS
from appliance.money.moments import Ints
from appliance.money.rates import Floats


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end` (UTC ms) a kWh costs `per_kwh` on the average."""

    start: int
    end: int
    per_kwh: float


def cheapest(starts: Ints, rate: Floats, quarters: int, *, dearest: bool = False) -> Window | None:
    """The span of so many quarter hours in a row with the lowest mean price, the first of equals.

    None where no such span has all its prices known. `starts` are rising quarter hours, gaps allowed.
    ValueError for less than one quarter.
    """
    if quarters < 1:
        raise ValueError("a window is at least one quarter hour long")
    if len(starts) < quarters:
        return None
    first = starts[: len(starts) - quarters + 1]
    last = starts[quarters - 1 :]
    means = np.convolve(np.where(np.isfinite(rate), rate, 0.0), np.ones(quarters), "valid") / quarters
    known = np.convolve(np.isfinite(rate), np.ones(quarters), "valid") > quarters - 0.5
    fits = known & (last - first == (quarters - 1) * QUARTER_MS)
    if not fits.any():
        return None
    means = np.round(means, 9)  # sums in another order must not decide between equals
    worst = -np.inf if dearest else np.inf
    ranked = np.where(fits, means, worst)
    place = int(ranked.argmax() if dearest else ranked.argmin())
    start = int(starts[place])
    return Window(start, start + quarters * QUARTER_MS, float(means[place]))
