"""Charges for the highest power: Flanders, Norway, parts of Sweden, by their parameters.

Flanders: the mean of the highest quarters of the last twelve months, each at least 2.5 kW (VREG/Fluvius).
Norway: usually the mean of the three highest hours of a month on different days, paid by steps (RME).
Windows are those of the clock, not sliding: the meter's own quarters are billed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from appliance.money.moments import Ints, Moments
from appliance.money.rates import Floats
from config.contract import Capacity

QUARTER_MIN = 15


@dataclass(frozen=True, slots=True)
class Peak:
    """The mean power of one window that counts: its start (UTC ms), kW as drawn and as billed."""

    start: int
    kw: float
    billed_kw: float


@dataclass(frozen=True, slots=True)
class Charge:
    """What is billed: the power in kW, the peaks it is the mean of (highest first), money before tax for
    the tariff's own month or year."""

    kw: float
    peaks: tuple[Peak, ...]
    money: float


def windows(kwh: Floats, moments: Moments, window_min: int) -> tuple[Ints, Floats]:
    """Starts and mean powers (kW) of the windows all of whose quarter hours are known."""
    per = window_min // QUARTER_MIN
    if per == 1:
        known = np.isfinite(kwh)
        return moments.starts[known], kwh[known] * (60 / window_min)
    # A window is told by its local day and time, and in an autumn night's doubled hour by its UTC offset.
    shift = moments.day * 1440 + moments.minute - moments.starts // 60_000
    key = (moments.day * 1440 + moments.minute) // window_min * 4096 + shift
    _, first, where, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    sums = np.bincount(where, weights=kwh, minlength=len(first))
    whole = (count == per) & np.isfinite(sums)
    return moments.starts[first][whole], sums[whole] * (60 / window_min)


def charge(tariff: Capacity, kwh: Floats, moments: Moments, month: int) -> Charge | None:
    """The charge of the local month `month` (months since January 1970) from quarter hours of energy drawn,
    which should reach back over `tariff.months`. None while no window of that span is known."""
    starts, kw = windows(kwh, moments, tariff.window_min)
    index = np.searchsorted(moments.starts, starts)
    months = moments.month[index]
    span = (months > month - tariff.months) & (months <= month)
    if not span.any():
        return None
    starts, kw, index = starts[span], kw[span], index[span]
    weighed = kw * _weights(tariff, moments)[index]
    group = _groups(tariff.apart, moments)[index]
    best: dict[int, int] = {}
    for place in np.argsort(-weighed, kind="stable").tolist():
        best.setdefault(int(group[place]), place)
        if len(best) == tariff.peaks:
            break
    peaks = tuple(
        Peak(int(starts[place]), float(kw[place]), max(tariff.floor_kw, float(weighed[place])))
        for place in best.values()
    )
    mean = sum(peak.billed_kw for peak in peaks) / len(peaks)
    return Charge(mean, peaks, amount(tariff, mean))


def amount(tariff: Capacity, kw: float) -> float:
    """Money before tax for a power, for the tariff's own month or year."""
    if not tariff.steps:
        return tariff.per_kw * kw
    return next((step.amount for step in tariff.steps if kw <= step.up_to_kw), tariff.steps[-1].amount)


def _groups(apart: str, moments: Moments) -> Ints:
    """Equal numbers for windows of which only the highest may count."""
    if apart == "window":
        return np.arange(len(moments.starts), dtype=np.int64)
    if apart == "month":
        return moments.month
    return moments.day if apart == "day" else (moments.day + 3) // 7


def _weights(tariff: Capacity, moments: Moments) -> Floats:
    found = np.ones(len(moments.starts))
    for weight in reversed(tariff.weights):
        found[moments.within(weight.when)] = weight.factor
    return found


def month_money(tariff: Capacity, charges: Sequence[Charge], vat_percent: float) -> float:
    """What the charges of some months come to, tax included where the tariff says so."""
    share = 1 / 12 if tariff.per == "year" else 1.0
    tax = 1 + vat_percent / 100 if tariff.vat else 1.0
    return sum(charge.money for charge in charges) * share * tax
