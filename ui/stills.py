"""The stills that set-up pages work on, served by address: a page holds no picture twice.

Like all pictures they are open to whoever may see the pages; this address cannot even be guessed.
"""

import secrets

from fastapi import FastAPI, HTTPException, Response
from nicegui import Client

STILL = "/meters/still/{name}"
KEPT = {"Cache-Control": "private, max-age=3600, immutable"}


class Stills:
    """One for each open page, forgotten with it."""

    def __init__(self, app: FastAPI) -> None:
        """Adds the route to `app`, whose guard stands before it as before all others."""
        self._kept: dict[str, tuple[str, bytes]] = {}
        app.add_api_route(STILL, self._show, response_class=Response, include_in_schema=False)

    def keep(self, client: Client, jpeg: bytes) -> str:
        """The address of the still of a page, until it shows another one or is closed."""
        if client.id not in self._kept:
            client.on_delete(lambda: self._kept.pop(client.id, None))
        name = secrets.token_urlsafe(12)
        self._kept[client.id] = name, jpeg
        return STILL.format(name=name)

    def _show(self, name: str) -> Response:
        for known, jpeg in self._kept.values():
            if secrets.compare_digest(known.encode(), name.encode()):
                return Response(jpeg, media_type="image/jpeg", headers=KEPT)
        raise HTTPException(404, "That picture is gone with its page")
