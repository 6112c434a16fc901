"""From digits to a number, by the mechanics of wheels. Pure.

A wheel stands at its own digit plus what the wheel to its right has pushed it on: nothing until that wheel
passes 9 (a counter with a carry), or its whole fraction (gears). 9.7 beside 0.2 is therefore a wheel about to
reach 0, not a nine. Wheels are read from the last one up; a wheel that stands where no such mechanics could
bring it lowers the confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocr.calibration import Kind
from ocr.digits import Digit

_SLACK = 0.2
"""Play of a wheel plus the error of reading it, in digits, that costs no confidence."""
_STARTS = (9.0, 8.0, 0.0)
"""From where a wheel pushes its left neighbour: in its last tenth or fifth (carries), or always (gears)."""
_ROUND_UP = 0.25
"""The last wheel counts as its next digit from this much before it."""


@dataclass(frozen=True, slots=True)
class Number:
    """`text` as on the counter ("048713.4"), `value` in its unit, `confidence` 0..1, `digits` as decided.

    `digits` holds None for a blank leading cell of a display.
    """

    text: str
    value: float
    confidence: float
    digits: tuple[int | None, ...]


def combine(digits: Sequence[Digit], decimals: int, kind: Kind) -> Number:
    """The number a counter's digits (left to right, at least one) make."""
    whole, trust = _wheels(digits) if kind == "wheel" else _display(digits, decimals)
    shown = ["" if d is None else str(d) for d in whole]
    point = len(shown) - decimals
    text = "".join(shown[:point]) + ("." + "".join(shown[point:]) if decimals else "")
    return Number(text, float(text) if text.strip(".") else 0.0, trust, tuple(whole))


def _wheels(digits: Sequence[Digit]) -> tuple[list[int | None], float]:
    """Tries each way the wheels may push one another, and the last wheel as passed or as nearly reached.

    What fits the whole counter best is taken. Of equals the plain carry wins, and a last wheel just before
    its digit shows that digit.
    """
    away = _offset([d.value for d in digits])
    values = [(d.value - away) % 10 for d in digits]
    passed = int(values[-1])
    part = values[-1] - passed
    ends = [(passed, part)] if part <= 1 - _ROUND_UP else [(passed + 1, 0.0), (passed, part)]
    fits = [_upwards(values, end, start) for start in _STARTS for end in ends]
    whole, misfits = min(fits, key=lambda fit: round(sum(fit[1]), 1))
    trust = min(d.confidence * _fits(m) for d, m in zip(digits, misfits, strict=True))
    return list(whole), trust


def _offset(values: Sequence[float]) -> float:
    """How far all boxes sit too high or low, in digits: what most wheels but the last agree on, up to 0.3."""
    parts = sorted(v - round(v) for v in values[:-1])
    if len(parts) < 4:
        return 0.0
    middle = parts[len(parts) // 2]
    agree = sum(abs(p - middle) < 0.12 for p in parts) / len(parts)
    return middle if agree > 0.6 and abs(middle) <= 0.3 else 0.0


def _upwards(values: Sequence[float], last: tuple[int, float], start: float) -> tuple[list[int], list[float]]:
    """(digits, misfit of each) when a wheel pushes its left neighbour from position `start` to 10."""
    digit, part = last
    whole, misfits = [digit % 10], [0.0]
    below = digit % 10 + part
    for value in reversed(values[:-1]):
        push = max(0.0, (below - start) / (10 - start))
        misfit, base = min((abs(value - base - push), base) for base in range(-1, 11))
        whole.append(base % 10)
        misfits.append(misfit)
        below = base % 10 + push
    return whole[::-1], misfits[::-1]


def _fits(misfit: float) -> float:
    """Factor on the confidence: 1 within the slack, 0 half a digit off, where it could be the next."""
    return min(1.0, max(0.0, (0.5 - misfit) / (0.5 - _SLACK)))


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
        trust = min(trust, digit.confidence * _fits(abs(digit.value - near)))
    return whole, trust
