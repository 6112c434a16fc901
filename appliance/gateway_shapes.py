"""What we know in the shapes of a Tesla gateway, as the pypowerwall proxy passes them on: pure.

Sources: the proxy's documented routes and its answers (pypowerwall 0.22, proxy t97). Powers are W with the
gateway's signs, which are ours; energies Wh; unknown is None where the proxy would say 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.battery import Battery
from appliance.calendar import iso
from appliance.energy_now import EnergyNow
from appliance.model import PHASES, Quantity
from appliance.views import Picker

Q = Quantity
Shape = dict[str, Any]
BLOCKS = {
    "site": ("grid", Q.POWER_GRID, Q.ENERGY_IMPORT, Q.ENERGY_EXPORT),
    "battery": ("battery", Q.POWER_BATTERY, Q.ENERGY_CHARGED, Q.ENERGY_DISCHARGED),
    "load": ("home", Q.POWER_LOAD, Q.ENERGY_LOAD, None),
    "solar": ("solar", Q.POWER_SOLAR, None, Q.ENERGY_SOLAR),
}
"""Each block's node, its power, and the registers of what it took and gave, as the gateway counts them."""
NEVER = "0001-01-01T00:00:00Z"
GRID_WORDS = {
    "UP": "SystemGridConnected",
    "DOWN": "SystemIslandedActive",
    "SYNCING": "SystemTransitionToGrid",
}
GRID_NUMBERS = {"UP": 1, "DOWN": 0, "SYNCING": -1}
CONNECTED = "SystemConnectedToGrid"


def aggregates(moment: EnergyNow, pick: Picker) -> Shape:
    """The four blocks of /api/meters/aggregates; a block nobody measures has None in it."""
    return {name: _block(name, moment, pick) for name in BLOCKS}


def _block(name: str, moment: EnergyNow, pick: Picker) -> Shape:
    node, power, taken, given = BLOCKS[name]
    reading = pick.fresh(power)
    block: Shape = {
        "last_communication_time": None if reading is None else iso(reading.at),
        "instant_power": watts(moment.power(node)),
        "instant_reactive_power": None,
        "instant_apparent_power": None,
        "frequency": None,
        "energy_exported": _wh(pick, given),
        "energy_imported": _wh(pick, taken),
        "instant_average_voltage": None,
        "instant_average_current": None,
        "i_a_current": None,
        "i_b_current": None,
        "i_c_current": None,
        "last_phase_voltage_communication_time": NEVER,
        "last_phase_power_communication_time": NEVER,
        "timeout": 1_500_000_000,
        "instant_total_current": None,
    }
    if name == "site":
        block |= {
            "instant_reactive_power": pick.value(Q.REACTIVE_GRID),
            "frequency": pick.value(Q.FREQUENCY),
            "instant_average_voltage": pick.value(Q.VOLTAGE_GRID) or _mean(pick, "VOLTAGE"),
            "instant_average_current": _mean(pick, "CURRENT"),
            "i_a_current": pick.value(Q.CURRENT_L1),
            "i_b_current": pick.value(Q.CURRENT_L2),
            "i_c_current": pick.value(Q.CURRENT_L3),
        }
    return block


def watts(power: float | None) -> float | None:
    return None if power is None else round(power, 1)


def _wh(pick: Picker, quantity: Quantity | None) -> float | None:
    """A register in Wh: registers stay true however long ago they were read."""
    reading = None if quantity is None else pick.best(quantity)
    return None if reading is None else round(reading.value * 1000, 3)


def wh(kwh: float | None) -> float | None:
    return None if kwh is None else round(kwh * 1000, 1)


def _phase(what: str, number: int) -> Quantity:
    return Quantity[f"{what}_L{number}"]


def _mean(pick: Picker, what: str) -> float | None:
    known = [value for n in PHASES if (value := pick.value(_phase(what, n))) is not None]
    return round(sum(known) / len(known), 2) if known else None


def powers(moment: EnergyNow) -> Shape:
    """/pw/power."""
    return {name: watts(moment.power(BLOCKS[name][0])) for name in ("site", "solar", "battery", "load")}


def strings(found: Sequence[Battery]) -> Shape:
    """Solar strings of all inverters: A, B, ... of the first, A1, B1, ... of the second."""
    every = [string for one in found for string in one.strings]
    inverters = list(dict.fromkeys(string.source for string in every))
    shape: Shape = {}
    for string in every:
        number = inverters.index(string.source)
        shape[f"{string.letter}{number or ''}"] = {
            "Connected": string.connected,
            "Current": string.current,
            "Power": string.power,
            "State": None,
            "Voltage": string.voltage,
        }
    return shape


def temperatures(found: Battery) -> Shape:
    """By device, °C."""
    return {_device("TETHC", name): value for name, value in found.temperatures}


def _device(kind: str, name: str) -> str:
    """The gateway's name of a device, kind--part--serial: TEPOD--powerwall--unit1."""
    return "--".join((kind, *name.split(".")))


def numbered(values: Mapping[str, Any]) -> Shape:
    """/temps/pw: the same by number."""
    return {f"PW{n}_temp": value for n, value in enumerate(values.values(), 1)}


def vitals(found: Battery, pick: Picker, alerts: Sequence[tuple[str, str]]) -> Shape:
    """Devices and their fields by the gateway's names, as far as they are measured.

    `alerts` are (device, alert); those of a device that is not among ours are the gateway's.
    """
    shape: Shape = {_device("STSTSM", found.source): {}}
    for unit in found.units:
        shape[_device("TEPOD", unit.name)] = {
            "POD_nom_energy_remaining": wh(unit.stored),
            "POD_nom_full_pack_energy": wh(unit.capacity),
        }
    for name, celsius in found.temperatures:
        shape[_device("TETHC", name)] = {"THC_AmbientTemp": celsius}
    for string in found.strings:
        shape.setdefault(_device("PVAC", string.source), {}).update({
            f"PVAC_PVCurrent_{string.letter}": string.current,
            f"PVAC_PVMeasuredPower_{string.letter}": string.power,
            f"PVAC_PVMeasuredVoltage_{string.letter}": string.voltage,
        })  # fmt: skip
        shape.setdefault(_device("PVS", string.source), {})[f"PVS_String{string.letter}_Connected"] = (
            string.connected
        )
    shape[_device("TESYNC", found.source)] = _island(pick)
    for device, alert in alerts:
        shape[device if device in shape else _device("STSTSM", found.source)].setdefault("alerts", []).append(
            alert
        )
    return shape


def _island(pick: Picker) -> Shape:
    shape: Shape = {"ISLAND_FreqL1_Main": pick.value(Q.FREQUENCY)}
    for n in PHASES:
        shape[f"ISLAND_VL{n}N_Main"] = pick.value(_phase("VOLTAGE", n))
    return shape


def frequencies(pick: Picker, found: Battery | None, grid: str | None) -> Shape:
    """/freq: frequency and voltages of the grid, powers and currents of its phases."""
    units = [] if found is None else found.units
    shape: Shape = {f"PW{n}_name": _device("TEPINV", unit.name) for n, unit in enumerate(units, 1)}
    shape |= _island(pick)
    for n, letter in zip(PHASES, "ABC", strict=True):
        shape[f"METER_X_VL{n}N"] = pick.value(_phase("VOLTAGE", n))
        shape[f"METER_X_CT{letter}_InstRealPower"] = pick.value(_phase("POWER", n))
        shape[f"METER_X_CT{letter}_InstReactivePower"] = pick.value(_phase("REACTIVE", n))
        shape[f"METER_X_CT{letter}_I"] = pick.value(_phase("CURRENT", n))
    shape["METER_X_LifetimeEnergyImport"] = _wh(pick, Q.ENERGY_IMPORT)
    shape["METER_X_LifetimeEnergyExport"] = _wh(pick, Q.ENERGY_EXPORT)
    shape["ISLAND_GridConnected"] = None if grid is None else grid == "UP"
    return shape | {"grid_status": GRID_NUMBERS.get(grid or "")}


def pods(found: Battery) -> Shape:
    """/pod: what each pack holds, Wh, and all together."""
    shape: Shape = {}
    for n, unit in enumerate(found.units, 1):
        room = None if unit.capacity is None or unit.stored is None else unit.capacity - unit.stored
        shape |= {
            f"PW{n}_name": _device("TEPOD", unit.name),
            f"PW{n}_POD_nom_energy_remaining": wh(unit.stored),
            f"PW{n}_POD_nom_energy_to_be_charged": wh(room),
            f"PW{n}_POD_nom_full_pack_energy": wh(unit.capacity),
        }
    return shape | totals(found) | {
        "time_remaining_hours": found.value(Q.BATTERY_TIME_LEFT),
        "backup_reserve_percent": found.value(Q.BACKUP_RESERVE),
    }  # fmt: skip


def system_status(found: Battery) -> Shape:
    """The packs together and one by one, Wh."""
    each = [
        {"PackagePartNumber": found.source, "PackageSerialNumber": serial, **block}
        for serial, block in blocks(found).items()
    ]
    return totals(found) | {"battery_blocks": each}


def totals(found: Battery) -> Shape:
    """The packs together, Wh."""
    return {
        "nominal_full_pack_energy": wh(found.capacity),
        "nominal_energy_remaining": wh(found.stored),
    }


def blocks(found: Battery) -> Shape:
    """The packs one by one, Wh."""
    return {
        unit.name.partition(".")[2]: {
            "nominal_full_pack_energy": wh(unit.capacity),
            "nominal_energy_remaining": wh(unit.stored),
        }
        for unit in found.units
    }
