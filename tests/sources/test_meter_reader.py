"""Reading one meter for years: displays that cycle, counters that are lost and found. The networks that read
are stand-ins; where the counter stands is found for real."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.demo.faceplate import WHEELS, wheel_box
from appliance.demo.meter_picture import render
from appliance.model import Event, Picture, Quantity, Reading
from appliance.sources._album import Refusals
from appliance.sources._bearings import Bearings
from appliance.sources._camera_options import Options
from appliance.sources._meter_reader import PATIENCE, Look, MeterReader
from appliance.sources._setup import code
from appliance.sources._telling import UNSEEN_MS, Teller
from ocr.counter import Readers, Strip, shipped
from ocr.digits import Digit, DigitReader

T0 = 1_778_000_000_000
PICTURE = render(48713.4)
BOXES = {
    "width": 1280, "height": 720, "kind": "lcd", "decimals": 1, "display": [280, 200, 720, 150],
    "digits": [list(wheel_box(i)) for i in range(WHEELS)],
}  # fmt: skip
CYCLING = [
    {"quantity": "energy_import", "register_code": "1.8.0"},
    {"quantity": "energy_export", "register_code": "2.8.0", "decimals": 2},
]


class Display:
    """A display that shows what it is told to, surely."""

    def __init__(self) -> None:
        self.number, self.code, self.sure = "0487134", "1.8.0", 0.97
        self.windows = self.rows = 0

    def digits(self, crops: Sequence[np.ndarray]) -> list[Digit]:
        self.rows += 1
        return [Digit(float(c), self.sure, lcd=1.0) for c in self.number]

    def window(self, crop: np.ndarray) -> Strip:
        self.windows += 1
        return Strip(self.number, self.sure, self.code)

    def readers(self) -> Readers:
        return Readers(self.digits, lambda crops, clockwise: [], self.window)


@pytest.fixture
def display() -> Display:
    return Display()


def options(**more: Any) -> Options:
    return Options(**{"name": "meter", "device_id": 0, "calibration": BOXES, "counters": CYCLING, **more})


def reader_of(asked: Options, folder: Path, readers: Readers) -> MeterReader:
    return MeterReader(asked, Bearings(folder, asked), readers)


def values(facts: Any) -> dict[Quantity, float]:
    return {fact.quantity: fact.value for fact in facts if isinstance(fact, Reading)}


@pytest.mark.parametrize(
    "text", ["1.8.0", "1-0:1.8.0*255", "1-0:1.8.0", "01.08.00", "1.8", "180", " 180 ", "1.8.0*255"]
)
def test_ways_to_write_one_register(text: str) -> None:
    assert code(text) == code("1.8.0") == (1, 8, 0)


@pytest.mark.parametrize("text", ["", "kWh", "18", "1800", "---"])
def test_what_is_no_register(text: str) -> None:
    assert code(text) is None


@pytest.mark.parametrize(
    "text", ["1.8.0*01", "1.8.0*99", "1-0:1.8.0*11", "1.8.0.01", "1.8.0-2", "1.8.1", "2.8.0"]
)
def test_last_months_register_and_others_are_not_it(text: str) -> None:
    assert code(text) not in (code("1.8.0"), None)


def test_each_picture_gives_the_register_it_shows(display: Display, tmp_path: Path) -> None:
    asked = options()
    reader = reader_of(asked, tmp_path, display.readers())
    teller = Teller(asked, tmp_path, Refusals(tmp_path))
    shown = [("0487134", "1.8.0"), ("0001250", "2.8.0"), ("1211", "0.9.1"), ("8888888", "")]
    got = []
    for display.number, display.code in shown:
        look = reader.read(PICTURE)
        reader.settle(look)
        facts = teller.facts(look, PICTURE, T0)
        got.append(values(facts))
        assert [fact for fact in facts if isinstance(fact, Event)] == []
        assert reader.fine(look), "waiting for one's turn is no failure"
    assert got == [{Quantity.ENERGY_IMPORT: 48713.4}, {Quantity.ENERGY_EXPORT: 12.5}, {}, {}]
    (picture,) = [fact for fact in facts if isinstance(fact, Picture)]
    assert picture.text is None
    assert picture.reason == "Waiting for register 1.8.0, 2.8.0; now no register code is seen"


def test_a_shared_window_is_read_once_and_only_the_row_of_who_has_its_turn(
    display: Display, tmp_path: Path
) -> None:
    reader_of(options(), tmp_path, display.readers()).read(PICTURE)
    assert (display.windows, display.rows) == (1, 1)


def test_an_unsure_number_is_refused_under_its_own_name(display: Display, tmp_path: Path) -> None:
    asked = options()
    reader = reader_of(asked, tmp_path, display.readers())
    teller = Teller(asked, tmp_path, Refusals(tmp_path))
    display.code, display.sure = "2.8.0", 0.4
    facts = teller.facts(reader.read(PICTURE), PICTURE, T0)
    (event,) = [fact for fact in facts if isinstance(fact, Event)]
    assert event.name == "rejected"
    assert event.text.startswith("Export register: It looks like")
    assert values(facts) == {}


def test_a_register_not_shown_for_hours_is_asked_about(display: Display, tmp_path: Path) -> None:
    asked = options()
    reader = reader_of(asked, tmp_path, display.readers())
    teller = Teller(asked, tmp_path, Refusals(tmp_path))
    told = []
    for minute in range(0, 3 * 60, 5):
        facts = teller.facts(reader.read(PICTURE), PICTURE, T0 + minute * 60_000)
        told += [(minute, fact.text) for fact in facts if isinstance(fact, Event)]
    assert [minute for minute, _ in told] == [UNSEEN_MS // 60_000]
    assert "not shown register 2.8.0" in told[0][1]


# Lost and found


def wheels(tmp_path: Path, **more: Any) -> MeterReader:
    asked = Options(**{"name": "meter", "device_id": 0, "initial_reading": "048713.4", **more})
    known = shipped()
    return reader_of(asked, tmp_path, Readers(DigitReader().read, known.dials, known.display))


def looks(reader: MeterReader, picture: np.ndarray, count: int) -> list[Look]:
    got = []
    for _ in range(count):
        got.append(reader.read(picture))
        reader.settle(got[-1])
    return got


def test_an_owners_set_up_is_followed_to_where_its_number_went(tmp_path: Path) -> None:
    reader = wheels(tmp_path)
    reader.bearings.save(reader.bearings.as_setup(_true()), PICTURE)
    assert reader.fine(looks(reader, PICTURE, 1)[0])
    far = render(48713.4, shift=(-260.0, 150.0))
    got = looks(reader, far, PATIENCE + 1)
    assert not reader.fine(got[0])
    assert reader.fine(got[-1])
    assert reader.bearings.origin == "saved"
    assert reader.bearings.setup is not None
    assert reader.bearings.setup.counters[0].digits[0][0] < wheel_box(0)[0] - 200


def test_it_does_not_run_after_another_number(tmp_path: Path) -> None:
    reader = wheels(tmp_path)
    reader.bearings.save(reader.bearings.as_setup(_true()), PICTURE)
    looks(reader, PICTURE, 1)
    other = render(90210.7, shift=(-260.0, 150.0))
    assert not any(reader.fine(look) for look in looks(reader, other, PATIENCE + 1))


def test_boxes_of_the_configuration_are_never_moved(tmp_path: Path) -> None:
    reader = wheels(tmp_path, calibration=BOXES | {"kind": "wheel", "display": None})
    assert reader.fine(looks(reader, PICTURE, 1)[0])
    far = render(48713.4, shift=(-260.0, 150.0))
    assert not any(reader.fine(look) for look in looks(reader, far, PATIENCE + 1))


def _true() -> Any:
    from ocr import Box, Calibration

    return Calibration(1280, 720, tuple(Box(*wheel_box(i)) for i in range(WHEELS)), 1)
