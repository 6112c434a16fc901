"""The pypowerwall proxy (port 8675 as a rule) over the same house: plain HTTP, what many already run on a Pi.

Shapes after answers of proxy t97. Its oddities are kept: /soe is raw while /api/system_status/soe is on the
app's scale, and /json gives 0 for what it does not know.
"""

from collections.abc import Callable
from typing import Any

from appliance.demo import powerwall_answers
from appliance.demo.house import House, HouseClock, HouseState
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer
from appliance.demo.powerwall_gateway import FIRMWARE_WITH_VITALS
from appliance.demo.powerwall_site import PowerwallSite, raw_scale
from appliance.demo.powerwall_vitals import vitals

Tell = Callable[[PowerwallSite, HouseState], Any]
FIRMWARE_NUMBER = 232802
BUILD = "0.22.2 Proxy t97"
CONTROL_OFF = {"error": "Control Commands Disabled - Set PW_CONTROL_SECRET to enable"}
NUMBER = {"up": 1, "down": 0, "syncing": -1}
WORD = {"up": "UP", "down": "DOWN", "syncing": "SYNCING"}


class PowerwallProxy(HttpDevice):
    """The proxy. What goes wrong, besides `fault`: `faults` (for one path), `gateway_lost` (none reached)."""

    def __init__(self, house: House, clock: HouseClock, *, reserve: float = 0.0, port: int = 0) -> None:
        """`reserve` is on the app's scale, in percent."""
        super().__init__(port)
        self.site = PowerwallSite(house, clock)
        self.reserve = reserve
        self.faults: dict[str, Fault] = {}
        self.gateway_lost = False

    @property
    def address(self) -> str:
        """Host and port, as an owner would type them."""
        return f"127.0.0.1:{self.port}"

    def clear(self) -> None:
        """End every fault."""
        self.fault, self.gateway_lost = None, False
        self.faults.clear()

    def noticed(self, request: Request) -> Fault | None:
        return self.faults.get(request.path, self.fault)

    def answer(self, request: Request) -> Answer:
        path, state = request.path.rstrip("/") or "/help", self.site.state()
        if path.startswith("/control/"):
            return json_answer(CONTROL_OFF)
        if path in ("/csv", "/csv/v2"):
            return Answer(
                self._csv(path, state, "headers" in request.query).encode(), content_type="text/plain"
            )
        if path == "/json":
            return json_answer(self._json(state))
        tell = PAGES.get(path)
        if tell is not None:
            return json_answer(None if self.gateway_lost else tell(self.site, state))
        own = {"/stats": self._stats, "/health": self._stats, **self._reserve_pages()}
        if path in own:
            return json_answer(own[path]())
        return json_answer({"error": "Invalid Request"}, 404)

    def _reserve_pages(self) -> dict[str, Callable[[], Any]]:
        raw = round(raw_scale(self.reserve), 2)
        operation = {"real_mode": "self_consumption", "backup_reserve_percent": raw}
        return {
            "/api/operation": lambda: None if self.gateway_lost else operation,
            "/pw/get_reserve": lambda: {"get_reserve": None if self.gateway_lost else self.reserve},
            "/pw/get_mode": lambda: {"get_mode": None if self.gateway_lost else "self_consumption"},
            "/pw/is_connected": lambda: {"is_connected": not self.gateway_lost},
        }

    def _stats(self) -> dict[str, Any]:
        lost = int(self.gateway_lost)
        health = {"consecutive_failures": lost, "is_degraded": self.gateway_lost}
        return {"pypowerwall": BUILD, "mode": "Local", "gets": self.requests, "connection_health": health}

    def _json(self, state: HouseState) -> dict[str, Any]:
        names = ("grid", "home", "solar", "battery", "soe", "grid_status", "reserve", *UNKNOWN_AS_0)
        if self.gateway_lost:
            return {**dict.fromkeys(names, 0), "strings": {}}
        full, stored = _pack(self.site, state)
        return {
            "grid": state.grid_w,
            "home": state.load_w,
            "solar": state.solar_w,
            "battery": state.battery_w,
            "soe": raw_scale(state.soc),
            "grid_status": NUMBER[state.grid],
            "reserve": self.reserve,
            "time_remaining_hours": _hours(self.site, state) or 0,
            "full_pack_energy": full,
            "energy_remaining": stored,
            "strings": _strings(self.site, state),
        }

    def _csv(self, path: str, state: HouseState, headed: bool) -> str:
        names = ["Grid", "Home", "Solar", "Battery", "BatteryLevel"]
        values = [state.grid_w, state.load_w, state.solar_w, state.battery_w, raw_scale(state.soc)]
        if path == "/csv/v2":
            names += ["GridStatus", "Reserve"]
            values += [NUMBER[state.grid], self.reserve]
        line = ",".join(f"{0.0 if self.gateway_lost else value:.2f}" for value in values)
        return f"{','.join(names)}\n{line}\n" if headed else f"{line}\n"


UNKNOWN_AS_0 = ("time_remaining_hours", "full_pack_energy", "energy_remaining")


def _pack(site: PowerwallSite, state: HouseState) -> tuple[float, float]:
    said = powerwall_answers.system_status(site, state)
    return said["nominal_full_pack_energy"], said["nominal_energy_remaining"]


def _hours(site: PowerwallSite, state: HouseState) -> float | None:
    return _pack(site, state)[1] / state.load_w if state.load_w > 0 else None


def _power(_site: PowerwallSite, state: HouseState) -> dict[str, float]:
    powers = state.grid_w, state.solar_w, state.battery_w, state.load_w
    return dict(zip(("site", "solar", "battery", "load"), powers, strict=True))


def _strings(site: PowerwallSite, state: HouseState) -> dict[str, Any]:
    return {
        letter: {
            "Current": string.current_a,
            "Voltage": string.voltage_v,
            "Power": string.power_w,
            "State": "PV_Active" if state.solar_w else "PV_Disabled",
            "Connected": string.connected,
        }
        for letter, string in site.strings(state).items()
    }


def _temps(site: PowerwallSite, state: HouseState) -> dict[str, float]:
    return {f"TETHC--3012170-10-B--{unit.serial}": unit.temperature_c for unit in site.units(state)}


def _alerts(site: PowerwallSite, state: HouseState) -> list[str]:
    return sorted({alert for _, alert in site.alerts(state)})


def _freq(site: PowerwallSite, state: HouseState) -> dict[str, Any]:
    said = vitals(site, state)
    found: dict[str, Any] = {}
    for number, name in enumerate((name for name in said if name.startswith("TEPINV")), 1):
        found[f"PW{number}_name"] = name
        for key in ("PINV_Fout", "PINV_VSplit1", "PINV_VSplit2"):
            found[f"PW{number}_{key}"] = said[name][key]
    sync = next(block for name, block in said.items() if name.startswith("TESYNC"))
    found |= {key: value for key, value in sync.items() if key.startswith(("ISLAND_", "METER_"))}
    return {**found, "grid_status": NUMBER[state.grid]}


def _pod(site: PowerwallSite, state: HouseState) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pods = ((name, block) for name, block in vitals(site, state).items() if name.startswith("TEPOD"))
    for number, (name, block) in enumerate(pods, 1):
        found[f"PW{number}_name"] = name
        for key, value in block.items():
            if key.startswith("POD_") and not isinstance(value, str):
                found[f"PW{number}_{key}"] = int(value) if isinstance(value, bool) else value
    full, stored = _pack(site, state)
    return {
        **found,
        "nominal_full_pack_energy": full,
        "nominal_energy_remaining": stored,
        "time_remaining_hours": _hours(site, state),
    }


def _status(site: PowerwallSite, state: HouseState) -> dict[str, Any]:
    return powerwall_answers.status(site, state, FIRMWARE_WITH_VITALS)


def _blocks(site: PowerwallSite, state: HouseState) -> dict[str, Any]:
    blocks = powerwall_answers.system_status(site, state)["battery_blocks"]
    return {block["PackageSerialNumber"]: block for block in blocks}


def _named(name: str, tell: Tell) -> Tell:
    """/pw/<name> for what is not a dictionary of its own."""
    return lambda site, state: {name: tell(site, state)}


def _meter(name: str) -> Tell:
    return lambda site, state: powerwall_answers.aggregates(site, state)[name]


_VALUES: dict[str, Tell] = {
    "level": lambda _site, state: raw_scale(state.soc),
    "din": lambda _site, _state: powerwall_answers.DIN,
    "uptime": lambda site, state: _status(site, state)["up_time_seconds"],
    "version": lambda _site, _state: FIRMWARE_WITH_VITALS,
    "site_name": lambda site, state: powerwall_answers.site_name(site, state)["site_name"],
    "alerts": _alerts,
    "grid_status": lambda _site, state: WORD[state.grid],
    "get_time_remaining": _hours,
}
_METERS = {
    "site": "site",
    "solar": "solar",
    "battery": "battery",
    "load": "load",
    "grid": "site",
    "home": "load",
}
PAGES: dict[str, Tell] = {
    "/aggregates": powerwall_answers.aggregates,
    "/api/meters/aggregates": powerwall_answers.aggregates,
    "/soe": powerwall_answers.soe,
    "/api/system_status/soe": lambda _site, state: {"percentage": state.soc},
    "/api/system_status/grid_status": powerwall_answers.grid_status,
    "/api/system_status": powerwall_answers.system_status,
    "/api/site_info": powerwall_answers.site_info,
    "/api/site_info/site_name": powerwall_answers.site_name,
    "/api/sitemaster": powerwall_answers.sitemaster,
    "/api/powerwalls": powerwall_answers.powerwalls,
    "/api/status": _status,
    "/vitals": vitals,
    "/strings": _strings,
    "/temps": _temps,
    "/temps/pw": lambda site, state: {
        f"PW{number}_temp": unit.temperature_c for number, unit in enumerate(site.units(state), 1)
    },
    "/alerts": _alerts,
    "/alerts/pw": lambda site, state: dict.fromkeys(_alerts(site, state), 1),
    "/freq": _freq,
    "/pod": _pod,
    "/version": lambda _site, _state: {"version": FIRMWARE_WITH_VITALS, "vint": FIRMWARE_NUMBER},
    "/pw/power": _power,
    "/pw/vitals": vitals,
    "/pw/temps": _temps,
    "/pw/strings": _strings,
    "/pw/status": _status,
    "/pw/system_status": powerwall_answers.system_status,
    "/pw/aggregates": powerwall_answers.aggregates,
    "/pw/battery_blocks": _blocks,
    **{f"/pw/{name}": _named(name, tell) for name, tell in _VALUES.items()},
    **{f"/pw/{name}": _meter(block) for name, block in _METERS.items()},
}
"""What is answered from the house alone, by path."""
