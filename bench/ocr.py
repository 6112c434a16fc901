"""How well and how fast counters are read: `python -m bench.ocr`.

Accuracies are on the `val` split of the labelled digits (whole meters never trained on), beside the checkout
in `../shared/data/meter-digits`; without that folder only the times are measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import ocr
from ocr.digits import DigitReader
from ocr.train import score
from ocr.train.digits import measures, samples

Row = tuple[str, float, str, str]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "meter-digits"
_PER_METER = 20


def rows() -> list[Row]:
    """(name, value, unit, note) of each measure; times are medians on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return (_accuracies() if (DATA / "manifest.csv").is_file() else []) + _times()
    finally:
        cv2.setNumThreads(threads)


def _accuracies() -> list[Row]:
    val = samples.load(DATA, "val")
    out: list[Row] = []
    for name, shares in measures.table(val, lambda s: DigitReader().read([x.crop for x in s])):
        for what, share in shares.items():
            low, high = share.interval
            out.append(
                (
                    f"{name}: {what}",
                    100 * share.value,
                    "%",
                    f"n {share.total}, {100 * low:.1f} to {100 * high:.1f}",
                )
            )
    return out + _tesseract_digits(val)


def _tesseract_digits(val: list[samples.Sample]) -> list[Row]:
    """Tesseract on some steady wheels of each meter, the same ones read by the network beside it."""
    steady = [s for s in val if not s.lcd and score.distance(s.target / 10, round(s.target / 10)) <= 0.2]
    meters = sorted({s.source for s in steady})
    some = [s for m in meters for s in [x for x in steady if x.source == m][:_PER_METER]]
    try:
        import pytesseract

        began = time.perf_counter()
        texts = [pytesseract.image_to_string(_large(s.crop), config=_ONE_DIGIT).strip() for s in some]
    except (ImportError, OSError, RuntimeError):
        return []
    each = 1000 * (time.perf_counter() - began) / len(some)
    ours = DigitReader().read([s.crop for s in some])
    right = score.Share(
        sum(t == str(round(s.target / 10) % 10) for t, s in zip(texts, some, strict=True)), len(some)
    )
    same = score.Share(
        sum(round(d.value) % 10 == round(s.target / 10) % 10 for d, s in zip(ours, some, strict=True)),
        len(some),
    )
    return [
        ("tesseract, steady wheels right", 100 * right.value, "%", str(right)),
        ("ours on the same wheels", 100 * same.value, "%", str(same)),
        ("tesseract, one digit", each, "ms", "psm 10, digits only"),
    ]


_DIGITS = "--psm 11 -c tessedit_char_whitelist=0123456789"
_ONE_DIGIT = "--psm 10 -c tessedit_char_whitelist=0123456789"


def _large(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop as tesseract likes it: grey, 96 pixels tall, with a margin."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(grey, None, fx=96 / grey.shape[0], fy=96 / grey.shape[0], interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.copyMakeBorder(grey, 20, 20, 20, 20, cv2.BORDER_REPLICATE), np.uint8)


def _median_ms(call: Callable[[], object], times: int) -> float:
    call()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(1000 * (time.perf_counter() - began))
    return float(np.median(took))


def _times() -> list[Row]:
    from appliance.demo import meter_picture

    picture = meter_picture.render(48713.42)
    found = ocr.find(picture, "048713.4")
    moved = [meter_picture.render(48720.17, shift=(30 + i, -12), turn_deg=1.5, seed=i) for i in range(20)]
    size = f"{picture.shape[1]}x{picture.shape[0]}"
    aligner, each = ocr.Aligner(picture, found), iter(moved)
    aligned = _median_ms(lambda: ocr.read(picture, found, aligner=aligner), 50)
    return [
        ("reading, boxes known", _median_ms(lambda: ocr.read(picture, found), 50), "ms", f"7 digits, {size}"),
        ("reading, aligned", aligned, "ms", "and the camera where it was"),
        (
            "reading, camera moved",
            _median_ms(lambda: ocr.read(next(each), found, aligner=aligner), 19),
            "ms",
            "registered anew each time",
        ),
        ("locating without a hint", _median_ms(lambda: ocr.find(picture), 5), "ms", size),
        *_tesseract_picture(picture, aligned),
    ]


def _tesseract_picture(picture: NDArray[np.uint8], ours: float) -> list[Row]:
    """Tesseract on the same whole picture, and how many times as long it takes."""
    try:
        import pytesseract

        took = _median_ms(lambda: pytesseract.image_to_string(picture, config=_DIGITS), 3)
    except (ImportError, OSError, RuntimeError):
        return []
    return [("tesseract, the same picture", took, "ms", f"{took / ours:.0f} times as long")]


def main() -> None:
    """Prints the table."""
    for name, value, unit, note in rows():
        print(f"{name:60} {value:8.2f} {unit:3} {note}")


if __name__ == "__main__":
    main()
