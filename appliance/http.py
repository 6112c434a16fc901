"""Talking HTTP to devices and services: time-outs always, bodies capped, no secret in any message.

All calls block; drivers make them in a thread of their own (`appliance.worker`).
"""

import email.utils
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from appliance import __version__
from appliance.errors import AuthError, SourceError

LARGEST_BODY = 4 * 1024 * 1024
LONGEST_WISH_S = 86_400.0
"""A Retry-After beyond a day is a mistake of the other side's, or of one of the clocks."""
AUTH_STATUS = (401, 403)

# At DEBUG it would log each path with its query, and as a warning the address of an answer with odd headers:
# some want a password or a token in there.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class HttpError(SourceError):
    """The other side answered, but not what was asked. `status` is HTTP's, `retry_after_s` its wish."""

    def __init__(self, text: str, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s


class HttpAuthError(AuthError, HttpError):
    """The other side refuses us: 401 or 403."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and body of an answer of whatever status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def session() -> requests.Session:
    """A session of our own: keeps connections, follows no redirect to elsewhere, names us."""
    made = requests.Session()
    made.headers["User-Agent"] = f"Tallywatt/{__version__}"
    made.trust_env = False
    return made


def shown(url: str) -> str:
    """The address without user, password, query and fragment: fit for a log."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "The address"
    host = parts.hostname or "?"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path}"


def request(
    http: requests.Session,
    method: str,
    url: str,
    *,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    data: bytes | None = None,
) -> Answer:
    """Send `body` as JSON, or `data` as it is, and read the answer, whatever its status. Raises SourceError
    where there is none."""
    where = shown(url)
    try:
        with http.request(
            method,
            url,
            json=body,
            data=data,
            headers=dict(headers or {}),
            timeout=timeout_s,
            stream=True,
            allow_redirects=False,
        ) as response:
            content = response.raw.read(LARGEST_BODY + 1, decode_content=True)
            lower = {name.lower(): value for name, value in response.headers.items()}
            status = response.status_code
    except requests.exceptions.SSLError:
        raise SourceError(f"{where} has a certificate that cannot be trusted") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        raise SourceError(f"{where} did not answer within {timeout_s:g} s; is it on and reachable?") from None
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, ValueError):
        raise SourceError(f"{where} is not an address; write it as http://host:port/path") from None
    except Exception as error:  # urllib3 raises its own while the body is read
        raise SourceError(
            f"{where} cannot be reached ({_plain(error)}); check address, cable and power"
        ) from None
    if len(content) > LARGEST_BODY:
        raise SourceError(f"{where} answered more than {LARGEST_BODY // 2**20} MiB; is the address right?")
    return Answer(status, lower, content)


def expect_ok(answer: Answer, url: str) -> Answer:
    """The answer if its status is 2xx. Raises HttpAuthError on 401 and 403, HttpError on any other."""
    if 200 <= answer.status < 300:
        return answer
    where = shown(url)
    wait = retry_after_s(answer.headers.get("retry-after"), time.time())
    if answer.status in AUTH_STATUS:
        raise HttpAuthError(
            f"{where} refuses us ({answer.status}); check the token or password", answer.status, wait
        )
    if answer.status == 404:
        raise HttpError(f"{where} does not exist there (404); check the path of the address", 404, wait)
    if answer.status in (429, 503):
        raise HttpError(
            f"{where} is busy ({answer.status}); it will be asked again later", answer.status, wait
        )
    if 300 <= answer.status < 400:
        raise HttpError(
            f"{where} points to another address ({answer.status}); write that one in its place",
            answer.status,
            wait,
        )
    if answer.status >= 500:
        raise HttpError(
            f"{where} has a fault of its own ({answer.status}); it will be asked again later",
            answer.status,
            wait,
        )
    raise HttpError(
        f"{where} does not take what was sent ({answer.status}); is the address right?", answer.status, wait
    )


def loads(body: bytes, **how: Any) -> Any:
    """JSON as the `json` module reads it, but "?" for half a character (\\ud800), which no file takes.
    Raises ValueError and RecursionError."""
    found = json.loads(body, **how)
    if b"\\ud" not in body.lower():
        return found
    return json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))


def decode(answer: Answer, url: str) -> Any:
    """The JSON in a body. Raises SourceError when it is none; NaN and Infinity are no JSON."""
    try:
        return loads(answer.body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        start = answer.body[:40].decode("latin-1").strip()
        raise SourceError(f"{shown(url)} did not answer JSON but {start!r}; is the address right?") from None


def get_json(
    http: requests.Session, url: str, timeout_s: float, headers: Mapping[str, str] | None = None
) -> Any:
    """GET and decode. Raises SourceError, HttpError or HttpAuthError."""
    return decode(expect_ok(request(http, "GET", url, timeout_s=timeout_s, headers=headers), url), url)


def retry_after_s(value: str | None, now_s: float) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 10.2.3: seconds or a date), None if unusable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WISH_S)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        # "-0000" and no zone at all both mean UTC in HTTP.
        at_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, at_s - now_s), LONGEST_WISH_S)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _plain(error: Exception) -> str:
    text = str(error).lower()
    for sign, word in (
        ("name or service not known", "no such name"),
        ("failed to resolve", "no such name"),
        ("refused", "connection refused"),
        ("unreachable", "network unreachable"),
        ("no route", "no route"),
        ("reset", "connection reset"),
        ("aborted", "connection cut"),
        ("incomplete", "answer cut short"),
    ):
        if sign in text:
            return word
    return type(error).__name__
