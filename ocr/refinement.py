"""A digit reader refined for one meter: a corrected last layer, and what the crops were. Pure.

Two learners are averaged. The first corrects the network's last layer (logistic regression on its features
whose corrections are held near zero, the nearer the fewer crops there are). The second remembers: a crop that
resembles known ones is what they were, one that resembles none is read as shipped. The second cannot spoil
digits the meter has not shown yet, the first helps with them: averaged, both hold on the meters measured
(`bench/learning.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.digits import _SOFTEN, POSITIONS

Floats = NDArray[Any]
_HOLD = 5.0
"""How many crops the shipped last layer outweighs."""
_NEAR = 40.0
"""How fast likeness fades with the angle between features; chosen on val."""
_DOUBT = 0.3
"""Weight of the shipped answer beside that of one equal crop."""
_ROUNDS = 120


@dataclass(frozen=True, slots=True)
class Refinement:
    """What was learned: `change`, (F + 1) x 101, to the last layer; `known` features and their `labels`."""

    change: NDArray[np.float32]
    known: NDArray[np.float32]
    labels: NDArray[np.float32]

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The fields by name, to be saved."""
        return {"change": self.change, "known": self.known, "labels": self.labels}

    def scores(self, features: Floats, scores: Floats) -> NDArray[np.float32]:
        """The network's N x 102 scores as they should be for this meter, for `ocr.digits.decode`."""
        shipped = scores[:, : POSITIONS + 1]
        corrected = _chances(shipped + _with_one(features) @ self.change)
        weight = np.exp(_NEAR * (_direction(features) @ self.known.T - 1))
        total = _DOUBT + weight.sum(1, keepdims=True)
        remembered = (_DOUBT * _chances(shipped) + weight @ self.labels) / total
        out = _SOFTEN * np.log((corrected + remembered) / 2 + 1e-9)
        return np.concatenate([out, scores[:, POSITIONS + 1 :]], 1).astype(np.float32)


def refine(features: Floats, scores: Floats, positions: Floats, weights: Floats) -> Refinement:
    """Learns from N crops: their N x F features, N x 102 shipped scores, positions in [0, 10) and weights."""
    target = _soft(positions)
    inputs, shipped = _with_one(features), scores[:, : POSITIONS + 1].astype(np.float64)
    hold = _HOLD / weights.sum()
    shares = (weights / weights.sum())[:, None]
    step = 1 / (0.5 * np.linalg.norm(inputs * np.sqrt(shares), 2) ** 2 + hold)
    change = ahead = np.zeros((inputs.shape[1], POSITIONS + 1))
    pace = 1.0
    for _ in range(_ROUNDS):  # Nesterov's gradient descent
        away = (_softmax(shipped + inputs @ ahead) - target) * shares
        new = ahead - step * (inputs.T @ away + hold * ahead)
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead, change, pace = new + (pace - 1) / faster * (new - change), new, faster
    return Refinement(
        change.astype(np.float32),
        _direction(features).astype(np.float32),
        (target * weights[:, None]).astype(np.float32),
    )


def _soft(positions: Floats) -> Floats:
    """Chances about each position, N x 101, spread by a tenth: the error of a label."""
    away = np.abs(np.arange(POSITIONS) - 10 * np.asarray(positions, np.float64)[:, None])
    bell = np.exp(-(np.minimum(away, POSITIONS - away) ** 2) / 2)
    return np.concatenate([bell / bell.sum(1, keepdims=True), np.zeros((len(bell), 1))], 1)


def _softmax(scores: Floats) -> Floats:
    chance = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(chance / chance.sum(1, keepdims=True))


def _chances(scores: Floats) -> Floats:
    return _softmax(scores.astype(np.float64) / _SOFTEN)


def _with_one(features: Floats) -> Floats:
    return np.concatenate([features, np.ones((len(features), 1))], 1)


def _direction(features: Floats) -> Floats:
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-6))
