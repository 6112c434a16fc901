"""Health: how every part is, what to do about it, and what happened lately."""

from collections.abc import Collection
from typing import Any

from nicegui import background_tasks, ui

from appliance.model import Event
from appliance.supervise import Part, State

from ..components.board import Rows
from ..sentences import told
from ..shell import Page
from ..text import N_, UNKNOWN
from ..view import View
from ..words import ROLES, STATES, event_name

EVENTS_SHOWN = 30
PHASE_EVENTS = ("fuse_overload", "fuse_calm", "phase_imbalance", "phases_balanced")
BATTERY_EVENTS = ("grid_down", "grid_up", "alert_on", "alert_off")
PAGES_OF = dict.fromkeys(PHASE_EVENTS, "/phases") | dict.fromkeys(BATTERY_EVENTS, "/battery")
PREPAID_EVENTS = ("recharge", "deduction", "low_balance", "generator_on", "generator_off")
PAGES_OF |= dict.fromkeys(PREPAID_EVENTS, "/prepaid") | dict.fromkeys(
    ("stranger", "message_refused"), "/messages"
)
PAGES_OF |= {"price_peaks": "/prices", "meter_unread": "/meters", "daily_summary": "/history"}
"""They lead to the page that shows what they are about."""
WORST_FIRST = (State.NEEDS_YOU, State.WAITING, State.STARTING, State.OK, State.STOPPED)


async def build(view: View) -> None:
    """Parts on the left, events on the right; one column in portrait."""
    with ui.element("div").classes("page halves"):
        with ui.element("section").classes("card"):
            parts = Rows()
        with ui.element("section").classes("card"):
            recent = Rows()
    events = Recent(view, recent)
    await view.tried(events.load())

    def draw() -> None:
        parts.show(parts_message(view))
        events.draw()

    view.on_news(draw)


def parts_message(view: View) -> dict[str, Any]:
    """Every part, the worst first."""
    ranked = sorted(view.appliance.health, key=lambda p: WORST_FIRST.index(p.state))
    rows = [_part(view, part) for part in ranked]
    return {"title": view.texts._("Parts"), "rows": rows, "none": view.texts._("Nothing is set up yet")}


def _part(view: View, part: Part) -> dict[str, Any]:
    texts, now = view.texts, view.now
    word, level = STATES[part.state]
    lines = [told(texts, text) for text in part.text.splitlines()] if part.state is not State.OK else []
    lines.append(texts._("Since {time}").format(time=texts.moment(part.since, now)))
    side = []
    if part.state is not State.OK:
        good = texts.moment(part.last_ok, now) if part.last_ok is not None else UNKNOWN
        lines.append(texts._("Last good {time}").format(time=good))
    if part.failures:
        side.append(texts._("Failures: {count}").format(count=texts.number(part.failures)))
    kind = f"{texts._(ROLES.get(part.role, part.role))} · {part.type}"
    return {
        "key": part.name, "name": part.name, "word": texts._(word), "level": level, "kind": kind,
        "texts": lines, "side": side, "to": "/connections" if part.role == "sink" else None,
    }  # fmt: skip


class Recent:
    """The last events of the store, asked again when the hub has heard of a new one."""

    def __init__(
        self,
        view: View,
        rows: Rows,
        names: Collection[str] | None = None,
        title: str = N_("What happened"),
    ) -> None:
        """`names` of the events to show, None for all; `title` is a text of the catalogue."""
        self._view = view
        self._rows = rows
        self._names = names
        self._title = title
        self.events: list[Event] = []
        self._seen: object = None
        self._message: dict[str, Any] = {"title": "", "rows": [], "none": ""}

    async def load(self) -> None:
        """Raises StoreError when the store does not answer."""
        self._seen = self._view.appliance.hub.events
        texts, now = self._view.texts, self._view.now
        stored = await self._view.appliance.store.events(names=self._names, limit=EVENTS_SHOWN)
        self.events = [event for _, event in stored]
        rows = []
        for number, event in stored:
            name, level = event_name(texts, event)
            rows.append(
                {
                    "key": number, "name": name, "level": level, "kind": event.source,
                    "texts": [told(texts, event.text)], "side": [texts.moment(event.at, now)],
                    "to": PAGES_OF.get(event.name),
                }
            )  # fmt: skip
        none = texts._("Nothing has happened yet")
        self._message = {"title": texts._(self._title), "rows": rows, "none": none}

    def draw(self) -> None:
        if self._seen is not self._view.appliance.hub.events:
            self._seen = self._view.appliance.hub.events
            background_tasks.create(self._view.tried(self.load()), name="events")
        self._rows.show(self._message)


PAGE = Page("/status", N_("Health"), "health", build)
