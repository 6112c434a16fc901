"""What a Powerwall's parts say of themselves (vitals), as a dictionary and as the gateway's protobuf.

The names are those that pypowerwall's `vitals()` gives; the message is `DevicesWithVitals` of its
tesla.proto, here written by hand: numbers of fields and kinds of wire are the whole of it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from appliance.demo.house import HouseState
from appliance.demo.powerwall_protobuf import block, double, number, text, varint
from appliance.demo.powerwall_site import PowerwallSite, Unit

Vitals = dict[str, dict[str, Any]]

GATEWAY = "STSTSM--1232100-00-E--TGVH00000000G"
SYNC = "TESYNC--1493315-01-F--JVH0000000001"
SOLAR = "1538100-00-F--CVH0000000001"
METER = "NEURIO--VVH000000001"
FIRMWARE = "7a4e01c55d90b2"
ECU_TYPES = {
    "STSTSM": 207,
    "TETHC": 224,
    "TEPOD": 226,
    "TEPINV": 253,
    "TESYNC": 259,
    "PVAC": 296,
    "PVS": 297,
}
HEAD = {"partNumber": 2, "serialNumber": 3, "manufacturer": 4, "componentParentDin": 6, "firmwareVersion": 7}
"""Texts of a device that are not vitals: their fields in the message `Device`."""


def vitals(site: PowerwallSite, state: HouseState) -> Vitals:
    """Every device with all it says at this instant."""
    found: Vitals = {
        GATEWAY: {"STSTSM-Location": "Gateway", "firmwareVersion": "2023-07-12-g7a4e01c55d"},
        SYNC: _sync(state),
        **_solar(site, state),
        METER: _meter(state),
    }
    for unit in site.units(state):
        found |= _unit(unit, state)
    for name, said in found.items():
        kind, _, rest = name.partition("--")
        said.setdefault("componentParentDin", GATEWAY)
        said.setdefault("manufacturer", "TESLA")
        said.setdefault("firmwareVersion", FIRMWARE)
        said["lastCommunicationTime"] = state.at // 1000
        said.setdefault("serialNumber", rest.rpartition("--")[2])
        if kind in ECU_TYPES:
            said["partNumber"] = rest.rpartition("--")[0]
            said["teslaEnergyEcuAttributes"] = {"ecuType": ECU_TYPES[kind]}
    del found[GATEWAY]["componentParentDin"]
    _spread(found, site.alerts(state))
    return found


def _spread(found: Vitals, alerts: Iterable[tuple[str, str]]) -> None:
    """Give each alert to the first device of its kind."""
    for kind, alert in alerts:
        said = next(found[name] for name in found if name.startswith(kind + "--"))
        said.setdefault("alerts", []).append(alert)


def _unit(unit: Unit, state: HouseState) -> Vitals:
    control = f"TETHC--3012170-10-B--{unit.serial}"
    part = f"1081100-13-V--{unit.serial}"
    return {
        control: {"THC_AmbientTemp": unit.temperature_c, "THC_State": "THC_STATE_AUTONOMOUSCONTROL"},
        f"TEPOD--{part}": {"componentParentDin": control, **_pack(unit, state)},
        f"TEPINV--{part}": {"componentParentDin": control, **_inverter(unit, state)},
    }


def _pack(unit: Unit, state: HouseState) -> dict[str, Any]:
    full, empty = state.soc >= 99.9, state.soc <= 0.1
    return {
        "POD_ActiveHeating": unit.temperature_c < 8,
        "POD_CCVhold": False,
        "POD_ChargeComplete": full,
        "POD_ChargeRequest": False,
        "POD_DischargeComplete": empty,
        "POD_PermanentlyFaulted": False,
        "POD_PersistentlyFaulted": False,
        "POD_available_charge_power": 0.0 if full else 7000.0,
        "POD_available_dischg_power": 0.0 if empty else 12000.0,
        "POD_enable_line": True,
        "POD_nom_energy_remaining": round(unit.stored_wh, 1),
        "POD_nom_energy_to_be_charged": round(unit.full_wh - unit.stored_wh, 1),
        "POD_nom_full_pack_energy": round(unit.full_wh, 1),
        "POD_state": "POD_ACTIVE",
    }


def _inverter(unit: Unit, state: HouseState) -> dict[str, Any]:
    volts = round(sum(phase.voltage_v for phase in state.phases) / 3, 1)
    forming = state.grid != "up"
    return {
        "PINV_EnergyCharged": round(unit.charged_wh),
        "PINV_EnergyDischarged": round(unit.discharged_wh),
        "PINV_Fout": state.frequency_hz,
        "PINV_GridState": "Grid_Uncompliant" if forming else "Grid_Compliant",
        "PINV_HardwareEnableLine": True,
        "PINV_PllFrequency": state.frequency_hz,
        "PINV_PllLocked": True,
        "PINV_Pout": round(unit.power_w / 1000, 2),
        "PINV_PowerLimiter": "PWRLIM_POD_Power_Limit",
        "PINV_Qout": 0.0,
        "PINV_ReadyForGridForming": True,
        "PINV_State": "PINV_GridForming" if forming else "PINV_GridFollowing",
        "PINV_VSplit1": volts,
        "PINV_VSplit2": 0.0,
        "PINV_Vout": volts,
    }


def _solar(site: PowerwallSite, state: HouseState) -> Vitals:
    strings = site.strings(state)
    volts = round(sum(phase.voltage_v for phase in state.phases) / 3, 1)
    inverter: dict[str, Any] = {
        "PVAC_Fout": state.frequency_hz,
        "PVAC_GridState": "Grid_Compliant",
        "PVAC_InvState": "INV_Grid_Connected" if state.grid == "up" else "INV_Off_Grid",
        "PVAC_Iout": round(state.solar_w / volts, 2),
        "PVAC_LifetimeEnergyPV_Total": round(state.solar_kwh * 1000),
        "PVAC_Pout": float(state.solar_w),
        "PVAC_Qout": 20.0,
        "PVAC_State": "PVAC_Active" if state.solar_w else "PVAC_Standby",
        "PVAC_Vout": volts,
        "PVI-PowerStatusSetpoint": "on",
        "componentParentDin": GATEWAY,
    }
    safety: dict[str, Any] = {
        "PVS_EnableOutput": True,
        "PVS_SelfTestState": "PVS_SelfTestOff",
        "PVS_State": "PVS_Active",
        "PVS_vLL": volts,
        "componentParentDin": f"PVAC--{SOLAR}",
    }
    for letter, string in strings.items():
        inverter[f"PVAC_PVCurrent_{letter}"] = string.current_a
        inverter[f"PVAC_PVMeasuredPower_{letter}"] = string.power_w
        inverter[f"PVAC_PVMeasuredVoltage_{letter}"] = string.voltage_v
        inverter[f"PVAC_PvState_{letter}"] = "PV_Active" if state.solar_w else "PV_Disabled"
        safety[f"PVS_String{letter}_Connected"] = string.connected
    nameplate = {"nameplateRealPowerW": site.house.inverter_w}
    return {
        f"PVAC--{SOLAR}": inverter,
        f"PVS--{SOLAR}": safety,
        f"TESLA--{SOLAR}": {"serialNumber": SOLAR, "pvInverterAttributes": nameplate},
    }


def _sync(state: HouseState) -> dict[str, Any]:
    """The switch between house and street, with the site's own meter (X)."""
    joined = state.grid == "up"
    said: dict[str, Any] = {
        "ISLAND_GridConnected": joined,
        "ISLAND_GridState": f"ISLAND_GridState_Grid_{'Compliant' if joined else 'Uncompliant'}",
        "ISLAND_ReadyForSynchronization": state.grid != "down",
        "METER_X_LifetimeEnergyExport": round(state.export_kwh * 1000),
        "METER_X_LifetimeEnergyImport": round(state.import_kwh * 1000),
        "SYNC_ExternallyPowered": False,
        "SYNC_SiteSwitchEnabled": False,
    }
    live = state.grid != "down"
    for line, (letter, phase) in enumerate(zip("ABC", state.phases, strict=True), 1):
        said |= {
            f"ISLAND_FreqL{line}_Load": state.frequency_hz,
            f"ISLAND_FreqL{line}_Main": state.frequency_hz if live else 0.0,
            f"ISLAND_L{line}MicrogridOk": True,
            f"ISLAND_VL{line}N_Load": phase.voltage_v,
            f"ISLAND_VL{line}N_Main": phase.voltage_v if live else 0.0,
            f"METER_X_CT{letter}_I": phase.current_a,
            f"METER_X_CT{letter}_InstReactivePower": 0.0,
            f"METER_X_CT{letter}_InstRealPower": float(phase.power_w),
            f"METER_X_VL{line}N": phase.voltage_v if live else 0.0,
        }
    return said


def _meter(state: HouseState) -> dict[str, Any]:
    return {
        "NEURIO_CT0_InstRealPower": float(state.solar_w),
        "NEURIO_CT0_Location": "solarRGM",
        "firmwareVersion": "1.7.2-Tesla",
        "manufacturer": "NEURIO",
        "meterAttributes": {"meterLocation": [5]},
    }


# The message


def encode(devices: Vitals) -> bytes:
    """`DevicesWithVitals` as bytes."""
    return b"".join(block(1, _device(name, said)) for name, said in devices.items())


def _device(name: str, said: Mapping[str, Any]) -> bytes:
    head = block(1, text(1, name))
    for key, field in HEAD.items():
        if key in said:
            head += block(field, text(1, said[key]))
    head += block(9, number(1, said["lastCommunicationTime"]))
    if attributes := _attributes(said):
        head += block(11, attributes)
    told = {*HEAD, "lastCommunicationTime", "alerts"}
    message = block(1, block(1, head))
    for key, value in said.items():
        if key not in told and not isinstance(value, dict):
            message += block(2, text(1, key) + _value(value))
    return message + b"".join(text(3, alert) for alert in said.get("alerts", ()))


def _attributes(said: Mapping[str, Any]) -> bytes:
    message = b""
    if ecu := said.get("teslaEnergyEcuAttributes"):
        message += block(1, number(1, ecu["ecuType"]))
    if solar := said.get("pvInverterAttributes"):
        message += block(3, number(1, solar["nameplateRealPowerW"]))
    if meter := said.get("meterAttributes"):
        message += block(4, block(1, b"".join(varint(place) for place in meter["meterLocation"])))
    return message


def _value(value: bool | int | float | str) -> bytes:
    """The value of a vital in the field of its kind."""
    if isinstance(value, bool):
        return number(6, value)
    if isinstance(value, str):
        return text(5, value)
    if isinstance(value, int):
        return number(3, value)
    return double(4, value)
