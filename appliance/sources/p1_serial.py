"""A meter's P1 port: telegrams over a serial cable, a network bridge (raw TCP) or an RFC 2217 server.

DSMR P1 companion standard 5.0.2 and relatives (see `appliance.protocols.dsmr`). The meter sends by itself:
every second (DSMR 5, Belgium) or every ten (older Dutch meters, Sweden, Luxembourg). A reader thread owns
the port; the event loop only sees finished telegrams.
"""

import asyncio
import errno
import logging
import re
import socket
import termios
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Literal

import serial
from pydantic import Field, field_validator
from serial.tools.list_ports import comports

from appliance.clock import EARLIEST_SANE_MS
from appliance.errors import SourceError
from appliance.model import Batch, Quantity, Reading
from appliance.protocols import dsmr
from appliance.protocols.frames import TextReader
from appliance.protocols.telegram import Telegram
from appliance.sources.base import Context, SourceOptions

log = logging.getLogger(__name__)

POLL_S = 0.04
"""How long a read waits for more bytes: the longest a finished telegram lies about."""
CHUNK = 4096
QUEUE = 64
MISSED = 3
"""So many telegrams may stay away before the line counts as silent."""
STUCK_S = 30.0
"""Opening may take so long (name server, RFC 2217 talk); past it the driver hangs."""
TELL_EVERY_S = 3600.0


class Options(SourceOptions):
    """A meter's P1 port on a serial cable or behind a network bridge."""

    type: Literal["p1_serial"] = "p1_serial"
    port: str
    """Where the meter is: `/dev/ttyUSB0` or better `/dev/serial/by-id/...`; `socket://host:port` for a
    bridge that passes raw bytes (ser2net, ESPHome); `rfc2217://host:port` for one that speaks RFC 2217."""
    baud: int = Field(default=115_200, ge=300, le=1_000_000)
    """Speed of the line: 115200 for DSMR 4 and 5, Belgium and Sweden; 9600 for DSMR 2.2 and 3."""
    framing: str = Field(default="8N1", pattern=r"^[78][NEO][12]$")
    """Data bits, parity and stop bits: 8N1 for most meters, 7E1 for DSMR 2.2 and 3."""
    every_s: float = Field(default=1.0, ge=0, le=3600)
    """Keep at most one telegram in this many seconds; 10 writes less to the card."""
    expect_s: float = Field(default=10.0, gt=0, le=3600)
    """How often the meter sends at the latest; three times that without a telegram is reported."""

    @field_validator("port")
    @classmethod
    def _known(cls, port: str) -> str:
        if not re.fullmatch(r"/dev/\S+|(socket|rfc2217)://\S+:[0-9]{1,5}(/|[/?]\S+)?", port):
            raise ValueError("must be /dev/..., socket://host:port or rfc2217://host:port")
        return port


@dataclass
class Tally:
    """Telegrams since the start, and when damaged ones were last spoken of (monotonic seconds)."""

    good: int = 0
    damaged: int = 0
    told: float | None = None
    told_damaged: int = 0


class Source:
    """Telegrams as readings. `tally` counts whole and damaged ones."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = max(options.expect_s, options.every_s)
        self.tally = Tally()
        self._options = options
        self._context = context
        self._thread: threading.Thread | None = None
        self._passed_at: int | None = None
        self._moments: dict[Quantity, int] = {}
        self._shape: object = None

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """One batch a telegram. SourceError says what is wrong with the port and what to do."""
        await self._alone()
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Telegram | Exception] = asyncio.Queue(QUEUE)
        stop = threading.Event()

        def put(item: Telegram | Exception) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(item)

        def hand(item: Telegram | Exception) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(put, item)

        self._thread = threading.Thread(target=self._serve, args=(stop, hand), name=self.name, daemon=True)
        self._thread.start()
        try:
            while True:
                item = await self._next(queue)
                if isinstance(item, Exception):
                    raise item
                if batch := self._batch(item):
                    yield batch
        finally:
            stop.set()

    async def _alone(self) -> None:
        """Two threads on one port would steal each other's bytes: wait until the last one is gone."""
        for _ in range(100):
            if self._thread is None or not self._thread.is_alive():
                return
            await asyncio.sleep(0.05)
        raise SourceError(f"{self._options.port} hangs; unplug its cable, wait a moment and plug it in again")

    async def _next(self, queue: "asyncio.Queue[Telegram | Exception]") -> Telegram | Exception:
        try:
            # Real seconds: this waits for the driver, which reports silence of the meter by itself.
            return await asyncio.wait_for(queue.get(), MISSED * self._options.expect_s + STUCK_S)
        except TimeoutError:
            raise SourceError(
                f"{self._options.port} does not answer; unplug its cable and plug it in again"
            ) from None

    def _batch(self, telegram: Telegram) -> Batch:
        if not self._believable(telegram):
            return []
        now = self._context.clock.now()
        readings = to_readings(telegram, self.name, now)
        at = max((reading.at for reading in readings), default=now)
        # A fifth of a second of grace: a telegram a second does not come on the dot.
        if self._passed_at is not None and 0 <= at - self._passed_at < self._options.every_s * 1000 - 200:
            return []
        self._passed_at = at
        return [reading for reading in readings if self._is_news(reading, telegram)]

    def _is_news(self, reading: Reading, telegram: Telegram) -> bool:
        """Gas is read every five minutes or every hour, and repeated in every telegram between."""
        moment = telegram.moments.get(reading.quantity)
        if moment is None:
            return True
        if self._moments.get(reading.quantity) == moment:
            return False
        self._moments[reading.quantity] = moment
        return True

    def _believable(self, telegram: Telegram) -> bool:
        """Without a checksum (DSMR 2.2, 3) the form must tell: a telegram that lost or doubled bytes
        has other lines or lengths than the one before it."""
        if telegram.crc == "ok":
            return True
        shape = [(reference, len(raw)) for reference, raw in telegram.lines.items()]
        known, self._shape = self._shape, shape
        return shape == known

    # From here on in the reader thread.

    def _serve(self, stop: threading.Event, hand: Callable[[Telegram | Exception], None]) -> None:
        try:
            with closing(open_port(self._options)) as port:
                self._pump(port, stop, hand)
        except Exception as error:  # the event loop is the one to judge it
            hand(error)

    def _pump(
        self, port: serial.SerialBase, stop: threading.Event, hand: Callable[[Telegram], None]
    ) -> None:
        reader = TextReader()
        seen, last_good, before = 0, time.monotonic(), self.tally.damaged
        while not stop.is_set():
            try:
                data = port.read(CHUNK)
            except (OSError, termios.error, TypeError) as error:  # TypeError: pyserial on a vanished port
                raise SourceError(
                    f"{self._options.port} was cut off ({error}); is the cable or the bridge still there?"
                ) from error
            seen += len(data)
            cut = reader.bad
            for frame in reader.feed(data):
                telegram = dsmr.parse(frame.data, self._context.zone, self._context.clock.now())
                if frame.whole and telegram.crc == "bad":
                    self._damaged(1)
                elif frame.whole:
                    self.tally.good += 1
                    last_good = time.monotonic()
                    hand(telegram)
            self._damaged(reader.bad - cut)
            if time.monotonic() - last_good > MISSED * self._options.expect_s:
                raise SourceError(silence(self._options, seen, self.tally.damaged - before))

    def _damaged(self, count: int) -> None:
        """Count; a line that is bad all day fills no log (peers wrote hundreds of MB)."""
        tally, now = self.tally, self._context.clock.monotonic()
        tally.damaged += count
        if not count or (tally.told is not None and now - tally.told < TELL_EVERY_S):
            return
        log.warning(
            "%s: %d damaged telegrams dropped since this was last said (%d good, %d damaged since the start)",
            self.name, tally.damaged - tally.told_damaged, tally.good, tally.damaged,
        )  # fmt: skip
        tally.told, tally.told_damaged = now, tally.damaged


def to_readings(telegram: Telegram, source: str, now: int) -> list[Reading]:
    """The readings of a telegram that arrived at `now` (UTC ms).

    They bear the meter's own time, by which quarters are billed. But a Pi and a meter may disagree: more
    than five minutes apart ours counts, and times of gas, water and heat move by the same difference.
    """
    known = telegram.at is not None and abs(now - telegram.at) <= dsmr.SLACK_MS
    at = telegram.at if known and telegram.at is not None else now
    skew = 0 if known or telegram.at is None else now - telegram.at
    readings = []
    for quantity, value in telegram.readings.items():
        moment = telegram.moments.get(quantity, at - skew) + skew
        if not EARLIEST_SANE_MS <= moment <= at:
            moment = at
        readings.append(Reading(source, quantity, value, moment))
    return readings


def open_port(options: Options) -> serial.SerialBase:
    """The open port; its reads return after at most POLL_S. Raises SourceError that says what to do."""
    framing = options.framing
    try:
        return serial.serial_for_url(
            options.port,
            baudrate=options.baud,
            bytesize=int(framing[0]),
            parity=framing[1],
            stopbits=int(framing[2]),
            timeout=POLL_S,
            exclusive=True,
        )
    except (OSError, ValueError, termios.error) as error:
        raise SourceError(_why_not(options.port, error)) from error


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


def silence(options: Options, seen: int, damaged: int) -> str:
    """Why no telegram came for three cadences, judged by the bytes and damaged telegrams that did."""
    since = f"No telegram from {options.port} in {MISSED * options.expect_s:g} s"
    if damaged:
        return (
            f"{since}, but {damaged} damaged: is the cable sound and pushed home, and is the line "
            f"{options.baud} {options.framing}? A ser2net bridge must use raw, not telnet"
        )
    if seen:
        return (
            f"{since}, though {seen} bytes came: try baud 115200 with framing 8N1 (DSMR 4 and 5) or 9600 "
            f"with 7E1 (DSMR 2.2 and 3); a cable that does not invert the signal gives such noise too"
        )
    return (
        f"{since} and not one byte: has your grid company switched the meter's customer port on, is the "
        f"cable pushed home, and does it feed the request line (5 V on pin 2)?"
    )
