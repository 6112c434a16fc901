"""What a Powerwall's answers mean: dictionaries of the gateway's API -> readings. Pure.

Shapes: pypowerwall 0.22.2. Units there: W (site + import, battery + discharging, solar and load +), lifetime
Wh, % on the gateway's raw scale of which the Tesla app hides the lowest twentieth. pypowerwall fills in 0
where it knows nothing (its Tesla servers tell no registers, frequency or voltage), so a 0 that cannot be a
measurement is no reading here.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from appliance.errors import SourceError
from appliance.model import Quantity, Reading

Answers = Mapping[str, Any]
"""What was asked: aggregates, soe, grid_status; operation, system_status, vitals, strings, temps, alerts,
solar_powerwall, grid_charging, export_rule. What was not answered is absent or None."""

POWERS: Final = {
    "site": Quantity.POWER_GRID,
    "battery": Quantity.POWER_BATTERY,
    "solar": Quantity.POWER_SOLAR,
    "load": Quantity.POWER_LOAD,
}
REGISTERS: Final = {
    "site": {"energy_imported": Quantity.ENERGY_IMPORT, "energy_exported": Quantity.ENERGY_EXPORT},
    "battery": {"energy_imported": Quantity.ENERGY_CHARGED, "energy_exported": Quantity.ENERGY_DISCHARGED},
    "solar": {"energy_exported": Quantity.ENERGY_SOLAR},
    "load": {"energy_imported": Quantity.ENERGY_LOAD},
}
DOWN, UP, SYNCING = 0, 1, 2
GRID_STATES: Final = {
    "SystemGridConnected": UP,
    "SystemIslandedActive": DOWN,
    "SystemMicroGridFaulted": DOWN,
    "SystemWaitForUser": DOWN,
    "SystemTransitionToGrid": SYNCING,
    "SystemTransitionToIsland": SYNCING,
    "SystemIslandedReady": SYNCING,
}
"""Any other word is unknown: never down."""
HERTZ = (40.0, 70.0)
HERTZ_NAMES = ("ISLAND_FreqL1_Main", "PINV_Fout", "PVAC_Fout")
"""In vitals: of the grid, of a Powerwall, of a solar inverter (all there is of a Powerwall 3)."""
HIDDEN = 5.0
"""Percent of the raw scale that the app hides."""
OLD_S = 3600.0
"""Tesla's servers repeat the last they heard of a gateway that is offline."""


def number(value: Any) -> float | None:
    """A finite number, None for anything else (True and "12" are none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def block(value: Any) -> Mapping[str, Any]:
    """A dictionary, empty for anything else."""
    return value if isinstance(value, dict) else {}


def app_scale(raw: float) -> float:
    """Percent as the Tesla app shows them: 5 -> 0, 52.5 -> 50, 100 -> 100."""
    return min(100.0, max(0.0, (raw - HIDDEN) / 0.95))


def measured(answers: Answers, source: str, at: int) -> list[Reading]:
    """Powers, registers, frequency and voltage. Raises SourceError when there is not one power."""
    said = answers.get("aggregates")
    blocks = {name: block(block(said).get(name)) for name in POWERS}
    found: dict[Quantity, float] = {}
    for name, quantity in POWERS.items():
        power = number(blocks[name].get("instant_power"))
        if power == 0 and _never_heard(blocks[name]):
            continue
        if power is not None:
            found[quantity] = power
        found |= _registers(name, blocks[name])
    if found.keys().isdisjoint(POWERS.values()):
        raise SourceError(
            f"The Powerwall answers, but tells no power ({_shown(said)}); is this a gateway's address, and "
            "is the gateway set up?"
        )
    hertz = (number(blocks[name].get("frequency")) for name in ("site", "battery", "solar", "load"))
    if sane := next((hz for hz in hertz if hz is not None and HERTZ[0] <= hz <= HERTZ[1]), None):
        found[Quantity.FREQUENCY] = sane
    volts = number(blocks["site"].get("instant_average_voltage"))
    if volts is not None and volts > 0:
        found[Quantity.VOLTAGE_GRID] = volts
    return [Reading(source, quantity, value, at) for quantity, value in found.items()]


def _never_heard(said: Mapping[str, Any]) -> bool:
    """Whether the gateway has yet to hear of that meter, or has none (solar, in a house without)."""
    return str(said.get("last_communication_time")).startswith("0001-01-01")


def _registers(name: str, said: Mapping[str, Any]) -> Iterator[tuple[Quantity, float]]:
    """kWh. Two registers of 0 are a gateway that tells none (or one so new that nothing is lost)."""
    counted = {key: number(said.get(key)) for key in ("energy_imported", "energy_exported")}
    if not any(counted.values()):
        return
    for key, quantity in REGISTERS[name].items():
        wh = counted[key]
        if wh is not None and wh >= 0:
            yield quantity, wh / 1000


def charge(answers: Answers, source: str, at: int, cloud: bool) -> list[Reading]:
    """State of charge on both scales."""
    raw = number(block(answers.get("soe")).get("percentage"))
    if raw is None or not 0 <= raw <= 105:
        return []
    if cloud and math.isclose(raw, HIDDEN, abs_tol=1e-6) and _remaining(answers) is None:
        return []  # where Tesla's servers tell no charge pypowerwall makes it 0 on the app's scale
    both = {
        Quantity.STATE_OF_CHARGE: app_scale(raw),
        Quantity.STATE_OF_CHARGE_RAW: min(raw, 100.0),
    }
    return [Reading(source, quantity, value, at) for quantity, value in both.items()]


def grid_word(answers: Answers) -> str | None:
    """The gateway's word for the state of the grid, None where it tells none."""
    word = block(answers.get("grid_status")).get("grid_status")
    return word if isinstance(word, str) and word else None


def grid(answers: Answers, source: str, at: int, cloud: bool) -> list[Reading]:
    """Whether the grid is there. A word nobody knows is no reading."""
    word = grid_word(answers)
    state = GRID_STATES.get(word or "")
    if state is None:
        return []
    # Where Tesla's servers tell neither, pypowerwall says connected in one place and islanded in the other.
    if cloud and block(answers.get("system_status")).get("system_island_state") != word:
        return []
    return [Reading(source, Quantity.GRID_STATE, state, at)]


def settings(answers: Answers, source: str, at: int) -> list[Reading]:
    """Reserve (app scale), mode, and what the battery may do with the grid."""
    said = block(answers.get("operation"))
    mode = said.get("real_mode")
    if not isinstance(mode, str) or not mode:
        return []  # what comes with it was then filled in
    found: dict[Quantity, float | None] = {
        Quantity.BATTERY_MODE: _word(Quantity.BATTERY_MODE, mode),
        Quantity.BACKUP_RESERVE: None,
        Quantity.EXPORT_RULE: _word(Quantity.EXPORT_RULE, answers.get("export_rule")),
    }
    reserve = number(said.get("backup_reserve_percent"))
    if reserve is not None and 0 <= reserve <= 105:
        found[Quantity.BACKUP_RESERVE] = app_scale(reserve)
    if isinstance(charging := answers.get("grid_charging"), bool):
        found[Quantity.GRID_CHARGING] = float(charging)
    return [Reading(source, quantity, value, at) for quantity, value in found.items() if value is not None]


def _word(quantity: Quantity, word: Any) -> float | None:
    states = quantity.spec.states
    return float(states.index(word)) if isinstance(word, str) and word in states else None


# Storage, of the whole and of each unit


@dataclass(slots=True)
class Unit:
    """One Powerwall: Wh when full and now, °C."""

    full_wh: float | None = None
    stored_wh: float | None = None
    celsius: float | None = None
    holds: bool = False
    """Whether it is told to be a battery, whatever it says of its content."""


def units(answers: Answers) -> dict[str, Unit]:
    """Every Powerwall by "part--serial", in the order in which it is told."""
    found: dict[str, Unit] = {}
    blocks = block(answers.get("system_status")).get("battery_blocks")
    for said in map(block, blocks if isinstance(blocks, list) else ()):
        if serial := said.get("PackageSerialNumber"):
            key = f"{said.get('PackagePartNumber') or ''}--{serial}"
            _fill(found.setdefault(key, Unit()), said, "nominal_full_pack_energy", "nominal_energy_remaining")
    packages = tuple(found)
    vitals = block(answers.get("vitals"))
    for name, said in vitals.items():
        if name.startswith("TEPOD--"):
            holder = str(block(said).get("componentParentDin") or "")
            key = _unit_name(holder if holder.startswith("TETHC--") else name, packages)
            unit = found.setdefault(key, Unit())
            _fill(unit, block(said), "POD_nom_full_pack_energy", "POD_nom_energy_remaining")
            unit.celsius = number(block(said).get("HVP_PackTempMax"))
    temps = block(answers.get("temps")) or {
        name: block(said).get("THC_AmbientTemp") for name, said in vitals.items()
    }
    for name, celsius in temps.items():
        if name.startswith(("TETHC--", "TEPOD--")) and (told := number(celsius)) is not None:
            found.setdefault(_unit_name(name, packages), Unit()).celsius = told
    return found


def _unit_name(device: str, packages: tuple[str, ...]) -> str:
    """That of the package with the same serial number, whose part number may be another's; else its own."""
    name = device.partition("--")[2]
    same = [package for package in packages if package.endswith("--" + name.rpartition("--")[2])]
    return same[0] if len(same) == 1 else name


def _fill(unit: Unit, said: Mapping[str, Any], full: str, stored: str) -> None:
    unit.holds = True
    full_wh, stored_wh = number(said.get(full)), number(said.get(stored))
    if full_wh is None or full_wh <= 0 or unit.full_wh is not None:
        return
    unit.full_wh = full_wh
    if stored_wh is not None and stored_wh >= 0:
        unit.stored_wh = stored_wh


def _remaining(answers: Answers) -> float | None:
    return number(block(answers.get("system_status")).get("nominal_energy_remaining"))


def storage(answers: Answers, source: str, at: int, numbers: Mapping[str, int]) -> list[Reading]:
    """Capacity and content of all together and of each unit, as "source.unit1", and how long it would last.

    `numbers` says which unit is which.
    """
    each = units(answers)
    said = block(answers.get("system_status"))
    whole = Unit()
    _fill(whole, said, "nominal_full_pack_energy", "nominal_energy_remaining")
    if whole.full_wh is None:
        whole = _together([unit for unit in each.values() if unit.holds])
    found = _stored(whole, source, at)
    for name, unit in each.items():
        if name in numbers:
            found += _stored(unit, f"{source}.unit{numbers[name]}", at)
    load = number(block(block(answers.get("aggregates")).get("load")).get("instant_power"))
    if whole.stored_wh is not None and load is not None and load > 0:
        found.append(Reading(source, Quantity.BATTERY_TIME_LEFT, whole.stored_wh / load, at))
    return found


def _together(each: list[Unit]) -> Unit:
    """The sum, where every unit tells its part: a part of the whole is not the whole."""
    full = [unit.full_wh for unit in each if unit.full_wh is not None]
    stored = [unit.stored_wh for unit in each if unit.stored_wh is not None]
    return Unit(
        sum(full) if full and len(full) == len(each) else None,
        sum(stored) if stored and len(stored) == len(each) else None,
    )


def _stored(unit: Unit, source: str, at: int) -> list[Reading]:
    found = {
        Quantity.BATTERY_CAPACITY: unit.full_wh and unit.full_wh / 1000,
        Quantity.BATTERY_STORED: None if unit.stored_wh is None else unit.stored_wh / 1000,
        Quantity.TEMPERATURE: unit.celsius,
    }
    return [Reading(source, quantity, value, at) for quantity, value in found.items() if value is not None]


def frequency(answers: Answers, source: str, at: int) -> list[Reading]:
    """Of the units or the devices in the vitals, for gateways whose meters tell none."""
    blocks = block(answers.get("system_status")).get("battery_blocks")
    told = [block(said).get("f_out") for said in (blocks if isinstance(blocks, list) else ())]
    devices = [block(said) for said in block(answers.get("vitals")).values()]
    told += [said.get(name) for name in HERTZ_NAMES for said in devices]
    for hertz in map(number, told):
        if hertz is not None and HERTZ[0] <= hertz <= HERTZ[1]:
            return [Reading(source, Quantity.FREQUENCY, hertz, at)]
    return []


def old_s(answers: Answers, at: int) -> float:
    """Seconds since Tesla's servers heard of the gateway; 0 where they do not say."""
    stamp = block(block(answers.get("aggregates")).get("site")).get("last_communication_time")
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        return 0.0
    return at / 1000 - moment.timestamp() if moment.tzinfo else 0.0


def _shown(said: Any) -> str:
    """The beginning of an answer, for a message."""
    if said is None:
        return "nothing"
    return re.sub(r"\s+", " ", str(said))[:40]
