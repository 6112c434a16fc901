"""What waits for a person and when it goes: quiet hours, repeats, and each once whatever happens."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from appliances import NOON
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.calendar import instant
from appliance.clock import HOUR_MS, MINUTE_MS
from appliance.model import Event
from appliance.news import URGENT
from appliance.sinks._news_people import Person, Quiet
from appliance.sinks._news_queue import ACCOUNTS, MOST_WAITING, Lane, Parcel, Queue
from appliance.store import Stored
from config.messages import TOPICS

ZONE = ZoneInfo("Europe/Stockholm")
ANNA = Person("1", "Anna", "telegram")


def queue(person: Person = ANNA, urgent: int = 0, rest: int = 0) -> Queue:
    return Queue(person, {Lane.URGENT: urgent, Lane.REST: rest})


def stored(id_: int, name: str, at: int = NOON, source: str = "s") -> Stored:
    return Stored(id_, Event(source, name, at, f"{name} {id_}"))


def ids(parcel: Parcel | None) -> list[int]:
    assert parcel is not None
    return [item.stored.id for item in parcel.items]


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def quiet(start: str, end: str) -> Quiet:
    return Quiet(start=time.fromisoformat(start), end=time.fromisoformat(end))


# Quiet hours


@pytest.mark.parametrize(
    ("moment", "holds"),
    [("21:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("06:59", True), ("07:00", False)],
)
def test_quiet_hours_over_midnight(moment: str, holds: bool) -> None:
    assert quiet("22:00", "07:00").holds(at(f"2026-05-05T{moment}"), ZONE) is holds


def test_quiet_hours_within_a_day() -> None:
    siesta = quiet("13:00", "15:00")
    assert [siesta.holds(at(f"2026-05-05T{hour}:30"), ZONE) for hour in (12, 13, 14, 15)] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 8), ("2026-10-24", 10), ("2026-05-05", 9)])
def test_a_night_of_quiet_is_as_long_as_the_wall_clock_says(day: str, hours: int) -> None:
    """Stockholm's night of spring is an hour shorter, that of autumn an hour longer."""
    night = quiet("22:00", "07:00")
    first = at(f"{day}T20:00")
    assert sum(night.holds(first + n * MINUTE_MS, ZONE) for n in range(16 * 60)) == hours * 60


def test_quiet_hours_without_any_length_are_a_mistake() -> None:
    with pytest.raises(ValidationError, match="differ"):
        quiet("22:00", "22:00")


def test_what_is_not_urgent_waits_for_the_end_and_is_told_in_one() -> None:
    one = queue()
    one.add([stored(1, "recharge"), stored(2, "grid_down"), stored(3, "deduction")], TOPICS)
    first = one.parcel(NOON, True, TOPICS)
    assert ids(first) == [2]
    assert first is not None
    one.told(first, NOON)
    assert one.cursors == {Lane.URGENT: 3, Lane.REST: 0}
    assert one.parcel(NOON, True, TOPICS) is None
    rest = one.parcel(NOON + 8 * HOUR_MS, False, TOPICS)
    assert ids(rest) == [1, 3]
    assert rest is not None
    assert rest.held
    one.told(rest, NOON)
    assert one.cursors == {Lane.URGENT: 3, Lane.REST: 3}


# Who wants what


def test_only_topics_that_are_on_and_wanted() -> None:
    one = queue(Person("1", "Anna", "telegram", ("recharge", "outage")))
    one.add([stored(1, "recharge"), stored(2, "part_failed"), stored(3, "grid_down")], ("recharge", "meter"))
    assert ids(one.parcel(NOON, False, TOPICS)) == [1]


def test_what_is_switched_off_while_it_waits_is_not_told() -> None:
    one = queue()
    one.add([stored(1, "recharge")], TOPICS)
    assert one.parcel(NOON, True, TOPICS) is None
    assert one.parcel(NOON, False, ("outage",)) is None
    assert one.behind() == [Lane.URGENT, Lane.REST]


# Repeats


def test_a_repeat_waits_and_is_counted() -> None:
    one = queue()
    one.add([stored(1, "source_silent")], TOPICS)
    first = one.parcel(NOON, False, TOPICS)
    assert first is not None
    one.told(first, NOON)
    for n in (2, 3):
        one.add([stored(n, "source_silent", NOON + n * MINUTE_MS)], TOPICS)
        assert one.parcel(NOON + n * MINUTE_MS, False, TOPICS) is None
    assert one.due_in(NOON + 3 * MINUTE_MS, False) == 7 * MINUTE_MS
    again = one.parcel(NOON + 10 * MINUTE_MS, False, TOPICS)
    assert again is not None
    assert [(item.stored.id, item.times, item.since) for item in again.items] == [(3, 3, NOON)]
    one.told(again, NOON + 10 * MINUTE_MS)
    one.add([stored(4, "source_silent", NOON + 30 * MINUTE_MS)], TOPICS)
    later = one.parcel(NOON + 30 * MINUTE_MS, False, TOPICS)
    assert later is not None
    assert [(item.times, item.since) for item in later.items] == [(1, NOON + 30 * MINUTE_MS)]


def test_what_is_urgent_waits_a_minute_only() -> None:
    one = queue()
    one.add([stored(1, "grid_down")], TOPICS)
    first = one.parcel(NOON, False, TOPICS)
    assert first is not None
    one.told(first, NOON)
    one.add([stored(2, "grid_down", NOON + 20_000)], TOPICS)
    assert one.due_in(NOON + 20_000, False) == 40_000


def test_a_repeat_goes_along_with_what_is_due() -> None:
    one = queue()
    one.add([stored(1, "source_silent")], TOPICS)
    first = one.parcel(NOON, False, TOPICS)
    assert first is not None
    one.told(first, NOON)
    one.add([stored(2, "source_silent", NOON + 1), stored(3, "recharge", NOON + 2)], TOPICS)
    assert ids(one.parcel(NOON + 2, False, TOPICS)) == [2, 3]


def test_accounts_are_told_each() -> None:
    one = queue()
    one.add([stored(1, "recharge"), stored(2, "recharge"), stored(3, "generator_off")], TOPICS)
    parcel = one.parcel(NOON, False, TOPICS)
    assert ids(parcel) == [1, 2, 3]
    assert parcel is not None
    one.told(parcel, NOON)
    one.add([stored(4, "recharge", NOON + 1)], TOPICS)
    assert ids(one.parcel(NOON + 1, False, TOPICS)) == [4]


def test_a_clock_set_back_does_not_hold_a_repeat_for_hours() -> None:
    one = queue()
    one.add([stored(1, "source_silent")], TOPICS)
    first = one.parcel(NOON, False, TOPICS)
    assert first is not None
    one.told(first, NOON)
    one.add([stored(2, "source_silent", NOON - HOUR_MS)], TOPICS)
    assert ids(one.parcel(NOON - HOUR_MS, False, TOPICS)) == [2]


def test_a_month_of_news_is_held_in_little_memory() -> None:
    one = queue()
    one.add((stored(n, "recharge") for n in range(1, 3001)), TOPICS)
    parcel = one.parcel(NOON, False, TOPICS)
    assert parcel is not None
    assert len(parcel.items) == MOST_WAITING
    assert parcel.left_out == 3000 - MOST_WAITING
    one.told(parcel, NOON)
    assert one.left_out == 0


def test_what_is_urgent_can_be_counted() -> None:
    assert not URGENT & ACCOUNTS


# Whatever happens

NAMES = st.sampled_from(
    ["grid_down", "recharge", "deduction", "part_failed", "generator_off", "fuse_overload"]
)
STEPS = st.lists(st.one_of(NAMES, st.sampled_from(["tell", "quiet", "crash", "hour"])), max_size=60)


@given(STEPS)
def test_each_is_told_once_whatever_happens(steps: list[str]) -> None:
    """News, deliveries, quiet hours and restarts in any order: at the end each was told once, in order
    within its lane. Repeats are kept apart by their sources."""
    log: list[Stored] = []
    told: list[int] = []
    one, now, is_quiet = queue(), NOON, False

    def tell() -> None:
        one.add([each for each in log if each.id > one.read], TOPICS)
        parcel = one.parcel(now, is_quiet, TOPICS)
        if parcel is not None:
            told.extend(ids(parcel))
            one.told(parcel, now)

    for step in steps:
        if step == "tell":
            tell()
        elif step == "quiet":
            is_quiet = not is_quiet
        elif step == "crash":
            one = queue(ANNA, *one.cursors.values())
        elif step == "hour":
            now += HOUR_MS
        else:
            log.append(stored(len(log) + 1, step, now, f"s{len(log)}"))
    is_quiet = False
    tell()
    wanted = [each for each in log if each.event.name != "part_failed"]
    assert sorted(told) == [each.id for each in wanted]
    for urgent in (True, False):
        lane = {each.id for each in wanted if (each.event.name in URGENT) is urgent}
        assert [id_ for id_ in told if id_ in lane] == sorted(lane)
