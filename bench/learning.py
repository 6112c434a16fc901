"""How reading grows with crops of the owner's own meter: `python -m bench.learning --data FOLDER`.

Each meter of the split `val` is one the shipped network never saw. Some of its crops are learned from as the
appliance does it (album, refinement, its own decision whether to use it), the rest judges; drawn anew for
each seed. Shares are means over the draws; "draws worse" were read worse than as shipped.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.digits import Digit, DigitReader
from ocr.own import OwnMeter
from ocr.train.score import distance

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "meter-digits"
COUNTS, SEEDS, PLACES = (0, 10, 25, 50, 100, 200), 8, 7
_SURE = 0.85
COLUMNS = ("within 0.1", "within 0.2", "wrong by > 0.5", f"kept at {_SURE}", "of those wrong by > 0.5")


@dataclass(frozen=True)
class Sample:
    """A labelled crop: `position` in digits as it stands in its window."""

    crop: NDArray[np.uint8]
    position: float
    lcd: bool
    source: str


@dataclass(frozen=True)
class Draw:
    """COLUMNS of the crops not learned from, as shipped and with what was learned, when that is `used`."""

    used: bool
    shipped: list[float]
    learned: list[float]

    @property
    def worse(self) -> bool:
        """Whether fewer were read within 0.2, or more wrong by more than 0.5, than as shipped."""
        return self.learned[1] < self.shipped[1] or self.learned[2] > self.shipped[2]


def load(folder: Path) -> list[Sample]:
    """The digits of the split `val`; FileNotFoundError when the folder has no manifest."""
    with (folder / "manifest.csv").open(newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["split"] == "val" and r["kind"].startswith("digit")]
    return [
        Sample(
            np.asarray(cv2.imread(str(folder / r["file"])), np.uint8),
            float(r["label"]) % 10,
            r["kind"] == "digit_lcd",
            r["source"],
        )
        for r in rows
    ]


def measure(samples: list[Sample], count: int, seed: int, reader: DigitReader) -> Draw:
    """Learns from `count` crops and reads the others, as shipped and with what was learned."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(samples))
    lessons, judges = [samples[i] for i in order[:count]], [samples[i] for i in order[count:]]
    crops = [s.crop for s in judges]
    with TemporaryDirectory() as folder:
        own = OwnMeter(Path(folder), reader)
        for s in lessons:
            own.add(s.crop, s.position, s.lcd, sure=True, place=int(rng.integers(PLACES)))
        used = count > 0 and own.refine().used
        return Draw(used, _measures(judges, reader.read(crops)), _measures(judges, own.read(crops)))


def _measures(samples: list[Sample], digits: list[Digit]) -> list[float]:
    away = np.array([distance(s.position, d.value) for s, d in zip(samples, digits, strict=True)])
    kept = np.array([d.confidence >= _SURE for d in digits])
    wrong = float((away[kept] > 0.5).mean()) if kept.any() else 0.0
    near = float((away <= 0.1 + 1e-6).mean()), float((away <= 0.2 + 1e-6).mean())
    return [*near, float((away > 0.5).mean()), float(kept.mean()), wrong]


def table(folder: Path) -> Iterator[tuple[str, int, list[Draw]]]:
    """(meter, crops learned from, draws) of each val meter."""
    samples, reader = load(folder), DigitReader()
    for meter in sorted({s.source for s in samples}):
        own = [s for s in samples if s.source == meter]
        for count in COUNTS:
            if count + 20 <= len(own):
                yield meter, count, [measure(own, count, seed, reader) for seed in range(SEEDS)]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.learning", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder with manifest.csv and the crops it names"
    )
    folder = parser.parse_args().data
    if not (folder / "manifest.csv").exists():
        sys.exit(f"{folder} has no manifest.csv: name the folder of labelled crops with --data")
    cv2.setNumThreads(1)
    print("| meter | crops | used | " + " | ".join(COLUMNS) + " | draws worse |")
    print("|---|---:|---:|" + "---:|" * (len(COLUMNS) + 1))
    for meter, count, draws in table(folder):
        used = f"{sum(d.used for d in draws)} of {len(draws)}"
        shown = " | ".join(f"{100 * v:.1f} %" for v in np.mean([d.learned for d in draws], 0))
        print(f"| {meter} | {count} | {used} | {shown} | {sum(d.worse for d in draws)} |", flush=True)


if __name__ == "__main__":
    main()
