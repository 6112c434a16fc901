"""How the shipped network is trained, from pictures to file and card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from ocr.digits import Digit, DigitReader, decode, prepare
from ocr.train.digits import measures, net, pair, samples
from ocr.train.digits.augment import windowed
from ocr.train.digits.card import card
from ocr.train.digits.mix import Mixer

CROPS = 100_000
"""Augmented crops trained on, made once: drawing them anew at each step costs as much as the step."""
RENDERED = 8_000
WINDOWED = 0.15
STEPS = 6500


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


def half(
    known: list[samples.Sample], out: Path, seed: int, steps: int, check: Callable[[net.Network], None]
) -> None:
    """Trains one network on crops of its own drawing and writes its file."""
    pool = Mixer(known, np.random.default_rng(seed), RENDERED).pool(CROPS)
    windowed(np.random.default_rng(seed + 1), pool.crops, np.where(pool.lcd, 0, WINDOWED))
    net.export(net.train(pool, seed, steps, check), out)


def run(folder: Path, out: Path, seed: int) -> None:
    """Trains, reports on the val split as it goes, exports, and writes the card from the exported file."""
    known, val = samples.load(folder, "train"), samples.load(folder, "val")
    with TemporaryDirectory() as scratch:
        halves = Path(scratch) / "first.onnx", Path(scratch) / "second.onnx"
        for path, own in zip(halves, (seed, seed + 100), strict=True):
            half(known, path, own, STEPS, reporter(val))
        pair.pair(*halves, out)
    rows = measures.table(val, lambda s: DigitReader(out).read([x.crop for x in s]))
    text = card(known, rows, seed)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)
