"""Registering pictures of a camera that has moved a little."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from ocr_meters import CALIBRATION, meter

import ocr
from ocr.picture import Picture


def moved(picture: Picture, right: float, down: float, turn: float, scale: float) -> Picture:
    matrix = cv2.getRotationMatrix2D((640, 360), turn, scale)
    matrix[:, 2] += (right, down)
    return np.asarray(cv2.warpAffine(picture, matrix, (1280, 720), borderMode=cv2.BORDER_REPLICATE), np.uint8)


@pytest.fixture(scope="module")
def aligner() -> ocr.Aligner:
    return ocr.Aligner(meter(12345.6), CALIBRATION)


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
