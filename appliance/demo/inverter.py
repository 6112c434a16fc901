"""A hybrid inverter that speaks the Fronius Solar API v1 (operating instructions 42,0410,2012).

Of `GetPowerFlowRealtimeData.fcgi` the manual says: P_Grid + from grid, - to grid; P_Load + generator,
- consumer; P_Akku - charge, + discharge (issues before 2023 had this one the wrong way round); P_PV
+ production; energies in Wh. A GEN24 gives null for E_Day and E_Year and renews E_Total every 5 minutes.
"""

from datetime import UTC, datetime
from typing import Any

from appliance.demo.house import House, HouseClock, HouseState
from appliance.demo.http_device import Answer, HttpDevice, Request, json_answer

POWER_FLOW = "/solar_api/v1/GetPowerFlowRealtimeData.fcgi"
E_TOTAL_MS = 300_000


def power_flow(state: HouseState, total_wh: float) -> dict[str, Any]:
    """The answer of a GEN24 in the house's `state`."""
    load = max(state.load_w, 1)
    own_use = min(state.solar_w, state.load_w) / state.solar_w * 100 if state.solar_w else None
    energy = {"E_Day": None, "E_Total": total_wh, "E_Year": None}
    battery_mode = "battery full" if state.soc > 99.5 else "normal"
    inverter_w = float(state.solar_w + state.battery_w)
    site = {
        "BackupMode": False,
        "BatteryStandby": False,
        **energy,
        "Meter_Location": "grid",
        "Mode": "bidirectional",
        "P_Akku": float(state.battery_w),
        "P_Grid": float(state.grid_w),
        "P_Load": -float(state.load_w),
        "P_PV": float(state.solar_w),
        "rel_Autonomy": max(0.0, min(100.0, 100 * (1 - state.grid_w / load))),
        "rel_SelfConsumption": own_use,
    }
    inverter = {"Battery_Mode": battery_mode, "DT": 1, **energy, "P": inverter_w, "SOC": round(state.soc, 1)}
    data = {
        "Inverters": {"1": inverter},
        "SecondaryMeters": {},
        "Site": site,
        "Smartloads": {"Ohmpilots": {}},
        "Version": "12",
    }
    stamp = datetime.fromtimestamp(state.at // 1000, UTC).isoformat()
    status = {"Code": 0, "Reason": "", "UserMessage": ""}
    head = {"RequestArguments": {}, "Status": status, "Timestamp": stamp}
    return {"Body": {"Data": data}, "Head": head}


class Inverter(HttpDevice):
    """The house's solar inverter with its battery."""

    def __init__(self, house: House, clock: HouseClock, *, port: int = 0) -> None:
        super().__init__(port)
        self.house, self.clock = house, clock

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("GET", POWER_FLOW):
            return json_answer({"error": f"only GET {POWER_FLOW}"}, 404)
        now = self.clock.now()
        total_kwh = self.house.state_at(now // E_TOTAL_MS * E_TOTAL_MS).solar_kwh
        return json_answer(power_flow(self.house.state_at(now), round(total_kwh * 1000, 1)))

    def source_config(self) -> dict[str, Any]:
        """The entry of config.json's `sources` that asks this inverter. The grid is left to the meter."""
        site = "Body.Data.Site"
        return {
            "type": "json_http",
            "name": "inverter",
            "url": self.url + POWER_FLOW,
            "every_s": max(5.0, 0.5 * getattr(self.clock, "speed", 1.0)),
            "values": [
                {"quantity": "power_solar", "path": f"{site}.P_PV", "skip_if_null": True},
                {"quantity": "power_battery", "path": f"{site}.P_Akku", "skip_if_null": True},
                {"quantity": "power_load", "path": f"{site}.P_Load", "scale": -1},
                {"quantity": "energy_solar", "path": f"{site}.E_Total", "scale": 0.001},
                {"quantity": "state_of_charge", "path": "Body.Data.Inverters.1.SOC", "skip_if_null": True},
            ],
        }
