"""The virtual Telegram refuses what the real one refuses, in its words, and forgets nothing."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import FakeClock
from appliance.demo import telegram_text
from appliance.demo.http_device import Fault
from appliance.demo.telegram import BOT, PERSON, Telegram
from appliance.demo.telegram_chats import Chat

START = 1_778_000_000_000
GROUP = -100_200
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def bot(clock: FakeClock) -> Iterator[Telegram]:
    device = Telegram(clock)
    device.add(Chat(GROUP, "Family", "group"))
    device.start()
    yield device
    device.stop()


def call(bot: Telegram, method: str, **asked: Any) -> Any:
    """What the API answers to JSON."""
    return requests.post(f"{bot.url}/bot{bot.token}/{method}", json=asked, timeout=10).json()


def refused(answer: Any) -> tuple[int, str]:
    assert answer["ok"] is False
    return answer["error_code"], answer["description"]


def test_the_bot_says_who_it_is_whatever_the_case(bot: Telegram) -> None:
    assert call(bot, "getMe")["result"]["username"] == BOT["username"]
    assert requests.get(f"{bot.url}/bot{bot.token}/GETME", timeout=5).json()["ok"]
    assert refused(call(bot, "getMoney")) == (404, "Not Found")


def test_a_wrong_token_opens_nothing(bot: Telegram) -> None:
    answer = requests.get(f"{bot.url}/bot123:wrong/getMe", timeout=5)
    assert answer.status_code == 401
    assert refused(answer.json()) == (401, "Unauthorized")


@pytest.mark.parametrize("way", ["json", "data", "files", "params"])
def test_a_message_arrives_however_it_is_sent(bot: Telegram, way: str) -> None:
    asked: dict[str, Any] = {"chat_id": str(PERSON), "text": r"*Grid* 1\.5 kW", "parse_mode": "MarkdownV2"}
    form = {name: (None, value) for name, value in asked.items()} if way == "files" else asked
    url = f"{bot.url}/bot{bot.token}/sendMessage"
    answer = requests.post(url, timeout=5, **{way: form}).json()
    assert answer["result"]["text"] == "Grid 1.5 kW"
    assert answer["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 4}]
    (sent,) = bot.sent
    assert (sent.chat, sent.text, sent.raw, sent.at) == (PERSON, "Grid 1.5 kW", asked["text"], START)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.5 kW", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("over!", "Character '!' is reserved and must be escaped with the preceding '\\'"),
        ("a|b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ("a ]", "Character ']' is reserved and must be escaped with the preceding '\\'"),
        ("é *bold", "Can't find end of Bold entity at byte offset 3"),
        ("_a *b_ c*", "Can't find end of Bold entity at byte offset 8"),
        ("`code", "Can't find end of Code entity at byte offset 0"),
        ("[here](http://a", "Can't find end of a URL at byte offset 7"),
    ],
)
def test_wrong_markup_is_refused_in_telegrams_words(bot: Telegram, text: str, why: str) -> None:
    answer = call(bot, "sendMessage", chat_id=PERSON, text=text, parse_mode="MarkdownV2")
    assert refused(answer) == (400, f"Bad Request: can't parse entities: {why}")
    assert bot.sent == []


@pytest.mark.parametrize(
    ("raw", "seen", "kinds"),
    [
        (r"a\_b\\c", "a_b\\c", []),
        ("*b _i __u__ ~s~_*", "b i u s", ["underline", "strikethrough", "italic", "bold"]),
        ("||hidden|| `1.5 - (x)`", "hidden 1.5 - (x)", ["spoiler", "code"]),
        ("```\nfour = 2 + 2\n```", "four = 2 + 2\n", ["pre"]),
        (r"[a\.b](https://x.y/\)?q=1)", "a.b", ["text_link"]),
        ("no markup\\", "no markup\\", []),
    ],
)
def test_markup_is_taken_off(raw: str, seen: str, kinds: list[str]) -> None:
    text, entities = telegram_text.read(raw)
    assert text == seen
    assert [one["type"] for one in entities] == kinds


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_escaped_is_seen_as_it_was(text: str) -> None:
    escaped = "".join(f"\\{c}" if c in telegram_text.RESERVED + "\\" else c for c in text)
    assert telegram_text.read(escaped) == (text, [])


@given(st.text("*_`~|[]()\\.ab🔋 "))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        plain, entities = telegram_text.read(text)
    except telegram_text.MarkupError:
        assert set(text) & set(telegram_text.RESERVED)
    else:
        assert all(one["offset"] + one["length"] <= telegram_text.utf16_length(plain) for one in entities)


def test_the_length_counts_what_is_seen_in_utf16(bot: Telegram) -> None:
    fits = call(bot, "sendMessage", chat_id=PERSON, text=r"\." * 4096, parse_mode="MarkdownV2")
    assert fits["ok"]
    for text in ("x" * 4097, "🔋" * 2049):
        answer = call(bot, "sendMessage", chat_id=PERSON, text=text)
        assert refused(answer) == (400, "Bad Request: message is too long")
    assert refused(call(bot, "sendMessage", chat_id=PERSON, text=" \n "))[1].endswith("text is empty")
    assert refused(call(bot, "sendMessage", chat_id=PERSON, text="a", parse_mode="HTML"))[0] == 400


def test_chats_that_cannot_be_reached(bot: Telegram) -> None:
    channel = bot.add(Chat(-100_777, "News", "channel", username="house_news"))
    assert call(bot, "sendMessage", chat_id="@house_news", text="hi")["result"]["chat"]["id"] == channel.id
    said = refused(call(bot, "sendMessage", chat_id=42, text="hi"))
    assert said == (400, "Bad Request: chat not found")
    assert refused(call(bot, "sendMessage", text="hi")) == (400, "Bad Request: chat_id is empty")
    bot.chats[PERSON].blocked = bot.chats[GROUP].blocked = True
    said = refused(call(bot, "sendMessage", chat_id=PERSON, text="hi"))
    assert said == (403, "Forbidden: bot was blocked by the user")
    said = refused(call(bot, "sendMessage", chat_id=GROUP, text="hi"))
    assert said == (403, "Forbidden: bot was kicked from the group chat")


def test_a_group_moves(bot: Telegram) -> None:
    new = bot.add(Chat(-100_999_111, "Family", "supergroup"))
    bot.chats[GROUP].migrated_to = new.id
    answer = call(bot, "sendMessage", chat_id=GROUP, text="hi")
    assert refused(answer)[0] == 400
    assert answer["parameters"] == {"migrate_to_chat_id": new.id}
    assert call(bot, "sendMessage", chat_id=new.id, text="hi")["ok"]


def test_too_many_messages_say_when_to_come_back(bot: Telegram, clock: FakeClock) -> None:
    bot.too_many(12.5)
    url = f"{bot.url}/bot{bot.token}/sendMessage"
    answer = requests.post(url, json={"chat_id": PERSON, "text": "hi"}, timeout=5)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "13"
    assert answer.json()["parameters"] == {"retry_after": 13}
    clock.tick(13)
    assert call(bot, "sendMessage", chat_id=PERSON, text="hi")["ok"]
    bot.every_s = 1
    assert call(bot, "sendMessage", chat_id=PERSON, text="hi")["ok"]
    assert call(bot, "sendMessage", chat_id=GROUP, text="hi")["ok"], "each chat has its own limit"
    assert refused(call(bot, "sendMessage", chat_id=PERSON, text="hi"))[0] == 429
    clock.tick(1)
    assert call(bot, "sendMessage", chat_id=PERSON, text="hi")["ok"]


def test_a_picture_with_its_caption(bot: Telegram) -> None:
    url = f"{bot.url}/bot{bot.token}/sendPhoto"
    form = {"chat_id": PERSON, "caption": r"*Today*: 12\.5 kWh", "parse_mode": "MarkdownV2"}
    answer = requests.post(url, data=form, files={"photo": ("day.png", PNG, "image/png")}, timeout=5).json()
    assert answer["result"]["caption"] == "Today: 12.5 kWh"
    assert (bot.sent[0].photo, bot.sent[0].text) == (PNG, "Today: 12.5 kWh")
    long = form | {"caption": "x" * 1025}
    answer = requests.post(url, data=long, files={"photo": ("day.png", PNG)}, timeout=5).json()
    assert refused(answer) == (400, "Bad Request: message caption is too long")
    answer = requests.post(url, data=form, files={"photo": ("day.png", b"<html>")}, timeout=5).json()
    assert refused(answer)[1] == "Bad Request: IMAGE_PROCESS_FAILED"
    assert refused(call(bot, "sendPhoto", chat_id=PERSON))[1].endswith("there is no photo in the request")
    shown = requests.get(f"{bot.url}/photo/0", timeout=5)
    assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")


def test_updates_are_told_until_they_are_confirmed(bot: Telegram, clock: FakeClock) -> None:
    bot.write(PERSON, "/now")
    clock.tick(60)
    bot.write(31, "hello", name="Stranger")
    first = call(bot, "getUpdates")["result"]
    assert call(bot, "getUpdates")["result"] == first
    message = first[0]["message"]
    assert (message["text"], message["chat"]["type"], message["date"]) == ("/now", "private", START // 1000)
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 4}]
    assert first[1]["message"]["from"]["first_name"] == "Stranger"
    assert call(bot, "getUpdates", offset=first[0]["update_id"] + 1)["result"] == first[1:]
    assert call(bot, "getUpdates", offset=first[1]["update_id"] + 1)["result"] == []
    assert call(bot, "getWebhookInfo")["result"]["pending_update_count"] == 0


def test_numbers_of_updates_go_on_in_a_new_server_and_begin_anew_after_a_week(bot: Telegram) -> None:
    assert call(bot, "getUpdates", offset=700_000_000)["result"] == []
    bot.write(PERSON, "/today")
    assert call(bot, "getUpdates", offset=700_000_000)["result"][0]["update_id"] == 700_000_000
    bot.renumber(12)
    bot.write(PERSON, "/month")
    assert call(bot, "getUpdates", offset=700_000_001)["result"] == [], (
        "taken for confirmed, as the real one does"
    )
    bot.write(PERSON, "/now")
    assert [one["update_id"] for one in call(bot, "getUpdates")["result"]] == [13]


def test_in_groups_a_bot_hears_commands_for_it(bot: Telegram) -> None:
    for text in ("hello", "/now@another_bot", f"/now@{BOT['username']}", "/today"):
        bot.write(GROUP, text, name="Ravi")
    heard = [one["message"] for one in call(bot, "getUpdates")["result"]]
    assert [one["text"] for one in heard] == [f"/now@{BOT['username']}", "/today"]
    assert heard[0]["chat"] == {"id": GROUP, "type": "group", "title": "Family"}
    assert heard[0]["from"]["first_name"] == "Ravi"
    bot.private = False
    bot.write(GROUP, "hello", name="Ravi")
    assert len(call(bot, "getUpdates")["result"]) == 3


def test_a_long_poll_waits_for_news_and_only_one_may(bot: Telegram) -> None:
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(call(bot, "getUpdates", timeout=8)))
    first.start()
    while "getupdates" not in bot.calls:
        threading.Event().wait(0.01)
    second = threading.Thread(target=lambda: answers.append(call(bot, "getUpdates", timeout=8)))
    second.start()
    first.join(5)
    assert refused(answers[0])[0] == 409
    assert "terminated by other getUpdates request" in answers[0]["description"]
    bot.write(PERSON, "/balance")
    second.join(5)
    assert [one["message"]["text"] for one in answers[1]["result"]] == ["/balance"]


def test_a_webhook_stands_in_the_way_of_polls(bot: Telegram) -> None:
    assert call(bot, "setWebhook", url="https://elsewhere.example")["ok"]
    assert "webhook is active" in refused(call(bot, "getUpdates"))[1]
    assert call(bot, "getWebhookInfo")["result"]["url"] == "https://elsewhere.example"
    assert call(bot, "deleteWebhook")["ok"]
    assert call(bot, "getUpdates")["ok"]


def test_the_menu_of_commands(bot: Telegram) -> None:
    menu = [{"command": "now", "description": "Power now"}]
    assert call(bot, "setMyCommands", commands=menu)["ok"]
    assert bot.commands == call(bot, "getMyCommands")["result"] == menu
    url = f"{bot.url}/bot{bot.token}/setMyCommands"
    assert requests.post(url, data={"commands": json.dumps(menu)}, timeout=5).json()["ok"]
    wrong = [{"command": "/Now", "description": "Power now"}]
    assert refused(call(bot, "setMyCommands", commands=wrong))[1] == "Bad Request: BOT_COMMAND_INVALID"
    assert refused(call(bot, "setMyCommands", commands=[1]))[0] == 400
    assert bot.commands == menu


def test_an_answer_is_lost_although_the_message_arrived(bot: Telegram) -> None:
    bot.fail_next("sendMessage", Fault(cut=True, lost=True), Fault(status=502))
    with pytest.raises(requests.ConnectionError):
        call(bot, "sendMessage", chat_id=PERSON, text="once")
    url = f"{bot.url}/bot{bot.token}"
    again = requests.post(f"{url}/sendMessage", json={"chat_id": PERSON, "text": "b"}, timeout=5)
    assert again.status_code == 502
    assert bot.said() == ["once"]
    bot.faults["sendMessage"] = Fault(status=500)
    assert requests.post(f"{url}/getMe", timeout=5).ok, "a fault of one method is not one of another"
    assert requests.post(f"{url}/sendMessage", timeout=5).status_code == 500
    bot.clear()
    assert call(bot, "sendMessage", chat_id=PERSON, text="twice")["ok"]


def test_a_newcomer_reads_and_writes_on_a_page(bot: Telegram) -> None:
    assert "Nothing has been sent yet" in requests.get(f"{bot.url}/messages", timeout=5).text
    call(bot, "sendMessage", chat_id=PERSON, text="Power < 5 kW & falling", disable_notification=True)
    form = {"chat": str(PERSON), "text": "/today"}
    front = requests.post(f"{bot.url}/", data=form, timeout=5)
    assert front.url == f"{bot.url}/"
    assert "Asha" in front.text
    shown = requests.get(f"{bot.url}/messages", timeout=5).text
    assert "Power &lt; 5 kW &amp; falling" in shown
    assert "/today" in shown
    assert call(bot, "getUpdates")["result"][0]["message"]["text"] == "/today"
    assert bot.sent[0].silent
    requests.post(f"{bot.url}/", data={"chat": "5", "text": "to nobody"}, timeout=5)
    assert len(bot.written) == 1
    assert requests.get(f"{bot.url}/photo/0", timeout=5).status_code == 404


def test_the_appliance_is_told_where_and_to_whom(bot: Telegram) -> None:
    entry = bot.sink_config()
    assert (entry["type"], entry["url"], entry["token"]) == ("telegram", bot.url, bot.token)
    assert entry["chats"] == [PERSON, GROUP]
