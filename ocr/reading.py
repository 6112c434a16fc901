"""From digits to a number, by the mechanics of wheels. Pure.

A wheel stands at its own digit plus what the wheel to its right has pushed it on: nothing until that wheel
passes 9 (a counter with a carry), or its whole fraction (gears). 9.7 beside 0.2 is therefore a wheel that
should have turned to 0, not a nine. Wheels are read from the last one up; a wheel that stands where no such
mechanics could bring it lowers the confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocr.calibration import Kind
from ocr.digits import Digit

_SLACK = 0.2
"""Play of a wheel plus the error of reading it, in digits, that costs no confidence."""
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
    """Tries the last wheel as the digit it has passed and as the one it nears; keeps what fits better above."""
    last = digits[-1]
    passed = int(last.value)
    choices = [(passed, last.value - passed)]
    if last.value - passed > 1 - _ROUND_UP:
        choices.append((passed + 1, 0.0))
    # of equals the later wins: a last wheel just before its digit shows that digit
    return min((_upwards(digits, *choice) for choice in reversed(choices)), key=lambda r: r[2])[:2]


def _upwards(digits: Sequence[Digit], last: int, part: float) -> tuple[list[int | None], float, float]:
    """(digits, confidence, misfit) when the last wheel reads `last` and has turned on by `part`."""
    whole: list[int | None] = [last % 10]
    below = (last % 10 + part) / 10
    trust, misfit = digits[-1].confidence, 0.0
    for digit in reversed(digits[:-1]):
        low, high = max(0.0, 10 * below - 9), below
        options = sorted((_outside(digit.value - base, low, high), base) for base in range(-1, 11))
        best, base = options[0]
        misfit += best
        trust = min(trust, digit.confidence * _fits(best))
        whole.append(base % 10)
        below = (base % 10 + min(max(digit.value - base, low), high)) / 10
    return whole[::-1], trust, misfit


def _outside(residue: float, low: float, high: float) -> float:
    """How far a wheel stands outside of what the mechanics allow, in digits."""
    return max(low - residue, residue - high, 0.0)


def _fits(misfit: float) -> float:
    """Factor on the confidence: 1 within the slack, 0 half a digit off, where it could as well be the next."""
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
