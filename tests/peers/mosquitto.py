"""A real Mosquitto (Debian package) with passwords, access lists, TLS by an authority of our own."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.peers.process import free_port, listens, running


class Listener:
    """Somebody who hears everything the broker tells him, and may say something himself."""

    def __init__(self, port: int, username: str = "", password: str = "", topic: str = "#") -> None:
        self.messages: list[MQTTMessage] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        if username:
            self._client.username_pw_set(username, password)
        self._ready = threading.Event()
        self._client.on_message = lambda client, data, message: self.messages.append(message)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def heard(self, topic: str) -> list[str]:
        """Every payload of a topic, in order."""
        return [message.payload.decode() for message in self.messages if message.topic == topic]

    def topics(self) -> dict[str, str]:
        """The last payload of each topic."""
        return {message.topic: message.payload.decode() for message in self.messages}


class Broker:
    """A Mosquitto on `port` of 127.0.0.1."""

    def __init__(self, program: str, folder: Path, port: int, tls: bool) -> None:
        self.port, self.folder, self.tls = port, folder, tls
        self._command = [program, "-c", str(folder / "mosquitto.conf")]

    @contextmanager
    def running(self) -> Iterator["Broker"]:
        with running(self._command, self.folder, lambda: listens(self.port)):
            yield self

    @contextmanager
    def listener(self, username: str = "", password: str = "", topic: str = "#") -> Iterator[Listener]:
        made = Listener(self.port, username, password, topic)
        try:
            yield made
        finally:
            made.close()

    def retained(self, username: str = "", password: str = "") -> dict[str, MQTTMessage]:
        """What somebody who comes now finds there, by topic."""
        with self.listener(username, password) as listener:
            # The broker sends what it keeps in order, and then what came later.
            listener.say("tests/end", "end")
            eventually(lambda: "tests/end" in listener.topics())
            return {m.topic: m for m in listener.messages if m.retain}


def eventually(done: Callable[[], Any], within_s: float = 15.0) -> None:
    """Wait until it is so. For threads and processes: those who run the event loop wait otherwise."""
    until = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)


def prepared(
    program: str,
    folder: Path,
    *,
    users: Mapping[str, str] | None = None,
    acl: str = "",
    tls: bool = False,
    more: Sequence[str] = (),
) -> Broker:
    """A broker that can be started, and started again on the same port: `with broker.running()`.

    `users` are passwords by name, none lets everybody in; `acl` is an access list in Mosquitto's form. With
    `tls`, `ca.pem` in `folder` is the authority.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "persistence false", f"allow_anonymous {str(not users).lower()}"]
    if users:
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{name}:{word}\n" for name, word in users.items()))
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        lines.append(f"password_file {passwords}")
    if acl:
        (folder / "acl").write_text(acl)
        lines.append(f"acl_file {folder / 'acl'}")
    if tls:
        certificates(folder)
        lines += [f"certfile {folder / 'broker.pem'}", f"keyfile {folder / 'broker.key'}"]
    # Started by root it would become a user who may not read the test's folder.
    lines += ["user root", *more]
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    return Broker(program, folder, port, tls)


def certificates(folder: Path) -> None:
    """ca.pem, and broker.pem with broker.key signed by it, for 127.0.0.1 and localhost."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, ca = _certificate("Our own authority", None)
    key, certificate = _certificate("broker", (ca_key, ca))
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "broker.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "broker.key").write_bytes(pem)


Signer = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def _certificate(name: str, signer: Signer | None) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[1].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if signer is not None:
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, made.sign(signer[0] if signer else key, hashes.SHA256())
