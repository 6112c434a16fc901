"""HAN ports (Norway, Sweden, Denmark, Austria, Switzerland, Slovenia, ...): DLMS notifications as telegrams.

Meters of Aidon, Kaifa, Kamstrup, Iskraemeco, Landis+Gyr and Sagemcom push either lists that describe
themselves (OBIS code, value, scaler and unit), or pairs of code and value, or values by a list of codes that
goes before them, or values alone (`han_lists`). Where no scaler is sent it is the meter's convention, see
`han_scales`. Units are those of the DLMS Blue Book (DLMS UA 1000-1, table 4).
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

from appliance.model import Quantity as Q  # noqa: N817 - one per table row
from appliance.protocols import dlms, gcm, han_entries, han_scales, links, obis
from appliance.protocols.crc import x25
from appliance.protocols.dlms import Notification
from appliance.protocols.dsmr import DEVICES
from appliance.protocols.frames import Crc
from appliance.protocols.han_entries import CLOCKS, TEXTS, VERSION
from appliance.protocols.hdlc import FLAG, LLC
from appliance.protocols.quantities import SIGNED, electricity, value_of
from appliance.protocols.telegram import NO_KEYS, Child, Keys, Telegram

NO_KEY = (
    "The meter encrypts what it sends: ask your grid company for its encryption key and enter it as `key`"
)
WRONG_KEY = (
    "The key does not fit this meter: compare it with the 32 digits and letters your grid company sent you"
)
WRONG_AUTHENTICATION = (
    "The authentication key does not fit this meter (the encryption key does): correct it, or leave it empty"
)
COMPRESSED = "The meter compresses what it sends, which is not understood here; please send us a capture"
FOREIGN = "The meter sent a DLMS message that holds no readings"
UNKNOWN_LIST = "The values of this message are not named, and its list is not known; please send us a capture"

When = tuple[ZoneInfo, int | None]
"""Zone of local times, and the UTC ms of arrival if known."""
_PHASES = (
    (Q.VOLTAGE_L1, Q.CURRENT_L1), (Q.VOLTAGE_L2, Q.CURRENT_L2), (Q.VOLTAGE_L3, Q.CURRENT_L3),
)  # fmt: skip
_TYPED = ("AIDON", "Kamstrup", "KFM")
_TYPES = ("0-0:96.1.7", "1-1:96.1.1", "0-0:96.1.1")


def parse(frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram:
    """The telegram in the frames of one message, as `links.HanReader` hands them on; never raises."""
    message = links.message(frame)
    return _telegram(message.apdu, message.crc, (zone, now), keys, strict=message.parts > 1)


def parse_body(data: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram | None:
    """A capture without its flags, or of the notification or its list alone; None if it is nothing of that.

    What stands in no frame has no checksum: crc is "none", and it is believed if not a byte is left over.
    """
    if len(data) > 8 and data[0] & 0xF0 == 0xA0 and x25(data[:-2]) == int.from_bytes(data[-2:], "little"):
        return parse(bytes([FLAG]) + data, zone, now, keys)
    apdu = data[3:] if data[:3] in LLC else data
    if gcm.sealed(apdu) is None and dlms.notification(apdu) is None:
        apdu = b"\x0f\0\0\0\0\0" + apdu
    telegram = _telegram(apdu, "none", (zone, now), keys, strict=True)
    return telegram if telegram.lines or telegram.problem in (NO_KEY, WRONG_KEY) else None


def _telegram(apdu: bytes, crc: Crc, when: When, keys: Keys, strict: bool) -> Telegram:
    """`strict` where a part may be missing unseen: then a list that ends before it said is none."""
    envelope = gcm.sealed(apdu)
    title = gcm.title(apdu)
    if envelope is not None:
        apdu, problem = _opened(envelope, keys)
        if problem and (crc != "bad" or problem == NO_KEY):
            return Telegram(_named(title), None, crc, problem=problem)
    push = dlms.notification(apdu) or _newest(apdu)
    torn = push is None or (strict and envelope is None and len(push.items) < push.count)
    if push is None or torn:
        problem = FOREIGN if crc != "bad" else NO_KEY if title and keys.encryption is None else ""
        return Telegram(_named(title), None, crc, problem=problem)
    return _read(push, crc, when, title)


def _newest(apdu: bytes) -> Notification | None:
    """Some E450 put several notifications, each with its link header, into one frame: the last one counts."""
    parts = [apdu]
    for header in LLC:
        parts = [part for whole in parts for part in whole.split(header)]
    pushes = [dlms.notification(part) for part in parts]
    return None if None in pushes else pushes[-1]


def _opened(envelope: gcm.Sealed, keys: Keys) -> tuple[bytes, str]:
    """What is inside, or a sentence why it cannot be seen."""
    if keys.encryption is None and envelope.control & gcm.ENCRYPTED:
        return b"", NO_KEY
    inside = gcm.opened(envelope, keys.encryption or bytes(16), keys.authentication)
    if inside is None:
        return b"", COMPRESSED
    if dlms.notification(inside.plain) is None:
        return b"", WRONG_KEY
    return inside.plain, WRONG_AUTHENTICATION if inside.verified is False else ""


def _named(title: bytes) -> str:
    """The maker's letters a system title begins with."""
    return "".join(chr(byte) for byte in title[:3] if 0x20 < byte < 0x7F)


def _read(push: Notification, crc: Crc, when: When, title: bytes) -> Telegram:
    entries, nameless = han_entries.entries(push)
    maker = han_scales.maker(push, title)
    printed = han_scales.printed(entries, maker, when[0])
    lines = {entry.reference: printed[entry.reference] for entry in entries} | dict(nameless)
    meter = _meter(lines, push, maker) or _named(title)
    at = dlms.instant(push.sent, *when)
    clock = next((entry.item.data for entry in entries if entry.reference in CLOCKS), None)
    listed = dlms.instant(clock, *when) if isinstance(clock, bytes) else None
    telegram = Telegram(meter, listed if at is None else at, crc, lines=lines)
    if crc == "bad":
        return telegram
    children = _children(lines)
    readings = _readings(lines, meter)
    if not readings and nameless:
        return replace(telegram, problem=UNKNOWN_LIST)
    moments = {}
    if at is not None and listed is not None and listed < at:
        # Norwegian lists tell registers once an hour, as they stood on the full hour.
        moments = {quantity: listed for quantity in readings if quantity.spec.unit in ("kWh", "kvarh")}
    for child in children:
        if child.quantity is not None and child.value is not None:
            readings.setdefault(child.quantity, child.value)
    return replace(telegram, readings=readings, moments=moments, children=children)


def _meter(lines: dict[str, str], push: Notification, maker: str) -> str:
    """The list's version or the maker, and the meter's type where it tells it; else its device name."""
    first = dlms.text(push.items[0]) if push.items and push.items[0].tag in TEXTS else ""
    version = lines.get(VERSION) or (first if maker and first.startswith(maker) else maker)
    kind = next((lines[one] for one in _TYPES if one in lines), "") if maker in _TYPED else ""
    return f"{version} {kind}".strip() or lines.get("0-0:42.0.0", "")


def _readings(lines: dict[str, str], meter: str) -> dict[Q, float]:
    found: dict[str, str] = {}
    for reference, text in lines.items():
        if reference[:2] in ("0-", "1-") and "*" not in reference:
            key = obis.code(reference)
            if key.medium == 1 or key.channel == 0:
                found.setdefault(key.code, text)
    readings = electricity(found, lone=True)
    for volts, amps in _PHASES:
        if readings.get(volts) == 0 and (readings.get(amps, 0) != 0 or meter.startswith("KFM_")):
            # Where there is no neutral, Kaifa measures between two pairs of phases and says 0 for the third.
            del readings[volts]
            if readings.get(amps) == 0:
                del readings[amps]
    for quantity, directions in SIGNED.items():
        if readings.get(quantity) == 0 and sum(code in found for code in directions[:2]) == 1:
            # One direction alone: where it is 0, power may flow the other way.
            del readings[quantity]
    return readings


def _children(lines: dict[str, str]) -> tuple[Child, ...]:
    """Meters of gas, water and heat behind this one: `0-n:24.1.0` tells their kind, `0-n:24.2.x` counts."""
    out = []
    for channel in range(1, 5):
        told = {name: text for name, text in lines.items() if name.startswith(f"0-{channel}:24.")}
        kind = told.get(f"0-{channel}:24.1.0", "")
        device = int(kind) if kind.isdecimal() else None
        quantity = DEVICES.get(device) if device is not None else None
        count = next((text for name, text in told.items() if ":24.2." in name and "*" in text), "")
        value = value_of(count, quantity.spec.unit) if quantity is not None else None
        if told:
            out.append(Child(channel, device, quantity, None, value))
    return tuple(out)
