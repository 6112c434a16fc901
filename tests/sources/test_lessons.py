"""What becomes a labelled crop: what later readings prove, what the owner says; never what proves itself."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from appliance.clock import MINUTE_MS
from appliance.meter_setup import CounterSetup
from appliance.model import Quantity
from appliance.sources._lessons import EVERY_MS, NEW_CROPS, Lessons
from ocr import Box, Calibration, DigitBox, Result
from ocr.own import Outcome, positions

T0 = 1_778_000_000_000
RNG = np.random.default_rng(3)
ROW = tuple(Box(20 + 50 * i, 60, 40, 60) for i in range(7))
PLACE = Calibration(600, 200, ROW, 1)
SIDES = tuple((b.x, b.y, b.w, b.h) for b in ROW)
METER = CounterSetup(Quantity.ENERGY_IMPORT, "kWh", digits=SIDES, decimals=1)


@dataclass
class Notebook:
    """Writes down what it is given, as `OwnMeter` would keep it."""

    taken: list[tuple[int, float, bool, bool]] = field(default_factory=list)
    refined: int = 0
    outcome: Outcome | None = None

    @property
    def count(self) -> int:
        return len(self.taken)

    @property
    def fresh(self) -> int:
        return self.count - (self.outcome.crops if self.outcome else 0)

    def add(self, crop: np.ndarray, value: float, lcd: bool, sure: bool, place: int = 0) -> bool:
        assert crop.shape[:2] == (60, 40)
        self.taken.append((place, round(value, 3), lcd, sure))
        return True

    @property
    def next(self) -> int:
        return self.count

    def unlearn(self, since: int) -> None:
        del self.taken[since:]

    def forget(self) -> None:
        self.taken.clear()

    def refine(self) -> Outcome:
        self.refined += 1
        self.outcome = Outcome((0.9, 0.9, 0.0), (1.0, 1.0, 0.0), True, self.count)
        return self.outcome


@pytest.fixture
def own() -> Notebook:
    return Notebook()


@pytest.fixture
def lessons(own: Notebook) -> Lessons:
    return Lessons(own)  # type: ignore[arg-type]


def result(value: float | None) -> Result:
    """What a good picture of the register at `value` is read as; None for one that cannot be read."""
    if value is None:
        return Result(None, None, 0.2, tuple(DigitBox(0, 0.2, box) for box in ROW), "unsure")
    stands = positions(value, 7, 1)
    text = f"{int(value * 10 + 1e-6) / 10:08.1f}"
    digits = tuple(DigitBox(v, 0.97, b) for v, b in zip(stands, ROW, strict=True))
    return Result(text, float(text), 0.97, digits)


def take(lessons: Lessons, minutes: float, value: float | None, anchored: bool = True) -> None:
    picture = RNG.integers(0, 255, (200, 600, 3)).astype(np.uint8)
    at = T0 + round(minutes * MINUTE_MS)
    lessons.took(METER, 0, picture, PLACE, result(value), at, good=value is not None, anchored=anchored)


def labels(own: Notebook, place: int) -> list[float]:
    return [label for at, label, _, _ in own.taken if at == place]


def test_a_reading_is_a_lesson_once_the_next_ones_agree(lessons: Lessons, own: Notebook) -> None:
    for minutes, value in ((0, 48713.41), (15, 48713.43), (30, 48713.45)):
        take(lessons, minutes, value)
        assert own.taken == []
    take(lessons, 45, 48713.47)
    assert [label for _, label, _, _ in own.taken] == pytest.approx([0, 4, 8, 7, 1, 3, 4.3], abs=0.06)
    assert [place for place, *_ in own.taken] == list(range(7))


def test_a_refused_picture_between_two_good_ones_teaches_its_steady_wheels(
    lessons: Lessons, own: Notebook
) -> None:
    for minutes, value in ((0, 48713.41), (1, None), (2, 48713.42), (3, 48713.43)):
        take(lessons, minutes, value)
    assert [labels(own, place)[0] for place in range(6)] == [0, 4, 8, 7, 1, 3]
    assert all(sure for _, _, _, sure in own.taken)


def test_a_wheel_on_its_way_is_left_out(lessons: Lessons, own: Notebook) -> None:
    for minutes, value in ((0, 48713.95), (1, None), (2, 48714.35), (3, 48714.36)):
        take(lessons, minutes, value)
    assert labels(own, 5) == labels(own, 6) == []
    assert labels(own, 4) == [1.0]


def test_what_the_gate_disbelieves_proves_nothing_but_is_proved(lessons: Lessons, own: Notebook) -> None:
    take(lessons, 0, 48713.41)
    take(lessons, 1, 98713.42)
    lessons.disbelieved(Quantity.ENERGY_IMPORT)
    take(lessons, 2, 48713.43)
    take(lessons, 3, 48713.44)
    assert labels(own, 0) == [0.0], "the wheel that was read as 9 showed 0"
    assert 9.0 not in {round(label) for _, label, _, _ in own.taken}


def test_wheels_nobody_ever_saw_move_teach_only_where_the_owner_named_them(
    lessons: Lessons, own: Notebook
) -> None:
    for step in range(60):
        take(lessons, 15 * step, 48713.4 + 0.02 * step, anchored=False)
    assert labels(own, 0) == labels(own, 1) == labels(own, 3) == []
    assert labels(own, 6)
    assert labels(own, 5)


def test_lessons_of_good_readings_are_few(lessons: Lessons, own: Notebook) -> None:
    for minute in range(60):
        take(lessons, minute, 48713.4 + minute * 1e-4)
    assert len(labels(own, 0)) <= 60 * MINUTE_MS / EVERY_MS + 1


def test_a_register_that_ran_back_proves_nothing(lessons: Lessons, own: Notebook) -> None:
    for minutes, value in ((0, 48713.41), (15, 48700.0), (30, 48690.0), (45, 48680.0), (60, 48670.0)):
        take(lessons, minutes, value)
    assert own.taken == []


def test_what_was_misread_alike_and_believed_is_unlearned_once_the_register_falls_back(
    lessons: Lessons, own: Notebook
) -> None:
    for minute in range(0, 100, 20):
        take(lessons, minute, 48713.4)
    true = list(own.taken)
    for minute in range(100, 200, 20):
        take(lessons, minute, 48793.4)
    assert any(label == pytest.approx(9, abs=0.1) for place, label, *_ in own.taken if place == 4)
    for minute in range(200, 300, 20):
        take(lessons, minute, 48713.5)
    assert own.taken[: len(true)] == true
    assert all(label == pytest.approx(1, abs=0.1) for place, label, *_ in own.taken if place == 4)


def test_a_counter_that_went_past_its_last_number_keeps_its_lessons(lessons: Lessons, own: Notebook) -> None:
    for minute in range(0, 100, 20):
        take(lessons, minute, 999_999.5)
    learned = list(own.taken)
    assert learned
    for minute in range(100, 200, 20):
        take(lessons, minute, 0.3)
    assert own.taken[: len(learned)] == learned
    assert len(own.taken) > len(learned)


def test_what_was_forgotten_does_not_come_back_from_pictures_of_before(
    lessons: Lessons, own: Notebook
) -> None:
    for minute in (0, 20):
        take(lessons, minute, 48713.4)
    lessons.forget()
    assert own.taken == []
    for minute in (40, 60, 80):
        take(lessons, minute, 48713.4)
    assert own.taken == [], "three of after it are needed"
    take(lessons, 100, 48713.4)
    assert len(own.taken) == 7


def test_refined_with_enough_that_is_new_and_not_again_before(lessons: Lessons, own: Notebook) -> None:
    for number in range(NEW_CROPS - 1):
        own.add(np.zeros((60, 40, 3), np.uint8), number % 10, False, True)
    lessons.tend()
    assert own.refined == 0
    own.add(np.zeros((60, 40, 3), np.uint8), 1, False, True)
    for _ in range(3):
        lessons.tend()
    assert own.refined == 1


# What the owner says


@pytest.mark.parametrize(
    ("shown", "last", "stand"),
    [
        ("0487134", 4.3, [0, 4, 8, 7, 1, 3, 4.3]),
        ("0487139", 9.5, [0, 4, 8, 7, 1, 3.5, 9.5]),
        ("0487999", 9.5, [0, 4, 8, 7.5, 9.5, 9.5, 9.5]),
        ("0487134", 8.2, [0, 4, 8, 7, 1, 3, None]),
        ("0487139", 2.2, [0, 4, 8, 7, 1, None, None]),
    ],
)
def test_what_a_picture_really_showed(
    lessons: Lessons, own: Notebook, shown: str, last: float, stand: list[float | None]
) -> None:
    picture = RNG.integers(0, 255, (200, 600, 3)).astype(np.uint8)
    added = lessons.teach(METER, 0, picture, PLACE, shown, last)
    assert added == sum(label is not None for label in stand)
    got = dict.fromkeys(range(7)) | {place: label for place, label, _, _ in own.taken}
    expected = [None if v is None else pytest.approx(v, abs=0.01) for v in stand]
    assert [got[place] for place in range(7)] == expected


def test_digits_of_a_display_are_what_they_are(lessons: Lessons, own: Notebook) -> None:
    picture = RNG.integers(0, 255, (200, 600, 3)).astype(np.uint8)
    lcd = replace(METER, kind="lcd")
    assert lessons.teach(lcd, 1, picture, PLACE, "0487199", 9.7) == 6, "the first cell may be blank"
    assert [(place, label, kind) for place, label, kind, _ in own.taken] == [
        (17 + place, float(digit), True) for place, digit in enumerate("487199")
    ]
