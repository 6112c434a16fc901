"""Smart Message Language: what German meters send through their infrared window, one to four seconds apart.

Sources of the facts: SML 1.04 in BSI TR-03109-1, annex IV (transport version 1, section 8; binary
encoding, section 6; GetListResponse, section 5.1.10); units: DLMS UA Blue Book; server ids: DIN 43863-5.
"""

import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from appliance.protocols.crc import kermit, x25
from appliance.protocols.frames import LIMIT, Crc, Frame
from appliance.protocols.quantities import electricity
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram

START = b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01"
_SIGNAL = re.compile(rb"\x1b{4}(?:(\x1b{4})(?=(?!\x01{4}).{4})|(\x01{4})|(\x1a[\0-\x03]..))", re.DOTALL)
"""An escaped escape, a start, or an end with its count of fill bytes and checksum. A start right behind a
frame that broke off in an escape sequence is no escaped escape."""
_LONGEST = 12
_DEPTH = 8
"""No file nests deeper; noise may."""

_OCTETS, _BOOLEAN, _INTEGER, _UNSIGNED, _LIST = 0, 4, 5, 6, 7
_GET_LIST_RESPONSE = 0x0701

UNITS = {
    8: "deg", 9: "°C", 13: "m3", 27: "W", 28: "VA", 29: "var", 30: "Wh", 31: "VAh", 32: "varh",
    33: "A", 35: "V", 44: "Hz", 45: "1/Wh",
}  # fmt: skip

POWERS = ("16.7.0", "36.7.0", "56.7.0", "76.7.0")
UNSIGNED_POWER_OF_DZG = ((42_000_000, 48_999_999), (55_000_000, 58_999_999))
"""Serial numbers of DZG's DVS74: it sends a positive power of one or two bytes without its sign bit, so
that 356.24 W looks like -299.12 W (volkszaehler/libsml#136, after the maker). Negative ones take four."""

DIRECTION = 0x20
"""Bit of EMH's status word that is set while power flows out; it goes with the register of import, for power
itself comes without a sign (15.7.0). FNN Lastenheft EDL 1.0, data; volkszaehler/libsml#101, vzlogger#688."""

Node = tuple[int, Any]
"""Kind and content: bytes of an octet string or number, nodes of a list; (_OCTETS, b"") is "not given"."""


_NOTHING: Node = (_OCTETS, b"")
_ENTRY = b"\x77\x07"
"""A list of seven, which begins with a code of six bytes."""


class Reader:
    """Frames from the escape sequence of a start to that of an end."""

    def __init__(self) -> None:
        self.bad = 0
        self._buffer = bytearray()
        self._searched = 0
        self._open = False

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        frames: list[Frame] = []
        while (signal := _SIGNAL.search(self._buffer, self._searched)) is not None:
            self._searched = signal.end()
            if signal[2] is not None:
                frames += self._cut(signal.start(), whole=False)
                self._open = True
                self._searched = len(START)
            elif signal[3] is not None:
                frames += self._cut(signal.end(), whole=True)
        self._searched = max(self._searched, len(self._buffer) - _LONGEST + 1)
        if len(self._buffer) > LIMIT or not self._open:
            self.bad += self._open
            self._open = False
            del self._buffer[: 1 - _LONGEST]
            self._searched = 0
        return frames

    def flush(self) -> list[Frame]:
        return self._cut(len(self._buffer), whole=False)

    def _cut(self, end: int, whole: bool) -> list[Frame]:
        """What came before `end`, if a start was seen before it."""
        data, was_open = bytes(self._buffer[:end]), self._open
        # In place of a checksum that is none may stand the beginning of the next frame.
        del self._buffer[: end - 2 if was_open and whole and checksum(data) == "bad" else end]
        self._searched, self._open = 0, False
        self.bad += was_open and not whole
        return [Frame(data, whole)] if was_open else []


def checksum(frame: bytes) -> Crc:
    """X-25 over all but its own two bytes; Holley's meters use Kermit, and send its high byte first."""
    if len(frame) < 2 * len(START) or frame[-8:-3] != b"\x1b\x1b\x1b\x1b\x1a":
        return "bad"
    told = frame[-2:]
    if x25(frame[:-2]) == int.from_bytes(told, "little"):
        return "ok"
    return "ok" if kermit(frame[:-2]) == int.from_bytes(told, "big") else "bad"


def parse(frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram:
    """The list of values in a frame with its escape sequences; never raises, whatever the bytes.

    `at` is known only of meters that tell the time; most count the seconds since they were made.
    """
    crc = checksum(frame)
    meter, at = "", None
    lines: dict[str, str] = {}
    values: dict[str, str] = {}
    outward: bool | None = None
    unknown: list[str] = []
    body = _unescaped(frame, crc == "ok")
    for server, time, entries in [*_lists(body)] or [(b"", _NOTHING, _scanned(body))]:
        meter = server_id(server) or meter
        at = _instant(time) if at is None else at
        for entry in entries:
            line = _line(entry, meter)
            if line is None:
                unknown.append(_hex(entry))
                continue
            reference, value = line
            lines.setdefault(reference, value)
            if reference.startswith("1-0:1.8.") and "EMH" in meter[:4] and outward is None:
                outward = _outward(entry)
            if reference.startswith("1-0:"):
                values.setdefault(_code(reference), value)
    telegram = Telegram(meter, at, crc, lines=lines, unknown=tuple(unknown))
    if crc == "ok":
        telegram.readings.update(electricity(_as_usual(values, outward), lone=True))
    return telegram


def _unescaped(frame: bytes, whole: bool) -> bytes:
    body = frame[len(START) : -8 if whole else None]
    return _SIGNAL.sub(lambda found: found[1] or b"", body)


def _lists(body: bytes) -> Iterator[tuple[bytes, Node, list[Node]]]:
    """Server id, time and entries of each list of values; ends where the bytes make no sense."""
    at = 0
    try:
        while at < len(body):
            if body[at] == 0:  # the end of a message, or one that fills up to four bytes
                at += 1
                continue
            (kind, parts), at = _node(body, at)
            if kind != _LIST or len(parts) < 4:
                return
            response = _response(parts[3])
            if response is not None:
                (_, server), time, (_, entries) = response[1], response[3], response[4]
                yield server, time, [entry for entry in entries if entry[0] == _LIST]
    except (ValueError, TypeError, IndexError):
        return


def _scanned(body: bytes) -> list[Node]:
    """Entries of values wherever they stand: for files whose lists are built against the standard."""
    entries, at = [], 0
    while (at := body.find(_ENTRY, at)) >= 0:
        try:
            entry, at = _node(body, at)
        except (ValueError, IndexError):
            at += 1
        else:
            entries.append(entry)
    return entries


def _response(body: Node) -> list[Node] | None:
    kind, parts = body
    if kind != _LIST or len(parts) != 2 or _number(parts[0]) != _GET_LIST_RESPONSE:
        return None
    fields: list[Node] = parts[1][1]
    fits = parts[1][0] == _LIST and len(fields) == 7
    return fields if fits and fields[1][0] == _OCTETS and fields[4][0] == _LIST else None


def _node(data: bytes, at: int, depth: int = 0) -> tuple[Node, int]:
    """The element at `at` and where it ends. ValueError or IndexError where there is none."""
    head = data[at]
    kind, size, start = head >> 4 & 7, head & 0xF, at
    while head & 0x80:
        at += 1
        head = data[at]
        size = size << 4 | head & 0xF
    at += 1
    if kind == _LIST:
        if depth == _DEPTH or size > len(data) - at:
            raise ValueError("no list")
        items = []
        for _ in range(size):
            item, at = _node(data, at, depth + 1)
            items.append(item)
        return (_LIST, items), at
    end = start + size if size else at  # the length counts its own bytes; 00 ends a message
    if kind not in (_OCTETS, _BOOLEAN, _INTEGER, _UNSIGNED) or end < at or end > len(data):
        raise ValueError("no element")
    return (kind, data[at:end]), end


def _number(node: Node) -> int | None:
    kind, content = node
    if kind not in (_INTEGER, _UNSIGNED) or not content:
        return None
    return int.from_bytes(content, "big", signed=kind == _INTEGER)


def _line(entry: Node, meter: str) -> tuple[str, str] | None:
    """Reference and printed value of an entry; None if it is none."""
    fields: list[Node] = entry[1]
    if len(fields) != 7 or fields[0][0] != _OCTETS or len(fields[0][1]) != 6:
        return None
    name, _, _, unit, scaler, value, _ = fields
    a, b, c, d, e, f = name[1]
    reference = f"{a}-{b}:{c}.{d}.{e}*{f}"
    if _unsigned_by_mistake(meter, f"{c}.{d}.{e}", value):
        value = _UNSIGNED, value[1]
    number = _number(value)
    if number is None:
        content = value[1]
        return reference, _text(content) if isinstance(content, bytes) else ""
    printed = _decimal(number, _number(scaler) or 0)
    code = _number(unit)
    name_of_unit = UNITS.get(code, f"unit {code}") if code and code != 255 else ""
    return reference, f"{printed}*{name_of_unit}" if name_of_unit else printed


def _unsigned_by_mistake(meter: str, code: str, value: Node) -> bool:
    if code not in POWERS or value[0] != _INTEGER or len(value[1]) > 2:
        return False
    serial = re.fullmatch("1DZG00([0-9]{8})", meter)
    return serial is not None and any(a <= int(serial[1]) <= b for a, b in UNSIGNED_POWER_OF_DZG)


def _decimal(number: int, scaler: int) -> str:
    """`number` times ten to the power of `scaler`, in digits."""
    if not -9 <= scaler <= 9:
        return ""
    if scaler >= 0:
        return str(number * 10**scaler)
    digits = str(abs(number)).rjust(1 - scaler, "0")
    return f"{'-' if number < 0 else ''}{digits[:scaler]}.{digits[scaler:]}"


def _hex(node: Node) -> str:
    kind, content = node
    return " ".join(map(_hex, content)) if kind == _LIST else content.hex()


def _text(content: bytes) -> str:
    printable = content.isascii() and content.decode("ascii").isprintable()
    return content.decode("ascii") if printable else content.hex().upper()


def server_id(server: bytes) -> str:
    """As it is printed on the meter, `1DZG0042082910`; of older ones the maker and hex digits."""
    if len(server) == 10 and server[0] in (0x09, 0x0A) and server[2:5].isalpha():
        return f"{server[1]}{server[2:5].decode('latin-1')}{server[5]:02X}{int.from_bytes(server[6:]):08}"
    if len(server) > 4 and server[0] == 0x06 and server[1:4].isalpha():
        return f"{server[1:4].decode('latin-1')} {server[4:].hex().upper()}"
    return _text(server)


def _instant(time: Node) -> int | None:
    """UTC ms of a time; None of seconds since the meter was made."""
    kind, parts = time
    if kind != _LIST or len(parts) != 2:
        return None
    choice, content = _number(parts[0]), parts[1]
    if choice == 3 and content[0] == _LIST:  # seconds and the offsets of zone and season, in minutes
        content = content[1][0]
    seconds = _number(content) if choice in (2, 3) else None
    return None if seconds is None else seconds * 1000


def _code(reference: str) -> str:
    """`1-0:1.7.255*255` is 1.7.0: 255 in place of a tariff means all of them (EasyMeter, Hager)."""
    code = reference.removeprefix("1-0:").partition("*")[0]
    return code.removesuffix(".255") + ".0" if code.endswith(".255") else code


def _outward(entry: Node) -> bool | None:
    """Which way power flows by the status of a register; None if it has none."""
    status = _number(entry[1][1])
    return None if status is None else bool(status & DIRECTION)


def _as_usual(values: dict[str, str], outward: bool | None) -> dict[str, str]:
    """Power under the codes others use too: EMH's meters tell its amount (15.7.0) and the direction apart, an
    early feed-in meter of Hager's tells it as tariff 1 (1.7.1). An amount without a direction is no power."""
    if {"1.7.0", "2.7.0", "16.7.0"} & set(values):
        return values
    if "1.7.1" in values:
        return values | {"16.7.0": values["1.7.1"]}
    if "15.7.0" in values and outward is not None:
        amount = values["15.7.0"].removeprefix("-")
        return values | {"16.7.0": f"-{amount}" if outward else amount}
    return values
