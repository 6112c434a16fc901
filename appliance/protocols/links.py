"""Puts the messages of HAN ports together: frames of HDLC or M-Bus, their segments, blocks of DLMS.

A message that does not fit into one frame comes in several: as HDLC segments, as numbered M-Bus frames,
or as blocks of a general-block-transfer (`E0 | control | number 2 | acknowledged 2 | length | data`, where
control has 0x80 set in the last block; DLMS UA 1000-2, section 9.3.13), each in a frame of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.protocols import gcm, hdlc, mbus
from appliance.protocols.frames import LIMIT, Crc, Frame
from appliance.protocols.hdlc import Link, Look

_START = re.compile(rb"\x7e(?=[\xa0-\xaf]|\Z)|\x68(?=(.)\1\x68|(.)\2?\Z|\Z)", re.DOTALL)
_BLOCK = b"\xe0"
_LAST_BLOCK = 0x80
_HEAD = 8
"""Fewer bytes than a header at the end of a stream are no frame worth a word."""


def look(data: Sequence[int], at: int) -> Look:
    """The frame of either kind that begins at `at`; None if none does, "wait" until more bytes came."""
    return hdlc.look(data, at) if data[at] == hdlc.FLAG else mbus.look(data, at)


@dataclass(frozen=True, slots=True)
class Message:
    """What `parts` frames carry together; `crc` is "bad" if one of them is not sound or missing."""

    apdu: bytes
    crc: Crc
    parts: int


def message(data: bytes) -> Message:
    """The message in `data`, the frames that `HanReader` puts into one `Frame`."""
    at, links = 0, []
    while (start := _START.search(data, at)) is not None:
        link = look(data, start.start())
        if isinstance(link, Link):
            links.append(link)
            at = start.start() + link.size
        else:
            at = start.end()
    joined = Joined()
    fitting = [joined.add(link) for link in links]
    sound = joined.whole and all(fitting) and all(link.sound for link in links)
    return Message(joined.apdu + joined.rest, "ok" if sound else "bad", len(links))


class Joined:
    """A message as its frames come in: `apdu` is what they carry, `whole` once nothing of it is missing."""

    def __init__(self) -> None:
        self.apdu = b""
        self.whole = False
        self._path = b""
        self._segment: bytes | None = None
        self._segments = 0
        self._blocks = 0

    @property
    def rest(self) -> bytes:
        """Of the unit whose last segment has not come."""
        return self._segment or b""

    def add(self, link: Link) -> bool:
        """False if this frame is not the next of the message, which then cannot become whole any more."""
        if self._segment is not None:
            numbered = link.number in (None, self._segments & 0x0F)
            if link.first or not numbered or link.path != self._path:
                return False
        elif not self._begins(link):
            return False
        self._path = link.path
        self._segment = (self._segment or b"") + link.info
        self._segments += 1
        if not link.last:
            return True
        unit, self._segment, self._segments = self._segment, None, 0
        return self._unit(unit)

    def _begins(self, link: Link) -> bool:
        """Whether a new unit begins: a message, or the next block of one, which may lack a header."""
        block = link.info[:1] == _BLOCK
        if self._path:
            return block and self._blocks > 0 and link.path == self._path
        return link.first

    def _unit(self, unit: bytes) -> bool:
        if unit[:1] != _BLOCK:
            self.apdu, self.whole = unit, not self._blocks
            return self.whole
        content = gcm.octets(unit, 6)
        if content is None or int.from_bytes(unit[2:4], "big") != self._blocks + 1:
            return False
        self._blocks += 1
        self.apdu += content[0]
        self.whole = bool(unit[1] & _LAST_BLOCK)
        return True


class HanReader:
    """Frames of HDLC and M-Bus, put together to messages; the bytes of all of them are one `Frame`."""

    def __init__(self) -> None:
        self.bad = 0
        self._buffer = bytearray()
        self._parts = bytearray()
        self._joined = Joined()

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        frames: list[Frame] = []
        while (found := self._find(frames)) is not None:
            frames += self._join(*found)
        return frames

    def flush(self) -> list[Frame]:
        frames = self._torn(bytes(self._parts))
        if _START.match(self._buffer) and len(self._buffer) > _HEAD:
            frames += self._torn(bytes(self._buffer))
        self._buffer, self._parts, self._joined = bytearray(), bytearray(), Joined()
        return frames

    def _find(self, lost: list[Frame]) -> tuple[Link, bytes] | None:
        """The first sound frame in the buffer, taken out of it; what stood before it goes to `lost`.

        A frame that still waits for its end may have lost bytes: a sound one behind it is not kept waiting.
        """
        waiting: int | None = None
        broken: list[tuple[int, int]] = []
        behind = 0
        while (start := _START.search(self._buffer, behind)) is not None:
            at, behind = start.start(), start.start() + 1
            link = look(self._buffer, at)
            if isinstance(link, Link) and link.sound:
                if waiting is not None:
                    broken.append((waiting, at + 1))  # its end, wherever that is, lies further
                self._lose(broken, at, lost)
                data = bytes(self._buffer[: link.size])
                del self._buffer[: link.size]
                return link, data
            if isinstance(link, Link):
                broken.append((at, at + link.size))
            elif link == "wait" and waiting is None:
                waiting = at
        self._lose(broken, len(self._buffer) if waiting is None else waiting, lost)
        return None

    def _lose(self, broken: list[tuple[int, int]], until: int, lost: list[Frame]) -> None:
        """Drop the buffer up to `until`; frames with a wrong checksum in it are handed on as they are."""
        at = 0
        for start, end in sorted(broken):
            if at <= start < until:
                whole = end <= until
                lost.append(Frame(bytes(self._buffer[start : min(end, until)]), whole))
                self.bad += not whole
                at = min(end, until)
        # A frame whose header is damaged can only be counted: its length says nothing.
        self.bad += not at and until > _HEAD and _START.search(self._buffer, 0, until - _HEAD) is not None
        del self._buffer[:until]

    def _join(self, link: Link, data: bytes) -> list[Frame]:
        frames: list[Frame] = []
        if not self._joined.add(link):
            frames, self._joined = self._torn(bytes(self._parts)), Joined()
            self._parts.clear()
            if not self._joined.add(link):
                self._joined = Joined()
                return frames + self._torn(data)
        self._parts += data
        if self._joined.whole:
            frames.append(Frame(bytes(self._parts)))
        elif len(self._parts) > LIMIT:
            frames += self._torn(bytes(self._parts))
        else:
            return frames
        self._parts.clear()
        self._joined = Joined()
        return frames

    def _torn(self, data: bytes) -> list[Frame]:
        self.bad += bool(data)
        return [Frame(data, whole=False)] if data else []
