"""The screens: look and touch, no decisions. Everything is served from this machine."""

import functools
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from nicegui import app as pages_app
from nicegui import ui

from .digest import Digest
from .pages import INNER, PAGES
from .sentences import told
from .shell import Page, frame, serve_static
from .stills import Stills
from .text import Texts
from .view import View

if TYPE_CHECKING:
    from appliance.app import Appliance

RECONNECT_S = 30.0
GZIP_LEVEL = 4
"""Half the work of the default 9 for a twentieth more bytes."""


def mount(app: FastAPI, appliance: "Appliance") -> None:
    """Add the screens to `app`, beneath the routes it has. Raises OSError if its folder cannot be used."""
    folder = appliance.folder / "ui"
    folder.mkdir(parents=True, exist_ok=True)
    pages_app.storage.path = folder
    digest = Digest(appliance)
    serve_static()
    stills = Stills(app)
    site = appliance.config.site
    # What goes out as a message is in the tongue of the site; that of a browser may differ.
    appliance.say = functools.partial(told, Texts(site.language, appliance.zone, site.currency))
    for page in (*PAGES, *INNER):
        serve(page, appliance, digest, stills)
    ui.run_with(
        app,
        title=site.name,
        viewport="width=device-width, initial-scale=1, viewport-fit=cover",
        favicon=Path(__file__).parent / "static" / "icon.svg",
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_S,
        message_history_length=200,
        gzip_middleware_factory=functools.partial(GZipMiddleware, minimum_size=500, compresslevel=GZIP_LEVEL),
        tailwind=False,
        storage_secret=_secret(folder / "secret"),
        show_welcome_message=False,
    )


def serve(page: Page, appliance: "Appliance", digest: Digest, stills: Stills) -> None:
    """One page at its address."""

    @ui.page(page.path)
    async def show() -> None:
        await frame(View(appliance, digest, stills), page, PAGES)


def _secret(path: Path) -> str:
    """What signs the browsers' cookies: made once, readable by the appliance alone."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return path.read_text(encoding="ascii")
