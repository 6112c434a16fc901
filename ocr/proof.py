"""What each wheel of a counter truly showed, from the register's value before and after. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ocr.calibration import Kind

_STARTS = (9.0, 8.0, 0.0)
"""From where a wheel pushes its left neighbour: in its last tenth or fifth (carries), or always (gears)."""
_STOOD, _NEAR = 0.15, 0.5
"""A wheel that moved less than the first, in digits, stood; one that moved less than the second was near."""


def positions(
    value: float, digits: int, decimals: int, start: float = _STARTS[0], kind: Kind = "wheel"
) -> tuple[float, ...]:
    """Where each wheel stands, 0 <= position < 10, most significant first.

    `value` is the register in its own unit, known to the fraction of its last wheel: 48713.47 on a counter of
    6 digits with 1 decimal stands at (4, 8, 7, 1, 3, 4.7). A wheel pushes its left neighbour from position
    `start` on (see `mechanics`). Digits of a display are whole. ValueError when the counter cannot show it.
    """
    units = value * 10**decimals + 1e-6  # 0.3 is 2.9999... tenths
    if not 0 <= units < 10**digits:
        raise ValueError(f"{value} does not fit a counter of {digits} digits, {decimals} of them decimals")
    whole = [int(units) // 10**place % 10 for place in range(digits)]
    if kind == "lcd":
        return tuple(float(d) for d in reversed(whole))
    below = units % 10
    out = [below]
    for digit in whole[1:]:
        below = digit + max(0.0, (below - start) / (10 - start))
        out.append(below)
    return tuple(min(p, 9.999999) for p in reversed(out))


def mechanics(wheels: Sequence[Sequence[float]]) -> float:
    """The `start` that explains the positions read of one counter best, over several readings of its wheels.

    9.0 or 8.0 for a counter with a carry, 0.0 for gears; 9.0 when nothing tells them apart.
    """

    def misfit(start: float) -> float:
        pairs = [pair for reading in wheels for pair in pairwise(reading)]
        pushed = [(left, max(0.0, (right - start) / (10 - start))) for left, right in pairs]
        return sum(min(0.25, abs((left - push + 0.5) % 1 - 0.5)) for left, push in pushed)

    return min(_STARTS, key=lambda start: round(misfit(start), 6))


def proven(
    earlier: float,
    reading: float | None,
    later: float,
    digits: int,
    decimals: int,
    start: float | None = _STARTS[0],
    kind: Kind = "wheel",
) -> tuple[float | None, ...]:
    """What each wheel showed between two believed readings of a register that counts up; None where open.

    A wheel that stands at one place at `earlier` and at `later` stood there in between, however its picture
    was read. One that moved by up to half a digit is known when `reading`, the value read in between with its
    last wheel's fraction (None when nothing was read), lies within the two. Nothing is proven when the
    register ran backwards. Dials count as digits: with them, ask for `digits` and dials and take the first.

    Without a `start` only that is proven which all mechanics agree on; so wheels that dials push should be
    asked for. ValueError when the counter cannot show a value.
    """
    if start is None:
        each = [proven(earlier, reading, later, digits, decimals, s, kind) for s in _STARTS]
        return tuple(_common(labels) for labels in zip(*each, strict=True))
    low = positions(earlier, digits, decimals, start, kind)
    high = positions(later, digits, decimals, start, kind)
    if later < earlier:
        return (None,) * digits
    inside = reading is not None and earlier <= reading <= later
    middle = positions(reading, digits, decimals, start, kind) if inside and reading is not None else None
    units = (later - earlier) * 10**decimals
    out: list[float | None] = []
    for i in range(digits):
        turned = units / 10 ** (digits - 1 - i) >= 10 - _NEAR  # a whole turn looks like none
        moved = (high[i] - low[i]) % 10
        if not turned and moved <= _STOOD:
            out.append((low[i] + moved / 2) % 10)
        else:
            out.append(middle[i] if middle and not turned and moved <= _NEAR else None)
    return tuple(out)


def _common(labels: Sequence[float | None]) -> float | None:
    """The first of the labels if all are within the play of a wheel of it, else None."""
    first, *others = labels
    if first is None or any(b is None or abs((b - first + 5) % 10 - 5) > _STOOD for b in others):
        return None
    return first
