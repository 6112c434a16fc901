"""The network that reads one digit of a counter: wheels, seen between two digits too, and display digits."""

from __future__ import annotations

from pathlib import Path


def main(data: Path, out: Path, seed: int) -> None:
    """Trains on the labelled digits in `data`, writes the ONNX file `out` and its card; hours on one core."""
    from ocr.train.digits import recipe  # torch is needed by training alone

    recipe.run(data, out, seed)
