import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import Quantity as Q  # noqa: N817
from appliance.phases import Amps, Load, Means, Watch, amps, carried, imbalance_a, imbalance_level

T0 = 1_800_000_000_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("current", "power", "voltage", "found"),
    [
        (3.0, 800.0, 230.0, 800 / 230),  # whole ampere: power over voltage tells more
        (3.4, 800.0, 230.0, 3.4),
        (-3.4, None, None, 3.4),
        (None, -460.0, 230.0, 2.0),
        (3.0, None, 230.0, 3.0),
        (None, 460.0, None, None),
        (None, 460.0, 0.0, None),
        (0.0, 0.0, 230.0, 0.0),
    ],
)
def test_ampere_of_a_phase(
    current: float | None, power: float | None, voltage: float | None, found: float | None
) -> None:
    assert amps(current, power, voltage) == found


def test_a_phase_nobody_measures_is_unknown() -> None:
    assert carried({Q.CURRENT_L1: 2.5, Q.POWER_L3: 230, Q.VOLTAGE_L3: 230}) == (2.5, None, 1.0)


def test_colours_of_the_imbalance() -> None:
    found = {apart: imbalance_level(apart) for apart in (0, 5, 5.1, 10, 10.1)}
    assert found == {0: "ok", 5: "ok", 5.1: "warn", 10: "warn", 10.1: "bad"}
    assert imbalance_a((3.0, None, 14.5)) == 11.5
    assert imbalance_a((3.0, None, None)) is None


def run(means: Means, phases: Amps, since: int, minutes: int, every_s: int = 10) -> int:
    """Samples of the same current; the instant after the last."""
    for at in range(since, since + minutes * MINUTE, every_s * 1000):
        means.add(at, phases)
    return since + minutes * MINUTE


def test_means_are_weighted_by_time() -> None:
    means = Means()
    now = run(means, (10.0, 4.0, 0.0), T0, 10, every_s=1)
    now = run(means, (25.0, 4.0, 0.0), now, 5, every_s=10)
    load = means.load(now)
    assert load.minute == (25.0, 4.0, 0.0)
    assert load.quarter == pytest.approx((15.0, 4.0, 0.0))


def test_a_mean_of_too_little_is_unknown() -> None:
    means = Means()
    now = run(means, (10.0, None, 0.0), T0, 5)
    load = means.load(now)
    assert load.minute == (10.0, None, 0.0)
    assert load.quarter == (None, None, None)
    assert means.load(now + 2 * MINUTE).minute == (None, None, None)


def test_a_clock_set_back_begins_anew() -> None:
    means = Means()
    now = run(means, (10.0, 1.0, 1.0), T0, 15)
    means.add(now - 30 * MINUTE, (2.0, 1.0, 1.0))
    assert means.load(now - 29 * MINUTE).quarter == (None, None, None)


@given(st.lists(st.tuples(st.integers(0, 90_000), st.floats(0, 100)), max_size=200))
def test_a_mean_lies_among_its_samples(steps: list[tuple[int, float]]) -> None:
    means, at, seen = Means(), T0, [0.0]
    for pause, value in steps:
        at += pause
        means.add(at, (value, None, value))
        seen.append(value)
    for mean in (means.load(at).minute[0], means.load(at).quarter[0]):
        assert mean is None or min(seen) - 1e-6 <= mean <= max(seen) + 1e-6


def told(watch: Watch, minute: Amps, quarter: Amps, now: int = T0) -> list[str]:
    return [event.name for event in watch.judge(Load(minute, quarter), now)]


def test_a_minute_above_the_fuse_is_told_once_and_its_end() -> None:
    watch = Watch("p1", 20)
    assert told(watch, (19.0, 1.0, 1.0), (12.0, 9.0, 9.0)) == []
    assert told(watch, (21.0, 18.0, 18.0), (12.0, 9.0, 9.0)) == ["fuse_overload"]
    assert told(watch, (22.0, 18.0, 18.0), (12.0, 9.0, 9.0), T0 + MINUTE) == []
    assert told(watch, (19.5, 18.0, 18.0), (12.0, 9.0, 9.0), T0 + 2 * MINUTE) == []
    assert told(watch, (18.0, 18.0, 18.0), (12.0, 9.0, 9.0), T0 + 3 * MINUTE) == ["fuse_calm"]
    assert told(watch, (22.0, 18.0, 18.0), (12.0, 9.0, 9.0), T0 + 4 * MINUTE) == []
    assert told(watch, (22.0, 18.0, 18.0), (12.0, 9.0, 9.0), T0 + 61 * MINUTE) == ["fuse_overload"]


def test_the_alarm_names_phase_ampere_and_what_to_do() -> None:
    [event] = Watch("p1", 25).judge(Load((3.0, 27.2, 26.0), (None, None, None)), T0)
    assert event.text == (
        "L2 carried 27.2 A over a minute, the main fuse is 25 A: switch something off on that phase"
    )
    assert event.data == {"phase": 2, "amps": 27.2, "fuse_a": 25}


def test_a_quarter_near_the_fuse_is_told_too() -> None:
    watch = Watch("p1", 20)
    assert told(watch, (19.5, 15.0, 15.0), (19.2, 15.0, 15.0)) == ["fuse_overload"]
    assert told(watch, (10.0, 10.0, 10.0), (18.5, 15.0, 15.0)) == []
    assert told(watch, (10.0, 10.0, 10.0), (17.9, 15.0, 15.0)) == ["fuse_calm"]


def test_without_a_fuse_no_overload_is_told() -> None:
    assert told(Watch("p1", None), (90.0, 90.0, 90.0), (90.0, 90.0, 90.0)) == []


def test_phases_far_apart_for_a_quarter_of_an_hour() -> None:
    watch = Watch("p1", 25)
    assert told(watch, (15.0, 1.0, 1.0), (10.0, 1.0, 1.0)) == []
    assert told(watch, (15.0, 1.0, 1.0), (12.0, 1.5, 1.0)) == ["phase_imbalance"]
    assert told(watch, (15.0, 1.0, 1.0), (8.0, 1.5, 1.0)) == []
    assert told(watch, (5.0, 1.0, 1.0), (5.0, 1.5, 1.0)) == ["phases_balanced"]


def test_what_is_unknown_ends_no_alarm() -> None:
    watch = Watch("p1", 16)
    assert told(watch, (17.0, 16.0, 16.0), (None, None, None)) == ["fuse_overload"]
    assert told(watch, (None, None, None), (None, None, None)) == []


def test_a_load_that_comes_and_goes_is_told_once_an_hour_and_so_is_its_end() -> None:
    watch = Watch("p1", 20)
    heat, rest = ((22.0, 1.0, 1.0), (9.0, 9.0, 9.0)), ((5.0, 1.0, 1.0), (9.0, 9.0, 9.0))
    events = [
        (minute, name)
        for minute in range(130)
        for name in told(watch, *(heat if minute % 4 < 2 else rest), T0 + minute * MINUTE)
    ]
    assert events == [
        (0, "fuse_overload"), (2, "fuse_calm"), (60, "fuse_overload"), (62, "fuse_calm"),
        (120, "fuse_overload"), (122, "fuse_calm"),
    ]  # fmt: skip


def test_headroom_that_only_a_minute_knows_of_names_what_was_measured() -> None:
    watch = Watch("p1", 20)
    watch.judge(Load((22.0, 1.0, 1.0), (None,) * 3), T0)
    [event] = watch.judge(Load((5.0, 6.0, 1.0), (None,) * 3), T0 + MINUTE)
    assert event.data == {"phase": 2, "amps": 6.0, "fuse_a": 20}


def test_a_house_with_one_phase_has_an_alarm_and_no_imbalance() -> None:
    watch = Watch("p1", 20)
    assert told(watch, (21.0, None, None), (21.0, None, None)) == ["fuse_overload"]
    assert Load((21.0, None, None), (21.0, None, None)).imbalance_a is None
