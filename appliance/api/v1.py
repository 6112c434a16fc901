"""Our own API, /api/v1: what the pages show, for programs."""

import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from appliance import __version__
from appliance.api.common import Camera, Here, asked, problems
from appliance.calendar import iso
from appliance.clock import DAY_MS
from appliance.model import Kind, Quantity, Reading, unit_of
from appliance.store import Every

router = APIRouter(prefix="/api/v1", tags=["Tallywatt"])


class Current(BaseModel):
    """The latest reading of one quantity of one source."""

    source: str
    quantity: Quantity
    label: str
    unit: str
    value: float
    at: str = Field(description="Instant of capture, ISO 8601 UTC.")
    at_ms: int
    age_s: float
    stale: bool = Field(description="Older than three times the source's cadence.")
    confidence: float


class Identity(BaseModel):
    id: str
    name: str
    version: str
    time_zone: str
    language: str
    currency: str
    now: str


class SeriesOut(BaseModel):
    """`at` are bucket starts (or instants, raw), UTC ms. null means unknown."""

    source: str
    quantity: Quantity
    unit: str
    every: Every
    at: list[int]
    value: list[float | None] = Field(description="Mean of a gauge, register at the end for a counter.")
    low: list[float | None] | None = None
    high: list[float | None] | None = None
    delta: list[float | None] | None = Field(None, description="Increase of a counter within the bucket.")


class EventOut(BaseModel):
    id: int
    source: str
    name: str
    at: str
    at_ms: int
    text: str
    data: dict[str, Any]


class PartOut(BaseModel):
    """A source, a sink or an inner part, and how it is."""

    name: str
    role: str
    type: str
    state: str
    text: str
    since: str
    last_ok: str | None
    failures: int
    cadence_s: float | None


class PriceOut(BaseModel):
    source: str
    channel: str
    start: str
    end: str
    per_kwh: float
    kind: str
    spike: bool


class QuantityOut(BaseModel):
    quantity: Quantity
    label: str
    unit: str
    kind: Kind
    low: float
    high: float
    decimals: int


@router.get("/appliance")
async def appliance(here: Here) -> Identity:
    """Who this is."""
    site = here.config.site
    return Identity(
        id=here.id,
        name=site.name,
        version=__version__,
        time_zone=site.time_zone,
        language=site.language,
        currency=site.currency,
        now=iso(here.clock.now()),
    )


@router.get("/current")
async def current(here: Here) -> list[Current]:
    """The latest reading of everything that is measured."""
    return [_current(here, reading) for _, reading in sorted(here.hub.latest.items())]


def _current(here: Here, reading: Reading) -> Current:
    spec = reading.quantity.spec
    age_s = (here.clock.now() - reading.at) / 1000
    return Current(
        source=reading.source,
        quantity=reading.quantity,
        label=spec.label,
        unit=unit_of(reading.quantity, here.config.site.currency),
        value=reading.value,
        at=iso(reading.at),
        at_ms=reading.at,
        age_s=round(age_s, 3),
        stale=here.stale(reading),
        confidence=reading.confidence,
    )


@router.get("/series", responses=problems(400, 503))
async def series(
    here: Here,
    source: Annotated[str, Query(description="A source's name, as /current and /sources give it.")],
    quantity: Annotated[Quantity, Query(description="What was measured, one of /quantities.")],
    start: Annotated[str | None, Query(alias="from", description="ISO 8601 or ms; a day ago.")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601 or ms; now.")] = None,
    every: Annotated[Every, Query(description="The grain; 1d is the site's local day.")] = Every.MIN15,
) -> SeriesOut:
    """A series for a chart, at most 1 500 points; finer ones are thinned so that peaks stay."""
    until = asked(end, "to", here.zone) if end else here.clock.now()
    since = asked(start, "from", here.zone) if start else until - DAY_MS
    if since >= until:
        raise HTTPException(400, "`from` must lie before `to`")
    found = await here.store.series(source, quantity, since, until, every, 1500)
    return SeriesOut(
        source=source,
        quantity=quantity,
        unit=unit_of(quantity, here.config.site.currency),
        every=every,
        at=found.at,
        value=found.value,
        low=found.low,
        high=found.high,
        delta=found.delta,
    )


@router.get("/events", responses=problems(503))
async def events(
    here: Here,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many events.")] = 100,
    before: Annotated[
        int | None, Query(ge=0, lt=2**63, description="Only events with a lower id: the next page.")
    ] = None,
    name: Annotated[list[str] | None, Query(description="Only these names, such as rejected.")] = None,
    source: Annotated[str | None, Query(description="Only what happened to this source or part.")] = None,
) -> list[EventOut]:
    """What happened, the newest first."""
    found = await here.store.events(names=name, source=source, before_id=before, limit=limit)
    return [
        EventOut(
            id=stored.id,
            source=stored.event.source,
            name=stored.event.name,
            at=iso(stored.event.at),
            at_ms=stored.event.at,
            text=stored.event.text,
            data=dict(stored.event.data),
        )
        for stored in found
    ]


@router.get("/sources")
async def sources(here: Here) -> list[PartOut]:
    """How every source, sink and inner part is."""
    return [
        PartOut(
            name=part.name,
            role=part.role,
            type=part.type,
            state=part.state,
            text=part.text,
            since=iso(part.since),
            last_ok=iso(part.last_ok) if part.last_ok is not None else None,
            failures=part.failures,
            cadence_s=part.cadence_s,
        )
        for part in here.health
    ]


@router.get("/prices", responses=problems(400, 503))
async def prices(
    here: Here,
    start: Annotated[str | None, Query(alias="from", description="ISO 8601 or ms; a day ago.")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601 or ms; in two days.")] = None,
    channel: Annotated[str, Query(description="Which price: import, export or wholesale.")] = "import",
) -> list[PriceOut]:
    """Prices per kWh in the site's currency; the last and the coming day if nothing else is said."""
    now = here.clock.now()
    since = asked(start, "from", here.zone) if start else now - DAY_MS
    until = asked(end, "to", here.zone) if end else now + 2 * DAY_MS
    return [
        PriceOut(
            source=price.source,
            channel=price.channel,
            start=iso(price.start),
            end=iso(price.end),
            per_kwh=price.per_kwh,
            kind=price.kind,
            spike=price.spike,
        )
        for price in await here.store.prices(channel, since, until)
    ]


@router.get("/quantities")
async def quantities(here: Here) -> list[QuantityOut]:
    """Everything that can be measured, with unit and limits."""
    return [
        QuantityOut(
            quantity=quantity,
            label=quantity.spec.label,
            unit=unit_of(quantity, here.config.site.currency),
            kind=quantity.spec.kind,
            low=quantity.spec.low,
            high=quantity.spec.high,
            decimals=quantity.spec.decimals,
        )
        for quantity in Quantity
    ]


JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}, **problems(404)}


@router.get("/pictures/{source}", response_class=Response, responses=JPEG)
async def picture(here: Here, source: Camera) -> Response:
    """The last picture a camera source took."""
    found = here.hub.pictures.get(source)
    if found is None or not found.jpeg:
        raise HTTPException(404, f"There is no picture of {source} yet")
    return Response(found.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.get("/pictures/{source}/refused/{file}", response_class=FileResponse, responses=JPEG)
def refused_picture(
    here: Here,
    source: Camera,
    file: Annotated[str, InPath(pattern=r"^[\w-]{1,60}\.jpg$", description="File name, from the event.")],
) -> FileResponse:
    """A picture that was refused, named in the event that told of it."""
    path: Path = here.folder / "sources" / source / "refused" / file
    if not re.fullmatch(r"[a-z0-9_]{1,40}", source) or not path.is_file():
        raise HTTPException(404, "That picture is no longer kept; the last twenty are")
    return FileResponse(path, media_type="image/jpeg")
