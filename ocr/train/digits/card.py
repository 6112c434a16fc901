"""The model card written beside the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ocr.train.card import scores
from ocr.train.digits.samples import Sample
from ocr.train.score import Share

_HEAD = """# digits.onnx: reads one digit of a counter

Input: N x 3 x 48 x 32, a BGR crop of one wheel window or display cell, the mean of each channel removed, all
divided by their standard deviation (`ocr.digits.prepare`). Outputs: `features`, N x 144, and a linear
function of them, `scores`, N x 102: 100 positions in tenths on a circle (softmax together with number 101,
"no digit here") and number 102, "display rather than wheel" (sigmoid). Weights in half precision.

Two networks in one file, trained from different seeds, their scores averaged; both made from the data alone
by `python -m ocr.train --data FOLDER --only digits --seed {seed}` (`make train DATA=FOLDER`). An unsure crop
is looked at again: from a little closer, from the left and from the right; what is still not read is looked
for in boxes of other sizes.

## Data

{count} labelled crops of {meters} sources, from haverland/Tenth-of-step-of-a-meter-digit (Apache-2.0), split
`train`; the same rolled on to other positions; and wheels, seven-segment digits and crops of nothing, drawn
by strokes and with Debian's fonts (`ocr/train/digits`). None of these pictures is in this repository. The
weights are under the project's licence.

## Scores on `val`: whole meters never trained on

Steady means that the label stands within 0.2 of a whole digit. In brackets: hits of total and the Wilson 95 %
interval. Some labels are off by 0.1. The choice of settings was made on these meters, so an unseen meter may
be read worse; thin red digits are the hardest.

"""


def card(samples: Sequence[Sample], rows: Sequence[tuple[str, dict[str, Share]]], seed: int) -> str:
    """The card as Markdown."""
    sources = Counter(s.source for s in samples)
    head = _HEAD.format(seed=seed, count=len(samples), meters=len(sources))
    return head + scores(rows)
