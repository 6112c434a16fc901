"""History for Home Assistant: hourly sums of the house's registers, daily ones of portals, what both cost.

They are statistics of their own; its energy dashboard takes them like those of a sensor. Sent is what is not
there yet or differs, so it may be stopped and started again, and a corrected register is corrected there too.
Source of the messages: Home Assistant's developer documentation (WebSocket API) and its recorder integration,
2025.4 and 2026.11.
"""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from appliance.calendar import QUARTER_MS, day_span, day_start, iso
from appliance.clock import DAY_MS, HOUR_MS
from appliance.daily import Day
from appliance.errors import AuthError, SourceError
from appliance.ledger import Ledger, plain
from appliance.model import Reading
from appliance.money import bill
from appliance.store import Store

DOMAIN = "tallywatt"
UNIT_CLASSES = {"kWh": "energy", "GJ": "energy", "m³": "volume"}
ROWS_AT_ONCE = 500
PRICED_AT_ONCE_MS = 400 * DAY_MS
"""Quarter hours of so long a time are worked out in one go."""
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
    """A statistic of Home Assistant: its id, what it is called there, and a row for each hour, or for the
    first whole hour of each day where only days are known. `unit` is a unit or a currency."""

    id: str
    name: str
    unit: str
    hours: Sequence[Hour]
    each: str = "hours"


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


def daily(days: Sequence[tuple[date, float]], zone: ZoneInfo) -> list[Hour]:
    """A row for each of the days (oldest first), which holds all of it, in its first whole hour."""
    found, total = [], 0.0
    for day, value in days:
        total = round(total + value, 6)
        found.append(Hour(-(-day_start(day, zone) // HOUR_MS) * HOUR_MS, total))
    return found


async def hourly_cost(ledger: Ledger, start: int, end: int, *, sold: bool = False) -> list[Hour]:
    """What the energy of the grid meter cost (or brought, if `sold`) in each whole hour of `[start, end)`,
    without fees. An hour without a known price has no row. Raises StoreError."""
    found, total = [], 0.0
    start, end = start // HOUR_MS * HOUR_MS, end // HOUR_MS * HOUR_MS
    for low in range(start, end, PRICED_AT_ONCE_MS):
        sheet = await ledger.sheet(low, min(end, low + PRICED_AT_ONCE_MS))
        metered, rates = (sheet.sold, sheet.rates.selling) if sold else (sheet.bought, sheet.rates.buying)
        if metered is None:
            return []
        cost, _ = bill.money(metered, rates)
        quarters = cost.reshape(-1, HOUR_MS // QUARTER_MS)
        known = np.isfinite(quarters).any(axis=1)
        sums = np.nansum(quarters, axis=1)
        for place in np.flatnonzero(known).tolist():
            total = round(total + float(sums[place]), 6)
            found.append(Hour(low + place * HOUR_MS, total))
    return found


async def daily_cost(ledger: Ledger, days: Sequence[Day], zone: ZoneInfo) -> list[tuple[date, float]]:
    """What each of these days (kWh, oldest first) cost by the mean price of its quarter hours, without fees:
    nobody knows when within the day it was used. A day of which a price is unknown is left out. Raises
    StoreError."""
    found = []
    for _, each in groupby(days, lambda row: row.day.year):
        year = list(each)
        starts, rates = await ledger.rates(day_start(year[0].day, zone), day_span(year[-1].day, zone)[1])
        prices = plain(rates.buying)
        for row in year:
            low, high = np.searchsorted(starts, day_span(row.day, zone))
            price = float(prices[low:high].mean())
            if np.isfinite(price):
                found.append((row.day, round(row.value * price, 6)))
    return found


def statistic_id(appliance: str, name: str) -> str:
    """ "tallywatt:1a2b3c4d_energy_import" of the appliance "tallywatt-1a2b3c4d"; of any other name what Home
    Assistant allows of it: "carma.T0001203" becomes "carma_t0001203"."""
    plain_name = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return f"{DOMAIN}:{appliance.removeprefix('tallywatt-')}_{plain_name}"


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
        return {**known, "mean_type": 0, "unit_class": UNIT_CLASSES.get(statistic.unit)}
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
