import asyncio
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from appliances import NOON, made
from hypothesis import given
from hypothesis import strategies as st

from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.errors import StoreError
from appliance.hub import Hub
from appliance.model import Event, Quantity, Reading
from appliance.outage_watch import OutageWatch
from appliance.outages import DOWN, JOIN_MS, SYNCING, UP, Judge, Outage, lasting, outages

ZONE = ZoneInfo("Europe/Stockholm")
STEP = 10_000


def state(value: float, at: int, source: str = "pw") -> Reading:
    return Reading(source, Quantity.GRID_STATE, value, at)


def judged(*said: tuple[float, int], judge: Judge | None = None) -> list[Event]:
    """What is told of states at seconds after NOON."""
    judge = judge or Judge("pw", ZONE)
    found = [judge.take(state(value, NOON + s * 1000), NOON + s * 1000) for value, s in said]
    return [event for event in found if event]


def test_an_outage_has_a_start_an_end_and_a_duration() -> None:
    down, up = judged((UP, 0), (DOWN, 10), (DOWN, 20), (UP, 140), (UP, 150))
    assert (down.name, down.at, down.text, down.data) == (
        "grid_down", NOON + 10_000, "The grid is lost", {"start": NOON + 10_000},
    )  # fmt: skip
    assert (up.name, up.at, up.text) == ("grid_up", NOON + 140_000, "The grid is back after 2 min")
    assert up.data == {"start": NOON + 10_000, "end": NOON + 140_000, "duration_s": 130.0}


def test_syncing_belongs_to_the_outage_on_both_sides_of_it() -> None:
    down, up = judged((UP, 0), (SYNCING, 10), (DOWN, 20), (SYNCING, 30), (DOWN, 40), (SYNCING, 50), (UP, 60))
    assert (down.data["start"], up.data["end"]) == (NOON + 10_000, NOON + 60_000)


def test_syncing_alone_is_no_outage() -> None:
    assert judged((UP, 0), (SYNCING, 10), (UP, 20), (SYNCING, 30), (UP, 40)) == []
    assert [e.data["start"] for e in judged((SYNCING, 0), (UP, 10), (DOWN, 20))] == [NOON + 20_000]


def test_what_is_older_than_the_last_word_is_no_news() -> None:
    assert judged((UP, 100), (DOWN, 90), (DOWN, 100), (UP, 110)) == []
    late = judged((DOWN, 100), (UP, 90))
    assert [event.name for event in late] == ["grid_down"]


def test_after_the_clock_was_set_back_it_goes_on() -> None:
    judge = Judge("pw", ZONE)
    assert judge.take(state(UP, NOON + 3_600_000), NOON + 3_600_000) is None
    event = judge.take(state(DOWN, NOON), NOON)
    assert event is not None
    assert event.data == {"start": NOON}


def test_a_clock_set_back_within_an_outage_makes_no_negative_one() -> None:
    judge = Judge("pw", ZONE)
    assert judge.take(state(DOWN, NOON + 3_600_000), NOON + 3_600_000) is not None
    event = judge.take(state(UP, NOON), NOON)
    assert event is not None
    assert event.data["duration_s"] == 0
    assert event.data["end"] == event.data["start"]


def test_silence_ends_no_outage_and_is_told() -> None:
    _, up = judged((UP, 0), (DOWN, 10), (UP, 10 + 7800))
    assert up.text == (
        "The grid is back after at most 2 h 10 min; "
        "it was not watched from 2026-05-05 18:53 to 2026-05-05 21:03"
    )
    assert up.data["not_watched"] == [[NOON + 10_000, NOON + 7_810_000]]


def test_a_loss_after_silence_is_known_from_when_it_was_seen() -> None:
    down, up = judged((UP, 0), (DOWN, 3600), (UP, 3660))
    assert down.data == {"start": NOON + 3_600_000, "not_watched": [NOON, NOON + 3_600_000]}
    assert "not watched from 2026-05-05 18:53 to 2026-05-05 19:53" in down.text
    assert up.text == "The grid is back after at least 1 min"
    *_, both = judged((UP, 0), (DOWN, 3600), (UP, 7200))
    assert both.text.startswith("The grid is back after about 1 h 0 min; it was not watched from")


def test_a_restart_in_the_middle_neither_doubles_nor_loses() -> None:
    (down,) = judged((UP, 0), (DOWN, 10))
    judge = Judge("pw", ZONE)
    judge.restore(NOON + 10_000, down)
    (up,) = judged((DOWN, 60), (SYNCING, 70), (UP, 80), judge=judge)
    assert up.data == {"start": NOON + 10_000, "end": NOON + 80_000, "duration_s": 70.0}
    judge = Judge("pw", ZONE)
    judge.restore(NOON + 10_000, up)
    assert judged((UP, 90), judge=judge) == []


def test_a_source_that_is_gone_ends_what_it_saw() -> None:
    (down,) = judged((UP, 0), (DOWN, 10))
    judge = Judge("pw", ZONE)
    judge.restore(NOON + 60_000, down)
    event = judge.gone(NOON + 9_000_000)
    assert event is not None
    assert event.name == "grid_up"
    assert event.data["end"] == NOON + 60_000
    assert judge.gone(NOON + 9_000_000) is None


@given(st.lists(st.tuples(st.sampled_from([DOWN, UP, SYNCING]), st.integers(1, 400)), max_size=40))
def test_downs_and_ups_take_turns_and_agree(said: list[tuple[int, int]]) -> None:
    at, steps = 0, []
    for value, pause in said:
        at += pause
        steps.append((value, at))
    events = judged(*steps)
    names = [event.name for event in events]
    assert names == [("grid_down", "grid_up")[n % 2] for n in range(len(names))]
    for down, up in zip(events[::2], events[1::2], strict=False):
        assert up.data["start"] == down.data["start"] < up.data["end"]
    listed = outages(events, 0, NOON * 2)
    assert sum(one.times for one in listed) == (len(events) + 1) // 2
    assert all(a.start > (b.end or 0) + JOIN_MS for a, b in pairwise(listed))


def event(name: str, at: int, source: str = "pw", **data: Any) -> Event:
    return Event(source, name, NOON + at * 1000, "", data)


def pair(start: int, end: int, source: str = "pw") -> list[Event]:
    span = {"start": NOON + start * 1000, "end": NOON + end * 1000}
    return [event("grid_down", start, source, start=span["start"]), event("grid_up", end, source, **span)]


def spans(found: list[Outage]) -> list[tuple[int, int | None]]:
    return [((o.start - NOON) // 1000, None if o.end is None else (o.end - NOON) // 1000) for o in found]


def test_the_last_outage_comes_first_and_only_those_asked_for() -> None:
    events = [*pair(0, 100), *pair(1000, 2000), *pair(5000, 5100)]
    assert spans(outages(events, 0, NOON * 2)) == [(5000, 5100), (1000, 2000), (0, 100)]
    assert spans(outages(events, NOON + 1_500_000, NOON + 5_000_000)) == [(1000, 2000)]
    assert outages(events, NOON + 100_000, NOON + 1_000_000) == []


def test_flicker_and_two_gateways_are_one_outage() -> None:
    flicker = outages([*pair(0, 100), *pair(130, 200)], 0, NOON * 2)
    assert (spans(flicker), flicker[0].times) == ([(0, 200)], 2)
    both = outages([*pair(0, 100), *pair(5, 110, "second")], 0, NOON * 2)
    assert (spans(both), both[0].times, both[0].sources) == ([(0, 110)], 1, ("pw", "second"))


def test_one_that_lasts_has_no_end_and_is_told_once() -> None:
    events = [event("grid_down", 0, start=NOON), event("grid_down", 50, start=NOON + 50_000)]
    (one,) = outages(events, NOON + 3_600_000, NOON + 7_200_000)
    assert (one.start, one.end, one.duration_s(NOON + 90_000)) == (NOON, None, 90.0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (40, "40 s"),
        (59.6, "60 s"),
        (61, "1 min"),
        (3599, "1 h 0 min"),
        (7800, "2 h 10 min"),
        (172_800, "2 d 0 h"),
        (41e6, "474 d 12 h"),
    ],
)
def test_how_long(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


# The watch, in a real appliance


async def told(here: Appliance) -> list[tuple[str, str]]:
    stored = await here.store.events(names=["grid_down", "grid_up"])
    return [(event.source, event.name) for _, event in reversed(stored)]


async def heard(here: Appliance, *said: tuple[float, int]) -> None:
    for value, at in said:
        await here.accept([state(value, at)])
        await asyncio.sleep(0)


def house(folder: Path, clock: FakeClock) -> Appliance:
    made_ = made(folder, clock)
    made_.outage_watch._sources = {"pw"}  # as if config.json had it
    return made_


async def test_a_loss_is_kept_over_a_restart_and_its_end_as_far_as_it_is_known(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    async with house(tmp_path, clock) as here:
        await asyncio.sleep(0.05)
        await heard(here, (UP, NOON), (DOWN, NOON + STEP))
        assert await told(here) == [("pw", "grid_down")]
        (one,) = await here.outage_watch.between(0, NOON * 2)
        assert (one.start, one.end) == (NOON + STEP, None)
    clock.tick(7200)
    async with house(tmp_path, clock) as here:
        await asyncio.sleep(0.05)
        await heard(here, (UP, clock.now()))
        assert await told(here) == [("pw", "grid_down"), ("pw", "grid_up")]
        (one,) = await here.outage_watch.between(0, NOON * 2)
        assert one.not_watched == ((NOON + STEP, NOON + 7_200_000),)
        assert one.end == NOON + 7_200_000


async def test_a_source_no_longer_set_up_has_no_outage_for_ever(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    async with house(tmp_path, clock) as here:
        await asyncio.sleep(0.05)
        await heard(here, (UP, NOON), (DOWN, NOON + STEP))
    clock.tick(60)
    async with made(tmp_path, clock) as here:
        for _ in range(100):
            if len(await told(here)) == 2:
                break
            await asyncio.sleep(0.01)
        (one,) = await here.outage_watch.between(0, NOON * 2)
        assert one.end == NOON + STEP


async def test_a_store_that_does_not_answer_does_not_stop_the_watch() -> None:
    async def events(**asked: Any) -> list[Any]:
        raise StoreError("the disk is away")

    clock, heard_of = FakeClock(NOON), list[Event]()
    hub = Hub(clock)
    watch = OutageWatch(hub, SimpleNamespace(events=events), clock, ZONE, heard_of.extend, {"pw"})  # type: ignore[arg-type]
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    hub.publish([state(DOWN, NOON), Reading("pw", Quantity.POWER_GRID, 0, NOON)])
    await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [e.name for e in heard_of] == ["grid_down"]
    assert hub.subscriptions == set()
