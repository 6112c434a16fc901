"""Asking the CARMA portal: slowly, a question a second at most, following its redirections."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from appliance import http
from appliance.clock import Clock
from appliance.errors import SourceError
from appliance.worker import Worker

BASE = "http://www.carmasmartmetering.com/DirectConsumptionDev/"
PAUSE_S = 1.0
MOST_REDIRECTS = 5
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.I)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Account:
    """Whom the portal is asked as, and where it is. `timeout_s` for one answer: it is very slow."""

    username: str
    password: str = field(repr=False)
    base: str = BASE
    timeout_s: float = 90.0

    def url(self, page: str) -> str:
        """The address of one of its pages."""
        folder = self.base.rpartition("/")[0] if self.base.lower().endswith(".aspx") else self.base
        return f"{folder.rstrip('/')}/{page}"


class BusyError(SourceError):
    """A fault of the portal's own: worth asking again in some seconds."""


class Link:
    """The connection of one visit, with its cookies. Close it in the end."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._worker = Worker(f"The portal at {urlsplit(account.base).hostname}")
        self._http = http.session()
        self._asked_at: float | None = None
        self._secure = False

    @property
    def cookies(self) -> set[str]:
        """What the portal knows us by."""
        return {cookie.value for cookie in self._http.cookies if cookie.value}

    def renew(self) -> None:
        """Forget the cookies: whoever signs in begins anew."""
        self._http.close()
        self._http = http.session()

    def close(self) -> None:
        """Let go of the connection."""
        self._worker.close()
        self._http.close()

    async def ask(
        self,
        method: str,
        page: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """The text of the answer. Raises BusyError on a fault of the portal's own, SourceError where there is
        no answer or none that belongs to this portal."""
        url = self._account.url(page)
        if self._secure:  # a form must not go in clear, nor be lost on the way, once the portal speaks HTTPS
            url = url.replace("http://", "https://", 1)
        headers = {"Referer": url, **(FORM if form is not None else {}), **(headers or {})}
        body = None if form is None else urlencode(form).encode()
        for _ in range(MOST_REDIRECTS):
            answer = await self._one(method, url, headers, body)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or location is None:
                return decoded(http.expect_ok(answer, url))
            target = urljoin(url, location)
            if urlsplit(target).hostname != urlsplit(url).hostname:
                raise SourceError(
                    f"The portal points to {http.shown(target)}: is that its new address (`url`)?"
                )
            self._secure |= urlsplit(target).scheme == "https"
            method, url, body, headers = "GET", target, None, {"Referer": url}
        raise SourceError("The portal sends us from page to page without end; try later")

    async def _one(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> http.Answer:
        if self._asked_at is not None:
            await self._clock.sleep(max(0.0, PAUSE_S - (self._clock.monotonic() - self._asked_at)))
        timeout_s, session = self._account.timeout_s, self._http

        def call() -> http.Answer:
            return http.request(session, method, url, timeout_s=timeout_s, headers=headers, data=body)

        try:
            answer = await self._worker.call(call, 2 * timeout_s + 5)
        finally:
            self._asked_at = self._clock.monotonic()
        if answer.status >= 500:
            raise BusyError(f"{http.shown(url)} has a fault of its own ({answer.status})")
        return answer


def decoded(answer: http.Answer) -> str:
    """The text of an answer in the encoding it names, in UTF-8, or in what Windows wrote before that."""
    named = _CHARSET.search(answer.headers.get("content-type", ""))
    for encoding in (*([named[1]] if named else ()), "utf-8"):
        with suppress(LookupError, UnicodeError):
            return answer.body.decode(encoding).removeprefix("\ufeff")
    return answer.body.decode("cp1252", errors="replace")
