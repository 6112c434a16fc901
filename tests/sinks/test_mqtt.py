"""What the MQTT sink says to a real Mosquitto, when, and what it takes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from appliance.model import Event
from appliance.sinks.base import Rate
from appliance.sinks.mqtt import Options
from tests.peers.mosquitto import Broker, Listener, prepared
from tests.peers.telling import QUARTER_MS, Telling, telling, until

CONFIG = "homeassistant/device/tallywatt-1/config"
STATUS = "tallywatt/tallywatt-1/status"
GRID = "tallywatt/tallywatt-1/p1/power_grid"


@pytest.fixture(scope="module")
def mosquitto(need: Callable[[str, str], str]) -> str:
    return need("mosquitto", "mosquitto")


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Broker]:
    """One that lets everybody in."""
    with prepared(mosquitto, tmp_path / "broker").running() as made:
        yield made


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    with broker.listener() as made:
        yield made


@asynccontextmanager
async def ticking(made: Telling, *sources: str, **values: float) -> AsyncIterator[None]:
    """These sources tell these values anew, many times a second."""

    async def tell() -> None:
        while True:
            for source in sources:
                made.tell(source, **values)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        task.cancel()


# What is said


async def test_values_are_plain_retained_and_expire(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    async with telling(tmp_path, port=broker.port) as made:
        made.tell(
            "p1", power_grid=-1234.4, energy_import=48713.4291, grid_state=1, tariff=2, current_l1=-0.001
        )
        await until(lambda: len(listener.topics()) >= 8)
        said = listener.topics()
        assert said["tallywatt/tallywatt-1/p1/power_grid"] == "-1234"
        assert said["tallywatt/tallywatt-1/p1/energy_import"] == "48713.429"
        assert said["tallywatt/tallywatt-1/p1/grid_state"] == "up"
        assert said["tallywatt/tallywatt-1/p1/tariff"] == "2"
        assert said["tallywatt/tallywatt-1/p1/current_l1"] == "0.00"
        assert said["tallywatt/tallywatt-1/p1/status"] == "online"
        assert said[STATUS] == "online"
        kept = await asyncio.to_thread(broker.retained)
        assert set(kept) == set(said)
        assert kept[GRID].properties is not None
        assert 50 <= kept[GRID].properties.MessageExpiryInterval <= 60
        assert not hasattr(kept[STATUS].properties, "MessageExpiryInterval")
        assert made.sink.delivery.sent >= 8
        assert made.sink.delivery.pending == 0
        assert made.report.said[-1][0] == "ok"
    await until(lambda: listener.topics()[STATUS] == "offline")


async def test_a_value_is_told_at_most_once_in_every_s(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    async with telling(tmp_path, port=broker.port, every_s=10) as made:
        await until(lambda: STATUS in listener.topics())
        begun, watts = made.clock.monotonic(), 0
        while made.clock.monotonic() < begun + 60:
            watts += 1
            made.tell("p1", power_grid=watts, energy_import=watts)
            await asyncio.sleep(0.01)
        # Every 10 s of 60, and the first; a register once a minute.
        assert 4 <= len(listener.heard(GRID)) <= 7
        assert 1 <= len(listener.heard("tallywatt/tallywatt-1/p1/energy_import")) <= 2
        assert watts > 50


async def test_prices_and_events(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    async with telling(tmp_path, port=broker.port) as made:
        now = made.clock.now() // QUARTER_MS * QUARTER_MS
        made.rates = [Rate(now + n * QUARTER_MS, 1.5 + n / 10, None) for n in range(-1, 3)]
        await until(lambda: "tallywatt/tallywatt-1/price/import" in listener.topics())
        prefix = "tallywatt/tallywatt-1/price"
        # The virtual clock may have passed into the next quarter hour.
        assert listener.heard(f"{prefix}/import")[0] in ("1.50000", "1.60000")
        day = json.loads(listener.topics()[f"{prefix}/import/quarters"])
        assert day["unit"] == "SEK/kWh"
        assert [row["price"] for row in day["quarters"]] == [1.4, 1.5, 1.6, 1.7]
        assert day["quarters"][0]["start"][-6:] in ("+01:00", "+02:00")
        assert f"{prefix}/export" not in listener.topics()
        made.hub.publish([Event("p1", "meter_exchanged", made.clock.now(), "A new meter", {"was": 3})])
        await until(lambda: "tallywatt/tallywatt-1/event" in listener.topics())
        event = json.loads(listener.topics()["tallywatt/tallywatt-1/event"])
        assert (event["event_type"], event["text"]) == ("meter_exchanged", "A new meter")
        assert event["data"] == {"was": 3}
        made.hub.publish([Event("p1", "never_heard_of", made.clock.now(), "Odd")])
        await until(lambda: len(listener.heard("tallywatt/tallywatt-1/event")) == 2)
        event = json.loads(listener.topics()["tallywatt/tallywatt-1/event"])
        assert (event["event_type"], event["name"]) == ("other", "never_heard_of")
        await until(lambda: '"price-import":{' in listener.topics().get(CONFIG, ""))


async def test_a_silent_source_is_offline_alone(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    cadences = {"p1": 10.0, "powerwall": 10.0}
    async with telling(tmp_path, port=broker.port, cadences=cadences) as made:
        made.tell("powerwall", power_battery=100, backup_reserve=20)
        async with ticking(made, "p1", power_grid=5):
            await until(lambda: listener.topics().get("tallywatt/tallywatt-1/powerwall/status") == "online")
            await until(lambda: listener.topics().get("tallywatt/tallywatt-1/powerwall/status") == "offline")
            assert listener.heard("tallywatt/tallywatt-1/p1/status") == ["online"]
            made.tell("powerwall.unit1", temperature=20)
            made.tell("powerwall", power_battery=100)
            await until(lambda: listener.topics().get("tallywatt/tallywatt-1/powerwall/status") == "online")


async def test_topic_and_prefixes_are_the_owners(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    options = {"topic": "house/energy", "discovery_prefix": "ha", "birth_topic": "ha/status"}
    async with telling(tmp_path, port=broker.port, **options) as made:
        made.tell("p1", power_grid=1)
        await until(lambda: "ha/device/tallywatt-1/config" in listener.topics())
        assert all(topic.startswith(("house/energy/", "ha/device/")) for topic in listener.topics())


async def test_sources_can_be_chosen_and_home_assistant_left_out(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    cadences = {"p1": 10.0, "powerwall": 10.0}
    options = {"sources": ["powerwall"], "home_assistant": False}
    async with telling(tmp_path, port=broker.port, cadences=cadences, **options) as made:
        made.tell("p1", power_grid=1)
        made.tell("powerwall", power_battery=1)
        await until(lambda: made.store.documents.get("mqtt", "mqtt"))
        assert set(listener.topics()) == {
            STATUS,
            "tallywatt/tallywatt-1/powerwall/status",
            "tallywatt/tallywatt-1/powerwall/power_battery",
        }


# Births, and what goes


async def test_a_birth_is_answered_with_everything(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    async with telling(tmp_path, port=broker.port) as made, ticking(made, "p1", power_grid=5):
        await until(lambda: CONFIG in listener.topics())
        listener.say("homeassistant/status", "offline")
        listener.say("homeassistant/status", "online")
        await until(lambda: len(listener.heard(CONFIG)) == 2)
        assert len(listener.heard(GRID)) == 2
        assert len(listener.heard("tallywatt/tallywatt-1/p1/status")) == 2
        assert len(set(listener.heard(CONFIG))) == 1


async def test_what_goes_is_taken_back_after_a_restart(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    cadences = {"p1": 10.0, "powerwall": 10.0}
    async with telling(tmp_path, port=broker.port, cadences=cadences) as made:
        made.tell("p1", power_grid=1)
        made.tell("powerwall", power_battery=1)
        await until(lambda: CONFIG in listener.topics())
        await until(lambda: made.store.documents.get("mqtt", "mqtt"))
    announced = json.loads(listener.topics()[CONFIG])["components"]
    assert "powerwall-power_battery" in announced
    async with telling(tmp_path, port=broker.port) as made:
        made.tell("p1", power_grid=1)
        await until(lambda: len(listener.heard(CONFIG)) == 3)
        removal, plain = (json.loads(text)["components"] for text in listener.heard(CONFIG)[1:])
        assert removal["powerwall-power_battery"] == {"platform": "sensor"}
        assert removal["powerwall-status"] == {"platform": "binary_sensor"}
        assert removal["p1-power_grid"] == announced["p1-power_grid"]
        assert set(plain) == {"event", "p1-status", "p1-power_grid"}
        await until(lambda: listener.topics()["tallywatt/tallywatt-1/powerwall/power_battery"] == "")
        kept = await asyncio.to_thread(broker.retained)
        assert not [topic for topic in kept if "powerwall" in topic]


@pytest.mark.parametrize("second", [{"discovery_prefix": "ha"}, {"home_assistant": False}])
async def test_another_topic_leaves_nothing_behind(
    broker: Broker, tmp_path: Path, second: dict[str, Any]
) -> None:
    async def left(**options: Any) -> set[str]:
        async with telling(tmp_path, port=broker.port, **options) as made:
            before = made.store.documents.get("mqtt", "mqtt")
            made.tell("p1", power_grid=1)
            await until(lambda: made.store.documents.get("mqtt", "mqtt") != before)
            await until(lambda: made.sink.delivery.pending == 0)
        return set(await asyncio.to_thread(broker.retained))

    assert await left() == {STATUS, GRID, CONFIG, "tallywatt/tallywatt-1/p1/status"}
    kept = {"house/status", "house/p1/status", "house/p1/power_grid"}
    discovery = {"ha/device/tallywatt-1/config"} if "discovery_prefix" in second else set()
    assert await left(topic="house", **second) == kept | discovery


def test_topics_that_cannot_be_are_refused() -> None:
    for topic in ("a/#", "+", "/a", "a/", "a b", "$SYS/a"):
        with pytest.raises(ValidationError):
            Options(host="broker", topic=topic)
    assert Options(host="broker", topic="a/b").topic == "a/b"
