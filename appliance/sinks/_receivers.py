"""The receivers of line protocol: where each takes it, how one says who one is, and what it means by "no".

Run against real ones: InfluxDB 1.6, VictoriaMetrics 1.79 single. From their documents: InfluxDB 2 and 3
(docs.influxdata.com), VictoriaMetrics cluster (docs.victoriametrics.com, "URL format"), GreptimeDB
(docs.greptime.com, "InfluxDB Line Protocol"), QuestDB (questdb.com/docs, "ILP overview"; its table needs
DEDUP UPSERT KEYS over the time and every tag, or what is sent twice is there twice), Telegraf
(influxdb_listener).
"""

import base64
import json
import time
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from appliance import http
from appliance.errors import SourceError
from appliance.http import Answer, HttpAuthError, HttpError

Reads = Literal["influxql", "promql"]


@dataclass(frozen=True)
class Flavour:
    """What one kind of receiver expects; `needs` are options it cannot do without.

    `names` says how the query names the place ("db" or "bucket") and the precisions; `scheme` is the word
    before a token; `reads` is the language in which it can be asked what it holds, at `read_path`;
    `versions` marks a second value of an instant, see `_line`; `drops` says why readings may be missing.
    """

    label: str
    path: str
    names: Literal["db", "bucket"] = "db"
    scheme: str = "Bearer"
    needs: tuple[str, ...] = ()
    reads: Reads | None = None
    read_path: str = "/query"
    versions: bool = False
    drops: str = "it may drop what is older than its retention: compare its settings"


_DROPS = (
    "VictoriaMetrics drops what is older than its -retentionPeriod, and what it cannot parse, without a word"
)
FLAVOURS = {
    "influxdb1": Flavour("InfluxDB", "/write", scheme="Token", needs=("database",), reads="influxql"),
    "influxdb2": Flavour(
        "InfluxDB", "/api/v2/write", "bucket", "Token", ("org", "bucket", "token"), "influxql"
    ),
    "influxdb3": Flavour("InfluxDB", "/api/v2/write", "bucket", "Bearer", ("bucket",), "influxql"),
    "victoria_metrics": Flavour(
        "VictoriaMetrics", "/write", reads="promql", read_path="/api/v1/query", versions=True, drops=_DROPS
    ),
    "victoria_metrics_cluster": Flavour(
        "VictoriaMetrics",
        "/insert/{tenant}/influx/write",
        reads="promql",
        read_path="/select/{tenant}/prometheus/api/v1/query",
        versions=True,
        drops=_DROPS,
    ),
    "questdb": Flavour("QuestDB", "/write"),
    "greptimedb": Flavour("GreptimeDB", "/v1/influxdb/api/v2/write", "bucket", "token", ("bucket",)),
    "telegraf": Flavour("Telegraf", "/write", scheme="Token"),
}
_PRECISIONS = {
    "db": {"ms": "ms", "us": "u", "ns": "n"},
    "bucket": {"ms": "ms", "us": "us", "ns": "ns"},
}


@dataclass(frozen=True)
class Place:
    """Where and as whom to write and to read."""

    flavour: Flavour
    write: str
    read: str
    database: str
    headers: dict[str, str]

    def refusal(self, answer: Answer, url: str) -> HttpError | None:
        """What to tell a person of an answer that is no yes; None of a yes."""
        if answer.status == 204 or (200 <= answer.status < 300 and not _is_page(answer)):
            return None
        where, said = http.shown(url), self._without_secret(reason(answer))
        wait = http.retry_after_s(answer.headers.get("retry-after"), time.time())
        unknown = answer.status == 400 and "auth token" in said  # vmauth
        if unknown or answer.status in http.AUTH_STATUS:
            what = (
                "the token, or user and password" if answer.status != 403 else f"the rights on {self._what}"
            )
            return HttpAuthError(
                f"{where} refuses us ({answer.status}{said}); check {what}", answer.status, wait
            )
        return HttpError(self._sentence(answer.status, where, said), answer.status, wait)

    def _without_secret(self, said: str) -> str:
        """Some say back what they were sent (vmauth does)."""
        secret = self.headers.get("Authorization", "").partition(" ")[2]
        return said.replace(secret, "...") if secret else said

    @property
    def _what(self) -> str:
        return f'{"bucket" if self.flavour.names == "bucket" else "database"} "{self.database}"'

    def _sentence(self, status: int, where: str, said: str) -> str:
        if status == 404 and ("database" in said or "bucket" in said):
            return f"{where} has no {self._what} (404{said}); create it there, or correct its name here"
        if status == 404 or (status == 400 and "unsupported path" in said):  # VictoriaMetrics says 400
            what = self.flavour.label
            return f"{where} does not exist there ({status}{said}); is it {what}? Check url and path"
        if status in (408, 429, 503):
            return f"{where} is busy ({status}{said}); it will be asked again later"
        if 200 <= status < 300:
            return f"{where} answers with a web page ({status}) and not as a store does; check url and path"
        if 300 <= status < 400:
            return f"{where} points to another address ({status}); write that one in its place"
        if status >= 500:
            return f"{where} has a fault of its own ({status}{said}); it will be asked again later"
        return f"{where} does not take what was sent ({status}{said})"


def place(
    flavour: Flavour,
    url: str,
    *,
    path: str | None,
    read_url: str | None,
    tenant: str,
    database: str,
    org: str,
    precision: str,
    user: str,
    password: str,
    token: str,
) -> Place:
    """Everything about a receiver's addresses, from what the owner says of it."""
    asked = {"precision": _PRECISIONS[flavour.names][precision]}
    if database:
        asked[flavour.names] = database
    if org:
        asked["org"] = org
    taken = (path if path is not None else flavour.path).replace("{tenant}", tenant)
    write = f"{url.rstrip('/')}{taken}?{urlencode(asked)}"
    read = f"{(read_url or url).rstrip('/')}{flavour.read_path.replace('{tenant}', tenant)}"
    return Place(flavour, write, read, database, _headers(flavour, user, password, token))


def _headers(flavour: Flavour, user: str, password: str, token: str) -> dict[str, str]:
    if token:
        return {"Authorization": f"{flavour.scheme} {token}"}
    if user and flavour.scheme == "token":
        return {"Authorization": f"token {user}:{password}"}
    if user:
        said = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {said}"}
    return {}


def reason(answer: Answer) -> str:
    """What the receiver says is wrong, as the tail of a parenthesis; empty where it says nothing."""
    text = answer.body[:2000].decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = None if _is_page(answer) else text
    if isinstance(said, dict):
        said = said.get("error") or said.get("message")
    plain = " ".join(str(said).split())[:300] if said else ""
    return f": {plain}" if plain else ""


def _is_page(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "") or answer.body[:20].lstrip()[:1] == b"<"


def unreadable(flavour: Flavour) -> SourceError:
    """Why it cannot be verified."""
    return SourceError(f"{flavour.label} is not asked what it holds: there is no common way to. Look there")
