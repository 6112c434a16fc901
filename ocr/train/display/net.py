"""The network of `models/display.onnx`: a small fully convolutional one, three heads over the width."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx  # type: ignore[import-not-found,unused-ignore]
import onnx.numpy_helper  # type: ignore[import-not-found,unused-ignore]
import torch
from torch import Tensor, nn
from torch.nn import functional

from ocr.display import CHANNELS, CODE, HEIGHT, NUMBER, SIZES, UNITS
from ocr.train.display.pool import Batch


def _block(into: int, out: int, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1)) -> nn.Sequential:
    pad = (kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(
        nn.Conv2d(into, out, kernel, stride, pad, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)
    )


class _Residual(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self, size: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.body = _block(size, size, kernel)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class _Context(nn.Module):  # type: ignore[misc,unused-ignore]
    """What stands further off along the line, each channel for itself, then mixed: cheap, and wide."""

    def __init__(self, size: int, apart: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(size, size, (1, 7), 1, (0, 3 * apart), (1, apart), groups=size, bias=False),
            nn.Conv2d(size, size, 1, bias=False),
            nn.BatchNorm2d(size),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class Net(nn.Module):  # type: ignore[misc,unused-ignore]
    """N x 3 x HEIGHT x W to N x CHANNELS x W / STRIDE: classes of number, code and unit, and three sizes.

    Whether a digit belongs to the number or to the register code beside it shows several digits away: the
    last layers see 46 steps (nearly 4 heights of the strip) to either side.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _block(3, 16, (5, 5), (2, 2)),
            _block(16, 40, (3, 3), (2, 2)),
            _Residual(40, (3, 3)),
            _block(40, 60, (3, 3), (2, 1)),
            _Residual(60, (3, 3)),
        )
        rows = HEIGHT // 8
        self.fold = nn.Sequential(
            nn.Conv2d(60, 96, (rows, 3), 1, (0, 1), bias=False), nn.BatchNorm2d(96), nn.ReLU(inplace=True)
        )
        self.along = nn.Sequential(_Residual(96, (1, 5)), *(_Context(96, n) for n in (1, 2, 4, 8)))
        self.heads = nn.Conv2d(96, CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.heads(self.along(self.fold(self.trunk(x))))
        return out[:, :, 0]


def loss(scores: Tensor, batch: Batch) -> Tensor:
    """Classes at the characters' middles, texts by CTC, sizes where digits are."""
    total = torch.zeros(())
    at = 0
    steps, count = scores.shape[2], scores.shape[0]
    for head, size in enumerate((len(NUMBER) + 1, len(CODE) + 1, len(UNITS) + 1)):
        part = functional.log_softmax(scores[:, at : at + size].float(), 1)
        at += size
        frames = torch.from_numpy(batch.frames[head])
        weight = torch.ones(size)
        weight[0] = (0.35, 0.08, 0.08)[head]
        total = total + functional.nll_loss(part, frames, weight, ignore_index=-1) * (2.0, 1.5, 0.8)[head]
        if head < 2:
            texts = batch.texts[head]
            lengths = torch.tensor([len(t) for t in texts])
            flat = torch.tensor([c for t in texts for c in t], dtype=torch.long)
            ctc = functional.ctc_loss(
                part.permute(2, 0, 1), flat, torch.full((count,), steps), lengths,
                reduction="none", zero_infinity=True,
            )  # fmt: skip
            total = total + (ctc / (lengths + 2)).mean() * (0.6, 0.4)[head]
    boxes = torch.from_numpy(batch.boxes)
    seen = ~torch.isnan(boxes)
    sizes = scores[:, at : at + SIZES].permute(0, 2, 1)
    away = functional.smooth_l1_loss(sizes[seen], boxes[seen], beta=0.05, reduction="sum")
    return total + 2.0 * away / max(1, int(seen.sum()))  # a small batch may show no digit at all


def export(model: nn.Module, path: Path) -> None:
    """Writes the network as ONNX for any width, weights as float16, which `cv2.dnn` loads."""
    model.eval()
    buffer = io.BytesIO()
    torch.onnx.export(
        model, (torch.zeros(1, 3, HEIGHT, 160),), buffer, input_names=["strip"], output_names=["scores"],
        dynamic_axes={"strip": {0: "n", 3: "w"}, "scores": {0: "n", 2: "t"}}, opset_version=13, dynamo=False,
    )  # fmt: skip
    graph = onnx.load_from_string(buffer.getvalue())
    for tensor in graph.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, tensor.name))
    path.write_bytes(graph.SerializeToString())
