"""HAN ports (Norway, Sweden, Denmark, Austria, Switzerland, Slovenia, ...): DLMS notifications as telegrams.

Meters of Aidon, Kaifa, Kamstrup, Iskraemeco, Landis+Gyr and Sagemcom push either lists that describe
themselves (OBIS code, value, scaler and unit), or pairs of code and value, or values by a list of codes that
goes before them, or values alone (`han_lists`). Where no scaler is sent it is the meter's convention, see
`han_scales`. Units are those of the DLMS Blue Book (DLMS UA 1000-1, table 4).
"""

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from appliance.model import Quantity as Q  # noqa: N817 - one per table row
from appliance.protocols import dlms, gcm, han_lists, han_scales, links, obis
from appliance.protocols.crc import x25
from appliance.protocols.dlms import Item, Notification
from appliance.protocols.frames import Crc
from appliance.protocols.han_scales import Entry
from appliance.protocols.hdlc import FLAG, LLC
from appliance.protocols.quantities import SIGNED, electricity
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram

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
_CLOCKS = ("0-0:1.0.0", "0-1:1.0.0")
_VERSION = "1-1:0.2.129"
_GUESSED = (_VERSION, _CLOCKS[0], "0-0:96.1.0")
"""What a value without a code is taken for, by its form."""
_TYPED = ("AIDON", "Kamstrup", "KFM")
_LARGE_WH = 200_000
_TYPES = ("0-0:96.1.7", "1-1:96.1.1", "0-0:96.1.1")


def parse(frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram:
    """The telegram in the frames of one message, as `links.HanReader` hands them on; never raises."""
    message = links.message(frame)
    return _telegram(message.apdu, message.crc, (zone, now), keys, strict=message.parts > 1)


def parse_body(
    data: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS
) -> Telegram | None:
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
    envelope = gcm.sealed(apdu)
    title = b""
    if envelope is not None:
        title = envelope.title
        apdu, problem = _opened(envelope, keys)
        if problem:
            return Telegram(_named(title), None, crc, problem=problem)
    push = dlms.notification(apdu) or _newest(apdu)
    torn = push is None or (strict and len(push.items) < push.count)
    if push is None or torn:
        problem = "" if crc == "bad" else FOREIGN
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
    entries, nameless = _entries(push)
    maker = han_scales.maker(push, title)
    printed = han_scales.printed(entries, maker, when[0]) if entries else {}
    lines = {entry.reference: printed[entry.reference] for entry in entries} | dict(nameless)
    meter = _meter(lines, push, maker) or _named(title)
    at = dlms.instant(push.sent, *when)
    clock = next((entry.item.data for entry in entries if entry.reference in _CLOCKS), None)
    listed = dlms.instant(clock, *when) if isinstance(clock, bytes) else None
    telegram = Telegram(meter, listed if at is None else at, crc, lines=lines)
    if crc == "bad":
        return telegram
    readings = _readings(lines)
    if not readings:
        problem = "" if any(entry.reference for entry in entries) and not nameless else UNKNOWN_LIST
        return replace(telegram, problem=problem)
    moments = {}
    if at is not None and listed is not None and listed < at:
        # Norwegian lists tell registers once an hour, as they stood on the full hour.
        moments = {quantity: listed for quantity in readings if quantity.spec.unit in ("kWh", "kvarh")}
    return replace(telegram, readings=readings, moments=moments)


def _meter(lines: dict[str, str], push: Notification, maker: str) -> str:
    """The list's version or the maker, and the meter's type where it tells it; else its device name."""
    first = dlms.text(push.items[0]) if push.items and push.items[0].tag in han_scales.TEXTS else ""
    version = lines.get(_VERSION) or (first if maker and first.startswith(maker) else maker)
    kind = next((lines[one] for one in _TYPES if one in lines), "") if maker in _TYPED else ""
    return f"{version} {kind}".strip() or lines.get("0-0:42.0.0", "")


def _readings(lines: dict[str, str]) -> dict[Q, float]:
    found: dict[str, str] = {}
    for reference, text in lines.items():
        if reference[:2] in ("0-", "1-"):
            key = obis.code(reference)
            if key.medium == 1 or key.channel == 0:
                found.setdefault(key.code, text)
    readings = electricity(found, lone=True)
    for volts, amps in _PHASES:
        if readings.get(volts) == 0 and readings.get(amps, 0) != 0:
            # Where there is no neutral, Kaifa measures between two pairs of phases and says 0 for the third.
            del readings[volts]
    for quantity, directions in SIGNED.items():
        if readings.get(quantity) == 0 and sum(code in found for code in directions[:2]) == 1:
            # One direction alone: where it is 0, power may flow the other way.
            del readings[quantity]
    return readings


def _entries(push: Notification) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The values that have a name, and those that have only a place, as (place, text)."""
    described = _described(push)
    if described is not None:
        return described, []
    shape = "".join(_letter(item) for item in push.items)
    first = next((dlms.text(item) for item in push.items if item.tag in han_scales.TEXTS), "")
    for layout in han_lists.LAYOUTS:
        if han_lists.fits(layout, shape, push.count, first) and _holds(layout, push.items):
            return _placed(layout, push.items)
    entries = list(_paired(push.items))
    if any(entry.reference not in _GUESSED for entry in entries):
        return entries, []
    return [], [(f"[{at}]", dlms.text(item)) for at, item in enumerate(push.items, 1)]


def _letter(item: Item) -> str:
    if item.tag in han_scales.TEXTS:
        return "s"
    if item.tag in (dlms.UINT32, dlms.INT32):
        return "U"
    if item.tag in (dlms.UINT16, dlms.INT16):
        return "u"
    return "b" if item.tag == dlms.BOOLEAN else "-"


def _holds(layout: han_lists.Layout, items: tuple[Item, ...]) -> bool:
    """Whether the values are what the layout takes them for, as far as they tell."""
    value = {name: item.data for name, item in zip(layout.names, items, strict=False)}
    if layout.check == "large":
        total = value.get("1.8.0")
        return isinstance(total, int) and total > _LARGE_WH
    for way in ("1", "2") if layout.check == "sums" else ():
        total, *parts = (value.get(f"{way}.8.{tariff}") for tariff in range(3))
        known = [part for part in parts if isinstance(part, int)]
        # Each was cut off to whole Wh.
        if isinstance(total, int) and len(known) == 2 and abs(total - sum(known)) > 2:
            return False
    return True


def _placed(
    layout: han_lists.Layout, items: tuple[Item, ...]
) -> tuple[list[Entry], list[tuple[str, str]]]:
    entries, nameless = [], []
    for place, (name, item) in enumerate(zip(layout.names, items, strict=False), 1):
        if not name:
            nameless.append((f"[{place}]", dlms.text(item)))
            continue
        medium = 0 if name.startswith(("96.", "42.0", "1.0.0", "0.9.")) else 1
        entry = Entry(f"{medium}-0:{name}", item)
        if name in han_lists.AMPS:
            entry = replace(entry, scaler=layout.amps, unit=han_scales.AMPERE)
        entries.append(entry)
    return entries, nameless


def _described(push: Notification) -> list[Entry] | None:
    """Values by the list of codes that goes before them: class, code, attribute, index each (E450).

    The list names itself as the first value, or stands before the first.
    """
    items = push.items
    if not items or items[0].tag != dlms.ARRAY:
        return None
    codes = [_code(one.inner[1]) for one in items[0].inner if len(one.inner) >= 3]
    if not codes or None in codes or len(codes) != len(items[0].inner):
        return None
    values = items if len(codes) == push.count else items[1:]
    return [
        Entry(code, item)
        for code, item in zip(codes, values, strict=False)
        if code is not None and item.tag not in (dlms.ARRAY, dlms.STRUCTURE)
    ]


def _paired(items: tuple[Item, ...]) -> Iterator[Entry]:
    """Each code with the value behind it and, if there is one, the scaler and unit behind that."""
    at = 0
    while at < len(items):
        code = _code(items[at])
        following = items[at + 1] if at + 1 < len(items) else None
        if code is None or following is None or following.inner:
            yield from _alone(items[at], at)
            at += 1
            continue
        scaler = _scaler(items[at + 2]) if at + 2 < len(items) else None
        if following.tag != dlms.NULL:
            yield Entry(code, following, *(scaler or ()))
        at += 3 if scaler else 2


def _alone(item: Item, at: int) -> Iterator[Entry]:
    """A value with no code: the list's version, the clock or the number of the meter; or more of the list."""
    if item.inner:
        yield from _paired(item.inner)
    elif item.tag in (dlms.VISIBLE, dlms.UTF8) and at == 0:
        yield Entry(_VERSION, item)
    elif item.tag == dlms.OCTETS and isinstance(item.data, bytes) and len(item.data) == 12 and at == 0:
        yield Entry(_CLOCKS[0], item)
    elif item.tag == dlms.OCTETS and _code(item) is None:
        yield Entry("0-0:96.1.0", item)


def _code(item: Item) -> str | None:
    raw = item.data
    if item.tag != dlms.OCTETS or not isinstance(raw, bytes) or len(raw) != 6 or raw[0] > 15:
        return None
    return dlms.obis(raw)


def _scaler(item: Item) -> tuple[int, int] | None:
    inner = item.inner
    if len(inner) != 2 or (inner[0].tag, inner[1].tag) != (dlms.INT8, dlms.ENUM):
        return None
    scaler, unit = inner[0].data, inner[1].data
    if not isinstance(scaler, int) or not isinstance(unit, int) or not -9 <= scaler <= 9:
        return None
    return scaler, unit
