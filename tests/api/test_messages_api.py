"""What is told, to whom, and an example of it, as programs see and change it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from appliances import NOON, made, owner, served

from appliance.app import Appliance
from appliance.clock import FakeClock
from appliance.demo.telegram import PERSON, Telegram
from appliance.model import Event, Quantity, Reading
from config.messages import TOPICS


@pytest.fixture
def telegram(clock: FakeClock) -> Iterator[Telegram]:
    made = Telegram(clock)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def here(tmp_path: Path, clock: FakeClock, telegram: Telegram) -> Appliance:
    chats = [
        {"id": PERSON, "name": "Asha", "quiet": {"start": "22:00", "end": "07:00"}},
        {"id": 42, "name": "Nobody", "topics": ["summary"]},
    ]
    messages = {"low_balance": 400, "off": ["phases"]}
    return made(tmp_path, clock, messages=messages, sinks=[telegram.sink_config() | {"chats": chats}])


def by_name(answer: Any) -> dict[str, Any]:
    return {one["topic"]: one for one in answer["topics"]}


async def test_everything_is_told(api: httpx.AsyncClient, here: Appliance) -> None:
    await here.accept(
        [
            Reading("p1", Quantity.POWER_GRID, 700, NOON),
            Event("powerwall", "grid_down", NOON, "The grid is lost"),
            Event("p1", "part_failed", NOON, "The telegram was torn"),
        ]
    )
    answer = (await api.get("/api/v1/messages")).json()
    topics = by_name(answer)
    assert tuple(topics) == TOPICS
    assert (topics["phases"]["on"], topics["outage"]["on"]) == (False, True)
    assert (topics["high_use"]["possible"], topics["battery"]["possible"]) == (True, False)
    assert topics["balance"]["settings"] == {"low_balance": 400.0, "low_days": 3.0}
    assert topics["summary"]["settings"] == {"summary_at": "23:59"}
    assert (answer["changed"], topics["balance"]["changed"]) == ([], [])
    asha, nobody = answer["recipients"]
    assert (asha["name"], asha["kind"], asha["topics"], asha["quiet"]) == (
        "Asha", "telegram", None, ["22:00", "07:00"],
    )  # fmt: skip
    assert nobody["topics"] == ["summary"]
    assert [one["name"] for one in answer["recent"]] == ["grid_down"]
    assert answer["recent"][0]["topic"] == "outage"


async def test_a_change_holds_at_once_and_can_be_taken_back(mine: httpx.AsyncClient, here: Appliance) -> None:
    wanted = {"low_balance": 250, "low_days": None, "summary_at": "21:30", "off": ["prices"]}
    answer = (await mine.patch("/api/v1/messages", json=wanted)).json()
    assert answer["changed"] == sorted(wanted)
    topics = by_name(answer)
    assert topics["balance"]["settings"] == {"low_balance": 250.0, "low_days": None}
    assert topics["balance"]["changed"] == ["low_balance", "low_days"]
    assert (topics["prices"]["changed"], topics["phases"]["changed"]) == (["off"], ["off"])
    assert here.message_settings.now.low_balance == 250
    assert here.message_settings.topics == frozenset(TOPICS) - {"prices"}
    for name in wanted:
        answer = (await mine.delete(f"/api/v1/messages/settings/{name}")).json()
    assert answer["changed"] == []
    assert by_name(answer)["balance"]["settings"] == {"low_balance": 400.0, "low_days": 3.0}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"low_balance": -1}, "low_balance: must be at least 0"),
        ({"summary_at": "25:10"}, "summary_at: must be a time by the site's clock, such as 23:59"),
        ({"off": ["weather"]}, "must be summary, balance"),
        ({"loudness": 11}, "loudness: there is no such option"),
        ({"low_days": 2, "high_power_minutes": 0}, "high_power_minutes: must be at least 1"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_changed(
    mine: httpx.AsyncClient, here: Appliance, wanted: dict[str, Any], said: str
) -> None:
    answer = await mine.patch("/api/v1/messages", json=wanted)
    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert here.message_settings.changed == frozenset()
    assert here.message_settings.now.low_days == 3


async def test_changes_and_tests_need_the_token(api: httpx.AsyncClient, telegram: Telegram) -> None:
    assert (await api.patch("/api/v1/messages", json={"low_balance": 1})).status_code == 401
    assert (await api.delete("/api/v1/messages/settings/low_balance")).status_code == 401
    assert (await api.post("/api/v1/messages/outage/test")).status_code == 401
    assert telegram.sent == []


async def test_an_option_or_a_topic_that_is_not_there(mine: httpx.AsyncClient) -> None:
    answer = await mine.delete("/api/v1/messages/settings/loudness")
    assert answer.status_code == 404
    assert "no option 'loudness'" in answer.json()["message"]
    assert (await mine.post("/api/v1/messages/weather/test")).status_code == 422


async def test_an_example_reaches_those_who_want_the_topic(
    mine: httpx.AsyncClient, telegram: Telegram, clock: FakeClock
) -> None:
    [heard] = (await mine.post("/api/v1/messages/outage/test")).json()
    assert heard == {"sink": "telegram", "ok": True, "text": "Sent to Asha"}
    [sent] = telegram.sent
    assert sent.chat == PERSON
    assert "The grid is lost" in sent.text
    assert "This is a test" in sent.text
    clock.tick(2)  # a message a second to a chat
    [heard] = (await mine.post("/api/v1/messages/summary/test")).json()
    assert heard["ok"] is True
    assert heard["text"].startswith("Sent to Asha\nNobody: Telegram knows no such chat")


async def test_who_did_not_get_it_is_said(mine: httpx.AsyncClient, telegram: Telegram) -> None:
    telegram.token = "7000000002:BBB-another-one"
    [heard] = (await mine.post("/api/v1/messages/outage/test")).json()
    assert heard["ok"] is False
    assert "does not know this bot's token" in heard["text"]


async def test_an_example_changes_nothing_of_what_is_due(
    mine: httpx.AsyncClient, here: Appliance, telegram: Telegram
) -> None:
    """It is no event of the house: neither kept nor told again."""
    await mine.post("/api/v1/messages/generator/test")
    assert (await mine.get("/api/v1/messages")).json()["recent"] == []
    assert [one.event for one in await here.store.events()] == []
    assert len(telegram.sent) == 1


async def test_nobody_to_write_to(tmp_path: Path, clock: FakeClock) -> None:
    alone = made(tmp_path / "alone", clock)
    async with served(alone) as client:
        client.headers.update(owner(alone))
        assert (await client.post("/api/v1/messages/outage/test")).json() == []
        assert (await client.get("/api/v1/messages")).json()["recipients"] == []
