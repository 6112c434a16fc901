"""The network that finds figures of counters, and what it is taught to answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 4
CHANNELS = 8
"""Centre, display or not, after the point or not (logits); ln(height / 16), ln(width / 16), sine of the
angle, and how far the centre lies right and below, in cells of the map."""


def _conv(a: int, b: int, size: int = 3, stride: int = 1, spread: int = 1) -> nn.Sequential:
    pad = spread * (size // 2)
    layer = nn.Conv2d(a, b, size, stride, pad, dilation=spread, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(b), nn.ReLU(inplace=True))


class _Block(nn.Module):
    def __init__(self, width: int, spread: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(width, width, spread=spread),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = functional.relu(x + self.body(x))
        return out


class Finder(nn.Module):
    """N x 3 x H x W (multiples of 16) to N x CHANNELS x H/4 x W/4."""

    def __init__(self) -> None:
        super().__init__()
        self.at4 = nn.Sequential(_conv(3, 16, stride=2), _conv(16, 24, stride=2), _Block(24))
        self.at8 = nn.Sequential(_conv(24, 36, stride=2), _Block(36), _Block(36))
        self.at16 = nn.Sequential(_conv(36, 48, stride=2), _Block(48), _Block(48, 2), _Block(48, 4))
        self.down8, self.down4 = _conv(48, 36, 1), _conv(36, 24, 1)
        self.join8, self.join4 = _conv(36, 36), _conv(24, 24)
        self.head = nn.Sequential(_conv(24, 32), nn.Conv2d(32, CHANNELS, 1))
        last = self.head[1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.constant_(last.bias[:1], -4.0)

    def forward(self, x: Tensor) -> Tensor:
        four = self.at4(x)
        eight = self.at8(four)
        wide = self.down8(self.at16(eight))
        eight = self.join8(eight + functional.interpolate(wide, scale_factor=2.0, mode="nearest"))
        four = self.join4(four + functional.interpolate(self.down4(eight), scale_factor=2.0, mode="nearest"))
        out: Tensor = self.head(four)
        return out


def targets(
    cells: NDArray[np.float32], high: int, wide: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(CHANNELS maps, weight of the maps but the first) of a picture's cells."""
    rows, cols = high // STRIDE, wide // STRIDE
    out, weight = np.zeros((CHANNELS, rows, cols), np.float32), np.zeros((rows, cols), np.float32)
    y, x = np.mgrid[:rows, :cols].astype(np.float32)
    for cx, cy, w, h, angle, lcd, after in cells[cells[:, 2] > 0]:
        u, v = cx / STRIDE - 0.5, cy / STRIDE - 0.5
        dx, dy = u - x, v - y
        sx, sy = max(0.55, 0.13 * w / STRIDE), max(0.55, 0.13 * h / STRIDE)
        near = np.exp(-(dx**2) / (2 * sx**2) - dy**2 / (2 * sy**2))
        col, row = round(float(u)), round(float(v))
        if 0 <= row < rows and 0 <= col < cols:
            near[row, col] = 1.0
        mine = near > np.maximum(out[0], 0.25)
        out[0] = np.maximum(out[0], near)
        weight[mine] = near[mine]
        values = (lcd, after, np.log(h / 16), np.log(w / 16), np.sin(angle))
        for channel, value in enumerate(values, 1):
            out[channel][mine] = value
        out[6][mine], out[7][mine] = dx[mine], dy[mine]
    return out, weight


def loss(found: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Penalty-reduced focal loss of the centres, the rest only where a figure is."""
    chance = found[:, 0].sigmoid().clamp(1e-4, 1 - 1e-4)
    centre = wanted[:, 0]
    hit = (centre > 0.99).float()
    gain = hit * (1 - chance) ** 2 * chance.log()
    gain = gain + (1 - hit) * (1 - centre) ** 4 * chance**2 * (1 - chance).log()
    count, total = hit.sum().clamp(min=1), weight.sum().clamp(min=1)
    kind = functional.binary_cross_entropy_with_logits(found[:, 1:3], wanted[:, 1:3], reduction="none")
    kind = 0.3 * kind[:, 0] + 2.0 * kind[:, 1]  # colour and points are harder to see than displays
    shape = functional.smooth_l1_loss(found[:, 3:], wanted[:, 3:], reduction="none", beta=0.1)
    shape = shape[:, :2].sum(1) + 2 * shape[:, 2] + 0.3 * shape[:, 3:].sum(1)
    return -gain.sum() / count + ((kind + shape) * weight).sum() / total
