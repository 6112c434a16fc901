"""How the shipped network is trained, from pictures to file and card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from ocr.digits import Digit, DigitReader, decode, prepare
from ocr.train.digits import data, measures, net
from ocr.train.digits.card import card

STEPS = 9000


def _by_torch(model: nn.Module, samples: list[data.Sample]) -> list[Digit]:
    batches = [samples[i : i + 256] for i in range(0, len(samples), 256)]
    with torch.no_grad():
        return [
            d
            for b in batches
            for d in decode(model(torch.from_numpy(np.stack([prepare(s.crop) for s in b]))).numpy())
        ]


def run(folder: Path, out: Path, seed: int) -> None:
    """Trains, reports on the val split as it goes, exports, and writes the card from the exported file."""
    samples, val = data.load(folder, "train"), data.load(folder, "val")

    def check(model: nn.Module, step: int) -> None:
        for name, found in measures.table(val, lambda s: _by_torch(model, s)):
            if name.startswith("all"):
                print(
                    f"  {name}: " + "; ".join(f"{k} {100 * v.value:.1f}" for k, v in found.items()),
                    flush=True,
                )
        net.export(model, out)

    mixer = data.Mixer(samples, np.random.default_rng(seed))
    net.export(net.train(mixer, seed, STEPS, 128, check), out)
    rows = measures.table(val, lambda s: DigitReader(out).read([x.crop for x in s]))
    text = card(samples, rows, STEPS, seed)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)
