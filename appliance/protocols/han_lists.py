"""Lists of values without names, as some meters push them: what stands where.

A shape has one letter a value: s octets or text, U 32 bits, u 16 bits, b boolean, . anything. Names are OBIS
codes; "" is said in `lines` by its place alone. Facts: NVE/NEK HAN list descriptions of Kaifa (KFM_001),
Electro Ljubljana and SODO lists of Iskraemeco AM550 (ISK), and what readers of these ports found
(amsreader-firmware#787, #869, #1072 and its decoder; node-dsmr-parser's example lists).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Check = Literal["", "sums", "large"]

_KAIFA_2 = "1.7.0 2.7.0 3.7.0 4.7.0 31.7.0 51.7.0 71.7.0 32.7.0 52.7.0 72.7.0"
_KAIFA_2_SINGLE = "1.7.0 2.7.0 3.7.0 4.7.0 31.7.0 32.7.0"
_REGISTERS = "1.8.0 2.8.0 3.8.0 4.8.0"
_SUMS = "1.8.0 1.8.1 1.8.2 2.8.0 2.8.1 2.8.2"
_POWERS = "1.7.0 2.7.0 3.7.0 4.7.0"
_VOLTS, _AMPS = "32.7.0 52.7.0 72.7.0", "31.7.0 51.7.0 71.7.0"
_PHASES = "21.7.0 41.7.0 61.7.0 22.7.0 42.7.0 62.7.0"
AMPS = frozenset(_AMPS.split())


@dataclass(frozen=True, slots=True)
class Layout:
    """One list: `marker` is how its first text begins ("" for none), `amps` the power of ten of its amperes.

    `check` says what must hold for the values to be what they are thought to be: "sums" that totals are those
    of their tariffs, "large" that the first is above 200 kWh, too much to be a power.
    """

    shape: str
    names: tuple[str, ...]
    marker: str = ""
    amps: int = -2
    check: Check = ""


def _list(shape: str, names: str, marker: str = "", amps: int = -2, check: Check = "") -> Layout:
    return Layout(shape, tuple("" if name == "-" else name for name in names.split()), marker, amps, check)


LAYOUTS: tuple[Layout, ...] = (
    _list("U", "1.7.0"),
    _list("sssUUUUUU", f"- 96.1.0 96.1.1 {_KAIFA_2_SINGLE}", "KFM", -3),
    _list("sssUUUUUUUUUU", f"- 96.1.0 96.1.1 {_KAIFA_2}", "KFM", -3),
    _list("sssUUUUUUsUUUU", f"- 96.1.0 96.1.1 {_KAIFA_2_SINGLE} 1.0.0 {_REGISTERS}", "KFM", -3),
    _list("sssUUUUUUUUUUsUUUU", f"- 96.1.0 96.1.1 {_KAIFA_2} 1.0.0 {_REGISTERS}", "KFM", -3),
    _list("ssUUUUuuuuuuUUUUUU", f"42.0.0 96.1.2 {_POWERS} {_VOLTS} {_AMPS} {_PHASES}", "ISK"),
    _list("ssbsUUUUUUUU", f"42.0.0 96.1.3 96.3.10 96.14.0 {_SUMS} 3.8.0 4.8.0", "ISK", check="sums"),
    _list("ssuuuuuuUUUU", f"42.0.0 96.1.2 {_VOLTS} {_AMPS} {_POWERS}", "ISK"),
    _list("ssUUUUuuUU", f"42.0.0 96.1.2 {_POWERS} 32.7.0 31.7.0 21.7.0 22.7.0", "ISK"),
    _list("ssUUUUUUUU", "42.0.0 96.1.3 1.8.1 1.8.2 2.8.1 2.8.2 3.8.1 3.8.2 4.8.1 4.8.2", "ISK"),
    _list("ssUUUUuUU", f"42.0.0 96.1.2 {_POWERS} 32.7.0 - -", "ISK"),
    _list("sUUUUUUUU", f"42.0.0 1.7.0 2.7.0 {_SUMS}", "ISK", check="sums"),
    _list("ssuuUUUU", f"42.0.0 96.1.2 32.7.0 31.7.0 {_POWERS}", "ISK"),
    _list("ssUU", "42.0.0 96.1.3 1.8.0 2.8.0", "ISK", check="large"),
    _list("UU", "1.8.0 2.8.0", check="large"),
    _list("sUUUUUUUU", f"1.0.0 {_REGISTERS} {_POWERS}", "20"),
    _list("ssssUUUUUUss", f"- 96.1.0 0.9.1 0.9.2 {_REGISTERS} 1.7.0 2.7.0 - -", "0-6:25.9.0"),
    _list("ssssUUUUUU", f"- 96.1.0 0.9.1 0.9.2 {_REGISTERS} 1.7.0 2.7.0", "0-6:25.9.0"),
    _list("ssssUUUU", f"- 96.1.0 0.9.1 0.9.2 {_REGISTERS}", "0-6:25.9.0"),
    _list(
        "sssUUUUUUUUUUUUuUUUUUUuuuuuu.....",
        f"96.1.0 0.9.1 0.9.2 {_SUMS} 5.8.0 6.8.0 7.8.0 8.8.0 1.7.0 2.7.0 13.7.0 {_PHASES} {_VOLTS} {_AMPS} "
        "- - - - -",
        check="sums",
    ),
    _list("UUUUUUssUUuuuuu", f"{_SUMS} - 1.0.0 2.7.0 1.7.0 {_AMPS} 32.7.0 72.7.0", check="sums"),
    _list("uuuuuuUUUUuuus", f"{_VOLTS} {_AMPS} 1.7.0 2.7.0 1.8.0 2.8.0 - - - 96.1.0"),
    _list("uuuuuuUUUUs", f"{_VOLTS} {_AMPS} 1.7.0 2.7.0 1.8.0 2.8.0 96.1.0"),
)
"""Without a marker are, from above: Kaifa's shortest list; Landis+Gyr E450 in Thurgau (CH; scs
smartmeter-datacollector#74); Iskraemeco IE.5 (HR); Iskraemeco AM550; Landis+Gyr E360 and E450 (AT; Tasmota
#23027), twice. The list that begins with a date is that of Wiener Netze (AT; Tasmota#8790)."""


def fits(layout: Layout, shape: str, count: int, first: str) -> bool:
    """Whether a message of `count` values, `shape` so far, whose first text is `first`, is this list."""
    if count != len(layout.shape) or not first.startswith(layout.marker):
        return False
    return _pattern(layout.shape[: len(shape)]).fullmatch(shape) is not None


@lru_cache(maxsize=256)
def _pattern(shape: str) -> re.Pattern[str]:
    return re.compile(shape)
