"""What the MQTT sink says to a real Mosquitto, when, and what it takes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from appliances import made, owner, served
from pydantic import ValidationError

from appliance.clock import ScaledClock
from appliance.model import Event
from appliance.sinks import _mqtt_talk
from appliance.sinks.base import Rate
from appliance.sinks.mqtt import Options, Sink, address
from tests.peers.mosquitto import Broker, Listener, prepared
from tests.peers.telling import QUARTER_MS, SPEED, Telling, telling, until

CONFIG = "homeassistant/device/tallywatt-1/config"
STATUS = "tallywatt/tallywatt-1/status"
EVENT = "tallywatt/tallywatt-1/event"
GRID = "tallywatt/tallywatt-1/p1/power_grid"


@pytest.fixture(scope="module")
def mosquitto(need: Callable[[str, str], str]) -> str:
    return need("mosquitto", "mosquitto")


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Broker]:
    """One that lets everybody in."""
    with prepared(mosquitto, tmp_path / "broker").running() as it:
        yield it


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    with broker.listener() as it:
        yield it


@asynccontextmanager
async def ticking(here: Telling, *sources: str, **values: float) -> AsyncIterator[None]:
    """These sources tell these values anew, many times a second."""

    async def tell() -> None:
        while True:
            for source in sources:
                here.tell(source, **values)
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
    async with telling(tmp_path, port=broker.port) as here:
        here.tell(
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
        await until(lambda: here.sink.delivery.sent >= 8)  # it counts once a second
        assert here.sink.delivery.pending == 0
        assert here.report.said[-1][0] == "ok"
    await until(lambda: listener.topics()[STATUS] == "offline")


async def test_a_value_is_told_at_most_once_in_every_s(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    async with telling(tmp_path, port=broker.port, every_s=10) as here:
        await until(lambda: STATUS in listener.topics())
        begun, watts = here.clock.monotonic(), 0
        while here.clock.monotonic() < begun + 60:
            watts += 1
            here.tell("p1", power_grid=watts, energy_import=watts)
            await asyncio.sleep(0.01)
        # Every 10 s of 60, and the first; a register once a minute.
        assert 2 <= len(listener.heard(GRID)) <= 7
        assert 1 <= len(listener.heard("tallywatt/tallywatt-1/p1/energy_import")) <= 2
        assert watts > 50


async def test_prices_and_events(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    async with telling(tmp_path, port=broker.port) as here:
        now = here.clock.now() // QUARTER_MS * QUARTER_MS
        here.rates = [Rate(now + n * QUARTER_MS, 1.5 + n / 10, None) for n in range(-1, 3)]
        await until(lambda: "tallywatt/tallywatt-1/price/import" in listener.topics())
        prefix = "tallywatt/tallywatt-1/price"
        # The virtual clock may have passed into the next quarter hour.
        assert listener.heard(f"{prefix}/import")[0] in ("1.50000", "1.60000")
        day = json.loads(listener.topics()[f"{prefix}/import/quarters"])
        assert day["unit"] == "SEK/kWh"
        assert [row["price"] for row in day["quarters"]] == [1.4, 1.5, 1.6, 1.7]
        assert day["quarters"][0]["start"][-6:] in ("+01:00", "+02:00")
        assert f"{prefix}/export" not in listener.topics()
        here.hub.publish([Event("p1", "meter_exchanged", here.clock.now(), "A new meter", {"was": 3})])
        await until(lambda: "tallywatt/tallywatt-1/event" in listener.topics())
        event = json.loads(listener.topics()["tallywatt/tallywatt-1/event"])
        assert (event["event_type"], event["text"]) == ("meter_exchanged", "A new meter")
        assert event["data"] == {"was": 3}
        here.hub.publish([Event("p1", "never_heard_of", here.clock.now(), "Odd")])
        await until(lambda: len(listener.heard("tallywatt/tallywatt-1/event")) == 2)
        event = json.loads(listener.topics()["tallywatt/tallywatt-1/event"])
        assert (event["event_type"], event["name"]) == ("other", "never_heard_of")
        await until(lambda: '"price-import":{' in listener.topics().get(CONFIG, ""))


async def test_a_silent_source_is_offline_alone(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    cadences = {"p1": 10.0, "powerwall": 10.0}
    async with telling(tmp_path, port=broker.port, cadences=cadences) as here:
        here.tell("powerwall", power_battery=100, backup_reserve=20)
        async with ticking(here, "p1", power_grid=5):
            await until(lambda: listener.topics().get("tallywatt/tallywatt-1/powerwall/status") == "online")
            await until(lambda: listener.topics().get("tallywatt/tallywatt-1/powerwall/status") == "offline")
            assert listener.heard("tallywatt/tallywatt-1/p1/status") == ["online"]
            here.tell("powerwall.unit1", temperature=20)
            here.tell("powerwall", power_battery=100)
            await until(lambda: listener.topics().get("tallywatt/tallywatt-1/powerwall/status") == "online")


async def test_topic_and_prefixes_are_the_owners(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    options = {"topic": "house/energy", "discovery_prefix": "ha", "birth_topic": "ha/status"}
    async with telling(tmp_path, port=broker.port, **options) as here:
        here.tell("p1", power_grid=1)
        await until(lambda: "ha/device/tallywatt-1/config" in listener.topics())
        assert all(topic.startswith(("house/energy/", "ha/device/")) for topic in listener.topics())


async def test_sources_can_be_chosen_and_home_assistant_left_out(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    cadences = {"p1": 10.0, "powerwall": 10.0}
    options = {"sources": ["powerwall"], "home_assistant": False}
    async with telling(tmp_path, port=broker.port, cadences=cadences, **options) as here:
        here.tell("p1", power_grid=1)
        here.tell("powerwall", power_battery=1)
        await until(lambda: here.report.said)
        now = here.clock.now()
        happened = [Event(name, "alert_on", now, name) for name in ("p1", "powerwall.unit1", "central")]
        here.hub.publish(happened)
        await until(lambda: here.store.documents.get("mqtt", "mqtt"))
        await until(lambda: len(listener.heard(EVENT)) >= 2)
        told = [json.loads(text)["source"] for text in listener.heard(EVENT)]
        assert told == ["powerwall.unit1", "central"], "a sink is no source"
        assert set(listener.topics()) == {
            STATUS,
            EVENT,
            "tallywatt/tallywatt-1/powerwall/status",
            "tallywatt/tallywatt-1/powerwall/power_battery",
        }


async def test_a_whole_appliance_tells_its_readers_and_its_prices(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    here = made(
        tmp_path,
        ScaledClock(SPEED),
        site={"name": "Hut", "currency": "SEK"},
        sources=[{"type": "fixed_price", "name": "own", "tables": [{"per_kwh": 1.75}]}],
        sinks=[{"type": "mqtt", "host": "127.0.0.1", "port": broker.port, "topic": "hut"}],
    )
    async with served(here) as client:
        reading = {"reading_kwh": 48713.4, "confidence": 0.99, "source": "cellar"}
        said = await client.post("/meter_reading", json=reading, headers=owner(here))
        assert said.status_code == 200, said.text
        await until(lambda: listener.topics().get("hut/price/import") == "1.75000")
        await until(lambda: listener.topics().get("hut/remote_cellar/energy_import") == "48713.400")
        announced = f"homeassistant/device/{here.id}/config"
        parts = ("remote_cellar-energy_import", "price-import")
        await until(lambda: all(part in listener.topics().get(announced, "") for part in parts))
        device = json.loads(listener.topics()[announced])
        assert device["device"]["name"] == "Tallywatt Hut"
        assert device["components"]["price-import"]["unit_of_measurement"] == "SEK/kWh"
        (sink,) = here.sinks.values()
        assert isinstance(sink, Sink)
        await until(lambda: sink.delivery.pending == 0)
        assert next(part.text for part in here.health if part.name == "mqtt").startswith(
            "Connected to 127.0.0.1"
        )
    await until(lambda: listener.topics()["hut/status"] == "offline")


async def test_a_slow_broker_is_spared_and_hears_the_newest_later(
    broker: Broker, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling(tmp_path, port=broker.port) as here:
        await until(lambda: here.report.said)
        monkeypatch.setattr(_mqtt_talk, "MOST_PENDING", 0)
        await asyncio.sleep(0.2)
        here.tell("p1", power_grid=1)
        here.hub.publish([Event("p1", "grid_down", here.clock.now(), "The grid is down")])
        await asyncio.sleep(0.3)
        here.tell("p1", power_grid=2)
        monkeypatch.setattr(_mqtt_talk, "MOST_PENDING", 500)
        await until(lambda: listener.heard(GRID))
        assert listener.heard(GRID) == ["2"]
        await until(lambda: listener.heard(EVENT))  # what happened is not said again, so it waits


# Births, and what goes


async def test_a_birth_is_answered_with_everything(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    # So seldom that nothing is said twice by itself.
    async with telling(tmp_path, port=broker.port, cadences={"p1": 3600.0}) as here:
        here.tell("p1", power_grid=5)
        told = (CONFIG, GRID, "tallywatt/tallywatt-1/p1/status")
        await until(lambda: all(listener.heard(topic) for topic in told))
        listener.say("homeassistant/status", "offline")
        listener.say("homeassistant/status", "online")
        await until(lambda: all(len(listener.heard(topic)) == 2 for topic in told))
        assert len(set(listener.heard(CONFIG))) == 1


async def test_what_goes_is_taken_back_after_a_restart(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    cadences = {"p1": 10.0, "powerwall": 10.0}
    async with telling(tmp_path, port=broker.port, cadences=cadences) as here:
        here.tell("p1", power_grid=1)
        here.tell("powerwall", power_battery=1)
        await until(lambda: CONFIG in listener.topics())
        await until(lambda: here.store.documents.get("mqtt", "mqtt"))
    announced = json.loads(listener.topics()[CONFIG])["components"]
    assert "powerwall-power_battery" in announced
    async with telling(tmp_path, port=broker.port) as here:
        here.tell("p1", power_grid=1)
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
        async with telling(tmp_path, port=broker.port, **options) as here:
            before = here.store.documents.get("mqtt", "mqtt")
            here.tell("p1", power_grid=1)
            await until(lambda: here.store.documents.get("mqtt", "mqtt") != before)
            await until(lambda: here.sink.delivery.pending == 0)
        return set(await asyncio.to_thread(broker.retained))

    assert await left() == {STATUS, GRID, CONFIG, "tallywatt/tallywatt-1/p1/status"}
    kept = {"house/status", "house/p1/status", "house/p1/power_grid"}
    discovery = {"ha/device/tallywatt-1/config"} if "discovery_prefix" in second else set()
    assert await left(topic="house", **second) == kept | discovery


def test_no_trace_back_shows_the_password() -> None:
    options = Options.model_validate({"host": "broker", "username": "box", "password": "s3cret"})
    found = address(options)
    assert found.password == "s3cret"
    assert "s3cret" not in f"{found} {found!r} {options!r}"


def test_topics_that_cannot_be_are_refused() -> None:
    for topic in ("a/#", "+", "/a", "a/", "a b", "$SYS/a"):
        with pytest.raises(ValidationError):
            Options(host="broker", topic=topic)
    assert Options(host="broker", topic="a/b").topic == "a/b"
