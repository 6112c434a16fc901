"""What the finder is trained on is what it is told: cells lie on their figures, targets on their cells."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ocr.train.digits import render
from ocr.train.locate import crops as labelled
from ocr.train.locate import displays, scene, wheels
from ocr.train.locate.measure import same


@pytest.fixture(autouse=True)
def fonts() -> None:
    try:
        render.text_fonts()
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> labelled.Crops:
    """Crops of two meters made up: each a number written on its own ground."""
    folder = tmp_path_factory.mktemp("crops")
    lines = ["file,label,source,kind,split,licence"]
    for kind, source, ground in (("digit_roller", "a", 30), ("digit_lcd", "b", 150)):
        for i in range(30):
            name = f"{source}{i}.png"
            picture = np.full((48, 32, 3), ground, np.uint8)
            cv2.putText(picture, str(i % 10), (6, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (220, 220, 220), 3)
            cv2.imwrite(str(folder / name), picture)
            lines.append(f"{name},{i % 10}.0,{source},{kind},train,none")
    (folder / "manifest.csv").write_text("\n".join(lines), encoding="utf-8")
    return labelled.Crops(Path(folder), "train")


def test_the_same_seed_draws_the_same_scene(crops: labelled.Crops) -> None:
    one, two = (scene.scene(np.random.default_rng(5), crops) for _ in range(2))
    assert np.array_equal(one.picture, two.picture)
    assert np.array_equal(one.cells, two.cells)


@pytest.mark.parametrize("kind", ["wheel", "real wheel", "display", "real display"])
def test_cells_stand_on_figures(crops: labelled.Crops, kind: str) -> None:
    for seed in range(6):
        made = scene.strip(np.random.default_rng(seed), crops, kind, 48)
        high, wide = made.picture.shape[:2]
        assert made.lcd == kind.endswith("display")
        assert made.decimals < len(made.cells)
        for x, y, w, h in made.cells:
            assert -h < x < wide + h - w
            assert -0.2 * h < y < high - 0.8 * h
            inner = made.picture[max(0, int(y)) : int(y + h), max(0, int(x)) : int(x + w)]
            assert np.ptp(inner.mean(2)) > 10


def test_a_counter_of_crops_says_what_they_show(crops: labelled.Crops) -> None:
    found, labels, red = crops.counter(np.random.default_rng(1), "digit_roller", [3.0, 7.0, 0.0], 1)
    assert labels == [3.0, 7.0, 0.0]
    assert len(found) == 3
    assert red == 0


def test_wheels_push_one_another() -> None:
    values, text = wheels._positions(np.random.default_rng(3), 6)
    assert len(values) == len(text) == 6
    assert int(values[-1]) == int(text[-1])


def test_photographs_show_the_whole_counter(crops: labelled.Crops) -> None:
    shown, made = scene.photo(np.random.default_rng(2), crops, "display", (640, 480))
    assert shown.picture.shape == (480, 640, 3)
    assert len(shown.cells) == len(made.cells)
    assert shown.cells[:, 0].min() > 0
    assert shown.cells[:, 0].max() < 640


def test_a_seven_segment_eight_has_more_ink_than_a_one() -> None:
    style = displays.Style(0.5, 0.7, 0.12, 0.02, 0.0, 0.0, False)
    assert displays.glyph("8", style, 60).sum() > 2 * displays.glyph("1", style, 60).sum()


@pytest.mark.parametrize(
    ("read", "shown", "turning", "right"),
    [
        ("123.4", "123.4", False, True),
        ("123.5", "123.4", True, True),
        ("123.5", "123.4", False, False),
        ("1235", "123.4", True, False),
        ("0124", "124", True, False),
        (None, "124", True, False),
    ],
)
def test_what_counts_as_right(read: str | None, shown: str, turning: bool, right: bool) -> None:
    assert same(read, shown, turning) is right


def test_targets_peak_at_the_cells() -> None:
    pytest.importorskip("torch")
    from ocr.train.locate.net import CHANNELS, STRIDE, targets

    cells = np.zeros((3, 7), np.float32)
    cells[0] = (102, 58, 20, 32, 0.1, 1, 0)
    cells[1] = (130, 60, 20, 32, 0.1, 1, 1)
    maps, weight = targets(cells, 160, 224)
    assert maps.shape == (CHANNELS, 40, 56)
    rows, columns = np.nonzero(maps[0] == 1)
    assert sorted(zip((columns * STRIDE).tolist(), (rows * STRIDE).tolist(), strict=True)) == [
        (100, 56),
        (128, 56),
    ]
    assert weight[maps[0] == 1].min() == 1
    assert maps[3][maps[0] == 1] == pytest.approx(np.log(2), abs=1e-5)
    assert set(maps[2][weight > 0.9]) == {0.0, 1.0}
