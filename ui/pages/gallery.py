"""What was refused, with its pictures; what they really showed teaches the reader."""

from functools import partial
from typing import Any

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from appliance.clock import MINUTE_MS
from appliance.errors import TallywattError
from appliance.meter_setup import MeterSetup, Refused
from appliance.model import Event, Quantity

from ..components.board import Rows
from ..components.controls import button
from ..counters import boxes
from ..judgement import percent
from ..lock import Lock
from ..sentences import told
from ..text import Texts
from ..view import View, refused_address
from ..words import amount, event_name
from .lessons import Lessons

REFUSED = ("rejected", "unreadable")
SHOWN = 8
"""Pictures at once: a small panel has little memory, and each unpacks to some megabytes."""


class Gallery:
    """Refused pictures of all cameras, and refusals of others, the newest first."""

    def __init__(self, view: View, lock: Lock, cameras: list[str], lessons: dict[str, Lessons]) -> None:
        self._view, self._lock, self._cameras, self._lessons = view, lock, cameras, lessons
        self._seen: object = None
        self._most = SHOWN
        self._known: dict[str, tuple[str, Refused]] = {}
        self._crops: dict[str, dict[str, str] | None] = {}
        self._rows = Rows().on("act", self._pressed)
        self._rows.show({"title": view.texts._("Refused"), "rows": [], "none": ""})
        self._more = button(view.texts._("Show older ones"), self._show_more)
        self._more.set_visibility(False)

    async def load(self) -> None:
        """Raises StoreError when the store does not answer; a camera that does not has no pictures here."""
        self._seen = self._view.appliance.hub.events
        self._known = {}
        for source in self._cameras:
            try:
                refused = await self._view.appliance.surveyor(source).refused()
                self._crops[source] = crop(await self._view.appliance.surveyor(source).current())
            except TallywattError:
                continue
            self._known |= {f"{source} {one.at}": (source, one) for one in refused}
        stored = await self._view.appliance.store.events(names=REFUSED, limit=4 * SHOWN)
        events = {
            f"{event.source} {event.at}": (event.at, self._event_row(number, event))
            for number, event in stored
            if not self._pictured(event)
        }
        pictures = {key: (one.at, self._row(key, source, one)) for key, (source, one) in self._known.items()}
        rows = [row for _, row in sorted([*events.values(), *pictures.values()], key=lambda r: -r[0])]
        self._show(rows)

    def _pictured(self, event: Event) -> bool:
        """Whether a picture tells this refusal: the gate's words come a moment after it was taken."""
        return any(
            source == event.source and 0 <= event.at - one.at < MINUTE_MS and event.text == one.reason
            for source, one in self._known.values()
        ) or (f"{event.source} {event.at}" in self._known)

    def _show(self, rows: list[dict[str, Any]]) -> None:
        texts = self._view.texts
        title, none = texts._("Refused"), texts._("Nothing was refused")
        self._rows.show({"title": title, "rows": rows[: self._most], "none": none})
        self._more.set_visibility(len(rows) > self._most)

    async def _show_more(self) -> None:
        self._most *= 3
        await self._view.tried(self.load())

    def _row(self, key: str, source: str, refused: Refused) -> dict[str, Any]:
        texts, view = self._view.texts, self._view
        return {
            "key": key, "name": refused.text or texts._("Not readable"), "level": "warn",
            "kind": source, "texts": [told(texts, refused.reason)],
            "side": [texts.moment(refused.at, view.now)],
            "image": refused_address(source, refused.at), "crop": self._crops[source],
            "button": texts._("It was really …"),
        }  # fmt: skip

    def _event_row(self, number: int, event: Event) -> dict[str, Any]:
        texts, now = self._view.texts, self._view.now
        name, level = event_name(texts, event)
        lines = [told(texts, event.text), *_seen_as(texts, event)]
        side = [texts.moment(event.at, now)]
        return {
            "key": number,
            "name": name,
            "level": level,
            "kind": event.source,
            "texts": lines,
            "side": side,
        }

    def draw(self) -> None:
        """Ask again when the hub has heard of a new event."""
        if self._seen is not self._view.appliance.hub.events:
            self._seen = self._view.appliance.hub.events
            background_tasks.create(self._view.tried(self.load()), name="refusals")

    async def _pressed(self, event: GenericEventArguments) -> None:
        key = str(event.args)
        if key in self._known:
            await self._lock.opened(partial(self._ask, key))()

    async def _ask(self, key: str) -> None:
        view, texts = self._view, self._view.texts
        source, refused = self._known[key]

        async def heard(typed: str) -> str | None:
            if view.unlocked_s <= 0:
                return texts._("The five minutes are over. Begin again.")
            try:
                said = await self._lessons[source].teach(refused.at, typed)
            except TallywattError as error:
                return told(texts, str(error))
            await view.tried(self.load())
            with view.client:
                ui.notify(said, position="top")
            return None

        self._lock.keypad.ask_number(
            texts._("What did it really show?"),
            told(texts, refused.reason),
            "",
            heard,
            refused_address(source, refused.at),
            self._crops[source],
        )


def crop(setup: MeterSetup | None) -> dict[str, str] | None:
    """Styles that show the part of a picture where the counters stand: of its frame, and of the picture."""
    found = [box for counter in setup.counters for box in boxes(counter)] if setup else []
    if setup is None or not found:
        return None
    edge = max(box[3] for box in found) * 0.3
    left, top = max(0.0, min(b[0] for b in found) - edge), max(0.0, min(b[1] for b in found) - edge)
    wide = min(setup.width, max(b[0] + b[2] for b in found) + edge) - left
    high = min(setup.height, max(b[1] + b[3] for b in found) + edge) - top
    place = f"left:{-100 * left / wide:.2f}%;top:{-100 * top / high:.2f}%"
    return {
        "frame": f"aspect-ratio:{wide:.0f}/{high:.0f}",
        "image": f"position:absolute;width:{100 * setup.width / wide:.2f}%;{place}",
    }


def _seen_as(texts: Texts, event: Event) -> list[str]:
    """The number that was refused, from the register it was meant for or as the camera read it."""
    data = event.data
    value, name = data.get("value"), str(data.get("quantity", ""))
    if value is not None and name in set(Quantity):
        return [amount(texts, Quantity[name.upper()], float(value))]
    if not data.get("text"):
        return []
    sure = data.get("confidence")
    return [str(data["text"]) + ("" if sure is None else f" · {percent(texts, float(sure))} %")]
