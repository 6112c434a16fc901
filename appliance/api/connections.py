"""Where readings go: how each sink fares, and a try at its receiver."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, Field

from appliance.api.common import Here, problems, require_owner
from appliance.calendar import iso
from appliance.connections import Connection, connections, tried
from appliance.errors import SourceError

router = APIRouter(prefix="/api/v1", tags=["Connections"])


class DeliveryOut(BaseModel):
    """`pending` and `oldest` are null while not known; `sent` and `set_aside` count since the start."""

    pending: int | None = Field(description="Readings that wait.")
    oldest: str | None = Field(description="When the first of them was read.")
    oldest_age_s: float | None
    sent: int
    set_aside: int = Field(description="Readings the receiver will never take.")
    last_ok: str | None
    last_error: str | None
    last_error_at: str | None


class ConnectionOut(BaseModel):
    name: str
    type: str
    state: str
    text: str
    since: str
    failures: int
    testable: bool
    delivery: DeliveryOut | None


class TriedOut(BaseModel):
    ok: bool
    text: str = Field(description="What the receiver said, or what is wrong and what to do.")


@router.get("/connections")
async def all_connections(here: Here) -> list[ConnectionOut]:
    """Every sink: its state, what waits, since when, what was sent, and the last error."""
    now = here.clock.now()
    return [_out(one, now) for one in connections(here.health, here.sinks)]


@router.post(
    "/connections/{name}/test", dependencies=[Depends(require_owner)], responses=problems(401, 403, 404)
)
async def test(here: Here, name: Annotated[str, Path(description="Name of a sink.")]) -> TriedOut:
    """Ask a sink's receiver whether it would take readings from here; none is written there."""
    if not any(one.name == name for one in connections(here.health, here.sinks)):
        raise HTTPException(404, f"There is no sink {name!r}; GET /api/v1/connections lists them")
    try:
        return TriedOut(ok=True, text=await tried(here.sinks.get(name)))
    except SourceError as error:
        return TriedOut(ok=False, text=str(error))


def _out(one: Connection, now: int) -> ConnectionOut:
    known = one.delivery
    return ConnectionOut(
        name=one.name,
        type=one.type,
        state=one.state,
        text=one.text,
        since=iso(one.since),
        failures=one.failures,
        testable=one.testable,
        delivery=None
        if known is None
        else DeliveryOut(
            pending=known.pending,
            oldest=_iso(known.oldest),
            oldest_age_s=None if known.oldest is None else max(0, now - known.oldest) / 1000,
            sent=known.sent,
            set_aside=known.set_aside,
            last_ok=_iso(known.last_ok),
            last_error=known.last_error,
            last_error_at=_iso(known.last_error_at),
        ),
    )


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)
