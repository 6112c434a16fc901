"""How much energy went through in each interval, from the registers of one or several sources."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from appliance.money.moments import Bools
from appliance.money.rates import Floats

LONGEST_GAP = 4 * 96
"""So many intervals (four days of quarters) may be bridged by an even share; energy of a longer gap is known
in sum, but no one can say when it was used."""


@dataclass(frozen=True, slots=True)
class Energy:
    """kWh of each interval, NaN unknown; `estimated` marks even shares of what went through in a gap;
    `loose_kwh` went through somewhere in gaps too long to share out."""

    kwh: Floats
    estimated: Bools
    loose_kwh: float = 0.0

    def __len__(self) -> int:
        return len(self.kwh)


def spread(rises: Sequence[float | None], *, metered_before: bool = False) -> Energy:
    """Energy from `Store.increase`: a rise after intervals without news is shared evenly among them.

    Nothing is lost: the sum is that of the rises. A register that fell is no energy. `metered_before` says
    that the register was read before the first interval: else what is unknown at the beginning is no gap.
    """
    kwh = np.array([np.nan if rise is None else rise for rise in rises], dtype=np.float64)
    estimated = np.zeros(len(kwh), dtype=bool)
    loose = 0.0
    known = np.flatnonzero(np.isfinite(kwh))
    before = -1 if metered_before or not len(known) else int(known[0]) - 1
    for place in known.tolist():
        gap = place - before
        if kwh[place] < 0:
            kwh[place] = np.nan
        elif gap > LONGEST_GAP:
            loose += float(kwh[place])
            kwh[place] = np.nan
        elif gap > 1:
            kwh[before + 1 : place + 1] = kwh[place] / gap
            estimated[before + 1 : place + 1] = True
        before = place
    return Energy(kwh, estimated, loose)


def merge(parts: Sequence[Energy]) -> Energy:
    """One column of several sources of the same energy, the best first: measured before shared out."""
    if not parts:
        raise ValueError("energy of no source")
    kwh, estimated = parts[0].kwh.copy(), parts[0].estimated.copy()
    for part in parts[1:]:
        better = np.isfinite(part.kwh) & (~np.isfinite(kwh) | (estimated & ~part.estimated))
        kwh[better] = part.kwh[better]
        estimated[better] = part.estimated[better]
    return Energy(kwh, estimated, parts[0].loose_kwh)
