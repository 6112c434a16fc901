"""The model card of the finder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ocr.train import card as table
from ocr.train.locate.recipe import Settings
from ocr.train.score import Share

_TEXT = """# locate.onnx: finds the figures of a counter in a whole picture

Input: 1 x 3 x H x W, BGR, H and W multiples of 16, values / 64 - 2 (`ocr.detect.figures`). Output: 1 x 8
maps of a quarter of the size: the chance that a figure of a counter has its middle there, that it belongs to
a display, that it stands after the decimal point (logits); ln(height / 16), ln(width / 16), sine of its
turn; how far right and below the middle lies, in cells. It knows figures 9 to 60 pixels tall, turned by up
to 17 degrees. Weights are stored in half precision.

Made by `python -m ocr.train --data FOLDER --only locate --seed {seed}` (`make train DATA=FOLDER`): {steps}
steps of {batch} parts of {pictures} drawn pictures.

## Data

Pictures of meters drawn by `ocr/train/locate`: faces with print, serial numbers, bar codes, dials, discs and
labels, seen turned and in perspective, in light, shadow and glare, out of focus. Their counters are wheels
and seven-segment displays drawn with Debian's fonts, and wheels put together from labelled crops of one meter
(haverland/Tenth-of-step-of-a-meter-digit, Apache-2.0, split `train`). None of these crops is in this
repository. The weights are under the project's licence.

## Scores on whole pictures, read with nothing but the picture

Photographs drawn anew, never trained on; "wheels of val meters" are crops of meters of split `val`. In
brackets: hits of total and the Wilson 95 % interval. Drawn photographs are not real ones: expect other
figures on your meter.

"""


def card(settings: Settings, scores: Sequence[tuple[str, Mapping[str, Share]]]) -> str:
    """The card in Markdown."""
    text = _TEXT.format(
        seed=settings.seed, steps=settings.steps, batch=settings.batch, pictures=settings.pictures
    )
    return text + table.scores(scores)
