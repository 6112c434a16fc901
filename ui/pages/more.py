"""More: theme, language, PIN, API token, and what this appliance is."""

import socket
from functools import partial

from nicegui import ui

from appliance import __version__

from ..components.board import Table
from ..components.controls import Segments, button, heading, line, way
from ..lock import Lock
from ..shell import Page
from ..text import LANGUAGES, N_
from ..view import View
from .battery import has_battery

ELSEWHERE = (
    ("/check", "check", N_("Bill check")),
    ("/connections", "plug", N_("Connections")),
    ("/messages", "message", N_("Messages")),
)
THEME_NAMES = {"auto": N_("Device"), "dark": N_("Dark"), "light": N_("Light"), "sunset": N_("Sunset")}


async def build(view: View) -> None:
    """Cards of settings; those of this browser first."""
    lock = Lock(view)
    with ui.element("div").classes("page halves"):
        left = (partial(_pages, view), partial(_look, view), partial(_about, view))
        right = (partial(_pin, view, lock), partial(_token, view, lock))
        for column in (left, right):
            with ui.element("div").classes("col"):
                for fill in column:
                    with ui.element("section").classes("card"):
                        fill()


def _pages(view: View) -> None:
    """Pages the navigation has no room for, and the one that says how a battery is set up."""
    texts = view.texts
    unset = () if has_battery(view) else (("/battery", "battery", N_("Battery")),)
    heading(texts._("More pages"))
    with ui.element("div").classes("ways"):
        for address, icon, name in (*ELSEWHERE, *unset):
            way(icon, texts._(name), address)


def _look(view: View) -> None:
    texts = view.texts

    def theme(value: str) -> None:
        view.theme = value
        view.choose("theme", value)
        view.redraw()

    def language(value: str) -> None:
        view.choose("language", value)
        ui.navigate.reload()

    heading(texts._("Theme"))
    Segments({k: texts._(n) for k, n in THEME_NAMES.items()}, view.theme, theme, texts._("Theme"))
    heading(texts._("Language"))
    Segments(LANGUAGES, texts.language, language, texts._("Language"))


def _pin(view: View, lock: Lock) -> None:
    texts, access = view.texts, view.appliance.access

    def lock_now() -> None:
        access.lock(view.session)
        view.redraw()

    heading(texts._("PIN"))
    state = line()
    with ui.element("div").classes("buttons"):
        choose = button(
            texts._("Choose a PIN"), lambda: None if access.has_pin else lock.choose(), primary=True
        )
        change = button(texts._("Change the PIN"), lock.change)
        unlock = button(texts._("Unlock"), lock.opened(_nothing))
        close = button(texts._("Lock now"), lock_now)

    def draw() -> None:
        left = view.unlocked_s
        if not access.has_pin:
            said = texts._("No PIN yet. Whoever stands here may look, and choose the PIN.")
        elif left > 0:
            said = texts._("Changes are open for {time}").format(time=countdown(left))
        else:
            said = texts._("Changes ask for the PIN")
        state.set_text(said)
        choose.set_visibility(not access.has_pin)
        change.set_visibility(access.has_pin)
        unlock.set_visibility(access.has_pin and left <= 0)
        close.set_visibility(left > 0)

    view.on_news(draw)


async def _nothing() -> None:
    """Unlocking is all that was wanted."""


def countdown(seconds: float) -> str:
    """4:32"""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _token(view: View, lock: Lock) -> None:
    texts, access = view.texts, view.appliance.access
    heading(texts._("Token for programs"))
    line(texts._("Programs that send readings here show this token. It is shown once."))
    shown = ui.label().classes("token")
    shown.set_visibility(False)

    async def show() -> None:
        if view.unlocked_s <= 0:
            return
        token = access.take_new_token()
        shown.set_text(token or texts._("It was shown before. Renew it to see a new one."))
        shown.set_visibility(True)

    async def renew() -> None:
        if view.unlocked_s <= 0:
            return
        access.renew_token()
        await show()

    with ui.element("div").classes("buttons"):
        button(texts._("Show"), lock.opened(show))
        button(texts._("Renew"), lock.opened(renew))


def _about(view: View) -> None:
    texts = view.texts
    port = view.appliance.config.web.port
    rows = [(texts._("Name"), view.appliance.config.site.name), (texts._("Version"), __version__)]
    rows += [(texts._("Address"), f"http://{address}:{port}") for address in addresses()]
    rows.append((texts._("Time zone"), str(view.appliance.zone)))
    cells = [{"key": f"{name}{value}", "cells": [name, value]} for name, value in rows]
    Table().show({"title": "Tallywatt", "head": [], "rows": cells, "none": ""})


def addresses() -> list[str]:
    """What to type in another browser at home: the name, and the address on the local network."""
    found = [f"{socket.gethostname().split('.')[0]}.local"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing: it only asks which interface would be used.
            probe.connect(("192.0.2.1", 9))
            found.append(str(probe.getsockname()[0]))
        except OSError:
            pass  # no network: the name alone
    return found


PAGE = Page("/more", N_("More"), "more", build)
