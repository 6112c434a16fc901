"""What is published when: never too often, never too old, never silently (pure)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import DAY_MS
from appliance.model import Kind, Quantity, Reading
from appliance.sinks._discovery import Series
from appliance.sinks._mqtt_states import Told, Value, expires_s, heard, payload, series, values
from appliance.sinks.base import SourceInfo

NOW = 1_778_000_000_000
P1, POWERWALL = SourceInfo("p1", "p1_serial", 10), SourceInfo("powerwall", "powerwall", 30)
GRID, IMPORT, GAS = Quantity.POWER_GRID, Quantity.ENERGY_IMPORT, Quantity.GAS
MODE, RESERVE = Quantity.BATTERY_MODE, Quantity.BACKUP_RESERVE


def latest(*readings: Reading) -> dict[tuple[str, Quantity], Reading]:
    return {(one.source, one.quantity): one for one in readings}


def aged(source: str, quantity: Quantity, age_s: float, value: float = 1) -> Reading:
    return Reading(source, quantity, value, NOW - round(age_s * 1000))


@pytest.mark.parametrize(
    ("quantity", "value", "said"),
    [
        (GRID, -0.4, "0"),
        (GRID, -1234.5, "-1234"),
        (IMPORT, 48713.4296, "48713.430"),
        (MODE, 2, "backup"),
        (MODE, 7, None),
        (Quantity.TARIFF, 2, "2"),
        (Quantity.POWER_FAILURES, 12, "12"),
    ],
)
def test_a_plain_number_or_a_word(quantity: Quantity, value: float, said: str | None) -> None:
    assert payload(Reading("p1", quantity, value, NOW)) == said


@pytest.mark.parametrize(
    ("quantity", "cadence_s", "shown_s"),
    [
        (GRID, 1, 60),
        (GRID, 30, 90),
        (RESERVE, 30, 1800),
        (IMPORT, 10, 3600),
        (IMPORT, 3600, 10_800),
        (GAS, 10, 3 * 86_400),
        (Quantity.GRID_STATE, 30, 90),
    ],
)
def test_how_long_a_value_is_shown(quantity: Quantity, cadence_s: float, shown_s: int) -> None:
    assert expires_s(quantity, cadence_s) == shown_s


def test_only_sources_that_run_and_what_they_told_within_a_month() -> None:
    known = latest(
        aged("p1", GRID, 1), aged("powerwall.unit1", Quantity.TEMPERATURE, 1), aged("sold", GRID, 1)
    )
    old = Reading("p1", GAS, 1, NOW - 31 * DAY_MS)
    told = series({**known, ("p1", GAS): old}, [P1, POWERWALL], 5, NOW)
    assert {(one.source, one.quantity) for one in told} == {
        ("p1", GRID),
        ("powerwall.unit1", Quantity.TEMPERATURE),
    }


def test_a_source_lives_by_what_it_tells_quickly() -> None:
    def lives(*readings: Reading) -> dict[str, bool]:
        known = latest(*readings)
        return heard(known, series(known, [P1, POWERWALL], 5, NOW), [P1, POWERWALL], NOW)

    assert lives(aged("p1", GRID, 59), aged("p1", IMPORT, 900)) == {"p1": True}
    # Its register and reserve are still shown as true; that does not make it answer.
    assert lives(aged("powerwall", GRID, 91), aged("powerwall", RESERVE, 600)) == {"powerwall": False}
    assert lives(aged("p1", IMPORT, 61)) == {"p1": False}
    assert lives(aged("p1", GAS, 86_400)) == {"p1": True}
    assert lives(aged("powerwall.unit1", Quantity.TEMPERATURE, 600)) == {"powerwall": True}
    assert lives(aged("powerwall.unit1", GRID, 91), aged("powerwall", GRID, 1)) == {"powerwall": True}


def test_what_is_too_old_says_nothing() -> None:
    known = latest(aged("p1", GRID, 61), aged("p1", IMPORT, 61), aged("p1", MODE, 1, 9))
    told = values(known, series(known, [P1], 5, NOW), 5, NOW)
    assert {one.quantity for one in told} == {IMPORT}


def test_states_at_once_registers_seldom() -> None:
    known = latest(aged("p1", GRID, 1), aged("p1", IMPORT, 1), aged("p1", MODE, 1))
    told = values(known, series(known, [P1], 5, NOW), 5, NOW)
    assert {one.quantity: value.every_s for one, value in told.items()} == {GRID: 5, IMPORT: 60, MODE: 0}


def test_the_newest_first() -> None:
    due = Told().due(
        {"old": Value("1", 1, 60, 5), "new": Value("2", 3, 60, 5), "mid": Value("3", 2, 60, 5)}, 0
    )
    assert [message.topic for message in due] == ["new", "mid", "old"]
    assert all(message.retain and message.expires_s == 60 for message in due)


def test_a_value_that_stays_is_renewed_only_by_a_new_reading() -> None:
    told = Told()
    assert len(told.due({"a": Value("1", 0, 60, 5)}, 0)) == 1
    assert told.due({"a": Value("1", 0, 60, 5)}, 100) == []
    assert told.due({"a": Value("1", 19_000, 60, 5)}, 19) == []
    assert len(told.due({"a": Value("1", 20_000, 60, 5)}, 20)) == 1
    told.forget()
    assert len(told.due({"a": Value("1", 20_000, 60, 5)}, 20)) == 1


@given(st.lists(st.integers(0, 2), min_size=1, max_size=200), st.integers(1, 10))
def test_never_too_often_and_never_left_behind(watts: list[int], every_s: int) -> None:
    """A reading each second: what the broker has is what is true, or less than `every_s` old, and what does
    not change is said again before it expires."""
    told, said, when = Told(), None, -1_000
    one = Series("p1", GRID, 60)
    for second, value in enumerate(watts):
        known = latest(Reading("p1", GRID, value, NOW + second * 1000))
        wanted = {"t": values(known, [one], every_s, NOW + second * 1000)[one]}
        for message in told.due(wanted, second):
            assert second - when >= every_s
            said, when = message.payload, second
        assert said == str(value) or second - when < every_s
        assert second - when <= max(20, every_s)


@pytest.mark.parametrize("quantity", Quantity)
def test_nothing_is_shown_shorter_than_a_minute(quantity: Quantity) -> None:
    assert expires_s(quantity, 1) >= 60
    assert quantity.spec.kind is not Kind.COUNTER or expires_s(quantity, 1) >= 3600
