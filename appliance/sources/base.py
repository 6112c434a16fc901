"""What every source shares: its options, the surroundings it is given, and how it is found."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import appliance.sources
from appliance import plugins
from appliance.clock import Clock
from appliance.plugins import Found, PartOptions

__all__ = ["Context", "Found", "SourceOptions", "discover"]


class SourceOptions(PartOptions):
    """Options every source has. Its name is kept with every reading."""


@dataclass(frozen=True)
class Context:
    """What the appliance lends a source: its clock, a folder for files, the site's time zone."""

    clock: Clock
    folder: Path
    zone: ZoneInfo


def discover() -> dict[str, Found]:
    """Every kind of source by type."""
    return plugins.discover(appliance.sources)
