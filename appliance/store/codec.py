"""Columns of numbers as few bytes, and back without losing a bit.

A column of readings is a smooth line with a little noise in its last digit. So: scaled to whole numbers
where that is exact (230.1 V -> 2301), less its usual step (instants 10 s apart vanish), differences of the
order that packs best, sign folded into the last bit, the bytes of one weight side by side, deflate. Decoding
is a handful of numpy calls for a whole day. zlib's own checksum tells a damaged column from a whole one.
All arithmetic is modulo 2**64, so nothing overflows.
"""

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Pick = slice | npt.NDArray[Any]
"""Which elements of a column: a stretch, indices or a mask."""

_HEAD = struct.Struct("<BBqqI")
"""Order of the differences, bytes per number, first number, usual step, how many."""
_RAW = 255
_MOST_DECIMALS = 6
_EXACT = 2.0**53
_POSITIVE = (1 << 63) - 1
LEVEL = 6


def pack_ints(numbers: Ints, level: int = LEVEL) -> bytes:
    """A column of whole numbers within +-2**53."""
    if not len(numbers):
        return _HEAD.pack(0, 0, 0, 0, 0)
    first, step = int(numbers[0]), _usual_step(numbers)
    steps = numbers - first - step * np.arange(len(numbers))
    best: bytes | None = None
    for order in range(3):
        packed = _planes(steps, level)
        if best is None or len(packed) < len(best) - _HEAD.size:
            best = _HEAD.pack(order, _width(steps), first, step, len(numbers)) + packed
        steps = np.diff(steps, prepend=0)
    assert best is not None
    return best


def unpack_ints(data: bytes) -> Ints:
    """The column `pack_ints` packed. Raises zlib.error when it is damaged."""
    order, width, first, step, count = _HEAD.unpack_from(data)
    if not count:
        return np.empty(0, np.int64)
    steps = np.zeros(count, np.int64)
    if width:
        planes = np.frombuffer(zlib.decompress(data[_HEAD.size :]), np.uint8).reshape(width, count)
        for weight in range(width):
            steps |= planes[weight].astype(np.int64) << (8 * weight)
        odd = steps & 1
        steps >>= 1
        steps &= _POSITIVE  # the shift of a 64-bit fold brings its sign along
        steps ^= -odd
    for _ in range(order):
        np.cumsum(steps, out=steps)
    if step:
        steps += step * np.arange(count)
    steps += first
    return steps


def pack_floats(numbers: Floats, level: int = LEVEL) -> bytes:
    """A column of any floats: as scaled whole numbers if that gives every bit back, else as they are."""
    for decimals in range(_MOST_DECIMALS + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.rint(numbers * 10.0**decimals)
        if len(scaled) and not np.abs(scaled).max() < _EXACT:
            break
        whole = scaled.astype(np.int64)
        if np.array_equal((whole / 10.0**decimals).view(np.int64), numbers.view(np.int64)):
            return bytes([decimals]) + pack_ints(whole, level)
    planes = np.ascontiguousarray(numbers.view(np.uint8).reshape(-1, 8).T)
    return bytes([_RAW]) + zlib.compress(planes.tobytes(), level)


def unpack_floats(data: bytes) -> Floats:
    """The column `pack_floats` packed. Raises zlib.error when it is damaged."""
    if data[0] == _RAW:
        planes = np.frombuffer(zlib.decompress(data[1:]), np.uint8).reshape(8, -1)
        return np.ascontiguousarray(planes.T).view(np.float64).reshape(-1)
    whole: Floats = unpack_ints(data[1:]) / 10.0 ** data[0]
    return whole


def join(*parts: bytes) -> bytes:
    """Several packed columns as one blob."""
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def split(data: bytes) -> list[bytes]:
    """The parts `join` joined."""
    parts, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        parts.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return parts


def _usual_step(numbers: Ints) -> int:
    """The step most of the column makes, 0 where there is none: what is left then is small or nothing."""
    if len(numbers) < 2:
        return 0
    steps = np.diff(numbers)
    middle = int(np.partition(steps, len(steps) // 2)[len(steps) // 2])
    return middle if abs(middle) < 1 << 32 else 0


def _fold(steps: Ints) -> npt.NDArray[np.uint64]:
    """Small numbers of either sign as small numbers: 0, -1, 1, -2 -> 0, 1, 2, 3."""
    return ((steps << 1) ^ (steps >> 63)).view(np.uint64)


def _width(steps: Ints) -> int:
    return (int(_fold(steps).max()).bit_length() + 7) // 8


def _planes(steps: Ints, level: int) -> bytes:
    width = _width(steps)
    if not width:
        return b""
    folded: npt.NDArray[Any] = _fold(steps).astype("<u8").view(np.uint8).reshape(-1, 8)
    return zlib.compress(np.ascontiguousarray(folded[:, :width].T).tobytes(), level)
