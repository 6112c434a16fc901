"""Encrypted messages that come in no frame but their own envelope: P1 of Luxembourg, Elgama (Poland).

`DB 08 title(8) 82 length(2) 30 counter(4) ciphertext tag(12)`; inside is a DSMR telegram with its own CRC.
Sources: Luxembourg Smarty P1 specification 1.1.3, section 3.2.5 (its public authentication key does not
verify on real meters, ndokter/dsmr_parser#185: the CRC inside is trusted instead); utilitechas/
amsreader-firmware#1198 for the empty title.
"""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from appliance.protocols import dsmr, gcm, han
from appliance.protocols.frames import Frame
from appliance.protocols.telegram import NO_KEYS, Keys, Telegram

_HEAD = re.compile(
    rb"(\xdb(?:\x08[^\0-\x1f\x7f-\xff]{3}.{5}|\0))(?:\x82([\0-\x1f].)|\x81(.))[\x20\x30]", re.DOTALL
)
"""Title (the first three bytes name the maker) and length of what follows, up to 8 KiB."""
_LONGEST_HEAD = 14


class Reader:
    """Frames by the length they begin with."""

    def __init__(self) -> None:
        self.bad = 0
        self._buffer = b""

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        frames: list[Frame] = []
        while (head := _HEAD.search(self._buffer)) is not None:
            self._buffer = self._buffer[head.start() :]
            size = head.end() - head.start() - 1 + int.from_bytes(head[2] or head[3])
            again = self._begins_again(head, size)
            if again > 0:
                frames += self._cut(again, whole=False)
            elif len(self._buffer) < size:
                break
            else:
                frames += self._cut(size, whole=True)
        else:
            self._buffer = self._buffer[-_LONGEST_HEAD:]
        return frames

    def flush(self) -> list[Frame]:
        return self._cut(len(self._buffer), whole=False) if _HEAD.match(self._buffer) else []

    def _begins_again(self, head: re.Match[bytes], size: int) -> int:
        """Where the next envelope of the same meter begins inside this one, which then lost bytes; -1 if
        nowhere. An empty title is too little to go by: then its length must be the same too."""
        start = head[1] if len(head[1]) > 2 else head[0]
        return self._buffer.find(start, 1, size)

    def _cut(self, end: int, whole: bool) -> list[Frame]:
        data, self._buffer = self._buffer[:end], self._buffer[end:]
        self.bad += not whole
        return [Frame(data, whole)]


def parse(frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram:
    """The telegram inside an envelope; never raises, whatever the bytes."""
    sealed = gcm.sealed(frame)
    if sealed is None:
        return Telegram("", None, "bad")
    meter = sealed.title.decode("latin-1") if sealed.title.isalnum() else sealed.title.hex().upper()
    if keys.encryption is None:
        return Telegram(meter, None, "none", problem=han.NO_KEY)
    opened = gcm.opened(sealed, keys.encryption, keys.authentication)
    if opened is None:
        return Telegram(meter, None, "none", problem=han.COMPRESSED)
    plain = opened.plain
    if plain[:1] == b"/":
        telegram = dsmr.parse(plain, zone, now)
        # Decrypted with a wrong key or after lost bytes, it cannot pass for one without a checksum.
        return telegram if telegram.crc == "ok" else replace(telegram, crc="bad", readings={}, moments={})
    return Telegram(meter, None, "none", problem=han.WRONG_KEY)
