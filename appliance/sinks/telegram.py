"""Tells people through a Telegram bot what happens in the house, and answers them (docs/MESSAGES.md).

The Bot API is documented at core.telegram.org/bots/api. The bot fetches what is written to it by long
polling, so nothing has to be reachable from outside. What is sent, when, and to whom: `_news`.
"""

import asyncio
import re
from typing import Annotated, Any, Literal

from pydantic import AnyHttpUrl, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from appliance.sinks._news import News
from appliance.sinks._news_chart import Charts
from appliance.sinks._news_people import Person, Quiet
from appliance.sinks._news_sink import NewsSink
from appliance.sinks._news_text import Message
from appliance.sinks._telegram_api import Api
from appliance.sinks._telegram_commands import Commands
from appliance.sinks._telegram_send import Sender
from appliance.sinks._telegram_text import fits
from appliance.sinks.base import SinkContext, SinkOptions
from config.messages import Topic
from config.secrets import MARK

CHANNEL = r"^@[A-Za-z0-9_]{4,32}$"


def _chat_id(given: Any) -> Any:
    """A number may be in quotes. Raises ValueError for what can be no chat."""
    text = str(given)
    number = re.fullmatch(r"-?\d{1,16}", text) if not isinstance(given, bool) else None
    if number is None and not re.fullmatch(CHANNEL, text):
        raise ValueError(
            "must be a chat's number, such as 111222333 (write to the bot, and the Messages page shows it), "
            "or a channel's @name"
        )
    return text if number is None else int(text)


_Written = int | Annotated[str, Field(pattern=CHANNEL)]
ChatId = Annotated[int | str, BeforeValidator(_chat_id, json_schema_input_type=_Written)]


class Chat(BaseModel):
    """Somebody, a group or a channel the bot writes to."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    id: ChatId
    """The chat's number (a group's is negative), or a channel's @name."""
    name: str = Field(default="", max_length=60)
    """Who it is, for the pages."""
    topics: tuple[Topic, ...] | None = None
    """What to tell there, such as ["summary", "outage"]; null for all that is told."""
    quiet: Quiet | None = None
    """When not to disturb; what is urgent comes all the same."""
    commands: bool = True
    """Whether it may ask: /now, /today, /month, /balance, /price, /mute."""


def _written(given: Any) -> Any:
    """An id alone stands for a chat."""
    return {"id": given} if isinstance(given, int | float | str) else given


class Options(SinkOptions):
    """A Telegram bot that tells people what happens, and that they can ask."""

    type: Literal["telegram"] = "telegram"
    token: SecretStr
    """The bot's token, as @BotFather gave it. Kept encrypted."""
    chats: tuple[Annotated[Chat, BeforeValidator(_written, json_schema_input_type=ChatId | Chat)], ...] = ()
    """Whom it writes to: ids, or {"id": 123, "name": "Anna"}. Empty at first: write to the bot, and the
    Messages page shows the id."""
    topics: tuple[Topic, ...] | None = None
    """What to tell all of them that say nothing else; null for all that is told."""
    quiet: Quiet | None = None
    """When not to disturb those that say nothing else."""
    pictures: bool = True
    """Send a chart with the summary of the day."""
    url: AnyHttpUrl = AnyHttpUrl("https://api.telegram.org")
    """Where the Bot API is; a server of your own can stand here."""

    @field_validator("token")
    @classmethod
    def _whole(cls, token: SecretStr) -> SecretStr:
        plain = token.get_secret_value()
        if not plain.startswith(MARK) and not re.fullmatch(r"\d+:\S+", plain.strip()):
            raise ValueError("must be the whole token that @BotFather gave, such as 123456789:AAF-and-more")
        return token

    @field_validator("chats")
    @classmethod
    def _once_each(cls, chats: tuple[Chat, ...]) -> tuple[Chat, ...]:
        ids = [chat.id for chat in chats]
        twice = [str(one) for one in ids if ids.count(one) > 1]
        if twice:
            raise ValueError(f"the chat {twice[0]} is there twice: once is enough")
        return chats


class Sink(NewsSink):
    """Sends to each chat on its own, and listens."""

    def __init__(self, options: Options, context: SinkContext) -> None:
        self.name = options.label
        chats = {str(chat.id): chat for chat in options.chats}
        people = [_person(chat, options) for chat in chats.values()]
        self._chats = chats
        self._charts = Charts(context) if options.pictures else None
        self._news = News(self.name, context, people, self._carry, fits)
        url, token = str(options.url), options.token.get_secret_value()
        ids = [chat.id for chat in chats.values()]
        self._context = context
        self._sender = Sender(self.name, Api(url, token), context.clock, context.store.documents, ids)
        listens = [chat.id for chat in chats.values() if chat.commands]
        # Without a chat yet it listens too, so that an owner learns the first one's id.
        self._commands = (
            Commands(context, self._news, self._sender, Api(url, token), self.name, listens)
            if listens or not chats
            else None
        )

    async def run(self) -> None:
        try:
            await self._sender.open()
            await self._news.open()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._news.run())
                if self._commands is not None:
                    group.create_task(self._commands.run())
        finally:
            self._sender.close()

    async def _carry(self, person: Person, message: Message) -> None:
        photo = await self._picture(person, message)
        await self._sender.send(self._chats[person.key].id, message, photo)


def _person(chat: Chat, options: Options) -> Person:
    topics = options.topics if chat.topics is None else chat.topics
    return Person(str(chat.id), chat.name or str(chat.id), "telegram", topics, chat.quiet or options.quiet)
