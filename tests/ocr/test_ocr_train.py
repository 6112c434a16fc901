"""What the training draws is what it says; needs no torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ocr_meters import wheel_window

from ocr.digits import DigitReader
from ocr.train import score
from ocr.train.__main__ import main as train
from ocr.train.digits import displays, mix, nothings, render, roll, samples, wheels
from ocr.train.digits.augment import augment, windowed


@pytest.fixture(autouse=True)
def fonts() -> None:
    try:
        render.text_fonts()
    except RuntimeError as error:
        pytest.skip(str(error))


def test_the_same_seed_draws_the_same() -> None:
    first, second = (wheels.wheel(np.random.default_rng(7), 3.4) for _ in range(2))
    assert np.array_equal(first, second)


def test_drawn_digits_are_read_as_labelled() -> None:
    rng = np.random.default_rng(1)
    reader = DigitReader()
    stand = [i / 10 for i in range(100)]
    read = reader.read([wheels.wheel(rng, v) for v in stand])
    assert sum(score.distance(v, d.value) <= 0.3 for v, d in zip(stand, read, strict=True)) >= 80
    lcds = reader.read([displays.lcd(rng, i % 10) for i in range(100)])
    assert sum(round(d.value) % 10 == i % 10 for i, d in enumerate(lcds)) >= 88


def test_nothing_is_told_from_digits() -> None:
    rng = np.random.default_rng(2)
    digits = DigitReader().read([nothings.nothing(rng) for _ in range(200)])
    assert sum(d.confidence < 0.85 for d in digits) >= 180


def test_augmented_crops_have_the_networks_size() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        out = augment(rng, displays.lcd(rng, 5))
        assert (out.shape, out.dtype) == ((48, 32, 3), np.uint8)


def test_real_wheels_are_rolled_to_where_the_label_says() -> None:
    rng = np.random.default_rng(4)
    still = [
        samples.Sample(wheel_window(float(d), 48, 72), d * 10, False, meter)
        for d in range(10)
        for meter in ("one", "two")
    ]
    rolled = [roll.Roller(still).roll(rng) for _ in range(60)]
    read = DigitReader().read([s.crop for s in rolled])
    assert {s.source for s in rolled} == {"one", "two"}
    away = [score.distance(s.target / 10, d.value) for s, d in zip(rolled, read, strict=True)]
    assert sum(a <= 0.3 for a in away) >= 50


def test_a_roll_needs_two_figures_in_a_row() -> None:
    with pytest.raises(ValueError, match="two figures in a row"):
        roll.Roller([samples.Sample(wheel_window(3.0, 48, 72), 30, False, "one")])


def test_a_pool_is_as_large_as_asked_and_balanced() -> None:
    crops = [
        samples.Sample(wheel_window(float(d), 48, 72), d * 10, lcd, "a")
        for d in range(10)
        for lcd in (False, True)
    ]
    pool = mix.Mixer(crops, np.random.default_rng(5), rendered=20).pool(400)
    assert pool.crops.shape == (400, 48, 32, 3)
    assert 0.05 < np.mean(pool.targets == samples.NOTHING) < 0.25
    assert 0.05 < pool.lcd.mean() < 0.25


def test_windows_cover_wheels_above_and_below_but_no_displays() -> None:
    crops = np.stack([np.asarray(wheel_window(5.0, 32, 48)) for _ in range(2)])
    before = crops.copy()
    windowed(np.random.default_rng(6), crops, np.array([1.0, 0.0]))
    assert np.array_equal(crops[1], before[1])
    assert np.array_equal(crops[0, 12:36], before[0, 12:36])
    assert not np.array_equal(crops[0, :2], before[0, :2])
    assert not np.array_equal(crops[0, -2:], before[0, -2:])


def _pool(crops: list[samples.Sample]) -> mix.Pool:
    return mix.Pool(
        np.stack([s.crop for s in crops]),
        np.array([s.target for s in crops], np.int64),
        np.array([s.lcd for s in crops], np.bool_),
    )


def test_what_was_trained_is_what_the_product_reads(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from ocr.train.digits import net, pair, recipe

    crops = [samples.Sample(wheel_window(d / 2, 32, 48), d * 5, bool(d % 2), "a") for d in range(20)]
    halves = [net.train(_pool(crops), seed, 5, lambda _: None) for seed in (1, 2)]
    paths = [tmp_path / name for name in ("first.onnx", "second.onnx")]
    for model, path in zip(halves, paths, strict=True):
        net.export(model, path)
        exported = DigitReader(path).read([s.crop for s in crops])
        for one, other in zip(recipe.by_torch(model, crops), exported, strict=True):
            assert score.distance(one.value, other.value) < 0.2
            assert one.confidence == pytest.approx(other.confidence, abs=0.01)
    pair.pair(paths[0], paths[1], tmp_path / "digits.onnx")
    assert (tmp_path / "digits.onnx").stat().st_size < 1_650_000
    (f1, s1), (f2, s2), (f, s) = (
        DigitReader(path).features([c.crop for c in crops]) for path in (*paths, tmp_path / "digits.onnx")
    )
    assert np.allclose(f, np.hstack([f1, f2]), atol=1e-4)
    assert np.allclose(s, (s1 + s2) / 2, atol=1e-4)


def test_meters_are_left_out_whole_and_each_once() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from ocr.train.digits import across

    named = ("powermeter/emeter1", "powermeter/unknown/iotson/emeter1", "jomjol_images", "new")
    crop = wheel_window(3.0, 32, 48)
    known = [samples.Sample(crop, 30, False, name) for name in named]
    left_out = across.folds([*known, samples.Sample(crop, 30, True, "lcd")])
    assert sorted(name for fold in left_out for name in fold) == sorted(named)
    assert {"powermeter/emeter1", "powermeter/unknown/iotson/emeter1"} in left_out


def test_training_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train(["--data", str(tmp_path)])
    assert "no manifest.csv" in capsys.readouterr().err
