"""Reading single digits: wheels (position in tenths, seen between two digits too) and display digits.

The network (`models/digits.onnx`, card beside it) gives one score for each of 100 positions on a circle,
one for "no digit here" and one that tells a display digit from a wheel. Run by `cv2.dnn`, no other runtime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.picture import Picture, colour, through

WIDTH, HEIGHT, POSITIONS = 32, 48, 100
MODEL = Path(__file__).parent / "models" / "digits.onnx"
_REACH = 4
"""Tenths to each side of the peak that count as the same answer: labels and wheels wobble by one or two."""
_SOFTEN = 1.9
"""The network is surer than it is right. Softened so, 0.85 kept 94 % of val wheels, 0.1 % of them wrong."""
_UNSURE = (0.15, 0.92)
"""Confidences between these call for more looks: what the box takes in beside the digit misleads each of them
otherwise. What is less sure is no digit anyway."""
_CLOSER, _ASIDE = 0.045, 0.06
"""How much closer, how far aside, in parts of the crop; chosen on val and on meters left out of training."""
_LOST = 0.5
"""With less confidence the box may be far too large or too tight: the digit is looked for at other sizes."""
_SIZES = (0.5, 0.66, 0.82, 1.0, 1.25, 1.4)
_PLAIN = 3
"""Sizes of the box against the crop, and which of them is the crop itself. Two neighbours must agree; chosen
on crops cut and padded of meters left out of training, where no more was confidently wrong than before."""
_SURER, _FIRST = 0.15, 0.25
"""By how much they must be surer than the crop as it came, and what that still counts for."""


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit: `value` in [0, 10) as it stands in its window, `confidence` 0..1 that it is within 0.5.

    `lcd` is how much it looks like a display digit (1) or a wheel (0); `blank` that no digit is there.
    """

    value: float
    confidence: float
    lcd: float = 0.0
    blank: float = 0.0


def prepare(crop: Picture) -> NDArray[np.float32]:
    """A crop as the network wants it: 3 x HEIGHT x WIDTH, contrast made equal; any BGR crop."""
    shrink = crop.shape[0] > HEIGHT or crop.shape[1] > WIDTH
    if crop.shape[:2] != (HEIGHT, WIDTH):
        way = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
        crop = np.asarray(cv2.resize(crop, (WIDTH, HEIGHT), interpolation=way), np.uint8)
    data = crop.astype(np.float32)
    data -= data.mean((0, 1))  # of each channel: a coloured light must not drown the digit
    data /= data.std() + 4.0
    return np.asarray(data.transpose(2, 0, 1), np.float32)


def decode(scores: NDArray[np.float32]) -> list[Digit]:
    """Digits from the network's N x 102 scores: local circular mean about the likeliest window."""
    logits = scores[:, : POSITIONS + 1].astype(np.float64) / _SOFTEN
    chance = np.exp(logits - logits.max(1, keepdims=True))
    chance /= chance.sum(1, keepdims=True)
    steps = np.arange(-_REACH, _REACH + 1)
    ring = chance[:, (np.arange(POSITIONS)[:, None] + steps) % POSITIONS]
    mass = ring.sum(2)
    peak = mass.argmax(1)
    rows = np.arange(len(scores))
    offset = (ring[rows, peak] * steps).sum(1) / np.maximum(mass[rows, peak], 1e-9)
    values = ((peak + offset) / 10) % 10
    lcd = 1 / (1 + np.exp(-np.clip(scores[:, POSITIONS + 1], -30, 30)))
    return [
        Digit(float(v) if v < 10 else 0.0, float(min(m, 1)), float(k), float(b))
        for v, m, k, b in zip(values, mass[rows, peak], lcd, chance[:, POSITIONS], strict=True)
    ]


@lru_cache(maxsize=4)
def _network(path: Path) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(path))


class DigitReader:
    """Reads many crops at once; one reader can be kept for the life of the process, used by one thread."""

    def __init__(self, model: Path = MODEL, *, searching: bool = True) -> None:
        """Loads the network; cv2.error when the file is missing or damaged.

        `searching`: what is not read is looked for at other sizes. Who tries boxes out himself needs it not.
        """
        self._net = _network(model)
        self._searching = searching

    def read(self, crops: Sequence[Picture]) -> list[Digit]:
        """Digits of BGR uint8 crops of any size, in their order; `ocr.picture.colour` says what else will do.

        An empty crop is a blank digit. ValueError when one is no picture.
        """
        return decode(self.features(crops)[1])

    def features(self, crops: Sequence[Picture]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N x F features, N x 102 scores): what the last layer sees of each crop, and what it makes of it.

        The scores are a linear function of the features; `decode` makes digits of them.
        """
        crops = [c if c.size else np.zeros((HEIGHT, WIDTH, 3), np.uint8) for c in map(colour, crops)]
        if not crops:
            return np.zeros((0, 0), np.float32), np.zeros((0, POSITIONS + 2), np.float32)
        features, scores = self._run([prepare(c) for c in crops])
        unsure = [i for i, d in enumerate(decode(scores)) if _UNSURE[0] < d.confidence < _UNSURE[1]]
        if unsure:
            more = self._run([prepare(look) for i in unsure for look in _looks(crops[i])])
            for first, others in zip((features, scores), more, strict=True):
                looks = others.reshape(len(unsure), -1, others.shape[1])
                first[unsure] = (first[unsure] + looks.sum(1)) / (1 + looks.shape[1])
        lost = [i for i, d in enumerate(decode(scores)) if d.confidence < _LOST]
        if lost and self._searching:
            self._search([crops[i] for i in lost], lost, features, scores)
        return features, scores

    def _search(
        self,
        crops: Sequence[Picture],
        lost: Sequence[int],
        features: NDArray[np.float32],
        scores: NDArray[np.float32],
    ) -> None:
        """Looks for the digits of crops at other sizes; better ones go into the `lost` rows, in place."""
        others = [size for i, size in enumerate(_SIZES) if i != _PLAIN]
        more = self._run([prepare(through(c, size=size)) for c in crops for size in others])
        pairs = []
        for first, seen in zip((features, scores), more, strict=True):
            sizes = np.insert(seen.reshape(len(lost), len(others), -1), _PLAIN, first[lost], axis=1)
            pairs.append(np.asarray((sizes[:, 1:] + sizes[:, :-1]) / 2, np.float32))
        sure = np.array([d.confidence for d in decode(pairs[1].reshape(-1, scores.shape[1]))])
        sure = sure.reshape(len(lost), -1)
        for row, (i, digit) in enumerate(zip(lost, decode(scores[lost]), strict=True)):
            best = int(sure[row].argmax())
            if sure[row, best] > digit.confidence + _SURER:
                for first, pair in zip((features, scores), pairs, strict=True):
                    first[i] = _FIRST * first[i] + (1 - _FIRST) * pair[row, best]

    def _run(self, batch: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self._net.setInput(np.stack(batch))
        features, scores = self._net.forward(["features", "scores"])
        return np.array(features, np.float32), np.array(scores, np.float32)


def _looks(crop: Picture) -> tuple[Picture, Picture, Picture]:
    """The crop from a little closer, without frames and neighbours, from the left and from the right."""
    closer = through(crop, size=1 - 2 * _CLOSER)
    return closer, through(crop, aside=-_ASIDE), through(crop, aside=_ASIDE)
