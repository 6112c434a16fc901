"""P1 telegrams as text: DSMR 2.2 to 5 (NL), ESMR, e-MUCS (BE), Swedish, Hungarian, Austrian, Irish relatives.

Sources of the facts: DSMR P1 companion standard 5.0.2 (Netbeheer Nederland), e-MUCS P1 2.1.1 (Fluvius),
Branschrekommendation för lokalt kundgränssnitt 2.0 (Energiföretagen Sverige), M-Bus device types of
EN 13757-3. Meters count what flows into the house as import; power is signed as in `appliance.model`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from appliance.clock import HOUR_MS, MINUTE_MS
from appliance.model import Quantity as Q  # noqa: N817 - the tables below are made of them
from appliance.protocols import obis
from appliance.protocols.frames import END, checksum
from appliance.protocols.quantities import PLAIN, SIGNED, electricity, scaled
from appliance.protocols.telegram import NO_KEYS, Child, Keys, Telegram

DEVICES: Mapping[int, Q] = {
    3: Q.GAS, 4: Q.HEAT, 12: Q.HEAT, 13: Q.HEAT, 6: Q.WATER, 7: Q.WATER, 21: Q.WATER, 22: Q.WATER,
}  # fmt: skip
"""M-Bus device type (line 24.1.0) -> what its register counts."""

WARM = (6, 21)
"""Of water meters, those of warm water."""

ALIVE_MS = 3 * HOUR_MS
"""A meter whose last time is so much older than another's of its kind was exchanged for that; most are read
every hour."""

ALWAYS = ("1.8.1", "1.8.2", "2.8.1", "2.8.2", "1.7.0", "2.7.0")
"""Lines of every telegram of DSMR 2.2 and 3."""

SLACK_MS = 5 * MINUTE_MS
"""A meter's clock and ours may be this far apart and still tell the same moment."""

MEASURED = frozenset(PLAIN) | {code for codes in SIGNED.values() for code in codes}
_BLOCK = b"\x02"
"""A readout of IEC 62056-21 follows, which has a check of its own."""
_STAMP = re.compile(r"[0-9]{12}[SW]?")


def parse(frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram:
    """The telegram in a frame from `/` to `!`; never raises, whatever the bytes.

    Local times are `zone`'s; `now` (UTC ms) tells old meters' two hours of an autumn night apart. Text is
    never encrypted: `keys` are not used.
    """
    crc = checksum(frame)
    end = END.search(frame)
    header, _, body = (frame if end is None else frame[: end.start()]).partition(b"\n")
    told, unknown = obis.lines(body.decode("latin-1"))
    found, attached = _sorted(told)
    if end is None and _complete(found, body):
        crc = "none"
    if crc == "none" and (_twice(told) or body.startswith(_BLOCK)):
        crc = "bad"
    meter = "".join(c for c in header[1:].decode("latin-1") if c.isprintable()).strip()
    at = instant(found.get("0:1.0.0", ""), zone, now)
    telegram = Telegram(meter, at, crc, lines=obis.shown(told), unknown=tuple(unknown))
    if crc == "bad":
        return telegram
    near = now if at is None else at
    children = tuple(_child(channel, attached[channel], zone, near) for channel in sorted(attached))
    counting = _counting(children)
    readings = electricity(found, crc == "ok" or _stands_alone(found))
    readings |= {quantity: value for quantity, (value, _) in counting.items()}
    moments = {quantity: at for quantity, (_, at) in counting.items() if at is not None}
    return replace(telegram, readings=readings, moments=moments, children=children)


def _sorted(told: list[tuple[str, str]]) -> tuple[dict[str, str], dict[int, dict[str, str]]]:
    """Lines by code: those of the meter itself, and those of each M-Bus channel. The first of its kind wins;
    on another channel of electricity (`1-1:`) stands what a Belgian or Luxembourg meter has nowhere else."""
    found: dict[str, str] = {}
    attached: dict[int, dict[str, str]] = {}
    for reference, raw in told:
        key = obis.code(reference)
        if key.medium == 0 and key.channel:
            attached.setdefault(key.channel, {}).setdefault(key.code, raw)
        elif key.medium == 0 and key.code == "1.0.0":
            found.setdefault("0:1.0.0", raw)
        elif key.medium in (0, 1, None) and (name := obis.current(reference)) is not None:
            found.setdefault(name, raw)
    return found, attached


def _is_old(found: Mapping[str, str]) -> bool:
    """Neither version nor time: a telegram of the kind that never had a checksum."""
    return "0.2.8" not in found and "0:1.0.0" not in found


def _complete(found: Mapping[str, str], body: bytes) -> bool:
    """Whether an old telegram may be believed though its `!` is missing."""
    return _is_old(found) and all(code in found for code in ALWAYS) and body.rstrip().endswith(b")")


def _twice(told: list[tuple[str, str]]) -> bool:
    """Whether a measurement stands there twice: the end of one telegram on the beginning of another."""
    references = [reference for reference, _ in told if obis.code(reference).code in MEASURED]
    return len(set(references)) < len(references)


def _stands_alone(found: Mapping[str, str]) -> bool:
    """Whether, without a checksum, one direction or tariff may be all there is. Where its partner belongs
    to every telegram the line with it was lost, and half a difference or sum would be a wrong number."""
    return _is_old(found) and not any(code in found for code in ALWAYS[:4])


def _child(channel: int, lines: Mapping[str, str], zone: ZoneInfo, near: int | None) -> Child:
    device = _device(lines.get("24.1.0", ""))
    code = next((code for code in ("24.2.1", "24.2.3", "24.3.0") if code in lines), "")
    values = obis.values(lines.get(code, ""))
    quantity = DEVICES.get(device) if device is not None else None
    if device is None and code in ("24.2.3", "24.3.0"):
        quantity = Q.GAS
    printed = values[-1]
    if code == "24.3.0" and len(values) > 2:
        # DSMR 2.2 and 3: (time)(status)(period)(count)(reference)(unit)(value)
        printed = f"{printed}*{values[-2]}"
    number = obis.number(printed)
    value = None
    if number is not None and quantity is not None:
        value = scaled(*number, quantity.spec.unit)
    return Child(channel, device, quantity, instant(values[0], zone, near), value)


def _device(raw: str) -> int | None:
    return int(raw) if re.fullmatch(r"[0-9]{1,3}", raw) else None


def _counting(children: tuple[Child, ...]) -> dict[Q, tuple[float, int | None]]:
    """One meter of each kind, always the same: of those that still count the first, cold water before warm.
    After an exchange the old one stays listed, but with its last time."""
    chosen: dict[Q, tuple[float, int | None]] = {}
    known = [(child.quantity, child.value, child) for child in children if child.value is not None]
    latest: dict[Q | None, int] = {}
    for quantity, _, child in known:
        latest[quantity] = max(latest.get(quantity, 0), child.at or 0)
    for quantity, value, child in sorted(known, key=lambda one: one[2].device in WARM):
        if quantity is not None and latest[quantity] - (child.at or 0) <= ALIVE_MS:
            chosen.setdefault(quantity, (value, child.at))
    return chosen


def instant(raw: str, zone: ZoneInfo, near: int | None = None) -> int | None:
    """UTC ms of `YYMMDDhhmmss` with S (summer) or W (winter time of `zone`) or, in old meters, neither.

    None if it is no date. Without a letter an hour that happens twice is the last one that is not after
    `near` (UTC ms), the first if that is not given.
    """
    stamp = raw.partition(")")[0]
    if _STAMP.fullmatch(stamp) is None:
        return None
    try:
        local = datetime(
            2000 + int(stamp[:2]), int(stamp[2:4]), int(stamp[4:6]),
            int(stamp[6:8]), int(stamp[8:10]), int(stamp[10:12]), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    if len(stamp) == 13:
        winter, summer = _offsets(zone, local.year)
        return _ms(local - (summer if stamp[12] == "S" else winter))
    both = [_ms(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    return max((at for at in both if near is not None and at <= near + SLACK_MS), default=both[0])


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


@lru_cache(maxsize=64)
def _offsets(zone: ZoneInfo, year: int) -> tuple[timedelta, timedelta]:
    """Winter and summer offset of a zone, north or south of the equator."""
    offsets = [datetime(year, month, 1, tzinfo=zone).utcoffset() or timedelta(0) for month in (1, 7)]
    return min(offsets), max(offsets)
