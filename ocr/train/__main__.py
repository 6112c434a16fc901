"""`python -m ocr.train --data FOLDER` trains the digit network and writes it with its card."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ocr.digits import MODEL, Digit, DigitReader, decode, prepare
from ocr.train import data, net, score
from ocr.train.card import card


def _by_torch(model: nn.Module, samples: list[data.Sample]) -> list[Digit]:
    batches = [samples[i : i + 256] for i in range(0, len(samples), 256)]
    with torch.no_grad():
        return [
            d
            for b in batches
            for d in decode(model(torch.from_numpy(np.stack([prepare(s.crop) for s in b]))).numpy())
        ]


def main() -> None:
    """Trains, reports on the val split as it goes, exports, and writes the card from the exported file."""
    parser = argparse.ArgumentParser(prog="python -m ocr.train", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with manifest.csv and the crops it names"
    )
    parser.add_argument(
        "--out", type=Path, default=MODEL, help="ONNX file to write (default: the shipped one)"
    )
    parser.add_argument("--steps", type=int, default=6000, help="batches of 128 crops (default 6000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    samples, val = data.load(options.data, "train"), data.load(options.data, "val")

    def check(model: nn.Module, step: int) -> None:
        for name, found in score.table(val, lambda s: _by_torch(model, s)):
            if name.startswith("all"):
                print(
                    f"  {name}: " + "; ".join(f"{k} {100 * v.value:.1f}" for k, v in found.items()),
                    flush=True,
                )
        net.export(model, options.out)

    mixer = data.Mixer(samples, np.random.default_rng(options.seed))
    net.export(net.train(mixer, options.seed, options.steps, 128, check), options.out)
    rows = score.table(val, lambda s: DigitReader(options.out).read([x.crop for x in s]))
    text = card(samples, rows, options.steps, options.seed)
    options.out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
