"""Strings of solar panels behind a Powerwall. Pure.

Names in vitals: PVAC_PVCurrent_A, PVAC_PVMeasuredPower_A, PVAC_PVMeasuredVoltage_A of each inverter (PVAC)
and PVS_StringA_Connected of its safety device (PVS). Gateways without vitals tell `string_vitals` in
/api/solar_powerwall. A string that is not connected shows noise (-2.1 V) and is no measurement.
"""

import re
from collections.abc import Mapping
from typing import Any

from appliance.model import Quantity, Reading
from appliance.sources._powerwall_data import Answers, block, number

LETTERS = "ABCDEF"
FIELDS = {"Power": "power", "Voltage": "voltage", "Current": "current"}
PER_INVERTER = 4
"""Of a Powerwall+; /api/solar_powerwall counts them through."""

Strings = dict[tuple[int, str], Mapping[str, Any]]
"""(inverter from 1, letter) -> {"Power": W, "Voltage": V, "Current": A, "Connected": bool}."""


def readings(
    answers: Answers, source: str, at: int, numbers: Mapping[str, int] | None = None
) -> list[Reading]:
    """Power, voltage and current of each connected string; a second inverter's as "source.inverter2".

    `numbers` says which inverter is which; else they are counted as they come.
    """
    found = []
    for (inverter, letter), said in strings(answers, numbers or {}).items():
        if said.get("Connected") is False:
            continue
        name = source if inverter == 1 else f"{source}.inverter{inverter}"
        for key, what in FIELDS.items():
            value = number(said.get(key))
            if value is not None and not (key == "Voltage" and value < 0):
                found.append(Reading(name, Quantity(f"string_{letter.lower()}_{what}"), value, at))
    return found


def inverters(answers: Answers) -> list[str]:
    """The inverters in the vitals as "part--serial": one that did not answer is left out there."""
    vitals = block(answers.get("vitals"))
    return [name.partition("--")[2] for name in vitals if name.startswith("PVAC--")]


def strings(answers: Answers, numbers: Mapping[str, int]) -> Strings:
    """From whichever answer tells them."""
    return (
        _of_vitals(block(answers.get("vitals")), numbers)
        or _of_proxy(block(answers.get("strings")))
        or _of_inverter(block(answers.get("solar_powerwall")))
    )


def _of_vitals(vitals: Mapping[str, Any], numbers: Mapping[str, int]) -> Strings:
    found: Strings = {}
    for place, name in enumerate(inverters({"vitals": vitals}), 1):
        number_ = numbers.get(name, place)
        said, safety = block(vitals[f"PVAC--{name}"]), block(vitals.get(f"PVS--{name}"))
        for letter in LETTERS:
            string = {
                "Power": said.get(f"PVAC_PVMeasuredPower_{letter}"),
                "Voltage": said.get(f"PVAC_PVMeasuredVoltage_{letter}"),
                "Current": said.get(f"PVAC_PVCurrent_{letter}"),
                "Connected": safety.get(f"PVS_String{letter}_Connected"),
            }
            if any(string[key] is not None for key in FIELDS):
                found[number_, letter] = string
    return found


def _of_proxy(said: Mapping[str, Any]) -> Strings:
    """The proxy's A, B, ... of the first inverter, A1, B1, ... of the second."""
    found: Strings = {}
    for name, string in said.items():
        if parts := re.fullmatch(r"([A-F])([1-8]?)", name):
            found[int(parts[2] or 0) + 1, parts[1]] = block(string)
    return found


def _of_inverter(said: Mapping[str, Any]) -> Strings:
    listed = block(said.get("pvac_status")).get("string_vitals")
    found: Strings = {}
    for place, string in enumerate(map(block, listed if isinstance(listed, list) else ())):
        inverter, index = divmod(place, PER_INVERTER)
        found[inverter + 1, LETTERS[index]] = {
            "Power": string.get("measured_power"),
            "Voltage": string.get("measured_voltage"),
            "Current": string.get("current"),
            "Connected": string.get("connected"),
        }
    return found
