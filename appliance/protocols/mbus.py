"""M-Bus long frames that carry DLMS, as Austrian, Swiss and some Danish meters send (EN 13757-2 and -3).

`68 | L | L | 68 | C | A | CI | STSAP | DTSAP | part of the message | sum | 16`. CI counts the parts in its
low four bits from 0 and has 0x10 set in the last. The checksum is the sum of all from C on, in one byte.
Sagemcom's T210-D fills frames of 257 bytes and writes their length as 1 (amsreader-firmware#155).
Damage of several bytes passes that checksum once in 256 times: only the authentication key sees it then.
"""

from collections.abc import Sequence

from appliance.protocols.hdlc import Link, Look

START, STOP = 0x68, 0x16
_FRAME = 6
"""Bytes that the length does not count: both starts, both lengths, sum and stop."""
_HEADER = 5
_LAST = 0x10


def look(data: Sequence[int], at: int) -> Look:
    """The frame that begins at `at`; None if none does, "wait" until more bytes came."""
    head = bytes(data[at : at + 7])
    if not _begins(head):
        return None
    if len(head) < 7:
        return "wait"
    if head[6] & 0xE0:
        return None
    length = head[1] if head[1] >= _HEADER else head[1] + 0x100
    size = length + _FRAME
    frame = bytes(data[at : at + size])
    if len(frame) < size:
        return "wait"
    counted = frame[4:-2]
    return Link(
        size=size,
        path=frame[4:6] + frame[7:9],
        info=frame[9:-2],
        first=not head[6] & 0x0F,
        last=bool(head[6] & _LAST),
        number=head[6] & 0x0F,
        sound=sum(counted) & 0xFF == frame[-2] and frame[-1] == STOP,
    )


def _begins(head: bytes) -> bool:
    if len(head) > 2 and head[1] != head[2]:
        return False
    return head[0] == START and (len(head) < 4 or head[3] == START)
