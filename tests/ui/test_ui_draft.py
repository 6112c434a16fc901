"""Boxes that are moved, added and spread before anything is saved."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.meter_setup import CounterSetup, DialSetup, MeterSetup
from appliance.model import Quantity
from appliance.sources._setup import check
from ui.counters import QUANTITIES, UNITS, boxes, kind_of, spread
from ui.draft import Draft
from ui.places import SMALLEST_PX

Q = Quantity
ROW = tuple((100 + 90 * i, 200, 76, 118) for i in range(7))


def draft(digits: int = 7, dials: int = 0, decimals: int = 1) -> Draft:
    round_ones = tuple(DialSetup((300 + 100 * i, 400, 80, 80)) for i in range(dials))
    counter = CounterSetup(Q.ENERGY_IMPORT, "kWh", digits=ROW[:digits], dials=round_ones, decimals=decimals)
    return Draft.of(MeterSetup(1280, 720, (counter,)))


def test_a_box_stays_where_it_was_put() -> None:
    made = draft()
    made.move({3: (375, 210, 70, 110)})
    assert made.counter.digits[3] == (375, 210, 70, 110)
    assert made.counter.digits[:3] == ROW[:3]


def test_figures_count_from_the_left_whichever_was_moved_and_the_choice_goes_along() -> None:
    made = draft(3)
    made.chosen = 0
    made.move({0: (900, 200, 76, 118)})
    assert [box[0] for box in made.counter.digits] == [190, 280, 900]
    assert made.chosen == 2


def test_dials_keep_the_order_they_were_given() -> None:
    made = draft(2, dials=3)
    made.move({2: (1100, 400, 80, 80)})
    assert [dial.box[0] for dial in made.counter.dials] == [1100, 400, 500]
    made.chosen = 3
    made.earlier()
    assert [dial.box[0] for dial in made.counter.dials] == [400, 1100, 500]
    assert made.chosen == 2
    made.earlier()
    assert [dial.box[0] for dial in made.counter.dials] == [400, 1100, 500]


@given(st.tuples(*[st.integers(-3000, 3000)] * 4))
def test_a_box_never_leaves_the_picture_nor_vanishes(box: tuple[int, int, int, int]) -> None:
    made = draft(1)
    made.move({0: box})
    x, y, w, h = made.counter.digits[0]
    assert SMALLEST_PX <= w <= 1280
    assert SMALLEST_PX <= h <= 720
    assert 0 <= x <= 1280 - w
    assert 0 <= y <= 720 - h


def test_what_is_told_of_boxes_that_are_gone_changes_nothing() -> None:
    made = draft(3)
    made.move({7: (0, 0, 50, 50)})
    assert made.counter.digits == ROW[:3]


def test_a_new_figure_stands_at_the_pitch_of_the_row() -> None:
    made = draft(7)
    made.add()
    assert made.counter.digits[7] == (730, 200, 76, 118)
    assert made.chosen == 7


def test_where_the_picture_ends_the_new_figure_stands_in_front() -> None:
    made = draft(2)
    made.counter = replace(made.counter, digits=((1000, 200, 100, 118), (1150, 200, 100, 118)))
    made.add()
    assert made.counter.digits[0] == (850, 200, 100, 118)


def test_a_copy_stands_half_over_its_model_and_is_chosen() -> None:
    made = draft(3)
    made.chosen = 1
    made.duplicate()
    assert made.counter.digits[2] == (190 + 38, 200, 76, 118)
    assert made.chosen == 2


def test_removing_takes_the_chosen_box_and_the_point_stays_possible() -> None:
    made = draft(2, decimals=1)
    made.chosen = 0
    made.remove()
    assert made.counter.digits == ROW[1:2]
    assert made.counter.decimals == 0
    made.remove()
    made.remove()
    assert boxes(made.counter) == []
    assert made.problem() == "A counter has no boxes yet"


def test_spread_keeps_the_ends_and_makes_even_steps() -> None:
    made = draft(5)
    crooked = ((100, 200, 60, 100), (130, 260, 9, 9), (150, 90, 9, 9), (400, 0, 9, 9), (500, 220, 68, 108))
    made.counter = replace(made.counter, digits=crooked)
    made.spread()
    assert made.counter.digits[0] == crooked[0]
    assert made.counter.digits[-1] == crooked[-1]
    assert [box[0] for box in made.counter.digits] == [100, 200, 300, 400, 500]
    assert [box[1] for box in made.counter.digits] == [200, 205, 210, 215, 220]
    assert [box[2] for box in made.counter.digits] == [60, 62, 64, 66, 68]


def test_spreading_one_box_leaves_it() -> None:
    assert spread([(1, 2, 3, 4)]) == ((1, 2, 3, 4),)


def test_a_dial_turns_the_other_way_and_all_when_held_together() -> None:
    made = draft(1, dials=2)
    made.turn()
    assert all(dial.clockwise for dial in made.counter.dials)
    made.chosen = 2
    made.turn()
    assert [dial.clockwise for dial in made.counter.dials] == [True, False]
    made.hold_together()
    made.turn()
    assert [dial.clockwise for dial in made.counter.dials] == [True, True]


def test_dials_come_and_go_and_decimals_follow() -> None:
    made = draft(4)
    made.set_dials(4)
    assert len(made.counter.dials) == 4
    assert len({dial.box for dial in made.counter.dials}) == 4
    made.set_decimals(99)
    assert made.counter.decimals == 7
    made.set_dials(0)
    assert (made.counter.dials, made.counter.decimals) == ((), 3)
    made.set_dials(-1)
    assert made.counter.dials == ()


def test_the_point_stays_where_it_is_when_dials_come_and_go() -> None:
    made = draft(5, decimals=0)
    made.set_dials(4)
    assert made.counter.decimals == 4
    made.chosen = 8
    made.remove()
    assert (len(made.counter.dials), made.counter.decimals) == (3, 3)
    made.set_dials(0)
    assert made.counter.decimals == 0


def test_dials_alone_have_no_point() -> None:
    made = draft(1, dials=5, decimals=5)
    made.chosen = 0
    made.remove()
    assert (len(made.counter.dials), made.counter.decimals) == (5, 0)
    made.set_dials(4)
    assert made.counter.decimals == 0


def test_adding_with_a_dial_chosen_adds_a_dial() -> None:
    made = draft(2, dials=1)
    made.chosen = 2
    made.add()
    assert (len(made.counter.digits), len(made.counter.dials)) == (2, 2)
    assert kind_of(made.counter, 3) == "dial"


def test_a_window_lies_around_its_figures_and_falls_apart_into_cells() -> None:
    made = draft(7)
    made.set_figures("display")
    window = made.counter.display
    assert window is not None
    assert window[0] < 100
    assert window[0] + window[2] > 100 + 6 * 90 + 76
    assert (made.counter.kind, made.counter.digits) == ("lcd", ())
    assert kind_of(made.counter, 0) == "display"
    made.set_figures("wheel")
    assert (made.counter.kind, made.counter.display, len(made.counter.digits)) == ("wheel", None, 7)


def test_the_dials_of_a_row_do_not_follow_a_window() -> None:
    made = draft(7)
    made.set_dials(2)
    assert made.counter.decimals == 3
    made.set_figures("display")
    assert (made.counter.dials, made.counter.decimals) == ((), 1)
    for _ in range(9):
        made.set_decimals(made.counter.decimals + 1)
    check(made.setup())


def test_the_usual_code_follows_what_is_counted() -> None:
    made = draft(7)
    made.set_figures("display")
    made.add_counter()
    assert made.counter.register == "1.8.1"
    made.set_quantity(Q.ENERGY_EXPORT)
    assert made.counter.register == "2.8.0"
    made.set_register("16.8.0")
    made.set_quantity(Q.ENERGY_EXPORT_T1)
    assert made.counter.register == "16.8.0", "what the owner typed stays"
    made.set_register("")
    made.set_quantity(Q.ENERGY_IMPORT_T2)
    assert made.counter.register == ""


def test_cells_within_a_window_are_changed_like_others() -> None:
    made = draft(7, decimals=2)
    made.counter = replace(made.counter, kind="lcd", display=(90, 190, 700, 150))
    made.set_decimals(6)
    assert made.counter.decimals == 6
    made.chosen = 2
    made.remove()
    made.add()
    assert len(made.counter.digits) == 7
    made.add_counter()
    assert made.counters[0].digits == made.counters[1].digits
    assert [c.register for c in made.counters] == ["1.8.0", "1.8.1"]
    check(made.setup())


def test_cells_within_a_window_come_back_as_they_were() -> None:
    made = draft(7)
    made.counter = replace(made.counter, kind="lcd", display=(90, 190, 700, 150))
    made.set_figures("lcd")
    assert (made.counter.display, made.counter.digits) == (None, ROW)


def test_another_quantity_has_its_own_unit() -> None:
    made = draft()
    made.set_unit("MWh")
    made.set_quantity(Q.ENERGY_EXPORT)
    assert made.counter.unit == "MWh"
    made.set_quantity(Q.GAS)
    assert made.counter.unit == "m³"


def test_every_offered_quantity_has_units() -> None:
    assert {quantity.spec.unit for quantity in QUANTITIES} <= set(UNITS)


def test_a_second_counter_counts_what_the_first_does_not() -> None:
    made = draft()
    made.add_counter()
    assert (made.place, made.counter.quantity) == (1, Q.ENERGY_IMPORT_T1)
    assert made.problem() is None
    made.set_quantity(Q.ENERGY_IMPORT)
    assert made.problem() == "Two counters count the same. Say what each one counts."
    made.remove_counter()
    made.remove_counter()
    assert (made.place, len(made.counters)) == (0, 1)


def test_a_second_counter_begins_as_a_like_row_beneath_or_above() -> None:
    made = draft()
    made.add_counter()
    assert made.counter.digits == tuple((x, y + 189, w, h) for x, y, w, h in ROW)
    assert made.counter.decimals == 1
    low = draft()
    low.counter = replace(low.counter, digits=tuple((x, 560, w, h) for x, _, w, h in ROW))
    low.add_counter()
    assert {box[1] for box in low.counter.digits} == {560 - 189}


def test_numbers_that_take_turns_in_one_window_are_told_by_their_codes() -> None:
    made = draft()
    made.set_figures("display")
    window = made.counter.display
    made.add_counter()
    assert [c.display for c in made.counters] == [window, window]
    assert [c.register for c in made.counters] == ["1.8.0", "1.8.1"]
    assert made.problem() is None


def test_no_more_counters_than_there_are_quantities() -> None:
    made = draft()
    for _ in range(2 * len(QUANTITIES)):
        made.add_counter()
    assert len(made.counters) == len(QUANTITIES)
    assert made.problem() is None


def test_what_was_found_keeps_the_owners_words() -> None:
    made = draft(2)
    made.set_quantity(Q.GAS)
    made.set_register("7.1.0")
    found = CounterSetup(Q.ENERGY_IMPORT, "kWh", digits=ROW, decimals=3)
    made.take(MeterSetup(1280, 720, (found,)))
    assert (made.counter.quantity, made.counter.unit, made.counter.register) == (Q.GAS, "m³", "7.1.0")
    assert (made.counter.digits, made.counter.decimals) == (ROW, 3)


def test_all_counters_that_were_found_are_taken() -> None:
    made = draft(2)
    two = (made.counter, replace(made.counter, quantity=Q.ENERGY_EXPORT))
    made.take(MeterSetup(1280, 720, two))
    assert made.counters == list(two)


def test_boxes_keep_their_place_in_a_still_of_another_size() -> None:
    made = draft(1, dials=1)
    made.resize(640, 360)
    assert boxes(made.counter) == [(50, 100, 38, 59), (150, 200, 40, 40)]
    assert made.setup().width == 640


@pytest.mark.parametrize(("typed", "digits", "decimals"), [("048713.4", 7, 1), ("123", 3, 0), ("", 7, 1)])
def test_boxes_by_hand_are_as_many_as_were_typed(typed: str, digits: int, decimals: int) -> None:
    made = Draft.by_hand(1280, 720, Q.WATER, "m³", typed)
    row = made.counter.digits
    assert (len(row), made.counter.decimals) == (digits, decimals)
    assert all(a[0] + a[2] <= b[0] for a, b in pairwise(row))
    middle = (row[0][0] + row[-1][0] + row[-1][2]) / 2
    assert middle == pytest.approx(640, abs=digits + 1)


def test_a_copy_is_not_changed_with_its_model() -> None:
    made = draft(3)
    before = made.copy()
    made.remove()
    made.add_counter()
    assert (len(before.counters), len(before.counter.digits)) == (1, 3)
