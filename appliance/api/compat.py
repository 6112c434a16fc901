"""The classic routes: POST /meter_reading takes readings, GET /meter gives the last one.

The classic body is {"reading_kwh", "timestamp", "confidence", "method", "digits"}; ours adds `appliance`,
`source`, `quantity` and an `id`. A reading is known by its source and instant, so one that is sent again
(the answer was lost) is accepted again and stored once.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from appliance.api.common import Here, Token, moment, problems, require_owner
from appliance.app import Appliance
from appliance.calendar import iso
from appliance.clock import sane
from appliance.gate import implausible
from appliance.grid import REMOTE
from appliance.known import REMOTE_CADENCE_S
from appliance.model import Quantity, Reading

router = APIRouter(tags=["Classic"])
MOST_AT_ONCE = 1000
MOST_READERS = 50
"""Open writes must not fill the store with invented readers."""
KINDS = {bool: "true or false", str: "text", list: "a list", dict: "an object", type(None): "null"}
NAME = re.compile(r"[^a-z0-9]+")
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/ClassicReading"},
                        {"type": "array", "items": {"$ref": "#/components/schemas/ClassicReading"}},
                    ]
                }
            }
        },
    }
}


class ClassicReading(BaseModel):
    """A reading as readers send it; only `reading_kwh` is needed."""

    reading_kwh: float = Field(ge=0, description="The register, kWh.")
    timestamp: str | float | None = Field(
        None,
        description="Instant of capture: ISO 8601 (without offset the site's time) or epoch s or ms; now.",
    )
    confidence: float | None = Field(None, ge=0, le=1)
    method: str | None = Field(None, description="How it was read: ocr, p1_serial, ...")
    digits: list[int] | str | int | None = None
    appliance: str | None = Field(None, description="Which appliance sends it.")
    source: str | None = Field(None, description="Which of its sources it comes from.")
    quantity: Quantity = Quantity.ENERGY_IMPORT
    id: str | None = Field(None, description="The same however often the reading is sent.")


class Accepted(BaseModel):
    """The answer to one reading; to a list, `readings` has one for each."""

    status: str = Field(examples=["accepted", "rejected"])
    reason: str | None = None
    reading_kwh: float | None = None
    id: str | None = None
    readings: list["Accepted"] | None = None


class Meter(BaseModel):
    """The last reading of this house's meter."""

    reading_kwh: float
    last_update: str
    confidence: float
    method: str
    digits: list[int]


class Rejected(Exception):  # noqa: N818 - an answer, not a fault
    """The reading cannot be taken; the text says why."""


@router.post(
    "/meter_reading",
    openapi_extra=BODY,
    response_model=Accepted,
    response_model_exclude_none=True,
    responses={400: {"model": Accepted}, **problems(401, 403, 413, 503)},
)
async def take(request: Request, here: Here, token: Token) -> Response:
    """Take a reading from another reader, or a list of at most 1000: then each is answered for itself.

    What is answered with "accepted" is on the medium.
    """
    if not here.config.web.classic_open_writes:
        require_owner(here, token)
    try:
        sent = json.loads(await request.body())
    except (ValueError, RecursionError):
        return _answer({"status": "rejected", "reason": "The body is not JSON"}, 400)
    if isinstance(sent, list):
        if len(sent) > MOST_AT_ONCE:
            return _answer({"status": "rejected", "reason": f"At most {MOST_AT_ONCE} readings at once"}, 400)
        async with request.app.state.taking:
            results = [await _one(here, item) for item in sent]
        content, status = {"status": "accepted", "readings": results}, 200
    else:
        async with request.app.state.taking:
            content = await _one(here, sent)
        status = 200 if content["status"] == "accepted" else 400
    await here.store.flush()
    return _answer(content, status)


def _answer(content: dict[str, Any], status: int) -> Response:
    # Escaped: an `id` is given back as it came, and may hold what UTF-8 cannot.
    return Response(json.dumps(content), status, media_type="application/json")


async def _one(here: Appliance, sent: Any) -> dict[str, Any]:
    known = {"id": sent["id"]} if isinstance(sent, dict) and isinstance(sent.get("id"), str) else {}
    try:
        reading = parse(sent, here)
        await _keep(here, reading)
    except Rejected as rejected:
        return {"status": "rejected", "reason": str(rejected), **known}
    return {"status": "accepted", "reading_kwh": reading.value, **known}


async def _keep(here: Appliance, reading: Reading) -> None:
    if (reading.source, reading.quantity) not in here.hub.latest:
        _welcome(here, reading)
    elif await _already(here, reading):
        return
    here.cadences.setdefault(reading.source, REMOTE_CADENCE_S)
    refused = await here.accept([reading], urgent=True)
    if refused:
        raise Rejected(refused[0].text)


def _welcome(here: Appliance, reading: Reading) -> None:
    """Judge the first reading of a series before anything is remembered of it. Raises Rejected."""
    reason = implausible(reading, here.clock.now())
    if reason:
        raise Rejected(reason)
    readers = {source for source, _ in here.hub.latest if source.startswith(REMOTE)}
    if reading.source not in readers and len(readers) >= MOST_READERS:
        raise Rejected(f"{MOST_READERS} other readers are known already, and no more are taken")


async def _already(here: Appliance, reading: Reading) -> bool:
    latest = here.hub.latest[reading.source, reading.quantity]
    if reading.at > latest.at:
        return False
    return latest.at == reading.at or await here.store.has(reading.source, reading.quantity, reading.at)


def parse(sent: Any, here: Appliance) -> Reading:
    """The reading in a classic body. Raises Rejected with the reason."""
    if not isinstance(sent, dict):
        raise Rejected("A reading is a JSON object with reading_kwh")
    if sent.get("reading_kwh") is None:
        raise Rejected("Missing required field: reading_kwh")
    value = _number(sent, "reading_kwh")
    quantity = _quantity(sent.get("quantity", Quantity.ENERGY_IMPORT))
    if value < 0:
        raise Rejected("reading_kwh is negative; a register never is")
    if value > quantity.spec.high:
        raise Rejected(f"reading_kwh is absurd: more than {quantity.spec.high:g} {quantity.spec.unit}")
    confidence = 1.0 if sent.get("confidence") is None else _number(sent, "confidence")
    if not 0 <= confidence <= 1:
        raise Rejected("confidence lies between 0 and 1")
    return Reading(_source(sent), quantity, value, _at(sent, here), confidence)


def _number(sent: Mapping[str, Any], name: str) -> float:
    value = sent[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Rejected(f"{name} must be a number, not {KINDS[type(value)]}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Rejected(f"{name} must be a finite number")
    return number


def _quantity(name: Any) -> Quantity:
    try:
        quantity = Quantity(name)
    except ValueError:
        raise Rejected("quantity is not one of GET /api/v1/quantities") from None
    if quantity.spec.unit != "kWh":
        raise Rejected(f"reading_kwh is in kWh, but {quantity} is in {quantity.spec.unit or 'no unit'}")
    return quantity


def _source(sent: Mapping[str, Any]) -> str:
    parts = [sent.get("appliance"), sent.get("source")]
    for part in parts:
        if part is not None and not isinstance(part, str):
            raise Rejected("appliance and source must be text")
    name = NAME.sub("_", "_".join(part for part in parts if part).lower()).strip("_")[:60]
    return f"{REMOTE}{name or 'meter'}"


def _at(sent: Mapping[str, Any], here: Appliance) -> int:
    said = sent.get("timestamp")
    if said is None:
        return here.clock.now()
    try:
        at = moment(said, here.zone)
    except ValueError as error:
        raise Rejected(f"timestamp is no time: {error}") from None
    if not sane(at):
        raise Rejected("timestamp is before 2026; set the clock of the reader")
    return at


@router.get("/meter", responses=problems(404))
async def meter(here: Here) -> Meter:
    """The last register reading of this house's meter, for a central API that polls."""
    reading = here.main_register()
    if reading is None:
        raise HTTPException(404, "The meter has not been read yet; GET /health says how the sources are")
    method, digits = here.look(reading)
    return Meter(
        reading_kwh=reading.value,
        last_update=iso(reading.at),
        confidence=reading.confidence,
        method=method,
        digits=digits,
    )
