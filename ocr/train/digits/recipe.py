"""How the shipped network is trained, from pictures to file and card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from ocr.digits import MODEL, Digit, DigitReader, decode, prepare
from ocr.train.digits import measures, net, pair, samples
from ocr.train.digits.augment import windowed
from ocr.train.digits.card import card
from ocr.train.digits.mix import Mixer

CROPS = 150_000
"""Augmented crops trained on, made once: drawing them anew at each step costs as much as the step."""
RENDERED = 10_000
WINDOWED = 0.15
STEPS = 9000


def by_torch(model: net.Network, crops: list[samples.Sample]) -> list[Digit]:
    """Digits as the product reads them, from a network in training."""
    out: list[Digit] = []
    with torch.no_grad():
        for i in range(0, len(crops), 256):
            x = np.stack([prepare(s.crop) for s in crops[i : i + 256]])
            out += decode(model(torch.from_numpy(x))[1].numpy())
    return out


def reporter(val: list[samples.Sample]) -> Callable[[net.Network], None]:
    """Prints the scores over all wheels and all displays."""

    def check(model: net.Network) -> None:
        for name, found in measures.table(val, lambda s: by_torch(model, s)):
            if name.startswith("all"):
                shares = "; ".join(f"{k} {100 * v.value:.2f}" for k, v in found.items())
                print(f"  {name}: {shares}", flush=True)

    return check


def run(folder: Path, out: Path, seed: int) -> None:
    """Trains, reports on the val split as it goes, exports, and writes the card from the exported file."""
    known, val = samples.load(folder, "train"), samples.load(folder, "val")
    pool = Mixer(known, np.random.default_rng(seed), RENDERED).pool(CROPS)
    windowed(np.random.default_rng(seed + 1), pool.crops, np.where(pool.lcd, 0, WINDOWED))
    with TemporaryDirectory() as scratch:
        elder, younger = Path(scratch) / "elder.onnx", Path(scratch) / "younger.onnx"
        pair.elder(MODEL, elder)
        net.export(net.train(pool, seed, STEPS, reporter(val)), younger)
        pair.pair(elder, younger, out)
    rows = measures.table(val, lambda s: DigitReader(out).read([x.crop for x in s]))
    text = card(known, rows, seed)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)
