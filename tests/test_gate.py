"""The gate: what is believed, what is refused, and that no wrong past blocks the truth."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.gate import Gate, Limits
from appliance.model import Quantity, Reading

T0 = 1_790_000_000_000
LIMITS = Limits(max_per_day=100, resolution=0.1)


def register(value: float, minutes: float = 0) -> Reading:
    return Reading("meter", Quantity.ENERGY_IMPORT, value, T0 + round(minutes * MINUTE_MS))


def feed(gate: Gate, *readings: Reading, limits: Limits = LIMITS) -> list[bool]:
    return [gate.judge(r, r.at, limits).reading is not None for r in readings]


def test_a_steady_register_passes() -> None:
    assert all(feed(Gate(), *(register(100 + i * 0.1, i) for i in range(50))))


@pytest.mark.parametrize(
    ("reading", "word"),
    [
        (register(-1), "possible"),
        (register(2e9), "possible"),
        (Reading("meter", Quantity.POWER_GRID, 300_000, T0), "possible"),
        (Reading("meter", Quantity.STATE_OF_CHARGE, 101, T0), "possible"),
    ],
)
def test_out_of_range_is_refused_with_a_reason(reading: Reading, word: str) -> None:
    verdict = Gate().judge(reading, T0)
    assert verdict.reading is None
    assert verdict.event is not None
    assert word in verdict.event.text
    assert verdict.event.name == "rejected"


def test_the_future_and_an_unset_clock_are_refused() -> None:
    assert Gate().judge(register(1, 6), T0).reading is None
    assert Gate().judge(register(1, 4), T0).reading is not None
    assert Gate().judge(replace(register(1), at=0), 0).reading is None


def test_a_fall_is_refused_and_the_next_good_reading_passes_at_once() -> None:
    assert feed(Gate(), register(100), register(90, 1), register(100.1, 2)) == [True, False, True]


def test_a_leap_is_refused_and_the_next_good_reading_passes_at_once() -> None:
    assert feed(Gate(), register(100), register(110, 1), register(100.1, 2)) == [True, False, True]


def test_play_of_the_last_wheel_is_no_fall() -> None:
    gate = Gate()
    feed(gate, register(100.1))
    verdict = gate.judge(register(100.0, 1), T0 + MINUTE_MS, LIMITS)
    assert verdict.reading is not None
    assert verdict.reading.value == 100.1
    assert verdict.event is None


def test_a_long_outage_allows_a_long_rise() -> None:
    assert feed(Gate(), register(100), register(1500, 14 * 24 * 60)) == [True, True]
    assert feed(Gate(), register(100), register(1600, 14 * 24 * 60)) == [True, False]


def test_more_than_a_day_allows_is_refused_even_in_small_steps() -> None:
    gate, limits = Gate(), Limits(max_per_day=10)
    got = feed(gate, *(register(100 + h * 2, h * 60) for h in range(8)), limits=limits)
    assert got[:6] == [True] * 6
    assert got[6] is False


def test_one_wrong_accepted_reading_yields_to_three_good_ones() -> None:
    gate = Gate()
    feed(gate, *(register(100 + i * 0.1, i) for i in range(20)))
    assert feed(gate, register(103.0, 20)) == [True]  # too high, yet possible
    good = feed(gate, *(register(102 + i * 0.1, 21 + i) for i in range(5)))
    assert good == [False, False, True, True, True]


def test_garbage_between_the_good_ones_does_not_hold_them_up() -> None:
    gate = Gate()
    feed(gate, *(register(100 + i * 0.1, i) for i in range(20)), register(103.0, 20))
    got = feed(gate, register(102, 21), register(7, 22), register(102.1, 23), register(102.2, 24))
    assert got == [False, False, False, True]


def test_a_wrong_first_reading_does_not_stay_for_ever() -> None:
    gate = Gate()
    got = feed(gate, register(98713.4), *(register(48713.4 + i * 0.1, 1 + i) for i in range(4)))
    assert got == [True, False, False, True, True]


def test_steady_dirt_does_not_outvote_a_long_history_in_an_hour() -> None:
    gate = Gate()
    feed(gate, *(register(100 + i * 0.1, i) for i in range(60)))
    assert not any(feed(gate, *(register(906 + i * 0.1, 60 + i) for i in range(60))))
    assert feed(gate, register(112, 121)) == [True]


def test_nor_one_remembered_over_a_power_cut() -> None:
    gate = Gate()
    gate.remember(register(48713.4), LIMITS)
    assert not any(feed(gate, *(register(48893.4, 60 + i) for i in range(60))))
    assert feed(gate, register(48713.9, 121)) == [True]


def test_a_register_told_by_a_wire_that_is_another_after_a_power_cut_is_believed_soon() -> None:
    """The grid is off while a meter is exchanged, and the appliance with it."""
    gate, wire = Gate(), Limits()
    gate.remember(register(48713.4), wire)
    assert feed(gate, *(register(0.1, 60 + i) for i in range(4)), limits=wire)[-1] is True


BACKWARDS = replace(LIMITS, monotonic=False)


def test_a_counter_that_may_run_backwards_does() -> None:
    assert all(feed(Gate(), *(register(500 - i * 0.05, i) for i in range(200)), limits=BACKWARDS))


@pytest.mark.parametrize("wrong", [40713.4, 48513.4, 58713.4])
def test_but_no_faster_than_it_may_count_up(wrong: float) -> None:
    gate = Gate()
    told = register(48713.4), register(48713.3, 15), register(wrong, 30), register(48713.1, 45)
    assert feed(gate, *told, limits=BACKWARDS) == [True, True, False, True]


def test_but_a_day_of_agreement_does_even_at_a_reading_a_second() -> None:
    gate = Gate()
    feed(gate, *(register(5000 + i * 0.1, i) for i in range(60)))
    minutes = range(60, 60 + 26 * 60)
    assert any(feed(gate, *(register(3.0 + m * 0.01, m) for m in minutes)))


FIVE = replace(LIMITS, turns_at=100_000.0)


def test_a_counter_that_goes_past_its_last_number_counts_on() -> None:
    gate = Gate()
    assert all(feed(gate, *(register(99_998 + i * 0.2, i) for i in range(10)), limits=FIVE))
    verdict = gate.judge(register(0.1, 11), register(0.1, 11).at, FIVE)
    assert verdict.reading == register(0.1, 11)
    assert verdict.event is not None
    assert (verdict.event.name, verdict.turn) == ("register_turned", 100_000)
    assert "past 99999.900 kWh" in verdict.event.text
    after = register(0.3, 12), register(99_999.9, 13), register(90, 13), register(0.2, 14), register(0.5, 15)
    assert feed(gate, *after, limits=FIVE) == [True, False, False, True, True]


def test_also_when_the_power_was_off_meanwhile() -> None:
    gate = Gate()
    gate.remember(register(99_999.7), FIVE)
    assert feed(gate, register(0.4, 60), register(0.6, 75), limits=FIVE) == [True, True]


@pytest.mark.parametrize(
    ("stood", "read", "limits"),
    [
        (99_998, 87.0, FIVE),  # misread: too much at once
        (85_000, 3.0, FIVE),  # another meter: far from its last number
        (99_999, 0.3, LIMITS),  # nobody knows how many wheels it has
        (0.1, 99_999.9, FIVE),  # never backwards
    ],
)
def test_but_no_other_fall_is_a_turn(stood: float, read: float, limits: Limits) -> None:
    gate = Gate()
    feed(gate, register(stood), register(stood, 15), limits=limits)
    assert feed(gate, register(read, 30), limits=limits) == [False]
    assert feed(gate, register(stood + 0.1, 45), limits=limits) == [True]


def test_a_counter_that_may_run_backwards_goes_back_past_0() -> None:
    gate, both = Gate(), replace(FIVE, monotonic=False)
    feed(gate, register(0.4), register(0.1, 15), limits=both)
    verdict = gate.judge(register(99_999.8, 30), register(0, 30).at, both)
    assert verdict.turn == -100_000
    assert verdict.event is not None
    assert "ran back past 0 and stands at 99999.800 kWh" in verdict.event.text
    assert feed(gate, register(99_999.5, 45), limits=both) == [True]


def test_an_exchanged_meter_starts_anew() -> None:
    gate = Gate()
    feed(gate, *(register(5000 + i * 0.1, i) for i in range(60)))
    gate.corrected(register(0, 60))
    assert feed(gate, register(0.1, 61), register(5007, 62), register(0.2, 63)) == [True, False, True]


def test_what_a_person_said_is_the_truth_at_once() -> None:
    gate = Gate()
    feed(gate, *(register(98713.4 + i * 0.1, i) for i in range(60)))
    gate.corrected(register(48719.4, 60))
    after = register(48719.5, 61), register(98719.5, 62), register(48719.6, 63)
    assert feed(gate, *after) == [True, False, True]


def test_a_camera_that_misreads_on_does_not_outvote_a_person_in_an_hour() -> None:
    gate = Gate()
    gate.corrected(register(48713.4))
    assert not any(feed(gate, *(register(58713.4 + i * 0.1, 1 + i) for i in range(60))))
    assert feed(gate, register(48714.4, 70)) == [True]


def test_but_in_a_day_a_typing_error_of_a_person_is_overcome() -> None:
    gate = Gate()
    gate.corrected(register(84713.4))
    minutes = range(15, 26 * 60, 15)
    got = feed(gate, *(register(48713.4 + m * 0.005, m) for m in minutes))
    assert got[-1] is True
    assert not any(got[:90])


def test_history_that_arrives_late_is_held_to_the_same_line() -> None:
    gate = Gate()
    now = T0 + 10 * DAY_MS
    assert gate.judge(register(500, 10 * 24 * 60), now, LIMITS).reading is not None
    assert gate.judge(register(400, 5 * 24 * 60), now, LIMITS).reading is not None
    assert gate.judge(register(501, 6 * 24 * 60), now, LIMITS).reading is None
    assert gate.judge(register(500.1, 10 * 24 * 60 + 1), now + MINUTE_MS, LIMITS).reading is not None


@pytest.mark.parametrize("back_ms", [2 * MINUTE_MS, HOUR_MS, 3650 * DAY_MS])
def test_a_clock_set_back_blocks_nothing(back_ms: int) -> None:
    gate = Gate()
    ahead = T0 + back_ms
    for i in range(20):
        at = ahead + i * MINUTE_MS
        assert gate.judge(replace(register(100 + i * 0.1), at=at), at, LIMITS).reading is not None
    for i in range(300):
        at = T0 + i * MINUTE_MS
        assert gate.judge(replace(register(102 + i * 0.1), at=at), at, LIMITS).reading is not None
    at = T0 + 301 * MINUTE_MS
    assert gate.judge(replace(register(90), at=at), at, LIMITS).reading is None


def test_a_persons_word_outlives_a_clock_set_back() -> None:
    gate = Gate()
    gate.corrected(register(48713.4, 120))
    assert feed(gate, register(48713.5, 0)) == [True]
    assert not any(feed(gate, *(register(58713.4 + i * 0.1, 1 + i) for i in range(60))))


SOLAR = Limits(max_per_hour=6, renews_ms=15 * MINUTE_MS)


def stepping(minutes: int, step: float, every_s: int = 300) -> list[Reading]:
    """A register asked every 5 s that its device renews in steps."""
    seconds = range(0, minutes * 60, 5)
    return [register(100 + step * (s // every_s), s / 60) for s in seconds]


def test_a_register_renewed_in_steps_rose_since_it_last_changed() -> None:
    assert all(feed(Gate(), *stepping(60, 0.489), limits=SOLAR))


def test_also_where_the_first_thing_known_of_it_is_of_before_the_start() -> None:
    gate = Gate()
    gate.remember(register(100), SOLAR)
    assert feed(gate, register(100, 0.1), register(100.489, 0.2), limits=SOLAR) == [True, True]


def test_but_no_faster_than_its_steps_can_be() -> None:
    assert feed(Gate(), *stepping(6, 0.6), limits=SOLAR)[60] is False, "0.6 in five minutes"
    assert feed(Gate(), register(100), register(100, 600), register(101.4, 600.1), limits=SOLAR)[-1]
    assert not feed(Gate(), register(100), register(100, 600), register(101.6, 600.1), limits=SOLAR)[-1]


def test_a_meter_that_is_looked_at_never_catches_up_in_one_step() -> None:
    stood = register(100), register(100, 600), register(100.489, 600.1)
    assert feed(Gate(), *stood, limits=replace(SOLAR, renews_ms=0)) == [True, True, False]


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 0.15), min_size=20, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.floats(0, 200_000)), max_size=8),
)
def test_scattered_misreadings_never_pass_for_long(
    rises: list[float], wrong: list[tuple[int, float]]
) -> None:
    """Whatever single digits are misread, once the truth is steady again it is believed within ten."""
    gate = Gate()
    value, bad = 48713.4, dict(wrong)
    for i, rise in enumerate(rises):
        value += rise
        gate.judge(register(bad.get(i, value), i), T0 + i * MINUTE_MS, LIMITS)
    at = len(rises)
    got = feed(gate, *(register(value + i * 0.01, at + i) for i in range(15)))
    assert all(got[11:])
