"""Whether what was learned from a meter's crops may be used: judged on crops set aside. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.digits import Digit, decode
from ocr.refinement import Refinement, refine

FEWEST = 20
"""Sure crops without which nothing is judged."""
_CLEARLY = 1.64
"""Standard errors of the mean gain: one time in twenty by chance."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What refining came to on the `crops` it was judged by: shares read within 0.1 and within 0.2 of their
    label and wrong by more than 0.5, as shipped (`before`) and refined (`after`). `used`: it reads now.

    Without enough crops to judge there is nothing before or after.
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
        """Used if clearly better on crops set aside, and no worse on digits of which it had seen none."""
        count = int(self.sure.sum())
        if count < FEWEST:
            return Outcome(None, None, False, count)
        before = _away(decode(self.scores), self.labels)[self.sure]
        after = self._errors(self.folds)[self.sure]
        unseen = self._errors(np.round(self.labels).astype(int) % 10)[self.sure]
        gain, doubt = _gain(before, after)
        risk, of_risk = _gain(before, unseen)
        better = gain > _CLEARLY * doubt and (after > 0.5).sum() <= (before > 0.5).sum()
        harmless = risk >= -_CLEARLY * of_risk and (unseen > 0.5).mean() <= (before > 0.5).mean() + 0.02
        return Outcome(_shares(before), _shares(after), bool(better and harmless), count)

    def _errors(self, parts: NDArray[np.int_]) -> NDArray[np.float64]:
        """Error of each crop, 0..5, read by what was learned without all crops of its part."""
        out = _away(decode(self.scores), self.labels)
        for part in np.unique(parts):
            aside = parts == part
            if not aside.all():
                refined = self.learn(~aside).scores(self.features[aside], self.scores[aside])
                out[aside] = _away(decode(refined), self.labels[aside])
        return out


def _gain(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard error of how much smaller the errors became; beyond half a digit all is wrong."""
    smaller = np.minimum(before, 0.5) - np.minimum(after, 0.5)
    return float(smaller.mean()), float(smaller.std() / np.sqrt(len(smaller))) + 1e-6


def _shares(errors: NDArray[np.float64]) -> tuple[float, float, float]:
    near = (errors <= 0.1 + 1e-6).mean(), (errors <= 0.2 + 1e-6).mean()
    return float(near[0]), float(near[1]), float((errors > 0.5).mean())


def _away(digits: Sequence[Digit], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.array([d.value for d in digits])
    return np.asarray(np.abs((values - labels + 5) % 10 - 5), np.float64)
