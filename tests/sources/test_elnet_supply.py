"""When the generator took over: Supply and registers together, against any sequence of samples."""

from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from appliance.clock import HOUR_MS, MINUTE_MS
from appliance.model import Event
from appliance.sources._elnet_data import GENERATOR, GRID, Live
from appliance.sources._elnet_supply import OFF, ON, WATCHED_MS, Count, Judge, Spent, State

IST = ZoneInfo("Asia/Kolkata")
START = 1_794_547_800_000  # 2026-11-13 11:00 in India
KEPT = TypeAdapter(State)


@dataclass
class Flat:
    """A meter whose samples are made one by one; the judge hears each, and is saved and opened before it."""

    at: int = START
    eb: float = 1000.0
    dg: float = 50.0
    restarts: bool = False

    def __post_init__(self) -> None:
        self.judge = Judge("elnet", IST, State())
        self.told: list[Event] = []

    def step(
        self, supply: int, eb: float = 0.0, dg: float = 0.0, minutes: float = 1.0, spent: Spent | None = None
    ) -> list[Event]:
        """A sample after `minutes`, the registers having risen by `eb` and `dg`."""
        if self.restarts:
            self.judge = Judge("elnet", IST, KEPT.validate_json(KEPT.dump_json(self.judge.state)))
        self.at += round(minutes * MINUTE_MS)
        self.eb, self.dg = round(self.eb + eb, 2), round(self.dg + dg, 2)
        live = Live(self.at, supply, 0.6, 500.0, self.eb, self.dg)
        news = self.judge.take(live, spent or Spent())
        self.told += news
        return news

    def grid(self, count: int = 3) -> None:
        for _ in range(count):
            self.step(GRID, eb=0.02)

    def generator(self, count: int = 3) -> None:
        for _ in range(count):
            self.step(GENERATOR, dg=0.02)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.told]


@pytest.fixture
def flat() -> Flat:
    made = Flat()
    made.grid()
    return made


def test_an_episode_with_its_numbers(flat: Flat) -> None:
    begun = flat.at
    flat.step(GENERATOR, eb=0.01, dg=0.01)
    flat.generator(9)
    flat.step(GRID, eb=0.01, dg=0.01)
    ended = flat.at
    flat.grid()
    on, off = flat.told
    assert flat.names == [ON, OFF]
    assert begun < on.at == on.data["start"] < begun + MINUTE_MS
    assert off.data["end"] == off.at
    assert ended - MINUTE_MS < off.at < ended
    assert off.data["kwh"] == 0.2
    assert off.data["mean_kw"] == pytest.approx(1.2, abs=0.05)
    assert off.data["duration_s"] == 600
    assert "cost" not in off.data
    assert off.text == "The grid is back after 10 min on the generator: 0.20 kWh, 1.2 kW on average"


def test_one_sample_is_no_episode(flat: Flat) -> None:
    flat.step(GENERATOR)
    flat.step(GRID)
    flat.step(GENERATOR, eb=0.01)
    flat.step(GRID, eb=0.01)
    flat.step(GRID, dg=0.02)  # the generator is tested
    flat.grid()
    assert flat.told == []


def test_while_in_doubt_nobody_is_said_to_supply(flat: Flat) -> None:
    assert flat.judge.supply == GRID
    flat.step(GENERATOR, dg=0.01)
    assert flat.judge.supply is None
    flat.step(GENERATOR, dg=0.01)
    assert flat.judge.supply == GENERATOR


def test_supply_alone_needs_three(flat: Flat) -> None:
    flat.step(GENERATOR)
    flat.step(GENERATOR)
    assert flat.told == []
    flat.step(GENERATOR)
    assert flat.names == [ON]


def test_registers_decide_against_a_stuck_supply(flat: Flat) -> None:
    for _ in range(8):
        flat.step(GRID, dg=0.01)
        flat.step(GRID)  # too little was used to move a register
    assert flat.names == [ON]
    flat.grid()
    assert flat.names == [ON, OFF]
    assert flat.told[1].data["kwh"] == 0.08


def test_a_supply_stuck_at_generator_is_not_believed(flat: Flat) -> None:
    for _ in range(10):
        flat.step(GENERATOR, eb=0.02)
    assert flat.told == []
    for _ in range(10):
        flat.step(GENERATOR)  # and stays so at night, when registers rest
    assert flat.told == []


def test_a_supply_that_moves_counts_again(flat: Flat) -> None:
    for _ in range(3):
        flat.step(GENERATOR, eb=0.02)
    flat.step(GRID, eb=0.02)
    flat.generator()
    assert flat.names == [ON]


def test_flicker_makes_no_episode_and_hides_none(flat: Flat) -> None:
    for _ in range(6):
        flat.step(GENERATOR, eb=0.02)
        flat.step(GRID, eb=0.02)
    assert flat.told == []
    for _ in range(6):
        flat.step(GENERATOR, dg=0.02)
        flat.step(GRID, dg=0.02)
    assert flat.names == [ON]
    flat.grid()
    assert flat.names == [ON, OFF]


def test_begun_unwatched(flat: Flat) -> None:
    last = flat.at
    flat.step(GENERATOR, eb=0.1, dg=0.5, minutes=40)
    first = flat.at
    flat.generator(5)
    on = flat.told[0]
    assert on.data == {"start": first, "not_watched": [last, first]}
    assert "it was not watched from 2026-11-13 11:03 to 2026-11-13 11:43" in on.text
    flat.grid()
    off = flat.told[1]
    assert off.text.startswith("The grid is back after at least 5 min on the generator: 0.60 kWh")
    assert off.data["kwh"] == 0.6
    assert "mean_kw" not in off.data


def test_ended_unwatched(flat: Flat) -> None:
    flat.generator(5)
    flat.step(GRID, eb=0.4, dg=0.3, minutes=60)
    flat.grid()
    assert flat.names == [ON, OFF]
    assert "at most 1 h 5 min" in flat.told[1].text
    assert flat.told[1].data["kwh"] == 0.4


def test_begun_and_ended_unwatched(flat: Flat) -> None:
    flat.step(GRID, eb=0.4, dg=0.3, minutes=60)
    (off,) = flat.told
    assert off.name == OFF
    assert off.data["kwh"] == 0.3
    assert off.data["not_watched"] == [[flat.at - HOUR_MS, flat.at]]
    assert "at most 1 h 0 min" in off.text
    flat.grid()
    assert flat.names == [OFF]


def test_only_the_generators_register_moved_in_a_silence(flat: Flat) -> None:
    flat.step(GRID, dg=0.3, minutes=60)
    flat.grid()
    assert flat.names == [OFF]


def test_the_grid_was_back_for_a_while_unwatched(flat: Flat) -> None:
    flat.generator(5)
    flat.step(GENERATOR, eb=0.4, dg=0.3, minutes=60)
    flat.generator(2)
    flat.grid()
    assert flat.names == [ON, OFF]
    assert "at most" in flat.told[1].text


def test_who_looks_first_while_the_generator_runs() -> None:
    flat = Flat()
    flat.generator(3)
    flat.grid()
    on, off = flat.told
    assert "not watched before" in on.text
    assert "at least" in off.text


def test_another_meter_during_an_episode(flat: Flat) -> None:
    flat.generator(4)
    flat.judge.exchanged()
    flat.eb, flat.dg = 3.0, 1.0
    flat.generator(4)
    flat.grid()
    assert flat.names == [ON, OFF]
    assert not {"kwh", "cost", "mean_kw"} & flat.told[1].data.keys()


def test_rupees_as_the_portal_counts_them_or_as_the_balance_falls(flat: Flat) -> None:
    before = Spent(Count(1, 100.0, 5.0), 800.0, 8.0)
    flat.step(GRID, eb=0.02, spent=before)
    for n in range(1, 6):
        counted = Spent(Count(1, 100.0 + 2.2 * n, 5.0 + 0.1 * n), 800.0 + 2.2 * n, 8.0)
        flat.step(GENERATOR, dg=0.1, spent=counted)
    behind = Spent(Count(1, 104.4, 5.2), 811.32, 8.0)  # 0.04 kWh of the grid are in the balance too
    flat.step(GRID, eb=0.02, spent=behind)
    assert flat.step(GRID, eb=0.02, spent=behind)[0].data["cost"] == 11.0
    flat.step(GRID, eb=0.02, spent=before)
    flat.generator(2)
    flat.step(GRID, eb=0.02, spent=Spent(Count(1, 101.5, 5.04)))
    assert flat.step(GRID, eb=0.02, spent=Spent(Count(1, 101.5, 5.04)))[0].data["cost"] == 1.5


STEPS = st.lists(
    st.tuples(
        st.sampled_from((GRID, GENERATOR)),
        st.sampled_from((0.0, 0.0, 0.01, 0.05)),
        st.sampled_from((0.0, 0.0, 0.01, 0.05, 0.4)),
        st.sampled_from((1.0, 1.0, 1.0, 1.5, 5.9, 6.1, 90.0)),
    ),
    max_size=60,
)


@settings(max_examples=150)
@given(STEPS)
def test_whatever_comes_episodes_are_whole(steps: list[tuple[int, float, float, float]]) -> None:
    flat, again = Flat(), Flat(restarts=True)
    for supply, eb, dg, minutes in steps:
        flat.step(supply, eb, dg, minutes)
        again.step(supply, eb, dg, minutes)
    assert flat.told == again.told
    running = False
    for event in flat.told:
        unseen = event.name == OFF and event.data.get("not_watched") == [[event.data["start"], event.at]]
        if not unseen:
            assert (event.name == OFF) is running
            running = event.name == ON
        if event.name == OFF:
            assert event.data["duration_s"] >= 0
            assert event.data["kwh"] >= 0
            assert event.data.get("mean_kw", 0) >= 0
    assert running is (flat.judge.state.running is not None)
    kwh = sum(event.data["kwh"] for event in flat.told if event.name == OFF)
    assert kwh <= flat.dg - 50 + 1e-6  # no kWh in two episodes


SPANS = st.lists(st.tuples(st.integers(6, 40), st.integers(6, 40)), min_size=1, max_size=5)


@settings(max_examples=60)
@given(SPANS, st.floats(0.7, 4.0), st.integers(0, 59))
def test_an_honest_portal_gives_each_episode_once(
    spans: list[tuple[int, int]], kilowatts: float, second: int
) -> None:
    """Edges in the middle of a minute; a sample every minute; registers rounded to 0.01 kWh."""
    edges = [START]
    for on_grid, on_generator in spans:
        edges += [edges[-1] + on_grid * MINUTE_MS, edges[-1] + (on_grid + on_generator) * MINUTE_MS]
    shift = second * 1000
    truth = [(a + shift, b + shift) for a, b in zip(edges[1::2], edges[2::2], strict=True)]
    judge, told = Judge("elnet", IST, State()), []
    for at in range(START, truth[-1][1] + 10 * MINUTE_MS, MINUTE_MS):
        ran_ms = sum(max(0, min(at, b) - a) for a, b in truth)
        dg = ran_ms / HOUR_MS * kilowatts
        eb = (at - START - ran_ms) / HOUR_MS * kilowatts
        supply = GENERATOR if any(a <= at < b for a, b in truth) else GRID
        told += judge.take(Live(at, supply, kilowatts, 0.0, round(eb, 2), round(dg, 2)))
    assert [event.name for event in told] == [ON, OFF] * len(truth)
    for (begun, ended), (on, off) in zip(truth, zip(told[::2], told[1::2], strict=True), strict=True):
        assert abs(on.at - begun) <= MINUTE_MS
        assert abs(off.at - ended) <= MINUTE_MS
        assert off.data["kwh"] == pytest.approx((ended - begun) / HOUR_MS * kilowatts, abs=0.021)
    assert all(a.at < b.at for a, b in pairwise(told))
    assert WATCHED_MS > MINUTE_MS
