"""Connections: where readings go, how far each destination is, and devices nearby that could be read."""

from nicegui import background_tasks, events, ui

from appliance.api.nearby import NearbyOut, devices
from appliance.connections import connections, tried
from appliance.errors import SourceError

from ..components.board import Rows
from ..components.connections import Connections
from ..components.controls import way
from ..connections import Said, nearby, sinks
from ..lock import Lock
from ..sentences import told
from ..shell import Page
from ..text import N_
from ..view import View


async def build(view: View) -> None:
    """Destinations first; devices nearby are listened for while they are read."""
    here = _Shown(view)
    with ui.element("div").classes("page halves connpage"):
        with ui.element("section").classes("card"):
            here.sinks = Connections()
            here.sinks.on("try", here.pressed)
            with ui.element("div").classes("ways alone"):
                way("message", view.texts._("Messages"), "/messages")
        with ui.element("section").classes("card"):
            here.nearby = Rows()
    here.lock = Lock(view)
    view.on_news(here.draw)
    view.when_connected(here.listen)


class _Shown:
    """What the page shows, and what came of the tries since it was opened."""

    sinks: Connections
    nearby: Rows
    lock: Lock

    def __init__(self, view: View) -> None:
        self._view = view
        self._said: dict[str, Said] = {}
        self._busy: set[str] = set()
        self._found: list[NearbyOut] | None = None
        self._problem = ""

    async def pressed(self, event: events.GenericEventArguments) -> None:
        """Try a destination, for those who know the PIN."""
        name = str(event.args)

        async def act() -> None:
            if self._view.unlocked_s > 0 and name not in self._busy:
                # The keypad closes at once; the receiver may take its time.
                background_tasks.create(self._try(name), name=f"try {name}")

        await self.lock.opened(act)()

    async def _try(self, name: str) -> None:
        self._busy.add(name)
        self._said.pop(name, None)
        self.draw()
        try:
            self._said[name] = Said(True, await tried(self._view.appliance.sinks.get(name)))
        except SourceError as error:
            self._said[name] = Said(False, str(error))
        finally:
            self._busy.discard(name)
        self.draw()

    async def listen(self) -> None:
        """Which devices tell the network of themselves; the first answer takes three seconds."""
        try:
            self._found = await devices(self._view.appliance)
        except SourceError as error:
            self._problem = told(self._view.texts, str(error))
        self.draw()

    def draw(self) -> None:
        view, texts = self._view, self._view.texts
        found = connections(view.appliance.health, view.appliance.sinks)
        self.sinks.show(sinks(texts, found, view.now, self._said, self._busy))
        self.nearby.show(nearby(texts, self._found, self._problem))


PAGE = Page("/connections", N_("Connections"), "plug", build)
