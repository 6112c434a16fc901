"""What virtual HomeWizard devices have measured, in the names of API v2, and the same in those of v1."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from appliance.demo.house import House, Phase
from appliance.demo.p1 import FAILURES, LONG_FAILURES

Fields = dict[str, Any]
CHILD_MS = 300_000
"""Gas and water meters behind a P1 meter are read every five minutes."""


def _p1_meter(house: House, now: int) -> Fields:
    state, quarter = house.state_at(now), house.state_at(now // 900_000 * 900_000)
    failures = house.power_failures(now)
    said: Fields = {
        "protocol_version": 50,
        "meter_model": "TALLYWATT VIRTUAL",
        "unique_id": b"TALLYWATT-VIRTUAL".hex().upper(),
        "timestamp": _local(now, house.zone),
        "tariff": state.tariff,
        "energy_import_kwh": _cut(state.import_kwh),
        "energy_import_t1_kwh": _cut(state.import_t1_kwh),
        "energy_import_t2_kwh": _cut(state.import_t2_kwh),
        "energy_export_kwh": _cut(state.export_kwh),
        "energy_export_t1_kwh": _cut(state.export_t1_kwh),
        "energy_export_t2_kwh": _cut(state.export_t2_kwh),
        "power_w": state.grid_w,
        **_phases(state.phases),
        "frequency_hz": state.frequency_hz,
        "any_power_fail_count": FAILURES + len(failures),
        "long_power_fail_count": LONG_FAILURES + sum(one.long for one in failures),
        "average_power_15m_w": round((state.import_kwh - quarter.import_kwh) * 4000, 3),
    }
    read_at = max(now // CHILD_MS * CHILD_MS, house.start)
    then = house.state_at(read_at)
    said["external"] = [
        {
            "unique_id": f"TALLYWATT-{kind}".encode().hex().upper(),
            "type": f"{kind}_meter",
            "timestamp": _local(read_at, house.zone),
            "value": _cut(value),
            "unit": "m3",
        }
        for kind, value in (("gas", then.gas_m3), ("water", then.water_m3))
    ]
    return said


def _phases(phases: tuple[Phase, Phase, Phase]) -> Fields:
    said: Fields = {}
    for number, phase in enumerate(phases, 1):
        said[f"power_l{number}_w"] = phase.power_w
        said[f"voltage_l{number}_v"] = phase.voltage_v
        said[f"current_l{number}_a"] = math.copysign(phase.current_a, phase.power_w)
    said["current_a"] = round(sum(phase.current_a for phase in phases), 2)
    return said


def _three_phases(house: House, now: int) -> Fields:
    """In the inverter's line: what it gives is export."""
    state = house.state_at(now)
    third = -state.solar_w / 3
    each = [Phase(third, p.voltage_v, round(-third / p.voltage_v, 3)) for p in state.phases]
    return {
        "energy_import_kwh": 0.0,
        "energy_export_kwh": _cut(state.solar_kwh),
        "power_w": -state.solar_w,
        **_phases((each[0], each[1], each[2])),
        "frequency_hz": state.frequency_hz,
    }


def _one_phase(house: House, now: int) -> Fields:
    """At the consumer unit, before everything that the house uses."""
    state = house.state_at(now)
    volts = state.phases[0].voltage_v
    return {
        "energy_import_kwh": _cut(state.load_kwh),
        "energy_export_kwh": 0.0,
        "power_w": state.load_w,
        "voltage_v": volts,
        "current_a": round(state.load_w / volts, 3),
        "frequency_hz": state.frequency_hz,
    }


def _battery(house: House, now: int) -> Fields:
    state = house.state_at(now)
    volts = state.phases[0].voltage_v
    return {
        "energy_import_kwh": _cut(state.charged_kwh),
        "energy_export_kwh": _cut(state.discharged_kwh),
        "power_w": -state.battery_w,
        "voltage_l1_v": volts,
        "current_a": round(-state.battery_w / volts, 3),
        "frequency_hz": state.frequency_hz,
        "state_of_charge_pct": state.soc,
        "cycles": 123,
    }


def _water(house: House, now: int) -> Fields:
    earlier, state = house.state_at(now - 10_000), house.state_at(now)
    flow_lpm = (state.water_m3 - earlier.water_m3) * 1000 * 6
    return {"total_liter_m3": _cut(state.water_m3), "active_liter_lpm": round(flow_lpm, 1)}


MEASURED: Mapping[str, Callable[[House, int], Fields]] = {
    "HWE-P1": _p1_meter,
    "HWE-SKT": _one_phase,
    "HWE-KWH1": _one_phase,
    "SDM230-wifi": _one_phase,
    "HWE-KWH3": _three_phases,
    "SDM630-wifi": _three_phases,
    "HWE-BAT": _battery,
    "HWE-WTR": _water,
}


def in_v1(measured: Fields) -> Fields:
    """The same in the names of v1, which has no time of its own, and has gas in fields of old besides."""
    said: Fields = {"wifi_ssid": "Virtual", "wifi_strength": 78}
    for name, value in measured.items():
        if name == "external":
            said["external"] = [{**child, "timestamp": _digits(child["timestamp"])} for child in value]
        elif name != "timestamp":
            said[_v1_name(name)] = value
    for child in said.get("external", ()):
        if child["type"] == "gas_meter":
            said |= {"total_gas_m3": child["value"], "gas_timestamp": child["timestamp"]}
            said["gas_unique_id"] = child["unique_id"]
    return said


def _v1_name(name: str) -> str:
    special = {"protocol_version": "smr_version", "average_power_15m_w": "active_power_average_w"}
    if name in special:
        return special[name]
    if name.startswith("energy_"):
        return name.replace("energy_", "total_power_", 1)
    started = name.startswith(("power_", "voltage_", "current_", "frequency_", "tariff"))
    return f"active_{name}" if started else name


def _digits(stamp: str) -> int:
    return int("".join(c for c in stamp if c.isdigit())[2:])


def _local(at: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%Y-%m-%dT%H:%M:%S}"


def _cut(value: float) -> float:
    """Registers are cut, not rounded: a litre or watt-hour counts once it is full."""
    return math.floor(value * 1000 + 1e-6) / 1000
