"""Which topics can come up, what was changed of them, and examples that reach people."""

import asyncio
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.errors import SourceError
from appliance.message_settings import MessageSettings
from appliance.messaging import (
    FIELDS,
    Heard,
    nullable,
    recipients,
    restore,
    send_example,
    strangers,
    switch,
    topics,
)
from appliance.model import Event, Quantity
from appliance.news import topic_of
from appliance.news_examples import example
from appliance.sinks.base import Recipient
from config.messages import TOPICS, Messages, Topic

Q = Quantity
NOW = 1_778_761_930_000


def settings(**configured: Any) -> MessageSettings:
    """Of a house that keeps its documents in memory."""
    here: dict[tuple[str, str], Any] = {}
    documents: Any = SimpleNamespace(
        get=lambda table, key: here.get((table, key)),
        put=lambda table, key, document: here.__setitem__((table, key), document),
    )
    return MessageSettings(Messages(**configured), documents)


def possible(*measured: Q, has_prices: bool = False) -> set[Topic]:
    return {one.topic for one in topics(settings(), measured, has_prices) if one.possible}


def test_a_topic_comes_up_only_where_something_measures_what_it_is_about() -> None:
    always = {"summary", "source", "appliance"}
    assert possible() == always
    assert possible(has_prices=True) == always | {"prices"}
    assert possible(Q.BALANCE, Q.SUPPLY) == always | {"balance", "recharge", "generator"}
    assert possible(Q.STATE_OF_CHARGE, Q.GRID_STATE) == always | {"battery", "outage"}
    assert possible(Q.ENERGY_IMPORT, Q.CURRENT_L2) == always | {"high_use", "meter", "phases"}


@given(
    st.lists(st.tuples(st.sampled_from(TOPICS), st.booleans()), max_size=12), st.sets(st.sampled_from(TOPICS))
)
def test_switches_do_what_they_say_and_can_all_be_put_back(
    presses: list[tuple[Topic, bool]], off: set[Topic]
) -> None:
    here = settings(off=tuple(off))
    for topic, on in presses:
        switch(here, topic, on)
        assert (topic not in here.now.off) == on
    for one in topics(here, (), has_prices=False):
        assert ("off" in one.changed) == (one.on == (one.topic in off))
    for topic in TOPICS:
        restore(here, topic)
    assert here.changed == frozenset()
    assert set(here.now.off) == off


def test_putting_one_topic_back_leaves_the_others() -> None:
    here = settings(low_balance=400)
    here.change(low_balance=100, low_days=None, battery_low_percent=5)
    switch(here, "balance", on=False)
    switch(here, "prices", on=False)
    restore(here, "balance")
    assert (here.now.low_balance, here.now.low_days, here.now.off) == (400, 3, ("prices",))
    assert here.changed == {"battery_low_percent", "off"}


def test_what_may_be_never() -> None:
    never = {name for names in FIELDS.values() for name in names if nullable(name)}
    assert never == {
        "low_balance", "low_days", "battery_low_percent", "high_power_kw", "high_day_kwh", "peak_price",
    }  # fmt: skip


@pytest.mark.parametrize("wrong", ["24:00", "7:05", "12:60", "12:00Z", "", 3600, None])
def test_a_time_of_the_day_is_one_of_the_wall(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="a time by the site's clock, such as 23:59"):
        Messages(summary_at=wrong)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/Stockholm"])
def test_an_example_is_of_its_topic_of_now_and_in_the_sites_money(topic: Topic, zone: str) -> None:
    event = example(topic, NOW, ZoneInfo(zone), "INR")
    assert topic_of(event) == topic
    assert (event.at, event.source) == (NOW, "example")
    assert event.text[0].isupper()
    assert "SEK" not in event.text


class Post:
    """Somebody who writes to people."""

    recipients = (Recipient("Asha", "telegram"),)

    def __init__(self, answer: str | Exception, pause_s: float = 0) -> None:
        self.name, self._answer, self._pause_s = "post", answer, pause_s

    async def run(self) -> None:
        """Never asked."""

    async def send_example(self, event: Event) -> str:
        await asyncio.sleep(self._pause_s)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def test_one_that_hangs_or_breaks_keeps_no_other_from_its_example() -> None:
    sinks: dict[str, Any] = {
        "good": Post("Sent to Asha"),
        "refused": Post(SourceError("no such chat")),
        "slow": Post("late", 60),
        "broken": Post(ZeroDivisionError("oops")),
        "central": SimpleNamespace(name="central"),
    }
    event = example("outage", NOW, ZoneInfo("UTC"), "EUR")
    assert await send_example(sinks, event, deadline_s=0.05) == [
        Heard("good", True, "Sent to Asha"),
        Heard("refused", False, "no such chat"),
        Heard("slow", False, "No answer within 0.05 s: check address and network"),
        Heard("broken", False, "The try failed inside: ZeroDivisionError: oops"),
    ]
    assert set(recipients(sinks)) == {"good", "refused", "slow", "broken"}


def test_each_stranger_once_the_last_first() -> None:
    def wrote(chat: int, at: int) -> Event:
        return Event("telegram", "stranger", at, "wrote", {"chat": chat})

    news = [wrote(3, 30), wrote(1, 20), wrote(3, 10), Event("p1", "grid_down", 5, "The grid is lost")]
    assert [event.at for event in strangers(news)] == [30, 20]
