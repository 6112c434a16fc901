"""Meter: what the camera saw last and how sure it is, every register, what was refused and learned."""

from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import ui

from appliance.errors import TallywattError
from appliance.model import Kind, Picture, Quantity, Reading

from ..components.board import Photo, Table
from ..components.controls import Choice, Segments, Sheet, button, heading, line, marked
from ..judgement import judgement, level, percent
from ..lock import Lock
from ..shell import Page
from ..text import N_, UNKNOWN, Texts
from ..view import View, picture_address
from ..words import amount, quantity_name
from .corrections import Corrections
from .gallery import Gallery
from .lessons import Lessons

NARROW = 18
"""More letters than this do not stand side by side beside the picture."""


async def build(view: View) -> None:
    """Picture and what it reads on top if there is a camera, then registers and refusals."""
    texts, hub = view.texts, view.appliance.hub
    own = [name for name, kind in view.types().items() if kind == "camera_meter"]
    cameras = own + [name for name in hub.pictures if name not in own]
    lock = Lock(view)
    corrections = Corrections(view, lock)
    with ui.element("div").classes("page"):
        if cameras:
            Live(view, lock, corrections, cameras, own)
        with ui.element("div").classes("halves inner"):
            with ui.element("div").classes("col"):
                with ui.element("section").classes("card"):
                    registers = Table()
                    with ui.element("div").classes("buttons"):
                        button(texts._("The meter was exchanged"), lock.opened(corrections.exchange))
                        for name in (name for name, kind in view.types().items() if kind == "s0_pulses"):
                            correct = lock.opened(partial(corrections.correct, name))
                            button(f"{texts._('Correct')} · {name}", correct)
                lessons = {name: Lessons(view, lock, name, len(own) == 1) for name in own}
            with ui.element("section").classes("card"):
                gallery = Gallery(view, lock, own, lessons)
    for card in lessons.values():
        view.when_connected(card.load)

    def draw() -> None:
        registers.show(registers_message(texts, hub.latest, view.now))
        gallery.draw()

    view.on_news(draw)


class Live:
    """The last picture of a camera with its boxes, what it reads, and what can be done about it."""

    def __init__(
        self, view: View, lock: Lock, corrections: Corrections, cameras: list[str], own: list[str]
    ) -> None:
        """`own` are the cameras that can be set up here."""
        self._view, self._own, self._chosen = view, own, cameras[0]
        self._unset: set[str] = set()
        texts = view.texts
        with ui.element("div").classes("two"):
            self._photo = Photo()
            with ui.element("section").classes("card reads"):
                self._cameras: Choice | None = None
                if len(cameras) > 1 and len("".join(cameras)) > NARROW:
                    self._sheet = Sheet(texts)
                    self._cameras = Choice(texts._("Camera"), lambda: self._ask(cameras))
                elif len(cameras) > 1:
                    Segments({name: name for name in cameras}, self._chosen, self._pick, texts._("Camera"))
                heading(texts._("Reads"))
                self._read = ui.label().classes("seven")
                self._sure, self._when = line(), line()
                ui.element("span").classes("grow")
                with ui.element("div").classes("buttons pair") as self._buttons:
                    correct = lock.opened(lambda: corrections.correct(self._chosen))
                    self._correct = button(texts._("Correct"), correct)
                    button(texts._("Set up"), self._set_up).classes("set-up")
        view.on_news(self.draw)
        view.when_connected(self._look_at_setup)

    def _set_up(self) -> None:
        ui.navigate.to(f"/meters/setup?source={quote(self._chosen, safe='')}")

    async def _look_at_setup(self) -> None:
        """A meter whose counter was never found asks to be set up."""
        for source in self._own:
            try:
                missing = await self._view.appliance.surveyor(source).current() is None
            except TallywattError:
                continue
            if missing:
                self._unset.add(source)
                self.draw()

    def draw(self) -> None:
        view, texts = self._view, self._view.texts
        picture = view.appliance.hub.pictures.get(self._chosen)
        self._photo.show(photo_message(texts, picture))
        read = (picture.text if picture else None) or UNKNOWN
        self._read.set_text(read.replace(" · ", "\n"))  # a line for each counter
        unset = self._chosen in self._unset
        begin = texts._("It is not known yet where the figures stand. Set up, and type what the meter shows.")
        self._sure.set_text(judgement(texts, picture) or (begin if unset else ""))
        marked(self._buttons, "asks", unset)
        self._when.set_text(f"{self._chosen} · {texts.ago(picture.at, view.now)}" if picture else "")
        self._buttons.set_visibility(self._chosen in self._own)
        if self._cameras is not None:
            self._cameras.show(self._chosen)

    def _ask(self, cameras: list[str]) -> None:
        self._sheet.ask(self._view.texts._("Camera"), {c: partial(self._pick, c) for c in cameras})

    def _pick(self, name: str) -> None:
        self._chosen = name
        self.draw()


def photo_message(texts: Texts, picture: Picture | None) -> dict[str, Any]:
    """Where the picture is and a box with a percentage for each digit."""
    none = texts._("No picture yet. The camera takes one at its next turn.")
    if picture is None or not picture.jpeg:
        return {"src": None, "none": none, "boxes": []}
    boxes = [
        {"at": list(d.box), "text": percent(texts, d.confidence), "level": level(d.confidence)}
        for d in picture.digits
    ]
    return {
        "src": picture_address(picture), "none": none, "boxes": boxes,
        "width": picture.width, "height": picture.height, "aria": picture.text or judgement(texts, picture),
    }  # fmt: skip


def registers_message(texts: Texts, latest: Any, now: int) -> dict[str, Any]:
    """Every counter of every source."""
    order = {quantity: place for place, quantity in enumerate(Quantity)}
    found: list[Reading] = [r for r in latest.values() if r.quantity.spec.kind is Kind.COUNTER]
    rows = []
    for reading in sorted(found, key=lambda r: (order[r.quantity], r.source)):
        name, value = quantity_name(texts, reading.quantity), amount(texts, reading.quantity, reading.value)
        cells = [name, texts.moment(reading.at, now), value]
        rows.append({"key": f"{reading.source} {reading.quantity}", "cells": cells, "sub": reading.source})
    head = [texts._("Register"), texts._("Read at"), texts._("Value")]
    none = texts._("No register has been read yet")
    return {"title": texts._("Registers"), "head": head, "rows": rows, "none": none}


PAGE = Page("/meters", N_("Meter"), "meter", build)
