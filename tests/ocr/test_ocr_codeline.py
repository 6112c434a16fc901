"""Register codes in a line of their own, on rendered displays read by the shipped network."""

import pytest

from appliance.clock import FakeClock
from appliance.demo import display_picture
from appliance.demo.house import House
from ocr import Box
from ocr.codeline import code
from ocr.display import read
from ocr.picture import cut

START = 1_777_888_800_000


def windows() -> list[tuple[str, object]]:
    clock = FakeClock(START)
    house, out = House(clock), []
    for number in range(14):
        clock.tick(6)
        screen = display_picture.screen(house.state_at(clock.now()))
        picture = display_picture.render(screen, seed=number, blur=0.8 + 0.04 * number)
        out.append((screen.code, cut(picture, Box(*display_picture.WINDOW))))
    return out


def test_codes_above_the_number_are_read_or_left_but_never_wrong() -> None:
    said = []
    for truth, window in windows():
        found = read(window)  # type: ignore[arg-type]
        said.append((code(window, found.top, found.bottom), truth))  # type: ignore[arg-type]
    assert all(got in (None, truth) for got, truth in said)
    assert sum(got == truth for got, truth in said) >= 12


def test_a_line_that_holds_no_code() -> None:
    _, window = windows()[0]
    found = read(window)  # type: ignore[arg-type]
    bare = window.copy()  # type: ignore[attr-defined]
    bare[: int(found.top)] = bare[-12, 12]
    assert code(bare, found.top, found.bottom) is None
    assert code(bare, 0, bare.shape[0]) is None


@pytest.mark.parametrize("top", [0.0, 3.0])
def test_no_room_for_a_line(top: float) -> None:
    _, window = windows()[0]
    assert code(window[:40], top, 40.0) is None  # type: ignore[index]
