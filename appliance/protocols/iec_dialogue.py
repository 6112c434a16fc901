"""How a meter of IEC 62056-21 is asked for its readout: who says what at which speed, without a port.

Source: IEC 62056-21:2002, sections 6.3 and 6.4. A request at 300 baud, the meter's identification with the
speed it proposes, our acknowledgement, the readout at that speed. Modes A and B need no acknowledgement.
With a password the readout is refused or empty: then registers are read one by one in programming mode.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor

from appliance.protocols.frames import Frame
from appliance.protocols.iec62056 import IDENTIFICATION, Reader, checksum

SIGN_ON_BAUD = 300
SPEEDS_C = dict(zip("0123456", (300, 600, 1200, 2400, 4800, 9600, 19200), strict=True))
SPEEDS_B = dict(zip("ABCDEF", (600, 1200, 2400, 4800, 9600, 19200), strict=True))
PATIENCE_S = 3.0
"""So long a meter may keep silent before the next thing is tried; the standard allows it 1.5 s."""
ACK_PAUSE_S = 0.3
"""Meters want to be acknowledged 0.2 to 1.5 s after their identification."""
REGISTERS = (
    "1.8.0", "1.8.1", "1.8.2", "2.8.0", "2.8.1", "2.8.2", "1.7.0", "2.7.0", "16.7.0",
    "32.7.0", "52.7.0", "72.7.0", "31.7.0", "51.7.0", "71.7.0",
)  # fmt: skip
"""Asked for one by one with a password; a meter answers those it has not with an error."""
_SOH, _STX, _ETX, _ACK = b"\x01", b"\x02", b"\x03", b"\x06"


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes once `after_s` have passed; they are on the wire before the next step."""

    data: bytes
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Switch:
    """Set the speed of the line."""

    baud: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The readout."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nothing came of it; the sentence says why. `refused`: it will not, until its owner does something."""

    reason: str
    refused: bool = False


Step = Send | Switch | Ready | GiveUp


class Dialogue:
    """One meter, asked again and again: `begin` starts a readout, `feed` takes what came, `silence` is told
    when nothing came for PATIENCE_S. What was learnt about speed is kept from one readout to the next."""

    def __init__(self, address: str = "", password: str = "", fixed_baud: bool = False) -> None:
        self._request = f"/?{address}!\r\n".encode("ascii")
        self._password = password.encode("latin-1")
        self._fixed = fixed_baud
        self._slow = fixed_baud  # stay at the speed of the request: the line or the meter does not switch
        self._expect = self._identification
        self._buffer = b""
        self._reader = Reader()
        self._ident = b""
        self._left: list[str] = []
        self._answers: list[bytes] = []
        self._tried_slow = False

    def begin(self) -> list[Step]:
        self._tried_slow = self._slow
        return self._sign_on()

    def feed(self, data: bytes) -> list[Step]:
        self._buffer = (self._buffer + data)[-4096:]
        return self._expect(data)

    def silence(self) -> list[Step]:
        """A meter that was acknowledged and keeps silent, or talks nonsense, did not switch its speed."""
        if self._expect in (self._readout, self._challenge) and not self._tried_slow:
            self._tried_slow = self._slow = True
            return self._sign_on()
        self._slow = self._fixed
        if self._expect == self._identification:
            return [GiveUp("the meter does not answer; does the reading head sit right on its window?")]
        return [GiveUp("the meter broke off; move the reading head until it sits right on its window")]

    def _sign_on(self) -> list[Step]:
        self._expect, self._buffer = self._identification, b""
        self._reader, self._answers = Reader(), []
        switch: list[Step] = [] if self._fixed else [Switch(SIGN_ON_BAUD)]
        return [*switch, Send(self._request)]

    def _identification(self, data: bytes) -> list[Step]:
        found = IDENTIFICATION.search(self._buffer)
        if found is None:
            return []
        self._ident, rest, self._buffer = found[0], self._buffer[found.end() :], b""
        letter = found[2].decode("ascii")
        if letter not in SPEEDS_C:  # mode A or B: the readout follows by itself
            self._expect = self._readout
            switch: list[Step] = [Switch(SPEEDS_B[letter])] if letter in SPEEDS_B and not self._fixed else []
            return switch + self._readout(self._ident + rest)
        self._expect = self._challenge if self._password else self._readout
        if not self._password:
            self._reader.feed(self._ident)
        speed = "0" if self._slow else letter
        ack = _ACK + f"0{speed}{1 if self._password else 0}\r\n".encode("ascii")
        steps: list[Step] = [Send(ack, ACK_PAUSE_S)]
        return steps if speed == "0" else [*steps, Switch(SPEEDS_C[speed])]

    def _readout(self, data: bytes) -> list[Step]:
        frames = [frame for frame in self._reader.feed(data) if frame.whole]
        if not frames:
            return []
        if checksum(frames[0].data) == "bad" and not self._tried_slow:
            return self.silence()
        self._expect = self._nothing
        return [Ready(frames[0])]

    def _challenge(self, data: bytes) -> list[Step]:
        """P0: the meter asks for the password."""
        if b"P0" not in self._buffer or not _closed(self._buffer):
            return []
        self._expect, self._buffer, self._left = self._verdict, b"", list(REGISTERS)
        return [Send(_command(b"P1", b"(" + self._password + b")"), ACK_PAUSE_S)]

    def _verdict(self, data: bytes) -> list[Step]:
        if b"B0" in self._buffer or b"(ER" in self._buffer:
            return [
                GiveUp("the meter refuses the password; ask the grid company for the right one", refused=True)
            ]
        return self._ask() if _ACK in self._buffer else []

    def _ask(self) -> list[Step]:
        self._expect, self._buffer = self._answer, b""
        return [Send(_command(b"R1", self._left[0].encode("ascii") + b"()"))]

    def _answer(self, data: bytes) -> list[Step]:
        block = _closed(self._buffer)
        if block is None and b"\x15" not in self._buffer:
            return []
        if block and b"(ER" not in block:
            name = b"" if not block.startswith(b"(") else self._left[0].encode("ascii")
            self._answers.append(name + block.rstrip(b"\r\n"))
        self._left.pop(0)
        if self._left:
            return self._ask()
        self._expect = self._nothing
        content = b"\r\n".join(self._answers) + b"\r\n!\r\n" + _ETX
        whole = self._ident + _STX + content + bytes([reduce(xor, content)])
        return [Send(_sealed(b"B0" + _ETX)), Ready(Frame(whole))]

    def _nothing(self, data: bytes) -> list[Step]:
        return []


def _sealed(content: bytes) -> bytes:
    """A message from SOH with its block check, which leaves the SOH out."""
    return _SOH + content + bytes([reduce(xor, content)])


def _command(name: bytes, data: bytes) -> bytes:
    return _sealed(name + _STX + data + _ETX)


def _closed(buffer: bytes) -> bytes | None:
    """What stands between the last STX and its ETX, once the block check fits."""
    start = buffer.rfind(_STX)
    end = buffer.find(_ETX, start)
    if start < 0 or end < 0 or end + 1 >= len(buffer):
        return None
    # The check runs from behind the first control character: SOH if there is one, else STX.
    first = buffer.rfind(_SOH, 0, start)
    first = start if first < 0 else first
    return buffer[start + 1 : end] if reduce(xor, buffer[first + 1 : end + 1]) == buffer[end + 1] else None
