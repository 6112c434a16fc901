"""One connection to an MQTT broker, from CONNECT to its end; the loop never waits for a socket.

paho's own thread talks to the broker; what it hears comes to the event loop by `call_soon_threadsafe`.
Connecting (name, TCP, TLS) happens in a thread with a deadline. MQTT 5 is tried first where asked for; a
broker that does not know it is asked again in 3.1.1. Source: OASIS MQTT 5.0 and 3.1.1.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from appliance.errors import AuthError, SourceError
from appliance.sinks._mqtt_states import Message
from appliance.worker import Worker

ANSWER_S = 10.0
"""For CONNACK and for a PUBACK that is waited for."""
FAREWELL_S = 2.0
AGAIN_S = 300.0
"""Who refuses us is asked again so often: a password may be set right on the broker's side."""
REFUSALS = ("Bad user name or password", "Not authorized", "Banned", "Bad authentication method")
NO_MQTT_5 = "Unsupported protocol version"
V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
NAMES = {V5: "MQTT 5", V311: "MQTT 3.1.1"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is and how we show who we are. `ca_file` empty is the system's authorities."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    insecure: bool = False
    keepalive_s: int = 30

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class NoMqtt5Error(SourceError):
    """The broker speaks only 3.1.1."""


class Link:
    """`open`, then `publish` until `lost` is done, then `close`. All methods belong to the event loop."""

    def __init__(self, address: Address, client_id: str, protocol: MQTTProtocolVersion = V5) -> None:
        self.address = address
        self.protocol = protocol
        self.ever_refused = False
        """Whether the broker would not take something."""
        self._open = False
        self._taken = 0
        self._refused: list[str] = []
        self.heard: Callable[[str, str], None] = _deaf
        self._waiting: dict[int, tuple[str, asyncio.Future[ReasonCode] | None]] = {}
        self._worker = Worker(f"The MQTT broker at {address}")
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[SourceError] = self._loop.create_future()
        self._answer: asyncio.Future[ReasonCode | SourceError] = self._loop.create_future()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if protocol == V5 else True,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        self._client.on_connect = lambda client, data, flags, reason, more: self._call(self._answered, reason)
        self._client.on_disconnect = lambda client, data, flags, reason, more: self._call(self._ended, reason)
        self._client.on_publish = lambda client, data, mid, reason, more: self._call(self._acked, mid, reason)
        self._client.on_message = lambda client, data, message: self._call(self._got, message)

    @property
    def pending(self) -> int:
        """How many messages the broker has not yet acknowledged."""
        return len(self._waiting)

    def take_counts(self) -> tuple[int, list[str]]:
        """How many messages the broker took, and topics of those it refused, since this was asked last."""
        counts = self._taken, self._refused
        self._taken, self._refused = 0, []
        return counts

    async def open(self, will: Message | None = None) -> None:
        """Connect; the broker says `will` when we vanish. Raises SourceError, AuthError, NoMqtt5Error."""
        try:
            await self._worker.call(lambda: self._connect(will), 3 * ANSWER_S)
        except OSError as error:
            raise _unreachable(self.address, error) from error
        finally:
            self._worker.close()
        self._client.loop_start()
        try:
            async with asyncio.timeout(ANSWER_S):
                reason = await self._answer
        except TimeoutError:
            raise SourceError(
                f"{self.address} takes connections but answers no MQTT: check the port"
            ) from None
        if isinstance(reason, SourceError):
            raise reason
        if reason.is_failure:
            raise self._refusal(reason)
        self._open = True

    def subscribe(self, topic: str) -> None:
        """Hear of what is said there: `heard(topic, payload)`."""
        self._client.subscribe(topic, qos=1)

    def publish(self, message: Message) -> None:
        """Hand a message over (QoS 1); returns at once."""
        self._publish(message, None)

    async def deliver(self, message: Message) -> None:
        """Publish and wait until the broker has it. Raises SourceError, AuthError."""
        answer: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._publish(message, answer)
        try:
            async with asyncio.timeout(ANSWER_S):
                await asyncio.wait((answer, self.lost), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise SourceError(f"The MQTT broker at {self.address} does not confirm what it is sent") from None
        if self.lost.done():
            raise self.lost.result()
        if answer.result().is_failure:
            raise not_allowed(self.address, message.topic)

    async def close(self, farewell: Message | None = None) -> None:
        """Say farewell, if the broker listens, and leave; nothing is heard any more."""
        self.heard = _deaf
        try:
            if farewell is not None and self._open and not self.lost.done():
                async with asyncio.timeout(FAREWELL_S):
                    await self.deliver(farewell)
        except (SourceError, TimeoutError):
            pass  # then the broker finds out by itself, and says the will
        finally:
            self._client.disconnect()

    # In paho's thread, or the worker's

    def _connect(self, will: Message | None) -> None:
        address, client = self.address, self._client
        if address.username:
            client.username_pw_set(address.username, address.password or None)
        if address.tls:
            client.tls_set_context(_tls(address))
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        client.connect_timeout = ANSWER_S
        client.connect(address.host, address.port, address.keepalive_s)

    def _call(self, what: Callable[..., None], *said: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *said)
        except RuntimeError:  # the loop is gone: nobody waits any more
            return

    # In the event loop

    def _publish(self, message: Message, answer: asyncio.Future[ReasonCode] | None) -> None:
        properties = None
        if self.protocol == V5 and message.expires_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = message.expires_s
        sent = self._client.publish(
            message.topic, message.payload, qos=1, retain=message.retain, properties=properties
        )
        self._waiting[sent.mid] = message.topic, answer

    def _answered(self, reason: ReasonCode) -> None:
        if not self._answer.done():
            self._answer.set_result(reason)

    def _acked(self, mid: int, reason: ReasonCode) -> None:
        topic, answer = self._waiting.pop(mid, ("", None))
        if answer is not None and not answer.done():
            answer.set_result(reason)
        if reason.is_failure:
            self.ever_refused = True
            self._refused.append(topic)
        else:
            self._taken += 1

    def _got(self, message: MQTTMessage) -> None:
        self.heard(message.topic, message.payload.decode("utf-8", "replace"))

    def _ended(self, reason: ReasonCode) -> None:
        text = f"The connection to the MQTT broker at {self.address} ended ({reason}); it is made again"
        if not self._answer.done():
            # Some brokers that speak only 3.1.1 hang up instead of saying so.
            error = NoMqtt5Error if self.protocol == V5 else SourceError
            advice = "check whether that port wants TLS" if not self.address.tls else "check its TLS settings"
            text = f"{self.address} hung up before it answered as an MQTT broker: {advice}"
            self._answer.set_result(error(text))
        if not self.lost.done():
            self.lost.set_result(SourceError(text))

    def _refusal(self, reason: ReasonCode) -> SourceError:
        said = str(reason)
        if said == NO_MQTT_5 and self.protocol == V5:
            return NoMqtt5Error(f"The MQTT broker at {self.address} does not speak MQTT 5")
        if said not in REFUSALS:
            return SourceError(f"The MQTT broker at {self.address} refuses the connection: {said}")
        who = f"the user {self.address.username}" if self.address.username else "anyone without a user"
        return _needs_owner(
            f"The MQTT broker at {self.address} refuses {who} ({said}): check username and password, "
            "and whether it lets that user publish there"
        )


def _deaf(topic: str, payload: str) -> None:
    """Nobody listens."""


def not_allowed(address: Address, topic: str) -> AuthError:
    """The broker's access list stands in the way."""
    who = f"the user {address.username}" if address.username else "us"
    return _needs_owner(
        f"The MQTT broker at {address} does not let {who} publish to {topic}: "
        "allow it in the broker's access list (ACL)"
    )


def _needs_owner(text: str) -> AuthError:
    error = AuthError(text)
    error.again_s = AGAIN_S
    return error


def _tls(address: Address) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=address.ca_file or None)
    except OSError as error:  # those of ssl are such
        raise _needs_owner(
            f"The ca_file {address.ca_file} cannot be used ({error.strerror or error}): "
            "it must be a certificate in PEM form that may be read"
        ) from error
    if address.ca_file:
        # Python 3.13 wants key identifiers, which authorities made at home often lack.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if address.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _unreachable(address: Address, error: OSError) -> SourceError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _needs_owner(
            f"The certificate of the MQTT broker at {address} cannot be trusted "
            f"({error.verify_message}): set ca_file to the authority that signed it, "
            "and host to a name that is in it"
        )
    if isinstance(error, ssl.SSLError) or (address.tls and isinstance(error, ConnectionResetError)):
        said = getattr(error, "reason", None) or str(error)
        return SourceError(f"No TLS with the MQTT broker at {address} ({said}): check the port")
    said = error.strerror or str(error)
    return SourceError(f"No MQTT broker answers at {address} ({said}): check that it runs, host and port")
