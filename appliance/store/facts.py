"""What the store hands out, and the few shapes its parts pass to one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.model import Event, Price, Quantity, Reading
from appliance.store.codec import Floats, Ints, Pick

QUARTER_MS = 15 * MINUTE_MS


class Every(StrEnum):
    """The grain of a chart. `DAY` is the site's local day, the others divide the hour."""

    RAW = "raw"
    MIN1 = "1min"
    MIN5 = "5min"
    MIN15 = "15min"
    HOUR = "1h"
    DAY = "1d"

    @property
    def milliseconds(self) -> int:
        """The length of a bucket (0 for raw; a local day may be an hour shorter or longer)."""
        return _LENGTHS[self.value]


LONGEST_QUIET_MS, LONGER = 2 * MINUTE_MS, 5
"""A line breaks where nothing was read for so long, and for so many times the usual pause."""
_LENGTHS = {
    "raw": 0, "1min": MINUTE_MS, "5min": 5 * MINUTE_MS, "15min": QUARTER_MS, "1h": HOUR_MS, "1d": DAY_MS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """A chart's lines; all lists are as long as `at`. None is unknown: nothing was read, draw nothing.

    `at`: starts of the buckets (raw: instants), UTC ms. `value`: gauge mean, counter register at the
    bucket's end, state at the bucket's end. `low`, `high`: gauges only. `delta`: counters only, how much
    the register rose within the bucket, meter exchanges accounted for; after a gap the first bucket that
    knows carries what was missed, so that sums are right.
    """

    at: list[int]
    value: list[float | None]
    low: list[float | None] | None = None
    high: list[float | None] | None = None
    delta: list[float | None] | None = None

    def line(self) -> list[tuple[int, float | None]]:
        """Points to draw a line by: None only where nothing was read for far longer than usual.

        A source that reports every ten minutes leaves every other bucket of five empty: that is no gap.
        """
        known = [(at, value) for at, value in zip(self.at, self.value, strict=True) if value is not None]
        if len(known) < 2:
            return [*known]
        steps = [b[0] - a[0] for a, b in pairwise(known)]
        longest = max(LONGEST_QUIET_MS, LONGER * sorted(steps)[len(steps) // 2])
        points: list[tuple[int, float | None]] = [known[0]]
        for step, point in zip(steps, known[1:], strict=True):
            if step > longest:
                points.append((point[0] - 1, None))
            points.append(point)
        return points


def listed(values: Floats) -> list[float | None]:
    """A column with None for what is unknown."""
    return [None if value != value else value for value in values.tolist()]


class Row(NamedTuple):
    """A committed reading and its number in the order of arrival."""

    seq: int
    reading: Reading


class Stored(NamedTuple):
    """An event and its number in the order of arrival."""

    id: int
    event: Event


class Exchange(NamedTuple):
    """From `at` on, `offset` more than the register says has gone through the series."""

    series: int
    at: int
    offset: float


class SeriesInfo(NamedTuple):
    """What is kept of one series; instants UTC ms."""

    source: str
    quantity: Quantity
    first_at: int
    last_at: int
    readings: int


class Rows(NamedTuple):
    """Readings of one series as columns, in order of `seq` unless said otherwise."""

    seq: Ints
    at: Ints
    value: Floats
    confidence: Floats

    def take(self, which: Pick) -> "Rows":
        """Some of the rows."""
        return Rows(self.seq[which], self.at[which], self.value[which], self.confidence[which])


NO_ROWS = Rows(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))


def concat(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, one after the other."""
    if len(parts) < 2:
        return parts[0] if parts else NO_ROWS
    return Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


@dataclass(slots=True)
class Batch:
    """Facts on their way into one commit. Readings are numbered from `seq` in order of arrival."""

    seq: int = 0
    readings: list[tuple[int, Reading]] = field(default_factory=list)
    events: list[Stored] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.readings or self.events or self.prices or self.cursors or self.exchanges)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as it stands in the journal and, until it is folded, in memory.

    `rows` holds all series, sorted by series; `where` says which slice is whose.
    """

    number: int
    seq_last: int
    rows: Rows
    where: Mapping[int, slice]
    events: Sequence[Stored] = ()
    prices: Sequence[Price] = ()
    cursors: Mapping[str, int] = field(default_factory=dict)
    exchanges: Sequence[Exchange] = ()

    def of(self, series: int) -> Rows:
        """The commit's rows of one series."""
        found = self.where.get(series)
        return NO_ROWS if found is None else self.rows.take(found)
