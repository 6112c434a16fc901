"""Tells an MQTT broker the present, and Home Assistant what it is (docs/MQTT.md).

One topic a quantity, `<topic>/<source>/<quantity>`, with a plain number or word: retained, so that whoever
comes later knows the present, and with MQTT 5's message expiry, so that nobody is ever handed the past. Only
the newest is sent, when it changed, at most once in `every_s`; a broker that was away hears no old states.
`<topic>/status` and `<topic>/<source>/status` say who is there, the first by last will.

Home Assistant learns of all entities by one retained message and is told anew when it starts. What was
announced is remembered across restarts, so that what goes is also removed there.
"""

import random
import secrets
from dataclasses import replace
from typing import Literal

from pydantic import Field, SecretStr

from appliance.errors import AuthError, SourceError
from appliance.model import Fact
from appliance.sinks._discovery import Topics
from appliance.sinks._mqtt_link import AGAIN_S, NAMES, V5, V311, Address, Link, NoMqtt5Error, not_allowed
from appliance.sinks._mqtt_prices import Prices
from appliance.sinks._mqtt_states import Message
from appliance.sinks._mqtt_talk import OFFLINE, Plan, Talk
from appliance.sinks.base import Delivery, SinkContext, SinkOptions

TICK_S = 1.0
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 60.0
"""A live sink tells only the present: away for long it has nothing to catch up with, so it may ask often."""


class Options(SinkOptions):
    """An MQTT broker, such as Home Assistant's Mosquitto; entities appear there by themselves."""

    type: Literal["mqtt"] = "mqtt"
    host: str = Field(min_length=1, max_length=253)
    """Name or address of the broker, such as homeassistant.local."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    """Its port; 1883, or 8883 with TLS, if left out."""
    username: str = ""
    """The broker's user for this appliance; empty where it asks for none."""
    password: SecretStr | None = None
    """That user's password. Kept encrypted."""
    tls: bool = False
    """Encrypt the connection."""
    ca_file: str = ""
    """Certificate (PEM) of the authority that signed the broker's; empty for those the system trusts."""
    insecure: bool = False
    """With TLS: take any certificate. Whoever sits in between can then read the password."""
    topic: str = Field(default="", max_length=100, pattern=r"^([^/+#\s$][^+#\s]*[^/+#\s]|[^/+#\s$]?)$")
    """What all topics begin with; tallywatt/ and the appliance's own id if left out."""
    home_assistant: bool = True
    """Announce everything to Home Assistant (2024.12 or later)."""
    discovery_prefix: str = Field(default="homeassistant", pattern=r"^[A-Za-z0-9_/-]{1,60}$")
    """Home Assistant's discovery prefix, as set there."""
    birth_topic: str = Field(default="homeassistant/status", pattern=r"^[^+#\s]{1,100}$")
    """Where Home Assistant says "online" when it has started."""
    sources: tuple[str, ...] | None = None
    """Names of the sources that are told; null for all."""
    every_s: float = Field(default=5, ge=1, le=3600)
    """Seconds between two values of a quantity at least; registers once a minute at most."""
    keepalive_s: int = Field(default=30, ge=5, le=600)
    """The broker says offline for us when it has heard nothing for one and a half times so many seconds."""
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    """MQTT version; auto is 5, and 3.1.1 where the broker does not know it."""


class Sink:
    """Keeps one connection at a time and looks once a second at what is new."""

    def __init__(self, options: Options, context: SinkContext) -> None:
        self.name = options.label
        self.delivery = Delivery()
        self._options = options
        self._context = context
        self._address = address(options)
        prefix = options.topic or f"tallywatt/{context.appliance_id}"
        self._plan = Plan(
            self.name,
            Topics(prefix, context.appliance_id, options.discovery_prefix),
            options.every_s,
            options.sources,
            options.home_assistant,
            options.birth_topic,
        )
        self._prices = Prices(context, self._plan.topics)
        self._protocol = V311 if options.protocol == "3.1.1" else V5
        self._dice = random.Random()  # noqa: S311 - spreads retries, guards no secret
        # One with the same id would kick this one out, and be kicked out, for ever. Within a process it stays
        # the same: a new connection then ends the one before at once, even if the broker thinks that lives.
        self._client_id = f"{context.appliance_id}-{secrets.token_hex(4)}"

    async def run(self) -> None:
        failures = 0
        while True:
            before = self.delivery.sent
            try:
                await self._session()
            except SourceError as error:
                failures = 1 if self.delivery.sent > before else failures + 1
                await self._context.clock.sleep(self._failed(error, failures))

    async def test(self) -> str:
        """Connect once more and have the broker confirm a message that nobody keeps. Raises SourceError."""
        link = Link(self._address, f"{self._client_id}-test", self._protocol)
        try:
            await link.open()
            await link.deliver(Message(f"{self._plan.topics.prefix}/test", "test", retain=False))
        finally:
            await link.close()
        encrypted = " with TLS" if self._address.tls else ""
        return f"The broker at {self._address} took a message ({NAMES[self._protocol]}{encrypted})"

    def _failed(self, error: SourceError, failures: int) -> float:
        """Say so; the seconds until the next try."""
        if isinstance(error, NoMqtt5Error) and self._options.protocol == "auto":
            self._protocol = V311
            return 0.0
        if self._options.protocol == "auto":
            self._protocol = V5
        needs_you = isinstance(error, AuthError)
        self._note(str(error))
        self._context.report.trouble(str(error), needs_you=needs_you)
        # Full jitter: when a broker starts, all its clients come back at once.
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 20))
        return (AGAIN_S if needs_you else 0.0) + self._dice.uniform(0.2, 1) * longest

    async def _session(self) -> None:
        """From one connection to its loss. Raises SourceError."""
        will = Message(self._plan.topics.status, OFFLINE)
        link = Link(self._address, self._client_id, self._protocol)
        try:
            await link.open(will)
            with self._context.hub.subscribe() as news:
                talk = Talk(self._plan, self._context, link, self._prices)
                await talk.begin()
                while not link.lost.done():
                    facts: list[Fact] = []
                    while not news.queue.empty():
                        facts += news.queue.get_nowait()
                    await talk.tick(facts)
                    self._account(link, talk)
                    await self._context.clock.sleep(TICK_S)
            raise link.lost.result()
        finally:
            await link.close(will)

    def _account(self, link: Link, talk: Talk) -> None:
        """Count what the broker took and refused since the last time, and tell Health."""
        taken, refused = link.take_counts()
        last = self.delivery
        self.delivery = replace(
            last,
            pending=link.pending,
            sent=last.sent + taken,
            set_aside=last.set_aside + len(refused),
            last_ok=self._context.clock.now() if taken else last.last_ok,
        )
        if refused:
            error = not_allowed(self._address, refused[0])
            self._note(str(error), pending=link.pending)
            self._context.report.trouble(str(error), needs_you=True)
        elif taken and not link.ever_refused:
            how = f"{NAMES[self._protocol]}, values told: {talk.values}"
            self._context.report.ok(f"Connected to {self._address} ({how})")

    def _note(self, text: str, pending: int | None = None) -> None:
        now = self._context.clock.now()
        self.delivery = replace(self.delivery, pending=pending, last_error=text, last_error_at=now)


def address(options: Options) -> Address:
    """Where the broker is; the port that is usual where none is given."""
    return Address(
        options.host,
        options.port or (8883 if options.tls else 1883),
        options.username,
        options.password.get_secret_value() if options.password else "",
        options.tls,
        options.ca_file,
        options.insecure,
        options.keepalive_s,
    )
