"""What every source shares: its options, the surroundings it is given, and how it is found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import appliance.sources
from appliance import plugins
from appliance.clock import Clock
from appliance.model import Price
from appliance.plugins import Found, PartOptions

__all__ = ["Context", "Found", "KnownPrices", "SourceOptions", "discover"]

KnownPrices = Callable[[str, int, int], Awaitable[list[Price]]]
"""`await prices(channel, start, end)`: what is kept of `[start, end)` (UTC ms), oldest first; StoreError."""


class SourceOptions(PartOptions):
    """Options every source has. Its name is kept with every reading."""


async def _none_known(channel: str, start: int, end: int) -> list[Price]:
    return []


@dataclass(frozen=True)
class Context:
    """What the appliance lends a source: its clock, a folder for files, the site's time zone and money (ISO
    4217), and a look at the prices that are kept."""

    clock: Clock
    folder: Path
    zone: ZoneInfo
    currency: str = "EUR"
    prices: KnownPrices = _none_known


def discover() -> dict[str, Found]:
    """Every kind of source by type."""
    return plugins.discover(appliance.sources)
