"""The battery for programs: /powerwall/status, /powerwall/soe, /powerwall/vitals."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from appliance.api.battery_now import battery_of, grid_of, percent, percent_raw
from appliance.api.common import Here, problems
from appliance.app import Appliance
from appliance.battery import Battery
from appliance.calendar import iso
from appliance.energy_now import Flow, flow_of
from appliance.model import Quantity, Reading

router = APIRouter(tags=["Energy"])


class PowerwallStatus(BaseModel):
    """The battery and its gateway; null is unknown, never 0."""

    status: Literal["ok", "degraded", "outage"]
    timestamp: str
    source: str
    last_update: str
    percent_charged: float | None
    percentage_raw: float | None = Field(description="The gateway's own scale, below the app's 0 is 5 %.")
    battery_watts: float | None = Field(description="Positive is discharging.")
    battery_status: Flow
    grid_status: Literal["UP", "DOWN", "SYNCING"] | None
    mode: str | None = Field(description="self_consumption, autonomous or backup.")
    reserve_percent: float | None
    capacity_kwh: float | None
    stored_kwh: float | None
    time_left_hours: float | None
    units: list[str] = Field(description="What stands behind the gateway and reports for itself.")


class PowerwallSoe(BaseModel):
    percentage: float | None = Field(description="State of charge as the app shows it, %.")
    percentage_raw: float | None
    status: Literal["ok", "degraded"]
    timestamp: str


class VitalOut(BaseModel):
    value: float | None = Field(description="null while the reading is stale.")
    unit: str
    state: str | None = Field(None, description="The word for the value of a state.")
    at: str


class PowerwallVitals(BaseModel):
    """By device, then by quantity: all the battery's source tells of itself and its units."""

    status: Literal["ok", "degraded"]
    timestamp: str
    devices: dict[str, dict[str, VitalOut]]


@router.get("/powerwall/status", responses=problems(503))
async def powerwall_status(here: Here) -> PowerwallStatus:
    """The battery, its gateway and the grid as it sees it. 503 without a battery or while it is silent."""
    battery = battery_of(here)
    power = battery.value(Quantity.POWER_BATTERY)
    grid = grid_of(battery)
    return PowerwallStatus(
        status="outage" if grid in ("DOWN", "SYNCING") else "ok" if _whole(here, battery) else "degraded",
        timestamp=iso(here.clock.now()),
        source=battery.source,
        last_update=iso(battery.at or 0),
        percent_charged=percent(battery),
        percentage_raw=percent_raw(battery),
        battery_watts=power,
        battery_status=flow_of("battery", power),
        grid_status=grid,
        mode=battery.word(Quantity.BATTERY_MODE),
        reserve_percent=battery.value(Quantity.BACKUP_RESERVE),
        capacity_kwh=battery.capacity,
        stored_kwh=battery.stored,
        time_left_hours=battery.value(Quantity.BATTERY_TIME_LEFT),
        units=[unit.name for unit in battery.units],
    )


def _whole(here: Appliance, battery: Battery) -> bool:
    """Whether all that the battery tells is known just now."""
    return not any(here.stale(reading) for reading in battery.readings)


@router.get("/powerwall/soe", responses=problems(503))
async def powerwall_soe(here: Here) -> PowerwallSoe:
    """State of charge. 503 without a battery or while it is silent."""
    battery = battery_of(here)
    return PowerwallSoe(
        percentage=percent(battery),
        percentage_raw=percent_raw(battery),
        status="ok" if percent(battery) is not None else "degraded",
        timestamp=iso(here.clock.now()),
    )


@router.get("/powerwall/vitals", responses=problems(503), response_model_exclude_unset=True)
async def powerwall_vitals(here: Here) -> PowerwallVitals:
    """All that the battery's source tells, device by device. 503 without a battery or while it is silent."""
    battery = battery_of(here)
    devices: dict[str, dict[str, VitalOut]] = {}
    for reading in battery.readings:
        devices.setdefault(reading.source, {})[str(reading.quantity)] = _vital(here, reading)
    return PowerwallVitals(
        status="ok" if _whole(here, battery) else "degraded",
        timestamp=iso(here.clock.now()),
        devices=devices,
    )


def _vital(here: Appliance, reading: Reading) -> VitalOut:
    spec = reading.quantity.spec
    stale = here.stale(reading)
    word = {"state": None if stale else spec.states[int(reading.value)]} if spec.states else {}
    return VitalOut(value=None if stale else reading.value, unit=spec.unit, at=iso(reading.at), **word)
