"""Training of the display network: strips are rendered while it learns, a chunk of them at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ocr.train.display.card import card
from ocr.train.display.net import Net, export, loss
from ocr.train.display.optics import Strip
from ocr.train.display.pool import batches, render

STEPS, SIZE, RATE = 6000, 48, 4e-3
CHUNK, FIRST, KEEP, EVERY = 5000, 2, 5, 400
"""Strips a chunk, chunks to begin with, chunks kept, steps until the next is rendered."""
_VALIDATION = 99


def chunk(seed: int, number: int) -> list[Strip]:
    """The strips of chunk `number`; the same for the same fonts and libraries."""
    return render(np.random.default_rng([seed, number]), CHUNK)


def validation(count: int) -> list[Strip]:
    """Strips that no chunk has, to choose thresholds on and to report."""
    return render(np.random.default_rng([_VALIDATION, 0]), count)


def make(out: Path, seed: int) -> None:
    """Trains, writes the network to `out` and its card beside it."""
    model = train(seed, STEPS, lambda n: chunk(seed, n), lambda m, step: export(m, out))
    export(model, out)
    text = card(out, validation(600), STEPS, seed)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


def train(
    seed: int, steps: int, more: Callable[[int], list[Strip]], check: Callable[[nn.Module, int], None]
) -> nn.Module:
    """Trains for `steps` batches in one cycle of the learning rate; the mean of the last weights.

    `more(n)` gives the n-th chunk of strips; `check` is called every 500 steps.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Net().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.997), use_buffers=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    began, mean = time.monotonic(), 0.0
    chunks = [more(n) for n in range(FIRST)]
    source = batches(rng, [s for c in chunks for s in c], SIZE)
    for step in range(1, steps + 1):
        if step % EVERY == 0:
            chunks = [*chunks, more(FIRST + step // EVERY - 1)][-KEEP:]
            source = batches(rng, [s for c in chunks for s in c], SIZE)
        batch = next(source)
        model.train()
        pictures = torch.from_numpy(batch.pictures).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            scores = model(pictures)
        value = loss(scores.float(), batch)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        plan.step()
        average.update_parameters(model)
        mean += (value.item() - mean) * max(0.02, 1 / step)
        if step % 100 == 0:
            print(f"step {step}: loss {mean:.3f}, {time.monotonic() - began:.0f} s", flush=True)
        if step % 500 == 0:
            check(average.module, step)
    return average.module
