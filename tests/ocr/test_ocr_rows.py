"""Rows seen upright: the way back to the picture, holes filled, decimals told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ocr import Box
from ocr.detect import Figure, Line
from ocr.digits import Digit
from ocr.picture import Picture
from ocr.rows import TALL, View, box, completed, ended, tuned, view

ONE = Figure(200, 150, 30, 48, 0.0, 0.9, 0.0, 0.02)


def row(count: int, pitch: float = 40.0) -> list[Figure]:
    return [replace(ONE, x=200 + i * pitch) for i in range(count)]


@given(st.floats(-0.3, 0.3), st.floats(0.3, 6.0))
def test_a_view_leads_back_to_the_picture(angle: float, size: float) -> None:
    figures = [
        replace(f, x=900 + (f.x - 280) * size * np.cos(angle), y=700 + (f.x - 280) * size * np.sin(angle),
                w=f.w * size, h=f.h * size, angle=angle)
        for f in row(5)
    ]  # fmt: skip
    seen = view(np.zeros((1400, 1800, 3), np.uint8), Line(tuple(figures)))
    inverse = np.linalg.inv(np.vstack([seen.matrix, [0, 0, 1]]))
    for figure in figures:
        x, y, _ = inverse @ (figure.x, figure.y, 1)
        back = seen.back(Box(round(x - 20), round(y - TALL / 2), 40, TALL), 1800, 1400)
        assert abs(back.x + back.w / 2 - figure.x) <= 1 + seen.scale
        assert abs(back.y + back.h / 2 - figure.y) <= 1 + seen.scale
        assert abs(back.h - figure.h) <= 1.5 + seen.scale
    assert abs(y - seen.picture.shape[0] / 2) < 2


def test_a_wheel_missed_between_two_others_is_filled_in() -> None:
    whole = row(7)
    found = completed([f for i, f in enumerate(whole) if i not in (2, 3)])
    assert [round(f.x) for f in found] == [round(f.x) for f in whole]
    assert [f.chance < 0.5 for f in found] == [False, False, True, True, False, False, False]


def test_walls_between_windows_are_no_wheels() -> None:
    wheels = row(5, 90.0)
    walls = [replace(ONE, x=200 + 45 + i * 90, w=14, chance=0.33) for i in (0, 2)]
    seen = completed(sorted(wheels + walls, key=lambda f: f.x))
    assert [round(f.x) for f in seen] == [round(f.x) for f in wheels]


def test_but_a_faint_wheel_in_its_place_is_one() -> None:
    wheels = row(6)
    wheels[2] = replace(wheels[2], chance=0.33)
    assert [round(f.x) for f in completed(wheels)] == [round(f.x) for f in wheels]


def test_what_is_not_evenly_spaced_is_left_as_it_is() -> None:
    odd = [replace(ONE, x=x) for x in (200, 240, 257, 345)]
    assert completed(odd) == odd


def test_boxes_surround_figures() -> None:
    assert box(ONE) == Box(185, 126, 30, 48)


def test_looks_that_disagree_about_a_figure_lower_the_agreement() -> None:
    seen = view(np.zeros((600, 800, 3), np.uint8), Line(tuple(row(4))))
    figures = row(4)
    calls = iter(range(100))

    def steady(crops: list[Picture]) -> list[Digit]:
        return [Digit(9.9 if next(calls) % 2 else 0.1, 0.9) for _ in crops]

    def torn(crops: list[Picture]) -> list[Digit]:
        odd = next(calls) % 2
        return [Digit(3.0, 0.9), Digit(8.0 if odd else 3.0, 0.9), Digit(0.0, 0.9), Digit(1.0, 0.9)]

    assert tuned(seen, figures, steady)[1] == 1.0  # 9.9 and 0.1 are neighbours on the wheel
    assert 0.3 < tuned(seen, figures, torn)[1] < 0.7


def bright(crops: list[Picture]) -> list[Digit]:
    """Reads every bright crop surely."""
    return [Digit(3.0, 0.99 if crop.mean() > 200 else 0.05) for crop in crops]


def on_a_plate(wheels: list[Figure]) -> View:
    """Bright wheels on a dark plate."""
    picture = np.full((300, 800, 3), 30, np.uint8)
    for f in wheels:
        place = box(f)
        picture[place.y : place.y + place.h, place.x : place.x + place.w] = 240
    return View(picture, np.eye(2, 3), 0.0)


def test_wheels_missed_at_the_ends_are_found() -> None:
    whole = row(7)
    found = ended(on_a_plate(whole), whole[1:-2], bright)
    assert [round(f.x) for f in found] == [round(f.x) for f in whole]


def test_an_empty_place_at_an_end_is_no_wheel_unless_the_finder_is_sure() -> None:
    whole = row(6)
    empty = replace(ONE, x=whole[-1].x + 40, chance=0.45)
    assert ended(on_a_plate(whole), [*whole, empty], bright) == whole
    sure = replace(empty, chance=0.9)
    assert ended(on_a_plate(whole), [*whole, sure], bright) == [*whole, sure]


def test_nothing_is_looked_for_beyond_the_picture() -> None:
    wheels = [replace(f, x=f.x - 180) for f in row(5)]
    assert ended(on_a_plate(wheels), wheels, lambda crops: [Digit(3.0, 0.99) for _ in crops])[0] == wheels[0]
