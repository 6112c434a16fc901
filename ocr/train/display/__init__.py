"""Training of `models/display.onnx`, the network that reads whole displays."""

from __future__ import annotations

from pathlib import Path


def main(data: Path, out: Path, seed: int) -> None:
    """Renders strips, trains, writes the network to `out` and its card beside it.

    Everything is rendered; `data` is not needed and not read.
    """
    from ocr.train.display.recipe import make

    make(out, seed)
