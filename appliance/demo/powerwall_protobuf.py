"""Protocol buffers by hand, as protobuf.dev/programming-guides/encoding has them: what a Powerwall uses."""

import struct
from collections.abc import Iterator

Field = tuple[int, "int | bytes"]


def block(field: int, content: bytes) -> bytes:
    """Bytes, a text or a message within a message."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def text(field: int, content: str) -> bytes:
    """A text."""
    return block(field, content.encode())


def number(field: int, value: int) -> bytes:
    """A whole number or a truth value."""
    return varint(field << 3) + varint(value)


def double(field: int, value: float) -> bytes:
    """A number with a point."""
    return varint(field << 3 | 1) + struct.pack("<d", value)


def varint(value: int) -> bytes:
    """A number of 64 bits, seven at a time; a negative one as its complement."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def fields(message: bytes) -> dict[int, int | bytes]:
    """The fields of `message` by number; the last wins. ValueError when it is none."""
    return dict(_walk(message))


def inside(message: bytes, *path: int) -> bytes | None:
    """What lies at the end of a path of fields, each in the message before; None where it is missing."""
    for step in path:
        found = fields(message).get(step)
        if not isinstance(found, bytes):
            return None
        message = found
    return message


def _walk(message: bytes) -> Iterator[Field]:
    at = 0
    while at < len(message):
        head, at = _read(message, at)
        kind = head & 7
        if kind == 0:
            value, at = _read(message, at)
            yield head >> 3, value
            continue
        length, at = (4 if kind == 5 else 8, at) if kind in (1, 5) else _read(message, at)
        if kind not in (1, 2, 5) or at + length > len(message):
            raise ValueError("this is no protobuf message")
        content = message[at : at + length]
        at += length
        yield head >> 3, content if kind == 2 else int.from_bytes(content, "little")


def _read(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("this is no protobuf message")
        value |= (message[at] & 0x7F) << shift
        shift += 7
        at += 1
        if message[at - 1] < 0x80:
            return value, at
