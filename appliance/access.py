"""Who may change things: the owner's PIN for pages, a bearer token for the API.

The PIN is kept as an argon2id hash, the token encrypted with the appliance's key; neither has a default.
Wrong tries are counted in the store's documents, so that a restart does not give new ones.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from appliance.clock import Clock
from appliance.errors import TallywattError

UNLOCKED_S = 300.0
FREE_TRIES = 5
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 3600.0
PIN_DIGITS = range(4, 9)
TABLE = "access"
# RFC 9106 section 4, second recommended option with less memory: 19 MiB fits a Pi beside the daemon.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Documents(Protocol):
    """The part of the store that keeps small documents."""

    def get(self, table: str, key: str) -> dict[str, Any] | None: ...
    def put(self, table: str, key: str, document: dict[str, Any]) -> None: ...


class Box(Protocol):
    """Seals and opens secrets with the appliance's key."""

    def seal(self, plain: str) -> str: ...
    def open(self, sealed: str) -> str: ...


class Refused(TallywattError):  # noqa: N818 - an answer, not a fault
    """Not let in. `wait_s` tells how long until the next try is heard, 0 for at once."""

    def __init__(self, text: str, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class Access:
    """The owner's keys. `load` once the documents can be read."""

    def __init__(self, documents: Documents, box: Box, clock: Clock) -> None:
        self._documents = documents
        self._box = box
        self._clock = clock
        self._unlocked: dict[str, float] = {}
        self._new_token: str | None = None
        self._token_digest = b""
        self._checking = asyncio.Lock()

    def load(self) -> None:
        """Read the token, or make the first one."""
        known = self._documents.get(TABLE, "token")
        if known is None:
            self.renew_token()
            return
        try:
            token = self._box.open(str(known["sealed"]))
        except Exception:  # the key is lost: the old token is worth nothing, the owner gets a new one
            self.renew_token()
            return
        self._token_digest = _digest(token)
        self._new_token = token if not known.get("shown") else None

    # The API's token

    def renew_token(self) -> None:
        """A new token; the old one opens nothing any more. `take_new_token` shows it once."""
        token = secrets.token_urlsafe(32)
        self._documents.put(TABLE, "token", {"sealed": self._box.seal(token), "shown": False})
        self._token_digest = _digest(token)
        self._new_token = token

    @property
    def has_new_token(self) -> bool:
        """Whether there is a token nobody has seen yet."""
        return self._new_token is not None

    def take_new_token(self) -> str | None:
        """The token if it was never shown; from now on it has been."""
        token, self._new_token = self._new_token, None
        if token is not None:
            self._documents.put(TABLE, "token", {"sealed": self._box.seal(token), "shown": True})
        return token

    def token_ok(self, presented: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return bool(self._token_digest) and hmac.compare_digest(_digest(presented), self._token_digest)

    # The owner's PIN

    @property
    def has_pin(self) -> bool:
        return self._documents.get(TABLE, "pin") is not None

    async def set_pin(self, pin: str, old: str | None = None) -> None:
        """Choose the PIN (4 to 8 digits). Raises Refused when it is none or `old` is not the present one."""
        if not (pin.isascii() and pin.isdigit() and len(pin) in PIN_DIGITS):
            raise Refused("A PIN has 4 to 8 digits")
        if self.has_pin:
            await self.check_pin(old or "")
        digest = await asyncio.to_thread(HASHER.hash, pin)
        self._documents.put(TABLE, "pin", {"argon2": digest})
        self._unlocked.clear()

    async def check_pin(self, pin: str) -> None:
        """Returns when `pin` is right. Raises Refused: five tries, then a wait that doubles to an hour."""
        async with self._checking:
            known = self._documents.get(TABLE, "pin")
            if known is None:
                raise Refused("No PIN has been chosen yet; choose one first")
            tries = self._documents.get(TABLE, "tries") or {"wrong": 0, "at": 0}
            wait = _wait_left_s(tries, self._clock.now())
            if wait > 0:
                raise Refused(f"Too many wrong PINs; try again in {wait:.0f} s", wait)
            if await asyncio.to_thread(_verified, str(known["argon2"]), pin):
                self._documents.put(TABLE, "tries", {"wrong": 0, "at": 0})
                return
            wrong = {"wrong": int(tries["wrong"]) + 1, "at": self._clock.now()}
            self._documents.put(TABLE, "tries", wrong)
            wait = _wait_left_s(wrong, self._clock.now())
            text = f"Wrong PIN; try again in {wait:.0f} s" if wait else "Wrong PIN"
            raise Refused(text, wait)

    async def unlock(self, session: str, pin: str) -> None:
        """Let this browser session change things for five minutes. Raises Refused."""
        await self.check_pin(pin)
        self._unlocked[session] = self._clock.monotonic() + UNLOCKED_S

    def unlocked(self, session: str) -> float:
        """Seconds for which this session may still change things; 0 when it may not."""
        left = self._unlocked.get(session, 0.0) - self._clock.monotonic()
        if left <= 0:
            self._unlocked.pop(session, None)
            return 0.0
        return left

    def lock(self, session: str) -> None:
        self._unlocked.pop(session, None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _verified(digest: str, pin: str) -> bool:
    try:
        return HASHER.verify(digest, pin)
    except (Argon2Error, InvalidHashError):
        return False


def _wait_left_s(tries: Mapping[str, Any], now: int) -> float:
    wrong = int(tries["wrong"])
    if wrong < FREE_TRIES:
        return 0.0
    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(wrong - FREE_TRIES, 20))
    passed = (now - int(tries["at"])) / 1000
    # A clock set back must not lock the owner out for longer than the wait itself.
    return wait if passed < 0 else max(0.0, wait - passed)
