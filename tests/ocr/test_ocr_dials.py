"""Dials: what training draws is what it says, and the reader reads plain dials of its own making."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.dials import MODEL, POSITIONS, SIDE, DialReader, decode, prepare, views
from ocr.train.dials import camera, measures, pointers, pool, scale, scene
from ocr.train.score import distance


@pytest.fixture(scope="module")
def reader() -> DialReader:
    return DialReader()


def dial(value: float, size: int = 120, tail: float = 0.25, clockwise: bool = True) -> NDArray[np.uint8]:
    """A white dial with a red pointer, drawn apart from the training's renderer; print included."""
    big = np.full((480, 480, 3), 235, np.uint8)
    middle, way = (240, 240), 1 if clockwise else -1
    cv2.circle(big, middle, 170, (30, 30, 30), 4, cv2.LINE_AA)
    for digit in range(10):
        a = way * 2 * np.pi * digit / 10
        out = np.array([np.sin(a), -np.cos(a)])
        ends = [tuple(int(v) for v in 240 + out * r) for r in (145, 170)]
        cv2.line(big, ends[0], ends[1], (30, 30, 30), 8, cv2.LINE_AA)
        x, y = 240 + out * 205
        cv2.putText(big, str(digit), (int(x) - 18, int(y) + 18), 0, 1.6, (30, 30, 30), 5, cv2.LINE_AA)
    a = way * 2 * np.pi * value / 10
    out, side = np.array([np.sin(a), -np.cos(a)]), np.array([np.cos(a), np.sin(a)])
    body = [out * 140, side * 22, -out * 170 * tail - side * 0, -side * 22]
    cv2.fillPoly(big, [np.round(np.array(body) + 240).astype(np.int32)], (40, 30, 200), cv2.LINE_AA)
    cv2.circle(big, middle, 30, (40, 30, 180), -1, cv2.LINE_AA)
    return np.asarray(cv2.resize(big, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


# --- the reader --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [30, 64, 200])
def test_plain_dials_all_around(reader: DialReader, size: int) -> None:
    values = [i / 4 for i in range(40)]
    digits = reader.read([dial(v, size) for v in values])
    away = [distance(v, d.value) for v, d in zip(values, digits, strict=True)]
    assert sum(a <= 0.2 for a in away) >= 38
    assert max(away) <= 0.5


def test_anticlockwise_dials(reader: DialReader) -> None:
    values = [i / 2 for i in range(20)]
    digits = reader.read([dial(v, clockwise=False) for v in values], clockwise=False)
    assert sum(distance(v, d.value) <= 0.2 for v, d in zip(values, digits, strict=True)) >= 18


def test_boxes_need_not_be_exact(reader: DialReader) -> None:
    right = 0
    for x, y in ((-12, 0), (12, 0), (0, -12), (0, 12), (9, 9)):
        moved = np.roll(dial(3.3), (y, x), (0, 1))
        right += distance(reader.read([moved])[0].value, 3.3) <= 0.3
    assert right >= 4


def test_grey_crops_odd_shapes_and_no_crops(reader: DialReader) -> None:
    grey = np.asarray(cv2.cvtColor(dial(7.0), cv2.COLOR_BGR2GRAY), np.uint8)
    wide = np.asarray(cv2.resize(dial(7.0), (130, 110)), np.uint8)
    assert all(distance(d.value, 7.0) <= 0.3 for d in reader.read([grey, wide]))
    assert reader.read([]) == []


def test_a_dial_in_a_box_far_too_large_is_looked_for() -> None:
    values = [v + 0.4 for v in range(10)]
    wide = [np.asarray(cv2.copyMakeBorder(dial(v), *[120] * 4, cv2.BORDER_REPLICATE)) for v in values]
    right = [
        sum(
            distance(d.value, v) <= 0.3
            for d, v in zip(DialReader(searching=s).read(wide), values, strict=True)
        )
        for s in (False, True)
    ]
    assert right[1] >= 9
    assert right[1] > right[0]


def test_nothing_is_read_with_no_confidence(reader: DialReader) -> None:
    flat = np.full((60, 60, 3), 120, np.uint8)
    digits = reader.read([flat, np.zeros((0, 0, 3), np.uint8)])
    assert all(d.confidence < 0.5 for d in digits)


def test_values_and_confidences_keep_their_ranges() -> None:
    rng = np.random.default_rng(0)
    for digit in decode(rng.normal(0, 5, (100, 3, POSITIONS + 1)).astype(np.float32)):
        assert 0 <= digit.value < 10
        assert 0 <= digit.blank + digit.confidence <= 1 + 1e-6


def test_the_mean_is_taken_around_the_circle() -> None:
    scores = np.full((1, 2, POSITIONS + 1), -20.0, np.float32)
    scores[0, 0, 99] = scores[0, 1, 1] = 5.0
    assert distance(decode(scores)[0].value, 0.0) < 1e-6


def test_views_have_the_networks_size_and_the_first_is_the_crop() -> None:
    crop = dial(2.0, SIDE)
    seen = views(crop)
    assert all(v.shape == (SIDE, SIDE, 3) for v in seen)
    assert np.abs(seen[0].astype(int) - crop).max() <= 1
    assert prepare(crop).shape == (3, SIDE, SIDE)


def test_the_model_is_small() -> None:
    assert MODEL.stat().st_size <= 350_000


# --- the drawings ------------------------------------------------------------------------------------


@pytest.fixture
def fonts() -> None:
    try:
        scale.fonts()
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("fonts")
def test_the_same_seed_draws_the_same() -> None:
    first, second = (scene.draw(np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.picture, second.picture)
    assert first.value == second.value


@pytest.mark.usefixtures("fonts")
def test_kinds_held_out_are_never_trained_on() -> None:
    rng = np.random.default_rng(1)
    trained = [set(scene.draw(rng).kinds) for _ in range(150)]
    judged = [set(scene.draw(rng, held_out=True).kinds) for _ in range(50)]
    assert not any(kinds & pointers.HELD_OUT for kinds in trained)
    assert all(kinds & pointers.HELD_OUT for kinds in judged)


def test_the_tip_reaches_further_than_the_tail() -> None:
    rng = np.random.default_rng(2)
    for held_out in (False, True):
        for _ in range(200):
            hand = pointers.pointer(rng, held_out)
            tip = max(float(p[:, 1].max()) for p in hand.head)
            tail = max((float(np.hypot(*p.T).max()) for p in hand.tail), default=0.0)
            assert tip == pytest.approx(hand.reach, abs=0.02)
            assert tail < 1.05 * tip


@pytest.mark.usefixtures("fonts")
def test_photographs_are_crops_of_many_sizes() -> None:
    rng = np.random.default_rng(3)
    crops = [camera.photograph(rng, scene.draw(rng).picture) for _ in range(40)]
    assert all(c.dtype == np.uint8 and c.shape[0] == c.shape[1] and 26 <= c.shape[0] <= 90 for c in crops)
    assert len({c.shape for c in crops}) > 10


@pytest.mark.usefixtures("fonts")
def test_a_pool_has_dials_and_places_without() -> None:
    rng = np.random.default_rng(4)
    scenes = pool.draw(rng, 120)
    pictures, tenths = scenes.batch(rng, 16)
    assert pictures.shape == (16, 3, SIDE, SIDE)
    assert tenths.shape == (16,)
    assert 0 < np.isnan(scenes.tenths).sum() < 30


@pytest.mark.usefixtures("fonts")
def test_drawn_dials_with_strange_pointers_are_read(reader: DialReader) -> None:
    crops, values = pool.judges(9, 150, held_out=True)
    found = measures.shares(values, reader.read(crops))
    assert found["within 0.2"].value >= 0.85
    assert found["of those within 0.2"].value >= 0.9
