"""The network that reads pointers on round scales, trained on drawn dials alone."""

from __future__ import annotations

from pathlib import Path


def main(data: Path, out: Path, seed: int) -> None:
    """Draws dials, trains on them, writes the ONNX file `out` and its card; `data` holds no dials, unused."""
    from ocr.train.dials import recipe  # torch is needed by training alone

    recipe.run(out, seed)
