"""Things to press, large enough for a thumb."""

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from nicegui import ui

from ..icons import svg
from ..text import Texts


def heading(text: str) -> None:
    """The title of a card."""
    ui.html(tag="h2", content=text, sanitize=True)


def line(text: str = "", classes: str = "mut") -> ui.label:
    """A line of text that may change."""
    return ui.label(text).classes(classes)


def item(text: str) -> None:
    """A line of a list; what stands between ` ` is to be typed as it is."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    ui.html(tag="li", content=marked, sanitize=True)


def button(text: str, pressed: Callable[..., Any], primary: bool = False) -> ui.element:
    """A button; `pressed` must check again that it is allowed to act."""
    made = ui.element("button").classes("btn pri" if primary else "btn").props("type=button")
    with made:
        made.label = ui.label(text)  # type: ignore[attr-defined]
    return made.on("click", pressed)


def tool(icon: str, text: str, pressed: Callable[..., Any]) -> ui.element:
    """A button of a tool bar: a picture with a word beneath."""
    made = ui.element("button").classes("btn tool").props("type=button")
    with made:
        ui.html(svg(icon), sanitize=False)
        ui.label(text)
    return made.on("click", pressed)


def way(icon: str, text: str, address: str) -> None:
    """A wide button that leads to another page."""
    with ui.element("a").classes("btn").props(f'href="{address}"'):
        ui.html(svg(icon), sanitize=False)
        ui.label(text)


def link(icon: str, text: str, address: str, *, download: bool = False) -> ui.element:
    """A square that leads elsewhere or saves a file; the word is for those who cannot see the picture."""
    made = ui.element("a").classes("btn square").props(f'href="{address}" aria-label="{text}"')
    if download:
        made.props("download")
    with made:
        ui.html(svg(icon), sanitize=False)
    return made


def pressed(made: ui.element, on: bool) -> None:
    """Whether a button that stays down is down."""
    made.props(f'aria-pressed="{str(on).lower()}"')


def marked(made: ui.element, name: str, on: bool) -> None:
    """Whether an element has a class."""
    if on:
        made.classes(name)
    else:
        made.classes(remove=name)


def enabled(made: ui.element, on: bool) -> None:
    """Whether a button can be pressed."""
    if on:
        made.props(remove="disabled")
    else:
        made.props("disabled")


class Segments:
    """A row of choices of which one is on."""

    def __init__(
        self, options: Mapping[str, str], chosen: str, choose: Callable[[str], Any], name: str
    ) -> None:
        """`options` maps the value to what is shown; `choose` hears what is pressed."""
        self._buttons: dict[str, ui.element] = {}
        self._choose = choose
        with ui.element("div").classes("seg").props(f'role=group aria-label="{name}"') as self.group:
            for value, text in options.items():
                made = ui.element("button").props("type=button")
                with made:
                    ui.label(text)
                self._buttons[value] = made.on("click", lambda v=value: self._press(v))
        self.show(chosen)

    def _press(self, value: str) -> Any:
        self.show(value)
        return self._choose(value)

    def show(self, chosen: str) -> None:
        """Another choice is on, without anybody having pressed."""
        for value, made in self._buttons.items():
            pressed(made, value == chosen)


class Stepper:
    """A name, a number, and a button for less and for more."""

    def __init__(self, texts: Texts, name: str, change: Callable[[int], Any]) -> None:
        """`change` hears -1 or 1."""
        with ui.element("div").classes("step").props(f'role=group aria-label="{name}"') as self.root:
            ui.label(name).classes("grow")
            for sign, step, said in (("−", -1, texts._("Less")), ("+", 1, texts._("More"))):
                if step > 0:
                    self._value = ui.label().classes("count")
                made = button(sign, lambda s=step: change(s)).classes("square")
                made.props(f'aria-label="{said}: {name}"')

    def show(self, value: int) -> None:
        self._value.set_text(str(value))


class Choice:
    """A name and what is chosen, which opens a sheet with all that can be."""

    def __init__(self, name: str, ask: Callable[[], Any]) -> None:
        with ui.element("button").classes("btn choice").props("type=button").on("click", ask) as self.root:
            ui.label(name).classes("mut")
            self._value = ui.label()

    def show(self, text: str) -> None:
        self._value.set_text(text)


MANY = 6
"""More choices than this stand side by side: a wall is 480 pixels high."""


class Sheet:
    """A list of choices over the page; one per page."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        with ui.dialog() as self._dialog:
            self._body = ui.element("div").classes("sheet").props("role=dialog aria-modal=true")

    def ask(self, title: str, options: Mapping[str, Callable[[], Any]], hint: str = "") -> None:
        """Each option is what is shown, and what to do when it is chosen."""
        self._body.clear()
        with self._body:
            ui.html(tag="h3", content=title, sanitize=True)
            if hint:
                line(hint)
            with ui.element("div").classes("choices many" if len(options) > MANY else "choices"):
                for text, act in options.items():
                    button(text, lambda a=act: self._chosen(a))
            button(self._texts._("Cancel"), self._dialog.close)
        self._dialog.open()

    def _chosen(self, act: Callable[[], Any]) -> Any:
        self._dialog.close()
        return act()
