"""What a capture file holds: bytes as they came over the wire, or a dump of them."""

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"(?:#|//|;)[^\n]*")
_OFFSET = re.compile(
    r"[0-9A-Fa-f]{4,8}:?[ \t]+"
    r"(?:((?:[0-9A-Fa-f]{4} ?)+(?:[0-9A-Fa-f]{2})?)(?:  .*)?|((?:[0-9A-Fa-f]{2} {0,2})+)(?:\|.*\|)?)"
)
"""A line of xxd or hexdump -C: an offset, bytes, and the same as text."""
_PREFIX = re.compile(r"0[xX]|\\x")
_DIGITS = re.compile(r"[0-9A-Fa-f\s,{}\[\]()\"':]*")
_FEWEST = 8


def contents(data: bytes) -> Iterator[bytes]:
    """Everything the bytes of a file may mean, the likeliest last: themselves, themselves without parity
    bits (a line of seven bits read as eight), and what they say in hexadecimal digits."""
    yield data
    stripped = without_parity(data)
    if stripped is not None:
        yield stripped
    dumped = from_hex(data)
    if dumped is not None:
        yield dumped


def without_parity(data: bytes) -> bytes | None:
    """`data` without its even parity bits; None if it has none."""
    if not any(byte & 0x80 for byte in data) or any(byte.bit_count() & 1 for byte in data):
        return None
    return bytes(byte & 0x7F for byte in data)


def from_hex(data: bytes) -> bytes | None:
    """Bytes written as hexadecimal digits, with blanks, line ends, `0x`, commas, comments or offsets between
    them; None if there is anything else. A digit left over at the end is dropped: the file was cut there."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return None
    lines = [_COMMENT.sub("", line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    offsets = [_OFFSET.fullmatch(line) for line in lines]
    if lines and all(offsets) and _counts_up([line.split()[0].rstrip(":") for line in lines]):
        lines = [found[1] or found[2] for found in offsets if found is not None]
    text = _PREFIX.sub(" ", "\n".join(lines))
    if _DIGITS.fullmatch(text) is None:
        return None
    digits = "".join(re.findall("[0-9A-Fa-f]+", text))
    return bytes.fromhex(digits[: len(digits) // 2 * 2]) if len(digits) >= 2 * _FEWEST else None


def _counts_up(offsets: list[str]) -> bool:
    numbers = [int(offset, 16) for offset in offsets]
    return numbers[0] == 0 and (len(numbers) == 1 or numbers[1] in (8, 16, 32))
