import asyncio

import pytest

from appliance.clock import FakeClock
from appliance.hub import Hub
from appliance.model import Event, Quantity, Reading
from appliance.phase_watch import PhaseWatch

NOW = 1_800_000_000_000


def batch(source: str, at: int, *amps: float) -> list[Reading]:
    return [Reading(source, Quantity[f"CURRENT_L{n}"], a, at) for n, a in enumerate(amps, 1)]


async def test_an_overload_is_told_while_it_lasts_and_once() -> None:
    clock, told = FakeClock(NOW), list[Event]()
    hub = Hub(clock)
    watch = PhaseWatch(hub, clock, 16, told.extend)
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    for _ in range(12):
        hub.publish(batch("p1", clock.now(), 17.4, 3.0, 3.1))
        hub.publish(batch("shed", clock.now(), 2.4))
        await clock.forward(10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [(event.source, event.name) for event in told] == [("p1", "fuse_overload")]
    load = watch.load("p1")
    assert load is not None
    assert load.minute == (17.4, 3.0, 3.1)
    assert watch.load("nobody") is None
    assert not hub.subscriptions


def test_readings_of_other_things_are_no_sample() -> None:
    clock = FakeClock(NOW)
    watch = PhaseWatch(Hub(clock), clock, 16, lambda events: None)
    watch.take([Reading("p1", Quantity.POWER_GRID, 100, NOW), Reading("p1", Quantity.VOLTAGE_L1, 230, NOW)])
    assert watch.load("p1") is None


@pytest.mark.parametrize(
    ("meters", "heard"),
    [
        ((), {"inverter", "p1", "dongle"}),
        (("p1", "dongle"), {"p1"}),  # two readers of one meter tell once
        (("dongle",), {"dongle"}),
        (("camera",), set()),  # an inverter's currents are not those of the main fuse
    ],
)
def test_the_main_fuse_is_the_grid_meters(meters: tuple[str, ...], heard: set[str]) -> None:
    clock, told = FakeClock(NOW), list[Event]()
    watch = PhaseWatch(Hub(clock), clock, 16, told.extend, lambda: meters)
    for _ in range(12):
        for source in ("inverter", "p1", "dongle"):
            watch.take(batch(source, clock.now(), 19.0, 19.0, 19.0))
        clock.tick(10)
    watch.judge()
    assert {event.source for event in told} == heard
