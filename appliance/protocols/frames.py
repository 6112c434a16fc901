"""Cuts a stream of bytes into frames. Whatever arrives, nothing here raises.

Every protocol has a `Reader`; `TextReader` serves the family that starts with `/` and ends with `!`
(DSMR P1 and its national relatives, IEC 62056-21 mode D).
"""

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from appliance.protocols.crc import arc

Crc = Literal["ok", "bad", "none"]

LIMIT = 64 * 1024
"""No frame of any meter is longer: more bytes without an end are noise."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it came over the wire; `whole` is False when its end never arrived."""

    data: bytes
    whole: bool = True


class Reader(Protocol):
    """Turns bytes into frames, whatever the chunks they come in; `bad` counts what had to be dropped."""

    bad: int

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete."""

    def flush(self) -> list[Frame]:
        """The stream has ended: what is left in hand."""


END = re.compile(rb"[\r\n]!([0-9A-Fa-f]{0,4})")
"""A telegram's end and its checksum, which may be short or missing."""
_HEADER = re.compile(rb"/[A-Za-z0-9]{3}")


def checksum(frame: bytes) -> Crc:
    """Whether the CRC behind the `!` is that of all bytes from `/` to `!`; "none" if there is none.

    Meters write it without leading zeros, in small letters, or leave it away (DSMR 2.2 and 3). Bridges
    and files that turned CRLF into LF are forgiven: the CRC is that of the telegram as the meter sent it.
    """
    end = END.search(frame)
    if end is None:
        return "bad"
    body, told = frame[: end.start() + 2], end[1]
    if not told:
        behind = frame[end.end() : end.end() + 1]
        return "none" if behind in (b"", b"\r", b"\n", b"\0", b" ") else "bad"
    wanted = int(told, 16)
    if b"\r" in body and arc(body) == wanted:
        return "ok"
    as_sent = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return "ok" if arc(as_sent) == wanted or arc(body) == wanted else "bad"


class TextReader:
    """Frames from `/` to `!` and its checksum."""

    def __init__(self) -> None:
        self.bad = 0
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        frames: list[Frame] = []
        while (end := self._end()) is not None:
            frames += self._cut(bytes(self._buffer[:end]))
            del self._buffer[:end]
            self._searched = 0
        self._trim()
        return frames

    def flush(self) -> list[Frame]:
        """Also ends a last telegram whose `!` stands at the very end of the stream."""
        rest, self._buffer, self._searched = bytes(self._buffer), bytearray(), 0
        return self._cut(rest)

    def _end(self) -> int | None:
        """Where the first frame in the buffer ends, once that is certain."""
        end = END.search(self._buffer, self._searched)
        if end is None:
            self._searched = max(0, len(self._buffer) - 1)
            return None
        if len(end[1]) == 4:
            return end.end()
        if end.end() == len(self._buffer):
            self._searched = end.start()
            return None
        # One byte more tells "no checksum" (a line end) from a garbled one.
        return end.end() + (self._buffer[end.end()] != ord("/"))

    def _trim(self) -> None:
        """Keep nothing that cannot belong to a frame, and never more than a frame can have."""
        if len(self._buffer) > LIMIT:
            self.bad += 1
            del self._buffer[: -LIMIT // 2]
            self._searched = 0
        start = self._buffer.find(b"/")
        drop = len(self._buffer) if start < 0 else start
        del self._buffer[:drop]
        self._searched = max(0, self._searched - drop)

    def _cut(self, data: bytes) -> list[Frame]:
        """The frames in bytes that hold one end: more than one when the end before it was lost."""
        starts = [found.start() for found in _HEADER.finditer(data)]
        if not starts:
            return []
        whole = END.search(data, starts[0]) is not None
        if len(starts) == 1:
            return self._frames(data[starts[0] :], [], whole)
        # Another "/" is a telegram that lost its beginning or end, or an innocent one in a text.
        for start in starts:
            if checksum(data[start:]) == "ok":
                return self._frames(data[start:], [data[starts[0] : start]], whole)
        lines = [start for start in starts if data[start - 1 : start] in (b"", b"\n", b"\r", b"\0")]
        start = lines[-1] if lines else starts[0]
        return self._frames(data[start:], [data[starts[0] : start]], whole)

    def _frames(self, data: bytes, before: list[bytes], whole: bool) -> list[Frame]:
        cut = [Frame(part, whole=False) for part in before if part]
        self.bad += len(cut) + (not whole)
        return [*cut, Frame(data, whole)]
