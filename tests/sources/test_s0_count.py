"""Pulses from edges, register and power from pulses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sources._s0_count import Debouncer, PulseRegister

HOLD = 0.010
BOUNCES = st.lists(st.floats(0.0001, 0.0015), max_size=6)
"""Pauses between the edges of one bouncing contact: even many of them end before a level has held."""
PULSES = st.lists(st.tuples(st.floats(0.035, 5.0), BOUNCES, st.floats(0.035, 0.2), BOUNCES), max_size=30)
"""Pause before, bounces of closing, length, bounces of opening."""


def edges(pulses: list[tuple[float, list[float], float, list[float]]]) -> list[tuple[bool, float]]:
    """The edges of bouncing contacts; an even number of bounces restores the level."""
    found, at = [], 0.0
    for pause, closing, length, opening in pulses:
        for start, wait, bounces in ((True, pause, closing), (False, length, opening)):
            at += wait
            found.append((start, at))
            level = start
            for bounce in bounces[: len(bounces) // 2 * 2]:
                at += bounce
                level = not level
                found.append((level, at))
    return found


def count(found: list[tuple[bool, float]], active: bool = False) -> list[float]:
    debouncer = Debouncer(HOLD, active, 0.0)
    began = [debouncer.edge(level, at) for level, at in found]
    began.append(debouncer.settle((found[-1][1] if found else 0) + 1))
    return [at for at in began if at is not None]


@given(PULSES)
def test_bouncing_pulses_are_counted_once_each(
    pulses: list[tuple[float, list[float], float, list[float]]],
) -> None:
    assert len(count(edges(pulses))) == len(pulses)


@given(st.lists(st.tuples(st.floats(0.02, 5.0), st.floats(0.00001, 0.009)), max_size=30))
def test_spikes_are_never_counted(spikes: list[tuple[float, float]]) -> None:
    found, at = [], 0.0
    for pause, length in spikes:
        found += [(True, at + pause), (False, at + pause + length)]
        at += pause + length
    assert count(found) == []


@given(PULSES, st.lists(st.floats(0, 100), max_size=50))
def test_looking_in_between_changes_nothing(
    pulses: list[tuple[float, list[float], float, list[float]]], looks: list[float]
) -> None:
    found = edges(pulses)
    debouncer = Debouncer(HOLD, False, 0.0)
    began = []
    for level, at in found:
        began += [debouncer.settle(look) for look in sorted(looks) if look < at]
        looks = [look for look in looks if look >= at]
        began.append(debouncer.edge(level, at))
    began.append(debouncer.settle((found[-1][1] if found else 0) + 1))
    assert [at for at in began if at is not None] == count(found)


def test_a_contact_that_stands_closed_at_the_start_is_no_pulse() -> None:
    assert count([(False, 1.0), (True, 2.0), (False, 2.1)], active=True) == [2.0]


def test_a_contact_that_stays_closed_is_counted_without_waiting_for_its_end() -> None:
    assert count([(True, 1.0)]) == [1.0]


def test_an_edge_that_got_lost_is_no_second_pulse() -> None:
    assert count([(True, 1.0), (True, 1.5), (False, 1.6)]) == [1.0]


@given(st.lists(st.floats(0.01, 100), max_size=50), st.sampled_from([100, 640, 1000, 10_000]))
def test_the_register_is_the_number_of_pulses(pauses: list[float], per_unit: int) -> None:
    register, at = PulseRegister(per_unit, 1234.5, 0.0), 0.0
    for pause in pauses:
        at += pause
        register.pulse(at)
    assert register.value == pytest.approx(1234.5 + len(pauses) / per_unit, abs=1e-9)


@given(st.floats(1, 20_000), st.sampled_from([500, 1000, 10_000]), st.floats(0.5, 30))
def test_steady_power_is_measured(watts: float, per_unit: int, every_s: float) -> None:
    register = PulseRegister(per_unit, 0.0, 0.0)
    pause = 3_600_000 / (per_unit * watts)
    at, asked, seen = 0.0, every_s, []
    for _ in range(50):
        at += pause
        while asked < at:
            seen.append(register.power(asked))
            asked += every_s + pause / 3
        register.pulse(at)
    seen.append(register.power(at + pause / 2))
    assert seen[-1] == pytest.approx(watts, rel=1e-6)
    assert all(power is None or power <= watts * (1 + 1e-6) for power in seen)


@given(st.lists(st.floats(0.05, 600), min_size=2, max_size=30), st.floats(0.001, 100_000))
def test_power_never_exceeds_what_the_silence_allows(pauses: list[float], silence: float) -> None:
    register, at = PulseRegister(1000, 0.0, 0.0), 0.0
    for pause in pauses:
        at += pause
        register.pulse(at)
        register.power(at)
    power = register.power(at + silence)
    assert power is not None
    assert 0 < power <= 3600 / silence * (1 + 1e-9)
    assert power <= 3600 / min(pauses) * (1 + 1e-9)


def test_a_pulse_that_stays_away_takes_the_power_down() -> None:
    register = PulseRegister(1000, 0.0, 0.0)
    register.pulse(10.0)
    assert register.power(11.0) is None, "one pulse says nothing of power"
    register.pulse(13.6)
    assert [round(register.power(at) or 0) for at in (14, 17.2, 20.8, 49.6, 7213.6)] == [
        1000,
        1000,
        500,
        100,
        0,
    ]


def test_where_nothing_flows_power_is_known_once_it_can_only_be_0() -> None:
    register = PulseRegister(1000, 0.0, 0.0)
    assert register.power(0.0) is None
    assert register.power(3599.0) is None
    power = register.power(3601.0)
    assert power is not None
    assert 0 < power < 1


def test_several_pulses_between_two_questions_are_a_mean() -> None:
    register = PulseRegister(1000, 0.0, 0.0)
    for at in (1.0, 2.0, 4.0, 5.0):
        register.pulse(at)
    assert register.power(5.5) == pytest.approx(3600 * 3 / 4)


def test_what_a_person_read_counts_and_pulses_since_come_on_top() -> None:
    register = PulseRegister(1000, 10.0, 0.0)
    for at in (1.0, 2.0, 3.0):
        register.pulse(at)
    register.set_right(20.0, 2.5)
    assert register.value == pytest.approx(20.001)
    register.pulse(4.0)
    assert register.value == pytest.approx(20.002)
