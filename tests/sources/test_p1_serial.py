"""The P1 source over a pseudo terminal, a TCP bridge and an RFC 2217 server that come and go."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import serial
import serial.rfc2217
from pydantic import ValidationError

from appliance.clock import FakeClock
from appliance.demo.p1 import crc16
from appliance.errors import SourceError
from appliance.model import Batch, Quantity, Reading
from appliance.protocols import dsmr
from appliance.sources import p1_serial
from appliance.sources.base import Context
from appliance.sources.p1_serial import Options, Source, to_readings

ZONE = ZoneInfo("Europe/Amsterdam")
FIXTURES = Path(__file__).parents[1] / "fixtures" / "p1_serial"
NL5 = (FIXTURES / "nl5.txt").read_bytes()
NL3 = (FIXTURES / "nl3.txt").read_bytes()
NOON = int(datetime(2026, 3, 15, 13, 25, 2, tzinfo=UTC).timestamp()) * 1000
"""A second after the time in nl5.txt."""


def numbered(second: int, power: str = "00.000") -> bytes:
    """The Dutch telegram of another second."""
    body = NL5[: NL5.rindex(b"!") + 1].replace(b"260315142501W", b"26031514%02d%02dW" % divmod(25 * 60 + second, 60))
    body = body.replace(b"1.7.0(00.000*kW)", b"1.7.0(%s*kW)" % power.encode(), 1)
    return body + b"%04X\r\n" % crc16(body)


class Wire:
    """Bytes a device sends: each `send` goes to whoever is connected."""

    port: str

    def send(self, data: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Pty(Wire):
    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)

    def send(self, data: bytes) -> None:
        os.write(self._master, data)

    def close(self) -> None:
        for fd in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(fd)


class Bridge(Wire):
    """A TCP server that passes bytes on as they are or, with `rfc2217`, speaks that protocol."""

    def __init__(self, rfc2217: bool = False) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._number = self._server.getsockname()[1]
        self.port = f"{'rfc2217' if rfc2217 else 'socket'}://127.0.0.1:{self._number}"
        self._rfc2217 = rfc2217
        self._managers: list[serial.rfc2217.PortManager] = []
        self.connected = threading.Event()
        self._peers: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._server.accept()
                self._peers.append(peer)
                if self._rfc2217:
                    self._talk(peer)
                self.connected.set()

    def _talk(self, peer: socket.socket) -> None:
        # loop:// is a port with modem lines, which the protocol asks after; nothing is read from it.
        line = serial.serial_for_url("loop://", timeout=0)
        manager = serial.rfc2217.PortManager(line, SimpleNamespace(write=peer.sendall))
        self._managers.append(manager)

        def listen() -> None:
            with contextlib.suppress(OSError):
                while data := peer.recv(1024):
                    for _ in manager.filter(data):
                        pass

        threading.Thread(target=listen, daemon=True).start()

    def send(self, data: bytes) -> None:
        for peer, manager in zip(self._peers, self._managers or [None] * len(self._peers), strict=False):
            peer.sendall(data if manager is None else b"".join(manager.escape(data)))

    def hang_up(self) -> None:
        self.connected.clear()
        self._managers.clear()
        while self._peers:
            peer = self._peers.pop()
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()

    def close(self) -> None:
        self._server.close()
        self.hang_up()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture(params=["pty", "socket", "rfc2217"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    made = Pty() if request.param == "pty" else Bridge(rfc2217=request.param == "rfc2217")
    yield made
    made.close()


@pytest.fixture
def pty() -> Iterator[Pty]:
    made = Pty()
    yield made
    made.close()


def make(port: str, clock: FakeClock, tmp_path: Path, **options: object) -> Source:
    return Source(Options.model_validate({"port": port, "name": "p1", **options}), Context(clock, tmp_path, ZONE))


async def take(source: Source, count: int, keep_sending: Callable[[], None]) -> list[Batch]:
    """So many batches, while `keep_sending` is called again and again as a meter would."""
    got: list[Batch] = []

    async def meter() -> None:
        while True:
            await asyncio.sleep(0.05)
            await asyncio.to_thread(keep_sending)

    sender = asyncio.create_task(meter())
    try:
        async with asyncio.timeout(20), aclosing(source.batches()) as batches:
            async for batch in batches:
                got.append(batch)
                if len(got) == count:
                    break
    finally:
        sender.cancel()
    return got


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    """Whatever a test did with a source: its reader thread ends."""
    yield
    end = time.monotonic() + 5
    while threads("p1") and time.monotonic() < end:
        time.sleep(0.01)
    assert not threads("p1")


def sender(wire: Wire) -> Callable[[], None]:
    seconds = iter(range(1, 1500))

    def send() -> None:
        with contextlib.suppress(OSError):
            wire.send(numbered(next(seconds)))

    return send


async def test_telegrams_over_every_transport(wire: Wire, clock: FakeClock, tmp_path: Path) -> None:
    source = make(wire.port, clock, tmp_path)
    first, second = await take(source, 2, sender(wire))
    values = {r.quantity: r.value for r in first if isinstance(r, Reading)}
    assert values[Quantity.POWER_GRID] == -1234
    assert values[Quantity.ENERGY_IMPORT] == 7531.579
    assert values[Quantity.GAS] == 1234.567
    assert all(isinstance(r, Reading) and r.source == "p1" for r in first)
    assert second[0].at - first[0].at >= 1000  # type: ignore[union-attr]


async def test_it_comes_back_after_the_bridge_hung_up(clock: FakeClock, tmp_path: Path) -> None:
    for rfc2217 in (False, True):
        bridge = Bridge(rfc2217)
        source = make(bridge.port, clock, tmp_path)
        send = sender(bridge)
        for _ in range(2):
            with pytest.raises(SourceError, match="was cut off"):
                async with asyncio.timeout(20), aclosing(source.batches()) as batches:
                    waiting = asyncio.ensure_future(anext(batches))
                    while not waiting.done():
                        await asyncio.to_thread(send)
                        await asyncio.sleep(0.05)
                    assert await waiting
                    bridge.hang_up()
                    async for _ in batches:
                        pass
            assert threads("p1") <= 1
        bridge.close()


async def test_a_cable_pulled_out_is_said(clock: FakeClock, tmp_path: Path) -> None:
    pty = Pty()
    source = make(pty.port, clock, tmp_path)
    with pytest.raises(SourceError, match=r"was cut off .* is the cable or the bridge still there\?"):
        async with asyncio.timeout(20), aclosing(source.batches()) as batches:
            waiting = asyncio.ensure_future(anext(batches))
            while not waiting.done():
                pty.send(numbered(1))
                await asyncio.sleep(0.05)
            pty.close()
            async for _ in batches:
                pass


async def test_only_one_thread_however_often_it_is_started(pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
    source, send = make(pty.port, clock, tmp_path), sender(pty)
    for _ in range(5):
        await take(source, 1, send)
        assert threads("p1") <= 1


async def test_cancelled_while_waiting_it_lets_go_of_the_port(pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
    source = make(pty.port, clock, tmp_path)

    async def run() -> None:
        async with aclosing(source.batches()) as batches:
            async for _ in batches:
                pass

    task = asyncio.create_task(run())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while threads("p1"):
        await asyncio.sleep(0.01)
    serial.Serial(pty.port, exclusive=True).close()


async def test_the_line_settings_of_old_meters(pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
    source = make(pty.port, clock, tmp_path, baud=9600, framing="7E1")
    (batch,) = await take(source, 1, lambda: pty.send(NL3))
    values = {r.quantity: r.value for r in batch if isinstance(r, Reading)}
    assert values[Quantity.POWER_GRID] == 680


async def first_error(source: Source) -> str:
    with pytest.raises(SourceError) as caught:
        async with asyncio.timeout(20), aclosing(source.batches()) as batches:
            await anext(batches)
    return str(caught.value)


class TestWhatIsSaid:
    async def test_no_such_port(
        self, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = make("/dev/ttyNOSUCH", clock, tmp_path)
        monkeypatch.setattr(p1_serial, "comports", list)
        assert await first_error(source) == (
            "There is no /dev/ttyNOSUCH. No serial port was found at all: plug the P1 cable into a USB port"
        )
        port = SimpleNamespace(device="/dev/ttyUSB7", description="P1 cable")
        monkeypatch.setattr(p1_serial, "comports", lambda: [port])
        assert "Found: /dev/ttyUSB7 (P1 cable). Choose one" in await first_error(source)

    async def test_nobody_listens(self, clock: FakeClock, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            number = server.getsockname()[1]
        text = await first_error(make(f"socket://127.0.0.1:{number}", clock, tmp_path))
        assert text.startswith(f"Nothing listens at socket://127.0.0.1:{number}")
        text = await first_error(make(f"rfc2217://127.0.0.1:{number}", clock, tmp_path))
        assert text.startswith(f"Nothing listens at rfc2217://127.0.0.1:{number}")

    async def test_another_program_has_the_port(self, pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
        with serial.Serial(pty.port, exclusive=True):
            assert "is used by another program" in await first_error(make(pty.port, clock, tmp_path))

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (errno.EACCES, "sudo adduser tallywatt dialout"),
            (errno.EBUSY, "used by another program"),
            (errno.EHOSTUNREACH, "cannot be reached"),
            (errno.EIO, "cannot be opened"),
        ],
    )
    def test_reasons_of_the_system(
        self, number: int, words: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise serial.SerialException(number, "no")

        monkeypatch.setattr(p1_serial.serial, "serial_for_url", refuse)
        with pytest.raises(SourceError, match=words):
            p1_serial.open_port(Options(port="/dev/ttyUSB0"))

    async def test_silence(self, pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
        text = await first_error(make(pty.port, clock, tmp_path, expect_s=0.1))
        assert text.startswith(f"No telegram from {pty.port} in 0.3 s and not one byte")
        assert "request line" in text

    async def test_bytes_without_a_telegram(self, pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
        source = make(pty.port, clock, tmp_path, expect_s=0.2)
        text = await self._while_sending(source, pty, b"\xf8\x1c\xe0" * 20)
        assert "bytes came: try baud 115200 with framing 8N1" in text

    async def test_nothing_but_damaged_telegrams(
        self, pty: Pty, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = make(pty.port, clock, tmp_path, expect_s=0.2)
        text = await self._while_sending(source, pty, NL5.replace(b"01.234*kW", b"01.235*kW"))
        assert "damaged: is the cable sound" in text
        assert source.tally.damaged > 1
        assert source.tally.good == 0
        assert len([r for r in caplog.records if "damaged telegrams dropped" in r.getMessage()]) == 1

    async def _while_sending(self, source: Source, pty: Pty, data: bytes) -> str:
        async def meter() -> None:
            while True:
                pty.send(data)
                await asyncio.sleep(0.05)

        task = asyncio.create_task(meter())
        try:
            return await first_error(source)
        finally:
            task.cancel()


def test_damage_is_said_once_an_hour_with_the_count(
    clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = make("/dev/ttyUSB0", clock, tmp_path)
    caplog.set_level(logging.WARNING)
    for _ in range(7200):
        source._damaged(1)
        clock.tick(1)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("p1: 1 damaged telegrams")
    assert said[1].startswith("p1: 3600 damaged telegrams")


def parsed(data: bytes) -> dsmr.Telegram:
    return dsmr.parse(data, ZONE)


class TestTimes:
    def test_the_meter_is_believed_within_five_minutes(self) -> None:
        readings = to_readings(parsed(NL5), "p1", NOON + 299_000 - 1000)
        assert {r.at for r in readings if r.quantity is not Quantity.GAS} == {NOON - 1000}
        assert {r.at for r in readings if r.quantity is Quantity.GAS} == {NOON - 302_000}

    def test_else_our_clock_counts_and_gas_moves_with_it(self) -> None:
        now = NOON + 86_400_000
        readings = to_readings(parsed(NL5), "p1", now)
        assert {r.at for r in readings if r.quantity is not Quantity.GAS} == {now}
        assert {r.at for r in readings if r.quantity is Quantity.GAS} == {now - 301_000}

    def test_a_gas_meter_that_lost_its_clock(self) -> None:
        lines = NL5[: NL5.rindex(b"!") + 1].replace(b"260315142000W", b"000101010000W")
        readings = to_readings(parsed(lines + b"%04X" % crc16(lines)), "p1", NOON)
        assert {r.at for r in readings} == {NOON - 1000}

    def test_a_meter_without_a_clock(self) -> None:
        readings = to_readings(parsed(NL3), "p1", NOON)
        assert {r.at for r in readings if r.quantity is not Quantity.GAS} == {NOON}


class TestWhatIsPassedOn:
    def test_at_most_one_in_every_s(self, clock: FakeClock, tmp_path: Path) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path, every_s=10)
        passed = []
        for second in range(1, 61):
            clock.tick(1)
            if source._batch(parsed(numbered(second))):
                passed.append(second)
        assert passed == [1, 11, 21, 31, 41, 51]

    def test_a_telegram_a_second_goes_through_though_it_is_never_on_the_dot(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path)
        clock.jump(86_400_000)  # the meter's clock is not believed: times of arrival count
        passed = 0
        for second in range(60):
            clock.tick(0.95 if second % 2 else 1.05)
            passed += bool(source._batch(parsed(numbered(second))))
        assert passed == 60

    def test_a_clock_set_back_stops_nothing(self, clock: FakeClock, tmp_path: Path) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path)
        assert source._batch(parsed(numbered(30)))
        clock.jump(-3_600_000)
        assert source._batch(parsed(numbered(31)))

    def test_gas_only_when_it_was_read_anew(self, clock: FakeClock, tmp_path: Path) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path)
        seen = []
        for second in (1, 2, 3):
            clock.tick(1)
            batch = source._batch(parsed(numbered(second)))
            seen.append(any(isinstance(r, Reading) and r.quantity is Quantity.GAS for r in batch))
        assert seen == [True, False, False]

    def test_without_a_checksum_a_telegram_must_look_like_the_one_before(
        self, clock: FakeClock, tmp_path: Path
    ) -> None:
        source = make("/dev/ttyUSB0", clock, tmp_path, every_s=0)
        good, short = parsed(NL3), parsed(NL3.replace(b"05080.475", b"0580.475"))
        got = [bool(source._batch(telegram)) for telegram in (good, good, short, good, good)]
        assert got == [False, True, False, False, True]


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.txt")))
def test_every_variant_is_within_what_can_be_believed(name: str) -> None:
    telegram = parsed((FIXTURES / f"{name}.txt").read_bytes())
    assert telegram.readings
    for quantity, value in telegram.readings.items():
        assert quantity.spec.low <= value <= quantity.spec.high


class TestOptions:
    @pytest.mark.parametrize(
        "port",
        ["/dev/ttyUSB0", "/dev/serial/by-id/usb-FTDI_FT232R-if00-port0", "socket://10.0.0.7:2001",
         "rfc2217://bridge.local:4000", "rfc2217://bridge:4000?ign_set_control", "socket://[fe80::1]:23"],
    )  # fmt: skip
    def test_ports(self, port: str) -> None:
        assert Options(port=port).port == port

    @pytest.mark.parametrize("port", ["", "COM3", "ttyUSB0", "http://10.0.0.7:80", "socket://10.0.0.7", "/dev/a b"])
    def test_what_is_no_port(self, port: str) -> None:
        with pytest.raises(ValidationError, match=r"must be /dev/\.\.\., socket"):
            Options(port=port)

    def test_framing(self) -> None:
        with pytest.raises(ValidationError):
            Options(port="/dev/ttyUSB0", framing="9N1")

    def test_every_option_is_described(self) -> None:
        for name, field in Options.model_fields.items():
            assert field.description or name == "type", name


async def test_a_minute_of_telegrams_loses_none(pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
    source = make(pty.port, clock, tmp_path, every_s=0)
    got: list[Batch] = []

    async def listen() -> None:
        async with aclosing(source.batches()) as batches:
            async for batch in batches:
                got.append(batch)

    task = asyncio.create_task(listen())
    for _ in range(100):
        if threads("p1"):
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)  # until it is open: a real port, too, forgets what came before
    stream = b"".join(numbered(second) for second in range(60))
    for start in range(0, len(stream), 97):
        await asyncio.to_thread(pty.send, stream[start : start + 97])
    end = time.monotonic() + 10
    while source.tally.good < 60 and time.monotonic() < end:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)
    task.cancel()
    assert (source.tally.good, source.tally.damaged) == (60, 0)
    assert len(got) == 60
