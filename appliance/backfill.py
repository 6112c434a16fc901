"""History for Home Assistant: hourly sums of the house's registers, as statistics of their own.

Its energy dashboard takes them like those of a sensor. Sent is what is not there yet or differs, so it may be
stopped and started again, and a corrected register is corrected there too. Source of the messages: Home
Assistant's developer documentation (WebSocket API) and its recorder integration, 2025.4 and 2026.11.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from appliance.calendar import iso
from appliance.clock import HOUR_MS
from appliance.errors import AuthError, SourceError
from appliance.model import Quantity, Reading
from appliance.store import Store

DOMAIN = "tallywatt"
UNIT_CLASSES = {"kWh": "energy", "GJ": "energy", "m³": "volume"}
ROWS_AT_ONCE = 500
PATIENCE_S = 60.0
FLAT_SINCE = (2025, 11)
"""From this version on `mean_type` and `unit_class` describe a statistic, before it `has_mean`."""
SAME = 1e-6
"""Sums that differ by less are the same; registers have at most three decimals."""


class Hour(NamedTuple):
    """An hour from `start` (UTC ms); `sum` is what went through since the first reading until its end."""

    start: int
    sum: float


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic of Home Assistant: its id, what it is called there, and a row for each hour."""

    id: str
    name: str
    unit: str
    hours: Sequence[Hour]


async def hourly(store: Store, reading: Reading, end: int) -> list[Hour]:
    """The whole hours before `end` (UTC ms) in which the register of `reading` was read, oldest first.

    Sums count from its first reading and across exchanged meters. What went through while nothing was read is
    in the next hour that knows. Raises StoreError.
    """
    key = reading.source, reading.quantity
    firsts = [kept.first_at for kept in await store.series_list() if (kept.source, kept.quantity) == key]
    if not firsts:
        return []
    edges = list(range(firsts[0] // HOUR_MS * HOUR_MS, end // HOUR_MS * HOUR_MS + 1, HOUR_MS))
    rises = await store.increase(*key, edges, since_first=True)
    found, total = [], 0.0
    for (start, _), rise in zip(pairwise(edges), rises, strict=True):
        if rise is not None:
            total = round(total + rise, 6)
            found.append(Hour(start, total))
    return found


def statistic_id(appliance: str, quantity: Quantity) -> str:
    """ "tallywatt:1a2b3c4d_energy_import" of the appliance "tallywatt-1a2b3c4d"."""
    return f"{DOMAIN}:{appliance.removeprefix('tallywatt-')}_{quantity}"


def missing(wanted: Sequence[Hour], there: Mapping[int, float]) -> list[Hour]:
    """The hours whose sum is not `there` (by start, UTC ms) or differs."""
    return [hour for hour in wanted if abs(there.get(hour.start, float("inf")) - hour.sum) > SAME]


class HomeAssistant:
    """A connection to Home Assistant, logged in; `version` is such as (2025, 4)."""

    def __init__(self, socket: ClientConnection, version: tuple[int, ...]) -> None:
        self.version = version
        self._socket = socket
        self._number = 0

    async def sums(self, id_: str, start: int, end: int) -> dict[int, float]:
        """The hourly sums it holds of a statistic within `[start, end)`, by start; all instants UTC ms."""
        said = await self._call(
            "recorder/statistics_during_period",
            start_time=iso(start),
            end_time=iso(end),
            statistic_ids=[id_],
            period="hour",
            types=["sum"],
        )
        return {int(row["start"]): row["sum"] for row in said.get(id_, ()) if row.get("sum") is not None}

    async def send(self, statistic: Statistic, hours: Sequence[Hour]) -> AsyncIterator[int]:
        """Send these hours of it, oldest first; yields how many each message took. They are written there
        some time after. Raises SourceError or AuthError."""
        for low in range(0, len(hours), ROWS_AT_ONCE):
            part = hours[low : low + ROWS_AT_ONCE]
            stats = [{"start": iso(hour.start), "sum": hour.sum} for hour in part]
            await self._call(
                "recorder/import_statistics", metadata=_metadata(statistic, self.version), stats=stats
            )
            yield len(part)

    async def _call(self, type_: str, **fields: Any) -> Any:
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "type": type_, **fields}))
        while True:
            said = await _heard(self._socket)
            if said.get("id") == self._number and said.get("type") == "result":
                break
        if said["success"]:
            return said["result"]
        problem = said["error"]
        if problem.get("code") == "unauthorized":
            raise AuthError("The token is not that of an administrator of Home Assistant; make one as such")
        raise SourceError(f"Home Assistant refuses {type_}: {problem.get('message')}")


def _metadata(statistic: Statistic, version: tuple[int, ...]) -> dict[str, Any]:
    known = {
        "has_sum": True,
        "name": statistic.name,
        "source": DOMAIN,
        "statistic_id": statistic.id,
        "unit_of_measurement": statistic.unit,
    }
    if version >= FLAT_SINCE:
        return {**known, "mean_type": 0, "unit_class": UNIT_CLASSES[statistic.unit]}
    return {**known, "has_mean": False}


@asynccontextmanager
async def connected(url: str, token: str) -> AsyncIterator[HomeAssistant]:
    """Home Assistant at `url`, such as http://homeassistant.local:8123, with a long-lived access token.

    Raises SourceError and, where the token is refused, AuthError; also in the block.
    """
    parts = urlsplit(url.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SourceError(f"{url} is no address; write one such as http://homeassistant.local:8123")
    scheme = "wss" if parts.scheme == "https" else "ws"
    try:
        async with connect(
            f"{scheme}://{parts.netloc}{parts.path}/api/websocket",
            max_size=None,
            open_timeout=PATIENCE_S,
        ) as socket:
            yield HomeAssistant(socket, await _logged_in(socket, token))
    except ssl.SSLCertVerificationError as error:
        raise SourceError(
            f"The certificate of {parts.netloc} is not trusted: {error.verify_message}"
        ) from None
    except (InvalidHandshake, InvalidURI) as error:
        raise SourceError(f"What answers at {url} is not Home Assistant: {error}") from None
    except ConnectionClosed:
        raise SourceError("Home Assistant closed the connection; run it again, it carries on") from None
    except TimeoutError:
        raise SourceError(f"{parts.netloc} does not answer; run it again, it carries on") from None
    except OSError as error:
        raise SourceError(f"{parts.netloc} cannot be reached: {error or type(error).__name__}") from None


async def _heard(socket: ClientConnection) -> Any:
    """The next message. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        return json.loads(await socket.recv())


async def _logged_in(socket: ClientConnection, token: str) -> tuple[int, ...]:
    """Its version, once it has let us in. Raises AuthError, SourceError."""
    try:
        asked = await _heard(socket)
        version = tuple(int(part) for part in asked["ha_version"].split(".")[:2])
        await socket.send(json.dumps({"type": "auth", "access_token": token}))
        said = await _heard(socket)
    except (ValueError, KeyError, TypeError):
        raise SourceError("What answers there does not speak as Home Assistant does") from None
    if said.get("type") != "auth_ok":
        raise AuthError(
            "Home Assistant refuses the token; make a long-lived access token there (your profile, Security)"
        )
    return version
