"""The hub: everyone hears, latecomers find the latest, the slow lose the oldest."""

from appliance.clock import EARLIEST_SANE_MS, FakeClock
from appliance.hub import QUEUE_LIMIT, Hub
from appliance.model import Event, Picture, Price, Quantity, Reading

T0 = EARLIEST_SANE_MS


def power(value: float, at: int) -> Reading:
    return Reading("p1", Quantity.POWER_GRID, value, at)


def test_a_latecomer_finds_the_latest_of_each() -> None:
    hub = Hub(FakeClock())
    picture = Picture("camera", T0, b"", None, 0.0)
    hub.publish([power(1, T0), Price("p", "import", T0, T0 + 900_000, 0.31), picture])
    hub.publish([power(2, T0 + 1), Event("p1", "rejected", T0, "too low")])
    assert hub.latest["p1", Quantity.POWER_GRID].value == 2
    assert hub.prices["import", T0].per_kwh == 0.31
    assert hub.pictures["camera"] is picture
    assert [event.name for event in hub.events] == ["rejected"]


def test_history_does_not_become_the_present() -> None:
    hub = Hub(FakeClock())
    hub.publish([power(1, T0)])
    hub.publish([power(2, T0 - 60_000)])
    assert hub.latest["p1", Quantity.POWER_GRID].value == 1


def test_but_a_value_from_the_future_does_not_outlive_the_present() -> None:
    clock = FakeClock()
    hub = Hub(clock)
    hub.publish([power(1, T0 + 3_600_000)])
    hub.publish([power(2, T0)])
    assert hub.latest["p1", Quantity.POWER_GRID].value == 2


async def test_everyone_hears_in_order_and_the_closed_no_more() -> None:
    hub = Hub(FakeClock())
    with hub.subscribe() as one, hub.subscribe() as two:
        hub.publish([power(1, T0)])
        hub.publish([power(2, T0 + 1)])
        for ear in (one, two):
            heard = [(await anext(ear))[0], (await anext(ear))[0]]
            assert heard == [power(1, T0), power(2, T0 + 1)]
    assert not hub.subscriptions


async def test_a_slow_reader_loses_the_oldest_and_holds_up_nobody() -> None:
    hub = Hub(FakeClock())
    with hub.subscribe() as slow:
        for i in range(QUEUE_LIMIT + 10):
            hub.publish([power(i, T0 + i)])
        assert (await anext(slow))[0] == power(10, T0 + 10)
    assert hub.dropped == 10
