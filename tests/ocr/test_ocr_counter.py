"""One counter's boxes, dials and window read together; the networks are stand-ins."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr import Box, Calibration, Dial
from ocr.counter import Readers, Strip, box_of, count
from ocr.digits import Digit

PICTURE = np.random.default_rng(1).integers(0, 255, (200, 600, 3)).astype(np.uint8)
ROW = tuple(Box(20 + 50 * i, 60, 40, 60) for i in range(5))
WINDOW = Box(10, 40, 400, 100)


def readers(
    digits: Sequence[float] = (), sure: float = 0.95, strip: Strip | None = None, dials: Sequence[float] = ()
) -> Readers:
    turned = iter(dials)

    def pointers(crops: Sequence[np.ndarray], clockwise: bool) -> list[Digit]:
        return [Digit(next(turned) if clockwise else 10 - next(turned), 0.97) for _ in crops]

    def window(crop: np.ndarray) -> Strip:
        assert strip is not None, "there is no window"
        assert crop.shape[:2] == (WINDOW.h, WINDOW.w)
        return strip

    return Readers(lambda crops: [Digit(v, sure, lcd=1.0) for v in digits[: len(crops)]], pointers, window)


def place(decimals: int = 1, **more: object) -> Calibration:
    return Calibration(600, 200, **{"digits": ROW, "kind": "lcd", "decimals": decimals, **more})  # type: ignore[arg-type]


def test_digits_alone() -> None:
    seen = count(PICTURE, place(), readers((0, 4, 8, 7, 1))).result
    assert (seen.text, seen.value, seen.confidence) == ("0487.1", 487.1, pytest.approx(0.95))
    assert [d.box for d in seen.digits] == list(ROW)


def test_dials_follow_the_digits_each_in_its_sense() -> None:
    dials = (Dial(Box(300, 60, 60, 60)), Dial(Box(380, 60, 60, 60), clockwise=False))
    where = place(3, digits=ROW[:3], dials=dials, kind="wheel")
    seen = count(PICTURE, where, readers((1, 2, 3), dials=(4.7, 2.8))).result
    assert (seen.text, len(seen.digits)) == ("12.347", 5)
    assert seen.digits[4].value == pytest.approx(7.2)


def test_agreement_makes_surer() -> None:
    where = place(display=WINDOW)
    both = count(PICTURE, where, readers((0, 4, 8, 7, 1), 0.8, Strip("487.1", 0.8))).result
    assert (both.text, both.confidence) == ("0487.1", pytest.approx(0.96))


@pytest.mark.parametrize(
    ("digits", "window", "text"), [(0.4, 0.1, "0487.1"), (0.9, 0.6, "0481.1"), (0.6, 0.9, "0481.1")]
)
def test_contradiction_is_hardly_believed(digits: float, window: float, text: str) -> None:
    said = readers((0, 4, 8, 7, 1), digits, Strip("0481.1", window))
    seen = count(PICTURE, place(display=WINDOW), said).result
    assert seen.text == text
    assert seen.confidence < 0.4
    assert count(PICTURE, place(display=WINDOW), said, threshold=0.85).result.value is None


def test_blank_cells_whose_segments_show_through_are_no_eights() -> None:
    where = place(display=WINDOW)
    seen = count(PICTURE, where, readers((8, 8, 8, 7, 1), 0.94, Strip("87.1", 0.8))).result
    assert (seen.text, seen.value, seen.confidence) == ("87.1", 87.1, pytest.approx(0.988))
    other = count(PICTURE, where, readers((8, 3, 8, 7, 1), 0.94, Strip("87.1", 0.8))).result
    assert other.confidence < 0.2


def test_a_window_that_shows_no_number_says_nothing() -> None:
    for strip in (Strip(None, 0.0), Strip("Err", 0.9), Strip("-", 0.9)):
        seen = count(PICTURE, place(display=WINDOW), readers((0, 4, 8, 7, 1), 0.9, strip)).result
        assert (seen.text, seen.confidence) == ("0487.1", pytest.approx(0.9))


@pytest.mark.parametrize(
    ("shown", "decimals", "text"),
    [("48713.4", 1, "48713.4"), ("487134", 1, "48713.4"), ("48713,4", 1, "48713.4"), ("487134", 0, "487134")],
)
def test_a_window_alone_with_its_point_seen_or_known(shown: str, decimals: int, text: str) -> None:
    where = place(decimals, digits=(), display=WINDOW)
    seen = count(PICTURE, where, readers(strip=Strip(shown, 0.9, "1.8.0")))
    assert (seen.result.text, seen.result.value) == (text, float(text))
    assert (seen.register, seen.result.digits) == ("1.8.0", ())


def test_a_window_alone_without_a_number_says_what_to_do() -> None:
    seen = count(PICTURE, place(digits=(), display=WINDOW), readers(strip=Strip(None, 0.0))).result
    assert (seen.value, seen.text) == (None, None)
    assert "set the window right" in (seen.reason or "")


def test_the_number_of_figures_and_trust() -> None:
    said = readers((0, 4, 8, 7, 1))
    few = count(PICTURE, place(), said, expected=6).result
    assert "5 digits were found where 6 are expected" in str(few.reason)
    assert count(PICTURE, place(), said, trust=0.5).result.confidence == 0.5


@settings(deadline=None)
@given(st.floats(0.01, 1), st.floats(0.01, 1), st.booleans())
def test_confidence_stays_one_and_agreement_never_harms(a: float, b: float, same: bool) -> None:
    said = readers((0, 4, 8, 7, 1), a, Strip("487.1" if same else "487.5", b))
    seen = count(PICTURE, place(display=WINDOW), said).result
    assert 0 <= seen.confidence <= 1
    assert (seen.confidence >= max(a, b) - 1e-3) if same else (seen.confidence <= max(a, b))


def test_the_rectangle_around_it_all() -> None:
    where = place(digits=ROW, dials=(Dial(Box(500, 10, 50, 50)),), display=WINDOW)
    assert box_of(where) == Box(10, 10, 540, 130)
