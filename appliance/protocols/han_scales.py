"""Numbers of HAN lists with their units: sent by the meter, or by its maker's convention.

Voltages without a scaler need no convention: meters of one maker send volts, tenths and hundredths
(amsreader-firmware#970), and a mains voltage lies in only one of the three. Currents do: Kaifa sends mA,
Kamstrup, Iskraemeco and Landis+Gyr 0.01 A, Kamstrup behind current transformers (type 685...) mA
(amsreader-firmware#216). Kamstrup counts energy in 10 Wh (HAN-NVE interface description rev 3.1, 2.7.1),
but in Sweden grid companies had it changed to Wh (amsreader-firmware#239, #811, #874) and the message does
not tell, so there it is Wh.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from appliance.protocols import dlms
from appliance.protocols.dlms import Item, Notification
from appliance.protocols.han_entries import TEXTS, Entry

MAKERS = ("AIDON", "Kamstrup", "KFM", "ISK", "KAM", "SAG", "LGZ")
UNITS: Mapping[int, str] = {
    5: "h", 6: "min", 7: "s", 8: "°", 9: "°C", 13: "m3", 14: "m3", 25: "J", 27: "W", 28: "VA", 29: "var",
    30: "Wh", 31: "VAh", 32: "varh", 33: "A", 35: "V", 44: "Hz",
}  # fmt: skip
"""DLMS UA 1000-1 ("Blue Book"), table 4."""

_VOLTAGES = ("32.7.0", "52.7.0", "72.7.0")
_CURRENTS = ("31.7.0", "51.7.0", "71.7.0")
_POWERS = {1: "W", 2: "W", 3: "var", 4: "var", 16: "W"}
"""Of the sum; 20, 40 and 60 more are those of the phases. 16 has a sign."""
_VOLTS = (80.0, 320.0)
"""Between phase and neutral, or between phases of a 230 V net."""
_HERTZ = (40.0, 70.0)
_TELLING_VA = 150
"""With less the currents of a house are mostly reactive and tell nothing of their scale."""
_SWEDEN = "Europe/Stockholm"


def maker(push: Notification, title: bytes) -> str:
    """Who made the meter, as one of MAKERS, by its texts or system title; "" if neither says."""
    said = [dlms.text(item) for item in _texts(push.items)] + [title.decode("latin-1")]
    return next((name for text in said for name in MAKERS if text.startswith(name)), "")


def _texts(items: Sequence[Item]) -> list[Item]:
    found = []
    for item in items:
        found += _texts(item.inner) if item.inner else [item] * (item.tag in TEXTS)
    return found


def printed(entries: Sequence[Entry], made: str, zone: ZoneInfo) -> dict[str, str]:
    """What each entry says, with its unit where that is known: "230.1*V"."""
    step = _current_step(entries, made)
    volts = _voltage_step(entries)
    energy = 1 if made in ("Kamstrup", "KAM") and zone.key != _SWEDEN else 0
    out = {}
    for entry in entries:
        value = entry.number
        if entry.reference.endswith(":96.14.0") and isinstance(entry.item.data, bytes):
            out[entry.reference] = str(int.from_bytes(entry.item.data, "big"))
        elif value is None:
            out[entry.reference] = dlms.text(entry.item)
        elif entry.scaler is not None:
            out[entry.reference] = _text(value, entry.scaler, UNITS.get(entry.unit or 0, ""))
        else:
            out[entry.reference] = _guessed(entry.code, value, volts, step, energy)
    return out


def _guessed(code: str, value: float, volts: int, amps: int | None, energy: int) -> str:
    group, _, rest = code.partition(".")
    phase = int(group) % 20 if group.isdecimal() and int(group) < 80 else 0
    if rest == "7.0" and phase in _POWERS:
        return _text(value, 0, _POWERS[phase])
    if code in _VOLTAGES:
        return _text(value, volts, "V")
    if code in _CURRENTS:
        return _text(value, amps, "A") if amps is not None else _text(value, 0, "")
    if code == "14.7.0":
        return _text(value, _step(value, _HERTZ), "Hz")
    if rest.startswith("8.") and 1 <= phase <= 8:
        return _text(value, energy, "Wh" if phase <= 2 else "varh")
    return _text(value, 0, "")


def _text(value: float, scaler: int, unit: str) -> str:
    if isinstance(value, float):
        number = f"{value * 10.0**scaler:.9g}"
    elif scaler >= 0:
        number = str(value * 10**scaler)
    else:
        number = f"{value / 10**-scaler:.{-scaler}f}"
    return f"{number}*{unit}" if unit else number


def _voltage_step(entries: Sequence[Entry]) -> int:
    """The power of ten that makes the highest voltage one of the mains."""
    raw = [entry.number or 0 for entry in entries if entry.code in _VOLTAGES and entry.scaler is None]
    return _step(max(raw, default=0), _VOLTS)


def _step(value: float, span: tuple[float, float]) -> int:
    """The power of ten that brings a value into a span of less than a decade."""
    return next((step for step in (0, -1, -2, -3) if span[0] <= value * 10.0**step <= span[1]), -1)


def _current_step(entries: Sequence[Entry], made: str) -> int | None:
    """The power of ten of currents that have no scaler: the maker's, unless the power shows it to be wrong;
    of an unknown maker the only one that fits the power. None if there is none.

    The sum of voltage times current is never less than the power, and rarely much more than what real and
    reactive power make together.
    """
    found = {entry.code: entry.number or 0 for entry in entries if entry.number is not None}
    kind = next((dlms.text(entry.item) for entry in entries if entry.reference.endswith(":96.1.1")), "")
    highest = max(found.get(code, 0) for code in _VOLTAGES)
    volts = highest * 10.0 ** _voltage_step(entries)
    amps = sum(found.get(code, 0) for code in _CURRENTS)
    power = max(found.get(code, 0) for code in ("1.7.0", "2.7.0"))
    reactive = max(found.get(code, 0) for code in ("3.7.0", "4.7.0"))
    if made:
        step = -3 if made == "KFM" or (made == "Kamstrup" and kind.startswith("685")) else -2
        return step if amps * 10.0**step * volts >= 0.8 * power - 50 else None
    if not amps:
        return 0
    apparent = (power**2 + reactive**2) ** 0.5
    fits = [step for step in (-3, -2, -1, 0) if 0.8 * power <= amps * 10.0**step * volts <= 2 * apparent + 50]
    return fits[0] if len(fits) == 1 and apparent > _TELLING_VA else None
