"""What people write to the bot: fetched by long polling, answered in configured chats only.

The place in Telegram's queue is kept before anything is answered, so no command is answered twice; one that
is lost by a crash in between is simply asked again. A chat that config.json does not name gets no answer; it
becomes an event, so that an owner finds out its id.
"""

import asyncio
import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from appliance.calendar import local
from appliance.clock import DAY_MS, HOUR_MS, MINUTE_MS
from appliance.errors import AuthError, SourceError, StoreError
from appliance.model import Event
from appliance.sinks._backoff import Backoff
from appliance.sinks._news import News
from appliance.sinks._telegram_api import Api, ConflictError
from appliance.sinks._telegram_send import ChatId, Sender
from appliance.sinks.base import SinkContext
from appliance.worker import Worker

log = logging.getLogger(__name__)

POLL_S = 25
TIMEOUT_S = 20.0
ASK_S = 30.0
LATE_MS = 5 * MINUTE_MS
"""A command older than this is not answered any more: its asker has looked elsewhere."""
FORGET_MS = 5 * DAY_MS
"""Telegram begins its numbers anew after a week without news; an old place in the queue would hide them."""
CONFLICTS = 2
"""So often in a row is somebody else; once is our own poll of before a restart."""
CONFLICT_S = 30.0
MOST_STRANGERS = 5
"""So many a day become events."""
MENU = {
    "now": "Power and energy now",
    "today": "Used and paid today",
    "month": "Used and paid this month",
    "balance": "What is left of a prepaid balance",
    "price": "What a kWh costs",
    "mute": "Only urgent messages for a while: /mute 2h, 30m, 1d, off",
    "help": "What can be asked",
}
UNITS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
LONGEST_MUTE_MS = 30 * DAY_MS
TABLE = "telegram"
STRANGER = "stranger"


def muting(text: str) -> int | None:
    """Milliseconds meant by "2h", "30m" or "1d", 0 by "off". None where it is something else."""
    if text.strip().lower() == "off":
        return 0
    found = re.fullmatch(r"(\d{1,5})\s*([mhd])", text.strip().lower())
    return None if found is None else min(int(found[1]) * UNITS[found[2]], LONGEST_MUTE_MS) or None


def command(text: str, bot: str, private: bool) -> tuple[str, str] | None:
    """The command in a message and what follows it; None where it is not for us.

    In private a word without a slash will do; in a group `/now@other_bot` is somebody else's.
    """
    first, rest = [*text.split(maxsplit=1), "", ""][:2]
    if not first.startswith("/"):
        return (first.lower(), rest.strip()) if private and first else None
    word, at, whom = first[1:].lower().partition("@")
    if at and whom != bot.lower():
        return None
    return word, rest.strip()


class Commands:
    """`listens` are the chats of config.json that may ask."""

    def __init__(
        self, context: SinkContext, news: News, sender: Sender, api: Api, name: str, listens: Sequence[ChatId]
    ) -> None:
        self._context = context
        self._news = news
        self._sender = sender
        self._api = api
        self._name = name
        self._listens = frozenset(listens)
        self._worker = Worker("Telegram's updates")
        self._backoff = Backoff()
        self._conflicts = 0
        self._bot: dict[str, Any] | None = None
        self._kept: dict[str, Any] = {}
        self._heard_at: float | None = None
        self._deaf = True

    async def run(self) -> None:
        """For ever."""
        try:
            while True:
                await self._context.clock.sleep(await self.round())
        finally:
            self._worker.close()

    async def round(self) -> float:
        """Wait for what is written, and answer; the seconds to the next round."""
        try:
            if self._bot is None:
                await self._begin()
            updates = await self._fetch()
            self._conflicts = self._backoff.failures = 0
            self._listened()
            self._trouble(None)
            await self._keep(updates)
            await self._handle(updates)
        except ConflictError as error:
            self._conflicts += 1
            if error.webhook or self._conflicts >= CONFLICTS:
                self._trouble(AuthError(str(error)))
            return CONFLICT_S
        except StoreError as error:
            self._trouble(SourceError(str(error)))
            return 60.0
        except SourceError as error:
            self._trouble(error)
            if isinstance(error, AuthError):
                return self._backoff.refused_s()
            wished: float | None = getattr(error, "retry_after_s", None)
            return self._backoff.failed_s(None) if wished is None else wished
        return 0.0

    def _listened(self) -> None:
        """Whether what was just fetched may have waited for long: by our own pace, for a clock that is wrong
        would make every command an old one."""
        now = self._context.clock.monotonic()
        self._deaf = self._heard_at is None or 1000 * (now - self._heard_at) > LATE_MS
        self._heard_at = now

    def _trouble(self, error: SourceError | None) -> None:
        if str(error) != str(self._news.trouble):
            self._news.trouble = error
            self._news.report()

    async def _call(self, method: str, timeout_s: float = TIMEOUT_S, **asked: Any) -> Any:
        return await self._worker.call(lambda: self._api.call(method, asked, timeout_s), timeout_s + 10)

    async def _begin(self) -> None:
        """Learn the bot's name, where its queue was left, and give it its menu once."""
        bot = await self._call("getMe")
        if not isinstance(bot, dict):
            raise SourceError("Telegram did not say which bot this is; it will be asked again later")
        kept = await asyncio.to_thread(self._context.store.documents.get, TABLE, self._name) or {}
        self._kept = kept if kept.get("bot") == bot.get("id") else {"bot": bot.get("id")}
        menu = [{"command": word, "description": self._context.say(text)} for word, text in MENU.items()]
        digest = hashlib.sha256(json.dumps(menu).encode()).hexdigest()[:16]
        if self._kept.get("menu") != digest:
            await self._call("setMyCommands", commands=menu)
            await self._save(menu=digest)
        self._bot = bot

    async def _fetch(self) -> list[Mapping[str, Any]]:
        asked: dict[str, Any] = {"timeout": POLL_S, "allowed_updates": ["message"]}
        kept_at = self._kept.get("at", 0)
        if "offset" in self._kept and self._context.clock.now() - kept_at < FORGET_MS:
            asked["offset"] = self._kept["offset"]
        told = await self._call("getUpdates", POLL_S + TIMEOUT_S, **asked)
        return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []

    async def _keep(self, updates: Sequence[Mapping[str, Any]]) -> None:
        ids = [one["update_id"] for one in updates if isinstance(one.get("update_id"), int)]
        if ids:
            await self._save(offset=max(ids) + 1, at=self._context.clock.now())

    async def _save(self, **changed: Any) -> None:
        self._kept |= changed
        await asyncio.to_thread(self._context.store.documents.put, TABLE, self._name, dict(self._kept))

    # What was written

    async def _handle(self, updates: Sequence[Mapping[str, Any]]) -> None:
        late: Counter[ChatId] = Counter()
        for update in updates:
            message = update.get("message")
            chat = message.get("chat") if isinstance(message, dict) else None
            if isinstance(message, dict) and isinstance(chat, dict) and isinstance(chat.get("id"), int):
                await self._heard(message, chat, late)
        for whom, count in late.items():
            text = f"Asked while the appliance could not hear: {count}. Please ask again"
            await self._say(whom, self._context.say(text))

    async def _heard(
        self, message: Mapping[str, Any], chat: Mapping[str, Any], late: "Counter[ChatId]"
    ) -> None:
        whom = self._sender.configured(chat["id"], chat.get("username"))
        self._news.reachable(str(whom))
        if whom is None:
            await self._stranger(chat)
        elif isinstance(to := message.get("migrate_to_chat_id"), int):
            await self._sender.moved(whom, to)
        elif whom in self._listens:
            private = chat.get("type") == "private"
            asked = command(str(message.get("text") or ""), self._username, private)
            if asked is not None and self._deaf and self._age(message) > LATE_MS:
                late[whom] += 1
            elif asked is not None:
                await self._answer(whom, *asked, private=private)

    @property
    def _username(self) -> str:
        return str((self._bot or {}).get("username", ""))

    def _age(self, message: Mapping[str, Any]) -> int:
        date = message.get("date")
        return self._context.clock.now() - 1000 * date if isinstance(date, int) else 0

    async def _answer(self, whom: ChatId, word: str, rest: str, *, private: bool) -> None:
        if word in ("start", "help"):
            await self._say(whom, self._help())
        elif word == "mute":
            await self._say(whom, await self._mute(whom, rest))
        elif word in MENU:
            await self._say(whom, await self._ask(word))
        elif private:
            await self._say(whom, self._help())

    async def _say(self, whom: ChatId, text: str) -> None:
        try:
            await self._sender.answer(whom, text)
        except SourceError as error:
            log.warning("%s: an answer was not sent: %s", self._name, error)

    async def _ask(self, word: str) -> str:
        say = self._context.say
        if self._context.ask is None:
            return say("This appliance cannot answer that")
        try:
            async with asyncio.timeout(ASK_S):
                return say(await self._context.ask(word))
        except SourceError as error:
            return say(str(error))
        except Exception:  # an answer that cannot be made must not end the listening
            log.exception("%s: no answer to %s", self._name, word)
            return say("That could not be worked out; the log says why")

    def _help(self) -> str:
        say = self._context.say
        lines = [self._context.site, *(f"/{word} · {say(text)}" for word, text in MENU.items())]
        return "\n".join(lines)

    async def _mute(self, whom: ChatId, rest: str) -> str:
        say, key, now = self._context.say, str(whom), self._context.clock.now()
        wished = muting(rest)
        if wished is None:
            until = self._news.muted_until(key)
            if until is not None and not rest:
                return say(f"Only what is urgent until {self._time(until)}. /mute off ends it")
            return say("For how long? Write /mute 2h, /mute 30m, /mute 1d or /mute off")
        try:
            await self._news.mute(key, now + wished if wished else None)
        except StoreError as error:
            return say(str(error))
        if not wished:
            return say("Messages come again")
        return say(f"Only what is urgent until {self._time(now + wished)}; the rest is summed up then")

    def _time(self, at: int) -> str:
        then, now = (local(one, self._context.zone) for one in (at, self._context.clock.now()))
        return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"

    async def _stranger(self, chat: Mapping[str, Any]) -> None:
        """A few a day, each chat once: whoever finds the bot could fill the log."""
        store, now = self._context.store, self._context.clock.now()
        known = await store.events(
            names=(STRANGER,), source=self._name, start=now - DAY_MS, limit=MOST_STRANGERS
        )
        if len(known) >= MOST_STRANGERS or any(one.event.data.get("chat") == chat["id"] for one in known):
            return
        name = str(chat.get("title") or chat.get("first_name") or chat.get("username") or "Somebody")[:60]
        text = f"{name} wrote to the bot; it writes back once the chat {chat['id']} is in config.json"
        data = {"chat": chat["id"], "name": name, "kind": str(chat.get("type", ""))}
        self._context.report.event(Event(self._name, STRANGER, now, text, data))
