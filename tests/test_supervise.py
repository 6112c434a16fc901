"""Parts run for ever: back-off, states, each thing said once."""

import asyncio
import random

import pytest

from appliance.clock import FakeClock
from appliance.errors import AuthError, SourceError
from appliance.supervise import AUTH_WAIT_S, Health, Part, State, forever, wait_s


@pytest.fixture
def health() -> Health:
    return Health(FakeClock())


def test_the_wait_doubles_from_2_s_to_300_s_spread_by_a_fifth() -> None:
    dice = random.Random(1)
    for failures, middle in [(1, 2), (2, 4), (5, 32), (9, 300), (1000, 300)]:
        waits = [wait_s(failures, dice) for _ in range(200)]
        assert min(waits) >= middle * 0.8
        assert max(waits) <= middle * 1.2
        assert max(waits) - min(waits) > middle * 0.3


async def run(clock: FakeClock, health: Health, errors: list[Exception], seconds: float) -> list[float]:
    """Run a part that raises one error after the other; the instants at which it was started."""
    starts: list[float] = []

    async def part() -> None:
        starts.append(clock.monotonic())
        if errors:
            raise errors.pop(0)
        health.ok("meter")
        await asyncio.Event().wait()

    health.add("meter", "source", "p1_serial")
    task = asyncio.create_task(forever("meter", part, health, clock))
    await clock.forward(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return starts


async def test_a_source_error_is_tried_again_until_it_works() -> None:
    clock = FakeClock()
    health = Health(clock)
    starts = await run(clock, health, [SourceError("no cable")] * 3, 60)
    assert len(starts) == 4
    assert health.parts["meter"].state is State.OK
    assert health.parts["meter"].failures == 3


async def test_a_refused_password_waits_for_a_person() -> None:
    clock = FakeClock()
    health = Health(clock)
    starts = await run(clock, health, [AuthError("wrong password")], AUTH_WAIT_S - 1)
    assert len(starts) == 1
    assert health.parts["meter"].state is State.NEEDS_YOU
    assert health.parts["meter"].text == "wrong password"


async def test_an_unforeseen_fault_is_logged_once_with_its_trace_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    health = Health(clock)
    starts = await run(clock, health, [ZeroDivisionError("division by zero")], 60)
    assert len(starts) == 2
    assert "ZeroDivisionError" in caplog.text


def test_a_change_of_state_is_told_once(health: Health, caplog: pytest.LogCaptureFixture) -> None:
    moves: list[tuple[State, State | None]] = []

    def note(new: Part, old: Part | None) -> None:
        moves.append((new.state, old.state if old else None))

    health.changed = note
    health.add("meter", "source", "p1_serial")
    health.ok("meter")
    health.ok("meter", "Working on")
    for _ in range(5):
        health.failed("meter", "no cable")
    health.ok("meter")
    assert moves == [
        (State.OK, State.STARTING),
        (State.WAITING, State.OK),
        (State.OK, State.WAITING),
    ]
    assert caplog.text.count("no cable") == 1
