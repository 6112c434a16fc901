"""pypowerwall, held so that it neither blocks, nor falls back, nor lies.

Facts are of pypowerwall 0.22.2. It is imported when a Powerwall is really asked (it adds 12 MB to the daemon,
which has most of what it needs loaded already; a process of its own would take 47 MB), and everything is
called on the one thread that owns the object. `failover` is off: else a gateway that is silent is replaced by
Tesla's servers, which then raise. `retry_modes` is off: it blocks for ever.
"""

import logging
import re
import threading
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from appliance.errors import AuthError, SourceError
from appliance.sources._powerwall_options import CLOUDS, Options

AGGREGATES, SOE, GRID = "/api/meters/aggregates", "/api/system_status/soe", "/api/system_status/grid_status"
OPERATION, STATUS, INVERTER = "/api/operation", "/api/system_status", "/api/solar_powerwall"
GATEWAYS = ("local", "hybrid")
SETTINGS_KNOWN = ("tedapi", "v1r", "cloud", "fleetapi")
"""Modes that tell what the battery may do with the grid."""
CACHE_S = 4
"""Less than any pace: within one look the answers are shared, from look to look nothing is repeated."""
AUTH_FILES = {"cloud": ".pypowerwall.auth", "fleetapi": ".pypowerwall.fleetapi"}
PAUSE_S = 60.0
"""How long a gateway is left alone that says 429; pypowerwall's own five minutes are not waited for."""
LOGIN_AGAIN_S = 900.0
"""A gateway that restarts may refuse for a while what is right."""


class BusyError(SourceError):
    """It wants to be left alone for `pause_s`."""

    pause_s = PAUSE_S


class Ears(logging.Handler):
    """pypowerwall answers None and logs why: what it said last is kept for each thread, and goes no further
    (it is an ERROR at every poll, and a refused login is logged with its body)."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._of = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        self.heard().append(record.getMessage())

    def heard(self) -> deque[str]:
        """What was said on this thread."""
        if not hasattr(self._of, "said"):
            self._of.said = deque(maxlen=20)
        said: deque[str] = self._of.said
        return said


EARS = Ears()
_LOADING = threading.Lock()


def load() -> Any:
    """The module pypowerwall, quiet and deaf to the environment. Raises SourceError where it is missing.

    requests takes certificates and proxies of the environment before what a session was told, so that with
    REQUESTS_CA_BUNDLE set no gateway's own certificate would do: pypowerwall's local modules get sessions
    that do not look there. The environment itself is everybody's and stays.
    """
    with _LOADING:
        try:
            library = import_module("pypowerwall")
        except ImportError as error:
            raise AuthError(f"The powerwall source needs {error.name}: pip install pypowerwall") from None
        logger = logging.getLogger("pypowerwall")
        if EARS not in logger.handlers:
            logger.handlers, logger.propagate = [EARS], False
            logger.setLevel(logging.WARNING)
            logging.getLogger("httpx").setLevel(logging.WARNING)
            logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
            _deafen()
    return library


def _deafen() -> None:
    requests = import_module("requests")

    class Session(requests.Session):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.trust_env = False

    deaf = SimpleNamespace(**{**vars(requests), "Session": Session})
    for name in ("local.pypowerwall_local", "tedapi", "tedapi.tedapi_v1r"):
        import_module(f"pypowerwall.{name}").requests = deaf  # type: ignore[attr-defined]


class Library:
    """One Powerwall through pypowerwall. All calls block; one thread makes them all."""

    def __init__(self, options: Options, folder: Path, zone: str) -> None:
        self._options = options
        self._folder = folder
        self._zone = zone
        self._pw: Any = None
        self._gateway = options.mode in GATEWAYS
        self.missing: dict[str, str] = {}
        """Answers that did not come in the last look, and why."""

    def quick(self) -> dict[str, Any]:
        """Powers, charge, grid. Raises SourceError without powers, AuthError where a person has to act."""
        if self._pw is None:
            self._open()
        powers = self._poll(AGGREGATES)
        if powers is None:
            raise self._reason()
        self.missing = {}
        answers = {"aggregates": powers, "soe": self._try(SOE), "grid_status": self._try(GRID)}
        if self._options.mode in CLOUDS:
            answers["system_status"] = self._try(STATUS)
        return answers

    def details(self) -> dict[str, Any]:
        """What changes slowly. What does not come is left out: many gateways lack some of it."""
        answers: dict[str, Any] = {
            "operation": self._try(OPERATION),
            "system_status": self._try(STATUS),
            "vitals": self._quietly(self._pw.vitals),
        }
        if self._gateway and not answers["vitals"]:
            answers["solar_powerwall"] = self._quietly(lambda: self._pw.poll(INVERTER))
        if self._options.mode in SETTINGS_KNOWN:
            answers["grid_charging"] = self._quietly(self._pw.get_grid_charging)
            answers["export_rule"] = self._quietly(self._pw.get_grid_export)
        return answers

    def close(self) -> None:
        """Let the connections go. The login at the gateway is kept for the next start."""
        client = getattr(self._pw, "client", None)
        tedapi = getattr(client, "tedapi", None)
        for holder in (client, tedapi, getattr(tedapi, "v1r_transport", None)):
            for name in ("session", "wifi_session", "api_session"):
                close = getattr(getattr(holder, name, None), "close", None)
                if close is not None:
                    close()
        self._pw = None

    # Asking

    def _open(self) -> None:
        library = load()
        self._check_files()
        EARS.heard().clear()
        try:
            self._pw = library.Powerwall(**self._arguments())
        except Exception as error:
            raise SourceError(f"pypowerwall cannot be set up: {error}") from None
        if self._pw.client is None or any("Failed to connect using" in said for said in EARS.heard()):
            self.close()
            raise self._reason()

    def _arguments(self) -> dict[str, Any]:
        options = self._options
        secret = {
            "password": options.password and options.password.get_secret_value(),
            "gw_pwd": options.gateway_password and options.gateway_password.get_secret_value(),
            "rsa_key_path": options.rsa_key and str(options.rsa_key),
            "email": options.email,
            "wifi_host": options.wifi_host,
            "siteid": options.site_id,
        }
        given = {name: value for name, value in secret.items() if value}
        return given | {
            "host": options.host,
            "timezone": self._zone,
            "timeout": options.timeout_s,
            "pwcacheexpire": 0 if self._gateway else CACHE_S,
            "cloudmode": options.mode in CLOUDS,
            "fleetapi": options.mode == "fleetapi",
            "authpath": str(self._auth_folder()) if options.mode in CLOUDS else "",
            "cachefile": str(self._folder.resolve() / "session.json"),
            "failover": False,
            "retry_modes": False,
        }

    def _auth_folder(self) -> Path:
        return (self._options.auth_folder or self._folder).expanduser().resolve()

    def _check_files(self) -> None:
        """What a person has to make first. Raises AuthError."""
        mode, key = self._options.mode, self._options.rsa_key
        if mode in AUTH_FILES and not (self._auth_folder() / AUTH_FILES[mode]).is_file():
            flag = "-fleetapi" if mode == "fleetapi" else "-headless"
            raise AuthError(
                f"There is no login to Tesla in {self._auth_folder()}: on the appliance, run "
                f"`python -m pypowerwall setup {flag} -authpath {self._auth_folder()}`, then restart"
            )
        if key is not None and not key.is_file():
            raise AuthError(f"There is no key {key}: run `python -m pypowerwall setup -v1r`, set `rsa_key`")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceError(f"{self._folder} cannot be made: {error.strerror}") from None

    def _poll(self, api: str) -> Any:
        """Past the library's memory of failures: a gateway's own cache is off and every call a question."""
        EARS.heard().clear()
        try:
            return self._pw.poll(api, force=True) if self._gateway else self._pw.poll(api)
        except Exception as error:
            EARS.heard().append(f"{type(error).__name__}: {error}")
            return None

    def _try(self, api: str) -> Any:
        answer = self._poll(api)
        if not isinstance(answer, dict):
            why = self._reason()
            if isinstance(why, BusyError):
                raise why
            self.missing[api] = str(why) if answer is None else "it is not JSON"
            return None
        return answer

    def _quietly(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except Exception:
            return None  # TypeErrors and the like of a gateway that answers oddly

    def _reason(self) -> SourceError:
        """Why nothing came, from what the library said."""
        return reason(list(EARS.heard()), self._options)


TESLA = "Tesla's servers"
REASONS: tuple[tuple[str, type[SourceError], str], ...] = (
    (  # first: the answer is part of the message
        r"Unable to parse payload|Decoding JSON",
        SourceError,
        "{where} answered something cut short; it is asked again soon",
    ),
    (
        r"\b429\b|[Rr]ate limit",
        BusyError,
        "{where} is asked too often (429) and is left alone for a minute; do other programs ask it too?",
    ),
    (
        r"PENDING_VERIFICATION|not yet VERIFIED",
        AuthError,
        "The key is registered but not confirmed: switch the Powerwall off for 15 seconds and on again; more "
        "than ten minutes after registering, register it anew first",
    ),
    (
        r"UNKNOWN_KEY_ID|not recognized|key authentication failed",
        AuthError,
        "{where} does not know the key: register it with `python -m pypowerwall setup -v1r`, or set "
        "`rsa_key` to the one that was registered",
    ),
    (
        r"Invalid Powerwall Login|Access Denied|v1r login failed \(40[13]\)|check password$",
        AuthError,
        "{where} refuses the password: {password}",
    ),
    (
        r"Access token rejected|Token refresh failed|Login failure|No refresh token|Missing auth",
        AuthError,
        "Tesla refuses the login: run `python -m pypowerwall setup` again",
    ),
    (
        r"No sites found|Site \S+ not found",
        AuthError,
        "Your Tesla account has no such site: check `site_id` and `email`",
    ),
    (r"\b503\b", SourceError, "{where} is busy or starting (503); it is asked again soon"),
    (
        r"\b404\b",
        SourceError,
        "{where} does not know what was asked (404): is it a gateway? A Powerwall 3 needs mode v1r or tedapi",
    ),
    (
        r"\b403\b",
        SourceError,
        "{where} does not allow what was asked (403): its firmware may have closed this way; try mode v1r, "
        "tedapi or cloud",
    ),
    (
        r"[Tt]imeout|[Tt]imed out",
        SourceError,
        "{where} did not answer within {timeout} s; is it on and reachable?",
    ),
    (r"refused", SourceError, "{where} refuses the connection; is the address right, is the gateway on?"),
    (r"CERTIFICATE|SSL", SourceError, "{where} cannot be talked to in TLS; is this a gateway's address?"),
    (
        r"[Uu]nable to connect|Connection error|Max retries|ConnectionError",
        SourceError,
        "{where} cannot be reached; check address, cable and power",
    ),
    (
        r"status code 5\d\d|HTTP 5\d\d",
        SourceError,
        "{where} has a fault of its own; it is asked again soon",
    ),
)
PASSWORDS = {
    "tedapi": "set `gateway_password` to the whole password on the gateway's sticker",
    "v1r": "check `gateway_password`, the whole password on the gateway's sticker",
}
PASSWORD = "set `password` to the last five characters of the password on the gateway's sticker"  # noqa: S105


def reason(said: list[str], options: Options) -> SourceError:
    """The error that fits what the library said, in our words: its own may hold tokens."""
    where = TESLA if options.mode in CLOUDS else f"The gateway at {options.host}"
    told = "\n".join(said)
    for pattern, kind, text in REASONS:
        if re.search(pattern, told, re.MULTILINE):
            error = kind(
                text.format(
                    where=where,
                    password=PASSWORDS.get(options.mode, PASSWORD),
                    timeout=f"{options.timeout_s:g}",
                )
            )
            if isinstance(error, AuthError):
                error.again_s = LOGIN_AGAIN_S
            return error
    return SourceError(f"{where} gave no powers; it is asked again soon")
