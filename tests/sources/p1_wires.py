"""Wires a P1 meter may hang on, and telegrams to send over them."""

import contextlib
import os
import select
import socket
import threading
import tty
from pathlib import Path
from types import SimpleNamespace

import serial
import serial.rfc2217

from appliance.demo.p1 import crc16

FIXTURES = Path(__file__).parents[1] / "fixtures" / "p1_serial"
NL5 = (FIXTURES / "nl5.txt").read_bytes()
NL3 = (FIXTURES / "nl3.txt").read_bytes()


def numbered(second: int, power: str = "00.000") -> bytes:
    """The Dutch telegram of another second."""
    stamp = b"26031514%02d%02dW" % divmod(25 * 60 + second, 60)
    body = NL5[: NL5.rindex(b"!") + 1].replace(b"260315142501W", stamp)
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

    def receive(self) -> bytes:
        """What was sent to the device within a tenth of a second."""
        ready, _, _ = select.select([self._master], [], [], 0.1)
        return os.read(self._master, 1000) if ready else b""

    def close(self) -> None:
        for fd in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(fd)


class Bridge(Wire):
    """A TCP server that passes bytes on as they are or, with `rfc2217`, speaks that protocol."""

    def __init__(self, rfc2217: bool = False) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._number = self._server.getsockname()[1]
        # On a busy machine the talk about settings may take longer than pyserial's three seconds.
        kind, patience = ("rfc2217", "?timeout=15") if rfc2217 else ("socket", "")
        self.port = f"{kind}://127.0.0.1:{self._number}{patience}"
        self._rfc2217 = rfc2217
        self._managers: list[serial.rfc2217.PortManager] = []
        self.connected = threading.Event()
        self._peers: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._server.accept()
                if self._rfc2217:
                    self._talk(peer)
                self._peers.append(peer)  # last: from now on bytes are sent to it
                self.connected.set()

    def _talk(self, peer: socket.socket) -> None:
        # loop:// is a port with modem lines, which the protocol asks after; nothing is read from it.
        line = serial.serial_for_url("loop://", timeout=0)
        manager = serial.rfc2217.PortManager(line, SimpleNamespace(write=peer.sendall))  # type: ignore[arg-type]
        self._managers.append(manager)

        def listen() -> None:
            with contextlib.suppress(OSError):
                while data := peer.recv(1024):
                    for _ in manager.filter(data):
                        pass

        threading.Thread(target=listen, daemon=True).start()

    def send(self, data: bytes) -> None:
        for i, peer in enumerate(self._peers):
            peer.sendall(b"".join(self._managers[i].escape(data)) if self._rfc2217 else data)

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
