"""What a gateway answers to each path, from the house's state: pure shapes, no transport."""

from collections.abc import Callable
from typing import Any

from appliance.demo.house import HouseState
from appliance.demo.powerwall_site import PowerwallSite, Unit, raw_scale

DIN = "1232100-00-E--TGVH00000000G"
NEVER = "0001-01-01T00:00:00Z"
UNIT_W = 5_000
GIT_HASH = "7a4e01c55d90b2f83c6611de20975ab34cc80f1e"
Json = dict[str, Any]


def aggregates(site: PowerwallSite, state: HouseState) -> Json:
    """/api/meters/aggregates: W, and Wh registers that only rise."""
    joined = state.grid != "down"
    house_v = sum(phase.voltage_v for phase in state.phases) / 3
    when = site.local(state.at).isoformat(timespec="microseconds")
    each = {
        "site": (state.grid_w, state.import_kwh, state.export_kwh, house_v if joined else 0.0, 1),
        "battery": (state.battery_w, state.charged_kwh, state.discharged_kwh, house_v, len(site.serials)),
        "load": (state.load_w, state.load_kwh, 0.0, house_v, None),
        "solar": (state.solar_w, 0.0, state.solar_kwh, house_v, 1),
    }
    hertz = {"site": state.frequency_hz if joined else 0, "load": 0}
    return {name: _meter(when, *values, hertz.get(name, state.frequency_hz)) for name, values in each.items()}


def _meter(
    when: str,
    power: float,
    taken_kwh: float,
    given_kwh: float,
    volts: float,
    meters: int | None,
    hertz: float,
) -> Json:
    amps = round(abs(power) / volts, 2) if volts else 0
    said: Json = {
        "last_communication_time": when,
        "instant_power": power,
        "instant_reactive_power": 0,
        "instant_apparent_power": abs(power),
        "frequency": hertz,
        "energy_exported": round(given_kwh * 1000, 3),
        "energy_imported": round(taken_kwh * 1000, 3),
        "instant_average_voltage": round(volts, 2),
        "instant_average_current": amps,
        "i_a_current": 0,
        "i_b_current": 0,
        "i_c_current": 0,
        "last_phase_voltage_communication_time": NEVER,
        "last_phase_power_communication_time": NEVER,
        "timeout": 1_500_000_000,
        "instant_total_current": amps,
    }
    return said if meters is None else {**said, "num_meters_aggregated": meters}


def grid_status(site: PowerwallSite, state: HouseState, says: str | None = None) -> Json:
    """/api/system_status/grid_status."""
    return {"grid_status": says or site.grid_word(state), "grid_services_active": False}


def soe(_site: PowerwallSite, state: HouseState) -> Json:
    """/api/system_status/soe, on the raw scale."""
    return {"percentage": raw_scale(state.soc)}


def status(site: PowerwallSite, state: HouseState, firmware: str) -> Json:
    """/api/status."""
    started, now = site.started(state.at), site.local(state.at)
    seconds = (now - started).total_seconds()
    hours, minutes = int(seconds // 3600), int(seconds % 3600 // 60)
    return {
        "din": DIN,
        "start_time": started.strftime("%Y-%m-%d %H:%M:%S %z"),
        "up_time_seconds": f"{hours}h{minutes}m{seconds % 60:.6f}s",
        "is_new": False,
        "version": firmware,
        "git_hash": GIT_HASH,
        "commission_count": 0,
        "device_type": "teg",
        "teg_type": "unknown",
        "sync_type": "v2.1",
        "cellular_disabled": False,
        "can_reboot": True,
    }


def site_name(site: PowerwallSite, _state: HouseState) -> Json:
    """/api/site_info/site_name."""
    return {"site_name": "Virtual house", "timezone": str(site.house.zone)}


def site_info(site: PowerwallSite, state: HouseState) -> Json:
    """/api/site_info."""
    count = len(site.serials)
    size: Json = {"nominal_system_energy_kWh": 13.5 * count, "nominal_system_power_kW": 5 * count}
    grid_code = {
        "grid_code": "50Hz_230V_3_EN50549-1:2019_Sweden",
        "grid_voltage_setting": 230,
        "grid_freq_setting": 50,
        "grid_phase_setting": "Three",
        "country": "Sweden",
        "state": "*",
        "utility": "*",
    }
    return {
        "max_system_energy_kWh": 13.5 * count,
        "max_system_power_kW": 5 * count,
        **site_name(site, state),
        "max_site_meter_power_kW": 1_000_000_000,
        "min_site_meter_power_kW": -1_000_000_000,
        **size,
        "panel_max_current": 100,
        "grid_code": grid_code,
    }


def sitemaster(_site: PowerwallSite, _state: HouseState) -> Json:
    """/api/sitemaster."""
    return {
        "status": "StatusUp",
        "running": True,
        "connected_to_tesla": True,
        "power_supply_mode": False,
        "can_reboot": "Yes",
    }


def system_status(site: PowerwallSite, state: HouseState) -> Json:
    """/api/system_status, with a block for each unit."""
    units = site.units(state)
    limit = UNIT_W * len(units)
    full, stored = sum(unit.full_wh for unit in units), sum(unit.stored_wh for unit in units)
    return {
        "command_source": "Configuration",
        "battery_target_power": state.battery_w,
        "battery_target_reactive_power": 0,
        "nominal_full_pack_energy": round(full, 1),
        "nominal_energy_remaining": round(stored, 1),
        "max_power_energy_remaining": 0,
        "max_power_energy_to_be_charged": 0,
        "max_charge_power": limit,
        "max_discharge_power": limit,
        "max_apparent_power": limit,
        "instantaneous_max_discharge_power": limit,
        "instantaneous_max_charge_power": limit,
        "grid_services_power": 0,
        "system_island_state": site.grid_word(state),
        "available_blocks": len(units),
        "battery_blocks": [_block(unit, state) for unit in units],
        "load_charge_constraint": 0,
        "grid_faults": [],
        "can_reboot": "Yes",
        "solar_real_power_limit": site.house.inverter_w,
        "score": 10_000,
        "blocks_controlled": len(units),
        "primary": True,
        "auxiliary_load": 0,
        "all_enable_lines_high": True,
        "inverter_nominal_usable_power": limit,
        "expected_energy_remaining": 0,
    }


def _block(unit: Unit, state: HouseState) -> Json:
    volts = sum(phase.voltage_v for phase in state.phases) / 3
    off_grid = state.grid != "up"
    return {
        "Type": "",
        "PackagePartNumber": "3012170-10-B",
        "PackageSerialNumber": unit.serial,
        "disabled_reasons": [],
        "pinv_state": "PINV_GridForming" if off_grid else "PINV_GridFollowing",
        "pinv_grid_state": "Grid_Uncompliant" if off_grid else "Grid_Compliant",
        "nominal_energy_remaining": round(unit.stored_wh, 1),
        "nominal_full_pack_energy": round(unit.full_wh, 1),
        "p_out": round(unit.power_w, 1),
        "q_out": 0,
        "v_out": round(volts, 1),
        "f_out": state.frequency_hz,
        "i_out": round(abs(unit.power_w) / volts, 2),
        "energy_charged": round(unit.charged_wh),
        "energy_discharged": round(unit.discharged_wh),
        "off_grid": off_grid,
        "vf_mode": off_grid,
        "wobble_detected": False,
        "charge_power_clamped": False,
        "backup_ready": True,
        "OpSeqState": "Active",
        "version": GIT_HASH[:14],
    }


def powerwalls(site: PowerwallSite, state: HouseState) -> Json:
    """/api/powerwalls."""
    compliant = "Grid_Uncompliant" if state.grid == "down" else "Grid_Compliant"
    each = [
        {
            "Type": "acpw",
            "PackagePartNumber": "3012170-10-B",
            "PackageSerialNumber": serial,
            "type": "acpw",
            "grid_state": compliant,
            "grid_reconnection_time_seconds": 0,
            "under_phase_detection": False,
            "updating": False,
            "commissioning_diagnostic": {
                "name": "Commissioning",
                "category": "InternalComms",
                "disruptive": False,
            },
            "update_diagnostic": {"name": "Firmware Update", "category": "InternalComms", "disruptive": True},
            "bc_type": None,
            "in_config": True,
        }
        for serial in site.serials
    ]
    return {
        "enumerating": False,
        "updating": False,
        "checking_if_offgrid": False,
        "running_phase_detection": False,
        "phase_detection_last_error": "no phase information",
        "bubble_shedding": False,
        "on_grid_check_error": "on grid check not run",
        "grid_qualifying": state.grid == "syncing",
        "grid_code_validating": False,
        "phase_detection_not_available": True,
        "powerwalls": each,
        "gateway_din": DIN,
    }


def solar_powerwall(site: PowerwallSite, state: HouseState) -> Json:
    """/api/solar_powerwall: strings and alerts for those without vitals."""
    volts = round(sum(phase.voltage_v for phase in state.phases) / 3, 1)
    alerts = site.alerts(state)
    when = {"LastRxTime": site.local(state.at).isoformat()}
    return {
        "pvac_status": {
            "state": "PVAC_Active" if state.solar_w else "PVAC_Standby",
            "disabled": False,
            "disabled_reasons": [],
            "grid_state": "Grid_Compliant",
            "inv_state": "INV_Grid_Connected",
            "v_out": volts,
            "f_out": state.frequency_hz,
            "p_out": state.solar_w,
            "q_out": 20,
            "i_out": round(state.solar_w / volts, 2),
            "string_vitals": _string_vitals(site, state),
        },
        "pvs_status": {
            "state": "PVS_GridSupporting",
            "disabled": False,
            "enable_output": True,
            "v_ll": volts,
            "self_test_state": "PVS_SelfTestOff",
        },
        "pv_power_limit": site.house.inverter_w,
        "power_status_setpoint": "on",
        "pvac_alerts": {**when, **{name: True for kind, name in alerts if kind == "PVAC"}},
        "pvs_alerts": {**when, **{name: True for kind, name in alerts if kind == "PVS"}},
    }


def _string_vitals(site: PowerwallSite, state: HouseState) -> list[Json]:
    return [
        {
            "string_id": number,
            "connected": string.connected,
            "measured_voltage": string.voltage_v,
            "current": string.current_a,
            "measured_power": string.power_w,
        }
        for number, string in enumerate(site.strings(state).values(), 1)
    ]


def registration(_site: PowerwallSite, _state: HouseState) -> Json:
    """/api/customer/registration."""
    return {
        "privacy_notice": True,
        "limited_warranty": True,
        "grid_services": None,
        "marketing": None,
        "registered": True,
        "timed_out_registration": False,
    }


def _meter_page(location: str) -> Callable[[PowerwallSite, HouseState], list[Json]]:
    """/api/meters/site and /api/meters/solar: what one meter read last."""

    def tell(site: PowerwallSite, state: HouseState) -> list[Json]:
        reading = aggregates(site, state)[location]
        return [
            {
                "id": 0,
                "location": location,
                "type": "synchrometerX",
                "cts": [True] * 3,
                "Cached_readings": reading,
            }
        ]

    return tell


PAGES: dict[str, Callable[[PowerwallSite, HouseState], Any]] = {
    "/api/site_info": site_info,
    "/api/site_info/site_name": site_name,
    "/api/meters/site": _meter_page("site"),
    "/api/meters/solar": _meter_page("solar"),
    "/api/system_status": system_status,
    "/api/system_status/soe": soe,
    "/api/sitemaster": sitemaster,
    "/api/powerwalls": powerwalls,
    "/api/solar_powerwall": solar_powerwall,
    "/api/customer/registration": registration,
    "/api/customer": registration,
}
"""What does not depend on how the gateway is set, by path."""
