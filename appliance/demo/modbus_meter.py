"""Modbus meters of the virtual house: Eastron SDM630 and SDM120 on Modbus TCP, a gateway or an RS-485 bus.

Served by pymodbus. A serial bus is a pair of pseudo terminals with a wire between them that can be disturbed.
"""

import asyncio
import os
import struct
import threading
import tty
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from select import select
from typing import Any, Literal

from appliance.demo.house import HouseState

Values = Callable[[], Mapping[int, float]]
"""Address of the first of two registers -> the 32-bit float there."""
LAST = 400
ILLEGAL_ADDRESS, ILLEGAL_VALUE = 2, 3


def sdm630(state: HouseState) -> dict[int, float]:
    """The registers of a three-phase meter at the grid connection (Eastron SDM630 Modbus Protocol)."""
    found: dict[int, float] = {
        52: state.grid_w, 70: state.frequency_hz, 72: state.import_kwh, 74: state.export_kwh,
    }  # fmt: skip
    for n, phase in enumerate(state.phases):
        found |= {2 * n: phase.voltage_v, 6 + 2 * n: phase.current_a, 12 + 2 * n: phase.power_w}
    return found


def sdm120(state: HouseState) -> dict[int, float]:
    """The registers of a one-phase meter before the solar panels: what they give counts as export."""
    volts = state.phases[0].voltage_v
    return {
        0: volts, 6: state.solar_w / volts, 12: -state.solar_w, 70: state.frequency_hz,
        72: 0.0, 74: state.solar_kwh,
    }  # fmt: skip


@dataclass
class Faults:
    """How the meters fail: `silent` ones do not answer, `posing` answers under another unit, `noise` flips a
    bit of that many answers, `refuse` is a Modbus exception code; `most` registers are given at a time, and
    none of `holes`."""

    silent: frozenset[int] = frozenset()
    posing: int | None = None
    noise: int = 0
    refuse: int | None = None
    most: int = 80
    holes: frozenset[int] = frozenset()


class ModbusMeters:
    """Several units on one bus; `start` opens it, `port` is then what config.json calls it."""

    def __init__(
        self, units: Mapping[int, Values], kind: Literal["serial", "tcp", "rtu+tcp"] = "tcp"
    ) -> None:
        self.units, self.kind = dict(units), kind
        self.faults = Faults()
        self.port = ""
        self.asked: list[tuple[int, int, int]] = []
        """Unit, address and count of every request."""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wire: _Wire | None = None
        self._server: Any = None
        self._request: Any = None

    def start(self) -> None:
        """Open the bus and begin to answer."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(ready)), name="demo-modbus", daemon=True
        )
        self._thread.start()
        if not ready.wait(10):
            raise OSError("the virtual Modbus meters could not be started")

    def stop(self) -> None:
        """Take the bus away."""
        if self._thread is None or self._loop is None:
            return
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop)
        self._thread.join()
        self._thread = None
        if self._wire is not None:
            self._wire.stop()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = self._made()
        await self._server.serve_forever(background=True)
        if self.kind != "serial":
            host, port = self._server.transport.sockets[0].getsockname()[:2]
            self.port = f"{self.kind}://{host}:{port}"
        ready.set()
        await self._server.serving

    def _made(self) -> Any:
        from pymodbus import FramerType, datastore
        from pymodbus.server import ModbusSerialServer, ModbusTcpServer

        store: Any = datastore
        blank = [0] * (LAST + 1)
        device = store.ModbusDeviceContext(
            ir=store.ModbusSequentialDataBlock(1, blank), hr=store.ModbusSequentialDataBlock(1, list(blank))
        )
        context = store.ModbusServerContext(devices=device, single=True)
        traces: Any = {"trace_pdu": self._pdu, "trace_packet": self._packet}
        if self.kind == "serial":
            self._wire = _Wire()
            self.port = self._wire.near
            return ModbusSerialServer(context, port=self._wire.far, framer=FramerType.RTU, **traces)
        framer = FramerType.SOCKET if self.kind == "tcp" else FramerType.RTU
        return ModbusTcpServer(context, framer=framer, address=("127.0.0.1", 0), **traces)

    def _pdu(self, sending: bool, pdu: Any) -> Any:
        """pymodbus shows every request and every answer; the answer's registers are filled in here."""
        from pymodbus.pdu import ExceptionResponse

        if not sending:
            self._request = pdu
            self.asked.append((pdu.dev_id, pdu.address, pdu.count))
            return pdu
        request, faults = self._request, self.faults
        wanted = set(range(request.address, request.address + request.count))
        code = faults.refuse
        if request.count > faults.most:
            code = ILLEGAL_ADDRESS
        if wanted & faults.holes or max(wanted) > LAST:
            code = ILLEGAL_ADDRESS
        if code is not None:
            refusal = ExceptionResponse(request.function_code, code)
            refusal.dev_id, refusal.transaction_id = pdu.dev_id, pdu.transaction_id
            return refusal
        words = _words(self.units.get(request.dev_id, dict)())
        pdu.registers = [words.get(address, 0) for address in sorted(wanted)]
        if faults.posing is not None:
            pdu.dev_id = faults.posing
        return pdu

    def _packet(self, sending: bool, data: bytes) -> bytes:
        if not sending or self._request is None:
            return data
        unit = self._request.dev_id
        if unit in self.faults.silent or unit not in self.units:
            return b""
        if self.faults.noise:
            self.faults.noise -= 1
            return data[:-1] + bytes([data[-1] ^ 1])
        return data


def _words(values: Mapping[int, float]) -> dict[int, int]:
    words = {}
    for address, value in values.items():
        words[address], words[address + 1] = struct.unpack(">2H", struct.pack(">f", value))
    return words


class _Wire:
    """Two pseudo terminals joined: what is written to one comes out of the other."""

    def __init__(self) -> None:
        self._fds = [*os.openpty(), *os.openpty()]
        for slave in self._fds[1::2]:
            tty.setraw(slave)
        self.near, self.far = os.ttyname(self._fds[1]), os.ttyname(self._fds[3])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="demo-rs485", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cut the wire; both ports are gone."""
        self._stop.set()
        self._thread.join()
        for fd in self._fds:
            with suppress(OSError):
                os.close(fd)

    def _carry(self) -> None:
        one, other = self._fds[0], self._fds[2]
        while not self._stop.is_set():
            for ready in select([one, other], [], [], 0.05)[0]:
                with suppress(OSError):
                    os.write(other if ready == one else one, os.read(ready, 4096))
