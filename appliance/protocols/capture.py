"""Decodes a captured stream of any known protocol: what `tallywatt parse` prints."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from appliance.protocols import dsmr, han, links, sml
from appliance.protocols.frames import Reader, TextReader
from appliance.protocols.telegram import NO_KEYS, Keys, Parse, Telegram


class Wire(NamedTuple):
    """How frames of a protocol are found in a stream, and how one is read."""

    reader: Callable[[], Reader]
    parse: Parse


PROTOCOLS: dict[str, Wire] = {
    "dsmr": Wire(TextReader, dsmr.parse),
    "sml": Wire(sml.Reader, sml.parse),
    "han": Wire(links.HanReader, han.parse),
}
"""Every protocol by its name in settings; "auto" tries them in this order."""


def decode(
    data: bytes, protocol: str, zone: ZoneInfo, keys: Keys = NO_KEYS, now: int | None = None
) -> Iterator[Telegram]:
    """Every frame of a capture in order; nothing at all if it holds none. Never raises for its bytes.

    A telegram whose beginning is missing is no frame; one that breaks off is, with crc "bad".
    `protocol` is "auto" or a name in PROTOCOLS.
    """
    for name in PROTOCOLS if protocol == "auto" else (protocol,):
        make, parse = PROTOCOLS[name]
        reader = make()
        frames = [*reader.feed(data), *reader.flush()]
        if frames:
            telegrams = [parse(frame.data, zone, now, keys) for frame in frames]
            yield from (replace(telegram, protocol=name) for telegram in _judged(telegrams))
            return


def _judged(telegrams: list[Telegram]) -> Iterator[Telegram]:
    """A meter that sends checksums always does: a frame of it without one was torn."""
    checking = {telegram.meter for telegram in telegrams if telegram.crc == "ok"}
    for telegram in telegrams:
        torn = telegram.crc == "none" and telegram.meter in checking
        yield replace(telegram, crc="bad", readings={}, moments={}, children=()) if torn else telegram


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
