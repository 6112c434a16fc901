"""The values of a notification and their names, in whichever way the meter tells them.

Either each code is followed by its value and perhaps by scaler and unit; or a list of codes goes before the
values; or there are values alone, and the list is known by its form (`han_lists`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from appliance.protocols import dlms, han_lists
from appliance.protocols.dlms import Item, Notification

TEXTS = (dlms.OCTETS, dlms.VISIBLE, dlms.UTF8)
VERSION = "1-1:0.2.129"
CLOCKS = ("0-0:1.0.0", "0-1:1.0.0")
_GUESSED = (VERSION, CLOCKS[0], "0-0:96.1.0")
"""What a value without a code is taken for, by its form."""
_AMPERE, _NO_UNIT = 33, 255
_LARGE_WH = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One value: its `reference`, and scaler and unit where the meter sent them."""

    reference: str
    item: Item
    scaler: int | None = None
    unit: int | None = None

    @property
    def code(self) -> str:
        """The reference without medium and channel, for electricity alone: `1.8.0`."""
        return self.reference.partition(":")[2] if self.reference.startswith("1-") else ""

    @property
    def number(self) -> int | float | None:
        data = self.item.data
        return data if isinstance(data, int | float) and not isinstance(data, bool) else None


def entries(push: Notification) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The values that have a name, and those that have only a place, as (place, text)."""
    described = _described(push)
    if described is not None:
        return described, []
    shape = "".join(_letter(item) for item in push.items)
    first = next((dlms.text(item) for item in push.items if item.tag in TEXTS), "")
    for layout in han_lists.LAYOUTS:
        if han_lists.fits(layout, shape, push.count, first) and _holds(layout, push.items):
            return _placed(layout, push.items)
    paired = list(_paired(push.items))
    if any(entry.reference not in _GUESSED for entry in paired):
        return paired, []
    return [], [(f"[{at}]", dlms.text(item)) for at, item in enumerate(push.items, 1)]


def _letter(item: Item) -> str:
    if item.tag in TEXTS:
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


def _placed(layout: han_lists.Layout, items: tuple[Item, ...]) -> tuple[list[Entry], list[tuple[str, str]]]:
    named, nameless = [], []
    for place, (name, item) in enumerate(zip(layout.names, items, strict=False), 1):
        if not name:
            nameless.append((f"[{place}]", dlms.text(item)))
            continue
        medium = 0 if name.startswith(("96.", "42.0", "1.0.0", "0.9.")) else 1
        entry = Entry(f"{medium}-0:{name}", item)
        if name in han_lists.AMPS:
            entry = replace(entry, scaler=layout.amps, unit=_AMPERE)
        named.append(entry)
    return named, nameless


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
        yield Entry(VERSION, item)
    elif item.tag == dlms.OCTETS and isinstance(item.data, bytes) and len(item.data) == 12 and at == 0:
        yield Entry(CLOCKS[0], item)
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
    if not isinstance(scaler, int) or not isinstance(unit, int):
        return None
    return (scaler, unit) if -9 <= scaler <= 9 else (0, _NO_UNIT)
