"""What the virtual camera has to put up with shows in its pictures, each fault as what it is."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.demo.faceplate import faceplate
from appliance.demo.photograph import View, photograph

SIZE = (1280, 720)
MIDDLE = np.s_[100:620, 300:980]


def taken(seed: int = 0, size: tuple[int, int] = SIZE, **how: object) -> np.ndarray:
    return photograph(faceplate().copy(), View(**how), size, seed)  # type: ignore[arg-type]


GOOD = taken()


def contrast(picture: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.GaussianBlur(picture, (0, 0), 1.5), cv2.CV_32F)[MIDDLE].std())


def test_fog_takes_contrast_away_and_keeps_the_picture_bright() -> None:
    foggy = taken(fog=0.6)
    assert contrast(foggy) < 0.4 * contrast(GOOD)
    assert foggy.mean() > GOOD.mean()


def test_a_tint_colours_and_infrared_knows_no_colours() -> None:
    blue, _, red = taken(tint=(0.7, 1.0, 1.2), noise=0).reshape(-1, 3).mean(0)
    assert red > 1.4 * blue
    night = taken(infrared=True, noise=0)
    assert np.ptp(night[faceplate()[..., 2] > 150].astype(int), axis=1).mean() < 2


def test_daylight_comes_from_the_left() -> None:
    day = taken(lamp=0.0, daylight=0.8, noise=0).astype(float) / np.maximum(taken(noise=0), 1)
    assert day[:, :300].mean() > 1.5 * day[:, -300:].mean()


def test_the_band_moves_down_the_picture() -> None:
    rows = [taken(band=0.5, band_at=at, noise=0).astype(float).mean((1, 2)) for at in (0.0, 0.25)]
    plain = taken(noise=0).astype(float).mean((1, 2))
    darkest = [int(np.argmin(r / plain)) for r in rows]
    assert abs(darkest[0] - darkest[1]) == pytest.approx(180, abs=20)


def test_a_spider_hides_what_it_sits_on_and_nothing_else() -> None:
    change = np.abs(taken(spider=(1200.0, 300.0, 30.0)).astype(int) - GOOD).max(2)
    y, x = np.nonzero(change > 40)
    assert 300 < len(y) < 9000
    assert (np.abs(x - 1200) < 80).all()
    assert (np.abs(y - 300) < 80).all()


def test_dust_gathers() -> None:
    some, much = (np.abs(taken(dust=d, noise=0).astype(int) - taken(noise=0)).mean() for d in (0.3, 0.9))
    assert 0.5 < some < much


def test_noise_grows_with_light_and_gain() -> None:
    def sigma(picture: np.ndarray) -> float:
        return float((picture - cv2.GaussianBlur(picture, (0, 0), 3)).std())

    even = np.full((720, 1280, 3), 160, np.uint8)
    dark, light, gained = (
        sigma(photograph(even.copy(), view, SIZE)[250:450, 500:800].astype(np.float32))
        for view in (View(lamp=0.1, blur=0), View(blur=0), View(lamp=0.1, noise=2.5, blur=0))
    )
    assert 0.5 < dark < light < 5
    assert gained > 1.6 * dark


@settings(max_examples=15, deadline=None)
@given(
    size=st.sampled_from(((1280, 720), (640, 480), (2560, 1600), (320, 240))),
    seed=st.integers(0, 2**32),
    lamp=st.floats(0, 3),
    fog=st.floats(0, 1),
    scale=st.floats(0.8, 1.2),
    noise=st.floats(0, 6),
)
def test_every_view_gives_a_picture(
    size: tuple[int, int], seed: int, lamp: float, fog: float, scale: float, noise: float
) -> None:
    picture = taken(seed, size, lamp=lamp, fog=fog, scale=scale, noise=noise)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8


def test_a_larger_scale_shows_the_meter_larger() -> None:
    near = taken(scale=1.1, noise=0)
    back = cv2.warpAffine(near, cv2.getRotationMatrix2D((640, 360), 0, 1 / 1.1), SIZE)
    assert np.abs(back[MIDDLE].astype(int) - taken(noise=0)[MIDDLE]).mean() < 4
    assert np.abs(near[MIDDLE].astype(int) - taken(noise=0)[MIDDLE]).mean() > 8
