"""How far two counters of the same energy may differ: accuracy classes and what is assumed of each kind.

Class indices: EN 50470-3 (MID) A, B, C are ±2, ±1, ±0.5 % at reference conditions; IEC 62053-21 class 2 and 1
and the Ferraris classes of EN 50470-2 stand for the same shares. In use, with heat, frequency and voltage,
Directive 2014/32/EU (annex V, table 2) lets a meter err by 3.5, 2 and 0.7 % from its transitional current
on; the stricter index is taken here, because a month's energy is counted far from those limits.
"""

from typing import Literal, NamedTuple

CLASSES = {"A": 2.0, "B": 1.0, "C": 0.5, "2": 2.0, "1": 1.0, "0.5": 0.5}
"""Per cent either way, by class index."""
READERS = frozenset({
    "camera_meter", "p1_serial", "homewizard", "meter_endpoint", "remote", "s0_pulses", "elnet",
    "carma", "carman",
})  # fmt: skip
"""Types that read, or are told by a portal, a register that a meter counts: what went through while they
were silent is in it."""

PORTALS_OF_DAYS = frozenset({"carma", "carman"})
"""Types that tell what a register stood at, at the end of each day."""


class Accuracy(NamedTuple):
    """Per cent either way, and whether the owner told it or it is what such devices usually have."""

    percent: float
    told_by: Literal["config", "assumed"]


ASSUMED = {
    "camera_meter": CLASSES["A"],  # wheels are read where a Ferraris meter of class 2 may still hang
    "meter_endpoint": CLASSES["A"],
    "remote": CLASSES["A"],
    "p1_serial": CLASSES["B"],
    "homewizard": CLASSES["B"],
    "modbus_meter": CLASSES["B"],
    "s0_pulses": CLASSES["B"],
    "elnet": CLASSES["B"],
    "carma": CLASSES["B"],
    "carman": CLASSES["B"],
    "powerwall": 1.0,
}
"""By type of source. No list says which class hangs in a house: the meter's face does, and
`site.accuracy_percent` tells it here. Tesla states "Revenue Grade (+/- 0.5 %)" for the AC metering of a
Powerwall 3 (its specification, energylibrary.tesla.com); for gateways with current transformers no
figure was found, so twice that is assumed."""
OTHERS = 2.0
"""Inverters and whatever else counts without saying how well."""


def accuracy(type_: str, told: float | None = None) -> Accuracy:
    """What a counter of that type may err; `told` by the owner comes first."""
    if told is not None:
        return Accuracy(told, "config")
    return Accuracy(ASSUMED.get(type_, OTHERS), "assumed")
