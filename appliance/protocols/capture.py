"""Decodes a captured stream of any known protocol: what `tallywatt parse` prints."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from appliance.protocols import dsmr
from appliance.protocols.frames import Crc, Frame, Reader, TextReader

Protocol = Literal["auto", "dsmr"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """One frame of a capture, in the form every protocol shares; `at` has the zone it was decoded with.

    `readings` has quantity names and values in their units; `lines` is described in `dsmr.Telegram`.
    """

    protocol: str
    meter: str
    at: datetime | None
    crc: Crc
    readings: dict[str, float] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)


def _dsmr(frame: Frame, zone: ZoneInfo) -> Decoded:
    telegram = dsmr.parse(frame.data, zone)
    at = None
    if telegram.at is not None:
        at = datetime.fromtimestamp(telegram.at / 1000, zone)
    readings = {quantity.value: value for quantity, value in telegram.readings.items()}
    return Decoded("dsmr", telegram.meter, at, telegram.crc, readings, telegram.lines)


PROTOCOLS: dict[str, tuple[Callable[[], Reader], Callable[[Frame, ZoneInfo], Decoded]]] = {
    "dsmr": (TextReader, _dsmr),
}
"""How the frames of each protocol are found and read; "auto" tries them in this order."""


def decode(data: bytes, protocol: Protocol, zone: ZoneInfo) -> Iterator[Decoded]:
    """Every frame of a capture in order; nothing at all if it holds none. Never raises for its bytes.

    A telegram whose beginning is missing is no frame; one that breaks off is, with crc "bad".
    """
    for name in PROTOCOLS if protocol == "auto" else (protocol,):
        make, read = PROTOCOLS[name]
        reader = make()
        frames = [*reader.feed(data), *reader.flush()]
        if frames:
            yield from _judged([read(frame, zone) for frame in frames])
            return


def _judged(frames: list[Decoded]) -> Iterator[Decoded]:
    """A meter that sends checksums always does: a frame of it without one was torn."""
    checking = {frame.meter for frame in frames if frame.crc == "ok"}
    for frame in frames:
        torn = frame.crc == "none" and frame.meter in checking
        yield replace(frame, crc="bad", readings={}) if torn else frame


def to_json(decoded: Decoded) -> dict[str, Any]:
    """The object `tallywatt parse --json` prints for a frame."""
    return {
        "protocol": decoded.protocol,
        "meter": decoded.meter,
        "at": decoded.at.isoformat() if decoded.at else None,
        "crc": decoded.crc,
        "readings": decoded.readings,
        "lines": decoded.lines,
    }
