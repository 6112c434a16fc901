"""Readouts of IEC 62056-21 (modes A to D): text between an identification and a block check.

`/XYZ5model CR LF STX lines ! CR LF ETX BCC`; in mode D the meter sends the same by itself, with or without
STX, ETX and BCC. Source: IEC 62056-21:2002, sections 5 and 6; codes: IEC 62056-61, in older meters EDIS
(DIN 43863-3) such as `1.8.1` or `31.7`.
"""

import re
from functools import reduce
from operator import xor
from zoneinfo import ZoneInfo

from appliance.protocols import dsmr, obis
from appliance.protocols.frames import LIMIT, Crc, Frame
from appliance.protocols.quantities import electricity
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram

_STX, _ETX = b"\x02", b"\x03"
IDENTIFICATION = re.compile(rb"/([A-Za-z]{3})([0-9A-Za-z])([^\r\n\x02!/]{0,32})\r?\n")
"""Maker, baud character and model."""
_END = re.compile(rb"[\r\n]!\r?\n")
_ETX_BEHIND = re.compile(rb"\x03(.)", re.DOTALL)
_SEASONS = {"": "", "0": "W", "1": "S"}
"""VDEW-Lastenheft 2.1 writes the season before a time: 0 is winter time, 1 summer time."""


class Reader:
    """Frames from an identification to the block check, or without one to the line with `!`."""

    def __init__(self) -> None:
        self.bad = 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        frames: list[Frame] = []
        while (end := self._end()) is not None:
            frames += self._cut(end)
        start = IDENTIFICATION.search(self._buffer)
        keep = start.start() if start else max(0, self._buffer.rfind(b"/"), len(self._buffer) - 48)
        del self._buffer[:keep]
        if len(self._buffer) > LIMIT:
            self.bad += 1
            del self._buffer[:]
        return frames

    def flush(self) -> list[Frame]:
        return self._cut(len(self._buffer), whole=False)

    def _end(self) -> int | None:
        """Where the first frame in the buffer ends; None until that is certain."""
        start = IDENTIFICATION.search(self._buffer)
        if start is None:
            return None
        plain = _END.search(self._buffer, start.end())
        block = self._buffer.find(_STX, start.end())
        if block < 0 or (plain is not None and plain.end() <= block):
            return None if plain is None else plain.end()
        check = _ETX_BEHIND.search(self._buffer, block)
        return None if check is None else check.end()

    def _cut(self, end: int, whole: bool = True) -> list[Frame]:
        """The frame that ends there; what lies before it from an earlier identification lost its end."""
        data = bytes(self._buffer[:end])
        # In place of a block check that is none may stand the beginning of the next frame.
        wrong = whole and data[-2:-1] == _ETX and checksum(data) == "bad"
        del self._buffer[: end - 1 if wrong else end]
        starts = [found.start() for found in IDENTIFICATION.finditer(data)]
        if not starts:
            return []
        frames = [Frame(data[starts[-1] :], whole)]
        if len(starts) > 1:
            frames.insert(0, Frame(data[starts[0] : starts[-1]], whole=False))
        self.bad += sum(not frame.whole for frame in frames)
        return frames


def has_block(data: bytes) -> bool:
    """Whether there is an identification and behind it the start of a block."""
    start = IDENTIFICATION.search(data)
    return start is not None and data.find(_STX, start.end()) >= 0


def checksum(frame: bytes) -> Crc:
    """Whether the block check is the exclusive or of all bytes behind STX up to and with ETX; "none" where
    a whole frame has none."""
    _, begun, block = frame.partition(_STX)
    if not begun:
        return "none" if _END.search(frame) else "bad"
    content, ended, check = block.partition(_ETX)
    if not ended or len(check) != 1:
        return "bad"
    return "ok" if reduce(xor, content + _ETX) == check[0] else "bad"


def parse(frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram:
    """The readout in a frame; never raises, whatever the bytes. `at` is the time of lines 0.9.1 and 0.9.2.

    Registers of earlier billing periods (`1.8.0*01`) are lines and no readings.
    """
    name = IDENTIFICATION.search(frame)
    meter = "" if name is None else (name[1] + name[2] + name[3]).decode("latin-1")
    crc = checksum(frame) if name is not None else "bad"
    body = frame[name.end() if name else 0 :].rpartition(_STX)[2].partition(_ETX)[0]
    told, unknown = obis.lines(_END.sub(b"\n", body).decode("latin-1"))
    found = _current(told)
    telegram = Telegram(
        "".join(c for c in meter if c.isprintable()).strip(), _clock(found or {}, zone, now), crc,
        lines=obis.shown(told), unknown=tuple(unknown),
    )  # fmt: skip
    if crc != "bad" and found is not None:
        # Without a check a line may be lost: then only a meter that never feeds in has one direction.
        one_way = not any(name.startswith("2.") for name in found)
        telegram.readings.update(electricity(found, lone=crc == "ok" or one_way))
    return telegram


def _current(told: list[tuple[str, str]]) -> dict[str, str] | None:
    """Codes of electricity and what they say now; None where one says two things, as two torn frames do."""
    found: dict[str, str] = {}
    for reference, raw in told:
        name, key = obis.current(reference), obis.code(reference)
        if (
            name is not None
            and not key.channel
            and key.medium in (None, 0, 1)
            and found.setdefault(name, raw) != raw
        ):
            return None
    return found


def _clock(found: dict[str, str], zone: ZoneInfo, now: int | None) -> int | None:
    """UTC ms of date (`YYMMDD` or `YY-MM-DD`) and time (`hhmmss` or `hh:mm:ss`); None of any other form."""
    date, time = (re.sub(r"[-:.]", "", found.get(code, "")) for code in ("0.9.2", "0.9.1"))
    season = _SEASONS.get(date[:-6])
    if season is None or date[:-6] != time[:-6]:
        return None
    return dsmr.instant(date[-6:] + time[-6:] + season, zone, now)
