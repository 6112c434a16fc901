"""The virtual flat: registers, generator and balance agree at every instant, however often it is asked."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.clock import FakeClock
from appliance.demo.condo import VirtualCondo
from appliance.demo.flat import FIRST_CUT_MS, FIRST_RECHARGE, VirtualFlat
from appliance.demo.flat_load import load, warmth
from appliance.demo.flat_plan import DAY_MS, IST_MS, MINUTE_MS, UPKEEP, Movement, Plan, Span
from appliance.demo.flat_truth import DG_RATE, EB_RATE, Flat, local_day
from appliance.demo.house import STEP_MS
from appliance.demo.outages import Outage

START = int(datetime(2026, 4, 1, 3, 30, tzinfo=UTC).timestamp() * 1000)
"""Nine in the morning in Bengaluru."""
HOUR_MS = 60 * MINUTE_MS
MONTH = 30 * DAY_MS
CUT = Outage(START + 2 * HOUR_MS, START + 3 * HOUR_MS)
OVER_MIDNIGHT = Outage(START + 14 * HOUR_MS, START + 16 * HOUR_MS)
PLAN = Plan(
    balance=1000.0,
    cuts=(CUT, OVER_MIDNIGHT),
    movements=(Movement(START + HOUR_MS, 2500.0), Movement(START + 20 * HOUR_MS, -246.0)),
    disconnected=(Span(START + 25 * HOUR_MS, START + 26 * HOUR_MS),),
    chance=False,
)


@pytest.fixture(scope="module")
def flat() -> Flat:
    return Flat(FakeClock(START), plan=PLAN)


@pytest.fixture(scope="module")
def lively() -> Flat:
    """A flat that lives on by itself."""
    return Flat(FakeClock(START), seed=3)


def test_it_begins_as_it_was_asked_to(flat: Flat) -> None:
    first = flat.state_at(START)
    assert (first.eb_kwh, first.dg_kwh, first.balance) == pytest.approx((16_128.94, 81.23, 1000.0))
    assert flat.state_at(START - DAY_MS) == first


@given(a=st.integers(START, START + MONTH), b=st.integers(START, START + MONTH))
@settings(max_examples=80, deadline=None)
def test_what_is_used_is_what_the_balance_lost(lively: Flat, a: int, b: int) -> None:
    before, after = (lively.state_at(at) for at in sorted((a, b)))
    eb, dg = after.eb_kwh - before.eb_kwh, after.dg_kwh - before.dg_kwh
    assert eb >= 0
    assert dg >= 0
    assert lively.used(before.at, after.at) == pytest.approx((eb, dg), abs=1e-7)
    moved = sum(one.amount for one in lively.movements(before.at + 1, after.at + 1))
    spent = eb * EB_RATE + dg * DG_RATE
    assert after.balance - before.balance == pytest.approx(moved - spent, abs=1e-5)


def test_registers_are_the_integral_of_the_load(flat: Flat) -> None:
    states = [flat.state_at(at) for at in range(START, START + DAY_MS, STEP_MS)]
    by_supply = {"eb": 0.0, "dg": 0.0, "none": 0.0}
    for state in states:
        by_supply[state.supply] += state.load_w * STEP_MS / 3.6e9
    end = flat.state_at(START + DAY_MS)
    assert end.eb_kwh - states[0].eb_kwh == pytest.approx(by_supply["eb"])
    assert end.dg_kwh - states[0].dg_kwh == pytest.approx(by_supply["dg"])
    assert by_supply["none"] == 0


def test_the_generator_takes_over_after_some_seconds(flat: Flat) -> None:
    episodes = flat.episodes(START, START + 2 * DAY_MS)
    assert [one.end for one in episodes] == [CUT.end, OVER_MIDNIGHT.end]
    for cut, episode in zip((CUT, OVER_MIDNIGHT), episodes, strict=True):
        assert cut.start + STEP_MS <= episode.start <= cut.start + 2 * STEP_MS
        words = [flat.state_at(at).supply for at in (cut.start - 1, cut.start, episode.start, cut.end)]
        assert words == ["eb", "none", "dg", "eb"]
        assert flat.state_at(cut.start).load_w == 0
        before, after = flat.state_at(episode.start), flat.state_at(episode.end)
        assert after.dg_kwh - before.dg_kwh == pytest.approx(episode.kwh)
        assert after.eb_kwh == before.eb_kwh
        assert before.balance - after.balance == pytest.approx(episode.cost) == episode.kwh * DG_RATE
    assert flat.episodes(CUT.end, OVER_MIDNIGHT.start) == []
    assert flat.episodes(CUT.end - 1, CUT.end) == episodes[:1]


def test_cuts_that_touch_are_one() -> None:
    cuts = (Outage(START + HOUR_MS, START + 2 * HOUR_MS), Outage(START + 2 * HOUR_MS, START + 3 * HOUR_MS))
    flat = Flat(FakeClock(START), plan=Plan(cuts=cuts, chance=False))
    (episode,) = flat.episodes(START, START + DAY_MS)
    assert episode.end == cuts[1].end
    assert flat.state_at(cuts[1].start).supply == "dg"


def test_an_open_relay_takes_the_load_and_not_the_street(flat: Flat) -> None:
    (span,) = PLAN.disconnected
    inside, after = flat.state_at(span.start), flat.state_at(span.end)
    assert (inside.connected, inside.load_w, inside.supply) == (False, 0, "eb")
    assert after.connected
    assert after.load_w > 0
    assert inside.eb_kwh == after.eb_kwh


def test_the_roof_goes_before_street_and_generator() -> None:
    noon = START + 3 * HOUR_MS + 30 * MINUTE_MS
    cut = Outage(noon, noon + HOUR_MS)
    dark, sunny = (
        Flat(FakeClock(START), plan=Plan(cuts=(cut,), chance=False, panel_w=watts)) for watts in (0, 2000)
    )
    for begin, end in ((START, cut.start), cut, (cut.end, START + DAY_MS)):
        roof = sunny.sunned(begin, end)
        assert sum(sunny.used(begin, end)) + roof == pytest.approx(sum(dark.used(begin, end)))
        assert roof > 0
    assert dark.sunned(START, START + DAY_MS) == 0
    assert sunny.state_at(START + DAY_MS).solar_kwh == pytest.approx(sunny.sunned(START, START + DAY_MS))
    midnight = START + 15 * HOUR_MS
    assert sunny.sunned(midnight - 5 * HOUR_MS, midnight + 6 * HOUR_MS) == 0, "the sun is down by seven"
    assert sunny.sunned(midnight + 6 * HOUR_MS, midnight + 8 * HOUR_MS) > 0, "and up after six"


def test_money_comes_and_goes_as_planned(flat: Flat) -> None:
    (paid,), (taken,) = (each(START, START + MONTH) for each in (flat.recharges, flat.deductions))
    assert (paid, taken) == PLAN.movements
    assert flat.balance_at(paid.at) - flat.balance_at(paid.at - 1) == pytest.approx(2500, abs=0.01)
    assert flat.balance_at(taken.at) - flat.balance_at(taken.at - 1) == pytest.approx(-246, abs=0.01)


@given(st.lists(st.integers(START, START + MONTH), max_size=6))
@settings(max_examples=15, deadline=None)
def test_it_does_not_matter_who_asked_what_before(lively: Flat, asked: list[int]) -> None:
    other = Flat(FakeClock(START), seed=3)
    for at in asked:
        assert other.state_at(at) == lively.state_at(at)
    assert other.movements(START, START + MONTH) == lively.movements(START, START + MONTH)
    assert other.episodes(START, START + MONTH) == lively.episodes(START, START + MONTH)


def test_by_itself_it_is_fed_and_paid_for(lively: Flat) -> None:
    end = START + 120 * DAY_MS
    upkeep = [one for one in lively.deductions(START, end) if one.amount == UPKEEP]
    wall = [datetime.fromtimestamp(one.at / 1000, UTC) + timedelta(milliseconds=IST_MS) for one in upkeep]
    assert [(at.day, at.hour, at.minute) for at in wall] == [(10, 1, 10)] * 4
    assert all(-262 < one.amount < -199 for one in lively.deductions(START, end) if one not in upkeep)
    assert min(lively.balance_at(at) for at in range(START, end, HOUR_MS)) > 0, "people look every evening"
    assert len(lively.recharges(START, end)) >= 5
    assert 100 <= len(lively.episodes(START, end)) <= 121
    kwh = sum(lively.used(START, end)) / 120
    assert 10 < kwh < 22, "a flat of three people in the warm months"


def test_there_is_a_past(lively: Flat) -> None:
    past = lively.movements(0, START)
    assert len(past) >= 15
    assert past == sorted(past)
    assert sum(one.amount == UPKEEP for one in past) in (6, 7)
    assert all(kwh > 0 for kwh in lively.used(START - MONTH, START))


@pytest.mark.parametrize("seed", range(6))
def test_a_planned_month_has_one_thing_at_a_time(seed: int) -> None:
    plan = Plan.month(START, seed)
    assert plan == Plan.month(START, seed)
    kinds = (plan.cuts, plan.stale, plan.movements)
    assert [len(kind) for kind in kinds] == [8, 3, 5]
    assert sum(one.amount > 0 for one in plan.movements) == 3
    spans = sorted([*plan.cuts, *plan.stale, *((one.at, one.at) for one in plan.movements)])
    assert spans[0][0] > START
    assert spans[-1][1] < START + MONTH
    assert all(later[0] - earlier[1] > 2 * HOUR_MS for earlier, later in pairwise(spans))
    flat = Flat(FakeClock(START), seed=seed, plan=plan)
    assert len(flat.episodes(START, START + MONTH)) == 8
    assert flat.movements(START, START + MONTH) == list(plan.movements)
    assert flat.balance_at(START) == plan.balance


def test_april_is_warmer_than_november() -> None:
    april, november = (local_day(int(datetime(2026, m, 15, tzinfo=UTC).timestamp() * 1000)) for m in (4, 11))
    assert warmth(april) > 0.95 > 0.3 > warmth(november)
    use = [sum(load(1, day + n).sum() for n in range(30)) for day in (april, november)]
    assert use[0] > 1.4 * use[1]


def test_a_newcomer_sees_the_generator_and_a_recharge(tmp_path: Path) -> None:
    clock = FakeClock(START)
    place = VirtualFlat(clock, tmp_path)
    begin, end = (START + into for into in FIRST_CUT_MS)
    assert place.flat.state_at((begin + end) // 2).supply == "dg"
    assert FIRST_RECHARGE in [one.amount for one in place.flat.recharges(START, START + HOUR_MS)]
    clock.tick(3600)
    again = VirtualFlat(clock, tmp_path)
    assert again.flat.state() == place.flat.state(), "in the same folder it is the same flat"


def test_the_configurations_of_flat_and_condominium(tmp_path: Path) -> None:
    with VirtualFlat(FakeClock(START), tmp_path / "flat") as flat:
        config = flat.config()
        assert (config["site"]["currency"], config["site"]["time_zone"]) == ("INR", "Asia/Kolkata")
        assert [one["url"] for one in config["sources"]] == [flat.elnet.url]
        assert config["sinks"] == [flat.telegram.sink_config()]
        assert flat.telegram.url in flat.notes()[0]
    with VirtualCondo(FakeClock(START), tmp_path / "condo") as condo:
        config = condo.config()
        assert config["site"]["currency"] == "CAD"
        assert config["sources"][0]["url"].startswith(condo.carma.url)
