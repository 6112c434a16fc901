"""What every source shares: its options, the surroundings it is given, and how it is found."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import appliance.sources
from appliance.clock import Clock
from appliance.model import Price, Quantity, Reading
from appliance.plugins import Found, Kinds, PartOptions
from config.secrets import SecretBox

__all__ = ["Context", "Found", "KnownPrices", "SourceOptions", "discover"]

KnownPrices = Callable[[str, int, int], Awaitable[list[Price]]]
"""`await prices(channel, start, end)`: what is kept of `[start, end)` (UTC ms), oldest first; StoreError."""


class SourceOptions(PartOptions):
    """Options every source has. Its name is kept with every reading."""


async def _none_known(channel: str, start: int, end: int) -> list[Price]:
    return []


Past = Callable[[str, Quantity, int], Awaitable[Sequence[Reading]]]
"""What is believed of a source's register: nearest before and after an instant, then newest of all."""


async def unknown(source: str, quantity: Quantity, at: int) -> Sequence[Reading]:
    """A past of which nothing is known."""
    return ()


Finder = Callable[[str], Awaitable[Mapping[str, str]]]
"""Where the device of a serial number is on the network now: "host:port" by API; empty if it is not heard."""


async def _unheard(serial: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Context:
    """What the appliance lends a source: its clock, a folder for files, the site's time zone, its past, the
    money electricity is paid in (ISO 4217), a look at the prices that are kept, the way to a device that
    tells the network where it is, and the box that seals secrets (its own in `folder` where none is lent)."""

    clock: Clock
    folder: Path
    zone: ZoneInfo
    past: Past = unknown
    currency: str = "EUR"
    prices: KnownPrices = _none_known
    find: Finder = _unheard
    secrets: SecretBox | None = None


def discover() -> Kinds:
    """Every kind of source by type."""
    return Kinds(appliance.sources)
