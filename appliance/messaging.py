"""What the owner is told of, whom, and how it went: for the Messages page and the API, as plain data."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from appliance.connections import asked
from appliance.errors import SourceError
from appliance.message_settings import MessageSettings
from appliance.model import METER_REGISTERS, Event, Quantity, Sink
from appliance.news import OF_EVENT
from appliance.phases import CURRENTS
from appliance.sinks.base import Recipient
from config.messages import TOPICS, Messages, Topic

Q = Quantity
PEOPLE_SINKS = ("telegram", "messages")
"""Types of sinks that carry messages to people, and not readings to a store."""
STRANGER = "stranger"
"""Somebody whom config.json does not know wrote to the bot."""
RECENT = (*OF_EVENT, STRANGER)
"""Names of the events the page lists."""
FIELDS: dict[Topic, tuple[str, ...]] = {
    "summary": ("summary_at",),
    "balance": ("low_balance", "low_days"),
    "recharge": (),
    "generator": (),
    "battery": ("battery_low_percent",),
    "outage": (),
    "high_use": ("high_power_kw", "high_power_minutes", "high_day_kwh"),
    "phases": (),
    "prices": ("peak_price",),
    "meter": ("meter_minutes",),
    "source": ("silent_minutes",),
    "appliance": (),
}
"""Which settings of `config.messages` belong to which topic."""
NEEDS: dict[Topic, frozenset[Quantity]] = {
    "balance": frozenset({Q.BALANCE}),
    "recharge": frozenset({Q.BALANCE}),
    "generator": frozenset({Q.SUPPLY, Q.POWER_GENERATOR, Q.ENERGY_GENERATOR}),
    "battery": frozenset({Q.STATE_OF_CHARGE}),
    "outage": frozenset({Q.GRID_STATE}),
    "high_use": frozenset({Q.POWER_LOAD, Q.POWER_GRID, Q.ENERGY_IMPORT, Q.ENERGY_LOAD}),
    "phases": frozenset(CURRENTS),
    "meter": METER_REGISTERS,
}
"""A topic comes up only where one of these is measured; those that are not here need something else."""
TEST_S = 45.0
"""Several people, one after the other, through services that may be slow."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of sending an example through one sink."""

    sink: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class TopicNow:
    """A topic: whether it is told, whether it can come up in this house at all, and which of its settings
    (`off` for the switch) the owner changed against config.json."""

    topic: Topic
    on: bool
    possible: bool
    changed: tuple[str, ...]


def topics(settings: MessageSettings, measured: Collection[Quantity], has_prices: bool) -> list[TopicNow]:
    """Every topic in the order of config.json. `measured` is all that any source tells. Raises StoreError."""
    now, was = settings.now, settings.configured
    found = []
    for topic in TOPICS:
        moved = [name for name in FIELDS[topic] if getattr(now, name) != getattr(was, name)]
        if (topic in now.off) != (topic in was.off):
            moved.insert(0, "off")
        found.append(
            TopicNow(topic, topic not in now.off, _possible(topic, measured, has_prices), tuple(moved))
        )
    return found


def _possible(topic: Topic, measured: Collection[Quantity], has_prices: bool) -> bool:
    if topic == "prices":
        return has_prices
    needed = NEEDS.get(topic)
    return needed is None or not needed.isdisjoint(measured)


def switch(settings: MessageSettings, topic: Topic, on: bool) -> None:
    """Tell of a topic, or of none of its events. Raises ValueError and StoreError as `change`."""
    off = {*settings.now.off} - {topic} if on else {*settings.now.off, topic}
    _set_off(settings, off)


def restore(settings: MessageSettings, topic: Topic) -> None:
    """What config.json says of a topic counts again, its switch included. Raises StoreError."""
    for name in FIELDS[topic]:
        if name in settings.changed:
            settings.reset(name)
    configured = topic in settings.configured.off
    if (topic in settings.now.off) != configured:
        switch(settings, topic, on=not configured)


def _set_off(settings: MessageSettings, off: Collection[Topic]) -> None:
    wanted = tuple(topic for topic in TOPICS if topic in off)
    if set(wanted) == set(settings.configured.off):
        settings.reset("off")
    else:
        settings.change(off=wanted)


def nullable(name: str) -> bool:
    """Whether a setting may be null: that topic, or that part of it, is then never told."""
    annotation = Messages.model_fields[name].annotation
    return type(None) in getattr(annotation, "__args__", ())


def writes_to_people(sink: Sink | None) -> bool:
    """Whether a sink carries messages to people, and not readings to a store."""
    return callable(getattr(sink, "send_example", None))


def recipients(sinks: Mapping[str, Sink]) -> dict[str, list[Recipient]]:
    """Whom each sink that runs writes to."""
    return {
        name: list(getattr(sink, "recipients", ())) for name, sink in sinks.items() if writes_to_people(sink)
    }


async def send_example(sinks: Mapping[str, Sink], event: Event, deadline_s: float = TEST_S) -> list[Heard]:
    """Send an example through every sink that writes to people, at once, and hear how each fared."""

    async def one(name: str, sink: Sink) -> Heard:
        try:
            send = sink.send_example(event)  # type: ignore[attr-defined]
            return Heard(name, True, await asked(send, deadline_s))
        except SourceError as error:
            return Heard(name, False, str(error))

    able = [(name, sink) for name, sink in sinks.items() if writes_to_people(sink)]
    return list(await asyncio.gather(*(one(name, sink) for name, sink in able)))


def strangers(events: Iterable[Event]) -> list[Event]:
    """The last word of each chat that config.json does not know, the last to write first."""
    found: dict[object, Event] = {}
    for event in events:
        if event.name == STRANGER:
            found.setdefault(event.data.get("chat"), event)
    return list(found.values())
