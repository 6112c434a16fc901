"""Whether what was learned from a meter's crops may be used: judged on crops set aside. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.digits import Digit, decode
from ocr.refinement import Refinement, refine

Marks = NDArray[np.float64]
"""N x 2: how far each crop was read from its label, 0 to 5, and the confidence."""
FEWEST = 20
"""Sure crops without which nothing is judged."""
_CLEARLY = 1.64
"""Standard errors of the mean gain: one time in twenty by chance."""
_PRICE = 0.3
"""What digits never shown may lose, in parts of what the others gain."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What refining upon `crops` came to: shares of the sure ones, set aside, that were read within 0.1 and
    within 0.2 of their label and wrong by more than 0.5, as shipped (`before`) and refined (`after`).

    `used`: it reads now. Without enough sure crops to judge there is nothing before or after.
    """

    before: tuple[float, float, float] | None
    after: tuple[float, float, float] | None
    used: bool
    crops: int


@dataclass(frozen=True)
class Lessons:
    """N crops as the network sees them (N x F features, N x 102 scores), their labels in [0, 10), whether the
    labels are sure, and the fold each is in."""

    features: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.float64]
    sure: NDArray[np.bool_]
    folds: NDArray[np.int_]

    def learn(self, of: NDArray[np.bool_] | slice = slice(None)) -> Refinement:
        """What the crops teach; an unsure label counts half."""
        weights = np.where(self.sure, 1.0, 0.5)
        return refine(self.features[of], self.scores[of], self.labels[of], weights[of])

    def judge(self) -> Outcome:
        """Used if clearly better on crops set aside, and hardly worse on digits of which it had seen none."""
        count = len(self.sure)
        if self.sure.sum() < FEWEST:
            return Outcome(None, None, False, count)
        before = self._marks(decode(self.scores))[self.sure]
        after = self._aside(self.folds)[self.sure]
        unseen = self._aside(np.round(self.labels).astype(int) % 10)[self.sure]
        (gain, doubt), (risk, of_risk) = _gain(before, after), _gain(before, unseen)
        better = gain > _CLEARLY * doubt and _wrong(after) <= _wrong(before)
        mended = _wrong(before) - _wrong(after)
        harmless = risk >= -max(_CLEARLY * of_risk, _PRICE * gain) and (
            _wrong(unseen) <= _wrong(before) + 0.02 + _PRICE * mended
        )
        return Outcome(_shares(before), _shares(after), bool(better and harmless), count)

    def _aside(self, parts: NDArray[np.int_]) -> Marks:
        """Marks of each crop, read by what was learned without all crops of its part."""
        out = self._marks(decode(self.scores))
        for part in np.unique(parts):
            aside = parts == part
            if not aside.all():
                refined = self.learn(~aside).scores(self.features[aside], self.scores[aside])
                out[aside] = self._marks(decode(refined), aside)
        return out

    def _marks(self, digits: Sequence[Digit], of: NDArray[np.bool_] | slice = slice(None)) -> Marks:
        values = np.array([d.value for d in digits])
        trust = np.array([d.confidence for d in digits])
        return np.stack([np.abs((values - self.labels[of] + 5) % 10 - 5), trust], 1)


def _gain(before: Marks, after: Marks) -> tuple[float, float]:
    """Mean and standard error of how much smaller the loss became.

    The loss of a crop: its error, beyond half a digit all is wrong, and half the square of how far its
    confidence was from what came true (Brier's score), so sureness counts where it is deserved.
    """

    def loss(marks: Marks) -> NDArray[np.float64]:
        away, trust = marks[:, 0], marks[:, 1]
        return np.asarray(np.minimum(away, 0.5) + 0.5 * (trust - (away <= 0.5)) ** 2)

    smaller = loss(before) - loss(after)
    return float(smaller.mean()), float(smaller.std() / np.sqrt(len(smaller))) + 1e-6


def _wrong(marks: Marks) -> float:
    return float((marks[:, 0] > 0.5).mean())


def _shares(marks: Marks) -> tuple[float, float, float]:
    near = [float((marks[:, 0] <= limit + 1e-6).mean()) for limit in (0.1, 0.2)]
    return near[0], near[1], _wrong(marks)
