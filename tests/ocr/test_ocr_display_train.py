"""What the display network is trained on: strips somebody can read, drawn or of photographed digits."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from ocr_displays import LCD, write

pytest.importorskip("PIL")
from ocr.train.display import cells, crops, dots, framing, glyphs, optics, pool, scene


def _cell(digit: str, ink: tuple[int, int, int] = LCD[1]) -> Any:
    """A crop as the data has them: the digit, and a neighbour's segment at its left edge."""
    picture = np.full((80, 46, 3), LCD[0], np.uint8)
    write(picture, digit, 13, 58, 38, ink)
    cv2.line(picture, (2, 24), (2, 56), ink, 3)
    return picture


def _folder(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines)
        out.writerow(("file", "label", "source", "kind", "split", "licence"))
        for digit, source, split in rows:
            name = f"{source}-{digit}-{split}.png"
            cv2.imwrite(str(folder / name), _cell(digit))
            out.writerow((name, f"{digit}.0", source, "digit_lcd", split, "none"))
    return folder


def test_cells_are_of_one_split_and_lose_their_neighbours(tmp_path: Path) -> None:
    data = _folder(tmp_path, [("3", "one", "train"), ("8", "two", "train"), ("5", "two", "val")])
    found = crops.cells(data, "train")
    assert {k: [c.digit for c in v] for k, v in found.items()} == {"one": ["3"], "two": ["8"]}
    cell = found["one"][0].picture
    ground = cell[:, 0].max(1)
    assert cell.shape[0] == 72
    assert cell.shape[1] < 46 * 72 / 80 - 2
    assert ground.min() > LCD[0][1] - 25


def test_blank_cells_are_left_out(tmp_path: Path) -> None:
    data = _folder(tmp_path, [("3", "one", "train")])
    cv2.imwrite(str(tmp_path / "one-3-train.png"), np.full((80, 46, 3), LCD[0], np.uint8))
    assert crops.cells(data, "train") == {}


def test_a_missing_crop_is_an_error(tmp_path: Path) -> None:
    data = _folder(tmp_path, [("3", "one", "train")])
    (tmp_path / "one-3-train.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"one-3-train\.png"):
        crops.cells(data, "train")


def test_strips_of_cells_say_what_they_show(tmp_path: Path) -> None:
    meters = crops.cells(_folder(tmp_path, [(d, "one", "train") for d in "12345"]), "train")
    strips = [crops.strip(np.random.default_rng(n), meters) for n in range(40)]
    again = crops.strip(np.random.default_rng(7), meters)
    assert np.array_equal(again.picture, strips[7].picture)
    assert sum("." in pool.truth(s) for s in strips) > 15
    for s in strips:
        assert s.picture.shape[0] == framing.OUT
        assert {m.char for m in s.number} <= set("12345.")
        middles = [(m.box[0] + m.box[2]) / 2 for m in s.number]
        assert middles == sorted(middles)


def _fonts() -> None:
    try:
        for kind in ("seven", "fourteen", "print"):
            glyphs.fonts(kind)
    except RuntimeError as error:
        pytest.skip(str(error))


def test_hardly_a_strip_is_there_that_nobody_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check, a fifth of the strips does not show all of its number."""
    _fonts()

    def flat(strips: list[optics.Strip]) -> float:
        return float(np.mean([_least(s) < 12 for s in strips if s.number]))

    checked = flat(pool.render(np.random.default_rng(5), 150))
    monkeypatch.setattr(optics, "_HOPELESS", 1.0)
    assert checked < 0.7 * flat(pool.render(np.random.default_rng(5), 150))


def _least(strip: optics.Strip) -> float:
    """Grey levels between ink and ground of the faintest figure, whatever makes them."""
    smooth = cv2.GaussianBlur(strip.picture, (0, 0), 1.0).astype(np.float32)
    levels = []
    for m in strip.number:
        x0, y0, x1, y1 = (round(v) for v in m.box)
        part = smooth[max(0, y0) : y1 + 1, max(0, x0 - 2) : x1 + 3]
        if m.char.isdigit() and part.size:
            levels.append(float(np.ptp(part, axis=(0, 1)).max()))
    return min(levels, default=255.0)


def test_dots_are_seven_rows_of_five() -> None:
    for char, rows in dots.DOTS.items():
        bits = [int(row, 16) for row in rows.split()]
        assert len(bits) == 7, char
        assert max(bits) < 32, char
    drawn = [rows for char, rows in dots.DOTS.items() if char not in "0O"]
    assert len(set(drawn)) == len(drawn)


def test_cells_hold_the_marks_they_are_told_to() -> None:
    _fonts()
    scenes = [cells.scene(np.random.default_rng(n)) for n in range(60)]
    assert sum(bool(s.unit) for s in scenes) > 25
    assert sum(bool(s.code) for s in scenes) > 3
    assert sum(s.ink.shape[0] > 5 * scene.HIGH for s in scenes) > 25  # two rows
    for s in scenes:
        middles = [(m.box[0] + m.box[2]) / 2 for m in s.number]
        assert middles == sorted(middles)
        for m in s.number + s.code + s.unit:
            x0, y0, x1, y1 = (round(v) for v in m.box)
            assert s.ink[y0 : y1 + 1, x0 : x1 + 1].max() > 200, m


def test_a_code_alone_is_a_number() -> None:
    texts = [scene.number_text(np.random.default_rng(n)) for n in range(400)]
    assert 3 <= sum(t.count(".") == 2 and t in scene.CODES for t in texts) <= 30
