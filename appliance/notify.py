"""Speaking with systemd (sd_notify(3)): ready, alive, stopping. Silent where nobody listens."""

import os
import socket

_ABSTRACT = "@"


def send(message: str) -> bool:
    """Tell systemd; whether anybody was there to hear it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith(_ABSTRACT):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.sendto(message.encode(), socket.MSG_DONTWAIT, address)
    except OSError:
        return False
    return True


def ready() -> None:
    """All is built; units that wait for us may start."""
    send("READY=1")


def stopping() -> None:
    """We are on the way down; no heartbeat is to be expected."""
    send("STOPPING=1")


def watchdog() -> None:
    """One heartbeat."""
    send("WATCHDOG=1")


def watchdog_interval_s() -> float | None:
    """How often systemd wants a heartbeat at the least, None when it does not watch this process."""
    pid = os.environ.get("WATCHDOG_PID")
    usec = os.environ.get("WATCHDOG_USEC", "")
    if not usec.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1e6 or None
