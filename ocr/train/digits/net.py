"""The small network and its training loop (torch)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ocr.digits import HEIGHT, POSITIONS, WIDTH, prepare
from ocr.train.digits.data import NOTHING, Mixer, Sample

SIGMA = 1.0
"""Width of the soft target in tenths: about the error of the labels."""


def network() -> nn.Sequential:
    """3 x 48 x 32 in; 100 positions, "nothing", "display" out. About 190 000 weights."""
    layers: list[nn.Module] = []
    widths = [
        (3, 24, True),
        (24, 32, False),
        (32, 40, True),
        (40, 64, False),
        (64, 64, True),
        (64, 64, False),
    ]
    for into, out, pool in widths:
        layers += [nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pool else []
    flat = 64 * (HEIGHT // 8) * (WIDTH // 8)
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(flat, 56), nn.ReLU(), nn.Linear(56, POSITIONS + 2)
    )


def targets(samples: list[Sample]) -> torch.Tensor:
    """Soft targets on the circle of positions, plus the class of nothing; N x 101."""
    out = np.zeros((len(samples), POSITIONS + 1), np.float32)
    steps = np.arange(POSITIONS)
    for row, sample in zip(out, samples, strict=True):
        if sample.target == NOTHING:
            row[NOTHING] = 1
            continue
        away = np.abs(steps - sample.target)
        bell = np.exp(-(np.minimum(away, POSITIONS - away) ** 2) / (2 * SIGMA**2))
        row[:POSITIONS] = bell / bell.sum()
    return torch.from_numpy(out)


def _loss(scores: torch.Tensor, samples: list[Sample]) -> torch.Tensor:
    circle = functional.cross_entropy(scores[:, : POSITIONS + 1], targets(samples))
    digit = torch.tensor([float(s.target != NOTHING) for s in samples])
    lcd = torch.tensor([float(s.lcd) for s in samples])
    kind = functional.binary_cross_entropy_with_logits(scores[:, POSITIONS + 1], lcd, reduction="none")
    return circle + 0.2 * (kind * digit).sum() / digit.sum()


def train(
    mixer: Mixer, seed: int, steps: int, batch: int, check: Callable[[nn.Module, int], None]
) -> nn.Module:
    """Trains for `steps` batches; `check(model, step)` is called ten times on the averaged weights."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = network()
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.15)
    began = time.monotonic()
    for step in range(1, steps + 1):
        model.train()
        samples = mixer.batch(batch)
        optimiser.zero_grad()
        loss = _loss(model(torch.from_numpy(np.stack([prepare(s.crop) for s in samples]))), samples)
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(model)
        if step % 50 == 0:
            mixer.refresh(0.05)
        if step % max(1, steps // 10) == 0:
            print(
                f"step {step} of {steps}, {time.monotonic() - began:.0f} s, loss {loss.item():.3f}",
                flush=True,
            )
            average.eval()
            check(average.module, step)
    average.eval()
    return average.module


def export(model: nn.Module, path: Path) -> None:
    """Writes the network as ONNX that cv2.dnn reads, batch of any size."""
    model.eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, HEIGHT, WIDTH),),
        str(path),
        opset_version=13,
        dynamo=False,
        input_names=["crops"],
        output_names=["scores"],
        dynamic_axes={"crops": {0: "n"}, "scores": {0: "n"}},
    )
