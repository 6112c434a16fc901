"""GET /history/meter: the register of the house's meter over days or years."""

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from appliance.api.common import Here, problems
from appliance.app import Appliance
from appliance.calendar import iso
from appliance.clock import DAY_MS
from appliance.model import Quantity
from appliance.store import Every
from appliance.views import DEFAULT_CADENCE_S

router = APIRouter(tags=["Energy"])
MOST_POINTS = 1500
RAW_DAYS = 8
"""Readings of no more days are held in memory at once."""
DAYS = 3662


class MeterReadingOut(BaseModel):
    timestamp: str = Field(description="Of the reading, or the end of the interval.")
    reading_kwh: float
    confidence: float | None = Field(description="null where readings are drawn together.")
    method: str


class MeterHistory(BaseModel):
    status: Literal["ok"] = "ok"
    timestamp: str
    source: str
    method: str
    days: int
    every: Every = Field(description="raw: every reading; else the register at the end of each interval.")
    count: int
    readings: list[MeterReadingOut]


@router.get("/history/meter", responses=problems(404, 503))
async def meter_history(
    here: Here,
    days: Annotated[int, Query(ge=1, le=3660, description="How far back.")] = 7,
    source: Annotated[
        str | None, Query(description="Whose register, such as remote_meter; that of GET /meter if left out.")
    ] = None,
) -> MeterHistory:
    """The register of the house's meter over the last days, readings that were pushed to us included.

    Every reading with its confidence while they are few; longer spans by quarter hour, hour or day.
    """
    register = here.main_register()
    if source is not None:
        register = here.hub.latest.get((source, Quantity.ENERGY_IMPORT))
    if register is None:
        raise HTTPException(404, f"{source or 'The meter'} has not been read yet; see GET /api/v1/current")
    now = here.clock.now()
    every, rows = await _rows(here, register.source, now - days * DAY_MS, now + 1)
    method = here.look(register)[0]
    readings = [
        MeterReadingOut(timestamp=iso(at), reading_kwh=value, confidence=confidence, method=method)
        for at, value, confidence in rows
    ]
    return MeterHistory(
        timestamp=iso(now),
        source=register.source,
        method=method,
        days=days,
        every=every,
        count=len(readings),
        readings=readings,
    )


Rows = list[tuple[int, float, float | None]]


async def _rows(here: Appliance, source: str, start: int, end: int) -> tuple[Every, Rows]:
    """Instant, register and confidence: all readings while they are few, else the last of each interval."""
    cadence_s = here.cadences.get(source, DEFAULT_CADENCE_S)
    span_ms = end - start - 1
    if span_ms <= RAW_DAYS * DAY_MS and span_ms / 1000 / cadence_s <= 2 * MOST_POINTS:
        columns = await here.store.raw(source, Quantity.ENERGY_IMPORT, start, end)
        if len(columns[0]) <= MOST_POINTS:
            return Every.RAW, list(zip(*(column.tolist() for column in columns), strict=True))
    every = next(
        (e for e in (Every.MIN15, Every.HOUR) if span_ms / e.milliseconds <= MOST_POINTS - 1), Every.DAY
    )
    found = await here.store.series(source, Quantity.ENERGY_IMPORT, start, end, every, DAYS)
    ends = [*found.at[1:], end]
    return every, [
        (min(at, end - 1), value, None)
        for at, value in zip(ends, found.value, strict=True)
        if value is not None
    ]
