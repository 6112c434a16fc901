"""A meter on a wire: telegrams over a serial cable, a network bridge (raw TCP) or an RFC 2217 server.

P1 ports (DSMR and relatives), infrared windows (SML, IEC 62056-21) and HAN ports, see `appliance.protocols`.
Most meters send by themselves, every second to every ten; an optical meter of IEC 62056-21 mode C has to be
asked. A reader thread owns the port (`_serial_line`); the event loop only sees finished telegrams.
"""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from appliance.errors import AuthError, SourceError
from appliance.model import Batch, Quantity, Reading
from appliance.protocols.telegram import Keys, Telegram, key_of
from appliance.sources._serial_line import ASKED, LIKELY, USUAL, Line, Plan, Tally
from appliance.sources._serial_port import Setting
from appliance.sources._telegram import to_readings
from appliance.sources.base import Context, SourceOptions
from config.secrets import MARK

_Item = Telegram | Exception
QUEUE = 64
SLOW_S = 60.0
"""A readout at 300 baud may take so long."""
STUCK_S = 30.0
"""Opening may take so long (name server, RFC 2217 talk); past it the driver hangs."""


class Options(SourceOptions):
    """A meter on a serial cable or behind a network bridge: P1, infrared window or HAN port."""

    type: Literal["p1_serial"] = "p1_serial"
    port: str
    """Where the meter is: `/dev/ttyUSB0` or better `/dev/serial/by-id/...`; `socket://host:port` for a
    bridge that passes raw bytes (ser2net, ESPHome); `rfc2217://host:port` for one that speaks RFC 2217."""
    protocol: Literal["auto", "dsmr", "sml", "han", "iec62056"] = "auto"
    """The meter's language: dsmr (P1 of NL, BE, LU, SE, HU, AT), sml (German infrared window), han (NO, SE,
    DK, AT, CH over HDLC or M-Bus), iec62056 (other infrared windows); auto finds out."""
    baud: Annotated[int, Field(ge=300, le=1_000_000)] | Literal["auto"] = "auto"
    """Speed of the line; auto finds out. 115200 for DSMR 4 and 5, Belgium and Sweden; 9600 for DSMR 2.2 and
    3 and for SML; 2400 for most HAN ports."""
    framing: str = Field(default="auto", pattern=r"^([78][NEO][12]|auto)$")
    """Data bits, parity and stop bits: 8N1 for most meters, 7E1 for DSMR 2.2 and 3; auto finds out."""
    every_s: float = Field(default=1.0, ge=0, le=3600)
    """Keep at most one telegram in this many seconds; 10 writes less to the card. Meters that have to be
    asked are asked this often."""
    expect_s: float = Field(default=10.0, gt=0, le=3600)
    """How often the meter sends at the latest; three times that without a telegram is reported."""
    key: SecretStr | None = None
    """Encryption key of a meter that encrypts (Luxembourg, Denmark, Austria, some Swiss and Swedish ones): 32
    digits and letters from your grid company. Kept encrypted."""
    authentication_key: SecretStr | None = None
    """Authentication key of such a meter, if your grid company gave you one. Kept encrypted."""
    ask: bool = False
    """Ask the meter for its readout (IEC 62056-21 mode C, 300 baud) instead of waiting for it to send. Left
    off, it is tried after everything else where protocol and baud are auto."""
    address: str = Field(default="", pattern=r"^[0-9A-Za-z ]{0,32}$")
    """Address of the meter that is asked, if several hang on one line."""
    password: SecretStr | None = None
    """Password of a meter that is asked and gives its registers only with one. Kept encrypted."""

    @field_validator("port")
    @classmethod
    def _known(cls, port: str) -> str:
        if not re.fullmatch(r"/dev/\S+|(socket|rfc2217)://\S+:[0-9]{1,5}(/|[/?]\S+)?", port):
            raise ValueError("must be /dev/..., socket://host:port or rfc2217://host:port")
        return port

    @field_validator("key", "authentication_key")
    @classmethod
    def _is_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not key.get_secret_value().startswith(MARK):
            key_of(key.get_secret_value())
        return key


def plan(options: Options) -> Plan:
    """How the line is read: every usual setting that the options leave open. AuthError for a bad key."""
    return Plan(
        options.port,
        options.protocol,
        _settings(options),
        options.expect_s,
        options.every_s,
        Keys(_key(options.key), _key(options.authentication_key)),
        options.address,
        options.password.get_secret_value() if options.password else "",
    )


def _settings(options: Options) -> tuple[Setting, ...]:
    baud, framing = options.baud, options.framing
    if options.ask:
        at = ASKED.baud if baud == "auto" else baud
        return (Setting(at, ASKED.framing if framing == "auto" else framing, asks=True),)
    if options.port.startswith("socket:"):
        return USUAL[:1]  # the bridge has its own
    likely = LIKELY.get(options.protocol)
    usual = sorted(USUAL, key=lambda setting: setting.baud != likely)
    fitting = tuple(s for s in usual if baud in ("auto", s.baud) and framing in ("auto", s.framing))
    if baud == "auto":
        asked = (ASKED,) if options.protocol in ("auto", "iec62056") and framing in ("auto", "7E1") else ()
        return (fitting or tuple(Setting(speed, framing) for speed in (115_200, 9600, 2400))) + asked
    if framing == "auto":
        return fitting or tuple(Setting(baud, frame) for frame in ("8N1", "7E1", "8E1"))
    return (Setting(baud, framing),)


def _key(secret: SecretStr | None) -> bytes | None:
    if secret is None or not secret.get_secret_value():
        return None
    try:
        return key_of(secret.get_secret_value())
    except ValueError as error:
        raise AuthError(f"A key of this meter is wrong: it {error}") from None


class Source:
    """Telegrams as readings. `tally` counts whole and damaged ones."""

    def __init__(self, options: Options, context: Context) -> None:
        self.name = options.label
        self.cadence_s = max(options.expect_s, options.every_s, SLOW_S if options.ask else 0)
        self._options = options
        self._context = context
        self.tally = Tally()
        self._line: Line | None = None
        self._thread: threading.Thread | None = None
        self._passed_at: int | None = None
        self._moments: dict[Quantity, int] = {}
        self._shape: object = None

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """One batch a telegram. SourceError says what is wrong with the port and what to do; AuthError that
        the meter wants a key or another password."""
        await self._alone()
        line = self._line = self._line or self._new_line()
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[_Item] = asyncio.Queue(QUEUE)
        stop = threading.Event()

        def put(item: _Item) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(item)

        def hand(item: _Item) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(put, item)

        def serve() -> None:
            try:
                line.serve(stop, hand)
            except Exception as error:  # the event loop is the one to judge it
                hand(error)

        self._thread = threading.Thread(target=serve, name=self.name, daemon=True)
        self._thread.start()
        try:
            while True:
                item = await self._next(queue, line.plan.patience_s)
                if isinstance(item, Exception):
                    raise item
                if batch := self._batch(item):
                    yield batch
        finally:
            stop.set()

    def _new_line(self) -> Line:
        context, memory = self._context, self._context.folder / self.name / "line.json"
        return Line(plan(self._options), context.zone, context.clock, self.name, self.tally, memory=memory)

    async def _alone(self) -> None:
        """Two threads on one port would steal each other's bytes: wait until the last one is gone."""
        for _ in range(100):
            if self._thread is None or not self._thread.is_alive():
                return
            await asyncio.sleep(0.05)
        raise SourceError(f"{self._options.port} hangs; unplug its cable, wait a moment and plug it in again")

    async def _next(
        self, queue: "asyncio.Queue[Telegram | Exception]", patience_s: float
    ) -> Telegram | Exception:
        try:
            # Real seconds: this waits for the driver, which reports silence of the meter by itself.
            async with asyncio.timeout(patience_s + STUCK_S):
                return await queue.get()
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
        has other lines or lengths than the one before it. A block check misses two alike ones."""
        if telegram.crc == "ok" and telegram.protocol != "iec62056":
            return True
        shape = [(reference, len(raw)) for reference, raw in telegram.lines.items()]
        known, self._shape = self._shape, shape
        return shape == known
