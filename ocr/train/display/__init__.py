"""Training of `models/display.onnx`, the network that reads whole displays."""

from __future__ import annotations

from pathlib import Path


def main(data: Path, out: Path, seed: int) -> None:
    """Renders strips, puts others together from the LCD digits of `data`, trains, writes network and card.

    The network goes to `out`, its card beside it.
    """
    from ocr.train.display.recipe import make

    make(data, out, seed)
