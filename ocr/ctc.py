"""Decoding what a network says step by step along a line of characters.

`chances` are C x T: at each of T steps the chance of each class, 0 being no character there. After Graves
et al., "Connectionist temporal classification", ICML 2006.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
_LIKELY = 0.04
"""A class with less than this at a step is not considered there."""
_FLOOR = 0.01
"""The least chance that one look may give a text: one that fails does not veto."""


class Found(NamedTuple):
    """A character before it has a place in the strip: class (0 none), step in the middle, chance."""

    kind: int
    step: float
    chance: float


def characters(chances: Scores) -> list[Found]:
    """Characters from left to right: runs of the same likeliest class, their middle weighted by chance."""
    best = chances.argmax(0)
    edges = np.flatnonzero(np.diff(best)) + 1
    out = []
    for a, b in zip([0, *edges], [*edges, len(best)], strict=True):
        kind = int(best[a])
        if kind:
            weight = chances[kind, a:b]
            middle = float((np.arange(a, b) * weight).sum() / weight.sum())
            out.append(Found(kind, middle, float(weight.max())))
    return out


def likelihoods(chances: Scores, texts: list[tuple[int, ...]]) -> NDArray[np.float64]:
    """The chance of each text over all its alignments (connectionist temporal classification)."""
    longest = max(len(t) for t in texts)
    states = np.zeros((len(texts), 2 * longest + 1), np.int64)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = text
    skip = np.zeros(states.shape)
    skip[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    emitted = chances[states].astype(np.float64)
    alpha = np.zeros(states.shape)
    alpha[:, :2] = emitted[:, :2, 0]
    for t in range(1, chances.shape[1]):
        after = alpha.copy()
        after[:, 1:] += alpha[:, :-1]
        after[:, 2:] += alpha[:, :-2] * skip[:, 2:]
        alpha = after * emitted[:, :, t]
    ends = np.array([2 * len(t) for t in texts])
    rows = np.arange(len(texts))
    return np.asarray(alpha[rows, ends] + np.where(ends, alpha[rows, ends - 1], 0))


def readings(chances: Scores) -> list[list[Found]]:
    """What one look may show: the likeliest characters, and what one change makes of them."""
    found = characters(chances)
    out = [found]
    for n, f in enumerate(found):
        column = chances[:, round(f.step)].copy()
        column[f.kind] = 0
        second = int(column.argmax())
        if column[second] > _LIKELY:
            other = [Found(second, f.step, float(column[second]))] if second else []
            out.append([*found[:n], *other, *found[n + 1 :]])
    missed = chances[1:].max(0) * (chances.argmax(0) == 0)
    for t in np.flatnonzero(missed > _LIKELY):
        kind = int(chances[1:, t].argmax()) + 1
        n = sum(1 for f in found if f.step < t)
        if all(f.kind != kind for f in found[max(0, n - 1) : n + 1]):
            out.append([*found[:n], Found(kind, float(t), float(missed[t])), *found[n:]])
    return out


def agreed(chances: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Of each text, the geometric mean of its chances in all looks; one that fails does not veto."""
    return np.asarray(np.exp(np.log(np.maximum(chances, _FLOOR)).mean(0)))


def least(found: list[Found]) -> float:
    return min((f.chance for f in found), default=0.0)
