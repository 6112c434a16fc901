"""How well and how fast whole displays are read: `python -m bench.display [LABELS.json]`.

LABELS.json names photos of displays, {"photo.jpg": {"text": "0123.4", "strip": [x, y, w, h]}}, which lie in
`../shared/data/meter-digits/photos_lcd_electric_unlabelled` or beside the file. The rendered strips are of
a seed that training never used. Tesseract reads the same strips (some of them, for it is slow).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr import display, words
from ocr.train.score import Share

T = TypeVar("T")
Row = tuple[str, float, str, str]
Picture = NDArray[np.uint8]
Labelled = list[tuple[Picture, str]]
PHOTOS = Path(__file__).resolve().parents[2] / "shared/data/meter-digits/photos_lcd_electric_unlabelled"
_SEED, _RENDERED, _FOR_TESSERACT = 20_26, 400, 40


def rows(labels: Path | None = None) -> list[Row]:
    """(name, value, unit, note) of each measure; times are medians on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        sets = [("rendered strips", _rendered())]
        if labels is not None:
            sets.append(("photos", _photos(labels)))
        return [row for name, strips in sets for row in _measures(name, strips)]
    finally:
        cv2.setNumThreads(threads)


def _measures(name: str, strips: Labelled) -> list[Row]:
    took: list[float] = []
    texts = [_timed(lambda s=s: display.read(s), took) for s, _ in strips]  # type: ignore[misc]
    right = [t.text == want for t, (_, want) in zip(texts, strips, strict=True)]
    sure = [r for r, t in zip(right, texts, strict=True) if t.confidence >= display.SURE]
    out = [
        _row(f"{name}: exact", right),
        (f"{name}: one strip", float(np.median(took)), "ms", f"n {len(strips)}, median"),
        _row(f"{name}: kept at {display.SURE}", [t.confidence >= display.SURE for t in texts]),
        _row(f"{name}: of those wrong", [not r for r in sure]),
    ]
    some, slow = strips[:_FOR_TESSERACT], list[float]()
    read = [_timed(lambda s=s: words.number(s), slow) for s, _ in some]  # type: ignore[misc]
    if any(t is not None for t in read):
        out.append(
            _row(f"{name}: tesseract exact", [t == want for t, (_, want) in zip(read, some, strict=True)])
        )
        out.append((f"{name}: tesseract, one strip", float(np.median(slow)), "ms", "psm 7, digits and point"))
    return out


def _row(name: str, hits: list[bool]) -> Row:
    share = Share(sum(hits), len(hits))
    low, high = share.interval
    return name, 100 * share.value, "%", f"n {share.total}, {100 * low:.1f} to {100 * high:.1f}"


def _timed(call: Callable[[], T], took: list[float]) -> T:
    began = time.perf_counter()
    out = call()
    took.append(1000 * (time.perf_counter() - began))
    return out


def _rendered() -> Labelled:
    from ocr.train.display.pool import render, truth

    return [(s.picture, truth(s)) for s in render(np.random.default_rng(_SEED), _RENDERED)]


def _photos(labels: Path) -> Labelled:
    out = []
    for name, label in json.loads(labels.read_text(encoding="utf-8")).items():
        folder = PHOTOS if (PHOTOS / name).is_file() else labels.parent
        picture = cv2.imread(str(folder / name))
        if picture is None:
            sys.exit(f"{name}, which {labels} labels, is not in {folder}")
        x, y, w, h = label["strip"]
        out.append((np.asarray(picture[y : y + h, x : x + w], np.uint8), label["text"]))
    return out


def main() -> None:
    """Prints the table."""
    for name, value, unit, note in rows(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        print(f"{name:40} {value:8.2f} {unit:3} {note}")


if __name__ == "__main__":
    main()
