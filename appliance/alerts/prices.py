"""The dear, the cheap and the negative hours of a day: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from appliance.calendar import QUARTER_MS
from appliance.model import Event
from appliance.money.cheapest import Window, cheapest
from appliance.money.moments import Bools, Ints
from appliance.wording import clock

PRICE_PEAKS = "price_peaks"
DEAR = 1.5
"""So many times the day's mean is a peak where the owner named no price."""
JOINED = 2
"""Peaks that so few quarter hours keep apart are one to a person."""
CHEAP = 12
"""Quarter hours: what a machine or a car can make use of."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Peaks:
    """Of one day: where it is dear, below 0, and cheapest; `mean` per kWh. `per_kwh` of a dear span is its
    highest price, of one below 0 its lowest."""

    spans: tuple[Window, ...]
    negative: tuple[Window, ...]
    cheap: Window | None
    mean: float


def peaks(starts: Sequence[int], prices: Sequence[float], peak_price: float | None) -> Peaks | None:
    """`prices` per kWh of each quarter hour; None where one is not known (NaN), or there is none."""
    rate = np.array(prices, float)
    at = np.array(starts, np.int64)
    if not len(rate) or not np.isfinite(rate).all():
        return None
    mean = float(rate.mean())
    if peak_price is not None:
        dear = rate >= peak_price
    else:  # half as much again as next to nothing is no peak
        dear = rate >= DEAR * mean if mean > 0 else np.zeros(len(rate), bool)
    quarters = min(CHEAP, len(rate))
    negative = [Window(*ends, float(rate[run].min())) for run, ends in _runs(at, rate < 0, 0)]
    spans = [Window(*ends, float(rate[run].max())) for run, ends in _runs(at, dear, JOINED)]
    return Peaks(tuple(spans), tuple(negative), cheapest(at, rate, quarters), mean)


def told(found: Peaks, day: date, source: str, zone: ZoneInfo, currency: str, now: int) -> Event | None:
    """What is said of tomorrow, `day`; None where nothing is dear."""
    if not found.spans:
        return None
    shown = sorted(sorted(found.spans, key=lambda span: -span.per_kwh)[:SHOWN], key=lambda span: span.start)
    lines = [
        f"Tomorrow is dear from {clock(span.start, zone)} to {clock(span.end, zone)}: "
        f"up to {span.per_kwh:.2f} {currency}/kWh"
        for span in shown
    ]
    if found.cheap is not None:
        begin, end = (clock(at, zone) for at in (found.cheap.start, found.cheap.end))
        lines.append(f"Cheapest from {begin} to {end}: {found.cheap.per_kwh:.2f} {currency}/kWh")
    for span in found.negative[:SHOWN]:
        lines.append(f"The price is below 0 from {clock(span.start, zone)} to {clock(span.end, zone)}")
    data = {
        "day": day.isoformat(),
        "spans": [_listed(span) for span in found.spans],
        "mean": round(found.mean, 4),
        "cheapest": found.cheap and _listed(found.cheap),
        "negative": [_listed(span) for span in found.negative],
    }
    return Event(source, PRICE_PEAKS, now, "\n".join(lines), data)


def _listed(span: Window) -> list[float]:
    return [span.start, span.end, round(span.per_kwh, 4)]


def _runs(at: Ints, which: Bools, joined: int) -> list[tuple[slice, tuple[int, int]]]:
    """Where the quarters that are meant stand, and from when to when; those with at most `joined` others
    between them are one run."""
    runs: list[tuple[int, int]] = []
    for place in np.flatnonzero(which).tolist():
        if runs and place - runs[-1][1] <= joined + 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return [(slice(a, b + 1), (int(at[a]), int(at[b]) + QUARTER_MS)) for a, b in runs]
