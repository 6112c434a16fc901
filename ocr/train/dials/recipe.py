"""How the shipped network is trained, from drawings to file and card."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from ocr.dials import DialReader, prepare
from ocr.train.card import scores
from ocr.train.dials import measures, net, pool

SCENES, STEPS, BATCH = 40_000, 12_000, 128
JUDGES = 2000


def run(out: Path, seed: int) -> None:
    """Draws, trains, reports as it goes, exports, and writes the card from the exported file."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    scenes = pool.draw(rng, SCENES)
    crops, values = pool.judges(seed, 500, held_out=True)

    def check(model: nn.Module, step: int) -> None:
        with torch.no_grad():
            found = model(torch.from_numpy(np.stack([prepare(c) for c in crops]))).numpy()[:, :100].argmax(1)
        away = np.abs((found / 10 - np.array(values) + 5) % 10 - 5)
        print(
            f"  pointers held out: within 0.2 {(away <= 0.25).mean():.3f}, opposite {(away > 4).mean():.3f}"
        )
        net.export(model, out)

    net.export(net.train(lambda: scenes.batch(rng, BATCH), seed, STEPS, check), out)
    text = card(out, seed)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


def card(model: Path, seed: int) -> str:
    """The card of an exported network, as Markdown."""
    reader, rows = DialReader(model), []
    for name, held_out in (
        ("pointers of kinds never trained on", True),
        ("kinds trained on, other dials", False),
    ):
        crops, values = pool.judges(seed + 1000, JUDGES, held_out)
        rows.append((name, measures.shares(values, reader.read(crops))))
    head = _HEAD.format(seed=seed, scenes=SCENES, steps=STEPS, size=model.stat().st_size // 1000)
    return head + scores(rows)


_HEAD = """# dials.onnx: reads the pointer of one dial

Input: N x 3 x 48 x 48, a BGR crop of one round scale with its zero at the top, the mean of each channel
removed, all divided by their standard deviation (`ocr.dials.prepare`). Output: N x 101 scores: 100 positions
of the pointer's tip in tenths on a circle, and "no dial here" (softmax). `ocr.dials.DialReader` looks through
four slightly different boxes, two of them in a mirror, and takes the mean. {size} kB, weights in 16 bits.

Made by `python -m ocr.train --only dials --data FOLDER --seed {seed}` (`make train DATA=FOLDER`): {steps}
batches of 128.

## Data

{scenes} dials drawn by `ocr/train/dials` with Debian's fonts, each photographed anew whenever it is used:
heads, tails and hubs of pointers chosen separately; scales with and without numbers, ticks, rings; neighbours
and print at the edges; windows with wheels under the hand; boxes set up to 15 % wrong and turned up to 9
degrees, perspective, colour cast, low light, glare, drops, dust, fog, blur, noise, JPEG. No real picture was
used, neither to train nor to choose. The weights are under the project's licence.

## Scores on `val`: drawn dials

In brackets: hits of total and the Wilson 95 % interval. These are drawings, some of them unreadable for a
person too (glare over the tip, noise as strong as the pointer): they tell what a change is worth, not how
real dials will be read.

"""
