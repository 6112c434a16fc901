"""The battery, its alerts, its wear, and the outages of the grid."""

import asyncio
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field

from appliance import battery as facts
from appliance.api.common import Here, asked, problems
from appliance.app import Appliance
from appliance.battery_log import kept_alerts, kept_capacities
from appliance.calendar import iso
from appliance.exports import BOM, STYLES, written
from appliance.model import Quantity
from appliance.outages import Outage

router = APIRouter(prefix="/api/v1", tags=["Battery"])
Q = Quantity
COLUMNS = ("start", "end", "duration_s", "interruptions", "not_watched", "sources")

From = Annotated[str | None, Query(alias="from", description="ISO 8601 or ms; the first known.")]
To = Annotated[str | None, Query(alias="to", description="ISO 8601 or ms; now.")]


class UnitOut(BaseModel):
    """A battery pack."""

    name: str
    capacity_kwh: float | None = Field(description="What it holds when full.")
    stored_kwh: float | None
    temperature_c: float | None


class StringOut(BaseModel):
    """A string of solar panels."""

    source: str
    string: str = Field(examples=["A"])
    power_w: float | None
    voltage_v: float | None
    current_a: float | None
    connected: bool | None = Field(description="null while nothing of its inverter is known.")


class TemperatureOut(BaseModel):
    name: str
    celsius: float | None


class BatteryOut(BaseModel):
    """The battery now. null is unknown, or older than three times the source's cadence."""

    source: str | None = Field(description="null where no battery is known.")
    at: str | None = Field(description="When it was last heard of, ISO 8601 UTC.")
    stale: bool
    power_w: float | None = Field(description="Positive while it discharges into the house.")
    state_of_charge: float | None = Field(description="Percent as the owner's app says it.")
    state_of_charge_raw: float | None = Field(description="Percent of what is stored at all.")
    reserve: float | None = Field(description="Percent kept for an outage, on the app's scale.")
    mode: str | None = Field(examples=list(Q.BATTERY_MODE.spec.states))
    grid_state: str | None = Field(examples=list(Q.GRID_STATE.spec.states))
    grid_charging: str | None = Field(examples=list(Q.GRID_CHARGING.spec.states))
    export_rule: str | None = Field(examples=list(Q.EXPORT_RULE.spec.states))
    capacity_kwh: float | None
    stored_kwh: float | None
    time_left_h: float | None
    units: list[UnitOut]
    strings: list[StringOut]
    temperatures: list[TemperatureOut]


class OutageOut(BaseModel):
    """The grid was lost for `[start, end)`; `end` is null while it is."""

    start: str
    end: str | None
    duration_s: float
    interruptions: int = Field(
        description="How often it flickered: a return for under a minute ends nothing."
    )
    not_watched: list[tuple[str, str]] = Field(
        description="Silences in which it began or ended: the duration is then not exact."
    )
    sources: list[str]


class AlertOut(BaseModel):
    """An alert of the gateway; `end` is null while it is there."""

    source: str
    device: str
    alert: str
    start: str
    end: str | None
    duration_s: float


class CapacityOut(BaseModel):
    """What a pack held when full, or under the gateway's name all of them: a value for each day or month."""

    source: str
    first_days: list[date]
    kwh: list[float] = Field(description="Mean of a day; median of a month's days.")
    percent: list[float] = Field(description="Of the first that was measured here, not of what was promised.")


@router.get("/battery")
async def battery(here: Here) -> BatteryOut:
    """The battery at this moment, with its packs, solar strings and temperatures."""
    now = here.clock.now()
    known = facts.battery(here.hub.latest, list(here.source_types()), here.cadences, now)
    found = known or facts.Battery("", {}, {}, now)
    return BatteryOut(
        source=found.source or None,
        at=iso(found.at) if found.at is not None else None,
        stale=found.stale,
        power_w=found.value(Q.POWER_BATTERY),
        state_of_charge=found.value(Q.STATE_OF_CHARGE),
        state_of_charge_raw=found.value(Q.STATE_OF_CHARGE_RAW),
        reserve=found.value(Q.BACKUP_RESERVE),
        mode=found.word(Q.BATTERY_MODE),
        grid_state=found.word(Q.GRID_STATE),
        grid_charging=found.word(Q.GRID_CHARGING),
        export_rule=found.word(Q.EXPORT_RULE),
        capacity_kwh=found.capacity,
        stored_kwh=found.stored,
        time_left_h=found.value(Q.BATTERY_TIME_LEFT),
        units=[
            UnitOut(name=u.name, capacity_kwh=u.capacity, stored_kwh=u.stored, temperature_c=u.temperature)
            for u in found.units
        ],
        strings=[
            StringOut(
                source=s.source,
                string=s.letter,
                power_w=s.power,
                voltage_v=s.voltage,
                current_a=s.current,
                connected=s.connected,
            )
            for s in found.strings
        ],
        temperatures=[TemperatureOut(name=name, celsius=value) for name, value in found.temperatures],
    )


def _span(here: Appliance, start: str | None, end: str | None) -> tuple[int, int]:
    until = asked(end, "to", here.zone) if end else here.clock.now() + 1
    since = asked(start, "from", here.zone) if start else 0
    if since >= until:
        raise HTTPException(400, "`from` must lie before `to`")
    return since, until


@router.get(
    "/outages",
    response_model=list[OutageOut],
    responses={200: {"content": {"text/csv": {}}}, **problems(400, 503)},
)
async def outages(
    here: Here,
    start: From = None,
    end: To = None,
    format: Annotated[
        Literal["json", "csv"], Query(description="csv is a file in the site's style.")
    ] = "json",
) -> list[OutageOut] | Response:
    """The outages of the grid that touch the time asked for, the last first."""
    found = await here.outage_watch.between(*_span(here, start, end))
    if format == "csv":
        return await asyncio.to_thread(_csv, here, found)
    now = here.clock.now()
    return [
        OutageOut(
            start=iso(one.start),
            end=iso(one.end) if one.end is not None else None,
            duration_s=one.duration_s(now),
            interruptions=one.times,
            not_watched=[(iso(a), iso(b)) for a, b in one.not_watched],
            sources=list(one.sources),
        )
        for one in found
    ]


def _csv(here: Appliance, found: list[Outage]) -> Response:
    """One that lasts has neither end nor duration yet."""
    rows = [
        (
            written(one.start, here.zone),
            written(one.end, here.zone) if one.end is not None else "",
            f"{one.duration_s(one.end):.0f}" if one.end is not None else "",
            str(one.times),
            " ".join(f"{written(a, here.zone)}/{written(b, here.zone)}" for a, b in one.not_watched),
            " ".join(one.sources),
        )
        for one in found
    ]
    text = BOM + STYLES[here.config.site.language].text([COLUMNS, *rows])
    headers = {"Content-Disposition": 'attachment; filename="tallywatt-outages.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/alerts", responses=problems(400, 503))
async def alerts(here: Here, start: From = None, end: To = None) -> list[AlertOut]:
    """The gateway's alerts in the time asked for: first those of now, then the others, the last first."""
    since, until = _span(here, start, end)
    now = here.clock.now()
    return [
        AlertOut(
            source=one.source,
            device=one.device,
            alert=one.alert,
            start=iso(one.start),
            end=iso(one.end) if one.end is not None else None,
            duration_s=one.duration_s(now),
        )
        for one in await kept_alerts(here.store, here.cadences)
        if one.start < until and (one.end is None or one.end > since)
    ]


@router.get("/battery/capacity", responses=problems(503))
async def capacity(
    here: Here, every: Annotated[Literal["day", "month"], Query(description="One value for each.")] = "month"
) -> list[CapacityOut]:
    """How much the battery and each of its packs can hold, from the first day known."""
    return [
        CapacityOut(source=one.source, first_days=list(one.at), kwh=list(one.kwh), percent=list(one.percent))
        for one in await kept_capacities(here.store, here.zone, here.clock.now(), monthly=every == "month")
    ]
