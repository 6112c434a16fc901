"""How meters never seen are read: `python -m ocr.train.digits.across --data FOLDER` (torch; half an hour).

The split `val` has two meters, too few to tell how another one will be read. Here the meters of `train` are
left out in turns: one network of the two, trained for a third of the time, learns from the others and reads
those left out. Prints a section for the card.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from ocr.digits import Digit, DigitReader
from ocr.train.card import scores
from ocr.train.digits import measures, recipe, samples

STEPS = 2400
_HEAD = """
## Scores on meters left out of training in turns

`python -m ocr.train.digits.across --data FOLDER --seed {seed}`: one network alone, trained {steps} steps on
the other meters of `train`, reads those left out. The two that ship are trained {long} steps each on all.
"""
FOLDS = (
    (
        "jomjol_update_20220608",
        "powermeter/ISKRA.T3F-01S1_20250630",
        "watermeter/Wasser_Geraete_GmbH",
        "watermeter/altair/alkr",
    ),
    (
        "powermeter/emeter1",
        "powermeter/unknown/iotson/emeter1",
        "powermeter/unknown/timm",
        "watermeter/Unknown/abl",
    ),
)
"""Sources left out together: those that show the same meter. All others, which share meters, are the last."""


def folds(known: list[samples.Sample]) -> list[set[str]]:
    """The sources of wheels, as they are left out together."""
    wheels = {s.source for s in known if not s.lcd}
    named = [wheels & set(fold) for fold in FOLDS]
    return [fold for fold in (*named, wheels.difference(*named)) if fold]


def read(known: list[samples.Sample], seed: int, steps: int = STEPS) -> dict[int, Digit]:
    """What is made of each wheel (its place in `known`) by a network that did not see its meter."""
    out: dict[int, Digit] = {}
    for fold in folds(known):
        asked = [i for i, s in enumerate(known) if s.source in fold]
        with TemporaryDirectory() as scratch:
            model = Path(scratch) / "digits.onnx"
            rest = [s for s in known if s.source not in fold]
            recipe.half(rest, model, seed, steps, lambda _: None)
            out |= zip(asked, DigitReader(model).read([known[i].crop for i in asked]), strict=True)
    return out


def section(known: list[samples.Sample], made: dict[int, Digit], seed: int) -> str:
    """The card's section on what was made of the wheels."""
    digits = {id(known[i]): digit for i, digit in made.items()}
    wheels = [known[i] for i in sorted(made)]
    rows = measures.table(wheels, lambda some: [digits[id(s)] for s in some])
    head = _HEAD.format(seed=seed, steps=STEPS, long=recipe.STEPS)
    return f"{head}\n{scores([row for row in rows if row[0] != 'all displays'])}"


def main() -> None:
    """Prints the section; how far it is goes to the error stream."""
    parser = argparse.ArgumentParser(prog="python -m ocr.train.digits.across", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    known = samples.load(options.data, "train")
    with redirect_stdout(sys.stderr):
        made = read(known, options.seed)
    print(section(known, made, options.seed), end="")


if __name__ == "__main__":
    main()
