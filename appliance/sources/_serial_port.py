"""Opening a meter's port and remembering how it is set, and what to say and do when that fails."""

import errno
import json
import logging
import socket
import termios
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import serial
from serial.tools.list_ports import comports

from appliance.errors import SourceError
from config.files import write_atomic

log = logging.getLogger(__name__)

POLL_S = 0.04
"""How long a read waits for more bytes: the longest a finished telegram lies about."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a line is set: `framing` is data bits, parity and stop bits. `asks`: the meter has to be asked."""

    baud: int
    framing: str
    asks: bool = False

    def __str__(self) -> str:
        return f"{self.baud} {self.framing}"


def recall(path: Path, usual: Iterable[Setting]) -> Setting | None:
    """The setting that worked the last time, if it is still one of those that may be tried."""
    try:
        known = Setting(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return known if known in usual else None


def keep(path: Path, setting: Setting) -> None:
    """Remember a setting that works; without it the next start only takes longer."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(asdict(setting)).encode("utf-8"))
    except OSError as error:
        log.warning("%s cannot be written (%s): the line is searched anew at the next start", path, error)


def open_port(url: str, setting: Setting) -> serial.Serial:
    """The open port; its reads return after at most POLL_S. Raises SourceError that says what to do."""
    try:
        port = serial.serial_for_url(url, timeout=POLL_S, exclusive=True, **_line(setting))
        _heed_parity(port, setting)
        return port
    except (OSError, ValueError, termios.error) as error:
        raise SourceError(_why_not(url, error)) from error


def set_line(port: serial.Serial, setting: Setting) -> None:
    """Change the settings of an open port and forget what came before. Raises OSError or ValueError."""
    port.apply_settings(_line(setting))
    _heed_parity(port, setting)
    port.reset_input_buffer()


def _heed_parity(port: serial.Serial, setting: Setting) -> None:
    """Have the driver put NUL for a byte whose parity is wrong, which pyserial has it pass on as it came: of
    meters without a checksum (DSMR 2.2 and 3) that is all there is to tell a damaged digit by."""
    if setting.framing[1] == "N" or not isinstance(port, serial.Serial):
        return  # another computer's port
    modes = termios.tcgetattr(port.fileno())
    modes[0] |= termios.INPCK
    termios.tcsetattr(port.fileno(), termios.TCSANOW, modes)


def _line(setting: Setting) -> dict[str, Any]:
    return {
        "baudrate": setting.baud,
        "bytesize": int(setting.framing[0]),
        "parity": setting.framing[1],
        "stopbits": int(setting.framing[2]),
    }


def _why_not(port: str, error: Exception) -> str:
    cause = error.__context__ if isinstance(error.__context__, OSError) else error
    number = getattr(error, "errno", None) or getattr(cause, "errno", None)
    if isinstance(cause, socket.gaierror):
        return f"The name in {port} is not known on this network; check it or write the address in numbers"
    if number == errno.ECONNREFUSED:
        return f"Nothing listens at {port}; is the bridge's TCP server on, and the port number right?"
    if isinstance(cause, TimeoutError) or number in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT):
        return f"{port} cannot be reached; is the bridge on and in this network?"
    if number in (errno.EACCES, errno.EPERM):
        return (
            f"No permission to open {port}; add the appliance's user to the group dialout "
            f"(sudo adduser tallywatt dialout) and start it again"
        )
    if number in (errno.EBUSY, errno.EAGAIN):
        return f"{port} is used by another program; stop that first (sudo fuser {port} shows it)"
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return f"There is no {port}. {_ports_found()}"
    return f"{port} cannot be opened ({error}); check the setting and the cable"


def _ports_found() -> str:
    found = ", ".join(f"{port.device} ({port.description})" for port in sorted(comports()))
    if not found:
        return "No serial port was found at all: plug the P1 cable into a USB port"
    return f"Found: {found}. Choose one of them as port"
