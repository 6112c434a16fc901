"""What is said over one connection, from its first word to its loss."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.calendar import iso
from appliance.model import Event, Fact, Price, parent
from appliance.sinks import _discovery, _mqtt_states
from appliance.sinks._discovery import EVENT_TYPES, Device, Series, Topics
from appliance.sinks._mqtt_link import Link
from appliance.sinks._mqtt_prices import Prices
from appliance.sinks._mqtt_states import Message, Told, Value
from appliance.sinks.base import SinkContext, SourceInfo

ONLINE, OFFLINE = "online", "offline"
BIRTH_SPREAD_S = 3.0
"""Home Assistant asks its devices to wait a moment, each another one, before they answer its birth."""
SETTLE_S = 3.0
"""Sources that start tell one quantity after the other: they are announced together."""
MOST_PENDING = 500
"""With so many messages unconfirmed the broker is slow: what comes now waits, and only its newest is sent."""
MOST_EVENTS = 20
TABLE = "mqtt"
"""Documents of what each sink announced, by its name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the owner wants to be told where. `sources` None is all of them."""

    name: str
    topics: Topics
    every_s: float
    sources: tuple[str, ...] | None
    home_assistant: bool
    birth_topic: str


class Talk:
    """`begin` once, then `tick` once a second with what the hub told meanwhile."""

    def __init__(self, plan: Plan, context: SinkContext, link: Link, prices: Prices) -> None:
        self._plan = plan
        self._context = context
        self._link = link
        self._prices = prices
        self._told = Told()
        self._dice = random.Random()  # noqa: S311 - spreads answers, guards no secret
        self._birth_at: float | None = None
        self._announced: dict[str, Any] | None = None
        self._coming: tuple[dict[str, Any], float] | None = None
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._priced = False
        self.values = 0
        """How many values are told."""

    async def begin(self) -> None:
        """Say that we are here. Raises SourceError, and AuthError where we may not."""
        plan, link = self._plan, self._link
        await link.deliver(Message(plan.topics.status, ONLINE))
        link.heard = self._hear
        link.subscribe(plan.topics.status)
        if plan.home_assistant:
            link.subscribe(plan.birth_topic)

    async def tick(self, facts: Iterable[Fact]) -> None:
        """Say what is new. Raises StoreError."""
        for fact in facts:
            if isinstance(fact, Event) and self._concerns(fact):
                self._events.append(fact)
            self._priced |= isinstance(fact, Price)
        if self._link.pending >= MOST_PENDING:
            return
        clock = self._context.clock
        now, mono = clock.now(), clock.monotonic()
        if self._birth_at is not None and mono >= self._birth_at:
            self._birth_at = self._announced = None
            self._told.forget()
        # While nobody listened a price may have become known.
        prices = await self._prices.values(now, anew=self._announced is None or self._priced)
        self._priced = False
        sources = self._sources()
        series = _mqtt_states.series(self._context.hub.latest, sources, self._plan.every_s, now)
        await self._announce(series, mono)
        self._say(series, sources, prices)
        while self._events:
            self._link.publish(
                Message(self._plan.topics.event, happened(self._events.popleft()), retain=False)
            )

    def _concerns(self, event: Event) -> bool:
        """Whether it is of a source that is told, or of no source at all."""
        wanted, source = self._plan.sources, parent(event.source)
        return wanted is None or source in wanted or source not in {s.name for s in self._context.sources()}

    def _sources(self) -> list[SourceInfo]:
        wanted = self._plan.sources
        return [source for source in self._context.sources() if wanted is None or source.name in wanted]

    def _hear(self, topic: str, payload: str) -> None:
        """What others say of us, and Home Assistant of itself."""
        if topic == self._plan.topics.status and payload == OFFLINE:
            # After a power cut the broker finds out late that the last run's connection is dead.
            self._link.publish(Message(topic, ONLINE))
        elif topic == self._plan.birth_topic and payload == ONLINE:
            self._birth_at = self._context.clock.monotonic() + self._dice.uniform(0, BIRTH_SPREAD_S)

    def _say(self, series: list[Series], sources: list[SourceInfo], prices: Mapping[str, Value]) -> None:
        clock, latest, topics = self._context.clock, self._context.hub.latest, self._plan.topics
        now = clock.now()
        wanted = dict(prices)
        for one, value in _mqtt_states.values(latest, series, self._plan.every_s, now).items():
            wanted[topics.state(one.source, one.quantity)] = value
        self.values = len(wanted)
        for source, lives in _mqtt_states.heard(latest, series, sources, now).items():
            wanted[topics.source_status(source)] = Value(ONLINE if lives else OFFLINE, now, None, 0.0)
        for message in self._told.due(wanted, clock.monotonic()):
            self._link.publish(message)

    # What Home Assistant is told of us, and what was told and is no more

    async def _announce(self, series: list[Series], mono: float) -> None:
        plan, context = self._plan, self._context
        device = Device(context.site, context.currency, context.page)
        payload = _discovery.config(plan.topics, device, series, self._prices.ways)
        if payload == self._announced:
            return
        if self._coming is None or payload != self._coming[0]:
            self._coming = payload, mono
        if mono - self._coming[1] < SETTLE_S:
            return
        known = await asyncio.to_thread(context.store.documents.get, TABLE, plan.name) or {}
        self._retire(known, payload, series)
        self._announced = payload
        remembered = {
            "discovery": plan.topics.discovery if plan.home_assistant else "",
            "components": _discovery.platforms(payload) if plan.home_assistant else {},
            "topics": sorted(self._topics_of(series)),
        }
        if remembered != known:
            await asyncio.to_thread(context.store.documents.put, TABLE, plan.name, remembered)

    def _retire(self, known: Mapping[str, Any], payload: dict[str, Any], series: list[Series]) -> None:
        """Announce, and take back what was announced before under other names or is no more."""
        topic, before = self._plan.topics.discovery, known.get("discovery", "")
        if before and (before != topic or not self._plan.home_assistant):
            self._link.publish(Message(before, ""))
        if self._plan.home_assistant:
            now = _discovery.platforms(payload)
            gone = {key: platform for key, platform in known.get("components", {}).items() if key not in now}
            if gone and before == topic:
                self._link.publish(Message(topic, compact(_discovery.removing(payload, gone))))
            self._link.publish(Message(topic, compact(payload)))
        for left in set(known.get("topics", ())) - self._topics_of(series):
            self._link.publish(Message(left, ""))

    def _topics_of(self, series: list[Series]) -> set[str]:
        """All topics on which something retained may stand."""
        topics = self._plan.topics
        found = {topics.status}
        for one in series:
            found |= {topics.state(one.source, one.quantity), topics.source_status(parent(one.source))}
        for way in self._prices.ways:
            found |= {topics.price(way), topics.prices(way)}
        return found


def happened(event: Event) -> str:
    """An event as JSON; `event_type` is one of those announced, `name` always its own."""
    return compact(
        {
            "event_type": event.name if event.name in EVENT_TYPES else "other",
            "name": event.name,
            "source": event.source,
            "text": event.text,
            "at": iso(event.at),
            "data": dict(event.data),
        }
    )


def compact(content: Any) -> str:
    """JSON without spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
