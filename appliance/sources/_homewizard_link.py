"""Talking to one HomeWizard device: local API v1 (HTTP) or v2 (HTTPS with a token). Everything here blocks.

https://api-documentation.homewizard.com. v2 devices show a certificate whose name is
`appliance/<kind>/<serial>`, signed by HomeWizard; it is checked before any token is sent.
"""

import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter

from appliance import http
from appliance.errors import AuthError, SourceError
from appliance.sources import _homewizard_ca

Api = Literal["v1", "v2"]

NAME = re.compile(r"appliance/[a-z0-9]{1,32}/([0-9a-f]{12})")
"""The name in a device's certificate, and its serial number in it."""
HTTPS = 443
BUTTON_S = 4.0
"""After the button was pressed a token can be had for 30 s."""

DISABLED = (
    "{where} keeps its measurements to itself: switch on Local API in the HomeWizard app "
    "(Settings > Meters > your meter > Local API)"
)
BUTTON = "Press the button on the HomeWizard device at {where} now: it then gives Tallywatt a token"


class ButtonError(AuthError):
    """The device gives a token once its button has been pressed."""

    again_s = BUTTON_S


class TokenError(AuthError):
    """The device does not know the token; another may be had by its button."""

    again_s = BUTTON_S


@dataclass(frozen=True, slots=True)
class Device:
    """What a device says of itself. `serial` is in small letters."""

    product_type: str
    serial: str
    product_name: str = ""
    firmware: str = ""


def trust(ca_file: Path | None = None) -> ssl.SSLContext:
    """Believes HomeWizard's authority (or `ca_file`'s) alone, and names as they stand in its certificates.

    Raises SourceError when the file is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = True  # there is no other name in them
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        pem = _homewizard_ca.PEM if ca_file is None else ca_file.read_text(encoding="ascii")
        context.load_verify_locations(cadata=pem)
    except (OSError, ValueError) as error:
        raise SourceError(f"ca_file {ca_file} cannot be used ({error}); name a PEM certificate") from None
    return context


def certificate_name(where: str, context: ssl.SSLContext, timeout_s: float) -> str:
    """The name in the certificate of the device at `where` ("host" or "host:port"), signed as it should be.

    Raises SourceError when nobody answers or the certificate is not HomeWizard's.
    """
    parts = urlsplit(f"https://{where}")
    unnamed = _anyone(context)
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or HTTPS), timeout_s) as plain,
            unnamed.wrap_socket(plain) as secure,
        ):
            shown = x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")
    except ssl.SSLCertVerificationError:
        raise SourceError(
            f"{where} shows a certificate that HomeWizard did not sign, so it is not trusted with a token; "
            "is this the address of a HomeWizard device?"
        ) from None
    except OSError as error:
        raise SourceError(
            f"{where} does not answer on HTTPS ({type(error).__name__}); check its address, power and Wi-Fi. "
            "Older firmware has API v1 only"
        ) from None
    names = shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def _anyone(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same trust, whatever the device is called: to ask for its name."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED
    made.minimum_version = context.minimum_version
    made.verify_flags = context.verify_flags
    for der in context.get_ca_certs(binary_form=True):
        made.load_verify_locations(cadata=der)
    return made


class Link:
    """A connection to the device at `where` ("host" or "host:port")."""

    def __init__(self, where: str, timeout_s: float) -> None:
        self.where = where
        self.timeout_s = timeout_s
        self.session = http.session()
        self.api: Api = "v1"
        self.name = ""
        self.context: ssl.SSLContext | None = None
        self.token = ""

    @classmethod
    def secure(cls, where: str, timeout_s: float, context: ssl.SSLContext, name: str) -> "Link":
        """By v2, with a device whose certificate bears `name` and no other."""
        link = cls(where, timeout_s)
        link.api, link.name, link.context = "v2", name, context
        link.session.mount("https://", _Trusting(context, name))
        return link

    def close(self) -> None:
        """Let go of the connection."""
        self.session.close()

    def device(self) -> Device:
        """Who it is. Raises SourceError, AuthError."""
        said = self._json("/api", "/api")
        if not isinstance(said, Mapping) or not isinstance(said.get("product_type"), str):
            raise SourceError(f"{self.where} answers, but is no HomeWizard device; is the address right?")
        texts = [str(said.get(key) or "") for key in ("serial", "product_name", "firmware_version")]
        return Device(said["product_type"], texts[0].lower(), *texts[1:])

    def measurement(self) -> Any:
        """The newest measurement. Raises SourceError, AuthError."""
        return self._json("/api/v1/data", "/api/measurement")

    def telegram(self) -> bytes:
        """The last P1 telegram as the meter sent it. Raises SourceError, AuthError."""
        answer = self._ask("GET", "/api/v1/telegram", "/api/telegram")
        if answer.status == 404:
            raise SourceError(
                f"{self.where} has no telegram to give: it is no P1 meter. Set `telegram` to false"
            )
        if answer.status == 503:
            raise SourceError(
                f"{self.where} has had no telegram of its meter yet; check the cable in the meter's P1 port"
            )
        return self._good(answer).body

    def pair(self, user: str) -> str:
        """A token for `user` ("local/..."). Raises ButtonError until the device's button was pressed."""
        answer = self._ask("POST", "", "/api/user", {"name": user}, secret=False)
        if answer.status == 403:
            raise ButtonError(BUTTON.format(where=self.where))
        said = http.decode(self._good(answer), self._url("/api/user"))
        token = said.get("token") if isinstance(said, Mapping) else None
        if not isinstance(token, str) or re.fullmatch(r"[0-9A-Fa-f]{16,128}", token) is None:
            raise SourceError(f"{self.where} gave no token; update its firmware in the HomeWizard app")
        return token

    def _json(self, path1: str, path2: str) -> Any:
        answer = self._good(self._ask("GET", path1, path2))
        body = answer.body.strip()
        if body.startswith(b"{") and not body.endswith(b"}"):
            raise SourceError(
                f"{self.where} sent only a part of its answer; it is asked again. Is its Wi-Fi weak?"
            )
        return http.decode(answer, self._url(path1 if self.api == "v1" else path2))

    def _ask(
        self, method: str, path1: str, path2: str, body: Any = None, *, secret: bool = True
    ) -> http.Answer:
        headers = {"X-Api-Version": "2"} if self.api == "v2" else {}
        if self.token and secret:
            headers["Authorization"] = f"Bearer {self.token}"
        url = self._url(path1 if self.api == "v1" else path2)
        return http.request(self.session, method, url, timeout_s=self.timeout_s, headers=headers, body=body)

    def _good(self, answer: http.Answer) -> http.Answer:
        if self.api == "v1" and answer.status == 403:
            raise http.HttpAuthError(DISABLED.format(where=self.where), 403)
        if self.api == "v1" and answer.status == 404:
            raise http.HttpError(
                f"{self.where} does not speak API v1 (404): it is no HomeWizard device, or one of v2 alone",
                404,
            )
        if self.api == "v2" and answer.status == 401:
            raise TokenError(
                f"{self.where} no longer knows the token: it was revoked, or the device was reset"
            )
        return http.expect_ok(answer, self._url("/api"))

    def _url(self, path: str) -> str:
        return f"{'http' if self.api == 'v1' else 'https'}://{self.where}{path}"


class _Trusting(HTTPAdapter):
    """Only what `context` believes, and only a device of that name; the system's authorities do not count."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context, self._name = context, name
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, ssl_context=self._context, server_hostname=self._name)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """requests would load the system's authorities into our context."""
        conn.cert_reqs = "CERT_REQUIRED"
