"""What one open page works with: the appliance, the browser's tongue and theme, its session."""

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from nicegui import app, background_tasks, ui

from appliance import views
from appliance.errors import StoreError
from appliance.model import Picture, Quantity

from .digest import Digest
from .live import follow_while_connected
from .stills import Stills
from .text import LANGUAGES, Texts
from .theme import THEMES

if TYPE_CHECKING:
    from appliance.app import Appliance


log = logging.getLogger(__name__)


def picture_address(picture: Picture) -> str:
    """Where the API serves a source's last picture; another address for each picture."""
    return f"/api/v1/pictures/{quote(picture.source, safe='')}?at={picture.at}"


def refused_address(source: str, at: int) -> str:
    """Where the API serves a picture that a camera refused at an instant (UTC ms)."""
    return f"/api/v1/meter_setup/{quote(source, safe='')}/refused/{at}"


class View:
    """Made by the shell for each page that is opened; pages and components read it."""

    def __init__(self, appliance: "Appliance", digest: Digest, stills: Stills) -> None:
        site = appliance.config.site
        self.appliance = appliance
        self.digest = digest
        self.stills = stills
        self.client = ui.context.client
        self.session = str(app.storage.browser["id"])
        self._own = app.storage.user
        self.texts = Texts(self._choice("language", LANGUAGES, site.language), appliance.zone, site.currency)
        self.theme = self._choice("theme", THEMES, appliance.config.display.theme)
        self._draws: list[Callable[[], None]] = []

    def _choice(self, name: str, known: "tuple[str, ...] | dict[str, str]", default: str) -> str:
        chosen = str(self._own.get(name))
        return chosen if chosen in known else default

    def choose(self, name: str, value: str) -> None:
        """Remember this browser's language or theme."""
        self._own[name] = value

    def leave_word(self, text: str) -> None:
        """Say something on the next page this browser opens: words on this one would go with it."""
        self._own["word"] = text

    @property
    def now(self) -> int:
        return self.appliance.clock.now()

    @property
    def unlocked_s(self) -> float:
        """Seconds for which this browser may still change things; ask again in every handler."""
        return self.appliance.access.unlocked(self.session)

    def home(self) -> views.Home:
        """The moment, for Home and for the bar."""
        return views.home(
            self.appliance.hub.latest,
            self.types(),
            self.appliance.cadences,
            self.now,
            self.appliance.config.site.main_fuse_a,
        )

    def types(self) -> dict[str, str]:
        """Type of every source, by its name, in the order of the configuration."""
        return self.appliance.source_types()

    def attribution(self, source: str) -> str:
        """How the service behind a source of prices asks to be named; empty if it does not ask."""
        # A price's source is a service and its area; its part knows it, and its stand-in, by that name.
        parts = self.appliance.sources.values()
        named = (getattr(part, "attributions", {}).get(source) for part in parts)
        return next((str(text) for text in named if text), "")

    def counts(self, source: str) -> tuple[Quantity, str]:
        """What config.json says that the meter before a camera counts, and the unit printed on it."""
        options = next((o for o in self.appliance.config.sources if o.label == source), None)
        quantity: Quantity = getattr(options, "quantity", Quantity.ENERGY_IMPORT)
        return quantity, getattr(options, "unit", None) or quantity.spec.unit

    def on_news(self, draw: Callable[[], None]) -> None:
        """Call `draw` now, at news and every second as long as the page is open."""
        draw()
        self._draws.append(draw)

    async def tried(self, work: Awaitable[None]) -> None:
        """Await `work`; a store that does not answer leaves dashes, and is told of on the Health page."""
        try:
            await work
        except StoreError as error:
            log.warning("The store did not answer a page: %s", error)

    def when_connected(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin `work` once the browser is there: who merely fetches the page wakes no camera."""
        begun: list[object] = []

        def begin() -> None:
            if not begun:
                begun.append(background_tasks.create(work(), name="page"))

        self.client.on_connect(begin)

    def start(self) -> None:
        """Begin to follow; called once by the shell when the page is built."""

        follow_while_connected(self.client, self.appliance.hub, self.redraw)
        self.when_connected(self._pass_on)

    async def _pass_on(self) -> None:
        if word := self._own.pop("word", None):
            with self.client:
                ui.notify(word, position="top")

    def redraw(self) -> None:
        """Draw what has changed, without waiting for news."""
        for draw in self._draws:
            draw()
