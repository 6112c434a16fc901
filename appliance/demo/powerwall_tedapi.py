"""A gateway's interface for installers (TEDAPI), by which newer Powerwalls are read: by Wi-Fi or by cable.

Messages, paths and the signature after pypowerwall 0.22 (its `tedapi` folder, query set V2024_06). On the
Wi-Fi HTTP Basic with the password of the sticker opens /tedapi/v1; by cable /tedapi/v1r takes messages that
are signed with a registered RSA key. The owner's interface of `PowerwallGateway` is on the same port.
"""

import gzip
import hashlib
import json
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from appliance.demo import powerwall_tedapi_answers as answers
from appliance.demo.house import House, HouseClock
from appliance.demo.http_device import Answer, Request
from appliance.demo.powerwall_gateway import MODES, STICKER, PowerwallGateway
from appliance.demo.powerwall_protobuf import block, fields, inside, number, text

USER = "Tesla_Energy_Device"
FIRMWARE = "26.18.1 7a4e01c5"
ENVELOPE, TAIL = 1, 2
FIRMWARE_FIELD, FILES, QUERY = 4, 15, 16
"""What a message is about: fields of its envelope."""
READ_FILE, READ_ANSWER, UPDATE_FILE, UPDATE_ANSWER = 1, 2, 5, 6
OK, UNKNOWN_KEY, BAD_SIGNATURE, EXPIRED = 0, 3, 5, 17
"""Faults of a signed message."""
LONGEST_TTL_S = 60
NOT_VERIFIED = b"v1r: client authorization not verified"


class PowerwallTedapi(PowerwallGateway):
    """A gateway with TEDAPI. What goes wrong, besides what a `PowerwallGateway` does:

    `sticker` (the whole password), `gzipped` (as from firmware 25.42 on), `keys` (public keys as PKCS#1 DER,
    and whether each was confirmed at the switch).
    """

    def __init__(
        self,
        house: House,
        clock: HouseClock,
        kind: answers.Kind = "powerwall2",
        *,
        reserve: float = 0.0,
        port: int = 0,
    ) -> None:
        super().__init__(house, clock, firmware=FIRMWARE, reserve=reserve, port=port)
        self.kind = kind
        self.sticker = STICKER
        self.gzipped = False
        self.keys: dict[bytes, bool] = {}

    @property
    def din(self) -> str:
        """The gateway's identity, part number and serial number."""
        return answers.din(self.kind, self.site)

    def clear(self) -> None:
        super().clear()
        self.sticker, self.gzipped = STICKER, False

    def answer(self, request: Request) -> Answer:
        if request.path == "/" and request.secure:
            portal = self.kind == "powerwall2"  # a Powerwall 3 has no web page, by which it is known
            return Answer(b"<html></html>" if portal else b"", 200 if portal else 403, "text/html")
        if not request.path.startswith("/tedapi/"):
            return super().answer(request)
        try:
            return self._tedapi(request)
        except ValueError as error:
            return Answer(str(error).encode(), 400, "text/plain")

    def _tedapi(self, request: Request) -> Answer:
        if request.path == "/tedapi/v1r" and request.method == "POST":
            return self._bytes(self._signed(request.body))
        if not (self._installer(request) or (request.path == "/tedapi/din" and self._known(request))):
            return Answer(b"Access Denied", 403, "text/plain")
        if request.path == "/tedapi/din":
            return self._bytes(self.din.encode())
        if request.path in ("/tedapi/v1", f"/tedapi/device/{self.din}/v1") and request.method == "POST":
            return self._bytes(self._message(request.body))
        return Answer(b"Not Found", 404, "text/plain")

    def _bytes(self, content: bytes) -> Answer:
        body = gzip.compress(content) if self.gzipped else content
        return Answer(body, content_type="application/octet-stream")

    def _installer(self, request: Request) -> bool:
        secret = b64encode(f"{USER}:{self.sticker}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {secret}"

    def _message(self, message: bytes) -> bytes:
        """On the Wi-Fi: an envelope with a tail."""
        return block(ENVELOPE, self._envelope(inside(message, ENVELOPE) or b"")) + block(TAIL, number(1, 1))

    def _envelope(self, envelope: bytes) -> bytes:
        asked = fields(envelope)
        tell: dict[int, Callable[[bytes], bytes]] = {
            FIRMWARE_FIELD: self._about,
            FILES: self._file,
            QUERY: self._query,
        }
        told = b""
        for field, content in asked.items():
            if field in tell and isinstance(content, bytes):
                told = block(field, tell[field](content))
        return number(1, 1) + block(2, text(1, self.din)) + block(3, number(3, 1)) + told

    def _about(self, _asked: bytes) -> bytes:
        part, _, serial = self.din.partition("--")
        gateway = text(1, part) + text(2, serial)
        version = text(1, self.firmware) + text(2, self.firmware.split()[1])
        return block(3, block(1, gateway) + text(2, self.din) + block(3, version) + number(6, 4))

    def _query(self, asked: bytes) -> bytes:
        query = (inside(asked, 1, 2, 2) or b"").decode(errors="replace")
        return block(2, number(1, 1) + text(2, self._told(query)))

    def _told(self, query: str) -> str:
        state = self.site.state()
        if "ComponentsQuery" in query:
            return json.dumps(answers.components(self.site, state)) if self.kind == "powerwall3" else ""
        if "DeviceControllerQuery" not in query:
            return ""
        tell = answers.controller if "$msaComp" in query else answers.status
        return json.dumps(tell(self.kind, self.site, state))

    def _config(self) -> bytes:
        return json.dumps(answers.config(self.kind, self.site, self.operation)).encode()

    def _file(self, asked: bytes) -> bytes:
        """config.json is read, and by cable written, if it was not changed since it was read."""
        content = self._config()
        mark = hashlib.sha256(content).digest()
        update = inside(asked, UPDATE_FILE)
        if update is None:
            named = text(1, "config.json") + block(100, content)
            return block(READ_ANSWER, block(1, named) + block(2, mark))
        if inside(update, 3) != mark or not self._reconfigure(inside(update, 2, 100) or b""):
            return block(READ_ANSWER, b"")
        return block(UPDATE_ANSWER, b"")

    def _reconfigure(self, content: bytes) -> bool:
        try:
            told: dict[str, Any] = json.loads(content)
            mode, reserve = told["default_real_mode"], told["site_info"]["backup_reserve_percent"]
        except (ValueError, KeyError, TypeError):
            return False
        if mode not in MODES or not isinstance(reserve, int | float) or not 0 <= reserve <= 100:
            return False
        self.operation |= {"real_mode": mode, "backup_reserve_percent": reserve}
        return True

    def _signed(self, routable: bytes) -> bytes:
        """By cable: the answer to a signed message, or why there is none."""
        content = inside(routable, 10) or b""
        key = inside(routable, 13, 1, 1) or b""
        proof = fields(inside(routable, 13, 7) or b"")
        fault = self._distrust(key, proof, content)
        if fault != OK:
            return block(12, number(1, fault))
        return block(10, self._envelope(content) if self.keys[key] else NOT_VERIFIED)

    def _distrust(self, key: bytes, proof: dict[int, int | bytes], content: bytes) -> int:
        expires, signature = proof.get(1), proof.get(2)
        if key not in self.keys:
            return UNKNOWN_KEY
        if not isinstance(expires, int) or not isinstance(signature, bytes):
            return BAD_SIGNATURE
        # Who signs does so by the world's clock, whatever time it is in the house.
        if not time.time() <= expires <= time.time() + LONGEST_TTL_S:
            return EXPIRED
        public = serialization.load_der_public_key(key)
        try:
            if isinstance(public, RSAPublicKey):
                public.verify(signature, self._to_sign(expires) + content, PKCS1v15(), hashes.SHA512())
                return OK
        except InvalidSignature:
            pass
        return BAD_SIGNATURE

    def _to_sign(self, expires: int) -> bytes:
        """What goes before the message that is signed: kind, domain, whom it is for, until when."""
        entries = (0, b"\x07"), (1, b"\x07"), (2, self.din.encode()), (4, expires.to_bytes(4, "big"))
        return b"".join(bytes([tag, len(value)]) + value for tag, value in entries) + b"\xff"
