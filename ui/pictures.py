"""Pictures of the set-up by address: stills of open pages, and refused pictures as the camera kept them.

Like the readings they are open to whoever may see the pages; an address of a still cannot be guessed.
"""

import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Response
from nicegui import Client

from appliance.errors import TallywattError

if TYPE_CHECKING:
    from appliance.app import Appliance

STILL = "/meters/still/{name}"
REFUSED = "/meters/refused/{source}/{at}"
KEPT = {"Cache-Control": "private, max-age=3600, immutable"}


class Pictures:
    """The stills that open pages work on: one each, forgotten with the page."""

    def __init__(self, app: FastAPI, appliance: "Appliance") -> None:
        """Adds the routes to `app`, whose guard stands before them as before all others."""
        self._appliance = appliance
        self._stills: dict[str, tuple[str, bytes]] = {}
        app.add_api_route(STILL, self._still, response_class=Response, include_in_schema=False)
        app.add_api_route(REFUSED, self._refused, response_class=Response, include_in_schema=False)

    def keep(self, client: Client, jpeg: bytes) -> str:
        """The address of the still of a page, until it shows another one or is closed."""
        if client.id not in self._stills:
            client.on_delete(lambda: self._stills.pop(client.id, None))
        name = secrets.token_urlsafe(12)
        self._stills[client.id] = name, jpeg
        return STILL.format(name=name)

    def refused(self, source: str, at: int) -> str:
        """The address of a picture that a camera refused at an instant (UTC ms)."""
        return REFUSED.format(source=quote(source, safe=""), at=at)

    def _still(self, name: str) -> Response:
        for known, jpeg in self._stills.values():
            if secrets.compare_digest(known.encode(), name.encode()):
                return Response(jpeg, media_type="image/jpeg", headers=KEPT)
        raise HTTPException(404, "That picture is gone with its page")

    async def _refused(self, source: str, at: int) -> Response:
        try:
            jpeg = await self._appliance.surveyor(source).refused_picture(at)
        except TallywattError as error:
            raise HTTPException(404, str(error)) from error
        return Response(jpeg, media_type="image/jpeg", headers=KEPT)
