"""A set-up as a file and as the configuration says it, and what it means for the gate. No OpenCV."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from appliance.gate import Limits
from appliance.meter_setup import CounterSetup, DialSetup, MeterSetup
from appliance.model import Quantity
from appliance.sources import _setup
from appliance.sources._camera_options import Options
from appliance.sources._in_force import in_force
from appliance.sources._setup import check, dumped, faces, limits, loaded, saved, wheels

ROW = tuple((300 + 60 * i, 200, 50, 80) for i in range(6))
IMPORT = CounterSetup(Quantity.ENERGY_IMPORT, "kWh", digits=ROW, decimals=1)
GAS = CounterSetup(
    Quantity.GAS, "l", digits=ROW[:3], dials=(DialSetup((10, 20, 30, 30)), DialSetup((50, 20, 30, 30), False))
)
SETUP = MeterSetup(1280, 720, (IMPORT, GAS))
BOXES = {"width": 1280, "height": 720, "digits": [list(box) for box in ROW], "decimals": 2}


def options(**more: Any) -> Options:
    return Options(**{"name": "meter", "device_id": 0, "expected_digits": 6, **more})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    assert saved(tmp_path) is None
    (tmp_path / _setup.FILE).write_bytes(dumped(SETUP))
    assert saved(tmp_path) == SETUP
    assert loaded(dumped(SETUP)) == SETUP


@pytest.mark.parametrize(
    ("counter", "said"),
    [
        (replace(IMPORT, quantity=Quantity.POWER_GRID), "no register that a meter counts"),
        (replace(IMPORT, unit="m³"), "counted in kWh, not in m³"),
        (replace(IMPORT, unit="furlong"), "no unit known"),
        (replace(IMPORT, digits=()), "neither digits, dials nor a display"),
        (replace(IMPORT, digits=ROW * 3), "more than the 16"),
        (replace(IMPORT, decimals=6), "6 decimals do not fit"),
        (replace(IMPORT, decimals=-1), "decimals do not fit"),
        (replace(IMPORT, register="total", display=(0, 0, 90, 80)), "'total' is no code"),
        (replace(IMPORT, register="1.8.0"), "the window that shows the code 1.8.0 must be drawn"),
        (replace(IMPORT, digits=((1270, 10, 50, 80),), decimals=0), "digit 1 leaves the picture"),
        (replace(IMPORT, dials=(DialSetup((-1, 10, 50, 80)),)), "dial 1 leaves the picture"),
        (replace(IMPORT, display=(0, 0, 3, 80)), "the display is too small"),
    ],
)
def test_what_cannot_be_is_said(counter: CounterSetup, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(MeterSetup(1280, 720, (counter,)))


def test_no_counter_and_the_same_twice() -> None:
    with pytest.raises(ValueError, match="has no counter"):
        check(MeterSetup(1280, 720, ()))
    with pytest.raises(ValueError, match="Import register is set up twice"):
        check(MeterSetup(1280, 720, (IMPORT, replace(IMPORT, register="1.8.1", display=(0, 0, 90, 90)))))


def test_two_counters_at_one_place_need_codes() -> None:
    shared = replace(IMPORT, display=(10, 10, 400, 90))
    other = replace(shared, quantity=Quantity.ENERGY_EXPORT)
    for first, second in (("", ""), ("1.8.0", "1-0:1.8.0*255")):
        counters = replace(shared, register=first), replace(other, register=second)
        with pytest.raises(ValueError, match="Export register: it stands where another counter does"):
            check(MeterSetup(1280, 720, counters))
    check(MeterSetup(1280, 720, (replace(shared, register="1.8.0"), replace(other, register="2.8.0"))))


def test_a_display_may_stand_alone_with_any_decimals() -> None:
    check(MeterSetup(1280, 720, (replace(IMPORT, digits=(), display=(10, 10, 400, 90), decimals=3),)))


def test_a_broken_file_names_the_place() -> None:
    with pytest.raises(ValueError, match=r"counters\.0\.quantity"):
        loaded(dumped(SETUP).replace(b"energy_import", b"coffee"))
    with pytest.raises(ValueError, match="JSON"):
        loaded(b"{ not json")


def test_each_counter_has_the_play_of_its_own_last_figure() -> None:
    each = limits(faces(SETUP), Limits(max_per_day=40, max_per_hour=9))
    assert each[Quantity.ENERGY_IMPORT] == Limits(True, 9, 40, pytest.approx(0.1), turns_at=100_000)
    assert each[Quantity.GAS].resolution == pytest.approx(0.001)
    assert wheels(faces(SETUP)) == {Quantity.ENERGY_IMPORT: (5, 1)}, "the register is not kept in litres"


# What the configuration says


def test_one_counter_is_as_simple_as_ever() -> None:
    fixed = options(calibration=BOXES).fixed()
    assert fixed == MeterSetup(1280, 720, (IMPORT,)), "decimals of the source go before those of the boxes"
    assert options().fixed() is None


def test_several_counters_with_boxes_of_their_own_or_shared() -> None:
    window = BOXES | {"display": [280, 180, 420, 120], "kind": "lcd"}
    asked = options(
        calibration=window,
        counters=[
            {"quantity": "energy_import_t1", "register_code": "1.8.1"},
            {"quantity": "energy_import_t2", "register_code": "1.8.2", "decimals": 0},
            {"quantity": "gas", "calibration": BOXES, "unit": "l"},
        ],
    )
    setup = asked.fixed()
    assert setup is not None
    assert [(c.quantity.value, c.register, c.decimals, c.unit) for c in setup.counters] == [
        ("energy_import_t1", "1.8.1", 2, "kWh"),
        ("energy_import_t2", "1.8.2", 0, "kWh"),
        ("gas", "", 2, "l"),
    ]
    assert setup.counters[0].display == (280, 180, 420, 120)
    assert [f.register for f in asked.faces()] == ["1.8.1", "1.8.2", ""]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"calibration": BOXES | {"width": 300}}, "leaves the picture"),
        ({"counters": [{"quantity": "power_grid"}]}, "no register that a meter counts"),
        ({"counters": [{"quantity": "gas", "unit": "kWh"}]}, "counted in m³, not in kWh"),
        ({"counters": [{"quantity": "gas", "register_code": "gas"}]}, "register_code"),
        ({"counters": [{"quantity": "gas", "register_code": "7.0", "calibration": BOXES}]}, "must be drawn"),
        (
            {"calibration": BOXES, "counters": [{"quantity": "gas", "calibration": BOXES | {"width": 1600}}]},
            "",
        ),
        ({"calibration": BOXES | {"colour": "red"}}, "colour"),
        ({"calibration": "setup.json"}, "other than setup.json"),
    ],
)
def test_mistakes_in_boxes_are_named(wrong: dict[str, Any], said: str) -> None:
    if said:
        with pytest.raises(ValidationError, match=said):
            options(**wrong)
    else:
        assert options(**wrong).fixed(), "boxes that nobody shares do no harm"


def test_boxes_of_several_picture_sizes_are_refused() -> None:
    counters = [
        {"quantity": "gas", "calibration": BOXES},
        {"quantity": "water", "calibration": BOXES | {"width": 1600}},
    ]
    with pytest.raises(ValidationError, match="pictures of one size"):
        options(counters=counters)


# Which of them is in force


def test_the_owners_word_before_the_configuration_before_what_was_found(tmp_path: Path) -> None:
    found = json.dumps(BOXES | {"digits": [list(box) for box in ROW[::-1]], "kind": "wheel"})
    (tmp_path / "calibration.json").write_text(found)
    assert in_force(tmp_path, options()).origin == "found"  # type: ignore[union-attr]
    assert in_force(tmp_path, options(calibration=BOXES)).origin == "fixed"  # type: ignore[union-attr]
    (tmp_path / _setup.FILE).write_bytes(dumped(SETUP))
    known = in_force(tmp_path, options(calibration=BOXES))
    assert known is not None
    assert (known.origin, known.setup) == ("saved", SETUP)
    (tmp_path / _setup.FILE).write_bytes(b"torn")
    assert in_force(tmp_path, options()).origin == "found"  # type: ignore[union-attr]
    (tmp_path / "calibration.json").write_text("{}")
    assert in_force(tmp_path, options()) is None
