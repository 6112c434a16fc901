"""The meter itself: setting it up before its camera, what was refused, and setting a register right."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from appliance.api.common import Camera, Here, problems, require_owner
from appliance.app import Appliance
from appliance.calendar import iso
from appliance.errors import SourceError
from appliance.meter_setup import CounterSeen, Learned, MeterSetup, Surveyor
from appliance.model import Kind, Quantity

router = APIRouter(prefix="/api/v1", tags=["Meter"])

At = Annotated[int, InPath(description="Instant of the picture, UTC ms, from the list.", ge=0, lt=2**53)]
OWNER: dict[str, Any] = {
    "dependencies": [Depends(require_owner)],
    "responses": problems(400, 401, 403, 404, 409),
}
READ = problems(404, 409)
IMAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}}}


class Shows(BaseModel):
    """What the meter shows, as a person reads it."""

    shows: str = Field("", max_length=20, description='Such as "048713.4"; point or comma.')


class RefusedOut(BaseModel):
    at: str = Field(description="Instant of capture, ISO 8601 UTC.")
    at_ms: int
    text: str | None = Field(description="What it was read as; null when nothing was made out.")
    reason: str


class Exchange(BaseModel):
    """The meter was exchanged."""

    source: str
    quantity: Quantity = Quantity.ENERGY_IMPORT
    reading: float = Field(ge=0, le=1e9, description="What the new meter shows, in the quantity's unit.")


class Correction(BaseModel):
    """The register was read wrong; the meter is the same."""

    source: str
    quantity: Quantity = Quantity.ENERGY_IMPORT
    reading: float = Field(ge=0, le=1e9, description="What the meter shows, in the quantity's unit.")


@contextmanager
def told() -> Iterator[None]:
    """Turns what a camera cannot do now into 409, with its sentence."""
    try:
        yield
    except SourceError as error:
        raise HTTPException(409, str(error)) from None


def surveyor_of(here: Here, source: Camera) -> Surveyor:
    """Who sets up the meter before a camera. Raises 404 where there is no such camera."""
    try:
        return here.surveyor(source)
    except SourceError as error:
        raise HTTPException(404, str(error)) from None


Meter = Annotated[Surveyor, Depends(surveyor_of)]


@router.get("/meter_setup/{source}", responses=READ)
async def setup(meter: Meter) -> MeterSetup:
    """The set-up in force, boxes in pixels; 404 while the counter has not been found."""
    found = await meter.current()
    if found is None:
        raise HTTPException(404, "The counter has not been found yet: set the meter up")
    return found


@router.put("/meter_setup/{source}", **OWNER)
async def save(meter: Meter, setup: MeterSetup) -> dict[str, str]:
    """Read with this set-up from now on; the last still becomes the picture it belongs to."""
    with told():
        await meter.save(setup)
    return {"status": "ok", "message": "The meter is read with this set-up from now on"}


@router.post(
    "/meter_setup/{source}/still",
    response_class=Response,
    dependencies=OWNER["dependencies"],
    responses=IMAGE | OWNER["responses"],
)
async def still(meter: Meter) -> Response:
    """Take a new picture to set the meter up on; boxes speak of its pixels."""
    with told():
        taken = await meter.shoot()
    headers = {"Cache-Control": "no-store", "X-Taken-At": iso(taken.at)}
    return Response(taken.jpeg, media_type="image/jpeg", headers=headers)


@router.post("/meter_setup/{source}/find", **OWNER)
async def find(meter: Meter, seen: Shows) -> MeterSetup:
    """Place boxes on the last still by what the meter shows; without it, as well as can be. Saves nothing."""
    with told():
        return await meter.find(seen.shows)


@router.post("/meter_setup/{source}/test", **OWNER)
async def test(meter: Meter, setup: MeterSetup) -> tuple[CounterSeen, ...]:
    """What each counter of a set-up reads in the last still. Saves nothing."""
    with told():
        return await meter.test(setup)


@router.get("/meter_setup/{source}/refused", responses=READ)
async def refused(meter: Meter) -> list[RefusedOut]:
    """The refused pictures that are kept, newest first."""
    with told():
        kept = await meter.refused()
    return [RefusedOut(at=iso(r.at), at_ms=r.at, text=r.text, reason=r.reason) for r in kept]


@router.get("/meter_setup/{source}/refused/{at}", response_class=Response, responses=IMAGE | READ)
async def refused_picture(meter: Meter, at: At) -> Response:
    """One of them."""
    try:
        jpeg = await meter.refused_picture(at)
    except SourceError as error:
        raise HTTPException(404, str(error)) from None
    return Response(jpeg, media_type="image/jpeg")


@router.post("/meter_setup/{source}/refused/{at}", **OWNER)
async def teach(meter: Meter, at: At, really: Shows) -> Learned:
    """Say what a refused picture really showed: the reader learns its digits, and the picture goes."""
    with told():
        return await meter.teach(at, really.shows)


@router.get("/meter_setup/{source}/learned", responses=READ)
async def learned(meter: Meter) -> Learned:
    """What the reader learned of this meter's own digits."""
    with told():
        return await meter.learned()


@router.delete("/meter_setup/{source}/learned", **OWNER)
async def forget(meter: Meter) -> dict[str, str]:
    """Forget all of it: the reader is as it was shipped."""
    with told():
        await meter.forget()
    return {"status": "ok", "message": "All that was learned of this meter is forgotten"}


@router.post("/meter_correction", dependencies=OWNER["dependencies"], responses=problems(400, 401, 403, 503))
async def correct(here: Here, correction: Correction) -> dict[str, str]:
    """Set a register right that was read wrong: it stands at this now. The past is not rewritten."""
    check_register(here, correction.source, correction.quantity, correction.reading)
    event = await here.corrections.correct(correction.source, correction.quantity, correction.reading)
    return {"status": "ok", "message": event.text}


@router.post("/meter_exchange", dependencies=OWNER["dependencies"], responses=problems(400, 401, 403, 503))
async def meter_exchange(here: Here, exchange: Exchange) -> dict[str, str]:
    """Tell that a meter was exchanged: its register may begin anew."""
    check_register(here, exchange.source, exchange.quantity, exchange.reading)
    event = await here.corrections.exchange(exchange.source, exchange.quantity, exchange.reading)
    return {"status": "ok", "message": event.text}


def check_register(here: Appliance, source: str, quantity: Quantity, value: float) -> None:
    """Raises 400 unless this source has such a register that may stand there."""
    if source not in here.sources and (source, quantity) not in here.hub.latest:
        known = sorted({*here.sources, *(name for name, _ in here.hub.latest)})
        raise HTTPException(400, f"There is no source {source}; known: {', '.join(known)}")
    spec = quantity.spec
    if spec.kind is not Kind.COUNTER:
        raise HTTPException(400, f"{quantity} is no register: only those can be set")
    if value > spec.high:
        raise HTTPException(400, f"reading: no such register goes beyond {spec.high:g} {spec.unit}")
