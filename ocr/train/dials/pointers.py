"""Shapes of dial pointers, drawn from a random generator.

Coordinates are in radii of the scale, x to the right, y towards the tip, the axle at (0, 0). A pointer is a
head, a tail and a hub of kinds that are chosen separately, so tails that are broader, rounder or redder than
the tip (which is what deceives readers) come with every head. `HELD_OUT` kinds are never trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Rng = np.random.Generator
Shape = Callable[[Rng, float], list[Points]]
"""Outlines of a head or tail of a length in radii."""
HELD_OUT = frozenset({"leaf", "harpoon", "crescent", "two discs"})


@dataclass
class Pointer:
    """`head` and `tail` outlines, `hub` radius (0: none), `reach` of the tip, and the kinds they are of."""

    head: list[Points]
    tail: list[Points]
    hub: float
    reach: float
    kinds: tuple[str, str]


def _mirror(right: list[tuple[float, float]]) -> Points:
    """The closed outline of a shape given by its right side."""
    left = [(-x, y) for x, y in reversed(right) if x != 0]
    return np.array(right + left, np.float64)


def disc(x: float, y: float, r: float, squeeze: float = 1.0) -> Points:
    """A circle, squeezed along y."""
    a = np.linspace(0, 2 * np.pi, 25)[:-1]
    return np.stack([x + r * np.cos(a), y + r * squeeze * np.sin(a)], 1)


def _needle(rng: Rng, reach: float) -> list[Points]:
    w = rng.uniform(0.012, 0.09)
    return [_mirror([(w, 0), (rng.uniform(0.0, 0.5) * w, reach)])]


def _wedge(rng: Rng, reach: float) -> list[Points]:
    w = rng.uniform(0.1, 0.28)
    return [_mirror([(w, 0), (rng.uniform(0.0, 0.12) * w, reach)])]


def _drop(rng: Rng, reach: float) -> list[Points]:
    r = (rng.uniform(0.18, 0.42) if rng.random() < 0.8 else rng.uniform(0.42, 0.65)) * reach
    a = np.arccos(min(0.95, r / reach))
    return [disc(0, 0, r), _mirror([(r * np.sin(a), r * np.cos(a)), (rng.uniform(0, 0.03), reach)])]


def _bar(rng: Rng, reach: float) -> list[Points]:
    w, neck = rng.uniform(0.03, 0.11), rng.uniform(0.6, 0.98)
    end = 0.0 if rng.random() < 0.75 else w
    return [_mirror([(w, 0), (w, neck * reach), (end, reach)])]


def _arrow(rng: Rng, reach: float) -> list[Points]:
    w, wide = rng.uniform(0.025, 0.07), rng.uniform(0.09, 0.22)
    neck = reach * rng.uniform(0.5, 0.8)
    barb = neck - rng.uniform(-0.02, 0.08)
    return [_mirror([(w, 0), (w, neck), (wide, barb), (0, reach)])]


def _spade(rng: Rng, reach: float) -> list[Points]:
    w, wide = rng.uniform(0.025, 0.07), rng.uniform(0.08, 0.17)
    mid = reach * rng.uniform(0.45, 0.75)
    return [
        _mirror([(w, 0), (w, mid - 0.12), (wide, mid), (0.3 * wide, 0.8 * reach + 0.2 * mid), (0, reach)])
    ]


def _kite(rng: Rng, reach: float) -> list[Points]:
    w, at = rng.uniform(0.07, 0.22), rng.uniform(0.08, 0.45)
    return [_mirror([(rng.uniform(0.02, w), 0), (w, at * reach), (rng.uniform(0, 0.015), reach)])]


def _curved(rng: Rng, reach: float) -> list[Points]:
    """Broad at the axle, hollow sides, a long thin tip: a wing."""
    w, power = rng.uniform(0.14, 0.34), rng.uniform(1.6, 3.5)
    t = np.linspace(0, 1, 9)
    return [_mirror([(float(max(0.012, w * (1 - u) ** power)), float(u * reach)) for u in t])]


def _star(rng: Rng, reach: float) -> list[Points]:
    """A hub with short stubs and one long tip."""
    stubs, r = int(rng.integers(2, 6)), rng.uniform(0.16, 0.3)
    out, longest = [], rng.uniform(0.32, 0.55) * reach
    for i in range(1, stubs + 1):
        a = 2 * np.pi * i / (stubs + 1)
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        out.append(_mirror([(r * 0.5, 0), (0.0, max(longest, r * 1.2))]) @ turn.T)
    return [*out, disc(0, 0, r), _mirror([(rng.uniform(0.4, 0.9) * r, 0), (0.01, reach)])]


def _stepped(rng: Rng, reach: float) -> list[Points]:
    """A broad body, then a thin needle."""
    w, at = rng.uniform(0.09, 0.2), reach * rng.uniform(0.3, 0.6)
    thin = rng.uniform(0.015, 0.035)
    return [_mirror([(w, 0), (rng.uniform(0.5, 1) * w, at), (thin, at + 0.06), (thin * 0.6, reach)])]


def _open(rng: Rng, reach: float) -> list[Points]:
    """A frame: two bars that meet at the tip."""
    w, t = rng.uniform(0.12, 0.22), rng.uniform(0.025, 0.05)
    side = np.array([(w, 0), (w - t * 1.6, 0), (0, reach - 3 * t), (0, reach)], np.float64)
    return [side, side * [-1, 1]]


def _leaf(rng: Rng, reach: float) -> list[Points]:
    w, t = rng.uniform(0.07, 0.15), np.linspace(0, 1, 11)
    return [_mirror([(float(w * np.sin(np.pi * (0.12 + 0.88 * u))), float(u * reach)) for u in t])]


def _harpoon(rng: Rng, reach: float) -> list[Points]:
    w, barb = rng.uniform(0.02, 0.05), rng.uniform(0.1, 0.18)
    return [
        _mirror([(w, 0), (w, reach)]),
        _mirror([(barb, 0.55 * reach), (0, reach), (0, 0.75 * reach)]),
    ]


HEADS: dict[str, tuple[Shape, float]] = {
    "needle": (_needle, 0.18),
    "wedge": (_wedge, 0.16),
    "drop": (_drop, 0.16),
    "bar": (_bar, 0.07),
    "arrow": (_arrow, 0.07),
    "spade": (_spade, 0.03),
    "kite": (_kite, 0.09),
    "curved": (_curved, 0.1),
    "star": (_star, 0.05),
    "stepped": (_stepped, 0.06),
    "open": (_open, 0.03),
    "leaf": (_leaf, 0.0),
    "harpoon": (_harpoon, 0.0),
}


def _none(_rng: Rng, _back: float) -> list[Points]:
    return []


def _stub(rng: Rng, back: float) -> list[Points]:
    w = rng.uniform(0.03, 0.14)
    return [_mirror([(w, 0.02), (w * rng.uniform(0.6, 1.3), -back)])]


def _point(rng: Rng, back: float) -> list[Points]:
    return [_mirror([(rng.uniform(0.03, 0.2), 0.02), (rng.uniform(0, 0.03), -back)])]


def _fan(rng: Rng, back: float) -> list[Points]:
    """Widens to the back, its end straight, notched or bulged: has corners that look like tips."""
    w, notch = rng.uniform(0.1, 0.34), rng.normal(0, 0.3)
    return [
        _mirror([(rng.uniform(0.02, 0.08), 0.05), (w, -back), (0, -back * (1 + np.clip(notch, -0.5, 0.3)))])
    ]


def _ball(rng: Rng, back: float) -> list[Points]:
    r = rng.uniform(0.07, 0.2)
    return [_mirror([(0.03, 0.02), (0.03, -back)]), disc(0, -back, r)]


def _block(rng: Rng, back: float) -> list[Points]:
    w, n = rng.uniform(0.08, 0.2), rng.uniform(0.02, 0.05)
    return [_mirror([(n, 0.02), (n, -0.5 * back), (w, -0.5 * back), (w, -back)])]


def _fork(rng: Rng, back: float) -> list[Points]:
    w, t = rng.uniform(0.08, 0.22), rng.uniform(0.02, 0.07)
    leg = np.array([(0, 0.03), (w, -back), (w - t * 2, -back), (-t, 0.03)], np.float64)
    return [leg, leg * [-1, 1]]


def _crescent(rng: Rng, back: float) -> list[Points]:
    r, a = rng.uniform(0.16, 0.24), np.linspace(-0.2, np.pi + 0.2, 12)
    outer = np.stack([r * np.cos(a), -back + 0.1 - r * np.sin(a)], 1)
    inner = np.stack([0.7 * r * np.cos(a), -back + 0.12 - 0.6 * r * np.sin(a)], 1)[::-1]
    return [_mirror([(0.04, 0.02), (0.04, -back)]), np.concatenate([outer, inner])]


def _discs(rng: Rng, back: float) -> list[Points]:
    r = rng.uniform(0.07, 0.12)
    return [_mirror([(0.03, 0), (0.03, -back)]), disc(0, -back, r), disc(0, -0.5 * back, r)]


TAILS: dict[str, tuple[Shape, float]] = {
    "none": (_none, 0.33),
    "stub": (_stub, 0.18),
    "point": (_point, 0.09),
    "fan": (_fan, 0.2),
    "ball": (_ball, 0.09),
    "block": (_block, 0.06),
    "fork": (_fork, 0.05),
    "crescent": (_crescent, 0.0),
    "two discs": (_discs, 0.0),
}


def pointer(rng: Rng, held_out: bool = False) -> Pointer:
    """A pointer; with `held_out` its head or its tail is of a kind that is never trained on."""
    head, tail = _kind(rng, HEADS), _kind(rng, TAILS)
    if held_out and rng.random() < 0.6:
        head = str(rng.choice(sorted(HELD_OUT & HEADS.keys())))
    elif held_out:
        tail = str(rng.choice(sorted(HELD_OUT & TAILS.keys())))
    reach = float(np.clip(rng.normal(0.8, 0.13), 0.48, 1.2))
    back = reach * rng.uniform(0.15, 0.62)
    hub = 0.0 if rng.random() < 0.12 else float(np.clip(rng.gamma(3.0, 0.05), 0.05, 0.42))
    return Pointer(HEADS[head][0](rng, reach), TAILS[tail][0](rng, back), hub, reach, (head, tail))


def _kind(rng: Rng, table: dict[str, tuple[Shape, float]]) -> str:
    shares = np.array([share for _, share in table.values()])
    return str(rng.choice(list(table), p=shares / shares.sum()))
