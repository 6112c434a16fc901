"""`python -m ocr.train --data FOLDER` trains the shipped models in turn and writes each with its card."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module, util
from pathlib import Path

NAMES = ("digits", "dials", "display", "locate")
SHIPPED = Path(__file__).parents[1] / "models"


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains what `--only` names, or everything; SystemExit with the reason when it cannot."""
    parser = argparse.ArgumentParser(prog="python -m ocr.train", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with manifest.csv and the crops it names"
    )
    parser.add_argument("--only", choices=NAMES, help="train this model alone")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder to write to (default: the shipped)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if not (options.data / "manifest.csv").is_file():
        parser.exit(
            2, f"There is no manifest.csv in {options.data}: name the folder of the labelled digits.\n"
        )
    if util.find_spec("torch") is None:
        parser.exit(2, "Training needs torch: pip install -e .[train]\n")
    for name in [options.only] if options.only else NAMES:
        if util.find_spec(f"ocr.train.{name}") is None:
            parser.exit(2, f"There is no training for {name}: ocr/train/{name} is missing.\n")
        print(f"{name}: training", flush=True)
        import_module(f"ocr.train.{name}").main(options.data, options.out / f"{name}.onnx", options.seed)


if __name__ == "__main__":
    main()
