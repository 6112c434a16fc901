"""Things to press, large enough for a thumb."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui


def heading(text: str) -> None:
    """The title of a card."""
    ui.html(tag="h2", content=text, sanitize=True)


def line(text: str = "", classes: str = "mut") -> ui.label:
    """A line of text that may change."""
    return ui.label(text).classes(classes)


def button(text: str, pressed: Callable[..., Any], primary: bool = False) -> ui.element:
    """A button; `pressed` must check again that it is allowed to act."""
    made = ui.element("button").classes("btn pri" if primary else "btn").props("type=button")
    with made:
        made.label = ui.label(text)  # type: ignore[attr-defined]
    return made.on("click", pressed)


def segments(options: Mapping[str, str], chosen: str, choose: Callable[[str], Any], name: str) -> ui.element:
    """A row of choices of which one is on. `options` maps the value to what is shown."""
    buttons: dict[str, ui.element] = {}

    def press(value: str) -> Any:
        for key, made in buttons.items():
            made.props(f'aria-pressed="{str(key == value).lower()}"')
        return choose(value)

    with ui.element("div").classes("seg").props(f'role=group aria-label="{name}"') as group:
        for value, text in options.items():
            made = ui.element("button").props(f'type=button aria-pressed="{str(value == chosen).lower()}"')
            with made:
                ui.label(text)
            buttons[value] = made.on("click", lambda v=value: press(v))
    return group
