"""Decodes a captured stream of any known protocol: what `tallywatt parse` prints."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from appliance.protocols import dsmr, envelope, han, iec62056, links, sml
from appliance.protocols.dump import contents
from appliance.protocols.frames import Reader, TextReader
from appliance.protocols.telegram import NO_KEYS, Keys, Parse, Telegram


class Wire(NamedTuple):
    """How frames of a protocol are found in a stream, and how one is read."""

    reader: Callable[[], Reader]
    parse: Parse


PROTOCOLS: dict[str, tuple[Wire, ...]] = {
    "dsmr": (Wire(TextReader, dsmr.parse), Wire(envelope.Reader, envelope.parse)),
    "sml": (Wire(sml.Reader, sml.parse),),
    "han": (Wire(links.HanReader, han.parse),),
    "iec62056": (Wire(iec62056.Reader, iec62056.parse),),
}
"""Every protocol by its name in settings, with each way its frames may be wrapped."""


def candidates(protocol: str) -> list[tuple[str, Wire]]:
    """The ways to read `protocol`, or any with "auto"; where two do as well the first is the one."""
    names = PROTOCOLS if protocol == "auto" else (protocol,)
    return [(name, wire) for name in names for wire in PROTOCOLS[name]]


def decode(
    data: bytes, protocol: str, zone: ZoneInfo, keys: Keys = NO_KEYS, now: int | None = None
) -> Iterator[Telegram]:
    """Every frame of a capture in order; nothing at all if it holds none. Never raises for its bytes.

    `data` may be bytes as they came, or a dump of them in hexadecimal digits. A telegram whose beginning
    is missing is no frame; one that breaks off is, with crc "bad". `protocol` is "auto" or a name in
    PROTOCOLS; the one that understands most is taken.
    """
    best: list[Telegram] = []
    for content in contents(data):
        for name, wire in candidates(protocol):
            if protocol == "auto" and name == "iec62056" and not iec62056.has_block(content):
                continue  # text without a block check is read alike as DSMR, and more strictly
            reader = wire.reader()
            frames = [*reader.feed(content), *reader.flush()]
            found = _judged([wire.parse(frame.data, zone, now, keys) for frame in frames])
            if _worth(found) > _worth(best):
                best = [replace(telegram, protocol=name) for telegram in found]
    if protocol in ("auto", "han") and not any(telegram.readings for telegram in best):
        for content in contents(data):
            body = han.parse_body(content, zone, now, keys)
            if body is not None and _worth([body]) > _worth(best):
                best = [replace(body, protocol="han")]
    yield from best


def _worth(telegrams: list[Telegram]) -> tuple[int, ...]:
    """How well a capture was understood: believed numbers first, then sound frames, then anything."""
    sound = [telegram for telegram in telegrams if telegram.crc == "ok"]
    return (
        sum(bool(telegram.readings) for telegram in sound),
        sum(bool(telegram.readings) for telegram in telegrams),
        len(sound),
        sum(bool(telegram.problem) for telegram in telegrams),
        sum(len(telegram.lines) for telegram in telegrams),
        len(telegrams),
    )


def _judged(telegrams: list[Telegram]) -> list[Telegram]:
    """A meter that sends checksums always does: a frame of it without one was torn."""
    checking = {telegram.meter for telegram in telegrams if telegram.crc == "ok"}
    return [
        replace(telegram, crc="bad", readings={}, moments={}, children=())
        if telegram.crc == "none" and telegram.meter in checking
        else telegram
        for telegram in telegrams
    ]


def to_json(telegram: Telegram, zone: ZoneInfo) -> dict[str, Any]:
    """The object `tallywatt parse --json` prints for a frame, its time in `zone`."""
    shown: dict[str, Any] = {
        "protocol": telegram.protocol,
        "meter": telegram.meter,
        "at": None if telegram.at is None else datetime.fromtimestamp(telegram.at / 1000, zone).isoformat(),
        "crc": telegram.crc,
        "readings": {quantity.value: value for quantity, value in telegram.readings.items()},
        "lines": telegram.lines,
    }
    return shown | ({"problem": telegram.problem} if telegram.problem else {})
