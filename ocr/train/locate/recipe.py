"""How the finder is trained: settings, batches, export."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.train.halves import halve
from ocr.train.locate.net import Finder, loss, targets

_HIGH, _WIDE = 160, 224


@dataclass(frozen=True, slots=True)
class Settings:
    pictures: int = 7_000
    steps: int = 9_600
    batch: int = 10
    rate: float = 3e-3
    seed: int = 1


def batch(
    rng: np.random.Generator, pictures: NDArray[np.uint8], cells: NDArray[np.float32], size: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random parts of random pictures, their contrast changed, with their targets."""
    views, wanted, weights = [], [], []
    for i in rng.integers(0, len(pictures), size):
        y, x = rng.integers(0, pictures.shape[1] - _HIGH + 1), rng.integers(0, pictures.shape[2] - _WIDE + 1)
        part = pictures[i, y : y + _HIGH, x : x + _WIDE].astype(np.float32)
        part = (part - 127.5) * np.exp(rng.normal(0, 0.15)) + 127.5 + rng.normal(0, 8)
        views.append(np.clip(part, 0, 255).transpose(2, 0, 1) / 64 - 2)
        moved = cells[i].copy()
        moved[:, 0] -= x
        moved[:, 1] -= y
        a, b = targets(moved, _HIGH, _WIDE)
        wanted.append(a)
        weights.append(b)
    first, second, third = (
        torch.from_numpy(np.stack(v).astype(np.float32)) for v in (views, wanted, weights)
    )
    return first, second, third


def train(
    pictures: NDArray[np.uint8], cells: NDArray[np.float32], settings: Settings, keep: Path | None = None
) -> nn.Module:
    """The averaged weights of training on pictures drawn before; `keep` saves them now and then."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(settings.seed)
    net = Finder().to(memory_format=torch.channels_last)
    adam = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(adam, settings.rate, total_steps=settings.steps, pct_start=0.1)
    decay = torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=decay, use_buffers=True)
    begun, mean = time.monotonic(), 0.0
    for step in range(settings.steps):
        views, wanted, weights = batch(rng, pictures, cells, settings.batch)
        with torch.autocast("cpu", torch.bfloat16):  # twice as fast, as good
            found = net(views.to(memory_format=torch.channels_last))
        value = loss(found.float(), wanted, weights)
        adam.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        adam.step()
        plan.step()
        average.update_parameters(net)
        mean = value.item() if not step else 0.98 * mean + 0.02 * value.item()
        if step % 100 == 99:
            print(f"  step {step + 1}: loss {mean:.3f}, {time.monotonic() - begun:.0f} s", flush=True)
            if keep:
                torch.save(average.module.state_dict(), keep)
    return average.module.eval()


def export(net: nn.Module, out: Path) -> None:
    """Writes the network as ONNX with its weights in half precision; pictures in any multiple of 16."""
    target = io.BytesIO()
    example = (torch.zeros(1, 3, 256, 320),)
    axes = {"picture": {2: "high", 3: "wide"}, "maps": {2: "rows", 3: "columns"}}
    torch.onnx.export(
        net.eval(), example, target, dynamo=False, opset_version=13,
        input_names=["picture"], output_names=["maps"], dynamic_axes=axes,
    )  # fmt: skip
    out.write_bytes(target.getvalue())
    halve(out)
