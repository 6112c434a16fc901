"""A line whose protocol, speed and framing nobody set; keys; meters that have to be asked."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from p1_wires import NL3, NL5, Pty
from pydantic import ValidationError

from appliance.clock import FakeClock
from appliance.errors import AuthError, SourceError
from appliance.model import Quantity, Reading
from appliance.protocols.telegram import Telegram
from appliance.sources import _serial_line
from appliance.sources._serial_line import ASKED, USUAL, Line
from appliance.sources._serial_port import Setting
from appliance.sources.base import Context
from appliance.sources.p1_serial import Options, Source, plan

ZONE = ZoneInfo("Europe/Berlin")
NOON = int(datetime(2026, 3, 15, 13, 25, 2, tzinfo=UTC).timestamp()) * 1000
IDENT = b"/TWE5\\2Test\r\n"
CONTENT = b"1.8.0(001122.334*kWh)\r\n1.7.0(00.512*kW)\r\n!\r\n\x03"
KEY = "00112233445566778899AABBCCDDEEFF"
SEALED = b"\xdb\x08TWNtest1\x82\x01\x00\x30\x00\x00\x00\x01" + bytes(range(1, 252))


def checked(content: bytes) -> bytes:
    check = 0
    for byte in content:
        check ^= byte
    return content + bytes([check])


def options(port: str = "/dev/ttyUSB0", **more: Any) -> Options:
    return Options.model_validate({"port": port, "name": "p1", **more})


class FakePort:
    """A line that is understood at one setting; at any other it gives noise."""

    def __init__(self, right: Setting, data: bytes) -> None:
        self.right = right
        self.data = data
        self.baudrate, self.framing = 0, ""
        self.tried: list[Setting] = []
        self.said: list[bytes] = []

    def set(self, setting: Setting) -> None:
        self.baudrate, self.framing = setting.baud, setting.framing
        self.tried.append(setting)

    def read(self, _: int) -> bytes:
        threading.Event().wait(0.005)
        right = (self.baudrate, self.framing) == (self.right.baud, self.right.framing)
        return self.data if right else b"\xf8\x00\xe0"

    def close(self) -> None:
        pass


class RefusingPort(FakePort):
    """A meter that stays at 300 baud, asks for a password and takes none."""

    ANSWERS = ((b"/?", b"/TWE0\\2Test\r\n"), (b"\x06", b"\x01P0\x02(1)\x03Q"), (b"\x01P1", b"\x01B0\x03q"))

    def write(self, data: bytes) -> None:
        self.said.append(data)
        self.data = next((answer for start, answer in self.ANSWERS if data.startswith(start)), b"")

    def flush(self) -> None:
        pass

    def read(self, size: int) -> bytes:
        data, self.data = super().read(size), b""
        return data


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakePort], None]:
    def use(port: FakePort) -> None:
        def opened(_: str, setting: Setting) -> FakePort:
            port.set(setting)
            return port

        monkeypatch.setattr(_serial_line, "open_port", opened)
        monkeypatch.setattr(_serial_line, "set_line", lambda port, setting: port.set(setting))

    return use


def run(line: Line, telegrams: int) -> list[Telegram]:
    """What the line hands on until it has handed on so many."""
    stop, got = threading.Event(), []

    def hand(telegram: Telegram) -> None:
        got.append(telegram)
        if len(got) >= telegrams:
            stop.set()

    line.serve(stop, hand)
    return got


def line(**more: Any) -> Line:
    return Line(plan(options(**{"expect_s": 0.05, **more})), ZONE, FakeClock(NOON), "p1")


@pytest.mark.parametrize("right", USUAL, ids=str)
def test_the_setting_is_found_and_kept(right: Setting, fake: Callable[[FakePort], None]) -> None:
    port = FakePort(right, NL3 if right.framing == "7E1" else NL5)
    fake(port)
    found = line()
    assert len(run(found, 2)) == 2
    assert (found.known, found.found) == (right, "dsmr")
    assert port.tried == list(USUAL[: USUAL.index(right) + 1])
    port.tried.clear()
    run(found, 1)
    assert port.tried == [right]


def test_a_setting_that_no_longer_works_is_forgotten(fake: Callable[[FakePort], None]) -> None:
    port = FakePort(USUAL[1], NL5)
    fake(port)
    found = line(protocol="dsmr")
    run(found, 1)
    port.right = USUAL[0]
    with pytest.raises(SourceError, match=r"bytes came \(tried 9600 8N1\)"):
        run(found, 1)
    assert len(run(found, 1)) == 1
    assert found.known == USUAL[0]


@pytest.mark.parametrize(
    ("protocol", "silent", "noisy"),
    [
        ("auto", "request line", "DSMR 4 and 5"),
        ("dsmr", "request line", "DSMR 4 and 5"),
        ("sml", "reading head sit right", "9600 with framing 8N1"),
        ("han", "HAN port on", "2400 with framing 8E1"),
        ("iec62056", "set `ask`", "framing 7E1"),
    ],
)
def test_silence_and_noise_have_a_cause_for_each_kind_of_port(
    protocol: str, silent: str, noisy: str, fake: Callable[[FakePort], None]
) -> None:
    for right, data, said in ((USUAL[0], b"", silent), (USUAL[1], b"", noisy)):
        fake(FakePort(right, data))
        with pytest.raises(SourceError, match=said):
            run(line(protocol=protocol, baud=115_200, framing="8N1"), 1)


def test_the_setting_outlives_the_process(fake: Callable[[FakePort], None], tmp_path: Path) -> None:
    port, memory = FakePort(USUAL[2], NL3), tmp_path / "p1" / "line.json"
    fake(port)

    def started(**more: Any) -> Line:
        port.tried.clear()
        return Line(plan(options(expect_s=0.05, **more)), ZONE, FakeClock(NOON), "p1", memory=memory)

    assert len(run(started(), 1)) == 1
    assert len(run(started(), 1)) == 1
    assert port.tried == [USUAL[2]]
    set_by_hand = started(baud=115_200)  # what the owner sets since then counts
    with pytest.raises(SourceError):
        run(set_by_hand, 1)
    assert port.tried == [USUAL[0]]
    for spoilt in ("", "[]", '{"baud": 9600}', '{"baud": 1, "framing": "8N1", "asks": false}', "\0"):
        memory.write_text(spoilt)
        assert started().known is None


def test_a_folder_that_cannot_be_written_stops_no_meter(
    fake: Callable[[FakePort], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake(FakePort(USUAL[0], NL5))
    (tmp_path / "p1").touch()
    found = Line(plan(options()), ZONE, FakeClock(NOON), "p1", memory=tmp_path / "p1" / "line.json")
    assert len(run(found, 2)) == 2
    assert caplog.text.count("cannot be written") == 1


def test_a_meter_that_encrypts_is_not_passed_over_in_the_search(fake: Callable[[FakePort], None]) -> None:
    """It sends less often than three times in the time a setting is listened to."""
    port = FakePort(USUAL[0], b"")
    fake(port)
    sent = iter(range(1000))

    def read(_: int) -> bytes:
        threading.Event().wait(0.02)
        return SEALED if next(sent) % 25 == 24 else b""

    port.read = read  # type: ignore[method-assign]
    with pytest.raises(AuthError, match="encrypts what it sends"):
        run(line(expect_s=1), 1)
    assert port.tried == [USUAL[0]]


def test_a_password_is_shown_nowhere() -> None:
    assert "hunter2" not in repr(plan(options(password="hunter2")))


def test_nothing_found_says_what_was_tried(fake: Callable[[FakePort], None]) -> None:
    fake(FakePort(Setting(4800, "8N1"), NL5))
    with pytest.raises(SourceError) as caught:
        run(line(protocol="sml"), 1)
    assert "tried 9600 8N1, 9600 7E1, 115200 8N1, 2400 8E1, 2400 8N1" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ({}, (*USUAL, ASKED)),
        ({"protocol": "dsmr"}, USUAL),
        ({"protocol": "han"}, (*USUAL[3:], *USUAL[:3])),
        ({"port": "socket://h:1"}, USUAL[:1]),
        ({"baud": 9600}, (Setting(9600, "8N1"), Setting(9600, "7E1"))),
        ({"baud": 4800}, tuple(Setting(4800, framing) for framing in ("8N1", "7E1", "8E1"))),
        ({"framing": "8E1"}, (Setting(2400, "8E1"),)),
        ({"baud": 19200, "framing": "8N2"}, (Setting(19200, "8N2"),)),
        ({"ask": True}, (ASKED,)),
        ({"ask": True, "baud": 9600}, (Setting(9600, "7E1", asks=True),)),
    ],
)
def test_which_settings_are_tried(given: dict[str, Any], settings: tuple[Setting, ...]) -> None:
    assert plan(options(**given)).settings == settings


def test_a_key_is_checked_when_it_is_entered_and_shown_nowhere() -> None:
    spaced = "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff"
    assert plan(options(key=spaced)).keys.encryption == bytes.fromhex(KEY)
    assert KEY.lower() not in repr(plan(options(key=KEY))).lower()
    assert "\\x11" not in repr(plan(options(key=KEY)))
    with pytest.raises(ValidationError, match="32 digits"):
        options(key=KEY[1:])
    sealed = options(key="enc:xyz")  # opened only after it was validated
    with pytest.raises(SourceError, match="32 digits"):
        plan(sealed)


@pytest.fixture
def pty() -> Iterator[Pty]:
    made = Pty()
    yield made
    made.close()


async def first(source: Source, meter: Callable[[], None]) -> dict[Quantity, float]:
    """Readings of the first batch while `meter` is called again and again."""

    async def sending() -> None:
        while True:
            await asyncio.sleep(0.05)
            with contextlib.suppress(OSError):
                await asyncio.to_thread(meter)

    task = asyncio.create_task(sending())
    try:
        async with asyncio.timeout(20), aclosing(source.batches()) as batches:
            batch = await anext(batches)
            return {fact.quantity: fact.value for fact in batch if isinstance(fact, Reading)}
    finally:
        task.cancel()


async def test_an_encrypting_meter_without_its_key_says_so(pty: Pty, tmp_path: Path) -> None:
    source = Source(options(pty.port), Context(FakeClock(NOON), tmp_path, ZONE))
    with pytest.raises(AuthError, match="encrypts what it sends"):
        await first(source, lambda: pty.send(SEALED))
    assert source.tally.good == 0


def test_a_refused_password_is_tried_once_and_needs_the_owner(fake: Callable[[FakePort], None]) -> None:
    """Some meters lock themselves after a few wrong ones."""
    port = RefusingPort(ASKED, b"")
    fake(port)
    with pytest.raises(AuthError, match="refuses the password; ask the grid company"):
        run(line(ask=True, password="1"), 1)
    assert sum(said.startswith(b"\x01P1") for said in port.said) == 1


async def test_a_meter_is_asked_and_answers(pty: Pty, tmp_path: Path) -> None:
    """The other end of the cable: identification, acknowledgement, readout."""
    heard: list[bytes] = []
    ended = threading.Event()

    def meter() -> None:
        got = b""
        while not ended.is_set():
            try:
                got += pty.receive()
            except OSError:
                return
            if got.endswith(b"!\r\n"):
                pty.send(got + IDENT)  # optical heads echo
            elif got.startswith(b"\x06") and got.endswith(b"\r\n"):
                pty.send(b"\x02" + checked(CONTENT))
            else:
                continue
            heard.append(got)
            got = b""

    thread = threading.Thread(target=meter, daemon=True)
    thread.start()
    source = Source(
        options(pty.port, ask=True, framing="8N1", every_s=0), Context(FakeClock(NOON), tmp_path, ZONE)
    )
    readings = await first(source, lambda: None)
    ended.set()
    assert readings == {Quantity.ENERGY_IMPORT: 1122.334, Quantity.POWER_GRID: 512}
    # Two readouts, for one alone might be damaged in a way its check misses.
    assert heard[:4] == [b"/?!\r\n", b"\x06050\r\n"] * 2
