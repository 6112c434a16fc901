"""The network that finds the figures of counters in whole pictures, trained on drawn meters with real
wheels."""

from __future__ import annotations

from pathlib import Path

_PHOTOS = 60


def main(data: Path, out: Path, seed: int) -> None:
    """Draws meters, trains, writes the ONNX file `out` and its card beside it. About an hour on one core."""
    from ocr.train.locate.card import card
    from ocr.train.locate.crops import Crops
    from ocr.train.locate.measure import scores
    from ocr.train.locate.pool import pool
    from ocr.train.locate.recipe import Settings, export, train

    settings = Settings(seed=seed)
    pictures, cells = pool(Crops(data, "train"), settings.pictures, seed, "train")
    export(train(pictures, cells, settings), out)
    out.with_suffix(".md").write_text(card(settings, scores(data, _PHOTOS, seed)), encoding="utf-8")
