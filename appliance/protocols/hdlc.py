"""HDLC frames of type 3, in which most HAN ports send (ISO/IEC 13239 as DLMS uses it, IEC 62056-46).

`7E | A or segmentation, length | destination | source | control | HCS | information | FCS | 7E`: the length
counts everything between the flags, which is why a 7E inside the information needs no escape. Both
checksums are CRC-16/X-25, low byte first. Neighbours may share a flag.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.protocols.crc import x25

FLAG = 0x7E
LLC = (b"\xe6\xe7\x00", b"\xe6\xe6\x00")
"""The logical link header before the first part of a message."""
_SHORTEST = 7
_LONGEST_ADDRESS = 4


@dataclass(frozen=True, slots=True)
class Link:
    """One frame of the line, of which a message needs one or several.

    `size` is its length in the stream, without a closing flag that the next frame may share; `path` says
    between whom it runs, `info` is its part of the message. It may be the `first` and the `last` part;
    `number` counts parts where the line does, else it is None. `sound`: its checksum fits.
    """

    size: int
    path: bytes
    info: bytes
    first: bool
    last: bool
    number: int | None
    sound: bool


Look = Link | Literal["wait"] | None


def look(data: Sequence[int], at: int) -> Look:
    """The frame that begins with the flag at `at`; None if none does, "wait" until more bytes came.

    The header has a checksum of its own, so noise is told from a frame before the length is believed.
    """
    head = bytes(data[at : at + 4 + 2 * _LONGEST_ADDRESS + 2])
    if head[:1] != b"\x7e" or (len(head) > 1 and head[1] & 0xF0 != 0xA0):
        return None
    end = _header_end(head)
    if end is None:
        return None if len(head) == 4 + 2 * _LONGEST_ADDRESS + 2 else "wait"
    length = (head[1] & 0x07) << 8 | head[2]
    if length < end + 1 or x25(head[1:end]) != int.from_bytes(head[end : end + 2], "little"):
        return None
    frame = bytes(data[at + 1 : at + 1 + length])
    if len(frame) < length:
        return "wait"
    sound = x25(frame[:-2]) == int.from_bytes(frame[-2:], "little")
    info = frame[end + 1 : -2]
    has_llc = info[:3] in LLC
    segmented = bool(head[1] & 0x08)
    return Link(
        size=length + 1,
        path=head[3 : end - 1],
        info=info[3:] if has_llc else info,
        first=has_llc,
        last=not segmented,
        number=None,
        sound=sound,
    )


def _header_end(head: bytes) -> int | None:
    """Where the header's checksum begins; None while that cannot be told, or if the addresses are none."""
    at = 3
    for _ in range(2):
        start = at
        while at < len(head) and not head[at] & 1:
            at += 1
        at += 1
        if at > len(head) or at - start > _LONGEST_ADDRESS:
            return None
    return at + 1 if at + 3 <= len(head) else None
