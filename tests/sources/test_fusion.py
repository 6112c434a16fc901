"""Several frames made one: less noise, no insect, no flicker, no shake."""

import cv2
import numpy as np
import pytest

from appliance.demo.meter_picture import render
from appliance.sources._fusion import NOISY, fuse, noise, poor

TRUE = render(48713.4, seed=1, blur=0.6)
RNG = np.random.default_rng(5)


def noisy(picture: np.ndarray, sigma: float = 25.0) -> np.ndarray:
    return np.clip(picture + RNG.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def away(picture: np.ndarray, truth: np.ndarray = TRUE) -> float:
    """Mean error in grey levels, the edge aside."""
    return float(np.abs(picture[40:-40, 40:-40].astype(float) - truth[40:-40, 40:-40]).mean())


def test_noise_is_told_from_edges_and_from_darkness() -> None:
    assert noise(TRUE) < NOISY / 3
    assert not poor(TRUE)
    assert not poor(render(48713.4, blur=0.0)), "sharp print is no noise"
    dim = noisy((TRUE * 0.15).astype(np.uint8), 8)
    assert poor(dim)
    assert noise(np.full((100, 100, 3), 7, np.uint8)) == 0


@pytest.mark.parametrize("sigma", [3.0, 12.0, 30.0])
def test_noise_is_measured_against_contrast(sigma: float) -> None:
    steps = np.repeat(np.linspace(60, 180, 8), 100)
    grey = np.tile(steps, (600, 1)) + RNG.normal(0, sigma, (600, 800))
    contrast = np.subtract(*np.percentile(grey, (98, 2)))
    picture = cv2.cvtColor(np.clip(grey, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    assert noise(picture) == pytest.approx(sigma / contrast, rel=0.06)


@pytest.mark.parametrize(("count", "part"), [(3, 0.75), (5, 0.6), (9, 0.5)])
def test_the_more_frames_the_less_noise(count: int, part: float) -> None:
    frames = [noisy(TRUE) for _ in range(count)]
    assert away(fuse(frames)) < part * away(frames[0])


def test_an_insect_that_walks_by_is_gone() -> None:
    frames = []
    for step in range(5):
        frame = noisy(TRUE, 2)
        cv2.ellipse(frame, (480 + 70 * step, 270), (26, 16), 20, 0, 360, (20, 20, 20), -1)
        frames.append(frame)
    path = slice(250, 290), slice(450, 800)
    walked = [np.abs(f[path].astype(int) - TRUE[path]).mean() for f in (*frames, fuse(frames))]
    assert walked[-1] < 0.4 * min(walked[:-1])


def test_flicker_is_evened_out_and_a_black_frame_left_out() -> None:
    frames = [cv2.convertScaleAbs(TRUE, alpha=gain) for gain in (0.75, 1.0, 1.1, 0.9)]
    frames.append(np.zeros_like(TRUE))
    assert away(fuse(frames)) < 12


def test_a_shaking_camera_is_laid_straight() -> None:
    frames = []
    for right, down in ((0, 0), (3, -2), (-4, 1), (2, 4), (-1, -3)):
        matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
        frames.append(cv2.warpAffine(TRUE, matrix, (1280, 720), borderMode=cv2.BORDER_REPLICATE))
    plain = np.median(np.stack(frames), axis=0)
    fused = fuse(frames)
    best = min(away(fused, np.asarray(frame)) for frame in frames)
    assert best < 0.5 * min(away(plain, np.asarray(frame)) for frame in frames)


def test_frames_of_another_size_are_left_out_and_few_are_no_fusion() -> None:
    assert fuse([TRUE]) is TRUE
    assert fuse([TRUE, cv2.resize(TRUE, (640, 360))]) is TRUE
    sharp, soft = TRUE, cv2.GaussianBlur(TRUE, (0, 0), 3)
    assert fuse([soft, sharp]) is sharp


def test_what_was_given_is_not_changed() -> None:
    frames = [noisy(TRUE) for _ in range(5)]
    before = [frame.copy() for frame in frames]
    fuse(frames)
    assert all(np.array_equal(a, b) for a, b in zip(frames, before, strict=True))
