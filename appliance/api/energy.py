"""The unified energy API: what the house does now, its battery, the history of its meter."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from appliance.api.common import Here, problems
from appliance.app import Appliance
from appliance.calendar import QUARTER_MS, iso, quarter
from appliance.energy_now import EnergyNow, Flow, Mode, Status, described, energy_now, in_use
from appliance.model import Quantity, Reading
from appliance.store import Every
from appliance.today import Span, Today
from appliance.views import Picker

router = APIRouter(tags=["Energy"])
LOW_CONFIDENCE = 0.85
"""A reading below it is flagged, as classic readers do."""
DAY_POINTS = 96
CHANNELS = {
    "solar_watts": Quantity.POWER_SOLAR,
    "battery_watts": Quantity.POWER_BATTERY,
    "grid_watts": Quantity.POWER_GRID,
    "load_watts": Quantity.POWER_LOAD,
    "percent_charged": Quantity.STATE_OF_CHARGE,
    "reading_kwh": Quantity.ENERGY_IMPORT,
}
PARTS = ("solar_watts", "battery_watts", "grid_watts")


class ChannelOut(BaseModel):
    """One power, W; null while no fresh reading is known."""

    power_watts: float | None
    status: Flow = Field(description="Which way it goes; idle: less than 50 W; absent: nobody measures it.")


class BatteryOut(ChannelOut):
    """Positive is discharging."""

    percent_charged: float | None = Field(description="State of charge as the app shows it, %.")


class LoadOut(BaseModel):
    power_watts: float | None


class PowerwallOut(BaseModel):
    """The powers of the house, whatever measures them. Positive flows into the house: grid + import,
    battery + discharging, solar + producing; load = grid + solar + battery (+ generator)."""

    solar: ChannelOut
    battery: BatteryOut
    grid: ChannelOut
    load: LoadOut
    generator: ChannelOut | None = Field(None, description="Only where the house or building has one.")


class UtilityMeterOut(BaseModel):
    """The register of the house's meter; null before it was ever read."""

    reading_kwh: float | None
    method: str | None = Field(description="How it was read: ocr, p1_serial, homewizard, remote, ...")
    last_update: str | None = Field(description="Instant of the reading, ISO 8601 UTC.")
    confidence: float | None
    low_confidence: bool | None = Field(description=f"Whether confidence is below {LOW_CONFIDENCE}.")
    stale: bool | None = Field(description="Older than three times the cadence of its source.")


class NetFlowOut(BaseModel):
    """The same powers by name; null is unknown."""

    solar_production_watts: float | None
    battery_charge_watts: float | None = Field(description="Positive is charging, negative discharging.")
    grid_import_watts: float | None = Field(description="Positive is import, negative is export.")
    home_load_watts: float | None
    net_grid_flow: float | None = Field(description="As grid_import_watts.")
    description: str


class SummaryOut(BaseModel):
    mode: Mode = Field(description="What the house lives on; backup: the grid is down.")
    efficiency: float | None = Field(description="Self-consumption, 0 to 1; null where it is not known.")
    grid_tied: bool | None = Field(description="false while the grid is down; null where nobody watches it.")


class TodayOut(BaseModel):
    """What the registers counted from `since` to `until`: local midnight, or the first reading after it."""

    since: str
    until: str = Field(description="At most a minute ago.")
    solar_kwh: float | None
    grid_import_kwh: float | None
    grid_export_kwh: float | None
    home_load_kwh: float | None


class HistoryOut(BaseModel):
    """The last 24 hours by quarter hour: means of powers, the register at the end of each."""

    every: Every
    at: list[int] = Field(description="Starts of the quarter hours, UTC ms.")
    solar_watts: list[float | None]
    battery_watts: list[float | None]
    grid_watts: list[float | None]
    load_watts: list[float | None]
    percent_charged: list[float | None]
    reading_kwh: list[float | None]


class CurrentReadings(BaseModel):
    """ok: all that this house measures is known; degraded: some of it is not; outage: the grid is down."""

    timestamp: str
    status: Status
    powerwall: PowerwallOut
    utility_meter: UtilityMeterOut
    net_flow: NetFlowOut
    system_summary: SummaryOut
    self_consumption: float | None = Field(description="Of `today`: 1 - export / solar.")
    self_sufficiency: float | None = Field(description="Of `today`: 1 - (import + generator) / load.")
    today: TodayOut
    history: HistoryOut | None = Field(None, description="With include_history=true.")


@router.get("/current_readings", response_model_exclude_unset=True, responses=problems(503))
async def current_readings(
    request: Request,
    here: Here,
    include_history: Annotated[bool, Query(description="Add the last 24 hours by quarter hour.")] = False,
) -> CurrentReadings:
    """Everything of this moment in one answer. 503 while nothing at all has been measured."""
    now = here.clock.now()
    moment = _moment(here, now)
    register = here.main_register()
    if register is None and all(power is None for power in moment.powers.values()):
        raise HTTPException(503, "Nothing is measured just now; GET /health says how the sources are")
    keeper: Today = request.app.state.today
    span = await keeper.span(here)
    said: dict[str, Any] = {} if not include_history else {"history": await _last_day(here, now)}
    energies = span.energies
    return CurrentReadings(
        timestamp=iso(now),
        status=moment.status,
        powerwall=_powers(moment),
        utility_meter=_meter(here, register),
        net_flow=_net(moment),
        system_summary=SummaryOut(
            mode=moment.mode, efficiency=energies.self_consumption, grid_tied=moment.grid_tied
        ),
        self_consumption=energies.self_consumption,
        self_sufficiency=energies.self_sufficiency,
        today=_today(span),
        **said,
    )


def _moment(here: Appliance, now: int) -> EnergyNow:
    return energy_now(here.hub.latest, here.source_types(), here.cadences, now)


def _watts(power: float | None) -> float | None:
    return None if power is None else round(power, 1)


def _powers(moment: EnergyNow) -> PowerwallOut:
    def channel(node: str) -> dict[str, Any]:
        return {"power_watts": _watts(moment.power(node)), "status": moment.flow(node)}

    return PowerwallOut(
        solar=ChannelOut(**channel("solar")),
        battery=BatteryOut(**channel("battery"), percent_charged=moment.charge),
        grid=ChannelOut(**channel("grid")),
        load=LoadOut(power_watts=_watts(moment.power("home"))),
        **({"generator": ChannelOut(**channel("generator"))} if "generator" in moment.powers else {}),
    )


def _net(moment: EnergyNow) -> NetFlowOut:
    grid, battery = _watts(moment.power("grid")), _watts(moment.power("battery"))
    return NetFlowOut(
        solar_production_watts=_watts(moment.power("solar")),
        battery_charge_watts=None if battery is None else 0.0 - battery,
        grid_import_watts=grid,
        home_load_watts=_watts(moment.power("home")),
        net_grid_flow=grid,
        description=described(grid, moment.power("generator")),
    )


def _meter(here: Appliance, register: Reading | None) -> UtilityMeterOut:
    if register is None:
        names = UtilityMeterOut.model_fields
        return UtilityMeterOut(**dict.fromkeys(names))
    return UtilityMeterOut(
        reading_kwh=register.value,
        method=here.look(register)[0],
        last_update=iso(register.at),
        confidence=register.confidence,
        low_confidence=register.confidence < LOW_CONFIDENCE,
        stale=here.stale(register),
    )


def _today(span: Span) -> TodayOut:
    def kwh(energy: float | None) -> float | None:
        return None if energy is None else round(energy, 3)

    energies = span.energies
    return TodayOut(
        since=iso(span.since),
        until=iso(span.until),
        solar_kwh=kwh(energies.solar),
        grid_import_kwh=kwh(energies.imported),
        grid_export_kwh=kwh(energies.exported),
        home_load_kwh=kwh(energies.used),
    )


async def _last_day(here: Here, now: int) -> HistoryOut:
    """96 quarter hours, the one that runs included."""
    start = quarter(now) - (DAY_POINTS - 1) * QUARTER_MS
    at = [start + n * QUARTER_MS for n in range(DAY_POINTS)]
    pick = Picker(in_use(here.hub.latest, here.cadences, now), here.source_types(), here.cadences, now)
    channels: dict[str, list[float | None]] = {}
    for name, quantity in CHANNELS.items():
        best = here.main_register() if name == "reading_kwh" else pick.best(quantity)
        channels[name] = [None] * len(at)
        if best is not None:
            found = await here.store.series(best.source, quantity, start, now + 1, Every.MIN15, DAY_POINTS)
            known = dict(zip(found.at, found.value, strict=True))
            channels[name] = [known.get(instant) for instant in at]
    if pick.best(Quantity.POWER_LOAD) is None and pick.best(Quantity.POWER_GRID) is not None:
        parts = [channels[name] for name in PARTS if pick.best(CHANNELS[name]) is not None]
        channels["load_watts"] = [_load(each) for each in zip(*parts, strict=True)]
    return HistoryOut(every=Every.MIN15, at=at, **channels)


def _load(parts: tuple[float | None, ...]) -> float | None:
    """What the house used in a quarter hour; None if a part of it is not known."""
    known = [part for part in parts if part is not None]
    return max(0.0, round(sum(known), 1)) if len(known) == len(parts) else None
