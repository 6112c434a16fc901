"""Single digits: drawn ones everywhere, real ones where the reference data is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from ocr_meters import wheel_window

from ocr.digits import MODEL, Digit, DigitReader, decode, prepare
from ocr.train import score
from ocr.train.digits import measures, samples


@pytest.fixture(scope="module")
def reader() -> DigitReader:
    return DigitReader()


@pytest.mark.parametrize("dark", [True, False])
def test_wheels_at_every_tenth(reader: DigitReader, dark: bool) -> None:
    tenths = [i / 10 for i in range(100)]
    digits = reader.read([wheel_window(v, 60, 90, dark) for v in tenths])
    away = [score.distance(v, d.value) for v, d in zip(tenths, digits, strict=True)]
    assert sum(a <= 0.2 for a in away) >= 95
    assert not [d for a, d in zip(away, digits, strict=True) if a > 0.5 and d.confidence > 0.85]


@pytest.mark.parametrize("size", [(12, 18), (32, 48), (41, 97), (300, 400)])
def test_crops_of_any_size(reader: DigitReader, size: tuple[int, int]) -> None:
    crop = np.asarray(cv2.resize(wheel_window(7.0, 60, 90), size, interpolation=cv2.INTER_AREA), np.uint8)
    (digit,) = reader.read([crop])
    assert round(digit.value) == 7


def test_grey_crops_and_no_crops(reader: DigitReader) -> None:
    grey = np.asarray(cv2.cvtColor(wheel_window(3.0, 60, 90), cv2.COLOR_BGR2GRAY), np.uint8)
    assert round(reader.read([grey])[0].value) == 3
    assert reader.read([]) == []


def test_nothing_is_read_with_no_confidence(reader: DigitReader) -> None:
    flat = np.full((60, 40, 3), 120, np.uint8)
    digits = reader.read([flat, np.zeros((0, 0, 3), np.uint8)])
    assert all(d.blank > 0.5 > d.confidence for d in digits)


def test_scores_are_linear_in_the_features(reader: DigitReader) -> None:
    crops = [wheel_window(i / 30, 60, 90, bool(i % 2), bool(i % 3)) for i in range(450)]
    features, scores = reader.features(crops)
    assert features.shape[0] == scores.shape[0] == 450 > 2 * features.shape[1]
    known = np.hstack([features, np.ones((450, 1), np.float32)])
    away = scores - known @ np.linalg.lstsq(known, scores, rcond=None)[0]
    assert np.abs(away).max() < 1e-2
    assert decode(scores) == reader.read(crops)


def test_a_crop_reads_the_same_alone_and_among_others(reader: DigitReader) -> None:
    crops = [wheel_window(i / 10, 40, 50, bool(i % 2)) for i in range(0, 100, 7)]
    for crop, together in zip(crops, reader.read(crops), strict=True):
        (alone,) = reader.read([crop])
        assert score.distance(alone.value, together.value) < 1e-3
        assert alone.confidence == pytest.approx(together.confidence, abs=1e-3)


def test_an_unsure_crop_is_looked_at_again(reader: DigitReader) -> None:
    rng = np.random.default_rng(8)
    crops = [wheel_window(i / 10, 40, 50) for i in range(100)]
    noisy = [np.clip(c * 0.3 + rng.normal(90, 90, c.shape), 0, 255).astype(np.uint8) for c in crops]
    once = reader._run([prepare(c) for c in noisy])
    unsure = np.array([0.15 < d.confidence < 0.92 for d in decode(once[1])])
    assert 5 < unsure.sum() < 95
    for first, told in zip(once, DigitReader(searching=False).features(noisy), strict=True):
        assert np.allclose(first[~unsure], told[~unsure], atol=1e-4)
        assert (np.abs(first - told).max(1)[unsure] > 1e-3).all()


def test_a_digit_in_a_box_far_too_large_is_looked_for(reader: DigitReader) -> None:
    values = [float(v) for v in range(10)] * 2
    crops = [wheel_window(v, 40, 60, dark=i < 10) for i, v in enumerate(values)]
    up, aside = (n // 2 for n in crops[0].shape[:2])
    wide = [np.asarray(cv2.copyMakeBorder(c, up, up, aside, aside, cv2.BORDER_REPLICATE)) for c in crops]
    once = DigitReader(searching=False).read(wide)
    read = reader.read(wide)
    right = [sum(round(d.value) % 10 == v for d, v in zip(ds, values, strict=True)) for ds in (once, read)]
    assert right[1] >= 17
    assert right[1] > right[0]
    assert not [
        d for d, v in zip(read, values, strict=True) if round(d.value) % 10 != v and d.confidence > 0.85
    ]


def test_what_shows_no_digit_stays_unread_at_every_size(reader: DigitReader) -> None:
    rng = np.random.default_rng(3)
    seams = [
        np.hstack([wheel_window(v, 60, 90)[:, 30:], wheel_window(v + 1, 60, 90)[:, :30]]) for v in range(9)
    ]
    noise = [rng.integers(0, 256, (90, 60, 3)).astype(np.uint8) for _ in range(9)]
    assert all(d.confidence < 0.5 for d in reader.read([*seams, *noise]))


def test_values_and_confidences_keep_their_ranges() -> None:
    rng = np.random.default_rng(0)
    for digit in decode(rng.normal(0, 5, (200, 102)).astype(np.float32)):
        assert 0 <= digit.value < 10
        assert 0 <= digit.confidence <= 1
        assert 0 <= digit.blank + digit.confidence <= 1 + 1e-6


def test_the_mean_is_taken_around_the_circle() -> None:
    scores = np.full((1, 102), -20.0, np.float32)
    scores[0, [99, 0, 1]] = 5.0
    assert score.distance(decode(scores)[0].value, 0.0) < 1e-5


def test_light_and_contrast_do_not_count() -> None:
    crop = wheel_window(5.0, 60, 90)
    dim = (crop * 0.5 + 20).astype(np.uint8)
    assert np.abs(prepare(crop) - prepare(dim)).max() < 0.35


def test_models_are_small_and_have_cards() -> None:
    models = list(MODEL.parent.glob("*.onnx"))
    assert sum(m.stat().st_size for m in models) <= 3_000_000
    assert all("## Scores" in m.with_suffix(".md").read_text() for m in models)


def _val(shared: Path, lcd: bool) -> tuple[list[samples.Sample], list[Digit]]:
    picked = [s for s in samples.load(shared / "data" / "meter-digits", "val") if s.lcd == lcd]
    return picked, DigitReader().read([s.crop for s in picked])


def test_real_wheels_of_meters_never_trained_on(shared: Path) -> None:
    found = measures.shares(*_val(shared, lcd=False), threshold=0.85)
    assert found["right integer when steady"].value >= 0.98
    assert found["within 0.2"].value >= 0.97
    assert found["kept at 0.85"].value >= 0.9
    assert found["of those wrong by more than 0.5"].value <= 0.004


def test_real_display_digits_of_a_meter_never_trained_on(shared: Path) -> None:
    found = measures.shares(*_val(shared, lcd=True))
    assert found["right integer when steady"].value >= 0.99


def test_wilson_interval() -> None:
    low, high = score.Share(50, 100).interval
    assert (low, high) == (pytest.approx(0.4038, abs=1e-3), pytest.approx(0.5962, abs=1e-3))
    assert score.Share(0, 10).interval[0] == 0.0
    assert score.Share(0, 0).interval == (0.0, 1.0)
