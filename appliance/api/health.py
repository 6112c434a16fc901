"""GET /health: cheap enough to be asked every second, and it makes no page."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from appliance import __version__
from appliance.api.battery_now import Connection, connection
from appliance.api.common import Here
from appliance.calendar import iso
from appliance.supervise import State

router = APIRouter(tags=["Health"])


class PartHealth(BaseModel):
    name: str
    role: str
    state: str
    text: str


class HealthOut(BaseModel):
    """ok: all parts work; degraded: some do not; failing: readings cannot be kept (status 503)."""

    status: Literal["ok", "degraded", "failing"]
    version: str
    timestamp: str
    parts: list[PartHealth]
    connection_health: Connection = Field(description="As the pypowerwall proxy tells it of the battery.")


@router.get("/health", response_model=HealthOut, responses={503: {"model": HealthOut}})
async def health(here: Here) -> JSONResponse:
    """Whether the appliance does its work."""
    troubled = [part for part in here.health if part.state in (State.WAITING, State.NEEDS_YOU)]
    failing = any(part.role == "store" for part in troubled)
    status: Literal["ok", "degraded", "failing"] = "failing" if failing else "degraded" if troubled else "ok"
    out = HealthOut(
        status=status,
        version=__version__,
        timestamp=iso(here.clock.now()),
        parts=[
            PartHealth(name=part.name, role=part.role, state=part.state, text=part.text)
            for part in here.health
        ],
        connection_health=connection(here),
    )
    return JSONResponse(out.model_dump(), 503 if failing else 200)
