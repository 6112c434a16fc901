"""What the training draws is what it says; needs no torch."""

from __future__ import annotations

import numpy as np
import pytest

from ocr.digits import DigitReader
from ocr.train import score
from ocr.train.digits import render
from ocr.train.digits.augment import augment


@pytest.fixture(autouse=True)
def fonts() -> None:
    try:
        render.text_fonts()
    except RuntimeError as error:
        pytest.skip(str(error))


def test_the_same_seed_draws_the_same() -> None:
    first, second = (render.wheel(np.random.default_rng(7), 3.4) for _ in range(2))
    assert np.array_equal(first, second)


def test_drawn_digits_are_read_as_labelled() -> None:
    rng = np.random.default_rng(1)
    reader = DigitReader()
    wheels = [i / 10 for i in range(100)]
    read = reader.read([render.wheel(rng, v) for v in wheels])
    assert sum(score.distance(v, d.value) <= 0.3 for v, d in zip(wheels, read, strict=True)) >= 88
    lcds = reader.read([render.lcd(rng, i % 10) for i in range(100)])
    assert sum(round(d.value) % 10 == i % 10 for i, d in enumerate(lcds)) >= 88


def test_nothing_is_told_from_digits() -> None:
    rng = np.random.default_rng(2)
    digits = DigitReader().read([render.nothing(rng) for _ in range(200)])
    assert sum(d.confidence < 0.85 for d in digits) >= 180


def test_augmented_crops_have_the_networks_size() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        out = augment(rng, render.lcd(rng, 5))
        assert (out.shape, out.dtype) == ((48, 32, 3), np.uint8)
