"""What a gateway answers on its installer's interface (TEDAPI), from the house's state: pure shapes.

Two kinds of system: Powerwall 2, whose parts hang on the gateway's bus (`esCan`), and Powerwall 3, which
tells of its inverter and packs as components. The shapes are those that pypowerwall 0.22 reads.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from appliance.demo.house import HouseState
from appliance.demo.powerwall_answers import DIN, UNIT_W
from appliance.demo.powerwall_site import PowerwallSite, Unit
from appliance.demo.powerwall_vitals import SOLAR, SYNC, Vitals, vitals

Json = dict[str, Any]
Kind = Literal["powerwall2", "powerwall3"]
PART_3, EXPANSION_PART = "1707000-11-J", "1807000-10-B"
UNUSED_STRINGS = "EF"


def din(kind: Kind, site: PowerwallSite) -> str:
    """The identity of the gateway; a Powerwall 3 is its own."""
    return f"{PART_3}--{site.serials[0]}" if kind == "powerwall3" else DIN


def config(kind: Kind, site: PowerwallSite, operation: Mapping[str, Any]) -> Json:
    """config.json: what was set up. `operation` is mode and reserve (raw)."""
    count = len(site.serials)
    blocks: list[Json] = [
        {"vin": f"3012170-10-B--{serial}", "type": "Powerwall2", "battery_expansions": []}
        for serial in site.serials
    ]
    if kind == "powerwall3":
        packs = [{"din": f"{EXPANSION_PART}--{serial}"} for serial in site.serials[1:]]
        blocks = [{"vin": din(kind, site), "type": "Powerwall3", "battery_expansions": packs}]
    return {
        "vin": din(kind, site),
        "default_real_mode": operation["real_mode"],
        "battery_blocks": blocks,
        "meters": [],
        "solars": [{"brand": "Tesla", "model": "", "power_rating_watts": site.house.inverter_w}],
        "site_info": {
            "backup_reserve_percent": operation["backup_reserve_percent"],
            "max_site_meter_power_ac": 1_000_000_000,
            "min_site_meter_power_ac": -1_000_000_000,
            "nominal_system_energy_ac": 13.5 * count,
            "nominal_system_power_ac": UNIT_W / 1000 * count,
            "grid_code": "50Hz_230V_3_EN50549-1:2019_Sweden",
            "country": "Sweden",
            "state": "*",
            "utility": "*",
            "site_name": "Virtual house",
            "timezone": str(site.house.zone),
            "panel_max_current": 100,
            "customer_preferred_export_rule": "battery_ok",
            "disallow_charge_from_grid_with_solar_installed": True,
        },
    }


def status(kind: Kind, site: PowerwallSite, state: HouseState) -> Json:
    """DeviceControllerQuery, as it was asked first."""
    said = vitals(site, state)
    powers = {"BATTERY": state.battery_w, "SITE": state.grid_w, "LOAD": state.load_w, "SOLAR": state.solar_w}
    units = site.units(state)
    joined = state.grid == "up"
    return {
        "control": {
            "alerts": {"active": _alerts(said, "STSTSM")},
            "batteryBlocks": [{"din": block, "disableReasons": []} for block in _dins(kind, site)],
            "islanding": {
                "contactorClosed": joined,
                "customerIslandMode": "Undefined",
                "gridOK": state.grid != "down",
                "microGridOK": True,
            },
            "meterAggregates": [{"location": name, "realPowerW": watts} for name, watts in powers.items()],
            "pvInverters": [],
            "siteShutdown": {"isShutDown": False, "reasons": []},
            "systemStatus": {
                "nominalEnergyRemainingWh": round(sum(unit.stored_wh for unit in units), 1),
                "nominalFullPackEnergyWh": round(sum(unit.full_wh for unit in units), 1),
            },
        },
        "esCan": {"bus": _bus(kind, units, said)},
        "neurio": {"isDetectingWiredMeters": False, "pairings": [], "readings": []},
        "pw3Can": {},
        "system": {
            "sitemanagerStatus": {"isRunning": True},
            "time": site.local(state.at).isoformat(timespec="seconds"),
        },
    }


def controller(kind: Kind, site: PowerwallSite, state: HouseState) -> Json:
    """DeviceControllerQuery with the signals of every part."""
    said = vitals(site, state)
    uptime = site.local(state.at) - site.started(state.at)
    _, part, serial = SYNC.split("--")
    switch = {"SYNC_Uptime": uptime.total_seconds() * 1000, **_of(said, SYNC, "SYNC_")}
    parts = [_component(part, serial, switch)]
    if kind == "powerwall2":
        for unit in site.units(state):
            parts += _unit_components(unit, said)
    return {
        **status(kind, site, state),
        "components": {"msa": parts},
        "ieee20305": {},
        "teslaRemoteMeter": {"meters": [], "detectedWired": []},
    }


def components(site: PowerwallSite, state: HouseState) -> Json:
    """ComponentsQuery: a Powerwall 3 with its expansions. A pack says kWh where all else says Wh."""
    units, said = site.units(state), vitals(site, state)
    packs = [
        {
            "BMS_nominalEnergyRemaining": unit.stored_wh / 1000,
            "BMS_nominalFullPackEnergy": unit.full_wh / 1000,
        }
        for unit in units
    ]
    heat = [
        {"HVP_PackTempMax": unit.temperature_c, "HVP_PackTempMin": unit.temperature_c - 1.5} for unit in units
    ]
    alerts = [{"name": name} for kind in ("TEPOD", "PVS", "PVAC") for name in _alerts(said, kind)]
    found = {
        "pws": [_signals({"PWS_SelfTest": "PWS_SelfTest_Passed"})],
        "pch": [{**_signals(_inverter(site, state)), "activeAlerts": alerts}],
        "bms": [_signals(pack) for pack in packs],
        "hvp": [
            {"partNumber": EXPANSION_PART, "serialNumber": unit.serial, **_signals(warm)}
            for unit, warm in zip(units, heat, strict=True)
        ],
        "baggr": [_signals({"BAGGR_NumBatteriesConnected": len(units)})],
    }
    return {"components": found, "pw3Can": {"firmwareUpdate": {"isUpdating": False}}}


def _inverter(site: PowerwallSite, state: HouseState) -> Json:
    volts = [phase.voltage_v for phase in state.phases]
    said: Json = {
        "PCH_AcFrequency": state.frequency_hz,
        "PCH_AcVoltageAN": volts[0],
        "PCH_AcVoltageBN": volts[1],
        "PCH_AcVoltageAB": round(sum(volts) / 3, 1),
        "PCH_AmbientTemp": site.units(state)[0].temperature_c,
        "PCH_BatteryPower": float(state.battery_w),
        "PCH_SlowPvPowerSum": float(state.solar_w),
        "PCH_AcMode": "PCH_AcMode_GridFollowing" if state.grid == "up" else "PCH_AcMode_GridForming",
    }
    for letter, string in site.strings(state).items():
        active = string.connected and state.solar_w
        said[f"PCH_PvState_{letter}"] = "Pv_Active" if active else "Pv_Standby"
        said[f"PCH_PvVoltage{letter}"] = string.voltage_v
        said[f"PCH_PvCurrent{letter}"] = string.current_a
    for letter in UNUSED_STRINGS:
        said |= {
            f"PCH_PvState_{letter}": "Pv_Standby",
            f"PCH_PvVoltage{letter}": 0.0,
            f"PCH_PvCurrent{letter}": 0.0,
        }
    return said


def _dins(kind: Kind, site: PowerwallSite) -> list[str]:
    if kind == "powerwall3":
        return [din(kind, site)]
    return [f"3012170-10-B--{serial}" for serial in site.serials]


def _bus(kind: Kind, units: Iterable[Unit], said: Vitals) -> Json:
    _, part, serial = SYNC.split("--")
    islander = _of(said, SYNC, "ISLAND_")
    connected = "Connected" if islander.pop("ISLAND_GridConnected") else "Disconnected"
    found: Json = {
        "ISLANDER": {
            "ISLAND_AcMeasurements": {"isMIA": False, **islander},
            "ISLAND_GridConnection": {"ISLAND_GridConnected": f"ISLAND_GridConnected_{connected}"},
        },
        "SYNC": {
            "packagePartNumber": part,
            "packageSerialNumber": serial,
            "METER_X_AcMeasurements": {"isMIA": False, **_of(said, SYNC, "METER_X_")},
            "METER_Y_AcMeasurements": {"isMIA": True},
            "alerts": {"active": _alerts(said, "TESYNC")},
        },
        "MSA": {},
        **{name: [] for name in ("PINV", "POD", "PVAC", "PVS", "THC")},
    }
    return found if kind == "powerwall3" else {**found, **_bus_of_powerwall2(units, said)}


def _bus_of_powerwall2(units: Iterable[Unit], said: Vitals) -> Json:
    package = dict(zip(("packagePartNumber", "packageSerialNumber"), SOLAR.split("--"), strict=True))
    inverter, safety = f"PVAC--{SOLAR}", f"PVS--{SOLAR}"
    solar = _of(said, inverter, "PVAC_")
    strings = {key: value for key, value in solar.items() if "PVMeasured" in key or "PVCurrent" in key}
    each = [_battery(unit, said) for unit in units]
    return {
        "PVAC": [
            {
                **package,
                "PVAC_Status": {"isMIA": False, **solar},
                "PVAC_Logging": {"isMIA": False, **strings},
                "alerts": {"active": _alerts(said, "PVAC")},
            }
        ],
        "PVS": [
            {
                "PVS_Status": {"isMIA": False, **_of(said, safety, "PVS_")},
                "alerts": {"active": _alerts(said, "PVS")},
            }
        ],
        "THC": [thermal for thermal, _, _ in each],
        "POD": [pod for _, pod, _ in each],
        "PINV": [inverter for _, _, inverter in each],
    }


def _battery(unit: Unit, said: Vitals) -> tuple[Json, Json, Json]:
    """A Powerwall 2 on the bus: its thermal controller, its pack, its inverter."""
    pinv, pod = (_of(said, f"{kind}--1081100-13-V--{unit.serial}", "P") for kind in ("TEPINV", "TEPOD"))
    thermal = {"packagePartNumber": "3012170-10-B", "packageSerialNumber": unit.serial}
    energy = {key: pod[key] for key in ("POD_nom_energy_remaining", "POD_nom_full_pack_energy")}
    return (
        {**thermal, "alerts": {"active": []}},
        {"POD_EnergyStatus": {"isMIA": False, **energy}},
        {
            "PINV_Status": {"isMIA": False, **pinv},
            "PINV_AcMeasurements": {"isMIA": False, **pinv},
            "PINV_PowerCapability": {"isMIA": False, "PINV_Pnom": UNIT_W},
            "alerts": {"active": []},
        },
    )


def _unit_components(unit: Unit, said: Vitals) -> list[Json]:
    """The same Powerwall among the components; inverter and pack carry the serial number of their module."""
    part, module = "1081100-13-V", unit.serial.replace("TG", "M")
    control = _of(said, f"TETHC--3012170-10-B--{unit.serial}", "THC_")
    inverter = _of(said, f"TEPINV--{part}--{unit.serial}", "PINV_")
    pod = _of(said, f"TEPOD--{part}--{unit.serial}", "POD_available")
    return [
        _component("3012170-10-B", unit.serial, control),
        _component(part, module, inverter),
        _component(part, module, pod),
    ]


def _component(part: str, serial: str, values: Mapping[str, Any]) -> Json:
    return {"partNumber": part, "serialNumber": serial, **_signals(values)}


def _signals(values: Mapping[str, Any]) -> Json:
    """Each value in the place of its kind, the other places empty."""

    def place(value: Any) -> str:
        if isinstance(value, bool):
            return "boolValue"
        return "textValue" if isinstance(value, str) else "value"

    empty = dict.fromkeys(("value", "boolValue", "textValue"))
    each = [{"name": name, **empty, place(value): value} for name, value in values.items()]
    return {"signals": each, "activeAlerts": []}


def _of(said: Vitals, device: str, prefix: str) -> Json:
    return {key: value for key, value in said[device].items() if key.startswith(prefix)}


def _alerts(said: Vitals, kind: str) -> list[str]:
    return [
        alert
        for name, block in said.items()
        if name.startswith(kind + "--")
        for alert in block.get("alerts", ())
    ]
