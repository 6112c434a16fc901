"""The dialogue with an optical meter, against meters of every mode."""

from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from zoneinfo import ZoneInfo

import pytest
from test_iec62056 import LINES, READINGS, block

from appliance.model import Quantity as Q  # noqa: N817
from appliance.protocols import iec62056
from appliance.protocols.iec_dialogue import Dialogue, GiveUp, Ready, Send, Step, Switch

ZONE = ZoneInfo("Europe/Vienna")


def command(content: bytes) -> bytes:
    return b"\x01" + content + bytes([reduce(xor, content)])


@dataclass
class Meter:
    """A meter and the line to it: what is said at another speed than the listener's arrives as nonsense."""

    letter: str = "5"
    baud_of: int = 9600
    ignores_switch: bool = False
    echo: bool = False
    password: str = ""
    address: str = ""
    refuses: bool = False
    line: int = 300
    own: int = 300
    heard: list[bytes] = field(default_factory=list)

    def take(self, data: bytes) -> bytes:
        self.heard.append(data)
        if self.line != self.own:
            if data.startswith(b"/?") and self.line == 300:
                self.own = 300  # it gave up waiting long ago
            else:
                return b""
        answer = self._answer(data)
        return (data if self.echo else b"") + answer

    def _answer(self, data: bytes) -> bytes:
        if data.startswith(b"/?"):
            if data[2:].rstrip(b"!\r\n").decode() not in ("", self.address):
                return b""
            ident = f"/TWE{self.letter}\\2Test-E350\r\n".encode()
            return ident + (b"" if self.letter.isdigit() else self._sent(block(*LINES)))
        if data.startswith(b"\x06"):
            self.own = 300 if self.ignores_switch or data[2:3] == b"0" else self.baud_of
            return b"" if data[3:4] == b"1" else self._sent(block(*LINES))
        if b"P1" in data:
            right = f"({self.password})".encode() in data and not self.refuses
            return b"\x06" if right else command(b"B0\x03")
        if b"R1" in data:
            code = data[4:].partition(b"(")[0].decode()
            line = next((line for line in LINES if line.startswith(code + "(")), "(ER01)")
            content = line.encode() + b"\x03"
            return b"\x02" + content + bytes([reduce(xor, content)])
        return b""

    def _sent(self, data: bytes) -> bytes:
        return data

    def late(self) -> bytes:
        """What comes by itself once the line has switched."""
        return command(b"P0\x02(1234)\x03") if self.password and self.line == self.own else b""


def talk(dialogue: Dialogue, meter: Meter) -> tuple[list[Step], bytes | None]:
    """Everything said until a readout or the end; a chunk that arrives at the wrong speed is noise."""
    steps, done = dialogue.begin(), []
    for _ in range(200):
        if not steps:
            pending = meter.late()
            steps = dialogue.feed(pending) if pending and meter.heard[-1][:1] == b"\x06" else []
            steps = steps or dialogue.silence()
        step, *steps = steps
        done.append(step)
        if isinstance(step, Switch):
            meter.line = step.baud
        elif isinstance(step, Ready):
            return done, step.frame.data
        elif isinstance(step, GiveUp):
            return done, None
        else:
            answer = meter.take(step.data)
            after = [later for later in steps if isinstance(later, Switch)]
            speed = after[0].baud if after else meter.line
            if answer and speed != meter.own and step.data.startswith(b"\x06"):
                answer = bytes(byte * 7 & 0x7F | 1 for byte in answer)
            for switch in after:
                meter.line = switch.baud
            done += after
            steps = [later for later in steps if not isinstance(later, Switch)]
            for chunk in (answer[:9], answer[9:]):
                steps += dialogue.feed(chunk) if chunk else []
    raise AssertionError("they never came to an end")


def bauds(steps: list[Step]) -> list[int]:
    return [step.baud for step in steps if isinstance(step, Switch)]


@pytest.mark.parametrize("echo", [False, True])
def test_mode_c(echo: bool) -> None:
    meter = Meter(echo=echo)
    steps, frame = talk(Dialogue(), meter)
    assert meter.heard == [b"/?!\r\n", b"\x06050\r\n"]
    assert bauds(steps) == [300, 9600]
    assert frame is not None
    assert iec62056.parse(frame, ZONE).readings == READINGS


@pytest.mark.parametrize(("letter", "speeds"), [("E", [300, 9600]), ("a", [300]), (" ", None)])
def test_modes_a_and_b_need_no_acknowledgement(letter: str, speeds: list[int] | None) -> None:
    meter = Meter(letter=letter, own=300)
    steps, frame = talk(Dialogue(), meter)
    if speeds is None:
        assert frame is None
        return
    assert (meter.heard, bauds(steps)) == ([b"/?!\r\n"], speeds)
    assert frame is not None
    assert iec62056.parse(frame, ZONE).crc == "ok"


def test_a_meter_that_ignores_the_switch_is_asked_again_slowly_and_remembered() -> None:
    meter, dialogue = Meter(ignores_switch=True), Dialogue()
    steps, frame = talk(dialogue, meter)
    assert meter.heard == [b"/?!\r\n", b"\x06050\r\n", b"/?!\r\n", b"\x06000\r\n"]
    assert bauds(steps) == [300, 9600, 300]
    assert frame is not None
    meter.heard.clear()
    _, frame = talk(dialogue, meter)
    assert meter.heard == [b"/?!\r\n", b"\x06000\r\n"]
    assert frame is not None


def test_a_line_that_cannot_switch_never_does() -> None:
    meter = Meter()
    steps, frame = talk(Dialogue(fixed_baud=True), meter)
    assert bauds(steps) == []
    assert meter.heard[-1] == b"\x06000\r\n"
    assert frame is not None


def test_a_meter_with_an_address() -> None:
    meter = Meter(address="12345678")
    assert talk(Dialogue("12345678"), meter)[1] is not None
    assert meter.heard[0] == b"/?12345678!\r\n"
    steps, frame = talk(Dialogue("87654321"), Meter(address="12345678"))
    assert frame is None
    assert isinstance(steps[-1], GiveUp)


def test_with_a_password_the_registers_are_read_one_by_one() -> None:
    meter = Meter(password="00000000", letter="0")
    _, frame = talk(Dialogue(password="00000000"), meter)
    assert frame is not None
    t = iec62056.parse(frame, ZONE)
    assert (t.meter, t.crc) == ("TWE0\\2Test-E350", "ok")
    assert t.readings[Q.ENERGY_IMPORT] == READINGS[Q.ENERGY_IMPORT]
    assert t.readings[Q.POWER_GRID] == READINGS[Q.POWER_GRID]
    assert meter.heard[-1] == command(b"B0\x03")
    assert meter.heard[2] == command(b"P1\x02(00000000)\x03")


def test_a_refused_password_says_so() -> None:
    steps, frame = talk(Dialogue(password="1"), Meter(password="1", letter="0", refuses=True))
    assert frame is None
    assert isinstance(steps[-1], GiveUp)
    assert "password" in steps[-1].reason


def test_nobody_there() -> None:
    dialogue = Dialogue()
    assert [step for step in dialogue.begin() if isinstance(step, Send)] == [Send(b"/?!\r\n")]
    assert isinstance(dialogue.silence()[0], GiveUp)
    assert dialogue.feed(b"\xff\0" * 9000) == []
