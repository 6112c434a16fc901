"""How much energy went through in each interval, from the registers of one or several sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from appliance.money.moments import Bools, Ints
from appliance.money.rates import Floats

LONGEST_GAP = 4 * 96
"""So many intervals (four days of quarters) may be bridged by an even share; energy of a longer gap is known
in sum, but no one can say when it was used."""


class Gap(NamedTuple):
    """Intervals `[first, end)` without news, and the kWh that went through in all of them."""

    first: int
    end: int
    kwh: float


@dataclass(frozen=True, slots=True)
class Energy:
    """kWh of each interval, NaN unknown; `estimated` marks even shares of what went through in a gap;
    `loose_kwh` went through somewhere in gaps too long to share out. `gaps` are those that were shared."""

    kwh: Floats
    estimated: Bools
    loose_kwh: float = 0.0
    gaps: tuple[Gap, ...] = ()

    def __len__(self) -> int:
        return len(self.kwh)

    def take(self, which: Bools | slice) -> "Energy":
        """Some of the intervals."""
        return Energy(self.kwh[which], self.estimated[which], self.loose_kwh)


def spread(rises: Sequence[float | None], read_in: int | None = None) -> Energy:
    """Energy from `Store.increase`: a rise after intervals without news is shared evenly among them.

    Nothing is lost: the sum is that of the rises. A register that fell is no energy. `read_in` is the
    interval of the register's first reading, -1 if that was before all of them: what is unknown earlier is
    no gap. If left out, the first rise went through in its own interval alone.
    """
    kwh = np.array([np.nan if rise is None else rise for rise in rises], dtype=np.float64)
    estimated = np.zeros(len(kwh), dtype=bool)
    known = np.flatnonzero(np.isfinite(kwh))
    before = np.concatenate(([_begin(known, read_in)], known[:-1])) if len(known) else known
    rise = kwh[known]
    kwh[known[rise < 0]] = np.nan
    loose, gaps = 0.0, []
    for place in np.flatnonzero((known - before > 1) & (rise >= 0)).tolist():
        gap = Gap(int(before[place]) + 1, int(known[place]) + 1, float(rise[place]))
        if gap.end - gap.first > LONGEST_GAP:
            loose += gap.kwh
            kwh[gap.end - 1] = np.nan
        else:
            kwh[gap.first : gap.end] = gap.kwh / (gap.end - gap.first)
            estimated[gap.first : gap.end] = True
            gaps.append(gap)
    return Energy(kwh, estimated, loose, tuple(gaps))


def _begin(known: Ints, read_in: int | None) -> int:
    return int(known[0]) - 1 if read_in is None else min(read_in, int(known[0]) - 1)


def merge(parts: Sequence[Energy]) -> Energy:
    """One column of several sources of the same energy, the best first: measured before shared out.

    What another source measured within a gap of the best tells when its energy went through, not how much.
    """
    if not parts:
        raise ValueError("energy of no source")
    kwh, estimated, loose = parts[0].kwh.copy(), parts[0].estimated.copy(), parts[0].loose_kwh
    gaps = parts[0].gaps
    for part in parts[1:]:
        unknown = ~np.isfinite(kwh) & np.isfinite(part.kwh)
        kwh[unknown] = part.kwh[unknown]
        estimated[unknown] = part.estimated[unknown]
        for gap in gaps:
            _fill(kwh[gap.first : gap.end], estimated[gap.first : gap.end], part, gap)
        gaps += tuple(gap for gap in part.gaps if unknown[gap.first : gap.end].all())
    return Energy(kwh, estimated, loose, gaps)


def _fill(kwh: Floats, estimated: Bools, part: Energy, gap: Gap) -> None:
    """Put what a part measured into a gap and share the rest among what is left of it, both in place."""
    found, shared = part.kwh[gap.first : gap.end], part.estimated[gap.first : gap.end]
    better = estimated & np.isfinite(found) & ~shared
    if not better.any():
        return
    told = np.where(better, found, np.where(estimated, 0.0, kwh))
    left = estimated & ~better
    rest = gap.kwh - told.sum()
    if left.any() and rest >= 0:
        told[left] = rest / left.sum()
    elif told.sum() > 0:
        told *= gap.kwh / told.sum()
    else:
        return
    kwh[:] = told
    estimated[:] = left
