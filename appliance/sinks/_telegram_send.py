"""Writes into Telegram chats: a message a second in each at most, ids that change followed, text where a
picture or markup is not taken."""

import asyncio
from collections.abc import Collection
from typing import Any

from appliance.clock import Clock
from appliance.sinks._news_box import NotTakenError
from appliance.sinks._news_text import Message
from appliance.sinks._telegram_api import Api, BusyError, MarkupError, MigratedError
from appliance.sinks._telegram_text import LONGEST_CAPTION, escaped, fits, marked_up, parts, plain
from appliance.store.documents import Documents
from appliance.worker import Worker

TIMEOUT_S = 30.0
EVERY_S = 1.0
"""core.telegram.org/bots/faq: "avoid sending more than one message per second" in a chat."""
PATIENCE_S = 60.0
MOVED = "telegram_moved"

ChatId = int | str


class Sender:
    """`chats` are those of config.json, whatever their ids have become since."""

    def __init__(
        self, name: str, api: Api, clock: Clock, documents: Documents, chats: Collection[ChatId]
    ) -> None:
        self._name = name
        self._api = api
        self._clock = clock
        self._documents = documents
        self._chats = tuple(chats)
        self._moved: dict[ChatId, int] = {}
        self._next: dict[ChatId, float] = {}
        self._worker = Worker("Telegram")

    async def open(self) -> None:
        """Remember which groups have got new ids."""
        for chat in self._chats:
            known = await asyncio.to_thread(self._documents.get, MOVED, self._key(chat))
            if known is not None:
                self._moved[chat] = int(known["id"])

    def close(self) -> None:
        self._worker.close()

    def configured(self, id_: int, username: str | None) -> ChatId | None:
        """The chat of config.json that has this id now, or this name; None for strangers."""
        for chat in self._chats:
            if id_ in (chat, self._moved.get(chat)):
                return chat
            if isinstance(chat, str) and username and chat.lower() == f"@{username.lower()}":
                return chat
        return None

    async def moved(self, chat: ChatId, to: int) -> None:
        """A group has become a supergroup. Raises StoreError."""
        self._moved[chat] = to
        await asyncio.to_thread(self._documents.put, MOVED, self._key(chat), {"id": to})

    async def send(self, chat: ChatId, message: Message, photo: bytes | None = None) -> None:
        """Raises as `Api.call`, but for what it can do about it."""
        if photo is not None and fits(message, LONGEST_CAPTION):
            try:
                await self._marked(chat, "sendPhoto", "caption", message, photo)
                return
            except NotTakenError:
                pass  # the picture, not the text
        await self._marked(chat, "sendMessage", "text", message)

    async def answer(self, chat: ChatId, text: str) -> None:
        """Text of any length. Told to wait a little it waits, once."""
        for part in parts(text):
            asked = {"text": escaped(part), "parse_mode": "MarkdownV2"}
            try:
                await self._call(chat, "sendMessage", asked)
            except BusyError as error:
                if error.retry_after_s > PATIENCE_S:
                    raise  # nobody waits for an answer that long, and others ask meanwhile
                await self._clock.sleep(error.retry_after_s)
                await self._call(chat, "sendMessage", asked)

    async def _marked(
        self, chat: ChatId, method: str, where: str, message: Message, photo: bytes | None = None
    ) -> None:
        try:
            asked = {where: marked_up(message), "parse_mode": "MarkdownV2"}
            await self._call(chat, method, asked, photo)
        except MarkupError:
            await self._call(chat, method, {where: plain(message)}, photo)

    async def _call(
        self, chat: ChatId, method: str, asked: dict[str, Any], photo: bytes | None = None
    ) -> None:
        try:
            await self._post(chat, method, asked, photo)
        except MigratedError as error:
            await self.moved(chat, error.to)
            await self._post(chat, method, asked, photo)

    async def _post(self, chat: ChatId, method: str, asked: dict[str, Any], photo: bytes | None) -> None:
        await self._turn(chat)
        call = {"chat_id": self._moved.get(chat, chat), **asked}
        await self._worker.call(lambda: self._api.call(method, call, TIMEOUT_S, photo), 3 * TIMEOUT_S)

    async def _turn(self, chat: ChatId) -> None:
        now = self._clock.monotonic()
        at = max(now, self._next.get(chat, now))
        self._next[chat] = at + EVERY_S
        if at > now:
            await self._clock.sleep(at - now)

    def _key(self, chat: ChatId) -> str:
        return f"{self._name}/{chat}"
