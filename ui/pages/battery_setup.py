"""What the Battery page says where there is no battery yet: which way leads to which gateway."""

import json

from nicegui import ui

from appliance.sources._powerwall_modes import MODES, Mode
from appliance.sources._powerwall_options import NEEDS

from ..components.controls import heading, item, line, pressed
from ..powerwall import TAILS
from ..sentences import told
from ..text import Texts
from ..view import View

EXAMPLES = {
    "host": "192.168.1.20",
    "password": "AB123",
    "gateway_password": "ABCDEFGHIJ",
    "rsa_key": "/var/lib/tallywatt/powerwall.pem",
    "email": "you@example.com",
}
ASKED = {**NEEDS, "v1r": (*NEEDS["v1r"], "gateway_password")}
"""A gateway by cable is content with either password; the steps name this one."""
HOSTS = {"hybrid": "192.168.91.1", "tedapi": "192.168.91.1", "proxy": "192.168.1.5:8675"}


def no_battery(view: View) -> None:
    """The ways on the left; what the chosen one asks for on the right."""
    texts = view.texts
    with ui.element("div").classes("page halves waysp"):
        with ui.element("section").classes("card"):
            heading(texts._("No battery is known here"))
            line(texts._("A Tesla Powerwall can be read in these ways. Choose the one that fits yours."))
            buttons = {name: _way(texts, mode) for name, mode in MODES.items()}
        steps = ui.element("section").classes("card asked")

    def choose(chosen: str) -> None:
        for name, made in buttons.items():
            pressed(made, name == chosen)
        steps.clear()
        with steps:
            _steps(texts, chosen, MODES[chosen])

    def pressed_on(chosen: str) -> None:
        choose(chosen)
        # One above the other on a phone: what was asked for is out of sight.
        ui.run_javascript(
            f"if (innerHeight > innerWidth) getHtmlElement({steps.id}).scrollIntoView({{behavior: 'smooth'}})"
        )

    for name, made in buttons.items():
        made.on("click", lambda chosen=name: pressed_on(chosen))
    choose(next(iter(MODES)))


def _way(texts: Texts, mode: Mode) -> ui.element:
    made = ui.element("button").classes("btn way").props("type=button")
    with made:
        ui.label(told(texts, mode.title))
        whom = told(texts, mode.for_whom)
        ui.label(whom[0].upper() + whom[1:]).classes("mut")
    return made


def _steps(texts: Texts, name: str, mode: Mode) -> None:
    heading(told(texts, mode.title))
    with ui.element("ol").classes("steps"):
        for step in mode.steps:
            item(_step(texts, step))
        item(texts._("Put this among the sources of config.json"))
    ui.label(example(name)).classes("token code")
    heading(texts._("Good to know"))
    with ui.element("ul").classes("steps"):
        for limit in mode.limits:
            item(told(texts, limit))


def _step(texts: Texts, step: str) -> str:
    tail = next((tail for tail in TAILS if step.endswith(tail)), "")
    return told(texts, step.removesuffix(tail)) + (texts._(tail) if tail else "")


def example(mode: str) -> str:
    """A source of that mode as it stands in config.json."""
    values = {**EXAMPLES, "host": HOSTS.get(mode, EXAMPLES["host"])}
    source = {"type": "powerwall", "mode": mode} | {name: values[name] for name in ASKED[mode]}
    return json.dumps(source, indent=2)
