"""Meter: what the camera saw last and how sure it is, what was refused, and every register."""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from nicegui import background_tasks, ui

from appliance.model import Event, Kind, Picture, Quantity, Reading

from ..components.board import Photo, Rows, Table
from ..components.controls import button, heading, line, segments
from ..lock import Lock
from ..shell import Page
from ..text import N_, UNKNOWN, Texts
from ..view import View, picture_address
from ..words import event_name, quantity_name
from .exchange import Exchange

REFUSED = ("rejected", "unreadable")
REFUSED_SHOWN = 12
SURE, DOUBTFUL = 0.9, 0.75


async def build(view: View) -> None:
    """Picture and what it reads on top if there is a camera, then registers and refusals."""
    texts, hub = view.texts, view.appliance.hub
    cameras = [name for name, kind in view.types().items() if kind == "camera_meter" or name in hub.pictures]
    lock = Lock(view)
    exchange = Exchange(view, lock)
    with ui.element("div").classes("page"):
        if cameras:
            _camera(view, cameras)
        with ui.element("div").classes("halves inner"):
            with ui.element("section").classes("card"):
                registers = Table()
                with ui.element("div").classes("buttons"):
                    button(texts._("The meter was exchanged"), lock.opened(exchange.begin))
            with ui.element("section").classes("card"):
                refusals = Refusals(view, Rows())
    await view.tried(refusals.load())

    def draw() -> None:
        registers.show(registers_message(texts, hub.latest, view.now))
        refusals.draw()

    view.on_news(draw)


def _camera(view: View, cameras: list[str]) -> None:
    texts = view.texts
    chosen = [cameras[0]]
    with ui.element("div").classes("two"):
        photo = Photo()
        with ui.element("section").classes("card reads"):
            if len(cameras) > 1:
                segments(
                    {name: name for name in cameras}, chosen[0], lambda name: pick(name), texts._("Camera")
                )
            heading(texts._("Reads"))
            read = ui.label().classes("seven")
            sure, when = line(), line()

    def draw() -> None:
        picture = view.appliance.hub.pictures.get(chosen[0])
        photo.show(photo_message(texts, picture))
        read.set_text((picture.text if picture else None) or UNKNOWN)
        sure.set_text(judgement(texts, picture))
        said = f"{chosen[0]} · {texts.ago(picture.at, view.now)}" if picture else ""
        when.set_text(said)

    def pick(name: str) -> None:
        chosen[0] = name
        draw()

    view.on_news(draw)


def photo_message(texts: Texts, picture: Picture | None) -> dict[str, Any]:
    """Where the picture is and a box with a percentage for each digit."""
    none = texts._("No picture yet. The camera takes one at its next turn.")
    if picture is None or not picture.jpeg:
        return {"src": None, "none": none, "boxes": []}
    boxes = [
        {"at": list(d.box), "text": texts.number(100 * d.confidence), "level": _level(d.confidence)}
        for d in picture.digits
    ]
    return {
        "src": picture_address(picture), "none": none, "boxes": boxes,
        "width": picture.width, "height": picture.height, "aria": picture.text or judgement(texts, picture),
    }  # fmt: skip


def _level(confidence: float) -> str:
    return "ok" if confidence >= SURE else "warn" if confidence >= DOUBTFUL else "bad"


def judgement(texts: Texts, picture: Picture | None) -> str:
    """One sentence on how good the last picture is."""
    if picture is None:
        return ""
    if picture.reason is not None:
        return picture.reason
    doubtful = [(i, d) for i, d in enumerate(picture.digits, 1) if d.confidence < SURE]
    if doubtful:
        place, digit = min(doubtful, key=lambda pair: pair[1].confidence)
        percent = texts.number(100 * digit.confidence)
        return texts._("Digit {place} is unsure, {percent} %").format(place=place, percent=percent)
    return texts._("Sure of every digit, {percent} %").format(percent=texts.number(100 * picture.confidence))


def registers_message(texts: Texts, latest: Any, now: int) -> dict[str, Any]:
    """Every counter of every source."""
    order = {quantity: place for place, quantity in enumerate(Quantity)}
    found: list[Reading] = [r for r in latest.values() if r.quantity.spec.kind is Kind.COUNTER]
    rows = []
    for reading in sorted(found, key=lambda r: (order[r.quantity], r.source)):
        spec = reading.quantity.spec
        value = f"{texts.register(reading.value, spec.decimals)} {spec.unit}".strip()
        name = quantity_name(texts, reading.quantity)
        cells = [name, texts.moment(reading.at, now), value]
        rows.append({"key": f"{reading.source} {reading.quantity}", "cells": cells, "sub": reading.source})
    head = [texts._("Register"), texts._("Read at"), texts._("Value")]
    none = texts._("No register has been read yet")
    return {"title": texts._("Registers"), "head": head, "rows": rows, "none": none}


class Refusals:
    """What was not believed or not readable, with its picture where one was kept."""

    def __init__(self, view: View, rows: Rows) -> None:
        self._view = view
        self._rows = rows
        self._seen: object = None
        self._message: dict[str, Any] = {"rows": []}

    async def load(self) -> None:
        """Raises StoreError when the store does not answer."""
        self._seen = self._view.appliance.hub.events
        texts = self._view.texts
        stored = await self._view.appliance.store.events(names=REFUSED, limit=REFUSED_SHOWN)
        rows = [self._row(number, event) for number, event in stored]
        self._message = {"title": texts._("Refused"), "rows": rows, "none": texts._("Nothing was refused")}

    def _row(self, number: int, event: Event) -> dict[str, Any]:
        texts, now = self._view.texts, self._view.now
        name, level = event_name(texts, event)
        kept = PurePosixPath(str(event.data.get("picture") or "")).name
        address = f"/api/v1/pictures/{quote(event.source, safe='')}/refused/{quote(kept, safe='')}"
        return {
            "key": number, "name": name, "level": level, "kind": event.source,
            "texts": [event.text, *self._seen_as(event)], "side": [texts.moment(event.at, now)],
            "image": address if kept else None,
        }  # fmt: skip

    def _seen_as(self, event: Event) -> list[str]:
        """The number that was refused, from the register it was meant for or as the camera read it."""
        texts, data = self._view.texts, event.data
        value, name = data.get("value"), str(data.get("quantity", ""))
        if value is not None and name in set(Quantity):
            spec = Quantity[name.upper()].spec
            return [f"{texts.register(float(value), spec.decimals)} {spec.unit}".strip()]
        if not data.get("text"):
            return []
        sure = data.get("confidence")
        return [str(data["text"]) + ("" if sure is None else f" · {texts.number(100 * float(sure))} %")]

    def draw(self) -> None:
        if self._seen is not self._view.appliance.hub.events:
            self._seen = self._view.appliance.hub.events
            background_tasks.create(self._view.tried(self.load()), name="refusals")
        self._rows.show(self._message)


PAGE = Page("/meters", N_("Meter"), "meter", build)
