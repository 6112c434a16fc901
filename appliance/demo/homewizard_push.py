"""The WebSocket of a virtual HomeWizard device (https://api-documentation.homewizard.com/docs/v2/websocket)."""

import json
import threading
from socket import socket
from typing import Any, Protocol

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import State
from websockets.server import ServerProtocol

from appliance.demo.house import HouseClock
from appliance.demo.http_device import Request

AUTHORIZE_MS = 40_000
LOOK_S = 0.05
TOPICS = ("device", "user", "measurement", "system", "batteries")


class Device(Protocol):
    """What the WebSocket asks of its device."""

    clock: HouseClock
    silent: bool
    pushed: int
    users: dict[str, str]

    def knows(self, token: str) -> bool: ...
    def measurement(self) -> dict[str, Any]: ...
    def about(self, api: str) -> dict[str, Any]: ...
    def system(self) -> dict[str, Any]: ...
    def batteries(self) -> dict[str, Any]: ...


def serve(device: Device, request: Request, connection: socket, gone: threading.Event) -> None:
    """Talk until the other side leaves, its token is revoked or `gone` is set."""
    protocol = ServerProtocol()
    # What was read of the connection already is where the protocol begins.
    protocol.receive_data(Handshake(request.path, Headers(request.headers)).serialize())
    for event in protocol.events_received():
        if isinstance(event, Handshake):
            protocol.send_response(protocol.accept(event))
    talk = _Talk(device, protocol)
    connection.settimeout(LOOK_S)
    talk.say("authorization_requested", {"api_version": "2.2.0"})
    while not gone.is_set():
        for chunk in protocol.data_to_send():
            connection.sendall(chunk)
        if protocol.close_expected():
            return
        try:
            received = connection.recv(4096)
        except TimeoutError:
            talk.tick()
            continue
        if not received:
            return
        protocol.receive_data(received)
        for event in protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                talk.heard(bytes(event.data))
        talk.tick()


class _Talk:
    """One listener: what it may hear, and what it wants to."""

    def __init__(self, device: Device, protocol: ServerProtocol) -> None:
        self._device = device
        self._protocol = protocol
        self._since = device.clock.now()
        self._token = ""
        self._wanted: set[str] = set()
        self._told: dict[str, Any] = {}

    def say(self, kind: str, content: Any = None) -> None:
        message = {"type": kind} if content is None else {"type": kind, "data": content}
        self._protocol.send_text(json.dumps(message).encode())

    def heard(self, raw: bytes) -> None:
        try:
            said = json.loads(raw)
            kind, content = said["type"], said.get("data")
        except (ValueError, KeyError, TypeError, AttributeError):
            self.say("error", {"message": "request:invalid-json"})
            return
        if kind == "authorization":
            self._authorize(str(content))
        elif not self._token:
            self.say("error", {"message": "user:unauthorized"})
        elif kind in ("subscribe", "unsubscribe"):
            self._subscribe(kind, str(content))
        elif kind in TOPICS:
            self.say(kind, self._content(kind))
        elif kind != "identify":
            self.say("error", {"message": "request:unknown-type"})

    def tick(self) -> None:
        """Tell what is new; let go of who may not listen."""
        if self._protocol.state is not State.OPEN:
            return
        late = not self._token and self._device.clock.now() - self._since > AUTHORIZE_MS
        if late or (self._token and not self._device.knows(self._token)):
            self.say("error", {"message": "user:unauthorized"})
            self._protocol.send_close(1008, "unauthorized")
            return
        if self._device.silent:
            return
        for topic in sorted(self._wanted):
            content = self._content(topic)
            if topic not in self._told or (topic == "measurement" and content != self._told[topic]):
                self._told[topic] = content
                self._device.pushed += 1
                self.say(topic, content)

    def _authorize(self, token: str) -> None:
        if self._device.knows(token):
            self._token = token
            self.say("authorized")
        else:
            self.say("error", {"message": "user:unauthorized"})

    def _subscribe(self, kind: str, topic: str) -> None:
        topics = set(TOPICS) if topic == "*" else {topic} & set(TOPICS)
        if not topics:
            self.say("error", {"message": "request:unknown-subscription"})
        self._wanted = self._wanted | topics if kind == "subscribe" else self._wanted - topics

    def _content(self, topic: str) -> Any:
        device = self._device
        if topic == "user":
            return [{"name": name} for name in device.users]
        if topic == "device":
            return device.about("2.2.0")
        return {"measurement": device.measurement, "system": device.system, "batteries": device.batteries}[
            topic
        ]()
