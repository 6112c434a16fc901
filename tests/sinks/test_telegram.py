"""telegram against a strict Bot API that fails in every way: each once, to everybody, nothing lost."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from appliances import NOON
from pydantic import ValidationError

from appliance.clock import HOUR_MS, FakeClock
from appliance.demo.http_device import Fault
from appliance.demo.telegram import PERSON, TOKEN, Telegram
from appliance.demo.telegram_chats import Chat
from appliance.errors import AuthError, SourceError
from appliance.sinks._news import News
from appliance.sinks._news_box import NotTakenError
from appliance.sinks.telegram import Options, Sink
from config.mistakes import explain
from tests.peers.news import House, QuickClock, opened, rounds
from tests.peers.telling import until

PNG = b"\x89PNG\r\n\x1a\n a picture"
BO, GROUP = 800, -900


@pytest.fixture
def clock() -> FakeClock:
    return QuickClock(NOON)


@pytest.fixture
def bot(clock: FakeClock) -> Iterator[Telegram]:
    made = Telegram(clock)
    made.add(Chat(BO, "Bo"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def house(tmp_path: Path, clock: FakeClock) -> AsyncIterator[House]:
    made = House(tmp_path / "store", clock)
    async with made.store:
        yield made


def sink(house: House, bot: Telegram, *chats: Any, **options: Any) -> Sink:
    return house.telegram(url=bot.url, token=bot.token, chats=chats or [PERSON, BO], **options)


async def news(house: House, bot: Telegram, *chats: Any, **options: Any) -> News:
    return await opened(sink(house, bot, *chats, **options))


def passed(clock: FakeClock, seconds: float) -> None:
    clock.tick(seconds)


# What is told


async def test_everybody_hears_of_what_happens_from_now_on(house: House, bot: Telegram) -> None:
    await house.happens(house.event("recharge", "Of before the bot was set up"))
    told = await news(house, bot)
    await rounds(told)
    assert bot.sent == []
    await house.happens(house.event("recharge", "Recharged with 500.00 INR (1.5 % more!)"))
    await rounds(told)
    text = "Home: Recharge\nRecharged with 500.00 INR (1.5 % more!)\n18:53"
    assert [(one.chat, one.text) for one in bot.sent] == [(PERSON, text), (BO, text)]
    assert bot.sent[0].entities[0]["type"] == "bold"
    await rounds(told)
    assert len(bot.sent) == 2
    assert told.delivery.pending == 0
    assert told.delivery.sent == 2
    assert house.report.said[-1] == ("ok", f"Writes to {PERSON}, {BO}")


async def test_each_chat_has_its_topics_and_the_house_has_its_own(house: House, bot: Telegram) -> None:
    bo = {"id": BO, "name": "Bo", "topics": ["outage"]}
    told = await news(house, bot, PERSON, bo, topics=["recharge", "outage"])
    await house.happens(house.event("recharge"), house.event("source_silent"))
    await rounds(told)
    assert [one.chat for one in bot.sent] == [PERSON]
    house.topics = ("meter",)
    await house.happens(house.event("grid_down"))
    await rounds(told)
    assert len(bot.sent) == 1


async def test_quiet_hours_hold_all_but_what_is_urgent(house: House, bot: Telegram, clock: FakeClock) -> None:
    """From 18:53 on; quiet until 21:00."""
    told = await news(house, bot, {"id": PERSON, "quiet": {"start": "18:00", "end": "21:00"}})
    await house.happens(house.event("recharge", "First"), house.event("grid_down", "Lost"))
    await rounds(told)
    assert bot.said() == ["Home: Power cut\nLost\n18:53"]
    passed(clock, 3600)
    await house.happens(house.event("recharge", "Second"))
    await rounds(told)
    assert len(bot.said()) == 1
    (box,) = told.boxes.values()
    assert 0 < await told.round(box) <= 60
    passed(clock, 3600 + 420)
    await rounds(told)
    assert bot.said()[1:] == ["Home: News of the quiet hours\n18:53 First\n19:53 Second"]
    await rounds(told)
    assert len(bot.said()) == 2


async def test_news_of_an_outage_of_the_network_is_one_message(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot, PERSON)
    bot.stop()
    for n in range(40):
        await house.happens(house.event("recharge", f"Number {n}"), house.event("rejected"))
        await rounds(told)
        passed(clock, 600)
    assert told.delivery.pending == 40
    assert told.delivery.oldest == NOON
    state, said = house.report.said[-1]
    assert state == "waiting"
    assert "cannot be reached" in said
    assert said.endswith("Messages that wait: 40")
    bot.start()
    await rounds(told)
    (text,) = bot.said()
    lines = text.splitlines()
    assert lines[0] == "Home: News that could not be sent"
    assert lines[1] == "2026-05-05 22:13 Number 20"
    assert lines[-2:] == ["01:23 Number 39", "and 20 more"]
    assert told.delivery.pending == 0
    assert house.report.said[-1][0] == "ok"


async def test_what_could_not_be_sent_after_the_quiet_hours_says_so(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot, {"id": PERSON, "quiet": {"start": "18:00", "end": "19:00"}})
    await house.happens(house.event("recharge", "First"), house.event("deduction", "Second"))
    await rounds(told)
    clock.tick(3600)
    bot.fail_next("sendMessage", Fault(502))
    await rounds(told)
    clock.tick(600)
    await rounds(told)
    assert bot.said() == ["Home: News that could not be sent\n18:53 First\n18:53 Second"]


async def test_a_chat_that_fails_holds_up_nobody(house: House, bot: Telegram, clock: FakeClock) -> None:
    told = await news(house, bot)
    bot.chats[PERSON].blocked = True
    for n in range(3):
        await house.happens(house.event("recharge", f"Number {n}"))
        await rounds(told)
        passed(clock, 120)
    assert [one.chat for one in bot.sent] == [BO] * 3
    assert house.report.said[-1][0] == "needs_you"
    assert "the bot was blocked there" in house.report.said[-1][1]
    first, second = told.recipients()
    assert (first.waiting, second.waiting) == (3, 0)
    assert "blocked" in first.problem
    bot.chats[PERSON].blocked = False
    passed(clock, 1200)
    await rounds(told)
    lines = bot.said()[0].splitlines()
    assert [line[6:] for line in lines[1:]] == ["Number 0", "Number 1", "Number 2"]
    assert house.report.said[-1][0] == "ok"


async def test_retry_after_is_obeyed(house: House, bot: Telegram, clock: FakeClock) -> None:
    told = await news(house, bot, PERSON)
    bot.too_many(37)
    await house.happens(house.event("recharge"))
    (box,) = told.boxes.values()
    assert await told.round(box) == pytest.approx(37)
    calls = len(bot.calls)
    passed(clock, 36)
    assert await told.round(box) == pytest.approx(1)
    assert len(bot.calls) == calls
    passed(clock, 1)
    await told.round(box)
    assert len(bot.said()) == 1


async def test_an_error_of_telegram_s_own_is_tried_again(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot, PERSON)
    bot.fail_next("sendMessage", Fault(502), Fault(page="<h1>Hotel Wi-Fi</h1>"), Fault(cut=True))
    await house.happens(house.event("recharge"))
    for _ in range(4):
        await rounds(told)
        passed(clock, 300)
    assert len(bot.said()) == 1


async def test_an_answer_that_is_lost_on_its_way_is_sent_again(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    """Telegram cannot be asked what it was sent: at least once, never not at all."""
    told = await news(house, bot, PERSON)
    bot.fail_next("sendMessage", Fault(lost=True, cut=True))
    await house.happens(house.event("recharge"))
    for _ in range(3):
        await rounds(told)
        passed(clock, 300)
    assert len(bot.said()) == 2


async def test_a_group_that_got_a_new_id_is_followed_and_remembered(house: House, bot: Telegram) -> None:
    bot.add(Chat(GROUP, "Home", "group", migrated_to=-100_900))
    bot.add(Chat(-100_900, "Home", "supergroup"))
    told = await news(house, bot, GROUP)
    await house.happens(house.event("recharge"))
    await rounds(told)
    assert len(bot.said(-100_900)) == 1
    told = await news(house, bot, GROUP)
    before = len(bot.calls)
    await house.happens(house.event("deduction"))
    await rounds(told)
    assert len(bot.said(-100_900)) == 2
    assert len(bot.calls) == before + 1


async def test_a_wrong_token_needs_the_owner_and_nothing_is_lost(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot, PERSON)
    bot.token = "7:other"
    await house.happens(house.event("recharge"))
    await rounds(told)
    assert house.report.said[-1][0] == "needs_you"
    assert "@BotFather" in house.report.said[-1][1]
    bot.token = TOKEN
    passed(clock, 1200)
    await rounds(told)
    assert len(bot.said()) == 1


async def test_that_one_could_not_be_written_to_is_told_to_the_others_alone(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot)
    bot.chats[BO].blocked = True
    await house.happens(house.event("recharge", "Recharged"))
    await rounds(told)
    passed(clock, 60)
    await house.happens(house.event("needs_you", "Bo: the bot was blocked there", source="telegram"))
    await rounds(told)
    bot.chats[BO].blocked = False
    passed(clock, 1200)
    await rounds(told)
    assert "Bo: the bot was blocked there" in bot.said(PERSON)[-1]
    assert [text.splitlines()[1] for text in bot.said(BO)] == ["Recharged"]


async def test_a_token_that_was_mended_by_a_restart_is_no_news(house: House, bot: Telegram) -> None:
    told = await news(house, bot, PERSON)
    bot.token = "7:other"
    await house.happens(house.event("recharge", "Recharged"))
    await house.happens(house.event("needs_you", "Telegram does not know this token", source="telegram"))
    await rounds(told)
    bot.token = TOKEN
    house.clock.tick(60)
    await rounds(await news(house, bot, PERSON))
    assert [text.splitlines()[1] for text in bot.said()] == ["Recharged"]


async def test_what_telegram_will_never_take_is_set_aside_and_told(house: House, bot: Telegram) -> None:
    made = sink(house, bot, PERSON)
    told = await opened(made)

    async def refuse(*args: Any) -> None:
        raise NotTakenError("Telegram will not take it (Bad Request: why ever)")

    carry, told._carry = told._carry, refuse
    await house.happens(house.event("recharge"))
    await rounds(told)
    (event,) = house.report.events
    assert event.name == "message_refused"
    assert "why ever" in event.text
    assert told.delivery.set_aside == 1
    told._carry = carry
    await house.happens(house.event("deduction"))
    await rounds(told)
    assert len(bot.said()) == 1
    assert "deduction" in bot.said()[0]


async def test_a_fault_of_ours_with_one_chat_keeps_nobody_from_their_news(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot)
    carry = told._carry

    async def broken(person: Any, message: Any) -> None:
        if person.key == str(PERSON):
            raise KeyError("what nobody foresaw")
        await carry(person, message)

    told._carry = broken
    await house.happens(house.event("recharge"))
    await rounds(told)
    assert [one.chat for one in bot.sent] == [BO]
    assert told.recipients()[0].problem.startswith("Unexpected fault: KeyError")
    told._carry = carry
    passed(clock, 300)
    await rounds(told)
    assert len(bot.said()) == 1


async def test_markup_that_is_not_understood_goes_as_plain_text(
    house: House, bot: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.sinks._telegram_send.marked_up", lambda message: message.body)
    told = await news(house, bot, PERSON)
    await house.happens(house.event("recharge", "1.5 kWh"))
    await rounds(told)
    assert bot.said() == ["Home: Recharge\n1.5 kWh\n18:53"]
    assert bot.sent[0].entities == []


# Pictures


async def test_the_day_s_summary_comes_with_a_chart_drawn_once(house: House, bot: Telegram) -> None:
    house.chart = PNG
    told = await news(house, bot)
    await house.happens(house.event("daily_summary", "Used 11 kWh\nCost 30 SEK"))
    await rounds(told)
    assert [(one.chat, one.photo) for one in bot.sent] == [(PERSON, PNG), (BO, PNG)]
    assert bot.said() == ["Home: The day\nUsed 11 kWh\nCost 30 SEK\n18:53"]
    assert house.drawn == 1


@pytest.mark.parametrize("chart", [None, b"no picture at all"])
async def test_without_a_picture_it_is_text(house: House, bot: Telegram, chart: bytes | None) -> None:
    house.chart = chart
    told = await news(house, bot, PERSON)
    await house.happens(house.event("daily_summary", "Used 11 kWh"))
    await rounds(told)
    assert [(one.text, one.photo) for one in bot.sent] == [("Home: The day\nUsed 11 kWh\n18:53", None)]


async def test_a_text_too_long_for_a_caption_is_text(house: House, bot: Telegram) -> None:
    house.chart = PNG
    told = await news(house, bot, PERSON)
    await house.happens(house.event("daily_summary", "Used 11 kWh. " * 200))
    await rounds(told)
    assert [one.photo for one in bot.sent] == [None]


async def test_a_picture_the_line_does_not_carry_does_not_keep_the_text(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    house.chart = PNG
    bot.faults["sendphoto"] = Fault(cut=True)
    told = await news(house, bot, PERSON)
    await house.happens(house.event("daily_summary", "Used 11 kWh"))
    for _ in range(2):
        await rounds(told)
        passed(clock, 400)
    (sent,) = bot.sent
    assert (sent.photo, "Used 11 kWh" in sent.text) == (None, True)


async def test_no_pictures_where_none_are_wanted(house: House, bot: Telegram) -> None:
    house.chart = PNG
    told = await news(house, bot, PERSON, pictures=False)
    await house.happens(house.event("daily_summary", "Used 11 kWh"))
    await rounds(told)
    assert bot.sent[0].photo is None
    assert house.drawn == 0


# Mute


async def test_muted_is_urgent_only_until_it_ends_also_across_a_restart(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot)
    await told.mute(str(PERSON), NOON + 2 * HOUR_MS)
    told = await news(house, bot)
    assert [one.muted_until for one in told.recipients()] == [NOON + 2 * HOUR_MS, None]
    await house.happens(house.event("recharge", "Money"), house.event("grid_down", "Lost"))
    await rounds(told)
    assert bot.said(BO) == ["Home: News\n18:53 Money\n18:53 Lost"]
    assert bot.said() == ["Home: Power cut\nLost\n18:53"]
    passed(clock, 7200)
    await rounds(told)
    assert bot.said()[1:] == ["Home: Recharge\nMoney\n18:53"]
    assert [one.muted_until for one in told.recipients()] == [None, None]


# Restarts


async def test_nothing_twice_and_nothing_lost_over_a_restart(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    told = await news(house, bot)
    await house.happens(house.event("recharge", "First"))
    await rounds(told)
    await house.happens(house.event("recharge", "Second"))
    told = await news(house, bot)
    await rounds(told)
    told = await news(house, bot)
    await rounds(told)
    assert [text.splitlines()[1] for text in bot.said()] == ["First", "Second"]
    assert bot.said() == bot.said(BO)


async def test_a_new_chat_does_not_hear_of_the_past(house: House, bot: Telegram) -> None:
    told = await news(house, bot, PERSON)
    await house.happens(house.event("recharge"))
    await rounds(told)
    told = await news(house, bot, PERSON, BO)
    await rounds(told)
    assert bot.said(BO) == []
    assert len(bot.said()) == 1


async def test_a_stop_while_a_message_is_on_its_way_hears_the_answer(house: House, bot: Telegram) -> None:
    told = await news(house, bot, PERSON)
    bot.fail_next("sendMessage", Fault(wait_s=0.3))
    await house.happens(house.event("recharge"))
    (box,) = told.boxes.values()
    task = asyncio.create_task(told.round(box))
    await asyncio.sleep(0.1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(bot.said()) == 1
    told = await news(house, bot, PERSON)
    await rounds(told)
    assert len(bot.said()) == 1


async def test_it_runs_by_itself(house: House, bot: Telegram) -> None:
    """With its listener, its tasks and the real order of hub and store."""
    made = sink(house, bot)
    task = asyncio.create_task(made.run())
    await until(lambda: house.report.said)
    event = house.event("recharge", "Money")
    house.hub.publish([event])
    house.store.append([event])
    await until(lambda: len(bot.sent) == 2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert bot.said() == bot.said(BO) == ["Home: Recharge\nMoney\n18:53"]


# Trying it


async def test_a_try_says_who_got_it(house: House, bot: Telegram) -> None:
    made = sink(house, bot, {"id": PERSON, "name": "Asha"}, {"id": BO, "name": "Bo"}, {"id": 5, "name": "Cy"})
    told = await made.test()
    assert told.splitlines()[0] == "Sent to Asha, Bo"
    assert told.splitlines()[1].startswith("Cy: Telegram knows no such chat")
    assert bot.said() == ["Home\nThis is a test: messages from here arrive"]
    with pytest.raises(AuthError, match="Cy: "):
        await sink(house, bot, {"id": 5, "name": "Cy"}).test()
    with pytest.raises(SourceError, match="nobody to write to"):
        await house.telegram(url=bot.url, token=bot.token).test()


async def test_an_example_goes_to_those_who_want_its_topic_whatever_the_hour(
    house: House, bot: Telegram
) -> None:
    quiet = {"start": "18:00", "end": "21:00"}
    made = sink(house, bot, {"id": PERSON, "quiet": quiet}, {"id": BO, "topics": ["outage"]})
    told = await opened(made)
    house.topics = ()
    assert await made.send_example(house.event("recharge", "Money")) == f"Sent to {PERSON}"
    assert bot.said() == ["Home: Recharge\nMoney\n18:53\nThis is a test: it did not happen"]
    assert bot.said(BO) == []
    await rounds(told)
    assert len(bot.sent) == 1
    with pytest.raises(SourceError, match="Nobody wants"):
        await sink(house, bot, {"id": BO, "topics": ["outage"]}).send_example(house.event("recharge"))


# Secrets and options


@pytest.mark.parametrize("fault", [None, Fault(502), Fault(cut=True), Fault(404), Fault(page="no JSON")])
async def test_the_token_is_in_no_word_of_ours(
    house: House, bot: Telegram, fault: Fault | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = sink(house, bot, PERSON)
    if fault is None:
        bot.stop()
    bot.fault = fault
    told = await opened(made)
    await house.happens(house.event("recharge"))
    await rounds(told)
    with pytest.raises(SourceError) as caught:
        await made.test()
    words = [str(caught.value), caplog.text]
    words += [text for _, text in house.report.said] + [told.recipients()[0].problem]
    secret = TOKEN.partition(":")[2]
    assert not any(secret in one for one in words)
    assert told.recipients()[0].problem


async def test_one_message_a_second_in_a_chat(house: House, bot: Telegram, clock: FakeClock) -> None:
    made = sink(house, bot, PERSON)
    await opened(made)
    for text in ("One", "Two", "Three"):
        await made._sender.answer(PERSON, text)
    await made._sender.answer(BO, "Four")
    assert [one.at - NOON for one in bot.sent] == [0, 1000, 2000, 2000]


@pytest.mark.parametrize(
    ("chats", "says"),
    [
        ([5, {"id": "5"}], "twice"),
        (["no name"], "must be a chat's number"),
        ([1.5], "must be a chat's number"),
        ([10**30], "must be a chat's number"),
        ([{"id": True}], "must be a chat's number"),
        ([{"id": 5, "quiet": {"start": "22:00"}}], "end"),
    ],
)
def test_mistakes_in_chats(chats: list[Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Options.model_validate({"token": TOKEN, "chats": chats})


@pytest.mark.parametrize("token", ["", "SECRET", "7 SECRET", "7:", "/newbot 7:SECRET"])
def test_what_is_no_token_is_told_without_it(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate({"token": token})
    (said,) = explain(caught.value.errors(), Options, {"token": token}).values()
    assert "that @BotFather gave" in said
    assert "SECRET" not in said
    assert Options.model_validate({"token": "enc:not to be read here"})


def test_a_bot_without_chats_is_how_one_begins() -> None:
    options = Options.model_validate({"type": "telegram", "token": "7:secret"})
    assert options.chats == ()
    assert "secret" not in repr(options)
