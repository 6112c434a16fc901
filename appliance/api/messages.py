"""Messages to people: what is told, from which value on, to whom, and how to try it."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Path
from pydantic import BaseModel, Field, WithJsonSchema

from appliance import messaging
from appliance.api.common import Here, problems, require_owner
from appliance.app import Appliance
from appliance.calendar import iso
from appliance.messaging import FIELDS, RECENT, TopicNow
from appliance.model import Event
from appliance.news import topic_of
from appliance.news_examples import example
from appliance.sinks.base import Recipient
from config.messages import Messages, Topic

router = APIRouter(prefix="/api/v1", tags=["Messages"])
SHOWN = 30
Owner = Depends(require_owner)


def _changes() -> dict[str, Any]:
    """The section `messages` of config.json, of which any part may be sent."""
    schema = Messages.model_json_schema()
    for option in schema["properties"].values():
        option.pop("default", None)
    schema["description"] = "Any options of `messages` of config.json."
    schema["minProperties"] = 1
    return schema


Changes = Annotated[
    dict[str, Any],
    WithJsonSchema(_changes()),
    Body(openapi_examples={"low": {"value": {"low_balance": 300}}}),
]


class TopicOut(BaseModel):
    topic: Topic
    on: bool
    possible: bool = Field(description="false where nothing here measures what it is about.")
    settings: dict[str, Any] = Field(description="Its thresholds; null is never, as config.json says.")
    changed: list[str] = Field(description="Which of them, or `off`, count before config.json.")


class RecipientOut(BaseModel):
    """`topics` is null for all, `quiet` null for never; `waiting` is null while it is not known."""

    sink: str
    name: str
    kind: str
    topics: list[Topic] | None
    quiet: list[str] | None
    waiting: int | None
    last_ok: str | None
    problem: str
    muted_until: str | None


class NewsOut(BaseModel):
    at: str
    topic: Topic | None = Field(description="null for a stranger who wrote to the bot.")
    source: str
    name: str
    text: str


class MessagesOut(BaseModel):
    topics: list[TopicOut]
    settings: dict[str, Any] = Field(description="What is in force, as `messages` of config.json.")
    changed: list[str] = Field(description="Options that were changed here and count before config.json.")
    recipients: list[RecipientOut]
    recent: list[NewsOut] = Field(description="What was worth a message, the newest first.")


class HeardOut(BaseModel):
    sink: str
    ok: bool
    text: str = Field(description="Who got it, or what is wrong and what to do.")


@router.get("/messages", responses=problems(503))
async def messages(here: Here) -> MessagesOut:
    """Every topic with its switch and thresholds, who gets messages, and the last news."""
    settings = here.message_settings
    told = settings.now.model_dump(mode="json")
    found = await here.store.events(names=RECENT, limit=SHOWN)
    return MessagesOut(
        topics=[_topic(one, told) for one in topics_of(here)],
        settings=told,
        changed=sorted(settings.changed),
        recipients=[
            _recipient(sink, one) for sink, known in messaging.recipients(here.sinks).items() for one in known
        ],
        recent=[_news(stored.event) for stored in found],
    )


@router.patch("/messages", dependencies=[Owner], responses=problems(400, 401, 403, 503))
async def change(here: Here, changes: Changes) -> MessagesOut:
    """Put options in force, at once and for good: they count before config.json."""
    await _kept(partial(here.message_settings.change, **changes))
    return await messages(here)


@router.delete("/messages/settings/{name}", dependencies=[Owner], responses=problems(401, 403, 404, 503))
async def reset(
    here: Here, name: Annotated[str, Path(description="An option of `messages` of config.json.")]
) -> MessagesOut:
    """What config.json says of an option counts again."""
    if name not in Messages.model_fields:
        raise HTTPException(404, f"There is no option {name!r}; GET /api/v1/messages lists them")
    await _kept(partial(here.message_settings.reset, name))
    return await messages(here)


@router.post("/messages/{topic}/test", dependencies=[Owner], responses=problems(401, 403))
async def test(
    here: Here, topic: Annotated[Topic, Path(description="One of those that GET /api/v1/messages lists.")]
) -> list[HeardOut]:
    """Send an example of a topic to everybody who would be told of it; the answer is each sink's."""
    made = example(topic, here.clock.now(), here.zone, here.config.site.currency)
    heard = await messaging.send_example(here.sinks, made)
    return [HeardOut(sink=one.sink, ok=one.ok, text=one.text) for one in heard]


def topics_of(here: Appliance) -> list[TopicNow]:
    """Every topic as it is in this house. Raises StoreError."""
    measured = {quantity for _, quantity in here.hub.latest}
    return messaging.topics(here.message_settings, measured, bool(here.hub.prices))


async def _kept(change: Callable[[], None]) -> None:
    """Carry out a change, which waits for the medium. Raises 422 with what is wrong with it."""
    try:
        await asyncio.to_thread(change)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


def _topic(one: TopicNow, told: dict[str, Any]) -> TopicOut:
    settings = {name: told[name] for name in FIELDS[one.topic]}
    return TopicOut(
        topic=one.topic, on=one.on, possible=one.possible, settings=settings, changed=list(one.changed)
    )


def _recipient(sink: str, one: Recipient) -> RecipientOut:
    return RecipientOut(
        sink=sink,
        name=one.name,
        kind=one.kind,
        topics=None if one.topics is None else list(one.topics),
        quiet=None if one.quiet is None else list(one.quiet),
        waiting=one.waiting,
        last_ok=_iso(one.last_ok),
        problem=one.problem,
        muted_until=_iso(one.muted_until),
    )


def _news(event: Event) -> NewsOut:
    return NewsOut(
        at=iso(event.at), topic=topic_of(event), source=event.source, name=event.name, text=event.text
    )


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)
