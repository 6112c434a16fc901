"""The networks, their training and their export (torch)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ocr.digits import HEIGHT, POSITIONS, WIDTH
from ocr.train.digits.mix import Pool
from ocr.train.digits.samples import NOTHING
from ocr.train.halves import halve

SIGMA = 1.0
"""Width of the soft target in tenths: about the error of the labels."""
BATCH = 128
STEM, FIRST, SECOND, THIRD, FEATURES = 16, 32, 56, 80, 72
"""Channels of each stage: 0.39 million weights, 20 million multiplications a crop."""


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The input, changed a little."""
        return functional.relu(x + self.change(x))


def _conv(into: int, out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()
    )


class Network(nn.Module):
    """3 x 48 x 32 in; 100 positions, "nothing", "display" out, a linear function of the features."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(3, STEM, 1),
            _conv(STEM, FIRST, 2),
            _Residual(FIRST),
            _conv(FIRST, SECOND, 2),
            _Residual(SECOND),
            _conv(SECOND, THIRD, 2),
            _Residual(THIRD),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(THIRD * (HEIGHT // 8) * (WIDTH // 8), FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, POSITIONS + 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(features, scores)."""
        features = self.body(x)
        return features, self.head(features)


def ready(crops: NDArray[np.uint8]) -> torch.Tensor:
    """What `ocr.digits.prepare` makes of crops that have the network's size already."""
    x = torch.from_numpy(crops).float()
    x -= x.mean((1, 2), keepdim=True)
    x /= x.std((1, 2, 3), keepdim=True, correction=0) + 4.0
    return x.permute(0, 3, 1, 2)  # stays channels last in memory, the fast way on a CPU


def targets(labels: NDArray[np.int64]) -> torch.Tensor:
    """Soft targets on the circle of positions, plus the class of nothing; N x 101."""
    away = np.abs(np.arange(POSITIONS) - labels[:, None])
    bell = np.exp(-(np.minimum(away, POSITIONS - away) ** 2) / (2 * SIGMA**2))
    out = np.zeros((len(labels), POSITIONS + 1), np.float32)
    out[:, :POSITIONS] = bell / bell.sum(1, keepdims=True)
    out[labels == NOTHING] = np.eye(POSITIONS + 1, dtype=np.float32)[NOTHING]
    return torch.from_numpy(out)


def _loss(scores: torch.Tensor, labels: NDArray[np.int64], lcd: NDArray[np.bool_]) -> torch.Tensor:
    positions, kind = scores[:, : POSITIONS + 1], scores[:, POSITIONS + 1]
    circle = functional.cross_entropy(positions, targets(labels))
    digit = torch.from_numpy(labels != NOTHING).float()
    told = functional.binary_cross_entropy_with_logits(kind, torch.from_numpy(lcd).float(), reduction="none")
    return circle + 0.2 * (told * digit).sum() / digit.sum()


def train(pool: Pool, seed: int, steps: int, check: Callable[[Network], None]) -> Network:
    """Trains for `steps` batches; the average of the weights over the last steps.

    `check` sees that average five times on the way.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    model = Network().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.15)
    began = time.monotonic()
    for step in range(1, steps + 1):
        model.train()
        picks = np.sort(rng.integers(0, len(pool.targets), BATCH))
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            scores = model(ready(pool.crops[picks]))[1]
        loss = _loss(scores.float(), pool.targets[picks], pool.lcd[picks])
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(model)
        if step % max(1, steps // 5) == 0:
            took = time.monotonic() - began
            print(f"step {step} of {steps}, {took:.0f} s, loss {loss.item():.3f}", flush=True)
            check(average.module.eval())
    network: Network = average.module.eval()
    return network


def export(model: Network, path: Path) -> None:
    """Writes the network as ONNX that cv2.dnn reads, batch of any size, weights in half precision."""
    model.eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, HEIGHT, WIDTH),),
        str(path),
        opset_version=13,
        dynamo=False,
        input_names=["crops"],
        output_names=["features", "scores"],
        dynamic_axes={"crops": {0: "n"}, "features": {0: "n"}, "scores": {0: "n"}},
    )
    halve(path)
