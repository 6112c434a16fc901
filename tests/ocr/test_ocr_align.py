"""Registering pictures of a camera that has moved a little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ocr_meters import CALIBRATION, meter

import ocr
from appliance.demo.faceplate import wheel_box
from appliance.demo.meter_picture import render
from ocr import Box
from ocr.calibration import Dial
from ocr.picture import Picture

CALIBRATION_PLATE = ocr.Calibration(1280, 720, tuple(Box(*wheel_box(i)) for i in range(7)), 1)
"""Where the wheels of the virtual meter stand, which has print and screws around them."""


def moved(picture: Picture, right: float, down: float, turn: float, scale: float) -> Picture:
    """As a camera sees it that hangs otherwise; beside the old picture there are other things."""
    matrix = cv2.getRotationMatrix2D((640, 360), turn, scale)
    matrix[:, 2] += np.array([right, down])
    dice = np.random.default_rng(8)
    things = np.asarray(cv2.resize(dice.integers(40, 160, (45, 80, 3)).astype(np.uint8), (1280, 720)))
    cv2.warpAffine(picture, matrix, (1280, 720), dst=things, borderMode=cv2.BORDER_TRANSPARENT)
    return things.astype(np.uint8)


@pytest.fixture(scope="module")
def aligner() -> ocr.Aligner:
    return ocr.Aligner(meter(12345.6), CALIBRATION)


@pytest.fixture(scope="module")
def plate() -> ocr.Aligner:
    return ocr.Aligner(render(48713.4), CALIBRATION_PLATE)


@pytest.mark.parametrize(
    "move", [(0, 0, 0, 1), (40, -25, 0, 1), (-60, 10, 3, 1), (20, 20, -6, 0.95), (0, 0, 2, 1.06)]
)
def test_a_camera_that_moved_a_little_reads_on(aligner: ocr.Aligner, move: tuple[float, ...]) -> None:
    result = ocr.read(moved(meter(48713.42, seed=3), *move), CALIBRATION, aligner=aligner, threshold=0.85)
    assert result.text == "048713.4", result.reason


def test_says_what_was_corrected(aligner: ocr.Aligner) -> None:
    found = aligner.register(moved(meter(48713.42), 40, -25, 0, 1))
    assert found.shift == pytest.approx((-40, 25), abs=3)
    assert found.fit > 0.6


def test_another_light_is_no_movement(aligner: ocr.Aligner) -> None:
    dim = (meter(48713.42, seed=5) * 0.6).astype(np.uint8)
    assert ocr.read(dim, CALIBRATION, aligner=aligner).text == "048713.4"


@pytest.mark.parametrize("move", [(500, 0, 0, 1), (0, 0, 40, 1), (0, 0, 0, 0.5)])
def test_a_camera_that_moved_far_is_refused(aligner: ocr.Aligner, move: tuple[float, ...]) -> None:
    with pytest.raises(ocr.NotAligned, match="set the meter up again"):
        aligner.register(moved(meter(48713.42), *move))


def test_another_scene_is_refused_not_read(aligner: ocr.Aligner) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (45, 80, 3)).astype(np.uint8)
    scene = np.asarray(cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_CUBIC), np.uint8)
    result = ocr.read(scene, CALIBRATION, aligner=aligner)
    assert result.value is None
    assert "moved or covered" in (result.reason or "")


def test_the_reference_must_have_the_size_of_its_boxes() -> None:
    with pytest.raises(ValueError, match="640x360"):
        ocr.Aligner(np.zeros((360, 640, 3), np.uint8), CALIBRATION)


def moves(part: float) -> st.SearchStrategy[tuple[float, float, float, float]]:
    """Right, down (pixels), turn, scale: any up to `part` of the limits."""
    across, turn, scale = 0.15 * 1280 * part, 10 * part, 0.09 * part
    return st.tuples(
        st.floats(-across, across),
        st.floats(-across * 0.7, across * 0.7),
        st.floats(-turn, turn),
        st.floats(1 - scale, 1 + scale),
    )


TROUBLES: dict[str, Callable[[Picture, np.random.Generator], np.ndarray]] = {}


def trouble(change: Callable[[Picture, np.random.Generator], np.ndarray]) -> None:
    TROUBLES[change.__name__] = change


@trouble
def another_lamp(picture: Picture, dice: np.random.Generator) -> np.ndarray:
    from_left = np.linspace(1.4, 0.3, picture.shape[1])[None, :, None]
    return np.asarray(picture * (from_left if dice.random() < 0.5 else from_left[:, ::-1]))


@trouble
def darkness(picture: Picture, dice: np.random.Generator) -> np.ndarray:
    return picture * 0.09 + dice.normal(0, 4, picture.shape)


@trouble
def fog(picture: Picture, dice: np.random.Generator) -> np.ndarray:
    thick = dice.uniform(0.4, 0.75)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5) * (1 - thick) + 150 * thick)


@trouble
def glare(picture: Picture, dice: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    away = ((x - dice.uniform(300, 1000)) / 150) ** 2 + ((y - dice.uniform(100, 600)) / 90) ** 2
    return np.asarray(picture + 250 * np.exp(-away)[..., None])


@trouble
def a_spider(picture: Picture, dice: np.random.Generator) -> np.ndarray:
    middle = (int(dice.uniform(200, 1080)), int(dice.uniform(100, 620)))
    return np.asarray(cv2.circle(picture.copy(), middle, 90, (12, 14, 15), -1))


@trouble
def out_of_focus(picture: Picture, dice: np.random.Generator) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3.5))


def box_error(found: ocr.Registration, move: tuple[float, float, float, float]) -> float:
    """By how many pixels the digits' middles are off after registration."""
    truth = cv2.getRotationMatrix2D((640, 360), move[2], move[3])
    truth[:, 2] += np.array(move[:2])
    back = cv2.getRotationMatrix2D((639.5, 359.5), -found.turn, found.scale)
    back[:, 2] += np.array(found.shift)
    middles = np.array([(b.x + b.w / 2, b.y + b.h / 2, 1.0) for b in CALIBRATION_PLATE.digits]).T
    there = np.vstack([truth @ middles, np.ones(len(CALIBRATION_PLATE.digits))])
    return float(np.abs(back @ there - middles[:2]).max())


@pytest.mark.parametrize("name", TROUBLES)
@settings(max_examples=12, deadline=None)
@given(move=moves(0.95), seed=st.integers(0, 10_000))
def test_boxes_are_met_within_two_percent_of_a_digit_in_any_light(
    plate: ocr.Aligner, name: str, move: tuple[float, float, float, float], seed: int
) -> None:
    picture = moved(render(90_000 + seed, seed=seed), *move)
    seen = np.clip(TROUBLES[name](picture, np.random.default_rng(seed)), 0, 255).astype(np.uint8)
    assert box_error(plate.register(seen), move) < 0.02 * CALIBRATION_PLATE.digits[0].h


@pytest.mark.parametrize("way", [-1, 1])
@pytest.mark.parametrize(
    "limits", [(192, 0, 0, 0), (0, 192, 0, 0), (0, 0, 10, 0), (0, 0, 0, 0.1), (192, 96, 10, 0.1)]
)
def test_the_limits_themselves_are_within_reach(
    plate: ocr.Aligner, limits: tuple[float, float, float, float], way: int
) -> None:
    right, down, turn, larger = (way * part for part in limits)
    move = right, down, turn, 1 + larger
    found = plate.register(moved(render(48713.42, seed=3), *move))
    assert box_error(found, move) < 0.1 * CALIBRATION_PLATE.digits[0].h


@given(
    move=st.one_of(
        st.tuples(st.sampled_from((-330.0, 330.0)), st.just(0.0), st.floats(-5, 5), st.just(1.0)),
        st.tuples(
            st.just(0.0), st.just(0.0), st.sampled_from((-13.0, 13.0, 25.0, 90.0, 180.0)), st.just(1.0)
        ),
        st.tuples(st.just(0.0), st.just(0.0), st.just(0.0), st.sampled_from((0.6, 0.85, 1.15, 1.5))),
    )
)
@settings(max_examples=30, deadline=None)
def test_beyond_the_limits_is_refused(plate: ocr.Aligner, move: tuple[float, float, float, float]) -> None:
    with pytest.raises(ocr.NotAligned, match="set the meter up again"):
        plate.register(moved(render(48713.42), *move))


@settings(max_examples=20, deadline=None)
@given(level=st.integers(0, 255), noise=st.floats(0, 25), seed=st.integers(0, 1000))
def test_a_covered_camera_is_refused(plate: ocr.Aligner, level: int, noise: float, seed: int) -> None:
    surface = np.random.default_rng(seed).normal(level, noise, (720, 1280, 3))
    with pytest.raises(ocr.NotAligned, match="moved or covered"):
        plate.register(np.clip(surface, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("flip", [(-1, -1), (1, -1), (-1, 1)])
def test_upside_down_or_mirrored_is_refused_also_where_a_plain_plate_looks_alike(
    aligner: ocr.Aligner, plate: ocr.Aligner, flip: tuple[int, int]
) -> None:
    for one, picture in ((aligner, meter(48713.42)), (plate, render(48713.42))):
        with pytest.raises(ocr.NotAligned):
            one.register(np.ascontiguousarray(picture[:: flip[0], :: flip[1]]))


def test_where_it_was_found_last_is_where_the_search_begins(plate: ocr.Aligner) -> None:
    """And a camera put back is found there too."""
    for move in ((150.0, 60.0, 8.0, 1.06), (152.0, 59.0, 8.2, 1.06), (0.0, 0.0, 0.0, 1.0)):
        assert box_error(plate.register(moved(render(48713.42), *move)), move) < 2


def test_a_picture_that_lies_as_the_reference_is_left_as_it_is(plate: ocr.Aligner) -> None:
    picture = render(50_000.0, seed=9, lamp=0.7)
    found = plate.register(picture)
    assert found.picture is picture
    assert (found.shift, found.turn, found.scale) == ((0.0, 0.0), 0.0, 1.0)


def test_a_third_may_be_covered(plate: ocr.Aligner) -> None:
    move = (60.0, -20.0, 3.0, 0.97)
    picture = moved(render(48713.42), *move)
    picture[500:] = 70
    assert box_error(plate.register(picture), move) < 0.02 * CALIBRATION_PLATE.digits[0].h


def test_dials_and_displays_are_no_landmarks(plate: ocr.Aligner) -> None:
    """What changes there must not count against a picture."""
    window, dial = Box(210, 400, 860, 160), Box(500, 562, 560, 80)
    place = replace(CALIBRATION_PLATE, dials=(Dial(dial),), display=window)
    picture = render(48713.42)
    for b in (window, dial):
        picture[b.y : b.y + b.h, b.x : b.x + b.w] = np.random.default_rng(1).integers(0, 255, (b.h, b.w, 3))
    with_mask = ocr.Aligner(render(1.0), place).register(picture)
    assert with_mask.fit > plate.register(picture).fit + 0.05


def test_a_crop_tight_around_the_digits_is_aligned_by_their_windows() -> None:
    b = CALIBRATION_PLATE.digits
    left, top = b[0].x - 4, b[0].y - 4
    area = np.s_[top : top + b[0].h + 8, left : b[-1].x + b[-1].w + 4]
    boxes = tuple(Box(x.x - left, x.y - top, x.w, x.h) for x in b)
    picture = render(48713.42)[area]
    one = ocr.Aligner(picture, ocr.Calibration(picture.shape[1], picture.shape[0], boxes, 1))
    assert one.register(render(48713.42, seed=5)[area]).fit > 0.5
