"""The P1 source over a pseudo terminal, a TCP bridge and an RFC 2217 server that come and go."""

import asyncio
import contextlib
import errno
import logging
import socket
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import serial
from p1_wires import NL3, NL5, Bridge, Pty, Wire, numbered

from appliance.clock import FakeClock
from appliance.errors import SourceError
from appliance.model import Batch, Quantity, Reading
from appliance.sources import _serial_port
from appliance.sources.base import Context
from appliance.sources.p1_serial import Options, Source

ZONE = ZoneInfo("Europe/Amsterdam")
NOON = int(datetime(2026, 3, 15, 13, 25, 2, tzinfo=UTC).timestamp()) * 1000
"""A second after the time in nl5.txt."""
SET = {"baud": 115_200, "framing": "8N1"}


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
    chosen = Options.model_validate({"port": port, "name": "p1", **options})
    return Source(chosen, Context(clock, tmp_path, ZONE))


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


async def until(true: Callable[[], bool]) -> None:
    """Wait for something another thread does; ten seconds at most."""
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:  # noqa: ASYNC110 - nobody there to set an event
        await asyncio.sleep(0.01)


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


async def until_cut_off(source: Source, send: Callable[[], None], cut: Callable[[], None]) -> str:
    """Listen, cut the line after the first telegram, and return what is said then."""
    heard, said = False, ""
    try:
        async with asyncio.timeout(20), aclosing(source.batches()) as batches:
            waiting = asyncio.ensure_future(anext(batches))
            while not waiting.done():
                await asyncio.to_thread(send)
                await asyncio.sleep(0.05)
            heard = bool(await waiting)
            cut()
            async for _ in batches:
                pass
    except SourceError as error:
        said = str(error)
    assert heard, said
    return said


@pytest.mark.parametrize("rfc2217", [False, True])
async def test_it_comes_back_after_the_bridge_hung_up(
    rfc2217: bool, clock: FakeClock, tmp_path: Path
) -> None:
    bridge = Bridge(rfc2217)
    source = make(bridge.port, clock, tmp_path)
    for _ in range(2):
        assert "was cut off" in await until_cut_off(source, sender(bridge), bridge.hang_up)
        assert threads("p1") <= 1
    bridge.close()


async def test_a_cable_pulled_out_is_said(clock: FakeClock, tmp_path: Path) -> None:
    pty = Pty()
    source = make(pty.port, clock, tmp_path)
    said = await until_cut_off(source, sender(pty), pty.close)
    assert said.startswith(f"{pty.port} was cut off")
    assert said.endswith("is the cable or the bridge still there?")


async def test_only_one_thread_however_often_it_is_started(
    pty: Pty, clock: FakeClock, tmp_path: Path
) -> None:
    source, send = make(pty.port, clock, tmp_path), sender(pty)
    for _ in range(5):
        await take(source, 1, send)
        assert threads("p1") <= 1


async def test_cancelled_while_waiting_it_lets_go_of_the_port(
    pty: Pty, clock: FakeClock, tmp_path: Path
) -> None:
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
    await until(lambda: not threads("p1"))
    serial.Serial(pty.port, exclusive=True).close()


async def test_the_line_settings_of_old_meters(pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
    source = make(pty.port, clock, tmp_path, baud=9600, framing="7E1")
    (batch,) = await take(source, 1, lambda: pty.send(NL3))
    values = {r.quantity: r.value for r in batch if isinstance(r, Reading)}
    assert values[Quantity.POWER_GRID] == 680


@pytest.mark.parametrize(("framing", "heeded"), [("7E1", True), ("8E1", True), ("8N1", False)])
def test_a_byte_with_wrong_parity_does_not_pass_for_a_digit(pty: Pty, framing: str, heeded: bool) -> None:
    setting = _serial_port.Setting(9600, framing)
    with _serial_port.open_port(pty.port, setting) as port:
        assert bool(termios.tcgetattr(port.fd)[0] & termios.INPCK) is heeded
    with _serial_port.open_port(pty.port, _serial_port.Setting(9600, "8N1")) as port:
        port.apply_settings = lambda _: None  # a pseudo terminal refuses parity
        _serial_port.set_line(port, setting)
        assert bool(termios.tcgetattr(port.fd)[0] & termios.INPCK) is heeded


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
        monkeypatch.setattr(_serial_port, "comports", list)
        assert await first_error(source) == (
            "There is no /dev/ttyNOSUCH. No serial port was found at all: plug the P1 cable into a USB port"
        )
        port = SimpleNamespace(device="/dev/ttyUSB7", description="P1 cable")
        monkeypatch.setattr(_serial_port, "comports", lambda: [port])
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

        monkeypatch.setattr(serial, "serial_for_url", refuse)
        with pytest.raises(SourceError, match=words):
            _serial_port.open_port("/dev/ttyUSB0", _serial_port.Setting(115_200, "8N1"))

    async def test_silence(self, pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
        text = await first_error(make(pty.port, clock, tmp_path, expect_s=0.1, **SET))
        assert text.startswith(f"No telegram from {pty.port} in 0.3 s and not one byte")
        assert "request line" in text

    async def test_bytes_without_a_telegram(self, pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
        source = make(pty.port, clock, tmp_path, expect_s=0.2, **SET)
        text = await self._while_sending(source, pty, b"\xf8\x1c\xe0" * 20)
        assert "bytes came: try baud 115200 with framing 8N1" in text

    async def test_nothing_but_damaged_telegrams(
        self, pty: Pty, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = make(pty.port, clock, tmp_path, expect_s=0.2, **SET)
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
    line = make("/dev/ttyUSB0", clock, tmp_path)._new_line()
    caplog.set_level(logging.WARNING)
    for _ in range(7200):
        line.damage(1)
        clock.tick(1)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("p1: 1 damaged telegrams")
    assert said[1].startswith("p1: 3600 damaged telegrams")


async def test_a_minute_of_telegrams_loses_none(pty: Pty, clock: FakeClock, tmp_path: Path) -> None:
    source = make(pty.port, clock, tmp_path, every_s=0)
    got: list[Batch] = []

    async def listen() -> None:
        async with aclosing(source.batches()) as batches:
            async for batch in batches:
                got.append(batch)

    task = asyncio.create_task(listen())
    await until(lambda: threads("p1") == 1)
    await asyncio.sleep(0.3)  # until it is open: a real port, too, forgets what came before
    stream = b"".join(numbered(second) for second in range(60))
    for start in range(0, len(stream), 97):
        await asyncio.to_thread(pty.send, stream[start : start + 97])
    await until(lambda: len(got) >= 60)
    task.cancel()
    assert (source.tally.good, source.tally.damaged) == (60, 0)
    assert len(got) == 60
