"""Tells people what happens in the house through the services they use: ntfy, Pushover, e-mail, webhooks and
more than a hundred others that apprise knows (docs/MESSAGES.md). What is sent, when, and to whom: `_news`."""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from appliance.errors import AuthError
from appliance.sinks._news import News
from appliance.sinks._news_apprise import TIMEOUT_S, Service, problem, scheme
from appliance.sinks._news_chart import Charts
from appliance.sinks._news_people import Person, Quiet
from appliance.sinks._news_sink import NewsSink
from appliance.sinks._news_text import Message
from appliance.sinks.base import SinkContext, SinkOptions
from appliance.worker import Worker
from config.messages import Topic
from config.secrets import MARK


class Address(BaseModel):
    """Where messages for somebody go."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    url: SecretStr
    """The service's address as apprise writes it, such as ntfy://ntfy.sh/my-topic, pover://user@token or
    mailtos://user:password@gmail.com. Kept encrypted."""
    name: str = Field(default="", max_length=60)
    """Who gets it, for the pages."""
    topics: tuple[Topic, ...] | None = None
    """What to tell there, such as ["summary", "outage"]; null for all that is told."""
    quiet: Quiet | None = None
    """When not to disturb; what is urgent comes all the same."""

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr) -> SecretStr:
        plain = url.get_secret_value()
        if not plain.startswith(MARK) and (wrong := problem(plain)) is not None:
            raise ValueError(wrong)
        return url


class Options(SinkOptions):
    """Messages through ntfy, Pushover, e-mail, webhooks and whatever else apprise knows."""

    type: Literal["messages"] = "messages"
    urls: tuple[Address, ...]
    """Where messages go."""
    topics: tuple[Topic, ...] | None = None
    """What to tell all of them that say nothing else; null for all that is told."""
    quiet: Quiet | None = None
    """When not to disturb those that say nothing else."""
    pictures: bool = True
    """Attach a chart to the summary of the day, where the service takes one."""


class Sink(NewsSink):
    """Sends to each address on its own, each in a thread of its own: none waits for another's server."""

    def __init__(self, options: Options, context: SinkContext) -> None:
        self.name = options.label
        self._charts = Charts(context) if options.pictures else None
        people: list[Person] = []
        self._services: dict[str, tuple[Service, Worker]] = {}
        for number, address in enumerate(options.urls, 1):
            person = _person(address, number, options, set(self._services))
            people.append(person)
            worker = Worker(f"{person.kind} of {self.name}")
            self._services[person.key] = Service(address.url.get_secret_value()), worker
        self._news = News(self.name, context, people, self._carry)

    async def run(self) -> None:
        try:
            await self._news.open()
            await self._news.run()
        finally:
            for _, worker in self._services.values():
                worker.close()

    async def _carry(self, person: Person, message: Message) -> None:
        picture = await self._picture(person, message)
        service, worker = self._services[person.key]
        await worker.call(lambda: service.send(message, picture), 2 * TIMEOUT_S + 20)


def _person(address: Address, number: int, options: Options, taken: set[str]) -> Person:
    """The key is the owner's name for it: another password there is still the same person."""
    url = address.url.get_secret_value()
    kind = scheme(url) or "?"
    name = address.name or f"{kind} {number}"
    key = address.name or f"{kind}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
    if key in taken:
        raise AuthError(f"{name} is there twice: give each address a name of its own")
    topics = options.topics if address.topics is None else address.topics
    return Person(key, name, kind, topics, address.quiet or options.quiet)
