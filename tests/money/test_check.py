"""Two counters of the same energy: registers at midnights, verdicts, trends. Worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calendar import QUARTER_MS
from appliance.clock import DAY_MS, HOUR_MS
from appliance.money import check, check_words
from appliance.money.accuracy import ASSUMED, CLASSES, OTHERS, READERS, accuracy
from appliance.money.check import Counter, Finding, Pair, Quarters, Reason, Verdict, registers
from appliance.money.trend import odd_one, trend

START = 20_000 * DAY_MS
DAYS = 31
EDGES = START + np.arange(DAYS + 1, dtype=np.int64) * DAY_MS


def quarters(times: list[int], values: list[float]) -> Quarters:
    """Of readings at instants: a register read at the very edge closes the quarter before."""
    starts = (np.array(times, np.int64) - 1) // QUARTER_MS * QUARTER_MS
    which, first, count = np.unique(starts, return_index=True, return_counts=True)
    value = np.array(values)
    return Quarters(which, count, np.minimum.reduceat(value, first), np.maximum.reduceat(value, first))


def steady(
    kw: float,
    every_ms: int = 5 * 60_000,
    digits: int = 3,
    skip: range = range(0),
    offset: int = 0,
) -> Quarters:
    """A register that rises evenly from 1000; nothing is read on the days of `skip`."""
    at = np.arange(START - 3 * HOUR_MS + offset, EDGES[-1] + 3 * HOUR_MS, every_ms)
    at = at[~np.isin((at - START) // DAY_MS, skip)]
    rise = np.floor((1000 + kw * (at - START) / HOUR_MS) * 10**digits + 1e-6) / 10**digits
    return quarters(at.tolist(), rise.tolist())


def counter(source: str, found: Quarters, type_: str = "p1_serial", percent: float = 1.0) -> Counter:
    return Counter(
        source,
        type_,
        registers(found, EDGES),
        percent,
        "assumed",
        check.last_digit(found.high),
        type_ in READERS,
    )


MONTH = slice(0, DAYS)


# Registers at midnights


def test_a_register_read_often_is_known_at_midnight() -> None:
    found = registers(steady(1.0, every_ms=10_000), EDGES)
    assert found.kwh[:3] == pytest.approx([1000, 1024, 1048], abs=0.004)
    assert found.slack.max() < 0.004
    assert found.quiet.max() == 0


def test_a_reading_twenty_minutes_before_midnight_leaves_what_went_through_open() -> None:
    """Read at 23:40 and 00:10 with 3 kW between: 1.5 kWh are somewhere, 1.0 of them before midnight."""
    times = [int(EDGES[1]) - 20 * 60_000, int(EDGES[1]) + 10 * 60_000]
    found = registers(quarters(times, [100.0, 101.5]), EDGES[1:2])
    [kwh], [slack] = found.kwh, found.slack
    assert abs(kwh - 101.0) <= slack <= 1.5
    assert kwh == pytest.approx(101.0, abs=0.2)


def test_the_main_fuse_bounds_what_went_through() -> None:
    """Read 20 minutes before and four days after: 100 kWh went through, at most 2 kW of it before."""
    times = [int(EDGES[1]) - 20 * 60_000, int(EDGES[1]) + 2 * DAY_MS]
    loose = registers(quarters(times, [100.0, 160.0]), EDGES[1:2])
    tight = registers(quarters(times, [100.0, 160.0]), EDGES[1:2], most_kw=2.0)
    assert loose.slack[0] > 50
    assert tight.slack[0] <= 1.5
    assert 100.0 <= tight.kwh[0] <= 101.5


def test_before_the_first_and_after_the_last_reading_nothing_is_known() -> None:
    found = registers(quarters([int(EDGES[1]) - 1000, int(EDGES[1]) + 1000], [5.0, 5.0]), EDGES)
    assert np.isfinite(found.kwh).tolist() == [False, True] + [False] * (DAYS - 1)


def test_a_register_told_for_the_end_of_each_day_is_known_to_its_last_digit() -> None:
    days = [20.0, 9.0, 30.0, 12.0]  # a day beside one of half its use is not left out
    told = [100.0, 120.0, 129.0, 159.0, 171.0]
    found = quarters([int(edge) for edge in EDGES[:5]], told)
    stood = registers(found, EDGES[:6], at_end=True)
    assert stood.kwh[:5].tolist() == told  # the newest too: nothing has to follow
    assert np.isnan(stood.kwh[5])
    assert not stood.slack[:5].any()
    portal = Counter("carma.1", "carma", stood, 1.0, "assumed", 0.01, "carma" in READERS)
    alone = Pair(portal, portal, same=True)
    assert [alone.judge(slice(n, n + 1)).meter_kwh for n in range(4)] == days
    assert alone.judge(slice(0, 4)).meter_kwh == sum(days)
    gap = registers(quarters([int(EDGES[0]), int(EDGES[2])], [100.0, 130.0]), EDGES[:3], at_end=True)
    assert gap.kwh.tolist() == [100.0, 115.0, 130.0]
    assert gap.slack.tolist() == [0.0, 15.0, 0.0]


@given(
    gaps=st.lists(st.integers(60_000, 6 * HOUR_MS), min_size=30, max_size=60),
    watts=st.lists(st.floats(0, 11_000), min_size=60, max_size=60),
)
def test_the_true_register_is_always_within_the_slack(gaps: list[int], watts: list[float]) -> None:
    """Whatever the power did between readings: the midnight's register lies in kwh ± slack."""
    times, truth = [START], [500.0]
    for gap, power in zip(gaps, watts, strict=False):
        times.append(times[-1] + gap)
        truth.append(truth[-1] + power * gap / 3.6e9)
    edges = EDGES[(times[0] < EDGES) & (times[-1] > EDGES)]
    if not len(edges):
        return
    found = registers(quarters(times, truth), edges)
    true = np.interp(edges, times, truth)
    assert np.all(np.abs(true - found.kwh) <= found.slack + 1e-9)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50), st.sampled_from([0, 1, 2, 3]))
def test_the_last_digit_is_never_finer_than_the_readings(whole: list[int], decimals: int) -> None:
    step = check.last_digit(np.array(whole) / 10**decimals)
    assert step >= 10.0**-decimals - 1e-12


# Verdicts


def test_a_meter_and_a_gateway_within_their_classes() -> None:
    """720 kWh against 1.5 % more: 1 % and 1 % allow 2 %."""
    pair = Pair(counter("p1", steady(1.0)), counter("gateway", steady(1.015), "powerwall"))
    found = pair.judge(MONTH)
    assert found.verdict is Verdict.WITHIN
    assert found.difference == pytest.approx(744 * 0.015, abs=0.1)
    assert found.percent == pytest.approx(1.5, abs=0.02)
    assert found.allowed_percent == pytest.approx(2.0, abs=0.05)
    assert (found.days, found.compared) == (DAYS, DAYS)


def test_a_meter_and_a_gateway_that_disagree_and_what_is_said() -> None:
    pair = Pair(counter("the meter", steady(1.0)), counter("the inverter", steady(1.031), "powerwall", 0.5))
    found = pair.judge(MONTH)
    assert found.verdict is Verdict.DISAGREE
    said = check_words.finding("import", "the meter", "the inverter", pair.same, found)
    assert check_words.plain(said, "In October") == (
        "In October the inverter counted 23.1 kWh (3.1 %) more import than the meter; "
        "their accuracy classes explain 1.5 %."
    )


def test_classes_are_no_excuse_where_two_read_one_meter() -> None:
    """A camera and the P1 port of one meter may be apart by their last digits, and by nothing else."""
    p1, camera = steady(1.0), steady(1.0, every_ms=15 * 60_000, digits=1)
    pair = Pair(counter("p1", p1), counter("camera", camera, "camera_meter"))
    assert pair.same
    assert pair.percent == 0.0
    assert pair.judge(MONTH).verdict is Verdict.AGREE
    wrong = Pair(counter("p1", p1), counter("camera", steady(1.01, digits=1), "camera_meter"))
    found = wrong.judge(MONTH)
    assert wrong.same  # on the first midnight they were alike
    assert found.verdict is Verdict.DISAGREE
    said = check_words.plain(check_words.finding("import", "p1", "camera", True, found), "In May")
    assert "both read the same meter" in said


def test_a_camera_that_reads_far_from_midnight_is_not_blamed() -> None:
    """Read every six hours: no day can be judged, the month can, and its ends are all that is open."""
    camera = steady(1.0, every_ms=6 * HOUR_MS, digits=1)
    pair = Pair(counter("p1", steady(1.0)), counter("camera", camera, "camera_meter"))
    day = pair.judge(slice(3, 4))
    assert (day.verdict, day.reason) == (Verdict.UNKNOWN, Reason.LOOSE)
    month = pair.judge(slice(2, 29))
    assert month.verdict is Verdict.AGREE
    assert month.compared == 27


def test_a_gateway_that_was_silent_is_not_compared_on_those_days_and_the_rest_is() -> None:
    pair = Pair(counter("p1", steady(1.0)), counter("gw", steady(1.0, skip=range(9, 12)), "powerwall"))
    assert pair.judge(slice(10, 11)).reason in (Reason.SILENT, Reason.UNREAD)
    month = pair.judge(MONTH)
    assert month.verdict is Verdict.AGREE
    assert month.compared == DAYS - 4  # nor on the day before, whose end is not known
    assert month.meter_kwh == pytest.approx(24 * (DAYS - 4), abs=0.3)


def test_a_meter_counts_while_nobody_reads_it() -> None:
    """The P1 port was unplugged for three days: its register knows what went through."""
    pair = Pair(counter("p1", steady(1.0, skip=range(9, 12))), counter("gw", steady(1.0), "powerwall"))
    assert pair.judge(slice(10, 11)).verdict is Verdict.UNKNOWN
    month = pair.judge(MONTH)
    assert (month.verdict, month.compared) == (Verdict.AGREE, DAYS)
    assert month.meter_kwh == pytest.approx(744, abs=0.3)


def test_so_little_energy_that_a_share_says_nothing() -> None:
    pair = Pair(counter("p1", steady(0.001)), counter("gw", steady(0.0), "powerwall"))
    found = pair.judge(slice(0, 3))
    assert found.verdict is Verdict.AGREE
    assert found.percent is None


def test_a_heat_pump_s_own_meter_is_no_second_grid_meter() -> None:
    pair = Pair(counter("p1", steady(1.0)), counter("pump", steady(0.3), "modbus_meter"))
    found = pair.judge(MONTH)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.ELSE)


def test_a_register_that_fell_is_not_compared() -> None:
    broken = steady(1.0)
    broken.low[:] = np.where(broken.start > EDGES[5], broken.low - 500, broken.low)
    broken.high[:] = np.where(broken.start > EDGES[5], broken.high - 500, broken.high)
    pair = Pair(counter("p1", steady(1.0)), counter("gw", broken, "powerwall"))
    assert pair.judge(slice(5, 6)).reason is Reason.FELL
    assert pair.judge(MONTH).compared == DAYS - 1


@given(st.floats(0.9, 1.1), st.floats(0.1, 8.0))
def test_days_add_up_to_the_month(share: float, kw: float) -> None:
    pair = Pair(counter("p1", steady(kw)), counter("gw", steady(kw * share), "powerwall"))
    days = [pair.judge(slice(n, n + 1)).difference for n in range(DAYS)]
    month = pair.judge(MONTH)
    assert sum(d for d in days if d is not None) == pytest.approx(month.difference, abs=1e-6)


@given(st.floats(-0.05, 0.05))
def test_a_verdict_follows_from_the_difference_alone(share: float) -> None:
    pair = Pair(counter("p1", steady(1.0)), counter("gw", steady(1.0 + share), "powerwall"))
    found = pair.judge(MONTH)
    apart, explained = abs(found.difference or 0.0), found.slack + check.FLOOR_KWH
    if apart <= explained:
        assert found.verdict is Verdict.AGREE
    elif apart <= explained + found.allowed:
        assert found.verdict is Verdict.WITHIN
    else:
        assert found.verdict is Verdict.DISAGREE


# Trends, and who stands apart


def test_a_drift_needs_more_months_than_noise() -> None:
    assert trend([1.0, 1.2, 1.4]) is None
    rising = trend([0.5, 0.9, 1.3, 1.75, 2.1])
    assert rising is not None
    assert rising.drifts
    assert rising.per_month == pytest.approx(0.405)
    noise = trend([1.0, 1.6, 0.7, 1.4, 1.1])
    assert noise is not None
    assert not noise.drifts


def test_a_month_that_is_not_known_keeps_its_place() -> None:
    found = trend([1.0, None, 3.0, 4.0, 5.0])
    assert found is not None
    assert found.per_month == pytest.approx(1.0)
    assert found.months == 4


@pytest.mark.parametrize(
    ("second", "third", "odd"),
    [(1.0, 1.05, "third"), (1.05, 1.05, "p1"), (1.05, 0.95, None), (1.0, 1.0, None)],
)
def test_of_three_the_one_apart_is_found(second: float, third: float, odd: str | None) -> None:
    meter = counter("p1", steady(1.0))
    others = [counter("second", steady(second), "powerwall"), counter("third", steady(third), "modbus_meter")]
    found = [(one, False, Pair(meter, one).judge(MONTH)) for one in others]
    assert odd_one("p1", found) == odd
    assert odd_one("p1", found[:1]) is None  # of two nobody can tell


def test_one_that_cannot_be_compared_agrees_with_nobody() -> None:
    meter = counter("p1", steady(1.0))
    others = [
        counter("second", steady(1.05), "powerwall"),
        counter("heat_pump", steady(0.3), "modbus_meter"),
    ]
    found = [(one, False, Pair(meter, one).judge(MONTH)) for one in others]
    assert [one.verdict for _, _, one in found] == [Verdict.DISAGREE, Verdict.UNKNOWN]
    assert odd_one("p1", found) is None


# Accuracies and words


def test_accuracies_are_told_or_assumed() -> None:
    assert accuracy("powerwall", 0.5) == (0.5, "config")
    assert accuracy("p1_serial") == (CLASSES["B"], "assumed")
    assert accuracy("an inverter") == (OTHERS, "assumed")
    assert {*READERS} >= {"camera_meter", "p1_serial", "homewizard", "remote"}
    assert all(0 < percent <= 2 for percent in ASSUMED.values())


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_is_a_sentence(reason: Reason) -> None:
    found = Finding(Verdict.UNKNOWN, 1, 0, 10.0, 3.0, reason=reason)
    text = check_words.plain(check_words.finding("import", "p1", "camera", False, found), "On 14 May")
    assert text.startswith("On 14 May ")
    assert text.endswith((".", "?"))
    assert "{" not in text


def test_a_drift_and_a_steady_difference_are_told() -> None:
    whole = Finding(Verdict.DISAGREE, 150, 150, 1000.0, 1030.0)
    drift = check_words.trend("gw", trend([0.5, 0.9, 1.3, 1.75, 2.1]), whole)
    assert drift is not None
    assert "grows by 0.41 percentage points a month" in check_words.plain(drift)
    same = check_words.trend("gw", trend([3.0, 3.01, 2.99, 3.0]), whole)
    assert same is not None
    assert "steady at 3.0 %" in check_words.plain(same)
    assert check_words.trend("gw", None, whole) is None
