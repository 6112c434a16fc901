"""The card of `models/display.onnx`, its scores measured on the exported file."""

from __future__ import annotations

from pathlib import Path

from ocr.display import CODE, HEIGHT, STEP, SURE, UNITS, WIDEST, Text, read
from ocr.train.card import scores
from ocr.train.display.optics import Strip
from ocr.train.display.pool import truth
from ocr.train.score import Share

_HEAD = """# display.onnx: reads a whole display

Input: 1 x 3 x {high} x W (W a multiple of {step}, at most {widest}), a BGR strip of a display made {high}
pixels high, each channel's mean removed, all divided by their standard deviation (`ocr.display.prepare`).
Output: 1 x 55 x W/4: for each 4 pixels of width the scores of the number's characters (none, 0-9 . - : ?), of
the register code's (none, {code}), of the unit (none, {units}),
and top, bottom and half width of a digit that has its middle there, in parts of the height.

Made by `python -m ocr.train --data FOLDER --only display` ({steps:,} steps, seed {seed}).

## Data

Seven of eight strips are rendered by `ocr/train/display`, with Debian's fonts (fonts-dseg, fonts-dejavu,
fonts-liberation and others): seven-segment digits of many makes, 14 segments, dots, pixels and print, one in
ten of character cells with words beside and above the number; LCD, backlit, negative, LED; register codes,
units, labels, unlit segments; shadow, fading with the angle of view, reflections,
dirt, perspective, blur, noise, compression. Most that nobody could read are drawn again. The
eighth is put together from photographed LCD digits of one meter (haverland/Tenth-of-step-of-a-meter-digit,
Apache-2.0; split `train`), with points drawn between them. No photograph of a whole display was trained on.
The weights are under the project's licence.

## Scores

In brackets: hits of total and the Wilson 95 % interval. A strip is exact when the number, with its point, is.
Rendered strips are of a seed that training never had, photographed digits of a meter it never saw (split
`val`). The confidence's scale and its threshold were chosen on them.

"""


def card(model: Path, sets: dict[str, list[Strip]], steps: int, seed: int) -> str:
    """Markdown: what the network is, what it was made of, how well it reads the strips of each set."""
    names = {"code": " ".join(CODE), "units": ", ".join(UNITS)}
    head = _HEAD.format(**names, steps=steps, seed=seed, high=HEIGHT, step=STEP, widest=WIDEST)
    rows = [(name, measures(s, [read(one.picture, model) for one in s])) for name, s in sets.items()]
    return head + scores(rows)


def measures(strips: list[Strip], texts: list[Text]) -> dict[str, Share]:
    """Shares of what was read right."""
    pairs = list(zip(strips, texts, strict=True))
    right = [t.text == truth(s) for s, t in pairs]
    sure = [r for r, (_, t) in zip(right, pairs, strict=True) if t.confidence >= SURE]
    codes = [t.register == "".join(m.char for m in s.code) for s, t in pairs if s.code]
    units = [t.unit == s.unit[0].char for s, t in pairs if s.unit]
    none = [t.register == "" for s, t in pairs if not s.code]
    named = {
        "number exact": right,
        f"kept at {SURE}": [t.confidence >= SURE for _, t in pairs],
        "of those wrong": [not r for r in sure],
        "register code exact where shown": codes,
        "none seen where none is shown": none,
        "unit right where shown": units,
    }
    return {name: Share(sum(hits), len(hits)) for name, hits in named.items() if hits}
