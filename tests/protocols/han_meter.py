"""A meter for tests: builds the values, messages and frames that real ones send, checksums included."""

import struct
from collections.abc import Iterable
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

LLC = b"\xe6\xe7\x00"
KEY, AUTH = bytes(range(16)), bytes(range(0xD0, 0xE0))
TITLE = b"KFM\x01\x02\x03\x04\x05"


def u32(value: int) -> bytes:
    return b"\x06" + struct.pack(">I", value)


def u16(value: int) -> bytes:
    return b"\x12" + struct.pack(">H", value)


def i16(value: int) -> bytes:
    return b"\x10" + struct.pack(">h", value)


def boolean(value: bool) -> bytes:
    return bytes([3, value])


def length(size: int) -> bytes:
    return bytes([size]) if size < 0x80 else b"\x82" + struct.pack(">H", size)


def octets(raw: bytes) -> bytes:
    return b"\x09" + length(len(raw)) + raw


def visible(text: str) -> bytes:
    return b"\x0a" + length(len(text)) + text.encode()


def structure(*values: bytes) -> bytes:
    return b"\x02" + length(len(values)) + b"".join(values)


def array(*values: bytes) -> bytes:
    return b"\x01" + length(len(values)) + b"".join(values)


def obis(code: str) -> bytes:
    """`1-0:1.8.0` as octets."""
    a, _, rest = code.partition("-")
    b, _, rest = rest.partition(":")
    return octets(bytes([int(a), int(b), *map(int, rest.split(".")), 255]))


def scaler(power: int, unit: int) -> bytes:
    return structure(b"\x0f" + struct.pack(">b", power), bytes([0x16, unit]))


def stamp(when: datetime, deviation: int = -0x8000, status: int = 0) -> bytes:
    """Date and time as its twelve bytes; the deviation in minutes."""
    date = struct.pack(">H6B", when.year, when.month, when.day, when.isoweekday(), *when.timetuple()[3:6])
    return date + struct.pack(">BhB", 0, deviation, status)


def push(values: bytes, sent: bytes = b"", tagged: bool = False) -> bytes:
    """A data-notification; `tagged` as Kaifa writes its date."""
    return b"\x0f\x40\0\0\0" + (b"\x09" if tagged else b"") + length(len(sent)) + sent + values


def sealed(apdu: bytes, control: int = 0x20, key: bytes = KEY, counter: int = 7) -> bytes:
    count = struct.pack(">I", counter)
    work = Cipher(algorithms.AES(key), modes.GCM(TITLE + count)).encryptor()
    work.authenticate_additional_data(bytes([control]) + AUTH)
    body = work.update(apdu)
    work.finalize()
    inner = bytes([control]) + count + body + (work.tag[:12] if control & 0x10 else b"")
    return b"\xdb\x08" + TITLE + length(len(inner)) + inner


def x25(data: bytes) -> bytes:
    """CRC-16/X-25 bit by bit, low byte first."""
    rest = 0xFFFF
    for byte in data:
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ (0x8408 if rest & 1 else 0)
    return struct.pack("<H", rest ^ 0xFFFF)


def hdlc(info: bytes, segmented: bool = False, address: bytes = b"\x41\x08\x83\x13") -> bytes:
    """One frame between two flags; `address` is both addresses and the control byte."""
    size = len(address) + len(info) + (6 if info else 4)
    head = struct.pack(">H", 0xA000 | segmented << 11 | size) + address
    head += x25(head)
    return b"\x7e" + (head + info + x25(head + info) if info else head) + b"\x7e"


def message(apdu: bytes) -> bytes:
    return hdlc(LLC + apdu)


def segments(apdu: bytes, size: int) -> list[bytes]:
    """A message as several frames of at most `size` bytes of information."""
    info = LLC + apdu
    cut = [info[at : at + size] for at in range(0, len(info), size)]
    return [hdlc(part, segmented=number < len(cut)) for number, part in enumerate(cut, 1)]


def blocks(apdu: bytes, size: int) -> list[bytes]:
    """A message as blocks of a general-block-transfer; only the first frame has the link header."""
    cut = [apdu[at : at + size] for at in range(0, len(apdu), size)]
    out = []
    for number, part in enumerate(cut, 1):
        control = 0xC0 if number == len(cut) else 0x40
        block = b"\xe0" + struct.pack(">BHH", control, number, 0) + length(len(part)) + part
        out.append(hdlc((LLC if number == 1 else b"") + block))
    return out


def mbus(apdu: bytes, size: int = 250, last: int = 0x10) -> list[bytes]:
    """A message as M-Bus long frames."""
    cut = [apdu[at : at + size] for at in range(0, len(apdu), size)]
    out = []
    for number, part in enumerate(cut):
        user = bytes([0x53, 0xFF, number | (last if number == len(cut) - 1 else 0), 1, 0x67]) + part
        told = len(user) & 0xFF
        out.append(bytes([0x68, told, told, 0x68]) + user + bytes([sum(user) & 0xFF, 0x16]))
    return out


def joined(parts: Iterable[bytes]) -> bytes:
    return b"".join(parts)


NAMED = (
    ("1-0:1.7.0", u32(1661), (0, 27)), ("1-0:2.7.0", u32(0), (0, 27)),
    ("1-0:3.7.0", u32(0), (0, 29)), ("1-0:4.7.0", u32(128), (0, 29)),
    ("1-0:31.7.0", i16(13), (-1, 33)), ("1-0:51.7.0", i16(31), (-1, 33)), ("1-0:71.7.0", i16(29), (-1, 33)),
    ("1-0:32.7.0", u16(2274), (-1, 35)), ("1-0:52.7.0", u16(2301), (-1, 35)),
    ("1-0:72.7.0", u16(2308), (-1, 35)),
)  # fmt: skip
VERSION = structure(obis("1-1:0.2.129"), visible("AIDON_V0001"))
MODEL = structure(obis("0-0:96.1.7"), visible("6534"))


def aidon(extra: tuple[bytes, ...] = ()) -> bytes:
    """The ten-second list of Aidon (NO), with what comes every hour as `extra`."""
    values = [structure(obis(code), value, scaler(*scale)) for code, value, scale in NAMED]
    return push(array(VERSION, MODEL, *values, *extra))
