"""The small network and its training loop (torch)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ocr.dials import POSITIONS, SIDE

SIGMA = 1.2
"""Width of the soft target in tenths."""
Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
"""N x 3 x SIDE x SIDE pictures and N values in tenths, NaN where there is no dial."""


def network() -> nn.Sequential:
    """3 x 48 x 48 in; 100 positions and "nothing" out. About 160 000 weights."""
    layers: list[nn.Module] = []
    for into, out, pool in (
        (3, 16, True),
        (16, 32, False),
        (32, 32, True),
        (32, 48, False),
        (48, 48, True),
        (48, 48, False),
    ):
        layers += [nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pool else []
    flat = 48 * (SIDE // 8) ** 2
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Dropout(0.1), nn.Linear(flat, 48), nn.ReLU(), nn.Linear(48, POSITIONS + 1)
    )


def targets(tenths: NDArray[np.float32]) -> torch.Tensor:
    """Soft targets on the circle, plus the class of nothing; N x 101."""
    steps = np.arange(POSITIONS, dtype=np.float32)
    away = np.abs(steps - tenths[:, None])
    bell = np.exp(-(np.minimum(away, POSITIONS - away) ** 2) / (2 * SIGMA**2))
    bell /= bell.sum(1, keepdims=True)
    empty = np.isnan(tenths)
    out = np.concatenate([np.where(empty[:, None], 0, bell), empty[:, None]], 1)
    return torch.from_numpy(out.astype(np.float32))


def train(
    batches: Callable[[], Batch],
    seed: int,
    steps: int,
    check: Callable[[nn.Module, int], None],
) -> nn.Module:
    """Trains for `steps` batches; `check(model, step)` is called ten times on the averaged weights."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = network().to(memory_format=torch.channels_last)  # a third faster on a CPU
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps, pct_start=0.15)
    began = time.monotonic()
    for step in range(1, steps + 1):
        model.train()
        pictures, tenths = batches()
        optimiser.zero_grad()
        loss = functional.cross_entropy(
            model(torch.from_numpy(pictures).to(memory_format=torch.channels_last)), targets(tenths)
        )
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(model)
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
    """Writes the network as ONNX that cv2.dnn reads, batch of any size, the weights in 16 bits."""
    model.eval()
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, SIDE, SIDE),),
        str(path),
        opset_version=13,
        dynamo=False,
        input_names=["crops"],
        output_names=["scores"],
        dynamic_axes={"crops": {0: "n"}, "scores": {0: "n"}},
    )
    graph = onnx.load(path)
    casts = []
    for weight in graph.graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < 256:
            continue
        name = weight.name
        weight.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), name + ".half"))
        casts.append(onnx.helper.make_node("Cast", [name + ".half"], [name], to=onnx.TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.graph.node.insert(0, cast)
    onnx.save(graph, path)
