"""How the shipped network is trained: large teachers learn the labels, the small network learns from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ocr.digits import Digit, DigitReader, decode, prepare
from ocr.train.digits import measures, net, samples
from ocr.train.digits.card import card
from ocr.train.digits.mix import Mixer

CROPS = 200_000
TEACHERS = 2
TEACHER_STEPS = 5000
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


def distilled(
    known: list[samples.Sample], seed: int, steps: tuple[int, int], check: Callable[[net.Network], None]
) -> net.Network:
    """Trains TEACHERS for steps[0] batches, then the small network on them for steps[1]."""
    teachers = []
    for k in range(TEACHERS):
        pool = Mixer(known, np.random.default_rng(seed + 10 * k)).pool(CROPS)
        teachers.append(net.train(net.TEACHER, pool, seed + 10 * k, steps[0], None, check))
    pool = Mixer(known, np.random.default_rng(seed + 100)).pool(CROPS)
    return net.train(net.STUDENT, pool, seed, steps[1], net.teach(teachers, pool), check)


def run(folder: Path, out: Path, seed: int) -> None:
    """Trains, reports on the val split as it goes, exports, and writes the card from the exported file."""
    known, val = samples.load(folder, "train"), samples.load(folder, "val")
    net.export(distilled(known, seed, (TEACHER_STEPS, STEPS), reporter(val)), out)
    rows = measures.table(val, lambda s: DigitReader(out).read([x.crop for x in s]))
    text = card(known, rows, seed)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)
