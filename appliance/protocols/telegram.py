"""What every protocol says: one frame of a meter, understood.

A protocol is a module with a `frames.Reader`, which cuts the stream, and a function
`parse(frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS) -> Telegram`, which never
raises, whatever the bytes. `capture.PROTOCOLS` is the table of them.
"""

import re
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from appliance.model import Quantity
from appliance.protocols.frames import Crc


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The owner's keys of an encrypting meter, 16 bytes each; has no repr, so that no log shows them."""

    encryption: bytes | None = None
    authentication: bytes | None = None


NO_KEYS = Keys()


def key_of(text: str) -> bytes:
    """The key in hexadecimal digits as a grid company writes it. ValueError says what is wrong with it."""
    digits = re.sub(r"[\s:.-]", "", text)
    if re.fullmatch("[0-9A-Fa-f]{32}", digits) is None:
        raise ValueError("must be 32 digits and letters from 0 to 9 and A to F, as your grid company sent it")
    return bytes.fromhex(digits)


@dataclass(frozen=True, slots=True)
class Child:
    """A meter behind the meter (M-Bus): `channel` 1..n, `at` its own UTC ms, `value` in `quantity`'s unit."""

    channel: int
    device: int | None
    quantity: Quantity | None
    at: int | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Telegram:
    """One frame. `at` is the meter's clock in UTC ms, None if it has none.

    `readings` are in the units of `Quantity.spec`, signed as in `appliance.model`. `lines` maps each OBIS
    reference to what its line says: one value without its parentheses, several with theirs; the same
    reference again goes on a new line of the same text. `unknown` are lines that were not understood.
    `moments` has the UTC ms of readings older than the telegram (gas, water, heat). With a bad checksum
    there are lines, but no readings. `problem` is a sentence that says why nothing could be read of a
    sound frame, and what to do. `protocol` is filled in by `capture.decode`.
    """

    meter: str
    at: int | None
    crc: Crc
    readings: dict[Quantity, float] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    moments: dict[Quantity, int] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    unknown: tuple[str, ...] = ()
    problem: str = ""
    protocol: str = ""


class Parse(Protocol):
    """Reads one frame; never raises.

    Local times are `zone`'s; `now` (UTC ms, time of arrival) helps where a frame tells too little.
    """

    def __call__(
        self, frame: bytes, zone: ZoneInfo, now: int | None = None, keys: Keys = NO_KEYS
    ) -> Telegram: ...
