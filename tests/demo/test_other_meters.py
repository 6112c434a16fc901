"""The meters beside the Ferraris meter: a display that cycles, a water meter with dials."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import EARLIEST_SANE_MS, FakeClock
from appliance.demo import dial_picture, display_picture
from appliance.demo.house import House
from appliance.demo.meter_camera import DisplayCamera, MeterCamera, WaterCamera
from appliance.gate import contradiction
from appliance.model import Quantity, Reading
from appliance.sources._eye import Eye
from appliance.sources.camera_meter import Options


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(EARLIEST_SANE_MS + 86_400_000)


@pytest.fixture
def house(clock: FakeClock) -> House:
    return House(clock, start=EARLIEST_SANE_MS)


def cell(picture: np.ndarray, index: int) -> np.ndarray:
    x, y, w, h = display_picture.cell_box(index)
    return picture[y : y + h, x : x + w].astype(int)


def test_the_display_cycles_through_import_export_and_time(clock: FakeClock, house: House) -> None:
    codes = []
    for _ in range(10):
        codes.append(display_picture.screen(house.state()).code)
        clock.tick(display_picture.TURN_S)
    assert sorted(codes[:5]) == ["0.9.1", "1.8.0", "1.8.1", "1.8.2", "2.8.0"]
    assert codes[5:] == codes[:5]


@given(value=st.floats(0, 999_999))
def test_a_display_does_not_round(value: float) -> None:
    cells = display_picture._number(value, " ")
    assert len(cells) == display_picture.CELLS
    assert 0 <= value - int(cells) / 10 < 0.1 + 1e-9


def test_ten_figures_are_ten_different_shapes_and_a_blank_is_faint() -> None:
    shapes = []
    for figure in "0123456789 ":
        shown = display_picture.Screen("1.8.0", figure * 8, "kWh")
        shapes.append(cell(display_picture.render(shown, noise=0), 2))
    for a in range(11):
        for b in range(a):
            assert (np.abs(shapes[a] - shapes[b]).max(2) > 60).sum() > 150
    blank = shapes[10]
    assert 4 < blank.max() - blank.min() < 60


@given(litres=st.floats(0, 99_999_999))
def test_dials_and_wheels_make_the_number(litres: float) -> None:
    m3 = litres / 1000
    dials = dial_picture.dial_positions(m3)
    assert len(dials) == 4
    # Each pointer stands past its figure by what the next one says.
    for left, right in pairwise(dials):
        assert abs((left % 1) - right / 10) < 1e-4 or abs((left % 1) - right / 10) > 1 - 1e-4
    assert int(dials[0]) == int(m3 * 10 % 10)


def test_a_pointer_turns_clockwise_from_the_top() -> None:
    x, y, w, h = dial_picture.dial_box(0)
    for position, (right, down) in ((0, (0, -1)), (2.5, (1, 0)), (5, (0, 1)), (7.5, (-1, 0))):
        face = dial_picture.render(position / 10, noise=0)[y : y + h, x : x + w].astype(int)
        red = (face[..., 2] - face[..., 1] > 60) & (np.hypot(*(np.mgrid[0:h, 0:w] - 58)) > 25)
        ys, xs = np.nonzero(red)
        assert (xs.mean() - 58) * right + (ys.mean() - 58) * down > 20


@pytest.fixture(params=[DisplayCamera, WaterCamera])
def camera(request: pytest.FixtureRequest, house: House, clock: FakeClock) -> Iterator[MeterCamera]:
    camera: MeterCamera = request.param(house, clock)
    camera.start()
    yield camera
    camera.stop()


def test_their_cameras_answer_and_their_configuration_holds(camera: MeterCamera) -> None:
    options = Options(**camera.source_config())
    assert options.fixed() is not None
    seen = requests.get(str(options.url), timeout=5).content
    picture = cv2.imdecode(np.frombuffer(seen, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (720, 1280, 3)


def test_the_water_meter_is_read_to_the_litre(house: House, clock: FakeClock, tmp_path: Path) -> None:
    camera = WaterCamera(house, clock)
    camera.start()
    options = Options(**camera.source_config())
    eye = Eye(options, tmp_path, clock)
    try:
        eye.open()
        read: list[Reading] = []
        for _ in range(8):
            clock.tick(6_131)
            read += [fact for fact in eye.look() if isinstance(fact, Reading)]
    finally:
        eye.close()
        camera.stop()
    assert len(read) >= 5
    for reading in read:
        assert reading.quantity is Quantity.WATER
        assert reading.value == pytest.approx(house.state_at(reading.at).water_m3, abs=0.001)
    assert all(contradiction(a, b, options.limits()) is None for a, b in pairwise(read))
