"""The read routes of the pypowerwall proxy, so that dashboards made for it work here: our own readings in its
shapes. What is not known is null, where the proxy would say 0; without any reading the answer is 503."""

import resource
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from appliance import __version__
from appliance import gateway_shapes as shapes
from appliance.api.battery_now import battery_of, connection, grid_of, percent, percent_raw, raw_scale
from appliance.api.common import Here, Token, problems, require_owner
from appliance.api.proxy_models import (
    AggregatesOut,
    GridStatusOut,
    JsonOut,
    OperationOut,
    RefusedOut,
    SoeOut,
    StatsOut,
    StringOut,
    VersionOut,
)
from appliance.app import Appliance
from appliance.battery import Battery, battery
from appliance.battery_log import kept_alerts
from appliance.calendar import iso
from appliance.energy_now import EnergyNow, energy_now, in_use
from appliance.model import Quantity, parent
from appliance.views import Latest, Picker

router = APIRouter(tags=["pypowerwall proxy"])
OFF = "Control Commands Disabled: nothing here changes the battery"
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}}, **problems(503)}
COLUMNS = ("Grid", "Home", "Solar", "Battery", "BatteryLevel")
COLUMNS_V2 = (*COLUMNS, "GridStatus", "Reserve")
Headers = Annotated[str | None, Query(description="Give the names of the columns first.")]
Fields = dict[str, float | bool | str | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the routes tell of: the moment, and the battery if there is one that speaks."""

    here: Appliance
    latest: Latest
    moment: EnergyNow
    pick: Picker
    battery: Battery | None

    @property
    def grid(self) -> str | None:
        return None if self.battery is None else grid_of(self.battery)

    def value(self, quantity: Quantity) -> float | None:
        return None if self.battery is None else self.battery.value(quantity)

    @property
    def strings(self) -> dict[str, Any]:
        """Of every source that has strings, battery or not."""
        names = sorted({parent(source) for source, quantity in self.latest if quantity.startswith("string_")})
        now, cadences = self.here.clock.now(), self.here.cadences
        return shapes.strings([Battery(name, self.latest, cadences, now) for name in names])


def _look(here: Appliance) -> Seen:
    now, types = here.clock.now(), here.source_types()
    latest = in_use(here.hub.latest, here.cadences, now)
    return Seen(
        here,
        latest,
        energy_now(latest, types, here.cadences, now),
        Picker(latest, types, here.cadences, now),
        battery(latest, list(types), here.cadences, now),
    )


def _measured(here: Appliance) -> Seen:
    """As `_look`. Raises 503 while no power at all is known."""
    seen = _look(here)
    if all(power is None for power in seen.moment.powers.values()):
        raise HTTPException(503, "No power is measured just now; GET /health says how the sources are")
    return seen


@router.get("/aggregates", responses=problems(503))
@router.get("/api/meters/aggregates", responses=problems(503))
async def aggregates(here: Here) -> AggregatesOut:
    """The meters of grid (site), battery, house (load) and solar panels."""
    seen = _measured(here)
    return AggregatesOut(**shapes.aggregates(seen.moment, seen.pick))


@router.get("/soe", responses=problems(503))
async def soe(here: Here) -> SoeOut:
    """State of charge on the gateway's own scale, whose 5 % the app calls 0."""
    return SoeOut(percentage=percent_raw(battery_of(here)))


@router.get("/api/system_status/soe", responses=problems(503))
async def soe_of_the_app(here: Here) -> SoeOut:
    """State of charge as the app shows it."""
    return SoeOut(percentage=percent(battery_of(here)))


@router.get("/api/system_status/grid_status", responses=problems(503))
async def grid_status(here: Here) -> GridStatusOut:
    """What the gateway sees of the grid."""
    return _grid_status(grid_of(battery_of(here)))


def _grid_status(word: str | None) -> GridStatusOut:
    return GridStatusOut(grid_status=shapes.GRID_WORDS.get(word or ""), grid_services_active=None)


@router.get("/api/operation", responses=problems(503))
async def operation(here: Here) -> OperationOut:
    """Mode and reserve as the gateway has them."""
    found = battery_of(here)
    reserve = found.value(Quantity.BACKUP_RESERVE)
    return OperationOut(
        real_mode=found.word(Quantity.BATTERY_MODE),
        backup_reserve_percent=None if reserve is None else raw_scale(reserve),
    )


@router.get("/strings")
async def strings(here: Here) -> dict[str, StringOut]:
    """The strings of solar panels; none are an empty object."""
    return _look(here).strings


@router.get("/temps", responses=problems(503))
async def temps(here: Here) -> dict[str, float | None]:
    """Temperatures by device, °C."""
    return shapes.temperatures(battery_of(here))


@router.get("/temps/pw", responses=problems(503))
async def temps_pw(here: Here) -> dict[str, float | None]:
    """The same by number."""
    return shapes.numbered(shapes.temperatures(battery_of(here)))


@router.get("/vitals", responses=problems(503))
async def vitals(here: Here) -> dict[str, dict[str, float | bool | str | list[str] | None]]:
    """Devices and their fields by the gateway's names, as far as they are measured."""
    found = battery_of(here)
    seen = _look(here)
    active = [(one.device, one.alert) for one in await _active(here, found)]
    return shapes.vitals(found, seen.pick, active)


async def _active(here: Appliance, found: Battery) -> list[Any]:
    known = await kept_alerts(here.store, {*here.cadences, found.source})
    return [alert for alert in known if alert.end is None]


async def _alert_names(here: Appliance) -> list[str]:
    found = battery_of(here)
    names = [alert.alert for alert in await _active(here, found)]
    if grid_of(found) == "UP":
        names.append(shapes.CONNECTED)
    return list(dict.fromkeys(names))


@router.get("/alerts", responses=problems(503))
async def alerts(here: Here) -> list[str]:
    """The gateway's alerts that are there now, the grid's presence among them."""
    return await _alert_names(here)


@router.get("/alerts/pw", responses=problems(503))
async def alerts_pw(here: Here) -> dict[str, int]:
    """The same as an object of ones."""
    return dict.fromkeys(await _alert_names(here), 1)


@router.get("/freq", responses=problems(503))
async def freq(here: Here) -> Fields:
    """Frequency and voltages of the grid, powers and currents of its phases."""
    seen = _look(here)
    if not seen.latest:
        raise HTTPException(503, "Nothing is measured just now; GET /health says how the sources are")
    return shapes.frequencies(seen.pick, seen.battery, seen.grid)


@router.get("/pod", responses=problems(503))
async def pod(here: Here) -> Fields:
    """What the battery's packs hold, Wh."""
    return shapes.pods(battery_of(here))


@router.get("/json", responses=problems(503))
async def overview(here: Here) -> JsonOut:
    """Everything a small display needs."""
    seen = _measured(here)
    return JsonOut(
        **{node: shapes.watts(seen.moment.power(node)) for node in ("grid", "home", "solar", "battery")},
        soe=None if seen.battery is None else percent_raw(seen.battery),
        grid_status=shapes.GRID_NUMBERS.get(seen.grid or ""),
        reserve=seen.value(Quantity.BACKUP_RESERVE),
        time_remaining_hours=seen.value(Quantity.BATTERY_TIME_LEFT),
        full_pack_energy=None if seen.battery is None else shapes.wh(seen.battery.capacity),
        energy_remaining=None if seen.battery is None else shapes.wh(seen.battery.stored),
        strings=seen.strings,
    )


@router.get("/version")
async def version(here: Here) -> VersionOut:
    """The gateway's firmware: not among what is read, so null. Ours is at /api/v1/appliance."""
    return VersionOut(version=None, vint=None)


@router.get("/stats")
async def stats(request: Request, here: Here) -> StatsOut:
    """Who answers here, since when, and how the battery's source is."""
    found = _look(here).battery
    now, start = here.clock.now(), request.app.state.started
    type_ = None if found is None else here.source_types().get(found.source)
    return StatsOut(
        pypowerwall=f"Tallywatt {__version__}",
        mode=type_,
        ts=now // 1000,
        start=start // 1000,
        uptime=str(timedelta(seconds=max(0, now - start) // 1000)),
        mem=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        site_name=here.config.site.name,
        cloudmode=False,
        fleetapi=False,
        tedapi=False,
        connection_health=connection(here),
    )


@router.get("/csv", response_class=Response, responses=CSV)
async def csv(here: Here, headers: Headers = None) -> Response:
    """Grid, Home, Solar, Battery (W), BatteryLevel (%); empty is unknown."""
    return _csv(COLUMNS, await overview(here), headers)


@router.get("/csv/v2", response_class=Response, responses=CSV)
async def csv_v2(here: Here, headers: Headers = None) -> Response:
    """The same with GridStatus (1, 0, -1) and Reserve (%)."""
    return _csv(COLUMNS_V2, await overview(here), headers)


def _csv(columns: tuple[str, ...], now: JsonOut, headers: str | None) -> Response:
    values = [now.grid, now.home, now.solar, now.battery, now.soe]
    row = ["" if value is None else f"{value:.2f}" for value in values]
    row.append("" if now.grid_status is None else str(now.grid_status))
    row.append("" if now.reserve is None else f"{now.reserve:.0f}")
    lines = [",".join(row[: len(columns)])]
    if headers is not None:
        lines.insert(0, ",".join(columns))
    return Response("\n".join(lines) + "\n", media_type="text/plain; charset=utf-8")


def _block(name: str) -> Callable[[Seen], Any]:
    return lambda seen: shapes.aggregates(seen.moment, seen.pick)[name]


PW: dict[str, Callable[[Seen], Any]] = {
    "level": lambda seen: {"level": None if seen.battery is None else percent_raw(seen.battery)},
    "power": lambda seen: shapes.powers(seen.moment),
    "site": _block("site"),
    "grid": _block("site"),
    "solar": _block("solar"),
    "battery": _block("battery"),
    "load": _block("load"),
    "home": _block("load"),
    "aggregates": lambda seen: shapes.aggregates(seen.moment, seen.pick),
    "strings": lambda seen: seen.strings,
    "temps": lambda seen: {} if seen.battery is None else shapes.temperatures(seen.battery),
    "din": lambda seen: {"din": None},
    "uptime": lambda seen: {"uptime": None},
    "version": lambda seen: {"version": None},
    "status": lambda seen: {"din": None, "version": None, "up_time_seconds": None},
    "system_status": lambda seen: {} if seen.battery is None else shapes.system_status(seen.battery),
    "battery_blocks": lambda seen: {} if seen.battery is None else shapes.blocks(seen.battery),
    "grid_status": lambda seen: _grid_status(seen.grid).model_dump(),
    "site_name": lambda seen: {"site_name": seen.here.config.site.name},
    "is_connected": lambda seen: {"is_connected": seen.battery is not None and not seen.battery.stale},
    "get_reserve": lambda seen: {"reserve": seen.value(Quantity.BACKUP_RESERVE)},
    "get_mode": lambda seen: {"mode": seen.battery and seen.battery.word(Quantity.BATTERY_MODE)},
    "get_time_remaining": lambda seen: {"time_remaining": seen.value(Quantity.BATTERY_TIME_LEFT)},
}


@router.get("/pw/{name}", responses=problems(404, 503))
async def pw(
    here: Here,
    name: Annotated[str, Path(description=f"One of vitals, alerts, {', '.join(PW)}.")],
) -> dict[str, Any]:
    """One answer of pypowerwall's own calls."""
    if name == "vitals":
        return dict(await vitals(here))
    if name == "alerts":
        return {"alerts": await _alert_names(here)}
    if name not in PW:
        raise HTTPException(404, f"There is no {name} here; there are {', '.join(PW)}")
    found: dict[str, Any] = PW[name](_measured(here))
    return found


Setting = Annotated[str, Path(description="reserve, mode, grid_charging, grid_export or max_backup.")]


@router.get("/control/{name}", status_code=403, responses={403: {"model": RefusedOut}})
async def control(here: Here, name: Setting) -> RefusedOut:
    """As a proxy that has control switched off, but with a status that says so."""
    return RefusedOut(error=OFF, status="error", message=OFF, timestamp=iso(here.clock.now()))


@router.post("/control/{name}", status_code=403, responses={403: {"model": RefusedOut}, **problems(401)})
async def set_control(here: Here, token: Token, name: Setting) -> RefusedOut:
    """The same, once the token was shown."""
    require_owner(here, token)
    return await control(here, name)
