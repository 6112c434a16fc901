"""What people write to the bot: answered once, in configured chats only."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from appliances import NOON
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS, FakeClock
from appliance.demo.http_device import Fault
from appliance.demo.telegram import PERSON, Telegram
from appliance.demo.telegram_chats import Chat
from appliance.errors import SourceError
from appliance.sinks import _telegram_commands
from appliance.sinks._telegram_commands import LONGEST_MUTE_MS, MOST_STRANGERS, Commands, command, muting
from appliance.sinks.telegram import Sink
from tests.peers.news import House, QuickClock, opened, rounds
from tests.peers.telling import until

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


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_telegram_commands, "POLL_S", 0)


async def listening(house: House, bot: Telegram, *chats: Any, **options: Any) -> tuple[Commands, Sink]:
    made = house.telegram(url=bot.url, token=bot.token, chats=chats or [PERSON], **options)
    await opened(made)
    assert made._commands is not None
    return made._commands, made


async def heard(commands: Commands) -> None:
    """One poll that goes well."""
    assert await commands.round() == 0


# Answers


@pytest.mark.parametrize("word", ["now", "today", "month", "balance", "price"])
async def test_questions_are_answered(house: House, bot: Telegram, word: str) -> None:
    commands, _ = await listening(house, bot)
    bot.write(PERSON, f"/{word}")
    await heard(commands)
    assert bot.said() == [f"The answer to {word}: 1.5 kW (about)"]
    await heard(commands)
    assert len(bot.said()) == 1


@pytest.mark.parametrize("text", ["/start", "/help", "/what", "hello", "/"])
async def test_help_names_what_can_be_asked(house: House, bot: Telegram, text: str) -> None:
    commands, _ = await listening(house, bot)
    bot.write(PERSON, text)
    await heard(commands)
    (said,) = bot.said()
    assert said.splitlines()[0] == "Home"
    assert "/now · Power and energy now" in said
    assert "/mute · " in said


async def test_the_menu_is_set_once(house: House, bot: Telegram) -> None:
    for _ in range(2):
        commands, _sink = await listening(house, bot)
        await heard(commands)
    assert [one["command"] for one in bot.commands] == list(_telegram_commands.MENU)
    assert bot.calls.count("setmycommands") == 1


async def test_an_answer_of_any_length_arrives_in_parts(house: House, bot: Telegram) -> None:
    house.answer = lambda word: "\n".join(f"line {n} of the answer." for n in range(400))
    commands, _ = await listening(house, bot)
    bot.write(PERSON, "/now")
    await heard(commands)
    assert len(bot.said()) > 1
    assert "\n".join(bot.said()) == house.answer("now")


async def test_an_answer_waits_a_little_but_holds_nobody_up_for_long(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    commands, _ = await listening(house, bot)
    for wish in (1, 3600):
        bot.write(PERSON, "/now")
        bot.fail_next("sendMessage", Fault(429, retry_after_s=wish))
        await asyncio.wait_for(heard(commands), 5)
    assert len(bot.said()) == 1


async def test_why_there_is_no_answer_is_said(house: House, bot: Telegram) -> None:
    def sorry(word: str) -> str:
        raise SourceError("No meter has been read yet")

    def broken(word: str) -> str:
        raise ValueError("secret inside")

    commands, _ = await listening(house, bot)
    for house.answer in (sorry, broken):
        bot.write(PERSON, "/now")
        await heard(commands)
    assert bot.said() == ["No meter has been read yet", "That could not be worked out; the log says why"]


async def test_answers_are_in_the_site_s_language(house: House, bot: Telegram) -> None:
    made = house.telegram(str.upper, url=bot.url, token=bot.token, chats=[PERSON])
    await opened(made)
    assert made._commands is not None
    bot.write(PERSON, "/price")
    await heard(made._commands)
    assert bot.said() == ["THE ANSWER TO PRICE: 1.5 KW (ABOUT)"]
    assert bot.commands[0]["description"] == "POWER AND ENERGY NOW"


async def test_who_presses_start_again_gets_what_waits_at_once(house: House, bot: Telegram) -> None:
    commands, made = await listening(house, bot)
    bot.chats[PERSON].blocked = True
    await house.happens(house.event("recharge", "Money"))
    await rounds(made._news)
    (box,) = made._news.boxes.values()
    assert await made._news.round(box) > 600
    assert made.delivery.pending == 1
    bot.chats[PERSON].blocked = False
    bot.write(PERSON, "/start")
    await heard(commands)
    await rounds(made._news)
    assert "Money" in bot.said()[-1]


# Groups


async def test_in_a_group_only_what_is_meant_for_us(house: House, bot: Telegram) -> None:
    bot.add(Chat(GROUP, "The flat", "group"))
    bot.private = False
    commands, _ = await listening(house, bot, GROUP)
    for text in ("/now@virtual_tallywatt_bot", "/now@other_bot", "now", "/nonsense", "hello", "/today"):
        bot.write(GROUP, text, "Bo")
    await heard(commands)
    assert house.asked == ["now", "today"]
    assert len(bot.said(GROUP)) == 2


# Strangers


async def test_a_stranger_gets_nothing_and_the_owner_the_id(house: House, bot: Telegram) -> None:
    commands, _ = await listening(house, bot)
    for text in ("/start", "/now", "/balance"):
        bot.write(4711, text, "Mallory")
        await heard(commands)
        await house.happens(*house.report.events)
    assert bot.said(4711) == []
    assert house.asked == []
    event = house.report.events[0]
    assert event.name == "stranger"
    assert event.data == {"chat": 4711, "name": "Mallory", "kind": "private"}
    assert "4711" in event.text
    assert len(house.report.events) == 1


async def test_a_crowd_of_strangers_does_not_fill_the_log(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    commands, _ = await listening(house, bot)
    for n in range(20):
        bot.write(5000 + n, "/start", f"Number {n}")
        await heard(commands)
        await house.happens(*house.report.events)
        house.report.events.clear()
    known = await house.store.events(names=("stranger",))
    assert len(known) == MOST_STRANGERS
    clock.tick(86_401)
    bot.write(5000, "/start")
    await heard(commands)
    assert len(house.report.events) == 1


async def test_without_a_chat_it_listens_so_that_the_first_id_is_found(house: House, bot: Telegram) -> None:
    made = house.telegram(url=bot.url, token=bot.token)
    await opened(made)
    assert made._commands is not None
    bot.write(PERSON, "/start")
    await heard(made._commands)
    assert [event.data["chat"] for event in house.report.events] == [PERSON]
    assert bot.sent == []
    assert house.report.said[-1] == ("ok", "Nobody is written to yet")


async def test_a_chat_that_may_not_ask_is_not_answered(house: House, bot: Telegram) -> None:
    commands, _ = await listening(house, bot, PERSON, {"id": BO, "commands": False})
    bot.write(BO, "/now")
    await heard(commands)
    assert bot.sent == house.report.events == []
    only = house.telegram(url=bot.url, token=bot.token, chats=[{"id": BO, "commands": False}])
    assert only._commands is None


# Mute


async def test_mute(house: House, bot: Telegram, clock: FakeClock) -> None:
    commands, made = await listening(house, bot)

    async def asked(text: str) -> str:
        bot.write(PERSON, text)
        await heard(commands)
        return bot.said()[-1]

    assert await asked("/mute") == "For how long? Write /mute 2h, /mute 30m, /mute 1d or /mute off"
    assert await asked("/mute forever") == "For how long? Write /mute 2h, /mute 30m, /mute 1d or /mute off"
    assert (await asked("/mute 2h")).startswith("Only what is urgent until 20:53; ")
    assert await asked("/mute") == "Only what is urgent until 20:53. /mute off ends it"
    assert (await asked("/mute 1d")).startswith("Only what is urgent until 2026-05-06 18:53; ")
    before = len(bot.sent)
    await house.happens(house.event("recharge", "Money"))
    await rounds(made._news)
    assert len(bot.sent) == before
    assert await asked("/mute off") == "Messages come again"
    await rounds(made._news)
    assert "Money" in bot.said()[-1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("2h", 2 * HOUR_MS), ("30m", 30 * MINUTE_MS), ("1 D", DAY_MS), ("off", 0), ("0m", None), ("", None),
     ("2", None), ("-1h", None), ("99999d", LONGEST_MUTE_MS), ("٣h", 3 * HOUR_MS)],
)  # fmt: skip
def test_how_long(text: str, wanted: int | None) -> None:
    assert muting(text) == wanted


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_none(text: str) -> None:
    wished = muting(text)
    assert wished is None or 0 <= wished <= LONGEST_MUTE_MS


@given(st.text(max_size=30), st.booleans())
def test_any_text_is_a_command_or_none(text: str, private: bool) -> None:
    found = command(text, "bot", private)
    assert found is None or "@" not in found[0] or not text.strip().startswith("/")


# Once, also over restarts and outages


async def test_no_command_is_answered_twice_over_a_restart(house: House, bot: Telegram) -> None:
    commands, _ = await listening(house, bot)
    bot.write(PERSON, "/now")
    await heard(commands)
    commands, _ = await listening(house, bot)
    bot.write(PERSON, "/today")
    await heard(commands)
    assert house.asked == ["now", "today"]


async def test_old_commands_are_counted_in_one_line(house: House, bot: Telegram, clock: FakeClock) -> None:
    commands, _ = await listening(house, bot)
    for _ in range(3):
        bot.write(PERSON, "/now")
    clock.tick(3600)
    bot.write(PERSON, "/today")
    await heard(commands)
    assert bot.said() == [
        "The answer to today: 1.5 kW (about)",
        "Asked while the appliance could not hear: 3. Please ask again",
    ]


async def test_a_clock_that_is_an_hour_ahead_makes_no_command_an_old_one(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    commands, _ = await listening(house, bot)
    await heard(commands)
    bot.write(PERSON, "/now\nplease")
    clock.jump(HOUR_MS)
    await heard(commands)
    assert bot.said() == ["The answer to now: 1.5 kW (about)"]


async def test_a_place_in_the_queue_older_than_a_week_does_not_hide_new_numbers(
    house: House, bot: Telegram, clock: FakeClock
) -> None:
    """Telegram begins its numbers anew, at random, after a week without a message."""
    commands, _ = await listening(house, bot)
    bot.write(PERSON, "/now")
    await heard(commands)
    await heard(commands)
    clock.tick(8 * 86_400)
    bot._number = -1_000_000
    bot.write(PERSON, "/today")
    await heard(commands)
    assert house.asked == ["now", "today"]


async def test_another_bot_has_a_queue_of_its_own(house: House, bot: Telegram) -> None:
    commands, _ = await listening(house, bot)
    bot.write(PERSON, "/now")
    await heard(commands)
    kept = house.store.documents.get("telegram", "telegram")
    assert kept is not None
    house.store.documents.put("telegram", "telegram", kept | {"bot": 1, "offset": 2**40})
    commands, _ = await listening(house, bot)
    bot.write(PERSON, "/today")
    await heard(commands)
    assert "today" in house.asked


# What goes wrong


async def test_who_polls_too_is_told_once_it_lasts_and_sending_goes_on(house: House, bot: Telegram) -> None:
    commands, made = await listening(house, bot)
    bot.webhook = "https://elsewhere.example"
    assert await commands.round() > 0
    state, text = house.report.said[-1]
    assert state == "needs_you"
    assert "webhook" in text
    await house.happens(house.event("recharge"))
    await rounds(made._news)
    assert len(bot.said()) == 1
    assert house.report.said[-1][0] == "needs_you"
    bot.webhook = ""
    await heard(commands)
    assert house.report.said[-1][0] == "ok"


async def test_a_poll_ended_by_another_is_trouble_the_second_time(
    house: House, bot: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_telegram_commands, "POLL_S", 20)
    commands, made = await listening(house, bot)
    for wanted in ("ok", "needs_you"):
        polls = bot.calls.count("getupdates")
        task = asyncio.create_task(commands.round())
        await until(lambda polls=polls: bot.calls.count("getupdates") > polls)  # type: ignore[misc]
        await asyncio.sleep(0.1)
        api = made._sender._api
        await asyncio.to_thread(api.call, "getUpdates", {"timeout": 0}, 5)
        assert await task > 0
        assert house.report.said[-1][0] == wanted


@pytest.mark.parametrize("fault", [Fault(500), Fault(cut=True), Fault(page="Hotel"), Fault(truncated=True)])
async def test_trouble_with_listening_is_told_and_ends(house: House, bot: Telegram, fault: Fault) -> None:
    commands, _ = await listening(house, bot)
    bot.fault = fault
    await commands.round()
    assert house.report.said[-1][0] == "waiting"
    bot.fault = None
    bot.write(PERSON, "/now")
    await heard(commands)
    assert house.report.said[-1][0] == "ok"
    assert house.asked == ["now"]


async def test_listening_waits_as_long_as_it_is_told(house: House, bot: Telegram) -> None:
    commands, _ = await listening(house, bot)
    bot.fail_next("getMe", Fault(429, retry_after_s=12))
    assert await commands.round() == 12
    bot.token = "8:wrong"
    assert await commands.round() > 600
    assert house.report.said[-1][0] == "needs_you"


@pytest.mark.parametrize(
    "update",
    [{}, {"update_id": 7}, {"update_id": 7, "message": None}, {"update_id": 7, "message": {"chat": 5}},
     {"update_id": 7, "message": {"chat": {"id": PERSON}}},
     {"update_id": 7, "message": {"chat": {"id": PERSON}, "text": None, "date": "x"}}],
)  # fmt: skip
async def test_odd_updates_are_passed_over(house: House, bot: Telegram, update: dict[str, Any]) -> None:
    commands, _ = await listening(house, bot)
    await commands._keep([update])
    await commands._handle([update])
    assert bot.sent == []


async def test_a_group_that_tells_its_new_id_is_followed(house: House, bot: Telegram) -> None:
    bot.add(Chat(-100_900, "The flat", "supergroup"))
    commands, _ = await listening(house, bot, GROUP)
    await commands._handle(
        [{"update_id": 1, "message": {"chat": {"id": GROUP}, "migrate_to_chat_id": -100_900}}]
    )
    bot.write(-100_900, "/now", "Bo")
    await heard(commands)
    assert len(bot.said(-100_900)) == 1


async def test_it_listens_and_sends_side_by_side(house: House, bot: Telegram) -> None:
    made = house.telegram(url=bot.url, token=bot.token, chats=[PERSON])
    task = asyncio.create_task(made.run())
    await until(lambda: "getupdates" in bot.calls)
    bot.write(PERSON, "/now")
    event = house.event("recharge", "Money")
    house.hub.publish([event])
    house.store.append([event])
    await until(lambda: len(bot.sent) == 2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert sorted(text[:4] for text in bot.said()) == ["Home", "The "]
