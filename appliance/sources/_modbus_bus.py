"""The bus Modbus meters hang on: one connection a port, shared by all of its meters, one question at a time.

By pymodbus from 3.10 on (before that a unit was a slave); it is loaded when the first bus is opened.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from appliance.errors import SourceError
from appliance.sources._modbus_registers import Function, Request
from appliance.sources._serial_port import Setting, open_port
from appliance.worker import Worker

RETRIES = 2
"""On a long cable a frame is lost now and then; its answer to a second question is as good."""
OPEN_S = 5.0


class IllegalError(SourceError):
    """The meter has no such registers, or gives fewer at a time."""

    def __init__(self, request: Request) -> None:
        super().__init__(str(request))
        self.request = request


@dataclass(frozen=True, slots=True)
class Line:
    """How a bus is reached: `framing` and `baud` matter on a serial port alone."""

    url: str
    baud: int
    framing: str
    timeout_s: float

    @property
    def kind(self) -> Literal["serial", "tcp", "rtu"]:
        """A serial port, Modbus TCP, or the frames of a serial line through a TCP gateway."""
        if self.url.startswith("/"):
            return "serial"
        return "tcp" if self.url.startswith("tcp:") else "rtu"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of a gateway."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 502


class Bus:
    """The bus of one port; `join` gives it to every meter on it, the last that closes it shuts the port."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.users = 0
        self._lock = asyncio.Lock()
        self._worker = Worker(f"The Modbus port {line.url}")
        self._talk = _Talk(line)

    async def read(self, unit: int, request: Request) -> list[int]:
        """The words `unit` answers. Raises SourceError, IllegalError where the request is not allowed."""
        async with self._lock:
            deadline_s = (RETRIES + 1) * 2 * self.line.timeout_s + 2 * OPEN_S
            try:
                return await self._worker.call(lambda: self._talk.ask(unit, request), deadline_s)
            except IllegalError:
                raise
            except BaseException:
                # A late answer (to one who was cancelled, too) must not be taken for the next one.
                self._renew()
                raise

    def close(self) -> None:
        """One meter leaves the bus."""
        self.users -= 1
        if self.users == 0:
            del _buses[self.line.url]
            self._renew()

    def _renew(self) -> None:
        self._talk.close()
        self._worker.close()
        self._talk = _Talk(self.line)


_buses: dict[str, Bus] = {}
"""By port: meters are sources of their own and know nothing of one another, but a port can be opened once."""


def join(line: Line) -> Bus:
    """The bus of that port. Raises SourceError when another meter on it wants other settings."""
    bus = _buses.get(line.url)
    if bus is None:
        bus = _buses[line.url] = Bus(line)
    elif bus.line != line:
        raise SourceError(
            f"Two meters on {line.url} have different settings: give all of them the same baud, framing and "
            "timeout_s"
        )
    bus.users += 1
    return bus


class _Talk:
    """One connection; blocks. Whoever closes it ends what it waits for."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._client: Any = None
        self._heard = b""

    def ask(self, unit: int, request: Request) -> list[int]:
        from pymodbus.exceptions import ConnectionException, ModbusException

        client = self._connected()
        self._heard = b""
        read = client.read_input_registers if request.function == "input" else client.read_holding_registers
        try:
            answer = read(request.address, count=request.count, device_id=unit)
        except (ConnectionException, OSError) as error:
            self.close()
            raise SourceError(_why_closed(self._line)) from error
        except ModbusException as error:
            raise SourceError(self._why_silent(unit)) from error
        if answer.isError():
            raise _refusal(getattr(answer, "exception_code", 0), unit, request, self._line)
        words: Sequence[int] = answer.registers
        if len(words) != request.count:
            raise SourceError(
                f"Unit {unit} sent {len(words)} registers where {request.count} were asked for; is another "
                "program asking on the same bus?"
            )
        return list(words)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _connected(self) -> Any:
        if self._client is None:
            client = _client(self._line, self._trace)
            if not client.connect():
                raise SourceError(_why_closed(self._line))
            self._client = client
        return self._client

    def _trace(self, sending: bool, data: bytes) -> bytes:
        """What was heard last, for the case that pymodbus finds no answer in it."""
        if not sending and data:
            self._heard = data
        return data

    def _why_silent(self, unit: int) -> str:
        line, heard = self._line, self._heard
        if not heard and line.kind == "tcp":
            return (
                f"No answer from unit {unit} at {line.url} within {line.timeout_s:g} s: check the unit "
                "number shown in the meter's menu and that the gateway has a meter at its end"
            )
        if not heard:
            return (
                f"No answer from unit {unit} at {line.url} within {line.timeout_s:g} s: check unit number, "
                "baud and framing in the meter's menu, and that A and B are not swapped"
            )
        other = heard[6] if line.kind == "tcp" and len(heard) > 6 else heard[0]
        if other != unit and (line.kind == "tcp" or crc(heard[:-2]) == heard[-2:]):
            return f"Unit {other} answered at {line.url} where unit {unit} was asked: set its unit right"
        return (
            f"What came from {line.url} is damaged ({len(heard)} bytes without a right checksum): "
            "two meters with one unit number, a wrong baud or framing, or a long cable without 120 ohms at "
            "its ends"
        )


def _client(line: Line, trace: Any) -> Any:
    from pymodbus import FramerType
    from pymodbus.client import ModbusSerialClient, ModbusTcpClient

    # Every failure is raised and told once; the library would write each to the journal besides.
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL + 1)
    common: dict[str, Any] = {"timeout": line.timeout_s, "retries": RETRIES, "trace_packet": trace}
    if line.kind == "serial":
        size, parity, stop = tuple(line.framing)
        return ModbusSerialClient(
            line.url, baudrate=line.baud, bytesize=int(size), parity=parity, stopbits=int(stop), **common
        )
    host, port = line.address
    framer = FramerType.SOCKET if line.kind == "tcp" else FramerType.RTU
    return ModbusTcpClient(host, port=port, framer=framer, **common)


def _why_closed(line: Line) -> str:
    """pymodbus does not tell why it could not connect: try once more in a way that does."""
    where = line.url if line.kind == "serial" else "socket://{}:{}".format(*line.address)
    try:
        open_port(where, Setting(line.baud, line.framing)).close()
    except SourceError as error:
        return str(error)
    return f"The connection to {line.url} broke; it is made again. If that goes on: who else uses it?"


def _refusal(code: int, unit: int, request: Request, line: Line) -> SourceError:
    """The sentence for a Modbus exception code (Application Protocol V1.1b3, section 7)."""
    if code in (2, 3):
        return IllegalError(request)
    if code == 1:
        other: Function = "holding" if request.function == "input" else "input"
        return SourceError(
            f"Unit {unit} at {line.url} does not let {request.function} registers be read: set function to "
            f"{other}"
        )
    if code in (10, 11):
        return SourceError(
            f"The gateway at {line.url} is there, but unit {unit} behind it does not answer: check the unit "
            "number and the cable between gateway and meter"
        )
    return SourceError(
        f"Unit {unit} at {line.url} cannot answer now (Modbus exception {code}); it is asked again later"
    )


def crc(data: bytes) -> bytes:
    """The checksum at the end of an RTU frame (Modbus over Serial Line V1.02, section 6.2.2)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")
