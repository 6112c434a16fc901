"""From figures to a number, by the mechanics of wheels and dials. Pure.

A dial turns without pause: it stands at its own figure plus the fraction of the dial to its right. A wheel
stands at its own digit plus what the wheel (or dial) to its right has pushed it on: nothing until that passes
9 (a counter with a carry), or its whole fraction (gears). 9.7 beside 0.2 is therefore a wheel about to reach
0, not a nine. Figures are read from the last one up; one that stands where no such mechanics could bring it
lowers the confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocr.calibration import Kind
from ocr.digits import Digit

_SLACK = 0.25
"""Play of a wheel plus the error of reading it, in digits, that costs no confidence."""
_TURNING = 0.1
"""More play while the neighbour turns through 0: the carry takes hold late and lets go early."""
_POINTING = 0.25
"""Play of a pointer plus the error of reading it, in figures, that costs no confidence."""
_CARRIES = ((9.0, 9.0, 0.0), (8.0, 8.0, 0.05), (0.0, 0.0, 0.2))
_OVER_DIALS = ((9.0, 9.0, 0.0), (0.0, 9.0, 0.0), (9.0, 8.0, 0.05), (0.0, 8.0, 0.05), (0.0, 0.0, 0.2))
"""Mechanics: from where the last figure pushes the wheel beside it, from where wheels push one another (in
their last tenth or fifth, as carries do, or always, as gears do), and how much worse than others it must fit
to be believed: gears throughout are rare, between dials and the first wheel they are not."""
_CLEAR = 0.2
"""By how much an understanding must fit better than one with other digits to cost no confidence."""
_ROUND_UP = 0.25
"""The last wheel counts as its next digit from this much before it."""


@dataclass(frozen=True, slots=True)
class Number:
    """`text` as on the counter ("048713.4"), `value` in its unit, `confidence` 0..1, `digits` as decided.

    `digits` holds the figures of wheels and dials, and None for a blank leading cell of a display.
    """

    text: str
    value: float
    confidence: float
    digits: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    """One way to understand the wheels: digits, how far each stands from it, and what each is allowed.

    `cost` is the sum of the misfits and of what the mechanics behind it cost.
    """

    digits: list[int]
    misfits: list[float]
    play: list[float]
    cost: float


def combine(digits: Sequence[Digit], decimals: int, kind: Kind, dials: Sequence[Digit] = ()) -> Number:
    """The number that figures make: wheels or display cells left to right, then the dials that follow them.

    `decimals` counts the figures, dials included, after the point. ValueError when there is none at all.
    """
    if not digits and not dials:
        raise ValueError("A reading needs at least one digit or dial")
    pointed, below, trust = _pointers(dials)
    whole: list[int | None] = []
    if digits:
        read, sure = (
            _wheels(digits, below) if kind == "wheel" else _display(digits, max(0, decimals - len(dials)))
        )
        whole, trust = [*read], min(trust, sure)
    whole += pointed
    shown = ["" if d is None else str(d) for d in whole]
    point = len(shown) - decimals
    text = "".join(shown[:point]) + ("." + "".join(shown[point:]) if decimals else "")
    return Number(text, float(text) if text.strip(".") else 0.0, trust, tuple(whole))


def _pointers(dials: Sequence[Digit]) -> tuple[list[int], float | None, float]:
    """(figures, where the first dial stands by all of them, confidence) of dials; None without dials.

    The last pointer shows the figure it has passed; each other one the figure its right neighbour's
    fraction leaves, so a pointer read a little short of its figure is not taken for the one before.
    """
    figures: list[int] = []
    position, trust = None, 1.0
    for dial in reversed(dials):
        if position is None:
            position = _turned(dial.value)
            figure, misfit = int(position), 0.0
        else:
            away = dial.value - position / 10
            figure, misfit = round(away) % 10, abs(away - round(away))
            position = figure + position / 10
        figures.append(figure)
        trust = min(trust, dial.confidence * _fits(misfit, _POINTING))
    return figures[::-1], position, trust


def _wheels(digits: Sequence[Digit], below: float | None) -> tuple[list[int], float]:
    """(digits, confidence) of wheels; `below` is where the dial to their right stands, if there is one.

    Tries each way the wheels may push one another, and without a dial the last wheel as passed or as nearly
    reached. What fits the whole counter best is taken. Of equals the plain carry wins, and a last wheel just
    before its digit shows that digit.
    """
    values = [d.value for d in digits]
    away = _offset(values if below is not None else values[:-1])
    values = [_turned(v - away) for v in values]
    if below is not None:
        fits = [_upwards(values, below, *how) for how in _OVER_DIALS]
    else:
        last = values[-1]
        ends = [last] if last % 1 <= 1 - _ROUND_UP else [float(int(last) + 1) % 10, last]
        fits = [_up_to_last(values, end, *how) for how in _CARRIES for end in ends]
    fit = min(fits, key=lambda f: round(f.cost, 2))
    trust = min(d.confidence * _fits(*m) for d, *m in zip(digits, fit.misfits, fit.play, strict=True))
    return fit.digits, trust * _clear(fit, fits, same=1 if below is None else 0)


def _up_to_last(values: Sequence[float], last: float, *how: float) -> _Fit:
    fit = _upwards(values[:-1], last, *how)
    return _Fit([*fit.digits, int(last)], [*fit.misfits, 0.0], [*fit.play, _SLACK], fit.cost)


def _clear(best: _Fit, fits: Sequence[_Fit], same: int) -> float:
    """Factor on the confidence: 1 when nothing fits nearly as well that is another number.

    Numbers up to `same` apart count as one: the last wheel a moment earlier or later.
    """
    size = 10 ** len(best.digits)
    rivals = [f.cost for f in fits if same < (_number(f) - _number(best)) % size < size - same]
    return min([1.0, *(0.5 + max(0.0, r - best.cost) / (2 * _CLEAR) for r in rivals)])


def _number(fit: _Fit) -> int:
    return int("".join(map(str, fit.digits)))


def _offset(values: Sequence[float]) -> float:
    """How far all boxes sit too high or low, in digits: what most of the wheels agree on, up to 0.3."""
    parts = sorted(v - round(v) for v in values)
    if len(parts) < 4:
        return 0.0
    middle = parts[len(parts) // 2]
    agree = sum(abs(p - middle) < 0.12 for p in parts) / len(parts)
    return middle if agree > 0.6 and abs(middle) <= 0.3 else 0.0


def _upwards(values: Sequence[float], below: float, first: float, others: float, cost: float) -> _Fit:
    """Reads wheels from right to left; each is pushed while its right neighbour goes from the start to 10.

    The start is `first` for the wheel beside `below`, `others` for those to its left.
    """
    whole, misfits, play = [], [], []
    for place, value in enumerate(reversed(values)):
        start = others if place else first
        push = max(0.0, (below - start) / (10 - start))
        misfit, base = min((abs(value - base - push), base) for base in range(-1, 11))
        turning = start > 0 and (below < 1 or below > start)
        whole.append(base % 10)
        misfits.append(misfit)
        play.append(_SLACK + (_TURNING if turning else 0.0))
        below = base % 10 + push
    return _Fit(whole[::-1], misfits[::-1], play[::-1], cost + sum(misfits))


def _turned(value: float) -> float:
    """A position in [0, 10); -1e-17 % 10 is 10."""
    return value % 10 if value % 10 < 10 else 0.0


def _fits(misfit: float, play: float) -> float:
    """Factor on the confidence: 1 within the play, 0 half a digit off, where it could be the next."""
    return min(1.0, max(0.0, (0.5 - misfit) / (0.5 - play)))


def _display(digits: Sequence[Digit], decimals: int) -> tuple[list[int | None], float]:
    """Display digits stand for themselves; leading blank cells count as no digit."""
    whole: list[int | None] = []
    trust = 1.0
    for place, digit in enumerate(digits):
        leading = all(d is None for d in whole) and place < len(digits) - decimals - 1
        if leading and digit.blank > 0.5:
            whole.append(None)
            trust = min(trust, digit.blank)
            continue
        near = round(digit.value)
        whole.append(near % 10)
        trust = min(trust, digit.confidence * _fits(abs(digit.value - near), _SLACK))
    return whole, trust
