"""Writes SML files, as a meter would: what the tests of the reader read."""

ESCAPE = b"\x1b\x1b\x1b\x1b"
NONE = b"\x01"
END = b"\0"


def ccitt(data: bytes, start: int, out: int) -> int:
    """CRC-CCITT bit by bit on mirrored bytes: X-25 is start and out 0xFFFF, Kermit 0."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ out


def x25(data: bytes) -> int:
    return ccitt(data, 0xFFFF, 0xFFFF)


def head(kind: int, length: int) -> bytes:
    """Type and length; more than 15 takes a second byte."""
    if length < 16:
        return bytes([kind << 4 | length])
    return bytes([0x80 | kind << 4 | length >> 4, length & 0xF])


def octets(data: bytes) -> bytes:
    size = len(data) + 1
    return head(0, size if size < 16 else size + 1) + data


def number(value: int, size: int, signed: bool = False) -> bytes:
    return head(5 if signed else 6, size + 1) + value.to_bytes(size, "big", signed=signed)


def several(*items: bytes) -> bytes:
    return head(7, len(items)) + b"".join(items)


def entry(
    name: str, value: bytes, unit: int | None = None, scaler: int = 0, status: int | None = None
) -> bytes:
    """`name` is six numbers: `1.0.16.7.0.255`."""
    return several(
        octets(bytes(map(int, name.split(".")))),
        NONE if status is None else number(status, 3),
        NONE,
        NONE if unit is None else number(unit, 1),
        NONE if unit is None else number(scaler, 1, signed=True),
        value,
        NONE,
    )


def message(tag: int, body: bytes, at: int = 0) -> bytes:
    content = b"".join(
        (octets(at.to_bytes(4, "big")), number(0, 1), number(0, 1), several(number(tag, 2), body))
    )
    start = head(7, 6) + content
    return start + number(x25(start), 2) + END


def file(server: bytes, *entries: bytes, time: bytes | None = None, kermit: bool = False) -> bytes:
    """A whole file with its escape sequences: open, list, close."""
    when = several(number(1, 1), number(123_456, 4)) if time is None else time
    opened = message(0x0101, several(NONE, NONE, octets(b"\x01\x02"), octets(server), when, NONE))
    listed = several(NONE, octets(server), NONE, when, several(*entries), NONE, NONE)
    return sealed(opened + message(0x0701, listed) + message(0x0201, several(NONE)), kermit)


def sealed(body: bytes, kermit: bool = False) -> bytes:
    fill = -len(body) % 4
    data = (
        ESCAPE + b"\x01" * 4 + body.replace(ESCAPE, 2 * ESCAPE) + bytes(fill) + ESCAPE + bytes([0x1A, fill])
    )
    if kermit:
        return data + ccitt(data, 0, 0).to_bytes(2, "big")
    return data + x25(data).to_bytes(2, "little")
