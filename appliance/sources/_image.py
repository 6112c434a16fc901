"""Bytes to a picture, without letting a broken or monstrous file hurt. Pure."""

import struct

import cv2
import numpy as np

from ocr import Picture

LARGEST_FILE = 30_000_000
LARGEST_PIXELS = 50_000_000
"""As much as `ocr` reads; a file that claims more is refused before it is unpacked."""
JPEG_NO_FRAME = {0xC4, 0xC8, 0xCC}


class BadImageError(ValueError):
    """The file is no picture that can be used; the text says why and what to do."""


def check_size(length: int) -> None:
    """Raises BadImageError when a file of `length` bytes is none to be read."""
    if not length:
        raise BadImageError("The picture file is empty: does whatever writes it run, and is its disk full?")
    if length > LARGEST_FILE:
        raise BadImageError(f"The file has {length / 1e6:.0f} MB: choose a smaller size for the camera")


def decode(data: bytes) -> Picture:
    """The BGR picture in a JPEG, PNG or BMP file's bytes. Raises BadImageError."""
    check_size(len(data))
    size = _size(data)
    if size is None:
        raise BadImageError(f"This is no JPEG, PNG or BMP picture (it begins with {data[:8]!r})")
    if size[0] * size[1] > LARGEST_PIXELS:
        pixels = f"{size[0]}x{size[1]}"
        raise BadImageError(f"The picture is {pixels} pixels: choose a smaller size for the camera")
    if data[:2] == b"\xff\xd8" and data.rfind(b"\xff\xd9") < len(data) // 2:
        raise BadImageError("The picture file ends in the middle: it was cut off while being written or sent")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise BadImageError("The picture file is damaged and cannot be opened")
    return np.asarray(picture, np.uint8)


def _size(data: bytes) -> tuple[int, int] | None:
    """Width and height as the file's head says; None when it is of no known kind or has no whole head."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return struct.unpack(">II", data[16:24])
        if data[:2] == b"BM":
            wide, high = struct.unpack("<ii", data[18:26])
            return abs(wide), abs(high)
        return _jpeg_size(data) if data[:3] == b"\xff\xd8\xff" else None
    except (struct.error, IndexError):
        return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the first frame header (ITU-T T.81, B.2.2)."""
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in JPEG_NO_FRAME:
            high, wide = struct.unpack(">HH", data[place + 5 : place + 9])
            return wide, high
        # A marker may be preceded by any number of fill bytes.
        place += 1 if marker == 0xFF else 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    return None


def encode(picture: Picture, largest: int = 1280, quality: int = 80) -> tuple[bytes, float]:
    """A JPEG no longer than `largest` pixels on its longer side, and by what the picture was scaled."""
    factor = min(1.0, largest / max(picture.shape[:2]))
    if factor < 1:
        picture = np.asarray(
            cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
        )
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes(), factor
