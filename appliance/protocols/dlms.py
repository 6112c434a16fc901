"""DLMS messages: the data a meter pushes, in A-XDR (IEC 61334-6, tags of DLMS UA 1000-2, section 9.5).

A value is a tag and, for arrays and structures, the values inside. Dates are octet strings of twelve bytes.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.protocols.dsmr import SLACK_MS
from appliance.protocols.gcm import length, octets

NULL, ARRAY, STRUCTURE, BOOLEAN, BITS, OCTETS, VISIBLE, UTF8 = 0, 1, 2, 3, 4, 9, 10, 12
BCD, COMPACT, ENUM, DATE_TIME, DATE, TIME = 13, 19, 22, 25, 26, 27
INT8, INT16, INT32, UINT16, UINT32 = 15, 16, 5, 18, 6
_NUMBERS = {
    BOOLEAN: "?", INT32: "i", UINT32: "I", BCD: "b", INT8: "b", INT16: "h", 17: "B", UINT16: "H",
    20: "q", 21: "Q", ENUM: "B", 23: "f", 24: "d", 28: "b", 29: "h", 30: "i", 31: "B", 32: "H", 33: "I",
}  # fmt: skip
_FIXED = {DATE_TIME: 12, DATE: 5, TIME: 4}
_NOTIFICATION = 0x0F
_DEEPEST = 8
_UNSPECIFIED = -0x8000


@dataclass(frozen=True, slots=True)
class Item:
    """A value: `data` is a number, bytes, text, None or, of arrays and structures, the items inside."""

    tag: int
    data: "int | float | bytes | str | tuple[Item, ...] | None"

    @property
    def inner(self) -> "tuple[Item, ...]":
        return self.data if isinstance(self.data, tuple) else ()


@dataclass(frozen=True, slots=True)
class Notification:
    """What a meter pushed: `sent` is its twelve bytes of date and time, if it gave any.

    `count` is how many items the message says it has: some meters end before the last.
    """

    sent: bytes
    items: tuple[Item, ...]
    count: int


def notification(apdu: bytes) -> Notification | None:
    """The data-notification in `apdu`; None if it is none.

    Behind tag and invocation stands the date, by the standard a length (0 or 12) and its bytes; Kaifa
    writes a tag before that.
    """
    if len(apdu) < 7 or apdu[0] != _NOTIFICATION:
        return None
    at = 6 if apdu[5] == OCTETS else 5
    if apdu[5] == DATE_TIME:
        return body(apdu[18:], apdu[6:18])
    sent = octets(apdu, at)
    if sent is None or len(sent[0]) not in (0, 12):
        return None
    return body(apdu[sent[1] :], sent[0])


def body(data: bytes, sent: bytes = b"") -> Notification | None:
    """The notification whose structure or array is `data`; None if it is none or something is left over."""
    if len(data) < 2 or data[0] not in (ARRAY, STRUCTURE):
        return None
    count = length(data, 1)
    if count is None:
        return None
    reader = _Reader(data, count[1])
    items = []
    try:
        for _ in range(count[0]):
            items.append(reader.item())
    except _EndsError:
        return Notification(sent, tuple(items), count[0])
    except ValueError:
        return None
    return Notification(sent, tuple(items), count[0]) if reader.at == len(data) else None


class _EndsError(ValueError):
    """The bytes end inside a value."""


class _Reader:
    """Takes values from bytes one by one. ValueError where there is none."""

    def __init__(self, data: bytes, at: int) -> None:
        self.at = at
        self._data = data

    def item(self, depth: int = 0) -> Item:
        return self._content(self._take(1)[0], depth)

    def _content(self, tag: int, depth: int) -> Item:
        if tag in _NUMBERS:
            code = ">" + _NUMBERS[tag]
            return Item(tag, struct.unpack(code, self._take(struct.calcsize(code)))[0])
        if tag in _FIXED:
            return Item(tag, self._take(_FIXED[tag]))
        if tag in (NULL, 0xFF):
            return Item(NULL, None)
        if depth >= _DEEPEST:
            raise ValueError("deeper than any meter nests")
        if tag == COMPACT:
            return self._compact(depth)
        size = self._length()
        if tag in (ARRAY, STRUCTURE):
            return Item(tag, tuple(self.item(depth + 1) for _ in range(size)))
        if tag in (OCTETS, VISIBLE, UTF8):
            raw = self._take(size)
            return Item(tag, raw if tag == OCTETS else raw.decode("utf-8", "replace"))
        if tag == BITS:
            return Item(tag, self._take((size + 7) // 8))
        raise ValueError(f"no value has the tag {tag}")

    def _compact(self, depth: int) -> Item:
        """An array whose items all have the shape that is given once, before them."""
        shape = self._shape(depth)
        size = self._length()
        end = self.at + size
        if end > len(self._data):
            raise _EndsError
        items = []
        while self.at < end:
            before = self.at
            items.append(self._shaped(shape, depth + 1))
            if self.at == before:
                raise ValueError("an array of nothing")
        return Item(ARRAY, tuple(items))

    def _shape(self, depth: int) -> tuple[int, list[object]]:
        """A tag and, of a structure, the shapes inside; of an array its one as often as it has items."""
        tag = self._take(1)[0]
        if depth >= _DEEPEST:
            raise ValueError("deeper than any meter nests")
        if tag == STRUCTURE:
            return tag, [self._shape(depth + 1) for _ in range(self._length())]
        if tag == ARRAY:
            count = int.from_bytes(self._take(2), "big")
            if count > len(self._data):
                raise ValueError("more items than bytes")
            return tag, [self._shape(depth + 1)] * count
        return tag, []

    def _shaped(self, shape: tuple[int, list[object]], depth: int) -> Item:
        tag, inner = shape
        if tag not in (ARRAY, STRUCTURE):
            return self._content(tag, depth)
        return Item(tag, tuple(self._shaped(one, depth + 1) for one in inner))  # type: ignore[arg-type]

    def _length(self) -> int:
        size = length(self._data, self.at)
        if size is None:
            raise _EndsError
        self.at = size[1]
        return size[0]

    def _take(self, size: int) -> bytes:
        raw = self._data[self.at : self.at + size]
        if len(raw) < size:
            raise _EndsError
        self.at += size
        return raw


def instant(stamp: bytes, zone: ZoneInfo, near: int | None = None) -> int | None:
    """UTC ms of a date-time: year 2, month, day, weekday, hour, minute, second, hundredths, deviation 2,
    status. None if it is none, or if the meter says by status that its clock is wrong.

    The deviation is UTC minus local time in minutes, so -60 in Paris; some meters give it the other sign,
    which then is the zone's offset. Without one it is `zone`'s time; of an hour that happens twice it is the
    last that is not after `near` (UTC ms), the first if that is not given.
    """
    if len(stamp) != 12:
        return None
    year, month, day, _, hour, minute, second, _, deviation, status = struct.unpack(">H6BBhB", stamp)
    if status != 0xFF and status & 1:
        return None
    try:
        local = datetime(year, month, day, hour, minute, 0 if second == 0xFF else second, tzinfo=UTC)
        here = local.replace(tzinfo=zone)
        offset = here.utcoffset() or timedelta(0)
        if deviation == _UNSPECIFIED:
            again = here.replace(fold=1)
            late = near is not None and again.timestamp() * 1000 <= near + SLACK_MS
            moment = again if late else here
        elif timedelta(minutes=deviation) == offset:
            moment = local - offset
        else:
            moment = local + timedelta(minutes=deviation)
        return int(moment.timestamp()) * 1000
    except (ValueError, OverflowError):
        return None


def text(item: Item) -> str:
    """A value as a person reads it: octets as text where they are, dates as dates, the rest in hex."""
    data = item.data
    if isinstance(data, bool):
        return str(int(data))
    if isinstance(data, bytes):
        return _octets(data)
    if isinstance(data, tuple):
        return " ".join(text(inner) for inner in data)
    return "" if data is None else str(data)


def _octets(data: bytes) -> str:
    if len(data) == 12 and 2000 <= int.from_bytes(data[:2], "big") < 2200:
        year, month, day, _, hour, minute, second = struct.unpack(">H6B", data[:8])
        return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    if len(data) == 6 and data[5] == 0xFF:
        return obis(data)
    if data and all(0x20 <= byte < 0x7F for byte in data):
        return data.decode("ascii")
    return data.hex()


def obis(code: Sequence[int]) -> str:
    """Six bytes of a logical name as `1-0:1.8.0`, with its sixth value only where that is not 255."""
    a, b, c, d, e, f = code
    return f"{a}-{b}:{c}.{d}.{e}" + ("" if f == 0xFF else f"*{f}")
