"""Telegram's Bot API (core.telegram.org/bots/api) with one bot and the people who talk to it.

`/bot<token>/<method>` by GET or POST; parameters in the query, as form, as multipart or as JSON. It answers
what the real one answers, as far as documents and bug reports tell its words. Of the ways to mark text up it
knows MarkdownV2. A text's length is counted in UTF-16 units, the strictest reading of "4096 characters".

What goes wrong, besides `fault` of every device: `faults` (for one method), `fail_next` (the next call of
one), `too_many` (429), `blocked` and `migrated_to` of a chat, `every_s` (a rate limit), `webhook`.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import Any
from urllib.parse import unquote

from appliance.demo import telegram_text
from appliance.demo.house import HouseClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer
from appliance.demo.telegram_ask import RefusedError, chat_name, commands_of, parameters, photo_of, whole
from appliance.demo.telegram_chats import Chat, Sent, Written
from appliance.demo.telegram_page import page

TOKEN = "7000000001:AAH-a-virtual-bot-opens-nothing-000"  # noqa: S105 - opens nothing but the virtual bot
BOT = {"id": 7_000_000_001, "is_bot": True, "first_name": "Tallywatt", "username": "virtual_tallywatt_bot"}
PERSON = 700_100_200
"""Who lives in the virtual flat: a private chat has its person's id."""
LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024
LONGEST_POLL_S = 50.0
KEPT = 5000
"""So many messages are remembered: a demo may run for months."""


class Telegram(HttpDevice):
    """One bot. `sent` lists every message that reached its chat, in order; `commands` is the bot's menu.

    `private` (as BotFather sets it up): in a group the bot hears commands only, and none meant for another.
    GET / is a page that shows the conversation, by the clock of `zone`, and lets its reader write to the bot.
    """

    def __init__(self, clock: HouseClock, *, token: str = TOKEN, zone: tzinfo = UTC, port: int = 0) -> None:
        super().__init__(port)
        self.clock, self.token, self.zone = clock, token, zone
        self.chats: dict[int, Chat] = {}
        self.sent: list[Sent] = []
        self.written: list[Written] = []
        self.commands: list[dict[str, str]] = []
        self.private = True
        self.webhook = ""
        self.every_s = 0.0
        self.faults: dict[str, Fault] = {}
        self.calls: list[str] = []
        self._next: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._closed: dict[int | None, int] = {}
        self._updates: list[dict[str, Any]] = []
        self._number = 0
        self._update = 500_000_000
        self._polled = False
        self._poll = 0
        self._news = threading.Condition(threading.RLock())
        self.add(Chat(PERSON, "Asha"))

    # --- what a test or a person does

    def add(self, chat: Chat) -> Chat:
        """Somebody has started the bot, or put it into a group."""
        self.chats[chat.id] = chat
        return chat

    def write(self, chat: int, text: str, name: str | None = None) -> None:
        """Someone writes in a chat; one never heard of is a private one of a person with that name."""
        with self._news:
            known = self.chats.get(chat) or self.add(Chat(chat, name or "Stranger"))
            who = name or known.name
            self.written.append(Written(chat, text, self.clock.now(), who))
            del self.written[:-KEPT]
            if not self._hears(known, text):
                return
            self._number += 1
            self._update += 1
            update = {"update_id": self._update, "message": self._message_of(known, text, who)}
            self._updates.append(update)
            self._news.notify_all()

    def said(self, chat: int = PERSON) -> list[str]:
        """The texts that reached a chat, in order, as its reader sees them."""
        return [one.text for one in self.sent if one.chat == chat]

    def renumber(self, update: int) -> None:
        """The next update has this number, which may be lower: so it is after a week without any."""
        self._update, self._polled = update - 1, True

    def fail_next(self, method: str, *faults: Fault) -> None:
        """The next calls of a method fail so, each once."""
        self._next[method.lower()].extend(faults)

    def too_many(self, seconds: float, chat: int | None = None) -> None:
        """Nothing is taken for so long (429), for one chat or, left out, for all."""
        self._closed[chat] = self.clock.now() + round(1000 * seconds)

    def clear(self) -> None:
        """End every fault."""
        self.fault = None
        self.faults.clear()
        self._next.clear()
        self._closed.clear()

    def sink_config(self) -> dict[str, Any]:
        """The entry of config.json's `sinks` that sends through this bot to everyone in its chats."""
        chats = list(self.chats)
        return {"type": "telegram", "name": "telegram", "url": self.url, "token": self.token, "chats": chats}

    def stop(self) -> None:
        with self._news:
            self._poll += 1  # ends the poll under way
            self._news.notify_all()
        super().stop()

    # --- the API

    def noticed(self, request: Request) -> Fault | None:
        method = request.path.rpartition("/")[2].lower()
        if waiting := self._next.get(method):
            return waiting.popleft()
        return next((one for name, one in self.faults.items() if name.lower() == method), self.fault)

    def answer(self, request: Request) -> Answer:
        parts = unquote(request.path).strip("/").split("/")
        if not parts[0].startswith("bot"):
            return page(self, request)
        try:
            if parts[0] != f"bot{self.token}":
                raise RefusedError(401, "Unauthorized")
            method = parts[1].lower() if len(parts) == 2 else ""
            self.calls.append(method)
            del self.calls[:-KEPT]
            asked = METHODS.get(method)
            if asked is None:
                raise RefusedError(404, "Not Found")
            return json_answer({"ok": True, "result": asked(self, parameters(request))})
        except RefusedError as refused:
            return refused.answer()

    def _send(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        raw = str(asked.get("text", ""))
        return self._deliver(asked, raw, LONGEST_TEXT, "message")

    def _send_photo(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        photo, caption = photo_of(asked), str(asked.get("caption", ""))
        return self._deliver(asked, caption, LONGEST_CAPTION, "message caption", photo)

    def _deliver(
        self, asked: Mapping[str, Any], raw: str, longest: int, what: str, photo: bytes | None = None
    ) -> dict[str, Any]:
        with self._news:
            chat = self._reachable(asked)
            text, entities = self._seen(raw, asked.get("parse_mode"))
            if not text and photo is None:
                raise RefusedError(400, "Bad Request: message text is empty")
            if telegram_text.utf16_length(text) > longest:
                raise RefusedError(400, f"Bad Request: {what} is too long")
            self._limit(chat.id)
            silent = str(asked.get("disable_notification", "")).lower() == "true"
            self.sent.append(Sent(chat.id, text, raw, self.clock.now(), photo, silent, entities))
            del self.sent[:-KEPT]
            self._number += 1
            told = {"message_id": self._number, "from": BOT, "chat": chat.told(), "date": self._seconds()}
            if photo is None:
                return told | {"text": text, "entities": entities}
            size = {"file_id": f"photo-{self._number}", "file_size": len(photo)}
            return told | {"photo": [size], "caption": text, "caption_entities": entities}

    def _reachable(self, asked: Mapping[str, Any]) -> Chat:
        name = chat_name(asked)
        chat = next((one for one in self.chats.values() if name in (one.id, f"@{one.username}")), None)
        if chat is None:
            raise RefusedError(400, "Bad Request: chat not found")
        if chat.migrated_to is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise RefusedError(400, text, {"migrate_to_chat_id": chat.migrated_to})
        if chat.blocked and chat.kind == "private":
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        if chat.blocked:
            raise RefusedError(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
        return chat

    def _seen(self, raw: str, mode: object) -> tuple[str, list[dict[str, Any]]]:
        if mode in (None, ""):
            return raw.strip(), []
        if str(mode).lower() != "markdownv2":
            raise RefusedError(400, "Bad Request: unsupported parse_mode")
        try:
            text, entities = telegram_text.read(raw)
        except telegram_text.MarkupError as error:
            raise RefusedError(400, f"Bad Request: can't parse entities: {error}") from None
        return text.strip(), entities

    def _limit(self, chat: int) -> None:
        """429 while too much is sent. `every_s` counts from the last message that was taken."""
        now = self.clock.now()
        left = max((self._closed.get(one, now) - now for one in (chat, None)), default=0)
        if left <= 0:
            self._closed.pop(chat, None)
            if self.every_s:
                self.too_many(self.every_s, chat)
            return
        seconds = -(-left // 1000)
        text = f"Too Many Requests: retry after {seconds}"
        raise RefusedError(429, text, {"retry_after": seconds}, {"Retry-After": str(seconds)})

    def _get_updates(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Waits `timeout` seconds of ours for something to tell; a second poll ends the first, with 409."""
        if self.webhook:
            text = "Conflict: can't use getUpdates method while webhook is active; "
            raise RefusedError(409, text + "use deleteWebhook to delete the webhook first")
        offset, wait = whole(asked, "offset", 0), min(float(whole(asked, "timeout", 0)), LONGEST_POLL_S)
        most = min(max(whole(asked, "limit", 100), 1), 100)
        with self._news:
            if offset < 0:
                self._updates = self._updates[offset:]
            else:
                self._updates = [one for one in self._updates if one["update_id"] >= offset]
                if not self._polled:  # a server built anew goes on where the old one was
                    self._update = max(self._update, offset - 1)
                self._polled = True
            self._poll += 1
            mine = self._poll
            self._news.notify_all()
            self._news.wait_for(lambda: self._updates or self._poll != mine, wait)
            if self._poll != mine:
                text = "Conflict: terminated by other getUpdates request; "
                raise RefusedError(409, text + "make sure that only one bot instance is running")
            return self._updates[:most]

    def _set_webhook(self, asked: Mapping[str, Any]) -> bool:
        self.webhook = str(asked.get("url", ""))
        return True

    def _delete_webhook(self, asked: Mapping[str, Any]) -> bool:
        self.webhook = ""
        if str(asked.get("drop_pending_updates", "")).lower() == "true":
            self._updates.clear()
        return True

    def _webhook_info(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        pending = len(self._updates)
        return {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": pending}

    def _set_commands(self, asked: Mapping[str, Any]) -> bool:
        self.commands = commands_of(asked)
        return True

    # --- in private

    def _hears(self, chat: Chat, text: str) -> bool:
        if chat.blocked or chat.kind == "channel":
            return False
        if chat.kind == "private" or not self.private:
            return True
        _, at, bot = text.split()[0].partition("@") if text.startswith("/") else ("", "", "")
        return text.startswith("/") and (not at or bot.lower() == str(BOT["username"]).lower())

    def _message_of(self, chat: Chat, text: str, name: str) -> dict[str, Any]:
        person = chat.id if chat.kind == "private" else 700_000_000 + sum(name.encode())
        who = {"id": person, "is_bot": False, "first_name": name, "language_code": "en"}
        told = {"message_id": self._number, "from": who, "chat": chat.told(), "date": self._seconds()}
        told["text"] = text
        if text.startswith("/"):
            length = telegram_text.utf16_length(text.split()[0])
            told["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return told

    def _seconds(self) -> int:
        return self.clock.now() // 1000


Method = Callable[[Telegram, Mapping[str, Any]], Any]
METHODS: dict[str, Method] = {
    "getme": lambda bot, _: {**BOT, "can_join_groups": True, "can_read_all_group_messages": not bot.private},
    "sendmessage": Telegram._send,
    "sendphoto": Telegram._send_photo,
    "sendchataction": lambda bot, asked: bool(bot._reachable(asked)),
    "getupdates": Telegram._get_updates,
    "setwebhook": Telegram._set_webhook,
    "deletewebhook": Telegram._delete_webhook,
    "getwebhookinfo": Telegram._webhook_info,
    "setmycommands": Telegram._set_commands,
    "getmycommands": lambda bot, _: bot.commands,
}
"""By their names in small letters: the API does not mind how they are written."""
