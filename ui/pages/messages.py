"""Messages: what the owner is told of and from which value on, who gets it, and what was told lately."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from nicegui import background_tasks, events, ui

from appliance import messaging
from appliance.api.messages import topics_of
from appliance.connections import Connection, connections, tried
from appliance.errors import SourceError, TallywattError
from appliance.messaging import RECENT, Heard
from appliance.news_examples import example
from config.messages import TOPICS, Topic

from ..components.board import Rows
from ..components.controls import Segments, heading, item, line, marked
from ..components.topics import People, Topics
from ..connections import Said
from ..lock import Lock
from ..message_ways import WAYS, entry
from ..messages import THRESHOLDS, Tries, never, people, strangers, topics, unit, value
from ..sentences import told
from ..shell import Page
from ..text import N_
from ..view import View
from .health import Recent

Act = Callable[[], Awaitable[None]]
STRANGERS_SHOWN = 3


async def build(view: View) -> None:
    """Topics on the left; who gets them, the last news, and how to set more up on the right."""
    here = _Shown(view)
    with ui.element("div").classes("page halves messagespage") as here.page:
        with ui.element("div").classes("col told-of"):
            here.topics = Topics()
        with ui.element("div").classes("col"):
            with ui.element("section").classes("card whom"):
                here.people = People()
            here.unknown = ui.element("section").classes("card unknown")
            with here.unknown:
                here.strangers = Rows()
            with ui.element("section").classes("card ways-of"):
                _guide(view)
            with ui.element("section").classes("card lately"):
                here.recent = Recent(view, Rows(), RECENT, N_("Lately"))
    here.topics.on("switch", here.switched)
    here.topics.on("test", here.tested)
    here.topics.on("threshold", here.asked)
    here.topics.on("reset", here.reset)
    here.people.on("try", here.tried)
    here.lock = Lock(view)
    await view.tried(here.load())
    view.on_news(here.draw)


def _guide(view: View) -> None:
    """How messages are set up, one way at a time."""
    texts = view.texts
    heading(texts._("Set messages up"))
    names = {key: texts._(way.name) for key, way in WAYS.items()}

    def choose(chosen: str) -> None:
        way = WAYS[chosen]
        body.clear()
        with body:
            line(texts._(way.about))
            with ui.element("ol").classes("steps"):
                for step in way.steps:
                    item(texts._(step))
            ui.label(entry(way)).classes("token code")

    first = next(iter(WAYS))
    Segments(names, first, choose, texts._("Ways of getting messages"))
    body = ui.element("div")
    choose(first)


class _Shown:
    """What the page shows, and what came of the tries since it was opened."""

    page: ui.element
    topics: Topics
    people: People
    strangers: Rows
    unknown: ui.element
    recent: Recent
    lock: Lock

    def __init__(self, view: View) -> None:
        self._view = view
        self._settings = view.appliance.message_settings
        self._heard: dict[str, Sequence[Heard]] = {}
        self._said: dict[str, Said] = {}
        self._busy: set[str] = set()

    async def load(self) -> None:
        """Raises StoreError when the store does not answer."""
        await self.recent.load()

    # What is pressed

    async def switched(self, event: events.GenericEventArguments) -> None:
        """Tell of a topic, or be silent of it, for those who know the PIN."""
        if (topic := _topic(event)) is not None:
            # As it is at the moment of the change: the keypad may have stood open for long.
            change = partial(self._switch, topic)
            await self.lock.opened(partial(self._carried_out, change))()

    def _switch(self, topic: Topic) -> None:
        messaging.switch(self._settings, topic, topic in self._settings.now.off)

    async def reset(self, event: events.GenericEventArguments) -> None:
        """What config.json says of a topic counts again."""
        if (topic := _topic(event)) is not None:
            change = partial(messaging.restore, self._settings, topic)
            await self.lock.opened(partial(self._carried_out, change))()

    async def asked(self, event: events.GenericEventArguments) -> None:
        """Ask for a threshold."""
        name = str(event.args)
        if name in THRESHOLDS:
            await self.lock.opened(partial(self._ask, name))()

    async def tested(self, event: events.GenericEventArguments) -> None:
        """Send an example of a topic to everybody who wants it."""
        if (topic := _topic(event)) is not None:
            await self._unlocked(topic, partial(self._send, topic))

    async def tried(self, event: events.GenericEventArguments) -> None:
        """Send everybody behind a sink a word."""
        name = str(event.args)
        await self._unlocked(f"sink {name}", partial(self._try, name))

    # What is done

    async def _unlocked(self, key: str, work: Act) -> None:
        async def act() -> None:
            if self._view.unlocked_s > 0 and key not in self._busy:
                # The keypad closes at once; the receivers may take their time.
                background_tasks.create(self._worked(key, work), name=f"try {key}")

        await self.lock.opened(act)()

    async def _worked(self, key: str, work: Act) -> None:
        self._busy.add(key)
        self.draw()
        try:
            await work()
        finally:
            self._busy.discard(key)
        self.draw()

    async def _send(self, topic: Topic) -> None:
        here = self._view.appliance
        self._heard.pop(topic, None)
        made = example(topic, here.clock.now(), here.zone, here.config.site.currency)
        self._heard[topic] = await messaging.send_example(here.sinks, made)

    async def _try(self, name: str) -> None:
        self._said.pop(name, None)
        try:
            self._said[name] = Said(True, await tried(self._view.appliance.sinks.get(name)))
        except SourceError as error:
            self._said[name] = Said(False, str(error))

    async def _ask(self, name: str) -> None:
        texts, keypad = self._view.texts, self.lock.keypad
        question = texts._(THRESHOLDS[name].question)
        hint = texts._("Now: {value}").format(value=value(texts, name, self._settings.now))
        if name == "summary_at":
            keypad.ask_time(question, hint, partial(self._typed, name))
        else:
            heard = partial(self._typed, name)
            keypad.ask_number(question, hint, unit(texts, name), heard, without=never(texts, name))

    async def _typed(self, name: str, typed: str) -> str | None:
        if self._view.unlocked_s <= 0:
            return self._view.texts._("The five minutes are over. Begin again.")
        wanted: Any = None
        if name == "summary_at":
            wanted = wall_time(typed)
        elif typed:
            try:
                wanted = float(typed)
            except ValueError:
                return self._view.texts._("That is no number")
        return await self._changed(partial(self._settings.change, **{name: wanted}))

    async def _carried_out(self, change: Callable[[], None]) -> None:
        if self._view.unlocked_s > 0 and (problem := await self._changed(change)) is not None:
            with self._view.client:
                ui.notify(problem, position="top")

    async def _changed(self, change: Callable[[], None]) -> str | None:
        """Carry a change out, which waits for the medium; what kept it from being done, or None."""
        try:
            await asyncio.to_thread(change)
        except ValueError:
            return self._view.texts._("Out of range")
        except TallywattError as error:
            return told(self._view.texts, str(error))
        finally:
            self.draw()
        return None

    # What is shown

    def draw(self) -> None:
        view, texts = self._view, self._view.texts
        here = view.appliance
        sinks = people_sinks(connections(here.health, here.sinks))
        known = messaging.recipients(here.sinks)
        found = topics_of(here)
        tries = Tries(self._heard, self._busy, anybody=bool(known))
        self.topics.show(topics(texts, found, self._settings.now, tries))
        busy = {key.removeprefix("sink ") for key in self._busy if key.startswith("sink ")}
        self.people.show(people(texts, sinks, known, view.now, self._said, busy))
        marked(self.page, "nobody", not sinks)
        self.recent.draw()
        unknown = messaging.strangers(self.recent.events)[:STRANGERS_SHOWN]
        self.unknown.set_visibility(bool(unknown))
        self.strangers.show(strangers(texts, unknown, view.now))


def people_sinks(found: Sequence[Connection]) -> list[Connection]:
    """Those of the sinks that write to people, also where they cannot start."""
    return [one for one in found if one.type in messaging.PEOPLE_SINKS]


def wall_time(typed: str) -> str:
    """What was typed on the keypad as a time of the day: "23.59", "2359" and "7.5" are 23:59 and 07:05."""
    hour, point, minute = typed.partition(".")
    if not point:
        hour, minute = typed[:-2], typed[-2:]
    return f"{hour:0>2}:{minute:0>2}"


def _topic(event: events.GenericEventArguments) -> Topic | None:
    """What a browser named, if it is a topic."""
    return next((topic for topic in TOPICS if topic == event.args), None)


PAGE = Page("/messages", N_("Messages"), "message", build)
