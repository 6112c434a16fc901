"""The frame around every page: navigation, top bar, banners, idle clock, theme."""

import functools
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import app, ui

from appliance.calendar import local
from appliance.supervise import State
from appliance.views import Home

from .components.board import Status
from .icons import svg
from .text import Texts
from .theme import NIGHT_HOURS, is_dark
from .view import View

STATIC = Path(__file__).parent / "static"
STATIC_URL = "/static/tallywatt"
BACKGROUNDS = {True: "#0a0f16", False: "#f3f5f8"}


@dataclass(frozen=True, slots=True)
class Page:
    """One entry of the navigation: `build` fills the page, `label` is an English text of the catalogue.
    Where `shown` says no the page is there but not in the navigation, unless it is open."""

    path: str
    label: str
    icon: str
    build: Callable[[View], Awaitable[None]]
    shown: Callable[[View], bool] | None = None


@functools.cache
def _stylesheet() -> str:
    digest = hashlib.sha256((STATIC / "tallywatt.css").read_bytes()).hexdigest()[:10]
    return f'<link rel="stylesheet" href="{STATIC_URL}/tallywatt.css?{digest}">'


async def frame(view: View, page: Page, pages: tuple[Page, ...]) -> None:
    """Draw the frame, let the page fill it, then follow the news."""
    dark = _darkness(view)
    ui.page_title(f"{view.appliance.config.site.name} · {view.texts._(page.label)}")
    ui.add_head_html(_stylesheet() + _first_paint(dark))
    mode = ui.dark_mode(dark)
    with ui.element("div").classes("shell"):
        with ui.element("main").classes("main"):
            status = Status()
            await page.build(view)
        _navigation(view, page, pages)

    def draw() -> None:
        if mode.value != (now_dark := _darkness(view)):
            mode.value = now_dark
        status.show(status_message(view, view.home()))

    view.on_news(draw)
    view.start()


def _darkness(view: View) -> bool | None:
    site = view.appliance.config.site
    return is_dark(view.theme, view.now, site.latitude, site.longitude)


def _first_paint(dark: bool | None) -> str:
    """The background before any script has run, so that a dark wall does not flash white."""
    if dark is not None:
        return f"<style>html{{background:{BACKGROUNDS[dark]}}}</style>"
    return (
        f"<style>html{{background:{BACKGROUNDS[False]}}}"
        f"@media(prefers-color-scheme:dark){{html{{background:{BACKGROUNDS[True]}}}}}</style>"
    )


def _navigation(view: View, here: Page, pages: tuple[Page, ...]) -> None:
    texts = view.texts
    name = texts._("Pages")
    with ui.element("nav").classes("nav").props(f'aria-label="{name}"'):
        for page in pages:
            if page is not here and page.shown is not None and not page.shown(view):
                continue
            link = ui.element("a").props(f'href="{page.path}"')
            if page is here or here.path.startswith(page.path + "/"):
                link.props('aria-current="page"')
            with link:
                ui.html(svg(page.icon), sanitize=False)
                ui.html(tag="span", content=texts._(page.label), sanitize=True)


def status_message(view: View, home: Home) -> dict[str, Any]:
    """What the bar, the banner and the idle clock show."""
    texts, now = view.texts, view.now
    hour = local(now, view.appliance.zone).hour
    return {
        "clock": texts.clock(now),
        "day": texts.day(now),
        "chips": _chips(view, home),
        "banner": _banner(texts, home),
        "check": texts._("Check"),
        "lost": texts._("The connection to the appliance is lost. Values are from {time}.").format(
            time=texts.clock(now)
        ),
        "idle": _idle(texts, home),
        "night": hour >= NIGHT_HOURS[0] or hour < NIGHT_HOURS[1],
    }


def _chips(view: View, home: Home) -> list[dict[str, str]]:
    texts = view.texts
    chips = []
    if (left := view.unlocked_s) > 0:
        time = f"{int(left) // 60}:{int(left) % 60:02d}"
        chips.append({"text": texts._("Open {time}").format(time=time), "level": "warn", "page": "/more"})
    asking = [p for p in view.appliance.health if p.state is State.NEEDS_YOU]
    if asking:
        chips.append({"text": texts._("Needs you"), "level": "bad"})
    if home.stale:
        old = home.stale[0]
        text = texts._("{source} {age} old").format(source=old.source, age=texts.age(old.age_s))
        chips.append({"text": text, "level": "warn"})
    elif home.sentence.code != "no_reading" or home.register is not None:
        chips.append({"text": texts._("Live"), "level": "ok"})
    elif not asking:
        chips.append({"text": texts._("No reading"), "level": "warn"})
    return chips


def _banner(texts: Texts, home: Home) -> str | None:
    if not home.stale:
        return None
    old = home.stale[0]
    text = texts._("{source} has given no reading for {age}. Last one {time}.")
    said = text.format(source=old.source, age=texts.age(old.age_s), time=texts.clock(old.at))
    if len(home.stale) > 1:
        said += " " + texts._("Others are silent too.")
    return said


def _idle(texts: Texts, home: Home) -> list[dict[str, str]]:
    """Three numbers to read from across the room."""
    nodes = home.nodes
    items = []
    if "solar" in nodes:
        items.append(_large(texts, texts._("Solar"), nodes["solar"], "solar"))
    if home.on_generator:
        items.append(_large(texts, texts._("Generator"), nodes["generator"], "generator"))
    elif "grid" in nodes and not home.only_register:
        grid = nodes["grid"]
        if grid is not None and grid < 0:
            items.append(_large(texts, texts._("Selling"), -grid, "export"))
        else:
            items.append(_large(texts, texts._("Buying"), grid, "grid"))
    if "battery" in nodes:
        value = texts.number(home.state_of_charge)
        items.append({"name": texts._("Battery") + " %", "value": value, "colour": "battery"})
    elif "home" in nodes and not home.only_register:
        items.append(_large(texts, texts._("Home"), nodes["home"], "home"))
    return items


def _large(texts: Texts, name: str, watts: float | None, colour: str) -> dict[str, str]:
    value, unit = texts.power(watts)
    return {"name": f"{name} {unit}".strip(), "value": value, "colour": colour}


def serve_static() -> None:
    """Serve the style sheet; its address changes with its content, so browsers may keep it."""
    app.add_static_files(STATIC_URL, str(STATIC), max_cache_age=31_536_000)
