"""Training of the display network: strips are rendered while it learns, a chunk of them at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ocr.train.display import crops
from ocr.train.display.card import card
from ocr.train.display.net import Net, export, loss
from ocr.train.display.optics import Strip
from ocr.train.display.pool import Batch, batches, render

CYCLES = ((9000, 4e-3), (1800, 1.5e-3))
"""Steps and greatest learning rate of each cycle; the next goes on from the mean weights of the last."""
SIZE = 48
CHUNK, FIRST, KEEP, EVERY = 5000, 4, 10, 1500
"""Strips a chunk, chunks to begin with, chunks kept, steps until the next is rendered."""
_APART = 12
"""The chunks of a cycle are numbered from this times its number."""
_PHOTOGRAPHED = 8
"""One strip in so many is put together from photographed digits."""
_VALIDATION = 99


def chunk(seed: int, number: int, meters: dict[str, list[crops.Cell]]) -> list[Strip]:
    """The strips of chunk `number`; the same for the same fonts and libraries."""
    rng = np.random.default_rng([seed, number])
    photographed = CHUNK // _PHOTOGRAPHED
    return render(rng, CHUNK - photographed) + [crops.strip(rng, meters) for _ in range(photographed)]


def validation(data: Path) -> dict[str, list[Strip]]:
    """Strips that no chunk has, to choose thresholds on and to report."""
    rng = np.random.default_rng([_VALIDATION, 0])
    rendered = render(rng, 800)
    meters = crops.cells(data, "val")
    return {
        "rendered strips": rendered,
        "strips of photographed digits": [crops.strip(rng, meters) for _ in range(200)],
    }


def make(data: Path, out: Path, seed: int) -> None:
    """Trains, writes the network to `out` and its card beside it."""
    meters = crops.cells(data, "train")
    model = train(seed, CYCLES, lambda n: chunk(seed, n, meters), lambda m, step: export(m, out))
    export(model, out)
    text = card(out, validation(data), sum(steps for steps, _ in CYCLES), seed)
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


def train(
    seed: int,
    cycles: Sequence[tuple[int, float]],
    more: Callable[[int], list[Strip]],
    check: Callable[[nn.Module, int], None],
) -> nn.Module:
    """Trains for `cycles` of (steps, learning rate); the mean of the last weights.

    `more(n)` gives the n-th chunk of strips; `check` is called every 500 steps.
    """
    torch.manual_seed(seed)
    model: nn.Module = Net()
    for number, (steps, rate) in enumerate(cycles):
        first = number * _APART
        model = _cycle(model, seed + number, steps, rate, lambda n, first=first: more(first + n), check)  # type: ignore[misc]
    return model


def _cycle(
    start: nn.Module,
    seed: int,
    steps: int,
    rate: float,
    more: Callable[[int], list[Strip]],
    check: Callable[[nn.Module, int], None],
) -> nn.Module:
    rng = np.random.default_rng(seed)
    model = start.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.997), use_buffers=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), rate, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps, pct_start=0.1)
    began, mean = time.monotonic(), 0.0
    chunks = [more(n) for n in range(FIRST)]
    source = batches(rng, [s for c in chunks for s in c], SIZE)
    for step in range(1, steps + 1):
        if step % EVERY == 0 and step < steps:
            chunks = [*chunks, more(FIRST + step // EVERY - 1)][-KEEP:]
            source = batches(rng, [s for c in chunks for s in c], SIZE)
        value = _step(model, next(source), optimiser)
        plan.step()
        average.update_parameters(model)
        mean += (value - mean) * max(0.02, 1 / step)
        if step % 100 == 0:
            print(f"step {step}: loss {mean:.3f}, {time.monotonic() - began:.0f} s", flush=True)
        if step % 500 == 0:
            check(average.module, step)
    return average.module


def _step(model: nn.Module, batch: Batch, optimiser: torch.optim.Optimizer) -> float:
    """Learns from one batch; the loss before."""
    model.train()
    pictures = torch.from_numpy(batch.pictures).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        scores = model(pictures)
    value = loss(scores.float(), batch)
    optimiser.zero_grad(set_to_none=True)
    value.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimiser.step()
    return float(value.item())
