"""How well and how fast drawn dials are read: `python -m bench.dials`. Licensed real ones do not exist."""

from __future__ import annotations

import importlib.util
import time

import numpy as np

from ocr.dials import DialReader
from ocr.train.score import Share, distance

Row = tuple[str, float, str, str]
_SEED, _COUNT = 2027, 400
_DRAWINGS = {True: "pointers of kinds never trained on", False: "kinds trained on"}


def rows() -> list[Row]:
    """Shares within 0.1 and 0.2 of the truth and further off than 0.5; none without Pillow, which draws."""
    if importlib.util.find_spec("PIL") is None:
        return []
    from ocr.train.dials.pool import judges

    out: list[Row] = []
    for held_out, name in _DRAWINGS.items():
        crops, values = judges(_SEED, _COUNT, held_out)
        began = time.perf_counter()
        read = DialReader().read(crops)
        each = 1000 * (time.perf_counter() - began) / _COUNT
        away = np.array([distance(v, d.value) for v, d in zip(values, read, strict=True)])
        for what, hits in (
            ("within 0.1", away <= 0.1),
            ("within 0.2", away <= 0.2),
            ("off by > 0.5", away > 0.5),
        ):
            share = Share(int(hits.sum()), _COUNT)
            low, high = share.interval
            note = f"n {_COUNT}, {100 * low:.1f} to {100 * high:.1f}"
            out.append((f"drawn dials, {name}: {what}", 100 * share.value, "%", note))
        out.append((f"one dial, {name}", each, "ms", "four looks"))
    return out


if __name__ == "__main__":
    for line in rows():
        print(*line)
